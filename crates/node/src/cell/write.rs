//! Objects come in, and go: what a caller sends is read outside the journal's
//! lock, decided and appended inside it, and acknowledged when it is on the disk.

mod light;
mod prepare;
mod remove;
mod replace;
mod touch;
mod trial;

pub(crate) use prepare::{Context, Prepared, all as prepare_all};
pub(crate) use replace::AHEAD_US_MAX;
pub(crate) use touch::Touch;
pub use trial::Trial;

use super::{
    Cell, CellError, Detail, Status,
    batch::{Batch, Interned, MARKED, Op, REVOKED, Row},
    index::{At, Entry, Index, KINDS_MAX, Key, Markings, Order, Speaker, VERSIONS_MAX},
    provenance::{digest_of, sign_batch},
    tail::Turn,
};
use bytes::Bytes;
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, Event, Label, Marked, Refusal, ReviewId, State, Tlp, decide,
        review::Finding,
    },
    member::MemberId,
};
use portcullis_stix::{header, taxii::Micros};
pub(super) use replace::Adding;
use replace::Place;
use std::{borrow::Cow, cell::OnceCell, collections::HashMap, sync::Arc};

/// Bytes of objects that one frame takes: others append in between.
const FRAME_OBJECTS_BYTES: usize = 16 * 1024 * 1024;

/// Where objects come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    /// A caller publishes them.
    Published,
    /// An operator brings in what others have published, revoked objects too.
    Imported,
}

/// One object that may go into a frame.
pub(crate) struct Candidate<'a> {
    pub(crate) object: Prepared<'a>,
    pub(crate) label: Label,
    /// The markings for which its label is looked at again when they say something else.
    pub(crate) markings: Vec<u64>,
    /// When and where the change was made; none for here and now.
    pub(crate) stamp: Option<(i64, MemberId)>,
    /// Into the batch's proofs.
    pub(crate) proof: u32,
    /// [`Op::Put`], or [`Op::Touch`] if the bytes are here already.
    pub(crate) op: Op,
    /// Whether something is said beside it.
    pub(crate) marked: bool,
}

