//! Canonical texts inside JSON: a value parses only if it prints the same again.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt::Display, str::FromStr};

/// A value of a canonical text form, as a JSON string.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display> + Display> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value: T = text.parse().map_err(D::Error::custom)?;
        if value.to_string() == text {
            Ok(Self(value))
        } else {
            Err(D::Error::custom(format_args!(
                "`{value}` is written another way"
            )))
        }
    }
}

/// A word of one of `core`'s closed lists, as a JSON string.
macro_rules! word {
    ($module:ident, $type:ty) => {
        pub(crate) mod $module {
            use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

            pub(crate) fn serialize<S: Serializer>(
                value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(value.as_str())
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                <$type>::parse(&text)
                    .ok_or_else(|| D::Error::custom(format_args!("`{text}` is not known here")))
            }
        }
    };
}
pub(crate) use word;

word!(kind, portcullis_core::statement::Kind);
word!(office, portcullis_core::office::Office);
word!(category, portcullis_core::category::Category);
word!(selector_kind, portcullis_core::selector::SelectorKind);
word!(role, portcullis_core::member::Role);
word!(protected, portcullis_core::law::Protected);

/// An instant in statements: UTC, to the millisecond at the finest.
pub(crate) type Instant = Text<Timestamp>;

/// A realm by its name: exercises carry the first four bytes of the name's SHA-256.
///
/// # Errors
///
/// [`portcullis_core::realm::RealmError`] when the name is none.
pub fn realm(
    name: &str,
) -> Result<portcullis_core::realm::Realm, portcullis_core::realm::RealmError> {
    use portcullis_core::realm::{Realm, RealmError};
    if name == "live" {
        return Ok(Realm::live());
    }
    let exercise = name.strip_prefix("exercise-").ok_or(RealmError::Name)?;
    let [a, b, c, d, ..] = sha256(exercise.as_bytes()).0;
    Realm::exercise(exercise, [a, b, c, d])
}

/// SHA-256, as `core` compares it.
pub fn sha256(bytes: &[u8]) -> portcullis_core::digest::Digest {
    use sha2::Digest as _;
    portcullis_core::digest::Digest(sha2::Sha256::digest(bytes).into())
}
