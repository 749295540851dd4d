//! An event that is being put together from STIX.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::agree::{attribute_agrees, object_agrees};
use super::back::SILENT;
use super::extension::said;
use super::galaxy::{add_galaxy, cluster};
use super::json::{
    Members, into_list, is_kind, is_revoked, kind_of, list, made_uuid, micros, refs, text, uuid_of,
};
use super::tags::{light_of, names, put_tags, said_light, strictest, tags_of};
use super::{Gathered, REVOKED, foreign, ties};

/// An event that is being put together.
pub(super) struct Draft<'a> {
    event: Members,
    light: Option<usize>,
    pub(super) ids: &'a BTreeMap<&'a str, &'a Members>,
    /// The event's tags, in order, and each once.
    tags: Vec<String>,
    named: BTreeSet<String>,
    /// What relationships lead to.
    tied: BTreeSet<String>,
    /// Where each UUID went.
    pub(super) places: BTreeMap<String, Place>,
    pub(super) attributes: Vec<Members>,
    pub(super) objects: Vec<Members>,
    reports: Vec<Value>,
    galaxies: Vec<Members>,
}

/// Where something with a UUID of its own stands in the event.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Attribute(usize),
    Object(usize),
    /// An attribute of an object: the object's place, and its own.
    Inside(usize, usize),
}

impl<'a> Draft<'a> {
    pub(super) fn new(binding: Option<&Members>, ids: &'a BTreeMap<&'a str, &'a Members>) -> Self {
        let empty = Members::new();
        let stix = binding.unwrap_or(&empty);
        let mut event = said(stix, "event").cloned().unwrap_or_default();
        let tags = names(&event);
        event.remove("tags");
        let joined: Vec<&str> = ids.keys().copied().collect();
        let uuid = uuid_of(stix).unwrap_or_else(|| made_uuid(&joined));
        let modified = if binding.is_some() {
            micros(stix, "modified")
        } else {
            ids.values()
                .map(|object| micros(object, "modified"))
                .max()
                .unwrap_or_default()
        };
        let created = if binding.is_some() {
            micros(stix, "created")
        } else {
            modified
        };
        event.insert("uuid".to_owned(), uuid.into());
        let info = text(stix, "name").unwrap_or_else(|| "STIX objects".to_owned());
        event.insert("info".to_owned(), info.into());
        event.insert(
            "timestamp".to_owned(),
            (modified.div_euclid(1_000_000)).to_string().into(),
        );
        event.insert("published".to_owned(), is_kind(stix, &["report"]).into());
        let default = |event: &mut Members, key: &str, value: &str| {
            event.entry(key.to_owned()).or_insert_with(|| value.into());
        };
        let day = super::json::stamp(created);
        default(&mut event, "date", day.get(..10).unwrap_or("1970-01-01"));
        default(&mut event, "threat_level_id", "4");
        default(&mut event, "analysis", "2");
        // Whose distribution is not known goes to nobody until someone says.
        default(&mut event, "distribution", "0");
        if let Some(author) = text(stix, "created_by_ref") {
            let name = ids
                .get(author.as_str())
                .and_then(|identity| text(identity, "name"));
            let uuid = author
                .split_once("--")
                .map_or("", |(_, uuid)| uuid)
                .to_owned();
            event.insert(
                "Orgc".to_owned(),
                json!({"name": name.unwrap_or_else(|| uuid.clone()), "uuid": uuid}),
            );
        }
        let light = light_of(stix);
        let tags = tags_of(stix, tags, said(stix, "event").and_then(said_light));
        Self {
            event,
            light,
            ids,
            named: tags.iter().cloned().collect(),
            tags,
            tied: BTreeSet::new(),
            places: BTreeMap::new(),
            attributes: Vec::new(),
            objects: Vec::new(),
            reports: Vec::new(),
            galaxies: Vec::new(),
        }
    }

    pub(super) fn fill(mut self, parts: &[&Members], mapped: &mut Gathered<'_>) -> Members {
        let observed: BTreeSet<&str> = parts
            .iter()
            .filter(|part| is_kind(part, &["observed-data"]))
            .flat_map(|part| refs(part, "object_refs"))
            .collect();
        self.tied = parts
            .iter()
            .filter(|part| is_kind(part, &["relationship"]) && said(part, "reference").is_none())
            .filter_map(|part| text(part, "target_ref"))
            .collect();
        let later = |part: &&&Members| {
            is_kind(part, &["relationship", "sighting", "opinion"])
                || said(part, "sighting").is_some()
        };
        for part in parts.iter().filter(|part| !later(part)) {
            let id = part.get("id").and_then(Value::as_str).unwrap_or_default();
            if !is_kind(part, &SILENT) && !observed.contains(id) {
                self.part(part, id, mapped);
            }
        }
        let ours = ties::opinions(parts);
        for part in parts.iter().filter(later) {
            let id = part.get("id").and_then(Value::as_str).unwrap_or_default();
            self.about(part, id, &ours, mapped);
        }
        self.dated(parts);
        let event = &mut self.event;
        put_tags(event, self.tags);
        event.insert("Attribute".to_owned(), into_list(self.attributes));
        event.insert("Object".to_owned(), into_list(self.objects));
        event.insert("Galaxy".to_owned(), into_list(self.galaxies));
        event.insert("EventReport".to_owned(), self.reports.into());
        self.event
    }

