//! Published vectors.

use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_tlog::hash::{EMPTY_ROOT, Hash, leaf_hash};
use portcullis_tlog::note::{SignedNote, VerifierKey, VerifyError};
use portcullis_tlog::policy::Policy;
use portcullis_tlog::tile::{TileBuilder, hashes_to_bytes};
use portcullis_tlog::tree::{
    LeafIndex, TreeSize, prove_consistency, prove_inclusion, root_of, verify_consistency,
};

use crate::log::Log;

// The eight leaves of the reference implementation of RFC 6962 (certificate-transparency,
// merkletree/merkle_tree_test.cc), their roots and some of their proofs.
const LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[
        0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e,
        0x6f,
    ],
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const FROM_1_TO_8: [&str; 3] = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
];

const FROM_6_TO_8: [&str; 3] = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

const FROM_2_TO_5: [&str; 2] = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
];

const PATH_OF_5_IN_8: [&str; 3] = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

fn hash(hex: &str) -> Hash {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    Hash(std::array::from_fn(byte))
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| hash(hex)).collect()
}

/// The tiles of the eight leaves at every size.
fn reference_log() -> Log {
    let mut log = Log::default();
    let mut builder = TileBuilder::new();
    for leaf in LEAVES {
        for (tile, row) in builder.extend([leaf_hash(leaf)]) {
            log.files.insert(tile.path(), hashes_to_bytes(&row));
        }
    }
    log
}

#[test]
fn the_roots_are_those_of_the_reference_implementation() {
    let leaves = LEAVES.map(leaf_hash);
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]), hash(root), "{size}");
    }
    assert_eq!(EMPTY_ROOT, hash(ROOTS[0]));
}

#[test]
fn the_consistency_proofs_are_those_of_the_reference_implementation() {
    let log = reference_log();
    let check = |old: usize, new: usize, expected: &[&str]| {
        let (from, to) = (TreeSize(old as u64), TreeSize(new as u64));
        let proof = prove_consistency(&log.tiles(), from, to).unwrap();
        assert_eq!(proof, hashes(expected), "{old} to {new}");
        let (old_root, new_root) = (hash(ROOTS[old]), hash(ROOTS[new]));
        assert_eq!(
            verify_consistency(from, to, &old_root, &new_root, &proof),
            Ok(())
        );
    };
    check(1, 1, &[]);
    check(1, 8, &FROM_1_TO_8);
    check(6, 8, &FROM_6_TO_8);
    check(2, 5, &FROM_2_TO_5);
}

#[test]
fn the_inclusion_paths_are_those_of_the_reference_implementation() {
    let log = reference_log();
    let path = |index| prove_inclusion(&log.tiles(), LeafIndex(index), TreeSize(8)).unwrap();
    assert_eq!(path(0), hashes(&FROM_1_TO_8));
    assert_eq!(path(5), hashes(&PATH_OF_5_IN_8));
}

// The example of C2SP signed-note, "Verifier keys".
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE_NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn the_example_note_of_the_specification_verifies() {
    let key = EXAMPLE_KEY.parse::<VerifierKey>().unwrap();
    assert_eq!(key.to_string(), EXAMPLE_KEY);
    let note = EXAMPLE_NOTE.parse::<SignedNote>().unwrap();
    assert_eq!(note.verify([&key]).unwrap().len(), 1);
    let changed = EXAMPLE_NOTE
        .replacen("This", "That", 1)
        .parse::<SignedNote>()
        .unwrap();
    assert!(matches!(
        changed.verify([&key]),
        Err(VerifyError::FalseSignature { .. })
    ));
}

const ARCHE: &str = include_str!("../../testdata/checkpoint/arche2025h1.checkpoint");
const ARCHE_POLICY: &str = include_str!("../../testdata/checkpoint/arche2025h1.policy");

#[test]
fn a_checkpoint_of_a_public_log_satisfies_a_policy_of_public_witnesses() {
    let policy = ARCHE_POLICY.parse::<Policy>().unwrap();
    assert_eq!(policy.to_string(), ARCHE_POLICY);
    let note = ARCHE.parse::<SignedNote>().unwrap();
    assert_eq!(note.to_text(), ARCHE);
    let cosigned = policy.verify_quorum(&note).unwrap();
    assert_eq!(cosigned.checkpoint.size, TreeSize(1_432_088_532));
    assert_eq!(cosigned.quorum_at, Some(1_779_573_024));
    assert_eq!(cosigned.cosigned_at.len(), 4);
    assert_eq!(Checkpoint::parse(note.text()).unwrap(), cosigned.checkpoint);
}

#[test]
fn a_changed_checkpoint_of_a_public_log_does_not() {
    let policy = ARCHE_POLICY.parse::<Policy>().unwrap();
    let note = ARCHE
        .replacen("1432088532", "42", 1)
        .parse::<SignedNote>()
        .unwrap();
    assert!(policy.verify_checkpoint(&note).is_err());
}
