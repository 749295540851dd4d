//! Finding the files to seal.

use crate::{
    limits::FILES_MAX,
    path::{PackagePath, PathError},
    plan::{Content, Source},
};
use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Why a folder cannot be sealed as it is.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A link could bring in what nobody looked at.
    #[error("`{0}` is a link or no plain file")]
    Kind(PathBuf),
    /// A name that the other side could not take.
    #[error("`{at}`: {source}")]
    Path {
        /// Where it lies.
        at: PathBuf,
        /// What is wrong with its name.
        source: PathError,
    },
    /// More files than a package holds.
    #[error("`{0}` holds more than {FILES_MAX} files")]
    TooMany(PathBuf),
    /// The file system said no.
    #[error("`{at}` cannot be read: {source}")]
    Io {
        /// Where.
        at: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FolderError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Kind(_) => "package.entry_kind",
            Self::Path { .. } => "package.path_unsafe",
            Self::TooMany(_) => "package.too_large",
            Self::Io { .. } => "package.unreadable",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Kind(_) => "put a copy of the file in its place, or leave it out",
            Self::Path { .. } => "rename the file",
            Self::TooMany(_) => "split the data into several packages",
            Self::Io { .. } => "look whether it is still there and may be read",
        }
    }
}

/// The files at `root`, ready to be mapped to an item: the file itself under
/// its own name, or everything below the folder, by path. Empty folders leave
/// no trace.
///
/// # Errors
///
/// [`FolderError`] at the first thing that could not go into a package.
pub fn sources(root: &Path) -> Result<Vec<Source>, FolderError> {
    let metadata = metadata(root)?;
    if !metadata.is_dir() {
        let name = root.file_name().map_or(root, Path::new);
        return Ok(vec![source(name, root, &metadata)?]);
    }
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let io_error = |source| FolderError::Io {
            at: folder.clone(),
            source,
        };
        for entry in fs::read_dir(&folder).map_err(io_error)? {
            let at = entry.map_err(io_error)?.path();
            let metadata = self::metadata(&at)?;
            let name = at.strip_prefix(root).unwrap_or(&at);
            if metadata.is_dir() {
                // Bounds the depth too, before anything below is looked at.
                package_path(name, &at)?;
                folders.push(at);
            } else {
                found.push(source(name, &at, &metadata)?);
            }
            if found.len() as u64 > FILES_MAX {
                return Err(FolderError::TooMany(root.to_owned()));
            }
        }
    }
    found.sort_by(|one, next| one.path.cmp(&next.path));
    Ok(found)
}

fn metadata(at: &Path) -> Result<Metadata, FolderError> {
    fs::symlink_metadata(at).map_err(|source| FolderError::Io {
        at: at.to_owned(),
        source,
    })
}

fn source(name: &Path, at: &Path, metadata: &Metadata) -> Result<Source, FolderError> {
    if !metadata.is_file() {
        return Err(FolderError::Kind(at.to_owned()));
    }
    Ok(Source {
        path: package_path(name, at)?,
        size_bytes: metadata.len(),
        span: None,
        content: Box::new(OnDisk(at.to_owned())),
    })
}

fn package_path(name: &Path, at: &Path) -> Result<PackagePath, FolderError> {
    name.to_str()
        .ok_or_else(|| PathError::Encoding(crate::path::shown(&name.to_string_lossy())))
        .and_then(PackagePath::parse)
        .map_err(|source| FolderError::Path {
            at: at.to_owned(),
            source,
        })
}

struct OnDisk(PathBuf);

impl Content for OnDisk {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        // What was a plain file when it was found must still be one.
        if !fs::symlink_metadata(&self.0)?.is_file() {
            return Err(io::Error::other("it is no longer a plain file"));
        }
        Ok(Box::new(File::open(&self.0)?))
    }
}
