//! The right edge of a tree: all that is needed to append to it and to know its root.

use crate::hash::{EMPTY_ROOT, HASH_BYTES, Hash, node_hash};
use crate::tile::Tile;
use crate::tree::{HashReader, ReadError, TREE_SIZE_MAX, TreeSize, subtree};

/// The roots of the complete subtrees that make up a tree, widest first.
///
/// There is one per binary one of the size. Kept in bytes as the size (8 bytes, big-endian) and
/// the hashes, 32 bytes each, in the same order: at most 2,024 bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    // INVARIANT: as many hashes as `size` has binary ones.
    size: u64,
    peaks: Vec<Hash>,
}

/// The bytes or hashes are not the right edge of any tree.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrontierError {
    /// The size is missing or above [`TREE_SIZE_MAX`].
    #[error("a frontier starts with a size below 2^63 in eight bytes")]
    Size,
    /// The number of hashes does not fit the size.
    #[error("a frontier of size {size} has {needed} hashes")]
    Hashes {
        /// The size given.
        size: TreeSize,
        /// How many hashes it needs.
        needed: u32,
    },
}

impl Frontier {
    /// The edge of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a tree of `size` leaves made of `hashes`, widest subtree first.
    ///
    /// # Errors
    ///
    /// [`FrontierError`] when the size is too large or the number of hashes does not fit it.
    pub fn from_hashes(size: TreeSize, hashes: Vec<Hash>) -> Result<Self, FrontierError> {
        let needed = size.0.count_ones();
        if size.0 > TREE_SIZE_MAX {
            Err(FrontierError::Size)
        } else if hashes.len() == needed as usize {
            Ok(Self {
                size: size.0,
                peaks: hashes,
            })
        } else {
            Err(FrontierError::Hashes { size, needed })
        }
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`FrontierError`] when the bytes are cut short, too long, or no frontier.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(FrontierError::Size)?;
        let size = TreeSize(u64::from_be_bytes(*size));
        let (hashes, rest) = rest.as_chunks::<HASH_BYTES>();
        if rest.is_empty() {
            Self::from_hashes(size, hashes.iter().copied().map(Hash).collect())
        } else {
            Err(FrontierError::Hashes {
                size,
                needed: size.0.count_ones(),
            })
        }
    }

    /// Rebuilds the edge of the tree of `size` leaves from the right-most partial tile of each
    /// level: at most eight reads.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when one of these tiles cannot be had.
    pub fn load(reader: &(impl HashReader + ?Sized), size: TreeSize) -> Result<Self, ReadError> {
        let rows = Tile::partials_of(size).map(|tile| subtree::read(reader, tile));
        Ok(Self::from_rows(size, &rows.collect::<Result<Vec<_>, _>>()?))
    }

    /// The edge of a tree of `size` leaves from its unfinished tiles, lowest level first.
    pub(crate) fn from_rows(size: TreeSize, rows: &[Vec<Hash>]) -> Self {
        let mut peaks = Vec::new();
        for row in rows.iter().rev() {
            push_peaks(row, &mut peaks);
        }
        Self {
            size: size.0,
            peaks,
        }
    }

    /// Size (8 bytes, big-endian) and hashes (32 bytes each), widest subtree first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.peaks.iter().flat_map(|peak| peak.0));
        bytes
    }

    /// Number of leaves so far.
    pub fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// The roots of the complete subtrees, widest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.peaks
    }

    /// Root of the tree, RFC 6962 §2.1.
    pub fn root(&self) -> Hash {
        let joined = self.peaks.iter().rev().copied();
        joined
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or(EMPTY_ROOT)
    }

    /// Adds one leaf at the right, in amortised constant time.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _| ());
    }

    /// Adds one leaf and tells `completed` of every subtree it completes: its height and root,
    /// from the leaf itself (height 0) upwards.
    pub(crate) fn append_with(&mut self, leaf: Hash, mut completed: impl FnMut(u32, Hash)) {
        let mut node = leaf;
        completed(0, node);
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
                completed(height, node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        for leaf in leaves {
            self.append(leaf);
        }
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut frontier = Self::new();
        frontier.extend(leaves);
        frontier
    }
}

/// Cuts a partial tile into its complete subtrees, widest first.
fn push_peaks(mut row: &[Hash], peaks: &mut Vec<Hash>) {
    while let Some(width) = row.len().checked_ilog2() {
        let (left, rest) = row.split_at(1 << width);
        peaks.push(super::root_of(left));
        row = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use crate::tree::root_of;

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    #[test]
    fn a_frontier_survives_being_written_down() {
        let mut frontier = Frontier::new();
        for leaf in leaves(70) {
            assert_eq!(
                Frontier::from_bytes(&frontier.to_bytes()),
                Ok(frontier.clone())
            );
            frontier.append(leaf);
        }
        assert_eq!(frontier.root(), root_of(&leaves(70)));
        assert_eq!(frontier.to_bytes().len(), 8 + 32 * 3);
    }

    #[test]
    fn a_frontier_of_the_wrong_length_is_refused() {
        let bytes = leaves(70).into_iter().collect::<Frontier>().to_bytes();
        let wrong = FrontierError::Hashes {
            size: TreeSize(70),
            needed: 3,
        };
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), Err(wrong));
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 32]), Err(wrong));
        assert_eq!(
            Frontier::from_bytes(&[&bytes[..], &[0]].concat()),
            Err(wrong)
        );
        assert_eq!(Frontier::from_bytes(&bytes[..7]), Err(FrontierError::Size));
        assert_eq!(
            Frontier::from_bytes(&[0xff; 8 + 64 * 32]),
            Err(FrontierError::Size)
        );
    }
}
