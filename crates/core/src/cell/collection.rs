//! Collections: what a cell serves, by which rules it takes in, and to whom it shows.

use super::{ids::GroupId, tlp::Tlp};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The longest alias.
pub const ALIAS_BYTES_MAX: usize = 64;

/// The most groups that may read, or write, one collection.
pub const COLLECTION_GROUPS_MAX: usize = 64;

/// The most collections of one node.
pub const COLLECTIONS_MAX: usize = 4_096;

/// The most media types of one collection.
pub const MEDIA_TYPES_MAX: usize = 16;

/// A collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Collection {
    /// Its settings as they are now.
    pub settings: Settings,
    /// Since when it is there.
    pub opened_at: Timestamp,
    /// Whether it was closed; then it serves nobody and takes nothing in.
    pub closed: bool,
}

/// What may be set for a collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// A short name, unique among the node's open collections: a letter, then `a–z`, `0–9`, `-`, `_`.
    pub alias: Option<String>,
    /// What people call it.
    pub title: String,
    /// What is in it.
    pub description: Option<String>,
    /// How much is asked of an object.
    pub mode: Mode,
    /// The TLP of an object without a marking.
    pub default_tlp: Tlp,
    /// The groups whose members may read.
    pub readers: BTreeSet<GroupId>,
    /// The groups whose members may add.
    pub writers: BTreeSet<GroupId>,
    /// Whether everybody who is recognised may read what is TLP:CLEAR: a public feed.
    pub open: bool,
    /// Whether what is past its `valid_until` stays here.
    pub honour_expiry: bool,
    /// The legal basis that every exit from here needs, by its name.
    pub wrapper: Option<String>,
    /// The media types it speaks; TAXII's default where empty.
    pub media_types: Vec<String>,
}

impl Settings {
    /// A collection of this title that nobody may read yet: TLP:AMBER unless
    /// marked, held against the standard's MUSTs, expiry honoured.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            alias: None,
            title: title.into(),
            description: None,
            mode: Mode::Must,
            default_tlp: Tlp::Amber,
            readers: BTreeSet::new(),
            writers: BTreeSet::new(),
            open: false,
            honour_expiry: true,
            wrapper: None,
            media_types: Vec::new(),
        }
    }
}

/// How much a collection asks of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Mode {
    /// Anything well-formed.
    Keep,
    /// What STIX 2.1 says an object MUST.
    Must,
    /// What it SHOULD, too, and its vocabularies.
    Strict,
}

impl Mode {
    /// All, from the most lenient.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Must, Self::Strict];

    /// The word: `keep`, `must`, `strict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Must => "must",
            Self::Strict => "strict",
        }
    }

    /// The mode of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}
