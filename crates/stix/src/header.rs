//! Headers: what every object says of itself, read without building it.
//!
//! A cell keeps and serves objects as the bytes they came in, so reading is
//! finding: [`envelope`] finds the exact slice of each object in a TAXII
//! envelope or a STIX bundle, [`header`] finds in one slice what the cell
//! decides by — id, type, version, markings, expiry. Neither judges whether
//! the standard would have the object: that is [`validate`](crate::validate).

mod envelope;

use std::borrow::Cow;

use crate::json::{JsonFlaw, Reader, Text};
use crate::time::StixTime;
use crate::validate::{Flaw, Severity};

pub use envelope::{
    ENVELOPE_BYTES_MAX, ENVELOPE_OBJECTS_MAX, Envelope, EnvelopeFlaw, Slice, envelope,
};

/// The longest object we read, in bytes. An artifact's payload is the largest
/// thing the standard knows.
pub const OBJECT_BYTES_MAX: usize = 64 << 20;
/// The longest id we keep, in bytes: a type of 250 characters, `--`, a UUID,
/// and as much again for ids of custom shape.
pub const ID_LEN_MAX: usize = 512;
/// The longest type name we keep, in bytes (STIX 2.1, Object types: 250).
pub const KIND_LEN_MAX: usize = 250;
/// The most markings, object markings and granular ones each, that are read
/// from one object.
pub const MARKINGS_MAX: usize = 10_000;

/// Which version of STIX an object says it is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum SpecVersion {
    /// STIX 2.0: `2.0`, or nothing said by what is not an observable.
    V20,
    /// STIX 2.1: `2.1`, nothing said by an observable (STIX 2.1, Common
    /// Properties: a missing `spec_version` means 2.1 there), or a version
    /// after it.
    V21,
}

impl SpecVersion {
    /// `2.0` or `2.1`, as TAXII's `match[spec_version]` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V20 => "2.0",
            Self::V21 => "2.1",
        }
    }
}

/// What a cell reads of an object.
#[derive(Clone, Debug)]
pub struct Header<'a> {
    /// `id`, 1 to [`ID_LEN_MAX`] bytes, without control characters.
    pub id: Cow<'a, str>,
    /// `type`, 1 to [`KIND_LEN_MAX`] bytes, without control characters.
    pub kind: Cow<'a, str>,
    /// `spec_version`, or what its absence means.
    pub spec_version: SpecVersion,
    /// `created`. Absent too where it is not a timestamp; so is every other
    /// property that is not of its type.
    pub created: Option<StixTime>,
    /// `modified`.
    pub modified: Option<StixTime>,
    /// `revoked`, false unless said.
    pub revoked: bool,
    /// `created_by_ref`.
    pub created_by: Option<Cow<'a, str>>,
    /// `object_marking_refs`.
    pub markings: Vec<Cow<'a, str>>,
    /// Every `marking_ref` of `granular_markings`.
    pub granular: Vec<Cow<'a, str>>,
    /// `valid_until`.
    pub valid_until: Option<StixTime>,
    /// The version in microseconds since 1970: `modified`, else `created`,
    /// else `i64::MIN`, which means that the object has no versions.
    pub version_us: i64,
}

/// Reads the header of one object.
///
/// # Errors
///
/// A [`Flaw`] with one of the rules `stix.json` (not a JSON object, nested
/// deeper than [`DEPTH_MAX`](crate::json::DEPTH_MAX)), `stix.size`,
/// `stix.duplicate` (a property of the header stands twice), `stix.markings`
/// (what is marked cannot be told), `stix.id`, `stix.type`: the object cannot be kept.
pub fn header(bytes: &[u8]) -> Result<Header<'_>, Flaw> {
    header_and(bytes, |_, _| {})
}

