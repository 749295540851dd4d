//! Erasing: what was in some places is there no longer, and everything else is where it was.

use super::{
    Journal, JournalError, Place, Position,
    frame::{ALIGN, HEAD_BYTES, Head, SEGMENT_HEAD_BYTES},
    medium::Erasing,
    scan::{Step, Window},
};
use std::io;

/// A place to erase: within the table of one frame, or within its data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wipe {
    /// Where.
    pub place: Place,
    /// What stands there from now on, zeros after it; no longer than the place.
    pub left: Vec<u8>,
}

/// What erasing has given.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Erased {
    /// How many of the places held something else.
    pub places: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The bytes that the segment took on the disk before, and takes now.
    pub taken: (u64, u64),
}

/// Bytes of a segment that are to be others: `bytes`, then zeros up to `len`.
pub(super) struct Patch {
    pub(super) offset: u64,
    len: u64,
    bytes: Vec<u8>,
}

impl Patch {
    pub(super) fn new(offset: u64, len: u64, bytes: Vec<u8>) -> Self {
        Self { offset, len, bytes }
    }

    /// Where it ends.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// Writes what of it falls into `chunk`, which begins at `begin` of the segment.
    pub(super) fn lay_over(&self, begin: u64, chunk: &mut [u8]) {
        let from = self.offset.max(begin);
        let upto = self.end().min(begin + chunk.len() as u64);
        if upto <= from {
            return;
        }
        let inside = |at: u64| usize::try_from(at - begin).unwrap_or(usize::MAX);
        let to = chunk.get_mut(inside(from)..inside(upto));
        let skipped = usize::try_from(from - self.offset).unwrap_or(usize::MAX);
        let bytes = self.bytes.iter().skip(skipped).copied();
        let bytes = bytes.chain(std::iter::repeat(0));
        for (to, from) in to.unwrap_or_default().iter_mut().zip(bytes) {
            *to = from;
        }
    }
}

/// Nobody else writes segments anew while this lives, in this process or any other.
pub struct Eraser<'a> {
    pub(super) journal: &'a Journal,
    _turn: Erasing<'a>,
}

impl Journal {
    /// Waits until nobody else erases, and reads from now on what others have left.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn erasing(&self) -> Result<Eraser<'_>, JournalError> {
        let turn = self.inner.medium.erasing()?;
        // What somebody else has erased is read as that has left it.
        self.inner.medium.reopen()?;
        Ok(Eraser {
            journal: self,
            _turn: turn,
        })
    }
}

impl Eraser<'_> {
    /// Erases places of one segment, in their order, none over another: the segment is written anew beside
    /// itself, read back, and takes the old one's name. The last segment is closed first.
    ///
    /// Other processes read the old file until [`Journal::reopen`]; this one reads the new one when this
    /// returns. What is erased already costs a read.
    ///
    /// `CRASH:` the segment is the old one or the new one, whole, at every moment.
    ///
    /// # Errors
    ///
    /// [`JournalError::NoFrame`] if a place is not within one frame, [`JournalError::Damaged`] if a
    /// frame around one is not what was written; [`JournalError::File`]. Nothing has changed then,
    /// but perhaps after the last.
    pub fn erase(&self, segment: u32, wipes: &[Wipe]) -> Result<Erased, JournalError> {
        let (erased, patches) = self.journal.plan(segment, wipes)?;
        if patches.is_empty() {
            return Ok(erased);
        }
        self.replace(segment, &patches, erased)
    }

    /// Writes a segment anew, which is closed first if it is the last.
    pub(super) fn replace(
        &self,
        segment: u32,
        patches: &[Patch],
        erased: Erased,
    ) -> Result<Erased, JournalError> {
        let medium = &self.journal.inner.medium;
        self.journal.lock()?.close(segment)?;
        let before = medium.taken(segment)?;
        medium.replace(segment, patches)?;
        Ok(Erased {
            taken: (before, medium.taken(segment)?),
            ..erased
        })
    }
}

