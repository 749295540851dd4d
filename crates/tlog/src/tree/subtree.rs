//! Roots of parts of a tree, read from its tiles.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError};
use crate::tree::{Frontier, HashReader, ReadError, TreeSize, root_of};

/// Root of the tree of `size` leaves, from its tiles.
///
/// # Errors
///
/// [`ReadError`] when a tile cannot be had.
pub fn root_at(reader: &(impl HashReader + ?Sized), size: TreeSize) -> Result<Hash, ReadError> {
    Frontier::load(reader, size).map(|frontier| frontier.root())
}

/// Reads exactly the hashes of `tile`, cutting off what a full tile has too many.
pub(crate) fn read(
    reader: &(impl HashReader + ?Sized),
    tile: Tile,
) -> Result<Vec<Hash>, ReadError> {
    let mut hashes = reader.tile(tile)?;
    let width = usize::from(tile.width());
    if hashes.len() < width {
        let source = TileError::Length {
            needed: width,
            found: hashes.len(),
        };
        return Err(ReadError::Malformed {
            path: tile.path(),
            source,
        });
    }
    hashes.truncate(width);
    Ok(hashes)
}

/// Roots of ranges of one tree; reads every tile at most once.
pub(super) struct Subtrees<'r, R: HashReader + ?Sized> {
    reader: &'r R,
    size: TreeSize,
    // At most three tiles a level are on the way of one proof: a scan beats a map.
    seen: Vec<(Tile, Vec<Hash>)>,
}

impl<'r, R: HashReader + ?Sized> Subtrees<'r, R> {
    pub(super) fn new(reader: &'r R, size: TreeSize) -> Self {
        Self {
            reader,
            size,
            seen: Vec::new(),
        }
    }

    /// Root over leaves `start..end`, where `start` is aligned to the range as in the recursion of
    /// RFC 6962 §2.1: a multiple of the smallest power of two that is not smaller than the range.
    pub(super) fn root(&mut self, start: u64, end: u64) -> Result<Hash, ReadError> {
        let mut at = start;
        let mut roots = Vec::new();
        while let Some(height) = end.saturating_sub(at).checked_ilog2() {
            roots.push(self.complete(height, at >> height)?);
            at += 1 << height;
        }
        let joined = roots.into_iter().rev();
        Ok(joined
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or(EMPTY_ROOT))
    }

    /// Root of the complete subtree number `index` among those with 2^`height` leaves.
    fn complete(&mut self, height: u32, index: u64) -> Result<Hash, ReadError> {
        let level = height / TILE_HEIGHT;
        let within = height % TILE_HEIGHT;
        let first = index << within;
        let hashes = self.tile(level, first / u64::from(TILE_WIDTH))?;
        let offset = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        let row = hashes
            .iter()
            .skip(offset)
            .take(1 << within)
            .copied()
            .collect::<Vec<_>>();
        Ok(root_of(&row))
    }

    fn tile(&mut self, level: u32, index: u64) -> Result<&[Hash], ReadError> {
        let tile = Tile::in_tree(level, index, self.size);
        let tile = tile.ok_or_else(|| ReadError::Missing {
            path: format!("tile/{level}/{index}"),
        })?;
        let mut at = self.seen.iter().position(|(seen, _)| *seen == tile);
        if at.is_none() {
            at = Some(self.seen.len());
            self.seen.push((tile, read(self.reader, tile)?));
        }
        let hashes = at.and_then(|at| self.seen.get(at));
        Ok(hashes.map_or(&[], |(_, hashes)| hashes))
    }
}
