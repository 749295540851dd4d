//! From STIX to events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::draft::Draft;
use super::json::{Members, bytes, is_kind, is_revoked, kind_of, refs};
use super::{Gathered, MispFlaw, PARTS_MAX, REVOKED};

/// What says something about other objects and needs no place of its own.
pub(super) const SILENT: [&str; 4] = [
    "identity",
    "marking-definition",
    "extension-definition",
    "language-content",
];

pub(super) fn map(objects: &[&[u8]], mapped: &mut Gathered<'_>) -> Result<(), MispFlaw> {
    if objects.len() > PARTS_MAX {
        return Err(MispFlaw::TooMany);
    }
    let mut all = Vec::with_capacity(objects.len());
    for object in objects {
        if let Value::Object(members) = serde_json::from_slice(object)? {
            all.push(members);
        }
    }
    let ids: BTreeMap<&str, &Members> = all
        .iter()
        .filter_map(|object| Some((object.get("id")?.as_str()?, object)))
        .collect();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let bindings: Vec<&Members> = all
        .iter()
        .filter(|object| is_kind(object, &["report", "grouping"]))
        .collect();
    let (ended, bindings): (Vec<&Members>, Vec<&Members>) = bindings
        .into_iter()
        .partition(|binding| is_revoked(binding));
    for binding in ended {
        if let Some(id) = binding.get("id").and_then(Value::as_str) {
            placed.insert(id);
            mapped.leave(id, kind_of(binding), REVOKED, false);
        }
    }
    for binding in &bindings {
        let mut parts: Vec<&Members> = Vec::new();
        for id in refs(binding, "object_refs") {
            match ids.get(id) {
                Some(object) => parts.push(object),
                None => mapped.leave(id, "a reference", "the object is not here", false),
            }
        }
        parts.extend(about(&all, &parts));
        placed.extend(
            parts
                .iter()
                .chain([binding])
                .filter_map(|object| object.get("id")?.as_str()),
        );
        let event = Draft::new(Some(binding), &ids).fill(&parts, mapped);
        mapped.objects.push(document(event));
    }
    let silent = |object: &Members| is_kind(object, &SILENT);
    let loose: Vec<&Members> = all
        .iter()
        .filter(|object| {
            !silent(object)
                && !object
                    .get("id")
                    .and_then(Value::as_str)
                    .is_some_and(|id| placed.contains(id))
        })
        .collect();
    if bindings.is_empty() {
        if loose.is_empty() {
            return Err(MispFlaw::Nothing);
        }
        let event = Draft::new(None, &ids).fill(&loose, mapped);
        mapped.objects.push(document(event));
    } else {
        for object in loose {
            let id = object
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or("an object");
            mapped.leave(id, kind_of(object), "in no report or grouping", false);
        }
    }
    Ok(())
}

/// Relationships, sightings and opinions about parts, which nothing binds.
fn about<'a>(all: &'a [Members], parts: &[&Members]) -> Vec<&'a Members> {
    let inside: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| part.get("id")?.as_str())
        .collect();
    let is_inside = |object: &Members, key: &str| {
        object
            .get(key)
            .and_then(Value::as_str)
            .is_some_and(|id| inside.contains(id))
    };
    all.iter()
        .filter(|object| !is_inside(object, "id"))
        .filter(|object| match kind_of(object) {
            "relationship" => is_inside(object, "source_ref") && is_inside(object, "target_ref"),
            "sighting" => is_inside(object, "sighting_of_ref"),
            _ => false,
        })
        .collect()
}

fn document(event: Members) -> Vec<u8> {
    let mut document = Members::new();
    document.insert("Event".to_owned(), event.into());
    bytes(document)
}
