//! Reading: the next head, then its data through `Read`.

use super::{BLOCK_BYTES, short_of_block};
use crate::path::{PATH_BYTES_MAX, PackagePath, PathError, shown};
use std::io::{self, Read};
use tar::{EntryType, Header, PaxExtensions};

/// The most bytes of a long-name entry: the path, `data/` and an item in front, a zero behind.
const LONG_NAME_BYTES_MAX: u64 = PATH_BYTES_MAX as u64 + 32;
/// The most bytes of a pax header: a path, a size, and the times that GNU tar adds.
const PAX_BYTES_MAX: u64 = 16 << 10;
/// The most zeros behind the end: the largest record that tar programs fill up.
const TRAILER_BYTES_MAX: u64 = 1 << 20;

/// What an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// The head of an entry.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) path: PackagePath,
    pub(crate) kind: Kind,
    pub(crate) size_bytes: u64,
}

/// Why the next entry cannot be had.
#[derive(Debug)]
pub(crate) enum TapeError {
    Io(io::Error),
    Path(PathError),
    Kind { path: String, kind: &'static str },
    Malformed(&'static str),
}

/// A tar that is read from front to back.
pub(crate) struct Tape<R> {
    input: R,
    left: u64,
    padding: usize,
}

/// What the extension entries in front of a head said.
#[derive(Default)]
struct Extension {
    path: Option<String>,
    size_bytes: Option<u64>,
}

impl<R: Read> Tape<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self {
            input,
            left: 0,
            padding: 0,
        }
    }

