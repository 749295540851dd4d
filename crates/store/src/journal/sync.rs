//! Onto the disk: one caller waits on behalf of all.

use super::{Journal, JournalError, Position};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is on the disk, and who waits for it.
#[derive(Default)]
pub(super) struct Sync {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// All before it has been written by this process or seen by it.
    written: Position,
    /// All before it is on the disk.
    durable: Position,
    /// Whether somebody waits for the disk at this moment.
    led: bool,
    failed: bool,
    /// How often something was cut off: what was waited for before may not be what is there.
    cuts: u64,
}

impl Sync {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything before `end` has been written.
    pub(super) fn note_written(&self, end: Position) {
        let mut state = self.state();
        state.written = state.written.max(end);
    }

    /// The journal ends here: what was on the disk after it has been cut off, and what is written
    /// there next is not.
    pub(super) fn note_end(&self, end: Position) {
        let mut state = self.state();
        if end < state.durable || end < state.written {
            state.cuts += 1;
        }
        state.written = end;
        state.durable = state.durable.min(end);
    }

    /// How much of a segment is on the disk.
    pub(super) fn durable_of(&self, segment: u32) -> u64 {
        let durable = self.state().durable;
        if durable.segment == segment {
            durable.offset
        } else {
            0
        }
    }

    /// Nothing more is promised.
    pub(super) fn fail(&self) {
        self.state().failed = true;
    }

    pub(super) fn check(&self) -> Result<(), JournalError> {
        if self.state().failed {
            Err(JournalError::Failed)
        } else {
            Ok(())
        }
    }
}

impl Journal {
    /// Returns when all before `upto` is on the disk. Of several who ask at
    /// once one waits for the disk, once, for all that was written by then.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`] if the disk fails, and [`JournalError::Failed`]
    /// from then on: what a disk says after a failure proves nothing.
    pub fn sync(&self, upto: Position) -> Result<(), JournalError> {
        let sync = &self.inner.sync;
        let mut state = sync.state();
        state.written = state.written.max(upto);
        while state.durable < upto {
            if state.failed {
                return Err(JournalError::Failed);
            }
            if state.led {
                state = sync
                    .done
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.led = true;
            let (target, cuts) = (state.written.max(upto), state.cuts);
            drop(state);
            // Segments before the last were put on the disk when the next was begun.
            let synced = self.inner.medium.sync(target.segment);
            state = sync.state();
            state.led = false;
            match synced {
                Ok(()) if state.cuts == cuts => state.durable = state.durable.max(target),
                Ok(()) => {}
                Err(_) => state.failed = true,
            }
            sync.done.notify_all();
            synced?;
        }
        Ok(())
    }
}
