use crate::given::{at, case, commit, delivery, digest, leaf, statement};
use jiff::{Timestamp, ToSpan};
use portcullis_store::{CaseRecord, CommitError, StatementRecord, Store};

pub(super) fn a_case_is_given_back_as_it_was_committed(store: &Store) {
    assert_eq!(store.case(&case(1)).unwrap(), None);
    assert_eq!(store.statement(&digest(1)).unwrap(), None);
    let other = StatementRecord {
        proof: Some(b"proof".to_vec()),
        ours: false,
        attachment: None,
        ..statement(2, 2)
    };
    let statements = vec![statement(1, 1), other.clone()];
    assert_eq!(
        store
            .commit_one(commit(case(1), 0, statements.clone()))
            .unwrap(),
        1
    );
    let expected = CaseRecord {
        version: 1,
        statements,
        erased: false,
    };
    assert_eq!(store.case(&case(1)).unwrap(), Some(expected));
    assert_eq!(store.statement(&digest(2)).unwrap(), Some((case(1), other)));
    let row = store.row(&case(1)).unwrap().unwrap();
    assert_eq!(
        (row.version, row.erased, row.summary),
        (1, false, crate::given::summary())
    );
}

pub(super) fn a_commit_on_another_version_is_a_conflict_and_changes_nothing(store: &Store) {
    let conflict = |expected, number| match store.commit_one(commit(
        case(1),
        expected,
        vec![statement(number, number)],
    )) {
        Err(CommitError::Conflict { found }) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(conflict(1, 1), 0);
    assert_eq!(store.case(&case(1)).unwrap(), None);
    store
        .commit_one(commit(case(1), 0, vec![statement(1, 1)]))
        .unwrap();
    store
        .commit_one(commit(case(1), 1, vec![statement(2, 2)]))
        .unwrap();
    assert_eq!(conflict(0, 3), 2);
    assert_eq!(conflict(1, 3), 2);
    assert_eq!(conflict(3, 3), 2);
    assert_eq!(store.statement(&digest(3)).unwrap(), None);
    assert_eq!(
        store
            .commit_one(commit(case(1), 2, vec![statement(3, 3)]))
            .unwrap(),
        3
    );
}

pub(super) fn statements_stay_in_the_order_of_arrival(store: &Store) {
    for (version, n) in [9, 2, 7, 4].into_iter().enumerate() {
        store
            .commit_one(commit(case(1), version as u64, vec![statement(n, n)]))
            .unwrap();
        store
            .commit_one(commit(case(2), version as u64, vec![statement(n + 100, n)]))
            .unwrap();
    }
    let numbers: Vec<_> = store
        .case(&case(1))
        .unwrap()
        .unwrap()
        .statements
        .iter()
        .map(|statement| statement.number)
        .collect();
    assert_eq!(numbers, [9, 2, 7, 4]);
}

pub(super) fn a_digest_or_a_number_twice_is_a_duplicate(store: &Store) {
    let refused = |case, expected, statements| {
        let answer = store.commit_one(commit(case, expected, statements));
        assert!(matches!(answer, Err(CommitError::Duplicate)), "{answer:?}");
    };
    store
        .commit_one(commit(case(1), 0, vec![statement(1, 1)]))
        .unwrap();
    refused(case(1), 1, vec![statement(2, 1)]);
    refused(case(1), 1, vec![statement(1, 2)]);
    refused(case(2), 0, vec![statement(1, 1)]);
    refused(case(1), 1, vec![statement(2, 2), statement(3, 2)]);
    refused(case(1), 1, vec![statement(2, 2), statement(2, 3)]);
    let other_author = StatementRecord {
        author: crate::given::member("court.example"),
        ..statement(2, 1)
    };
    store
        .commit_one(commit(case(1), 1, vec![other_author]))
        .unwrap();
    let mut twice = commit(case(1), 2, vec![statement(3, 3)]);
    twice.leaves = vec![leaf(3, 0), leaf(3, 0)];
    assert!(matches!(
        store.commit_one(twice.clone()),
        Err(CommitError::Duplicate)
    ));
    twice.leaves = vec![leaf(3, 0), leaf(3, 1)];
    store.commit_one(twice).unwrap();
}

pub(super) fn a_refused_commit_leaves_nothing_behind_and_its_neighbours_stand(store: &Store) {
    let mut refused = commit(case(2), 0, vec![statement(2, 1)]);
    refused.leaves = vec![leaf(2, 0), leaf(99, 0)];
    refused.deliveries = vec![delivery("mail.example", &[2])];
    refused.summary.phase = "refused".into();
    let again = commit(case(1), 1, vec![statement(4, 2)]);
    let answers = store.commit(vec![
        commit(case(1), 0, vec![statement(1, 1)]),
        refused,
        commit(case(3), 0, vec![]),
        again,
    ]);
    assert!(matches!(
        answers[..],
        [Ok(1), Err(CommitError::NoStatement(missing)), Ok(1), Ok(2)] if missing == digest(99)
    ));
    assert_eq!(store.case(&case(2)).unwrap(), None);
    assert_eq!(store.row(&case(2)).unwrap(), None);
    assert_eq!(store.statement(&digest(2)).unwrap(), None);
    assert_eq!(store.queued_count().unwrap(), 0);
    assert_eq!(store.delivery_status(&case(2)).unwrap(), []);
    assert_eq!(
        store.counts().unwrap().into_iter().collect::<Vec<_>>(),
        [("drafted".to_owned(), 2)]
    );
}

pub(super) fn leaves_and_proofs_are_for_statements_of_the_case(store: &Store) {
    store
        .commit_one(commit(case(1), 0, vec![statement(1, 1)]))
        .unwrap();
    store
        .commit_one(commit(case(2), 0, vec![statement(2, 1)]))
        .unwrap();
    let mut leaves = commit(case(1), 1, vec![]);
    leaves.leaves = vec![leaf(2, 0)];
    assert!(
        matches!(store.commit_one(leaves), Err(CommitError::NoStatement(missing)) if missing == digest(2))
    );
    let mut proofs = commit(case(1), 1, vec![]);
    proofs.proofs = vec![(digest(1), b"one".to_vec()), (digest(2), b"two".to_vec())];
    assert!(
        matches!(store.commit_one(proofs), Err(CommitError::NoStatement(missing)) if missing == digest(2))
    );
    assert_eq!(store.statement(&digest(1)).unwrap().unwrap().1.proof, None);
    let mut later = commit(case(1), 1, vec![]);
    later.leaves = vec![leaf(1, 0)];
    assert_eq!(store.commit_one(later).unwrap(), 2);
}

pub(super) fn the_first_proof_stays(store: &Store) {
    let proof = |n| store.statement(&digest(n)).unwrap().unwrap().1.proof;
    let mut first = commit(
        case(1),
        0,
        vec![statement(1, 1), statement(2, 2), statement(3, 3)],
    );
    first.proofs = vec![
        (digest(1), b"committed".to_vec()),
        (digest(1), b"second".to_vec()),
    ];
    store.commit_one(first).unwrap();
    store
        .attach_proofs(vec![
            (digest(1), b"attached".to_vec()),
            (digest(2), b"attached".to_vec()),
            (digest(2), b"attached again".to_vec()),
            (digest(77), b"of nothing".to_vec()),
        ])
        .unwrap();
    assert_eq!(
        (proof(1), proof(2), proof(3)),
        (
            Some(b"committed".to_vec()),
            Some(b"attached".to_vec()),
            None
        )
    );
    assert_eq!(store.case(&case(1)).unwrap().unwrap().version, 1);
}

pub(super) fn erasing_keeps_the_tombstones_the_leaves_and_what_is_new(store: &Store) {
    let mut first = commit(case(1), 0, vec![statement(1, 1), statement(2, 2)]);
    first.leaves = vec![leaf(1, 0), leaf(2, 0)];
    first.proofs = vec![(digest(1), b"proof".to_vec())];
    store.commit_one(first).unwrap();
    let mut other = commit(case(2), 0, vec![statement(4, 1)]);
    other.leaves = vec![leaf(4, 0)];
    store.commit_one(other).unwrap();

    let mut erase = commit(case(1), 1, vec![statement(3, 3)]);
    erase.leaves = vec![leaf(3, 0)];
    erase.erase = true;
    assert_eq!(store.commit_one(erase).unwrap(), 2);

    let tombstone = |n| StatementRecord {
        envelope: vec![],
        judged: vec![],
        attachment: None,
        // What proves a place opens a leaf as well: it goes, and never comes back.
        proof: Some(vec![]),
        ..statement(n, n)
    };
    let record = store.case(&case(1)).unwrap().unwrap();
    assert_eq!(
        record.statements,
        [tombstone(1), tombstone(2), statement(3, 3)]
    );
    assert!(record.erased && store.row(&case(1)).unwrap().unwrap().erased);
    let leaves: Vec<_> = store
        .queued_leaves(9)
        .unwrap()
        .into_iter()
        .map(|leaf| (leaf.statement, leaf.opening.len()))
        .collect();
    assert_eq!(
        leaves,
        [
            (digest(1), 0),
            (digest(2), 0),
            (digest(4), 11),
            (digest(3), 11)
        ]
    );
    assert_eq!(
        store.case(&case(2)).unwrap().unwrap().statements,
        [statement(4, 1)]
    );

    store
        .commit_one(commit(case(1), 2, vec![statement(5, 5)]))
        .unwrap();
    let later = store.case(&case(1)).unwrap().unwrap();
    assert!(later.erased);
    assert_eq!(later.statements[2..], [statement(3, 3), statement(5, 5)]);
    let again = store.commit_one(commit(case(1), 3, vec![statement(1, 9)]));
    assert!(matches!(again, Err(CommitError::Duplicate)));
}

pub(super) fn instants_are_kept_in_whole_microseconds(store: &Store) {
    let fine = |instant: Timestamp| instant + 999.nanoseconds();
    let mut new = commit(
        case(1),
        0,
        vec![StatementRecord {
            time: fine(at(1)),
            ..statement(1, 1)
        }],
    );
    new.summary.next_at = Some(fine(at(2)));
    store.commit_one(new).unwrap();
    assert_eq!(
        store.case(&case(1)).unwrap().unwrap().statements,
        [statement(1, 1)]
    );
    assert_eq!(
        store.row(&case(1)).unwrap().unwrap().summary.next_at,
        Some(at(2))
    );
    let mut far = commit(
        case(2),
        0,
        vec![StatementRecord {
            time: Timestamp::MIN,
            ..statement(2, 1)
        }],
    );
    far.summary.next_at = Some(Timestamp::MAX);
    store.commit_one(far).unwrap();
    assert_eq!(
        store.case(&case(2)).unwrap().unwrap().statements[0].time,
        Timestamp::MIN
    );
    let kept = store
        .row(&case(2))
        .unwrap()
        .unwrap()
        .summary
        .next_at
        .unwrap();
    assert_eq!(kept.as_microsecond(), Timestamp::MAX.as_microsecond());
}
