//! The version of an object that says it is revoked, and nothing else (STIX 2.1 §3.6.2).
//!
//! It is for whoever was served the object and is to let it go. So it repeats
//! of the object what tells which one it is — `type`, `id`, `created`,
//! `created_by_ref` — and how it is marked, which says who may see it. Of
//! what the standard demands of the type besides, the form stays and the
//! words go:
//!
//! - texts say `revoked`; instants are `created`;
//! - words that must be of a closed list, or that lists of the standard
//!   suggest, are its most general ones;
//! - an indicator's pattern looks for a file named like the indicator's id:
//!   a pattern must be one, and this one finds nothing;
//! - references to objects stay, as a relationship is one by its ends; those
//!   to observables, whose ids are made of their values, name an observable of
//!   that type with the object's own UUID, that nobody has;
//! - where one of several properties must be there, the one that says least:
//!   a location is at 0, 0.
//!
//! Granular markings stand for the `id` alone: what they marked is not there.

use crate::{
    document::{Document, Kind as Node, Value},
    id::Id,
    taxii::Micros,
    validate::shape::{self, Kind, Property},
    vocab,
};
use std::fmt::Write as _;

/// What stands where a text must.
const WORD: &str = "revoked";

/// Words that say least, of lists that have them.
const GENERAL: &[&str] = &["unspecified", "unknown", "neutral", "other"];

/// The next version of an object, revoked, with nothing in it that need not be. `None` for what
/// has no versions — cyber-observables, markings — and for what is no object.
pub fn revoked(object: &[u8], modified: Micros) -> Option<Vec<u8>> {
    let document = Document::read(object).ok()?;
    let object = document.root();
    if object.kind() != Node::Object || object.get("modified").is_none() {
        return None;
    }
    let id = object.text_of("id")?;
    let kind = object.text_of("type")?;
    let mut out = Out::default();
    for name in ["type", "spec_version", "id", "created_by_ref", "created"] {
        out.keep(object, name);
    }
    out.put("modified", &quoted(&modified.to_string()));
    out.put("revoked", "true");
    let uuid = Id::parse(&id).map(|id| id.uuid);
    let bare = Bare { object, uuid };
    if let Some(shape) = shape::of(&kind) {
        for property in shape.demanded() {
            if let Some(value) = bare.value(property) {
                out.put(property.name, &value);
            }
        }
    }
    for (name, value) in bare.beside(&kind) {
        out.put(name, &value);
    }
    out.keep(object, "object_marking_refs");
    if let Some(markings) = granular(object) {
        out.put("granular_markings", &markings);
    }
    if let Some(extensions) = introducing(object) {
        out.put("extensions", &extensions);
    }
    Some(out.end())
}

/// An object as it is written.
#[derive(Default)]
struct Out(String);

impl Out {
    fn put(&mut self, name: &str, raw: &str) {
        let before = if self.0.is_empty() { '{' } else { ',' };
        let _ = write!(self.0, "{before}{}:{raw}", quoted(name));
    }

    /// What the object has under a name, its exact text.
    fn keep(&mut self, object: Value<'_>, name: &str) {
        if let Some(value) = object.get(name) {
            self.put(name, &json(value));
        }
    }

    fn end(self) -> Vec<u8> {
        (self.0 + "}").into_bytes()
    }
}

