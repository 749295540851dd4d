//! Inclusion paths: that a leaf is in a tree.

use crate::hash::{Hash, node_hash};
use crate::tree::subtree::Subtrees;
use crate::tree::{HashReader, LeafIndex, ProofError, ProveError, TreeSize, split};

/// The audit path of leaf `index` in the tree of `size` leaves, RFC 6962 §2.1.1: from the leaf's
/// sibling up to a child of the root.
///
/// # Errors
///
/// [`ProveError::OutOfRange`] when the tree has no such leaf; [`ProveError::Read`] when a tile
/// cannot be had.
pub fn prove_inclusion(
    reader: &(impl HashReader + ?Sized),
    index: LeafIndex,
    size: TreeSize,
) -> Result<Vec<Hash>, ProveError> {
    if index.0 >= size.0 {
        return Err(ProveError::OutOfRange {
            wanted: index.0,
            size,
        });
    }
    let mut subtrees = Subtrees::new(reader, size);
    let (mut start, mut end) = (0, size.0);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index.0 < middle {
            path.push(subtrees.root(middle, end)?);
            end = middle;
        } else {
            path.push(subtrees.root(start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is at `index` of the tree of `size` leaves with `root`, RFC 9162 §2.1.3.2.
///
/// # Errors
///
/// [`ProofError::OutOfRange`] when such a tree has no such leaf, [`ProofError::WrongLength`] when
/// the path is too short or too long, [`ProofError::WrongRoot`] when it leads elsewhere.
pub fn verify_inclusion(
    leaf: &Hash,
    index: LeafIndex,
    size: TreeSize,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if index.0 >= size.0 {
        return Err(ProofError::OutOfRange {
            wanted: index.0,
            size,
        });
    }
    let mut node = index.0;
    let mut last = size.0 - 1;
    let mut reached = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node & 1 == 1 || node == last {
            reached = node_hash(sibling, &reached);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            reached = node_hash(&reached, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(ProofError::WrongLength)
    } else if reached == *root {
        Ok(())
    } else {
        Err(ProofError::WrongRoot)
    }
}
