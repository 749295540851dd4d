//! The page of an opened docket.

use super::{Check, Frame, Page, asset, time::grouped};
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_core::schema::{CellNumber, Schema};
use portcullis_node::{door::Doors, public::Record};
use portcullis_verdict::schema;
use serde_json::Value;

/// The most fields of a docket that are shown.
const FIELDS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "opened.html")]
struct Shown {
    frame: Frame,
    origin: String,
    index: String,
    counted: String,
    fields: Vec<(String, String)>,
    check: Check,
}

/// The page of one docket; none if no such docket is open.
pub(super) fn page(doors: &dyn Doors, record: &Record, file: &str) -> Option<Page> {
    let path = format!("opened/{file}.json");
    let entry = record.opened.iter().find(|entry| entry.path == path)?;
    let log = record.log(&entry.origin)?;
    let payload = payload(&doors.public_file(&path)?.bytes)?;
    let docket = STANDARD.decode(payload.get("docket")?.as_str()?).ok()?;
    let schema = doors.public_file(&format!("{}/schema", log.prefix));
    let schema = schema.and_then(|file| schema::parse("schema", &file.bytes).ok());
    Some(Page::found(&Shown {
        frame: Frame::of(record, ""),
        origin: entry.origin.clone(),
        index: grouped(entry.index),
        counted: counted(payload.get("cell")?.as_u64()?, schema.as_ref()),
        fields: fields(&serde_json::from_slice(&docket).ok()?),
        check: Check {
            what: "docket",
            subject: "opened",
            kind: "opened",
            file: path,
            log: log.prefix.clone(),
            proofs: false,
            command: format!("portcullis inspect opened {file}.json --policy POLICY"),
            bundle: asset::bundle(),
        },
    }))
}

/// How the file says that the docket was counted, in words.
fn counted(cell: u64, schema: Option<&Schema>) -> String {
    let number = u8::try_from(cell).ok().and_then(CellNumber::new);
    let cell_of = |number| schema.and_then(|schema| schema.cell(number));
    match (cell, number.and_then(cell_of)) {
        (0, _) => "in no cell".to_owned(),
        (_, Some(known)) => format!("{} (cell {cell})", known.title),
        (_, None) => format!("cell {cell}"),
    }
}

/// The payload of the signed file. Nothing is verified: the page shows what the file says.
fn payload(bytes: &[u8]) -> Option<Value> {
    let envelope: Value = serde_json::from_slice(bytes).ok()?;
    let payload = STANDARD.decode(envelope.get("payload")?.as_str()?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// What a docket may say, in the order it is shown, with names for people (docs/reports.md).
const NAMES: [(&str, &str); 16] = [
    ("kind", "Kind of statement"),
    ("date", "Date"),
    ("law", "Law"),
    ("rule", "Rule"),
    ("effect", "What it brings about"),
    ("what", "What is counted"),
    ("first", "First of its kind"),
    ("category", "Category of data"),
    ("selector", "Kind of selector"),
    ("urgent", "Urgent"),
    ("reason", "Reason"),
    ("grant", "Kind of grant"),
    ("secrecy", "Secrecy"),
    ("took_hours", "Hours it took"),
    ("outcome", "Outcome"),
    ("realm", "Realm"),
];

/// The fields of a docket as rows: those that are known first, by their names for people.
fn fields(docket: &Value) -> Vec<(String, String)> {
    let Some(object) = docket.as_object() else {
        return Vec::new();
    };
    let known = NAMES
        .iter()
        .filter_map(|(key, name)| Some(((*name).to_owned(), plain(object.get(*key)?))));
    let named = |key: &str| NAMES.iter().any(|(known, _)| *known == key) || key == "docket";
    let rest = object
        .iter()
        .filter(|(key, _)| !named(key))
        .map(|(key, value)| (key.clone(), plain(value)));
    known.chain(rest).take(FIELDS_MAX).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docket_is_shown_field_by_field_and_what_is_not_known_comes_last() {
        let docket = serde_json::json!({
            "docket": "v2", "kind": "received", "first": true, "took_hours": 3,
            "date": "2026-02-03", "another": "word"
        });
        let expected = [
            ("Kind of statement", "received"),
            ("Date", "2026-02-03"),
            ("First of its kind", "yes"),
            ("Hours it took", "3"),
            ("another", "word"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(&docket), expected);
        assert_eq!(fields(&Value::Null), []);
    }
}
