//! A journal: frames of bytes, one after the other, never changed but to erase.
//!
//! Frames stand in segments of about [`SEGMENT_BYTES`] in a folder, or in
//! memory. Several processes may have one folder open: whoever appends holds
//! its [`Locked`] guard, which first finds what others have appended; readers
//! take no lock. What was appended is on the disk when [`Journal::sync`] has
//! returned; one caller waits for the disk on behalf of all who ask meanwhile.
//!
//! `CRASH:` a frame that was only half written ends the journal for every
//! reader, and the next appender cuts it off. It is told from damage by what
//! later frames say was on the disk when they were written: damage before that
//! is [`JournalError::Damaged`], with its file and offset.
//!
//! What must not stay is erased ([`Journal::erasing`]): a segment that is closed is
//! written anew with zeros in some places, or one frame for several, every other byte where it was.
//!
//! The journal knows nothing of what its frames mean.

mod erase;
mod folder;
mod frame;
mod lock;
mod medium;
mod memory;
mod merge;
mod scan;
mod sync;

pub use erase::{Erased, Eraser, Wipe};
pub use frame::Frame;
pub use lock::Locked;
pub use memory::{Image, MemoryFault};
pub use merge::Merge;

use medium::{Medium, Pin};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// At this size a segment is full; its last frame may reach beyond.
pub const SEGMENT_BYTES: u64 = 256 * 1024 * 1024;

/// The most bytes of one frame's table and data together: what is read at once must fit in memory.
pub const FRAME_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The folder of the cell's journals in a data folder.
pub const CELL: &str = "cell";

/// The file in a journal's folder that holds its epoch. A backup leaves it behind.
pub const EPOCH: &str = "epoch";

/// Where an epoch stands until it is whole.
pub(crate) const EPOCH_NEW: &str = "epoch.new";

/// The file that is locked while its holder appends.
pub(crate) const LOCK: &str = "lock";

/// The file that is locked while segments are written anew.
pub(crate) const ERASING: &str = "erasing";

/// The file that tells other processes which segments were written anew.
pub(crate) const ERASURES: &str = "erasures";

/// What the name of a segment ends in while it is written anew.
pub(crate) const ANEW: &str = ".new";

/// Where a frame begins or ends. Positions of one journal are ordered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Position {
    /// The number of the segment, from 0.
    pub segment: u32,
    /// Bytes into the segment. The default is before the first frame.
    pub offset: u64,
}

/// Where some of a frame's data stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Place {
    /// The number of the segment.
    pub segment: u32,
    /// Bytes into the segment.
    pub offset: u64,
    /// How many bytes.
    pub len: u32,
}

/// A frame to append.
#[derive(Clone, Copy, Debug)]
pub struct NewFrame<'a> {
    /// What it is; the journal does not look at it.
    pub kind: u8,
    /// What a reader of the whole journal wants to see.
    pub table: &'a [u8],
    /// What is read by its place: parts that stand one behind another, with nothing in between.
    pub data: &'a [&'a [u8]],
}

/// Where an appended frame stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Written {
    /// Its number in the journal, from 0.
    pub sequence: u64,
    /// Where it begins.
    pub at: Position,
    /// Where it ends: what to [`Journal::sync`] up to.
    pub end: Position,
    /// Where its data stand.
    pub data: Place,
}

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file could not be read or written.
    #[error("`{}` could not be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Bytes that were on the disk are not what was written.
    #[error("`{}` is damaged at byte {offset}: {what}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the frame begins that cannot be read.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A frame is too large to be read back.
    #[error("a frame of {bytes} bytes is larger than {FRAME_BYTES_MAX}")]
    TooLarge {
        /// How large it would be.
        bytes: usize,
    },
    /// What is to be erased is not within one frame of a segment, or what is left longer than it.
    #[error("`{}` has no frame around what is to be erased at byte {offset}", path.display())]
    NoFrame {
        /// The file.
        path: PathBuf,
        /// Where it begins.
        offset: u64,
    },
    /// The disk failed once: nothing more is promised until the journal is opened anew.
    #[error("the disk failed before; nothing is written until the program is started again")]
    Failed,
}

/// Files of segments, kept open.
#[derive(Clone, Debug, Default)]
pub struct Pins(Vec<Pin>);

/// A journal. A clone is the same journal.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    medium: Medium,
    segment_bytes: u64,
    epoch: [u8; 16],
    writer: Mutex<lock::Writer>,
    sync: sync::Sync,
}

impl core::fmt::Debug for Journal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Journal")
            .field(&self.inner.medium.path(0))
            .finish()
    }
}

