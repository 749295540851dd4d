//! Taking in changes that were made elsewhere: the greater stamp wins.

use super::{Change, Stamp};
use crate::cell::{
    Cell, CellError, Detail,
    batch::{Op, REVOKED, Row, UNVERSIONED, V20},
    index::{At, Entry, Index, Key, Markings, Order, Shelf, Speaker},
    review::{self, Rooms, is_ours_alone},
    tail::Turn,
    write::{AHEAD_US_MAX, Candidate, Context, FrameOf, Gone, Prepared, prepare_all},
};
use portcullis_core::cell::{
    Caller, CollectionId, Command, Event, GroupId, Label, Marks, State, Tlp, decide,
};
use portcullis_core::member::MemberId;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// What became of changes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Accepted {
    /// How many changed something here.
    pub fresh: usize,
    /// How many were known.
    pub echoes: usize,
    /// Objects that are not taken, with the code of what is wrong.
    pub refused: Vec<(String, &'static str)>,
}

impl Accepted {
    /// One more change that was taken in, or that was known.
    const fn count(&mut self, fresh: bool) {
        if fresh {
            self.fresh += 1;
        } else {
            self.echoes += 1;
        }
    }
}

impl Cell {
    /// Takes in changes to a collection together with events, in one frame or not at all.
    ///
    /// # Errors
    ///
    /// [`CellError::Journal`], [`CellError::TooMany`].
    pub fn accept(
        &self,
        collection: &CollectionId,
        changes: &[Change],
        events: Vec<Event>,
    ) -> Result<Accepted, CellError> {
        self.accept_for(collection, changes, events, &BTreeSet::new())
    }

    /// The same, where what is TLP:RED is for these members besides: their names are in its label.
    pub(in crate::cell) fn accept_for(
        &self,
        collection: &CollectionId,
        changes: &[Change],
        events: Vec<Event>,
        recipients: &BTreeSet<MemberId>,
    ) -> Result<Accepted, CellError> {
        let state = self.state();
        let context = Context::new(&state, collection, None, false).against(self.warning_lists());
        let puts: Vec<&[u8]> = changes.iter().filter_map(bytes_of).collect();
        let changes = definitions_first(changes, prepare_all(&context, &puts));
        let mut accepted = Accepted::default();
        let mut turn = self.turn()?;
        let state = self.state();
        let index = self.index();
        let mut frame = FrameOf::new(&state, &self.me, *collection);
        frame.events = events;
        let (mut markings, mut rooms) = (Markings::default(), Rooms::default());
        for (change, prepared) in changes {
            match change {
                Change::Put {
                    stamp,
                    publisher,
                    tlp,
                    held,
                    marks,
                    provenance,
                    ..
                } => {
                    let mut object = match prepared {
                        Some(Ok(object)) => object,
                        Some(Err(detail)) => {
                            accepted.refused.push((detail.id, detail.code));
                            continue;
                        }
                        None => continue,
                    };
                    let fresh = frame.first(object.at).is_none()
                        && wins(&index, index.shelf(collection), object.at, stamp);
                    if !fresh {
                        let wider = self.widen(&mut turn, &mut frame, &index, &object, change)?;
                        accepted.count(wider);
                        continue;
                    }
                    if self.is_made_ahead(&index, &frame, &object, stamp, turn.at) {
                        let id = object.header.id.into_owned();
                        accepted.refused.push((id, "cell.made_ahead"));
                        continue;
                    }
                    // Whoever sent it may have looked otherwise, or not at all (law 10).
                    let listed = listed(&state, &mut object, publisher);
                    let asks = || listed || crosses(&state, &self.me, collection, change);
                    let of = (collection, publisher);
                    let crossing = || asks() && self.may_ask((&state, &index), of, &mut rooms);
                    let (found, _) = self
                        .hold(&mut frame, publisher, crossing, &object, turn.at)
                        .unwrap_or((true, false));
                    let speaker = Speaker::of(&self.me, publisher, Some(&stamp.by));
                    let (marked, names) = markings.of(&index, &object.header, speaker);
                    let label = state.label(collection, publisher, marked, *held || found);
                    let label = bound(label, (*tlp, recipients), listed && found);
                    if !has_room(&mut frame, &index, &object, &label, &stamp.by) {
                        let id = object.header.id.into_owned();
                        accepted.refused.push((id, "cell.too_many"));
                        continue;
                    }
                    if let Some(says) = object.says {
                        markings.define(&index, &object.header.id, speaker, says);
                    }
                    let events = marks_of(&state, &object, publisher, marks, turn.at);
                    frame.events.extend(events);
                    let proof = (frame.proof(provenance)?, !marks.is_empty());
                    let label = (label, names);
                    self.put_followed(&mut turn, &mut frame, &index, object, label, stamp, proof)?;
                    accepted.fresh += 1;
                }
                Change::Remove {
                    id,
                    version_us,
                    stamp,
                } => {
                    let fresh = Self::remove_followed(
                        &mut turn,
                        &mut frame,
                        &index,
                        id,
                        *version_us,
                        stamp,
                    )?;
                    accepted.count(fresh);
                }
                Change::Withhold {
                    id,
                    version_us,
                    stamp,
                } => {
                    let fresh =
                        Self::withhold(&mut turn, &mut frame, &index, id, *version_us, stamp)?;
                    accepted.count(fresh);
                }
                Change::Forget { id, version_us } => {
                    accepted.count(forget(&mut turn, &mut frame, &index, id, *version_us));
                }
            }
        }
        drop(index);
        self.append_accepted(turn, frame)?;
        Ok(accepted)
    }

