//! Cases and their statements, and the one write that changes them.

use crate::{error::Unavailable, outbox::NewDelivery};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};

/// One statement of a case, as it was received or made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatementRecord {
    /// SHA-256 of the payload: the statement's name everywhere.
    pub digest: Digest,
    /// The member whose statement it is.
    pub author: MemberId,
    /// The author's own count in this case, from 1.
    pub number: u32,
    /// The word of its kind.
    pub kind: String,
    /// The time that the statement claims.
    pub time: Timestamp,
    /// The exact bytes of the DSSE envelope; empty once erased.
    pub envelope: Vec<u8>,
    /// What the node found when it judged it, opaque here; empty once erased.
    pub judged: Vec<u8>,
    /// What travelled with it, such as an application; gone once erased.
    pub attachment: Option<Vec<u8>>,
    /// What proves its place in its author's log, as soon as there is any: opaque here, and it
    /// opens the leaf. Empty once erased.
    pub proof: Option<Vec<u8>>,
    /// Whether this node's member made it.
    pub ours: bool,
    /// When this node took it in.
    pub stored_at: Timestamp,
}

/// A case: its statements in the order of their arrival.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaseRecord {
    /// How many commits the case has seen, from 1.
    pub version: u64,
    /// Its statements, oldest arrival first.
    pub statements: Vec<StatementRecord>,
    /// Whether its contents were erased at term.
    pub erased: bool,
}

/// What the queue shows of a case; the committer keeps it true.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The word of the phase that the case is in.
    pub phase: String,
    /// A line for people.
    pub title: String,
    /// The law's id.
    pub law: String,
    /// The rule's id within the law.
    pub rule: String,
    /// Who asks.
    pub authority: MemberId,
    /// Who is asked.
    pub provider: MemberId,
    /// Whether the urgent path is open.
    pub urgent: bool,
    /// When the case began.
    pub opened_at: Timestamp,
    /// When its next timer runs out, if one is running.
    pub next_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A leaf to queue for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewLeaf {
    /// The statement it counts: one of this case.
    pub statement: Digest,
    /// Its place among the leaves of that statement, from 0.
    pub ordinal: u16,
    /// The log entry: 1,281 bytes, public.
    pub entry: Vec<u8>,
    /// What opens it (cell, blinding, salts), opaque here, secret.
    pub opening: Vec<u8>,
}

/// One change to one case: all of it happens, or none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commit {
    /// The case.
    pub case: CaseId,
    /// The version it was decided on; 0 says that the case must be new.
    pub expected: u64,
    /// Statements to add, in this order.
    pub statements: Vec<StatementRecord>,
    /// Leaves to queue, in this order.
    pub leaves: Vec<NewLeaf>,
    /// What to bring to whom; due from `summary.updated_at` on.
    pub deliveries: Vec<NewDelivery>,
    /// Proofs of inclusion for statements of the case; the first one stays.
    pub proofs: Vec<(Digest, Vec<u8>)>,
    /// What the queue shows from now on.
    pub summary: Summary,
    /// Erases envelopes, judgements, attachments and openings of everything
    /// that the case held before this commit. Digests, numbers, kinds, proofs
    /// and leaves stay, and what this commit adds stays whole.
    pub erase: bool,
}

/// Why a commit was not made. Nothing of it took effect, except perhaps after
/// [`CommitError::Unavailable`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// The case moved on since it was read.
    #[error("the case is at version {found}")]
    Conflict {
        /// The version it is at; 0 if there is no such case.
        found: u64,
    },
    /// The digest, or the author's number in this case, is already there; or
    /// a statement already has a leaf of that ordinal.
    #[error("the statement is already there")]
    Duplicate,
    /// A leaf or a proof is for a statement that the case does not hold.
    #[error("the case holds no statement {0}")]
    NoStatement(Digest),
    /// The storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The instant in the precision that is kept: whole microseconds.
pub(crate) fn kept(at: Timestamp) -> Timestamp {
    instant(at.as_microsecond()).unwrap_or(at)
}

/// The instant so many microseconds after 1970. The whole range of instants:
/// [`Timestamp::from_microsecond`] ends before the last second does.
pub(crate) fn instant(micros: i64) -> Result<Timestamp, jiff::Error> {
    const PER_SECOND: i64 = 1_000_000;
    let nanos = i32::try_from(micros.rem_euclid(PER_SECOND) * 1000).unwrap_or(0);
    Timestamp::new(micros.div_euclid(PER_SECOND), nanos)
}

impl Commit {
    /// The commit with every instant in the precision that is kept.
    pub(crate) fn kept(mut self) -> Self {
        for statement in &mut self.statements {
            statement.time = kept(statement.time);
            statement.stored_at = kept(statement.stored_at);
        }
        self.summary.opened_at = kept(self.summary.opened_at);
        self.summary.updated_at = kept(self.summary.updated_at);
        self.summary.next_at = self.summary.next_at.map(kept);
        self
    }
}
