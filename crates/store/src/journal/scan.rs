//! Reading a journal from front to back.

use super::{
    Frame, Journal, JournalError, Pin, Place, Position,
    frame::{ALIGN, ERASED, HEAD_BYTES, Head, SEGMENT_HEAD_BYTES, segment_head},
};
use std::ops::ControlFlow;

/// Bytes read ahead: heads and tables of small frames come in one read.
const WINDOW_BYTES: u64 = 64 * 1024;

/// What stands at a position.
pub(super) enum Step {
    /// A whole frame, whose table is in the window.
    Frame(Head, std::ops::Range<usize>),
    /// Nothing more, now.
    End,
    /// The next segment.
    Next,
    /// Something that is no whole frame.
    Broken(&'static str),
}

impl Journal {
    /// Shows every whole frame after `from` to `f`, until there is no more or
    /// `f` breaks off, and answers where the next scan goes on.
    ///
    /// Tables are checked; data when they are read ([`Frame::data`]).
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if something that was on the disk is not what was written.
    pub fn scan(
        &self,
        from: Position,
        f: &mut dyn FnMut(&Frame<'_>) -> ControlFlow<()>,
    ) -> Result<Position, JournalError> {
        let mut window = Window::new(self);
        let mut at = from;
        loop {
            at = at.after_head();
            match window.step(at)? {
                Step::End => return Ok(at),
                Step::Next => {
                    at = Position {
                        segment: at.segment + 1,
                        offset: 0,
                    };
                }
                Step::Frame(head, table) => {
                    let table = window.bytes.get(table).unwrap_or_default();
                    let frame = frame(self, window.pin.clone(), at, &head, table);
                    at = frame.end;
                    if f(&frame).is_break() {
                        return Ok(at);
                    }
                }
                Step::Broken(what) => {
                    self.judge(at, what)?;
                    return Ok(at);
                }
            }
        }
    }

    /// Reads the whole journal with all data and says how many frames there are.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if something is not what was written.
    pub fn verify(&self) -> Result<u64, JournalError> {
        let (mut frames, mut next, mut broken) = (0, 0, None);
        self.scan(Position::default(), &mut |frame| {
            // One that stands for several has the last one's number.
            let several = frame.erased && next <= frame.sequence;
            if frame.sequence != next && !several {
                broken = Some(self.damaged(frame.at, "a frame before it is missing"));
            } else if let Err(error) = frame.data() {
                broken = Some(error);
            }
            (frames, next) = (frames + 1, frame.sequence + 1);
            if broken.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        broken.map_or(Ok(frames), Err)
    }

    /// Whether what is broken at a position may be so: a frame that was being
    /// written when its writer stopped, or is at this moment.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if it was on the disk already: a later segment
    /// exists, or a later frame was written when this one was on the disk.
    pub(super) fn judge(&self, at: Position, what: &'static str) -> Result<(), JournalError> {
        let mut window = Window::new(self);
        if self.inner.medium.len(at.segment + 1)?.is_some() {
            return match window.step(at)? {
                Step::Broken(_) => Err(self.damaged(at, what)),
                // It has been written, and the next segment begun, since we looked.
                Step::Frame(..) | Step::End | Step::Next => Ok(()),
            };
        }
        let len = self.inner.medium.len(at.segment)?.unwrap_or_default();
        let mut next = at.offset + ALIGN as u64;
        while next + HEAD_BYTES as u64 <= len {
            let later = Position {
                segment: at.segment,
                offset: next,
            };
            if let Some(head) = window.head(later, len)?
                && head.durable > at.offset
            {
                return Err(self.damaged(at, what));
            }
            next += ALIGN as u64;
        }
        Ok(())
    }
}

impl Position {
    /// The same, not within a segment's head.
    pub(super) fn after_head(self) -> Self {
        Self {
            segment: self.segment,
            offset: self.offset.max(SEGMENT_HEAD_BYTES),
        }
    }
}

/// A frame from its head.
pub(super) fn frame<'a>(
    journal: &'a Journal,
    pin: Pin,
    at: Position,
    head: &Head,
    table: &'a [u8],
) -> Frame<'a> {
    Frame {
        journal,
        pin,
        kind: head.kind,
        sequence: head.sequence,
        at,
        end: Position {
            segment: at.segment,
            offset: at.offset + head.frame_len(),
        },
        table,
        data_place: Place {
            segment: at.segment,
            offset: at.offset + head.data_offset(),
            len: u32::try_from(head.data_len).unwrap_or(u32::MAX),
        },
        erased: head.flags & ERASED != 0,
        data_crc: head.data_crc,
    }
}

/// Some bytes of a segment, read at once.
pub(super) struct Window<'a> {
    journal: &'a Journal,
    segment: u32,
    begin: u64,
    pub(super) bytes: Vec<u8>,
    /// The file that the segment is read from: one that is written anew meanwhile is another.
    pub(super) pin: Pin,
}

impl<'a> Window<'a> {
    pub(super) fn new(journal: &'a Journal) -> Self {
        Self {
            journal,
            segment: 0,
            begin: 0,
            bytes: Vec::new(),
            pin: Pin::default(),
        }
    }

