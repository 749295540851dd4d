//! What is known of the ledger's frames without reading their data: where to look for a collection
//! and a time, which roots there are, and which entries have their contents recorded.

use super::frame::{self, Table};
use portcullis_core::{cell::CollectionId, digest::Digest};
use portcullis_store::journal::{Frame, Journal, JournalError, Place, Position};
use portcullis_tlog::hash::Hash;
use portcullis_verdict::cell::{Root, Run, Word};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

/// Frames of about so many bytes are known as one stretch.
const STRETCH_BYTES: u64 = 1024 * 1024;

/// Frames that follow each other.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) from: Position,
    pub(super) end: Position,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    pub(super) collections: BTreeSet<CollectionId>,
}

/// A root of the ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct RootAt {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its payload's digest.
    pub(super) digest: Digest,
    /// Where the frames begin that it covers.
    pub(super) from: Position,
    /// Where its own frame begins: where they end.
    pub(super) at: Position,
    /// Its signed bytes.
    pub(super) word: Place,
    /// Its inclusion in the log, once there is one.
    pub(super) inclusion: Option<Place>,
    /// When it was made.
    pub(super) made_us: i64,
    /// How many frames of records stand under it that were not dropped.
    pub(super) live: usize,
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Index {
    pub(super) end: Position,
    pub(super) stretches: Vec<Stretch>,
    pub(super) roots: Vec<RootAt>,
    /// Where the frames begin that no root covers yet.
    pub(super) open_from: Position,
    /// The roots of those frames, and how many records they have.
    pub(super) open: Vec<(Hash, u32)>,
    /// How many of those are of records.
    pub(super) open_live: usize,
    /// What is kept of records that were dropped.
    pub(super) dropped: Vec<Place>,
    /// Until when records were dropped.
    pub(super) dropped_us: Option<i64>,
    /// Entries whose contents are recorded.
    pub(super) contents: BTreeMap<CollectionId, Numbers>,
    /// Frames that could not be read.
    pub(super) strange: u64,
}

impl Index {
    /// Takes in what was appended since.
    pub(super) fn catch_up(&mut self, journal: &Journal) -> Result<(), JournalError> {
        let from = self.end;
        self.end = journal.scan(from, &mut |frame| {
            self.take(journal, frame);
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn take(&mut self, journal: &Journal, frame: &Frame<'_>) {
        let known = match frame.kind {
            frame::RECORDS | frame::CONTENTS => self.take_records(frame),
            frame::ROOT => self.take_root(journal, frame),
            frame::INCLUSION => self.take_inclusion(frame),
            frame::GAP => self.take_gap(frame),
            frame::DROPPED => self.take_dropped(frame),
            _ => None,
        };
        if known.is_none() {
            self.strange += 1;
            tracing::warn!(at = ?frame.at, kind = frame.kind, "a frame of the ledger cannot be read");
        }
    }

    fn take_records(&mut self, frame: &Frame<'_>) -> Option<()> {
        let table = Table::decode(frame.table)?;
        self.open.push((table.root, table.records));
        self.open_live += usize::from(frame.kind == frame::RECORDS);
        if frame.kind == frame::CONTENTS {
            for (collection, runs) in &table.collections {
                let known = self.contents.entry(*collection).or_default();
                for run in runs {
                    known.add(*run);
                }
            }
        }
        let fits = |stretch: &&mut Stretch| {
            stretch.from.segment == frame.at.segment
                && frame.end.offset.saturating_sub(stretch.from.offset) <= STRETCH_BYTES
        };
        let collections = table.collections.into_iter().map(|(id, _)| id);
        if let Some(stretch) = self.stretches.last_mut().filter(fits) {
            stretch.end = frame.end;
            stretch.first_us = stretch.first_us.min(table.first_us);
            stretch.last_us = stretch.last_us.max(table.last_us);
            stretch.collections.extend(collections);
        } else {
            self.stretches.push(Stretch {
                from: frame.at,
                end: frame.end,
                first_us: table.first_us,
                last_us: table.last_us,
                collections: collections.collect(),
            });
        }
        Some(())
    }

    fn take_root(&mut self, journal: &Journal, frame: &Frame<'_>) -> Option<()> {
        let mut bytes = Vec::new();
        journal.read(frame.data_place, &mut bytes).ok()?;
        let root = Word::<Root>::parse(&bytes).ok()?;
        self.roots.push(RootAt {
            number: root.says().number,
            digest: root.digest(),
            from: self.open_from,
            at: frame.at,
            word: frame.data_place,
            inclusion: None,
            made_us: root.says().made_at.as_microsecond(),
            live: std::mem::take(&mut self.open_live),
        });
        self.open.clear();
        self.open_from = frame.end;
        Some(())
    }

    fn take_gap(&mut self, frame: &Frame<'_>) -> Option<()> {
        self.open.extend(frame::read_gap(frame.table)?);
        Some(())
    }

    fn take_dropped(&mut self, frame: &Frame<'_>) -> Option<()> {
        let (until_us, _) = frame::read_dropped_table(frame.table)?;
        self.dropped_us = self.dropped_us.max(Some(until_us));
        if frame.data_place.len > 0 {
            self.dropped.push(frame.data_place);
        }
        Some(())
    }

    fn take_inclusion(&mut self, frame: &Frame<'_>) -> Option<()> {
        let number = u64::from_le_bytes(frame.table.try_into().ok()?);
        let root = self
            .roots
            .iter_mut()
            .rev()
            .find(|root| root.number == number)?;
        root.inclusion.get_or_insert(frame.data_place);
        Some(())
    }
}

/// A set of numbers, as it is dense: a bit each.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(Vec<u64>);

/// The greatest number that is kept: as many entries as a collection may have.
const NUMBER_MAX: u64 = 1 << 32;

impl Numbers {
    pub(super) fn add(&mut self, run: Run) {
        for number in run.first..=run.last.min(NUMBER_MAX) {
            let (word, bit) = Self::place(number);
            if self.0.len() <= word {
                self.0.resize(word + 1, 0);
            }
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Whether it has every number of a run.
    pub(super) fn has_all(&self, run: Run) -> bool {
        let (first, begin) = Self::place(run.first);
        let (last, end) = Self::place(run.last);
        let Some(words) = self.0.get(first..=last) else {
            return false;
        };
        (first..).zip(words).all(|(at, word)| {
            let from = if at == first { !(begin - 1) } else { u64::MAX };
            let upto = if at == last {
                end | (end - 1)
            } else {
                u64::MAX
            };
            let wanted = from & upto;
            word & wanted == wanted
        })
    }

    pub(super) fn has(&self, number: u64) -> bool {
        let (word, bit) = Self::place(number);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(number: u64) -> (usize, u64) {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
        (word, 1 << (number % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_run_is_had_when_all_its_numbers_are(
            runs in prop::collection::vec((0u64..200, 0u64..100), 0..8),
            first in 0u64..300,
            more in 0u64..200,
        ) {
            let mut numbers = Numbers::default();
            for (first, more) in runs {
                numbers.add(Run { first, last: first + more });
            }
            let run = Run { first, last: first + more };
            let each = (run.first..=run.last).all(|number| numbers.has(number));
            prop_assert_eq!(numbers.has_all(run), each);
        }
    }
}
