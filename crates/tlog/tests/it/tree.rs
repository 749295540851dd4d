//! Prove, then verify.

use portcullis_tlog::hash::{EMPTY_ROOT, Hash};
use portcullis_tlog::tile::{FileTiles, TileBuilder};
use portcullis_tlog::tree::{
    Frontier, LeafIndex, Levels, PROOF_HASHES_MAX, ProofError, ProveError, ReadError,
    TREE_SIZE_MAX, TreeSize, prove_consistency, prove_inclusion, root_at, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;

use crate::log::Log;

const LARGEST: u64 = 600;

fn flip(hash: &mut Hash, at: usize) {
    hash.0[at % 32] ^= 1 << (at / 32 % 8);
}

#[test]
fn every_leaf_of_every_small_tree_is_proved() {
    let log = Log::of(LARGEST);
    let leaves = log.leaves();
    let mut frontier = Frontier::new();
    for size in 1..=LARGEST {
        frontier.append(leaves[usize::try_from(size - 1).unwrap()]);
        let root = frontier.root();
        let whole = Levels::of(leaves[..usize::try_from(size).unwrap()].to_vec());
        assert_eq!((whole.root(), whole.path(whole.len())), (root, None));
        let step = if size <= 40 || size % 256 < 3 {
            1
        } else {
            size / 3 + 1
        };
        for index in (0..size)
            .step_by(usize::try_from(step).unwrap())
            .chain([size - 1])
        {
            let (index, size) = (LeafIndex(index), TreeSize(size));
            let path = prove_inclusion(&log.tiles(), index, size).unwrap();
            let leaf = leaves[usize::try_from(index.0).unwrap()];
            assert_eq!(verify_inclusion(&leaf, index, size, &root, &path), Ok(()));
            let at = usize::try_from(index.0).unwrap();
            assert_eq!(whole.path(at), Some(path));
        }
    }
}

#[test]
fn every_small_tree_is_shown_to_have_grown() {
    let log = Log::of(LARGEST);
    let roots = (0..=LARGEST)
        .map(|size| log.root_at(TreeSize(size)))
        .collect::<Vec<_>>();
    let root = |size: u64| &roots[usize::try_from(size).unwrap()];
    for new in 0..=LARGEST {
        let step = if new <= 40 || new % 256 < 2 {
            1
        } else {
            new / 3 + 1
        };
        for old in (0..=new)
            .step_by(usize::try_from(step).unwrap())
            .chain([new])
        {
            let proof = prove_consistency(&log.tiles(), TreeSize(old), TreeSize(new)).unwrap();
            let verified =
                verify_consistency(TreeSize(old), TreeSize(new), root(old), root(new), &proof);
            assert_eq!(verified, Ok(()), "{old} to {new}");
        }
    }
}

proptest! {
    #[test]
    fn a_changed_inclusion_path_is_refused(size in 2..LARGEST, index: u64, bit: usize, at: usize) {
        let log = Log::of(size);
        let (root, size) = (log.root(), log.size());
        let index = LeafIndex(index % size.0);
        let leaf = log.leaves()[usize::try_from(index.0).unwrap()];
        let path = prove_inclusion(&log.tiles(), index, size).unwrap();
        prop_assert!(path.len() <= PROOF_HASHES_MAX);
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &root, &path), Ok(()));

        let mut changed = path.clone();
        flip(&mut changed[at % path.len()], bit);
        let refused = verify_inclusion(&leaf, index, size, &root, &changed);
        prop_assert_eq!(refused, Err(ProofError::WrongRoot));

        let mut other = leaf;
        flip(&mut other, bit);
        let refused = verify_inclusion(&other, index, size, &root, &path);
        prop_assert_eq!(refused, Err(ProofError::WrongRoot));

        let mut elsewhere = root;
        flip(&mut elsewhere, bit);
        let refused = verify_inclusion(&leaf, index, size, &elsewhere, &path);
        prop_assert_eq!(refused, Err(ProofError::WrongRoot));

        let short = verify_inclusion(&leaf, index, size, &root, &path[1..]);
        prop_assert_eq!(short, Err(ProofError::WrongLength));
        let long = verify_inclusion(&leaf, index, size, &root, &[&path[..], &[leaf]].concat());
        prop_assert_eq!(long, Err(ProofError::WrongLength));

        let neighbour = LeafIndex((index.0 + 1 + at as u64 % (size.0 - 1)) % size.0);
        prop_assert!(verify_inclusion(&leaf, neighbour, size, &root, &path).is_err());
    }

    #[test]
    fn a_changed_consistency_proof_is_refused(new in 2..LARGEST, old: u64, bit: usize, at: usize) {
        let log = Log::of(new);
        let (old, new) = (TreeSize(1 + old % (new - 1)), TreeSize(new));
        let (old_root, new_root) = (log.root_at(old), log.root());
        let proof = prove_consistency(&log.tiles(), old, new).unwrap();
        prop_assert!(proof.len() <= PROOF_HASHES_MAX);
        prop_assert_eq!(verify_consistency(old, new, &old_root, &new_root, &proof), Ok(()));

        let mut changed = proof.clone();
        flip(&mut changed[at % proof.len()], bit);
        prop_assert!(verify_consistency(old, new, &old_root, &new_root, &changed).is_err());

        let mut other = old_root;
        flip(&mut other, bit);
        prop_assert!(verify_consistency(old, new, &other, &new_root, &proof).is_err());

        let mut other = new_root;
        flip(&mut other, bit);
        let refused = verify_consistency(old, new, &old_root, &other, &proof);
        prop_assert_eq!(refused, Err(ProofError::WrongRoot));

        prop_assert!(verify_consistency(old, new, &old_root, &new_root, &proof[1..]).is_err());
        let long = [&proof[..], &[old_root]].concat();
        let long = verify_consistency(old, new, &old_root, &new_root, &long);
        prop_assert_eq!(long, Err(ProofError::WrongLength));
    }

    #[test]
    fn verifying_never_panics(
        a: u64, b: u64, length in 0..70_usize, bytes: [u8; 32],
    ) {
        let hash = Hash(bytes);
        let path = vec![hash; length];
        let _ = verify_inclusion(&hash, LeafIndex(a), TreeSize(b), &hash, &path);
        let _ = verify_consistency(TreeSize(a), TreeSize(b), &hash, &hash, &path);
        let _ = Frontier::from_bytes(&[&a.to_be_bytes()[..], &path.concat_bytes()].concat());
    }

    #[test]
    fn a_tree_is_taken_up_from_its_tiles(size in 0..1500_u64, more in 0..600_u64) {
        let mut log = Log::of(size);
        let mut builder = TileBuilder::load(&log.tiles(), log.size()).unwrap();
        let frontier = Frontier::load(&log.tiles(), log.size()).unwrap();
        prop_assert_eq!(builder.frontier(), &frontier);
        prop_assert_eq!(builder.root(), log.root());
        prop_assert_eq!(root_at(&log.tiles(), log.size()).unwrap(), log.root());
        log.grow(more);
        builder.extend(log.leaves()[usize::try_from(size).unwrap()..].iter().copied());
        prop_assert_eq!(builder.root(), log.root());
        prop_assert_eq!(TileBuilder::load(&log.tiles(), log.size()).unwrap(), builder);
        // The older tree is still there, in wider tiles.
        prop_assert_eq!(Frontier::load(&log.tiles(), TreeSize(size)).unwrap(), frontier);
    }
}