    /// Appends a frame of changes, if there is anything in it.
    fn append_accepted(&self, turn: Turn<'_>, frame: FrameOf<'_>) -> Result<(), CellError> {
        if frame.batch.rows.is_empty() && frame.events.is_empty() {
            return self.settle_seen(turn);
        }
        let batches = Some(frame.batch).filter(|batch| !batch.rows.is_empty());
        let appended = turn.append(&frame.events, batches.as_slice(), &frame.data)?;
        self.settle(appended)?;
        self.relight();
        Ok(())
    }
}

impl Cell {
    /// Whether others say of an object that is here that they have made a version of it which is
    /// yet to come: it would stand before every other until then.
    fn is_made_ahead(
        &self,
        index: &Index,
        frame: &FrameOf<'_>,
        object: &Prepared<'_>,
        stamp: &Stamp,
        at: jiff::Timestamp,
    ) -> bool {
        let ahead_us = at.as_microsecond().saturating_add(AHEAD_US_MAX);
        if object.header.version_us <= ahead_us || stamp.by == self.me {
            return false;
        }
        let shelf = index.shelf(&frame.batch.collection).into_iter();
        let mut versions = shelf.flat_map(|shelf| shelf.versions(object.at.key));
        let mut others = false;
        let again = versions.any(|(_, entry)| {
            others |= entry.is_live();
            entry.is_live() && entry.order() == object.at.order
        });
        others && !again
    }

