//! Many proofs under one checkpoint: every tile is read and hashed once,
//! however many leaves ask for it.
//!
//! A proof alone hashes half of each tile on its way, about 250 nodes a tile.
//! A tick gives hundreds of proofs out of the same few tiles.

use super::{LogFault, Tiles};
use portcullis_tlog::{
    hash::{Hash, node_hash},
    note::SignedNote,
    proof::TlogProof,
    tile::{EntryTile, Tile, decode_bundle},
    tree::{HashReader, LeafIndex, ProveError, ReadError, TreeSize},
};
use std::collections::HashMap;

/// How many hashed tiles are held at once: 8 MB, the tiles of 120,000 neighbouring leaves.
const PYRAMIDS_MAX: usize = 512;
/// How many bundles of entries are held at once: 5 MB.
const BUNDLES_MAX: usize = 16;
/// Rows of a tile: the hashes in it, and eight levels above them.
const ROWS: u32 = 8;

/// A tile's hashes and every node above them that is complete within it, a row a level.
type Pyramid = Vec<Vec<Hash>>;

/// Makes proofs of one log under one cosigned checkpoint.
pub struct Prover<'a> {
    tiles: Tiles<'a>,
    size: TreeSize,
    checkpoint: SignedNote,
    pyramids: HashMap<Tile, Pyramid>,
    bundles: HashMap<u64, Vec<Vec<u8>>>,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(tiles: Tiles<'a>, size: TreeSize, checkpoint: SignedNote) -> Self {
        Self {
            tiles,
            size,
            checkpoint,
            pyramids: HashMap::new(),
            bundles: HashMap::new(),
        }
    }

    /// The C2SP proof of the entry at `index`.
    ///
    /// # Errors
    ///
    /// [`LogFault::Prove`] when the checkpoint has no such entry; [`LogFault::Read`] when a tile
    /// cannot be had.
    pub fn prove(&mut self, index: u64) -> Result<TlogProof, LogFault> {
        let path = self.path(index)?;
        TlogProof::new(LeafIndex(index), path, self.checkpoint.clone())
            .map_err(|error| LogFault::Prove(error.to_string()))
    }

    /// The entry at `index`: its bundle is read once for all of its entries.
    ///
    /// # Errors
    ///
    /// [`LogFault::Read`] when the checkpoint has no such entry, or its bundle cannot be had.
    pub fn entry(&mut self, index: u64) -> Result<Vec<u8>, LogFault> {
        let missing = || {
            let path = format!("entry {index}");
            LogFault::Read(ReadError::Missing { path })
        };
        let number = index / 256;
        if !self.bundles.contains_key(&number) {
            let bundle = EntryTile::in_tree(number, self.size).ok_or_else(missing)?;
            let bytes = self.tiles.bundle(bundle)?;
            let entries =
                decode_bundle(&bytes).map_err(|error| LogFault::Prove(error.to_string()))?;
            let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
            make_room(&mut self.bundles, BUNDLES_MAX);
            self.bundles.insert(number, entries);
        }
        let place = usize::try_from(index % 256).unwrap_or(usize::MAX);
        let entries = self.bundles.get(&number).ok_or_else(missing)?;
        entries.get(place).cloned().ok_or_else(missing)
    }

    /// RFC 6962 §2.1.1, from the leaf's sibling up to a child of the root.
    fn path(&mut self, index: u64) -> Result<Vec<Hash>, LogFault> {
        if index >= self.size.0 {
            let beyond = ProveError::OutOfRange {
                wanted: index,
                size: self.size,
            };
            return Err(LogFault::Prove(beyond.to_string()));
        }
        let (mut start, mut end) = (0, self.size.0);
        let mut path = Vec::new();
        while end - start > 1 {
            // The largest power of two below the range's length.
            let middle = start + (1 << (end - start - 1).ilog2());
            if index < middle {
                path.push(self.root(middle, end)?);
                end = middle;
            } else {
                path.push(self.root(start, middle)?);
                start = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The root over the leaves `start..end`, a range as the recursion above makes them.
    fn root(&mut self, start: u64, end: u64) -> Result<Hash, LogFault> {
        let mut at = start;
        let mut roots = Vec::new();
        while let Some(height) = (end - at).checked_ilog2() {
            roots.push(self.complete(height, at >> height)?);
            at += 1 << height;
        }
        let joined = roots.into_iter().rev();
        joined
            .reduce(|right, left| node_hash(&left, &right))
            .ok_or_else(|| LogFault::Prove("a range without leaves".into()))
    }

    /// The root of the complete subtree number `index` among those of 2^`height` leaves.
    fn complete(&mut self, height: u32, index: u64) -> Result<Hash, LogFault> {
        let (level, row) = (height / ROWS, height % ROWS);
        // A tile has 256 hashes at the bottom, and 2^(8 − row) nodes in the row.
        let across = ROWS - row;
        let tile = Tile::in_tree(level, index >> across, self.size);
        let missing = || {
            let path = format!("tile/{level}/{}", index >> across);
            LogFault::Read(ReadError::Missing { path })
        };
        let tile = tile.ok_or_else(missing)?;
        if !self.pyramids.contains_key(&tile) {
            let pyramid = pyramid(self.tiles.tile(tile)?);
            make_room(&mut self.pyramids, PYRAMIDS_MAX);
            self.pyramids.insert(tile, pyramid);
        }
        let place = usize::try_from(index & ((1 << across) - 1)).unwrap_or(usize::MAX);
        self.pyramids
            .get(&tile)
            .and_then(|rows| rows.get(usize::try_from(row).ok()?)?.get(place))
            .copied()
            .ok_or_else(missing)
    }
}

/// Forgets what is held once it is as much as may be held: it is read again when asked for.
fn make_room<K, V>(held: &mut HashMap<K, V>, most: usize) {
    if held.len() >= most {
        held.clear();
    }
}

fn pyramid(hashes: Vec<Hash>) -> Pyramid {
    let mut rows = vec![hashes];
    for _ in 1..ROWS {
        let below = rows.last().map(Vec::as_slice).unwrap_or_default();
        let (pairs, _) = below.as_chunks::<2>();
        rows.push(
            pairs
                .iter()
                .map(|[left, right]| node_hash(left, right))
                .collect(),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_store::Blobs;
    use portcullis_tlog::{
        hash::leaf_hash,
        note::NoteSigner,
        tile::{TileBuilder, bundles_grown, encode_bundle, hashes_to_bytes},
        tree::{prove_inclusion, verify_inclusion},
    };
    use proptest::prelude::*;

    const PREFIX: &str = "log/1";

    fn entry(index: u64) -> Vec<u8> {
        index.to_be_bytes().to_vec()
    }

    /// A log as files that was grown to these sizes, one after the other.
    fn log(sizes: &[u64]) -> (Blobs, Hash) {
        let blobs = Blobs::memory();
        let put = |path: String, bytes| blobs.put(&format!("{PREFIX}/{path}"), bytes).unwrap();
        let mut builder = TileBuilder::new();
        for size in sizes {
            let old = builder.size();
            let leaves = (old.0..*size).map(|index| leaf_hash(&entry(index)));
            for (tile, hashes) in builder.extend(leaves) {
                put(tile.path(), hashes_to_bytes(&hashes));
            }
            for bundle in bundles_grown(old, TreeSize(*size)) {
                let first = bundle.index() * 256;
                let entries = first..first + u64::from(bundle.width());
                let bytes = encode_bundle(&entries.map(entry).collect::<Vec<_>>()).unwrap();
                put(bundle.path(), bytes);
            }
        }
        (blobs, builder.root())
    }

    fn prover(blobs: &Blobs, size: u64) -> Prover<'_> {
        let tiles = Tiles {
            blobs,
            prefix: PREFIX,
        };
        let signer = NoteSigner::new("example.org/log".parse().unwrap(), &[7; 32]);
        let line = signer.sign("a checkpoint\n").unwrap();
        let note = SignedNote::new("a checkpoint\n".into(), vec![line]).unwrap();
        Prover::new(tiles, TreeSize(size), note)
    }

    #[test]
    fn every_entry_of_a_log_is_proved_as_one_by_one() {
        let size = 256 * 3 + 77;
        let (blobs, root) = log(&[size]);
        let mut prover = prover(&blobs, size);
        for index in 0..size {
            let proof = prover.prove(index).unwrap();
            let reader = Tiles {
                blobs: &blobs,
                prefix: PREFIX,
            };
            let alone = prove_inclusion(&reader, LeafIndex(index), TreeSize(size)).unwrap();
            assert_eq!(proof.path(), alone);
            assert_eq!(prover.entry(index).unwrap(), entry(index));
            let leaf = leaf_hash(&entry(index));
            let held =
                verify_inclusion(&leaf, LeafIndex(index), TreeSize(size), &root, proof.path());
            assert_eq!(held, Ok(()));
        }
    }

    #[test]
    fn what_the_checkpoint_does_not_have_is_not_proved() {
        let (blobs, _) = log(&[290, 300]);
        // The files reach further than the checkpoint.
        let mut prover = prover(&blobs, 290);
        assert!(prover.prove(289).is_ok());
        assert!(matches!(prover.prove(290), Err(LogFault::Prove(_))));
        assert!(matches!(prover.entry(600), Err(LogFault::Read(_))));
    }

    #[test]
    fn more_tiles_than_are_held_make_no_difference() {
        let size = 256 * (BUNDLES_MAX as u64 + 3);
        let (blobs, root) = log(&[size]);
        let mut prover = prover(&blobs, size);
        for round in 0..2 {
            for index in (round..size).step_by(256) {
                let proof = prover.prove(index).unwrap();
                let leaf = leaf_hash(&prover.entry(index).unwrap());
                let held =
                    verify_inclusion(&leaf, LeafIndex(index), TreeSize(size), &root, proof.path());
                assert_eq!(held, Ok(()));
            }
        }
        assert!(prover.bundles.len() <= BUNDLES_MAX);
    }

    #[test]
    fn a_checkpoint_of_an_older_size_is_proved_from_wider_tiles() {
        let (blobs, _) = log(&[700, 1024]);
        let old = 700;
        let root = portcullis_tlog::tree::root_of(
            &(0..old)
                .map(|index| leaf_hash(&entry(index)))
                .collect::<Vec<_>>(),
        );
        let mut prover = prover(&blobs, old);
        for index in [0, 511, 512, 698, 699] {
            let proof = prover.prove(index).unwrap();
            let leaf = leaf_hash(&entry(index));
            let held =
                verify_inclusion(&leaf, LeafIndex(index), TreeSize(old), &root, proof.path());
            assert_eq!(held, Ok(()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_entry_of_any_size_is_proved(size in 1_u64..2000, at in any::<u64>()) {
            let (blobs, root) = log(&[size]);
            let index = at % size;
            let proof = prover(&blobs, size).prove(index).unwrap();
            let leaf = leaf_hash(&entry(index));
            prop_assert_eq!(
                verify_inclusion(&leaf, LeafIndex(index), TreeSize(size), &root, proof.path()),
                Ok(())
            );
        }
    }
}
