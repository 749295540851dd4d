//! The ledger's term: whole ticks that are older are dropped.
//!
//! Frames of records that a root covers become a gap. What stays of them: the signed root, which
//! says when it was made and how many records it covers, and its place in the log, so the chain of
//! roots is whole, and what was exported before verifies as before; the digests of entries; and,
//! without date, account or exit, which entries each member was ever served: recalls and feeds ask
//! back by that.
//!
//! `CRASH:` what is kept is on the disk before anything goes. Who stops in between has dropped
//! nothing, or some segments of a tick: the next call goes on.

use super::{
    Ledger, LedgerError, Run, among,
    frame::{self, Had, Raw, Table},
    held,
    index::{Index, RootAt},
    joined,
};
use jiff::Timestamp;
use portcullis_core::cell::CollectionId;
use portcullis_store::journal::{Eraser, Frame, Merge, Position};
use portcullis_tlog::hash::Hash;
use portcullis_verdict::cell::How;
use std::{collections::BTreeMap, ops::ControlFlow, sync::PoisonError};

/// After so many bytes of records a call ends, and says that there is more.
const BYTES_PER_CALL: u64 = 256 * 1024 * 1024;
/// The longest gap: its zeros are read at once by who looks whether the journal is whole.
const GAP_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What dropping does, or would do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Dropped {
    /// Roots whose records are gone.
    pub ticks: usize,
    /// Those records.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Roots as old whose records stay, because something open is among them.
    pub kept: usize,
    /// What the disk has given back.
    pub freed: u64,
    /// When the newest of the roots was made: what was served until then is not kept.
    pub until: Option<Timestamp>,
    /// Whether there is more than one call does.
    pub more: bool,
}

/// What a call drops.
#[derive(Default)]
struct Leaving {
    told: Dropped,
    merges: BTreeMap<u32, Vec<Merge>>,
    had: Had,
}

/// Neighbours of one tick, and their roots.
struct Gap {
    from: Position,
    end: Position,
    roots: Vec<(Hash, u32)>,
}

/// The frames of one tick.
#[derive(Default)]
struct Tick {
    records: u64,
    /// When the last of them was served.
    last_us: i64,
    gaps: Vec<Gap>,
    /// Whether contents stand under its root, too.
    contents: bool,
    /// Whether something that must stay is among its records.
    held: bool,
    had: Had,
}

impl Ledger {
    /// Drops the records under roots made before an instant, but not those under a root that has
    /// one of the `open` entries; and, where a log has roots, no more than it has.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; the next call goes on.
    pub fn drop_before(
        &self,
        before: Timestamp,
        open: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<Dropped, LedgerError> {
        let eraser = self.eraser()?;
        let mut leaving = self.leaving(before, open)?;
        if leaving.merges.is_empty() {
            return Ok(leaving.told);
        }
        self.only_new(&mut leaving.had)?;
        let until_us = leaving
            .told
            .until
            .map_or(i64::MIN, Timestamp::as_microsecond);
        self.append(&frame::dropped(
            until_us,
            leaving.told.records,
            &leaving.had,
        ))?;
        for (segment, merges) in &leaving.merges {
            // Nobody reads at a position that may be none in a moment.
            let _alone = self.layout.write().unwrap_or_else(PoisonError::into_inner);
            let merged = eraser.merge(*segment, merges)?;
            let mut index = Index::default();
            index.catch_up(&self.journal)?;
            *held(&self.index) = index;
            leaving.told.freed += merged.taken.0.saturating_sub(merged.taken.1);
        }
        Ok(leaving.told)
    }

    /// What [`Self::drop_before`] would do now; what the disk would give back is not known before.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub fn droppable(
        &self,
        before: Timestamp,
        open: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<Dropped, LedgerError> {
        drop(self.caught_up()?);
        let _stays = self.layout.read().unwrap_or_else(PoisonError::into_inner);
        Ok(self.leaving(before, open)?.told)
    }

    /// Until when records were dropped; none while none were.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn dropped_until(&self) -> Result<Option<Timestamp>, LedgerError> {
        let until_us = self.caught_up()?.dropped_us;
        Ok(until_us.and_then(|us| Timestamp::from_microsecond(us).ok()))
    }

