//! Reading a collection's changes in the order in which they were added here.

use super::Stamp;
use crate::cell::{Cell, CellError, index::Entry};
use portcullis_core::cell::{CollectionId, Label};
use portcullis_stix::header;
use portcullis_store::journal::Place;
use std::ops::ControlFlow;

/// How many entries are copied out of the index at once.
const PART: usize = 1_024;

/// One change of a collection.
#[derive(Clone, Debug)]
pub struct ChangeRef<'a> {
    /// Its number in the collection.
    pub number: u64,
    /// When it was added here, in microseconds since 1970.
    pub added_us: i64,
    /// The object.
    pub id: &'a str,
    /// The version; `i64::MIN` for an object without versions.
    pub version_us: i64,
    /// When and where the change was made.
    pub stamp: &'a Stamp,
    /// How the object may be shown; a removal carries what it had.
    pub label: &'a Label,
    /// Past this it is not shown; `i64::MAX` for never.
    pub expires_us: i64,
    /// Whether the object went because a later change is not for this node to have.
    pub withheld: bool,
    /// Whether this node let its copy go as if it had never been here.
    pub forgotten: bool,
    /// What happened.
    pub op: Changed<'a>,
}

/// What a change does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Changed<'a> {
    /// The object is there, with these bytes.
    Put(&'a [u8]),
    /// It is there no longer.
    Removed,
}

impl Cell {
    /// Shows every change of a collection that was added after `after_us` and still counts, in
    /// order, removals too, until `f` breaks off. Only what is on the disk is shown.
    ///
    /// What vouches for an object: [`Self::provenance_bytes`] of its number.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn changes_since(
        &self,
        collection: &CollectionId,
        after_us: i64,
        f: &mut dyn FnMut(ChangeRef<'_>) -> ControlFlow<()>,
    ) -> Result<(), CellError> {
        let standing = |entry: &Entry| !entry.is_superseded();
        self.entries_since(collection, after_us, &standing, f)
    }

    /// The same, and what this node let go as if it had never been here, as
    /// [`ChangeRef::forgotten`] removals: a version may come by several times.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub(crate) fn all_since(
        &self,
        collection: &CollectionId,
        after_us: i64,
        f: &mut dyn FnMut(ChangeRef<'_>) -> ControlFlow<()>,
    ) -> Result<(), CellError> {
        let told = |entry: &Entry| !entry.is_superseded() || entry.is_forgotten();
        self.entries_since(collection, after_us, &told, f)
    }

    /// The same, of the entries that are `wanted`.
    pub(crate) fn entries_since(
        &self,
        collection: &CollectionId,
        after_us: i64,
        wanted: &dyn Fn(&Entry) -> bool,
        f: &mut dyn FnMut(ChangeRef<'_>) -> ControlFlow<()>,
    ) -> Result<(), CellError> {
        self.check_ready()?;
        let mut bytes = Vec::new();
        let mut begin = match self.index().shelf(collection) {
            Some(shelf) => shelf.after(after_us),
            None => return Ok(()),
        };
        loop {
            let part = self.part(collection, begin);
            if part.is_empty() {
                return Ok(());
            }
            begin += part.len();
            for (number, entry) in part {
                if !wanted(&entry) {
                    continue;
                }
                if self
                    .show(collection, number, &entry, &mut bytes, f)?
                    .is_break()
                {
                    return Ok(());
                }
            }
        }
    }

    /// Some entries, of those that are on the disk.
    fn part(&self, collection: &CollectionId, begin: usize) -> Vec<(u64, Entry)> {
        let (index, durable_us) = (self.index(), self.durable_us());
        let Some(shelf) = index.shelf(collection) else {
            return Vec::new();
        };
        let entries = shelf.from(begin).iter().take(PART);
        let durable = entries.take_while(|entry| entry.added_us <= durable_us);
        (begin as u64..).zip(durable.copied()).collect()
    }

    fn show(
        &self,
        collection: &CollectionId,
        number: u64,
        entry: &Entry,
        bytes: &mut Vec<u8>,
        f: &mut dyn FnMut(ChangeRef<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, CellError> {
        let index = self.index();
        let label = index
            .labels
            .get(entry.label)
            .ok_or(CellError::NotFound)?
            .clone();
        let by = index
            .members
            .get(entry.by)
            .ok_or(CellError::NotFound)?
            .clone();
        drop(index);
        let stamp = Stamp {
            at_us: entry.stamp_us,
            by,
        };
        let removed;
        let (id, op) = if entry.is_removal() || entry.is_forgotten() {
            removed = match self.id_of(collection, number, entry) {
                Some(id) => id,
                // Of what is gone nothing need be readable.
                None if entry.is_forgotten() => return Ok(ControlFlow::Continue(())),
                None => return Err(CellError::NotFound),
            };
            (std::borrow::Cow::Borrowed(&*removed), Changed::Removed)
        } else {
            self.journal.read(Place { ..entry.place() }, bytes)?;
            let header = header::header(bytes).map_err(|_| CellError::NotFound)?;
            (header.id, Changed::Put(bytes))
        };
        Ok(f(ChangeRef {
            number,
            added_us: entry.added_us,
            id: &id,
            version_us: entry.order().version_us,
            stamp: &stamp,
            label: &label,
            expires_us: entry.expires_us,
            withheld: entry.is_withheld(),
            forgotten: entry.is_forgotten(),
            op,
        }))
    }
}
