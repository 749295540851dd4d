//! The ballot proofs of leaves: each counts one cell or none (design §7).
//!
//! A proof alone takes a quarter of a millisecond, and a handful together takes little
//! more than one. So the leaves of a bundle, or of a delivery between nodes, are verified
//! together before its statements are judged; where one of them is false each is verified
//! by itself, and the fault stays with its own statement.

use super::Inclusion;
use core::convert::Infallible;
use portcullis_ballot::{Batch, Context, LeafError, leaf::VERSION_UNPROVED};
use portcullis_tlog::{checkpoint::Checkpoint, proof::TlogProof};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Separates these weights from all other hashes.
const LABEL: &[u8] = b"portcullis/v1/verdict-weights\0";
/// How many leaves are verified together: 2 kB each until then.
const TOGETHER_MAX: usize = 256;

/// Leaves whose proofs were verified before the statements are judged.
#[derive(Clone, Debug, Default)]
pub struct Leaves(BTreeSet<[u8; 32]>);

/// Why a leaf is not to be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum LeafRefused {
    /// Nothing shows what it counts.
    #[error("its leaf proves nothing about what it counts (version 0)")]
    Unproved,
    /// It may count more than one thing, or in another log.
    #[error("its leaf: {0}")]
    Leaf(#[from] LeafError),
    /// The checkpoint names no log.
    #[error("its checkpoint names no log")]
    Origin,
}

impl Leaves {
    /// Verifies the leaves of these inclusions together; those that are false, or are among
    /// false ones, are not among the answer.
    pub fn verified_together<'a>(inclusions: impl IntoIterator<Item = &'a Inclusion>) -> Self {
        let mut known = BTreeSet::new();
        let all: Vec<Placed<'_>> = inclusions.into_iter().filter_map(Placed::of).collect();
        for some in all.chunks(TOGETHER_MAX) {
            // One alone costs less alone, when its statement is judged.
            if let [_, _, ..] = some
                && hold(some)
            {
                known.extend(some.iter().map(Placed::name));
            }
        }
        Self(known)
    }

    /// Verifies the leaf of an inclusion, unless that was done before.
    ///
    /// # Errors
    ///
    /// [`LeafRefused`].
    pub(crate) fn verify(&self, inclusion: &Inclusion, unproved: bool) -> Result<(), LeafRefused> {
        if inclusion.leaf.version() == VERSION_UNPROVED {
            return if unproved {
                Ok(())
            } else {
                Err(LeafRefused::Unproved)
            };
        }
        let placed = Placed::of(inclusion).ok_or(LeafRefused::Origin)?;
        if self.0.contains(&placed.name()) {
            return Ok(());
        }
        Ok(inclusion.leaf.verify(&placed.context())?)
    }
}

/// Whether all of them prove what they count.
fn hold(some: &[Placed<'_>]) -> bool {
    let Some(first) = some.first() else {
        return true;
    };
    let mut batch = Batch::new(&first.context());
    let all = some.iter().all(|placed| {
        batch
            .push_in(&placed.context(), &placed.inclusion.leaf)
            .is_ok()
    });
    all && batch.verify(&mut Weights::over(some)).is_ok()
}

/// A leaf of version 1 with the log that it says it is in.
struct Placed<'a> {
    inclusion: &'a Inclusion,
    origin: String,
    schema: [u8; 32],
}

impl<'a> Placed<'a> {
    fn of(inclusion: &'a Inclusion) -> Option<Self> {
        if inclusion.leaf.version() == VERSION_UNPROVED {
            return None;
        }
        Some(Self {
            inclusion,
            origin: origin_of(&inclusion.proof)?,
            schema: inclusion.leaf.schema().try_into().ok()?,
        })
    }

    fn context(&self) -> Context<'_> {
        Context {
            origin: &self.origin,
            schema: &self.schema,
        }
    }

    fn name(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update((self.origin.len() as u64).to_be_bytes())
            .chain_update(&self.origin)
            .chain_update(self.inclusion.leaf.as_bytes())
            .finalize()
            .into()
    }
}

fn origin_of(proof: &TlogProof) -> Option<String> {
    let checkpoint = Checkpoint::parse(proof.checkpoint().text()).ok()?;
    Some(checkpoint.origin.to_string())
}

/// The weights of a batch, from a hash over all that is in it: a verdict has no generator,
/// and whoever could choose leaves to fit their weights could find such a hash.
struct Weights {
    seed: [u8; 32],
    drawn: u64,
}

impl Weights {
    fn over(some: &[Placed<'_>]) -> Self {
        let mut hash = Sha256::new().chain_update(LABEL);
        for placed in some {
            hash.update(placed.name());
        }
        Self {
            seed: hash.finalize().into(),
            drawn: 0,
        }
    }

    fn block(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new()
            .chain_update(LABEL)
            .chain_update(self.seed)
            .chain_update(self.drawn.to_be_bytes())
            .finalize()
            .into()
    }
}

impl TryRng for Weights {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            for (to, from) in part.iter_mut().zip(self.block()) {
                *to = from;
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for Weights {}
