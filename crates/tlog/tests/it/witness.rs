//! The witness protocol.

use portcullis_tlog::checkpoint::{Checkpoint, Origin};
use portcullis_tlog::hash::{EMPTY_ROOT, Hash};
use portcullis_tlog::note::{NoteSigner, SignedNote, VerifierKey};
use portcullis_tlog::tree::{TreeSize, prove_consistency};
use portcullis_tlog::witness::{
    AddCheckpoint, RequestError, ResponseError, WitnessRefusal, decide, monitoring_path,
    parse_conflict, verify_response,
};
use proptest::prelude::*;

use crate::log::{Log, ORIGIN, log_signer, witness};

fn request(log: &Log, old: u64) -> AddCheckpoint {
    let proof = prove_consistency(&log.tiles(), TreeSize(old), log.size()).unwrap();
    AddCheckpoint::new(TreeSize(old), proof, log.checkpoint()).unwrap()
}

fn keys() -> [VerifierKey; 1] {
    [log_signer().vkey()]
}

fn seen(log: &Log, size: u64) -> (TreeSize, Hash) {
    (TreeSize(size), log.root_at(TreeSize(size)))
}

fn refusal(stored: Option<(TreeSize, Hash)>, request: &AddCheckpoint) -> (u16, WitnessRefusal) {
    let refusal = decide(stored, &keys(), request).unwrap_err();
    (refusal.status(), refusal)
}

#[test]
fn a_grown_log_is_cosigned_from_first_to_last() {
    let mut log = Log::default();
    let mut latest = None;
    for grown in [0, 5, 0, 251, 44, 300] {
        let old = log.size().0;
        log.grow(grown);
        let text = request(&log, old).to_string();
        let accept = decide(latest, &keys(), &text.parse().unwrap()).unwrap();
        assert_eq!(accept.checkpoint.size, log.size());
        latest = Some((accept.checkpoint.size, accept.checkpoint.root));

        let line = witness(1).cosign(&accept.text, 9).unwrap().to_text();
        let lines = verify_response(&line, log.checkpoint().text(), &[witness(1).vkey()]).unwrap();
        assert_eq!(lines[0].to_text(), line);
    }
    assert_eq!(latest, Some((TreeSize(600), log.root())));
}

#[test]
fn the_same_checkpoint_is_cosigned_again() {
    let log = Log::of(300);
    let accept = decide(Some(seen(&log, 300)), &keys(), &request(&log, 300)).unwrap();
    assert_eq!(accept.checkpoint.root, log.root());
}

#[test]
fn an_unknown_log_is_not_found() {
    let log = Log::of(3);
    let refusal = decide(None, &[], &request(&log, 0)).unwrap_err();
    assert_eq!(refusal.status(), 404);
    let elsewhere = NoteSigner::new("log.example".parse().unwrap(), &[1; 32]).vkey();
    assert_eq!(decide(None, &[elsewhere], &request(&log, 0)), Err(refusal));
}

#[test]
fn a_checkpoint_without_true_signature_of_its_log_is_forbidden() {
    let log = Log::of(3);
    let checkpoint = Checkpoint::parse(log.checkpoint().text()).unwrap();
    let stranger = NoteSigner::new(ORIGIN.parse().unwrap(), &[7; 32]);
    let by_stranger = checkpoint.sign(&stranger).unwrap();
    let request = AddCheckpoint::new(TreeSize(0), vec![], by_stranger).unwrap();
    assert_eq!(refusal(None, &request).0, 403);

    let of_smaller = Log::of(2).checkpoint().signatures().to_vec();
    let forged = SignedNote::new(log.checkpoint().text().to_owned(), of_smaller).unwrap();
    let request = AddCheckpoint::new(TreeSize(0), vec![], forged).unwrap();
    assert_eq!(refusal(None, &request).0, 403);
}

#[test]
fn an_old_size_beyond_the_new_one_is_a_bad_request() {
    let request = AddCheckpoint::new(TreeSize(4), vec![], Log::of(3).checkpoint()).unwrap();
    let expected = WitnessRefusal::OldBeyondNew {
        old: TreeSize(4),
        new: TreeSize(3),
    };
    assert_eq!(refusal(None, &request), (400, expected));
}

#[test]
fn an_old_size_that_is_not_the_latest_is_a_conflict_that_names_it() {
    let log = Log::of(300);
    let (status, conflict) = refusal(Some(seen(&log, 256)), &request(&log, 255));
    assert_eq!((status, conflict.body().as_str()), (409, "256\n"));
    assert_eq!(parse_conflict(&conflict.body()), Ok(TreeSize(256)));
    let (status, conflict) = refusal(None, &request(&log, 255));
    assert_eq!((status, conflict.body().as_str()), (409, "0\n"));
    // A rollback is a conflict as well: the witness has seen more.
    let (status, conflict) = refusal(Some(seen(&log, 300)), &request(&Log::of(200), 200));
    assert_eq!((status, conflict.body().as_str()), (409, "300\n"));
    assert!(parse_conflict("256").is_err());
    assert!(parse_conflict("0256\n").is_err());
}

