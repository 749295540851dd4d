//! Whether a witness cosigns.

use crate::checkpoint::{Checkpoint, Origin};
use crate::hash::{EMPTY_ROOT, Hash};
use crate::note::{VerifierKey, VerifyError};
use crate::tree::{ProofError, TreeSize, verify_consistency};
use crate::witness::{AddCheckpoint, RequestError};

/// What a witness stores, and then cosigns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accept {
    /// The new latest checkpoint of its log: size and root are to be stored, if what `decide` was
    /// told is still what is stored.
    pub checkpoint: Checkpoint,
    /// The text to cosign, once that is durable.
    pub text: String,
}

/// Why a witness does not cosign. Every variant has its status in C2SP tlog-witness.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WitnessRefusal {
    /// 400: the body is no request.
    #[error(transparent)]
    Malformed(#[from] RequestError),
    /// 404: no known log has this origin.
    #[error("the log `{0}` is unknown")]
    UnknownLog(Origin),
    /// 403: the log has not signed, or not truly.
    #[error("the checkpoint has no true signature of its log")]
    NotSignedByLog(#[source] VerifyError),
    /// 400: the old size is larger than the checkpoint's.
    #[error("the old size {old} is larger than the new size {new}")]
    OldBeyondNew {
        /// The old size of the request.
        old: TreeSize,
        /// Size of the checkpoint.
        new: TreeSize,
    },
    /// 409: the old size is not the one last cosigned; the body of the answer names it.
    #[error("the latest cosigned size is {latest}")]
    Conflict {
        /// The size last cosigned, 0 for never.
        latest: TreeSize,
    },
    /// 422: a proof from the empty tree, or between equal sizes, is empty.
    #[error("no proof is needed here")]
    NeedlessProof,
    /// 422: another root for the size that was cosigned. The log shows two trees.
    #[error("another tree of this size was cosigned before")]
    OtherRoot,
    /// 422: the proof does not hold. The log may show two trees.
    #[error("the checkpoint is not shown to have grown from the latest one")]
    BadProof(#[source] ProofError),
}

/// Decides on a request, given the size and root `stored` as last cosigned for the request's
/// origin, and the keys of the logs the witness knows. A key's name is its log's origin.
///
/// The same size with the same root is cosigned again: that is how a log that lost the answer
/// gets one, and how a cosignature is renewed.
///
/// # Errors
///
/// The [`WitnessRefusal`] of the first condition broken, in the order of its variants.
pub fn decide<'k>(
    stored: Option<(TreeSize, Hash)>,
    log_keys: impl IntoIterator<Item = &'k VerifierKey>,
    request: &AddCheckpoint,
) -> Result<Accept, WitnessRefusal> {
    let checkpoint = request.checkpoint();
    let (old, new) = (request.old(), checkpoint.size);
    let origin = checkpoint.origin.as_str();
    let of_origin = log_keys
        .into_iter()
        .filter(|key| key.name().as_str() == origin);
    let keys = of_origin.collect::<Vec<_>>();
    if keys.is_empty() {
        return Err(WitnessRefusal::UnknownLog(checkpoint.origin.clone()));
    }
    request
        .note()
        .verify(keys)
        .map_err(WitnessRefusal::NotSignedByLog)?;
    if old > new {
        return Err(WitnessRefusal::OldBeyondNew { old, new });
    }
    let (latest, root) = stored.unwrap_or((TreeSize(0), EMPTY_ROOT));
    if old != latest {
        return Err(WitnessRefusal::Conflict { latest });
    }
    if (old.0 == 0 || old == new) && !request.proof().is_empty() {
        return Err(WitnessRefusal::NeedlessProof);
    }
    if old == new && checkpoint.root != root {
        return Err(WitnessRefusal::OtherRoot);
    }
    let grown = verify_consistency(old, new, &root, &checkpoint.root, request.proof());
    grown.map_err(WitnessRefusal::BadProof)?;
    Ok(Accept {
        checkpoint: checkpoint.clone(),
        text: request.note().text().to_owned(),
    })
}

impl WitnessRefusal {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldBeyondNew { .. } => 400,
            Self::NotSignedByLog(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Conflict { .. } => 409,
            Self::NeedlessProof | Self::OtherRoot | Self::BadProof(_) => 422,
        }
    }

    /// The body of the answer: for a conflict the latest size, with the content type
    /// [`CONFLICT_CONTENT_TYPE`](crate::witness::CONFLICT_CONTENT_TYPE); else the message. Ends in
    /// a newline.
    pub fn body(&self) -> String {
        match self {
            Self::Conflict { latest } => format!("{latest}\n"),
            other => format!("{other}\n"),
        }
    }
}
