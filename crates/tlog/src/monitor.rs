//! Checks a whole log, or what it grew by: every entry, every hash tile, the root.
//!
//! What tlog-tiles leaves to auditors: that the entries are those the tree commits to, and that
//! each hash tile says the same as the entries. Memory is one bundle and the right edge of the
//! tree, whatever its size.

use crate::hash::{Hash, leaf_hash};
use crate::tile::{EntryTile, FileTiles, LogFiles, TILE_WIDTH, Tile, TileBuilder, bundle_file};
use crate::tree::{HashReader as _, LeafIndex, ReadError, TreeSize};

/// A check under way: one bundle has been read.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'e> {
    /// Index of the first of `entries`.
    pub first: LeafIndex,
    /// The new entries of this bundle. Until the whole check succeeds they are the server's word.
    pub entries: &'e [&'e [u8]],
    /// Size of the tree being checked.
    pub size: TreeSize,
}

/// Why a log is not what its checkpoint says.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The tree is smaller than one that was checked before.
    #[error("the log shrank from {seen} to {claimed} entries")]
    Shrunk {
        /// Size of the tree checked before.
        seen: TreeSize,
        /// Size of the tree to check.
        claimed: TreeSize,
    },
    /// A file could not be had.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry is not the one that was there before.
    #[error("entry {0} was changed")]
    EntryChanged(LeafIndex),
    /// A hash tile does not follow from the entries.
    #[error("`{0}` does not follow from the entries")]
    FalseTile(Tile),
    /// The root does not follow from the entries.
    #[error("the root at size {size} is {found}")]
    WrongRoot {
        /// Size of the tree to check.
        size: TreeSize,
        /// The root over the entries.
        found: Hash,
    },
}

/// Follows a log: knows the right edge of the tree it checked last.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    edge: TileBuilder,
}

/// Checks the log of `size` entries with `root` from its first entry on. `progress` is called
/// once a bundle.
///
/// # Errors
///
/// [`MonitorError`], for the first thing that is wrong.
pub fn verify_tree(
    files: &(impl LogFiles + ?Sized),
    size: TreeSize,
    root: &Hash,
    progress: impl FnMut(Progress<'_>),
) -> Result<(), MonitorError> {
    Monitor::new().advance(files, size, root, progress)
}

impl Monitor {
    /// A monitor that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A monitor that checked the tree with this right edge before.
    pub fn resume(edge: TileBuilder) -> Self {
        Self { edge }
    }

    /// The right edge of the tree checked last.
    pub fn edge(&self) -> &TileBuilder {
        &self.edge
    }

    /// Checks what the log grew by, up to `size` entries with `root`, and remembers it if all is
    /// well. `progress` is called once a bundle.
    ///
    /// # Errors
    ///
    /// [`MonitorError`], for the first thing that is wrong; the monitor is then where it was.
    pub fn advance(
        &mut self,
        files: &(impl LogFiles + ?Sized),
        size: TreeSize,
        root: &Hash,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<(), MonitorError> {
        let seen = self.edge.size();
        if size < seen {
            return Err(MonitorError::Shrunk {
                seen,
                claimed: size,
            });
        }
        let mut edge = self.edge.clone();
        while edge.size() < size {
            let first = LeafIndex(edge.size().0);
            let index = first.0 / u64::from(TILE_WIDTH);
            let Some(bundle) = EntryTile::in_tree(index, size) else {
                break;
            };
            let (path, bytes) = bundle_file(files, bundle)?;
            let entries = bundle.entries_in(&bytes);
            let entries = entries.map_err(|source| ReadError::Malformed { path, source })?;
            let entries = check_known(&edge, &entries)?;
            progress(Progress {
                first,
                entries,
                size,
            });
            append(&mut edge, entries, files)?;
        }
        for (tile, row) in edge.partials() {
            check_tile(files, tile, row)?;
        }
        let found = edge.root();
        if found == *root {
            self.edge = edge;
            Ok(())
        } else {
            Err(MonitorError::WrongRoot { size, found })
        }
    }
}

/// The entries after those that the edge has already; these are the same as before.
fn check_known<'e, 'b>(
    edge: &TileBuilder,
    entries: &'e [&'b [u8]],
) -> Result<&'e [&'b [u8]], MonitorError> {
    let known = edge.leaves();
    let before = edge.size().0.saturating_sub(known.len() as u64);
    for ((at, leaf), entry) in (before..).zip(known).zip(entries) {
        if leaf_hash(entry) != *leaf {
            return Err(MonitorError::EntryChanged(LeafIndex(at)));
        }
    }
    Ok(entries.get(known.len()..).unwrap_or_default())
}

fn append(
    edge: &mut TileBuilder,
    entries: &[&[u8]],
    files: &(impl LogFiles + ?Sized),
) -> Result<(), MonitorError> {
    let mut filled = Vec::new();
    for entry in entries {
        edge.append(leaf_hash(entry), |tile, row| filled.push((tile, row)));
    }
    for (tile, row) in filled {
        check_tile(files, tile, &row)?;
    }
    Ok(())
}

fn check_tile(
    files: &(impl LogFiles + ?Sized),
    tile: Tile,
    row: &[Hash],
) -> Result<(), MonitorError> {
    let found = FileTiles(files).tile(tile)?;
    if found == row {
        Ok(())
    } else {
        Err(MonitorError::FalseTile(tile))
    }
}
