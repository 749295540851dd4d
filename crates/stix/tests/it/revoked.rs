//! The revoked version of every type says nothing of the object, and conforms as the object did.

use super::validate::{corpus, unpacked};
use portcullis_stix::{
    header::{Header, header},
    revoked::revoked,
    taxii::Micros,
    validate::{Mode, validate},
    vocab,
};
use serde_json::Value;
use std::collections::BTreeSet;

const LATER: Micros = Micros(1_900_000_000_000_000);

/// The texts of a value, the names of its members apart.
fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            into.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => members.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Checks one object; whether it has a revoked version.
fn check(object: &[u8]) -> bool {
    let Some(bare) = revoked(object, LATER) else {
        return false;
    };
    let said = String::from_utf8(bare.clone()).unwrap();
    for mode in [Mode::Must, Mode::Strict] {
        if validate(object, mode).is_empty() {
            let flaws = validate(&bare, mode);
            assert!(flaws.is_empty(), "{said}: {flaws:?}");
        }
    }
    let (before, after) = (header(object).unwrap(), header(&bare).unwrap());
    assert!(after.revoked, "{said}");
    assert_eq!((&before.id, &before.kind), (&after.id, &after.kind));
    assert_eq!(before.created_by, after.created_by);
    assert_eq!(before.markings, after.markings, "{said}");
    let marked = |header: &Header<'_>| header.granular.iter().map(ToString::to_string).collect();
    let [before_parts, after_parts]: [BTreeSet<String>; 2] = [&before, &after].map(marked);
    assert_eq!(before_parts, after_parts, "{said}");
    let [before, after]: [Value; 2] =
        [object, &bare].map(|bytes| serde_json::from_slice(bytes).unwrap());
    assert_eq!(after["created"], before["created"]);
    assert_eq!(after["modified"], "2030-03-17T17:46:40.000000Z");
    let mut kept = BTreeSet::new();
    for name in ["type", "spec_version", "id", "created", "created_by_ref"] {
        texts(&before[name], &mut kept);
    }
    for name in ["object_marking_refs", "granular_markings"] {
        texts(&before[name], &mut kept);
    }
    let mut words = BTreeSet::new();
    texts(&after, &mut words);
    let (mut own, uuid) = (BTreeSet::new(), before["id"].as_str().unwrap_or_default());
    texts(&before, &mut own);
    for text in own
        .intersection(&words)
        .filter(|text| !kept.contains(*text))
    {
        // References to objects with versions, and what is a word of the standard's.
        let refers = text.contains("--") && !vocab::is_observable(text.split("--").next().unwrap());
        let word = ["stix", "related-to", "unknown", "unspecified", "neutral"];
        let extension = text.starts_with("new-s") || text.ends_with("-extension");
        assert!(
            refers || extension || word.contains(&text.as_str()),
            "`{text}` stays: {said}"
        );
    }
    let observable = |text: &&String| {
        let kind = text.split_once("--").map_or("", |(kind, _)| kind);
        vocab::is_observable(kind) && !uuid.ends_with(text.trim_start_matches(kind))
    };
    assert_eq!(words.iter().find(observable), None, "{said}");
    // Done again it says the same.
    assert_eq!(revoked(&bare, LATER).unwrap(), bare);
    true
}

#[test]
fn every_type_has_a_revoked_version_that_conforms_and_repeats_nothing() {
    let mut kinds = BTreeSet::new();
    for case in corpus() {
        let object = case.object.get().as_bytes();
        if validate(object, Mode::Must).is_empty() && check(object) {
            kinds.insert(header(object).unwrap().kind.into_owned());
        }
    }
    for kind in vocab::TYPES {
        let versioned = *kind != "marking-definition";
        assert!(
            kinds.contains(*kind) == versioned,
            "no `{kind}` in the corpus"
        );
    }
}

#[test]
fn real_objects_have_revoked_versions_that_conform() {
    for name in ["enterprise-attack.json.gz", "indicators.json.gz"] {
        let Some(bytes) = unpacked(name) else {
            continue;
        };
        let found = portcullis_stix::header::envelope(&bytes).unwrap();
        let count = found.objects.iter().filter(|one| check(one.bytes)).count();
        assert!(count > 4_000, "{name}: {count}");
    }
}

#[test]
fn what_has_no_versions_is_not_revoked() {
    for object in [
        &br#"{"type":"ipv4-addr","id":"ipv4-addr--1","value":"192.0.2.1"}"#[..],
        b"[]",
        b"{",
        b"{}",
    ] {
        assert_eq!(revoked(object, LATER), None);
    }
}
