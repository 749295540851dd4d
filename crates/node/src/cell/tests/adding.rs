//! What comes in is kept as it came, once.

use super::*;
use crate::cell::CellError;
use portcullis_core::cell::{Refusal, Tlp};

#[test]
fn objects_are_shown_byte_for_byte_in_the_order_in_which_they_came() {
    let kit = Kit::new();
    let sent = vec![
        indicator(1, 0),
        "{\"type\":\"x-own\",\"id\":\"x-own--1\",\"ü\":\"\\u00fc\"}".into(),
    ];
    let status = kit.add(&sent);
    assert_eq!(
        (status.successes.len(), status.fresh, status.failures.len()),
        (2, 2, 0)
    );
    kit.add(&[indicator(2, 0)]);
    assert_eq!(
        kit.shown(&Query::default()),
        [sent[0].clone(), sent[1].clone(), indicator(2, 0)]
    );
}

#[test]
fn an_object_that_is_there_is_a_success_that_changes_nothing() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let page = kit.page(&Query::default());
    kit.clock.pass(5_000_000);
    let again = kit.add(&[indicator(1, 0), indicator(1, 0)]);
    assert_eq!((again.successes.len(), again.fresh), (2, 0));
    let twice = kit.add(&[indicator(2, 0), indicator(2, 0)]);
    assert_eq!((twice.successes.len(), twice.fresh), (2, 1));
    let first = Query {
        limit: Some(1),
        ..Query::default()
    };
    assert_eq!(kit.page(&first).last_added, page.last_added);
    assert_eq!(kit.shown(&Query::default()).len(), 2);
}

#[test]
fn one_bad_object_does_not_hinder_the_others() {
    let kit = Kit::with(|settings| settings.mode = Mode::Must);
    let bad = r#"{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000009"}"#;
    let status = kit.add(&[indicator(1, 0), bad.into(), indicator(2, 0)]);
    assert_eq!(status.successes.len(), 2);
    assert_eq!(status.failures.len(), 1);
    assert_eq!(status.failures[0].id, id(9));
    assert!(status.failures[0].message.as_deref().unwrap().contains('`'));
    assert_eq!(kit.shown(&Query::default()).len(), 2);
}

#[test]
fn every_change_has_an_added_of_its_own_even_when_the_clock_stands_or_runs_back() {
    let kit = Kit::new();
    kit.add(&many(0..5));
    kit.clock.pass(-10_000_000);
    kit.add(&many(5..10));
    let manifest = kit
        .cell
        .page(&kit.a(), &kit.collection, &Query::default(), View::Manifest);
    let body: serde_json::Value = serde_json::from_str(&body(&manifest.unwrap())).unwrap();
    let added: Vec<&str> = body["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["date_added"].as_str().unwrap())
        .collect();
    assert!(added.windows(2).all(|pair| pair[0] < pair[1]), "{added:?}");
}

#[test]
fn who_is_in_no_group_neither_reads_nor_writes_nor_learns_that_it_is_there() {
    let kit = Kit::new();
    let stranger = Caller::node(member("stranger"));
    let envelope = Bytes::from_static(b"{\"objects\":[]}");
    let added = kit
        .cell
        .add(&stranger, &kit.collection, envelope, Source::Published);
    assert!(matches!(
        added,
        Err(CellError::Refused(Refusal::MayNotWrite { .. }))
    ));
    let read = kit
        .cell
        .page(&stranger, &kit.collection, &Query::default(), View::Objects);
    assert!(matches!(
        read,
        Err(CellError::Refused(Refusal::MayNotRead { .. }))
    ));
    assert!(matches!(
        kit.cell.collection(&stranger, "indicators"),
        Err(CellError::NotFound)
    ));
    assert!(kit.cell.collections(&stranger).is_empty());
    assert_eq!(kit.cell.collections(&kit.b()).len(), 1);
}

const RED: &str =
    r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;

#[test]
fn what_is_marked_red_is_shown_to_nobody_but_its_publisher_until_somebody_is_named() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), with(2, 0, RED), indicator(3, 0)]);
    assert_eq!(
        kit.shown(&Query::default()),
        [indicator(1, 0), indicator(3, 0)]
    );
    let own = kit
        .cell
        .page(&kit.a(), &kit.collection, &Query::default(), View::Objects);
    assert_eq!(objects(&own.unwrap()).len(), 3);
    let hidden = kit.cell.object(
        &kit.b(),
        &kit.collection,
        &id(2),
        &Query::default(),
        View::Objects,
    );
    assert!(matches!(hidden, Err(CellError::NotFound)));
    let before = kit.page(&Query::default()).last_added;
    let address = Command::Address {
        object: id(2).parse().unwrap(),
        publisher: member("bank-a"),
        recipients: [member("bank-b")].into(),
    };
    kit.cell.perform(&kit.a(), address).unwrap();
    let after = Query {
        added_after_us: before,
        ..Query::default()
    };
    assert_eq!(
        kit.shown(&after),
        [with(2, 0, RED)],
        "whoever has read past it learns of it"
    );
    let image = kit.cell.journal.image(false).unwrap();
    assert_eq!(kit.restarted(&image).shown(&after), [with(2, 0, RED)]);
}

