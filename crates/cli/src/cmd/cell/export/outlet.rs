//! Where an export goes: standard output, or a file that is there when all of it is.

use crate::failure::{Failure, USAGE};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Where an export goes.
#[derive(Debug)]
pub(in crate::cmd::cell) enum Outlet {
    Stdout,
    /// What is no regular file: a pipe, a terminal.
    Device(File, PathBuf),
    /// A file beside the one that it becomes, of which nothing stays if it is not finished.
    File {
        beside: BufWriter<NamedTempFile>,
        to: PathBuf,
        force: bool,
    },
}

impl Outlet {
    /// Opens it; `-` is standard output. A file that is there stays unless `force` says otherwise.
    pub(in crate::cmd::cell) fn open(to: &Path, force: bool) -> Result<Self, Failure> {
        let failed = |error| Failure::file(to, &error);
        if to.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        match std::fs::metadata(to) {
            Ok(there) if there.is_dir() => {
                let what = format!("`{}` is a folder", to.display());
                return Err(Failure::usage(what).hint("name a file in it"));
            }
            Ok(there) if !there.is_file() => {
                let device = OpenOptions::new().write(true).open(to).map_err(failed)?;
                return Ok(Self::Device(device, to.to_path_buf()));
            }
            Ok(_) if !force => return Err(exists(to)),
            _ => {}
        }
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Only whoever exports reads it: what leaves here is not for everybody on this machine.
        let beside = NamedTempFile::with_prefix_in(".export-", folder).map_err(failed)?;
        Ok(Self::File {
            beside: BufWriter::with_capacity(1 << 16, beside),
            to: to.to_path_buf(),
            force,
        })
    }

    /// Writes on. Whoever stops reading standard output has read enough.
    pub(in crate::cmd::cell) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (done, to) = match self {
            Self::Stdout => match io::stdout().write_all(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
                done => (done, Path::new("-")),
            },
            Self::Device(device, to) => (device.write_all(bytes), &**to),
            Self::File { beside, to, .. } => (beside.write_all(bytes), &**to),
        };
        done.map_err(|error| Failure::file(to, &error))
    }

    /// All of it is written: the file gets its name.
    pub(in crate::cmd::cell) fn finish(self) -> Result<(), Failure> {
        let (beside, to, force) = match self {
            Self::Stdout => {
                let done = io::stdout().flush();
                return done.map_err(|error| Failure::file(Path::new("-"), &error));
            }
            Self::Device(mut device, to) => {
                return device.flush().map_err(|error| Failure::file(&to, &error));
            }
            Self::File { beside, to, force } => (beside, to, force),
        };
        let failed = |error: &io::Error| Failure::file(&to, error);
        let beside = beside.into_inner().map_err(|error| failed(error.error()))?;
        beside
            .as_file()
            .sync_all()
            .map_err(|error| failed(&error))?;
        // CRASH: before this there is a file `.export-…`, and none of the name.
        let named = if force {
            beside.persist(&to)
        } else {
            beside.persist_noclobber(&to)
        };
        match named {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&to)),
            Err(error) => Err(failed(&error.error)),
        }
    }
}

fn exists(to: &Path) -> Failure {
    let what = format!("`{}` exists already", to.display());
    Failure::new(USAGE, "file.exists", what)
        .hint("name another file, or replace this one with `--force`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_all_of_it_is_and_stays_unless_told() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("a.json");
        let mut outlet = Outlet::open(&to, false).unwrap();
        let late = Outlet::open(&to, false).unwrap();
        outlet.write(b"first").unwrap();
        assert!(!to.exists());
        outlet.finish().unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"first");
        assert_eq!(Outlet::open(&to, false).unwrap_err().code, "file.exists");
        assert_eq!(late.finish().unwrap_err().code, "file.exists");
        let mut outlet = Outlet::open(&to, true).unwrap();
        outlet.write(b"second, and it fails in the middle").unwrap();
        drop(outlet);
        assert_eq!(std::fs::read(&to).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut outlet = Outlet::open(&to, true).unwrap();
        outlet.write(b"third").unwrap();
        outlet.finish().unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"third");
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Outlet::open(folder.path(), true).unwrap_err();
        assert_eq!((refused.exit, refused.code.as_str()), (USAGE, "usage"));
    }
}
