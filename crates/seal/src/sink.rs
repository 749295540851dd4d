//! Where the files of an opened package go.

use crate::path::PackagePath;
use std::io;

/// Takes the files of a package one after another, and keeps them only when told so.
///
/// The opener calls `create`, `write` as often as needed and `close` for each
/// file, the manifest first; then once `commit`, or once `abort`.
pub trait Sink {
    /// Begins a new file.
    ///
    /// # Errors
    ///
    /// When it exists already or cannot be made.
    fn create(&mut self, path: &PackagePath) -> io::Result<()>;

    /// Appends to the file that was begun last.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be kept.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Ends that file, whose size and digest are now known to be right.
    ///
    /// # Errors
    ///
    /// When its bytes did not all arrive.
    fn close(&mut self) -> io::Result<()>;

    /// Everything was verified: makes the files visible.
    ///
    /// # Errors
    ///
    /// When that cannot be done; then nothing is visible.
    fn commit(&mut self) -> io::Result<()>;

    /// Something was wrong: leaves nothing behind.
    fn abort(&mut self);
}
