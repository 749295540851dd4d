//! In which cell a thing is counted.

use crate::kit::Scene;
use portcullis_core::{
    digest::Digest,
    docket::{Docket, Outcome, Secret, What, dockets_of},
    grant::GrantKind,
    law::{Effect, Party},
    schema::{CELLS, Cell, CellNumber, Condition, Schema, SeriesLine},
    selector::SelectorKind,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Of a receipt: what the scene's provider says of the order as a whole.
fn receipt() -> Docket {
    let scene = Scene::disclosure().received();
    dockets_of(scene.last.as_ref().unwrap(), scene.case(), scene.basis()).remove(0)
}

fn received() -> Condition {
    Condition {
        kinds: BTreeSet::from(["received".into()]),
        what: BTreeSet::from([What::Order]),
        ..Condition::default()
    }
}

fn one<T: Ord>(value: T) -> BTreeSet<T> {
    BTreeSet::from([value])
}

/// A schema whose first cells are these.
fn schema(conditions: &[Condition]) -> Schema {
    let cell = |number: u8| Cell {
        number: CellNumber::new(number).unwrap(),
        id: format!("cell-{number}"),
        title: "A cell".into(),
        counts: conditions.get(usize::from(number) - 1).cloned(),
        awaits: None,
    };
    Schema {
        id: Digest([1; 32]),
        name: "test-v1".into(),
        title: "A schema".into(),
        party: Party::Provider,
        cells: (1..=CELLS).map(cell).collect(),
        series: Vec::new(),
    }
}

fn counted(conditions: &[Condition], docket: &Docket) -> Option<u8> {
    schema(conditions).cell_of(docket).map(CellNumber::get)
}

#[test]
fn the_first_cell_that_fits_counts() {
    let docket = receipt();
    let urgent = Condition {
        urgent: Some(true),
        ..received()
    };
    assert_eq!(counted(&[received(), received()], &docket), Some(1));
    assert_eq!(counted(&[urgent.clone(), received()], &docket), Some(2));
    assert_eq!(counted(&[urgent], &docket), None);
    assert_eq!(counted(&[], &docket), None);
}

#[test]
fn every_field_of_a_condition_keeps_something_out() {
    let docket = receipt();
    let check = |counted: bool, change: &dyn Fn(&mut Condition)| {
        let mut condition = received();
        change(&mut condition);
        assert_eq!(condition.holds(&docket), counted, "{condition:?}");
    };
    check(true, &|_| {});
    check(false, &|c| c.kinds = one("released".into()));
    check(false, &|c| c.kinds = BTreeSet::new());
    check(false, &|c| c.what = one(What::Item));
    check(true, &|c| c.laws = one("test".into()));
    check(false, &|c| c.laws = one("other".into()));
    check(false, &|c| c.rules = one("other".into()));
    check(true, &|c| c.effects = one(Effect::Disclose));
    check(false, &|c| c.effects = one(Effect::Preserve));
    check(false, &|c| {
        c.categories = one(portcullis_core::category::Category::Traffic);
    });
    check(false, &|c| c.selectors = one(SelectorKind::Account));
    check(false, &|c| c.reasons = one("unlawful".into()));
    check(false, &|c| c.grants = one(GrantKind::Order));
    check(true, &|c| c.secrecy = one(Secret::Ordered));
    check(false, &|c| c.secrecy = one(Secret::NoEndInLaw));
    check(false, &|c| c.outcomes = one(Outcome::Nothing));
    check(true, &|c| c.urgent = Some(false));
    check(false, &|c| c.first = Some(false));
    check(true, &|c| c.took_max = Some(0));
    check(false, &|c| c.took_over = Some(0));
}

#[test]
fn cells_have_numbers_from_one_to_thirty_two() {
    assert_eq!(CellNumber::new(0), None);
    assert_eq!(CellNumber::new(33), None);
    let numbers = [1, 32].map(|number| CellNumber::new(number).unwrap());
    let line = SeriesLine {
        id: "line".into(),
        title: "A line".into(),
        cells: numbers.into(),
        clause: Scene::warrant().basis().rule.clause.clone(),
    };
    assert_eq!(line.mask(), 0x8000_0001);
}

proptest! {
    #[test]
    fn buckets_that_meet_count_every_span_once(took in prop::option::of(0_u32..2000), a in 1_u32..900, b in 901_u32..1900) {
        let docket = Docket { took, ..receipt() };
        let bucket = |over, max| Condition { took_over: over, took_max: max, ..received() };
        let buckets = [bucket(None, Some(a)), bucket(Some(a), Some(b)), bucket(Some(b), None)];
        let holding = buckets.iter().filter(|bucket| bucket.holds(&docket)).count();
        prop_assert_eq!(holding, usize::from(took.is_some()));
    }
}
