//! What only SQLite can show: files, other processes, groups.

use crate::given::{at, case, commit, leaf, member, statement};
use portcullis_store::{CommitError, Driver, OpenError, Sqlite, Store};
use std::{
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

#[test]
fn a_database_opens_again_with_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    for version in 0..3 {
        let store = Store::sqlite(&path).unwrap();
        let number = u32::try_from(version).unwrap() + 1;
        assert_eq!(
            store
                .commit_one(commit(case(1), version, vec![statement(number, number)]))
                .unwrap(),
            version + 1
        );
    }
    assert_eq!(
        Store::sqlite(&path)
            .unwrap()
            .case(&case(1))
            .unwrap()
            .unwrap()
            .statements
            .len(),
        3
    );
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(Store::sqlite(&path).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let refused = Store::sqlite(&path).unwrap_err();
    assert!(
        matches!(refused, OpenError::Newer { found: 99, .. }),
        "{refused:?}"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::fs::write(
        &path,
        "no database, but long enough to have a header of one hundred bytes; ".repeat(9),
    )
    .unwrap();
    assert!(matches!(
        Store::sqlite(&path),
        Err(OpenError::Unavailable(_))
    ));
}

#[cfg(unix)]
#[test]
fn the_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::sqlite(&folder.path().join("store.db")).unwrap();
    store.set_meta("key", b"value").unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{file:?}"
        );
    }
}

#[test]
fn several_open_one_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = Arc::new(folder.path().join("store.db"));
    let start = Arc::new(Barrier::new(4));
    let openers: Vec<_> = (0..4)
        .map(|n| {
            let (path, start) = (Arc::clone(&path), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                Store::sqlite(&path)
                    .unwrap()
                    .commit_one(commit(case(n), 0, vec![]))
                    .unwrap()
            })
        })
        .collect();
    assert!(
        openers
            .into_iter()
            .all(|opener| opener.join().unwrap() == 1)
    );
}

#[test]
fn commits_that_wait_share_one_transaction() {
    const WRITERS: u32 = 16;
    const COMMITS: u32 = 20;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(folder.path().join("store.db")).unwrap());
    let start = Arc::new(Barrier::new(WRITERS as usize));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                for n in 0..COMMITS {
                    let new = commit(
                        case(writer * COMMITS + n),
                        0,
                        vec![statement(writer * COMMITS + n, 1)],
                    );
                    assert!(matches!(store.commit(vec![new])[..], [Ok(1)]));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let (commits, transactions) = (u64::from(WRITERS * COMMITS), store.transactions());
    assert_eq!(store.counts().unwrap()["drafted"], commits);
    assert!(
        transactions < commits / 2,
        "{transactions} transactions for {commits} commits"
    );
}

#[test]
fn one_call_with_many_commits_is_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).unwrap();
    let answers = store.commit(
        (0..100)
            .map(|n| commit(case(n), 0, vec![statement(n, 1)]))
            .collect(),
    );
    assert!(answers.iter().all(|answer| matches!(answer, Ok(1))));
    assert_eq!(store.transactions(), 1);
}

#[test]
fn one_of_two_who_decide_on_the_same_version_wins_across_handles() {
    const ROUNDS: u32 = 25;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let writers: Vec<_> = (0..4u32)
        .map(|writer| {
            let store = Store::sqlite(&path).unwrap();
            thread::spawn(move || {
                let (mut won, mut number) = (0, 0);
                while won < ROUNDS {
                    let version = store.case(&case(1)).unwrap().map_or(0, |case| case.version);
                    let mut new = statement(writer * ROUNDS + won, number + 1);
                    new.author = member(&format!("writer{writer}.example"));
                    match store.commit_one(commit(case(1), version, vec![new])) {
                        Ok(now) => {
                            assert_eq!(now, version + 1);
                            (won, number) = (won + 1, number + 1);
                        }
                        Err(CommitError::Conflict { found }) => assert!(found > version),
                        Err(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.join().unwrap();
    }
    let case = Store::sqlite(&path)
        .unwrap()
        .case(&case(1))
        .unwrap()
        .unwrap();
    assert_eq!(
        (case.version, case.statements.len()),
        (u64::from(4 * ROUNDS), 4 * ROUNDS as usize)
    );
}

#[test]
fn a_handle_notices_what_another_one_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (serve, command) = (Store::sqlite(&path).unwrap(), Store::sqlite(&path).unwrap());
    let before = serve.changes().unwrap();
    assert_eq!(serve.changes().unwrap(), before);
    command.commit_one(commit(case(1), 0, vec![])).unwrap();
    assert_ne!(serve.changes().unwrap(), before);
    assert!(serve.case(&case(1)).unwrap().is_some());
}

#[test]
fn only_one_of_two_handles_gets_the_lease() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (one, two) = (Store::sqlite(&path).unwrap(), Store::sqlite(&path).unwrap());
    assert!(one.lease("sequencer", "one", at(10), at(0)).unwrap());
    assert!(!two.lease("sequencer", "two", at(10), at(0)).unwrap());
    assert!(two.lease("sequencer", "two", at(20), at(10)).unwrap());
}

/// How often `needle` stands in the files of `folder`.
fn found(folder: &Path, needle: &[u8]) -> usize {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files
        .map(|bytes| {
            bytes
                .windows(needle.len())
                .filter(|window| *window == needle)
                .count()
        })
        .sum()
}

#[test]
fn nothing_of_an_erased_case_can_be_found_in_the_files() {
    const SECRET: &str = "the grounds of the application";
    let folder = tempfile::tempdir().unwrap();
    let store = Store::sqlite(&folder.path().join("store.db")).unwrap();
    // Cases of all sizes around the one, so that its rows move while pages split.
    for n in 0..200 {
        let secret = n % 3 == 0;
        let content = |length: usize| {
            (if secret {
                SECRET
            } else {
                "something else altogether, and long"
            })
            .repeat(length)
        };
        let mut one = statement(n, 1);
        one.envelope = content(1 + (n as usize * 7) % 600).into_bytes();
        one.judged = content(2).into_bytes();
        one.attachment = Some(content(3).into_bytes());
        let mut new = commit(case(n % 60), u64::from(n / 60), vec![]);
        one.number = n;
        new.summary.title = content(1);
        new.statements = vec![one];
        new.leaves = vec![leaf(n, 0)];
        new.leaves[0].opening = content(1).into_bytes();
        store.commit_one(new).unwrap();
    }
    assert!(found(folder.path(), SECRET.as_bytes()) > 1000);
    for n in (0..60).filter(|n| n % 3 == 0) {
        let version = store.case(&case(n)).unwrap().unwrap().version;
        let mut erase = commit(case(n), version, vec![statement(1000 + n, 1000)]);
        erase.erase = true;
        store.commit_one(erase).unwrap();
    }
    assert_eq!(found(folder.path(), SECRET.as_bytes()), 0);
    assert!(found(folder.path(), b"something else altogether") > 1000);
    assert!(found(folder.path(), b"envelope 1003") > 0);
}
