//! The Merkle tree: sizes, roots, and proofs of inclusion and consistency.
//!
//! Follows RFC 6962 §2.1 for making and RFC 9162 §2.1.3–2.1.4 for verifying. What a proof is made
//! from comes through [`HashReader`], one tile at a time, so a tree of any size costs memory for a
//! few tiles.

mod consistency;
mod frontier;
mod inclusion;
mod subtree;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

pub use consistency::{prove_consistency, verify_consistency};
pub use frontier::{Frontier, FrontierError};
pub use inclusion::{Levels, prove_inclusion, root_by, verify_inclusion};
pub(crate) use subtree::read as read_tile;
pub use subtree::root_at;

use crate::hash::Hash;
use crate::text::parse_decimal;
use crate::tile::{Tile, TileError};

/// Most leaves a tree may have: 2^63 − 1, so a path never needs more than 63 hashes.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

/// Most hashes in one inclusion path or consistency proof (C2SP tlog-witness, add-checkpoint).
pub const PROOF_HASHES_MAX: usize = 63;

/// Number of leaves in a tree. In text, a decimal without leading zeros, at most
/// [`TREE_SIZE_MAX`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TreeSize(pub u64);

/// Zero-based position of a leaf. In text, a decimal without leading zeros, below
/// [`TREE_SIZE_MAX`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LeafIndex(pub u64);

/// Where hashes are read from: a store, a cache, a server.
pub trait HashReader {
    /// The hashes of `tile`, left to right, at least as many as its width.
    ///
    /// A reader that has only the full tile may return it for a partial one: callers use the first
    /// `width` hashes (C2SP tlog-tiles, Partial Tiles).
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the tile is missing, malformed or cannot be read.
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError>;
}

impl<R: HashReader + ?Sized> HashReader for &R {
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError> {
        (**self).tile(tile)
    }
}

/// Why a static file of a log could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file does not exist.
    #[error("`{path}` does not exist")]
    Missing {
        /// Path below the log's prefix.
        path: String,
    },
    /// The file exists and does not have the shape its path promises.
    #[error("`{path}` is malformed")]
    Malformed {
        /// Path below the log's prefix.
        path: String,
        /// What is wrong with it.
        source: TileError,
    },
    /// Whether the file exists is unknown.
    #[error("`{path}` could not be read")]
    Failed {
        /// Path below the log's prefix.
        path: String,
        /// What the reader says.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Why a proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The leaf or the older tree is not part of the tree.
    #[error("{wanted} is beyond a tree of size {size}")]
    OutOfRange {
        /// The leaf index or the older size that was asked for.
        wanted: u64,
        /// Size of the tree.
        size: TreeSize,
    },
    /// A tile could not be had.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the older tree is not part of the tree.
    #[error("{wanted} is beyond a tree of size {size}")]
    OutOfRange {
        /// The leaf index or the older size that was claimed.
        wanted: u64,
        /// Size of the tree.
        size: TreeSize,
    },
    /// The number of hashes does not fit the sizes.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// The hashes do not lead to the root of the older tree.
    #[error("the proof does not lead to the old root")]
    WrongOldRoot,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root")]
    WrongRoot,
}

/// A size or an index is not a canonical decimal up to [`TREE_SIZE_MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a decimal below 2^63 without leading zeros")]
pub struct DecimalError;

/// Root of the tree over `leaves`, RFC 6962 §2.1; [`EMPTY_ROOT`](crate::hash::EMPTY_ROOT) for none.
pub fn root_of(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Frontier>().root()
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TreeSize {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let size = parse_decimal(text).filter(|&size| size <= TREE_SIZE_MAX);
        size.map(Self).ok_or(DecimalError)
    }
}

impl FromStr for LeafIndex {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let index = parse_decimal(text).filter(|&index| index < TREE_SIZE_MAX);
        index.map(Self).ok_or(DecimalError)
    }
}

/// Largest power of two smaller than `n`, the left part of a tree of `n` ≥ 2 leaves.
fn split(n: u64) -> u64 {
    match n.saturating_sub(1).checked_ilog2() {
        Some(log) => 1 << log,
        None => 0,
    }
}
