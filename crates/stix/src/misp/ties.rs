//! Ties: what says something about other objects of an event.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::draft::{Draft, Place};
use super::extension::said;
use super::galaxy::{add_galaxy, cluster};
use super::json::{
    Members, into_list, is_revoked, kind_of, list, made_uuid, micros, push, refs, text, uuid_of,
};
use super::{Gathered, REVOKED};

/// The ids of the opinions that false positives were mapped to.
pub(super) fn opinions(parts: &[&Members]) -> BTreeSet<String> {
    parts
        .iter()
        .filter(|part| said(part, "sighting").is_some())
        .filter_map(|part| part.get("id")?.as_str())
        .map(|sighting| format!("opinion--{}", made_uuid(&[sighting, "false positive"])))
        .collect()
}

impl Draft<'_> {
    /// Relationships, sightings and opinions.
    pub(super) fn about(
        &mut self,
        stix: &Members,
        id: &str,
        ours: &BTreeSet<String>,
        mapped: &mut Gathered<'_>,
    ) {
        if is_revoked(stix) && said(stix, "reference").is_none() {
            return mapped.leave(id, kind_of(stix), REVOKED, false);
        }
        let done = match kind_of(stix) {
            "sighting" | "note" => self.sighting(stix),
            "relationship" => self.reference(stix) || self.tie(stix),
            "opinion" if ours.contains(id) => return,
            _ => false,
        };
        if done {
            mapped.mapped += 1;
        } else {
            mapped.leave(id, kind_of(stix), "MISP has no word for it", false);
        }
    }

    /// A reference of one of MISP's objects.
    fn reference(&mut self, stix: &Members) -> bool {
        let Some(said) = said(stix, "reference") else {
            return false;
        };
        let restored = self.restored(stix, said);
        let source = uuid_in(stix, "source_ref");
        let Some(Place::Object(place)) = self.places.get(&source).copied() else {
            return false;
        };
        let Some(object) = self.objects.get_mut(place) else {
            return false;
        };
        push(object, "ObjectReference", restored.into());
        true
    }

    fn sighting(&mut self, stix: &Members) -> bool {
        let said = said(stix, "sighting");
        let of = match kind_of(stix) {
            // An expiration, which is of one object.
            "note" => refs(stix, "object_refs").first().copied().map(uuid_part),
            _ => stix
                .get("sighting_of_ref")
                .and_then(Value::as_str)
                .map(uuid_part),
        };
        let of = of.unwrap_or_default().to_owned();
        let named = said.and_then(|said| text(said, "attribute_uuid"));
        let place = self.places.get(&of).copied();
        // The extension may say which attribute of the object was seen, and
        // no other.
        let inner = named.and_then(|uuid| self.places.get(&uuid).copied());
        let place = match (place, inner) {
            (Some(Place::Object(object)), Some(inside @ Place::Inside(of, _))) if of == object => {
                inside
            }
            (Some(place @ Place::Attribute(_)), _) => place,
            _ => return false,
        };
        let sighting = self.sighted(stix);
        let attribute = match place {
            Place::Attribute(place) => self.attributes.get_mut(place),
            Place::Inside(object, inner) => self
                .objects
                .get_mut(object)
                .and_then(|object| object.get_mut("Attribute")?.get_mut(inner)?.as_object_mut()),
            Place::Object(_) => None,
        };
        let Some(attribute) = attribute else {
            return false;
        };
        push(attribute, "Sighting", sighting.into());
        true
    }

    /// A sighting in MISP's words.
    fn sighted(&self, stix: &Members) -> Members {
        let mut sighting = said(stix, "sighting").cloned().unwrap_or_default();
        sighting.remove("attribute_uuid");
        let seen = if stix.contains_key("last_seen") {
            "last_seen"
        } else {
            "modified"
        };
        let seconds = micros(stix, seen).div_euclid(1_000_000).to_string();
        let none = stix.get("count").and_then(Value::as_i64) == Some(0);
        let kind = if none { "1" } else { "0" };
        sighting
            .entry("type".to_owned())
            .or_insert_with(|| kind.into());
        sighting
            .entry("date_sighting".to_owned())
            .or_insert_with(|| seconds.into());
        if let Some(uuid) = uuid_of(stix) {
            sighting.insert("uuid".to_owned(), uuid.into());
        }
        let who = refs(stix, "where_sighted_refs")
            .first()
            .and_then(|id| self.ids.get(id));
        if let Some(who) = who {
            let org = json!({"name": text(who, "name"), "uuid": uuid_of(who)});
            sighting.insert("Organisation".to_owned(), org);
        }
        sighting
    }

    /// Ties an attribute to the galaxy cluster it indicates.
    fn tie(&mut self, stix: &Members) -> bool {
        let target = text(stix, "target_ref").unwrap_or_default();
        let target = self
            .ids
            .get(target.as_str())
            .filter(|part| said(part, "cluster").is_some());
        let place = self.places.get(&uuid_in(stix, "source_ref")).copied();
        let (Some(target), Some(Place::Attribute(place))) = (target, place) else {
            return false;
        };
        let galaxy = cluster(target);
        let Some(attribute) = self.attributes.get_mut(place) else {
            return false;
        };
        let mut galaxies: Vec<Members> = list(attribute, "Galaxy")
            .iter()
            .filter_map(Value::as_object)
            .cloned()
            .collect();
        add_galaxy(&mut galaxies, galaxy);
        attribute.insert("Galaxy".to_owned(), into_list(galaxies));
        true
    }
}

fn uuid_in(stix: &Members, key: &str) -> String {
    text(stix, key).map_or_else(String::new, |id| uuid_part(&id).to_owned())
}

fn uuid_part(id: &str) -> &str {
    id.split_once("--").map_or("", |(_, uuid)| uuid)
}
