//! Parts of an event: attributes, reports and sightings.

use serde_json::{Value, json};

use super::event::Frame;
use super::extension;
use super::gather::{Builder, keep, say_tags};
use super::json::{Members, flag, instant, made_uuid, seconds, stamp, text, uuid};
use super::kinds::{self, LANGUAGES};
use super::tags::Tags;

/// What of an attribute travels in the extension.
const ATTRIBUTE_SAID: [&str; 12] = [
    "uuid",
    "type",
    "category",
    "value",
    "to_ids",
    "comment",
    "timestamp",
    "distribution",
    "deleted",
    "disable_correlation",
    "object_relation",
    "first_seen",
];

/// What of an attribute is read.
pub(super) const ATTRIBUTE: [&str; 18] = [
    "uuid",
    "type",
    "category",
    "value",
    "value1",
    "value2",
    "to_ids",
    "comment",
    "timestamp",
    "distribution",
    "deleted",
    "disable_correlation",
    "object_relation",
    "first_seen",
    "last_seen",
    "Tag",
    "Galaxy",
    "Sighting",
];

impl Builder<'_, '_> {
    pub(super) fn attribute(&mut self, attribute: &Value, frame: &Frame, path: &str) {
        let Some(attribute) = attribute.as_object() else {
            return self
                .mapped
                .leave(path, "an attribute", "no JSON object", false);
        };
        let (Some(kind), Some(value)) = (text(attribute, "type"), text(attribute, "value")) else {
            return self
                .mapped
                .leave(path, "an attribute", "it has no type or no value", false);
        };
        let uuid =
            uuid(attribute, "uuid").unwrap_or_else(|| made_uuid(&[&frame.uuid, &kind, &value]));
        let tags = self.tags(attribute, path);
        let modified = seconds(attribute, "timestamp").unwrap_or(frame.day);
        let to_ids = flag(attribute, "to_ids");
        let shape = kinds::shape(&kind, &value);
        let language = LANGUAGES.contains(&kind.as_str()) || kind == "stix2-pattern";
        let pattern = shape.as_ref().map(|shape| kinds::pattern(&shape.terms));
        let objects = shape
            .map(|shape| kinds::observed(shape.pieces))
            .unwrap_or_default();

        let mut stix = if language {
            let mut stix = self.dated("indicator", &uuid, frame, modified, &tags);
            let language = if kind == "stix2-pattern" {
                "stix"
            } else {
                &kind
            };
            looks_for(&mut stix, language, &value, attribute, modified);
            stix
        } else if let Some(pattern) = pattern.filter(|_| to_ids) {
            let mut stix = self.dated("indicator", &uuid, frame, modified, &tags);
            looks_for(&mut stix, "stix", &pattern, attribute, modified);
            // An address of e-mail is named where it is looked for, nowhere else:
            // reviews leave patterns alone.
            let name = if value.contains('@') { &kind } else { &value };
            stix.insert("name".to_owned(), name.as_str().into());
            stix
        } else if !to_ids && !objects.is_empty() {
            let mut stix = self.dated("observed-data", &uuid, frame, modified, &tags);
            self.was_seen(&mut stix, objects, attribute, modified, frame, &tags);
            stix
        } else if kind == "vulnerability" {
            let mut stix = self.dated("vulnerability", &uuid, frame, modified, &tags);
            vulnerable(&mut stix, &value);
            stix
        } else {
            if to_ids || !is_prose(&kind) {
                self.mapped.leave(
                    path,
                    format!("`{kind}`"),
                    "STIX has no word for it: its value is a note's text",
                    true,
                );
            }
            let mut stix = self.dated("note", &uuid, frame, modified, &tags);
            stix.insert("content".to_owned(), value.clone().into());
            stix.insert("object_refs".to_owned(), json!([frame.id]));
            let is_link = matches!(kind.as_str(), "link" | "url" | "uri");
            if is_link && kinds::is_uri(&value) {
                stix.insert(
                    "external_references".to_owned(),
                    json!([{"source_name": "link", "url": value}]),
                );
            }
            stix
        };
        if let Some(comment) =
            text(attribute, "comment").filter(|_| stix.get("type") == Some(&"indicator".into()))
        {
            stix.insert("description".to_owned(), comment.into());
        }
        Self::deleted(attribute, &mut stix);
        extension::say(&mut stix, "attribute", attribute_said(attribute, &tags));
        let id = self.part(&uuid, stix);
        self.mapped.mapped += 1;
        self.sightings(attribute, &id, frame, &tags, path);
        self.clusters_of(attribute, &id, frame, &tags, path);
        self.rest(attribute, path, &ATTRIBUTE);
    }

    /// A note of an event, with its title.
    pub(super) fn report(&mut self, report: &Value, frame: &Frame, path: &str) {
        let Some(report) = report.as_object() else {
            return;
        };
        let name = text(report, "name").unwrap_or_default();
        let content = text(report, "content").unwrap_or_else(|| name.clone());
        if content.is_empty() {
            return self
                .mapped
                .leave(path, "an event report", "it says nothing", false);
        }
        let uuid = uuid(report, "uuid")
            .unwrap_or_else(|| made_uuid(&[&frame.uuid, "report", &name, &content]));
        let modified = seconds(report, "timestamp").unwrap_or(frame.day);
        let tags = self.tags(report, path);
        let mut stix = self.dated("note", &uuid, frame, modified, &tags);
        if !name.is_empty() {
            stix.insert("abstract".to_owned(), name.into());
        }
        stix.insert("content".to_owned(), content.into());
        stix.insert("object_refs".to_owned(), json!([frame.id]));
        Self::deleted(report, &mut stix);
        let mut said = keep(
            report,
            &["timestamp", "distribution", "name", "content", "deleted"],
        );
        say_tags(&mut said, &tags);
        extension::say(&mut stix, "report", said);
        self.part(&uuid, stix);
        self.rest(
            report,
            path,
            &[
                "uuid",
                "name",
                "content",
                "timestamp",
                "distribution",
                "deleted",
                "Tag",
            ],
        );
    }
}

/// What of an attribute travels in the extension.
pub(super) fn attribute_said(attribute: &Members, tags: &Tags) -> Members {
    let mut said = keep(attribute, &ATTRIBUTE_SAID);
    said.extend(keep(attribute, &["last_seen"]));
    say_tags(&mut said, tags);
    said
}

/// Attributes that are text for people and lose nothing as a note.
fn is_prose(kind: &str) -> bool {
    matches!(kind, "text" | "comment" | "other" | "link" | "url" | "uri")
}

/// What makes an indicator one.
pub(super) fn looks_for(
    stix: &mut Members,
    language: &str,
    pattern: &str,
    of: &Members,
    modified: i64,
) {
    let from = instant(of, "first_seen").unwrap_or(modified);
    stix.insert("pattern".to_owned(), pattern.into());
    stix.insert("pattern_type".to_owned(), language.into());
    if language == "stix" {
        stix.insert("pattern_version".to_owned(), "2.1".into());
    }
    stix.insert("valid_from".to_owned(), stamp(from).into());
}

pub(super) fn vulnerable(stix: &mut Members, name: &str) {
    stix.insert("name".to_owned(), name.into());
    if name.to_ascii_uppercase().starts_with("CVE-") {
        stix.insert(
            "external_references".to_owned(),
            json!([{"source_name": "cve", "external_id": name}]),
        );
    }
}
