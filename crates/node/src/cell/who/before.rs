//! The term of what was served: what is dropped, and what is said of it afterwards.

use super::{Entries, by_collection};
use crate::cell::{Cell, CellError, served::Dropped};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{Caller, CollectionId},
    member::MemberId,
};
use std::collections::{BTreeMap, BTreeSet};

/// How long after it was due a recall that nobody confirms keeps the ledger's ticks: half a year.
const OPEN_AFTER_DUE: SignedDuration = SignedDuration::from_hours(183 * 24);

/// How long after it was made a recall or a question keeps the ledger's ticks at most, whenever it is
/// due by its own word: a year, and a recall half a year more.
const OPEN_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What is still known of the servings of an object that are not kept any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Before {
    /// What was served until then is not kept, but perhaps for what was open.
    pub until: Timestamp,
    /// Who had been served it by then, its name in manifests apart; when and how is not known.
    pub members: BTreeSet<MemberId>,
}

impl Cell {
    /// Drops what was served longer than `keep` ago, by whole ticks: what of it stays is who had
    /// been served what. A tick stays in which something was served that an open recall asks back,
    /// until half a year after it is due, or an unanswered question is about, until its deadline.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Ledger`]; the next call goes on.
    pub fn drop_served(&self, keep: SignedDuration) -> Result<Dropped, CellError> {
        let (before, open) = self.due_before(keep)?;
        Ok(self.ledger.drop_before(before, &open)?)
    }

    /// What [`Self::drop_served`] would do now.
    ///
    /// # Errors
    ///
    /// As [`Self::drop_served`].
    pub fn droppable_served(&self, keep: SignedDuration) -> Result<Dropped, CellError> {
        let (before, open) = self.due_before(keep)?;
        Ok(self.ledger.droppable(before, &open)?)
    }

    /// What is not kept any more of who was served an object; none where all of it is.
    ///
    /// # Errors
    ///
    /// As [`Self::who`].
    pub fn who_before(&self, object: &str) -> Result<Option<Before>, CellError> {
        self.before(&self.entries_of(object, &[], None)?)
    }

    /// What a caller may know of that: as [`Self::who_for`].
    ///
    /// # Errors
    ///
    /// As [`Self::who_for`].
    pub fn who_before_for(
        &self,
        caller: &Caller,
        object: &str,
    ) -> Result<Option<Before>, CellError> {
        self.before(&self.entries_for(caller, object)?)
    }

    fn before(&self, entries: &Entries) -> Result<Option<Before>, CellError> {
        let Some(until) = self.ledger.dropped_until()? else {
            return Ok(None);
        };
        let index = self.index();
        let until_us = until.as_microsecond();
        let early = entries.keys().any(|(collection, number)| {
            let number = u32::try_from(*number).ok();
            let entry = number.and_then(|number| index.shelf(collection)?.get(number));
            entry.is_some_and(|entry| entry.added_us <= until_us)
        });
        drop(index);
        // What is added at once is dated one after the other, so perhaps ahead of the clock.
        let members = self.served_before(entries)?;
        let before = early || !members.is_empty();
        Ok(before.then_some(Before { until, members }))
    }

    /// Who was served one of these entries by what is not kept any more; removals apart.
    pub(super) fn served_before(&self, entries: &Entries) -> Result<BTreeSet<MemberId>, CellError> {
        let mut members = BTreeSet::new();
        self.ledger.visit_dropped(&mut |member, collection, runs| {
            let had = runs.iter().any(|run| {
                let numbers = (*collection, run.first)..=(*collection, run.last);
                entries.range(numbers).any(|(_, (_, removal))| !removal)
            });
            if had {
                members.extend(member.parse::<MemberId>().ok());
            }
        })?;
        Ok(members)
    }

    fn due_before(
        &self,
        keep: SignedDuration,
    ) -> Result<(Timestamp, BTreeMap<CollectionId, Vec<u64>>), CellError> {
        let now = self.env.now();
        let before = now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
        let state = self.state();
        let recalls = state.recalls().values();
        // One who never answers ends nobody's term: who had it is known all the same.
        let ago = |than: Timestamp, long| than.saturating_sub(long).unwrap_or(Timestamp::MIN);
        let counts = |at: Timestamp, due: Timestamp, now| now <= due && ago(now, OPEN_MAX) <= at;
        let late = ago(now, OPEN_AFTER_DUE);
        let recalls = recalls
            .filter(|recall| counts(recall.at, recall.due, late) && recall.open().next().is_some());
        let questions = state.questions().values();
        let questions = questions.filter(|asked| {
            counts(asked.at, asked.deadline, now)
                && asked.closed.is_none()
                && asked.silent().next().is_some()
        });
        let open = recalls.map(|recall| &recall.object);
        let open: BTreeSet<_> = open
            .chain(questions.filter_map(|asked| asked.note.as_ref()))
            .collect();
        let mut entries = Entries::new();
        for object in open {
            entries.append(&mut self.entries_of(object.as_str(), &[], None)?);
        }
        Ok((before, by_collection(&entries)))
    }
}
