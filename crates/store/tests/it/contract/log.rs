use crate::given::{append, case, commit, digest, leaf, root, statement};
use portcullis_store::{
    Aside, Filter, LeafId, LogAppend, LogError, LogState, PlacedLeaf, Remade, StatementRecord,
    Store, log::BATCHES_MAX,
};

const ORIGIN: &str = "mail.example/log/live";

/// Commits statement `n` with `leaves` leaves, in a case of its own.
fn count(store: &Store, n: u32, leaves: u16) {
    let mut new = commit(case(n), 0, vec![statement(n, 1)]);
    new.leaves = (0..leaves).map(|ordinal| leaf(n, ordinal)).collect();
    store.commit_one(new).unwrap();
}

/// Grows a log, with queued leaves (by number) at indices.
fn place(
    store: &Store,
    origin: &str,
    from: u64,
    to: u64,
    placed: &[(u64, u64)],
) -> Result<(), LogError> {
    let mut append = append(origin, from, to);
    let queued = store.queued_leaves(99).unwrap();
    for (id, index) in placed {
        append.placed.push((LeafId(*id), *index));
        if let Some(leaf) = queued.iter().find(|leaf| leaf.id.0 == *id) {
            append.entries[usize::try_from(index - from).unwrap()].clone_from(&leaf.entry);
        }
    }
    store.log_append(append)
}

pub(super) fn a_log_grows_and_its_batches_wait_until_published(store: &Store) {
    assert_eq!(store.log(ORIGIN).unwrap(), None);
    assert_eq!(store.origins().unwrap(), [""; 0]);
    store.log_append(append(ORIGIN, 0, 3)).unwrap();
    store.log_append(append(ORIGIN, 3, 300)).unwrap();
    store.log_append(append("aaa.example", 0, 0)).unwrap();
    let expected = LogState {
        origin: ORIGIN.into(),
        size: 300,
        root: root(300),
        frontier: b"frontier 300".to_vec(),
        checkpoint: b"checkpoint 300".to_vec(),
        cosigned: None,
        cosigned_size: 0,
        closed: false,
    };
    assert_eq!(store.log(ORIGIN).unwrap(), Some(expected));
    assert_eq!(store.log("aaa.example").unwrap().unwrap().size, 0);
    assert_eq!(store.origins().unwrap(), ["aaa.example", ORIGIN]);
    let ends = |from| {
        store
            .batches(ORIGIN, from)
            .unwrap()
            .iter()
            .map(|batch| batch.size)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ends(0), ends(2), ends(3), ends(300)),
        (vec![3, 300], vec![3, 300], vec![300], vec![])
    );
    assert_eq!(
        store.batches(ORIGIN, 0).unwrap()[0].entries,
        [[0], [1], [2]]
    );
    assert_eq!(store.batches(ORIGIN, 3).unwrap()[0].start, 3);
    assert_eq!(store.batches("aaa.example", 0).unwrap(), []);
    store.published(ORIGIN, 299).unwrap();
    assert_eq!(ends(0), [300]);
    store.published(ORIGIN, 300).unwrap();
    assert_eq!(ends(0), []);
    for size in 300..310 + BATCHES_MAX as u64 {
        store.log_append(append(ORIGIN, size, size + 1)).unwrap();
    }
    assert_eq!(ends(0).len(), BATCHES_MAX);
    assert_eq!(ends(300 + BATCHES_MAX as u64).len(), 10);
}

pub(super) fn a_log_never_shrinks_nor_forks(store: &Store) {
    let refuse = |append| store.log_append(append).unwrap_err();
    assert!(matches!(
        refuse(append(ORIGIN, 1, 3)),
        LogError::Conflict { found: 0 }
    ));
    store.log_append(append(ORIGIN, 0, 3)).unwrap();
    assert!(matches!(
        refuse(append(ORIGIN, 0, 4)),
        LogError::Conflict { found: 3 }
    ));
    assert!(matches!(
        refuse(append(ORIGIN, 4, 5)),
        LogError::Conflict { found: 3 }
    ));
    assert!(matches!(refuse(append(ORIGIN, 0, 2)), LogError::Fork));
    assert!(matches!(
        refuse(LogAppend {
            root: [9; 32],
            ..append(ORIGIN, 3, 3)
        }),
        LogError::Fork
    ));
    assert!(matches!(
        refuse(LogAppend {
            entries: vec![],
            ..append(ORIGIN, 3, 4)
        }),
        LogError::Fork
    ));
    assert!(matches!(
        refuse(LogAppend {
            placed: vec![(LeafId(1), 2)],
            ..append(ORIGIN, 3, 4)
        }),
        LogError::Fork
    ));
    assert!(matches!(
        refuse(LogAppend {
            placed: vec![(LeafId(1), 4)],
            ..append(ORIGIN, 3, 4)
        }),
        LogError::Fork
    ));
    assert_eq!(store.log(ORIGIN).unwrap().unwrap().size, 3);
    assert_eq!(store.batches(ORIGIN, 0).unwrap().len(), 1);
}

