//! Files from one folder to another, durably, each with its digest.

use crate::failure::Failure;
use portcullis_core::digest::Digest;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
};

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A file, as it was copied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Copied {
    /// Below the folder, with `/` between.
    pub(super) path: String,
    /// In bytes.
    pub(super) size: u64,
    /// SHA-256 of its bytes.
    pub(super) digest: Digest,
}

/// Adds the paths of all files below a folder, in order; none if there is no such folder.
pub(super) fn files_below(
    root: &Path,
    folder: &str,
    paths: &mut Vec<String>,
) -> Result<(), Failure> {
    let path = root.join(folder);
    let at = |error: &io::Error| Failure::file(&path, error);
    let listed = match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed.map_err(|error| at(&error))?,
    };
    let mut names = Vec::new();
    for item in listed {
        let item = item.map_err(|error| at(&error))?;
        let name = item
            .file_name()
            .into_string()
            .map_err(|_| at(&io::ErrorKind::InvalidFilename.into()))?;
        names.push((name, item.file_type().map_err(|error| at(&error))?.is_dir()));
    }
    names.sort();
    for (name, is_folder) in names {
        let path = format!("{folder}/{name}");
        if is_folder {
            files_below(root, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Copies one file, for its owner alone, and says what it was; `None` if it is gone.
pub(super) fn copy(from: &Path, to: &Path, path: &str) -> Result<Option<Copied>, Failure> {
    let (source, target) = (from.join(path), to.join(path));
    let read = |error: io::Error| Failure::file(&source, &error);
    let written = |error: io::Error| Failure::file(&target, &error);
    let mut reader = match File::open(&source) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(read)?,
    };
    if let Some(folder) = target.parent() {
        make(folder).map_err(written)?;
    }
    let mut writer = fresh(&target).map_err(written)?;
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let count = reader.read(&mut chunk).map_err(read)?;
        let bytes = chunk.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        size += bytes.len() as u64;
        writer.write_all(bytes).map_err(written)?;
    }
    writer.sync_all().map_err(written)?;
    Ok(Some(Copied {
        path: path.to_owned(),
        size,
        digest: Digest(hash.finalize().into()),
    }))
}

/// Writes a file that is not there yet, durably.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::file(path, &error);
    let mut file = fresh(path).map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        .map_err(failed)
}

/// Makes the folders that a data folder has, those too that held no file.
pub(super) fn whole(root: &Path, folders: &[&str]) -> Result<(), Failure> {
    for folder in folders {
        let path = root.join(folder);
        make(&path).map_err(|error| Failure::file(&path, &error))?;
    }
    Ok(())
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn fresh(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
