//! A MISP instance, through its automation API: events out of it, events and
//! sightings into it.
//!
//! Follows MISP's REST API: `servers/getVersion`, `events/restSearch`,
//! `events/index`, `events/view`, `events/add`, `events/edit`, `events/delete`,
//! `sightings/add`.
//! Only published events are
//! read, in the order of being published; MISP counts that in whole seconds, so
//! a walk goes back a little and meets some events twice.

mod answer;
mod send;

pub use answer::{Version, version};
pub use send::{Sent, delete, send, sight};

use super::{Endpoint, Remote, RemoteError, Request};
use answer::asked;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// How many events a page is asked for: a large event has some ten megabytes.
pub const LIMIT: u32 = 20;
/// How far a walk goes back behind the newest time it has seen, in seconds.
pub const OVERLAP_S: i64 = 5;
/// How many events that were made there from here are remembered: a cursor of so many is as long as
/// one may be.
pub const ADDED_MAX: usize = 200;
/// The most events that an index may list.
pub const EVENTS_MAX: usize = 1_000_000;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The server; its secret is the automation key.
    pub endpoint: Endpoint,
    /// The path in front of the API's, without a slash at its end; mostly empty.
    pub base: String,
}

impl Instance {
    /// An instance by its address.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, as a sentence.
    pub fn parse(url: &str, mut endpoint: Endpoint) -> Result<Self, String> {
        let wrong = || {
            let url: String = url.chars().take(200).collect();
            format!("`{url}` is not a MISP instance's address of the form `https://host`")
        };
        let (origin, path) = super::taxii::split(url).ok_or_else(wrong)?;
        origin.clone_into(&mut endpoint.origin);
        let base = path.trim_end_matches('/').to_owned();
        Ok(Self { endpoint, base })
    }

    fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    fn malformed(&self, why: impl Into<String>) -> RemoteError {
        RemoteError::Malformed {
            origin: self.endpoint.origin.clone(),
            why: why.into(),
        }
    }
}

/// Where a walk over an instance's events stands, and up to where ours went there.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Events published since, in seconds since 1970: fixed for as long as a run goes on.
    #[serde(default)]
    pub since_s: i64,
    /// The next page of the run; 0 is the first.
    #[serde(default)]
    pub page: u32,
    /// The newest time of publishing that was seen.
    #[serde(default)]
    pub newest_s: i64,
    /// Up to which of our own `added` times objects were sent there, in microseconds.
    #[serde(default)]
    pub sent_us: Option<i64>,
    /// The last of our entries that went there as a sighting, which the instance adds each time.
    #[serde(default)]
    pub sighted: Option<u64>,
    /// When its index was last held against ours, in seconds by our clock.
    #[serde(default)]
    pub compared_s: i64,
    /// The events of reports and groupings that were made there from here, the newest last: their
    /// UUIDs without hyphens, [`ADDED_MAX`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<String>,
}

impl Cursor {
    /// Reads what [`Cursor::to_text`] wrote; a cursor that cannot be read is the start.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Remembers that an event was made there from here.
    pub fn add(&mut self, uuid: &str) {
        self.forget(uuid);
        if self.added.len() >= ADDED_MAX {
            self.added.remove(0);
        }
        self.added.push(uuid.replace('-', ""));
    }

    /// Remembers an event no longer.
    pub fn forget(&mut self, uuid: &str) {
        let uuid = uuid.replace('-', "");
        self.added.retain(|added| *added != uuid);
    }

    /// Whether an event is known to be made there from here.
    pub fn has_added(&self, uuid: &str) -> bool {
        let uuid = uuid.replace('-', "");
        self.added.contains(&uuid)
    }

