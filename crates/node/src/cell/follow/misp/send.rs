//! What goes to a MISP instance: reports and groupings with what they bind,
//! loose objects each as an event of its own, and sightings.

use super::{
    Binding, is_sighting,
    seen::{MARK, Seen},
    taken_back::TakenBack,
    uuid_in,
};
use crate::cell::{
    CellError, ChangeRef, Changed, Run,
    follow::{FollowError, Noted, Reach, Step, Work},
    index::{Entry, Key},
    remote::misp::{self, Cursor, Instance, Sent},
    served::How,
};
use portcullis_core::{
    cell::{Caller, Clearance, Rights, State},
    member::MemberId,
};
use portcullis_stix::{
    header::header,
    misp::{EXTENSION, MispFlaw, stix_to_event},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

/// How many new objects one step sends.
const SENT_MAX: usize = 500;
/// What is an event when nothing binds it; the rest says something about other objects.
const ALONE: [&str; 4] = ["indicator", "observed-data", "incident", "malware-analysis"];

/// What says something about others, and goes by a door of its own.
const ABOUT: [&str; 2] = ["sighting", "opinion"];

/// One object that may go.
pub(super) struct Outgoing {
    /// Its entry, or where that it is gone goes, the one that went.
    pub(super) number: u64,
    pub(super) bytes: Vec<u8>,
}

/// What there is to send.
#[derive(Default)]
pub(super) struct Batch {
    /// New since the last time, by their ids; what is gone says that it is revoked.
    pub(super) fresh: BTreeMap<String, Outgoing>,
    /// What was taken back since then.
    pub(super) back: TakenBack,
    /// Up to where that reaches.
    to_us: Option<i64>,
    more: bool,
}

/// What decides about every object that goes to an instance.
pub(super) struct Exit<'a> {
    /// What came from the instance never goes back.
    pub(super) instance: &'a MemberId,
    pub(super) state: Arc<State>,
    pub(super) cleared: Clearance,
    /// What ends later than this may go, in microseconds since 1970.
    valid_us: i64,
}

impl Exit<'_> {
    fn admits(&self, change: &ChangeRef<'_>) -> bool {
        let marks = self.state.marks(change.id, &change.label.publisher);
        // Nobody knows who reads there: what waits for a person waits, whoever published it.
        change.stamp.by != *self.instance
            && change.expires_us > self.valid_us
            && !change.label.held
            && self.cleared.admits(change.label, marks)
    }
}

