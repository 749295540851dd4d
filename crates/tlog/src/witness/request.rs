//! The body of an add-checkpoint request.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Hash;
use crate::note::{NOTE_BYTES_MAX, NoteError, SignedNote};
use crate::proof::parse_hashes;
use crate::text::next_line;
use crate::tree::{PROOF_HASHES_MAX, TreeSize};

/// Longest request body in bytes: a note, 63 hashes, and the line with the old size.
pub const REQUEST_BYTES_MAX: usize = NOTE_BYTES_MAX + 4 * 1024;

/// A checkpoint for a witness to cosign, with the proof that it grew from the last one.
///
/// In text: `old <size>`, the hashes, an empty line, the checkpoint. What parses prints the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddCheckpoint {
    // INVARIANT: at most 63 hashes, and `checkpoint` is what the note's text says.
    old: TreeSize,
    proof: Vec<Hash>,
    note: SignedNote,
    checkpoint: Checkpoint,
}

/// The body is no add-checkpoint request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// More than [`REQUEST_BYTES_MAX`].
    #[error("a request of {0} bytes is too long")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// The first line is not `old` and a decimal without leading zeros.
    #[error("the old size is malformed")]
    Old,
    /// A hash is malformed, or there are more than 63, or no empty line follows them.
    #[error("the consistency proof is malformed")]
    Proof,
    /// What follows is no signed note.
    #[error("the checkpoint is no signed note")]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error("the note is no checkpoint")]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// A request to cosign `note`, which grew from the tree of `old` leaves as `proof` shows.
    ///
    /// # Errors
    ///
    /// [`RequestError::Proof`] when there are more than 63 hashes, [`RequestError::Checkpoint`]
    /// when the note is no checkpoint.
    pub fn new(old: TreeSize, proof: Vec<Hash>, note: SignedNote) -> Result<Self, RequestError> {
        if proof.len() > PROOF_HASHES_MAX {
            return Err(RequestError::Proof);
        }
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self {
            old,
            proof,
            note,
            checkpoint,
        })
    }

    /// Parses a request body.
    ///
    /// # Errors
    ///
    /// [`RequestError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLong(bytes.len()));
        }
        let mut rest = std::str::from_utf8(bytes).map_err(|_| RequestError::NotUtf8)?;
        let old = next_line(&mut rest).and_then(|line| line.strip_prefix("old ")?.parse().ok());
        let old = old.ok_or(RequestError::Old)?;
        let proof = parse_hashes(&mut rest).ok_or(RequestError::Proof)?;
        Self::new(old, proof, SignedNote::parse(rest.as_bytes())?)
    }

    /// Size that the log believes the witness cosigned last; 0 for never.
    pub fn old(&self) -> TreeSize {
        self.old
    }

    /// The consistency proof from the old size.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The checkpoint with its signatures; not verified.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// The checkpoint; not verified.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl FromStr for AddCheckpoint {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, RequestError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.note)
    }
}
