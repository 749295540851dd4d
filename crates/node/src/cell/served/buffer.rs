//! What was noted and is not written yet.

use super::frame::{FRAME_RECORDS_MAX, Note, Who, runs_of};
use portcullis_core::cell::{Caller, CollectionId};
use portcullis_verdict::cell::{How, RUNS_MAX, Run};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

/// How many bytes may wait: some 600,000 servings of one object.
pub(super) const BUFFER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How many bytes are written before the second is over.
pub(super) const BUFFER_BYTES_DUE: usize = 1024 * 1024;

/// Servings in the order of their noting.
#[derive(Default)]
pub(super) struct Buffer {
    notes: Vec<Note>,
    runs: Vec<Run>,
    whos: Vec<Who>,
    by_hash: HashMap<u64, Vec<u32>>,
    collections: Vec<CollectionId>,
    /// Servings of one run, to be counted instead of repeated.
    same: HashMap<(u32, u32, How, Run), u32>,
    hasher: RandomState,
}

/// What one frame is made of.
pub(super) struct Part<'a> {
    pub(super) notes: Vec<Note>,
    pub(super) runs: &'a [Run],
    pub(super) whos: &'a [Who],
    pub(super) collections: &'a [CollectionId],
}

impl Buffer {
    pub(super) fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.notes.len() * size_of::<Note>() + self.runs.len() * size_of::<Run>()
    }

    pub(super) fn first_us(&self) -> Option<i64> {
        self.notes.first().map(|note| note.at_us)
    }

    pub(super) fn note(
        &mut self,
        caller: &Caller,
        collection: &CollectionId,
        how: How,
        runs: &[Run],
        at_us: i64,
    ) {
        let who = self.who(caller);
        let collection = self.collection(collection);
        for runs in runs.chunks(RUNS_MAX) {
            let place = u32::try_from(self.notes.len()).unwrap_or(u32::MAX);
            if let [run] = runs {
                let held = self
                    .same
                    .entry((who, collection, how, *run))
                    .or_insert(place);
                if *held != place
                    && let Some(note) = self.notes.get_mut(*held as usize)
                {
                    note.times = note.times.saturating_add(1);
                    continue;
                }
            }
            let start = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
            self.runs.extend_from_slice(runs);
            self.notes.push(Note {
                at_us,
                who,
                collection,
                how,
                times: 1,
                runs: (start, u32::try_from(runs.len()).unwrap_or(u32::MAX)),
            });
        }
    }

    fn who(&mut self, caller: &Caller) -> u32 {
        let hash = self
            .hasher
            .hash_one((&caller.member, &caller.account, caller.client));
        let whos = &mut self.whos;
        let held = self.by_hash.entry(hash).or_default();
        let is = |place: &&u32| {
            whos.get(**place as usize).is_some_and(|who| {
                who.member == caller.member
                    && who.account == caller.account
                    && who.client == caller.client
            })
        };
        if let Some(place) = held.iter().find(is) {
            return *place;
        }
        let place = u32::try_from(whos.len()).unwrap_or(u32::MAX);
        whos.push(Who {
            member: caller.member.clone(),
            account: caller.account.clone(),
            client: caller.client,
        });
        held.push(place);
        place
    }

    fn collection(&mut self, id: &CollectionId) -> u32 {
        // A node has few, and mostly the one that was asked for last.
        let place = self.collections.iter().rposition(|held| held == id);
        let place = place.unwrap_or_else(|| {
            self.collections.push(*id);
            self.collections.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// What is to be written, a frame at a time.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.notes.chunks(FRAME_RECORDS_MAX).map(|notes| Part {
            notes: notes.to_vec(),
            runs: &self.runs,
            whos: &self.whos,
            collections: &self.collections,
        })
    }

    /// The entries that were served, each collection's apart, as they came.
    pub(super) fn entries(&self) -> impl Iterator<Item = (CollectionId, Run)> {
        self.notes.iter().flat_map(|note| {
            let collection = self.collections.get(note.collection as usize).copied();
            let runs = runs_of(note, &self.runs).iter();
            runs.filter_map(move |run| Some((collection?, *run)))
        })
    }

    /// Puts back what could not be written, before what was noted meanwhile.
    pub(super) fn put_back(&mut self, before: Self) {
        let after = std::mem::replace(self, before);
        for note in &after.notes {
            let (Some(who), Some(collection)) = (
                after.whos.get(note.who as usize),
                after.collections.get(note.collection as usize),
            ) else {
                continue;
            };
            let caller = Caller {
                member: who.member.clone(),
                account: who.account.clone(),
                client: who.client,
                operator: false,
                rights: portcullis_core::cell::Rights::Read,
            };
            for _ in 0..note.times {
                let runs = runs_of(note, &after.runs);
                self.note(&caller, collection, note.how, runs, note.at_us);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str) -> Caller {
        Caller {
            account: Some(account.into()),
            ..Caller::node("bank.example".parse().unwrap())
        }
    }

    #[test]
    fn the_same_serving_is_counted_and_others_are_not() {
        let mut buffer = Buffer::default();
        let collection = CollectionId::from_bytes([1; 16]);
        for at_us in 0..5 {
            buffer.note(
                &caller("a"),
                &collection,
                How::Object,
                &[Run::one(7)],
                at_us,
            );
        }
        buffer.note(&caller("b"), &collection, How::Object, &[Run::one(7)], 5);
        buffer.note(&caller("a"), &collection, How::Page, &[Run::one(7)], 6);
        buffer.note(&caller("a"), &collection, How::Object, &[Run::one(8)], 7);
        let times: Vec<u32> = buffer.notes.iter().map(|note| note.times).collect();
        assert_eq!(times, [5, 1, 1, 1]);
        assert_eq!(buffer.whos.len(), 2);
    }

    #[test]
    fn what_is_put_back_comes_first_and_whole() {
        let mut failed = Buffer::default();
        let collection = CollectionId::from_bytes([1; 16]);
        failed.note(&caller("a"), &collection, How::Object, &[Run::one(1)], 1);
        let mut buffer = Buffer::default();
        buffer.note(&caller("b"), &collection, How::Object, &[Run::one(1)], 2);
        buffer.note(&caller("b"), &collection, How::Object, &[Run::one(1)], 3);
        buffer.note(&caller("a"), &collection, How::Object, &[Run::one(1)], 4);
        buffer.put_back(failed);
        let seen: Vec<_> = buffer
            .notes
            .iter()
            .map(|note| {
                (
                    buffer.whos[note.who as usize].account.clone().unwrap(),
                    note.times,
                )
            })
            .collect();
        assert_eq!(seen, [("a".into(), 2), ("b".into(), 2)]);
    }
}
