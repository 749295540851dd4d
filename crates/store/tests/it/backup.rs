//! Backups, and what is made of them again.

use crate::given::{case, commit, statement};
use portcullis_store::{
    Blobs, Store,
    backup::{BLOBS, BackupError, DATABASE, MANIFEST, Progress, backup, restore},
    journal::{CELL, Journal, NewFrame, Position},
};
use std::{fs, path::Path};

/// A data folder with 30 cases and two blobs, open.
fn data(folder: &Path) -> (Store, Blobs) {
    fs::create_dir(folder).unwrap();
    let (store, blobs) = (
        Store::sqlite(&folder.join(DATABASE)).unwrap(),
        Blobs::folder(&folder.join(BLOBS)).unwrap(),
    );
    for n in 0..30 {
        store
            .commit_one(commit(case(n), 0, vec![statement(n, 1)]))
            .unwrap();
    }
    blobs.put("package/one", vec![7; 3 << 20]).unwrap();
    blobs.put("tile/0/000", *b"tile").unwrap();
    (store, blobs)
}

#[test]
fn a_backup_of_a_folder_in_use_is_restored_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    let (store, blobs) = data(&path("data"));
    let mut told = Vec::new();
    let entries = backup(&path("data"), &path("backup"), &mut |progress| {
        told.push(progress);
    })
    .unwrap();
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry.path.as_str())
            .collect::<Vec<_>>(),
        ["store.db", "blobs/package/one", "blobs/tile/0/000"]
    );
    assert_eq!(told.last(), Some(&Progress::Files { done: 3, of: 3 }));
    store.commit_one(commit(case(99), 0, vec![])).unwrap();
    blobs.delete("tile/0/000").unwrap();

    assert_eq!(
        restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap(),
        entries
    );
    let restored = Store::sqlite(&path("restored").join(DATABASE)).unwrap();
    for n in 0..30 {
        assert_eq!(
            restored.case(&case(n)).unwrap(),
            store.case(&case(n)).unwrap()
        );
    }
    assert_eq!(restored.case(&case(99)).unwrap(), None);
    let restored = Blobs::folder(&path("restored").join(BLOBS)).unwrap();
    assert_eq!(restored.list("").unwrap(), ["package/one", "tile/0/000"]);
    assert_eq!(
        restored.get("package/one").unwrap(),
        blobs.get("package/one").unwrap()
    );
}

#[test]
fn what_is_committed_while_the_backup_runs_is_in_it_or_not_but_never_half() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    let (store, _) = data(&path("data"));
    let mut large = commit(case(500), 0, vec![statement(500, 1)]);
    large.statements[0].envelope = vec![1; 20 << 20];
    store.commit_one(large).unwrap();
    let mut number = 1000;
    let mut write = |_| {
        number += 1;
        store
            .commit_one(commit(case(number), 0, vec![statement(number, 1)]))
            .unwrap();
    };
    backup(&path("data"), &path("backup"), &mut write).unwrap();
    assert!(number > 1003, "it told its progress {number}");
    let copied = Store::sqlite(&path("backup").join(DATABASE)).unwrap();
    assert!(copied.case(&case(500)).unwrap().is_some());
    let rows = copied.counts().unwrap()["drafted"];
    let whole = (0..=number)
        .filter(|n| copied.case(&case(*n)).unwrap().is_some())
        .count();
    assert_eq!((rows, whole), (31, 31));
}

#[test]
fn a_folder_that_holds_something_is_not_written_to() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    fs::create_dir(path("full")).unwrap();
    fs::write(path("full/letter"), "do not lose").unwrap();
    assert!(matches!(
        backup(&path("data"), &path("full"), &mut |_| {}),
        Err(BackupError::NotEmpty(_))
    ));
    fs::create_dir(path("empty")).unwrap();
    backup(&path("data"), &path("empty"), &mut |_| {}).unwrap();
    assert!(matches!(
        restore(&path("empty"), &path("full"), &mut |_| {}),
        Err(BackupError::NotEmpty(_))
    ));
    assert_eq!(fs::read_dir(path("full")).unwrap().count(), 1);
    assert!(matches!(
        backup(&path("full"), &path("new"), &mut |_| {}),
        Err(BackupError::NoDatabase(_))
    ));
}

#[test]
fn a_backup_that_changed_or_is_not_complete_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    backup(&path("data"), &path("backup"), &mut |_| {}).unwrap();
    let manifest = fs::read_to_string(path("backup").join(MANIFEST)).unwrap();
    let refuse =
        |n: u32| restore(&path("backup"), &path(&format!("restored{n}")), &mut |_| {}).unwrap_err();

    fs::write(path("backup/blobs/tile/0/000"), "Tile").unwrap();
    let refused = refuse(1);
    assert!(
        matches!(&refused, BackupError::Changed { path } if path == "blobs/tile/0/000"),
        "{refused:?}"
    );
    fs::write(path("backup/blobs/tile/0/000"), "tile").unwrap();

    for (n, wrong) in [
        (
            2,
            manifest.replace("blobs/tile/0/000", "blobs/../../escaped"),
        ),
        (3, manifest.replace("blobs/tile/0/000", "/etc/hostname")),
        (4, manifest.replace("v1", "v9")),
        (5, manifest.replace("store.db", "blobs/store.db")),
        (6, manifest.replace("sha256:", "sha512:")),
        (7, String::new()),
    ] {
        fs::write(path("backup").join(MANIFEST), wrong).unwrap();
        let refused = refuse(n);
        assert!(
            matches!(refused, BackupError::NoManifest(_)),
            "{n}: {refused:?}"
        );
        assert!(!path(&format!("restored{n}")).exists());
    }
    fs::remove_file(path("backup").join(MANIFEST)).unwrap();
    assert!(matches!(refuse(8), BackupError::NoManifest(_)));
    fs::write(path("backup").join(MANIFEST), manifest).unwrap();
    fs::remove_file(path("backup/blobs/tile/0/000")).unwrap();
    assert!(matches!(refuse(9), BackupError::File { .. }));
}

#[test]
fn a_cell_is_backed_up_while_it_is_written_and_begins_another_life() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    let _held = data(&path("data"));
    let journal = |of: &str, epoch| {
        Journal::folder(&path(of).join(CELL).join("journal"), [epoch; 16]).unwrap()
    };
    let written = journal("data", 1);
    let append = |journal: &Journal, data: &[u8]| {
        let frame = NewFrame {
            kind: 1,
            table: b"",
            data,
        };
        let written = journal.lock().unwrap().append(&[frame]).unwrap();
        journal.sync(written[0].end).unwrap();
    };
    append(&written, b"one");
    // Half a frame, as a writer has it that is not done.
    let segment = path("data").join(CELL).join("journal/00000000.seg");
    let mut half = fs::read(&segment).unwrap();
    half.extend_from_within(16..30);
    fs::write(&segment, half).unwrap();
    backup(&path("data"), &path("backup"), &mut |_| {}).unwrap();
    restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap();
    let restored = journal("restored", 2);
    assert_eq!((written.epoch(), restored.epoch()), ([1; 16], [2; 16]));
    append(&restored, b"two");
    assert_eq!(restored.verify().unwrap(), 2);
    let mut data = Vec::new();
    restored
        .scan(Position::default(), &mut |frame| {
            data.push(frame.data().unwrap());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(data, [b"one".to_vec(), b"two".to_vec()]);
}