    /// The cursor as text.
    pub fn to_text(&self) -> String {
        // Numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A page of events.
#[derive(Clone, Debug)]
pub struct Page {
    /// Each `{"Event":{…}}` as it came.
    pub events: Vec<Box<RawValue>>,
    /// Where to go on.
    pub cursor: Cursor,
    /// Whether there is more at once.
    pub more: bool,
}

#[derive(Deserialize)]
struct Search<'a> {
    #[serde(borrow)]
    response: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Dated {
    #[serde(rename = "Event")]
    event: DatedEvent,
}

#[derive(Deserialize)]
struct DatedEvent {
    #[serde(default)]
    publish_timestamp: Option<Value>,
}

/// MISP writes numbers as numbers and as texts.
fn seconds(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// The next page of published events.
///
/// # Errors
///
/// [`RemoteError`].
pub fn events(
    remote: &dyn Remote,
    instance: &Instance,
    cursor: &Cursor,
) -> Result<Page, RemoteError> {
    let body = serde_json::json!({
        "returnFormat": "json",
        "published": 1,
        "publish_timestamp": cursor.since_s,
        "page": cursor.page + 1,
        "limit": LIMIT,
        "deleted": [0, 1],
        "includeSightings": 1,
    });
    let request = Request::post_json(
        instance.path("events/restSearch"),
        body.to_string().into_bytes(),
    );
    let response = asked(remote, instance, &request)?;
    let malformed = |error: serde_json::Error| instance.malformed(error.to_string());
    // Older instances answer the list itself.
    let events: Vec<&RawValue> = if response.body.trim_ascii_start().starts_with(b"[") {
        serde_json::from_slice(&response.body).map_err(malformed)?
    } else {
        let search: Search<'_> = serde_json::from_slice(&response.body).map_err(malformed)?;
        search.response
    };
    let mut moved = cursor.clone();
    for event in &events {
        let dated: Dated = serde_json::from_str(event.get()).map_err(malformed)?;
        let published = seconds(dated.event.publish_timestamp.as_ref());
        moved.newest_s = moved.newest_s.max(published);
    }
    let more = events.len() >= LIMIT as usize;
    if more {
        moved.page += 1;
    } else {
        moved.page = 0;
        moved.since_s = (moved.newest_s - OVERLAP_S).max(0);
    }
    Ok(Page {
        events: events.into_iter().map(ToOwned::to_owned).collect(),
        cursor: moved,
        more,
    })
}

/// One event, with its attributes and sightings, as `{"Event":{…}}`; none where there is none.
///
/// # Errors
///
/// [`RemoteError`].
pub fn event(
    remote: &dyn Remote,
    instance: &Instance,
    uuid: &str,
) -> Result<Option<Box<RawValue>>, RemoteError> {
    let path = instance.path(&format!("events/view/{}", super::taxii::percent(uuid)));
    let request = Request::get(path, "application/json");
    match asked(remote, instance, &request) {
        Err(RemoteError::Status { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
        Ok(response) => {
            let event: Box<RawValue> = serde_json::from_slice(&response.body)
                .map_err(|error| instance.malformed(error.to_string()))?;
            Ok(Some(event))
        }
    }
}

/// An event in the instance's index.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its UUID.
    pub uuid: String,
    /// When it was last sighted, in seconds; 0 for never.
    pub sighted_s: i64,
    /// Whether it is published.
    pub published: bool,
}

#[derive(Deserialize)]
struct WireListed {
    uuid: String,
    #[serde(default)]
    sighting_timestamp: Option<Value>,
    #[serde(default)]
    published: Option<Value>,
}

/// Every event that the instance shows us, in few words.
///
/// # Errors
///
/// [`RemoteError`].
pub fn index(remote: &dyn Remote, instance: &Instance) -> Result<Vec<Listed>, RemoteError> {
    let body = br#"{"minimal":1}"#.to_vec();
    let request = Request::post_json(instance.path("events/index"), body);
    let response = asked(remote, instance, &request)?;
    let listed: Vec<WireListed> = serde_json::from_slice(&response.body)
        .map_err(|error| instance.malformed(error.to_string()))?;
    if listed.len() > EVENTS_MAX {
        return Err(instance.malformed(format!("more than {EVENTS_MAX} events")));
    }
    let listed = listed.into_iter().map(|event| Listed {
        uuid: event.uuid,
        sighted_s: seconds(event.sighting_timestamp.as_ref()),
        published: match event.published {
            Some(Value::Bool(published)) => published,
            Some(other) => seconds(Some(&other)) == 1,
            None => true,
        },
    });
    Ok(listed.collect())
}

#[cfg(test)]
pub(crate) mod tests;
