//! Pages follow each other without a gap and without a repetition, whatever is written between.

use super::*;
use crate::cell::{CellError, VersionMatch};
use proptest::prelude::*;

fn limited(limit: u64, next: Option<String>) -> Query {
    Query {
        limit: Some(limit),
        next,
        ..Query::default()
    }
}

#[test]
fn pages_go_through_everything_once() {
    let kit = Kit::new();
    kit.add(&many(0..7));
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let page = kit.page(&limited(3, next.clone()));
        seen.extend(objects(&page));
        next = page.next.clone();
        if next.is_none() {
            break;
        }
        assert_eq!(page.objects, 3);
    }
    assert_eq!(seen, many(0..7));
}

#[test]
fn a_page_that_holds_exactly_what_is_left_is_the_last() {
    let kit = Kit::new();
    kit.add(&many(0..6));
    let first = kit.page(&limited(3, None));
    assert_eq!(kit.page(&limited(3, first.next)).next, None);
}

#[test]
fn an_empty_page_says_where_the_reader_stands() {
    let kit = Kit::new();
    assert_eq!(kit.page(&Query::default()).last_added, None);
    kit.add(&many(0..1));
    let last = kit.page(&Query::default()).last_added;
    let after = Query {
        added_after_us: last,
        ..Query::default()
    };
    let page = kit.page(&after);
    assert_eq!(
        (page.first_added, page.last_added, body(&page)),
        (last, last, "{}".into())
    );
}

#[test]
fn a_next_of_another_life_is_refused() {
    let kit = Kit::new();
    kit.add(&many(0..3));
    let next = kit.page(&limited(1, None)).next;
    let image = kit.cell.journal.image(false).unwrap();
    let restored = Kit {
        cell: open(&kit.clock, Journal::of_image(&image, [2; 16]), "csirt"),
        clock: kit.clock.clone(),
        ..kit
    };
    let answer = restored.cell.page(
        &restored.b(),
        &restored.collection,
        &limited(1, next),
        View::Objects,
    );
    assert!(matches!(answer, Err(CellError::Next)));
}

#[test]
fn neighbours_are_one_run_and_what_may_not_be_seen_splits_it() {
    let kit = Kit::new();
    let red =
        r#","object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]"#;
    kit.add(&[
        indicator(0, 0),
        indicator(1, 0),
        with(2, 0, red),
        indicator(3, 0),
    ]);
    let page = kit.page(&Query::default());
    let runs: Vec<(u64, u64)> = page
        .served
        .iter()
        .map(|run| (run.first, run.last))
        .collect();
    assert_eq!(runs, [(0, 1), (3, 3)]);
    assert_eq!(
        objects(&page),
        [indicator(0, 0), indicator(1, 0), indicator(3, 0)]
    );
}

#[test]
fn ids_types_and_their_combinations_narrow_a_page() {
    let kit = Kit::new();
    let own = |n: u32| format!(r#"{{"type":"x-own","spec_version":"2.1","id":"x-own--{n}"}}"#);
    kit.add(&[indicator(1, 0), own(1), indicator(2, 0), own(2)]);
    let query = |ids: &[String], kinds: &[&str]| Query {
        ids: ids.to_vec(),
        kinds: kinds.iter().map(ToString::to_string).collect(),
        ..Query::default()
    };
    assert_eq!(kit.shown(&query(&[], &["x-own"])), [own(1), own(2)]);
    assert_eq!(kit.shown(&query(&[], &["x-own", "indicator"])).len(), 4);
    assert_eq!(
        kit.shown(&query(&[id(2), "x-own--1".into()], &[])),
        [own(1), indicator(2, 0)]
    );
    assert_eq!(
        kit.shown(&query(&[id(2), "x-own--1".into()], &["indicator"])),
        [indicator(2, 0)]
    );
    assert_eq!(body(&kit.page(&query(&[id(7)], &[]))), "{}");
    assert_eq!(body(&kit.page(&query(&[], &["malware"]))), "{}");
}

#[derive(Clone, Debug)]
enum Op {
    Add(u32, u32),
    Remove(u32),
    Pass(i64),
    Read(u64),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..6_u32, 0..3_u32).prop_map(|(n, version)| Op::Add(n, version)),
        1 => (0..6_u32).prop_map(Op::Remove),
        1 => (-3..3_i64).prop_map(Op::Pass),
        3 => (1..4_u64).prop_map(Op::Read),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A reader that goes on by `next` or by the last date, while others write and the node is
    /// started again, has in the end what is there, and saw no object twice.
    #[test]
    fn a_reader_that_goes_on_misses_nothing_and_repeats_nothing(ops in prop::collection::vec(op(), 1..40)) {
        let mut kit = Kit::new();
        let mut there: std::collections::BTreeMap<(u32, u32), String> = std::collections::BTreeMap::new();
        let mut seen: Vec<String> = Vec::new();
        let mut after = None;
        let mut number = 0;
        let read = |kit: &Kit, after: &mut Option<i64>, limit: u64, seen: &mut Vec<String>| {
            let query = Query {
                added_after_us: *after,
                limit: Some(limit),
                versions: vec![VersionMatch::All],
                ..Query::default()
            };
            let page = kit.page(&query);
            seen.extend(objects(&page));
            *after = page.last_added;
            page.next.is_some()
        };
        for op in ops {
            match op {
                Op::Add(n, version) => {
                    number += 1;
                    let object = with(n, version, &format!(r#","x_number":{number}"#));
                    let status = kit.add(std::slice::from_ref(&object));
                    if status.fresh == 1 {
                        prop_assert!(there.insert((n, version), object).is_none());
                    }
                }
                Op::Remove(n) => {
                    let removed = kit.cell.remove(&kit.a(), &kit.collection, &id(n), &Query::default());
                    let had = there.len();
                    there.retain(|(of, _), _| *of != n);
                    prop_assert_eq!(removed.unwrap_or(0), had - there.len());
                }
                Op::Pass(us) => kit.clock.pass(us),
                Op::Read(limit) => {
                    read(&kit, &mut after, limit, &mut seen);
                }
                Op::Restart => {
                    let image = kit.cell.journal.image(true).unwrap();
                    kit = kit.restarted(&image);
                }
            }
        }
        while read(&kit, &mut after, 2, &mut seen) {}
        let unique: std::collections::BTreeSet<&String> = seen.iter().collect();
        prop_assert_eq!(unique.len(), seen.len(), "an object was shown twice");
        for object in there.values() {
            prop_assert!(seen.contains(object), "an object was never shown");
        }
        let all = Query { versions: vec![VersionMatch::All], ..Query::default() };
        let mut now = kit.shown(&all);
        now.sort();
        let mut expected: Vec<String> = there.into_values().collect();
        expected.sort();
        prop_assert_eq!(now, expected);
    }
}