impl Cell {
    /// Adds an envelope's objects to a collection and says what became of each.
    ///
    /// An object that is there in the same version and the same bytes is a success that changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] if the caller may not add here, [`CellError::Envelope`] if the
    /// bytes are no envelope, [`CellError::Journal`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "doors hand over what they have read"
    )]
    pub fn add(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        envelope: Bytes,
        source: Source,
    ) -> Result<Status, CellError> {
        self.check_ready()?;
        if let Some(status) = self.add_pseudonymously(caller, collection, &envelope, source)? {
            return Ok(status);
        }
        self.add_as(
            caller,
            caller.member.as_str(),
            collection,
            &envelope,
            source,
        )
    }

    /// Adds an envelope as `caller`'s, signed as `publisher`'s: its member's, or a pseudonym's.
    pub(super) fn add_as(
        &self,
        caller: &Caller,
        publisher: &str,
        collection: &CollectionId,
        envelope: &Bytes,
        source: Source,
    ) -> Result<Status, CellError> {
        let adding = Adding {
            caller,
            publisher,
            collection,
            source,
            held: false,
            behind: None,
        };
        self.add_all(adding, envelope)
    }

    /// Adds the revoked version of what was published so; of what was `held` it crosses no line, either.
    pub(super) fn add_revoked(
        &self,
        caller: &Caller,
        publisher: &str,
        collection: &CollectionId,
        envelope: &Bytes,
        held: bool,
    ) -> Result<Status, CellError> {
        let source = Source::Published;
        let adding = Adding {
            caller,
            publisher,
            collection,
            source,
            held,
            behind: None,
        };
        self.add_all(adding, envelope)
    }

    pub(super) fn add_all(
        &self,
        adding: Adding<'_>,
        envelope: &Bytes,
    ) -> Result<Status, CellError> {
        let (caller, collection) = (adding.caller, adding.collection);
        let (state, at) = (self.state(), self.env.now());
        state.may_write(caller, collection, at)?;
        let read = header::envelope(envelope)?;
        let objects: Vec<&[u8]> = read.objects.iter().map(|slice| slice.bytes).collect();
        let mut status = Status::begun(self.uuid(), at.as_microsecond(), objects.len());
        let context = Context::new(
            &state,
            collection,
            Some(&caller.member),
            self.signer.is_some(),
        )
        .against(self.warning_lists());
        let mut prepared = prepare_all(&context, &objects);
        // What marks others comes before them, here and at whoever follows.
        if prepared
            .iter()
            .flatten()
            .any(|object| object.says.is_some())
        {
            prepared
                .sort_by_key(|object| object.as_ref().is_ok_and(|object| object.says.is_none()));
        }
        let mut part = Vec::with_capacity(prepared.len());
        let mut bytes = 0;
        for object in prepared {
            match object {
                Ok(object) => {
                    bytes += object.bytes.len();
                    part.push(object);
                }
                Err(detail) => status.failures.push(detail),
            }
            if bytes >= FRAME_OBJECTS_BYTES {
                let full = std::mem::take(&mut part);
                self.add_part(adding, full, &mut status)?;
                bytes = 0;
            }
        }
        if !part.is_empty() {
            self.add_part(adding, part, &mut status)?;
        }
        self.statuses().keep(caller, collection, &status);
        self.relight();
        Ok(status)
    }

    /// The status of this id, for whoever made the request.
    pub fn status(&self, caller: &Caller, id: &str) -> Option<Status> {
        self.statuses().of(caller, id)
    }

    /// Adds what fits in one frame.
    fn add_part(
        &self,
        adding: Adding<'_>,
        objects: Vec<Prepared<'_>>,
        status: &mut Status,
    ) -> Result<(), CellError> {
        let (caller, collection) = (adding.caller, adding.collection);
        let (mut digests, proof) = (Vec::with_capacity(objects.len()), OnceCell::new());
        let mut turn = self.turn()?;
        let state = self.state();
        state.may_write(caller, collection, turn.at)?;
        let index = self.index();
        let mut frame = FrameOf::new(&state, &self.me, *collection);
        frame.data.reserve_exact(objects.len() * 2);
        let mut labels = Labels::default();
        let mut markings = Markings::default();
        for object in objects {
            let held = match self.place(&frame, &index, adding, &object, turn.at) {
                Ok(Place::Free(held)) => held,
                Ok(Place::Same) => {
                    status.successes.push(object.detail());
                    continue;
                }
                Err(refusal) => {
                    status.failures.push(object.refused(&refusal));
                    continue;
                }
            };
            let room = frame.takes(&index, object.at, &object.header.kind, held.is_some());
            if let Err(refusal) = room {
                status.failures.push(object.refused(&refusal));
                continue;
            }
            let pseudonymous = adding.is_pseudonymous();
            let crossing = || pseudonymous || state.crossing(collection, &caller.member);
            let (held_back, waits) =
                self.hold(&mut frame, &caller.member, crossing, &object, turn.at)?;
            let held_back = held_back || adding.held;
            let publisher = &caller.member;
            let speaker = Speaker::of(&self.me, publisher, None);
            if let Some(says) = object.says {
                markings.define(&index, &object.header.id, speaker, says);
            }
            let (marked, names) = markings.of(&index, &object.header, speaker);
            let mut label = labels.of(&state, collection, publisher, marked, held_back);
            if pseudonymous && held_back {
                // Nobody is near to a member of whom nobody knows where it stands.
                label.tlp = Tlp::Red;
            }
            let (mut done, unversioned) = (object.detail(), object.is_unversioned());
            // What was found is said of those that are held alone.
            let found = if held_back {
                object.findings.clone()
            } else {
                Vec::new()
            };
            let marked = state.is_marked(&object.header.id);
            digests.extend(object.digest);
            let candidate = Candidate {
                object,
                label,
                markings: names,
                stamp: None,
                proof: 0,
                op: Op::Put,
                marked,
            };
            let added_us = frame.put(&mut turn, held.as_ref(), candidate)?;
            if unversioned {
                done.version = Micros(added_us).to_string();
            }
            if waits {
                status.pendings.push(done.waiting(&found));
            } else {
                if held_back {
                    status.apart.push(done.clone().apart(&found));
                }
                status.successes.push(done);
            }
            status.fresh += 1;
        }
        drop(index);
        if frame.batch.rows.is_empty() {
            return self.settle_seen(turn);
        }
        let at = turn.at;
        let sign = |signing| sign_batch(&signing, adding.publisher, &digests, at);
        let proof = proof.get_or_init(|| self.signing().map(sign).unwrap_or_default());
        frame.batch.proofs = vec![proof];
        let batches = [frame.batch];
        let appended = turn.append(&frame.events, &batches, &frame.data)?;
        self.settle(appended)
    }

    /// Whether an object stays on this side of every line of law 10, because it names people and
    /// nobody has released it; and whether a person is asked, because its audience is across one.
    pub(crate) fn hold(
        &self,
        frame: &mut FrameOf<'_>,
        publisher: &MemberId,
        crossing: impl FnOnce() -> bool,
        object: &Prepared<'_>,
        at: jiff::Timestamp,
    ) -> Result<(bool, bool), CellError> {
        if object.findings.is_empty() {
            return Ok((false, false));
        }
        let collection = frame.batch.collection;
        let Ok(id) = object.header.id.parse() else {
            // Nobody can be asked about what no rule can name.
            return Ok((true, false));
        };
        let version_us = object.at.order.version_us;
        let content = digest_of(object.bytes);
        if frame.state.released(&collection, &id, version_us, &content) {
            return Ok((false, false));
        }
        if !crossing() {
            return Ok((true, false));
        }
        let mut random = [0; 12];
        self.env.fill(&mut random);
        let command = Command::Hold {
            review: ReviewId::new(&self.realm, random),
            collection,
            object: id,
            version_us,
            content,
            publisher: publisher.clone(),
            findings: object.findings.clone(),
        };
        let events = decide(&frame.state, &self.operator(), command, at)?;
        frame.events.extend(events);
        Ok((true, true))
    }
}

