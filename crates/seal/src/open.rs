//! Opening: decrypt, compare with what was signed, and let out only that.

use crate::{
    header::{self, HeaderError},
    key::Identity,
    lane::{self, Hasher, LaneReader},
    limits::Limits,
    manifest::{MANIFEST_PATH, Manifest, ManifestError, ManifestFile, entry_path},
    path::{PackagePath, PathError},
    sink::Sink,
    tape::{Kind, Tape, TapeError},
};
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
};
use std::io::{self, Read};

/// The bytes that are read of a file at a time: age's chunk.
const READ_BYTES: usize = 64 << 10;

/// What the `Sealed` statement says, and the case it belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Expected {
    /// SHA-256 of the whole age file.
    pub ciphertext: Digest,
    /// SHA-256 of the manifest's bytes.
    pub manifest: Digest,
    /// SHA-256 of the order's exact bytes.
    pub order: Digest,
    /// The case.
    pub case: CaseId,
    /// The package.
    pub package: PackageId,
}

/// What was verified: everything [`Expected`], and every file of the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// What was expected, and is so.
    pub verified: Expected,
    /// The manifest, each of whose files has arrived with its length and digest.
    pub manifest: Manifest,
}

/// Why a package was not opened. The sink was told to leave nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not the bytes that were signed for, whatever else is wrong with them.
    #[error("the package has digest `{found}`, and `{expected}` was signed for")]
    Tampered {
        /// As the statement says.
        expected: Digest,
        /// As the bytes are.
        found: Digest,
    },
    /// Not an age v1 file to one X25519 key.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Sealed to somebody else.
    #[error("the package is not sealed to this key")]
    WrongKey,
    /// Signed for as it is, but it does not decrypt to its end.
    #[error("the package does not decrypt: {0}")]
    Damaged(#[source] io::Error),
    /// Not a tar, or one with what a package never has.
    #[error("the tar inside has {0}")]
    Malformed(&'static str),
    /// The manifest is not first.
    #[error("the first file inside is `{0}`, not the manifest")]
    NoManifest(PackagePath),
    /// The manifest is no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A good package, but another one.
    #[error("the package is another one: its {0} is not the one that was signed for")]
    Other(&'static str),
    /// A path that tries to get out, or to pass for another.
    #[error(transparent)]
    Path(#[from] PathError),
    /// An entry that is no file.
    #[error("`{path}` is {kind}; a package holds plain files")]
    Kind {
        /// The entry.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// An entry that the manifest does not list here.
    #[error("`{0}` is not what the manifest lists next")]
    Unexpected(PackagePath),
    /// A file of the manifest that is not there.
    #[error("`{0}` is in the manifest and not in the package")]
    Missing(String),
    /// A file that has not the length or the digest that the manifest says.
    #[error("`{0}` is not the file that the manifest describes")]
    Differs(String),
    /// More than the opener takes in.
    #[error("the package goes over a limit: {0}")]
    TooLarge(&'static str),
    /// The input failed.
    #[error("the package cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The files could not be kept.
    #[error("`{path}` cannot be written: {source}")]
    Sink {
        /// Which file, or where all of them were to go.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl OpenError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tampered { .. } => "package.tampered",
            Self::Header(HeaderError::Io(_)) | Self::Damaged(_) => "package.damaged",
            Self::Header(_) => "package.not_a_package",
            Self::WrongKey => "package.wrong_key",
            Self::Malformed(_) => "package.malformed",
            Self::NoManifest(_) | Self::Manifest(_) => "package.manifest",
            Self::Other(_) => "package.other",
            Self::Path(_) => "package.path_unsafe",
            Self::Kind { .. } => "package.entry_kind",
            Self::Unexpected(_) => "package.unexpected_entry",
            Self::Missing(_) => "package.missing_file",
            Self::Differs(_) => "package.file_differs",
            Self::TooLarge(_) => "package.too_large",
            Self::Read(_) => "package.unreadable",
            Self::Sink { .. } => "package.unwritable",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Tampered { .. } => "fetch the package anew; if it stays so, tell the provider",
            Self::WrongKey => "use the key that the order named as its delivery key",
            Self::Other(_) => "look which case and package this one was sealed for",
            Self::TooLarge(_) => {
                "raise the limit if you expect so much, or ask for smaller packages"
            }
            Self::Read(_) => "try again, or fetch the package anew",
            Self::Sink { .. } => {
                "look for room and permission, and choose a folder that does not exist yet"
            }
            Self::Header(_)
            | Self::Damaged(_)
            | Self::Malformed(_)
            | Self::NoManifest(_)
            | Self::Manifest(_)
            | Self::Path(_)
            | Self::Kind { .. }
            | Self::Unexpected(_)
            | Self::Missing(_)
            | Self::Differs(_) => {
                "the provider signed for it as it is: keep it as evidence and ask for another"
            }
        }
    }
}

/// Opens a package into `sink`.
///
/// Nothing becomes visible before the last byte was read and everything
/// agreed. On a failure the rest of the input is read all the same, so that
/// [`OpenError::Tampered`] can be told from a package that was bad from the start.
///
/// `progress` is told the number of bytes of files written so far.
///
/// # Errors
///
/// [`OpenError`]: first what stops the input itself, then a digest of the
/// ciphertext that is not the one signed for, then whatever came up on the way.
pub fn open(
    package: impl Read + Send,
    identity: &Identity,
    expected: &Expected,
    sink: &mut dyn Sink,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<Opened, OpenError> {
    let opened = lane::reading(package, limits.ciphertext_bytes(), |lane| {
        extract(lane, identity, expected, sink, limits, progress)
    })
    .map_err(OpenError::Read)
    .and_then(|(done, drained)| match done {
        _ if drained.too_long => Err(OpenError::TooLarge("bytes of the package")),
        // A full disk says nothing about the package.
        Err(error @ OpenError::Sink { .. }) => Err(error),
        _ if drained.digest != expected.ciphertext => Err(OpenError::Tampered {
            expected: expected.ciphertext,
            found: drained.digest,
        }),
        done => done,
    })
    .and_then(|manifest| {
        sink.commit().map_err(|source| OpenError::Sink {
            path: ".".into(),
            source,
        })?;
        Ok(Opened {
            verified: *expected,
            manifest,
        })
    });
    if opened.is_err() {
        sink.abort();
    }
    opened
}

fn extract(
    mut lane: LaneReader,
    identity: &Identity,
    expected: &Expected,
    sink: &mut dyn Sink,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<Manifest, OpenError> {
    let header = header::read(&mut lane)?;
    let decryptor =
        age::Decryptor::new(io::Cursor::new(header).chain(lane)).map_err(decrypt_error)?;
    let plain = decryptor
        .decrypt(std::iter::once(identity.as_age()))
        .map_err(decrypt_error)?;
    let mut tape = Tape::new(plain);
    let manifest = read_manifest(&mut tape, expected, limits)?;
    keep_manifest(&manifest, sink)?;
    let mut files = Files {
        sink,
        progress,
        buffer: vec![0; READ_BYTES],
        done: 0,
    };
    let mut listed = manifest
        .entries()
        .map(|(item, file)| (entry_path(item, &file.path), file));
    let mut next = listed.next();
    while let Some(head) = tape.next().map_err(tape_error)? {
        let Some((path, file)) = next.as_ref() else {
            return Err(OpenError::Unexpected(head.path));
        };
        match head.kind {
            Kind::Folder if lies_in(path, head.path.as_str()) => continue,
            Kind::File if path == head.path.as_str() => {}
            Kind::Folder | Kind::File => return Err(OpenError::Unexpected(head.path)),
        }
        if head.size_bytes != file.size_bytes {
            return Err(OpenError::Differs(path.clone()));
        }
        files.take(&mut tape, &head.path, file)?;
        next = listed.next();
    }
    next.map_or(Ok(()), |(path, _)| Err(OpenError::Missing(path)))?;
    drop(listed);
    Ok(manifest)
}

fn read_manifest(
    tape: &mut Tape<impl Read>,
    expected: &Expected,
    limits: &Limits,
) -> Result<Manifest, OpenError> {
    let head = tape
        .next()
        .map_err(tape_error)?
        .ok_or(OpenError::Missing(MANIFEST_PATH.into()))?;
    if head.path.as_str() != MANIFEST_PATH || head.kind != Kind::File {
        return Err(OpenError::NoManifest(head.path));
    }
    if head.size_bytes > limits.manifest_bytes {
        return Err(OpenError::TooLarge("bytes of the manifest"));
    }
    let (manifest, digest) = Manifest::read(tape, limits).map_err(manifest_error)?;
    for (what, same) in [
        ("case", manifest.case == expected.case),
        ("package", manifest.package == expected.package),
        ("order", manifest.order == expected.order),
        ("manifest", digest == expected.manifest),
    ] {
        if !same {
            return Err(OpenError::Other(what));
        }
    }
    Ok(manifest)
}

fn keep_manifest(manifest: &Manifest, sink: &mut dyn Sink) -> Result<(), OpenError> {
    let path = PackagePath::parse(MANIFEST_PATH)?;
    let kept = sink
        .create(&path)
        .and_then(|()| manifest.write(ToSink(sink)))
        .and_then(|()| sink.close());
    kept.map_err(|source| OpenError::Sink {
        path: MANIFEST_PATH.into(),
        source,
    })
}

/// Whether the file at `path` lies somewhere below `folder`.
fn lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

struct Files<'a> {
    sink: &'a mut dyn Sink,
    progress: &'a mut dyn FnMut(u64),
    buffer: Vec<u8>,
    done: u64,
}

impl Files<'_> {
    /// Moves the data of the tape's current entry to the sink.
    fn take(
        &mut self,
        tape: &mut impl Read,
        path: &PackagePath,
        file: &ManifestFile,
    ) -> Result<(), OpenError> {
        let sink_error = |source| OpenError::Sink {
            path: path.to_string(),
            source,
        };
        self.sink.create(path).map_err(sink_error)?;
        let mut hasher = Hasher::default();
        loop {
            let count = match tape.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(OpenError::Damaged(error)),
            };
            let bytes = self.buffer.get(..count).unwrap_or_default();
            hasher.update(bytes);
            self.sink.write(bytes).map_err(sink_error)?;
            self.done += count as u64;
            (self.progress)(self.done);
        }
        if hasher.finish() != (file.digest, file.size_bytes) {
            return Err(OpenError::Differs(path.to_string()));
        }
        self.sink.close().map_err(sink_error)
    }
}

struct ToSink<'a>(&'a mut dyn Sink);

impl io::Write for ToSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn decrypt_error(error: age::DecryptError) -> OpenError {
    match error {
        age::DecryptError::NoMatchingKeys => OpenError::WrongKey,
        age::DecryptError::Io(error) => OpenError::Damaged(error),
        other => OpenError::Damaged(io::Error::other(other.to_string())),
    }
}

fn tape_error(error: TapeError) -> OpenError {
    match error {
        TapeError::Io(error) => OpenError::Damaged(error),
        TapeError::Path(error) => OpenError::Path(error),
        TapeError::Kind { path, kind } => OpenError::Kind { path, kind },
        TapeError::Malformed(what) => OpenError::Malformed(what),
    }
}

fn manifest_error(error: ManifestError) -> OpenError {
    match error {
        ManifestError::Json(error) if error.is_io() => OpenError::Damaged(error.into()),
        ManifestError::TooLarge(what) => OpenError::TooLarge(what),
        other => OpenError::Manifest(other),
    }
}
