//! Identifiers: `type--UUID` (STIX 2.1, Identifier; Object IDs and References).

use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::document::{Kind, Value};

/// The namespace of deterministic ids of observables (STIX 2.1, SCO
/// Deterministic ID Creation): 00abedb4-aa42-466c-9c01-fed23315a9b7.
const NAMESPACE: [u8; 16] = [
    0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7,
];

/// An identifier in its two parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Id<'a> {
    /// The type of the object that it names.
    pub kind: &'a str,
    /// 36 characters, in either case.
    pub uuid: &'a str,
}

impl<'a> Id<'a> {
    /// Reads an identifier: the name of a type, `--`, and a UUID of RFC 4122
    /// (its variant, and a version from 1 to 5).
    pub fn parse(text: &'a str) -> Option<Self> {
        let (kind, uuid) = text.split_at_checked(text.len().checked_sub(36)?)?;
        let kind = kind.strip_suffix("--")?;
        (is_kind(kind) && is_uuid(uuid.as_bytes())).then_some(Self { kind, uuid })
    }

    /// The version of the UUID, `1` to `5`.
    pub fn version(&self) -> char {
        self.uuid
            .as_bytes()
            .get(14)
            .map_or('0', |byte| char::from(*byte))
    }
}

/// Whether `text` can be the name of a type: 3 to 250 of a-z, 0-9 and `-`,
/// beginning with a letter, no hyphen after a hyphen (STIX 2.1, Custom
/// Objects).
pub fn is_kind(text: &str) -> bool {
    let bytes = text.as_bytes();
    (3..=250).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes
            .iter()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !bytes.windows(2).any(|pair| pair == b"--")
}

/// Whether `text` is a UUID of RFC 4122.
pub fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => matches!(byte, b'1'..=b'5'),
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Which properties make up the deterministic id of an observable (STIX 2.1,
/// 6, "ID Contributing Properties").
pub(crate) fn contributing(kind: &str) -> &'static [&'static str] {
    match kind {
        "artifact" => &["hashes", "payload_bin"],
        "autonomous-system" => &["number"],
        "directory" => &["path"],
        "domain-name" | "email-addr" | "ipv4-addr" | "ipv6-addr" | "mac-addr" | "url" => &["value"],
        "email-message" => &["body", "from_ref", "subject"],
        "file" => &["extensions", "hashes", "name", "parent_directory_ref"],
        "mutex" => &["name"],
        "network-traffic" => &[
            "dst_port",
            "dst_ref",
            "end",
            "extensions",
            "protocols",
            "src_port",
            "src_ref",
            "start",
        ],
        "software" => &["cpe", "name", "swid", "vendor", "version"],
        "user-account" => &["account_login", "account_type", "user_id"],
        "windows-registry-key" => &["key", "values"],
        "x509-certificate" => &["hashes", "serial_number"],
        _ => &[],
    }
}

/// The id that the standard would give an observable; `None` where nothing
/// contributes, or where a number's canonical form is in doubt.
pub fn deterministic(object: &[u8]) -> Option<String> {
    let document = crate::document::Document::read(object).ok()?;
    let root = document.root();
    let kind = root.text_of("type")?;
    deterministic_of(root, &kind)
}

pub(crate) fn deterministic_of(object: Value<'_>, kind: &str) -> Option<String> {
    let mut name = String::from("{");
    for property in contributing(kind) {
        let Some(value) = object.get(property) else {
            continue;
        };
        if name.len() > 1 {
            name.push(',');
        }
        quote(&mut name, property);
        name.push(':');
        if *property == "hashes" {
            one_hash(&mut name, value)?;
        } else {
            canonical(&mut name, value)?;
        }
    }
    if name.len() == 1 {
        return None;
    }
    name.push('}');
    Some(format!("{kind}--{}", uuid5(&NAMESPACE, name.as_bytes())))
}