/// A version that goes, as its removal says it.
pub(crate) struct Gone<'a, 'l> {
    pub(crate) id: &'a str,
    pub(crate) version_us: i64,
    /// Of its entry's flags those that stay.
    pub(crate) flags: u8,
    pub(crate) kind: String,
    pub(crate) label: &'l Label,
}

/// A frame that is being put together.
pub(crate) struct FrameOf<'a> {
    pub(crate) state: Arc<State>,
    me: MemberId,
    pub(crate) batch: Batch<'a>,
    pub(crate) interned: Interned<'a>,
    /// The objects' bytes and what stands between them, where they came in.
    pub(crate) data: Vec<&'a [u8]>,
    pub(crate) events: Vec<Event>,
    /// What is put, by its key.
    seen: HashMap<(Key, Order), &'a [u8]>,
    /// How many of each key, once there are many.
    counts: Option<HashMap<Key, usize>>,
}

impl<'a> FrameOf<'a> {
    pub(crate) fn new(state: &Arc<State>, me: &MemberId, collection: CollectionId) -> Self {
        Self {
            state: Arc::clone(state),
            me: me.clone(),
            batch: Batch::new(collection),
            interned: Interned::default(),
            data: Vec::new(),
            events: Vec::new(),
            seen: HashMap::new(),
            counts: None,
        }
    }

    /// The number of what vouches for one object; 0 for the batch's own.
    pub(crate) fn proof(&mut self, proof: &'a [u8]) -> Result<u32, CellError> {
        if proof.is_empty() {
            return Ok(0);
        }
        self.batch.proofs.push(proof);
        let last = self.batch.proofs.len() - 1;
        u32::try_from(last).map_err(|_| CellError::TooMany("proofs in one batch"))
    }

