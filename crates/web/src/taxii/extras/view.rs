//! What is looked at.

use super::{No, Query, VALUE_BYTES_MAX, name, unread};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use portcullis_core::{
    cell::{Caller, ObjectId},
    member::MemberId,
};
use portcullis_node::cell::{
    Cell, CellError,
    question::{QuestionView, ReplyTo},
    recall::RecallView,
    served::How,
};
use portcullis_stix::{observable, taxii::Micros};
use serde_json::{Value, json};

/// What `since` is.
const SINCE: &str = "microseconds since 1970, such as 1795330800000000";

pub(super) fn view(
    cell: &Cell,
    caller: &Caller,
    parts: &[String],
    query: &Query,
) -> Result<Value, No> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["provenance", collection, object] => provenance(cell, caller, collection, object),
        ["who", object] => who(cell, caller, object),
        ["recalls"] => Ok(recalls(cell, caller)),
        ["questions"] => questions(cell, caller),
        ["replies", object] => {
            let replies = cell.replies_to(caller, object)?;
            Ok(json!({ "replies": replies.iter().map(reply).collect::<Vec<_>>() }))
        }
        ["notices"] => {
            let notices = cell.notices(caller, query.number("since", SINCE)?)?;
            Ok(json!({ "notices": notices.iter().map(reply).collect::<Vec<_>>() }))
        }
        ["lookup"] => lookup(cell, caller, query),
        _ => Err(No::unknown("endpoint")),
    }
}

/// Who vouches for the versions of an object that the caller may see.
fn provenance(cell: &Cell, caller: &Caller, collection: &str, object: &str) -> Result<Value, No> {
    let collection = cell.collection(caller, collection)?.id;
    let mut found = cell.versions(caller, object)?;
    found.retain(|one| one.collection == collection);
    // Names and digests of versions alone, as a manifest has them.
    cell.note_found(caller, How::Manifest, &found)
        .map_err(CellError::from)?;
    let mut versions = Vec::new();
    for found in found {
        let held = cell.provenance_view(&collection, found.number)?;
        versions.push(match held {
            Some(held) => json!({
                "version": Micros(found.version_us).to_string(),
                "sha256": held.sha256.to_string(),
                "signed_by": held.signed_by.as_str(),
                "publisher": held.publisher,
                "signed_at": held.signed_at.to_string(),
                "proof": BASE64_STANDARD.encode(&held.proof),
            }),
            None => json!({ "version": Micros(found.version_us).to_string(), "proof": null }),
        });
    }
    if versions.is_empty() {
        return Err(No::unknown("object"));
    }
    Ok(json!({ "object": object, "versions": versions }))
}

/// To whom an object went: for its publisher what it published, for the node's own people all.
fn who(cell: &Cell, caller: &Caller, object: &str) -> Result<Value, No> {
    let served = cell.who_for(caller, object)?;
    let served = served.iter().map(|served| {
        json!({
            "member": served.member.as_str(),
            "account": served.account,
            "client": served.client,
            "version": Micros(served.version_us).to_string(),
            "collection": served.collection.to_string(),
            "removal": served.removal,
            "at": served.at.to_string(),
            "how": served.how.as_str(),
            "times": served.times,
        })
    });
    let before = cell.who_before_for(caller, object)?.map(|before| {
        let members: Vec<&str> = before.members.iter().map(MemberId::as_str).collect();
        json!({ "until": before.until.to_string(), "members": members })
    });
    Ok(json!({ "object": object, "served": served.collect::<Vec<_>>(), "before": before }))
}

fn recalls(cell: &Cell, caller: &Caller) -> Value {
    let recalls = cell.recalls(caller);
    json!({ "member": name(caller), "recalls": recalls.iter().map(recall).collect::<Vec<_>>() })
}

pub(super) fn recall(view: &RecallView) -> Value {
    let asked = view.asked.iter().map(|asked| {
        json!({
            "member": asked.member.as_str(),
            "overdue": asked.overdue,
            "confirmed": asked.confirmed.as_ref().map(|said| json!({
                "how": said.how.as_str(),
                "note": said.note,
                "at": said.at.to_string(),
            })),
        })
    });
    json!({
        "id": view.id.to_string(),
        "object": view.object.as_str(),
        "versions": view.versions.iter().map(|us| Micros(*us).to_string()).collect::<Vec<_>>(),
        "reason": view.reason,
        "by": view.by.as_str(),
        "at": view.at.to_string(),
        "due": view.due.to_string(),
        "asked": asked.collect::<Vec<_>>(),
    })
}

fn questions(cell: &Cell, caller: &Caller) -> Result<Value, No> {
    let questions = cell.questions(caller)?;
    let questions = questions.iter().map(question).collect::<Vec<_>>();
    Ok(json!({ "member": name(caller), "questions": questions }))
}

fn question(view: &QuestionView) -> Value {
    let held = &view.question;
    let asked = held.asked.iter().map(|(member, reply)| {
        json!({
            "member": member.as_str(),
            "acknowledged_at": reply.acknowledged_at.map(|at| at.to_string()),
            "answered_at": reply.answered_at.map(|at| at.to_string()),
            "answers": reply.answers.iter().map(ObjectId::as_str).collect::<Vec<_>>(),
            "declined": reply.declined,
            "overdue": view.overdue.contains(member),
        })
    });
    json!({
        "id": view.id.to_string(),
        "kind": held.kind.as_str(),
        "text": held.text,
        "note": held.note.as_ref().map(ObjectId::as_str),
        "by": held.by.member.as_str(),
        "at": held.at.to_string(),
        "deadline": held.deadline.to_string(),
        "groups": held.groups.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "asked": asked.collect::<Vec<_>>(),
        "reminded_at": held.reminded_at.map(|at| at.to_string()),
        "brought": view.brought,
        "closed": held.closed.as_ref().map(|closed| json!({
            "outcome": closed.outcome,
            "brought": closed.brought.iter().map(ObjectId::as_str).collect::<Vec<_>>(),
            "at": closed.at.to_string(),
        })),
    })
}

fn reply(reply: &ReplyTo) -> Value {
    json!({
        "object": reply.object,
        "collection": reply.collection.to_string(),
        "id": reply.id,
        "type": reply.kind,
        "publisher": reply.publisher.as_str(),
        "added": Micros(reply.added_us).to_string(),
        "count": reply.count,
        "opinion": reply.opinion,
        "content": reply.content,
        "false_positive": reply.false_positive,
    })
}

/// The objects that name an observable, noted like everything that goes out.
fn lookup(cell: &Cell, caller: &Caller, query: &Query) -> Result<Value, No> {
    let value = query
        .text("value")?
        .filter(|value| value.len() <= VALUE_BYTES_MAX);
    let value = value.ok_or_else(|| unread("`value` is missing, or too long"))?;
    let observable =
        observable::guess(value).ok_or_else(|| unread("`value` is nothing that is looked up"))?;
    let found = cell.lookup(caller, &observable)?;
    cell.note_found(caller, How::Lookup, &found)
        .map_err(CellError::from)?;
    let objects = found.iter().map(|one| {
        json!({
            "collection": one.collection.to_string(),
            "added": Micros(one.added_us).to_string(),
            "tlp": one.label.tlp.as_str(),
            "object": serde_json::from_slice::<Value>(&one.bytes).unwrap_or_default(),
        })
    });
    Ok(json!({
        "kind": observable.kind.as_str(),
        "value": observable.value,
        "objects": objects.collect::<Vec<_>>(),
    }))
}
