//! A journal's segments in memory: the simulator's and the tests' medium,
//! with what would be left after a power failure, and calls that break.

use super::{
    JournalError,
    erase::{Patch, check},
    frame::{SEGMENT_HEAD_BYTES, segment_head},
    medium::Erasing,
};
use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What a memory journal holds: its segments, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Image {
    /// The exact bytes of each segment.
    pub segments: Vec<Vec<u8>>,
}

/// A call that breaks, once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MemoryFault {
    /// The next write stops after so many bytes.
    Write {
        /// The bytes that are written.
        kept: usize,
    },
    /// The next sync fails, and nothing is on the disk.
    Sync,
    /// The next segment that is written anew is said not to have been.
    Erase {
        /// Whether it has been, all the same.
        done: bool,
    },
}

#[derive(Default)]
struct State {
    segments: Vec<Segment>,
    fault: Option<MemoryFault>,
}

#[derive(Clone, Default)]
struct Segment {
    bytes: Vec<u8>,
    durable: usize,
}

/// Segments in memory.
#[derive(Default)]
pub(super) struct Memory {
    state: Mutex<State>,
    erasing: Mutex<()>,
}

impl Memory {
    pub(super) fn of(image: &Image) -> Self {
        let segments = image.segments.iter().map(|bytes| Segment {
            bytes: bytes.clone(),
            durable: bytes.len(),
        });
        Self {
            state: Mutex::new(State {
                segments: segments.collect(),
                fault: None,
            }),
            erasing: Mutex::default(),
        }
    }

    pub(super) fn image(&self, durable_only: bool) -> Image {
        let state = self.state();
        let segments = state.segments.iter().map(|segment| {
            let len = if durable_only {
                segment.durable
            } else {
                segment.bytes.len()
            };
            segment.bytes.iter().take(len).copied().collect()
        });
        Image {
            segments: segments.collect(),
        }
    }

    pub(super) fn break_next(&self, fault: MemoryFault) {
        self.state().fault = Some(fault);
    }

    #[expect(clippy::unused_self, reason = "a medium's methods are alike")]
    pub(super) fn path(&self, segment: u32) -> PathBuf {
        PathBuf::from(format!("memory/{segment:08}.seg"))
    }

    #[expect(clippy::unnecessary_wraps, reason = "a medium's methods are alike")]
    pub(super) fn len(&self, segment: u32) -> Result<Option<u64>, JournalError> {
        let state = self.state();
        let len = state
            .segments
            .get(segment as usize)
            .map(|s| s.bytes.len() as u64);
        Ok(len.filter(|len| *len >= SEGMENT_HEAD_BYTES))
    }

    pub(super) fn read_at(
        &self,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        let state = self.state();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let read = state
            .segments
            .get(segment as usize)
            .and_then(|segment| segment.bytes.get(from..from.checked_add(into.len())?));
        let read = read.ok_or_else(|| self.error(segment, io::ErrorKind::UnexpectedEof))?;
        into.copy_from_slice(read);
        Ok(())
    }

    pub(super) fn write_at(
        &self,
        segment: u32,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), JournalError> {
        let mut state = self.state();
        let kept = match state.fault {
            Some(MemoryFault::Write { kept }) => {
                state.fault = None;
                Some(kept)
            }
            Some(MemoryFault::Sync | MemoryFault::Erase { .. }) | None => None,
        };
        let missing = || self.error(segment, io::ErrorKind::NotFound);
        let held = state
            .segments
            .get_mut(segment as usize)
            .ok_or_else(missing)?;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX);
        held.bytes.truncate(begin);
        held.bytes.resize(begin, 0);
        held.durable = held.durable.min(begin);
        held.bytes
            .extend(bytes.iter().take(kept.unwrap_or(usize::MAX)));
        match kept {
            Some(_) => Err(self.error(segment, io::ErrorKind::StorageFull)),
            None => Ok(()),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "a medium's methods are alike")]
    pub(super) fn truncate(&self, segment: u32, len: u64) -> Result<(), JournalError> {
        let mut state = self.state();
        if let Some(segment) = state.segments.get_mut(segment as usize) {
            segment
                .bytes
                .truncate(usize::try_from(len).unwrap_or(usize::MAX));
            segment.durable = segment.durable.min(segment.bytes.len());
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "a medium's methods are alike")]
    pub(super) fn begin(&self, segment: u32) -> Result<(), JournalError> {
        let mut state = self.state();
        let head = segment_head(segment).to_vec();
        state.segments.truncate(segment as usize);
        state.segments.push(Segment {
            durable: head.len(),
            bytes: head,
        });
        Ok(())
    }

    pub(super) fn sync(&self, segment: u32) -> Result<(), JournalError> {
        let mut state = self.state();
        if state.fault == Some(MemoryFault::Sync) {
            state.fault = None;
            return Err(self.error(segment, io::ErrorKind::Other));
        }
        if let Some(segment) = state.segments.get_mut(segment as usize) {
            segment.durable = segment.bytes.len();
        }
        Ok(())
    }

    pub(super) fn erasing(&self) -> Erasing<'_> {
        let turn = self.erasing.lock();
        Erasing::Memory {
            _turn: turn.unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(super) fn replace(&self, segment: u32, patches: &[Patch]) -> Result<(), JournalError> {
        let mut state = self.state();
        let missing = || self.error(segment, io::ErrorKind::NotFound);
        let fault = match state.fault {
            Some(MemoryFault::Erase { done }) => {
                state.fault = None;
                Some(done)
            }
            Some(MemoryFault::Write { .. } | MemoryFault::Sync) | None => None,
        };
        if fault != Some(false) {
            let held = state.segments.get_mut(segment as usize);
            let held = held.ok_or_else(missing)?;
            let mut bytes = held.bytes.clone();
            for patch in patches {
                patch.lay_over(0, &mut bytes);
            }
            check(bytes.len() as u64, &mut |offset, into| {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let read = bytes.get(from..).and_then(|rest| rest.get(..into.len()));
                into.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            })
            .map_err(|source| JournalError::File {
                path: self.path(segment),
                source,
            })?;
            *held = Segment {
                durable: bytes.len(),
                bytes,
            };
        }
        match fault {
            Some(_) => Err(self.error(segment, io::ErrorKind::StorageFull)),
            None => Ok(()),
        }
    }

    fn error(&self, segment: u32, kind: io::ErrorKind) -> JournalError {
        JournalError::File {
            path: self.path(segment),
            source: kind.into(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
