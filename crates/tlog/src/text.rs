//! The two encodings every text format here shares: decimals and standard base64.
//!
//! Both are canonical: what parses is exactly what printing gives back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Parses an ASCII decimal without sign or leading zeros.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits {
        text.parse().ok()
    } else {
        None
    }
}

/// Parses padded standard base64 (RFC 4648 §4) without stray trailing bits.
pub(crate) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Prints padded standard base64 (RFC 4648 §4).
pub(crate) fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Splits off the first line, without its newline; `None` when there is no newline left.
pub(crate) fn next_line<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let (line, after) = rest.split_once('\n')?;
    *rest = after;
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "18446744073709551616",
            "١",
        ] {
            assert_eq!(parse_decimal(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(parse_base64("AQI="), Some(vec![1, 2]));
        for wrong in ["AQI", "AQJ=", "AQI=\n", "AQ I=", "A-I=", "AQI=="] {
            assert_eq!(parse_base64(wrong), None, "{wrong:?}");
        }
    }
}
