//! From STIX to events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::agree::{attribute_agrees, object_agrees};
use super::extension::said;
use super::foreign;
use super::json::{Members, bytes, list, made_uuid, text};
use super::tags::{LIGHTS, tag_of};
use super::ties;
use super::{Mapped, MispFlaw, PARTS_MAX};
use crate::time::StixTime;

/// What says something about other objects and needs no place of its own.
const SILENT: [&str; 4] = [
    "identity",
    "marking-definition",
    "extension-definition",
    "language-content",
];

pub(super) fn map(objects: &[&[u8]]) -> Result<Mapped, MispFlaw> {
    if objects.len() > PARTS_MAX {
        return Err(MispFlaw::TooMany);
    }
    let mut all = Vec::with_capacity(objects.len());
    for object in objects {
        if let Value::Object(members) = serde_json::from_slice(object)? {
            all.push(members);
        }
    }
    let ids: BTreeMap<&str, &Members> = all
        .iter()
        .filter_map(|object| Some((object.get("id")?.as_str()?, object)))
        .collect();
    let mut mapped = Mapped::default();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let bindings: Vec<&Members> = all
        .iter()
        .filter(|object| is_kind(object, &["report", "grouping"]))
        .collect();
    for binding in &bindings {
        let mut parts: Vec<&Members> = Vec::new();
        for id in refs(binding, "object_refs") {
            match ids.get(id) {
                Some(object) => parts.push(object),
                None => mapped.leave(id, "a reference", "the object is not here", false),
            }
        }
        parts.extend(about(&all, &parts));
        placed.extend(
            parts
                .iter()
                .chain([binding])
                .filter_map(|object| object.get("id")?.as_str()),
        );
        let event = Draft::new(Some(binding), &ids).fill(&parts, &mut mapped);
        mapped.objects.push(document(event));
    }
    let silent = |object: &Members| is_kind(object, &SILENT);
    let loose: Vec<&Members> = all
        .iter()
        .filter(|object| {
            !silent(object)
                && !object
                    .get("id")
                    .and_then(Value::as_str)
                    .is_some_and(|id| placed.contains(id))
        })
        .collect();
    if bindings.is_empty() {
        if loose.is_empty() {
            return Err(MispFlaw::Nothing);
        }
        let event = Draft::new(None, &ids).fill(&loose, &mut mapped);
        mapped.objects.push(document(event));
    } else {
        for object in loose {
            let id = object
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or("an object");
            mapped.leave(id, kind_of(object), "in no report or grouping", false);
        }
    }
    Ok(mapped)
}