#[test]
fn two_trees_of_one_log_are_refused() {
    let log = Log::of(300);
    let fork = (TreeSize(300), EMPTY_ROOT);
    assert_eq!(
        refusal(Some(fork), &request(&log, 300)),
        (422, WitnessRefusal::OtherRoot)
    );
    let fork = (TreeSize(200), log.root());
    let (status, refused) = refusal(Some(fork), &request(&log, 200));
    assert!(matches!(
        (status, refused),
        (422, WitnessRefusal::BadProof(_))
    ));
}

#[test]
fn a_proof_that_nobody_needs_is_refused() {
    let log = Log::of(300);
    let proof = vec![log.root()];
    let from_nothing = AddCheckpoint::new(TreeSize(0), proof.clone(), log.checkpoint()).unwrap();
    assert_eq!(
        refusal(None, &from_nothing),
        (422, WitnessRefusal::NeedlessProof)
    );
    let again = AddCheckpoint::new(TreeSize(300), proof, log.checkpoint()).unwrap();
    assert_eq!(
        refusal(Some(seen(&log, 300)), &again),
        (422, WitnessRefusal::NeedlessProof)
    );
}

// The example of C2SP tlog-witness, "add-checkpoint".
const EXAMPLE: &str = "old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

#[test]
fn the_example_of_the_specification_reads_back() {
    let request = EXAMPLE.parse::<AddCheckpoint>().unwrap();
    assert_eq!(request.old(), TreeSize(20_852_014));
    assert_eq!(request.proof().len(), 4);
    assert_eq!(request.checkpoint().size, TreeSize(20_852_163));
    assert_eq!(request.note().signatures().len(), 2);
    assert_eq!(request.to_string(), EXAMPLE);
}

#[test]
fn a_malformed_request_is_refused() {
    let check = |from: &str, to: &str, expected| {
        let text = EXAMPLE.replacen(from, to, 1);
        assert_eq!(text.parse::<AddCheckpoint>(), Err(expected), "{text}");
    };
    check("old ", "new ", RequestError::Old);
    check("old 2", "old 02", RequestError::Old);
    check("old 2", "old  2", RequestError::Old);
    check("kaw=", "kaw", RequestError::Proof);
    let line = "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n";
    check(line, &line.repeat(61), RequestError::Proof);
    assert!(
        EXAMPLE
            .replacen(line, &line.repeat(60), 1)
            .parse::<AddCheckpoint>()
            .is_ok()
    );
    let longest = [b'x'; 1].repeat(100_000);
    assert_eq!(
        AddCheckpoint::parse(&longest),
        Err(RequestError::TooLong(100_000))
    );
    assert_eq!(WitnessRefusal::from(RequestError::Old).status(), 400);
}

#[test]
fn an_answer_of_other_keys_is_of_no_use() {
    let note = Log::of(3).checkpoint();
    let [mine, other] =
        [1, 2].map(|number| witness(number).cosign(note.text(), 9).unwrap().to_text());
    let known = [witness(1).vkey()];
    let both = verify_response(&format!("{other}{mine}"), note.text(), &known).unwrap();
    assert_eq!(
        both.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [mine]
    );
    let stranger = verify_response(&other, note.text(), &known);
    assert!(matches!(stranger, Err(ResponseError::Signature(_))));
    let empty = verify_response("", note.text(), &known);
    assert!(matches!(empty, Err(ResponseError::Malformed(_))));
    let for_another = witness(1)
        .cosign(Log::of(2).checkpoint().text(), 9)
        .unwrap()
        .to_text();
    let for_another = verify_response(&for_another, note.text(), &known);
    assert!(matches!(for_another, Err(ResponseError::Signature(_))));
}

#[test]
fn the_latest_checkpoint_is_found_by_the_digest_of_its_origin() {
    // SHA-256("abc"), FIPS 180-2 appendix B.1.
    let origin = "abc".parse::<Origin>().unwrap();
    let path = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/checkpoint";
    assert_eq!(monitoring_path(&origin), path);
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes: Vec<u8>) {
        let _ = AddCheckpoint::parse(&bytes);
    }

    #[test]
    fn a_changed_byte_is_refused_or_printed_back(at: usize, byte: u8) {
        let mut text = EXAMPLE.as_bytes().to_vec();
        let at = at % text.len();
        text[at] = byte;
        if let Ok(request) = AddCheckpoint::parse(&text) {
            prop_assert_eq!(request.to_string().into_bytes(), text);
        }
    }

    #[test]
    fn whatever_is_accepted_has_grown(latest in 0..40_u64, old in 0..40_u64, new in 0..40_u64) {
        let log = Log::of(new);
        let whole = Log::of(40);
        let proof = prove_consistency(&whole.tiles(), TreeSize(old.min(new)), TreeSize(new));
        let proof = proof.map_err(|error| error.to_string()).unwrap_or_default();
        let request = AddCheckpoint::new(TreeSize(old), proof, log.checkpoint()).unwrap();
        let decided = decide(Some(seen(&whole, latest)), &keys(), &request);
        prop_assert_eq!(decided.is_ok(), old == latest && old <= new);
    }
}
