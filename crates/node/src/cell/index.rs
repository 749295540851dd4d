//! What is in the journal, in memory: where each object's bytes stand, and what
//! decides whether they are shown.
//!
//! Each collection has a [`Shelf`]: a list of entries in the order of `added`,
//! which only ever grows. An entry's number in it is the same after every
//! start, so records of what was served name entries by number. Every change
//! appends: a removal is an entry without bytes, and what it replaces stays in
//! the list as superseded.

mod definition;
mod entry;
mod shelf;

pub(crate) use definition::{Markings, Speaker, Stale};
pub use definition::{NAMES_MAX, Reads};
pub(crate) use entry::{Entry, NONE, Order};
pub(crate) use shelf::{Shelf, VERSIONS_MAX};

use definition::Definitions;

use super::{
    CellError,
    batch::{Batch, Op, definition_of},
};
use portcullis_core::{
    cell::{CollectionId, Label},
    member::MemberId,
};
use portcullis_store::journal::{Place, Position};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// The most different types of objects: from then on none is taken that is called otherwise.
pub(crate) const KINDS_MAX: usize = 16_384;

/// The most different labels, and members, up to which what others send may bring new ones: the
/// rest is left to what is decided here.
const FOLLOWED_MAX: usize = 49_152;

/// The type's number of an entry whose type has none: they ran out before there was a limit.
const NO_KIND: u16 = u16::MAX;

/// What stands for an object's id in a map: the first half of its SHA-256.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Ord, PartialOrd)]
pub(crate) struct Key([u64; 2]);

impl Key {
    pub(crate) fn of(id: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let part = |at: usize| {
            let bytes = digest.get(at..).and_then(|rest| rest.first_chunk());
            bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        Self([part(0), part(8)])
    }
}

/// How many numbers there are; the last says that there is none.
const NUMBERS: usize = NO_KIND as usize;

/// Values that few objects differ in, each kept once.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    values: Vec<T>,
    numbers: HashMap<T, u16>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    /// The number of a value, for ever.
    fn number(&mut self, value: &T) -> Result<u16, CellError> {
        if let Some(number) = self.numbers.get(value) {
            return Ok(*number);
        }
        let full = || CellError::TooMany("different labels, types or members");
        if self.values.len() >= NUMBERS {
            return Err(full());
        }
        let number = u16::try_from(self.values.len()).map_err(|_| full())?;
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        Ok(number)
    }

    /// Whether all of these have numbers, or there are numbers left for them.
    fn fits<'v>(&self, values: impl Iterator<Item = &'v T>) -> bool
    where
        T: 'v,
    {
        let new: HashSet<&T> = values
            .filter(|value| !self.numbers.contains_key(*value))
            .collect();
        self.values.len() + new.len() <= NUMBERS
    }

    /// The value of a number.
    pub(crate) fn get(&self, number: u16) -> Option<&T> {
        self.values.get(usize::from(number))
    }

    /// The number of a value, if it has one.
    pub(crate) fn find<Q>(&self, value: &Q) -> Option<u16>
    where
        T: std::borrow::Borrow<Q>,
        Q: Eq + std::hash::Hash + ?Sized,
    {
        self.numbers.get(value).copied()
    }

    /// All values in the order of their numbers.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }
}

/// The index of all collections.
#[derive(Debug)]
pub(crate) struct Index {
    me: MemberId,
    shelves: HashMap<CollectionId, Shelf>,
    pub(crate) labels: Interner<Label>,
    pub(crate) kinds: Interner<Box<str>>,
    pub(crate) members: Interner<MemberId>,
    /// Where the frames begin that put objects.
    frames: Vec<Position>,
    definitions: Definitions,
}

/// An entry to find or make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) key: Key,
    pub(crate) order: Order,
}

impl Index {
    /// An empty one, of the cell of `me`.
    pub(crate) fn of(me: MemberId) -> Self {
        Self {
            me,
            shelves: HashMap::new(),
            labels: Interner::default(),
            kinds: Interner::default(),
            members: Interner::default(),
            frames: Vec::new(),
            definitions: Definitions::default(),
        }
    }

    /// The entries of a collection.
    pub(crate) fn shelf(&self, collection: &CollectionId) -> Option<&Shelf> {
        self.shelves.get(collection)
    }