impl Work<'_> {
    /// Sends what came since the last time and may leave; answers whether there is more.
    pub(super) fn send(
        &self,
        reach: &Reach<'_>,
        instance: &Instance,
        name: &MemberId,
        cursor: &mut Cursor,
        step: &mut Step,
    ) -> Result<bool, FollowError> {
        // The instance goes on from there as it likes: it is treated as a client of our member,
        // so that TLP:AMBER+STRICT and TLP:RED stay here, and the legal basis is asked.
        let caller = Caller {
            client: true,
            rights: Rights::Read,
            ..Caller::node(self.cell.me().clone())
        };
        let exit = self.exit(name, &caller)?;
        let sent_us = cursor.sent_us.unwrap_or(i64::MIN);
        let mut batch = self.outgoing(&exit, sent_us)?;
        let Some(to_us) = batch.to_us else {
            return Ok(false);
        };
        let notes = &mut step.notes;
        self.take_back(reach, instance, &exit, cursor, &mut batch, notes)?;
        let (bound, known) = self.bound(&batch, &exit)?;
        self.note(&caller, &batch, &known)?;
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        for binding in &bound {
            let parts = binding.refs.iter().chain([&binding.id]);
            let parts: Vec<&str> = parts.map(String::as_str).collect();
            placed.extend(&parts);
            let bytes = |id: &&str| {
                let object = batch.fresh.get(*id).or_else(|| known.get(*id))?;
                (!is_about(id, &object.bytes)).then_some(object.bytes.as_slice())
            };
            let event: Vec<&[u8]> = parts.iter().filter_map(bytes).collect();
            let added = send_event(reach, instance, &event, true, &mut step.notes)?;
            let uuid = uuid_in(&binding.id);
            if added.iter().any(|added| added == uuid) {
                cursor.add(uuid);
                // CRASH: an event of which this is not on the disk is never deleted there.
                self.take(&[], Some(cursor.to_text()), step)?;
            }
        }
        let loose = batch.fresh.iter().filter(|(id, object)| {
            let kind = id.split_once("--").map_or("", |(kind, _)| kind);
            ALONE.contains(&kind) && !placed.contains(id.as_str()) && !is_about(id, &object.bytes)
        });
        for (_, object) in loose {
            // Where there is nothing, there is nothing to take back.
            let add = !header(&object.bytes).is_ok_and(|header| header.revoked);
            send_event(reach, instance, &[&object.bytes], add, &mut step.notes)?;
        }
        let said = batch.fresh.iter().filter_map(|(id, object)| {
            // Touched anew, and sent when it came.
            let again = !self.sent_before(&exit, id, sent_us).is_empty();
            let sighting = self.sighting(id, &object.bytes).filter(|_| !again);
            Some((object.number, id.as_str(), sighting?))
        });
        let wrong = batch.back.wrong.iter();
        let wrong = wrong.map(|(number, id, says)| (*number, id.as_str(), says.clone()));
        let mut sightings: Vec<(u64, &str, Vec<u8>)> = said.chain(wrong).collect();
        sightings.sort_unstable();
        for (number, id, sighting) in sightings {
            // The instance adds each anew: what went before it failed does not go again.
            if cursor.sighted >= Some(number) {
                continue;
            }
            if let Sent::Refused(why) | Sent::Partly(why) =
                misp::sight(reach.remote, instance, &sighting)?
            {
                step.notes.push(Noted {
                    what: id.to_owned(),
                    why: format!("the instance did not take it: {why}"),
                });
            }
            cursor.sighted = Some(number);
            // CRASH: before this is on the disk, one sighting goes again.
            self.take(&[], Some(cursor.to_text()), step)?;
        }
        cursor.sent_us = Some(to_us);
        Ok(batch.more)
    }

    fn exit<'a>(&self, name: &'a MemberId, caller: &Caller) -> Result<Exit<'a>, FollowError> {
        let (state, now) = (self.cell.state(), self.cell.env().now());
        let cleared = state.clearance(caller, &self.into, now);
        let held = state.collection(&self.into);
        let honoured = held.is_none_or(|held| held.settings.honour_expiry);
        Ok(Exit {
            instance: name,
            cleared: cleared.map_err(CellError::from)?,
            valid_us: if honoured {
                now.as_microsecond()
            } else {
                i64::MIN
            },
            state,
        })
    }

    /// What came after a place, not from the instance itself, and may leave; and what was taken back
    /// of what went there before, or came from there.
    fn outgoing(&self, exit: &Exit<'_>, after_us: i64) -> Result<Batch, FollowError> {
        let mut batch = Batch::default();
        self.cell
            .changes_since(&self.into, after_us, &mut |change| {
                if batch.fresh.len() + batch.back.len() >= SENT_MAX {
                    batch.more = true;
                    return ControlFlow::Break(());
                }
                batch.to_us = Some(change.added_us);
                if self.is_taken_back(exit, &change, after_us, &mut batch.back) {
                    return ControlFlow::Continue(());
                }
                if let Changed::Put(bytes) = change.op
                    && exit.admits(&change)
                {
                    let object = Outgoing {
                        number: change.number,
                        bytes: bytes.to_vec(),
                    };
                    batch.fresh.insert(change.id.to_owned(), object);
                }
                ControlFlow::Continue(())
            })?;
        Ok(batch)
    }

    /// The reports and groupings that a batch has, or that bind something in it; and those and
    /// their parts that went before.
    fn bound(
        &self,
        batch: &Batch,
        exit: &Exit<'_>,
    ) -> Result<(Vec<Binding>, BTreeMap<String, Outgoing>), FollowError> {
        let mut bound = Vec::new();
        if batch.fresh.is_empty() {
            return Ok((bound, BTreeMap::new()));
        }
        self.each_binding(&mut |change, object| {
            if let Some(binding) = Binding::read(change.id, object)
                && exit.admits(change)
                && !header(object).is_ok_and(|header| header.revoked)
            {
                let touched = binding.refs.iter().any(|id| batch.fresh.contains_key(id));
                if touched || batch.fresh.contains_key(&binding.id) {
                    bound.retain(|other: &Binding| other.id != binding.id);
                    bound.push(binding);
                }
            }
        })?;
        let wanted: BTreeSet<&str> = bound
            .iter()
            .flat_map(|binding| binding.refs.iter().chain([&binding.id]))
            .map(String::as_str)
            .filter(|id| !batch.fresh.contains_key(*id))
            .collect();
        let known = self.standing(exit, &wanted)?;
        Ok((bound, known))
    }

    /// Those of these objects that stand in the collection and may leave, each in its last version.
    pub(super) fn standing(
        &self,
        exit: &Exit<'_>,
        wanted: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Outgoing>, FollowError> {
        let places = {
            let index = self.cell.index();
            let shelf = index.shelf(&self.into).into_iter();
            let entries = shelf.flat_map(|shelf| {
                let keys = wanted.iter().map(|id| Key::of(id));
                keys.flat_map(|key| shelf.versions(key))
            });
            let live = entries.filter(|(_, entry)| entry.is_live());
            live.map(|(_, entry)| entry.added_us)
                .collect::<BTreeSet<_>>()
        };
        let mut standing = BTreeMap::new();
        let Some(first) = places.first() else {
            return Ok(standing);
        };
        // Every entry of a node is added at a time of its own.
        let is_wanted = |entry: &Entry| !entry.is_superseded() && places.contains(&entry.added_us);
        let after_us = first.saturating_sub(1);
        self.cell
            .entries_since(&self.into, after_us, &is_wanted, &mut |change| {
                if let Changed::Put(bytes) = change.op
                    && wanted.contains(change.id)
                    && exit.admits(&change)
                {
                    let object = Outgoing {
                        number: change.number,
                        bytes: bytes.to_vec(),
                    };
                    standing.insert(change.id.to_owned(), object);
                }
                ControlFlow::Continue(())
            })?;
        Ok(standing)
    }

    /// Puts into the ledger what is about to leave.
    fn note(
        &self,
        caller: &Caller,
        batch: &Batch,
        known: &BTreeMap<String, Outgoing>,
    ) -> Result<(), FollowError> {
        let all = batch.fresh.values().chain(known.values());
        let mut numbers: Vec<u64> = all.map(|object| object.number).collect();
        numbers.sort_unstable();
        let runs: Vec<Run> = numbers
            .into_iter()
            .map(|number| Run {
                first: number,
                last: number,
            })
            .collect();
        if runs.is_empty() {
            return Ok(());
        }
        let noted = self
            .cell
            .note_served(caller, &self.into, How::Export, &runs);
        noted.map_err(|_| CellError::NotReady)?;
        // CRASH: what went is taken back there only if the ledger has it: it is on the disk before.
        self.cell.ledger.flush().map_err(CellError::from)?;
        Ok(())
    }

    /// A STIX sighting as MISP takes it; none where it is no sighting. MISP gives it an id of its
    /// own: the source says which of ours it is.
    fn sighting(&self, id: &str, object: &[u8]) -> Option<Vec<u8>> {
        if !is_about(id, object) {
            return None;
        }
        let object: Value = serde_json::from_slice(object).ok()?;
        if !is_sighting(&object) || object["revoked"] == true {
            return None;
        }
        let of = object["sighting_of_ref"]
            .as_str()
            .or_else(|| object["object_refs"][0].as_str())?;
        let said = &object["extensions"][EXTENSION]["sighting"];
        // What is an indicator here may be an object there, of which one attribute was seen.
        let attribute = said["attribute_uuid"].as_str();
        let said = said["type"].as_str();
        let kind = said.filter(|kind| matches!(*kind, "0" | "1" | "2"));
        let kind = kind.unwrap_or(if object["count"] == 0 { "1" } else { "0" });
        let seen = ["last_seen", "first_seen", "modified"]
            .into_iter()
            .find_map(|key| object[key].as_str())?;
        let at: jiff::Timestamp = seen.parse().ok()?;
        let sighting = json!({
            "uuid": attribute.unwrap_or(uuid_in(of)),
            "type": kind,
            "timestamp": at.as_second(),
            "source": format!("{}{MARK}{}", self.cell.me(), uuid_in(id)),
        });
        Some(sighting.to_string().into_bytes())
    }
}

