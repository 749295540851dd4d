//! Backups, and what is made of them again.

use crate::given::{case, commit, statement};
use portcullis_store::{
    Blobs, Store,
    backup::{BLOBS, BackupError, DATABASE, MANIFEST, Progress, backup, restore},
    journal::{CELL, Journal, Merge, NewFrame, Position, Wipe},
};
use std::{collections::BTreeSet, fs, path::Path};

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
            data: &[data],
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

#[test]
fn what_is_erased_while_the_backup_runs_is_erased_in_it_only_with_what_was_written_before() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    let open = |name: &str| {
        let folder = path(name).join(CELL).join("journal");
        Journal::folder_of(&folder, [1; 16], 1_000).unwrap()
    };
    let journal = open("data");
    let append = |table: &[u8], data: &[u8]| {
        let frame = NewFrame {
            kind: 0,
            table,
            data: &[data],
        };
        let written = journal.lock().unwrap().append(&[frame]).unwrap()[0];
        journal.sync(written.end).unwrap();
        written
    };
    let objects: Vec<_> = (0..20_u8).map(|n| append(&[n], &[b'x'; 500])).collect();
    let mut turn = 0_usize;
    let mut told = |progress| {
        // Each time a file has its turn, the last but so many is removed, then erased.
        if matches!(progress, Progress::Files { .. })
            && let Some(of) = objects.len().checked_sub(turn + 1)
        {
            turn += 1;
            append(&[u8::try_from(of).unwrap()], b"");
            let wipe = Wipe {
                place: objects[of].data,
                left: b"\0".to_vec(),
            };
            journal
                .erasing()
                .unwrap()
                .erase(wipe.place.segment, &[wipe])
                .unwrap();
        }
    };
    let entries = backup(&path("data"), &path("backup"), &mut told).unwrap();
    assert!(turn > 10);
    assert!(!entries.iter().any(|entry| entry.path.contains("eras")));
    restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap();
    let restored = open("restored");
    drop(restored.lock().unwrap());
    restored.verify().unwrap();
    let (mut erased, mut removed) = (BTreeSet::new(), BTreeSet::new());
    restored
        .scan(Position::default(), &mut |frame| {
            if frame.data_place.len == 0 {
                removed.insert(frame.table[0]);
            } else if frame.erased {
                erased.insert(frame.table[0]);
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(!erased.is_empty());
    assert!(erased.is_subset(&removed), "{erased:?} {removed:?}");
    drop(journal);
    let source = open("data");
    assert!(source.verify().unwrap() > 30);
}

#[test]
fn what_the_ledger_drops_while_the_backup_runs_is_dropped_in_it_only_with_what_is_kept_of_it() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    let open = |name: &str| {
        let folder = path(name).join(CELL).join("served");
        Journal::folder_of(&folder, [1; 16], 1_000).unwrap()
    };
    let ledger = open("data");
    let append = |kind: u8, of: u8| {
        let frame = NewFrame {
            kind,
            table: &[of],
            data: &[&[b'x'; 500]],
        };
        let written = ledger.lock().unwrap().append(&[frame]).unwrap()[0];
        ledger.sync(written.end).unwrap();
        written
    };
    let mut served: Vec<_> = (0..20).map(|n| (n, append(1, n))).collect();
    let mut told = |progress| {
        // Each time a file has its turn, the last but so many is kept in few words, then dropped.
        if matches!(progress, Progress::Files { .. })
            && let Some((of, written)) = served.pop()
        {
            append(6, of);
            let merge = Merge {
                from: written.at,
                end: written.end,
                kind: 5,
                table: vec![of],
            };
            let segment = written.at.segment;
            ledger.erasing().unwrap().merge(segment, &[merge]).unwrap();
        }
    };
    backup(&path("data"), &path("backup"), &mut told).unwrap();
    restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap();
    let restored = open("restored");
    restored.verify().unwrap();
    let (mut dropped, mut kept) = (BTreeSet::new(), BTreeSet::new());
    restored
        .scan(Position::default(), &mut |frame| {
            match frame.kind {
                5 => dropped.insert(frame.table[0]),
                6 => kept.insert(frame.table[0]),
                _ => false,
            };
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(dropped.len() > 3, "{dropped:?}");
    assert!(dropped.is_subset(&kept), "{dropped:?} {kept:?}");
}

#[test]
fn a_segment_that_has_grown_when_the_next_one_begins_is_copied_to_its_end() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    let open = |name: &str| {
        let folder = path(name).join(CELL).join("served");
        Journal::folder_of(&folder, [1; 16], 20_000).unwrap()
    };
    let ledger = open("data");
    let append = |n: u32| {
        let frame = NewFrame {
            kind: 1,
            table: &n.to_le_bytes(),
            data: &[&[b'x'; 500]],
        };
        ledger.lock().unwrap().append(&[frame]).unwrap();
    };
    append(0);
    let segment = path("data").join(CELL).join("served/00000000.seg");
    // What has its turn after the last segment: that grows, and the next one begins.
    fs::write(segment.with_file_name("note"), "").unwrap();
    let mut next = 1;
    let mut told = |progress| {
        if progress == (Progress::Files { done: 4, of: 5 }) {
            while !segment.with_file_name("00000001.seg").exists() {
                append(next);
                next += 1;
            }
        }
    };
    backup(&path("data"), &path("backup"), &mut told).unwrap();
    assert!(next > 10);
    restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap();
    assert_eq!(open("restored").verify().unwrap(), u64::from(next));
}

#[test]
fn what_was_erased_takes_no_space_in_a_backup_either() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    data(&path("data"));
    let folder = |name: &str| path(name).join(CELL).join("journal");
    let journal = Journal::folder(&folder("data"), [1; 16]).unwrap();
    let data = vec![7; 8 << 20];
    let frame = NewFrame {
        kind: 0,
        table: b"",
        data: &[&data],
    };
    let written = journal.lock().unwrap().append(&[frame]).unwrap()[0];
    let wipe = Wipe {
        place: written.data,
        left: Vec::new(),
    };
    journal.erasing().unwrap().erase(0, &[wipe]).unwrap();
    backup(&path("data"), &path("backup"), &mut |_| {}).unwrap();
    for name in ["data", "backup"] {
        let copied = Journal::folder(&folder(name), [2; 16]).unwrap();
        let (bytes, taken) = copied.sizes().unwrap();
        assert!(
            bytes > 8 << 20 && taken < 100_000,
            "{name}: {bytes} {taken}"
        );
    }
    restore(&path("backup"), &path("restored"), &mut |_| {}).unwrap();
    let restored = Journal::folder(&folder("restored"), [2; 16]).unwrap();
    assert_eq!(restored.verify().unwrap(), 1);
}
