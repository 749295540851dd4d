//! The contract: what a database must do to carry a node.

use crate::{
    error::Unavailable,
    log::{Aside, Batch, Leaf, LogAppend, LogError, LogState, PlacedLeaf, Remade},
    outbox::{Delivery, DeliveryId, DeliveryStatus, TurnedAway},
    record::{CaseRecord, Commit, CommitError, StatementRecord},
    register::RegisterRecord,
    view::{Cursor, Filter, Page, QueueRow},
    witness::{WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use std::collections::{BTreeMap, BTreeSet};

/// What every driver does, and the contract tests check.
///
/// A write is atomic, and durable when it returns. Every operation can answer
/// [`Unavailable`]; after a write that means "perhaps". `limit` bounds an
/// answer; what is beyond it is had by asking again.
#[expect(
    clippy::missing_errors_doc,
    reason = "`Unavailable` is the same for all; other errors name their cases"
)]
pub trait Driver: Send + Sync {
    // ---- cases ----

    /// Makes each commit, all or nothing, in this order; the answers are the
    /// new versions. Commits do not depend on each other: one may be refused
    /// and the next be made.
    fn commit(&self, commits: Vec<Commit>) -> Vec<Result<u64, CommitError>>;

    /// The case with all its statements, in one snapshot.
    fn case(&self, case: &CaseId) -> Result<Option<CaseRecord>, Unavailable>;

    /// A statement and the case it belongs to.
    fn statement(&self, digest: &Digest) -> Result<Option<(CaseId, StatementRecord)>, Unavailable>;

    /// Keeps proofs of inclusion for statements that have none yet; unknown
    /// statements are passed over. Versions do not move: a proof takes nothing
    /// from what was decided without it.
    fn attach_proofs(&self, proofs: Vec<(Digest, Vec<u8>)>) -> Result<(), Unavailable>;

    // ---- outbox ----