/// Reads the header of one object, and shows `other` every other property in passing: its name, and
/// its value's exact text. A `revoked` that is neither is shown, too. What is shown before an error is no object's.
///
/// # Errors
///
/// As [`header`].
pub fn header_and<'a>(
    bytes: &'a [u8],
    mut other: impl FnMut(&str, &'a str),
) -> Result<Header<'a>, Flaw> {
    if bytes.len() > OBJECT_BYTES_MAX {
        return Err(fault("", "", "stix.size", &Oversize.to_string()));
    }
    let mut found = Found::default();
    read(bytes, &mut found, &mut other).map_err(|flaw| {
        let id = found.id.as_deref().unwrap_or("");
        match flaw {
            Unread::Json(flaw) => fault(id, "", "stix.json", &flaw.to_string()),
            Unread::Twice(name) => fault(
                id,
                name,
                "stix.duplicate",
                "the property stands twice; keep one",
            ),
            Unread::Marking(name) => fault(id, name, "stix.markings", MARKINGS_FORM),
        }
    })?;
    found.finish()
}

/// The `type` of an object, read no further than it stands; nothing where it is no text, or what
/// stands before it is no JSON. What comes after may be anything.
pub fn kind(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let mut reader = Reader::new(bytes).ok()?;
    reader.take(b'{', "expected `{`").ok()?;
    let mut first = true;
    while let Some(key) = reader.key(&mut first).ok()? {
        if key.is("type") {
            return match reader.peek() {
                b'"' => Some(reader.string().ok()?.get()),
                _ => None,
            };
        }
        reader.skip(1).ok()?;
    }
    None
}

/// What markings look like; whoever meant something by others would be misread.
const MARKINGS_FORM: &str =
    "markings are lists: of ids of marking definitions, and of granular markings";

#[derive(thiserror::Error, Debug)]
#[error("an object has at most {OBJECT_BYTES_MAX} bytes")]
struct Oversize;

enum Unread {
    Json(JsonFlaw),
    Twice(&'static str),
    Marking(&'static str),
}

impl From<JsonFlaw> for Unread {
    fn from(flaw: JsonFlaw) -> Self {
        Self::Json(flaw)
    }
}

/// The properties of a header, each with its bit.
const NAMES: [&str; 10] = [
    "id",
    "type",
    "spec_version",
    "created",
    "modified",
    "revoked",
    "created_by_ref",
    "object_marking_refs",
    "granular_markings",
    "valid_until",
];

#[derive(Default)]
struct Found<'a> {
    id: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    spec_version: Option<Text<'a>>,
    created: Option<StixTime>,
    modified: Option<StixTime>,
    revoked: bool,
    created_by: Option<Cow<'a, str>>,
    markings: Vec<Cow<'a, str>>,
    granular: Vec<Cow<'a, str>>,
    valid_until: Option<StixTime>,
}

fn read<'a>(
    bytes: &'a [u8],
    found: &mut Found<'a>,
    other: &mut impl FnMut(&str, &'a str),
) -> Result<(), Unread> {
    let mut reader = Reader::new(bytes)?;
    reader.take(b'{', "an object is a JSON object: expected `{`")?;
    let (mut first, mut seen) = (true, 0_u16);
    while let Some(key) = reader.key(&mut first)? {
        let Some((at, name)) = (NAMES.iter().enumerate()).find(|(_, name)| key.is(name)) else {
            let value = reader.skip(1)?;
            other(&key.get(), value);
            continue;
        };
        if seen & 1 << at != 0 {
            return Err(Unread::Twice(name));
        }
        seen |= 1 << at;
        match reader.peek() {
            b'"' if !name.ends_with("_refs") && *name != "granular_markings" => {
                let text = reader.string()?;
                if *name == "revoked" {
                    other(name, text.raw);
                }
                found.text(name, text);
            }
            b'[' if *name == "object_marking_refs" => texts(&mut reader, &mut found.markings)?,
            b'[' if *name == "granular_markings" => granular(&mut reader, &mut found.granular)?,
            _ if matches!(*name, "object_marking_refs" | "granular_markings") => {
                return Err(Unread::Marking(name));
            }
            _ => {
                let value = reader.skip(1)?;
                let revoked = *name == "revoked";
                found.revoked |= revoked && value == "true";
                if revoked && !found.revoked {
                    other(name, value);
                }
            }
        }
    }
    Ok(reader.end()?)
}

/// Collects the strings of a list, at most [`MARKINGS_MAX`].
fn texts<'a>(reader: &mut Reader<'a>, into: &mut Vec<Cow<'a, str>>) -> Result<(), Unread> {
    reader.take(b'[', "expected `[`")?;
    let mut first = true;
    while reader.item(&mut first)? {
        if reader.peek() != b'"' {
            return Err(Unread::Marking("object_marking_refs"));
        }
        if into.len() == MARKINGS_MAX {
            return Ok(reader.flaw("too many markings")?);
        }
        into.push(reader.string()?.get());
    }
    Ok(())
}

