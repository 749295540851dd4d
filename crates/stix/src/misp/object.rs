//! Objects: several attributes that describe one thing, and how things refer
//! to each other.

use serde_json::{Value, json};

use super::event::Frame;
use super::extension;
use super::gather::{Builder, keep, say_tags};
use super::json::{Members, flag, list, made_uuid, seconds, text, uuid};
use super::kinds::{self, Shape};
use super::part::{ATTRIBUTE, attribute_said, looks_for, vulnerable};
use super::tags::{self, Tags};

/// What of an object travels in the extension, beside its attributes.
const SAID: [&str; 11] = [
    "name",
    "meta-category",
    "description",
    "template_uuid",
    "template_version",
    "comment",
    "timestamp",
    "distribution",
    "deleted",
    "first_seen",
    "last_seen",
];

/// What of an object is read.
const READ: [&str; 14] = [
    "uuid",
    "name",
    "meta-category",
    "description",
    "template_uuid",
    "template_version",
    "comment",
    "timestamp",
    "distribution",
    "deleted",
    "first_seen",
    "last_seen",
    "Attribute",
    "ObjectReference",
];

impl Builder<'_, '_> {
    /// One object of STIX for one of MISP: an indicator of what is to be
    /// detected in it, else what was observed, else a vulnerability, else a
    /// note.
    pub(super) fn object(&mut self, object: &Value, frame: &Frame, path: &str) {
        let Some(object) = object.as_object() else {
            return self
                .mapped
                .leave(path, "an object", "no JSON object", false);
        };
        let name = text(object, "name").unwrap_or_else(|| "object".to_owned());
        let uuid = uuid(object, "uuid").unwrap_or_else(|| made_uuid(&[&frame.id, path, &name]));
        let mut tags = self.tags(object, path);
        let modified =
            seconds(object, "timestamp").unwrap_or_else(|| seconds_of_attributes(object));
        let attributes = readable(object);
        if attributes.is_empty() {
            return self
                .mapped
                .leave(path, format!("`{name}`"), "it has no attributes", false);
        }
        // One object of STIX says all of them: it goes as far as the strictest does.
        let lights = attributes.iter().filter_map(|one| Tags::read(one).light);
        tags.light = tags::strictest(tags.light, lights.min());
        let chosen = Chosen::of(&attributes);
        let mut stix = if let Some(pattern) = &chosen.pattern {
            let mut stix = self.dated("indicator", &uuid, frame, modified, &tags);
            looks_for(&mut stix, "stix", pattern, object, modified);
            stix.insert("name".to_owned(), name.clone().into());
            stix
        } else if !chosen.objects.is_empty() {
            let mut stix = self.dated("observed-data", &uuid, frame, modified, &tags);
            self.was_seen(
                &mut stix,
                chosen.objects.clone(),
                object,
                modified,
                frame,
                &tags,
            );
            stix
        } else if let Some(id) = chosen.vulnerability.clone() {
            let mut stix = self.dated("vulnerability", &uuid, frame, modified, &tags);
            vulnerable(&mut stix, &id);
            stix
        } else {
            let mut stix = self.dated("note", &uuid, frame, modified, &tags);
            stix.insert("abstract".to_owned(), name.clone().into());
            stix.insert("content".to_owned(), prose(&attributes).into());
            stix.insert("object_refs".to_owned(), json!([frame.id]));
            stix
        };
        Self::deleted(object, &mut stix);
        if attributes.iter().all(|one| flag(one, "deleted")) {
            stix.insert("revoked".to_owned(), true.into());
        }
        let mut said = keep(object, &SAID);
        say_tags(&mut said, &tags);
        let note = stix.get("type") == Some(&"note".into());
        let mut inner = Vec::new();
        for (place, attribute) in attributes.iter().enumerate() {
            let path = format!("{path}.Attribute[{place}]");
            let tags = self.tags(attribute, &path);
            inner.push(Value::Object(attribute_said(attribute, &tags)));
            self.mapped.mapped += 1;
            let shown = chosen.shown.get(place).copied().unwrap_or(false);
            if !note && !shown && is_live(attribute) {
                let what = format!(
                    "`{}` of `{name}`",
                    text(attribute, "object_relation").unwrap_or_default()
                );
                self.mapped.leave(
                    &path,
                    what,
                    "the object's STIX form has no place for it",
                    true,
                );
            }
            self.rest(attribute, &path, &ATTRIBUTE);
        }
        said.insert("attributes".to_owned(), inner.into());
        extension::say(&mut stix, "object", said);
        let id = self.part(&uuid, stix);
        for (place, attribute) in attributes.iter().enumerate() {
            if let Some(uuid) = super::json::uuid(attribute, "uuid") {
                self.places.insert(uuid, id.clone());
            }
            let path = format!("{path}.Attribute[{place}]");
            // The object says all of them, so what is said of one goes as far as it does.
            self.sightings(attribute, &id, frame, &tags, &path);
            self.clusters_of(attribute, &id, frame, &tags, &path);
        }
        self.rest(object, path, &READ);
    }

    /// References become relationships, once everything has its id.
    pub(super) fn references(&mut self, event: &Members, frame: &Frame) {
        for (place, object) in list(event, "Object").iter().enumerate() {
            let Some(object) = object.as_object() else {
                continue;
            };
            let Some(source) =
                uuid(object, "uuid").and_then(|uuid| self.places.get(&uuid).cloned())
            else {
                continue;
            };
            let about = Tags::read(object).about();
            for (at, reference) in list(object, "ObjectReference").iter().enumerate() {
                let Some(reference) = reference.as_object() else {
                    continue;
                };
                let path = format!("Event.Object[{place}].ObjectReference[{at}]");
                self.reference(reference, &source, frame, &about, &path);
            }
        }
    }