    /// The next entry, or `None` at the end, when everything behind it was read and is zero.
    ///
    /// The data of the entry before must have been read to their end.
    pub(crate) fn next(&mut self) -> Result<Option<Head>, TapeError> {
        let mut extension = Extension::default();
        loop {
            self.skip_padding()?;
            let mut header = Header::new_old();
            self.input
                .read_exact(header.as_mut_bytes())
                .map_err(TapeError::Io)?;
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                if extension.path.is_some() || extension.size_bytes.is_some() {
                    return Err(TapeError::Malformed("a long name with no entry behind it"));
                }
                return self.trailer().map(|()| None);
            }
            verify_checksum(&header)?;
            let size_bytes = header
                .entry_size()
                .map_err(|_| TapeError::Malformed("a size that is no number"))?;
            match header.entry_type() {
                EntryType::GNULongName if extension.path.is_none() => {
                    extension.path = Some(self.long_name(size_bytes)?);
                }
                EntryType::XHeader => extension.pax(&self.small(size_bytes, PAX_BYTES_MAX)?)?,
                kind => return self.entry(kind, &header, size_bytes, extension).map(Some),
            }
        }
    }

    fn entry(
        &mut self,
        kind: EntryType,
        header: &Header,
        size_bytes: u64,
        extension: Extension,
    ) -> Result<Head, TapeError> {
        let path = extension
            .path
            .map_or_else(|| text(&header.path_bytes()), Ok)?;
        let kind = match kind {
            EntryType::Regular => Kind::File,
            EntryType::Directory => Kind::Folder,
            other => {
                return Err(TapeError::Kind {
                    path: shown(&path),
                    kind: name(other),
                });
            }
        };
        let plain = if kind == Kind::Folder {
            path.strip_suffix('/').unwrap_or(&path)
        } else {
            &path
        };
        let path = PackagePath::parse(plain).map_err(TapeError::Path)?;
        let size_bytes = extension.size_bytes.unwrap_or(size_bytes);
        if kind == Kind::Folder && size_bytes > 0 {
            return Err(TapeError::Malformed("a folder with data"));
        }
        self.left = size_bytes;
        self.padding = short_of_block(size_bytes);
        Ok(Head {
            path,
            kind,
            size_bytes,
        })
    }

    fn long_name(&mut self, size_bytes: u64) -> Result<String, TapeError> {
        let bytes = self.small(size_bytes, LONG_NAME_BYTES_MAX)?;
        text(bytes.strip_suffix(b"\0").unwrap_or(&bytes))
    }

    /// The whole data of an extension entry.
    fn small(&mut self, size_bytes: u64, bytes_max: u64) -> Result<Vec<u8>, TapeError> {
        if size_bytes > bytes_max {
            return Err(TapeError::Malformed("an extension header that is too long"));
        }
        let mut bytes = Vec::new();
        self.input
            .by_ref()
            .take(size_bytes)
            .read_to_end(&mut bytes)
            .map_err(TapeError::Io)?;
        if bytes.len() as u64 != size_bytes {
            return Err(TapeError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        self.padding = short_of_block(size_bytes);
        Ok(bytes)
    }

    fn skip_padding(&mut self) -> Result<(), TapeError> {
        if self.left > 0 {
            return Err(TapeError::Malformed("data left unread"));
        }
        let mut block = [0; BLOCK_BYTES];
        let padding = block
            .get_mut(..std::mem::take(&mut self.padding))
            .unwrap_or_default();
        self.input.read_exact(padding).map_err(TapeError::Io)?;
        zeros(padding)
    }

    /// Reads on from the first block of zeros to the end of the input.
    fn trailer(&mut self) -> Result<(), TapeError> {
        let mut read = 0;
        let mut bytes = [0; 8 * BLOCK_BYTES];
        loop {
            let count = match self.input.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(TapeError::Io(error)),
            };
            read += count as u64;
            zeros(bytes.get(..count).unwrap_or_default())?;
            if read > TRAILER_BYTES_MAX {
                return Err(TapeError::Malformed("too much behind the end"));
            }
        }
        if read < BLOCK_BYTES as u64 {
            return Err(TapeError::Malformed("an end that is cut short"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Tape<R> {
    /// Reads the data of the current entry, and not past them.
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(to.len());
        let to = to.get_mut(..wanted).unwrap_or_default();
        if to.is_empty() {
            return Ok(0);
        }
        let count = self.input.read(to)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

impl Extension {
    /// Takes from a pax header what decides about path and size.
    fn pax(&mut self, bytes: &[u8]) -> Result<(), TapeError> {
        const WRONG: TapeError = TapeError::Malformed("a pax header that does not parse");
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| WRONG)?;
            let value = || record.value().map_err(|_| WRONG);
            match record.key().map_err(|_| WRONG)? {
                "path" if self.path.is_none() => self.path = Some(value()?.to_owned()),
                "size" if self.size_bytes.is_none() => {
                    self.size_bytes = Some(value()?.parse().map_err(|_| WRONG)?);
                }
                "path" | "size" => {
                    return Err(TapeError::Malformed("two extension headers for one thing"));
                }
                "linkpath" => return Err(TapeError::Malformed("a link's target")),
                key if key.starts_with("GNU.sparse") => {
                    return Err(TapeError::Malformed("a sparse file"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn verify_checksum(header: &Header) -> Result<(), TapeError> {
    let sum = |bytes: Option<&[u8]>| -> u32 {
        bytes
            .unwrap_or_default()
            .iter()
            .map(|byte| u32::from(*byte))
            .sum()
    };
    let bytes = header.as_bytes();
    // The checksum counts its own eight bytes as spaces.
    let found = sum(bytes.get(..148)) + 8 * u32::from(b' ') + sum(bytes.get(156..));
    match header.cksum() {
        Ok(claimed) if claimed == found => Ok(()),
        _ => Err(TapeError::Malformed("a header whose checksum is wrong")),
    }
}

fn zeros(bytes: &[u8]) -> Result<(), TapeError> {
    let all = bytes.iter().all(|byte| *byte == 0);
    if all {
        Ok(())
    } else {
        Err(TapeError::Malformed(
            "something between or behind the entries",
        ))
    }
}

fn text(bytes: &[u8]) -> Result<String, TapeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(TapeError::Path(PathError::Encoding(shown(
            &String::from_utf8_lossy(bytes),
        )))),
    }
}

const fn name(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Link => "a hard link",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        EntryType::GNUSparse => "a sparse file",
        EntryType::GNULongName | EntryType::GNULongLink => "a second long name or a link's target",
        EntryType::XGlobalHeader => "a global header",
        _ => "an unknown kind",
    }
}
