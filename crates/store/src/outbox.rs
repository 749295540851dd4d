//! The outbox: what is to be brought to which peer, and what became of it;
//! and what this node turned away at its own door.

use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};

/// How many incoming refusals are remembered; older ones make room, so that a
/// hostile peer cannot fill the disk.
pub const TURNED_AWAY_MAX: usize = 10_000;

/// A delivery's number, growing in the order of commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct DeliveryId(pub u64);

/// Statements to bring to one peer, in one piece.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewDelivery {
    /// To whom.
    pub peer: MemberId,
    /// Which statements, in this order.
    pub statements: Vec<Digest>,
}

/// A delivery whose turn it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// To whom.
    pub peer: MemberId,
    /// Of which case.
    pub case: CaseId,
    /// Which statements, in this order.
    pub statements: Vec<Digest>,
    /// How often it was tried in vain.
    pub attempts: u32,
}

/// What became of a delivery.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It waits: for its turn, and for `due_at`.
    Pending {
        /// Not before.
        due_at: Timestamp,
        /// Why the last attempt failed, if there was one.
        code: Option<String>,
    },
    /// The peer has it.
    Delivered,
    /// The peer will never take it.
    TurnedDown {
        /// The peer's code.
        code: String,
        /// The peer's words.
        detail: String,
    },
}

/// A delivery as its case shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeliveryStatus {
    /// What was to be delivered.
    pub delivery: Delivery,
    /// What became of it.
    pub state: DeliveryState,
}

/// Something a peer brought that this node refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TurnedAway {
    /// Who brought it.
    pub peer: MemberId,
    /// When.
    pub at: Timestamp,
    /// The refusal's code.
    pub code: String,
    /// The refusal's words.
    pub detail: String,
}
