//! What is asked back under a pseudonym: what that has made, and nothing else.

use crate::cell::{
    Query, Source, View,
    pseudonym::Pseudonym,
    served::How,
    tests::{Kit, id, indicator, member, with},
};
use bytes::Bytes;
use portcullis_core::cell::{Caller, CollectionId, Command, Settings};

/// A kit, and a second collection of its group.
fn kit_of_two() -> (Kit, CollectionId) {
    let kit = Kit::new();
    kit.cell.give_secret(&[7; 32]);
    let collection = kit.cell.new_collection();
    let mut settings = Settings::titled("notes");
    settings.readers = [kit.group].into();
    settings.writers = [kit.group].into();
    let open = Command::OpenCollection {
        collection,
        settings: Box::new(settings),
    };
    kit.cell.perform(&kit.cell.operator(), open).unwrap();
    (kit, collection)
}

fn put(kit: &Kit, caller: &Caller, into: &CollectionId, object: &str) {
    let envelope = Bytes::from(format!("{{\"objects\":[{object}]}}"));
    let source = if caller.operator {
        Source::Imported
    } else {
        Source::Published
    };
    let status = kit.cell.add(caller, into, envelope, source).unwrap();
    assert_eq!((status.fresh, status.failures), (1, vec![]));
}

/// The same version as the plain indicator's.
fn under(pseudonym: &Pseudonym, n: u32) -> String {
    with(
        n,
        0,
        &format!(r#","created_by_ref":"{}""#, pseudonym.identity),
    )
}

fn serve(kit: &Kit, caller: &Caller, from: &CollectionId) {
    let cell = &kit.cell;
    let page = cell
        .page(caller, from, &Query::default(), View::Objects)
        .unwrap();
    cell.note_served(caller, from, How::Page, &page.served)
        .unwrap();
}

/// What stands of an object that is not revoked.
fn stands(kit: &Kit, n: u32) -> Vec<String> {
    let found = kit.cell.versions(&kit.cell.operator(), &id(n)).unwrap();
    let texts = found
        .into_iter()
        .map(|found| String::from_utf8(found.bytes).unwrap());
    texts
        .filter(|text| !text.contains(r#""revoked":true"#))
        .collect()
}

#[test]
fn what_one_pseudonym_has_recalled_the_cell_and_others_may_publish_and_it_may_not() {
    let (kit, notes) = kit_of_two();
    let own = kit.cell.pseudonym(&kit.a(), &notes).unwrap();
    put(&kit, &kit.a(), &notes, &under(&own, 1));
    kit.clock.pass(1_000_000);
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    put(
        &kit,
        &kit.cell.operator(),
        &kit.collection,
        &indicator(1, 0),
    );
    let envelope = format!("{{\"objects\":[{}]}}", under(&own, 1));
    let status = kit
        .cell
        .add(&kit.a(), &notes, envelope.into(), Source::Published)
        .unwrap();
    assert_eq!(status.failures[0].code, "cell.recalled");
    assert_eq!(stands(&kit, 1), [indicator(1, 0)]);
}

#[test]
fn what_else_is_in_the_same_version_stays_and_nobody_hears_who_had_it() {
    let (kit, notes) = kit_of_two();
    let (cell, operator) = (&kit.cell, kit.cell.operator());
    let own = cell.pseudonym(&kit.a(), &notes).unwrap();
    let other = cell.pseudonym(&kit.b(), &kit.collection).unwrap();
    // The cell's own and another's, each in another collection, and then the same version here.
    put(&kit, &operator, &kit.collection, &indicator(1, 0));
    put(&kit, &kit.b(), &kit.collection, &under(&other, 2));
    serve(&kit, &kit.b(), &kit.collection);
    for n in [1, 2] {
        put(&kit, &kit.a(), &notes, &under(&own, n));
    }
    kit.clock.pass(1_000_000);
    let mut recalls = Vec::new();
    for n in [1, 2] {
        recalls.push(cell.recall(&kit.a(), &id(n), &[], "wrong", None).unwrap());
    }
    assert_eq!(stands(&kit, 1), [indicator(1, 0)]);
    assert_eq!(stands(&kit, 2), [under(&other, 2)]);
    let seen = |caller: &Caller| -> Vec<_> {
        cell.recalls(caller)
            .into_iter()
            .map(|view| view.id)
            .collect()
    };
    for view in cell.recalls(&kit.a()) {
        assert_eq!(view.asked, [], "bank-b was served what is not bank-a's");
    }
    assert_eq!(seen(&kit.a()).len(), 2);
    // Nor is it told of what the others ask back.
    kit.clock.pass(1_000_000);
    let of_cell = cell
        .recall(&operator, &id(1), &[indicator_us()], "wrong", None)
        .unwrap();
    let of_b = cell.recall(&kit.b(), &id(2), &[], "wrong", None).unwrap();
    assert_eq!((stands(&kit, 1), stands(&kit, 2)), (vec![], vec![]));
    let own_seen = seen(&kit.a());
    assert!(!own_seen.contains(&of_cell) && !own_seen.contains(&of_b));
    assert!(recalls.iter().all(|id| own_seen.contains(id)));
    let asked: Vec<_> = cell.state().recalls()[&of_cell]
        .asked
        .keys()
        .cloned()
        .collect();
    assert_eq!(asked, [member("bank-b")]);
    // Where it has made nothing it hears what everybody hears of the cell's own.
    put(&kit, &operator, &kit.collection, &indicator(3, 0));
    let refused = cell
        .recall(&kit.a(), &id(3), &[], "wrong", None)
        .unwrap_err();
    assert_eq!(refused.code(), "cell.not_publisher");
}

/// The version of every plain indicator.
fn indicator_us() -> i64 {
    "2026-01-01T00:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .as_microsecond()
}

#[test]
fn what_another_publishes_after_the_recall_in_the_same_version_stays() {
    let (kit, notes) = kit_of_two();
    let (cell, operator) = (&kit.cell, kit.cell.operator());
    let own = cell.pseudonym(&kit.a(), &notes).unwrap();
    put(&kit, &kit.a(), &notes, &under(&own, 1));
    kit.clock.pass(1_000_000);
    cell.recall(&kit.a(), &id(1), &[], "wrong", None).unwrap();
    assert_eq!(stands(&kit, 1), [""; 0]);
    kit.clock.pass(1_000_000);
    put(&kit, &operator, &kit.collection, &indicator(1, 0));
    cell.recall_tick().unwrap();
    assert_eq!(stands(&kit, 1), [indicator(1, 0)]);
    assert!(
        cell.state()
            .recalls()
            .values()
            .all(|recall| cell.is_withdrawn(recall))
    );
}

#[test]
fn what_one_has_made_under_several_pseudonyms_is_asked_back_under_each() {
    let (kit, notes) = kit_of_two();
    let cell = &kit.cell;
    for collection in [kit.collection, notes] {
        let own = cell.pseudonym(&kit.a(), &collection).unwrap();
        put(&kit, &kit.a(), &collection, &under(&own, 1));
        serve(&kit, &kit.b(), &collection);
    }
    kit.clock.pass(1_000_000);
    let first = cell.recall(&kit.a(), &id(1), &[], "wrong", None).unwrap();
    assert_eq!(stands(&kit, 1), [""; 0]);
    let views = cell.recalls(&kit.a());
    assert!(views.len() == 2 && views.iter().any(|view| view.id == first));
    let state = cell.state();
    let asked = |recall: &portcullis_core::cell::recall::Recall| {
        recall.under.is_some() && recall.asked.contains_key(&member("bank-b"))
    };
    assert!(state.recalls().values().all(asked));
    // Asked again it is the same.
    assert_eq!(
        cell.recall(&kit.a(), &id(1), &[], "wrong", None).unwrap(),
        first
    );
    assert_eq!(cell.recalls(&kit.a()).len(), 2);
}

#[test]
fn at_another_node_too_only_what_the_pseudonym_has_made_is_removed() {
    let kit = Kit::new();
    let made = |n: u32| format!("identity--00000000-0000-4000-8000-{n:012}");
    let by = |n: u32, of: u32| with(n, 0, &format!(r#","created_by_ref":"{}""#, made(of)));
    kit.add(&[by(1, 1), by(2, 2)]);
    for n in [1, 2] {
        kit.hears_recall(n, Some(made(1).parse().unwrap()), None);
    }
    assert_eq!(stands(&kit, 1), [""; 0]);
    assert_eq!(stands(&kit, 2), [by(2, 2)]);
}
