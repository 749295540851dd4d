//! What is removed is gone for all, in every version, and may come again.

use super::*;
use crate::cell::{CellError, VersionMatch};
use portcullis_core::cell::Refusal;

fn remove(kit: &Kit, caller: &Caller, n: u32) -> Result<usize, CellError> {
    kit.cell
        .remove(caller, &kit.collection, &id(n), &Query::default())
}

#[test]
fn every_version_goes_and_nothing_of_it_is_shown() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(1, 1), indicator(2, 0)]);
    assert_eq!(remove(&kit, &kit.a(), 1).unwrap(), 2);
    let all = Query {
        versions: vec![VersionMatch::All],
        ..Query::default()
    };
    assert_eq!(kit.shown(&all), [indicator(2, 0)]);
    let gone = kit
        .cell
        .object(&kit.b(), &kit.collection, &id(1), &all, View::Objects);
    assert!(matches!(gone, Err(CellError::NotFound)));
    assert!(matches!(
        remove(&kit, &kit.a(), 1),
        Err(CellError::NotFound)
    ));
    let image = kit.cell.journal.image(true).unwrap();
    assert_eq!(kit.restarted(&image).shown(&all), [indicator(2, 0)]);
}

#[test]
fn one_version_goes_and_the_one_before_it_is_the_last() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(1, 1)]);
    let last = Query {
        versions: vec![VersionMatch::Last],
        ..Query::default()
    };
    assert_eq!(
        kit.cell
            .remove(&kit.a(), &kit.collection, &id(1), &last)
            .unwrap(),
        1
    );
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
}

#[test]
fn only_who_published_it_or_an_operator_removes_an_object() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let other = remove(&kit, &kit.b(), 1);
    assert!(matches!(
        other,
        Err(CellError::Refused(Refusal::NotPublisher { .. }))
    ));
    assert_eq!(kit.shown(&Query::default()).len(), 1);
    assert_eq!(remove(&kit, &kit.cell.operator(), 1).unwrap(), 1);
}

#[test]
fn what_was_removed_may_come_again() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let before = kit.page(&Query::default()).last_added;
    remove(&kit, &kit.a(), 1).unwrap();
    // The clock runs back: the removal is older all the same.
    kit.clock.pass(-1_000_000);
    assert_eq!(kit.add(&[indicator(1, 0)]).fresh, 1);
    let after = Query {
        added_after_us: before,
        ..Query::default()
    };
    assert_eq!(kit.shown(&after), [indicator(1, 0)]);
}

#[test]
fn the_numbers_of_an_object_name_all_that_was_ever_shown_of_it() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(2, 0)]);
    remove(&kit, &kit.a(), 1).unwrap();
    kit.add(&[indicator(1, 0)]);
    let numbers: Vec<u64> = kit
        .cell
        .numbers_of(&id(1))
        .into_iter()
        .map(|(_, number)| number)
        .collect();
    assert_eq!(numbers, [0, 2, 3]);
    let entry = |number| kit.cell.entry(&kit.collection, number).unwrap();
    assert!(entry(0).superseded && !entry(0).removed);
    assert!(entry(2).removed);
    assert_eq!((entry(2).id, entry(3).superseded), (id(1), false));
    assert_eq!(
        kit.cell.entry_bytes(&kit.collection, 0).unwrap(),
        indicator(1, 0).as_bytes()
    );
}

#[test]
fn whoever_may_not_see_an_object_does_not_hear_whose_it_is() {
    let kit = Kit::new();
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    kit.add(&[with(1, 0, red)]);
    assert!(matches!(
        remove(&kit, &kit.b(), 1),
        Err(CellError::NotFound)
    ));
    let recall = kit.cell.recall(&kit.b(), &id(1), &[], "wrong", None);
    assert!(matches!(recall, Err(CellError::NotFound)));
    assert_eq!(remove(&kit, &kit.a(), 1).unwrap(), 1);
}
