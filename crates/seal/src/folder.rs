//! Files and folders on disk, at either end of a package.
//!
//! The one module of this room that touches a file system: [`sources`] finds
//! the files to seal, [`FolderSink`] takes the files of an opened package.

mod sink;
mod source;

pub use sink::FolderSink;
pub use source::{FolderError, sources};
