//! The static files of a log, by path: what an auditor or a client reads.

use crate::hash::Hash;
use crate::tile::{EntryTile, Tile};
use crate::tree::{HashReader, ReadError};

/// Where the files of a log are read from: a folder, a server.
///
/// The reader bounds what it reads: a hash tile has at most
/// [`HASH_TILE_BYTES_MAX`](crate::tile::HASH_TILE_BYTES_MAX), a bundle at most
/// [`BUNDLE_BYTES_MAX`](crate::tile::BUNDLE_BYTES_MAX).
pub trait LogFiles {
    /// The bytes at `path` below the log's prefix.
    ///
    /// # Errors
    ///
    /// [`ReadError::Missing`] when there is no such file, [`ReadError::Failed`] when that is
    /// unknown.
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError>;
}

impl<F: LogFiles + ?Sized> LogFiles for &F {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        (**self).file(path)
    }
}

/// Reads hash tiles from files, a full one where the partial one is gone.
#[derive(Clone, Copy, Debug)]
pub struct FileTiles<F>(pub F);

impl<F: LogFiles> HashReader for FileTiles<F> {
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError> {
        let (path, bytes) = file_of(&self.0, tile.path(), tile.full().path())?;
        tile.hashes_in(&bytes)
            .map_err(|source| ReadError::Malformed { path, source })
    }
}

/// The file of a bundle and its path, the full one where the partial one is gone. Its entries are
/// read with [`EntryTile::entries_in`].
///
/// # Errors
///
/// [`ReadError`] when neither file can be had.
pub fn bundle_file(
    files: &(impl LogFiles + ?Sized),
    bundle: EntryTile,
) -> Result<(String, Vec<u8>), ReadError> {
    file_of(files, bundle.path(), bundle.full().path())
}

fn file_of(
    files: &(impl LogFiles + ?Sized),
    path: String,
    full: String,
) -> Result<(String, Vec<u8>), ReadError> {
    match files.file(&path) {
        Ok(bytes) => Ok((path, bytes)),
        Err(ReadError::Missing { .. }) if full != path => {
            files.file(&full).map(|bytes| (full, bytes))
        }
        Err(error) => Err(error),
    }
}
