//! What was removed or recalled here, told to an instance: in what went there it is deleted, and of
//! what is the instance's own a recall is said to be a false positive.
//!
//! Parts of an event are deleted as MISP's own instances tell each other: by an edit of the event
//! in which the attribute says so (a soft delete, which travels on). An event that was made
//! from here is deleted where it holds nothing but what went there from here. Nothing else is ever touched: an event
//! that came from the instance is in none of this.

use super::{
    Binding, is_binding,
    send::{Batch, Exit, Outgoing},
    uuid_in,
};
use crate::cell::{
    CellError, ChangeRef, Changed,
    follow::{FollowError, Noted, Reach, Work},
    index::{Entry, Key},
    remote::misp::{self, Cursor, Instance, Sent},
};
use portcullis_stix::{
    header::header,
    misp::{EXTENSION, stix_to_event},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in the source of a false positive of ours, before the id of what we recalled.
pub(super) const RECALLED: &str = ", recalled ";

/// By how much the time at which an entry was added may be ahead of the clock by which it is served, in
/// microseconds: what is added at once is dated one after the other, and a clock is set back.
const AHEAD_US: i64 = 24 * 3_600 * 1_000_000;

/// What was taken back since the last time.
#[derive(Default)]
pub(super) struct TakenBack {
    /// Objects that may have gone there and are gone here: their entries, and when they were removed.
    gone: BTreeMap<String, (Vec<u64>, i64)>,
    /// Reports and groupings that may have gone there and are gone or revoked here: their entries.
    ended: BTreeMap<String, Vec<u64>>,
    /// False positives: by the entry that takes the object back, with its id.
    pub(super) wrong: Vec<(u64, String, Vec<u8>)>,
}

impl TakenBack {
    pub(super) fn len(&self) -> usize {
        self.gone.len() + self.ended.len() + self.wrong.len()
    }
}

/// What is known of an object's entries, all that ever were.
#[derive(Default)]
struct Past {
    /// The first, if it came from the instance.
    theirs: Option<u64>,
    /// Whether any stands.
    live: bool,
    /// Those that may have gone there, the last one first: the ledger knows which did.
    sent: Vec<u64>,
}

impl Work<'_> {
    /// Whether a change takes something back of which the instance is told in another way than by
    /// the object itself, or not at all; then it is remembered in `back`.
    pub(super) fn is_taken_back(
        &self,
        exit: &Exit<'_>,
        change: &ChangeRef<'_>,
        sent_us: i64,
        back: &mut TakenBack,
    ) -> bool {
        if change.stamp.by == *exit.instance {
            return true;
        }
        let past = self.past(exit, change.id, sent_us);
        let recalled = exit.state.recalls_of(change.id).next().is_some();
        let revoked = match change.op {
            Changed::Removed if past.live => return true,
            Changed::Removed => false,
            Changed::Put(bytes) => {
                let revoked = header(bytes).is_ok_and(|header| header.revoked);
                if past.theirs.is_some() && !revoked {
                    return true;
                }
                // What says that it is recalled says nothing of what it was.
                let known = past.theirs.is_some() || is_binding(change.id) || recalled;
                if !revoked || !known {
                    return false;
                }
                true
            }
        };
        let id = change.id.to_owned();
        if let Some(first) = past.theirs {
            let says = Some(first).filter(|_| revoked && recalled);
            let says = says.and_then(|first| self.bytes_that_went(first));
            let says = says.and_then(|bytes| self.false_positive(&id, &bytes, change.stamp.at_us));
            back.wrong
                .extend(says.map(|says| (change.number, id, says)));
        } else if !past.sent.is_empty() {
            if is_binding(change.id) {
                back.ended.insert(id, past.sent);
            } else {
                back.gone.insert(id, (past.sent, change.stamp.at_us));
            }
        }
        true
    }

    /// The entries of an object that may have gone to the instance by `sent_us`, the last one first.
    pub(super) fn sent_before(&self, exit: &Exit<'_>, id: &str, sent_us: i64) -> Vec<u64> {
        self.past(exit, id, sent_us).sent
    }

    fn past(&self, exit: &Exit<'_>, id: &str, sent_us: i64) -> Past {
        let (index, key) = (self.cell.index(), Key::of(id));
        let Some(shelf) = index.shelf(&self.into) else {
            return Past::default();
        };
        let earlier = shelf.earlier(key).iter();
        let earlier = earlier.filter_map(|number| Some((*number, shelf.get(*number)?)));
        let mut entries: Vec<(u32, &Entry)> = shelf.versions(key).chain(earlier).collect();
        entries.sort_unstable_by_key(|(number, _)| *number);
        let is_theirs = |entry: &Entry| index.members.get(entry.by) == Some(exit.instance);
        let admitted = |entry: &Entry| {
            let label = index.labels.get(entry.label).filter(|label| !label.held);
            label.is_some_and(|label| {
                let marks = exit.state.marks(id, &label.publisher);
                exit.cleared.admits(label, marks)
            })
        };
        let sent = entries.iter().rev().filter(|(_, entry)| {
            entry.added_us <= sent_us && !entry.is_removal() && !is_theirs(entry) && admitted(entry)
        });
        let first = entries.first().filter(|(_, entry)| is_theirs(entry));
        Past {
            theirs: first.map(|(number, _)| u64::from(*number)),
            live: entries.iter().any(|(_, entry)| entry.is_live()),
            sent: sent.map(|(number, _)| u64::from(*number)).collect(),
        }
    }

    /// Ends the events of what was taken back, and puts what else is gone into the batch as revoked:
    /// so it is deleted in the events that hold it.
    pub(super) fn take_back(
        &self,
        reach: &Reach<'_>,
        instance: &Instance,
        exit: &Exit<'_>,
        cursor: &mut Cursor,
        batch: &mut Batch,
        notes: &mut Vec<Noted>,
    ) -> Result<(), FollowError> {
        let sent_us = cursor.sent_us.unwrap_or(i64::MIN);
        let (gone, ended) = (&mut batch.back.gone, &mut batch.back.ended);
        let (gone, ended) = (std::mem::take(gone), std::mem::take(ended));
        let all = gone.values().map(|(sent, _)| sent).chain(ended.values());
        let went = self.went(all)?;
        for (id, (sent, at_us)) in gone {
            let Some(number) = last_of(&sent, &went) else {
                continue;
            };
            match self
                .bytes_that_went(number)
                .and_then(|bytes| revoked(&bytes, at_us))
            {
                Some(bytes) => {
                    batch.fresh.insert(id, Outgoing { number, bytes });
                }
                None => notes.push(Noted {
                    what: id,
                    why: "it is gone here, and its bytes are erased: delete it there".to_owned(),
                }),
            }
        }
        for (id, sent) in ended {
            let Some(number) = last_of(&sent, &went) else {
                continue;
            };
            let Some(binding) = self.bytes_that_went(number) else {
                notes.push(Noted {
                    what: format!("event {}", uuid_in(&id)),
                    why: "it is gone here, and its bytes are erased: delete it there".to_owned(),
                });
                continue;
            };
            let refs = Binding::read(&id, &binding).map(|binding| binding.refs);
            let refs = refs.unwrap_or_default();
            let parts: Vec<Vec<u64>> = refs
                .iter()
                .map(|part| self.sent_before(exit, part, sent_us))
                .collect();
            let went = self.went(&parts)?;
            let parts = parts.iter().filter_map(|part| {
                let number = last_of(part, &went)?;
                self.bytes_that_went(number)
            });
            let parts: Vec<Vec<u8>> = parts.chain([binding]).collect();
            if !end(reach, instance, uuid_in(&id), &parts, cursor, notes)? {
                continue;
            }
            // What stands still, and was there in that event alone, goes anew.
            let wanted: BTreeSet<&str> = refs
                .iter()
                .map(String::as_str)
                .filter(|id| !batch.fresh.contains_key(*id))
                .collect();
            let standing = self.standing(exit, &wanted)?;
            batch.fresh.extend(standing);
        }
        Ok(())
    }

    /// Which of these entries went there: what left to a client of our own member, as the ledger has it.
    /// What had expired, say, did not, whatever the rules of today let pass.
    fn went<'a>(
        &self,
        sent: impl IntoIterator<Item = &'a Vec<u64>>,
    ) -> Result<BTreeSet<u64>, FollowError> {
        let sent: BTreeSet<u64> = sent.into_iter().flatten().copied().collect();
        let since_us = {
            let index = self.cell.index();
            let shelf = index.shelf(&self.into);
            let added = sent.iter().filter_map(|number| {
                let number = u32::try_from(*number).ok()?;
                Some(shelf?.get(number)?.added_us)
            });
            added.min().unwrap_or(i64::MIN)
        };
        let ledger = &self.cell.ledger;
        let since_us = since_us.saturating_sub(AHEAD_US);
        let went = ledger.exported_to(self.cell.me(), &self.into, &sent, since_us);
        Ok(went.map_err(CellError::from)?)
    }

    fn bytes_that_went(&self, number: u64) -> Option<Vec<u8>> {
        self.cell.entry_bytes(&self.into, number).ok()
    }

    /// That an attribute of the instance's own is a false positive, as MISP takes it; none of what is
    /// no attribute there.
    fn false_positive(&self, id: &str, object: &[u8], at_us: i64) -> Option<Vec<u8>> {
        let object: Value = serde_json::from_slice(object).ok()?;
        object["extensions"][EXTENSION]["attribute"].as_object()?;
        let at = jiff::Timestamp::from_microsecond(at_us).ok()?;
        let sighting = json!({
            "uuid": uuid_in(id),
            "type": "1",
            "timestamp": at.as_second(),
            "source": format!("{}{RECALLED}{id}", self.cell.me()),
        });
        Some(sighting.to_string().into_bytes())
    }
}

