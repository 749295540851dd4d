//! Planned failures, and what a caller does with "perhaps".

use crate::given::{append, case, commit, digest, statement};
use portcullis_store::{Commit, CommitError, Fault, LogError, Memory, Plan, Store, When};

fn faulty(call: u64, when: When) -> (Store, Fault) {
    let fault = Fault::new(Memory::default());
    fault.plan(Plan { call, when });
    (Store::new(fault.clone()), fault)
}

fn first() -> Commit {
    commit(case(1), 0, vec![statement(1, 1)])
}

#[test]
fn a_write_that_broke_before_was_not_done_and_can_be_repeated() {
    let (store, fault) = faulty(2, When::Before);
    store.set_meta("key", b"value").unwrap();
    assert!(matches!(
        store.commit_one(first()),
        Err(CommitError::Unavailable(_))
    ));
    fault.heal();
    assert_eq!(store.case(&case(1)).unwrap(), None);
    assert_eq!(store.commit_one(first()).unwrap(), 1);
}

#[test]
fn a_write_that_broke_after_was_done_and_its_repetition_says_so() {
    let (store, fault) = faulty(1, When::After);
    assert!(matches!(
        store.commit_one(first()),
        Err(CommitError::Unavailable(_))
    ));
    fault.heal();
    assert_eq!(store.case(&case(1)).unwrap().unwrap().version, 1);
    assert!(matches!(
        store.commit_one(first()),
        Err(CommitError::Conflict { found: 1 })
    ));
    let newer = Commit {
        expected: 1,
        ..first()
    };
    assert!(matches!(
        store.commit_one(newer),
        Err(CommitError::Duplicate)
    ));
}

#[test]
fn an_append_that_broke_after_is_told_by_its_size() {
    let (store, fault) = faulty(1, When::After);
    assert!(matches!(
        store.log_append(append("log", 0, 4)),
        Err(LogError::Unavailable(_))
    ));
    fault.heal();
    assert!(matches!(
        store.log_append(append("log", 0, 4)),
        Err(LogError::Conflict { found: 4 })
    ));
    assert_eq!(store.batches("log", 0).unwrap().len(), 1);
}

#[test]
fn everything_fails_from_the_broken_write_until_it_is_healed() {
    let (store, fault) = faulty(1, When::Before);
    assert_eq!(store.queued_count().unwrap(), 0, "reads do not count");
    let broken = store.set_meta("key", b"value").unwrap_err();
    assert!(
        std::error::Error::source(&broken)
            .unwrap()
            .to_string()
            .contains("as planned")
    );
    assert!(store.queued_count().is_err());
    assert!(store.changes().is_err());
    assert!(store.add_promise(&digest(1), b"promise").is_err());
    let answers = store.commit(vec![first(), first()]);
    assert!(matches!(
        answers[..],
        [
            Err(CommitError::Unavailable(_)),
            Err(CommitError::Unavailable(_))
        ]
    ));
    assert_eq!(fault.writes(), 3);
    fault.heal();
    store.set_meta("key", b"value").unwrap();
    assert_eq!((fault.writes(), store.promises().unwrap()), (4, vec![]));
}

#[test]
fn a_snapshot_puts_everything_back() {
    let memory = Memory::default();
    let store = Store::new(memory.clone());
    store.commit_one(first()).unwrap();
    let snapshot = memory.snapshot();
    let before = store.changes().unwrap();
    store
        .commit_one(commit(case(1), 1, vec![statement(2, 2)]))
        .unwrap();
    store.log_append(append("log", 0, 4)).unwrap();
    memory.restore(&snapshot);
    assert_eq!(store.case(&case(1)).unwrap().unwrap().version, 1);
    assert_eq!(store.log("log").unwrap(), None);
    assert_ne!(store.changes().unwrap(), before);
}