impl Journal {
    /// Lets go of the files of segments that other processes have written anew, and answers which.
    /// Whoever still takes something to be there that they have erased does not find it from now on.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn reopen(&self) -> Result<Vec<u32>, JournalError> {
        self.inner.medium.reopen()?;
        Ok(self.inner.medium.opened())
    }

    /// What is to be written to a segment, in order, and what that erases.
    fn plan(&self, segment: u32, wipes: &[Wipe]) -> Result<(Erased, Vec<Patch>), JournalError> {
        let (mut erased, mut patches) = (Erased::default(), Vec::new());
        let (mut window, mut wipes) = (Window::new(self), wipes.iter().peekable());
        let mut at = Position { segment, offset: 0 }.after_head();
        while let Some(next) = wipes.peek() {
            let nowhere = JournalError::NoFrame {
                path: self.inner.medium.path(segment),
                offset: next.place.offset,
            };
            let head = match window.step(at)? {
                Step::Frame(head, _) => head,
                Step::Broken(what) => return Err(self.damaged(at, what)),
                Step::End | Step::Next => return Err(nowhere),
            };
            let end = at.offset + head.frame_len();
            let mut own = Vec::new();
            while let Some(wipe) = wipes.next_if(|wipe| wipe.place.offset < end) {
                let fits = wipe.place.segment == segment
                    && wipe.left.len() <= wipe.place.len as usize
                    && own
                        .last()
                        .is_none_or(|last: &&Wipe| end_of(last) <= wipe.place.offset)
                    && within(at.offset, &head, wipe);
                if !fits {
                    return Err(nowhere);
                }
                own.push(wipe);
            }
            if !own.is_empty() {
                let (bytes, changed) = self.patch(at, &head, &own, &mut patches)?;
                erased.places += changed;
                erased.bytes += bytes;
            }
            at.offset = end;
        }
        Ok((erased, patches))
    }

    /// The patches of one frame, if it changes: its head and what is left of places. Answers
    /// how many bytes and places are erased by them.
    fn patch(
        &self,
        at: Position,
        head: &Head,
        wipes: &[&Wipe],
        patches: &mut Vec<Patch>,
    ) -> Result<(u64, usize), JournalError> {
        let len = usize::try_from(head.frame_len()).unwrap_or(usize::MAX);
        let mut frame = vec![0; len];
        self.read_into(at.segment, at.offset, &mut frame)?;
        let (table, data) = head.parts(&frame);
        if !head.holds(&frame, table) || !head.holds_data(data) {
            // What is damaged is not made to look whole.
            return Err(self.damaged(at, "its data are not what was written"));
        }
        let (mut bytes, mut places, mut own) = (0, 0, Vec::new());
        for wipe in wipes {
            let patch = Patch {
                offset: wipe.place.offset,
                len: u64::from(wipe.place.len),
                bytes: wipe.left.clone(),
            };
            let from = usize::try_from(patch.offset - at.offset).unwrap_or(usize::MAX);
            let upto = from.saturating_add(wipe.place.len as usize);
            let before = frame.get(from..upto).unwrap_or_default().to_vec();
            patch.lay_over(at.offset, &mut frame);
            if frame.get(from..upto) != Some(&before) {
                (bytes, places) = (bytes + patch.len, places + 1);
                own.push(patch);
            }
        }
        if !own.is_empty() {
            let (table, data) = head.parts(&frame);
            let mut bytes = Vec::new();
            let new = head.of_what_is_left(table, data);
            new.encode(table, &mut bytes);
            bytes.truncate(HEAD_BYTES);
            patches.push(Patch {
                offset: at.offset,
                len: HEAD_BYTES as u64,
                bytes,
            });
            patches.extend(own);
        }
        Ok((bytes, places))
    }
}

/// Where a wipe's place ends.
fn end_of(wipe: &Wipe) -> u64 {
    wipe.place.offset + u64::from(wipe.place.len)
}

/// Whether a place is within the table, or within the data, of a frame that begins at `at`.
fn within(at: u64, head: &Head, wipe: &Wipe) -> bool {
    let table = at + HEAD_BYTES as u64;
    let data = at + head.data_offset();
    let (from, upto) = (wipe.place.offset, end_of(wipe));
    let inside = |begin: u64, len: usize| begin <= from && upto <= begin + len as u64;
    inside(table, head.table_len) || inside(data, head.data_len)
}

/// Reads every frame of a segment of `len` bytes and holds it against its checksums.
pub(super) fn check(
    len: u64,
    read_at: &mut dyn FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<()> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "it is not what was written");
    let (mut at, mut frame) = (SEGMENT_HEAD_BYTES, Vec::new());
    while at < len {
        let mut bytes = [0; HEAD_BYTES];
        read_at(at, &mut bytes)?;
        let head = Head::decode(&bytes).ok_or_else(broken)?;
        if at + head.frame_len() > len {
            return Err(broken());
        }
        frame.resize(usize::try_from(head.frame_len()).unwrap_or_default(), 0);
        read_at(at, &mut frame)?;
        let (table, data) = head.parts(&frame);
        if !head.holds(&frame, table) || !head.holds_data(data) {
            return Err(broken());
        }
        at += head.frame_len();
    }
    debug_assert_eq!(at % ALIGN as u64, 0, "frames begin at multiples");
    Ok(())
}