    /// Shows which entries members were served by records that were dropped.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn visit_dropped(
        &self,
        f: &mut dyn FnMut(&str, &CollectionId, &[Run]),
    ) -> Result<(), LedgerError> {
        let places = self.caught_up()?.dropped.clone();
        let mut data = Vec::new();
        for place in places {
            self.journal.read(place, &mut data)?;
            let (segment, offset) = (place.segment, place.offset);
            let read = frame::read_dropped(&data, f);
            read.ok_or(LedgerError::Damaged(Position { segment, offset }))?;
        }
        Ok(())
    }

    /// Nobody else drops meanwhile, and what somebody has dropped is known.
    fn eraser(&self) -> Result<Eraser<'_>, LedgerError> {
        let _alone = self.layout.write().unwrap_or_else(PoisonError::into_inner);
        let eraser = self.journal.erasing()?;
        self.journal.reopen()?;
        let mut index = Index::default();
        index.catch_up(&self.journal)?;
        *held(&self.index) = index;
        Ok(eraser)
    }

    fn leaving(
        &self,
        before: Timestamp,
        open: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<Leaving, LedgerError> {
        let due: Vec<RootAt> = {
            let index = self.caught_up()?;
            let logged = index.roots.iter().any(|root| root.inclusion.is_some());
            let due = index.roots.iter().take_while(|root| {
                let in_log = root.inclusion.is_some() || !logged;
                in_log && root.made_us < before.as_microsecond()
            });
            due.filter(|root| root.live > 0).copied().collect()
        };
        let mut leaving = Leaving::default();
        for root in due {
            if BYTES_PER_CALL <= leaving.told.bytes {
                leaving.told.more = true;
                break;
            }
            let tick = self.tick(&root, open)?;
            if tick.held {
                leaving.told.kept += 1;
            } else {
                leaving.add(&root, tick);
            }
        }
        leaving.had.values_mut().for_each(joined);
        Ok(leaving)
    }

    fn tick(
        &self,
        root: &RootAt,
        open: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<Tick, LedgerError> {
        let (mut tick, mut failed) = (Tick::default(), None);
        self.journal.scan(root.from, &mut |frame| {
            if root.at <= frame.at {
                return ControlFlow::Break(());
            }
            match frame.kind {
                frame::RECORDS => failed = tick.take(frame, open).err(),
                frame::CONTENTS => tick.contents = true,
                _ => {}
            }
            if failed.is_some() || tick.held {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        failed.map_or(Ok(tick), Err)
    }

    /// Leaves what is not kept already.
    fn only_new(&self, had: &mut Had) -> Result<(), LedgerError> {
        let mut known = Had::new();
        self.visit_dropped(&mut |member, collection, runs| {
            let to = (member.to_owned(), *collection);
            if had.contains_key(&to) {
                known.entry(to).or_default().extend_from_slice(runs);
            }
        })?;
        for (to, mut known) in known {
            joined(&mut known);
            if let Some(runs) = had.get_mut(&to) {
                *runs = without(runs, &known);
            }
        }
        had.retain(|_, runs| !runs.is_empty());
        Ok(())
    }
}

impl Leaving {
    fn add(&mut self, root: &RootAt, tick: Tick) {
        let segments = tick.gaps.iter().map(|gap| gap.from.segment);
        // Who proves what stays under the root needs its other frames' roots. CRASH: segments go one
        // by one, so of a tick in several some records may stay.
        let shown = tick.contents || !segments.is_sorted_by(|one, next| one == next);
        for Gap { from, end, roots } in tick.gaps {
            self.told.bytes += end.offset - from.offset;
            let roots = if shown { roots } else { Vec::new() };
            self.merges.entry(from.segment).or_default().push(Merge {
                from,
                end,
                kind: frame::GAP,
                table: frame::gap(&roots),
            });
        }
        for (to, mut runs) in tick.had {
            let known = self.had.entry(to).or_default();
            known.append(&mut runs);
            if RUNS_LOOSE_MAX < known.len() {
                joined(known);
            }
        }
        self.told.ticks += 1;
        self.told.records += tick.records;
        // A root is dated to the millisecond.
        let until = Timestamp::from_microsecond(root.made_us.max(tick.last_us)).ok();
        self.told.until = self.told.until.max(until);
    }
}

/// How many runs are collected before they are put together.
const RUNS_LOOSE_MAX: usize = 65_536;

impl Tick {
    fn take(
        &mut self,
        frame: &Frame<'_>,
        open: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<(), LedgerError> {
        let damaged = || LedgerError::Damaged(frame.at);
        let table = Table::decode(frame.table).ok_or_else(damaged)?;
        let whole = frame::visit(frame.kind, &frame.data()?, &mut |raw| {
            if let Raw::Served {
                who: (member, ..),
                collection,
                how,
                runs,
                ..
            } = raw
            {
                self.held |= among(open, collection, runs).next().is_some();
                if *how != How::Manifest {
                    let to = ((*member).to_owned(), *collection);
                    self.had.entry(to).or_default().extend_from_slice(runs);
                }
            }
        });
        whole.ok_or_else(damaged)?;
        self.had.values_mut().for_each(joined);
        self.records += u64::from(table.records);
        self.last_us = self.last_us.max(table.last_us);
        let root = (table.root, table.records);
        let (from, end) = (frame.at, frame.end);
        let touches =
            |gap: &&mut Gap| gap.end == from && end.offset - gap.from.offset <= GAP_BYTES_MAX;
        if let Some(gap) = self.gaps.last_mut().filter(touches) {
            gap.end = end;
            gap.roots.push(root);
        } else {
            let roots = vec![root];
            self.gaps.push(Gap { from, end, roots });
        }
        Ok(())
    }
}

/// Which of some runs are not among others; both grow, and neither touch nor overlap.
fn without(runs: &[Run], others: &[Run]) -> Vec<Run> {
    let mut left = Vec::new();
    for run in runs {
        let mut first = run.first;
        let from = others.partition_point(|other| other.last < run.first);
        for other in others.get(from..).unwrap_or_default() {
            if run.last < other.first {
                break;
            }
            if first < other.first {
                let last = other.first - 1;
                left.push(Run { first, last });
            }
            first = other.last.saturating_add(1);
        }
        if first <= run.last {
            let last = run.last;
            left.push(Run { first, last });
        }
    }
    left
}

#[cfg(test)]
mod tests;