#[test]
fn a_marking_definition_that_comes_along_is_understood() {
    let kit = Kit::new();
    let definition = r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000001","created":"2026-01-01T00:00:00Z","definition_type":"tlp","definition":{"tlp":"red"}}"#;
    let marked = with(
        1,
        0,
        r#","object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000001"]"#,
    );
    kit.add(&[marked, definition.into()]);
    let label = |number| kit.cell.entry(&kit.collection, number).unwrap().label.tlp;
    assert_eq!((label(0), label(1)), (Tlp::Amber, Tlp::Red));
    // And by those that come after it was kept.
    let image = kit.cell.journal.image(false).unwrap();
    let kit = kit.restarted(&image);
    let later = with(
        2,
        0,
        r#","object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000001"]"#,
    );
    kit.add(&[later]);
    assert_eq!(
        kit.cell.entry(&kit.collection, 2).unwrap().label.tlp,
        Tlp::Red
    );
}

#[test]
fn only_its_creator_revokes_an_object() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0)]);
    let revoked = with(1, 5, r#","revoked":true"#);
    let other = kit.add_as(&kit.b(), std::slice::from_ref(&revoked));
    assert_eq!(other.failures[0].code, "cell.not_creator");
    assert_eq!(kit.shown(&Query::default()), [indicator(1, 0)]);
    let own = kit.add(std::slice::from_ref(&revoked));
    assert_eq!(own.fresh, 1);
    assert_eq!(kit.shown(&Query::default()), [revoked]);
}

#[test]
fn what_is_past_its_time_is_shown_no_more() {
    let kit = Kit::new();
    let short = with(1, 0, r#","valid_until":"2026-12-31T00:00:00Z""#);
    kit.add(&[short, indicator(2, 0)]);
    assert_eq!(kit.shown(&Query::default()).len(), 2);
    kit.clock.pass(365 * 24 * 3_600 * 1_000_000);
    assert_eq!(kit.shown(&Query::default()), [indicator(2, 0)]);
}

#[test]
fn a_status_is_shown_to_whoever_made_the_request() {
    let kit = Kit::new();
    let status = kit.add(&[indicator(1, 0)]);
    assert_eq!(kit.cell.status(&kit.a(), &status.id), Some(status.clone()));
    assert_eq!(kit.cell.status(&kit.b(), &status.id), None);
    assert_eq!(
        kit.cell
            .status(&kit.a(), "00000000-0000-4000-8000-000000000000"),
        None
    );
}

#[test]
fn what_a_marking_means_is_said_by_who_published_it_first() {
    let kit = Kit::new();
    let definition = |tlp: &str, year: u16| {
        format!(
            r#"{{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000001","created":"{year}-01-01T00:00:00Z","definition_type":"tlp","definition":{{"tlp":"{tlp}"}}}}"#
        )
    };
    let open = kit.cell.new_collection();
    let mut settings = Settings::titled("elsewhere");
    settings.readers = [kit.group].into();
    settings.writers = [kit.group].into();
    settings.mode = Mode::Keep;
    let command = Command::OpenCollection {
        collection: open,
        settings: Box::new(settings),
    };
    kit.cell.perform(&kit.cell.operator(), command).unwrap();
    kit.add(&[definition("green", 2025)]);
    // Another says otherwise, where nobody has this id yet.
    let envelope = format!("{{\"objects\":[{}]}}", definition("red", 2026));
    let status = kit
        .cell
        .add(&kit.b(), &open, Bytes::from(envelope), Source::Published);
    assert_eq!(status.unwrap().fresh, 1);
    let marked =
        r#","object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000001"]"#;
    kit.add(&[with(1, 0, marked)]);
    let light = |kit: &Kit, n| {
        let found = kit.cell.versions(&kit.cell.operator(), &id(n)).unwrap();
        found[0].label.tlp
    };
    assert_eq!(light(&kit, 1), Tlp::Green);
    // Its own publisher may be stricter.
    kit.add(&[definition("amber", 2026), with(2, 0, marked)]);
    kit.add(&[with(3, 0, marked)]);
    assert_eq!([1, 2, 3].map(|n| light(&kit, n)), [Tlp::Amber; 3]);
    let image = kit.cell.journal.image(false).unwrap();
    let kit = kit.restarted(&image);
    kit.add(&[with(4, 0, marked)]);
    assert_eq!(light(&kit, 4), Tlp::Amber);
}

#[test]
fn markings_are_read_in_capitals_too_and_refused_where_they_are_none() {
    let kit = Kit::new();
    let red = "marking-definition--E828B379-4E03-4974-9AC4-E53A884C97C1";
    let status = kit.add(&[
        with(1, 0, &format!(r#","object_marking_refs":["{red}"]"#)),
        with(2, 0, &format!(r#","object_marking_refs":"{red}""#)),
        with(
            3,
            0,
            &format!(r#","granular_markings":{{"marking_ref":"{red}"}}"#),
        ),
    ]);
    let codes: Vec<_> = status.failures.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["stix.markings", "stix.markings"]);
    assert_eq!(
        kit.cell.entry(&kit.collection, 0).unwrap().label.tlp,
        Tlp::Red
    );
}
