//! Recalls: an object is asked back, and it shows who has complied.

use super::{caller::By, ids::ObjectId};
use crate::member::MemberId;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most versions that one recall may name; none named means all.
pub const VERSIONS_MAX: usize = 4_096;

/// The most recalls of one node.
pub const RECALLS_MAX: usize = 1_000_000;

/// The most members that one recall may ask.
pub const ASKED_MAX: usize = 4_096;

/// An object asked back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recall {
    /// Which object.
    pub object: ObjectId,
    /// Which versions, in microseconds since 1970; empty: all.
    pub versions: Vec<i64>,
    /// The pseudonym whose alone is asked back, of what the asking member's cell has published; none: all.
    pub under: Option<ObjectId>,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub by: By,
    /// Since when, by the clock of whoever asks for it.
    pub at: Timestamp,
    /// When everybody should have confirmed.
    pub due: Timestamp,
    /// Who was served it, and what they said.
    pub asked: BTreeMap<MemberId, Option<Confirmed>>,
}

/// What a member said to a recall.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Confirmed {
    /// What it did.
    pub how: Complied,
    /// In its own words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What a member did when asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Complied {
    /// It removed every copy it knows of.
    Removed,
    /// It holds none.
    NotHeld,
    /// It keeps it and says why: a law may oblige it.
    Kept,
}

impl Complied {
    /// All.
    pub const ALL: [Self; 3] = [Self::Removed, Self::NotHeld, Self::Kept];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::NotHeld => "not-held",
            Self::Kept => "kept",
        }
    }

    /// What a word says, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|how| how.as_str() == word)
    }
}

impl Recall {
    /// Who has not answered.
    pub fn open(&self) -> impl Iterator<Item = &MemberId> {
        self.asked
            .iter()
            .filter(|(_, said)| said.is_none())
            .map(|(member, _)| member)
    }

    /// Whether somebody is late.
    pub fn overdue(&self, at: Timestamp) -> bool {
        self.due <= at && self.open().next().is_some()
    }

    /// Whether it is about this version of its object.
    pub fn covers(&self, version_us: i64) -> bool {
        self.versions.is_empty() || self.versions.contains(&version_us)
    }
}
