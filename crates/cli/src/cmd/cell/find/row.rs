//! One object on a line, for people, and whole, for machines.

use super::super::Desk;
use jiff::Timestamp;
use portcullis_core::cell::CollectionId;
use portcullis_node::cell::{Found, review::Holding};
use serde_json::{Value, json};

/// So many letters of what an object says are shown.
const SAYS_CHARS_MAX: usize = 110;

/// So many letters of what another is called.
const CALLED_CHARS_MAX: usize = 50;

/// So many observed objects are named.
const OBSERVED_MAX: usize = 3;

/// What an object says of itself, the most telling first.
const TELLING: [&str; 18] = [
    "name",
    "value",
    "abstract",
    "content",
    "explanation",
    "subject",
    "command_line",
    "path",
    "key",
    "display_name",
    "account_login",
    "user_id",
    "serial_number",
    "definition_type",
    "source_name",
    "description",
    "url",
    "pattern",
];

/// Microseconds since 1970 as text.
pub(in crate::cmd::cell) fn instant(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| format!("{at:.6}"))
}

/// Microseconds since 1970 as people read it.
fn moment(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| format!("{at:.0}"))
}

/// One object on a line: when it was added, its marking, its collection, its id, whether it was
/// taken back, is held because it names people or is past its time, what it says of itself.
pub(in crate::cmd::cell) fn line(desk: &Desk, found: &Found) -> String {
    let object: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
    let says: String = says(desk, &object)
        .chars()
        .take(SAYS_CHARS_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let gone = match () {
        () if is_recalled(desk, found) => "RECALLED  ".to_owned(),
        () if object["revoked"] == true => "REVOKED  ".to_owned(),
        () if found.label.held => held(desk, found).to_owned(),
        () if is_expired(desk, found) => format!("EXPIRED {:.10}  ", moment(found.expires_us)),
        () => String::new(),
    };
    format!(
        "{}  {:16} {:12} {}  {gone}{says}",
        moment(found.added_us),
        found.label.tlp.to_string(),
        alias(desk, &found.collection),
        found.id
    )
}

/// How what names people stands, in a word.
fn held(desk: &Desk, found: &Found) -> &'static str {
    match desk.cell.holding(found) {
        None => "",
        Some(Holding::Apart) => "APART  ",
        Some(Holding::Waits(_)) => "HELD  ",
        Some(Holding::Withheld(..)) => "REFUSED  ",
    }
}

fn says(desk: &Desk, object: &Value) -> String {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let telling = || {
        let mut all = TELLING.iter().map(|name| text(name));
        all.find(|text| !text.is_empty()).unwrap_or_default()
    };
    match text("type") {
        "relationship" => format!(
            "{} {} {}",
            called(desk, text("source_ref")),
            text("relationship_type"),
            called(desk, text("target_ref"))
        ),
        "sighting" => {
            let count = object["count"].as_u64().unwrap_or(1);
            format!("{count} × {}", called(desk, text("sighting_of_ref")))
        }
        "observed-data" => {
            let count = object["number_observed"].as_u64().unwrap_or(1);
            let refs = object["object_refs"].as_array().into_iter().flatten();
            let seen = refs.filter_map(Value::as_str).take(OBSERVED_MAX);
            let seen: Vec<String> = seen.map(|id| called(desk, id)).collect();
            format!("{count} × {}", seen.join(", "))
        }
        "opinion" => format!(
            "{}: {}",
            text("opinion"),
            called(desk, object["object_refs"][0].as_str().unwrap_or_default())
        ),
        "indicator" if !text("name").is_empty() && !text("pattern").contains(text("name")) => {
            format!("{}  {}", text("name"), text("pattern"))
        }
        "indicator" => text("pattern").to_owned(),
        "report" | "grouping" => {
            let objects = object["object_refs"].as_array().map_or(0, Vec::len);
            format!("{}  ({objects} objects)", text("name"))
        }
        "autonomous-system" => format!("AS{} {}", object["number"], text("name")),
        _ => match (telling(), object["hashes"].as_object()) {
            ("", Some(hashes)) => {
                let first = hashes.values().find_map(Value::as_str);
                first.unwrap_or_default().to_owned()
            }
            (text, _) => text.to_owned(),
        },
    }
}

/// What an object is called, or its id.
fn called(desk: &Desk, id: &str) -> String {
    let name = || {
        let versions = desk.cell.versions(&desk.me, id).ok()?;
        let newest = versions.into_iter().max_by_key(|one| one.version_us)?;
        let object: Value = serde_json::from_slice(&newest.bytes).ok()?;
        let names = ["name", "value", "abstract", "content", "pattern"].iter();
        let mut names = names.filter_map(|name| object[*name].as_str());
        let name = names.find(|name| !name.is_empty())?;
        Some(name.chars().take(CALLED_CHARS_MAX).collect::<String>())
    };
    name().unwrap_or_else(|| id.to_owned())
}

/// Whether its publisher asked it back.
fn is_recalled(desk: &Desk, found: &Found) -> bool {
    desk.cell.is_recalled(found)
}

/// Whether it is past its time.
pub(in crate::cmd::cell) fn is_expired(desk: &Desk, found: &Found) -> bool {
    found.expires_us <= desk.now().as_microsecond()
}

/// A collection's shortest name.
pub(in crate::cmd::cell) fn alias(desk: &Desk, id: &CollectionId) -> String {
    let state = desk.state();
    let alias = state
        .collections()
        .get(id)
        .and_then(|held| held.settings.alias.clone());
    alias.unwrap_or_else(|| id.to_string())
}

/// One object for machines: the object itself, and what the cell knows beside it.
pub(in crate::cmd::cell) fn json_of(desk: &Desk, found: &Found) -> Value {
    let object: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
    json!({
        "collection": found.collection.to_string(),
        "alias": alias(desk, &found.collection),
        "id": found.id,
        "added": instant(found.added_us),
        "tlp": found.label.tlp.as_str(),
        "publisher": found.label.publisher.as_str(),
        "held": found.label.held,
        "revoked": object["revoked"] == true,
        "recalled": is_recalled(desk, found),
        "expired": is_expired(desk, found),
        "object": object,
    })
}
