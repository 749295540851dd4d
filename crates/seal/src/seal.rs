//! Sealing: one pass to measure, one to write.

use crate::{
    lane::{self, Hasher, LaneWriter},
    limits::MANIFEST_BYTES_MAX,
    manifest::{MANIFEST_PATH, Manifest, ManifestFile, ManifestItem, entry_path},
    plan::{Plan, Source},
    tape,
};
use portcullis_core::{digest::Digest, order::ItemNumber};
use std::io::{self, Read, Write};

/// The bytes that are read of a file at a time.
const READ_BYTES: usize = 128 << 10;

/// A plan whose files were read once, with the manifest that came of it.
pub struct Measured {
    plan: Plan,
    manifest: Manifest,
    digest: Digest,
    manifest_bytes: u64,
}

/// What the `Sealed` statement says of a package.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sealed {
    /// SHA-256 of the manifest's bytes.
    pub manifest: Digest,
    /// SHA-256 of the whole age file.
    pub ciphertext: Digest,
    /// The length of the age file in bytes.
    pub size_bytes: u64,
    /// What is inside, by item number.
    pub items: Vec<SealedItem>,
}

/// One item of a sealed package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SealedItem {
    /// Its number in the order.
    pub item: ItemNumber,
    /// How many files.
    pub files: u64,
    /// Their bytes together.
    pub size_bytes: u64,
}

/// Why a package could not be sealed. What was written until then is to be thrown away.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file is no longer what it was when it was planned or measured.
    #[error("`{path}` changed while the package was made")]
    Changed {
        /// The file, as `data/<item>/<path>`.
        path: String,
    },
    /// A file could not be read.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// The file, as `data/<item>/<path>`.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The package could not be written.
    #[error("the package cannot be written: {0}")]
    Write(#[source] io::Error),
    /// The names of so many files make a manifest that nobody would open.
    #[error("the manifest would have {0} bytes, over {MANIFEST_BYTES_MAX}")]
    Manifest(u64),
}

impl SealError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "package.changed",
            Self::Read { .. } => "package.unreadable",
            Self::Write(_) => "package.unwritable",
            Self::Manifest(_) => "package.too_large",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Changed { .. } => {
                "copy the files to a place where nothing writes to them, and seal again"
            }
            Self::Read { .. } => {
                "look whether the file is still there and may be read, and seal again"
            }
            Self::Write(_) => "look for room and permission where the package goes, and seal again",
            Self::Manifest(_) => "split the data into several packages",
        }
    }
}

impl Plan {
    /// Reads every file once and writes the manifest.
    ///
    /// `progress` is told the number of bytes read so far, of [`Plan::size_bytes`].
    ///
    /// # Errors
    ///
    /// [`SealError::Read`], [`SealError::Changed`] when a file has another
    /// length than was planned, [`SealError::Manifest`].
    pub fn measure(self, progress: &mut dyn FnMut(u64)) -> Result<Measured, SealError> {
        let mut pass = Pass {
            buffer: vec![0; READ_BYTES],
            done: 0,
            progress,
        };
        let mut items = Vec::new();
        // In step with the mapping: `plan` let only granted items through.
        let granted = self
            .mapping
            .iter()
            .filter_map(|(item, sources)| Some((item, sources, self.grant.items().get(item)?)));
        for (item, sources, granted) in granted {
            let measure = |source: &Source| {
                let digest = pass.run(*item, source, &mut io::sink())?;
                Ok(ManifestFile {
                    path: source.path.clone(),
                    size_bytes: source.size_bytes,
                    digest,
                })
            };
            items.push(ManifestItem {
                item: *item,
                target: granted.target,
                category: granted.category,
                span: granted.span,
                files: sources
                    .iter()
                    .map(measure)
                    .collect::<Result<_, SealError>>()?,
            });
        }
        let manifest = Manifest {
            case: self.grant.case(),
            package: self.package,
            order: self.grant.order(),
            grant: self.grant.kind(),
            items,
        };
        let (digest, manifest_bytes) = manifest.digest().map_err(SealError::Write)?;
        if manifest_bytes > MANIFEST_BYTES_MAX {
            return Err(SealError::Manifest(manifest_bytes));
        }
        Ok(Measured {
            plan: self,
            manifest,
            digest,
            manifest_bytes,
        })
    }
}