pub(super) fn queued_leaves_can_be_made_anew(store: &Store) {
    count(store, 1, 3);
    place(store, "old", 0, 256, &[(1, 7)]).unwrap();
    let mut erased = commit(case(1), 1, Vec::new());
    erased.erase = true;
    let made = |id, word: &str| Remade {
        id: LeafId(id),
        entry: format!("entry {word}").into_bytes(),
        opening: format!("opening {word}").into_bytes(),
    };
    // The first has its place already, and no leaf has the last number.
    store
        .remake_leaves(vec![made(1, "a"), made(2, "b"), made(9, "c")])
        .unwrap();
    let queued = store.queued_leaves(9).unwrap();
    assert_eq!(
        queued
            .iter()
            .map(|leaf| (leaf.id.0, leaf.ordinal, &leaf.entry[..], &leaf.opening[..]))
            .collect::<Vec<_>>(),
        [
            (2, 1, &b"entry b"[..], &b"opening b"[..]),
            (3, 2, b"entry 1/2", b"opening 1/2")
        ]
    );
    assert_eq!(
        store.batches("old", 0).unwrap().remove(0).entries[7],
        b"entry 1/0"
    );
    assert_eq!(
        store.leaves_of(&digest(1)).unwrap()[0].opening,
        b"opening 1/0"
    );
    store.commit_one(erased).unwrap();
    store.remake_leaves(vec![made(3, "d")]).unwrap();
    let queued = store.queued_leaves(9).unwrap();
    assert_eq!(
        (&queued[1].entry[..], &queued[1].opening[..]),
        (&b"entry d"[..], &b""[..])
    );
    place(store, "new", 0, 256, &[(2, 3), (3, 4)]).unwrap();
    assert_eq!(
        store.batches("new", 0).unwrap().remove(0).entries[4],
        b"entry d"
    );
    // What was erased waits for no proof.
    let waiting = store.leaves_cosigned_without_proof("new", 256, 9).unwrap();
    assert_eq!(waiting, []);
}

pub(super) fn placed_leaves_leave_the_queue_once(store: &Store) {
    count(store, 1, 2);
    count(store, 2, 1);
    let queued = store.queued_leaves(2).unwrap();
    assert_eq!(
        queued
            .iter()
            .map(|leaf| (leaf.id.0, leaf.statement, leaf.ordinal))
            .collect::<Vec<_>>(),
        [(1, digest(1), 0), (2, digest(1), 1)]
    );
    assert_eq!(
        (&queued[1].entry[..], &queued[1].opening[..]),
        (&b"entry 1/1"[..], &b"opening 1/1"[..])
    );
    assert_eq!(store.queued_count().unwrap(), 3);
    place(store, ORIGIN, 0, 256, &[(3, 7), (1, 250)]).unwrap();
    assert_eq!(store.queued_leaves(9).unwrap(), queued[1..]);
    assert_eq!(store.queued_count().unwrap(), 1);
    let placed = PlacedLeaf {
        ordinal: 0,
        origin: ORIGIN.into(),
        index: 250,
        opening: b"opening 1/0".to_vec(),
    };
    assert_eq!(
        store.leaves_of(&digest(1)).unwrap(),
        std::slice::from_ref(&placed)
    );
    let entries = store.batches(ORIGIN, 0).unwrap().remove(0).entries;
    assert_eq!(
        (entries.len(), &entries[7][..], &entries[250][..]),
        (256, &b"entry 2/0"[..], &b"entry 1/0"[..])
    );
    assert_eq!((&entries[6][..], &entries[251][..]), (&[6][..], &[251][..]));
    place(store, ORIGIN, 256, 257, &[(2, 256)]).unwrap();
    store.published(ORIGIN, 256).unwrap();
    assert_eq!(
        store.batches(ORIGIN, 0).unwrap().remove(0).entries,
        [b"entry 1/1"]
    );
    let second = PlacedLeaf {
        ordinal: 1,
        origin: ORIGIN.into(),
        index: 256,
        opening: b"opening 1/1".to_vec(),
    };
    let at = |indices: &[u64]| {
        let indices = indices.iter().copied().collect();
        let found = store.leaves_at(ORIGIN, &indices).unwrap();
        found.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        at(&[0, 8, 250, 256, 300]),
        [
            (250, (digest(1), placed.clone())),
            (256, (digest(1), second.clone()))
        ]
    );
    assert_eq!(at(&[7])[0].1.0, digest(2));
    assert_eq!(at(&[]), []);
    let elsewhere = store.leaves_at("another", &[250].into());
    assert!(elsewhere.unwrap().is_empty());
    assert_eq!(store.leaves_of(&digest(1)).unwrap(), [placed, second]);
    assert_eq!(store.queued_leaves(9).unwrap(), []);
    assert_eq!(store.leaves_of(&digest(99)).unwrap(), []);
}

