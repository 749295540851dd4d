//! Removing: an object goes from this collection, and from all that follow it.

use super::{Cell, CellError, FrameOf, Gone, own_stamp};
use crate::cell::{
    Query, VersionMatch,
    batch::{UNVERSIONED, V20},
    index::{Entry, Key},
    sight::Eyes,
    tail::Turn,
};
use portcullis_core::{
    cell::{Caller, CollectionId, Refusal},
    member::MemberId,
};
use std::collections::BTreeSet;

impl Cell {
    /// Removes the versions of an object that `query` names, or all, from a
    /// collection, and answers how many. Whoever follows the collection removes them, too.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] if the caller may not write here or another member published
    /// them, by its name or under a pseudonym; [`CellError::NotFound`] if there is none.
    pub fn remove(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        id: &str,
        query: &Query,
    ) -> Result<usize, CellError> {
        self.check_ready()?;
        let turn = self.turn()?;
        let state = self.state();
        state.may_write(caller, collection, turn.at)?;
        let under = self.under_own_pseudonym(caller, collection, id);
        let index = self.index();
        let shelf = index.shelf(collection).ok_or(CellError::NotFound)?;
        let versions = shelf.versions(Key::of(id));
        let live: Vec<(u32, &Entry)> = versions.filter(|(_, entry)| entry.is_live()).collect();
        let chosen: Vec<(u32, &Entry)> = chosen(&live, query).collect();
        let publisher = |entry: &Entry| -> Option<MemberId> {
            Some(index.labels.get(entry.label)?.publisher.clone())
        };
        let own = |(number, entry): &&(u32, &Entry)| {
            caller.operator
                || publisher(entry).is_some_and(|member| member == caller.member)
                || under.contains(&u64::from(*number))
        };
        let gone = chosen.iter().filter(own);
        let gone: Vec<Entry> = gone.map(|(_, entry)| **entry).collect();
        if gone.is_empty() {
            // Whose it is hears only who may see it.
            let now_us = turn.at.as_microsecond();
            let sight = self.sight(&index, caller, collection, turn.at).ok();
            let eyes = sight
                .as_ref()
                .map(|sight| Eyes::new(sight, &index, shelf, now_us, self.durable_us()));
            let sees = |number, entry| eyes.is_some_and(|eyes| eyes.sees(number, entry));
            let mut seen = chosen.iter().filter(|(number, entry)| sees(*number, entry));
            let publisher = seen.find_map(|(_, entry)| publisher(entry));
            return Err(publisher.map_or(CellError::NotFound, |publisher| {
                Refusal::NotPublisher { publisher }.into()
            }));
        }
        drop(index);
        self.take_away(turn, *collection, id, &gone)
    }

    /// The entries of an object that the caller has published there under its pseudonym.
    fn under_own_pseudonym(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        id: &str,
    ) -> BTreeSet<u64> {
        let numbers = self.numbers_of(id).into_iter();
        let here = numbers.filter(|(at, _)| at == collection);
        here.map(|(_, number)| number)
            .filter(|number| self.is_under_own_pseudonym(caller, collection, *number))
            .collect()
    }

    /// Removes those entries of an object that are still there, by their numbers. Whether they
    /// may go was decided before.
    pub(crate) fn remove_numbers(
        &self,
        collection: &CollectionId,
        id: &str,
        numbers: &[u64],
    ) -> Result<usize, CellError> {
        let turn = self.turn()?;
        let index = self.index();
        let shelf = index.shelf(collection).ok_or(CellError::NotFound)?;
        let entries = shelf.versions(Key::of(id));
        let gone: Vec<Entry> = entries
            .filter(|(number, entry)| entry.is_live() && numbers.contains(&u64::from(*number)))
            .map(|(_, entry)| *entry)
            .collect();
        if gone.is_empty() {
            return Ok(0);
        }
        drop(index);
        self.take_away(turn, *collection, id, &gone)
    }

    /// Removes these entries of an object and answers how many they are.
    fn take_away(
        &self,
        mut turn: Turn<'_>,
        collection: CollectionId,
        id: &str,
        gone: &[Entry],
    ) -> Result<usize, CellError> {
        let mut frame = FrameOf::new(&self.state(), &self.me, collection);
        // Whoever has the turn sees the index as it was when the entries were chosen.
        let index = self.index();
        for entry in gone {
            let added_us = turn.added_us();
            let stamp_us = own_stamp(added_us, Some(entry));
            let gone = Gone {
                id,
                version_us: entry.order().version_us,
                flags: entry.flags() & (V20 | UNVERSIONED),
                kind: index.kind_of(entry),
                label: index.labels.get(entry.label).ok_or(CellError::NotFound)?,
            };
            frame.remove(added_us, (stamp_us, &self.me), gone)?;
        }
        drop(index);
        let appended = turn.append(&[], &[frame.batch], &[])?;
        self.settle(appended)?;
        Ok(gone.len())
    }
}

/// The versions that a query names, of all that are there, the greatest first.
fn chosen<'a>(
    live: &'a [(u32, &'a Entry)],
    query: &'a Query,
) -> impl Iterator<Item = (u32, &'a Entry)> {
    let added = |one: Option<&(u32, &Entry)>| one.map(|(_, entry)| entry.added_us);
    let (last, first) = (added(live.first()), added(live.last()));
    let same = |entry: &Entry, added_us: Option<i64>| added_us == Some(entry.added_us);
    live.iter().copied().filter(move |(_, entry)| {
        let spec = query
            .spec_versions
            .is_none_or(|spec| if entry.is_v20() { spec.v20 } else { spec.v21 });
        // SPEC: TAXII 2.1 §5.7: without `match[version]` every version is deleted.
        let version = query.versions.is_empty()
            || query.versions.iter().any(|version| match version {
                VersionMatch::All => true,
                VersionMatch::Last => same(entry, last),
                VersionMatch::First => same(entry, first),
                VersionMatch::Exact(at) => entry.version_us == *at,
            });
        spec && version
    })
}
