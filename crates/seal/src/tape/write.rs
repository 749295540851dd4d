//! Writing: head, data by the caller, padding; at last the end.

use super::{BLOCK_BYTES, short_of_block};
use std::io::{self, Write};
use tar::{EntryType, Header};

/// The longest path that a head itself can hold, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Under this name GNU tar keeps a path that is too long for a head.
const LONG_NAME: &str = "././@LongLink";

/// Writes the head of a file: readable by its owner, dated at the epoch.
pub(crate) fn head(out: &mut impl Write, path: &str, size_bytes: u64) -> io::Result<()> {
    if path.len() > NAME_BYTES_MAX {
        let name = [path.as_bytes(), b"\0"].concat();
        block(out, EntryType::GNULongName, LONG_NAME, name.len() as u64)?;
        out.write_all(&name)?;
        padding(out, name.len() as u64)?;
    }
    block(out, EntryType::Regular, path, size_bytes)
}

/// Fills the last block of a file of `size_bytes`.
pub(crate) fn padding(out: &mut impl Write, size_bytes: u64) -> io::Result<()> {
    let zeros = [0; BLOCK_BYTES];
    out.write_all(zeros.get(..short_of_block(size_bytes)).unwrap_or_default())
}

/// Writes the end of the archive.
pub(crate) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK_BYTES])
}

fn block(out: &mut impl Write, kind: EntryType, path: &str, size_bytes: u64) -> io::Result<()> {
    let mut header = Header::new_gnu();
    for (to, from) in header.as_old_mut().name.iter_mut().zip(path.bytes()) {
        *to = from;
    }
    header.set_entry_type(kind);
    header.set_size(size_bytes);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    out.write_all(header.as_bytes())
}
