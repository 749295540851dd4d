//! The validator against a corpus: whole objects of every type, and each rule
//! of the standard broken once (`testdata/validate/SOURCE.md`).

use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::LazyLock;

use portcullis_stix::header::envelope;
use portcullis_stix::validate::{FLAWS_MAX, Flaw, Mode, Severity, review, validate};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(serde::Deserialize)]
pub(crate) struct Case {
    name: String,
    rule: String,
    level: String,
    pub(crate) object: Box<RawValue>,
}

pub(crate) fn corpus() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let text = include_str!("../../testdata/validate/corpus.json");
        serde_json::from_str(text).expect("the corpus is a list of cases")
    });
    &CASES
}

fn rules(flaws: &[Flaw]) -> BTreeSet<&'static str> {
    flaws.iter().map(|flaw| flaw.rule).collect()
}

#[test]
fn each_rule_that_is_broken_is_told_and_no_other() {
    let cases = corpus();
    assert!(cases.len() > 300);
    for case in cases {
        let bytes = case.object.get().as_bytes();
        let must = rules(&validate(bytes, Mode::Must));
        let strict = rules(&validate(bytes, Mode::Strict));
        let mut expected = BTreeSet::new();
        if case.level == "must" {
            expected.insert(&*case.rule);
            // What is no type makes no id either.
            if case.rule == "stix.type" && must.contains("stix.id") {
                expected.insert("stix.id");
            }
        }
        assert_eq!(must, expected, "{}: errors", case.name);
        match &*case.level {
            "" => assert!(strict.is_empty(), "{}: {strict:?}", case.name),
            _ => assert!(strict.contains(&*case.rule), "{}: {strict:?}", case.name),
        }
    }
}

#[test]
fn every_flaw_says_where_and_why() {
    for case in corpus() {
        let id = serde_json::from_str::<Value>(case.object.get()).unwrap()["id"].clone();
        for flaw in review(case.object.get().as_bytes()) {
            assert!(flaw.rule.starts_with("stix."), "{}", case.name);
            assert!(flaw.clause.starts_with("STIX 2.1"), "{}", case.name);
            assert!(!flaw.message.is_empty() && !flaw.message.ends_with('.'));
            if case.object.get().contains("\"bundle\",") {
                continue;
            }
            assert_eq!(flaw.object, id.as_str().unwrap_or(""), "{}", case.name);
        }
    }
}

#[test]
fn a_review_tells_demands_and_recommendations_apart() {
    for case in corpus() {
        let bytes = case.object.get().as_bytes();
        let flaws = review(bytes);
        let errors: Vec<_> = flaws
            .iter()
            .filter(|flaw| flaw.severity == Severity::Error)
            .cloned()
            .collect();
        assert_eq!(errors, validate(bytes, Mode::Must), "{}", case.name);
        assert_eq!(flaws.len(), validate(bytes, Mode::Strict).len());
    }
}

#[test]
fn what_conforms_can_be_kept() {
    for case in corpus() {
        let bytes = case.object.get().as_bytes();
        if validate(bytes, Mode::Must).is_empty() {
            assert!(validate(bytes, Mode::Keep).is_empty(), "{}", case.name);
        }
    }
}

#[test]
fn keeping_asks_for_an_id_and_a_type_alone() {
    assert!(validate(br#"{"id":"a","type":"b","created":7}"#, Mode::Keep).is_empty());
    for text in [
        r#"{"id":"a"}"#,
        r#"{"type":"a"}"#,
        r#"{"id":1,"type":"a"}"#,
        "7",
        "{",
    ] {
        assert!(!validate(text.as_bytes(), Mode::Keep).is_empty(), "{text}");
    }
}

#[test]
fn a_path_names_the_property_however_deep() {
    let text = r#"{"type":"file","spec_version":"2.1","id":"file--a1b2c3d4-1111-4222-8333-444455556666","name":"a",
        "extensions":{"windows-pebinary-ext":{"pe_type":"exe","sections":[{"name":"a"},{"name":"b","size":-1}]}}}"#;
    let flaws = validate(text.as_bytes(), Mode::Must);
    let [flaw] = flaws.as_slice() else {
        panic!("{flaws:?}")
    };
    assert_eq!(
        flaw.property,
        "extensions.windows-pebinary-ext.sections.[1].size"
    );
    assert_eq!(flaw.clause, "STIX 2.1, 6.7.6.2 Windows PE Section");
}

#[test]
fn a_property_that_stands_twice_is_told_at_any_depth() {
    for text in [
        r#"{"type":"a","id":"b","type":"a"}"#,
        r#"{"type":"a","id":"b","x":[{"y":1,"\u0079":2}]}"#,
    ] {
        assert_eq!(
            rules(&validate(text.as_bytes(), Mode::Must)),
            ["stix.duplicate"].into()
        );
    }
}

#[test]
fn flaws_have_a_bound_however_many_there_are() {
    let labels = vec!["1"; 10_000].join(",");
    let text = format!(r#"{{"type":"tool","id":"b","labels":[{labels}]}}"#);
    assert_eq!(validate(text.as_bytes(), Mode::Must).len(), FLAWS_MAX);
}

pub(crate) fn unpacked(name: &str) -> Option<Vec<u8>> {
    let packed = std::fs::read(crate::data::folder(name)?).expect("the file can be read");
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(packed.as_slice());
    reader.read_to_end(&mut plain).expect("the file is gzip");
    Some(plain)
}

#[test]
fn selectors_that_search_far_are_given_up() {
    let properties: Vec<_> = (0..20_000).map(|n| format!(r#""x_{n:05}":1"#)).collect();
    let selectors: Vec<_> = (0..20_000).map(|n| format!(r#""x_{n:05}""#)).collect();
    let text = format!(
        r#"{{"type":"x-own","id":"x-own--a1b2c3d4-1111-4222-8333-444455556666",{},"granular_markings":[{{"lang":"de","selectors":[{}]}}]}}"#,
        properties.join(","),
        selectors.join(",")
    );
    let flaws = validate(text.as_bytes(), Mode::Must);
    assert_eq!(rules(&flaws), ["stix.size"].into());
}

#[test]
fn what_mitre_and_amnesty_published_has_no_flaw() {
    for (name, count) in [
        ("enterprise-attack.json.gz", 24_771),
        ("indicators.json.gz", 4_375),
    ] {
        let Some(bytes) = unpacked(name) else {
            continue;
        };
        let found = envelope(&bytes).expect("a bundle");
        assert_eq!(found.objects.len(), count);
        for slice in found.objects {
            let flaws = validate(slice.bytes, Mode::Must);
            assert!(flaws.is_empty(), "{flaws:?}");
        }
    }
}

proptest! {
    #[test]
    fn judging_never_panics(at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let cases = corpus();
        let mut bytes = cases[at.index(cases.len())].object.get().as_bytes().to_vec();
        let place = cut.index(bytes.len());
        bytes[place] = byte;
        let flaws = review(&bytes);
        prop_assert!(flaws.len() <= FLAWS_MAX);
        bytes.truncate(place);
        prop_assert_eq!(rules(&validate(&bytes, Mode::Must)), ["stix.json"].into());
    }

    #[test]
    fn any_text_in_any_property_is_judged(at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), text in "\\PC{0,40}") {
        let cases = corpus();
        let mut object: Value = serde_json::from_str(cases[at.index(cases.len())].object.get()).unwrap();
        let members = object.as_object_mut().unwrap();
        let key = members.keys().nth(which.index(members.len())).unwrap().clone();
        members.insert(key, Value::String(text));
        let _ = review(object.to_string().as_bytes());
    }
}
