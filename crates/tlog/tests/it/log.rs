//! A log in memory, as files by path.

use std::collections::BTreeMap;

use portcullis_tlog::checkpoint::Checkpoint;
use portcullis_tlog::cosignature::Cosigner;
use portcullis_tlog::hash::{Hash, leaf_hash};
use portcullis_tlog::note::{NoteSigner, SignedNote};
use portcullis_tlog::tile::{
    LogFiles, TILE_WIDTH, Tile, TileBuilder, bundles_grown, encode_bundle, hashes_to_bytes,
};
use portcullis_tlog::tree::{HashReader, ReadError, TreeSize, root_of};

pub(crate) const ORIGIN: &str = "log.example/cases";

/// Entries, and the files a server would publish for them.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    builder: TileBuilder,
}

impl Log {
    /// A log of `size` entries, grown in one step.
    pub(crate) fn of(size: u64) -> Self {
        let mut log = Self::default();
        log.grow(size);
        log
    }

    /// Adds `count` entries and the files that a checkpoint then needs. Partial files that a full
    /// one takes the place of are removed.
    pub(crate) fn grow(&mut self, count: u64) {
        let old = self.size();
        let first = self.entries.len();
        for n in (old.0..).take(usize::try_from(count).unwrap()) {
            self.entries.push(format!("entry {n}").into_bytes());
        }
        for bundle in bundles_grown(old, self.size()) {
            let start = usize::try_from(bundle.index()).unwrap() * usize::from(TILE_WIDTH);
            let entries = &self.entries[start..start + usize::from(bundle.width())];
            self.write(
                bundle.path(),
                encode_bundle(entries).unwrap(),
                bundle.is_full(),
            );
        }
        let leaves = self.entries[first..].iter().map(|entry| leaf_hash(entry));
        for (tile, hashes) in self.builder.extend(leaves.collect::<Vec<_>>()) {
            self.write(tile.path(), hashes_to_bytes(&hashes), tile.is_full());
        }
    }

    fn write(&mut self, path: String, bytes: Vec<u8>, is_full: bool) {
        if is_full {
            let partial = format!("{path}.p/");
            self.files.retain(|other, _| !other.starts_with(&partial));
        }
        self.files.insert(path, bytes);
    }

    pub(crate) fn size(&self) -> TreeSize {
        TreeSize(self.entries.len() as u64)
    }

    pub(crate) fn leaves(&self) -> Vec<Hash> {
        self.entries.iter().map(|entry| leaf_hash(entry)).collect()
    }

    /// Root of the first `size` entries, from the entries themselves.
    pub(crate) fn root_at(&self, size: TreeSize) -> Hash {
        root_of(&self.leaves()[..usize::try_from(size.0).unwrap()])
    }

    pub(crate) fn root(&self) -> Hash {
        self.root_at(self.size())
    }

    /// The tiles as the log itself has them: for every older tree too, in the widest one.
    pub(crate) fn tiles(&self) -> Tiles<'_> {
        Tiles(self)
    }

    pub(crate) fn checkpoint(&self) -> SignedNote {
        let checkpoint = Checkpoint::new(ORIGIN.parse().unwrap(), self.size(), self.root());
        checkpoint.sign(&log_signer()).unwrap()
    }

    /// The checkpoint with a cosignature of each of `witnesses` at its time.
    pub(crate) fn cosigned(&self, witnesses: &[(&Cosigner, u64)]) -> SignedNote {
        witnesses
            .iter()
            .fold(self.checkpoint(), |note, (witness, time)| {
                let line = witness.cosign(note.text(), *time).unwrap();
                note.with_signature(line).unwrap()
            })
    }
}

pub(crate) struct Tiles<'l>(&'l Log);

impl HashReader for Tiles<'_> {
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, ReadError> {
        let path = tile.full().path();
        let partial = format!("{path}.p/");
        let widths = self
            .0
            .files
            .iter()
            .filter(|(other, _)| other.starts_with(&partial));
        let widest = widths
            .map(|(_, bytes)| bytes)
            .max_by_key(|bytes| bytes.len());
        let bytes = self.0.files.get(&path).or(widest);
        let bytes = bytes.ok_or_else(|| ReadError::Missing { path: path.clone() })?;
        let hashes = tile.hashes_in(bytes);
        hashes.map_err(|source| ReadError::Malformed { path, source })
    }
}

impl LogFiles for Log {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Missing {
            path: path.to_owned(),
        };
        self.files.get(path).cloned().ok_or_else(missing)
    }
}

pub(crate) fn log_signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), &[1; 32])
}

pub(crate) fn witness(number: u8) -> Cosigner {
    Cosigner::new(
        format!("witness.example/w{number}").parse().unwrap(),
        &[100 + number; 32],
    )
}
