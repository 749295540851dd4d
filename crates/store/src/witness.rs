//! Witness state: the newest tree that this node cosigned, per log.

use crate::error::Unavailable;

/// The newest tree of somebody's log that we cosigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Witnessed {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: [u8; 32],
    /// The note with our cosignature.
    pub note: Vec<u8>,
}

/// Why a witness's state did not move.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WitnessError {
    /// Another advance was faster.
    #[error("the log was last witnessed at another size")]
    Conflict {
        /// The size last witnessed, if any.
        found: Option<u64>,
    },
    /// A smaller tree, or another root for the same size.
    #[error("the tree does not continue the tree last witnessed")]
    Fork,
    /// The storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Refuses what does not continue `now`.
pub(crate) fn check(
    now: Option<&Witnessed>,
    expected: Option<u64>,
    to: &Witnessed,
) -> Result<(), WitnessError> {
    let found = now.map(|witnessed| witnessed.size);
    if found != expected {
        return Err(WitnessError::Conflict { found });
    }
    match now {
        Some(now) if to.size < now.size || (to.size == now.size && to.root != now.root) => {
            Err(WitnessError::Fork)
        }
        _ => Ok(()),
    }
}
