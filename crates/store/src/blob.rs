//! Blobs: tiles, packages and other files, by path.
//!
//! A façade over [`object_store`], so that a folder, a bucket and memory look
//! the same. A blob appears whole under its path, or not at all.

use crate::error::Unavailable;
use futures::{TryStreamExt, executor::block_on};
use object_store::{
    ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, memory::InMemory,
    path::Path as Key,
};
use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes of a part while streaming: what [`Blobs::put_reader`] holds in memory.
const PART_BYTES: usize = 8 << 20;

/// Blobs by path. Cloning it is cheap and gives the same blobs.
///
/// A path is words with `/` between, neither empty nor `.` nor `..`.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    root: Option<PathBuf>,
}

/// Why a blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The text is no path of a blob.
    #[error("`{given}` is no path of a blob")]
    Path {
        /// The text.
        given: String,
        /// What is wrong with it.
        #[source]
        source: object_store::path::Error,
    },
    /// The reader that was to be stored failed; nothing was stored.
    #[error("what was to be stored could not be read")]
    Read(#[source] io::Error),
    /// The storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<object_store::Error> for BlobError {
    fn from(source: object_store::Error) -> Self {
        Self::Unavailable(Unavailable::new(source))
    }
}

impl From<io::Error> for BlobError {
    fn from(source: io::Error) -> Self {
        Self::Unavailable(Unavailable::new(source))
    }
}

impl Blobs {
    /// Blobs in memory.
    pub fn memory() -> Self {
        Self::new(InMemory::new())
    }

    /// Blobs as files below `root`, which is made if need be. They are on the
    /// disk for certain after [`Blobs::sync`].
    ///
    /// # Errors
    ///
    /// [`BlobError::Unavailable`] if the folder cannot be made.
    pub fn folder(root: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        let store = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self {
            store: Arc::new(store),
            root: Some(root),
        })
    }

    /// Blobs in any other store, which makes them durable by itself.
    pub fn new(store: impl ObjectStore) -> Self {
        Self {
            store: Arc::new(store),
            root: None,
        }
    }

    /// Stores `bytes` at `path`, instead of what was there.
    ///
    /// # Errors
    ///
    /// [`BlobError`]; nothing changed, except perhaps after
    /// [`BlobError::Unavailable`]. So for all operations.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<(), BlobError> {
        let bytes = PutPayload::from(bytes.into());
        block_on(self.store.put(&key(path)?, bytes))?;
        Ok(())
    }

    /// Stores all that `reader` gives, in constant memory, and answers how
    /// many bytes it was.
    ///
    /// # Errors
    ///
    /// [`BlobError::Read`] if `reader` fails; what was at `path` stays.
    pub fn put_reader(&self, path: &str, reader: &mut dyn Read) -> Result<u64, BlobError> {
        let mut upload = block_on(self.store.put_multipart(&key(path)?))?;
        let mut size = 0;
        let mut send = || loop {
            let mut part = Vec::new();
            let read = reader
                .take(PART_BYTES as u64)
                .read_to_end(&mut part)
                .map_err(BlobError::Read)?;
            if read == 0 && size > 0 {
                return Ok(size);
            }
            size += read as u64;
            block_on(upload.put_part(part.into()))?;
            if read == 0 {
                return Ok(size);
            }
        };
        match send() {
            Ok(size) => block_on(upload.complete())
                .map(|_| size)
                .map_err(BlobError::from),
            Err(error) => {
                // The first error is the one to tell; parts left behind are
                // never seen under the path.
                drop(block_on(upload.abort()));
                Err(error)
            }
        }
    }

    /// The whole blob, if there is one.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn get(&self, path: &str) -> Result<Option<Vec<u8>>, BlobError> {
        let key = key(path)?;
        found(block_on(async {
            self.store.get(&key).await?.bytes().await
        }))
        .map(|bytes| bytes.map(Vec::from))
    }

    /// `length` bytes from `offset`, fewer where the blob ends.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn get_range(
        &self,
        path: &str,
        offset: u64,
        length: u64,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        let Some(size) = self.size(path)? else {
            return Ok(None);
        };
        let (start, end) = (offset, offset.saturating_add(length).min(size));
        if start >= end {
            return Ok(Some(Vec::new()));
        }
        let key = key(path)?;
        found(block_on(self.store.get_range(&key, start..end))).map(|bytes| bytes.map(Vec::from))
    }

    /// How many bytes the blob has, if there is one.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn size(&self, path: &str) -> Result<Option<u64>, BlobError> {
        found(block_on(self.store.head(&key(path)?))).map(|head| head.map(|head| head.size))
    }

    /// Whether there is such a blob.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn exists(&self, path: &str) -> Result<bool, BlobError> {
        self.size(path).map(|size| size.is_some())
    }

    /// There is no such blob any more.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn delete(&self, path: &str) -> Result<(), BlobError> {
        found(block_on(self.store.delete(&key(path)?))).map(drop)
    }

    /// The paths of all blobs below the words of `prefix`, or of all blobs if
    /// it is empty, in their order.
    ///
    /// # Errors
    ///
    /// [`BlobError`].
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, BlobError> {
        let prefix = if prefix.is_empty() {
            None
        } else {
            Some(key(prefix)?)
        };
        let listed = self
            .store
            .list(prefix.as_ref())
            .map_ok(|meta| meta.location.to_string());
        let mut paths: Vec<_> = block_on(listed.try_collect())?;
        paths.sort();
        Ok(paths)
    }

    /// The blobs at `paths`, and their names, are on the disk for certain;
    /// nothing to do where they are no files.
    ///
    /// # Errors
    ///
    /// [`BlobError`], also if there is no such blob.
    pub fn sync<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Result<(), BlobError> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        let mut folders = BTreeSet::from([root.clone()]);
        for path in paths {
            let file = root.join(key(path)?.as_ref());
            File::open(&file)?.sync_all()?;
            let above = file
                .ancestors()
                .skip(1)
                .take_while(|folder| *folder != root.as_path());
            folders.extend(above.map(Path::to_path_buf));
        }
        // CRASH: names are synced from the leaves up, so a folder that can be
        // found after a crash holds what was synced in it.
        for folder in folders.iter().rev() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn key(path: &str) -> Result<Key, BlobError> {
    Key::parse(path).map_err(|source| BlobError::Path {
        given: path.chars().take(80).collect(),
        source,
    })
}

fn found<T>(answer: object_store::Result<T>) -> Result<Option<T>, BlobError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
