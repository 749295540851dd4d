//! Why a cell could not do something: the rules said no, or it could not be done.

use portcullis_core::cell::Refusal;
use portcullis_stix::header::EnvelopeFlaw;
use portcullis_store::journal::{JournalError, Position};

/// Why a cell could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is none, or the caller may not know of it.
    #[error("there is no such thing here that you may see")]
    NotFound,
    /// The journal has not been read yet.
    #[error("the cell has just been started and still reads its journal; try again in a second")]
    NotReady,
    /// `next` is none that this collection wrote in its present life.
    #[error("`next` is not understood; begin again without it")]
    Next,
    /// What was sent is no envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeFlaw),
    /// A number ran out.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// A frame of the journal is whole and makes no sense to this version.
    #[error("the frame at byte {offset} of segment {segment} cannot be read by this version", segment = .0.segment, offset = .0.offset)]
    Broken(Position),
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The ledger of what was served could not be read or written.
    #[error(transparent)]
    Ledger(#[from] super::served::LedgerError),
    /// Nothing is served that cannot be recorded.
    #[error(transparent)]
    NotNoted(#[from] super::served::NotNoted),
    /// The cell has no key to sign with.
    #[error("this cell has no key: it cannot sign")]
    NoKey,
}

impl CellError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::NotFound => "cell.not_found",
            Self::NotReady => "cell.not_ready",
            Self::Next => "cell.next",
            Self::Envelope(_) => "cell.envelope",
            Self::TooMany(_) => "cell.too_many",
            Self::Broken(_) => "cell.broken",
            Self::Journal(_) => "cell.journal",
            Self::Ledger(_) => "cell.ledger",
            Self::NotNoted(error) => error.code(),
            Self::NoKey => "cell.no_key",
        }
    }
}