/// Sends one event of these objects; answers the UUIDs of what was added.
fn send_event(
    reach: &Reach<'_>,
    instance: &Instance,
    objects: &[&[u8]],
    add: bool,
    notes: &mut Vec<Noted>,
) -> Result<Vec<String>, FollowError> {
    let mapped = match stix_to_event(objects) {
        Ok(mapped) => mapped,
        // A report that was taken back binds nothing; there is no event to make.
        Err(MispFlaw::Nothing) => return Ok(Vec::new()),
        Err(flaw) => {
            notes.push(Noted {
                what: "an event of ours".to_owned(),
                why: flaw.to_string(),
            });
            return Ok(Vec::new());
        }
    };
    let mut fresh = Vec::new();
    let left = mapped.unmapped.into_iter().filter(|left| !left.kept);
    notes.extend(left.map(|left| Noted {
        what: format!("{}: {}", left.path, left.what),
        why: left.why.to_owned(),
    }));
    for document in &mapped.objects {
        let uuid = Seen::read(document).uuid.unwrap_or_default();
        let (sent, added) = misp::send(reach.remote, instance, &uuid, document, add)?;
        fresh.extend(added.then(|| uuid.to_ascii_lowercase()));
        match sent {
            Sent::Taken => {}
            Sent::Partly(why) => notes.push(Noted {
                what: format!("event {uuid}"),
                why: format!("the instance did not take all of it: {why}"),
            }),
            Sent::Refused(why) => notes.push(Noted {
                what: format!("event {uuid}"),
                why: format!("the instance did not take it: {why}"),
            }),
        }
    }
    Ok(fresh)
}

/// Whether an object says something about others: MISP's sightings are no part of an event that is
/// sent.
fn is_about(id: &str, object: &[u8]) -> bool {
    let kind = id.split_once("--").map_or("", |(kind, _)| kind);
    ABOUT.contains(&kind)
        || (kind == "note"
            && serde_json::from_slice::<Value>(object).is_ok_and(|note| is_sighting(&note)))
}
