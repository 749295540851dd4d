//! Where a journal's segments are: a folder or memory, with one face.

use super::{JournalError, folder::Folder, memory::Memory};
use std::path::PathBuf;

/// Where the segments are.
pub(super) enum Medium {
    Folder(Folder),
    Memory(Memory),
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
