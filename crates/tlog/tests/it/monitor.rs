//! Auditing a log from its files.

use portcullis_tlog::hash::{EMPTY_ROOT, leaf_hash};
use portcullis_tlog::monitor::{Monitor, MonitorError, verify_tree};
use portcullis_tlog::tile::{FileTiles, TileBuilder, encode_bundle};
use portcullis_tlog::tree::{ReadError, TreeSize};

use crate::log::Log;

fn check(log: &Log) -> Result<(), MonitorError> {
    verify_tree(log, log.size(), &log.root(), |_| ())
}

#[test]
fn a_true_log_is_verified_to_its_last_entry() {
    for size in [0, 1, 255, 256, 257, 512, 700] {
        let log = Log::of(size);
        let mut seen = Vec::new();
        verify_tree(&log, log.size(), &log.root(), |progress| {
            assert_eq!(progress.first.0, seen.len() as u64);
            assert_eq!(progress.size, TreeSize(size));
            seen.extend(progress.entries.iter().map(|entry| entry.to_vec()));
        })
        .unwrap();
        assert_eq!(seen, log.entries);
    }
}

#[test]
fn a_tree_of_three_levels_is_verified() {
    let log = Log::of(65_536 + 300);
    assert!(log.files.contains_key("tile/2/000.p/1"));
    let mut bundles = 0;
    verify_tree(&log, log.size(), &log.root(), |_| bundles += 1).unwrap();
    assert_eq!(bundles, 258);
}

#[test]
fn any_changed_file_is_noticed() {
    let true_log = Log::of(700);
    for path in true_log.files.keys() {
        let mut log = Log::of(700);
        *log.files.get_mut(path).unwrap().last_mut().unwrap() ^= 1;
        let error = check(&log).unwrap_err();
        // A changed entry shows as a hash tile that does not follow from it.
        assert!(
            matches!(error, MonitorError::FalseTile(_)),
            "{path}: {error}"
        );
        log.files.remove(path);
        let error = check(&log).unwrap_err();
        assert!(
            matches!(error, MonitorError::Read(ReadError::Missing { .. })),
            "{path}: {error}"
        );
    }
}

#[test]
fn an_entry_too_few_or_another_root_is_noticed() {
    let mut log = Log::of(300);
    let size = log.size();
    let wrong = verify_tree(&log, size, &EMPTY_ROOT, |_| ());
    assert!(matches!(wrong, Err(MonitorError::WrongRoot { .. })));
    let few = encode_bundle(&log.entries[256..299]).unwrap();
    log.files.insert("tile/entries/001.p/44".to_owned(), few);
    assert!(matches!(
        check(&log),
        Err(MonitorError::Read(ReadError::Malformed { .. }))
    ));
}

#[test]
fn a_log_is_followed_as_it_grows() {
    let mut log = Log::default();
    let mut monitor = Monitor::new();
    for grown in [10, 0, 245, 1, 1, 300, 143, 68] {
        log.grow(grown);
        let mut count = 0;
        let (size, root) = (log.size(), log.root());
        monitor
            .advance(&log, size, &root, |progress| {
                count += progress.entries.len() as u64;
            })
            .unwrap();
        assert_eq!(count, grown);
        assert_eq!(monitor.edge().root(), root);
    }
    let edge = TileBuilder::load(&FileTiles(&log), log.size()).unwrap();
    assert_eq!(*monitor.edge(), edge);
    assert_eq!(Monitor::resume(edge).edge().size(), TreeSize(768));
}

#[test]
fn a_log_that_rewrites_what_was_seen_is_noticed() {
    let mut monitor = Monitor::new();
    let seen = Log::of(10);
    monitor
        .advance(&seen, seen.size(), &seen.root(), |_| ())
        .unwrap();

    let smaller = Log::of(9);
    let shrunk = monitor.advance(&smaller, smaller.size(), &smaller.root(), |_| ());
    assert!(matches!(shrunk, Err(MonitorError::Shrunk { .. })));

    let fork = monitor.advance(&seen, seen.size(), &leaf_hash(b""), |_| ());
    assert!(matches!(fork, Err(MonitorError::WrongRoot { .. })));

    let mut rewritten = Log::of(20);
    rewritten.entries[3] = b"entry three".to_vec();
    let bundle = encode_bundle(&rewritten.entries).unwrap();
    rewritten
        .files
        .insert("tile/entries/000.p/20".to_owned(), bundle);
    let changed = monitor.advance(&rewritten, rewritten.size(), &rewritten.root(), |_| ());
    assert!(matches!(changed, Err(MonitorError::EntryChanged(index)) if index.0 == 3));

    // After a refusal the monitor is where it was.
    let grown = Log::of(20);
    monitor
        .advance(&grown, grown.size(), &grown.root(), |_| ())
        .unwrap();
}
