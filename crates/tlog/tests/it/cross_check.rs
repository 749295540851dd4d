//! The same questions put to independent implementations: the crates `tlog_tiles` and
//! `signed_note`, ports of the Go code behind the checksum database.

use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_tlog::hash::{Hash, leaf_hash};
use portcullis_tlog::note::{NoteSigner, SignedNote, VerifierKey};
use portcullis_tlog::tile::{Tile, hashes_to_bytes, tiles_grown};
use portcullis_tlog::tree::{
    LeafIndex, TreeSize, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::log::{Log, ORIGIN, log_signer};

/// Their storage: all hashes of a tree in one row.
struct Stored(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|&at| self.0[usize::try_from(at).unwrap()])
            .collect())
    }
}

fn stored(log: &Log) -> Stored {
    let mut stored = Stored(Vec::new());
    for (at, entry) in (0..).zip(&log.entries) {
        let hashes = tlog_tiles::stored_hashes(at, entry, &stored).unwrap();
        stored.0.extend(hashes);
    }
    stored
}

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

#[test]
fn roots_are_the_same() {
    let log = Log::of(600);
    let stored = stored(&log);
    for size in (0..=600).step_by(7) {
        let root = tlog_tiles::tree_hash(size, &stored).unwrap();
        assert_eq!(log.root_at(TreeSize(size)).0, root.0, "{size}");
    }
}

#[test]
fn proofs_are_the_same_and_verify_on_both_sides() {
    let log = Log::of(600);
    let stored = stored(&log);
    for size in [1, 2, 3, 7, 8, 100, 255, 256, 257, 300, 511, 512, 513, 600] {
        let root = log.root_at(TreeSize(size));
        for at in [0, 1, size / 2, size - 1]
            .into_iter()
            .filter(|&at| at < size)
        {
            let leaf = leaf_hash(&log.entries[usize::try_from(at).unwrap()]);
            let path = prove_inclusion(&log.tiles(), LeafIndex(at), TreeSize(size)).unwrap();
            let proof = tlog_tiles::prove_record(size, at, &stored).unwrap();
            assert_eq!(path, ours(&proof), "{at} in {size}");
            tlog_tiles::check_record(&proof, size, theirs(root), at, theirs(leaf)).unwrap();
            verify_inclusion(&leaf, LeafIndex(at), TreeSize(size), &root, &ours(&proof)).unwrap();
        }
        for old in [1, 2, size / 3, size / 2, size - 1, size] {
            if old == 0 || old > size {
                continue;
            }
            let old_root = log.root_at(TreeSize(old));
            let ours_ = prove_consistency(&log.tiles(), TreeSize(old), TreeSize(size)).unwrap();
            let proof = tlog_tiles::prove_tree(size, old, &stored).unwrap();
            assert_eq!(ours_, ours(&proof), "{old} to {size}");
            tlog_tiles::check_tree(&proof, size, theirs(root), old, theirs(old_root)).unwrap();
            verify_consistency(
                TreeSize(old),
                TreeSize(size),
                &old_root,
                &root,
                &ours(&proof),
            )
            .unwrap();
        }
    }
}

#[test]
fn tiles_hold_the_same_bytes() {
    let log = Log::of(600);
    let stored = stored(&log);
    for tile in tiles_grown(TreeSize(0), TreeSize(600)) {
        let other =
            tlog_tiles::Tile::new(8, tile.level(), tile.index(), tile.width().into(), false);
        let bytes = other.read_data(&stored).unwrap();
        assert_eq!(log.files[&tile.path()], bytes, "{tile}");
        assert_eq!(hashes_to_bytes(&tile.hashes_in(&bytes).unwrap()), bytes);
    }
}

proptest! {
    #[test]
    fn a_growing_tree_needs_the_same_tiles(old in 0..1_u64 << 33, grown in 0..3000_u64) {
        let others = tlog_tiles::Tile::new_tiles(8, old, old + grown);
        let mut others = others
            .iter()
            .map(|tile| (tile.level(), tile.level_index(), tile.width()))
            .collect::<Vec<_>>();
        others.sort_unstable();
        let tiles = tiles_grown(TreeSize(old), TreeSize(old + grown))
            .map(|tile| (tile.level(), tile.index(), u32::from(tile.width())))
            .collect::<Vec<_>>();
        prop_assert_eq!(tiles, others);
    }

    #[test]
    fn a_tile_has_the_same_path(level in 0..=5_u8, index in 0..1_u64 << 50, width in 1..=256_u16) {
        let tile = Tile::new(level, index, width).unwrap();
        let other = tlog_tiles::Tile::new(8, level, index, width.into(), false);
        // Theirs also name the height.
        prop_assert_eq!(tile.path().replacen("tile/", "tile/8/", 1), other.path());
    }
}

#[test]
fn our_notes_verify_there() {
    let note = Log::of(5).checkpoint();
    let key = signed_note::StandardVerifier::new(&log_signer().vkey().to_string()).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(key)]);
    let other = signed_note::Note::from_bytes(note.to_text().as_bytes()).unwrap();
    let (verified, unverified) = other.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));

    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    let other = tlog_tiles::Checkpoint::from_bytes(note.text().as_bytes()).unwrap();
    assert_eq!(other.origin(), ORIGIN);
    assert_eq!(other.size(), checkpoint.size.0);
    assert_eq!(other.hash().0, checkpoint.root.0);
}

#[test]
fn their_notes_verify_here() {
    // The signer key of the tests of Go's note package: a secret that everybody knows.
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let signer = signed_note::StandardSigner::new(skey).unwrap();
    let mut other = signed_note::Note::new(b"text\n", &[]).unwrap();
    other.add_sigs(&[&signer]).unwrap();
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key = key.parse::<VerifierKey>().unwrap();
    let note = SignedNote::parse(&other.to_bytes()).unwrap();
    assert_eq!(note.verify([&key]).unwrap().len(), 1);
    assert_eq!(note.to_text().into_bytes(), other.to_bytes());
}

#[test]
fn a_key_of_the_same_seed_is_the_same_key() {
    let seed = [0x42; 32];
    let ours = NoteSigner::new("log.example".parse().unwrap(), &seed).vkey();
    let other = signed_note::StandardVerifier::new(&ours.to_string()).unwrap();
    assert_eq!(
        signed_note::Verifier::key_id(&other).to_be_bytes(),
        ours.id().0
    );
}
