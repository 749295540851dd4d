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

#[test]
fn only_its_creator_makes_new_versions_of_an_object() {
    let kit = Kit::new();
    let codes = |status: &Status| -> Vec<_> { status.failures.iter().map(|f| f.code).collect() };
    kit.add(&[indicator(1, 5)]);
    for version in [9, 0] {
        let other = kit.add_as(&kit.b(), &[indicator(1, version)]);
        assert_eq!(codes(&other), ["cell.not_creator"]);
    }
    // Nor does it become the creator by what was refused.
    let revoked = kit.add_as(&kit.b(), &[with(1, 10, r#","revoked":true"#)]);
    assert_eq!(codes(&revoked), ["cell.not_creator"]);
    assert_eq!(kit.add(&[indicator(1, 6)]).fresh, 1);
    assert_eq!(kit.shown(&of(&[])), [indicator(1, 6)]);
    let far = indicator(1, 7).replace(r#""modified":"2026"#, r#""modified":"2099"#);
    assert_eq!(codes(&kit.add(&[far])), ["cell.made_ahead"]);
    // An operator brings in what others have published.
    let envelope = format!("{{\"objects\":[{}]}}", indicator(1, 8));
    let operator = kit.cell.operator();
    let imported = kit.cell.add(
        &operator,
        &kit.collection,
        Bytes::from(envelope),
        Source::Imported,
    );
    assert_eq!(imported.unwrap().fresh, 1);
}

#[test]
fn what_stands_in_for_a_thing_without_a_date_is_known_in_whatever_words() {
    let kit = Kit::new();
    let named = |name: &str| {
        format!(
            r#"{{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-000000000001","created":"1970-01-01T00:00:00.000Z","modified":"1970-01-01T00:00:00.000Z","name":"{name}"}}"#
        )
    };
    let import = |objects: &[String]| {
        let envelope = Bytes::from(format!("{{\"objects\":[{}]}}", objects.join(",")));
        let (operator, imported) = (kit.cell.operator(), Source::Imported);
        kit.cell
            .add(&operator, &kit.collection, envelope, imported)
            .unwrap()
    };
    let first = import(&[named("one galaxy's"), named("another's")]);
    assert_eq!((first.fresh, first.failures.len()), (1, 0));
    let again = import(&[named("a later one's")]);
    assert_eq!((again.fresh, again.failures.len()), (0, 0));
    assert_eq!(kit.shown(&of(&[])), [named("one galaxy's")]);
    // Whoever publishes says what it means: another's words are not taken for its own.
    assert_eq!(
        kit.add(&[named("x")]).failures[0].code,
        "cell.version_taken"
    );
}

#[test]
fn whoever_bound_the_identity_makes_the_versions_whoever_brought_the_first() {
    let kit = Kit::new();
    let author = "identity--6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    let bind = Command::BindIdentity {
        identity: author.parse().unwrap(),
    };
    kit.cell.perform(&kit.b(), bind).unwrap();
    let by = |s| with(1, s, &format!(r#","created_by_ref":"{author}""#));
    kit.add(&[by(0)]);
    assert_eq!(kit.add(&[by(1)]).failures[0].code, "cell.not_creator");
    assert_eq!(kit.add_as(&kit.b(), &[by(1)]).fresh, 1);
}

#[test]
fn a_version_that_holds_something_else_is_taken_whether_it_is_seen_or_not() {
    let kit = Kit::new();
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    kit.add(&[with(1, 0, red), indicator(2, 0)]);
    let other = with(2, 0, r#","name":"other""#);
    let twice = with(3, 0, r#","name":"again""#);
    let status = kit.add_as(
        &kit.b(),
        &[
            with(1, 0, red),
            indicator(1, 0),
            other,
            indicator(2, 0),
            indicator(3, 0),
            twice,
        ],
    );
    let taken: Vec<_> = status.failures.iter().map(|f| (&*f.id, f.code)).collect();
    let code = "cell.version_taken";
    assert_eq!(
        taken,
        [
            (&*id(1), code),
            (&*id(1), code),
            (&*id(2), code),
            (&*id(3), code)
        ]
    );
    assert_eq!((status.successes.len(), status.fresh), (2, 1));
    let own = kit.add(&[with(1, 0, red)]);
    assert_eq!((own.successes.len(), own.fresh), (1, 0));
}