    fn reference(
        &mut self,
        reference: &Members,
        source: &str,
        frame: &Frame,
        tags: &Tags,
        path: &str,
    ) {
        let kind = text(reference, "relationship_type").unwrap_or_else(|| "related-to".to_owned());
        let target = uuid(reference, "referenced_uuid");
        let Some(target_ref) = target
            .as_ref()
            .and_then(|uuid| self.places.get(uuid).cloned())
        else {
            return self.mapped.leave(
                path,
                format!("`{kind}`"),
                "what it refers to is not in the event",
                false,
            );
        };
        let uuid =
            uuid(reference, "uuid").unwrap_or_else(|| made_uuid(&[source, &kind, &target_ref]));
        let modified = seconds(reference, "timestamp").unwrap_or_default();
        let mut stix = self.dated("relationship", &uuid, frame, modified, tags);
        stix.insert("relationship_type".to_owned(), verb(&kind).into());
        stix.insert("source_ref".to_owned(), source.into());
        stix.insert("target_ref".to_owned(), target_ref.into());
        if let Some(comment) = text(reference, "comment") {
            stix.insert("description".to_owned(), comment.into());
        }
        Self::deleted(reference, &mut stix);
        let said = keep(
            reference,
            &[
                "relationship_type",
                "referenced_uuid",
                "comment",
                "timestamp",
                "deleted",
            ],
        );
        extension::say(&mut stix, "reference", said);
        self.part(&uuid, stix);
        self.rest(
            reference,
            path,
            &[
                "uuid",
                "relationship_type",
                "referenced_uuid",
                "comment",
                "timestamp",
                "deleted",
                "Object",
                "Attribute",
            ],
        );
    }
}

/// What of an object's attributes STIX can say.
pub(super) struct Chosen {
    pub(super) pattern: Option<String>,
    pub(super) objects: Vec<Value>,
    pub(super) vulnerability: Option<String>,
    /// Which attributes are in it.
    shown: Vec<bool>,
}

impl Chosen {
    pub(super) fn of(attributes: &[&Members]) -> Self {
        let shapes: Vec<(bool, Option<Shape>)> = attributes
            .iter()
            .map(|attribute| {
                let kind = text(attribute, "type").unwrap_or_default();
                let value = text(attribute, "value").unwrap_or_default();
                // What is deleted is looked for no more; it stays in the extension.
                let shape = kinds::shape(&kind, &value).filter(|_| is_live(attribute));
                (flag(attribute, "to_ids"), shape)
            })
            .collect();
        let terms: Vec<_> = shapes
            .iter()
            .filter(|(to_ids, _)| *to_ids)
            .filter_map(|(_, shape)| shape.as_ref())
            .flat_map(|shape| shape.terms.iter().cloned())
            .collect();
        let looked_for = !terms.is_empty();
        let pieces = shapes
            .iter()
            .filter_map(|(_, shape)| shape.as_ref())
            .flat_map(|shape| shape.pieces.iter().cloned())
            .collect();
        let vulnerability = attributes
            .iter()
            .filter(|attribute| is_live(attribute))
            .find(|attribute| text(attribute, "type").as_deref() == Some("vulnerability"))
            .and_then(|attribute| text(attribute, "value"));
        let objects = if looked_for {
            Vec::new()
        } else {
            kinds::observed(pieces)
        };
        let shown = shapes
            .iter()
            .zip(attributes)
            .map(|((to_ids, shape), attribute)| match shape {
                Some(shape) if looked_for => *to_ids && !shape.terms.is_empty(),
                Some(shape) => !shape.pieces.is_empty(),
                None => {
                    !looked_for && objects.is_empty() && text(attribute, "value") == vulnerability
                }
            })
            .collect();
        Self {
            pattern: looked_for.then(|| kinds::pattern(&terms)),
            objects,
            vulnerability,
            shown,
        }
    }
}

/// An object's attributes that have a type and a value.
fn readable(object: &Members) -> Vec<&Members> {
    list(object, "Attribute")
        .iter()
        .filter_map(Value::as_object)
        .filter(|attribute| text(attribute, "type").is_some() && text(attribute, "value").is_some())
        .collect()
}

fn is_live(attribute: &Members) -> bool {
    !flag(attribute, "deleted")
}

/// What an object says, for people: what is deleted only where nothing else is left.
pub(super) fn prose(attributes: &[&Members]) -> String {
    let all_gone = !attributes.iter().any(|attribute| is_live(attribute));
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| all_gone || is_live(attribute))
        .map(|attribute| {
            let name = text(attribute, "object_relation").or_else(|| text(attribute, "type"));
            let value = text(attribute, "value").unwrap_or_default();
            format!("{}: {value}", name.unwrap_or_default())
        })
        .collect();
    lines.join("\n")
}

fn seconds_of_attributes(object: &Members) -> i64 {
    list(object, "Attribute")
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|attribute| seconds(attribute, "timestamp"))
        .max()
        .unwrap_or_default()
}

/// A relationship's type in the letters that STIX allows.
fn verb(kind: &str) -> String {
    let verb: String = kind
        .to_ascii_lowercase()
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let verb = verb.trim_matches('-').to_owned();
    if verb.is_empty() {
        "related-to".to_owned()
    } else {
        verb
    }
}
