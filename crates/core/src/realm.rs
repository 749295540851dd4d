//! Realms: `live`, or one named exercise. Nothing passes from one to another.

/// `live`, or one named exercise (design §2, law 8).
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Realm {
    name: String,
    tag: RealmTag,
}

/// The four bytes that mark a realm in every id: zero for `live`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct RealmTag(pub [u8; 4]);

/// Why a text names no realm.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RealmError {
    /// Names are words that fit in an address.
    #[error("a realm is `live` or `exercise-` and 1 to 32 of a–z, 0–9 and `-`")]
    Name,
    /// The tag of all zeros is kept for `live`.
    #[error("this exercise's name hashes to the tag of `live`; choose another")]
    Tag,
}

/// The longest name of an exercise, so that it fits a host name's label.
const NAME_BYTES_MAX: usize = 32;

impl Realm {
    /// The realm in which people's data move.
    pub fn live() -> Self {
        Self {
            name: "live".into(),
            tag: RealmTag([0; 4]),
        }
    }

    /// An exercise: its name, and the first four bytes of the name's SHA-256.
    ///
    /// # Errors
    ///
    /// [`RealmError`] when the name is no word, or the tag is that of `live`.
    pub fn exercise(name: &str, tag: [u8; 4]) -> Result<Self, RealmError> {
        let fits = (1..=NAME_BYTES_MAX).contains(&name.len());
        let word = name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits || !word {
            return Err(RealmError::Name);
        }
        if tag == [0; 4] {
            return Err(RealmError::Tag);
        }
        Ok(Self {
            name: format!("exercise-{name}"),
            tag: RealmTag(tag),
        })
    }

    /// `live`, or `exercise-` and the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mark that every id of this realm carries.
    pub const fn tag(&self) -> RealmTag {
        self.tag
    }

    /// Whether people's data may move here.
    pub fn is_live(&self) -> bool {
        self.tag == RealmTag([0; 4])
    }
}

impl core::fmt::Display for Realm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)
    }
}

impl core::fmt::Debug for Realm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)
    }
}
