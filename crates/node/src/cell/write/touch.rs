//! Objects whose bytes stay while something is said of them: they are added
//! anew, so that whoever has read past them learns of it.

use super::{FrameOf, own_stamp};
use crate::cell::{
    Cell, CellError,
    batch::{Batch, MARKED, Op, Row},
    find::observed,
    index::{Entry, Index, Key},
    provenance::digest_of,
    tail::Turn,
};
use portcullis_core::{
    cell::{
        CollectionId, Event, Fact, Label, ObjectId, Tlp,
        review::{Outcome, Review},
    },
    member::MemberId,
};
use portcullis_stix::header::header;
use std::borrow::Cow;

/// An object that is to be added anew.
#[derive(Clone, Debug)]
pub(crate) struct Touch {
    pub(crate) collection: CollectionId,
    pub(crate) id: String,
    pub(crate) entry: Entry,
    /// Its label from now on.
    pub(crate) label: Label,
    /// The default of its collection by which it is lit; none for what that is now.
    pub(crate) default: Option<Tlp>,
    /// Whether something is said beside it from now on.
    pub(crate) marked: bool,
    /// The stamp that it takes; none for one of our own.
    pub(crate) stamp: Option<(i64, MemberId)>,
}

impl Cell {
    /// What is shown to others because of these events, which have not been applied yet.
    pub(crate) fn touched_by(&self, events: &[Event]) -> Vec<Touch> {
        let state = self.state();
        let mut touched = Vec::new();
        for event in events {
            match &event.fact {
                Fact::Marked { object, .. } | Fact::Addressed { object, .. } => {
                    self.marked(object, &event.by.member, &mut touched);
                }
                Fact::Reviewed {
                    review, outcome, ..
                } => {
                    let Some(review) = state.reviews().get(review) else {
                        continue;
                    };
                    self.decided(review, *outcome == Outcome::Released, &mut touched);
                }
                _ => {}
            }
        }
        touched
    }

    /// What a member has said something beside, in every collection.
    fn marked(&self, object: &ObjectId, by: &MemberId, touched: &mut Vec<Touch>) {
        let (index, key) = (self.index(), Key::of(object.as_str()));
        for (collection, shelf) in index.shelves() {
            let own = shelf.versions(key).filter(|(_, entry)| entry.is_live());
            for (_, entry) in own {
                let Some(label) = index.labels.get(entry.label) else {
                    continue;
                };
                if label.publisher == *by {
                    touched.push(Touch {
                        collection: *collection,
                        id: object.to_string(),
                        entry: *entry,
                        label: label.clone(),
                        default: None,
                        marked: true,
                        stamp: None,
                    });
                }
            }
        }
    }

    /// A version that waited for a person, in the bytes that were decided on: what came in their
    /// place waits on.
    fn decided(&self, review: &Review, released: bool, touched: &mut Vec<Touch>) {
        let (collection, object) = (&review.collection, &review.object);
        let (index, key) = (self.index(), Key::of(object.as_str()));
        let versions = index.shelf(collection).into_iter();
        let versions = versions.flat_map(|shelf| shelf.versions(key));
        let live = versions
            .filter(|(_, entry)| entry.is_live() && entry.order().version_us == review.version_us);
        let mut replaced = false;
        for (_, entry) in live {
            let mut bytes = Vec::new();
            let read = self.journal.read(entry.place(), &mut bytes).is_ok();
            let same = |content| read && digest_of(&bytes) == content;
            if !review.content.is_none_or(same) {
                replaced = true;
                continue;
            }
            let label = index.labels.get(entry.label).filter(|label| label.held);
            if let Some(label) = label.filter(|_| released) {
                touched.push(Touch {
                    collection: *collection,
                    id: object.to_string(),
                    entry: *entry,
                    label: Label {
                        tlp: self.own_tlp(&index, collection, &bytes, label),
                        held: false,
                        ..label.clone()
                    },
                    default: None,
                    marked: entry.is_marked(),
                    stamp: None,
                });
            }
        }
        drop(index);
        if !replaced {
            let (id, version_us) = (object.as_str(), review.version_us);
            self.statuses()
                .decided(collection, id, version_us, released);
        }
    }

    /// The light of what is no longer held: what is under a pseudonym, or came by a follow, may have
    /// been red so long, whatever its own markings say.
    fn own_tlp(
        &self,
        index: &Index,
        collection: &CollectionId,
        bytes: &[u8],
        label: &Label,
    ) -> Tlp {
        let state = self.state();
        let own = header(bytes).ok().filter(|header| {
            let author = header.created_by.as_deref();
            let pseudonym = author.is_some_and(|author| state.pseudonyms().contains_key(author));
            label.bound.is_some() || (pseudonym && label.publisher == self.me)
        });
        let Some(own) = own else {
            return label.tlp;
        };
        let released = Label {
            held: false,
            ..label.clone()
        };
        let default = self.default_light(collection);
        self.lit(index, default, &own, (&released, &self.me)).0
    }

    /// The batches that add these objects anew.
    pub(crate) fn touches<'t>(
        &self,
        turn: &mut Turn<'_>,
        touched: &'t [Touch],
    ) -> Result<Vec<Batch<'t>>, CellError> {
        let state = self.state();
        let mut frames: Vec<FrameOf<'t>> = Vec::new();
        for touch in touched {
            let of = |frame: &FrameOf<'_>| frame.batch.collection == touch.collection;
            let at = frames.iter().position(of).unwrap_or_else(|| {
                frames.push(FrameOf::new(&state, &self.me, touch.collection));
                frames.len() - 1
            });
            if let Some(frame) = frames.get_mut(at) {
                self.touch(turn, frame, touch)?;
            }
        }
        Ok(frames.into_iter().map(|frame| frame.batch).collect())
    }

    /// Puts the row of one touch into a frame.
    pub(crate) fn touch<'t>(
        &self,
        turn: &mut Turn<'_>,
        frame: &mut FrameOf<'t>,
        touch: &'t Touch,
    ) -> Result<(), CellError> {
        let entry = &touch.entry;
        let kind = self.index().kind_of(entry);
        let mut bytes = Vec::new();
        self.journal.read(entry.place(), &mut bytes)?;
        let added_us = turn.added_us();
        let own = || (own_stamp(added_us, Some(entry)), self.me.clone());
        let (stamp_us, by) = touch.stamp.clone().unwrap_or_else(own);
        let observables = observed(&kind, &bytes);
        let (mut label, mut markings) = (touch.label.clone(), Vec::new());
        if let Some(header) = header(&bytes).ok().filter(|_| entry.names_markings()) {
            // By what is known now: whoever looks for what is not takes this row for it.
            let default = touch.default;
            (label.tlp, markings) = self.lit(
                &self.index(),
                default.unwrap_or_else(|| self.default_light(&touch.collection)),
                &header,
                (&touch.label, &by),
            );
        }
        let row = Row {
            op: Op::Touch,
            flags: entry.flags() & !MARKED | if touch.marked { MARKED } else { 0 },
            id: Cow::Borrowed(&*touch.id),
            version_us: entry.order().version_us,
            added_us,
            stamp_us,
            expires_us: entry.expires_us,
            by: frame.interned.member(&mut frame.batch, &by)?,
            kind: frame.interned.kind(&mut frame.batch, Cow::Owned(kind))?,
            label: frame.interned.label(&mut frame.batch, &label)?,
            proof: 0,
            len: 0,
            markings,
            observables,
        };
        frame.batch.rows.push(row);
        Ok(())
    }
}
