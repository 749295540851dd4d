//! Bytes as lower-case hex digits, in one spelling.

pub(crate) use portcullis_core::digest::parse_hex as parse;

use core::fmt::Write as _;

/// Two digits a byte.
pub(crate) fn print(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
