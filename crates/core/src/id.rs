//! Identifiers: sixteen bytes in memory, a prefixed word in text.
//!
//! The first four bytes name the realm (zero is `live`), the rest are drawn at
//! random in `node`. So an id from an exercise can never be mistaken for a
//! live one, and an id of the wrong kind fails to parse.

use crate::realm::{Realm, RealmTag};

/// Why a text is not an id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{given}` is not an id of the form `{prefix}` and 32 lower-case hex digits")]
pub struct ParseIdError {
    pub(crate) prefix: &'static str,
    pub(crate) given: String,
}

/// Declares an id: 16 bytes in memory, `prefix_` and 32 hex digits in text.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Puts an id together from its realm and twelve random bytes.
            pub fn new(realm: &Realm, random: [u8; 12]) -> Self {
                let mut bytes = [0; 16];
                for (to, from) in bytes.iter_mut().zip(realm.tag().0.into_iter().chain(random)) {
                    *to = from;
                }
                Self(bytes)
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// An id from its sixteen bytes, as a store gives them back.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Which realm the id was drawn in.
            pub fn realm_tag(&self) -> RealmTag {
                let [a, b, c, d, ..] = self.0;
                RealmTag([a, b, c, d])
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str($prefix)?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let wrong = || ParseIdError { prefix: $prefix, given: text.chars().take(64).collect() };
                let hex = text.strip_prefix($prefix).ok_or_else(wrong)?;
                crate::digest::parse_hex(hex).map(Self).ok_or_else(wrong)
            }
        }
    };
}

pub(crate) use id;

id!(
    /// A case: everything that happened to one order at one node.
    CaseId, "case_"
);
id!(
    /// A package: data sealed to an authority's key.
    PackageId, "pkg_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_what_it_parses_and_nothing_else_parses() {
        let id = CaseId::new(&Realm::live(), [7; 12]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "pkg_00000000070707070707070707070707",
            "case_0000000007070707070707070707070",
            "case_0000000007070707070707070707070A",
            " case_00000000070707070707070707070707",
        ] {
            assert!(wrong.parse::<CaseId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_of_an_exercise_is_not_of_the_live_realm() {
        let exercise = Realm::exercise("harbour-2026", [1, 2, 3, 4]).unwrap();
        assert_ne!(
            CaseId::new(&exercise, [7; 12]).realm_tag(),
            Realm::live().tag()
        );
    }
}
