//! A page of objects that is read from the journal while it is sent.
//!
//! A reader who is slow, or many of them, hold a piece of a page each and not
//! the page; and a piece is sent while the processor still has it at hand. What
//! is on the page was decided when it was asked for, and is read from the files as they were then.

use bytes::{Bytes, BytesMut};
use portcullis_store::{
    Journal,
    journal::{JournalError, Pins, Place},
};
use std::{collections::VecDeque, mem};

/// The bytes of one piece, and of a page that is rather made at once.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// How many pieces on their way are remembered.
const SENT_MAX: usize = 8;

/// The body of a page, in pieces of at most 64 KiB.
pub struct Laid {
    journal: Journal,
    pins: Pins,
    /// What of the objects is left: each comes with a `,` before it but the first.
    places: VecDeque<Place>,
    /// What comes before what is left.
    before: Vec<u8>,
    close: Vec<u8>,
    left: usize,
    /// Pieces on their way, the first to go first: their memory is used again.
    sent: VecDeque<Bytes>,
}

impl core::fmt::Debug for Laid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Laid");
        shown.field("left", &self.left).finish_non_exhaustive()
    }
}

impl Laid {
    /// Objects where they stand, at least one, between `open` and `close`.
    pub(crate) fn new(
        journal: Journal,
        pins: Pins,
        places: Vec<Place>,
        open: &[u8],
        close: Vec<u8>,
    ) -> Self {
        let inside: usize = places.iter().map(|place| place.len as usize + 1).sum();
        Self {
            journal,
            pins,
            left: open.len() + inside.saturating_sub(1) + close.len(),
            places: places.into(),
            before: open.to_vec(),
            close,
            sent: VecDeque::new(),
        }
    }

    /// The bytes that are left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The next piece, never empty; none at the end.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: the page cannot be ended.
    pub fn piece(&mut self) -> Result<Option<Bytes>, JournalError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut piece = self.room();
        let mut len = 0;
        while len < PIECE_BYTES {
            len += put(&mut piece, len, &mem::take(&mut self.before));
            let Some(place) = self.places.front_mut() else {
                len += put(&mut piece, len, &mem::take(&mut self.close));
                break;
            };
            let room = u32::try_from(PIECE_BYTES - len).unwrap_or(u32::MAX);
            let read = place.len.min(room);
            let end = len + read as usize;
            if piece.len() < end {
                piece.resize(end, 0);
            }
            let into = piece.get_mut(len..end).unwrap_or_default();
            self.journal
                .read_pinned(&self.pins, place.segment, place.offset, into)?;
            len = end;
            place.offset += u64::from(read);
            place.len -= read;
            if place.len == 0 {
                self.places.pop_front();
                if !self.places.is_empty() {
                    self.before.push(b',');
                }
            }
        }
        piece.truncate(len);
        self.left = self.left.saturating_sub(len);
        let piece = piece.freeze();
        if self.left > 0 {
            self.sent.push_back(piece.clone());
        }
        Ok(Some(piece))
    }

    /// Memory for a piece: that of one which has gone, its bytes to be written over, else new.
    fn room(&mut self) -> BytesMut {
        let gone = self.sent.pop_front().map(Bytes::try_into_mut);
        match gone {
            Some(Ok(piece)) => return piece,
            Some(Err(piece)) if self.sent.len() < SENT_MAX => self.sent.push_front(piece),
            Some(Err(_)) | None => {}
        }
        BytesMut::with_capacity(PIECE_BYTES.min(self.left) + 2)
    }
}

/// Writes bytes over what stands at `at`, or behind it; answers how many.
fn put(piece: &mut BytesMut, at: usize, bytes: &[u8]) -> usize {
    let end = at + bytes.len();
    if piece.len() < end {
        piece.resize(end, 0);
    }
    if let Some(into) = piece.get_mut(at..end) {
        into.copy_from_slice(bytes);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_store::journal::NewFrame;

    /// The pieces of a page of objects of these lengths, and the same made by hand.
    fn page(lengths: &[usize]) -> (Vec<Bytes>, Vec<u8>) {
        let journal = Journal::memory([1; 16]);
        let (mut places, mut whole) = (Vec::new(), b"{[".to_vec());
        for (number, length) in (0_u8..).zip(lengths) {
            let data = vec![number; *length];
            let frame = NewFrame {
                kind: 1,
                table: b"",
                data: &[&data],
            };
            places.push(journal.lock().unwrap().append(&[frame]).unwrap()[0].data);
            whole.extend(
                [b","]
                    .iter()
                    .filter(|_| number > 0)
                    .flat_map(|comma| comma.iter()),
            );
            whole.extend(data);
        }
        whole.extend(b"]}");
        let mut laid = Laid::new(journal, Pins::default(), places, b"{[", b"]}".to_vec());
        let mut pieces = Vec::new();
        assert_eq!(laid.left(), whole.len());
        while let Some(piece) = laid.piece().unwrap() {
            assert!(!piece.is_empty());
            pieces.push(piece);
        }
        assert_eq!(laid.left(), 0);
        (pieces, whole)
    }

    #[test]
    fn pieces_are_the_page_wherever_they_are_cut() {
        for first in [
            1,
            PIECE_BYTES - 3,
            PIECE_BYTES - 2,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            3 * PIECE_BYTES,
        ] {
            for rest in [
                &[][..],
                &[1],
                &[PIECE_BYTES - 1, 7],
                &[2 * PIECE_BYTES, 1, PIECE_BYTES],
            ] {
                let (pieces, whole) = page(&[&[first], rest].concat());
                assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES + 2));
                assert_eq!(pieces.concat(), whole);
            }
        }
    }
}
