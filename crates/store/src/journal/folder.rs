//! A journal's segments as files of a folder: `00000000.seg` and so on, a file
//! to lock, and the epoch.

mod anew;

use super::{
    EPOCH, EPOCH_NEW, JournalError, LOCK,
    frame::{SEGMENT_HEAD_BYTES, segment_head},
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

/// An open folder.
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
    segments: RwLock<Vec<Arc<File>>>,
    anew: anew::Anew,
}

impl Folder {
    /// Opens or makes the folder; answers its epoch, which is `fresh` if it has none.
    pub(super) fn open(path: &Path, fresh: [u8; 16]) -> Result<(Self, [u8; 16]), JournalError> {
        make(path).map_err(|source| at(path, source))?;
        let lock = path.join(LOCK);
        let folder = Self {
            lock: open(&lock).map_err(|source| at(&lock, source))?,
            path: path.to_path_buf(),
            segments: RwLock::default(),
            anew: anew::Anew::open(path)?,
        };
        folder.lock()?;
        let opened = folder.no_gap().and_then(|()| folder.epoch(fresh));
        folder.unlock();
        Ok((folder, opened?))
    }

    /// Segments follow each other: where one is missing, what stands behind it would be taken for
    /// nothing.
    fn no_gap(&self) -> Result<(), JournalError> {
        let listed = fs::read_dir(&self.path).map_err(|source| at(&self.path, source))?;
        let mut last = 0;
        for file in listed {
            let name = file.map_err(|source| at(&self.path, source))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
            last = last.max(number.and_then(|number| number.parse().ok()).unwrap_or(0));
        }
        // Not counted: one that is given its name by an eraser meanwhile may be listed twice, or not.
        match (0..last)
            .map(|segment| self.path(segment))
            .find(|path| !path.exists())
        {
            None => Ok(()),
            Some(path) => Err(JournalError::Damaged {
                path,
                offset: 0,
                what: "the segment is gone",
            }),
        }
    }

    /// The epoch that is kept, or `fresh`, kept from now on.
    fn epoch(&self, fresh: [u8; 16]) -> Result<[u8; 16], JournalError> {
        let path = self.path.join(EPOCH);
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| JournalError::Damaged {
                path,
                offset: 0,
                what: "an epoch has 16 bytes",
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new = self.path.join(EPOCH_NEW);
                let write = || {
                    let mut file = File::create(&new)?;
                    file.write_all(&fresh)?;
                    file.sync_all()?;
                    fs::rename(&new, &path)?;
                    File::open(&self.path)?.sync_all()
                };
                write().map_err(|source| at(&path, source))?;
                Ok(fresh)
            }
            Err(source) => Err(at(&path, source)),
        }
    }

    pub(super) fn path(&self, segment: u32) -> PathBuf {
        self.path.join(format!("{segment:08}.seg"))
    }

    pub(super) fn lock(&self) -> Result<(), JournalError> {
        self.lock
            .lock()
            .map_err(|source| at(&self.path.join(LOCK), source))
    }

    pub(super) fn unlock(&self) {
        if let Err(error) = self.lock.unlock() {
            // The lock goes when the file is closed; until then others wait.
            drop(error);
        }
    }

    pub(super) fn len(&self, segment: u32) -> Result<Option<u64>, JournalError> {
        let Some(file) = self.file(segment)? else {
            return Ok(None);
        };
        let len = file
            .metadata()
            .map_err(|source| at(&self.path(segment), source))?
            .len();
        // CRASH: a segment whose head is half written has not been begun.
        Ok((len >= SEGMENT_HEAD_BYTES).then_some(len))
    }

    pub(super) fn read_at(
        &self,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        let read = |file: &File| read_exact_at(file, into, offset);
        self.with(segment, read)
    }

    /// Reads from a segment's file that was kept.
    pub(super) fn read_from(
        &self,
        file: &File,
        segment: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), JournalError> {
        read_exact_at(file, into, offset).map_err(|source| at(&self.path(segment), source))
    }

    pub(super) fn write_at(
        &self,
        segment: u32,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), JournalError> {
        self.with(segment, |file| write_all_at(file, bytes, offset))
    }

    pub(super) fn truncate(&self, segment: u32, len: u64) -> Result<(), JournalError> {
        self.with(segment, |file| file.set_len(len))
    }

    pub(super) fn begin(&self, segment: u32) -> Result<(), JournalError> {
        let path = self.path(segment);
        let begin = || {
            let file = open(&path)?;
            write_all_at(&file, &segment_head(segment), 0)?;
            file.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        begin().map_err(|source| at(&path, source))
    }

    pub(super) fn sync(&self, segment: u32) -> Result<(), JournalError> {
        self.with(segment, File::sync_data)
    }

    fn with<T>(
        &self,
        segment: u32,
        f: impl FnOnce(&File) -> io::Result<T>,
    ) -> Result<T, JournalError> {
        let missing = || at(&self.path(segment), io::ErrorKind::NotFound.into());
        let file = self.file(segment)?.ok_or_else(missing)?;
        f(&file).map_err(|source| at(&self.path(segment), source))
    }

    /// A segment's file, opened once.
    pub(super) fn file(&self, segment: u32) -> Result<Option<Arc<File>>, JournalError> {
        let index = segment as usize;
        let opened = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = opened.get(index) {
            return Ok(Some(Arc::clone(file)));
        }
        drop(opened);
        let mut opened = self
            .segments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Segments follow each other without a gap.
        while opened.len() <= index {
            let number = u32::try_from(opened.len()).unwrap_or(u32::MAX);
            let path = self.path(number);
            match File::options().read(true).write(true).open(&path) {
                Ok(file) => opened.push(Arc::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(at(&path, source)),
            }
        }
        Ok(opened.get(index).map(Arc::clone))
    }
}

fn at(path: &Path, source: io::Error) -> JournalError {
    JournalError::File {
        path: path.to_path_buf(),
        source,
    }
}

/// A folder that its owner alone may look into.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, into, offset)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = into.get_mut(n..).unwrap_or_default();
        offset += n as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = bytes.get(n..).unwrap_or_default();
        offset += n as u64;
    }
    Ok(())
}
