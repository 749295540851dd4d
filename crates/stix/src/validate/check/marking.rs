//! Checks of markings (STIX 2.1, 7.2).

use std::cmp::Ordering;

use super::super::shape::extension::{STATEMENT, TLP};
use super::super::walk::{Path, Walk, text};
use super::Shaped;
use crate::document::{Kind as Node, Value};
use crate::marking::KNOWN;
use crate::time;

/// What a marking definition defines.
pub(in super::super) fn definition(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    let extended = object.get("extensions").is_some();
    for name in ["definition_type", "definition"] {
        if !extended && object.get(name).is_none() {
            let message = format_args!("`{name}` is required where there are no `extensions`");
            walk.must(&path.name(name), "stix.required", shape.clause, message);
        }
    }
    let Some(definition) = object.get("definition") else {
        return;
    };
    let at = path.name("definition");
    if definition.kind() != Node::Object {
        return walk.datatype(&at, "an object");
    }
    match object.text_of("definition_type").as_deref() {
        Some("statement") => part(walk, definition, &STATEMENT, &at),
        Some("tlp") => {
            part(walk, definition, &TLP, &at);
            tlp(walk, object, definition, path);
        }
        _ => {}
    }
}

fn part(walk: &mut Walk<'_>, value: Value<'_>, shape: Shaped, path: &Path<'_>) {
    // A walk of its own: these parts refer to nothing outside.
    let mut inner = walk.inner();
    inner.object(value, shape, path);
    walk.flaws.append(&mut inner.flaws);
}

/// There are four TLP definitions of TLP 1, and nobody makes another.
fn tlp(walk: &mut Walk<'_>, object: Value<'_>, definition: Value<'_>, path: &Path<'_>) {
    const CLAUSE: &str = "STIX 2.1, 7.2.1.4 TLP Marking";
    let light = definition.text_of("tlp").unwrap_or_default();
    let light = if light == "white" { "clear" } else { &*light };
    let id = object.text_of("id").unwrap_or_default();
    let known = KNOWN
        .iter()
        .find(|(_, known, version)| *known == light && *version == 1);
    let Some((uuid, _, _)) = known else {
        return;
    };
    if id.strip_prefix("marking-definition--") != Some(uuid) {
        let message =
            format_args!("TLP has fixed definitions; refer to `marking-definition--{uuid}`");
        return walk.must(&path.name("id"), "stix.tlp", CLAUSE, message);
    }
    let created = object.text_of("created").unwrap_or_default();
    if time::compare(&created, TLP_CREATED).is_some_and(Ordering::is_ne) {
        let message = format_args!("TLP's definitions were created at `{TLP_CREATED}`");
        walk.must(&path.name("created"), "stix.tlp", CLAUSE, message);
    }
    let wanted = format!(
        "TLP:{}",
        text(definition.get("tlp").unwrap_or(definition)).to_uppercase()
    );
    if object.get("name").is_some_and(|name| text(name) != wanted) {
        let message = format_args!("the definition's name is `{wanted}`");
        walk.must(&path.name("name"), "stix.tlp", CLAUSE, message);
    }
}

/// When the four definitions of TLP 1 were made.
const TLP_CREATED: &str = "2017-01-20T00:00:00.000Z";

/// A marking definition does not mark itself.
pub(in super::super) fn marks_itself(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    path: &Path<'_>,
    shape: Shaped,
) {
    let Some(id) = object.text_of("id") else {
        return;
    };
    let whole = object
        .get("object_marking_refs")
        .into_iter()
        .flat_map(Value::items);
    let parts = object
        .get("granular_markings")
        .into_iter()
        .flat_map(Value::items);
    let parts = parts.filter_map(|marking| marking.get("marking_ref"));
    if whole.chain(parts).any(|marking| text(marking) == id) {
        walk.must(
            path,
            "stix.marking",
            shape.clause,
            "a marking definition cannot mark itself",
        );
    }
}

/// The most steps of a selector.
const STEPS_MAX: usize = 64;

/// Every selector of a granular marking leads to something.
pub(in super::super) fn selectors(
    walk: &mut Walk<'_>,
    object: Value<'_>,
    markings: Value<'_>,
    path: &Path<'_>,
) {
    const CLAUSE: &str = "STIX 2.1, 7.2.3.1 Selectors";
    let path = path.name("granular_markings");
    for (at, marking) in markings.items().enumerate() {
        let path = path.index(at);
        let path = path.name("selectors");
        let selectors = marking.get("selectors").into_iter().flat_map(Value::items);
        for (at, selector) in selectors.enumerate() {
            let Some(selector) = selector.text() else {
                continue;
            };
            let found = resolve(walk, object, &selector.get()).is_some();
            if walk.is_enough() {
                return walk.must(
                    &path,
                    "stix.size",
                    CLAUSE,
                    "these are more selectors than we follow",
                );
            }
            if !found {
                walk.must(
                    &path.index(at),
                    "stix.selector",
                    CLAUSE,
                    "the selector leads to nothing in this object; name a property that is there, as in `external_references.[0].url`",
                );
            }
        }
    }
}

fn resolve<'v>(walk: &mut Walk<'_>, object: Value<'v>, selector: &str) -> Option<Value<'v>> {
    let mut at = object;
    for (count, step) in selector.split('.').enumerate() {
        if count == STEPS_MAX {
            return None;
        }
        at = match step
            .strip_prefix('[')
            .and_then(|step| step.strip_suffix(']'))
        {
            Some(index) => walk.item(at, index.parse().ok()?)?,
            None => walk.find(at, step)?,
        };
    }
    Some(at)
}
