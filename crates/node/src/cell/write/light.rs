//! Lighting anew what named a marking before it was known here, or before its publisher said
//! something else by it, and what is not marked where that becomes stricter: it is touched, so that
//! whoever has read past it learns of it.
//!
//! `CRASH:` a definition counts from its own frame on, and what it marks follows in frames of its
//! own. Whoever stops in between leaves entries that say in their rows by what they were lit;
//! the next start finds them.

use super::touch::Touch;
use crate::cell::{
    Cell, CellError,
    find::observed,
    index::{Entry, Index, Markings, Speaker, Stale},
};
use portcullis_core::{
    cell::{CollectionId, Label, Marked, Tlp},
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

/// How many are lit anew together with the event that makes them stricter.
const FEW: usize = 64;

/// How often is looked for what others added meanwhile, before the rest goes along with the event.
const PASSES_MAX: usize = 16;

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
                let done = self.relight_part(left, None, PART_BYTES)?;
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

    /// Lights anew what is dimmer by a stricter default of its collection, in frames of their own, but
    /// for the few that go along with the event: answers from which number on these are.
    ///
    /// `CRASH:` before the event: what is done is stricter than it had to be.
    pub(crate) fn close_by(
        &self,
        collection: &CollectionId,
        default: Tlp,
    ) -> Result<usize, CellError> {
        let mut from = 0;
        for _ in 0..PASSES_MAX {
            let (upto, stale) = self.wider(collection, from, default);
            if stale.len() <= FEW {
                break;
            }
            let mut left = stale.as_slice();
            while !left.is_empty() {
                let done = self.relight_part(left, Some(default), PART_BYTES)?;
                left = left.get(done..).unwrap_or_default();
            }
            from = upto;
        }
        Ok(from)
    }

    /// Those from a number on that are dimmer by this default of their collection.
    pub(crate) fn dimmer(
        &self,
        collection: &CollectionId,
        from: usize,
        default: Tlp,
    ) -> Vec<Touch> {
        let (_, wider) = self.wider(collection, from, default);
        let index = self.index();
        let touches = wider
            .into_iter()
            .filter_map(|of| self.dim(&index, of, Some(default)));
        touches.map(|(touch, _)| touch).collect()
    }

    /// How many entries there are, and which from a number on go wider than what is not marked.
    fn wider(&self, collection: &CollectionId, from: usize, default: Tlp) -> (usize, Vec<Stale>) {
        let index = self.index();
        let Some(shelf) = index.shelf(collection) else {
            return (0, Vec::new());
        };
        let wide = |entry: &Entry| {
            let label = index.labels.get(entry.label);
            entry.is_live() && label.is_some_and(|label| label.tlp < default)
        };
        let entries = (0u32..).zip(shelf.from(0)).skip(from);
        let wider = entries.filter(|(_, entry)| wide(entry));
        let stale = wider.map(|(number, _)| Stale {
            collection: *collection,
            number,
        });
        (shelf.len(), stale.collect())
    }

    /// Lights anew those of which the rows have so many bytes, at least one, by a default that their
    /// collection is about to have, or by the one that it has; answers how many that are.
    pub(crate) fn relight_part(
        &self,
        stale: &[Stale],
        default: Option<Tlp>,
        bytes_max: usize,
    ) -> Result<usize, CellError> {
        let mut turn = self.turn()?;
        let part = stale.get(..PART).unwrap_or(stale);
        let (mut touched, mut bytes, mut done) = (Vec::new(), 0, 0);
        for of in part {
            let dim = self.dim(&self.index(), *of, default);
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

    /// An entry that is to be lit anew, if it still stands; and at most how many bytes its row has. By
    /// a default that is to come only what it makes stricter.
    fn dim(&self, index: &Index, of: Stale, default: Option<Tlp>) -> Option<(Touch, usize)> {
        let entry = *index.shelf(&of.collection)?.get(of.number)?;
        let label = index.labels.get(entry.label).filter(|_| entry.is_live())?;
        let mut label = label.clone();
        let by = index.members.get(entry.by)?;
        let mut bytes = Vec::new();
        self.journal.read(entry.place(), &mut bytes).ok()?;
        let header = header(&bytes).ok()?;
        if let Some(default) = default {
            let (tlp, _) = self.lit(index, default, &header, (&label, by));
            if tlp <= label.tlp {
                return None;
            }
            label.tlp = tlp;
        }
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
            label,
            default,
            marked: entry.is_marked(),
            stamp,
        };
        Some((touch, row_bytes))
    }

    /// The light of what is not marked in a collection.
    pub(crate) fn default_light(&self, collection: &CollectionId) -> Tlp {
        self.state().light(collection, Marked::default())
    }

    /// The light of an object, of this label and stamped by this member, by what is known of its markings now and the collection's
    /// default, and the names of those that had to be looked up. What is held and red, as under a pseudonym, stays red until it is released.
    pub(crate) fn lit(
        &self,
        index: &Index,
        default: Tlp,
        header: &Header<'_>,
        (label, by): (&Label, &MemberId),
    ) -> (Tlp, Vec<u64>) {
        let speaker = Speaker::labelled(&self.me, label, by);
        let (marked, names) = Markings::default().of(index, header, speaker);
        let tlp = marked.light(default);
        match label.bound {
            // Red because it is held: what is known of its markings opens nothing.
            _ if label.held && label.tlp == Tlp::Red => (Tlp::Red, names),
            Some(bound) => (tlp.max(bound), names),
            None => (tlp, names),
        }
    }
}
