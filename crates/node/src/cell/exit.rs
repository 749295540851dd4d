//! What is looked at before an object leaves towards others (law 10): values on
//! warning lists, and personal information that has nothing to do with the threat.

pub mod warning;

use super::{Cell, question::EXTENSION, review::Glance};
use portcullis_core::{
    cell::{Refusal, State, question::user_data, review::Finding, warning::Hit},
    member::MemberId,
};
use portcullis_stix::{header::Header, observable::observables};
use serde_json::Value;
use std::sync::{Arc, PoisonError};
use warning::Lists;

/// Looks at an object that `publisher` publishes; answers what a
/// person must decide on. Only indicators are held against the lists: to name a
/// resolver in a report is no claim that it is bad.
///
/// # Errors
///
/// [`Refusal::WarningList`]; [`Refusal::AsksForUserData`], as where a question is asked by its own
/// door.
pub(crate) fn exit_check(
    state: &State,
    lists: &Lists,
    publisher: &MemberId,
    object: &[u8],
    header: &Header<'_>,
    glance: Glance,
) -> Result<Vec<Finding>, Refusal> {
    state.heed_warnings(publisher, &header.id, &listed(lists, object, header))?;
    asks_for_user_data(&header.kind, object)?;
    Ok(glance.findings(&header.kind, object))
}

/// The values of an indicator that stand on warning lists.
pub(crate) fn listed(lists: &Lists, object: &[u8], header: &Header<'_>) -> Vec<Hit> {
    if header.kind == "indicator" && !header.revoked {
        lists.hits(&observables(object))
    } else {
        Vec::new()
    }
}

/// What a note of ours says that answers a question: it may name what it does not give.
const REPLIES: [&str; 4] = ["acknowledges", "answers", "declines", "closes"];

/// A note that is a question of ours asks for no data of users.
fn asks_for_user_data(kind: &str, object: &[u8]) -> Result<(), Refusal> {
    if kind != "note" {
        return Ok(());
    }
    let Ok(Value::Object(note)) = serde_json::from_slice(object) else {
        return Ok(());
    };
    let extension = note.get("extensions").and_then(|held| held.get(EXTENSION));
    let Some(extension) = extension else {
        return Ok(());
    };
    if REPLIES.contains(&text(extension.get("says"))) {
        return Ok(());
    }
    let asked = user_data::kind(text(extension.get("kind")))
        .or_else(|| user_data::asked_in(text(note.get("content"))))
        .or_else(|| user_data::asked_in(text(note.get("abstract"))));
    asked.map_or(Ok(()), |matched| Err(Refusal::AsksForUserData { matched }))
}

fn text(of: Option<&Value>) -> &str {
    of.and_then(Value::as_str).unwrap_or_default()
}

impl Cell {
    /// Holds what is published from now on against these lists: start from a clone of
    /// [`Lists::built_in`] to keep those of the program.
    pub fn set_warning_lists(&self, lists: Lists) {
        let mut held = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::new(lists));
    }

    /// The lists that what is published is held against.
    pub(crate) fn warning_lists(&self) -> Arc<Lists> {
        let held = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let own = held.as_ref().map(Arc::clone);
        own.unwrap_or_else(|| Arc::clone(Lists::built_in()))
    }
}