    /// An instance takes an edit only if the event itself is newer: it is as new as the newest part
    /// that MISP did not have as it is.
    fn dated(&mut self, parts: &[&Members]) {
        let own = text(&self.event, "timestamp").and_then(|own| own.parse::<i64>().ok());
        let changed = parts.iter().filter_map(|part| {
            let seconds = micros(part, "modified").div_euclid(1_000_000);
            let around = is_kind(part, &SILENT) || is_kind(part, &["sighting", "opinion"]);
            let known = ["attribute", "object", "report", "reference"]
                .iter()
                .find_map(|name| text(said(part, name)?, "timestamp"))
                .is_some_and(|known| known == seconds.to_string());
            let other = said(part, "cluster").or_else(|| said(part, "sighting"));
            (!around && !known && other.is_none()).then_some(seconds)
        });
        if let Some(newest) = changed
            .max()
            .filter(|newest| own.is_none_or(|own| own < *newest))
        {
            self.event
                .insert("timestamp".to_owned(), newest.to_string().into());
        }
    }

    fn part(&mut self, stix: &Members, id: &str, mapped: &mut Gathered<'_>) {
        if let Some(said) = said(stix, "attribute") {
            if attribute_agrees(stix, said) {
                let attribute = self.restored(stix, said);
                self.add_attribute(attribute);
                mapped.mapped += 1;
                return;
            }
            contradicted(mapped, id);
        } else if let Some(said) = said(stix, "object") {
            if object_agrees(stix, said) {
                let object = self.restored_object(stix, said);
                self.add_object(object);
                mapped.mapped += 1;
                return;
            }
            contradicted(mapped, id);
        } else if let Some(said) = said(stix, "report") {
            let report = self.restored(stix, said);
            self.reports.push(report.into());
            mapped.mapped += 1;
            return;
        } else if let Some(said) = said(stix, "cluster").filter(|_| !is_revoked(stix)) {
            mapped.mapped += 1;
            let tag = text(said, "tag_name").unwrap_or_default();
            // What only an attribute is tied to is the attribute's alone.
            if !self.tied.contains(id) || self.named.contains(&tag) {
                add_galaxy(&mut self.galaxies, cluster(stix));
            }
            return;
        }
        let found = foreign::read(stix, self.ids);
        if found.attributes.is_empty() && found.tags.is_empty() {
            return mapped.leave(id, kind_of(stix), "MISP has no word for it", false);
        }
        if found.attributes.is_empty() && is_revoked(stix) {
            return mapped.leave(id, kind_of(stix), REVOKED, false);
        }
        mapped.mapped += 1;
        let tags = tags_of(stix, None, self.light);
        for mut attribute in found.attributes {
            put_tags(&mut attribute, tags.clone());
            if is_revoked(stix) {
                attribute.insert("deleted".to_owned(), true.into());
            }
            self.add_attribute(attribute);
        }
        for name in found.tags {
            if self.named.insert(name.clone()) {
                self.tags.push(name);
            }
        }
    }

    fn add_attribute(&mut self, attribute: Members) {
        if let Some(uuid) = text(&attribute, "uuid") {
            self.places
                .insert(uuid, Place::Attribute(self.attributes.len()));
        }
        self.attributes.push(attribute);
    }

    fn add_object(&mut self, object: Members) {
        let place = self.objects.len();
        if let Some(uuid) = text(&object, "uuid") {
            self.places.insert(uuid, Place::Object(place));
        }
        for (inner, attribute) in list(&object, "Attribute").iter().enumerate() {
            if let Some(uuid) = attribute.get("uuid").and_then(Value::as_str) {
                self.places
                    .insert(uuid.to_owned(), Place::Inside(place, inner));
            }
        }
        self.objects.push(object);
    }

    /// An attribute, report or reference as it was; what STIX says since then
    /// counts.
    pub(super) fn restored(&self, stix: &Members, said: &Members) -> Members {
        let mut restored = said.clone();
        let tags = names(&restored);
        restored.remove("tags");
        if let Some(uuid) = uuid_of(stix) {
            restored.insert("uuid".to_owned(), uuid.into());
        }
        let seconds = micros(stix, "modified").div_euclid(1_000_000);
        restored.insert("timestamp".to_owned(), seconds.to_string().into());
        restored.remove("deleted");
        if is_revoked(stix) {
            restored.insert("deleted".to_owned(), true.into());
        }
        let otherwise = strictest(self.light, said_light(said));
        put_tags(&mut restored, tags_of(stix, tags, otherwise));
        restored
    }

    fn restored_object(&self, stix: &Members, said: &Members) -> Members {
        let mut restored = self.restored(stix, said);
        // MISP's objects have no tags: whose light no attribute explains is the attributes'.
        restored.remove("Tag");
        let attributes = list(said, "attributes").iter().filter_map(Value::as_object);
        let explained = attributes.clone().filter_map(said_light).min();
        let otherwise = strictest(strictest(self.light, said_light(said)), explained);
        let added = tags_of(stix, Some(Vec::new()), otherwise);
        let inner = attributes
            .map(|attribute| {
                let mut attribute = attribute.clone();
                let mut tags = names(&attribute).unwrap_or_default();
                tags.extend(added.iter().cloned());
                attribute.remove("tags");
                put_tags(&mut attribute, tags);
                attribute
            })
            .collect();
        restored.remove("attributes");
        restored.insert("Attribute".to_owned(), into_list(inner));
        restored
    }
}

fn contradicted(mapped: &mut Gathered<'_>, id: &str) {
    let why = "it contradicts the object: the object was taken";
    mapped.leave(id, "its extension", why, false);
}
