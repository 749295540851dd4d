//! Appending: who holds the guard is the only one who does.

use super::{
    FRAME_BYTES_MAX, Frame, Journal, JournalError, NewFrame, Pin, Place, Position, Written,
    frame::{Head, SEGMENT_HEAD_BYTES, data_len},
    scan::{Step, Window, frame},
};
use std::{
    ops::ControlFlow,
    sync::{MutexGuard, PoisonError},
};

/// What is written is gathered into pieces of this size: small parts make no call each, and large
/// frames take no memory of their own.
const PIECE_BYTES: usize = 64 * 1024;

/// What this process knows of the journal's end.
#[derive(Default)]
pub(super) struct Writer {
    /// The end of the last whole frame that was seen.
    end: Position,
    /// The number of the next frame.
    sequence: u64,
    /// Whether data not known to be on the disk have been checked once.
    settled: bool,
}

/// A frame whose data are not known to be on the disk.
struct Unsure {
    at: Position,
    data: Place,
    crc: u32,
    sequence: u64,
    /// The file that its head was read from: one that is erased in meanwhile has other checksums.
    pin: Pin,
}

/// Nobody else appends while this lives, in this process or any other.
pub struct Locked<'a> {
    journal: &'a Journal,
    writer: MutexGuard<'a, Writer>,
}

impl Journal {
    /// Waits until nobody else appends, finds the end, and cuts off what a
    /// writer that stopped has left half written.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if something that was on the disk is not what was written.
    pub fn lock(&self) -> Result<Locked<'_>, JournalError> {
        self.inner.sync.check()?;
        let writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.inner.medium.lock()?;
        let mut locked = Locked {
            journal: self,
            writer,
        };
        locked.settle()?;
        Ok(locked)
    }

    /// The last end that an appender of this process saw.
    pub(super) fn known_end(&self) -> Position {
        // Appenders hold this for as long as they decide: a reader does not wait for them.
        match self.inner.writer.try_lock() {
            Ok(writer) => writer.end,
            Err(_) => Position::default(),
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.journal.inner.medium.unlock();
    }
}

