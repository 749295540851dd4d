//! The tar inside a package, as a stream in either direction.
//!
//! Writing makes what every tar reads: GNU headers, a long-name entry where a
//! path needs one, no owner, no time. Reading takes what GNU tar and we write,
//! with bounds on everything that a header can ask for: plain files, folders
//! in front of them, and long names by either extension — no links, devices or
//! sparse files.

mod read;
mod write;

pub(crate) use read::{Kind, Tape, TapeError};
pub(crate) use write::{end, head, padding};

/// Tar works in blocks of so many bytes.
const BLOCK_BYTES: usize = 512;

/// How many bytes are missing to a whole block.
fn short_of_block(size_bytes: u64) -> usize {
    let over = size_bytes % BLOCK_BYTES as u64;
    (BLOCK_BYTES - usize::try_from(over).unwrap_or(0)) % BLOCK_BYTES
}
