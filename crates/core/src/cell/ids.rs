//! Names of things in a cell. All that we draw carry the realm in their first
//! four bytes, so nothing of an exercise is ever taken for something live.

use crate::{
    id::{ParseIdError, id},
    realm::{Realm, RealmTag},
};

id!(
    /// A sharing group, the same at every node.
    GroupId, "grp_"
);
id!(
    /// A recall: an object asked back.
    RecallId, "rcl_"
);
id!(
    /// A request for information.
    QuestionId, "rfi_"
);
id!(
    /// A review of personal information before it leaves.
    ReviewId, "rev_"
);
id!(
    /// A collection elsewhere that one of ours is kept in step with.
    FollowId, "flw_"
);

/// A collection: sixteen bytes, a lower-case UUID in text (TAXII 2.1, Collection Resource).
///
/// The first four bytes name the realm, the rest are random but for the version
/// (4) and the variant, so that clients which look find a UUID as they know it.
#[derive(Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct CollectionId([u8; 16]);

/// Why a text is not a collection's id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a collection's id: a lower-case UUID")]
pub struct ParseCollectionError(String);

impl CollectionId {
    /// Puts an id together from its realm and twelve random bytes.
    pub fn new(realm: &Realm, random: [u8; 12]) -> Self {
        let mut bytes = [0; 16];
        let drawn = realm.tag().0.into_iter().chain(random);
        for (at, (to, from)) in bytes.iter_mut().zip(drawn).enumerate() {
            *to = match at {
                6 => from & 0x0f | 0x40,
                8 => from & 0x3f | 0x80,
                _ => from,
            };
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

impl core::fmt::Display for CollectionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl core::fmt::Debug for CollectionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl core::str::FromStr for CollectionId {
    type Err = ParseCollectionError;

    fn from_str(text: &str) -> Result<Self, ParseCollectionError> {
        let wrong = || ParseCollectionError(text.chars().take(64).collect());
        let dashed = text
            .bytes()
            .enumerate()
            .all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
        if text.len() != 36 || !dashed {
            return Err(wrong());
        }
        let hex = text.replace('-', "");
        crate::digest::parse_hex(&hex).map(Self).ok_or_else(wrong)
    }
}

/// The longest id of an object: a type of 250 characters, two dashes, a UUID,
/// and some room for what other servers call a UUID.
pub const OBJECT_ID_BYTES_MAX: usize = 320;

/// The id of a STIX object, `type--uuid`, kept as it was written.
///
/// Collections that keep anything well-formed hold ids that no standard allows,
/// so no more is asked here than that it can be named on a line: a type, two
/// dashes, something after them, printable ASCII without spaces.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct ObjectId(Box<str>);

/// Why a text is not an object's id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not an object's id of the form `type--uuid`")]
pub struct ParseObjectError(String);

impl ObjectId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type in front of the two dashes: `indicator`.
    pub fn kind(&self) -> &str {
        self.0.split_once("--").map_or(&*self.0, |(kind, _)| kind)
    }
}

impl core::borrow::Borrow<str> for ObjectId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl core::str::FromStr for ObjectId {
    type Err = ParseObjectError;

    fn from_str(text: &str) -> Result<Self, ParseObjectError> {
        let fits = text.len() <= OBJECT_ID_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        let parts = text
            .split_once("--")
            .is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
        if fits && parts {
            Ok(Self(text.into()))
        } else {
            Err(ParseObjectError(text.chars().take(80).collect()))
        }
    }
}

impl core::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_collection_is_named_by_a_uuid_of_version_4_that_tells_its_realm() {
        let live = CollectionId::new(&Realm::live(), [0xff; 12]);
        assert_eq!(live.to_string(), "00000000-ffff-4fff-bfff-ffffffffffff");
        let exercise = Realm::exercise("harbour", [1, 2, 3, 4]).unwrap();
        let other = CollectionId::new(&exercise, [0; 12]);
        assert_eq!(other.to_string(), "01020304-0000-4000-8000-000000000000");
        assert_eq!(other.realm_tag(), exercise.tag());
    }

    #[test]
    fn only_the_canonical_text_names_a_collection() {
        for wrong in [
            "00000000-FFFF-4fff-bfff-ffffffffffff",
            "00000000ffff4fffbfffffffffffffff",
            "00000000-ffff-4fff-bfff-fffffffffff",
            "{00000000-ffff-4fff-bfff-ffffffffffff}",
            "0000000-0ffff-4fff-bfff-ffffffffffff",
            "",
        ] {
            assert!(wrong.parse::<CollectionId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_object_is_named_by_its_type_and_something_after_it() {
        let id: ObjectId = "indicator--6ba7b810-9dad-41d1-80b4-00c04fd430c8"
            .parse()
            .unwrap();
        assert_eq!(id.kind(), "indicator");
        for wrong in [
            "indicator",
            "--x",
            "indicator--",
            "indicator--a b",
            "indicator--é",
        ] {
            assert!(wrong.parse::<ObjectId>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_collection_prints_what_it_parses(bytes: [u8; 16], text in "[0-9a-fA-F-]{30,38}") {
            let id = CollectionId::from_bytes(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            if let Ok(parsed) = text.parse::<CollectionId>() {
                prop_assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
