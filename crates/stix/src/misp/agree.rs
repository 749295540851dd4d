//! Agreement: whether an object and its extension say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::{Members, kind_of, list, refs, text};
use super::kinds::{self, LANGUAGES};
use super::object::{Chosen, prose};

/// Whether what the extension says is what the object says: whoever reads one
/// must not be told something else than who reads the other.
pub(super) fn attribute_agrees(stix: &Members, said: &Members) -> bool {
    let (Some(kind), Some(value)) = (text(said, "type"), text(said, "value")) else {
        return false;
    };
    let shape = || kinds::shape(&kind, &value);
    match kind_of(stix) {
        "indicator" if LANGUAGES.contains(&kind.as_str()) || kind == "stix2-pattern" => {
            text(stix, "pattern") == Some(value)
        }
        "indicator" => {
            shape().is_some_and(|shape| text(stix, "pattern") == Some(kinds::pattern(&shape.terms)))
        }
        "observed-data" => {
            shape().is_some_and(|shape| same_objects(stix, &kinds::observed(shape.pieces)))
        }
        "vulnerability" => text(stix, "name") == Some(value),
        "note" => text(stix, "content") == Some(value),
        _ => false,
    }
}

/// The same for an object and its attributes.
pub(super) fn object_agrees(stix: &Members, said: &Members) -> bool {
    let attributes: Vec<&Members> = list(said, "attributes")
        .iter()
        .filter_map(Value::as_object)
        .collect();
    let chosen = Chosen::of(&attributes);
    match kind_of(stix) {
        "indicator" => chosen.pattern.is_some() && text(stix, "pattern") == chosen.pattern,
        "observed-data" => same_objects(stix, &chosen.objects),
        "vulnerability" => {
            chosen.vulnerability.is_some() && text(stix, "name") == chosen.vulnerability
        }
        "note" => text(stix, "content") == Some(prose(&attributes)),
        _ => false,
    }
}

fn same_objects(stix: &Members, objects: &[Value]) -> bool {
    let expected: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| object.get("id")?.as_str())
        .collect();
    let there: BTreeSet<&str> = refs(stix, "object_refs").into_iter().collect();
    !expected.is_empty() && expected == there
}
