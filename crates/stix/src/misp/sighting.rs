//! Sightings: who saw an attribute, did not mean to, or says that its time is over.

use serde_json::json;

use super::event::Frame;
use super::extension;
use super::gather::{Builder, keep};
use super::json::{Members, list, made_uuid, object, seconds, stamp, text, uuid};
use super::tags::Tags;

/// What of a sighting is read.
const SIGHTING: [&str; 6] = [
    "uuid",
    "type",
    "date_sighting",
    "source",
    "Organisation",
    "attribute_uuid",
];

impl Builder<'_, '_> {
    /// A sighting (type 0) and a false positive (1) are sightings, the latter with a count of zero
    /// and an opinion; an expiration (2) is a note: nobody saw anything. They go as far as the
    /// attribute, whose `tags` these are.
    pub(super) fn sightings(
        &mut self,
        attribute: &Members,
        of: &str,
        frame: &Frame,
        tags: &Tags,
        path: &str,
    ) {
        let tags = tags.about();
        for (place, sighting) in list(attribute, "Sighting").iter().enumerate() {
            let Some(sighting) = sighting.as_object() else {
                continue;
            };
            let path = format!("{path}.Sighting[{place}]");
            let kind = text(sighting, "type").unwrap_or_else(|| "0".to_owned());
            let Some(at) = seconds(sighting, "date_sighting") else {
                self.mapped
                    .leave(path, "a sighting", "it has no date", false);
                continue;
            };
            if !matches!(kind.as_str(), "0" | "1" | "2") {
                let what = format!("a sighting of type `{kind}`");
                self.mapped
                    .leave(path, what, "MISP has no such type", false);
                continue;
            }
            let uuid =
                uuid(sighting, "uuid").unwrap_or_else(|| made_uuid(&[of, &kind, &at.to_string()]));
            let mut stix = if kind == "2" {
                let mut stix = self.dated("note", &uuid, frame, at, &tags);
                stix.insert("abstract".to_owned(), "expired".into());
                stix.insert(
                    "content".to_owned(),
                    format!("expired on {}", stamp(at)).into(),
                );
                stix.insert("object_refs".to_owned(), json!([of]));
                stix
            } else {
                let mut stix = self.dated("sighting", &uuid, frame, at, &tags);
                stix.insert("count".to_owned(), u8::from(kind == "0").into());
                stix.insert("sighting_of_ref".to_owned(), of.into());
                stix.insert("first_seen".to_owned(), stamp(at).into());
                stix.insert("last_seen".to_owned(), stamp(at).into());
                if let Some(source) = text(sighting, "source") {
                    stix.insert("description".to_owned(), source.into());
                }
                stix
            };
            let mut said = keep(sighting, &["type", "date_sighting", "source"]);
            if let Some(org) = object(sighting, "Organisation") {
                let name = text(org, "name").unwrap_or_else(|| "unknown".to_owned());
                let who = self.identity(&name, self::uuid(org, "uuid"));
                if kind == "2" {
                    said.insert(
                        "Organisation".to_owned(),
                        keep(org, &["name", "uuid"]).into(),
                    );
                } else {
                    stix.insert("where_sighted_refs".to_owned(), json!([who]));
                }
            }
            said.extend(
                keep(attribute, &["uuid"])
                    .into_iter()
                    .map(|(_, uuid)| ("attribute_uuid".to_owned(), uuid)),
            );
            extension::say(&mut stix, "sighting", said);
            let id = self.part(&uuid, stix);
            if kind == "1" {
                let uuid = made_uuid(&[&id, "false positive"]);
                let mut opinion = self.dated("opinion", &uuid, frame, at, &tags);
                opinion.insert("opinion".to_owned(), "disagree".into());
                opinion.insert(
                    "explanation".to_owned(),
                    "sighted as a false positive".into(),
                );
                opinion.insert("object_refs".to_owned(), json!([of]));
                self.part(&uuid, opinion);
            }
            self.rest(sighting, &path, &SIGHTING);
        }
    }
}
