//! Reading what MISP writes: numbers as text, flags as numbers, nothing as
//! empty text.

use serde_json::{Map, Value};
use sha1::{Digest, Sha1};

use crate::time::StixTime;

pub(crate) type Members = Map<String, Value>;

/// The namespace of the UUIDs that are made here (RFC 9562, 5.5).
const NAMESPACE: [u8; 16] = [
    0xa3, 0x85, 0x86, 0xbb, 0x93, 0x07, 0x5c, 0xb5, 0xa0, 0x54, 0xbf, 0xd8, 0x33, 0x3f, 0xa3, 0x5e,
];

/// A UUID made of `parts`, the same for the same parts.
pub(super) fn made_uuid(parts: &[&str]) -> String {
    let mut hash = Sha1::new();
    hash.update(NAMESPACE);
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    printed_uuid(&hash.finalize())
}

/// The first sixteen bytes of a SHA-1 digest as a UUID of version 5
/// (RFC 9562, 5.5).
pub(crate) fn printed_uuid(digest: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in digest.iter().take(16).enumerate() {
        let byte = match place {
            6 => (byte & 0x0F) | 0x50,
            8 => (byte & 0x3F) | 0x80,
            _ => *byte,
        };
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 0x0F] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    text
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
