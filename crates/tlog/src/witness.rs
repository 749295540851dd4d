//! The witness protocol: what a log asks, what a witness decides, what it answers.
//!
//! Follows C2SP tlog-witness, "add-checkpoint". [`decide`] is pure: the caller loads what the
//! witness last cosigned, decides, stores the new size and root durably if nobody else did so
//! meanwhile, and only then cosigns and answers.

mod decide;
mod request;

pub use decide::{Accept, WitnessRefusal, decide};
pub use request::{AddCheckpoint, REQUEST_BYTES_MAX, RequestError};

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::checkpoint::Origin;
use crate::note::{NoteError, SignatureLine, SignedNote, VerifierKey, VerifyError, parse_lines};
use crate::tree::{DecimalError, TreeSize};

/// Content type of the answer to a conflict, status 409.
pub const CONFLICT_CONTENT_TYPE: &str = "text/x.tlog.size";

/// Why a witness's answer is of no use.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ResponseError {
    /// The body is not one or more signature lines.
    #[error("the answer is malformed")]
    Malformed(#[from] NoteError),
    /// No known witness cosigned, or a cosignature is false.
    #[error(transparent)]
    Signature(#[from] VerifyError),
}

/// Reads the body of an answer with status 200 and returns the lines of `witnesses` that hold for
/// the checkpoint with `text`, in their order. Lines of other keys are dropped.
///
/// # Errors
///
/// [`ResponseError`], every variant.
pub fn verify_response(
    body: &str,
    text: &str,
    witnesses: &[VerifierKey],
) -> Result<Vec<SignatureLine>, ResponseError> {
    let note = SignedNote::new(text.to_owned(), parse_lines(body)?)?;
    let verified = note.verify(witnesses)?;
    let known = |line: &&SignatureLine| {
        let of_line = |key: &VerifierKey| key.name() == line.name() && key.id() == line.key_id();
        verified.iter().any(|signature| of_line(signature.key))
    };
    Ok(note.signatures().iter().filter(known).cloned().collect())
}

/// Reads the body of an answer with status 409: the size the witness cosigned last.
///
/// # Errors
///
/// [`DecimalError`] when it is not one decimal and a newline.
pub fn parse_conflict(body: &str) -> Result<TreeSize, DecimalError> {
    body.strip_suffix('\n').ok_or(DecimalError)?.parse()
}

/// Path below a witness's monitoring prefix of the latest checkpoint it cosigned for `origin`:
/// the SHA-256 of the origin in hexadecimal, then `/checkpoint`.
pub fn monitoring_path(origin: &Origin) -> String {
    let digest = <[u8; 32]>::from(Sha256::digest(origin.as_str()));
    let hex = digest.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    hex + "/checkpoint"
}
