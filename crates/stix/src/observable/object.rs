//! The values that an object names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::pattern::{self, property};
use super::{Kind, OBSERVABLES_MAX, Observable};

/// The objects that name values.
const NAMING: [&str; 18] = [
    "indicator",
    "observed-data",
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
];

/// The properties that identify an observed object.
const PROPERTIES: [(&str, Property); 11] = [
    ("value", |object| object.value),
    ("name", |object| object.name),
    ("number", |object| object.number),
    ("path", |object| object.path),
    ("key", |object| object.key),
    ("url", |object| object.url),
    ("subject", |object| object.subject),
    ("user_id", |object| object.user_id),
    ("account_login", |object| object.account_login),
    ("command_line", |object| object.command_line),
    ("serial_number", |object| object.serial_number),
];

type Property = for<'a> fn(&Object<'a>) -> Option<&'a RawValue>;

/// Whether any `type` in `bytes` is of an object that names values: a glance,
/// so that the other nine objects in ten cost next to nothing. A `type` that
/// is written with escapes counts as one.
pub(super) fn may_name_values(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"\"type\"";
    let mut rest = bytes;
    let mut seen = false;
    while let Some(at) = memchr::memmem::find(rest, KEY) {
        seen = true;
        rest = rest.get(at + KEY.len()..).unwrap_or_default();
        let value = rest
            .trim_ascii_start()
            .strip_prefix(b":")
            .map(<[u8]>::trim_ascii_start)
            .and_then(|value| value.strip_prefix(b"\""));
        let Some(value) = value else { continue };
        let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let Some((name, tail)) = end.and_then(|end| value.split_at_checked(end)) else {
            continue;
        };
        let naming =
            NAMING.iter().any(|kind| kind.as_bytes() == name) || name == b"x509-certificate";
        if naming || tail.starts_with(b"\\") {
            return true;
        }
    }
    !seen
}

/// What is read of an object. Raw, so that a wrong type of one property does
/// not hide the others.
#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pattern: Option<&'a RawValue>,
    #[serde(borrow)]
    pattern_type: Option<&'a RawValue>,
    #[serde(borrow)]
    objects: Option<&'a RawValue>,
    #[serde(borrow)]
    hashes: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    number: Option<&'a RawValue>,
    #[serde(borrow)]
    path: Option<&'a RawValue>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    url: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    account_login: Option<&'a RawValue>,
    #[serde(borrow)]
    command_line: Option<&'a RawValue>,
    #[serde(borrow)]
    serial_number: Option<&'a RawValue>,
}

pub(super) fn collect(bytes: &[u8], found: &mut Vec<Observable>) {
    let Ok(object) = serde_json::from_slice::<Object<'_>>(bytes) else {
        return;
    };
    match text(object.kind).as_deref() {
        Some("indicator") => {
            let stix = text(object.pattern_type).is_none_or(|kind| kind == "stix");
            if let Some(text) = text(object.pattern).filter(|_| stix) {
                pattern::collect(&text, found);
            }
        }
        Some("observed-data") => inside(&object, found),
        Some(kind) => observed(kind, &object, found),
        None => {}
    }
}

/// The objects in an `observed-data` of STIX 2.0, one level down.
fn inside(data: &Object<'_>, found: &mut Vec<Observable>) {
    let objects: Option<BTreeMap<Cow<'_, str>, &RawValue>> = data
        .objects
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    for raw in objects.into_iter().flatten().map(|(_, raw)| raw) {
        let Ok(object) = serde_json::from_str::<Object<'_>>(raw.get()) else {
            continue;
        };
        if let Some(kind) = text(object.kind).filter(|kind| kind != "observed-data") {
            observed(&kind, &object, found);
        }
    }
}

fn observed(kind: &str, object: &Object<'_>, found: &mut Vec<Observable>) {
    for (name, of) in PROPERTIES {
        let Some(meant) = property(kind, name) else {
            continue;
        };
        let Some(raw) = of(object).filter(|_| found.len() < OBSERVABLES_MAX) else {
            continue;
        };
        let value = text(Some(raw)).unwrap_or(Cow::Borrowed(raw.get()));
        found.extend(Observable::new(meant, &value));
    }
    if !matches!(kind, "file" | "artifact" | "x509-certificate") {
        return;
    }
    let hashes: Option<BTreeMap<Cow<'_, str>, Cow<'_, str>>> = object
        .hashes
        .and_then(|raw| serde_json::from_str(raw.get()).ok());
    let room = OBSERVABLES_MAX.saturating_sub(found.len());
    for (algorithm, digest) in hashes.into_iter().flatten().take(room) {
        found.extend(Observable::new(Kind::of_hash(&algorithm), &digest));
    }
}

fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let raw = raw?.get();
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inside))
}
