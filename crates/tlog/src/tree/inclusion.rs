//! Inclusion paths: that a leaf is in a tree.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
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

/// A tree that is held whole, level by level: for many paths in one tree of the size of a batch.
///
/// Two neighbours make a node of the level above, and a last one without neighbour is that node
/// itself: the same tree as RFC 6962 §2.1 splits from above.
#[derive(Clone, Debug)]
pub struct Levels(Vec<Vec<Hash>>);

impl Levels {
    /// The tree over `leaves`.
    pub fn of(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(last) = levels.last()
            && last.len() > 1
        {
            let above = last.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                [alone] => Some(*alone),
                _ => None,
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// How many leaves it has.
    pub fn len(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its root; [`EMPTY_ROOT`] without leaves.
    pub fn root(&self) -> Hash {
        let top = self.0.last().and_then(|top| top.first());
        top.copied().unwrap_or(EMPTY_ROOT)
    }

    /// The audit path of the leaf at `index`, its sibling first; `None` when there is no such leaf.
    pub fn path(&self, index: usize) -> Option<Vec<Hash>> {
        let (mut at, mut path) = (index, Vec::new());
        self.0.first()?.get(at)?;
        for level in &self.0 {
            path.extend(level.get(at ^ 1));
            at /= 2;
        }
        Some(path)
    }
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
    if root_by(leaf, index, size, path)? == *root {
        Ok(())
    } else {
        Err(ProofError::WrongRoot)
    }
}

/// The root that `path` leads to from `leaf` at `index` of a tree of `size` leaves, RFC 9162
/// §2.1.3.2: for trees whose root is itself an entry of another one.
///
/// # Errors
///
/// [`ProofError::OutOfRange`] and [`ProofError::WrongLength`], as [`verify_inclusion`].
pub fn root_by(
    leaf: &Hash,
    index: LeafIndex,
    size: TreeSize,
    path: &[Hash],
) -> Result<Hash, ProofError> {
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
    if last == 0 {
        Ok(reached)
    } else {
        Err(ProofError::WrongLength)
    }
}
