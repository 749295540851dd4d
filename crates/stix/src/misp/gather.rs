//! Gathering: every object once, with what all of them have, and a list of
//! whatever was left behind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Gathered;
use super::event::Frame;
use super::json::{Members, bytes, flag, instant, is_empty, stamp};
use super::tags::{self, Tags};

/// Numbers of rows in the sender's database: they mean nothing elsewhere.
const ROWS: [&str; 17] = [
    "id",
    "org_id",
    "orgc_id",
    "event_id",
    "object_id",
    "sharing_group_id",
    "user_id",
    "galaxy_id",
    "tag_id",
    "event_tag_id",
    "referenced_id",
    "referenced_type",
    "source_uuid",
    "object_uuid",
    "attribute_count",
    "attribute_id",
    "org_uuid",
];

const NO_ROWS: &str = "numbers of rows and counts in the sender's database";

/// Gathers the objects of one document.
pub(super) struct Builder<'a, 'b> {
    pub(super) mapped: &'a mut Gathered<'b>,
    seen: BTreeSet<String>,
    /// What the event at hand binds together.
    pub(super) refs: Vec<String>,
    pub(super) bound: BTreeSet<String>,
    /// Where parts of the event went: MISP's UUID and the STIX id.
    pub(super) places: BTreeMap<String, String>,
    rows: usize,
    colours: usize,
}

impl<'a, 'b> Builder<'a, 'b> {
    pub(super) fn new(mapped: &'a mut Gathered<'b>) -> Self {
        Self {
            mapped,
            seen: BTreeSet::new(),
            refs: Vec::new(),
            bound: BTreeSet::new(),
            places: BTreeMap::new(),
            rows: 0,
            colours: 0,
        }
    }

    /// An object of STIX with what every one of the event's has: dates,
    /// author, markings, labels.
    pub(super) fn dated(
        &mut self,
        kind: &str,
        uuid: &str,
        frame: &Frame,
        modified: i64,
        tags: &Tags,
    ) -> Members {
        let mut stix = Members::new();
        stix.insert("type".to_owned(), kind.into());
        stix.insert("spec_version".to_owned(), "2.1".into());
        stix.insert("id".to_owned(), format!("{kind}--{uuid}").into());
        stix.insert("created_by_ref".to_owned(), frame.author.clone().into());
        // MISP keeps no day of making: the event's stands in, which later
        // versions will have too.
        stix.insert("created".to_owned(), stamp(frame.day.min(modified)).into());
        stix.insert("modified".to_owned(), stamp(modified).into());
        let labels = tags.labels();
        if !labels.is_empty() {
            stix.insert("labels".to_owned(), json!(labels));
        }
        self.marked(&mut stix, tags::strictest(tags.light, frame.light));
        stix
    }

    fn marked(&mut self, stix: &mut Members, light: Option<usize>) {
        let Some(light) = light else { return };
        if let (Some(id), Some(definition)) = (tags::marking(light), tags::definition(light)) {
            self.put(definition);
            stix.insert("object_marking_refs".to_owned(), json!([id]));
        }
    }

    /// Times and objects of observed data.
    pub(super) fn was_seen(
        &mut self,
        stix: &mut Members,
        objects: Vec<Value>,
        of: &Members,
        modified: i64,
        frame: &Frame,
        tags: &Tags,
    ) {
        let first = instant(of, "first_seen").unwrap_or(modified);
        let last = instant(of, "last_seen").unwrap_or(first).max(first);
        stix.insert("first_observed".to_owned(), stamp(first).into());
        stix.insert("last_observed".to_owned(), stamp(last).into());
        stix.insert("number_observed".to_owned(), 1.into());
        let mut refs: Vec<String> = Vec::new();
        for mut object in objects {
            let Some(id) = object.get("id").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if let Some(members) = object.as_object_mut() {
                self.marked(members, tags::strictest(tags.light, frame.light));
            }
            if !refs.contains(&id) {
                refs.push(id.clone());
                self.bind(id);
                self.put(object);
            }
        }
        stix.insert("object_refs".to_owned(), refs.into());
    }