pub(super) fn an_append_that_places_an_unknown_leaf_does_nothing(store: &Store) {
    count(store, 1, 2);
    place(store, ORIGIN, 0, 4, &[(1, 0)]).unwrap();
    let another = LogAppend {
        placed: vec![(LeafId(2), 4)],
        ..append(ORIGIN, 4, 8)
    };
    assert!(
        matches!(
            store.log_append(another),
            Err(LogError::NotQueued(LeafId(2)))
        ),
        "another entry"
    );
    for placed in [&[(2, 4), (1, 5)][..], &[(2, 4), (99, 5)], &[(2, 4), (2, 5)]] {
        let refused = place(store, ORIGIN, 4, 8, placed);
        assert!(
            matches!(refused, Err(LogError::NotQueued(id)) if id.0 == placed[1].0),
            "{refused:?}"
        );
        assert_eq!(store.log(ORIGIN).unwrap().unwrap().size, 4);
        assert_eq!(store.queued_count().unwrap(), 1);
        assert_eq!(store.batches(ORIGIN, 4).unwrap(), []);
        assert_eq!(store.leaves_of(&digest(1)).unwrap().len(), 1);
    }
}

pub(super) fn a_fresh_checkpoint_for_the_same_tree_is_kept(store: &Store) {
    store.log_append(append(ORIGIN, 0, 3)).unwrap();
    store
        .log_append(LogAppend {
            checkpoint: b"fresh".to_vec(),
            ..append(ORIGIN, 3, 3)
        })
        .unwrap();
    assert_eq!(store.log(ORIGIN).unwrap().unwrap().checkpoint, b"fresh");
    assert_eq!(store.batches(ORIGIN, 0).unwrap().len(), 1);
}

pub(super) fn a_closed_log_takes_no_more(store: &Store) {
    assert!(matches!(store.close_log(ORIGIN), Err(LogError::NoLog)));
    store.log_append(append(ORIGIN, 0, 3)).unwrap();
    store.close_log(ORIGIN).unwrap();
    store.close_log(ORIGIN).unwrap();
    assert!(matches!(
        store.log_append(append(ORIGIN, 3, 4)),
        Err(LogError::Closed)
    ));
    let log = store.log(ORIGIN).unwrap().unwrap();
    assert_eq!((log.size, log.closed), (3, true));
    store.set_cosigned(ORIGIN, 3, b"late").unwrap();
}

pub(super) fn the_cosigned_note_never_goes_back_nor_beyond(store: &Store) {
    let cosigned = || {
        store
            .log(ORIGIN)
            .unwrap()
            .map(|log| (log.cosigned, log.cosigned_size))
            .unwrap()
    };
    assert!(matches!(
        store.set_cosigned(ORIGIN, 1, b"x"),
        Err(LogError::NoLog)
    ));
    store.log_append(append(ORIGIN, 0, 8)).unwrap();
    store.set_cosigned(ORIGIN, 4, b"four").unwrap();
    assert!(matches!(
        store.set_cosigned(ORIGIN, 3, b"x"),
        Err(LogError::Conflict { found: 4 })
    ));
    assert!(matches!(
        store.set_cosigned(ORIGIN, 9, b"x"),
        Err(LogError::Fork)
    ));
    assert_eq!(cosigned(), (Some(b"four".to_vec()), 4));
    store
        .set_cosigned(ORIGIN, 4, b"four, three witnesses")
        .unwrap();
    store.log_append(append(ORIGIN, 8, 9)).unwrap();
    assert_eq!(cosigned(), (Some(b"four, three witnesses".to_vec()), 4));
}

