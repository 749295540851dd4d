//! The journal's end: one at a time decides and appends, all wait for the disk together.

use super::{
    Cell, CellError,
    batch::{self, Batch, COMMIT},
    wire,
    write::Touch,
};
use jiff::Timestamp;
use portcullis_core::cell::{Event, Fact, Refusal, State};
use portcullis_store::journal::{Frame, Locked, NewFrame, Place, Position};
use std::{
    ops::ControlFlow,
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
};

/// How far this process has read the journal.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    seen: Position,
    /// The greatest `added` there is.
    last_added_us: i64,
    /// Whether something was read that may not be on the disk yet, and is not shown.
    unsettled: bool,
}

/// The right to append: nobody else does, in this process or any other, and
/// the index and the state are those of the journal's end.
pub(crate) struct Turn<'a> {
    cell: &'a Cell,
    locked: Locked<'a>,
    tail: MutexGuard<'a, Tail>,
    /// The instant that this turn takes place at.
    pub(crate) at: Timestamp,
}

/// What a turn has appended; [`Cell::settle`] makes it durable and visible.
#[must_use = "nothing is acknowledged before it is on the disk"]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appended {
    end: Position,
    last_added_us: i64,
}

impl Cell {
    /// Reads the journal, all of it the first time.
    ///
    /// # Errors
    ///
    /// [`CellError`]; what was read before stays.
    pub fn load(&self) -> Result<(), CellError> {
        // CRASH: the first to lock cuts off what a writer that stopped has left half written.
        drop(self.journal.lock()?);
        self.catch_up()?;
        self.ready.store(true, Ordering::Release);
        // CRASH: who stopped between a definition and what it marks has left that to be lit anew.
        self.relight();
        Ok(())
    }

