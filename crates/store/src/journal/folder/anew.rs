//! Segments written anew: a file beside the old one, and a list that tells others.
//!
//! The list is a file of segments' numbers (u32, little-endian), one before
//! and one after the new file takes the old one's name. Whoever has looked at it up to
//! some length opens what was named since, where another file has its name now; at an
//! odd count something was perhaps written anew, and is looked at every time.

use super::{Folder, at, open, read_exact_at, write_all_at};
use crate::journal::{
    ERASING, ERASURES, JournalError,
    erase::{Patch, check},
    medium::Erasing,
};
use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Bytes copied at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// Zeros of a whole block are not written: the file has a hole there.
const BLOCK_BYTES: usize = 4096;

/// What the name of a segment that is written anew ends in.
const SEGMENT_ANEW: &str = ".seg.new";

/// The bytes of one number in the list.
const NUMBER_BYTES: u64 = 4;

/// The list, and how far it was looked at.
pub(super) struct Anew {
    list: File,
    seen: AtomicU64,
    /// What was opened anew and nobody was told of.
    opened: Mutex<Vec<u32>>,
}

impl Anew {
    pub(super) fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(ERASURES);
        let list = open(&path).map_err(|source| at(&path, source))?;
        let anew = Self {
            list,
            seen: AtomicU64::default(),
            opened: Mutex::default(),
        };
        // CRASH: who stopped is tidied up after by the next to open, if nobody erases now. Where
        // that fails, on a full disk, whoever erases next does it: nothing depends on it.
        let turn = open(&folder.join(ERASING));
        if let Some(turn) = turn.ok().filter(|turn| turn.try_lock().is_ok()) {
            let tidied = anew.tidy(folder);
            drop((tidied, turn));
        }
        // No file of a segment is open yet.
        let len = anew.len().map_err(|source| at(&path, source))?;
        anew.seen.store(whole(len), Ordering::Release);
        Ok(anew)
    }

    /// Puts right what one that stopped has left: half a copy, or the first of two numbers. The
    /// caller is the one who may.
    fn tidy(&self, folder: &Path) -> io::Result<()> {
        for item in fs::read_dir(folder)? {
            let item = item?;
            let name = item.file_name();
            if name
                .to_str()
                .is_some_and(|name| name.ends_with(SEGMENT_ANEW))
            {
                fs::remove_file(item.path())?;
            }
        }
        let len = self.len()?;
        if len != whole(len) {
            let mut number = [0; 4];
            read_exact_at(&self.list, &mut number, len - NUMBER_BYTES)?;
            self.tell(u32::from_le_bytes(number))?;
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.list.metadata()?.len() / NUMBER_BYTES * NUMBER_BYTES)
    }

    fn tell(&self, segment: u32) -> io::Result<()> {
        write_all_at(&self.list, &segment.to_le_bytes(), self.len()?)
    }
}

/// As many bytes as are whole pairs.
const fn whole(len: u64) -> u64 {
    len / (2 * NUMBER_BYTES) * (2 * NUMBER_BYTES)
}

