//! One `serve` a data folder: a lock that the system takes back when the process ends, however.

use crate::failure::Failure;
use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

/// The file that is locked. It is in no backup, and means nothing when nobody holds its lock.
const FILE: &str = "serve.lock";
/// The most bytes of it that are read: a process's number.
const BYTES_MAX: u64 = 32;

/// Locks the folder for this process's life; whoever holds the answer holds the lock.
///
/// # Errors
///
/// `serve.running` if another process serves from this folder.
pub(super) fn alone(dir: &Path) -> Result<File, Failure> {
    let path = dir.join(FILE);
    let at = |error: std::io::Error| Failure::file(&path, &error);
    // It is never taken away: two processes could then lock two files of one name.
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(at)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(at)?;
            writeln!(file, "{}", std::process::id()).map_err(at)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(Failure::refused(
            "serve.running",
            format!(
                "`portcullis serve`{} runs on `{}` already",
                process(&mut file),
                dir.display()
            ),
        )
        .hint("all other commands work beside it; stop it first to start another")),
        Err(TryLockError::Error(error)) => Err(at(error)),
    }
}

/// Which process holds it, for people; the lock is what counts.
fn process(file: &mut File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(BYTES_MAX).read_to_string(&mut text));
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(number)) => format!(" (process {number})"),
        _ => String::new(),
    }
}