impl Journal {
    /// The journal in a folder, which is made if there is none. `epoch` is
    /// drawn by the caller, and kept if the folder has none yet.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn folder(path: &Path, epoch: [u8; 16]) -> Result<Self, JournalError> {
        Self::folder_of(path, epoch, SEGMENT_BYTES)
    }

    /// The same with segments of another size, which all who open the folder must give alike.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn folder_of(
        path: &Path,
        epoch: [u8; 16],
        segment_bytes: u64,
    ) -> Result<Self, JournalError> {
        let (folder, epoch) = folder::Folder::open(path, epoch)?;
        Ok(Self::new(Medium::Folder(folder), epoch, segment_bytes))
    }

    /// A journal in memory, for the simulator and for tests.
    pub fn memory(epoch: [u8; 16]) -> Self {
        Self::of_image(&Image::default(), epoch)
    }

    /// A journal in memory that begins with what another held.
    pub fn of_image(image: &Image, epoch: [u8; 16]) -> Self {
        let memory = memory::Memory::of(image);
        Self::new(Medium::Memory(memory), epoch, SEGMENT_BYTES)
    }

    fn new(medium: Medium, epoch: [u8; 16], segment_bytes: u64) -> Self {
        Self {
            inner: Arc::new(Inner {
                medium,
                segment_bytes,
                epoch,
                writer: Mutex::default(),
                sync: sync::Sync::default(),
            }),
        }
    }

    /// Drawn when the journal was made, and anew when it was restored: what
    /// names a position outside names the epoch, too.
    pub fn epoch(&self) -> [u8; 16] {
        self.inner.epoch
    }

    /// Reads the bytes at a place.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if there are not so many.
    pub fn read(&self, place: Place, into: &mut Vec<u8>) -> Result<(), JournalError> {
        into.clear();
        into.resize(place.len as usize, 0);
        self.read_into(place.segment, place.offset, into)
    }

    /// Reads bytes of a segment until `into` is full.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if there are not so many.
    pub fn read_into(
        &self,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        self.inner.medium.read_at(segment, offset, into)
    }

    /// Keeps the files of segments open as they are: what is erased in them later is read through
    /// them all the same. For a reader who has begun.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn pin(&self, segments: impl IntoIterator<Item = u32>) -> Result<Pins, JournalError> {
        let mut pins = Vec::new();
        for segment in segments {
            if !pins.iter().any(|pin: &Pin| pin.is_of(segment)) {
                pins.push(self.inner.medium.pin(segment)?);
            }
        }
        Ok(Pins(pins))
    }

    /// As [`Self::read_into`], from files that were kept, where they were.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if there are not so many.
    pub fn read_pinned(
        &self,
        pins: &Pins,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        let medium = &self.inner.medium;
        match pins.0.iter().find(|pin| pin.is_of(segment)) {
            Some(pin) => medium.read_pinned(pin, segment, offset, into),
            None => medium.read_at(segment, offset, into),
        }
    }

    /// The bytes of all segments, and those that they take on the disk: fewer, where something was
    /// erased and the file system knows holes.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn sizes(&self) -> Result<(u64, u64), JournalError> {
        let (mut bytes, mut taken, mut segment) = (0, 0, 0);
        while let Some(len) = self.inner.medium.len(segment)? {
            bytes += len;
            taken += self.inner.medium.taken(segment)?;
            segment += 1;
        }
        Ok((bytes, taken))
    }

    /// Where the journal ends on its medium, whoever appended; at most a half-written frame too far.
    ///
    /// # Errors
    ///
    /// [`JournalError::File`].
    pub fn end(&self) -> Result<Position, JournalError> {
        self.inner.end_after(self.known_end())
    }

    /// What a memory journal holds; nothing for a folder.
    ///
    /// With `durable_only`, what would be there after the power had failed.
    pub fn image(&self, durable_only: bool) -> Option<Image> {
        match &self.inner.medium {
            Medium::Memory(memory) => Some(memory.image(durable_only)),
            Medium::Folder(_) => None,
        }
    }

    /// Breaks the next call of a kind on a memory journal.
    pub fn break_next(&self, fault: MemoryFault) {
        if let Medium::Memory(memory) = &self.inner.medium {
            memory.break_next(fault);
        }
    }

    fn damaged(&self, at: Position, what: &'static str) -> JournalError {
        JournalError::Damaged {
            path: self.inner.medium.path(at.segment),
            offset: at.offset,
            what,
        }
    }
}

impl Inner {
    /// Follows segments until the last.
    fn end_after(&self, mut known: Position) -> Result<Position, JournalError> {
        loop {
            let Some(len) = self.medium.len(known.segment)? else {
                return Ok(known);
            };
            let next = known.segment.saturating_add(1);
            if self.medium.len(next)?.is_some() {
                known = Position {
                    segment: next,
                    offset: 0,
                };
            } else {
                return Ok(Position {
                    segment: known.segment,
                    offset: len,
                });
            }
        }
    }
}

#[cfg(test)]
mod erase_tests;
#[cfg(test)]
mod tests;