    /// Takes in what other processes have appended; answers whether there was anything.
    ///
    /// # Errors
    ///
    /// [`CellError`]; what was read before stays.
    pub fn catch_up(&self) -> Result<bool, CellError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if self.journal.end()? > tail.seen {
            self.read_on(&mut tail)?;
        }
        let appended = Appended {
            end: tail.seen,
            last_added_us: tail.last_added_us,
        };
        let moved = std::mem::take(&mut tail.unsettled);
        // What is erased in files that others have written anew was taken back before: that is known now.
        self.take_in_erased()?;
        drop(tail);
        if moved {
            // Another process may not have waited for the disk yet.
            self.settle(appended)?;
        }
        Ok(moved)
    }

    /// Waits for a turn to append.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, CellError> {
        let locked = self.journal.lock()?;
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.seen < locked.end() {
            self.read_on(&mut tail)?;
        }
        self.take_in_erased()?;
        self.ready.store(true, Ordering::Release);
        Ok(Turn {
            cell: self,
            locked,
            tail,
            at: self.env.now(),
        })
    }

    /// Lets `f` decide on the state as it is at the journal's end, and appends
    /// what it answers, with the objects that are shown to others because of it.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] if `f` refuses; [`CellError::Journal`].
    pub(crate) fn transact(
        &self,
        f: impl FnOnce(&State, Timestamp) -> Result<Vec<Event>, Refusal>,
    ) -> Result<Vec<Event>, CellError> {
        self.transact_and(f, || None)
    }

    /// The same; `also` says what else is to be added anew with what happened.
    pub(crate) fn transact_and(
        &self,
        f: impl FnOnce(&State, Timestamp) -> Result<Vec<Event>, Refusal>,
        also: impl FnOnce() -> Option<Vec<Touch>>,
    ) -> Result<Vec<Event>, CellError> {
        let mut turn = self.turn()?;
        let events = f(&self.state(), turn.at)?;
        if events.is_empty() {
            self.settle_seen(turn)?;
            return Ok(events);
        }
        let mut touched = self.touched_by(&events);
        touched.extend(also().into_iter().flatten());
        let batches = self.touches(&mut turn, &touched)?;
        let appended = turn.append(&events, &batches, &[])?;
        self.settle(appended)?;
        Ok(events)
    }

    /// Waits until what was appended is on the disk, and shows it.
    pub(crate) fn settle(&self, appended: Appended) -> Result<(), CellError> {
        self.journal.sync(appended.end)?;
        self.durable_us
            .fetch_max(appended.last_added_us, Ordering::AcqRel);
        self.watch.bump();
        Ok(())
    }

    /// Waits until what is there already is on the disk: for whoever hears that it is there.
    pub(crate) fn settle_seen(&self, turn: Turn<'_>) -> Result<(), CellError> {
        let (end, last_added_us) = (turn.tail.seen, turn.tail.last_added_us);
        drop(turn);
        self.journal.sync(end)?;
        let before = self.durable_us.fetch_max(last_added_us, Ordering::AcqRel);
        if before < last_added_us {
            self.watch.bump();
        }
        Ok(())
    }

    /// Takes in every whole frame after what was seen.
    fn read_on(&self, tail: &mut Tail) -> Result<(), CellError> {
        let mut broken = None;
        let from = tail.seen;
        let mut scan = |frame: &Frame<'_>| match self.take_in(tail, frame) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                broken = Some(error);
                ControlFlow::Break(())
            }
        };
        self.journal.scan(from, &mut scan)?;
        broken.map_or(Ok(()), Err)
    }

    fn take_in(&self, tail: &mut Tail, frame: &Frame<'_>) -> Result<(), CellError> {
        let unknown = || CellError::Broken(frame.at);
        if frame.kind != COMMIT {
            return Err(unknown());
        }
        let commit = batch::decode(frame.table).ok_or_else(unknown)?;
        let events = commit.events.iter().map(|event| wire::decode(event));
        let events: Vec<Event> = events.collect::<Result<_, _>>().map_err(|_| unknown())?;
        self.apply(tail, &events, &commit.batches, frame.at, frame.data_place)?;
        (tail.seen, tail.unsettled) = (frame.end, true);
        Ok(())
    }

    /// What has been appended, or read, counts from now on.
    fn apply(
        &self,
        tail: &mut Tail,
        events: &[Event],
        batches: &[Batch<'_>],
        at: Position,
        data: Place,
    ) -> Result<(), CellError> {
        if !events.is_empty() {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let state = Arc::make_mut(&mut state);
            for event in events {
                state.apply(event).map_err(|_| Refusal::OtherRealm)?;
                if let Fact::FollowPaused { follow, .. } = &event.fact {
                    self.working.turned(follow);
                }
            }
        }
        if !batches.is_empty() {
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            index.apply(at, data, batches)?;
        }
        let added = batches
            .iter()
            .flat_map(|batch| &batch.rows)
            .map(|row| row.added_us);
        tail.last_added_us = added.fold(tail.last_added_us, i64::max);
        Ok(())
    }
}

impl Turn<'_> {
    /// When the next change is added: an instant of its own, and later than any before.
    pub(crate) fn added_us(&mut self) -> i64 {
        let next = self.tail.last_added_us.saturating_add(1);
        self.tail.last_added_us = next.max(self.at.as_microsecond());
        self.tail.last_added_us
    }

    /// Appends one frame and applies it.
    pub(crate) fn append(
        mut self,
        events: &[Event],
        batches: &[Batch<'_>],
        data: &[&[u8]],
    ) -> Result<Appended, CellError> {
        // INVARIANT: what is written is taken in, here and with every start.
        self.cell.index().check(batches)?;
        let lines: Vec<Vec<u8>> = events.iter().map(wire::encode).collect();
        let table = batch::encode(&lines, batches);
        let frame = NewFrame {
            kind: COMMIT,
            table: &table,
            data,
        };
        let written = self.locked.append(&[frame])?;
        let Some(written) = written.first() else {
            return Err(CellError::Broken(self.locked.end()));
        };
        self.cell
            .apply(&mut self.tail, events, batches, written.at, written.data)?;
        (self.tail.seen, self.tail.unsettled) = (written.end, false);
        Ok(Appended {
            end: written.end,
            last_added_us: self.tail.last_added_us,
        })
    }
}
