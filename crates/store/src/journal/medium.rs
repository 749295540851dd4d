//! Where a journal's segments are: a folder or memory, with one face.

use super::{JournalError, erase::Patch, folder::Folder, memory::Memory};
use std::{
    fs::File,
    path::PathBuf,
    sync::{Arc, MutexGuard},
};

/// Where the segments are.
pub(super) enum Medium {
    Folder(Folder),
    Memory(Memory),
}

/// The file of one segment as it is now, kept open: what is erased later is still in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pin {
    segment: u32,
    file: Option<Arc<File>>,
}

impl Pin {
    pub(super) fn is_of(&self, segment: u32) -> bool {
        self.file.is_some() && self.segment == segment
    }
}

/// The right to write segments anew: one at a time has it.
pub(super) enum Erasing<'a> {
    /// A file that is locked until it is closed.
    Folder {
        _lock: File,
    },
    Memory {
        _turn: MutexGuard<'a, ()>,
    },
}

/// Calls the method of the same name on either.
macro_rules! either {
    ($self:ident, $medium:ident => $call:expr) => {
        match $self {
            Medium::Folder($medium) => $call,
            Medium::Memory($medium) => $call,
        }
    };
}

impl Medium {
    /// What a segment is called in messages.
    pub(super) fn path(&self, segment: u32) -> PathBuf {
        either!(self, medium => medium.path(segment))
    }

    /// The bytes of a segment, if it has been begun.
    pub(super) fn len(&self, segment: u32) -> Result<Option<u64>, JournalError> {
        either!(self, medium => medium.len(segment))
    }

    /// Reads until `into` is full.
    pub(super) fn read_at(
        &self,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        either!(self, medium => medium.read_at(segment, offset, into))
    }

    /// Keeps a segment's file open as it is.
    pub(super) fn pin(&self, segment: u32) -> Result<Pin, JournalError> {
        let file = match self {
            Self::Folder(folder) => folder.file(segment)?,
            // Nothing is kept: what is erased in memory is gone at once.
            Self::Memory(_) => None,
        };
        Ok(Pin { segment, file })
    }

    /// Reads until `into` is full, from the file that was kept if it is the segment's.
    pub(super) fn read_pinned(
        &self,
        pin: &Pin,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        match (self, &pin.file) {
            (Self::Folder(folder), Some(file)) if pin.segment == segment => {
                folder.read_from(file, segment, offset, into)
            }
            _ => self.read_at(segment, offset, into),
        }
    }

    /// Waits until nobody else writes segments anew, and puts right what one that stopped has left.
    pub(super) fn erasing(&self) -> Result<Erasing<'_>, JournalError> {
        match self {
            Self::Folder(folder) => folder.erasing(),
            Self::Memory(memory) => Ok(memory.erasing()),
        }
    }

    /// Writes a closed segment anew with these patches, all or nothing whenever the power fails.
    pub(super) fn replace(&self, segment: u32, patches: &[Patch]) -> Result<(), JournalError> {
        either!(self, medium => medium.replace(segment, patches))
    }

    /// Lets go of files that others have written anew.
    pub(super) fn reopen(&self) -> Result<(), JournalError> {
        match self {
            Self::Folder(folder) => folder.reopen(),
            Self::Memory(_) => Ok(()),
        }
    }

    /// The segments that were written anew by others, since this was asked last.
    pub(super) fn opened(&self) -> Vec<u32> {
        match self {
            Self::Folder(folder) => folder.opened(),
            Self::Memory(_) => Vec::new(),
        }
    }

    /// The bytes that a segment takes on its medium; fewer than its length where there are holes.
    pub(super) fn taken(&self, segment: u32) -> Result<u64, JournalError> {
        match self {
            Self::Folder(folder) => folder.taken(segment),
            Self::Memory(memory) => Ok(memory.len(segment)?.unwrap_or_default()),
        }
    }

    /// Writes all bytes.
    pub(super) fn write_at(
        &self,
        segment: u32,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), JournalError> {
        either!(self, medium => medium.write_at(segment, offset, bytes))
    }

    /// Cuts a segment off.
    pub(super) fn truncate(&self, segment: u32, len: u64) -> Result<(), JournalError> {
        either!(self, medium => medium.truncate(segment, len))
    }

    /// Begins a segment with its head, durably.
    pub(super) fn begin(&self, segment: u32) -> Result<(), JournalError> {
        either!(self, medium => medium.begin(segment))
    }

    /// Puts a segment's bytes on the disk.
    pub(super) fn sync(&self, segment: u32) -> Result<(), JournalError> {
        either!(self, medium => medium.sync(segment))
    }

    /// Waits until no other process appends.
    pub(super) fn lock(&self) -> Result<(), JournalError> {
        match self {
            Self::Folder(folder) => folder.lock(),
            // One process has it, and that one's mutex suffices.
            Self::Memory(_) => Ok(()),
        }
    }

    /// Lets other processes append.
    pub(super) fn unlock(&self) {
        match self {
            Self::Folder(folder) => folder.unlock(),
            Self::Memory(_) => {}
        }
    }
}
