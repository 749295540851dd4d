//! From an event to STIX.

use serde_json::{Value, json};

use super::extension::{self, FIRST};
use super::gather::{Builder, keep, say_tags};
use super::json::{Members, day, flag, list, made_uuid, object, seconds, stamp, text, uuid};
use super::tags::Tags;
use super::{EVENT_BYTES_MAX, Gathered, MispFlaw, PARTS_MAX};

pub(super) fn map(json: &[u8], mapped: &mut Gathered<'_>) -> Result<(), MispFlaw> {
    if json.len() > EVENT_BYTES_MAX {
        return Err(MispFlaw::TooLarge);
    }
    let document: Value = serde_json::from_slice(json)?;
    let events = events(&document);
    if events.is_empty() {
        return Err(MispFlaw::NoEvent);
    }
    let mut all = Builder::new(mapped);
    for event in events {
        all.event(event)?;
    }
    all.finish();
    Ok(())
}

/// The events of either wrapper, or the one that stands bare.
fn events(document: &Value) -> Vec<&Members> {
    let Some(members) = document.as_object() else {
        return document
            .as_array()
            .map(|items| items.iter().flat_map(events).collect())
            .unwrap_or_default();
    };
    if let Some(event) = object(members, "Event") {
        return vec![event];
    }
    if members.contains_key("response") {
        return list(members, "response").iter().flat_map(events).collect();
    }
    if members.contains_key("uuid") && members.contains_key("info") {
        return vec![members];
    }
    Vec::new()
}

/// When an event was last changed. Clients leave that to the instance: then it is as new as its
/// publishing and its newest part, or as its day.
fn changed(event: &Members) -> Option<i64> {
    let parts = ["Attribute", "Object", "EventReport"].into_iter();
    let newest = parts
        .flat_map(|key| list(event, key))
        .filter_map(|part| seconds(part.as_object()?, "timestamp"))
        .chain(seconds(event, "publish_timestamp"))
        .max();
    seconds(event, "timestamp")
        .or(newest)
        .or_else(|| day(event, "date"))
}

/// What every part of an event needs to know of it.
pub(super) struct Frame {
    pub(super) id: String,
    pub(super) uuid: String,
    pub(super) author: String,
    /// Midnight of the event's day, in microseconds.
    pub(super) day: i64,
    pub(super) light: Option<usize>,
}

impl Builder<'_, '_> {
    fn event(&mut self, event: &Members) -> Result<(), MispFlaw> {
        let parts = list(event, "Attribute").len()
            + list(event, "Object").len()
            + list(event, "EventReport").len();
        if parts > PARTS_MAX {
            return Err(MispFlaw::TooMany);
        }
        let uuid = uuid(event, "uuid").ok_or(MispFlaw::Missing("uuid"))?;
        let modified = changed(event).ok_or(MispFlaw::Missing("timestamp"))?;
        let published = flag(event, "published");
        let kind = if published { "report" } else { "grouping" };
        self.refs.clear();
        self.bound.clear();
        self.places.clear();
        for value in extension::definition() {
            self.put(value);
        }
        let author = self.organisation(event);
        let tags = self.tags(event, "Event");
        let day = day(event, "date").unwrap_or(modified);
        let light = tags.light;
        let id = format!("{kind}--{uuid}");
        let frame = Frame {
            id,
            uuid,
            author,
            day,
            light,
        };
        self.places.insert(frame.uuid.clone(), frame.id.clone());

        self.galaxies(event, "Event");
        for (place, attribute) in list(event, "Attribute").iter().enumerate() {
            self.attribute(attribute, &frame, &format!("Event.Attribute[{place}]"));
        }
        for (place, object) in list(event, "Object").iter().enumerate() {
            self.object(object, &frame, &format!("Event.Object[{place}]"));
        }
        self.references(event, &frame);
        for (place, report) in list(event, "EventReport").iter().enumerate() {
            self.report(report, &frame, &format!("Event.EventReport[{place}]"));
        }
        let stix = self.bound(event, kind, &frame, &tags, modified);
        self.put(stix.into());
        self.rest(event, "Event", &EVENT);
        Ok(())
    }

    /// The report or grouping itself.
    fn bound(
        &mut self,
        event: &Members,
        kind: &str,
        frame: &Frame,
        tags: &Tags,
        modified: i64,
    ) -> Members {
        let mut stix = self.dated(kind, &frame.uuid, frame, modified, tags);
        let name = text(event, "info").unwrap_or_else(|| frame.uuid.clone());
        stix.insert("name".to_owned(), name.into());
        if kind == "report" {
            let at = seconds(event, "publish_timestamp").unwrap_or(modified);
            stix.insert("published".to_owned(), stamp(at).into());
        } else {
            stix.insert("context".to_owned(), "unspecified".into());
        }
        let mut refs = std::mem::take(&mut self.refs);
        if refs.is_empty() {
            refs.push(frame.author.clone());
        }
        stix.insert("object_refs".to_owned(), refs.into());
        let mut said = keep(event, &EVENT_SAID);
        say_tags(&mut said, tags);
        extension::say(&mut stix, "event", said);
        stix
    }

    /// The organisation that made the event, as an identity that never
    /// changes.
    fn organisation(&mut self, event: &Members) -> String {
        let (org, kept) = match (object(event, "Orgc"), object(event, "Org")) {
            (Some(org), other) => (Some(org), other),
            (None, org) => (org, None),
        };
        if kept.is_some_and(|other| uuid(other, "uuid") != org.and_then(|org| uuid(org, "uuid"))) {
            self.mapped.leave(
                "Event.Org",
                "the organisation at the sender's instance",
                "who holds a copy is not part of the event",
                false,
            );
        }
        let name = org.and_then(|org| text(org, "name"));
        let uuid = org.and_then(|org| uuid(org, "uuid"));
        self.identity(name.as_deref().unwrap_or("unknown"), uuid)
    }

    pub(super) fn identity(&mut self, name: &str, uuid: Option<String>) -> String {
        let uuid = uuid.unwrap_or_else(|| made_uuid(&["organisation", name]));
        let id = format!("identity--{uuid}");
        self.put(json!({
            "type": "identity", "spec_version": "2.1", "id": id, "created": FIRST, "modified": FIRST,
            "name": name, "identity_class": "organization"
        }));
        id
    }
}

/// What of an event travels in the extension.
const EVENT_SAID: [&str; 12] = [
    "uuid",
    "info",
    "date",
    "timestamp",
    "publish_timestamp",
    "published",
    "analysis",
    "threat_level_id",
    "distribution",
    "extends_uuid",
    "disable_correlation",
    "extended",
];

/// What of an event is read.
const EVENT: [&str; 20] = [
    "uuid",
    "info",
    "date",
    "timestamp",
    "publish_timestamp",
    "published",
    "analysis",
    "threat_level_id",
    "distribution",
    "extends_uuid",
    "disable_correlation",
    "extended",
    "Org",
    "Orgc",
    "Attribute",
    "Object",
    "Tag",
    "Galaxy",
    "EventReport",
    "orgc_uuid",
];
