//! Keeping the files of an opened package.

use crate::{path::PackagePath, sink::Sink};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Writes into a folder that does not exist until everything was verified.
///
/// Files are made in a hidden folder beside it, which only its owner can
/// enter; nothing in there was there before, and no link is ever made, so no
/// path leads out. At the end that folder is renamed.
///
/// CRASH: the hidden folder stays. Opening again refuses until it is removed,
/// so that nobody mistakes it for a finished one.
pub struct FolderSink {
    folder: PathBuf,
    hidden: PathBuf,
    file: Option<File>,
    done: bool,
}

impl FolderSink {
    /// A sink that will make `folder`.
    ///
    /// # Errors
    ///
    /// When it exists already, its parent does not, or an earlier attempt was left behind.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let name = folder
            .file_name()
            .ok_or_else(|| io::Error::other("it has no name"))?;
        let mut hidden_name = std::ffi::OsString::from(".");
        hidden_name.push(name);
        hidden_name.push(".opening");
        let hidden = folder.with_file_name(hidden_name);
        refuse_existing(folder)?;
        private_folder(false).create(&hidden)?;
        Ok(Self {
            folder: folder.to_owned(),
            hidden,
            file: None,
            done: false,
        })
    }
}

impl Sink for FolderSink {
    fn create(&mut self, path: &PackagePath) -> io::Result<()> {
        let at = self.hidden.join(path.as_str());
        if let Some(parent) = at.parent() {
            private_folder(true).create(parent)?;
        }
        self.file = Some(private_file().open(at)?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("no file was begun"))?
            .write_all(bytes)
    }

    fn close(&mut self) -> io::Result<()> {
        self.file = None;
        Ok(())
    }

    fn commit(&mut self) -> io::Result<()> {
        refuse_existing(&self.folder)?;
        fs::rename(&self.hidden, &self.folder)?;
        self.done = true;
        Ok(())
    }

    fn abort(&mut self) {
        self.file = None;
        // What cannot be removed stays hidden; the next attempt will name it.
        if !std::mem::replace(&mut self.done, true) {
            drop(fs::remove_dir_all(&self.hidden));
        }
    }
}

impl Drop for FolderSink {
    fn drop(&mut self) {
        self.abort();
    }
}

fn refuse_existing(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn private_folder(with_parents: bool) -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(with_parents);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
