//! What one member sends leaves room for what the others do.

use super::*;

fn of_type(n: u32) -> String {
    format!(r#"{{"type":"x-{n}","id":"x-{n}--1"}}"#)
}

#[test]
fn types_run_out_for_whoever_makes_them_up_and_the_cell_goes_on() {
    let kit = Kit::new();
    let numbers: Vec<u32> = (0..17_000).collect();
    let mut failed = Vec::new();
    for part in numbers.chunks(8_500) {
        let made_up: Vec<String> = part.iter().map(|n| of_type(*n)).collect();
        failed.extend(kit.add(&made_up).failures);
    }
    assert_eq!(failed.len(), 17_000 - crate::cell::index::KINDS_MAX);
    assert!(failed.iter().all(|detail| detail.code == "cell.too_many"));
    let known = r#"{"type":"x-1","id":"x-1--2"}"#.to_owned();
    assert_eq!(kit.add(&[known, of_type(16_999)]).fresh, 1);
    let kit = kit.restarted(&kit.cell.journal.image(true).unwrap());
    assert_eq!(kit.cell.statistics().unwrap().versions, 16_385);
}

/// A version of one object, modified so many milliseconds after a certain instant.
fn version(n: usize) -> String {
    format!(
        r#"{{"type":"x-a","id":"x-a--1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:{:02}.{:03}Z"}}"#,
        n / 1000,
        n % 1000
    )
}

#[test]
fn versions_of_one_object_run_out_in_one_request_and_in_many() {
    let most = crate::cell::index::VERSIONS_MAX;
    let kit = Kit::new();
    // The oldest last: each goes to the end of those before.
    let versions: Vec<String> = (100..most + 150).rev().map(version).collect();
    let status = kit.add(&versions);
    assert_eq!((status.fresh, status.failures.len()), (most, 50));
    assert!(
        status
            .failures
            .iter()
            .all(|detail| detail.code == "cell.too_many")
    );
    assert_eq!(kit.add(&[version(0)]).fresh, 0);
    assert_eq!(kit.add(&[versions[0].clone()]).successes.len(), 1);
    assert_eq!(kit.add(&[indicator(1, 0), of_type(1)]).fresh, 2);
    let removed = kit
        .cell
        .remove(&kit.a(), &kit.collection, "x-a--1", &Query::default());
    assert_eq!(removed.unwrap(), most);
    assert_eq!(
        kit.add(&[version(0)]).fresh,
        0,
        "removals are versions, too"
    );
    assert_eq!(kit.add(&[versions[0].clone()]).fresh, 1);
}

#[test]
fn the_versions_of_an_object_are_counted() {
    let kit = Kit::new();
    let count = || {
        let index = kit.cell.index();
        let key = crate::cell::index::Key::of("x-a--1");
        let shelf = index.shelf(&kit.collection).unwrap();
        assert_eq!(shelf.count(key), shelf.versions(key).count());
        shelf.count(key)
    };
    kit.add(&[version(5)]);
    assert_eq!(count(), 1);
    kit.add(&[version(7), version(3)]);
    assert_eq!(count(), 3);
    let all = Query::default();
    kit.cell
        .remove(&kit.a(), &kit.collection, "x-a--1", &all)
        .unwrap();
    assert_eq!(count(), 3);
    kit.add(&[version(5), version(4)]);
    assert_eq!(count(), 4);
}
