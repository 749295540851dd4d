//! Looking for personal information in objects before they leave (law 10).
//!
//! Most objects have none, so a glance over the bytes comes first; only where
//! it sees something is the object read, to tell a description from a pattern
//! and to say where it stands. What the threat is made of — patterns, hashes,
//! addresses of machines — is not looked at.

mod holding;
mod late;

pub use holding::Holding;
pub use late::{REVIEWS_FOLLOWED_MAX, REVIEWS_OF_ONE_MIN};
pub(crate) use late::{Rooms, is_ours_alone};

use portcullis_core::cell::review::{
    EXCERPT_CHARS_MAX, FINDINGS_MAX, Finding, FindingKind, PATH_BYTES_MAX,
    personal::{self, excerpt},
};
use portcullis_core::cell::warning::Hit;
use portcullis_stix::{header::header_and, json::unescaped};
use serde_json::{Map, Value};

/// Kinds of objects that are about people whatever their text says.
const ABOUT_PEOPLE: &[&str] = &[
    "email-addr",
    "email-message",
    "observed-data",
    "user-account",
];

/// Properties that say what the threat is, or name other objects.
const OF_THE_THREAT: &[&str] = &[
    "created",
    "external_id",
    "first_observed",
    "first_seen",
    "granular_markings",
    "hashes",
    "id",
    "kill_chain_phases",
    "last_observed",
    "last_seen",
    "modified",
    "pattern",
    "pattern_type",
    "pattern_version",
    "payload_bin",
    "spec_version",
    "type",
    "url",
    "valid_from",
    "valid_until",
];

/// A glance at an object's properties while its header is read: whether it may name people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Glance(bool);

impl Glance {
    /// Looks at a property that is not of the header: its name and its value's text.
    pub fn at(&mut self, name: &str, value: &str) {
        self.0 = self.0 || (is_looked_at(name) && may_name_people(value));
    }

    /// What in an object of this kind looks like personal information, all of whose properties were
    /// glanced at: as [`findings`].
    pub fn findings(self, kind: &str, object: &[u8]) -> Vec<Finding> {
        if self.0 || is_about_people(kind) {
            look(object)
        } else {
            Vec::new()
        }
    }
}

/// What in an object of this kind looks like personal information: at most
/// [`FINDINGS_MAX`] places, in the order of the bytes. None in what is no JSON object.
pub fn findings(kind: &str, object: &[u8]) -> Vec<Finding> {
    let mut glance = Glance::default();
    // What cannot be read is no object, and has none.
    let read = header_and(object, |name, value| glance.at(name, value));
    Glance(glance.0 || read.is_err()).findings(kind, object)
}

fn look(object: &[u8]) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Ok(Value::Object(object)) = serde_json::from_slice(object) {
        look_at_object("", &object, &mut found);
    }
    found.truncate(FINDINGS_MAX);
    found
}

/// Adds what stands on warning lists to what was found in an object.
pub(crate) fn listed(findings: &mut Vec<Finding>, hits: Vec<Hit>) {
    let room = FINDINGS_MAX.saturating_sub(findings.len()).max(1);
    findings.truncate(FINDINGS_MAX - 1);
    findings.extend(hits.into_iter().take(room).map(|hit| {
        let text = format!("{} ({})", hit.value, hit.list);
        Finding {
            path: "pattern".to_owned(),
            kind: FindingKind::Listed,
            excerpt: text.chars().take(EXCERPT_CHARS_MAX).collect(),
        }
    }));
}

fn is_about_people(kind: &str) -> bool {
    kind == "identity" || ABOUT_PEOPLE.contains(&kind)
}

/// Whether a value may name people: by its text, or because an object within it says what it is.
fn may_name_people(value: &str) -> bool {
    let text = unescaped(value);
    let within = value.starts_with(['{', '[']) && text.contains("\"type\"");
    within || personal::any(&text)
}

/// Whether an object's property of this name is looked at.
fn is_looked_at(name: &str) -> bool {
    let reference = name.ends_with("_ref") || name.ends_with("_refs");
    !reference && !OF_THE_THREAT.contains(&name)
}

fn look_at_object(path: &str, object: &Map<String, Value>, found: &mut Vec<Finding>) {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    let mut person = |key: &str, kind| {
        if let Some(text) = text(key).filter(|text| !text.is_empty()) {
            found.push(Finding {
                path: below(path, key),
                kind,
                excerpt: excerpt(text, &(0..text.len())),
            });
        }
    };
    match kind {
        "identity" if text("identity_class") == Some("individual") => {
            person("name", FindingKind::PersonName);
        }
        "email-addr" => person("display_name", FindingKind::PersonName),
        "user-account" => {
            let names = ["display_name", "account_login", "user_id"];
            let named = names.into_iter().find(|name| object.contains_key(*name));
            person(named.unwrap_or("account_type"), FindingKind::UserAccount);
        }
        _ => {}
    }
    for (key, value) in object {
        let value_of_threat = key == "value" && kind != "email-addr";
        if !value_of_threat && is_looked_at(key) {
            look_at(&below(path, key), value, found);
        }
    }
}

fn look_at(path: &str, value: &Value, found: &mut Vec<Finding>) {
    if FINDINGS_MAX <= found.len() {
        return;
    }
    match value {
        Value::String(text) => personal::find(path, text, found, FINDINGS_MAX),
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                look_at(&bounded(format!("{path}[{at}]")), value, found);
            }
        }
        Value::Object(object) => look_at_object(path, object, found),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn below(path: &str, key: &str) -> String {
    match path {
        "" => bounded(key.to_owned()),
        path => bounded(format!("{path}.{key}")),
    }
}

fn bounded(mut path: String) -> String {
    let end = path.floor_char_boundary(PATH_BYTES_MAX);
    path.truncate(end);
    path
}

#[cfg(test)]
mod tests;
