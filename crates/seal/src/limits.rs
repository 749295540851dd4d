//! Bounds on what comes from outside.

/// The largest manifest, in bytes: [`FILES_MAX`] files with paths of a hundred bytes fit.
pub const MANIFEST_BYTES_MAX: u64 = 256 << 20;
/// The most files in one package: a mailbox of a lifetime, one file a message.
pub const FILES_MAX: u64 = 1_000_000;
/// The largest single file, in bytes: a disk image.
pub const FILE_BYTES_MAX: u64 = 4 << 40;
/// The most bytes of all files together.
pub const TOTAL_BYTES_MAX: u64 = 16 << 40;

/// What an opener is willing to take in. The default is the format's own ceiling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Files.
    pub files: u64,
    /// Bytes of any one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest_bytes: MANIFEST_BYTES_MAX,
            files: FILES_MAX,
            file_bytes: FILE_BYTES_MAX,
            total_bytes: TOTAL_BYTES_MAX,
        }
    }
}

impl Limits {
    /// The longest age file that can hold a package within these limits, in bytes.
    ///
    /// Four blocks a file (head, long name, padding) and one byte in a thousand
    /// for age's tags are more than either format needs.
    pub const fn ciphertext_bytes(&self) -> u64 {
        let tar = self
            .total_bytes
            .saturating_add(self.manifest_bytes)
            .saturating_add(self.files.saturating_mul(8 * 512))
            .saturating_add(4 << 20);
        tar.saturating_add(tar / 1000)
    }
}
