//! Backups of a data folder, and what is made of them again.
//!
//! A data folder holds the database as [`DATABASE`], the blobs below [`BLOBS`]
//! and the cell's journals below [`CELL`]; so does a backup, and beside them
//! [`MANIFEST`], which lists every file with its size and digest. The database
//! is copied first, as one snapshot while others write, and the files after it:
//! what a record refers to was there before the record. A segment that grows
//! meanwhile is copied as far as it was: a frame cut off at its end is cut away
//! by whoever opens the copy. A segment in which something is erased meanwhile is
//! copied as it was or as it is then; what tells that it was to be erased stands
//! behind it, and is copied after it, as is what is kept of what the ledger drops:
//! segments that were begun meanwhile are copied, too. A journal's epoch and locks stay behind, so a restored journal begins an
//! epoch of its own. `CRASH:` the manifest is
//! written last, so a folder without one is no backup.
//!
//! A backup proves nothing about time: what was restored asks the witnesses
//! before it signs again, and that belongs to `node`.

use crate::{
    journal::{ANEW, CELL, EPOCH, EPOCH_NEW, ERASING, ERASURES, LOCK},
    sqlite,
};
use portcullis_core::digest::Digest;
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The file of the database in a data folder.
pub const DATABASE: &str = "store.db";

/// The folder of the blobs in a data folder.
pub const BLOBS: &str = "blobs";

/// The ledger of what of the cell was served to whom.
const SERVED: &str = "cell/served";

/// The list of files in a backup: a head line, then for each file its digest,
/// its size in bytes and its path, with one space between.
pub const MANIFEST: &str = "MANIFEST";

/// The first line of a manifest.
const HEAD: &str = "portcullis backup v1";

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// What is looked at for holes at once.
const BLOCK_BYTES: usize = 4096;

/// How far a backup or a restoration is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Progress {
    /// So many pages of the database of so many.
    Database {
        /// Pages copied.
        done: u64,
        /// Pages there are.
        of: u64,
    },
    /// So many files of so many, the database among them.
    Files {
        /// Files copied.
        done: u64,
        /// Files there are.
        of: u64,
    },
}

