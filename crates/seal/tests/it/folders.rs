//! Folders on disk, at either end.

use crate::kit::{self, mapping, sealed};
use portcullis_seal::{
    folder::{FolderError, FolderSink, sources},
    limits::Limits,
    open::open,
    sink::Sink,
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

fn found(root: &Path) -> Vec<(String, u64)> {
    sources(root)
        .unwrap()
        .into_iter()
        .map(|source| (source.path.to_string(), source.size_bytes))
        .collect()
}

#[test]
fn a_folder_gives_its_files_by_path_and_a_file_gives_itself() {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir_all(temp.path().join("mail/cur")).unwrap();
    fs::create_dir_all(temp.path().join("empty")).unwrap();
    for (path, bytes) in [("mail/cur/1:2,S", "abc"), ("mail.txt", "x"), ("a", "")] {
        fs::write(temp.path().join(path), bytes).unwrap();
    }
    assert_eq!(
        found(temp.path()),
        [
            ("a".into(), 0),
            ("mail.txt".into(), 1),
            ("mail/cur/1:2,S".into(), 3)
        ]
    );
    assert_eq!(
        found(&temp.path().join("mail.txt")),
        [("mail.txt".into(), 1)]
    );
}

#[test]
fn links_and_tricky_names_in_a_folder_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", temp.path().join("link")).unwrap();
    assert!(matches!(sources(temp.path()), Err(FolderError::Kind(at)) if at.ends_with("link")));
    assert!(matches!(
        sources(&temp.path().join("link")),
        Err(FolderError::Kind(_))
    ));
    fs::remove_file(temp.path().join("link")).unwrap();
    fs::write(temp.path().join("line\nbreak"), "").unwrap();
    assert!(matches!(
        sources(temp.path()),
        Err(FolderError::Path { .. })
    ));
    assert!(matches!(
        sources(&temp.path().join("none")),
        Err(FolderError::Io { .. })
    ));
}

#[test]
fn a_file_that_became_a_link_after_it_was_found_is_not_read() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path().join("log");
    fs::write(&at, "12345").unwrap();
    let found = sources(temp.path()).unwrap();
    fs::remove_file(&at).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &at).unwrap();
    assert!(found[0].content.open().is_err());
}

#[test]
fn an_opened_folder_is_its_owner_s_alone_and_appears_at_the_end() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("opened");
    let package = sealed(mapping());
    let mut sink = FolderSink::new(&folder).unwrap();
    let mut early = false;
    open(
        package.bytes.as_slice(),
        &package.identity,
        &package.expected(),
        &mut sink,
        &Limits::default(),
        &mut |_| early |= folder.exists(),
    )
    .unwrap();
    assert!(!early);
    drop(sink);
    let mode = |path: &str| {
        fs::metadata(folder.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        ["", "data/1/mail", "manifest.json", "data/1/mail/inbox.mbox"].map(mode),
        [0o700, 0o700, 0o600, 0o600]
    );
    assert_eq!(
        fs::read(folder.join("data/1/mail/inbox.mbox")).unwrap(),
        kit::noise(200_000)
    );
    assert_eq!(
        fs::read_dir(temp.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_failed_opening_leaves_nothing_behind() {
    let temp = tempfile::tempdir().unwrap();
    let package = sealed(mapping());
    let mut bytes = package.bytes.clone();
    *bytes.last_mut().unwrap() ^= 1;
    let mut sink = FolderSink::new(&temp.path().join("opened")).unwrap();
    let mut written = 0;
    let opened = open(
        bytes.as_slice(),
        &package.identity,
        &package.expected(),
        &mut sink,
        &Limits::default(),
        &mut |done| written = done,
    );
    assert_eq!(opened.unwrap_err().code(), "package.tampered");
    assert!(
        written > 0,
        "files had been written when the last chunk failed"
    );
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}

#[test]
fn what_exists_is_never_written_over() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("opened");
    fs::create_dir(&folder).unwrap();
    assert!(FolderSink::new(&folder).is_err());
    fs::remove_dir(&folder).unwrap();
    let mut sink = FolderSink::new(&folder).unwrap();
    assert!(
        FolderSink::new(&folder).is_err(),
        "another opening is under way"
    );
    sink.create(&kit::path("data/1/a")).unwrap();
    assert!(sink.create(&kit::path("data/1/a")).is_err());
    fs::write(&folder, "came in between").unwrap();
    assert!(sink.commit().is_err());
    drop(sink);
    assert_eq!(fs::read_to_string(&folder).unwrap(), "came in between");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}