    pub(super) fn deleted(of: &Members, stix: &mut Members) {
        if flag(of, "deleted") {
            stix.insert("revoked".to_owned(), true.into());
        }
    }

    /// Puts a part of the event and binds it; answers with its id.
    pub(super) fn part(&mut self, uuid: &str, stix: Members) -> String {
        let id = stix
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.places.insert(uuid.to_owned(), id.clone());
        self.bind(id.clone());
        self.put(stix.into());
        id
    }

    pub(super) fn bind(&mut self, id: String) {
        if self.bound.insert(id.clone()) {
            self.refs.push(id);
        }
    }

    /// Puts an object, once.
    pub(super) fn put(&mut self, object: Value) {
        let Value::Object(members) = object else {
            return;
        };
        let id = members
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if self.seen.insert(id.to_owned()) {
            self.mapped.objects.push(bytes(members));
        }
    }

    pub(super) fn tags(&mut self, of: &Members, path: &str) -> Tags {
        let tags = Tags::read(of);
        if let Some(odd) = &tags.odd {
            self.mapped.leave(
                format!("{path}.Tag"),
                odd.clone(),
                "a traffic light that TLP 2.0 does not have: a label",
                true,
            );
        }
        if tags.local > 0 {
            self.mapped.leave(
                format!("{path}.Tag"),
                format!("{} of them", tags.local),
                "tags that are local to the sender's instance",
                false,
            );
        }
        self.colours += tags.names.len();
        tags
    }

    /// Lists whatever stands in `of` beyond `known`.
    pub(super) fn rest(&mut self, of: &Members, path: &str, known: &[&str]) {
        for (key, value) in of {
            if known.contains(&key.as_str()) || is_empty(value) {
                continue;
            }
            if ROWS.contains(&key.as_str()) {
                self.rows += 1;
                continue;
            }
            let why = match key.as_str() {
                "event_creator_email" => "a person's address, not part of the threat",
                "ShadowAttribute" => "proposals of others are not the author's word",
                "RelatedEvent" => "what the sender's instance correlated by itself",
                "CryptographicKey" | "protected" => "signs for MISP's own transport",
                "SharingGroup" => "who may see it is decided by the cell's own groups",
                "data" => "files travel by another way",
                "locked" | "proposal_email_lock" | "validationIssue" | "warnings" | "Feed" => {
                    "a state of the sender's instance"
                }
                "GalaxyClusterRelation" | "TargetingClusterRelation" => {
                    "relations within the galaxy, not of the event"
                }
                _ => "unknown to this mapping",
            };
            let what = match value {
                Value::Array(items) => format!("`{key}`, {} of them", items.len()),
                _ => format!("`{key}`"),
            };
            self.mapped.leave(format!("{path}.{key}"), what, why, false);
        }
    }

    pub(super) fn finish(self) {
        if self.rows > 0 {
            let what = format!("{} numbers", self.rows);
            self.mapped
                .leave("Event.**.id, **_id, …", what, NO_ROWS, false);
        }
        if self.colours > 0 {
            let what = format!("colours and settings of {} tags", self.colours);
            self.mapped.leave(
                "**.Tag[*]",
                what,
                "how the sender's instance shows a tag",
                false,
            );
        }
    }
}

/// Those of `keys` that say something, as they are.
pub(super) fn keep(of: &Members, keys: &[&str]) -> Members {
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), of.get(*key)?.clone())))
        .filter(|(key, value)| !is_empty(value) || key == "to_ids" || key == "published")
        .collect()
}

pub(super) fn say_tags(said: &mut Members, tags: &Tags) {
    if !tags.names.is_empty() {
        said.insert("tags".to_owned(), json!(tags.names));
    }
}
