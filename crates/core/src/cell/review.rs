//! Reviews: personal information that has nothing to do with the threat is
//! flagged with its reason, and a person decides before it leaves (law 10).

pub mod personal;

use super::{
    caller::By,
    ids::{CollectionId, ObjectId},
};
use crate::{digest::Digest, member::MemberId};
use jiff::Timestamp;

/// The most findings kept of one object; more are said to be there.
pub const FINDINGS_MAX: usize = 32;

/// The longest excerpt of a finding.
pub const EXCERPT_CHARS_MAX: usize = 80;

/// The longest path to a finding.
pub const PATH_BYTES_MAX: usize = 512;

/// The most reviews that wait at one node.
pub const REVIEWS_OPEN_MAX: usize = 1_000_000;

/// A place in an object that looks like personal information.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Finding {
    /// Where: `description`, `x_contact.email`, `labels[2]`.
    pub path: String,
    /// What it looks like.
    pub kind: FindingKind,
    /// What it is, its middle starred.
    pub excerpt: String,
}

/// What a finding looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum FindingKind {
    /// A mail address.
    MailAddress,
    /// A telephone number.
    Telephone,
    /// A number on a bank account or card that checks out.
    PaymentNumber,
    /// A national identity number.
    NationalNumber,
    /// A person's name, where the standard has a field for one, or after a form of address.
    PersonName,
    /// A postal address.
    PostalAddress,
    /// A date of birth.
    BirthDate,
    /// An account of somebody's at a service.
    UserAccount,
    /// No person's data: a value that stands on a warning list, in an indicator that came by a follow.
    Listed,
}

impl FindingKind {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::MailAddress,
        Self::Telephone,
        Self::PaymentNumber,
        Self::NationalNumber,
        Self::PersonName,
        Self::PostalAddress,
        Self::BirthDate,
        Self::UserAccount,
        Self::Listed,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MailAddress => "mail-address",
            Self::Telephone => "telephone",
            Self::PaymentNumber => "payment-number",
            Self::NationalNumber => "national-number",
            Self::PersonName => "person-name",
            Self::PostalAddress => "postal-address",
            Self::BirthDate => "birth-date",
            Self::UserAccount => "user-account",
            Self::Listed => "on-a-warning-list",
        }
    }

    /// The kind of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An object that waits for, or had, a person's decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Review {
    /// In which collection.
    pub collection: CollectionId,
    /// Which object.
    pub object: ObjectId,
    /// Which version: microseconds since 1970, `i64::MIN` for an object without versions.
    pub version_us: i64,
    /// SHA-256 of the bytes that are decided on; none in what an old journal has, which is of
    /// whatever the version says.
    pub content: Option<Digest>,
    /// Who brought it.
    pub publisher: MemberId,
    /// Why it was held.
    pub findings: Vec<Finding>,
    /// Since when.
    pub held_at: Timestamp,
    /// What was decided, once it was.
    pub decided: Option<Decided>,
}

/// What a person decided about a held object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decided {
    /// What.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// The person, by name.
    pub person: String,
    /// By which member and account it was entered.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

/// What a review can end in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Outcome {
    /// It may leave as it is.
    Released,
    /// It stays.
    Withheld,
}

impl Outcome {
    /// The word: `released` or `withheld`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Withheld => "withheld",
        }
    }

    /// The outcome of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Released, Self::Withheld]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}
