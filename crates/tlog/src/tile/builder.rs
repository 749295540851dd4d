//! Makes the hash tiles of a growing tree.

use crate::hash::Hash;
use crate::tile::{LEVELS, TILE_HEIGHT, TILE_WIDTH, Tile, row_length};
use crate::tree::{Frontier, HashReader, ReadError, TreeSize, read_tile};

/// The right edge of a tree in tiles: its [`Frontier`] and the unfinished tile of each level.
///
/// Memory is constant, at most 8 × 255 hashes, and a leaf costs two hashes on average, so a batch
/// costs what its leaves cost, however large the tree is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TileBuilder {
    frontier: Frontier,
    // INVARIANT: row L holds the hashes of level L after its last full tile, fewer than 256.
    rows: [Vec<Hash>; LEVELS as usize],
}

impl TileBuilder {
    /// The builder of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a tree of `size` leaves from its partial tiles: at most eight reads.
    ///
    /// The caller compares [`TileBuilder::root`] with the root it signed or trusts.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when one of these tiles cannot be had.
    pub fn load(reader: &(impl HashReader + ?Sized), size: TreeSize) -> Result<Self, ReadError> {
        let mut rows: [Vec<Hash>; LEVELS as usize] = Default::default();
        for tile in Tile::partials_of(size) {
            if let Some(row) = rows.get_mut(usize::from(tile.level)) {
                *row = read_tile(reader, tile)?;
            }
        }
        let frontier = Frontier::from_rows(size, &rows);
        Ok(Self { frontier, rows })
    }

    /// Number of leaves so far.
    pub fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// Root of the tree so far.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The right edge of the tree so far.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The leaves after the last full tile, fewer than 256.
    pub fn leaves(&self) -> &[Hash] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// Adds one leaf; `filled` is told of every tile it fills, lowest level first.
    pub fn append(&mut self, leaf: Hash, mut filled: impl FnMut(Tile, Vec<Hash>)) {
        let size = self.frontier.size();
        let rows = &mut self.rows;
        self.frontier.append_with(leaf, |height, root| {
            let level = height / TILE_HEIGHT;
            let Some(row) = rows.get_mut(level as usize) else {
                return;
            };
            if height % TILE_HEIGHT != 0 {
                return;
            }
            row.push(root);
            if row.len() == usize::from(TILE_WIDTH) {
                let index = row_length(size, level + 1);
                let level = u8::try_from(level).unwrap_or(u8::MAX);
                filled(
                    Tile {
                        level,
                        index,
                        width: TILE_WIDTH,
                    },
                    std::mem::take(row),
                );
            }
        });
    }

    /// Adds a batch of leaves and returns the tiles to write, the same as
    /// [`tiles_grown`](crate::tile::tiles_grown) names: those it filled, and of every level that
    /// grew the partial one that a checkpoint at the new size needs.
    pub fn extend(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Vec<(Tile, Vec<Hash>)> {
        let old = self.size();
        let mut tiles = Vec::new();
        for leaf in leaves {
            self.append(leaf, |tile, hashes| tiles.push((tile, hashes)));
        }
        let grown = |tile: &Tile| Tile::in_tree(tile.level.into(), tile.index, old) != Some(*tile);
        tiles.extend(
            self.partials()
                .filter(|(tile, _)| grown(tile))
                .map(|(tile, row)| (tile, row.to_vec())),
        );
        tiles.sort_by_key(|(tile, _)| *tile);
        tiles
    }

    /// The partial tiles of the tree so far, lowest level first.
    pub fn partials(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        let rows = Tile::partials_of(self.size());
        rows.filter_map(|tile| Some((tile, self.rows.get(usize::from(tile.level))?.as_slice())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use crate::tile::tiles_grown;
    use crate::tree::root_of;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn names(old: u64, new: u64) -> Vec<String> {
        tiles_grown(TreeSize(old), TreeSize(new))
            .map(Tile::path)
            .collect()
    }

    #[test]
    fn a_growing_tree_needs_the_tiles_of_the_specification() {
        assert_eq!(names(0, 0), [""; 0]);
        assert_eq!(names(9, 9), [""; 0]);
        assert_eq!(names(9, 3), [""; 0]);
        assert_eq!(names(0, 1), ["tile/0/000.p/1"]);
        assert_eq!(names(0, 256), ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(
            names(255, 257),
            ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
        );
        assert_eq!(names(256, 300), ["tile/0/001.p/44"]);
        assert_eq!(
            names(65_535, 65_536),
            ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]
        );
        let last = names((1 << 63) - 2, (1 << 63) - 1);
        assert_eq!(last, ["tile/0/x036/x028/x797/x018/x963/967.p/255"]);
    }

    #[test]
    fn a_builder_writes_the_tiles_that_grew() {
        for old in [0, 1, 255, 256, 257, 511, 512, 700] {
            for new in [0, 1, 2, 255, 256, 257, 511, 512, 513, 1024] {
                let mut builder = TileBuilder::new();
                builder.extend(leaves(old));
                let added = leaves(old + new).split_off(usize::try_from(old).unwrap());
                let written = builder.extend(added);
                let expected = tiles_grown(TreeSize(old), TreeSize(old + new)).collect::<Vec<_>>();
                assert_eq!(
                    written.iter().map(|(tile, _)| *tile).collect::<Vec<_>>(),
                    expected
                );
                assert!(
                    written
                        .iter()
                        .all(|(tile, row)| row.len() == usize::from(tile.width()))
                );
                assert_eq!(builder.root(), root_of(&leaves(old + new)));
            }
        }
    }

    #[test]
    fn a_tile_holds_the_roots_of_the_level_below() {
        let mut builder = TileBuilder::new();
        let tiles = builder.extend(leaves(600));
        let [(first, row), (second, _), (third, rest), (above, roots)] = &tiles[..] else {
            panic!("four tiles: {tiles:?}");
        };
        assert_eq!(
            [first, second, third, above].map(|tile| tile.path()),
            [
                "tile/0/000",
                "tile/0/001",
                "tile/0/002.p/88",
                "tile/1/000.p/2"
            ]
        );
        assert_eq!(row[..], leaves(256));
        assert_eq!(rest[..], leaves(600)[512..]);
        assert_eq!(roots[0], root_of(row));
    }
}