    /// All collections that hold anything.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = (&CollectionId, &Shelf)> {
        self.shelves.iter()
    }

    /// The type of an entry.
    pub(crate) fn kind_of(&self, entry: &Entry) -> String {
        let kind = self.kinds.get(entry.kind);
        kind.map(ToString::to_string).unwrap_or_default()
    }

    /// Where the frame of an entry begins.
    pub(crate) fn frame(&self, entry: &Entry) -> Option<Position> {
        self.frames.get(entry.frame as usize).copied()
    }

    /// The bytes of an entry are erased.
    pub(crate) fn note_erased(&mut self, collection: &CollectionId, number: u32) {
        if let Some(shelf) = self.shelves.get_mut(collection) {
            shelf.note_erased(number);
        }
    }

    /// Whether an object of this type may come in, `more` new types with it.
    pub(crate) fn takes_kind(&self, kind: &str, more: usize) -> bool {
        self.kinds.values.len() + more < KINDS_MAX || self.kinds.find(kind).is_some()
    }

    /// Whether what another node sent may be labelled so.
    pub(crate) fn takes_label(&self, label: &Label) -> bool {
        self.labels.values.len() < FOLLOWED_MAX || self.labels.find(label).is_some()
    }

    /// Whether what another node sent may be stamped by this member.
    pub(crate) fn takes_member(&self, member: &MemberId) -> bool {
        self.members.values.len() < FOLLOWED_MAX || self.members.find(member).is_some()
    }

    /// Whether [`Self::apply`] will take in these batches.
    ///
    /// # Errors
    ///
    /// [`CellError::TooMany`]: then they must not be written.
    pub(crate) fn check(&self, batches: &[Batch<'_>]) -> Result<(), CellError> {
        let kinds: Vec<Box<str>> = batches
            .iter()
            .flat_map(|batch| batch.kinds.iter().map(|kind| Box::from(&**kind)))
            .collect();
        let labels = batches.iter().flat_map(|batch| &batch.labels);
        let members = batches.iter().flat_map(|batch| &batch.members);
        if !(self.kinds.fits(kinds.iter())
            && self.labels.fits(labels)
            && self.members.fits(members))
        {
            return Err(CellError::TooMany("different labels, types or members"));
        }
        for batch in batches {
            let held = self.shelf(&batch.collection).map_or(0, Shelf::len);
            if u32::try_from(held + batch.rows.len()).is_err() {
                return Err(CellError::TooMany("entries in one collection"));
            }
        }
        Ok(())
    }

    /// Takes in what a frame at `at` says, whose data stand at `data`.
    ///
    /// # Errors
    ///
    /// [`CellError::TooMany`] when numbers run out, [`CellError::Broken`] when a row points nowhere.
    pub(crate) fn apply(
        &mut self,
        at: Position,
        data: Place,
        batches: &[Batch<'_>],
    ) -> Result<(), CellError> {
        let frame = u32::try_from(self.frames.len()).unwrap_or(NONE);
        let mut offset = data.offset;
        let mut puts = false;
        for batch in batches {
            let kinds = batch
                .kinds
                .iter()
                .map(|kind| self.kinds.number(&Box::from(&**kind)).unwrap_or(NO_KIND));
            let kinds: Vec<u16> = kinds.collect();
            let labels = batch.labels.iter().map(|label| self.labels.number(label));
            let labels: Vec<u16> = labels.collect::<Result<_, _>>()?;
            let members = batch
                .members
                .iter()
                .map(|member| self.members.number(member));
            let members: Vec<u16> = members.collect::<Result<_, _>>()?;
            let shelf = self.shelves.entry(batch.collection).or_default();
            shelf.reserve(batch.rows.len());
            for row in &batch.rows {
                let find = |table: &[u16], number: u16| {
                    table
                        .get(usize::from(number))
                        .copied()
                        .ok_or(CellError::Broken(at))
                };
                let place = Place {
                    segment: data.segment,
                    offset,
                    len: row.len,
                };
                let mut entry = Entry::new(row, place, frame)?;
                if row.op != Op::Forget {
                    entry.by = find(&members, row.by)?;
                    entry.kind = find(&kinds, row.kind)?;
                    entry.label = find(&labels, row.label)?;
                }
                if let Some(says) = definition_of(row.flags) {
                    let label = self.labels.get(entry.label);
                    let by = self.members.get(entry.by);
                    let speaker = label
                        .zip(by)
                        .and_then(|(label, by)| Speaker::defining(&self.me, label, by, row.op));
                    if let Some(speaker) = speaker {
                        self.definitions.define(&row.id, speaker, says);
                    }
                }
                let number = u32::try_from(shelf.len()).unwrap_or(NONE);
                if shelf.apply(row, entry)? && !row.markings.is_empty() {
                    self.definitions
                        .name(&batch.collection, number, &row.markings);
                }
                if row.op.is_put() {
                    offset += u64::from(row.len) + 1;
                    puts = true;
                }
            }
        }
        if puts {
            self.frames.push(at);
        }
        self.thin();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::batch::Row;
    use portcullis_core::cell::Tlp;
    use std::borrow::Cow;

    /// A batch with so many types that nobody has used yet.
    fn batch(from: u32, count: u32) -> Batch<'static> {
        let mut batch = Batch::new(CollectionId::from_bytes([1; 16]));
        batch.kinds = (from..from + count)
            .map(|n| Cow::Owned(format!("x-{n}")))
            .collect();
        batch.labels = vec![Label {
            tlp: Tlp::Green,
            bound: None,
            publisher: "bank-a".parse().unwrap(),
            recipients: [].into(),
            held: false,
        }];
        batch.members = vec!["bank-a".parse().unwrap()];
        batch.rows = vec![Row {
            op: Op::Put,
            flags: 0,
            id: Cow::Owned(format!("x-{from}--1")),
            version_us: i64::from(from),
            added_us: i64::from(from),
            stamp_us: 0,
            expires_us: i64::MAX,
            by: 0,
            kind: u16::try_from(count - 1).unwrap(),
            label: 0,
            proof: 0,
            len: 2,
            markings: Vec::new(),
            observables: Vec::new(),
        }];
        batch
    }

    #[test]
    fn a_batch_that_will_not_be_taken_in_is_told_before_it_is_written() {
        let mut index = Index::of("bank-a".parse().unwrap());
        let at = Position::default();
        let data = Place {
            segment: 0,
            offset: 0,
            len: 4,
        };
        let first = [batch(0, 40_000)];
        index.check(&first).unwrap();
        index.apply(at, data, &first).unwrap();
        assert!(index.check(&[batch(0, 40_000)]).is_ok());
        let second = [batch(40_000, 40_000)];
        assert!(matches!(index.check(&second), Err(CellError::TooMany(_))));
        // One that was written before there was a limit is read all the same.
        index.apply(at, data, &second).unwrap();
        assert_eq!(index.shelves().next().unwrap().1.len(), 2);
    }
}
