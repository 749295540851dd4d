//! Percent-encoding (RFC 3986 §2.1, and `+` for a space as forms send it).

use super::{FilterFlaw, cut};
use core::fmt;
use std::borrow::Cow;

/// The text that an encoded one stands for.
pub(super) fn text(encoded: &str) -> Result<Cow<'_, str>, FilterFlaw> {
    if !encoded.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(encoded));
    }
    let wrong = || FilterFlaw::Encoding(cut(encoded));
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = bytes.next().zip(bytes.next()).ok_or_else(wrong)?;
                digit(high)
                    .zip(digit(low))
                    .map(|(high, low)| high << 4 | low)
                    .ok_or_else(wrong)?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| wrong())
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// A decoded text, printed encoded.
pub(super) struct Decoded<'a>(pub(super) &'a str);

impl fmt::Display for Decoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                fmt::Write::write_char(f, char::from(byte))
            }
            other => write!(f, "%{other:02X}"),
        })
    }
}
