//! The follower's side of replies: what is said here of a source's objects, as an answer of the
//! feed that travels in the ask.

use super::{
    End, Head, REPLIES_BYTES_MAX, REPLIES_MAX, Writer, hex,
    source::{Walk, clear, has, under_way},
};
use crate::cell::{Cell, CellError, ChangeRef, Changed, Run, index::Entry, question};
use portcullis_core::{
    cell::{Caller, CollectionId},
    member::MemberId,
};
use serde::{Deserialize, Serialize};

/// Up to where a source has been told what is said here of its objects.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// The life of the source's journal: one that was restored is told everything again.
    epoch: String,
    /// After which of our own `added` times, in microseconds.
    pub(crate) position: i64,
    /// What the source was to our collection then.
    view: String,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            epoch: String::new(),
            position: i64::MIN,
            view: String::new(),
        }
    }
}

impl Told {
    /// Where a source stands whose journal has this life: `afresh` if it has begun another one.
    pub(crate) fn at(self, epoch: &str, afresh: i64) -> Self {
        let known = self.epoch == epoch;
        let position = if known || self.epoch.is_empty() {
            self.position
        } else {
            afresh
        };
        Self {
            epoch: epoch.to_owned(),
            position,
            view: if known { self.view } else { String::new() },
        }
    }
}

/// What a source is to be told next.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// As it goes into the ask; none where there is nothing to tell.
    pub(crate) text: Option<String>,
    /// Where the source stands when it has that.
    pub(crate) told: Told,
    /// Whether there is more to tell.
    pub(crate) more: bool,
}

impl Cell {
    /// What was said at this node, of which `is_about` holds, since `to` was `told`: for its
    /// collection `theirs`, from ours. The ledger has it as served to `to`, on the disk: once, of
    /// what was `noted` when it was tried to tell it before.
    ///
    /// # Errors
    ///
    /// [`CellError`], also where `to` may read nothing of our collection today.
    pub(crate) fn replies_for(
        &self,
        to: &MemberId,
        (ours, theirs): (&CollectionId, CollectionId),
        told: &Told,
        is_about: &dyn Fn(&[u8]) -> bool,
        noted: &mut Vec<Run>,
    ) -> Result<Replies, CellError> {
        let caller = Caller::node(to.clone());
        let (state, now) = (self.state(), self.env.now());
        let durable_us = self.durable_us();
        let (cleared, view) = clear(&state, &caller, ours, now)?;
        let started = told.position > i64::MIN;
        if cleared.is_none() && !started {
            return Ok(Replies::default());
        }
        let again = told.view != hex::print(&view);
        let goes_on = told.view == hex::print(&under_way(&view));
        let from = if again && !goes_on {
            i64::MIN
        } else {
            told.position
        };
        let about = |change: &ChangeRef<'_>| match &change.op {
            _ if change.label.publisher == *to => false,
            Changed::Put(object) => object.len() <= REPLIES_BYTES_MAX && is_about(object),
            Changed::Removed => true,
        };
        let mut walk = Walk {
            cell: self,
            state: &state,
            caller: &caller,
            collection: ours,
            cleared: cleared.as_ref(),
            now_us: now.as_microsecond(),
            started,
            again,
            had: None,
            bounds: (REPLIES_MAX, REPLIES_BYTES_MAX),
            about: Some(&about),
            writer: Writer::new(&Head {
                source: self.me().clone(),
                collection: theirs,
                epoch: [0; 16],
                view: [0; 32],
                from: i64::MIN,
                out: false,
                hears: false,
            }),
            end: End {
                to: from,
                behind: 0,
                more: false,
            },
            served: Vec::new(),
            failed: None,
        };
        let said = self.said_here();
        let wanted = |entry: &Entry| {
            let stands = !entry.is_superseded() || (started && again && entry.is_forgotten());
            stands && said(entry)
        };
        self.entries_since(ours, from, &wanted, &mut |change| walk.change(&change))?;
        if let Some(error) = walk.failed.take() {
            return Err(error);
        }
        let served = walk.served.clone();
        walk.served = without(&served, noted);
        walk.note()?;
        *noted = served;
        let more = walk.end.more;
        let view = if started && again && more {
            under_way(&view)
        } else {
            view
        };
        let told = Told {
            epoch: told.epoch.clone(),
            position: if more {
                walk.end.to
            } else {
                walk.end.to.max(durable_us)
            },
            view: hex::print(&view),
        };
        // When anything else came here is not for the source to know.
        let end = End {
            to: i64::MIN,
            behind: 0,
            more: false,
        };
        let text = (!walk.writer.is_empty()).then(|| String::from_utf8(walk.writer.end(&end)).ok());
        Ok(Replies {
            text: text.flatten(),
            told,
            more,
        })
    }

    /// Which entries may be replies that were made here.
    fn said_here(&self) -> impl Fn(&Entry) -> bool {
        let index = self.index();
        let me = index.members.find(self.me());
        let kinds = question::ANSWERS.iter();
        let kinds: Vec<u16> = kinds.filter_map(|kind| index.kinds.find(*kind)).collect();
        move |entry| Some(entry.by) == me && kinds.contains(&entry.kind)
    }
}

/// What is in these runs and not in those.
fn without(these: &[Run], those: &[Run]) -> Vec<Run> {
    let numbers = these.iter().flat_map(|run| run.first..=run.last);
    let mut left: Vec<Run> = Vec::new();
    for number in numbers.filter(|number| !has(those, *number)) {
        match left.last_mut() {
            Some(run) if run.last + 1 == number => run.last = number,
            _ => left.push(Run {
                first: number,
                last: number,
            }),
        }
    }
    left
}