/// The first of some entries that went.
fn last_of(sent: &[u64], went: &BTreeSet<u64>) -> Option<u64> {
    sent.iter().find(|number| went.contains(number)).copied()
}

/// An object that is gone, as if it had been revoked when it went.
fn revoked(bytes: &[u8], at_us: i64) -> Option<Vec<u8>> {
    let mut object: Value = serde_json::from_slice(bytes).ok()?;
    let at = jiff::Timestamp::from_microsecond(at_us).ok()?;
    let members = object.as_object_mut()?;
    members.insert("revoked".to_owned(), true.into());
    members.insert("modified".to_owned(), format!("{at:.3}").into());
    Some(object.to_string().into_bytes())
}

/// Deletes an event that was made there from here and went there as `parts`, unless others have put
/// something into it. Answers whether it is gone.
fn end(
    reach: &Reach<'_>,
    instance: &Instance,
    uuid: &str,
    parts: &[Vec<u8>],
    cursor: &mut Cursor,
    notes: &mut Vec<Noted>,
) -> Result<bool, FollowError> {
    let Some(there) = misp::event(reach.remote, instance, uuid)? else {
        cursor.forget(uuid);
        return Ok(true);
    };
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let went = stix_to_event(&parts)
        .map(|mapped| mapped.objects)
        .unwrap_or_default();
    let went: BTreeSet<String> = went.iter().flat_map(|event| uuids(event)).collect();
    let there = uuids(there.get().as_bytes());
    let mut note = |why: String| {
        notes.push(Noted {
            what: format!("event {uuid}"),
            why,
        });
    };
    if !cursor.has_added(uuid) {
        // Whoever publishes here chooses a report's id, so perhaps that of somebody's event there.
        note("it is gone here, and is not known to be made from here there: it stays".to_owned());
        return Ok(false);
    }
    if there.iter().any(|uuid| !went.contains(uuid)) {
        note("it is gone here, and others have put something into it there: it stays".to_owned());
        return Ok(false);
    }
    match misp::delete(reach.remote, instance, uuid)? {
        Sent::Taken => {
            cursor.forget(uuid);
            Ok(true)
        }
        Sent::Partly(why) | Sent::Refused(why) => {
            note(format!("the instance did not delete it: {why}"));
            Ok(false)
        }
    }
}

/// The UUIDs of an event, and of what stands in it.
fn uuids(event: &[u8]) -> Vec<String> {
    let event: Value = serde_json::from_slice(event).unwrap_or_default();
    let event = &event["Event"];
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    let mut all = vec![event.clone()];
    for object in list(event, "Object") {
        all.extend(list(&object, "Attribute"));
        all.push(object);
    }
    all.extend(list(event, "Attribute"));
    all.extend(list(event, "EventReport"));
    let uuid = |one: &Value| one["uuid"].as_str().map(str::to_ascii_lowercase);
    all.iter().filter_map(uuid).collect()
}
