//! The name of a key.

use std::{fmt, str::FromStr};

const PREFIX: &str = "key_";

/// The name of a public key: SHA-256 of its canonical text form.
///
/// In text `key_` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// The id of these 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not `key_` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a key id is `key_` and 64 lower-case hexadecimal digits")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(KeyIdError)?.as_bytes();
        if digits.len() != 64 {
            return Err(KeyIdError);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                *byte = (*byte << 4) | nibble(*digit)?;
            }
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Result<u8, KeyIdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(KeyIdError),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_canonical_text_is_an_id() {
        let text = format!("key_{}", "0f".repeat(32));
        assert_eq!(text.parse(), Ok(KeyId([0x0f; 32])));
        for wrong in [
            text.to_uppercase(),
            text.replace('f', "F"),
            text.replace("key_", "ord_"),
            text.replace("key_", ""),
            format!("{text}0"),
            format!("{text} "),
            text.replace('f', "g"),
            text.replace("0f", "é"),
        ] {
            assert_eq!(wrong.parse::<KeyId>(), Err(KeyIdError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_read_back_as_it_was_printed(bytes: [u8; 32]) {
            let id = KeyId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,80}") {
            if let Ok(id) = text.parse::<KeyId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
