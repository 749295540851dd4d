//! Consistency proofs: that a tree only grew.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tree::subtree::Subtrees;
use crate::tree::{HashReader, ProofError, ProveError, TreeSize, split};

/// The consistency proof from the tree of `old` leaves to that of `new`, RFC 6962 §2.1.2; empty
/// when `old` is 0 or equal to `new`.
///
/// # Errors
///
/// [`ProveError::OutOfRange`] when `old` is larger than `new`; [`ProveError::Read`] when a tile
/// cannot be had.
pub fn prove_consistency(
    reader: &(impl HashReader + ?Sized),
    old: TreeSize,
    new: TreeSize,
) -> Result<Vec<Hash>, ProveError> {
    if old > new {
        return Err(ProveError::OutOfRange {
            wanted: old.0,
            size: new,
        });
    }
    let mut proof = Vec::new();
    if old.0 == 0 {
        return Ok(proof);
    }
    let mut subtrees = Subtrees::new(reader, new);
    let (mut start, mut end) = (0, new.0);
    while old.0 != end {
        let middle = start + split(end - start);
        if old.0 <= middle {
            proof.push(subtrees.root(middle, end)?);
            end = middle;
        } else {
            proof.push(subtrees.root(start, middle)?);
            start = middle;
        }
    }
    // The verifier has the old root already when the old tree is a whole left edge.
    if start != 0 {
        proof.push(subtrees.root(start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with
/// `old_root`, RFC 9162 §2.1.4.2.
///
/// From the empty tree, and between equal sizes, the proof is empty.
///
/// # Errors
///
/// [`ProofError::OutOfRange`] when `old` is larger than `new`, [`ProofError::WrongLength`] when
/// the number of hashes does not fit, [`ProofError::WrongOldRoot`] and [`ProofError::WrongRoot`]
/// when they lead elsewhere.
pub fn verify_consistency(
    old: TreeSize,
    new: TreeSize,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange {
            wanted: old.0,
            size: new,
        });
    }
    if old.0 == 0 && *old_root != EMPTY_ROOT {
        return Err(ProofError::WrongOldRoot);
    }
    if old == new && old_root != new_root {
        return Err(ProofError::WrongRoot);
    }
    if old.0 == 0 || old == new {
        return if proof.is_empty() {
            Ok(())
        } else {
            Err(ProofError::WrongLength)
        };
    }
    let (seed, rest) = if old.0.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::WrongLength)?;
        (*first, rest)
    };
    let (reached_old, reached_new) = climb(old, new, seed, rest)?;
    if reached_old != *old_root {
        Err(ProofError::WrongOldRoot)
    } else if reached_new == *new_root {
        Ok(())
    } else {
        Err(ProofError::WrongRoot)
    }
}

/// Both roots, from the widest subtree that ends where the old tree ends.
fn climb(
    old: TreeSize,
    new: TreeSize,
    seed: Hash,
    proof: &[Hash],
) -> Result<(Hash, Hash), ProofError> {
    let shared = (old.0 - 1).trailing_ones();
    let mut node = (old.0 - 1) >> shared;
    let mut last = (new.0 - 1) >> shared;
    let (mut reached_old, mut reached_new) = (seed, seed);
    for hash in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            reached_old = node_hash(hash, &reached_old);
            reached_new = node_hash(hash, &reached_new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            reached_new = node_hash(&reached_new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 {
        Ok((reached_old, reached_new))
    } else {
        Err(ProofError::WrongLength)
    }
}
