//! What goes to a MISP instance: reports and groupings with what they bind,
//! loose objects each as an event of its own, and sightings.

use super::{Binding, uuid_in, uuid_of};
use crate::cell::{
    CellError, Changed, Run,
    follow::{FollowError, Noted, Reach, Work},
    remote::misp::{self, Cursor, Instance},
    served::How,
};
use portcullis_core::{
    cell::{Caller, Clearance, Rights},
    member::MemberId,
};
use portcullis_stix::misp::stix_to_event;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// How many new objects one step sends.
const SENT_MAX: usize = 500;
/// What is an event when nothing binds it; the rest says something about other objects.
const ALONE: [&str; 4] = ["indicator", "observed-data", "incident", "malware-analysis"];

/// One object that may go.
struct Outgoing {
    number: u64,
    bytes: Vec<u8>,
}

/// What there is to send.
#[derive(Default)]
struct Batch {
    /// New since the last time, by their ids.
    fresh: BTreeMap<String, Outgoing>,
    /// Up to where that reaches.
    to_us: Option<i64>,
    more: bool,
}

impl Work<'_> {
    /// Sends what came since the last time and may leave; answers whether there is more.
    pub(super) fn send(
        &self,
        reach: &Reach<'_>,
        instance: &Instance,
        name: &MemberId,
        cursor: &mut Cursor,
        notes: &mut Vec<Noted>,
    ) -> Result<bool, FollowError> {
        // The instance goes on from there as it likes: it is treated as a client of our member,
        // so that TLP:AMBER+STRICT, TLP:RED and what waits for a person stay here.
        let caller = Caller {
            client: true,
            rights: Rights::Read,
            ..Caller::node(self.cell.me().clone())
        };
        let now = self.cell.env().now();
        let cleared = self.cell.state().clearance(&caller, &self.into, now);
        let cleared = cleared.map_err(CellError::from)?;
        let batch = self.outgoing(name, &cleared, cursor.sent_us.unwrap_or(i64::MIN))?;
        let Some(to_us) = batch.to_us else {
            return Ok(false);
        };
        let (bound, known) = self.bound(&batch, &cleared)?;
        self.note(&caller, &batch, &known)?;
        let mut events = Vec::new();
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        for binding in &bound {
            let parts = binding.refs.iter().chain([&binding.id]);
            let parts: Vec<&str> = parts.map(String::as_str).collect();
            placed.extend(&parts);
            let bytes = |id: &&str| {
                let fresh = batch.fresh.get(*id).map(|object| object.bytes.as_slice());
                fresh.or_else(|| known.get(*id).map(|object| object.bytes.as_slice()))
            };
            events.push(parts.iter().filter_map(bytes).collect::<Vec<&[u8]>>());
        }
        let loose = batch.fresh.iter().filter(|(id, _)| {
            let kind = id.split_once("--").map_or("", |(kind, _)| kind);
            ALONE.contains(&kind) && !placed.contains(id.as_str())
        });
        events.extend(loose.map(|(_, object)| vec![object.bytes.as_slice()]));
        for event in events {
            match stix_to_event(&event) {
                Ok(mapped) => {
                    let left = mapped.unmapped.into_iter().filter(|left| !left.kept);
                    notes.extend(left.map(|left| Noted {
                        what: format!("{}: {}", left.path, left.what),
                        why: left.why.to_owned(),
                    }));
                    for document in &mapped.objects {
                        let uuid = uuid_of(document).unwrap_or_default();
                        misp::send(reach.remote, instance, &uuid, document)?;
                    }
                }
                Err(flaw) => notes.push(Noted {
                    what: "an event of ours".to_owned(),
                    why: flaw.to_string(),
                }),
            }
        }
        for (id, object) in &batch.fresh {
            if id.starts_with("sighting--")
                && let Some(sighting) = self.sighting(&object.bytes)
                && !misp::sight(reach.remote, instance, &sighting)?
            {
                notes.push(Noted {
                    what: id.clone(),
                    why: "the instance has nothing that was sighted".to_owned(),
                });
            }
        }
        cursor.sent_us = Some(to_us);
        Ok(batch.more)
    }

    /// What came after a place, not from the instance itself, and may leave.
    fn outgoing(
        &self,
        name: &MemberId,
        cleared: &Clearance,
        after_us: i64,
    ) -> Result<Batch, FollowError> {
        let (state, valid) = (self.cell.state(), self.valid_after());
        let mut batch = Batch::default();
        self.cell
            .changes_since(&self.into, after_us, &mut |change| {
                if batch.fresh.len() >= SENT_MAX {
                    batch.more = true;
                    return ControlFlow::Break(());
                }
                batch.to_us = Some(change.added_us);
                let marks = state.marks(change.id, &change.label.publisher);
                if let Changed::Put(bytes) = change.op
                    && change.stamp.by != *name
                    && change.expires_us > valid
                    && cleared.admits(change.label, marks)
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

    /// What ends later than this may go, in microseconds since 1970.
    fn valid_after(&self) -> i64 {
        let state = self.cell.state();
        let held = state.collection(&self.into);
        if held.is_none_or(|held| held.settings.honour_expiry) {
            self.cell.env().now().as_microsecond()
        } else {
            i64::MIN
        }
    }

    /// The reports and groupings that a batch has, or that bind something in it; and those and
    /// their parts that went before.
    fn bound(
        &self,
        batch: &Batch,
        cleared: &Clearance,
    ) -> Result<(Vec<Binding>, BTreeMap<String, Outgoing>), FollowError> {
        let mut bound = Vec::new();
        let (state, valid) = (self.cell.state(), self.valid_after());
        let may = |change: &crate::cell::ChangeRef<'_>| {
            let marks = state.marks(change.id, &change.label.publisher);
            change.expires_us > valid && cleared.admits(change.label, marks)
        };
        self.cell
            .changes_since(&self.into, i64::MIN, &mut |change| {
                if let Changed::Put(object) = change.op
                    && let Some(binding) = Binding::read(change.id, object)
                    && may(&change)
                {
                    let touched = binding.refs.iter().any(|id| batch.fresh.contains_key(id));
                    if touched || batch.fresh.contains_key(&binding.id) {
                        bound.retain(|other: &Binding| other.id != binding.id);
                        bound.push(binding);
                    }
                }
                ControlFlow::Continue(())
            })?;
        let wanted: BTreeSet<&str> = bound
            .iter()
            .flat_map(|binding| binding.refs.iter().chain([&binding.id]))
            .map(String::as_str)
            .filter(|id| !batch.fresh.contains_key(*id))
            .collect();
        let mut known = BTreeMap::new();
        if !wanted.is_empty() {
            self.cell
                .changes_since(&self.into, i64::MIN, &mut |change| {
                    if let Changed::Put(bytes) = change.op
                        && wanted.contains(change.id)
                        && may(&change)
                    {
                        let object = Outgoing {
                            number: change.number,
                            bytes: bytes.to_vec(),
                        };
                        known.insert(change.id.to_owned(), object);
                    }
                    ControlFlow::Continue(())
                })?;
        }
        Ok((bound, known))
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
        let noted = self
            .cell
            .note_served(caller, &self.into, How::Export, &runs);
        Ok(noted.map_err(|_| CellError::NotReady)?)
    }

    /// A STIX sighting as MISP takes it; a count of zero says that it was a false alarm.
    fn sighting(&self, object: &[u8]) -> Option<Vec<u8>> {
        let object: Value = serde_json::from_slice(object).ok()?;
        let of = object.get("sighting_of_ref")?.as_str()?;
        let alarm = object.get("count").and_then(Value::as_u64) != Some(0);
        let seen = object
            .get("last_seen")
            .or_else(|| object.get("first_seen"))
            .or_else(|| object.get("modified"));
        let at: jiff::Timestamp = seen?.as_str()?.parse().ok()?;
        let sighting = json!({
            "uuid": uuid_in(of),
            "type": if alarm { "0" } else { "1" },
            "timestamp": at.as_second(),
            "source": self.cell.me().as_str(),
        });
        Some(sighting.to_string().into_bytes())
    }
}
