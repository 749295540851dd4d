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

/// The fields of a docket as rows, nested names joined by points.
fn fields(docket: &Value) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut open = vec![(String::new(), docket)];
    while let Some((name, value)) = open.pop() {
        if rows.len() == FIELDS_MAX {
            break;
        }
        match value {
            Value::Object(object) => {
                let inner = object.iter().rev().map(|(key, value)| {
                    let key = if name.is_empty() {
                        key.clone()
                    } else {
                        format!("{name}.{key}")
                    };
                    (key, value)
                });
                open.extend(inner);
            }
            Value::Array(all) if all.iter().all(|one| !one.is_object() && !one.is_array()) => {
                rows.push((name, all.iter().map(plain).collect::<Vec<_>>().join(", ")));
            }
            Value::Array(all) => {
                let inner = all.iter().enumerate().rev();
                open.extend(inner.map(|(at, value)| (format!("{name} {}", at + 1), value)));
            }
            other => rows.push((name, plain(other))),
        }
    }
    rows
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
    fn a_docket_is_shown_field_by_field() {
        let docket = serde_json::json!({
            "kind": "order",
            "dates": {"issued": "2026-01-01", "end": null},
            "categories": ["content", "traffic"],
            "items": [{"outcome": "sealed"}]
        });
        let shown = fields(&docket);
        let of = |name: &str| {
            let row = shown.iter().find(|(field, _)| field == name);
            row.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("dates.end"), Some("nothing"));
        assert_eq!(of("categories"), Some("content, traffic"));
        assert_eq!(of("items 1.outcome"), Some("sealed"));
    }
}