    /// Puts a followed object into the frame; without its bytes if they are here already.
    #[expect(
        clippy::too_many_arguments,
        reason = "one object with all that came along"
    )]
    fn put_followed<'a>(
        &self,
        turn: &mut Turn<'_>,
        frame: &mut FrameOf<'a>,
        index: &Index,
        object: Prepared<'a>,
        (label, markings): (Label, Vec<u64>),
        stamp: &Stamp,
        (proof, marked): (u32, bool),
    ) -> Result<(), CellError> {
        let shelf = index.shelf(&frame.batch.collection);
        let held = shelf
            .and_then(|shelf| shelf.find(object.at))
            .map(|(_, entry)| entry);
        let mut here = Vec::new();
        let same =
            match held.filter(|held| held.is_live() && held.len as usize == object.bytes.len()) {
                Some(held) => {
                    self.journal.read(held.place(), &mut here)?;
                    here == object.bytes
                }
                None => false,
            };
        let candidate = Candidate {
            marked: marked || frame.state.is_marked(&object.header.id),
            object,
            label,
            markings,
            stamp: Some((stamp.at_us, stamp.by.clone())),
            proof,
            op: if same { Op::Touch } else { Op::Put },
        };
        frame.put(turn, held, candidate)?;
        Ok(())
    }

    /// Puts into the frame that a source shows a version more widely than it did, by the same change:
    /// it has come to know a marking since. Answers whether there was anything.
    fn widen<'a>(
        &self,
        turn: &mut Turn<'_>,
        frame: &mut FrameOf<'a>,
        index: &Index,
        object: &Prepared<'a>,
        change: &Change,
    ) -> Result<bool, CellError> {
        let Change::Put {
            stamp,
            publisher,
            tlp,
            ..
        } = change
        else {
            return Ok(false);
        };
        let shelf = index.shelf(&frame.batch.collection);
        let held = shelf.and_then(|shelf| shelf.find(object.at));
        let Some((_, held)) = held.filter(|(_, held)| held.is_live() && held.names_markings())
        else {
            return Ok(false);
        };
        let by = index.members.get(held.by);
        let mut label = index
            .labels
            .get(held.label)
            .ok_or(CellError::NotFound)?
            .clone();
        let same = (held.stamp_us, by) == (stamp.at_us, Some(&stamp.by));
        let wider = label.bound.is_some_and(|bound| *tlp < bound);
        if !same || !wider || label.publisher != *publisher {
            return Ok(false);
        }
        let mut here = Vec::new();
        self.journal.read(held.place(), &mut here)?;
        if here != object.bytes {
            return Ok(false);
        }
        label.bound = Some(*tlp);
        let (tlp, markings) = self.lit(
            index,
            self.default_light(&frame.batch.collection),
            &object.header,
            (&label, &stamp.by),
        );
        label.tlp = tlp;
        let kind = index.kind_of(held);
        let row = Row {
            op: Op::Touch,
            flags: held.flags(),
            id: object.header.id.clone(),
            version_us: held.order().version_us,
            added_us: turn.added_us(),
            stamp_us: held.stamp_us,
            expires_us: held.expires_us,
            by: frame.interned.member(&mut frame.batch, &stamp.by)?,
            kind: frame.interned.kind(&mut frame.batch, Cow::Owned(kind))?,
            label: frame.interned.label(&mut frame.batch, &label)?,
            proof: 0,
            len: 0,
            markings,
            observables: object.observables.clone(),
        };
        frame.batch.rows.push(row);
        Ok(true)
    }

    /// Puts into the frame that a later change to a version is not for us to have; answers
    /// whether there was anything of an earlier one.
    fn withhold<'a>(
        turn: &mut Turn<'_>,
        frame: &mut FrameOf<'a>,
        index: &Index,
        id: &'a str,
        version_us: i64,
        stamp: &Stamp,
    ) -> Result<bool, CellError> {
        let shelf = index.shelf(&frame.batch.collection);
        let mut fresh = false;
        for entry in of_version(shelf, id, version_us) {
            let by = index.members.get(entry.by);
            if !entry.is_live() || (stamp.at_us, Some(&stamp.by)) < (entry.stamp_us, by) {
                continue;
            }
            let label = index.labels.get(entry.label).ok_or(CellError::NotFound)?;
            let kind = index.kind_of(&entry);
            let gone = Gone {
                id,
                version_us,
                // A removal that says `revoked` is one that may be taken back.
                flags: entry.flags() & (V20 | UNVERSIONED) | REVOKED,
                kind,
                label,
            };
            frame.remove(turn.added_us(), (stamp.at_us, &stamp.by), gone)?;
            fresh = true;
        }
        Ok(fresh)
    }

    /// Puts a followed removal into the frame; answers whether it wins.
    fn remove_followed<'a>(
        turn: &mut Turn<'_>,
        frame: &mut FrameOf<'a>,
        index: &Index,
        id: &'a str,
        version_us: i64,
        stamp: &Stamp,
    ) -> Result<bool, CellError> {
        let shelf = index.shelf(&frame.batch.collection);
        let held: Vec<Entry> = of_version(shelf, id, version_us);
        // A removal may come before what it removes: it is kept all the same.
        let specs: Vec<bool> = match held.as_slice() {
            [] => vec![true],
            held => held.iter().map(|entry| !entry.is_v20()).collect(),
        };
        let mut fresh = false;
        for v21 in specs {
            let at = At {
                key: Key::of(id),
                order: Order { version_us, v21 },
            };
            let fits = frame
                .takes(index, at, kind_in(id), !held.is_empty())
                .is_ok()
                && index.takes_member(&stamp.by);
            if !fits || !wins(index, shelf, at, stamp) {
                continue;
            }
            let of = held.iter().find(|entry| entry.is_v20() != v21);
            let label = of.and_then(|entry| index.labels.get(entry.label)).cloned();
            let label = label.unwrap_or_else(|| {
                let strictest = Tlp::Red.into();
                frame
                    .state
                    .label(&frame.batch.collection, &stamp.by, strictest, false)
            });
            let kind = of.map_or_else(|| kind_in(id).to_owned(), |entry| index.kind_of(entry));
            let unversioned = if version_us == i64::MIN {
                UNVERSIONED
            } else {
                0
            };
            let gone = Gone {
                id,
                version_us,
                flags: if v21 { 0 } else { V20 } | unversioned,
                kind,
                label: &label,
            };
            frame.remove(turn.added_us(), (stamp.at_us, &stamp.by), gone)?;
            fresh = true;
        }
        Ok(fresh)
    }
}

