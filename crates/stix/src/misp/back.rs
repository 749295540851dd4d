//! From STIX to events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::extension::said;
use super::foreign;
use super::json::{Members, bytes, list, made_uuid, text};
use super::kinds::{self, LANGUAGES};
use super::object::{Chosen, prose};
use super::tags::{LIGHTS, tag_of};
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
struct Draft<'a> {
    event: Members,
    light: Option<usize>,
    ids: &'a BTreeMap<&'a str, &'a Members>,
    attributes: Vec<Members>,
    objects: Vec<Members>,
    reports: Vec<Value>,
    galaxies: Vec<Members>,
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
        put_tags(&mut event, tags_of(stix, tags, None));
        Self {
            event,
            light,
            ids,
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
        let later = |part: &&&Members| is_kind(part, &["relationship", "sighting", "opinion"]);
        for part in parts.iter().filter(|part| !later(part)) {
            let id = part.get("id").and_then(Value::as_str).unwrap_or_default();
            if !is_kind(part, &SILENT) && !observed.contains(id) {
                self.part(part, id, mapped);
            }
        }
        for part in parts.iter().filter(later) {
            let id = part.get("id").and_then(Value::as_str).unwrap_or_default();
            self.about(part, id, parts, mapped);
        }
        let event = &mut self.event;
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
                self.attributes.push(attribute);
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
                self.objects.push(object);
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
        } else if said(stix, "cluster").is_some() {
            mapped.mapped += 1;
            let galaxy = cluster(stix);
            add_galaxy(&mut self.galaxies, galaxy);
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
            self.attributes.push(attribute);
        }
        let known = self
            .event
            .get("Tag")
            .map(|_| list(&self.event, "Tag").to_vec())
            .unwrap_or_default();
        let mut names: Vec<String> = known
            .iter()
            .filter_map(|tag| Some(tag.get("name")?.as_str()?.to_owned()))
            .collect();
        for name in found.tags {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        put_tags(&mut self.event, names);
    }

    /// Relationships, sightings and opinions.
    fn about(&mut self, stix: &Members, id: &str, parts: &[&Members], mapped: &mut Mapped) {
        if let Some(reference) = said(stix, "reference") {
            let source = text(stix, "source_ref").unwrap_or_default();
            let source = source.split_once("--").map_or("", |(_, uuid)| uuid);
            let restored = self.restored(stix, reference);
            if let Some(object) = self
                .objects
                .iter_mut()
                .find(|object| has_uuid(object, source))
            {
                push(object, "ObjectReference", restored.into());
                mapped.mapped += 1;
                return;
            }
        } else if is_kind(stix, &["sighting"]) && self.sighting(stix) {
            mapped.mapped += 1;
            return;
        } else if is_kind(stix, &["opinion"]) && Self::is_our_opinion(id, parts) {
            return;
        } else if is_kind(stix, &["relationship"]) && self.tie(stix, parts) {
            mapped.mapped += 1;
            return;
        }
        mapped.leave(id, kind_of(stix), "MISP has no word for it", false);
    }

    fn sighting(&mut self, stix: &Members) -> bool {
        let said = said(stix, "sighting");
        let of = text(stix, "sighting_of_ref").unwrap_or_default();
        let of = said
            .and_then(|said| text(said, "attribute_uuid"))
            .unwrap_or_else(|| of.split_once("--").map_or("", |(_, uuid)| uuid).to_owned());
        let count = stix.get("count").and_then(Value::as_i64);
        let mut sighting = said.cloned().unwrap_or_default();
        sighting.remove("attribute_uuid");
        let seen = if stix.contains_key("last_seen") {
            "last_seen"
        } else {
            "modified"
        };
        let seconds = micros(stix, seen).div_euclid(1_000_000).to_string();
        let default = if count == Some(0) { "1" } else { "0" };
        sighting
            .entry("type".to_owned())
            .or_insert_with(|| default.into());
        sighting
            .entry("date_sighting".to_owned())
            .or_insert_with(|| seconds.into());
        if let Some(uuid) = uuid_of(stix) {
            sighting.insert("uuid".to_owned(), uuid.into());
        }
        if let Some(who) = refs(stix, "where_sighted_refs")
            .first()
            .and_then(|id| self.ids.get(id))
        {
            let org = json!({"name": text(who, "name"), "uuid": uuid_of(who)});
            sighting.insert("Organisation".to_owned(), org);
        }
        let attribute = self
            .attributes
            .iter_mut()
            .find(|attribute| has_uuid(attribute, &of));
        if let Some(attribute) = attribute {
            push(attribute, "Sighting", sighting.into());
            return true;
        }
        for object in &mut self.objects {
            let inner = object.get_mut("Attribute").and_then(Value::as_array_mut);
            let attribute = inner
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
                .find(|attribute| has_uuid(attribute, &of));
            if let Some(attribute) = attribute {
                push(attribute, "Sighting", sighting.into());
                return true;
            }
        }
        false
    }

    /// Whether an opinion is the one that a false positive was mapped to.
    fn is_our_opinion(id: &str, parts: &[&Members]) -> bool {
        parts
            .iter()
            .filter(|part| said(part, "sighting").is_some())
            .filter_map(|part| part.get("id")?.as_str())
            .any(|sighting| id == format!("opinion--{}", made_uuid(&[sighting, "false positive"])))
    }

    /// Ties an attribute to the galaxy cluster it indicates.
    fn tie(&mut self, stix: &Members, parts: &[&Members]) -> bool {
        let target = text(stix, "target_ref").unwrap_or_default();
        let source = text(stix, "source_ref").unwrap_or_default();
        let source = source.split_once("--").map_or("", |(_, uuid)| uuid);
        let target = parts.iter().find(|part| {
            part.get("id").and_then(Value::as_str) == Some(&target)
                && said(part, "cluster").is_some()
        });
        let attribute = self
            .attributes
            .iter_mut()
            .find(|attribute| has_uuid(attribute, source));
        let (Some(target), Some(attribute)) = (target, attribute) else {
            return false;
        };
        let mut galaxies: Vec<Members> = list(attribute, "Galaxy")
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .collect();
        add_galaxy(&mut galaxies, cluster(target));
        attribute.insert("Galaxy".to_owned(), into_list(galaxies));
        true
    }

    /// An attribute, report or reference as it was; what STIX says since then
    /// counts.
    fn restored(&self, stix: &Members, said: &Members) -> Members {
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

/// Whether what the extension says is what the object says: whoever reads one
/// must not be told something else than who reads the other.
fn attribute_agrees(stix: &Members, said: &Members) -> bool {
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

fn object_agrees(stix: &Members, said: &Members) -> bool {
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

/// The tags of a thing: those it had, and the light of its marking where that
/// is stricter than they and the whole say.
fn tags_of(stix: &Members, had: Option<Vec<String>>, whole: Option<usize>) -> Vec<String> {
    let mut names = had.unwrap_or_else(|| {
        list(stix, "labels")
            .iter()
            .filter_map(Value::as_str)
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
fn cluster(stix: &Members) -> Members {
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

fn add_galaxy(galaxies: &mut Vec<Members>, mut galaxy: Members) {
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

fn push(into: &mut Members, key: &str, value: Value) {
    match into.get_mut(key) {
        Some(Value::Array(items)) => items.push(value),
        _ => {
            into.insert(key.to_owned(), json!([value]));
        }
    }
}

fn into_list(items: Vec<Members>) -> Value {
    items
        .into_iter()
        .map(Value::Object)
        .collect::<Vec<_>>()
        .into()
}

fn has_uuid(members: &Members, uuid: &str) -> bool {
    members.get("uuid").and_then(Value::as_str) == Some(uuid)
}

pub(super) fn refs<'a>(stix: &'a Members, key: &str) -> Vec<&'a str> {
    list(stix, key).iter().filter_map(Value::as_str).collect()
}

pub(super) fn kind_of(stix: &Members) -> &str {
    stix.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn is_kind(stix: &Members, kinds: &[&str]) -> bool {
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