/// Collects the `marking_ref` of each granular marking.
fn granular<'a>(reader: &mut Reader<'a>, into: &mut Vec<Cow<'a, str>>) -> Result<(), Unread> {
    reader.take(b'[', "expected `[`")?;
    let mut first = true;
    while reader.item(&mut first)? {
        if reader.peek() != b'{' {
            return Err(Unread::Marking("granular_markings"));
        }
        reader.take(b'{', "expected `{`")?;
        let mut first = true;
        while let Some(key) = reader.key(&mut first)? {
            if reader.peek() != b'"' {
                if key.is("marking_ref") {
                    return Err(Unread::Marking("granular_markings"));
                }
                reader.skip(3)?;
                continue;
            }
            let text = reader.string()?;
            if key.is("marking_ref") {
                if into.len() == MARKINGS_MAX {
                    return Ok(reader.flaw("too many markings")?);
                }
                into.push(text.get());
            }
        }
    }
    Ok(())
}

impl<'a> Found<'a> {
    fn text(&mut self, name: &str, text: Text<'a>) {
        let time = || text.get().parse().ok();
        match name {
            "id" => self.id = Some(text.get()),
            "type" => self.kind = Some(text.get()),
            "spec_version" => self.spec_version = Some(text),
            "created" => self.created = time(),
            "modified" => self.modified = time(),
            "created_by_ref" => self.created_by = Some(text.get()),
            "valid_until" => self.valid_until = time(),
            _ => {}
        }
    }

    fn finish(self) -> Result<Header<'a>, Flaw> {
        let bad = |text: &str, max: usize| {
            text.is_empty() || text.len() > max || text.chars().any(char::is_control)
        };
        let id = self.id.unwrap_or_default();
        if bad(&id, ID_LEN_MAX) {
            let message = format!("an object has a string `id` of 1 to {ID_LEN_MAX} bytes");
            return Err(fault("", "id", "stix.id", &message));
        }
        let kind = self.kind.unwrap_or_default();
        if bad(&kind, KIND_LEN_MAX) {
            let message = format!("an object has a string `type` of 1 to {KIND_LEN_MAX} bytes");
            return Err(fault(&id, "type", "stix.type", &message));
        }
        let spec_version = match self.spec_version {
            Some(text) if text.is("2.0") => SpecVersion::V20,
            None if !crate::vocab::is_observable(&kind) => SpecVersion::V20,
            Some(_) | None => SpecVersion::V21,
        };
        let version = self.modified.as_ref().or(self.created.as_ref());
        Ok(Header {
            version_us: version.map_or(i64::MIN, StixTime::micros),
            id,
            kind,
            spec_version,
            created: self.created,
            modified: self.modified,
            revoked: self.revoked,
            created_by: self.created_by,
            markings: self.markings,
            granular: self.granular,
            valid_until: self.valid_until,
        })
    }
}

