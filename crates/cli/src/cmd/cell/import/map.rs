//! What a file holds, as STIX objects.

use super::source::Format;
use crate::{cmd::cell::put, failure::Failure};
use portcullis_core::cell::Tlp;
use portcullis_stix::{header, misp, table, time::StixTime};
use serde_json::{Value, json};
use std::{borrow::Cow, path::Path};

/// The newest version of an object that is here.
pub(super) type Known = Box<dyn Fn(&str) -> Option<Vec<u8>>>;

/// Who creates what a table says, when, and what is here of it already.
pub(super) struct Creator {
    /// `identity--…`.
    pub(super) identity: String,
    /// Its identity, if it is not published yet.
    pub(super) objects: Vec<Value>,
    /// Now.
    pub(super) at: StixTime,
    /// The newest version of an object that is here.
    pub(super) known: Known,
}

/// The objects of a file, and what could not be made into one.
pub(super) struct Mapped<'a> {
    pub(super) objects: Vec<Cow<'a, [u8]>>,
    pub(super) unmapped: Vec<Unmapped>,
}

/// A part of a file that has no place in STIX.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Unmapped {
    /// Where: `Event.Attribute[3]`, `line 7`.
    pub(super) place: String,
    pub(super) what: String,
    pub(super) why: String,
    /// It travels along in an extension, and comes back on the way back.
    pub(super) kept: bool,
}

/// Reads a file as what it holds; `creator` is who creates what a table says.
pub(super) fn map<'a>(
    path: &Path,
    format: Format,
    bytes: &'a [u8],
    tlp: Option<Tlp>,
    creator: &dyn Fn() -> Result<Creator, Failure>,
) -> Result<Mapped<'a>, Failure> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("`{}`: {error}", path.display()));
    match format {
        Format::Stix => {
            let mapped = stix(bytes).map_err(|error| wrong(&error))?;
            if mapped.objects.is_empty() && !is_empty_by_its_form(bytes) {
                return Err(wrong(&"no STIX bundle, no TAXII envelope, no MISP event"));
            }
            Ok(mapped)
        }
        Format::Misp => from_misp(bytes, tlp).map_err(|error| wrong(&error)),
        Format::Csv => {
            let creator = creator()?;
            from_table(bytes, tlp, &creator).map_err(|error| wrong(&error))
        }
    }
}

/// A bundle or an envelope: its objects as they stand, but what marks others before them. A single
/// object is one, too.
fn stix(bytes: &[u8]) -> Result<Mapped<'_>, header::EnvelopeFlaw> {
    let mut objects: Vec<Cow<'_, [u8]>> = match header::envelope(bytes) {
        Ok(envelope) => envelope
            .objects
            .into_iter()
            .map(|object| Cow::Borrowed(object.bytes))
            .collect(),
        Err(flaw) => match header::header(bytes) {
            Ok(_) => vec![Cow::Borrowed(bytes.trim_ascii())],
            Err(_) => return Err(flaw),
        },
    };
    objects.sort_by_cached_key(|object| {
        let kind = header::kind(object);
        kind.as_deref() != Some("marking-definition")
    });
    Ok(Mapped {
        objects,
        unmapped: Vec::new(),
    })
}

/// Whether JSON without objects is a bundle or an envelope all the same: those may hold nothing.
fn is_empty_by_its_form(bytes: &[u8]) -> bool {
    let Ok(Value::Object(read)) = serde_json::from_slice(bytes) else {
        return false;
    };
    let envelope = ["objects", "more", "next"];
    read.get("type").is_some_and(|kind| kind == "bundle")
        || read.keys().all(|name| envelope.contains(&name.as_str()))
}

/// A MISP document: what STIX has words for, and a list of what it has not.
fn from_misp(bytes: &[u8], tlp: Option<Tlp>) -> Result<Mapped<'_>, misp::MispFlaw> {
    let mapped = misp::event_to_stix(bytes)?;
    let unmapped = mapped.unmapped.into_iter().map(|one| Unmapped {
        place: one.path,
        what: one.what,
        why: one.why.to_owned(),
        kept: one.kept,
    });
    Ok(Mapped {
        objects: marked(mapped.objects, tlp),
        unmapped: unmapped.collect(),
    })
}

/// What was made from something else gets the marking that it lacks.
fn marked<'a>(objects: Vec<Vec<u8>>, tlp: Option<Tlp>) -> Vec<Cow<'a, [u8]>> {
    let Some(tlp) = tlp else {
        return objects.into_iter().map(Cow::Owned).collect();
    };
    let one = |bytes: Vec<u8>| {
        let read = serde_json::from_slice(&bytes);
        let Ok(Value::Object(mut object)) = read else {
            return Cow::Owned(bytes);
        };
        // A marking definition marks others, and has no version in which it could change.
        if object.contains_key("object_marking_refs") || object["type"] == "marking-definition" {
            return Cow::Owned(bytes);
        }
        object.insert("object_marking_refs".into(), json!([put::marking(tlp)]));
        Cow::Owned(Value::Object(object).to_string().into_bytes())
    };
    objects.into_iter().map(one).collect()
}

/// A table: each line an indicator, or said why not.
fn from_table<'a>(
    bytes: &[u8],
    tlp: Option<Tlp>,
    creator: &Creator,
) -> Result<Mapped<'a>, table::TableFlaw> {
    let read = table::read(
        bytes,
        &table::Defaults {
            creator: creator.identity.clone(),
            at: creator.at.clone(),
            tlp: tlp.map(Tlp::as_str),
        },
    )?;
    let first = creator
        .objects
        .iter()
        .map(|object| object.to_string().into_bytes());
    let lines = read
        .objects
        .into_iter()
        .map(|object| settled(object, creator));
    let unmapped = read.left.into_iter().map(|left| Unmapped {
        place: format!("line {}", left.line),
        what: left.text,
        why: left.why,
        kept: false,
    });
    Ok(Mapped {
        objects: first.chain(lines).map(Cow::Owned).collect(),
        unmapped: unmapped.collect(),
    })
}

/// A table has no times of its own: a line that is here already, and says the same, is what is
/// here; one that says something else is its next version.
fn settled(bytes: Vec<u8>, creator: &Creator) -> Vec<u8> {
    let Ok(mut object) = serde_json::from_slice::<Value>(&bytes) else {
        return bytes;
    };
    let held = object["id"].as_str().and_then(|id| (creator.known)(id));
    let Some(held) = held else {
        return bytes;
    };
    let Ok(before) = serde_json::from_slice::<Value>(&held) else {
        return bytes;
    };
    let now = object["modified"].clone();
    for field in ["created", "modified", "valid_from"] {
        if object[field] == now && !before[field].is_null() {
            object[field] = before[field].clone();
        }
    }
    if object == before {
        return held;
    }
    object["modified"] = now;
    object.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_bundle_or_an_envelope_may_be_empty() {
        let check = |text: &str, taken: bool| {
            let creator = || Err(Failure::usage("no table"));
            let mapped = map(
                Path::new("a"),
                Format::Stix,
                text.as_bytes(),
                None,
                &creator,
            );
            assert_eq!(mapped.is_ok(), taken, "{text}");
        };
        check(r#"{"hello":1}"#, false);
        check(r#"{"type":"report-list"}"#, false);
        check(r#"{"response":[]}"#, false);
        check("[]", false);
        check("{}", true);
        check(r#"{"more":false,"objects":[]}"#, true);
        check(r#"{"type":"bundle","id":"bundle--1"}"#, true);
    }
}
