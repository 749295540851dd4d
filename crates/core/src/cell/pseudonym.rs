//! Pseudonyms: an identity that only the cell can open, and every opening stands in the record.

use super::caller::By;
use jiff::Timestamp;

/// The longest sealed identity.
pub const SEALED_BYTES_MAX: usize = 4_096;

/// The most pseudonyms of one node, and the most identities that are bound.
pub const IDENTITIES_MAX: usize = 100_000;

/// An identity behind which a member speaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pseudonym {
    /// Who it is, sealed to the cell's own key. The rules never look inside.
    pub sealed: Vec<u8>,
    /// Since when.
    pub at: Timestamp,
    /// Who looked, when, and why.
    pub openings: Vec<Opening>,
}

/// One look behind a pseudonym.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// Why.
    pub reason: String,
    /// The person, by name.
    pub person: String,
    /// By which member and account it was asked.
    pub by: By,
    /// When.
    pub at: Timestamp,
}