/// Each change with its object as it was read, those that mark others before them.
fn definitions_first<'a, 'b>(
    changes: &'a [Change],
    prepared: Vec<Result<Prepared<'b>, Detail>>,
) -> Vec<(&'a Change, Option<Result<Prepared<'b>, Detail>>)> {
    let mut prepared = prepared.into_iter();
    let each = changes.iter().map(|change| {
        let put = bytes_of(change).and_then(|_| prepared.next());
        (change, put)
    });
    let mut changes: Vec<_> = each.collect();
    changes.sort_by_key(|(_, put)| {
        let definition = |object: &Prepared<'_>| object.says.is_some();
        !matches!(put, Some(Ok(object)) if definition(object))
    });
    changes
}

/// The object that a change puts.
fn bytes_of(change: &Change) -> Option<&[u8]> {
    match change {
        Change::Put { bytes, .. } => Some(bytes),
        Change::Remove { .. } | Change::Withhold { .. } | Change::Forget { .. } => None,
    }
}

/// Whether a change of this stamp wins against what is held.
fn wins(index: &Index, shelf: Option<&Shelf>, at: At, stamp: &Stamp) -> bool {
    let Some((_, held)) = shelf.and_then(|shelf| shelf.find(at)) else {
        return true;
    };
    let by = index.members.get(held.by);
    let (theirs, ours) = ((stamp.at_us, Some(&stamp.by)), (held.stamp_us, by));
    // What was withheld is taken when it comes after all.
    theirs > ours || (theirs == ours && held.is_withheld())
}

/// Whether what is brought crosses a line of law 10: to whoever reads the collection, or where it
/// reaches nobody but `me`, to that member.
fn crosses(state: &State, me: &MemberId, collection: &CollectionId, change: &Change) -> bool {
    let Change::Put {
        publisher,
        tlp,
        marks,
        ..
    } = change
    else {
        return false;
    };
    if is_ours_alone(me, (publisher, *tlp), Some(marks)) {
        state.crossing_to(collection, publisher, me)
    } else {
        state.crossing(collection, publisher)
    }
}

/// The label of what its source shows as widely as this. What nobody could publish here, nobody gets
/// from here until a person says so.
fn bound(label: Label, (tlp, recipients): (Tlp, &BTreeSet<MemberId>), listed: bool) -> Label {
    Label {
        tlp: if listed { Tlp::Red } else { label.tlp.max(tlp) },
        bound: Some(tlp),
        recipients: recipients.clone(),
        ..label
    }
}

