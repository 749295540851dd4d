//! Tags: traffic lights become markings, the rest labels.

use serde_json::{Value, json};

use super::json::{Members, list, text};

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

/// What the tags of a thing say.
#[derive(Clone, Debug, Default)]
pub(super) struct Tags {
    /// Every name, as written.
    pub(super) names: Vec<String>,
    /// The strictest light, as a place in [`LIGHTS`].
    pub(super) light: Option<usize>,
    /// A tag that means a light which we do not know.
    pub(super) odd: Option<String>,
}

impl Tags {
    pub(super) fn read(members: &Members) -> Self {
        let mut tags = Self::default();
        for tag in list(members, "Tag").iter().filter_map(Value::as_object) {
            let Some(name) = text(tag, "name") else {
                continue;
            };
            let lower = name.to_ascii_lowercase();
            let light = LIGHTS
                .iter()
                .position(|(names, ..)| names.contains(&lower.as_str()));
            if light.is_none() && lower.starts_with("tlp:") {
                tags.odd = Some(name.clone());
            }
            tags.light = strictest(tags.light, light);
            tags.names.push(name);
        }
        tags
    }

    /// The names that become labels: neither lights nor galaxies.
    pub(super) fn labels(&self) -> Vec<&String> {
        self.names
            .iter()
            .filter(|name| {
                let lower = name.to_ascii_lowercase();
                !lower.starts_with("misp-galaxy:")
                    && !LIGHTS
                        .iter()
                        .any(|(names, ..)| names.contains(&lower.as_str()))
            })
            .collect()
    }
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
