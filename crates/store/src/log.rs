//! Logs: the queue of leaves, the state of each log, and the batches that are
//! appended but not yet published as tiles.
//!
//! A node has several logs over its life: one a realm and schema of cells, and
//! a new one when an old one had to be closed.

use crate::error::Unavailable;
use jiff::Timestamp;
use portcullis_core::digest::Digest;
use std::collections::BTreeSet;

/// How many batches one call of [`crate::Driver::batches`] answers: 64 of 256
/// leaves are 21 MB.
pub const BATCHES_MAX: usize = 64;

/// A leaf's number in the queue, growing in the order of commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct LeafId(pub u64);

/// A statement of ours outside cases, such as a root of the cell's ledger: it has one leaf, of
/// ordinal 0, that counts nothing, and its proof is kept elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Aside {
    /// SHA-256 of its payload: its name.
    pub digest: Digest,
    /// The exact bytes of its DSSE envelope.
    pub envelope: Vec<u8>,
    /// When this node made it.
    pub stored_at: Timestamp,
}

/// A leaf that waits for its place in a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaf {
    /// Its number in the queue.
    pub id: LeafId,
    /// The statement it counts.
    pub statement: Digest,
    /// Its place among the leaves of that statement, from 0.
    pub ordinal: u16,
    /// The log entry: 1,281 bytes.
    pub entry: Vec<u8>,
    /// What opens it, opaque here; empty once erased.
    pub opening: Vec<u8>,
}

/// A queued leaf, made anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remade {
    /// Its number in the queue.
    pub id: LeafId,
    /// The log entry from now on: 1,281 bytes.
    pub entry: Vec<u8>,
    /// What opens it from now on, opaque here.
    pub opening: Vec<u8>,
}

/// A leaf that has its place in a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlacedLeaf {
    /// Its place among the leaves of its statement, from 0.
    pub ordinal: u16,
    /// The log's origin line.
    pub origin: String,
    /// Its index in that log, from 0.
    pub index: u64,
    /// What opens it, opaque here; empty once erased.
    pub opening: Vec<u8>,
}

/// The newest state of one of our logs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogState {
    /// The log's origin line.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: [u8; 32],
    /// What the next append needs of the tree, opaque here.
    pub frontier: Vec<u8>,
    /// Our signed note for that size.
    pub checkpoint: Vec<u8>,
    /// The newest note with a quorum of cosignatures.
    pub cosigned: Option<Vec<u8>>,
    /// The size that note is for; 0 without one.
    pub cosigned_size: u64,
    /// Whether the log takes no more leaves.
    pub closed: bool,
}

/// One growth of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogAppend {
    /// The log's origin line; an unknown one begins a log.
    pub origin: String,
    /// The size it was computed on; 0 for a new log.
    pub expected_size: u64,
    /// The size from now on.
    pub size: u64,
    /// The root from now on.
    pub root: [u8; 32],
    /// What the next append needs, opaque here.
    pub frontier: Vec<u8>,
    /// Our signed note for the new size.
    pub checkpoint: Vec<u8>,
    /// The new entries in order, cover leaves among them:
    /// `size - expected_size` of them.
    pub entries: Vec<Vec<u8>>,
    /// Which queued leaves they are, and at which index.
    pub placed: Vec<(LeafId, u64)>,
}

/// Entries that were appended and are not yet published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// The index of the first entry.
    pub start: u64,
    /// The size of the log after the last.
    pub size: u64,
    /// The entries.
    pub entries: Vec<Vec<u8>>,
}

/// Why a log did not move. Nothing took effect, except perhaps after
/// [`LogError::Unavailable`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The log is not at the size this was computed on.
    #[error("the log is at size {found}")]
    Conflict {
        /// The size it is at.
        found: u64,
    },
    /// A smaller tree, another root for the same size, entries that do not
    /// fill the growth, leaves placed outside it or two at one index, or a
    /// cosigned size that the log has not reached.
    #[error("the tree does not continue the log's tree")]
    Fork,
    /// The log takes no more leaves.
    #[error("the log is closed")]
    Closed,
    /// There is no such log.
    #[error("there is no such log")]
    NoLog,
    /// The leaf has its place already, or never was queued, or is another
    /// entry than the one at its index.
    #[error("leaf {} is not in the queue with the entry at its index", .0.0)]
    NotQueued(LeafId),
    /// The storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl LogAppend {
    /// The new entry at `index` of the log.
    pub(crate) fn entry(&self, index: u64) -> Option<&[u8]> {
        let offset = usize::try_from(index.checked_sub(self.expected_size)?).ok()?;
        self.entries.get(offset).map(Vec::as_slice)
    }

    /// Refuses what cannot be a growth of a log in the state `now`.
    pub(crate) fn check(&self, now: Option<&LogState>) -> Result<(), LogError> {
        let (size, closed) = now.map_or((0, false), |log| (log.size, log.closed));
        if closed {
            return Err(LogError::Closed);
        }
        if self.size < size {
            return Err(LogError::Fork);
        }
        if self.expected_size != size {
            return Err(LogError::Conflict { found: size });
        }
        if self.size == size && now.is_some_and(|log| log.root != self.root) {
            return Err(LogError::Fork);
        }
        let grown = self.size - size;
        let filled = u64::try_from(self.entries.len()).is_ok_and(|entries| entries == grown);
        let inside = self
            .placed
            .iter()
            .all(|(_, index)| (size..self.size).contains(index));
        let apart = self
            .placed
            .iter()
            .map(|(_, index)| index)
            .collect::<BTreeSet<_>>()
            .len()
            == self.placed.len();
        if filled && inside && apart {
            Ok(())
        } else {
            Err(LogError::Fork)
        }
    }
}

impl LogState {
    /// Refuses a cosigned note that goes back, or beyond the log.
    pub(crate) fn check_cosigned(&self, size: u64) -> Result<(), LogError> {
        if size < self.cosigned_size {
            Err(LogError::Conflict {
                found: self.cosigned_size,
            })
        } else if size > self.size {
            Err(LogError::Fork)
        } else {
            Ok(())
        }
    }
}