impl Locked<'_> {
    /// Where the next frame will stand.
    pub fn end(&self) -> Position {
        self.writer.end
    }

    /// Appends frames, in order. They are readable when this returns, and on the disk when
    /// [`Journal::sync`] up to the last one's end has returned.
    ///
    /// # Errors
    ///
    /// [`JournalError::TooLarge`]; [`JournalError::File`], after which no frame of these is
    /// there, or the journal has failed.
    pub fn append(&mut self, frames: &[NewFrame<'_>]) -> Result<Vec<Written>, JournalError> {
        let sizes = frames
            .iter()
            .map(|frame| frame.table.len().saturating_add(data_len(frame.data)));
        if let Some(bytes) = sizes.clone().find(|bytes| *bytes > FRAME_BYTES_MAX) {
            return Err(JournalError::TooLarge { bytes });
        }
        let begin = self.writer.end;
        let sequence = self.writer.sequence;
        let mut written = Vec::with_capacity(frames.len());
        for frame in frames {
            match self.append_one(frame) {
                Ok(one) => written.push(one),
                Err(error) => {
                    self.undo(begin, sequence);
                    return Err(error);
                }
            }
        }
        self.journal.inner.sync.note_written(self.writer.end);
        Ok(written)
    }

    fn append_one(&mut self, new: &NewFrame<'_>) -> Result<Written, JournalError> {
        let at = self.room()?;
        let durable = self.journal.inner.sync.durable_of(at.segment);
        let head = Head::new(new.kind, self.writer.sequence, durable, new.table, new.data);
        let data_offset = at.offset + head.data_offset();
        let mut bytes = Vec::with_capacity(new.table.len() + PIECE_BYTES);
        head.encode(new.table, &mut bytes);
        self.write(at, bytes, new.data)?;
        let end = Position {
            segment: at.segment,
            offset: at.offset + head.frame_len(),
        };
        let written = Written {
            sequence: self.writer.sequence,
            at,
            end,
            data: Place {
                segment: at.segment,
                offset: data_offset,
                len: u32::try_from(head.data_len).unwrap_or(u32::MAX),
            },
        };
        self.writer.end = end;
        self.writer.sequence += 1;
        Ok(written)
    }

    /// Writes what is gathered already, and the parts behind it, piece by piece.
    fn write(
        &self,
        mut at: Position,
        mut gathered: Vec<u8>,
        parts: &[&[u8]],
    ) -> Result<(), JournalError> {
        let medium = &self.journal.inner.medium;
        let mut write = |bytes: &[u8]| {
            medium.write_at(at.segment, at.offset, bytes)?;
            at.offset += bytes.len() as u64;
            Ok(())
        };
        for part in parts {
            if !gathered.is_empty() && PIECE_BYTES < gathered.len() + part.len() {
                write(&gathered)?;
                gathered.clear();
            }
            if part.len() < PIECE_BYTES {
                gathered.extend_from_slice(part);
            } else {
                write(part)?;
            }
        }
        write(&gathered)
    }

    /// Where the next frame goes; begins a segment if the last is full.
    fn room(&mut self) -> Result<Position, JournalError> {
        let inner = &self.journal.inner;
        let end = self.writer.end;
        match inner.medium.len(end.segment)? {
            None => {
                inner.medium.begin(end.segment)?;
                self.writer.end = end.after_head();
            }
            Some(_) if end.offset >= inner.segment_bytes => {
                // CRASH: a segment is on the disk before the next exists.
                inner.medium.sync(end.segment)?;
                let segment = end.segment.saturating_add(1);
                inner.medium.begin(segment)?;
                self.writer.end = Position { segment, offset: 0 }.after_head();
            }
            Some(_) => self.writer.end = end.after_head(),
        }
        Ok(self.writer.end)
    }

    /// Closes a segment: what comes is appended to the next. One that is closed already stays so.
    pub(super) fn close(&mut self, segment: u32) -> Result<(), JournalError> {
        let inner = &self.journal.inner;
        if self.writer.end.segment != segment || inner.medium.len(segment)?.is_none() {
            return Ok(());
        }
        // CRASH: as where a segment is full.
        inner.medium.sync(segment)?;
        let next = segment.saturating_add(1);
        inner.medium.begin(next)?;
        self.writer.end = Position {
            segment: next,
            offset: 0,
        }
        .after_head();
        inner.sync.note_written(self.writer.end);
        Ok(())
    }

    /// Takes back frames of a batch that could not be written whole.
    fn undo(&mut self, begin: Position, sequence: u64) {
        let cut = if self.writer.end.segment == begin.segment {
            self.cut(begin.after_head(), "it could not be taken back")
        } else {
            // Whole frames in a segment that is full cannot be taken back without a trace.
            Err(JournalError::Failed)
        };
        match cut {
            Ok(()) => {
                (self.writer.end, self.writer.sequence) = (begin, sequence);
                self.journal.inner.sync.note_end(begin);
            }
            Err(_) => self.journal.inner.sync.fail(),
        }
    }

    /// Shows frames from `from` up to the end to `f`, as [`Journal::scan`].
    ///
    /// # Errors
    ///
    /// As [`Journal::scan`].
    pub fn scan(
        &self,
        from: Position,
        f: &mut dyn FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Position, JournalError> {
        self.journal.scan(from, f)
    }

    /// Finds the end, wherever others have moved it.
    fn settle(&mut self) -> Result<(), JournalError> {
        let journal = self.journal;
        if !self.writer.settled {
            self.writer.end = self.last_segment()?;
        }
        let mut window = Window::new(journal);
        let mut durable = Position::default();
        let mut unsure = Vec::new();
        let end = loop {
            let at = self.writer.end.after_head();
            match window.step(at)? {
                Step::End => break self.writer.end,
                Step::Next => {
                    self.writer.end = Position {
                        segment: at.segment + 1,
                        offset: 0,
                    };
                }
                Step::Frame(head, _) => {
                    let next = frame(journal, Pin::default(), at, &head, &[]);
                    // Each process knows what it has put on the disk itself.
                    durable = durable.max(Position {
                        segment: at.segment,
                        offset: head.durable,
                    });
                    if !self.writer.settled {
                        unsure.push(Unsure {
                            at,
                            data: next.data_place,
                            crc: next.data_crc,
                            sequence: head.sequence,
                            pin: window.pin.clone(),
                        });
                        if unsure.len() >= 4096 {
                            unsure.retain(|one| one.at >= durable);
                        }
                    }
                    self.writer.end = next.end;
                    self.writer.sequence = head.sequence + 1;
                }
                Step::Broken(what) => {
                    journal.judge(at, what)?;
                    self.cut(at, what)?;
                    break at;
                }
            }
        };
        self.writer.end = end;
        unsure.retain(|one| one.at >= durable);
        self.check(&unsure)?;
        self.writer.settled = true;
        journal.inner.sync.note_end(self.writer.end);
        Ok(())
    }

    /// CRASH: after a power failure a frame's head may have reached the disk without its data:
    /// the journal ends before it.
    fn check(&mut self, unsure: &[Unsure]) -> Result<(), JournalError> {
        let medium = &self.journal.inner.medium;
        let mut data = Vec::new();
        for one in unsure {
            data.resize(one.data.len as usize, 0);
            medium.read_pinned(&one.pin, one.data.segment, one.data.offset, &mut data)?;
            if crc32fast::hash(&data) != one.crc {
                self.cut(one.at, "its data are not what was written")?;
                (self.writer.end, self.writer.sequence) = (one.at, one.sequence);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Cuts off what stands from a position on, in the last segment only: one behind which
    /// another stands was on the disk before that was begun, and what is wrong in it is damage.
    fn cut(&self, at: Position, what: &'static str) -> Result<(), JournalError> {
        let medium = &self.journal.inner.medium;
        if medium.len(at.segment)? == Some(at.offset) {
            return Ok(());
        }
        if medium.len(at.segment.saturating_add(1))?.is_some() {
            return Err(self.journal.damaged(at, what));
        }
        medium.truncate(at.segment, at.offset)
    }

    /// The beginning of the last segment. The sequence goes on from the segment before if the
    /// last holds no frame.
    fn last_segment(&mut self) -> Result<Position, JournalError> {
        let medium = &self.journal.inner.medium;
        let mut segment = 0_u32;
        while medium.len(segment + 1)?.is_some() {
            segment += 1;
        }
        // CRASH: the last may have been begun and hold nothing: then the number comes from before it.
        let begin = if medium.len(segment)? == Some(SEGMENT_HEAD_BYTES) {
            segment.saturating_sub(1)
        } else {
            segment
        };
        Ok(Position {
            segment: begin,
            offset: 0,
        })
    }
}
