//! Proof files.

use portcullis_tlog::hash::leaf_hash;
use portcullis_tlog::policy::{Policy, PolicyError};
use portcullis_tlog::proof::{InclusionError, PROOF_EXTRA_BYTES_MAX, ProofTextError, TlogProof};
use portcullis_tlog::tree::{LeafIndex, ProofError, TreeSize, prove_inclusion};
use proptest::prelude::*;

use crate::log::{Log, log_signer, witness};

const INDEX: LeafIndex = LeafIndex(3);

fn policy() -> Policy {
    let (log, witness) = (log_signer().vkey(), witness(1).vkey());
    format!("log {log}\nwitness w1 {witness}\nquorum w1\n")
        .parse()
        .unwrap()
}

fn proof(witnesses: &[u8]) -> TlogProof {
    let log = Log::of(300);
    let path = prove_inclusion(&log.tiles(), INDEX, log.size()).unwrap();
    let witnesses = witnesses
        .iter()
        .map(|&number| witness(number))
        .collect::<Vec<_>>();
    let cosigned = witnesses
        .iter()
        .map(|by| (by, 1_700_000_000))
        .collect::<Vec<_>>();
    TlogProof::new(INDEX, path, log.cosigned(&cosigned)).unwrap()
}

#[test]
fn a_proof_file_shows_a_leaf_offline() {
    let text = proof(&[1]).to_string();
    let read = text.parse::<TlogProof>().unwrap();
    assert_eq!(read, proof(&[1]));
    let verified = read.verify(&leaf_hash(b"entry 3"), &policy()).unwrap();
    assert_eq!(verified.index, INDEX);
    assert_eq!(verified.cosigned.checkpoint.size, TreeSize(300));
    assert_eq!(verified.cosigned.quorum_at, Some(1_700_000_000));
    let key = log_signer().vkey();
    assert_eq!(
        read.verify_as(&leaf_hash(b"entry 3"), &policy(), &key),
        Ok(verified)
    );
}

#[test]
fn another_leaf_or_place_is_refused() {
    let other = proof(&[1]).verify(&leaf_hash(b"entry 4"), &policy());
    assert_eq!(other, Err(InclusionError::Proof(ProofError::WrongRoot)));
    let moved = proof(&[1]).to_string().replacen("index 3", "index 4", 1);
    let moved = moved
        .parse::<TlogProof>()
        .unwrap()
        .verify(&leaf_hash(b"entry 3"), &policy());
    assert_eq!(moved, Err(InclusionError::Proof(ProofError::WrongRoot)));
}

#[test]
fn without_its_witnesses_a_proof_shows_nothing() {
    let alone = proof(&[]).verify(&leaf_hash(b"entry 3"), &policy());
    assert_eq!(alone, Err(InclusionError::Policy(PolicyError::NoQuorum)));
    let stranger = proof(&[2]).verify(&leaf_hash(b"entry 3"), &policy());
    assert_eq!(stranger, Err(InclusionError::Policy(PolicyError::NoQuorum)));
}

#[test]
fn extra_data_is_carried_and_bounded() {
    let with = proof(&[1]).with_extra(b"opaque".to_vec()).unwrap();
    assert!(
        with.to_string()
            .starts_with("c2sp.org/tlog-proof@v1\nextra b3BhcXVl\nindex 3\n")
    );
    assert_eq!(
        with.to_string().parse::<TlogProof>().unwrap().extra(),
        b"opaque"
    );
    let too_much = vec![0; PROOF_EXTRA_BYTES_MAX + 1];
    assert_eq!(proof(&[1]).with_extra(too_much), Err(ProofTextError::Extra));
    let largest = proof(&[1])
        .with_extra(vec![0; PROOF_EXTRA_BYTES_MAX])
        .unwrap();
    assert_eq!(largest.to_string().parse(), Ok(largest));
}

#[test]
fn a_malformed_proof_is_refused() {
    let good = proof(&[1]).to_string();
    let check = |from: &str, to: &str, expected| {
        let text = good.replacen(from, to, 1);
        assert_eq!(text.parse::<TlogProof>(), Err(expected), "{text}");
    };
    check("@v1", "@v2", ProofTextError::Head);
    check("c2sp", "\nc2sp", ProofTextError::Head);
    check("index 3", "index 03", ProofTextError::Index);
    check("index 3", "index  3", ProofTextError::Index);
    check("index 3", "extra \nindex 3", ProofTextError::Extra);
    check("index 3", "extra b3BhcXVm=\nindex 3", ProofTextError::Extra);
    check(
        "index 3",
        "extra AA==\nextra AA==\nindex 3",
        ProofTextError::Index,
    );
    check("index 3\n", "index 3\nAAAA\n", ProofTextError::Path);
    let hash = leaf_hash(b"").to_string();
    check(
        "index 3\n",
        &format!("index 3\n{}", format!("{hash}\n").repeat(60)),
        ProofTextError::Path,
    );
    let cut = &good[..good.len() - 1];
    assert!(matches!(
        cut.parse::<TlogProof>(),
        Err(ProofTextError::Checkpoint(_))
    ));
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes: Vec<u8>) {
        let _ = TlogProof::parse(&bytes);
    }

    #[test]
    fn a_changed_byte_is_refused_or_printed_back(at: usize, byte: u8) {
        let mut text = proof(&[1]).to_string().into_bytes();
        let at = at % text.len();
        prop_assume!(text[at] != byte);
        text[at] = byte;
        if let Ok(proof) = TlogProof::parse(&text) {
            prop_assert_eq!(proof.to_string().into_bytes(), text.clone());
            prop_assert!(proof.verify(&leaf_hash(b"entry 3"), &policy()).is_err());
        }
    }
}
