//! Tags: traffic lights become markings, the rest labels.

use serde_json::{Value, json};

use super::distribution;
use super::json::{Members, flag, list, refs, text};

/// The lights of TLP 2.0, from the strictest: MISP's tags, the UUID of the
/// marking definition, how TLP 2.0 writes them.
pub(crate) const LIGHTS: [(&[&str], &str, &str); 5] = [
    (&["tlp:red"], "e828b379-4e03-4974-9ac4-e53a884c97c1", "red"),
    (
        &["tlp:amber+strict"],
        "939a9414-2ddd-4d32-a0cd-375ea402b003",
        "amber+strict",
    ),
    (
        &["tlp:amber"],
        "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        "amber",
    ),
    (
        &["tlp:green"],
        "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "green",
    ),
    (
        &["tlp:clear", "tlp:white"],
        "94868c89-83c2-464b-929b-a1a8aa3c8487",
        "clear",
    ),
];

/// How far something may go, by its tags and its distribution.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// Every name that may leave the instance, as written.
    pub(super) names: Vec<String>,
    /// The strictest light, as a place in [`LIGHTS`].
    pub(super) light: Option<usize>,
    /// A tag that means a light which we do not know.
    pub(super) odd: Option<String>,
    /// How many tags stay at the sender's instance.
    pub(super) local: usize,
}

impl Tags {
    pub(super) fn read(members: &Members) -> Self {
        let mut tags = Self {
            light: distribution::light(members),
            ..Self::default()
        };
        for tag in list(members, "Tag").iter().filter_map(Value::as_object) {
            let Some(name) = text(tag, "name") else {
                continue;
            };
            tags.light = strictest(tags.light, light_by(&name));
            if is_odd(&name) {
                tags.odd = Some(name.clone());
            }
            // A local tag means nothing elsewhere, but what it says of the audience counts.
            if flag(tag, "local")
                || tag
                    .get("exportable")
                    .is_some_and(|_| !flag(tag, "exportable"))
            {
                tags.local += 1;
            } else {
                tags.names.push(name);
            }
        }
        tags
    }

    /// The names that become labels: neither lights nor galaxies.
    pub(super) fn labels(&self) -> Vec<&String> {
        self.names
            .iter()
            .filter(|name| {
                !name.to_ascii_lowercase().starts_with("misp-galaxy:") && known(name).is_none()
            })
            .collect()
    }

    /// What is said about something of this audience: it goes no further, and has no names.
    pub(super) fn about(&self) -> Self {
        Self {
            light: self.light,
            ..Self::default()
        }
    }
}

/// The light that a tag is.
fn known(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    LIGHTS
        .iter()
        .position(|(names, ..)| names.contains(&name.as_str()))
}

fn is_odd(name: &str) -> bool {
    known(name).is_none() && name.to_ascii_lowercase().starts_with("tlp:")
}

/// The light that a tag asks for: one that nobody knows is amber and strict.
fn light_by(name: &str) -> Option<usize> {
    known(name).or_else(|| is_odd(name).then_some(1))
}

/// The stricter of two lights. What is part of something marked is at least
/// as strict as the whole.
pub(super) fn strictest(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The id of a light's marking definition.
pub(crate) fn marking(light: usize) -> Option<String> {
    let (_, uuid, _) = LIGHTS.get(light)?;
    Some(format!("marking-definition--{uuid}"))
}

/// A light's marking definition, as OASIS publishes it.
pub(crate) fn definition(light: usize) -> Option<Value> {
    let (_, _, name) = LIGHTS.get(light)?;
    Some(json!({
        "type": "marking-definition", "spec_version": "2.1", "id": marking(light)?,
        "created": "2022-10-01T00:00:00.000Z", "name": format!("TLP:{}", name.to_ascii_uppercase()),
        "extensions": { crate::marking::TLP_2_EXTENSION: { "extension_type": "property-extension", "tlp_2_0": name } }
    }))
}

/// The tag of a marking, of TLP 1 or 2.0.
pub(super) fn tag_of(marking_ref: &str) -> Option<String> {
    let light = crate::marking::known_tlp(marking_ref)?;
    Some(format!("tlp:{light}"))
}

/// The tags of a thing: those it had, and the light of its marking where that
/// is stricter than they and what is known without them say.
pub(super) fn tags_of(
    stix: &Members,
    had: Option<Vec<String>>,
    otherwise: Option<usize>,
) -> Vec<String> {
    let mut names = had.unwrap_or_else(|| {
        list(stix, "labels")
            .iter()
            .filter_map(Value::as_str)
            .filter(|label| !label.starts_with("misp:"))
            .map(str::to_owned)
            .collect()
    });
    let by_tags = names.iter().filter_map(|name| light_by(name)).min();
    let said = strictest(by_tags, otherwise);
    if let Some(light) = light_of(stix)
        && said.is_none_or(|said| light < said)
    {
        let strictest = refs(stix, "object_marking_refs")
            .into_iter()
            .filter_map(tag_of)
            .min_by_key(|name| place(name));
        names.extend(strictest);
    }
    names
}

/// What something of MISP's, as it travelled in an extension, says of its audience.
pub(super) fn said_light(said: &Members) -> Option<usize> {
    let by_tags = names(said)
        .unwrap_or_default()
        .iter()
        .filter_map(|name| light_by(name))
        .min();
    strictest(by_tags, distribution::light(said))
}

pub(super) fn light_of(stix: &Members) -> Option<usize> {
    refs(stix, "object_marking_refs")
        .into_iter()
        .filter_map(tag_of)
        .map(|name| place(&name))
        .min()
}

fn place(tag: &str) -> usize {
    known(tag).unwrap_or(LIGHTS.len())
}

/// The tags that travelled in an extension.
pub(super) fn names(said: &Members) -> Option<Vec<String>> {
    let tags = said.get("tags")?.as_array()?;
    Some(
        tags.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}

pub(super) fn put_tags(into: &mut Members, names: Vec<String>) {
    if !names.is_empty() {
        let tags: Vec<Value> = names
            .into_iter()
            .map(|name| json!({"name": name}))
            .collect();
        into.insert("Tag".to_owned(), tags.into());
    }
}
