//! Hashes of the Merkle tree: SHA-256 with a prefix byte that tells leaf from node.
//!
//! Follows RFC 6962 §2.1 and RFC 9162 §2.1.1.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::text::{parse_base64, to_base64};

/// Length of a [`struct@Hash`] in bytes.
pub const HASH_BYTES: usize = 32;

/// Root of the tree without leaves: SHA-256 of the empty string (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// 32 bytes of SHA-256: a leaf, a node or a root. In text, standard base64 with padding.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

/// Hash of a log entry: SHA-256(0x00 ‖ entry), RFC 6962 §2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut sha = Sha256::new_with_prefix([0x00]);
    sha.update(entry);
    Hash(sha.finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut sha = Sha256::new_with_prefix([0x01]);
    sha.update(left.0);
    sha.update(right.0);
    Hash(sha.finalize().into())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The text is not 32 bytes of padded standard base64.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a hash is 32 bytes in standard base64")]
pub struct HashTextError;

impl FromStr for Hash {
    type Err = HashTextError;

    fn from_str(text: &str) -> Result<Self, HashTextError> {
        let bytes = parse_base64(text).ok_or(HashTextError)?;
        bytes.try_into().map(Hash).map_err(|_| HashTextError)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT.0, <[u8; 32]>::from(Sha256::digest(b"")));
    }

    #[test]
    fn a_leaf_and_a_node_of_the_same_bytes_differ() {
        let half = leaf_hash(b"half");
        let entry = [half.0, half.0].concat();
        assert_ne!(leaf_hash(&entry), node_hash(&half, &half));
    }

    #[test]
    fn a_hash_reads_back_and_has_one_spelling() {
        let hash = leaf_hash(b"");
        assert_eq!(
            hash.to_string(),
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
        );
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for wrong in [
            "",
            "AAAA",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=",
        ] {
            assert_eq!(wrong.parse::<Hash>(), Err(HashTextError), "{wrong:?}");
        }
    }
}
