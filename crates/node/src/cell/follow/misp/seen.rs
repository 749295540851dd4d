//! What is seen of an event before it is mapped.

use super::taken_back::RECALLED;
use serde::Deserialize;
use serde_json::Value;

/// An event's name, and how far it may go.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) uuid: Option<String>,
    distribution: Option<Value>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Event")]
    event: WireSeen,
}

#[derive(Deserialize)]
struct WireSeen {
    uuid: Option<String>,
    distribution: Option<Value>,
}

impl Seen {
    /// Reads `{"Event":{…}}`; nothing is seen of what is none.
    pub(super) fn read(event: &[u8]) -> Self {
        let read: Result<Document, _> = serde_json::from_slice(event);
        read.map_or_else(
            |_| Self::default(),
            |read| Self {
                uuid: read.event.uuid,
                distribution: read.event.distribution,
            },
        )
    }

    /// What is to be said of an event that goes no further than to us, or to our readers.
    pub(super) fn bound(&self) -> Option<&'static str> {
        let level = match self.distribution.as_ref()? {
            Value::String(text) => text.as_str().parse().ok()?,
            Value::Number(number) => number.as_u64()?,
            _ => return None,
        };
        Some(match level {
            0 => "its distribution is `your organisation only`: TLP:RED here",
            1 => "its distribution is `this community only`, which ends with us: TLP:RED here",
            2 => "its distribution is `connected communities`: TLP:AMBER+STRICT here",
            4 => "its distribution is a sharing group of the instance's: TLP:RED here",
            _ => return None,
        })
    }

    /// The event without the sightings that went there from here: their source names the sighting,
    /// and `is_held` knows it. None where it has none.
    pub(super) fn without_echoes(
        &self,
        event: &[u8],
        is_held: &dyn Fn(&str) -> bool,
    ) -> Option<Vec<u8>> {
        self.uuid.as_ref()?;
        let stands = |mark: &str| event.windows(mark.len()).any(|at| at == mark.as_bytes());
        if !stands(MARK) && !stands(RECALLED) {
            return None;
        }
        let mut document: Value = serde_json::from_slice(event).ok()?;
        let event = document.get_mut("Event")?;
        let mut dropped = strip(event, is_held);
        for object in event.get_mut("Object")?.as_array_mut()? {
            dropped |= strip(object, is_held);
        }
        dropped.then(|| document.to_string().into_bytes())
    }
}

/// What stands in the source of a sighting of ours, before its id.
pub(super) const MARK: &str = ", sighting--";

fn strip(whole: &mut Value, is_held: &dyn Fn(&str) -> bool) -> bool {
    let attributes = whole.get_mut("Attribute").and_then(Value::as_array_mut);
    let mut dropped = false;
    for attribute in attributes.into_iter().flatten() {
        let Some(sightings) = attribute.get_mut("Sighting").and_then(Value::as_array_mut) else {
            continue;
        };
        sightings.retain(|sighting| {
            let source = sighting.get("source").and_then(Value::as_str);
            let uuid = source.and_then(|source| source.rsplit_once(MARK));
            let sighted = uuid.is_some_and(|(_, uuid)| {
                ["sighting", "note"]
                    .iter()
                    .any(|kind| is_held(&format!("{kind}--{uuid}")))
            });
            let recalled = source.and_then(|source| source.rsplit_once(RECALLED));
            let ours = sighted || recalled.is_some_and(|(_, id)| is_held(id));
            dropped |= ours;
            !ours
        });
    }
    dropped
}
