//! Checking a package without a key: what a server, a courier or the other
//! officer can see of it.

use crate::{
    header::{self, HeaderError},
    lane::Hasher,
};
use portcullis_core::digest::Digest;
use std::io::{self, Read};

/// What was verified without a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checked {
    /// SHA-256 of the whole age file, as expected.
    pub ciphertext: Digest,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// Why a package fails the check.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Not an age v1 file to one X25519 key.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Other bytes than those that were signed for.
    #[error("the package has digest `{found}`, and `{expected}` was signed for")]
    Tampered {
        /// As the statement says.
        expected: Digest,
        /// As the bytes are.
        found: Digest,
    },
    /// A length that no whole age file has.
    #[error("the package is cut short: no whole age file has {0} bytes")]
    Truncated(u64),
    /// More than the reader takes in.
    #[error("the package is longer than {0} bytes")]
    TooLarge(u64),
    /// The input failed.
    #[error("the package cannot be read: {0}")]
    Io(#[source] io::Error),
}

impl CheckError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Header(HeaderError::Io(_)) | Self::Io(_) => "package.unreadable",
            Self::Header(_) => "package.not_a_package",
            Self::Tampered { .. } => "package.tampered",
            Self::Truncated(_) => "package.truncated",
            Self::TooLarge(_) => "package.too_large",
        }
    }

    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Header(HeaderError::Io(_)) | Self::Io(_) => {
                "try again, or fetch the package anew"
            }
            Self::Header(_) => "a package is what `portcullis package seal` writes, without armour",
            Self::Tampered { .. } => "fetch the package anew; if it stays so, tell the provider",
            Self::Truncated(_) => "resume the transfer",
            Self::TooLarge(_) => "ask the provider for smaller packages, or raise the limit",
        }
    }
}

/// Reads a package to its end and compares it with the digest that was signed.
///
/// `progress` is told the number of bytes read so far.
///
/// # Errors
///
/// [`CheckError`]; the header is looked at first, the digest last.
pub fn check(
    mut package: impl Read,
    expected: Digest,
    size_bytes_max: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<Checked, CheckError> {
    let header = header::read(&mut package)?;
    let mut hasher = Hasher::default();
    hasher.update(&header);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = match package.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CheckError::Io(error)),
        };
        hasher.update(buffer.get(..count).unwrap_or_default());
        if hasher.size_bytes() > size_bytes_max {
            return Err(CheckError::TooLarge(size_bytes_max));
        }
        progress(hasher.size_bytes());
    }
    let (found, size_bytes) = hasher.finish();
    if !header::is_whole_payload(size_bytes - header.len() as u64) {
        return Err(CheckError::Truncated(size_bytes));
    }
    if found != expected {
        return Err(CheckError::Tampered { expected, found });
    }
    Ok(Checked {
        ciphertext: found,
        size_bytes,
    })
}
