//! Real events of MISP, there and back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use portcullis_stix::misp::{Mapped, event_to_stix, stix_to_event};
use portcullis_stix::pattern;
use portcullis_stix::validate::{Mode, validate};
use serde_json::Value;

use crate::data;

/// What an attribute must keep on the way there and back.
const KEPT: [&str; 7] = [
    "type",
    "category",
    "value",
    "to_ids",
    "comment",
    "timestamp",
    "first_seen",
];

fn events() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = data::folder("exercise/misp-events") else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 8);
    paths
        .into_iter()
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

fn back(mapped: &Mapped) -> Value {
    let slices: Vec<&[u8]> = mapped.objects.iter().map(Vec::as_slice).collect();
    let back = stix_to_event(&slices).unwrap();
    assert_eq!(back.objects.len(), 1);
    assert!(back.unmapped.is_empty(), "{:?}", back.unmapped);
    serde_json::from_slice(&back.objects[0]).unwrap()
}

fn event(document: &Value) -> &Value {
    let response = &document["response"];
    [
        &document["Event"],
        &response["Event"],
        &response[0]["Event"],
    ]
    .into_iter()
    .find(|event| event.is_object())
    .unwrap()
}

fn attributes(event: &Value) -> BTreeMap<String, Vec<String>> {
    let inner = event["Object"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|object| &object["Attribute"]);
    inner
        .chain([&event["Attribute"]])
        .filter_map(Value::as_array)
        .flatten()
        .map(|attribute| {
            let kept = KEPT.iter().map(|key| match &attribute[key] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            (
                attribute["uuid"].as_str().unwrap().to_owned(),
                kept.collect(),
            )
        })
        .collect()
}

#[test]
fn every_attribute_of_real_events_comes_back_as_it_was() {
    for (name, bytes) in events() {
        let source: Value = serde_json::from_slice(&bytes).unwrap();
        let mapped = event_to_stix(&bytes).unwrap();
        let again = back(&mapped);
        let (before, after) = (attributes(event(&source)), attributes(&again["Event"]));
        let kept = mapped.unmapped.iter().filter(|left| left.kept).count();
        println!(
            "{name}: {} attributes mapped, {} objects of STIX, {kept} kept in the extension alone, {} left behind",
            mapped.mapped,
            mapped.objects.len(),
            mapped.unmapped.len() - kept
        );
        for left in &mapped.unmapped {
            println!(
                "    {} {}: {}{}",
                left.path,
                left.what,
                left.why,
                if left.kept { " (kept)" } else { "" }
            );
        }
        assert_eq!(before, after, "{name}");
        assert_eq!(before.len(), mapped.mapped, "{name}");
        for key in [
            "uuid",
            "info",
            "date",
            "timestamp",
            "threat_level_id",
            "analysis",
            "published",
            "distribution",
        ] {
            assert_eq!(event(&source)[key], again["Event"][key], "{name}: {key}");
        }
        let tags = |event: &Value| -> Vec<Value> {
            event["Tag"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|tag| tag["name"].clone())
                .collect()
        };
        assert_eq!(tags(event(&source)), tags(&again["Event"]), "{name}");
    }
}

#[test]
fn going_there_and_back_again_changes_nothing_more() {
    for (name, bytes) in events() {
        let first = event_to_stix(&bytes).unwrap();
        assert_eq!(first, event_to_stix(&bytes).unwrap(), "{name}");
        let once = back(&first);
        let second = event_to_stix(once.to_string().as_bytes()).unwrap();
        assert_eq!(back(&second), once, "{name}");
        let id = |bytes: &Vec<u8>| serde_json::from_slice::<Value>(bytes).unwrap()["id"].clone();
        let ids = |mapped: &Mapped| mapped.objects.iter().map(id).collect::<Vec<_>>();
        let (mut before, mut after) = (ids(&first), ids(&second));
        before.sort_by_key(Value::to_string);
        after.sort_by_key(Value::to_string);
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn what_real_events_become_is_what_the_standard_demands() {
    for (name, bytes) in events() {
        for object in event_to_stix(&bytes).unwrap().objects {
            let flaws = validate(&object, Mode::Must);
            assert!(
                flaws.is_empty(),
                "{name}: {flaws:?}\n{}",
                String::from_utf8_lossy(&object)
            );
            let object: Value = serde_json::from_slice(&object).unwrap();
            if let Some(text) = object["pattern"].as_str() {
                assert!(pattern::parse(text).is_ok(), "{name}: {text}");
            }
        }
    }
}