/// Whether a followed object names what its publisher could not publish here as an indicator: then
/// that is found in it.
fn listed(state: &State, object: &mut Prepared<'_>, publisher: &MemberId) -> bool {
    let hits = std::mem::take(&mut object.hits);
    let heeded = state.heed_warnings(publisher, &object.header.id, &hits);
    if heeded.is_ok() {
        return false;
    }
    review::listed(&mut object.findings, hits);
    true
}

/// Whether the numbers last for an object.
fn has_room(
    frame: &mut FrameOf<'_>,
    index: &Index,
    object: &Prepared<'_>,
    label: &Label,
    by: &MemberId,
) -> bool {
    let shelf = index.shelf(&frame.batch.collection);
    let held = shelf.is_some_and(|shelf| shelf.find(object.at).is_some());
    let room = frame.takes(index, object.at, &object.header.kind, held);
    room.is_ok() && index.takes_label(label) && index.takes_member(by)
}

/// The entries of a version, in either version of STIX.
fn of_version(shelf: Option<&Shelf>, id: &str, version_us: i64) -> Vec<Entry> {
    let versions = shelf
        .into_iter()
        .flat_map(|shelf| shelf.versions(Key::of(id)));
    let same = versions.filter(|(_, entry)| entry.order().version_us == version_us);
    same.map(|(_, entry)| *entry).collect()
}

/// The type that an id names.
fn kind_in(id: &str) -> &str {
    id.split_once("--").map_or(id, |(kind, _)| kind)
}

/// Our copy of a version goes, as if it had never been here.
fn forget<'a>(
    turn: &mut Turn<'_>,
    frame: &mut FrameOf<'a>,
    index: &Index,
    id: &'a str,
    version_us: i64,
) -> bool {
    let held = of_version(index.shelf(&frame.batch.collection), id, version_us);
    for entry in &held {
        frame.batch.rows.push(Row {
            op: Op::Forget,
            flags: entry.flags() & (V20 | UNVERSIONED),
            id: Cow::Borrowed(id),
            version_us,
            // No entry has it: it tells when.
            added_us: turn.added_us(),
            stamp_us: entry.stamp_us,
            expires_us: i64::MAX,
            by: 0,
            kind: 0,
            label: 0,
            proof: 0,
            len: 0,
            markings: Vec::new(),
            observables: Vec::new(),
        });
    }
    !held.is_empty()
}

/// The events by which what a publisher says beside its object is known here, too.
fn marks_of(
    state: &State,
    object: &Prepared<'_>,
    publisher: &MemberId,
    marks: &Marks,
    at: jiff::Timestamp,
) -> Vec<Event> {
    let id = object.header.id.as_ref();
    let known = state.marks(id, publisher).cloned().unwrap_or_default();
    let Ok(object) = id.parse::<portcullis_core::cell::ObjectId>() else {
        return Vec::new();
    };
    let mut commands = Vec::new();
    let groups = known.groups.keys().chain(marks.groups.keys());
    let groups: BTreeMap<&GroupId, Option<Tlp>> = groups
        .map(|group| (group, marks.groups.get(group).copied()))
        .collect();
    for (group, tlp) in groups {
        if known.groups.get(group).copied() != tlp {
            commands.push(Command::Mark {
                object: object.clone(),
                publisher: publisher.clone(),
                group: *group,
                tlp,
            });
        }
    }
    if known.recipients != marks.recipients {
        commands.push(Command::Address {
            object,
            publisher: publisher.clone(),
            recipients: marks.recipients.clone(),
        });
    }
    let by = Caller::node(publisher.clone());
    let decided = commands
        .into_iter()
        .map(|command| decide(state, &by, command, at));
    // What the rules refuse here is not known here; the object's label decides alone.
    decided.filter_map(Result::ok).flatten().collect()
}
