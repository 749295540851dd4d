//! Lighting anew what named a marking before it was known here, or before its publisher said
//! something else by it: it is touched, so that whoever has read past it learns of it.
//!
//! `CRASH:` a definition counts from its own frame on, and what it marks follows in frames of its
//! own. Whoever stops in between leaves entries that say in their rows by what they were lit;
//! the next start finds them.

use super::touch::Touch;
use crate::cell::{
    Cell, CellError,
    index::{Index, Markings, Stale},
};
use portcullis_core::cell::{CollectionId, Label, Tlp};
use portcullis_stix::header::{Header, header};
use std::sync::PoisonError;

/// How many objects are lit anew at once: others append in between.
const PART: usize = 1_024;

impl Cell {
    /// Lights anew what definitions mark that came, or say something else, since. Costs one look
    /// where there is nothing to do.
    ///
    /// # Errors
    ///
    /// [`CellError`]; what is left is done the next time.
    pub(crate) fn relight(&self) -> Result<(), CellError> {
        let mut before = usize::MAX;
        while !self.index().is_lit() {
            let (moved, stale) = self.index().stale();
            if before <= stale.len() {
                // Others bring more than is done here; who looks next goes on.
                return Ok(());
            }
            before = stale.len();
            for part in stale.chunks(PART) {
                self.relight_part(part)?;
            }
            let turn = self.turn()?;
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            index.lit(&moved);
            drop(index);
            self.settle_seen(turn)?;
        }
        Ok(())
    }

    fn relight_part(&self, stale: &[Stale]) -> Result<(), CellError> {
        let mut turn = self.turn()?;
        let touched: Vec<Touch> = {
            let index = self.index();
            stale
                .iter()
                .filter_map(|of| self.dim(&index, *of))
                .collect()
        };
        if touched.is_empty() {
            return self.settle_seen(turn);
        }
        let batches = self.touches(&mut turn, &touched)?;
        let appended = turn.append(&[], &batches, &[])?;
        self.settle(appended)
    }

    /// An entry that is to be lit anew, if it still stands.
    fn dim(&self, index: &Index, of: Stale) -> Option<Touch> {
        let entry = *index.shelf(&of.collection)?.get(of.number)?;
        let label = index.labels.get(entry.label).filter(|_| entry.is_live())?;
        let by = index.members.get(entry.by)?;
        let mut bytes = Vec::new();
        self.journal.read(entry.place(), &mut bytes).ok()?;
        let header = header(&bytes).ok()?;
        // What was made elsewhere is not changed by it: there it is lit anew, too.
        let stamp = (*by != self.me).then(|| (entry.stamp_us, by.clone()));
        Some(Touch {
            collection: of.collection,
            id: header.id.into_owned(),
            entry,
            label: label.clone(),
            marked: entry.is_marked(),
            stamp,
        })
    }

    /// The light of an object by what is known of its markings now, and the names of those that had
    /// to be looked up. What is held and red, as under a pseudonym, stays red until it is released.
    pub(crate) fn lit(
        &self,
        index: &Index,
        collection: &CollectionId,
        header: &Header<'_>,
        label: &Label,
    ) -> (Tlp, Vec<u64>) {
        let state = self.state();
        let (marked, names) = Markings::default().of(index, header, &label.publisher);
        let tlp = state.light(collection, marked);
        match label.bound {
            // Red because it is held: what is known of its markings opens nothing.
            _ if label.held && label.tlp == Tlp::Red => (Tlp::Red, names),
            Some(bound) => (tlp.max(bound), names),
            None => (tlp, names),
        }
    }
}
