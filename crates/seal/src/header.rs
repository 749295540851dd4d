//! The header of an age file, read with a bound and without a key.
//!
//! C2SP age, "Header". age's own reader takes a header of any length; this one
//! goes first, so that a hostile file costs 16 KiB and no more.

use std::io::{self, Read};

/// The longest header, in bytes: one X25519 stanza has about two hundred, grease a few hundred more.
pub const HEADER_BYTES_MAX: usize = 16 << 10;
/// The first line.
const INTRO: &str = "age-encryption.org/v1";
/// The bytes behind the header that age derives the payload's key with.
const NONCE_BYTES: u64 = 16;
/// A whole chunk of the payload, with its tag.
const CHUNK_BYTES: u64 = (64 << 10) + TAG_BYTES;
/// The authentication tag of a chunk.
const TAG_BYTES: u64 = 16;

/// Why this is no package's header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// Not age v1: its armour, a later version, or another thing.
    #[error("this is not an age v1 file in binary form")]
    NotAge,
    /// Longer than a package's header is.
    #[error("the age header is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    /// Not for one X25519 key alone.
    #[error(
        "the age header names {0} X25519 recipients and {1} others, where a package has exactly one and none"
    )]
    Recipients(usize, usize),
    /// The input failed or ended.
    #[error("the age header cannot be read: {0}")]
    Io(#[source] io::Error),
}

/// Reads the header from `input` and nothing behind it, and gives its bytes.
///
/// SPEC: stanzas whose tag ends in `-grease` are for no one and do not count
/// (C2SP age, "Recipient stanza"); the age crate adds one to every file.
///
/// # Errors
///
/// [`HeaderError`].
pub fn read(input: &mut impl Read) -> Result<Vec<u8>, HeaderError> {
    let mut bytes = Vec::new();
    let mut line_start = 0;
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte).map_err(HeaderError::Io)?;
        bytes.extend_from_slice(&byte);
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(HeaderError::TooLong);
        }
        // Something else altogether is refused at its first line, not after 16 KiB.
        if bytes.len() == INTRO.len() && bytes != INTRO.as_bytes() {
            return Err(HeaderError::NotAge);
        }
        if byte == [b'\n'] {
            if bytes
                .get(line_start..)
                .is_some_and(|line| line.starts_with(b"---"))
            {
                break;
            }
            line_start = bytes.len();
        }
    }
    examine(&bytes)?;
    Ok(bytes)
}

fn examine(bytes: &[u8]) -> Result<(), HeaderError> {
    let text = std::str::from_utf8(bytes).map_err(|_| HeaderError::NotAge)?;
    let mut lines = text.lines();
    if lines.next() != Some(INTRO) {
        return Err(HeaderError::NotAge);
    }
    let (mut ours, mut others) = (0, 0);
    for tag in lines.filter_map(|line| line.strip_prefix("-> ")) {
        match tag.split(' ').next() {
            Some("X25519") => ours += 1,
            Some(tag) if tag.ends_with("-grease") => {}
            _ => others += 1,
        }
    }
    if (ours, others) == (1, 0) {
        Ok(())
    } else {
        Err(HeaderError::Recipients(ours, others))
    }
}

/// Whether `size_bytes` behind a header can be a whole payload: the nonce, full
/// chunks, and a last one that holds at least a byte.
pub fn is_whole_payload(size_bytes: u64) -> bool {
    let last = |chunks: u64| chunks % CHUNK_BYTES;
    size_bytes
        .checked_sub(NONCE_BYTES)
        .is_some_and(|chunks| chunks > 0 && !(1..=TAG_BYTES).contains(&last(chunks)))
}