impl Measured {
    /// The manifest that will stand first in the package.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The plan it was made from.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Reads every file again and writes the package to `out`, which is flushed.
    ///
    /// `progress` is told the number of bytes read so far, of [`Plan::size_bytes`].
    /// The order of files, and all but age's own randomness, follows from the plan.
    ///
    /// CRASH: a package that was not finished does not decrypt to its end, and
    /// no digest of it was ever given out; throw it away and seal again.
    ///
    /// # Errors
    ///
    /// [`SealError`]; then `out` holds a part that must be thrown away.
    pub fn seal(
        &self,
        out: impl Write + Send,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Sealed, SealError> {
        let written = lane::writing(out, |lane| self.write(lane, progress));
        let (done, ciphertext, size_bytes) = written.map_err(SealError::Write)?;
        done?;
        let items = self.manifest.items.iter().map(|item| SealedItem {
            item: item.item,
            files: item.files.len() as u64,
            size_bytes: item.size_bytes(),
        });
        Ok(Sealed {
            manifest: self.digest,
            ciphertext,
            size_bytes,
            items: items.collect(),
        })
    }

    fn write(&self, lane: LaneWriter, progress: &mut dyn FnMut(u64)) -> Result<(), SealError> {
        let recipients = std::iter::once(self.plan.recipient.as_age());
        let encryptor = age::Encryptor::with_recipients(recipients)
            .map_err(|error| SealError::Write(io::Error::other(error.to_string())))?;
        let mut out = encryptor.wrap_output(lane).map_err(SealError::Write)?;
        tape::head(&mut out, MANIFEST_PATH, self.manifest_bytes).map_err(SealError::Write)?;
        self.manifest.write(&mut out).map_err(SealError::Write)?;
        tape::padding(&mut out, self.manifest_bytes).map_err(SealError::Write)?;
        self.write_files(&mut out, progress)?;
        tape::end(&mut out).map_err(SealError::Write)?;
        out.finish()
            .and_then(|mut lane| lane.flush())
            .map_err(SealError::Write)
    }

    fn write_files(
        &self,
        out: &mut impl Write,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), SealError> {
        let mut pass = Pass {
            buffer: vec![0; READ_BYTES],
            done: 0,
            progress,
        };
        // In step: the manifest was made from this very mapping.
        let sources = self
            .plan
            .mapping
            .iter()
            .flat_map(|(item, sources)| sources.iter().map(move |source| (*item, source)));
        for ((item, source), (_, file)) in sources.zip(self.manifest.entries()) {
            tape::head(out, &entry_path(item, &source.path), file.size_bytes)
                .map_err(SealError::Write)?;
            if pass.run(item, source, out)? != file.digest {
                return Err(SealError::Changed {
                    path: entry_path(item, &source.path),
                });
            }
            tape::padding(out, file.size_bytes).map_err(SealError::Write)?;
        }
        Ok(())
    }
}

/// One pass over all files.
struct Pass<'a> {
    buffer: Vec<u8>,
    done: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl Pass<'_> {
    /// Copies exactly the planned length of a file to `out` and gives its digest.
    fn run(
        &mut self,
        item: ItemNumber,
        source: &Source,
        out: &mut impl Write,
    ) -> Result<Digest, SealError> {
        let path = || entry_path(item, &source.path);
        let read_error = |error| SealError::Read {
            path: path(),
            source: error,
        };
        let mut input = source.content.open().map_err(read_error)?;
        let mut hasher = Hasher::default();
        loop {
            let count = match input.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(read_error(error)),
            };
            let bytes = self.buffer.get(..count).unwrap_or_default();
            hasher.update(bytes);
            // Before it is written: the tar's head has promised a length.
            if hasher.size_bytes() > source.size_bytes {
                return Err(SealError::Changed { path: path() });
            }
            out.write_all(bytes).map_err(SealError::Write)?;
            self.done += count as u64;
            (self.progress)(self.done);
        }
        let (digest, size_bytes) = hasher.finish();
        if size_bytes != source.size_bytes {
            return Err(SealError::Changed { path: path() });
        }
        Ok(digest)
    }
}
