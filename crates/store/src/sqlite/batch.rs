//! The entries of a batch as one value: cover leaves whole, others by reference.

use crate::log::LeafId;
use rusqlite::types::{FromSqlError, Type};

/// Stands where a length would, before the number of a leaf.
const REFERENCE: u32 = u32::MAX;

/// One entry of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part<'a> {
    /// The entry itself.
    Cover(&'a [u8]),
    /// The entry of a leaf that was queued.
    Leaf(LeafId),
}

/// The parts, one after the other.
pub(super) fn write<'a>(parts: impl Iterator<Item = Part<'a>>) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Cover(entry) => {
                let length = u32::try_from(entry.len())
                    .ok()
                    .filter(|length| *length != REFERENCE);
                let too_long =
                    || rusqlite::Error::ToSqlConversionFailure("a log entry of 4 GiB".into());
                bytes.extend(length.ok_or_else(too_long)?.to_be_bytes());
                bytes.extend(entry);
            }
            Part::Leaf(leaf) => {
                bytes.extend(REFERENCE.to_be_bytes());
                bytes.extend(leaf.0.to_be_bytes());
            }
        }
    }
    Ok(bytes)
}

/// The parts that were written.
pub(super) fn read(bytes: &[u8]) -> rusqlite::Result<Vec<Part<'_>>> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let broken = || {
            rusqlite::Error::FromSqlConversionFailure(
                0,
                Type::Blob,
                FromSqlError::InvalidType.into(),
            )
        };
        let (part, after) = part(rest).ok_or_else(broken)?;
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

fn part(bytes: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    match u32::from_be_bytes(*length) {
        REFERENCE => {
            let (leaf, rest) = rest.split_first_chunk()?;
            Some((Part::Leaf(LeafId(u64::from_be_bytes(*leaf))), rest))
        }
        length => {
            let (entry, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((Part::Cover(entry), rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_they_were_written_and_a_torn_value_is_refused() {
        let parts = [
            Part::Cover(b"cover"),
            Part::Leaf(LeafId(7)),
            Part::Cover(b""),
            Part::Leaf(LeafId(u64::MAX)),
        ];
        let bytes = write(parts.into_iter()).unwrap();
        assert_eq!(read(&bytes).unwrap(), parts);
        let whole: Vec<_> = (0..bytes.len())
            .filter(|end| read(&bytes[..*end]).is_ok())
            .collect();
        assert_eq!(whole, [0, 9, 21, 25], "only between parts");
    }
}
