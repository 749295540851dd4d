//! What a caller sees of a collection: its clearance, worked out for every
//! label once and kept while nothing changes.

use super::{
    Cell, CellError,
    index::{Entry, Index, Shelf},
};
use jiff::Timestamp;
use portcullis_core::cell::{Beside, Caller, Clearance, CollectionId};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

/// The most callers and collections whose sight is kept.
const SIGHTS_MAX: usize = 4_096;

/// What a caller sees of a collection.
#[derive(Debug)]
pub(crate) struct Sight {
    /// Which state it was worked out from. Not the state itself: callers stay away for long, and what
    /// a state holds has changed since.
    generation: u64,
    beside: Beside,
    pub(crate) clearance: Clearance,
    /// By the number of the label.
    admitted: Box<[bool]>,
    honour_expiry: bool,
}

/// The sights that are kept.
pub(crate) type Sights = HashMap<(Caller, CollectionId), Arc<Sight>>;

/// A sight at an instant: what decides about one entry.
#[derive(Clone, Copy)]
pub(crate) struct Eyes<'a> {
    sight: &'a Sight,
    index: &'a Index,
    shelf: &'a Shelf,
    now_us: i64,
    durable_us: i64,
}

impl Cell {
    /// What `caller` sees of `collection`.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] if it sees nothing.
    pub(crate) fn sight(
        &self,
        index: &Index,
        caller: &Caller,
        collection: &CollectionId,
        at: Timestamp,
    ) -> Result<Arc<Sight>, CellError> {
        let state = self.state();
        // INVARIANT: every label of the index that is looked at has been decided on.
        let labels = index.labels.values().len();
        let key = (caller.clone(), *collection);
        let sights = self.sights.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sight) = sights.get(&key) {
            let until = sight.clearance.until();
            let same = sight.generation == state.generation();
            if same && sight.admitted.len() == labels && until.is_none_or(|until| at < until) {
                return Ok(Arc::clone(sight));
            }
        }
        drop(sights);
        let clearance = state.clearance(caller, collection, at)?;
        let admitted = index.labels.values().iter();
        let admitted = admitted
            .map(|label| clearance.admits(label, None))
            .collect();
        let settings = state.collection(collection);
        let sight = Arc::new(Sight {
            clearance,
            admitted,
            honour_expiry: settings.is_none_or(|held| held.settings.honour_expiry),
            generation: state.generation(),
            beside: state.beside(),
        });
        let mut sights = self.sights.write().unwrap_or_else(PoisonError::into_inner);
        if sights.len() >= SIGHTS_MAX {
            sights.clear();
        }
        sights.insert(key, Arc::clone(&sight));
        Ok(sight)
    }
}

impl<'a> Eyes<'a> {
    /// A sight of a shelf at an instant, of what is on the disk.
    pub(crate) fn new(
        sight: &'a Sight,
        index: &'a Index,
        shelf: &'a Shelf,
        now_us: i64,
        durable_us: i64,
    ) -> Self {
        Self {
            sight,
            index,
            shelf,
            now_us,
            durable_us,
        }
    }

    /// The entries that are looked at.
    pub(crate) fn shelf(&self) -> &'a Shelf {
        self.shelf
    }

    /// Who looks.
    pub(crate) fn clearance(&self) -> &'a Clearance {
        &self.sight.clearance
    }

    /// The index that they are in.
    pub(crate) fn index(&self) -> &'a Index {
        self.index
    }

    /// Whether an entry is seen, and no greater version of its object is.
    pub(crate) fn sees_last(&self, number: u32, entry: &Entry) -> bool {
        let greater =
            |(other, of): (u32, &Entry)| of.order() > entry.order() && self.sees(other, of);
        self.sees(number, entry) && !self.shelf.others(entry).any(greater)
    }

    /// Whether an entry is an object that is there, on the disk, not past its time, and may go
    /// to the caller.
    pub(crate) fn sees(&self, number: u32, entry: &Entry) -> bool {
        let there = self.is_there(entry) && entry.added_us <= self.durable_us;
        let valid = entry.expires_us > self.now_us || !self.sight.honour_expiry;
        there && valid && self.admits(number, entry)
    }

    /// Whether an entry is an object that is there: it stays until what takes its place is on the
    /// disk.
    fn is_there(&self, entry: &Entry) -> bool {
        let replaced = |number| {
            let by = self.shelf.get(number);
            by.is_some_and(|by| by.added_us > self.durable_us)
        };
        entry.is_live() || entry.replaced_by().is_some_and(replaced)
    }

    /// Whether an entry of this label may go to the caller, a removal's too.
    pub(crate) fn admits(&self, number: u32, entry: &Entry) -> bool {
        let plain = self.sight.admitted.get(usize::from(entry.label)).copied();
        if !entry.is_marked() {
            return plain.unwrap_or(false);
        }
        let Some(label) = self.index.labels.get(entry.label) else {
            return false;
        };
        let id = self.shelf.id(number);
        let marks = id.and_then(|id| self.sight.beside.marks(id, &label.publisher));
        self.sight.clearance.admits(label, marks)
    }
}

#[cfg(test)]
mod tests {
    use crate::cell::{
        Query,
        tests::{Kit, indicator, standing},
    };
    use portcullis_core::cell::{Command, MemberKind};
    use std::sync::Arc;

    #[test]
    fn who_came_once_keeps_nothing_in_memory_of_a_state_that_has_changed_since() {
        let kit = Kit::new();
        kit.add(&[indicator(1, 0)]);
        assert_eq!(kit.shown(&Query::default()).len(), 1);
        let before = Arc::downgrade(&kit.cell.state());
        assert!(before.upgrade().is_some());
        let found = Command::FoundGroup {
            group: kit.cell.new_group(),
            title: "others".into(),
            standing: standing(MemberKind::Company, "GB"),
        };
        kit.cell.perform(&kit.cell.operator(), found).unwrap();
        assert!(before.upgrade().is_none(), "somebody keeps it");
        assert_eq!(kit.shown(&Query::default()).len(), 1);
    }
}