    /// What stands at a position.
    pub(super) fn step(&mut self, at: Position) -> Result<Step, JournalError> {
        let medium = &self.journal.inner.medium;
        let Some(mut len) = medium.len(at.segment)? else {
            // Where the next has been begun this one has been, too.
            if medium.len(at.segment + 1)?.is_some() && medium.len(at.segment)?.is_none() {
                return Err(self.journal.damaged(at, "the segment is gone"));
            }
            return Ok(Step::End);
        };
        loop {
            let step = self.step_within(at, len)?;
            if matches!(step, Step::Frame(..)) {
                return Ok(step);
            }
            // A segment ends where the next exists; it may have grown until then.
            let ends = medium.len(at.segment + 1)?.is_some();
            let now = medium.len(at.segment)?.unwrap_or(len);
            match step {
                _ if now != len => (len, self.bytes) = (now, Vec::new()),
                Step::End if ends => return Ok(Step::Next),
                step => return Ok(step),
            }
        }
    }

    /// What stands at a position of a segment that is so long.
    fn step_within(&mut self, at: Position, len: u64) -> Result<Step, JournalError> {
        if at.offset > len {
            return Err(self.journal.damaged(at, "the file is shorter than it was"));
        }
        if at.offset == SEGMENT_HEAD_BYTES {
            let head = self.get(at.segment, 0, SEGMENT_HEAD_BYTES, len)?;
            if self.bytes.get(head) != Some(segment_head(at.segment).as_slice()) {
                let what = "it does not begin as this segment of a journal";
                return Err(self.journal.damaged(Position { offset: 0, ..at }, what));
            }
        }
        if at.offset == len {
            return Ok(Step::End);
        }
        if at.offset + HEAD_BYTES as u64 > len {
            return Ok(Step::Broken("a frame's head is cut off"));
        }
        let range = self.get(at.segment, at.offset, HEAD_BYTES as u64, len)?;
        let head_bytes: Vec<u8> = self.bytes.get(range).unwrap_or_default().to_vec();
        let Some(head) = Head::decode(&head_bytes) else {
            return Ok(Step::Broken("no frame begins here"));
        };
        if at.offset + head.frame_len() > len {
            return Ok(Step::Broken("a frame is cut off"));
        }
        let table = at.offset + HEAD_BYTES as u64;
        let table = self.get(at.segment, table, head.table_len as u64, len)?;
        if head.holds(
            &head_bytes,
            self.bytes.get(table.clone()).unwrap_or_default(),
        ) {
            Ok(Step::Frame(head, table))
        } else {
            Ok(Step::Broken(
                "a frame's head or table is not what was written",
            ))
        }
    }

    /// A head that holds at a position, if there is one.
    fn head(&mut self, at: Position, len: u64) -> Result<Option<Head>, JournalError> {
        let range = self.get(at.segment, at.offset, HEAD_BYTES as u64, len)?;
        let bytes = self.bytes.get(range).unwrap_or_default();
        if !bytes.starts_with(&[0xf7, 0]) || Head::decode(bytes).is_none() {
            return Ok(None);
        }
        match self.step(at)? {
            Step::Frame(head, _) => Ok(Some(head)),
            Step::End | Step::Next | Step::Broken(_) => Ok(None),
        }
    }

    /// Where in the window `wanted` bytes at an offset are; reads them, and some ahead, if they are not.
    fn get(
        &mut self,
        segment: u32,
        offset: u64,
        wanted: u64,
        len: u64,
    ) -> Result<std::ops::Range<usize>, JournalError> {
        let end = self.begin + self.bytes.len() as u64;
        let inside = segment == self.segment && self.begin <= offset && offset + wanted <= end;
        if !inside {
            let medium = &self.journal.inner.medium;
            if !self.pin.is_of(segment) {
                self.pin = medium.pin(segment)?;
            }
            let ahead = wanted.max(WINDOW_BYTES).min(len.saturating_sub(offset));
            let size = usize::try_from(ahead).unwrap_or(usize::MAX);
            self.bytes.resize(size, 0);
            (self.segment, self.begin) = (segment, offset);
            let read = medium.read_pinned(&self.pin, segment, offset, &mut self.bytes);
            if read.is_err() {
                self.bytes.clear();
            }
            read?;
        }
        let from = usize::try_from(offset - self.begin).unwrap_or(usize::MAX);
        Ok(from..from.saturating_add(usize::try_from(wanted).unwrap_or(usize::MAX)))
    }
}