trait ConcatBytes {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl ConcatBytes for Vec<Hash> {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter().flat_map(|hash| hash.0).collect()
    }
}

#[test]
fn what_is_beyond_the_tree_is_refused() {
    let log = Log::of(5);
    let (root, size) = (log.root(), log.size());
    let prove = prove_inclusion(&log.tiles(), LeafIndex(5), size);
    assert!(matches!(
        prove,
        Err(ProveError::OutOfRange {
            wanted: 5,
            size: TreeSize(5)
        })
    ));
    let prove = prove_consistency(&log.tiles(), TreeSize(6), size);
    assert!(matches!(
        prove,
        Err(ProveError::OutOfRange { wanted: 6, .. })
    ));
    let beyond = Err(ProofError::OutOfRange { wanted: 5, size });
    assert_eq!(
        verify_inclusion(&root, LeafIndex(5), size, &root, &[]),
        beyond
    );
    let beyond = Err(ProofError::OutOfRange { wanted: 6, size });
    assert_eq!(
        verify_consistency(TreeSize(6), size, &root, &root, &[]),
        beyond
    );
}

#[test]
fn every_tree_grew_from_the_empty_one() {
    let log = Log::of(5);
    let (none, size, root) = (TreeSize(0), log.size(), log.root());
    assert_eq!(
        verify_consistency(none, size, &EMPTY_ROOT, &root, &[]),
        Ok(())
    );
    assert_eq!(
        verify_consistency(none, none, &EMPTY_ROOT, &EMPTY_ROOT, &[]),
        Ok(())
    );
    let false_start = verify_consistency(none, size, &root, &root, &[]);
    assert_eq!(false_start, Err(ProofError::WrongOldRoot));
    let needless = verify_consistency(none, size, &EMPTY_ROOT, &root, &[root]);
    assert_eq!(needless, Err(ProofError::WrongLength));
    let fork = verify_consistency(size, size, &root, &EMPTY_ROOT, &[]);
    assert_eq!(fork, Err(ProofError::WrongRoot));
}

#[test]
fn a_missing_or_short_tile_stops_a_proof() {
    let mut log = Log::of(300);
    log.files
        .insert("tile/0/001.p/44".to_owned(), vec![0; 32 * 43]);
    let short = prove_inclusion(&FileTiles(&log), LeafIndex(3), log.size());
    let Err(ProveError::Read(ReadError::Malformed { path, .. })) = short else {
        panic!("{short:?}");
    };
    assert_eq!(path, "tile/0/001.p/44");
    log.files.remove("tile/0/001.p/44");
    let missing = prove_inclusion(&FileTiles(&log), LeafIndex(3), log.size());
    let Err(ProveError::Read(ReadError::Missing { path })) = missing else {
        panic!("{missing:?}");
    };
    assert_eq!(path, "tile/0/001");
}

#[test]
fn sizes_and_indices_have_one_spelling() {
    assert_eq!("0".parse(), Ok(TreeSize(0)));
    assert_eq!("9223372036854775807".parse(), Ok(TreeSize(TREE_SIZE_MAX)));
    assert!("9223372036854775808".parse::<TreeSize>().is_err());
    assert!("9223372036854775807".parse::<LeafIndex>().is_err());
    assert!("00".parse::<LeafIndex>().is_err());
}