pub(super) fn statements_are_provable_once_all_their_leaves_are_cosigned(store: &Store) {
    let provable = |size| {
        store
            .leaves_cosigned_without_proof(ORIGIN, size, 9)
            .unwrap()
    };
    for (n, leaves) in [(1, 2), (2, 1), (3, 1), (5, 0)] {
        count(store, n, leaves);
    }
    let mut theirs = commit(
        case(4),
        0,
        vec![StatementRecord {
            ours: false,
            ..statement(4, 1)
        }],
    );
    theirs.leaves = vec![leaf(4, 0)];
    store.commit_one(theirs).unwrap();
    assert_eq!(provable(100), []);
    // Leaves 1 and 2 are of statement 1, 3 of 2, 4 of 3, 5 of 4.
    place(store, ORIGIN, 0, 10, &[(1, 4), (3, 9), (4, 2), (5, 1)]).unwrap();
    assert_eq!(provable(2), []);
    assert_eq!(provable(9), [(case(3), digest(3))]);
    assert_eq!(provable(10), [(case(3), digest(3)), (case(2), digest(2))]);
    place(store, ORIGIN, 10, 20, &[(2, 15)]).unwrap();
    assert_eq!(provable(15), [(case(3), digest(3)), (case(2), digest(2))]);
    assert_eq!(
        provable(16),
        [
            (case(3), digest(3)),
            (case(1), digest(1)),
            (case(2), digest(2))
        ]
    );
    assert_eq!(
        store
            .leaves_cosigned_without_proof(ORIGIN, 16, 2)
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        store.leaves_cosigned_without_proof("other", 16, 2).unwrap(),
        []
    );
    store
        .attach_proofs(vec![(digest(3), b"proof".to_vec())])
        .unwrap();
    let mut proven = commit(case(2), 1, vec![]);
    proven.proofs = vec![(digest(2), b"proof".to_vec())];
    store.commit_one(proven).unwrap();
    assert_eq!(provable(16), [(case(1), digest(1))]);
}

pub(super) fn a_statement_across_two_logs_waits_for_both(store: &Store) {
    count(store, 1, 2);
    place(store, "old", 0, 5, &[(1, 3)]).unwrap();
    store.close_log("old").unwrap();
    place(store, "new", 0, 5, &[(2, 0)]).unwrap();
    let provable = || store.leaves_cosigned_without_proof("new", 5, 9).unwrap();
    assert_eq!(provable(), []);
    store.set_cosigned("old", 3, b"note").unwrap();
    assert_eq!(provable(), []);
    store.set_cosigned("old", 4, b"note").unwrap();
    assert_eq!(provable(), [(case(1), digest(1))]);
}

pub(super) fn a_statement_outside_cases_has_one_leaf_and_no_case(store: &Store) {
    let aside = Aside {
        digest: digest(7),
        envelope: b"signed".to_vec(),
        stored_at: "2026-11-22T03:00:00Z".parse().unwrap(),
    };
    assert_eq!(store.aside(&digest(7)).unwrap(), None);
    assert!(
        store
            .add_aside(aside.clone(), b"entry", b"opening")
            .unwrap()
    );
    assert!(
        !store
            .add_aside(aside.clone(), b"another", b"other")
            .unwrap()
    );
    assert_eq!(store.aside(&digest(7)).unwrap(), Some(aside));
    let queued = store.queued_leaves(9).unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(
        (&*queued[0].entry, &*queued[0].opening),
        (&b"entry"[..], &b"opening"[..])
    );
    place(store, ORIGIN, 0, 3, &[(queued[0].id.0, 1)]).unwrap();
    let placed = store.leaves_of(&digest(7)).unwrap();
    assert_eq!((placed[0].index, placed.len()), (1, 1));
    store.set_cosigned(ORIGIN, 3, b"note").unwrap();
    assert_eq!(
        store.leaves_cosigned_without_proof(ORIGIN, 3, 9).unwrap(),
        []
    );
    assert_eq!(store.statement(&digest(7)).unwrap(), None);
    assert!(store.counts().unwrap().is_empty());
    assert!(
        store
            .queue(&Filter::default(), None, 9)
            .unwrap()
            .rows
            .is_empty()
    );
}
