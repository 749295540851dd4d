use crate::given::{at, case, commit, digest, root};
use portcullis_store::{RegisterRecord, Store, WitnessError, Witnessed};

fn tree(size: u64) -> Witnessed {
    Witnessed {
        size,
        root: root(size),
        note: format!("note {size}").into_bytes(),
    }
}

pub(super) fn a_witness_moves_on_from_what_it_saw(store: &Store) {
    assert_eq!(store.witnessed("log.example").unwrap(), None);
    let conflict = |expected, size| match store.witness_advance("log.example", expected, tree(size))
    {
        Err(WitnessError::Conflict { found }) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(conflict(Some(3), 5), None);
    store.witness_advance("log.example", None, tree(5)).unwrap();
    assert_eq!(conflict(None, 9), Some(5));
    assert_eq!(conflict(Some(4), 9), Some(5));
    let back = store.witness_advance("log.example", Some(5), tree(4));
    assert!(matches!(back, Err(WitnessError::Fork)), "{back:?}");
    let fork = store.witness_advance(
        "log.example",
        Some(5),
        Witnessed {
            root: [9; 32],
            ..tree(5)
        },
    );
    assert!(matches!(fork, Err(WitnessError::Fork)), "{fork:?}");
    store
        .witness_advance(
            "log.example",
            Some(5),
            Witnessed {
                note: b"again".to_vec(),
                ..tree(5)
            },
        )
        .unwrap();
    assert_eq!(
        store.witnessed("log.example").unwrap().unwrap().note,
        b"again"
    );
    store
        .witness_advance("log.example", Some(5), tree(9))
        .unwrap();
    assert_eq!(store.witnessed("log.example").unwrap(), Some(tree(9)));
    assert_eq!(store.witnessed("other.example").unwrap(), None);
}

fn version(version: u64, envelope: &str, proof: Option<&str>) -> RegisterRecord {
    RegisterRecord {
        register: digest(1),
        version,
        envelope: envelope.into(),
        proof: proof.map(Into::into),
        stored_at: at(0),
    }
}

pub(super) fn every_version_of_a_register_is_kept_even_of_one_number(store: &Store) {
    assert_eq!(store.registers().unwrap(), []);
    let other = RegisterRecord {
        register: digest(0),
        ..version(1, "other", None)
    };
    for record in [
        version(2, "b", None),
        version(2, "a", None),
        version(1, "a", None),
        other.clone(),
    ] {
        assert!(store.add_register(record).unwrap());
    }
    assert!(
        !store
            .add_register(RegisterRecord {
                stored_at: at(9),
                ..version(2, "a", None)
            })
            .unwrap()
    );
    let expected = [
        other,
        version(1, "a", None),
        version(2, "b", None),
        version(2, "a", None),
    ];
    assert_eq!(store.registers().unwrap(), expected);
}

pub(super) fn a_late_proof_joins_its_register(store: &Store) {
    store.add_register(version(1, "a", None)).unwrap();
    assert!(!store.add_register(version(1, "a", Some("proof"))).unwrap());
    assert!(!store.add_register(version(1, "a", Some("later"))).unwrap());
    assert!(!store.add_register(version(1, "a", None)).unwrap());
    assert_eq!(store.registers().unwrap(), [version(1, "a", Some("proof"))]);
}

pub(super) fn the_first_promise_stays(store: &Store) {
    assert_eq!(store.promise(&digest(2)).unwrap(), None);
    assert!(store.add_promise(&digest(2), b"first").unwrap());
    assert!(!store.add_promise(&digest(2), b"second").unwrap());
    assert!(store.add_promise(&digest(1), b"other").unwrap());
    assert_eq!(store.promise(&digest(2)).unwrap(), Some(b"first".to_vec()));
    assert_eq!(
        store.promises().unwrap(),
        [
            (digest(1), b"other".to_vec()),
            (digest(2), b"first".to_vec())
        ]
    );
}

pub(super) fn words_are_kept_and_overwritten(store: &Store) {
    assert_eq!(store.meta("node.id").unwrap(), None);
    store.set_meta("node.id", b"one").unwrap();
    store.set_meta("node.other", b"").unwrap();
    store.set_meta("node.id", b"two").unwrap();
    assert_eq!(store.meta("node.id").unwrap(), Some(b"two".to_vec()));
    assert_eq!(store.meta("node.other").unwrap(), Some(Vec::new()));
}

pub(super) fn a_lease_has_one_holder_until_it_ends(store: &Store) {
    let lease = |holder, until, now| {
        store
            .lease("sequencer", holder, at(until), at(now))
            .unwrap()
    };
    assert!(lease("a", 10, 0));
    assert!(!lease("b", 20, 9));
    assert!(lease("a", 15, 9), "the holder prolongs");
    assert!(!lease("b", 20, 10));
    assert!(lease("b", 20, 15), "it has ended");
    assert!(!lease("a", 30, 16));
    assert!(store.lease("courier", "a", at(10), at(0)).unwrap());
    assert!(lease("b", 0, 16), "the holder gives it up");
    assert!(lease("a", 30, 16));
}

pub(super) fn changes_move_with_every_write_and_only_then(store: &Store) {
    let start = store.changes().unwrap();
    store.queued_count().unwrap();
    assert_eq!(store.changes().unwrap(), start);
    store.commit_one(commit(case(1), 0, vec![])).unwrap();
    let committed = store.changes().unwrap();
    assert_ne!(committed, start);
    assert_eq!(store.changes().unwrap(), committed);
    store.set_meta("key", b"value").unwrap();
    assert_ne!(store.changes().unwrap(), committed);
}