/// One file of a backup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its path below the folder, with `/` between.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The destination holds something already.
    #[error("`{}` is not empty; name a folder that is, or does not exist", .0.display())]
    NotEmpty(PathBuf),
    /// The source is no data folder: it holds no database.
    #[error("`{}` holds no `{DATABASE}`", .0.display())]
    NoDatabase(PathBuf),
    /// There is no manifest, or it cannot be read as one.
    #[error("`{}` holds no complete backup", .0.display())]
    NoManifest(PathBuf),
    /// A file is not what the manifest says.
    #[error("`{path}` is not the file that was backed up")]
    Changed {
        /// The file.
        path: String,
    },
    /// The database could not be copied.
    #[error("the database could not be copied")]
    Database(#[source] rusqlite::Error),
    /// A file could not be read or written.
    #[error("`{}` could not be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Copies the data folder `from`, in use or not, to the folder `to`, which is
/// empty or does not exist.
///
/// # Errors
///
/// [`BackupError`]; what was copied before stays, without a manifest.
pub fn backup(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Entry>, BackupError> {
    if !from.join(DATABASE).is_file() {
        return Err(BackupError::NoDatabase(from.to_path_buf()));
    }
    prepare(to)?;
    sqlite::copy(&from.join(DATABASE), &to.join(DATABASE), &mut |done, of| {
        progress(Progress::Database { done, of });
    })
    .map_err(BackupError::Database)?;
    let cell = |folder: &str| -> Result<Vec<String>, BackupError> {
        Ok(files(from, folder)?
            .into_iter()
            .filter(|path| in_cell(path))
            .collect())
    };
    let mut entries = vec![digest(to, DATABASE)?];
    let mut done = 0;
    let blobs = files(from, BLOBS)?;
    copy_all(from, to, blobs, &mut entries, &mut done, progress)?;
    // CRASH: what was served names entries of the journal, so it is copied before it: every entry
    // that it names was there before. What is kept of servings that are dropped meanwhile, and what
    // tells of objects that are erased, stands behind them: perhaps in a segment begun since.
    let mut copied: BTreeSet<String> = BTreeSet::new();
    for (folder, after) in [(SERVED, None), (CELL, Some(SERVED))] {
        loop {
            let mut fresh = cell(folder)?;
            let is_after = |path: &str| after.is_some_and(|after| path.starts_with(after));
            fresh.retain(|path| !is_after(path) && !copied.contains(path));
            if fresh.is_empty() {
                break;
            }
            // What was the last segment has perhaps grown between its copy and the next one's begin.
            let before = |path: &String| {
                let last = copied.range::<String, _>(..path).next_back()?;
                (Path::new(last).parent() == Path::new(path).parent()).then(|| last.clone())
            };
            for path in fresh.iter().filter_map(before).collect::<BTreeSet<_>>() {
                copy_anew(from, to, &path, &mut entries)?;
            }
            copied.extend(fresh.iter().cloned());
            copy_all(from, to, fresh, &mut entries, &mut done, progress)?;
        }
    }
    write_manifest(to, &entries)?;
    let of = done + 1;
    progress(Progress::Files { done: of, of });
    Ok(entries)
}

/// Copies files, telling how far it is; `done` counts on.
fn copy_all(
    from: &Path,
    to: &Path,
    paths: Vec<String>,
    entries: &mut Vec<Entry>,
    done: &mut u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    let of = *done + paths.len() as u64 + 1;
    for path in paths {
        *done += 1;
        progress(Progress::Files { done: *done, of });
        match copy(from, to, &path) {
            // A package whose time had come while we were at others.
            Err(BackupError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            copied => entries.push(copied?),
        }
    }
    Ok(())
}

/// Copies a file once more, as it is now.
fn copy_anew(
    from: &Path,
    to: &Path,
    path: &str,
    entries: &mut Vec<Entry>,
) -> Result<(), BackupError> {
    let target = to.join(path);
    fs::remove_file(&target).map_err(|source| BackupError::File {
        path: target,
        source,
    })?;
    let copied = copy(from, to, path)?;
    entries.retain(|entry| entry.path != path);
    entries.push(copied);
    Ok(())
}

/// Makes the data folder `to`, which is empty or does not exist, from the
/// backup in `from`.
///
/// # Errors
///
/// [`BackupError::Changed`] if a file is not the one that was backed up. What
/// was copied before stays; it is not to be used.
pub fn restore(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Entry>, BackupError> {
    let entries = read_manifest(from)?;
    prepare(to)?;
    for (done, entry) in (0..).zip(&entries) {
        progress(Progress::Files {
            done,
            of: entries.len() as u64,
        });
        if copy(from, to, &entry.path)? != *entry {
            return Err(BackupError::Changed {
                path: entry.path.clone(),
            });
        }
    }
    sync_folders(to, &entries)?;
    progress(Progress::Files {
        done: entries.len() as u64,
        of: entries.len() as u64,
    });
    Ok(entries)
}

/// Whether a file below the cell's folder belongs into a backup: all but a
/// journal's epoch, what it is locked by, and what was being written.
fn in_cell(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.ends_with(ANEW) && ![EPOCH, EPOCH_NEW, ERASING, ERASURES, LOCK].contains(&name)
}

/// An empty folder of its owner's.
fn prepare(to: &Path) -> Result<(), BackupError> {
    let at = |source| BackupError::File {
        path: to.to_path_buf(),
        source,
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(to).map_err(at)?;
    match fs::read_dir(to).map_err(at)?.next() {
        None => Ok(()),
        Some(_) => Err(BackupError::NotEmpty(to.to_path_buf())),
    }
}

/// Paths of all files below `folder`, in order.
fn files(root: &Path, folder: &str) -> Result<Vec<String>, BackupError> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let at = |source| BackupError::File {
            path: path.clone(),
            source,
        };
        let listed = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            listed => listed.map_err(at)?,
        };
        for item in listed {
            let item = item.map_err(at)?;
            let name = item
                .file_name()
                .into_string()
                .map_err(|_| at(io::ErrorKind::InvalidFilename.into()))?;
            let found = if item.file_type().map_err(at)?.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            found.push(format!("{folder}/{name}"));
        }
    }
    files.sort();
    Ok(files)
}

/// Copies one file, durably, and says what it was.
fn copy(from: &Path, to: &Path, path: &str) -> Result<Entry, BackupError> {
    let (source, target) = (from.join(path), to.join(path));
    let reader = File::open(&source).map_err(|error| BackupError::File {
        path: source.clone(),
        source: error,
    })?;
    let at = |source| BackupError::File {
        path: target.clone(),
        source,
    };
    target
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .map_err(at)?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut writer = Sparse(options.open(&target).map_err(at)?);
    let entry = pass(path, reader, &mut writer).map_err(|error| BackupError::File {
        path: source,
        source: error,
    })?;
    // Zeros at the end were not written.
    writer.0.set_len(entry.size).map_err(at)?;
    writer.0.sync_all().map_err(at)?;
    Ok(entry)
}

/// A file that gets holes where whole blocks are zeros: what was erased takes no space.
struct Sparse(File);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for block in bytes.chunks(BLOCK_BYTES) {
            if block.iter().all(|byte| *byte == 0) {
                let len = i64::try_from(block.len()).unwrap_or(i64::MAX);
                self.0.seek(SeekFrom::Current(len))?;
            } else {
                self.0.write_all(block)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn digest(root: &Path, path: &str) -> Result<Entry, BackupError> {
    let at = |source| BackupError::File {
        path: root.join(path),
        source,
    };
    pass(
        path,
        File::open(root.join(path)).map_err(at)?,
        &mut io::sink(),
    )
    .map_err(at)
}

/// Passes all bytes on and says what they were.
fn pass(path: &str, mut from: impl Read, to: &mut dyn Write) -> io::Result<Entry> {
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0, Vec::with_capacity(CHUNK_BYTES));
    loop {
        chunk.clear();
        from.by_ref()
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(Entry {
                path: path.to_owned(),
                size,
                digest: Digest(hash.finalize().into()),
            });
        }
        hash.update(&chunk);
        size += chunk.len() as u64;
        to.write_all(&chunk)?;
    }
}

fn write_manifest(to: &Path, entries: &[Entry]) -> Result<(), BackupError> {
    sync_folders(to, entries)?;
    let lines = entries
        .iter()
        .map(|entry| format!("{} {} {}\n", entry.digest, entry.size, entry.path));
    let text = format!("{HEAD}\n{}", lines.collect::<String>());
    let path = to.join(MANIFEST);
    let write = || {
        let mut file = File::create_new(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        File::open(to)?.sync_all()
    };
    write().map_err(|source| BackupError::File {
        path: path.clone(),
        source,
    })
}

fn read_manifest(from: &Path) -> Result<Vec<Entry>, BackupError> {
    let none = || BackupError::NoManifest(from.to_path_buf());
    let text = fs::read_to_string(from.join(MANIFEST)).map_err(|_| none())?;
    let lines = text
        .strip_prefix(HEAD)
        .and_then(|lines| lines.strip_prefix('\n'))
        .ok_or_else(none)?;
    let entries: Vec<_> = lines
        .lines()
        .map(|line| entry(line).ok_or_else(none))
        .collect::<Result<_, _>>()?;
    if entries.iter().any(|entry| entry.path == DATABASE) {
        Ok(entries)
    } else {
        Err(none())
    }
}

/// An entry whose path stays below the folder.
fn entry(line: &str) -> Option<Entry> {
    let (digest, rest) = line.split_once(' ')?;
    let (size, path) = rest.split_once(' ')?;
    let below = |folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
    let inside = below(BLOBS)
        .or_else(|| below(CELL))
        .is_some_and(|rest| rest.split('/').all(|word| !matches!(word, "" | "." | "..")));
    let entry = Entry {
        path: path.to_owned(),
        size: size.parse().ok()?,
        digest: digest.parse().ok()?,
    };
    (inside || path == DATABASE).then_some(entry)
}

/// The names of the files, too, are on the disk.
fn sync_folders(root: &Path, entries: &[Entry]) -> Result<(), BackupError> {
    let above = |entry: &Entry| {
        root.join(&entry.path)
            .ancestors()
            .skip(1)
            .map(Path::to_path_buf)
            .collect::<Vec<_>>()
    };
    let mut folders: Vec<_> = entries
        .iter()
        .flat_map(above)
        .filter(|folder| folder.starts_with(root))
        .collect();
    folders.sort();
    folders.dedup();
    for path in folders.into_iter().rev() {
        let synced = File::open(&path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| BackupError::File { path, source })?;
    }
    Ok(())
}
