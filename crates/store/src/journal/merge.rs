//! Merging: neighbouring frames become one, in which nothing of them stands.

use super::{
    Erased, Eraser, FRAME_BYTES_MAX, Journal, JournalError, Position,
    erase::Patch,
    frame::{ERASED, HEAD_BYTES, Head},
    scan::{Step, Window},
};

/// Frames that follow each other in one segment, and the frame that stands in their place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Merge {
    /// Where the first begins.
    pub from: Position,
    /// Where the last ends.
    pub end: Position,
    /// What the new frame is.
    pub kind: u8,
    /// Its table; with a frame's head no longer than the frames together. Its data are zeros.
    pub table: Vec<u8>,
}

impl Eraser<'_> {
    /// Puts one frame in the place of several, in their order in one segment, none over another. The
    /// new frame has the last one's number and is [`Frame::erased`](super::Frame::erased); nothing else
    /// moves. The segment is written anew as in [`Self::erase`].
    ///
    /// Who has the old segment open reads on in it. A position within frames that were merged is none
    /// any more: where [`Journal::reopen`] answers the segment, whoever keeps positions in it looks again.
    ///
    /// `CRASH:` the segment is the old one or the new one, whole, at every moment.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoFrame`] if not exactly whole frames stand between two positions, or the table
    /// is too long; [`JournalError::Damaged`] if one of them is not what was written;
    /// [`JournalError::File`]. Nothing has changed then, but perhaps after the last.
    pub fn merge(&self, segment: u32, merges: &[Merge]) -> Result<Erased, JournalError> {
        let journal = self.journal;
        let (mut erased, mut patches) = (Erased::default(), Vec::new());
        let (mut window, mut last) = (Window::new(journal), Position::default());
        for merge in merges {
            if merge.from < last {
                return Err(journal.no_frame(merge.from));
            }
            let (head, count) = journal.merged(segment, merge, &mut window)?;
            let mut bytes = Vec::new();
            head.encode(&merge.table, &mut bytes);
            patches.push(Patch::new(merge.from.offset, head.frame_len(), bytes));
            erased.places += count;
            erased.bytes += head.frame_len();
            last = merge.end;
        }
        if patches.is_empty() {
            return Ok(erased);
        }
        self.replace(segment, &patches, erased)
    }
}

impl Journal {
    /// The head of the frame that stands in the place of others, and how many those are.
    fn merged(
        &self,
        segment: u32,
        merge: &Merge,
        window: &mut Window<'_>,
    ) -> Result<(Head, usize), JournalError> {
        let nowhere = || self.no_frame(merge.from);
        let len = merge.end.offset.checked_sub(merge.from.offset);
        let data = len
            .filter(|_| (merge.from.segment, merge.end.segment) == (segment, segment))
            .and_then(|len| usize::try_from(len).ok())
            .filter(|len| *len <= FRAME_BYTES_MAX)
            .and_then(|len| len.checked_sub(HEAD_BYTES + merge.table.len()))
            .ok_or_else(nowhere)?;
        let (mut at, mut last, mut count) = (merge.from, None, 0);
        let mut bytes = Vec::new();
        while at < merge.end {
            let head = match window.step(at)? {
                Step::Frame(head, _) => head,
                Step::Broken(what) => return Err(self.damaged(at, what)),
                Step::End | Step::Next => return Err(nowhere()),
            };
            bytes.resize(head.data_len, 0);
            self.read_into(segment, at.offset + head.data_offset(), &mut bytes)?;
            if !head.holds_data(&bytes) {
                // What is damaged is not made to look whole.
                return Err(self.damaged(at, "its data are not what was written"));
            }
            at.offset += head.frame_len();
            (last, count) = (Some(head), count + 1);
        }
        let last = last.filter(|_| at == merge.end).ok_or_else(nowhere)?;
        let zeros = vec![0; data];
        let table = &merge.table;
        let mut head = Head::new(merge.kind, last.sequence, last.durable, table, &[&zeros]);
        head.flags = ERASED;
        Ok((head, count))
    }

    fn no_frame(&self, at: Position) -> JournalError {
        JournalError::NoFrame {
            path: self.inner.medium.path(at.segment),
            offset: at.offset,
        }
    }
}