/// A value as it stands.
fn json(value: Value<'_>) -> String {
    match value.kind() {
        Node::Text | Node::Escaped => format!("\"{}\"", value.raw()),
        _ => value.raw().to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What is left of an object's own properties.
struct Bare<'a> {
    object: Value<'a>,
    uuid: Option<&'a str>,
}

impl Bare<'_> {
    /// A value for a property that must be there; `None` where there is none to be had.
    fn value(&self, property: &Property) -> Option<String> {
        let held = self.object.get(property.name);
        let id = self.object.text_of("id").unwrap_or_default();
        match (property.name, &property.kind) {
            ("pattern", _) => Some(quoted(&format!("[file:name = '{}']", safe(&id)))),
            ("pattern_type", _) => Some(quoted("stix")),
            ("relationship_type", _) => Some(quoted("related-to")),
            ("version", Kind::Form(_)) => Some(quoted("0.0.0")),
            ("contents", _) => Some(format!(r#"{{"en":{{"name":"{WORD}"}}}}"#)),
            (_, Kind::Text | Kind::Any) => Some(quoted(WORD)),
            (_, Kind::Open(words) | Kind::Enum(words)) => {
                let general = GENERAL.iter().find(|word| words.contains(word));
                let own = held.and_then(|held| Some(held.text()?.get().into_owned()));
                let own = own.filter(|own| words.contains(&own.as_str()));
                let last = words.last().copied();
                let word = general.copied().map(str::to_owned).or(own);
                word.or(last.map(str::to_owned)).map(|word| quoted(&word))
            }
            (_, Kind::Bool) => Some("false".to_owned()),
            (_, Kind::Integer(least, _)) => Some(least.max(&0).to_string()),
            (_, Kind::Float(..)) => Some("0".to_owned()),
            (_, Kind::Time | Kind::Precise(_) | Kind::Second) => {
                Some(json(self.object.get("created")?))
            }
            (_, Kind::Ref(_)) => self.reference(held?),
            (_, Kind::List(Kind::Ref(_))) => {
                let mut refs: Vec<String> = Vec::new();
                for held in held?.items() {
                    let held = self.reference(held)?;
                    if !refs.contains(&held) {
                        refs.push(held);
                    }
                }
                Some(format!("[{}]", refs.join(",")))
            }
            (_, Kind::List(Kind::Enum(words))) => Some(format!("[{}]", quoted(words.last()?))),
            // No type of the standard that has versions demands another one.
            _ => None,
        }
    }

    /// A reference, but not what an observable's id tells of its value.
    fn reference(&self, held: Value<'_>) -> Option<String> {
        let text = held.text()?.get();
        let kind = text.split_once("--").map_or("", |(kind, _)| kind);
        let made = vocab::is_observable(kind).then_some(self.uuid).flatten();
        Some(quoted(&made.map_or_else(
            || text.to_string(),
            |uuid| format!("{kind}--{uuid}"),
        )))
    }

    /// What a type must have that no single property of it must be.
    fn beside(&self, kind: &str) -> Vec<(&'static str, String)> {
        match kind {
            "location" => vec![("latitude", "0".to_owned()), ("longitude", "0".to_owned())],
            "malware-analysis" => vec![("result", quoted("unknown"))],
            "observed-data" => {
                let artifact = self.uuid.map(|uuid| quoted(&format!("artifact--{uuid}")));
                let refs = artifact.map(|artifact| ("object_refs", format!("[{artifact}]")));
                refs.into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// An id as a pattern's string can hold it.
fn safe(id: &str) -> String {
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    id.chars().filter(fits).collect()
}

/// The markings that were somewhere in the object, on its `id`.
fn granular(object: Value<'_>) -> Option<String> {
    let mut refs: Vec<String> = Vec::new();
    for marking in object.get("granular_markings")?.items() {
        let held = marking.get("marking_ref").map(json);
        refs.extend(held.filter(|held| !refs.contains(held)));
    }
    let each = refs
        .iter()
        .map(|held| format!(r#"{{"marking_ref":{held},"selectors":["id"]}}"#));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("[{}]", each.join(",")))
}

/// The extensions by which a type of others' making is introduced.
fn introducing(object: Value<'_>) -> Option<String> {
    let mut kept = Vec::new();
    for (name, extension) in object.get("extensions")?.members() {
        let kind = extension.text_of("extension_type").unwrap_or_default();
        if matches!(&*kind, "new-sdo" | "new-sro") {
            let (name, kind) = (quoted(&name.get()), quoted(&kind));
            kept.push(format!(r#"{name}:{{"extension_type":{kind}}}"#));
        }
    }
    (!kept.is_empty()).then(|| format!("{{{}}}", kept.join(",")))
}
