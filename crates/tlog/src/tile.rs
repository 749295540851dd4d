//! Tiles: fixed-size slices of the Merkle tree, named by level and index.
//!
//! Follows C2SP tlog-tiles. Hash tiles and entry bundles share one naming scheme ("Merkle Tree",
//! "Partial Tiles", "Log Entries"); which of them a growing tree needs is arithmetic on its size.
//! Separate from [`tree`](crate::tree) because a server and a monitor need tiles without ever
//! asking for a proof.

mod builder;
mod entries;
mod files;
mod path;

pub use builder::TileBuilder;
pub use entries::{BUNDLE_BYTES_MAX, BundleError, ENTRY_BYTES_MAX, decode_bundle, encode_bundle};
pub use files::{FileTiles, LogFiles, bundle_file};
pub use path::PathError;

use std::iter;

use crate::hash::{HASH_BYTES, Hash};
use crate::tree::TreeSize;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree in one tile: log2 of [`TILE_WIDTH`].
pub const TILE_HEIGHT: u32 = 8;

/// Highest level a tile path may name (C2SP tlog-tiles, Merkle Tree).
pub const TILE_LEVEL_MAX: u8 = 63;

/// Length of a full hash tile in bytes.
pub const HASH_TILE_BYTES_MAX: usize = TILE_WIDTH as usize * HASH_BYTES;

/// Levels that a tree of at most 2^63 − 1 leaves can fill.
const LEVELS: u32 = 8;

/// A hash tile: `width` hashes of `level`, from number `index` × 256 on.
///
/// Hash *i* is the root over leaves [(index × 256 + i) × 256^level, + 256^level).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tile {
    // INVARIANT: `level` ≤ 63 and 1 ≤ `width` ≤ 256.
    level: u8,
    index: u64,
    width: u16,
}

/// An entry bundle: `width` log entries from number `index` × 256 on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryTile {
    // INVARIANT: 1 ≤ `width` ≤ 256.
    index: u64,
    width: u16,
}

/// The content of a tile does not have the shape its path promises.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TileError {
    /// Not a whole number of 32-byte hashes, or more than a full tile.
    #[error("{0} bytes are no hash tile")]
    Bytes(usize),
    /// Fewer hashes or entries than the tile is wide.
    #[error("{found} where {needed} are needed")]
    Length {
        /// Width of the tile.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// The entries are no bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Tile {
    /// The tile at `level` ≤ 63 and `index` with 1 to 256 hashes; `None` outside these bounds.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let valid = level <= TILE_LEVEL_MAX && (1..=TILE_WIDTH).contains(&width);
        valid.then_some(Self {
            level,
            index,
            width,
        })
    }

    /// The tile at `level` and `index` as wide as a tree of `size` leaves makes it; `None` when
    /// the tree does not reach it.
    pub fn in_tree(level: u32, index: u64, size: TreeSize) -> Option<Self> {
        let width = width_at(row_length(size, level), index)?;
        Self::new(u8::try_from(level).ok()?, index, width)
    }

    /// The partial tiles of a tree of `size` leaves, lowest level first: at most eight.
    pub fn partials_of(size: TreeSize) -> impl DoubleEndedIterator<Item = Self> {
        (0..LEVELS).filter_map(move |level| {
            let full = row_length(size, level) / u64::from(TILE_WIDTH);
            Self::in_tree(level, full, size)
        })
    }

    /// Level, 0 for leaf hashes.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Number of the tile in its level, from the left.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether all 256 hashes are there, so that the tile never changes again.
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile that takes the place of this one.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Reads the hashes of this tile from the bytes of its file. A wider tile is cut to width.
    ///
    /// # Errors
    ///
    /// [`TileError::Bytes`] when the bytes are not 1 to 256 hashes, [`TileError::Length`] when
    /// there are fewer than the width.
    pub fn hashes_in(self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || bytes.len() > HASH_TILE_BYTES_MAX {
            return Err(TileError::Bytes(bytes.len()));
        }
        let needed = usize::from(self.width);
        let hashes = hashes.get(..needed);
        let hashes = hashes.ok_or(TileError::Length {
            needed,
            found: bytes.len() / HASH_BYTES,
        })?;
        Ok(hashes.iter().copied().map(Hash).collect())
    }
}

impl EntryTile {
    /// The bundle at `index` with 1 to 256 entries; `None` outside these bounds.
    pub fn new(index: u64, width: u16) -> Option<Self> {
        (1..=TILE_WIDTH)
            .contains(&width)
            .then_some(Self { index, width })
    }

    /// The bundle at `index` as wide as a tree of `size` leaves makes it; `None` when the tree
    /// does not reach it.
    pub fn in_tree(index: u64, size: TreeSize) -> Option<Self> {
        Self::new(index, width_at(size.0, index)?)
    }

    /// Number of the bundle, from the left.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether all 256 entries are there, so that the bundle never changes again.
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full bundle that takes the place of this one.
    #[must_use]
    pub fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// Reads the entries of this bundle from the bytes of its file. A wider bundle is cut to
    /// width.
    ///
    /// # Errors
    ///
    /// [`TileError::Bundle`] when the bytes are no bundle, [`TileError::Length`] when there are
    /// fewer entries than the width.
    pub fn entries_in(self, bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
        let mut entries = decode_bundle(bytes)?;
        let needed = usize::from(self.width);
        if entries.len() < needed {
            return Err(TileError::Length {
                needed,
                found: entries.len(),
            });
        }
        entries.truncate(needed);
        Ok(entries)
    }
}

/// The bytes of a hash tile's file: its hashes, one after the other.
pub fn hashes_to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hash tiles to write when a tree grows from `old` to `new` leaves: of every level that
/// grew, the tiles it filled and the partial one a checkpoint at `new` needs.
///
/// Lowest level first, each from left to right. Nothing when `new` is not larger than `old`.
pub fn tiles_grown(old: TreeSize, new: TreeSize) -> impl Iterator<Item = Tile> {
    let mut level = 0;
    let mut index = old.0 / u64::from(TILE_WIDTH);
    iter::from_fn(move || {
        while level < LEVELS {
            let grown = row_length(old, level) < row_length(new, level);
            if let Some(tile) = Tile::in_tree(level, index, new).filter(|_| grown) {
                index += 1;
                return Some(tile);
            }
            level += 1;
            index = row_length(old, level) / u64::from(TILE_WIDTH);
        }
        None
    })
}

/// The entry bundles to write when a tree grows from `old` to `new` leaves, left to right.
pub fn bundles_grown(old: TreeSize, new: TreeSize) -> impl Iterator<Item = EntryTile> {
    let tiles = tiles_grown(old, new).take_while(|tile| tile.level == 0);
    tiles.map(|tile| EntryTile {
        index: tile.index,
        width: tile.width,
    })
}

/// How many hashes a tree of `size` leaves has at a tile level.
fn row_length(size: TreeSize, level: u32) -> u64 {
    size.0.checked_shr(level * TILE_HEIGHT).unwrap_or(0)
}

/// How many of a row of `length` fall into tile `index`; `None` for none.
fn width_at(length: u64, index: u64) -> Option<u16> {
    let before = index.checked_mul(u64::from(TILE_WIDTH))?;
    let width = length.checked_sub(before)?.min(u64::from(TILE_WIDTH));
    u16::try_from(width).ok().filter(|&width| width > 0)
}