    /// What of this key was put into the frame already.
    pub(crate) fn first(&self, at: At) -> Option<&'a [u8]> {
        self.seen.get(&(at.key, at.order)).copied()
    }

    /// Whether there is room for an object's type, and for one more version, unless it takes the
    /// place of one.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooMany`]
    pub(crate) fn takes(
        &mut self,
        index: &Index,
        at: At,
        kind: &str,
        replaces: bool,
    ) -> Result<(), Refusal> {
        if !index.takes_kind(kind, self.batch.kinds.len()) {
            let (what, max) = ("types", KINDS_MAX);
            return Err(Refusal::TooMany { what, max });
        }
        let shelf = index.shelf(&self.batch.collection);
        let held = shelf.map_or(0, |shelf| shelf.count(at.key));
        if replaces || held + self.seen.len() < VERSIONS_MAX {
            return Ok(());
        }
        let seen = &self.seen;
        let counts = self.counts.get_or_insert_with(|| {
            let mut counts = HashMap::new();
            for (key, _) in seen.keys() {
                *counts.entry(*key).or_default() += 1;
            }
            counts
        });
        if held + counts.get(&at.key).copied().unwrap_or(0) < VERSIONS_MAX {
            return Ok(());
        }
        let (what, max) = ("versions of one object", VERSIONS_MAX);
        Err(Refusal::TooMany { what, max })
    }

    /// Puts in that a version is gone, by a change of this stamp.
    pub(crate) fn remove(
        &mut self,
        added_us: i64,
        (stamp_us, by): (i64, &MemberId),
        gone: Gone<'a, '_>,
    ) -> Result<(), CellError> {
        let row = Row {
            op: Op::Remove,
            flags: gone.flags,
            id: Cow::Borrowed(gone.id),
            version_us: gone.version_us,
            added_us,
            stamp_us,
            expires_us: i64::MAX,
            by: self.interned.member(&mut self.batch, by)?,
            kind: self.interned.kind(&mut self.batch, Cow::Owned(gone.kind))?,
            label: self.interned.label(&mut self.batch, gone.label)?,
            proof: 0,
            len: 0,
            markings: Vec::new(),
            observables: Vec::new(),
        };
        self.batch.rows.push(row);
        Ok(())
    }

    /// Puts an object in, in the place of `held`; answers when it is added.
    pub(crate) fn put(
        &mut self,
        turn: &mut Turn<'_>,
        held: Option<&Entry>,
        candidate: Candidate<'a>,
    ) -> Result<i64, CellError> {
        let object = candidate.object;
        self.seen
            .insert((object.at.key, object.at.order), object.bytes);
        if let Some(counts) = &mut self.counts {
            *counts.entry(object.at.key).or_default() += 1;
        }
        let added_us = turn.added_us();
        let (stamp_us, by) = match candidate.stamp {
            Some(stamp) => stamp,
            None => (own_stamp(added_us, held), self.me.clone()),
        };
        let len = if candidate.op == Op::Put {
            if !self.data.is_empty() {
                self.data.push(b",");
            }
            self.data.push(object.bytes);
            u32::try_from(object.bytes.len())
                .map_err(|_| CellError::TooMany("bytes in an object"))?
        } else {
            0
        };
        let kind = self.interned.kind(&mut self.batch, object.header.kind)?;
        let row = Row {
            op: candidate.op,
            flags: object.flags
                | if object.header.revoked { REVOKED } else { 0 }
                | if candidate.marked { MARKED } else { 0 },
            id: object.header.id,
            version_us: object.at.order.version_us,
            added_us,
            stamp_us,
            expires_us: object.expires_us,
            by: self.interned.member(&mut self.batch, &by)?,
            kind,
            label: self.interned.label(&mut self.batch, &candidate.label)?,
            proof: candidate.proof,
            len,
            markings: candidate.markings,
            observables: object.observables,
        };
        self.batch.rows.push(row);
        Ok(added_us)
    }
}

/// The stamp of a change made here: later than that of what it replaces.
pub(crate) fn own_stamp(added_us: i64, held: Option<&Entry>) -> i64 {
    held.map_or(added_us, |held| {
        added_us.max(held.stamp_us.saturating_add(1))
    })
}

/// The labels of a batch: few are different.
#[derive(Default)]
struct Labels(Vec<((Marked, bool), Label)>);

impl Labels {
    fn of(
        &mut self,
        state: &State,
        collection: &CollectionId,
        publisher: &MemberId,
        marked: Marked,
        held: bool,
    ) -> Label {
        let wanted = (marked, held);
        if let Some((_, label)) = self.0.iter().find(|(of, _)| *of == wanted) {
            return label.clone();
        }
        let label = state.label(collection, publisher, marked, held);
        self.0.push((wanted, label.clone()));
        label
    }
}

/// What was found in an object, for its review.
pub(crate) type Findings = Vec<Finding>;