impl Folder {
    /// Waits until nobody else writes segments anew.
    pub(in crate::journal) fn erasing(&self) -> Result<Erasing<'static>, JournalError> {
        let path = self.path.join(ERASING);
        let locked = open(&path).and_then(|file| file.lock().map(|()| file));
        let lock = locked.map_err(|source| at(&path, source))?;
        // CRASH: somebody stopped before the new file had its name, or between the two numbers.
        let tidied = self.anew.tidy(&self.path);
        tidied.map_err(|source| at(&self.path, source))?;
        Ok(Erasing::Folder { _lock: lock })
    }

    /// Opens what others have written anew.
    pub(in crate::journal) fn reopen(&self) -> Result<(), JournalError> {
        let look = || {
            let (len, seen) = (self.anew.len()?, self.anew.seen.load(Ordering::Acquire));
            if len == seen {
                return Ok(());
            }
            let mut named = vec![0; usize::try_from(len.saturating_sub(seen)).unwrap_or_default()];
            read_exact_at(&self.anew.list, &mut named, seen)?;
            for number in named.as_chunks().0 {
                let number = u32::from_le_bytes(*number);
                if !self.open_anew(number)? {
                    continue;
                }
                let opened = self.anew.opened.lock();
                let mut opened = opened.unwrap_or_else(PoisonError::into_inner);
                if !opened.contains(&number) {
                    opened.push(number);
                }
            }
            self.anew.seen.store(whole(len), Ordering::Release);
            Ok(())
        };
        look().map_err(|source| at(&self.path.join(ERASURES), source))
    }

    /// The segments that were opened anew since this was asked last.
    pub(in crate::journal) fn opened(&self) -> Vec<u32> {
        let opened = self.anew.opened.lock();
        std::mem::take(&mut *opened.unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets go of a segment's file for the one that has its name now, if that is another; answers
    /// whether it is. One that is not open is read as it is when it is opened.
    fn open_anew(&self, segment: u32) -> io::Result<bool> {
        let path = self.path(segment);
        // Held meanwhile: nobody puts an older file over a newer one.
        let segments = self.segments.write();
        let mut segments = segments.unwrap_or_else(PoisonError::into_inner);
        let Some(held) = segments.get_mut(segment as usize) else {
            return Ok(false);
        };
        if same(&held.metadata()?, &fs::metadata(&path)?) {
            return Ok(false);
        }
        *held = Arc::new(File::options().read(true).write(true).open(path)?);
        Ok(true)
    }

    /// The bytes that a segment takes on the disk.
    pub(in crate::journal) fn taken(&self, segment: u32) -> Result<u64, JournalError> {
        let file = fs::metadata(self.path(segment));
        let file = file.map_err(|source| at(&self.path(segment), source))?;
        #[cfg(unix)]
        let taken = std::os::unix::fs::MetadataExt::blocks(&file) * 512;
        #[cfg(not(unix))]
        let taken = file.len();
        Ok(taken)
    }

    /// Writes a segment anew. The caller is the one who may.
    ///
    /// CRASH: before the new file has the old one's name, it is overwritten by whoever comes next;
    /// afterwards it is the segment, and nothing but the list lacks.
    pub(in crate::journal) fn replace(
        &self,
        segment: u32,
        patches: &[Patch],
    ) -> Result<(), JournalError> {
        let path = self.path(segment);
        let anew = anew_path(&path);
        let missing = || at(&path, io::ErrorKind::NotFound.into());
        let old = self.file(segment)?.ok_or_else(missing)?;
        let write = || {
            let new = open(&anew)?;
            let len = old.metadata()?.len();
            copy(&old, &new, len, patches)?;
            new.sync_all()?;
            check(len, &mut |offset, into| read_exact_at(&new, into, offset))
        };
        let named = || -> io::Result<()> {
            self.anew.tell(segment)?;
            fs::rename(&anew, &path)?;
            File::open(&self.path)?.sync_all()?;
            self.anew.tell(segment)?;
            self.open_anew(segment)?;
            // What we have done ourselves is no news.
            let len = self.anew.len()?;
            self.anew.seen.store(whole(len), Ordering::Release);
            Ok(())
        };
        let written = write().map_err(|source| at(&anew, source));
        let replaced = written.and_then(|()| named().map_err(|source| at(&path, source)));
        if replaced.is_err() {
            // What is half done keeps no room of a disk that is perhaps full. Where this fails, too,
            // the next to erase or to open does it; where the file has its name already, it is not here.
            drop(fs::remove_file(&anew));
        }
        replaced
    }
}

/// Whether two are of one file, of which one is open: no other has its number meanwhile.
#[cfg(unix)]
fn same(held: &Metadata, named: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (held.dev(), held.ino()) == (named.dev(), named.ino())
}

/// Whether two are of one file: a closed segment is written no more, and a copy is made later.
#[cfg(not(unix))]
fn same(held: &Metadata, named: &Metadata) -> bool {
    matches!((held.modified(), named.modified()), (Ok(held), Ok(named)) if held == named)
}

/// Where a segment stands until it is whole.
fn anew_path(path: &Path) -> PathBuf {
    path.with_extension("seg.new")
}

/// Copies a file with patches, and holes where there is nothing.
fn copy(old: &File, new: &File, len: u64, patches: &[Patch]) -> io::Result<()> {
    new.set_len(0)?;
    new.set_len(len)?;
    let mut chunk = Vec::new();
    let (mut offset, mut patches) = (0, patches);
    while offset < len {
        chunk.resize(
            usize::try_from(CHUNK_BYTES.min(len - offset)).unwrap_or(0),
            0,
        );
        read_exact_at(old, &mut chunk, offset)?;
        let end = offset + chunk.len() as u64;
        for patch in patches.iter().take_while(|patch| patch.offset < end) {
            patch.lay_over(offset, &mut chunk);
        }
        // Those that end here are done with.
        let done = patches.iter().take_while(|patch| patch.end() <= end);
        patches = patches.get(done.count()..).unwrap_or_default();
        for (at, block) in (offset..)
            .step_by(BLOCK_BYTES)
            .zip(chunk.chunks(BLOCK_BYTES))
        {
            if block.iter().any(|byte| *byte != 0) {
                write_all_at(new, block, at)?;
            }
        }
        offset = end;
    }
    Ok(())
}