/// Of several hashes one contributes: the first of these that is there.
fn one_hash(name: &mut String, hashes: Value<'_>) -> Option<()> {
    let first = ["MD5", "SHA-1", "SHA-256", "SHA-512"]
        .into_iter()
        .find_map(|key| Some((key.to_owned(), hashes.get(key)?)));
    let (key, value) = first.or_else(|| {
        let others = hashes
            .members()
            .map(|(key, value)| (key.get().into_owned(), value));
        others.min_by(|left, right| left.0.cmp(&right.0))
    })?;
    name.push('{');
    quote(name, &key);
    name.push(':');
    canonical(name, value)?;
    name.push('}');
    Some(())
}

/// Writes a value in the canonical form of RFC 8785. `None` for numbers that
/// are not whole.
fn canonical(into: &mut String, value: Value<'_>) -> Option<()> {
    match value.kind() {
        Kind::Text | Kind::Escaped => quote(into, &value.text()?.get()),
        Kind::Number => {
            let number: i64 = value.raw().parse().ok()?;
            (number.unsigned_abs() < 1 << 53).then_some(())?;
            write!(into, "{number}").ok()?;
        }
        Kind::True | Kind::False | Kind::Null => into.push_str(value.raw()),
        Kind::List => {
            into.push('[');
            for (at, item) in value.items().enumerate() {
                if at > 0 {
                    into.push(',');
                }
                canonical(into, item)?;
            }
            into.push(']');
        }
        Kind::Object => {
            let mut members: Vec<_> = value
                .members()
                .map(|(key, value)| (key.get(), value))
                .collect();
            members.sort_by(|left, right| left.0.encode_utf16().cmp(right.0.encode_utf16()));
            into.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    into.push(',');
                }
                quote(into, &key);
                into.push(':');
                canonical(into, value)?;
            }
            into.push('}');
        }
    }
    Some(())
}

fn quote(into: &mut String, text: &str) {
    into.push('"');
    for char in text.chars() {
        match char {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\u{8}' => into.push_str("\\b"),
            '\u{c}' => into.push_str("\\f"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(into, "\\u{:04x}", u32::from(control));
            }
            other => into.push(other),
        }
    }
    into.push('"');
}

/// A UUID of version 5 (RFC 9562, 5.5): the same for the same name in the same namespace.
pub(crate) fn uuid5(namespace: &[u8; 16], name: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(namespace);
    hash.update(name);
    let mut text = String::with_capacity(36);
    for (at, byte) in hash.finalize().iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x50,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A name of several parts: each ends with a zero, so that no two lists give the same.
pub(crate) fn parted(parts: &[&str]) -> Vec<u8> {
    let mut name = Vec::new();
    for part in parts {
        name.extend_from_slice(part.as_bytes());
        name.push(0);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_type_and_a_uuid() {
        let id = Id::parse("ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd").unwrap();
        assert_eq!((id.kind, id.version()), ("ipv4-addr", '5'));
        for text in [
            "ipv4-addr-ff26c055-6336-5bc5-b98d-13d6226742dd",
            "Ipv4--ff26c055-6336-5bc5-b98d-13d6226742dd",
            "ipv4--addr--ff26c055-6336-5bc5-b98d-13d6226742dd",
            "ipv4-addr--ff26c055-6336-6bc5-b98d-13d6226742dd",
            "ipv4-addr--ff26c055-6336-5bc5-c98d-13d6226742dd",
            "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742d",
            "--ff26c055-6336-5bc5-b98d-13d6226742dd",
            "é",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    // `testdata/validate/SOURCE.md` says where these ids are from.
    #[test]
    fn deterministic_ids_are_those_that_others_compute() {
        let text = include_str!("../testdata/validate/ids.json");
        let cases: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        assert_eq!(cases.len(), 19);
        for case in cases {
            let object = case["object"].to_string();
            let id = deterministic(object.as_bytes());
            assert_eq!(id.as_deref(), case["object"]["id"].as_str(), "{object}");
        }
    }

    #[test]
    fn nothing_that_contributes_makes_no_id() {
        assert_eq!(deterministic(br#"{"type":"process","pid":1}"#), None);
        assert_eq!(deterministic(br#"{"type":"url"}"#), None);
        assert_eq!(
            deterministic(br#"{"type":"autonomous-system","number":1.5}"#),
            None
        );
    }
}
