//! Looking at single entries by their numbers: what the ledger, provenance and
//! recalls name objects by.

use super::{
    Cell, CellError, batch,
    erase::{self, Kept},
    index::{Entry, Key},
};
use portcullis_core::cell::{CollectionId, Label, Tlp};
use portcullis_stix::header;
use portcullis_store::journal::{Place, Position};
use std::ops::ControlFlow;

/// One entry of a collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryView {
    /// The object's id.
    pub id: String,
    /// Its version; for an object without one, when it was first added.
    pub version_us: i64,
    /// When the entry was added.
    pub added_us: i64,
    /// How it may be shown.
    pub label: Label,
    /// Whether it is the object's removal.
    pub removed: bool,
    /// Whether another entry has taken its place.
    pub superseded: bool,
}

impl Cell {
    /// The entry of a number in a collection, from 0 in the order of `added`.
    pub fn entry(&self, collection: &CollectionId, number: u64) -> Option<EntryView> {
        let (entry, label) = self.entry_of(collection, number)?;
        let id = self.id_of(collection, number, &entry)?;
        Some(EntryView {
            id,
            version_us: entry.version_us,
            added_us: entry.added_us,
            label,
            removed: entry.is_removal(),
            superseded: entry.is_superseded(),
        })
    }

    /// How strictly an entry's object is to be handled by whoever has it from here.
    pub fn light_of(&self, collection: &CollectionId, number: u64) -> Option<Tlp> {
        let entry = self.entry(collection, number)?;
        let state = self.state();
        Some(state.shown(&entry.label, state.marks(&entry.id, &entry.label.publisher)))
    }

    /// The object's bytes of an entry; none for a removal.
    ///
    /// # Errors
    ///
    /// [`CellError::NotFound`], also where they are erased; [`CellError::Journal`].
    pub fn entry_bytes(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Result<Vec<u8>, CellError> {
        match self.kept(collection, number)? {
            Kept::Whole(bytes) => Ok(bytes),
            Kept::Erased { .. } => Err(CellError::NotFound),
        }
    }

    /// An entry's object as it is in the journal: its bytes, or what is left of them.
    pub(crate) fn kept(&self, collection: &CollectionId, number: u64) -> Result<Kept, CellError> {
        let (entry, _) = self
            .entry_of(collection, number)
            .ok_or(CellError::NotFound)?;
        let mut bytes = Vec::new();
        if !entry.is_erased() {
            self.journal.read(entry.place(), &mut bytes)?;
            return Ok(Kept::Whole(bytes));
        }
        let at = self.index().frame(&entry).ok_or(CellError::NotFound)?;
        let mut kept = Err(CellError::Broken(at));
        self.journal.scan(at, &mut |frame| {
            kept = erase::kept_in(frame, entry.place());
            ControlFlow::Break(())
        })?;
        kept
    }

    /// Every entry of an object in all collections: its versions, their removals, and what was
    /// superseded by them.
    pub fn numbers_of(&self, id: &str) -> Vec<(CollectionId, u64)> {
        let (index, key) = (self.index(), Key::of(id));
        let of = |(collection, shelf): (&CollectionId, &super::index::Shelf)| {
            let now = shelf.versions(key).map(|(number, _)| number);
            let all = now.chain(shelf.earlier(key).iter().copied());
            all.map(|number| (*collection, u64::from(number)))
                .collect::<Vec<_>>()
        };
        let mut numbers: Vec<_> = index.shelves().flat_map(of).collect();
        numbers.sort_unstable();
        numbers
    }

    /// How many entries a collection has, superseded ones too.
    pub fn entries(&self, collection: &CollectionId) -> u64 {
        self.index()
            .shelf(collection)
            .map_or(0, |shelf| shelf.len() as u64)
    }

    /// What vouches for the object of an entry: the opaque bytes that came with its batch or with
    /// itself, its place among the batch's objects, and how many those are. None for a removal.
    pub fn provenance_bytes(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Option<(Vec<u8>, u32, u32)> {
        let (entry, _) = self.entry_of(collection, number)?;
        if entry.is_removal() {
            return None;
        }
        let row = self.frame_row(collection, &entry)?;
        Some((row.proof, row.place, row.of))
    }

    /// The id of an entry's object.
    pub(crate) fn id_of(
        &self,
        collection: &CollectionId,
        number: u64,
        entry: &Entry,
    ) -> Option<String> {
        if entry.is_removal() {
            let (index, number) = (self.index(), u32::try_from(number).ok()?);
            return index.shelf(collection)?.id(number).map(ToOwned::to_owned);
        }
        if entry.is_erased()
            && let Some(id) = self.id_of_removal(collection, number)
        {
            return Some(id);
        }
        match self.kept(collection, number).ok()? {
            Kept::Whole(bytes) => Some(header::header(&bytes).ok()?.id.into_owned()),
            Kept::Erased { id, .. } => Some(id),
        }
    }

    /// The id of an erased entry's object, from the removal that has its place.
    fn id_of_removal(&self, collection: &CollectionId, number: u64) -> Option<String> {
        let (index, mut number) = (self.index(), u32::try_from(number).ok()?);
        let shelf = index.shelf(collection)?;
        // What has the place of another came after it.
        while let Some(entry) = shelf.get(number).filter(|entry| entry.is_superseded()) {
            if let Some(id) = shelf.id(number) {
                return Some(id.to_owned());
            }
            number = entry.newer;
        }
        shelf.id(number).map(ToOwned::to_owned)
    }

    pub(super) fn entry_of(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Option<(Entry, Label)> {
        let index = self.index();
        let number = u32::try_from(number).ok()?;
        let entry = *index.shelf(collection)?.get(number)?;
        let label = index.labels.get(entry.label)?.clone();
        Some((entry, label))
    }

    /// What an entry's frame says of it.
    fn frame_row(&self, collection: &CollectionId, entry: &Entry) -> Option<FrameRow> {
        let at = self.index().frame(entry)?;
        let mut found = None;
        let mut look = |table: &[u8], data: Place| {
            found = row_in(table, data, collection, entry);
        };
        self.frame_at(at, &mut look).ok()?;
        found
    }

    /// Shows one frame's table and the place of its data.
    fn frame_at(&self, at: Position, f: &mut dyn FnMut(&[u8], Place)) -> Result<(), CellError> {
        self.journal.scan(at, &mut |frame| {
            f(frame.table, frame.data_place);
            ControlFlow::Break(())
        })?;
        Ok(())
    }
}

/// What a frame says of one entry.
struct FrameRow {
    proof: Vec<u8>,
    place: u32,
    of: u32,
}

fn row_in(table: &[u8], data: Place, collection: &CollectionId, entry: &Entry) -> Option<FrameRow> {
    let commit = batch::decode(table)?;
    let mut offset = data.offset;
    for batch in &commit.batches {
        let of = batch.rows.iter().filter(|row| row.op.is_put()).count();
        let mut place = 0;
        for row in &batch.rows {
            let here = row.op.is_put() && offset == entry.place().offset;
            if here && batch.collection == *collection {
                let proof = batch
                    .proofs
                    .get(row.proof as usize)
                    .copied()
                    .unwrap_or_default();
                return Some(FrameRow {
                    proof: proof.to_vec(),
                    // A proof of its own vouches for one object.
                    place: if row.proof == 0 { place } else { 0 },
                    of: if row.proof == 0 {
                        u32::try_from(of).ok()?
                    } else {
                        1
                    },
                });
            }
            if row.op.is_put() {
                offset += u64::from(row.len) + 1;
                place += 1;
            }
        }
    }
    None
}
