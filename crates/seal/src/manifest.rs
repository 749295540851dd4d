//! The manifest: what a package says of itself, first in the tar.
//!
//! One line of JSON whose bytes follow from its content: no spaces, keys in
//! the order below, items by number, files by path. Reading accepts only the
//! bytes that writing gives back, so a manifest has one digest.

mod wire;

use crate::{limits::Limits, path::PackagePath};
use portcullis_core::{
    category::Category,
    digest::Digest,
    grant::GrantKind,
    id::{CaseId, PackageId},
    order::{ItemNumber, Span, TargetNumber},
};
use std::io::{self, Read, Write};

/// The name of the manifest inside the tar.
pub const MANIFEST_PATH: &str = "manifest.json";
/// The format this crate writes and reads.
pub const VERSION: u32 = 1;

/// What a package says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// The case it belongs to.
    pub case: CaseId,
    /// Which package it is.
    pub package: PackageId,
    /// SHA-256 of the order's exact bytes.
    pub order: Digest,
    /// On what the right to seal it rested.
    pub grant: GrantKind,
    /// What is inside, by item number, at least one, each with at least one file.
    pub items: Vec<ManifestItem>,
}

/// One item of the order, and the files that answer it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestItem {
    /// Its number in the order.
    pub item: ItemNumber,
    /// About which target.
    pub target: TargetNumber,
    /// Which kind of data.
    pub category: Category,
    /// From when to when, as granted.
    pub span: Span,
    /// Its files, by path.
    pub files: Vec<ManifestFile>,
}

/// One file, at `data/<item>/<path>` in the tar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestFile {
    /// Where it lies below its item's folder.
    pub path: PackagePath,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Why bytes are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not the JSON that a manifest is: unknown, missing or repeated keys included.
    #[error("the manifest does not parse: {0}")]
    Json(#[source] serde_json::Error),
    /// Readable, but not the bytes that its content is written as.
    #[error("the manifest is not in its canonical form")]
    NotCanonical,
    /// A version that this program does not know.
    #[error("the manifest has version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// Items or files out of order, repeated, or none.
    #[error(
        "the manifest's items and files are not in strictly ascending order, or an item is empty"
    )]
    Order,
    /// Two files that some system takes for one.
    #[error("the path `{0}` clashes with another in its item")]
    Clash(PackagePath),
    /// Totals that are not the sum of the files.
    #[error("the manifest's totals are not the sums of its files")]
    Totals,
    /// More than the opener takes in.
    #[error("the manifest goes over a limit: {0}")]
    TooLarge(&'static str),
}

impl Manifest {
    /// The number of files.
    pub fn files(&self) -> u64 {
        self.items.iter().map(|item| item.files.len() as u64).sum()
    }

    /// The bytes of all files together.
    pub fn size_bytes(&self) -> u64 {
        self.items
            .iter()
            .map(ManifestItem::size_bytes)
            .fold(0, u64::saturating_add)
    }

    /// Writes the manifest's bytes.
    ///
    /// # Errors
    ///
    /// What `out` answers.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        wire::write(self, out)
    }

    /// SHA-256 of the manifest's bytes, and how many they are.
    ///
    /// # Errors
    ///
    /// None that can happen: hashing does not fail.
    pub fn digest(&self) -> io::Result<(Digest, u64)> {
        let mut hash = crate::lane::Hasher::default();
        self.write(&mut hash)?;
        Ok(hash.finish())
    }

    /// Reads a manifest to the end of `input`, and gives its digest.
    ///
    /// # Errors
    ///
    /// [`ManifestError`]; [`ManifestError::Json`] holds a fault of `input` too.
    pub fn read(input: impl Read, limits: &Limits) -> Result<(Self, Digest), ManifestError> {
        let mut input = crate::lane::Hashing::new(input);
        let manifest = wire::read(&mut input).map_err(|error| match error {
            wire::ReadError::Json(error) => ManifestError::Json(error),
            wire::ReadError::Version(version) => ManifestError::Version(version),
            wire::ReadError::Totals => ManifestError::Totals,
        })?;
        let (digest, _) = input.finish();
        manifest.examine(limits)?;
        // Writing cannot fail here, and a difference is what we look for anyway.
        let written = manifest
            .digest()
            .map_err(|_| ManifestError::NotCanonical)?
            .0;
        if written != digest {
            return Err(ManifestError::NotCanonical);
        }
        Ok((manifest, digest))
    }

    /// Every file with its item's number, in the order of the tar.
    pub fn entries(&self) -> impl Iterator<Item = (ItemNumber, &ManifestFile)> {
        self.items
            .iter()
            .flat_map(|item| item.files.iter().map(|file| (item.item, file)))
    }

    fn examine(&self, limits: &Limits) -> Result<(), ManifestError> {
        let ascending = self.items.is_sorted_by(|one, next| one.item < next.item);
        if self.items.is_empty() || !ascending {
            return Err(ManifestError::Order);
        }
        if self.files() > limits.files {
            return Err(ManifestError::TooLarge("files"));
        }
        for item in &self.items {
            if item.files.is_empty() || !item.files.is_sorted_by(|one, next| one.path < next.path) {
                return Err(ManifestError::Order);
            }
            if item
                .files
                .iter()
                .any(|file| file.size_bytes > limits.file_bytes)
            {
                return Err(ManifestError::TooLarge("bytes of one file"));
            }
            if let Some(path) = crate::path::clash(item.files.iter().map(|file| &file.path)) {
                return Err(ManifestError::Clash(path.clone()));
            }
        }
        if self.size_bytes() > limits.total_bytes {
            return Err(ManifestError::TooLarge("bytes of all files"));
        }
        Ok(())
    }
}

impl ManifestItem {
    /// The bytes of its files together.
    pub fn size_bytes(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.size_bytes)
            .fold(0, u64::saturating_add)
    }
}

/// Where a file lies in the tar: `data/<item>/<path>`.
pub fn entry_path(item: ItemNumber, path: &PackagePath) -> String {
    format!("data/{item}/{path}")
}
