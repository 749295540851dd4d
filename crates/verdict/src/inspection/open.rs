//! The commitments of one overseer that an operator signed for, and that are not drawn yet.
//!
//! One receipt for each log and size: an overseer with receipts for many nonces would draw with
//! all of them, and show the sample it likes. A size that the log has reached is refused as too
//! late, so what was drawn needs no place here.

use super::{Commitment, InspectionError, Signed};
use crate::text::Text;
use portcullis_core::digest::Digest;
use serde::{Deserialize, Serialize};

/// The most commitments of one overseer that are open at once: each is a sample that it may or
/// may not show.
pub const OPEN_MAX: usize = 8;

/// Open commitments, in the order in which they came.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Open(Vec<One>);

#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    origin: String,
    at: u64,
    commitment: Text<Digest>,
}

impl Open {
    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`InspectionError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InspectionError> {
        let open = serde_json::from_slice(bytes).map_err(|error| InspectionError::Malformed {
            what: "list of open commitments",
            why: error.to_string(),
        })?;
        Ok(Self(open))
    }

    /// As a JSON list of `{"origin","at","commitment"}`.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// Takes up a commitment. `reached` says whether the log of an origin has a size: what it has
    /// reached is open no longer. The same commitment may come again.
    ///
    /// # Errors
    ///
    /// [`InspectionError::SecondCommitment`], [`InspectionError::TooManyOpen`].
    pub fn admit<E: From<InspectionError>>(
        &mut self,
        commitment: &Signed<Commitment>,
        reached: impl Fn(&str, u64) -> Result<bool, E>,
    ) -> Result<(), E> {
        let says = commitment.says();
        let mut still = Vec::new();
        for one in self.0.drain(..) {
            if !reached(&one.origin, one.at)? {
                still.push(one);
            }
        }
        self.0 = still;
        let same = |one: &&One| one.origin == says.origin.as_str() && one.at == says.at;
        match self.0.iter().find(same) {
            Some(one) if one.commitment.0 == commitment.digest() => Ok(()),
            Some(_) => Err(InspectionError::SecondCommitment { at: says.at }.into()),
            None if OPEN_MAX <= self.0.len() => {
                Err(InspectionError::TooManyOpen { open: self.0.len() }.into())
            }
            None => {
                self.0.push(One {
                    origin: says.origin.to_string(),
                    at: says.at,
                    commitment: Text(commitment.digest()),
                });
                Ok(())
            }
        }
    }
}
