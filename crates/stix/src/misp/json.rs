//! Reading what MISP writes: numbers as text, flags as numbers, nothing as
//! empty text.

use serde_json::{Map, Value, json};

use crate::time::StixTime;

pub(crate) type Members = Map<String, Value>;

/// The namespace of the UUIDs that are made here (RFC 9562, 5.5).
const NAMESPACE: [u8; 16] = [
    0xa3, 0x85, 0x86, 0xbb, 0x93, 0x07, 0x5c, 0xb5, 0xa0, 0x54, 0xbf, 0xd8, 0x33, 0x3f, 0xa3, 0x5e,
];

/// A UUID made of `parts`, the same for the same parts.
pub(super) fn made_uuid(parts: &[&str]) -> String {
    crate::id::uuid5(&NAMESPACE, &crate::id::parted(parts))
}

/// The UUID under `key`, in lower case.
pub(super) fn uuid(members: &Members, key: &str) -> Option<String> {
    let uuid = members.get(key)?.as_str()?.to_ascii_lowercase();
    is_uuid(&uuid).then_some(uuid)
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// The text under `key`; numbers are text too. Nothing if empty.
pub(super) fn text(members: &Members, key: &str) -> Option<String> {
    match members.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether the flag under `key` is set, in any of MISP's spellings.
pub(super) fn flag(members: &Members, key: &str) -> bool {
    match members.get(key) {
        Some(Value::Bool(set)) => *set,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => matches!(text.as_str(), "1" | "true" | "True"),
        _ => false,
    }
}

/// The list under `key`; one object alone is a list of one.
pub(super) fn list<'a>(members: &'a Members, key: &str) -> &'a [Value] {
    match members.get(key) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// The object under `key`.
pub(super) fn object<'a>(members: &'a Members, key: &str) -> Option<&'a Members> {
    members.get(key)?.as_object()
}

/// Whether a value says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Seconds since 1970, in text or as a number, in microseconds. Nought is
/// MISP's "never".
pub(super) fn seconds(members: &Members, key: &str) -> Option<i64> {
    let seconds: i64 = text(members, key)?.parse().ok()?;
    (seconds > 0)
        .then(|| seconds.checked_mul(1_000_000))
        .flatten()
}

/// A day, `2026-11-02`, at midnight, in microseconds.
pub(super) fn day(members: &Members, key: &str) -> Option<i64> {
    let day = text(members, key)?;
    Some(
        format!("{day}T00:00:00Z")
            .parse::<StixTime>()
            .ok()?
            .micros(),
    )
}

/// An RFC 3339 time with any offset, or seconds since 1970, in microseconds.
pub(super) fn instant(members: &Members, key: &str) -> Option<i64> {
    let text = text(members, key)?;
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000_000);
    }
    if let Ok(time) = text.parse::<StixTime>() {
        return Some(time.micros());
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let sign = match offset.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i64 = offset.get(1..3)?.parse().ok()?;
    let minutes: i64 = offset.get(4..6)?.parse().ok()?;
    let local = format!("{local}Z").parse::<StixTime>().ok()?.micros();
    local.checked_sub(sign * (hours * 60 + minutes) * 60_000_000)
}

/// Microseconds as a STIX timestamp with the millisecond.
pub(super) fn stamp(micros: i64) -> String {
    let whole = micros - micros.rem_euclid(1000);
    let fine = micros != whole;
    let text = StixTime::from_micros(micros).map_or_else(
        || "1970-01-01T00:00:00.000000Z".to_owned(),
        |time| time.to_string(),
    );
    match text.strip_suffix("000Z") {
        Some(short) if !fine => format!("{short}Z"),
        _ => text,
    }
}

/// The bytes of an object, its members in the order of their names whatever
/// the JSON library was built with. Writing a value to memory cannot fail.
pub(crate) fn bytes(members: Members) -> Vec<u8> {
    let mut object = Value::Object(members);
    object.sort_all_objects();
    object.to_string().into_bytes()
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
    is_uuid(uuid).then(|| uuid.to_owned())
}

pub(super) fn micros(stix: &Members, key: &str) -> i64 {
    text(stix, key)
        .and_then(|text| text.parse::<StixTime>().ok())
        .map_or(0, |time| time.micros())
}

/// Whether an object's author took it back.
pub(super) fn is_revoked(stix: &Members) -> bool {
    stix.get("revoked") == Some(&true.into())
}
