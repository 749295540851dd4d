//! Frames: a head of [`HEAD_BYTES`], a table, data.
//!
//! The head, in bytes, numbers little-endian: magic (4), kind (1), version
//! (1), flags (1: [`ERASED`] or none), zero (1), sequence (8), how much of the segment was on the disk when
//! this was written (8), length of the table (4), of the data (4), CRC-32 of
//! the data (4), CRC-32 of all of the head before it, and the table (4). The
//! table is filled with zeros so that the whole frame is a multiple of
//! [`ALIGN`]. Neither UTF-8 text nor JSON can hold the magic.

use super::{FRAME_BYTES_MAX, Journal, JournalError, Pin, Place, Position};

/// The bytes of a frame's head.
pub(super) const HEAD_BYTES: usize = 40;

/// Frames begin at multiples of this.
pub(super) const ALIGN: usize = 8;

/// What a frame begins with.
const MAGIC: [u8; 4] = [0xf7, 0x00, b'P', b'J'];

/// The version of the frames' form.
const VERSION: u8 = 1;

/// Some of the frame was overwritten later: the checksums are those of what is left.
pub(super) const ERASED: u8 = 1;

/// What stands at the beginning of a segment, and the number of the segment after it.
const SEGMENT_MAGIC: [u8; 12] = *b"\xf7\0PJournalv1";

/// The bytes before a segment's first frame.
pub(super) const SEGMENT_HEAD_BYTES: u64 = 16;

/// A whole frame of the journal.
pub struct Frame<'a> {
    pub(super) journal: &'a Journal,
    pub(super) pin: Pin,
    /// What it is.
    pub kind: u8,
    /// Its number in the journal, from 0.
    pub sequence: u64,
    /// Where it begins.
    pub at: Position,
    /// Where it ends.
    pub end: Position,
    /// Its table.
    pub table: &'a [u8],
    /// Where its data stand.
    pub data_place: Place,
    /// Whether some of it was erased.
    pub erased: bool,
    pub(super) data_crc: u32,
}

impl Frame<'_> {
    /// Where its table stands.
    pub fn table_place(&self) -> Place {
        Place {
            segment: self.at.segment,
            offset: self.at.offset + HEAD_BYTES as u64,
            len: u32::try_from(self.table.len()).unwrap_or(u32::MAX),
        }
    }

    /// Reads bytes of it, from the file that it was read from.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if there are not so many.
    pub fn read(&self, place: Place, into: &mut Vec<u8>) -> Result<(), JournalError> {
        into.clear();
        into.resize(place.len as usize, 0);
        let medium = &self.journal.inner.medium;
        medium.read_pinned(&self.pin, place.segment, place.offset, into)
    }

    /// Its data, checked.
    ///
    /// # Errors
    ///
    /// [`JournalError::Damaged`] if they are not what was written.
    pub fn data(&self) -> Result<Vec<u8>, JournalError> {
        let mut data = vec![0; self.data_place.len as usize];
        let (segment, offset) = (self.data_place.segment, self.data_place.offset);
        let medium = &self.journal.inner.medium;
        medium.read_pinned(&self.pin, segment, offset, &mut data)?;
        if crc32fast::hash(&data) == self.data_crc {
            Ok(data)
        } else {
            Err(self
                .journal
                .damaged(self.at, "its data are not what was written"))
        }
    }
}

/// How many bytes the parts of a frame's data are together.
pub(super) fn data_len(parts: &[&[u8]]) -> usize {
    let lengths = parts.iter().map(|part| part.len());
    lengths.fold(0, usize::saturating_add)
}

/// What a frame's head says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) sequence: u64,
    pub(super) durable: u64,
    pub(super) table_len: usize,
    pub(super) data_len: usize,
    pub(super) data_crc: u32,
    own_crc: u32,
}

impl Head {
    /// The head of a frame to write.
    pub(super) fn new(kind: u8, sequence: u64, durable: u64, table: &[u8], data: &[&[u8]]) -> Self {
        let mut crc = crc32fast::Hasher::new();
        for part in data {
            crc.update(part);
        }
        Self {
            kind,
            flags: 0,
            sequence,
            durable,
            table_len: table.len(),
            data_len: data_len(data),
            data_crc: crc.finalize(),
            own_crc: 0,
        }
    }