/// Relationships, sightings and opinions about parts, which nothing binds.
fn about<'a>(all: &'a [Members], parts: &[&Members]) -> Vec<&'a Members> {
    let inside: BTreeSet<&str> = parts
        .iter()
        .filter_map(|part| part.get("id")?.as_str())
        .collect();
    let is_inside = |object: &Members, key: &str| {
        object
            .get(key)
            .and_then(Value::as_str)
            .is_some_and(|id| inside.contains(id))
    };
    all.iter()
        .filter(|object| !is_inside(object, "id"))
        .filter(|object| match kind_of(object) {
            "relationship" => is_inside(object, "source_ref") && is_inside(object, "target_ref"),
            "sighting" => is_inside(object, "sighting_of_ref"),
            _ => false,
        })
        .collect()
}

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
    fn new(binding: Option<&Members>, ids: &'a BTreeMap<&'a str, &'a Members>) -> Self {
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
        let tags = tags_of(stix, tags, None);
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

    fn fill(mut self, parts: &[&Members], mapped: &mut Mapped) -> Members {
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
        let later = |part: &&&Members| is_kind(part, &["relationship", "sighting", "opinion"]);
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
        let event = &mut self.event;
        put_tags(event, self.tags);
        event.insert("Attribute".to_owned(), into_list(self.attributes));
        event.insert("Object".to_owned(), into_list(self.objects));
        event.insert("Galaxy".to_owned(), into_list(self.galaxies));
        event.insert("EventReport".to_owned(), self.reports.into());
        self.event
    }

    fn part(&mut self, stix: &Members, id: &str, mapped: &mut Mapped) {
        if let Some(said) = said(stix, "attribute") {
            if attribute_agrees(stix, said) {
                let attribute = self.restored(stix, said);
                self.add_attribute(attribute);
                mapped.mapped += 1;
                return;
            }
            mapped.leave(
                id,
                "its extension",
                "it contradicts the object: the object was taken",
                false,
            );
        } else if let Some(said) = said(stix, "object") {
            if object_agrees(stix, said) {
                let object = self.restored_object(stix, said);
                self.add_object(object);
                mapped.mapped += 1;
                return;
            }
            mapped.leave(
                id,
                "its extension",
                "it contradicts the object: the object was taken",
                false,
            );
        } else if let Some(said) = said(stix, "report") {
            let report = self.restored(stix, said);
            self.reports.push(report.into());
            mapped.mapped += 1;
            return;
        } else if let Some(said) = said(stix, "cluster") {
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
        mapped.mapped += 1;
        let tags = tags_of(stix, None, self.light);
        for mut attribute in found.attributes {
            put_tags(&mut attribute, tags.clone());
            if stix.get("revoked") == Some(&true.into()) {
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
        if stix.get("revoked") == Some(&true.into()) {
            restored.insert("deleted".to_owned(), true.into());
        }
        put_tags(&mut restored, tags_of(stix, tags, self.light));
        restored
    }

    fn restored_object(&self, stix: &Members, said: &Members) -> Members {
        let mut restored = self.restored(stix, said);
        let inner = list(said, "attributes")
            .iter()
            .filter_map(Value::as_object)
            .map(|attribute| {
                let mut attribute = attribute.clone();
                let tags = names(&attribute).unwrap_or_default();
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

/// The tags of a thing: those it had, and the light of its marking where that
/// is stricter than they and the whole say.
fn tags_of(stix: &Members, had: Option<Vec<String>>, whole: Option<usize>) -> Vec<String> {
    let mut names = had.unwrap_or_else(|| {
        list(stix, "labels")
            .iter()
            .filter_map(Value::as_str)
            .filter(|label| !label.starts_with("misp:"))
            .map(str::to_owned)
            .collect()
    });
    let by_tags = names
        .iter()
        .filter_map(|name| {
            LIGHTS
                .iter()
                .position(|(lights, ..)| lights.contains(&name.to_ascii_lowercase().as_str()))
        })
        .min();
    let known = super::tags::strictest(by_tags, whole);
    if let Some(light) = light_of(stix)
        && known.is_none_or(|known| light < known)
    {
        let strictest = refs(stix, "object_marking_refs")
            .into_iter()
            .filter_map(tag_of)
            .min_by_key(|name| place(name));
        names.extend(strictest);
    }
    names
}

fn light_of(stix: &Members) -> Option<usize> {
    refs(stix, "object_marking_refs")
        .into_iter()
        .filter_map(tag_of)
        .map(|name| place(&name))
        .min()
}

fn place(tag: &str) -> usize {
    LIGHTS
        .iter()
        .position(|(names, ..)| names.contains(&tag))
        .unwrap_or(LIGHTS.len())
}

/// A galaxy with the one cluster that an object stands in for.
pub(super) fn cluster(stix: &Members) -> Members {
    let mut inner = said(stix, "cluster").cloned().unwrap_or_default();
    let mut galaxy = inner
        .remove("galaxy")
        .and_then(|galaxy| galaxy.as_object().cloned())
        .unwrap_or_default();
    inner.insert("uuid".to_owned(), uuid_of(stix).into());
    if let Some(description) = text(stix, "description") {
        inner.insert("description".to_owned(), description.into());
    }
    galaxy.insert("GalaxyCluster".to_owned(), json!([inner]));
    galaxy
}

pub(super) fn add_galaxy(galaxies: &mut Vec<Members>, mut galaxy: Members) {
    let same = galaxies
        .iter_mut()
        .find(|known| known.get("type") == galaxy.get("type"));
    match same {
        Some(known) => {
            for one in list(&galaxy, "GalaxyCluster") {
                push(known, "GalaxyCluster", one.clone());
            }
        }
        None => galaxies.push(std::mem::take(&mut galaxy)),
    }
}

fn document(event: Members) -> Vec<u8> {
    let mut document = Members::new();
    document.insert("Event".to_owned(), event.into());
    bytes(document)
}

fn names(said: &Members) -> Option<Vec<String>> {
    let tags = said.get("tags")?.as_array()?;
    Some(
        tags.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

fn put_tags(into: &mut Members, names: Vec<String>) {
    if !names.is_empty() {
        let tags: Vec<Value> = names
            .into_iter()
            .map(|name| json!({"name": name}))
            .collect();
        into.insert("Tag".to_owned(), tags.into());
    }
}

pub(super) fn push(into: &mut Members, key: &str, value: Value) {
    match into.get_mut(key) {
        Some(Value::Array(items)) => items.push(value),
        _ => {
            into.insert(key.to_owned(), json!([value]));
        }
    }
}

pub(super) fn into_list(items: Vec<Members>) -> Value {
    items
        .into_iter()
        .map(Value::Object)
        .collect::<Vec<_>>()
        .into()
}

pub(super) fn refs<'a>(stix: &'a Members, key: &str) -> Vec<&'a str> {
    list(stix, key).iter().filter_map(Value::as_str).collect()
}

pub(super) fn kind_of(stix: &Members) -> &str {
    stix.get("type").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn is_kind(stix: &Members, kinds: &[&str]) -> bool {
    kinds.contains(&kind_of(stix))
}

pub(super) fn uuid_of(stix: &Members) -> Option<String> {
    let (_, uuid) = stix.get("id")?.as_str()?.split_once("--")?;
    super::json::is_uuid(uuid).then(|| uuid.to_owned())
}

pub(super) fn micros(stix: &Members, key: &str) -> i64 {
    text(stix, key)
        .and_then(|text| text.parse::<StixTime>().ok())
        .map_or(0, |time| time.micros())
}
