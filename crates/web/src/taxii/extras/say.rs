//! What is said: recalls, confirmations, questions and what is answered to them, pseudonyms.

use super::{No, unread, view};
use portcullis_core::cell::{Caller, ObjectId, QuestionId, RecallId, recall::Complied};
use portcullis_node::cell::{Cell, question::NewQuestion};
use portcullis_stix::time::StixTime;
use serde_json::{Value, json};
use std::{fmt::Display, str::FromStr};

/// The most entries of a list.
const LIST_MAX: usize = 4_096;

pub(super) fn say(
    cell: &Cell,
    caller: &Caller,
    parts: &[String],
    body: &Value,
) -> Result<Value, No> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["recalls"] => recall(cell, caller, body),
        ["recalls", id, "confirm"] => {
            let id: RecallId = parse(id, "recall")?;
            let how = Complied::parse(text(body, "how")?)
                .ok_or_else(|| unread("`how` is `removed`, `not-held` or `kept`"))?;
            let note = maybe(body, "note")?.map(str::to_owned);
            cell.confirm_recall(caller, id, how, note)?;
            let held = cell.recalls(caller).into_iter().find(|held| held.id == id);
            Ok(held.as_ref().map_or_else(|| json!({}), view::recall))
        }
        ["questions"] => ask(cell, caller, body),
        ["questions", id, verb] => {
            let id: QuestionId = parse(id, "question")?;
            match *verb {
                "acknowledge" => cell.acknowledge(caller, id)?,
                "answer" => cell
                    .answer(caller, id, list(body, "objects")?)
                    .map(|_| ())?,
                "decline" => cell.decline_question(caller, id, text(body, "reason")?)?,
                "close" => {
                    let brought = list(body, "brought")?;
                    cell.close_question(caller, id, text(body, "outcome")?, brought)?;
                }
                _ => return Err(No::unknown("endpoint")),
            }
            Ok(json!({ "question": id.to_string() }))
        }
        ["pseudonyms"] => {
            let collection = cell.collection(caller, text(body, "collection")?)?.id;
            let pseudonym = cell.pseudonym(caller, &collection)?;
            Ok(json!({ "identity": pseudonym.identity.as_str() }))
        }
        _ => Err(No::unknown("endpoint")),
    }
}

fn recall(cell: &Cell, caller: &Caller, body: &Value) -> Result<Value, No> {
    let versions: Vec<StixTime> = list(body, "versions")?;
    let versions: Vec<i64> = versions.iter().map(StixTime::micros).collect();
    let due = maybe(body, "due")?
        .map(|due| parse(due, "due"))
        .transpose()?;
    let (object, reason) = (text(body, "object")?, text(body, "reason")?);
    let id = cell.recall(caller, object, &versions, reason, due)?;
    let held = cell.recalls(caller).into_iter().find(|held| held.id == id);
    Ok(held
        .as_ref()
        .map_or_else(|| json!({ "id": id.to_string() }), view::recall))
}

fn ask(cell: &Cell, caller: &Caller, body: &Value) -> Result<Value, No> {
    let collection = cell.collection(caller, text(body, "collection")?)?.id;
    let about: Vec<ObjectId> = list(body, "about")?;
    let new = NewQuestion {
        kind: text(body, "kind")?.to_owned(),
        text: text(body, "text")?.to_owned(),
        about,
        groups: list(body, "groups")?.into_iter().collect(),
        members: list(body, "members")?.into_iter().collect(),
        deadline: parse(text(body, "deadline")?, "deadline")?,
    };
    let id = cell.ask(caller, &collection, new)?;
    Ok(json!({ "question": id.to_string() }))
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, No> {
    maybe(body, name)?.ok_or_else(|| unread(&format!("`{name}` is missing")))
}

fn maybe<'a>(body: &'a Value, name: &str) -> Result<Option<&'a str>, No> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(unread(&format!("`{name}` is a text"))),
    }
}

fn list<T: FromStr<Err: Display>>(body: &Value, name: &str) -> Result<Vec<T>, No> {
    let wrong = || unread(&format!("`{name}` is a list of texts, {LIST_MAX} at most"));
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(entries)) if entries.len() <= LIST_MAX => entries
            .iter()
            .map(|entry| parse(entry.as_str().ok_or_else(wrong)?, name))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str, name: &str) -> Result<T, No> {
    let parsed = text.parse();
    parsed.map_err(|error| unread(&format!("`{name}`: {error}")))
}