    /// What to bring to `peer` now, the longest due first. For each case only
    /// its first pending delivery has its turn.
    fn deliveries_due(
        &self,
        peer: &MemberId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Unavailable>;

    /// Peers for which something is due, in the order of their names.
    fn peers_with_deliveries(&self, now: Timestamp) -> Result<Vec<MemberId>, Unavailable>;

    /// When the next delivery whose turn it is becomes, or became, due.
    fn next_delivery(&self) -> Result<Option<Timestamp>, Unavailable>;

    /// Every delivery of a case, in the order of commits.
    fn delivery_status(&self, case: &CaseId) -> Result<Vec<DeliveryStatus>, Unavailable>;

    /// The peer has them. What is not pending stays as it is, here and below.
    fn delivered_all(&self, ids: &[DeliveryId]) -> Result<(), Unavailable>;

    /// The attempt failed with `code`; the next is due at `next_at`.
    fn postponed(&self, id: DeliveryId, next_at: Timestamp, code: &str) -> Result<(), Unavailable>;

    /// The peer will never take it: it stays listed, and the case's next
    /// delivery has its turn.
    fn turned_down(&self, id: DeliveryId, code: &str, detail: &str) -> Result<(), Unavailable>;

    /// Remembers a refusal at our own door, the last
    /// [`crate::outbox::TURNED_AWAY_MAX`] of them.
    fn turned_away(&self, entry: TurnedAway) -> Result<(), Unavailable>;

    /// The newest refusals first.
    fn turned_away_list(&self, limit: usize) -> Result<Vec<TurnedAway>, Unavailable>;

    // ---- logs ----

    /// The origins of all logs, in the order of their names.
    fn origins(&self) -> Result<Vec<String>, Unavailable>;

    /// The state of a log.
    fn log(&self, origin: &str) -> Result<Option<LogState>, Unavailable>;

    /// The leaves that wait the longest.
    fn queued_leaves(&self, limit: usize) -> Result<Vec<Leaf>, Unavailable>;

    /// How many leaves wait.
    fn queued_count(&self) -> Result<u64, Unavailable>;

    /// Puts other entries and openings in the place of queued leaves: made anew
    /// for another log, after theirs took no more. A leaf that has its place
    /// already keeps what it has, and an erased opening stays erased.
    fn remake_leaves(&self, made: Vec<Remade>) -> Result<(), Unavailable>;

    /// Keeps a statement outside cases and queues its one leaf; one that is there already stays,
    /// and its leaf with it. Says whether it is new.
    fn add_aside(&self, aside: Aside, entry: &[u8], opening: &[u8]) -> Result<bool, Unavailable>;

    /// A statement outside cases.
    fn aside(&self, digest: &Digest) -> Result<Option<Aside>, Unavailable>;

    /// Grows a log, or gives it a fresh checkpoint for the size it has. The
    /// entries are kept as a batch until published, and the placed leaves
    /// leave the queue.
    fn log_append(&self, append: LogAppend) -> Result<(), LogError>;

    /// Unpublished batches that reach beyond `from_size`, in order, at most
    /// [`crate::log::BATCHES_MAX`].
    fn batches(&self, origin: &str, from_size: u64) -> Result<Vec<Batch>, Unavailable>;

    /// Everything below the size `up_to` is in tiles: drops its batches.
    fn published(&self, origin: &str, up_to: u64) -> Result<(), Unavailable>;

    /// Keeps a note that a quorum cosigned, for `size`; it never goes back.
    fn set_cosigned(&self, origin: &str, size: u64, note: &[u8]) -> Result<(), LogError>;

    /// The log takes no more leaves, for ever.
    fn close_log(&self, origin: &str) -> Result<(), LogError>;

    /// The leaves of a statement that have their place, by ordinal.
    fn leaves_of(&self, statement: &Digest) -> Result<Vec<PlacedLeaf>, Unavailable>;

    /// The leaves of statements that stand at these indices of a log, each with its statement;
    /// at the others stand cover leaves. For samples: it reads the log's leaves once.
    fn leaves_at(
        &self,
        origin: &str,
        indices: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, (Digest, PlacedLeaf)>, Unavailable>;

    /// Statements of ours that can have their proof now: none is kept yet,
    /// they have a leaf in `origin`, and every leaf is below `size` there or,
    /// in another log, below the size cosigned there. The lowest index first.
    fn leaves_cosigned_without_proof(
        &self,
        origin: &str,
        size: u64,
        limit: usize,
    ) -> Result<Vec<(CaseId, Digest)>, Unavailable>;

    // ---- witness ----

    /// The newest tree of `origin` that we cosigned.
    fn witnessed(&self, origin: &str) -> Result<Option<Witnessed>, Unavailable>;

    /// Moves on from the size `expected` (none: never witnessed).
    fn witness_advance(
        &self,
        origin: &str,
        expected: Option<u64>,
        to: Witnessed,
    ) -> Result<(), WitnessError>;

    // ---- registers, promises, words ----

    /// Every version of every register, by register, version and arrival.
    fn registers(&self) -> Result<Vec<RegisterRecord>, Unavailable>;

    /// Keeps a version beside all others, even of the same number. An envelope
    /// that is there already stays, and takes the proof if it has none. Says
    /// whether the envelope is new.
    fn add_register(&self, record: RegisterRecord) -> Result<bool, Unavailable>;

    /// Keeps the promise for a statement's leaves; the first one stays. Says
    /// whether it is new.
    fn add_promise(&self, statement: &Digest, promise: &[u8]) -> Result<bool, Unavailable>;

    /// The promise for a statement's leaves.
    fn promise(&self, statement: &Digest) -> Result<Option<Vec<u8>>, Unavailable>;

    /// Every promise, by digest.
    fn promises(&self) -> Result<Vec<(Digest, Vec<u8>)>, Unavailable>;

    /// A value of the node's own, by its word.
    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable>;

    /// Keeps a value of the node's own.
    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Unavailable>;

    /// Takes or prolongs a lease until `until`, unless another holder has it
    /// at `now`. Says whether `holder` has it.
    fn lease(
        &self,
        name: &str,
        holder: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Unavailable>;

    // ---- views ----

    /// A page of the queue: by next timer (none last), then by case. `limit`
    /// is held between 1 and [`crate::view::PAGE_ROWS_MAX`].
    fn queue(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<QueueRow>, Unavailable>;

    /// One case as the queue shows it.
    fn row(&self, case: &CaseId) -> Result<Option<QueueRow>, Unavailable>;

    /// Cases whose next timer has run out at `now`, the longest due first.
    fn cases_due(&self, now: Timestamp, limit: usize) -> Result<Vec<CaseId>, Unavailable>;

    /// How many cases are in each phase; no phase is listed with none.
    fn counts(&self) -> Result<BTreeMap<String, u64>, Unavailable>;

    /// A number that moves whenever anything was written, by this process or
    /// another one on the same database. Cheap enough to ask often.
    fn changes(&self) -> Result<u64, Unavailable>;
}