fn fault(object: &str, property: &str, rule: &'static str, message: &str) -> Flaw {
    Flaw {
        object: object.chars().take(ID_LEN_MAX).collect(),
        property: property.to_owned(),
        rule,
        message: message.to_owned(),
        clause: "STIX 2.1, Common Properties",
        severity: Severity::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INDICATOR: &str = r#" {"type":"indicator","spec_version":"2.1","id":"indicator--1",
        "created":"2020-01-01T00:00:00.000Z","modified":"2020-01-02T00:00:00.0000001Z","revoked":true,
        "object_marking_refs":["marking-definition--a", "marking-\u0064efinition--b"],"deep":{"id":"no","l":[{}]},
        "granular_markings":[{"marking_ref":"marking-definition--c","selectors":["name"]}, {"lang":"de"}],
        "created_by_ref":"identity--1","valid_until":"2030-01-01T00:00:00Z"} "#;

    #[test]
    fn a_header_is_read_without_the_rest() {
        let header = header(INDICATOR.as_bytes()).unwrap();
        assert_eq!((&*header.id, &*header.kind), ("indicator--1", "indicator"));
        assert_eq!(header.version_us, 1_577_923_200_000_000);
        assert!(header.revoked && header.spec_version == SpecVersion::V21);
        assert_eq!(
            header.markings,
            ["marking-definition--a", "marking-definition--b"]
        );
        assert_eq!(header.granular, ["marking-definition--c"]);
        assert_eq!(header.created_by.as_deref(), Some("identity--1"));
        assert_eq!(header.valid_until.unwrap().as_str(), "2030-01-01T00:00:00Z");
        assert!(matches!(header.id, Cow::Borrowed(_)));
    }

    #[test]
    fn a_type_is_read_wherever_it_stands_and_nothing_after_it() {
        assert_eq!(kind(INDICATOR.as_bytes()).as_deref(), Some("indicator"));
        let later = br#"{"a":{"type":"no"},"type":"note","b":"#;
        assert_eq!(kind(later).as_deref(), Some("note"));
        for none in [
            "",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"a":tru,"type":"note"}"#,
        ] {
            assert_eq!(kind(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn markings_that_cannot_be_read_are_refused() {
        for more in [
            r#""object_marking_refs":"marking-definition--a""#,
            r#""object_marking_refs":{"0":"marking-definition--a"}"#,
            r#""object_marking_refs":["marking-definition--a",7]"#,
            r#""granular_markings":{"marking_ref":"marking-definition--a"}"#,
            r#""granular_markings":"marking-definition--a""#,
            r#""granular_markings":["marking-definition--a"]"#,
            r#""granular_markings":[{"marking_ref":["marking-definition--a"]}]"#,
        ] {
            let text = format!(r#"{{"id":"x--1","type":"x",{more}}}"#);
            let rule = header(text.as_bytes()).unwrap_err().rule;
            assert_eq!(rule, "stix.markings", "{more}");
        }
    }

    #[test]
    fn a_missing_spec_version_means_two_one_for_an_observable_alone() {
        let version = |kind: &str, more: &str| {
            let text = format!(r#"{{"id":"x--1","type":"{kind}"{more}}}"#);
            header(text.as_bytes()).unwrap().spec_version
        };
        assert_eq!(version("ipv4-addr", ""), SpecVersion::V21);
        assert_eq!(version("indicator", ""), SpecVersion::V20);
        assert_eq!(
            version("ipv4-addr", r#","spec_version":"2.0""#),
            SpecVersion::V20
        );
    }

    #[test]
    fn an_object_without_times_has_no_version() {
        let header = header(br#"{"id":"ipv4-addr--1","type":"ipv4-addr"}"#).unwrap();
        assert_eq!(header.version_us, i64::MIN);
    }

    #[test]
    fn a_header_that_cannot_be_kept_says_why() {
        let long = format!(r#"{{"type":"a","id":"{}"}}"#, "x".repeat(ID_LEN_MAX + 1));
        let deep = format!(
            r#"{{"type":"a","id":"b","x":{}{}}}"#,
            "[".repeat(200_000),
            "]".repeat(200_000)
        );
        for (text, rule) in [
            ("[]", "stix.json"),
            ("{", "stix.json"),
            (r#"{"id":"a","type":"b"} x"#, "stix.json"),
            (deep.as_str(), "stix.json"),
            (r#"{"type":"b"}"#, "stix.id"),
            (r#"{"type":"b","id":3}"#, "stix.id"),
            (r#"{"type":"b","id":"a\u0000"}"#, "stix.id"),
            (long.as_str(), "stix.id"),
            (r#"{"id":"b"}"#, "stix.type"),
            (r#"{"id":"b","type":"a","\u0069d":"c"}"#, "stix.duplicate"),
        ] {
            assert_eq!(
                header(text.as_bytes()).unwrap_err().rule,
                rule,
                "{text:.60}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[{}\\[\\]\":,a-z\\\\0-9]{0,60}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let _ = header(bytes);
                let _ = kind(bytes);
                let _ = envelope(bytes);
            }
        }

    }
}
