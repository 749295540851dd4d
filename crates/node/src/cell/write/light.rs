//! Lighting anew what named a marking before it was known here, or before its publisher said
//! something else by it: it is touched, so that whoever has read past it learns of it.
//!
//! `CRASH:` a definition counts from its own frame on, and what it marks follows in frames of its
//! own. Whoever stops in between leaves entries that say in their rows by what they were lit;
//! the next start finds them.

use super::touch::Touch;
use crate::cell::{
    Cell, CellError,
    find::observed,
    index::{Index, Markings, Speaker, Stale},
};
use portcullis_core::{
    cell::{CollectionId, Label, Tlp},
    member::{MEMBER_ID_BYTES_MAX, MemberId},
};
use portcullis_stix::header::{Header, header};
use std::sync::PoisonError;

/// How many objects are lit anew at once: others append in between.
const PART: usize = 1_024;

/// What a row has beside its id, its keys and its label, and more.
const ROW_BYTES: usize = 256;

/// The bytes of rows from which on no more are lit anew at once: a frame has a limit, and what an
/// object holds that is found by its values stands in each of its rows.
const PART_BYTES: usize = 16 * 1024 * 1024;

impl Cell {
    /// Lights anew what definitions mark that came, or say something else, since. Costs one look
    /// where there is nothing to do. What is not done now is done the next time, and nobody's own
    /// doing fails because of it: until then it is as strict as before.
    pub(crate) fn relight(&self) {
        if let Err(error) = self.light_anew() {
            tracing::warn!(%error, "what names a marking could not be lit anew yet");
        }
    }

    fn light_anew(&self) -> Result<(), CellError> {
        let mut before = usize::MAX;
        while !self.index().is_lit() {
            let (moved, stale) = self.index().stale();
            if before <= stale.len() {
                // Others bring more than is done here; who looks next goes on.
                return Ok(());
            }
            before = stale.len();
            let mut left = stale.as_slice();
            while !left.is_empty() {
                let done = self.relight_part(left, PART_BYTES)?;
                left = left.get(done..).unwrap_or_default();
            }
            let turn = self.turn()?;
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            index.lit(&moved);
            drop(index);
            self.settle_seen(turn)?;
        }
        Ok(())
    }

    /// Lights anew those of which the rows have so many bytes, at least one; answers how many that
    /// are.
    pub(crate) fn relight_part(
        &self,
        stale: &[Stale],
        bytes_max: usize,
    ) -> Result<usize, CellError> {
        let mut turn = self.turn()?;
        let part = stale.get(..PART).unwrap_or(stale);
        let (mut touched, mut bytes, mut done) = (Vec::new(), 0, 0);
        for of in part {
            let dim = self.dim(&self.index(), *of);
            if let Some((touch, row_bytes)) = dim {
                bytes += row_bytes;
                if bytes_max < bytes && !touched.is_empty() {
                    break;
                }
                touched.push(touch);
            }
            done += 1;
        }
        if touched.is_empty() {
            self.settle_seen(turn)?;
            return Ok(done);
        }
        let batches = self.touches(&mut turn, &touched)?;
        let appended = turn.append(&[], &batches, &[])?;
        self.settle(appended)?;
        Ok(done)
    }

    /// An entry that is to be lit anew, if it still stands; and at most how many bytes its row has.
    fn dim(&self, index: &Index, of: Stale) -> Option<(Touch, usize)> {
        let entry = *index.shelf(&of.collection)?.get(of.number)?;
        let label = index.labels.get(entry.label).filter(|_| entry.is_live())?;
        let by = index.members.get(entry.by)?;
        let mut bytes = Vec::new();
        self.journal.read(entry.place(), &mut bytes).ok()?;
        let header = header(&bytes).ok()?;
        // What was made elsewhere is not changed by it: there it is lit anew, too.
        let stamp = (*by != self.me).then(|| (entry.stamp_us, by.clone()));
        let keys = header.markings.len()
            + header.granular.len()
            + observed(&index.kind_of(&entry), &bytes).len();
        let names = 1 + label.recipients.len();
        let row_bytes = ROW_BYTES + header.id.len() + 8 * keys + MEMBER_ID_BYTES_MAX * names;
        let touch = Touch {
            collection: of.collection,
            id: header.id.into_owned(),
            entry,
            label: label.clone(),
            marked: entry.is_marked(),
            stamp,
        };
        Some((touch, row_bytes))
    }

    /// The light of an object, of this label and stamped by this member, by what is known of its markings now, and the names of those that had
    /// to be looked up. What is held and red, as under a pseudonym, stays red until it is released.
    pub(crate) fn lit(
        &self,
        index: &Index,
        collection: &CollectionId,
        header: &Header<'_>,
        (label, by): (&Label, &MemberId),
    ) -> (Tlp, Vec<u64>) {
        let state = self.state();
        let speaker = Speaker::labelled(&self.me, label, by);
        let (marked, names) = Markings::default().of(index, header, speaker);
        let tlp = state.light(collection, marked);
        match label.bound {
            // Red because it is held: what is known of its markings opens nothing.
            _ if label.held && label.tlp == Tlp::Red => (Tlp::Red, names),
            Some(bound) => (tlp.max(bound), names),
            None => (tlp, names),
        }
    }
}
