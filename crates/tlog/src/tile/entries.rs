//! Entry bundles: log entries one after the other, each behind its length.
//!
//! C2SP tlog-tiles, "Log Entries": a big-endian u16 length, then so many bytes.

use crate::tile::TILE_WIDTH;

/// Longest log entry in bytes: what a u16 length can say.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Longest bundle in bytes: 256 entries of [`ENTRY_BYTES_MAX`] with their lengths.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (2 + ENTRY_BYTES_MAX);

/// The entries or bytes are no bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than [`ENTRY_BYTES_MAX`].
    #[error("an entry of {0} bytes is too long")]
    EntryTooLong(usize),
    /// More entries than fit a bundle.
    #[error("a bundle has at most 256 entries")]
    TooMany,
    /// The bytes end inside an entry or its length.
    #[error("the bundle is cut short")]
    Truncated,
}

/// Writes up to 256 entries as one bundle.
///
/// # Errors
///
/// [`BundleError::TooMany`] and [`BundleError::EntryTooLong`].
pub fn encode_bundle(entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, BundleError> {
    if entries.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::TooMany);
    }
    let length = entries.iter().map(|entry| 2 + entry.as_ref().len()).sum();
    let mut bytes = Vec::with_capacity(length);
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len());
        let length = length.map_err(|_| BundleError::EntryTooLong(entry.len()))?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// Reads the entries of a bundle: 0 to 256, and nothing after them.
///
/// # Errors
///
/// [`BundleError::Truncated`] and [`BundleError::TooMany`].
pub fn decode_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::TooMany);
        }
        let (length, after) = rest.split_first_chunk().ok_or(BundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after
            .split_at_checked(length)
            .ok_or(BundleError::Truncated)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_bundle_is_lengths_and_bytes() {
        let bytes = encode_bundle(&[&b"ab"[..], b""]).unwrap();
        assert_eq!(bytes, [0, 2, b'a', b'b', 0, 0]);
        assert_eq!(decode_bundle(&bytes), Ok(vec![&b"ab"[..], b""]));
    }

    #[test]
    fn a_cut_bundle_is_refused() {
        assert_eq!(decode_bundle(&[0, 2, b'a']), Err(BundleError::Truncated));
        assert_eq!(decode_bundle(&[0, 0, 0]), Err(BundleError::Truncated));
    }

    #[test]
    fn a_bundle_is_bounded() {
        assert_eq!(decode_bundle(&[0; 2 * 256]).unwrap().len(), 256);
        assert_eq!(decode_bundle(&[0; 2 * 257]), Err(BundleError::TooMany));
        assert_eq!(encode_bundle(&[b""; 257]), Err(BundleError::TooMany));
        assert_eq!(
            encode_bundle(&[vec![0; 65_536]]),
            Err(BundleError::EntryTooLong(65_536))
        );
        let longest = encode_bundle(&[vec![7; ENTRY_BYTES_MAX]]).unwrap();
        assert_eq!(decode_bundle(&longest), Ok(vec![&[7; ENTRY_BYTES_MAX][..]]));
    }

    proptest! {
        #[test]
        fn entries_read_back(entries in vec(vec(any::<u8>(), 0..40), 0..=256)) {
            let bytes = encode_bundle(&entries).unwrap();
            prop_assert_eq!(decode_bundle(&bytes).unwrap(), entries);
        }

        #[test]
        fn what_parses_prints_the_same(bytes in vec(0..4_u8, 0..60)) {
            if let Ok(entries) = decode_bundle(&bytes) {
                prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
            }
        }
    }
}