    /// The head and the table with its filling, to be followed by the data.
    pub(super) fn encode(&self, table: &[u8], into: &mut Vec<u8>) {
        let begin = into.len();
        into.extend(MAGIC);
        into.extend([self.kind, VERSION, self.flags, 0]);
        into.extend(self.sequence.to_le_bytes());
        into.extend(self.durable.to_le_bytes());
        into.extend(
            u32::try_from(self.table_len)
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        into.extend(
            u32::try_from(self.data_len)
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        into.extend(self.data_crc.to_le_bytes());
        let mut crc = crc32fast::Hasher::new();
        crc.update(into.get(begin..).unwrap_or_default());
        crc.update(table);
        into.extend(crc.finalize().to_le_bytes());
        into.extend(table);
        into.resize(into.len() + self.filling(), 0);
    }

    /// What the bytes of a head say; nothing if they cannot be one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEAD_BYTES] = bytes.get(..HEAD_BYTES)?.try_into().ok()?;
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (&[kind, version, flags @ (0 | ERASED), 0], rest) = rest.split_first_chunk::<4>()?
        else {
            return None;
        };
        let (sequence, rest) = rest.split_first_chunk()?;
        let (durable, rest) = rest.split_first_chunk()?;
        let (table_len, rest) = rest.split_first_chunk()?;
        let (data_len, rest) = rest.split_first_chunk()?;
        let (data_crc, own_crc) = rest.split_first_chunk()?;
        let head = Self {
            kind,
            flags,
            sequence: u64::from_le_bytes(*sequence),
            durable: u64::from_le_bytes(*durable),
            table_len: u32::from_le_bytes(*table_len) as usize,
            data_len: u32::from_le_bytes(*data_len) as usize,
            data_crc: u32::from_le_bytes(*data_crc),
            own_crc: u32::from_le_bytes(own_crc.try_into().ok()?),
        };
        let fits = head.table_len.saturating_add(head.data_len) <= FRAME_BYTES_MAX;
        (*magic == MAGIC && version == VERSION && fits).then_some(head)
    }

    /// Whether the head and the table are as they were written.
    pub(super) fn holds(&self, head: &[u8], table: &[u8]) -> bool {
        let mut crc = crc32fast::Hasher::new();
        crc.update(head.get(..HEAD_BYTES - 4).unwrap_or_default());
        crc.update(table);
        crc.finalize() == self.own_crc
    }

    /// The head of the same frame, some of whose bytes were erased.
    pub(super) fn of_what_is_left(&self, table: &[u8], data: &[u8]) -> Self {
        Self {
            flags: ERASED,
            ..Self::new(self.kind, self.sequence, self.durable, table, &[data])
        }
    }

    /// The table and the data of a whole frame's bytes.
    pub(super) fn parts<'a>(&self, frame: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let table = frame.get(HEAD_BYTES..HEAD_BYTES + self.table_len);
        let data = usize::try_from(self.data_offset()).unwrap_or(usize::MAX);
        let data = frame.get(data..);
        (table.unwrap_or_default(), data.unwrap_or_default())
    }

    /// Whether the data are as they were written.
    pub(super) fn holds_data(&self, data: &[u8]) -> bool {
        data.len() == self.data_len && crc32fast::hash(data) == self.data_crc
    }

    /// Zeros after the table.
    fn filling(&self) -> usize {
        (HEAD_BYTES + self.table_len + self.data_len).next_multiple_of(ALIGN)
            - (HEAD_BYTES + self.table_len + self.data_len)
    }

    /// From the frame's beginning to its data.
    pub(super) fn data_offset(&self) -> u64 {
        (HEAD_BYTES + self.table_len + self.filling()) as u64
    }

    /// The bytes of the whole frame.
    pub(super) fn frame_len(&self) -> u64 {
        self.data_offset() + self.data_len as u64
    }
}

/// What a segment begins with.
pub(super) fn segment_head(segment: u32) -> [u8; 16] {
    let mut head = [0; 16];
    let bytes = SEGMENT_MAGIC.into_iter().chain(segment.to_le_bytes());
    for (to, from) in head.iter_mut().zip(bytes) {
        *to = from;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_head_says_what_was_written(kind: u8, sequence: u64, durable: u64, table: Vec<u8>, data: Vec<u8>) {
            let head = Head::new(kind, sequence, durable, &table, &[&data]);
            let mut bytes = Vec::new();
            head.encode(&table, &mut bytes);
            let read = Head::decode(&bytes).unwrap();
            prop_assert_eq!(Head { own_crc: 0, ..read }, head);
            prop_assert!(read.holds(&bytes[..HEAD_BYTES], &table));
            prop_assert_eq!(bytes.len() as u64, read.data_offset());
            prop_assert_eq!(read.frame_len() % ALIGN as u64, 0);
        }

        #[test]
        fn no_bytes_make_a_head_panic(bytes: Vec<u8>) {
            let _ = Head::decode(&bytes);
        }
    }
}
