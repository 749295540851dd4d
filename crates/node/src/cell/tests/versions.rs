//! Which versions are shown (TAXII 2.1 §3.4.1).

use super::*;
use crate::cell::{
    CellError, VersionMatch,
    VersionMatch::{All, Exact, First, Last},
};
use portcullis_stix::taxii::SpecVersions;

/// 2026-01-01T00:00:00Z.
const BEGIN_US: i64 = 1_767_225_600_000_000;

fn of(versions: &[VersionMatch]) -> Query {
    Query {
        versions: versions.to_vec(),
        ..Query::default()
    }
}

#[test]
fn the_last_version_is_shown_unless_others_are_asked_for() {
    let kit = Kit::new();
    // Not in the order of their versions.
    kit.add(&[
        indicator(1, 2),
        indicator(1, 0),
        indicator(1, 3),
        indicator(1, 1),
        indicator(2, 0),
    ]);
    let v = |s| indicator(1, s);
    let other = indicator(2, 0);
    assert_eq!(kit.shown(&of(&[])), [v(3), other.clone()]);
    assert_eq!(kit.shown(&of(&[Last])), [v(3), other.clone()]);
    assert_eq!(kit.shown(&of(&[First])), [v(0), other.clone()]);
    assert_eq!(kit.shown(&of(&[First, Last])), [v(0), v(3), other.clone()]);
    assert_eq!(kit.shown(&of(&[Exact(BEGIN_US + 1_000_000)])), [v(1)]);
    assert_eq!(kit.shown(&of(&[All])), [v(2), v(0), v(3), v(1), other]);
}

#[test]
fn whoever_may_not_see_the_last_version_sees_the_one_before() {
    let kit = Kit::new();
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    kit.add(&[indicator(1, 0), with(1, 5, red)]);
    assert_eq!(kit.shown(&of(&[])), [indicator(1, 0)]);
    let page = kit
        .cell
        .object(&kit.b(), &kit.collection, &id(1), &of(&[]), View::Objects)
        .unwrap();
    assert_eq!(objects(&page), [indicator(1, 0)]);
    let own = kit
        .cell
        .object(&kit.a(), &kit.collection, &id(1), &of(&[]), View::Objects)
        .unwrap();
    assert_eq!(objects(&own), [with(1, 5, red)]);
}

#[test]
fn one_object_by_its_id_in_the_versions_that_are_asked_for() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 1), indicator(2, 0), indicator(1, 0)]);
    let get = |versions: &[VersionMatch], view| {
        let page = kit
            .cell
            .object(&kit.b(), &kit.collection, &id(1), &of(versions), view);
        body(&page.unwrap())
    };
    assert_eq!(
        get(&[], View::Objects),
        format!("{{\"objects\":[{}]}}", indicator(1, 1))
    );
    assert_eq!(get(&[Exact(5)], View::Objects), "{}");
    let versions: serde_json::Value = serde_json::from_str(&get(&[], View::Versions)).unwrap();
    let expected =
        serde_json::json!({"versions": ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:00.000Z"]});
    assert_eq!(versions, expected);
    let none = kit
        .cell
        .object(&kit.b(), &kit.collection, &id(9), &of(&[]), View::Objects);
    assert!(matches!(none, Err(CellError::NotFound)));
}

#[test]
fn an_object_without_versions_is_named_by_when_it_was_added_and_stays_one() {
    let kit = Kit::new();
    let address = |more: &str| {
        format!(
            r#"{{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--1","value":"192.0.2.1"{more}}}"#
        )
    };
    let status = kit.add(&[address("")]);
    let page = kit.page(&of(&[]));
    let added = page.last_added.unwrap();
    assert_eq!(
        status.successes[0].version,
        portcullis_stix::taxii::Micros(added).to_string()
    );
    assert_eq!(kit.shown(&of(&[Exact(added)])), [address("")]);
    assert_eq!(kit.add(&[address(r#","x":1"#)]).fresh, 0);
    let manifest = kit
        .cell
        .page(&kit.b(), &kit.collection, &of(&[]), View::Manifest)
        .unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&body(&manifest)).unwrap();
    let record = &manifest["objects"][0];
    assert_eq!(record["version"], record["date_added"]);
    assert_eq!(record["media_type"], "application/stix+json;version=2.1");
}

#[test]
fn the_latest_version_of_stix_is_shown_unless_others_are_asked_for() {
    let kit = Kit::new();
    let old = |n: u32, s: u32| indicator(n, s).replace(r#""spec_version":"2.1","#, "");
    kit.add(&[
        old(1, 5),
        indicator(1, 0),
        old(2, 0),
        indicator(3, 0),
        old(3, 0),
    ]);
    let spec = |v20, v21| Query {
        spec_versions: Some(SpecVersions { v20, v21 }),
        ..Query::default()
    };
    assert_eq!(
        kit.shown(&of(&[])),
        [indicator(1, 0), old(2, 0), indicator(3, 0)]
    );
    assert_eq!(
        kit.shown(&spec(true, false)),
        [old(1, 5), old(2, 0), old(3, 0)]
    );
    assert_eq!(
        kit.shown(&spec(false, true)),
        [indicator(1, 0), indicator(3, 0)]
    );
    assert_eq!(kit.shown(&spec(false, false)), Vec::<String>::new());
}
