//! Signature lines: `— <name> base64(key id ‖ signature)`.

use std::fmt;

use crate::note::{KeyId, KeyName, VerifierKey};
use crate::text::{parse_base64, to_base64};

/// One signature of a note, by the key it claims to be of; not verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureLine {
    // INVARIANT: `signature` is not empty.
    name: KeyName,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// A line is no signature line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LineError {
    /// Not an em dash, a space, a name, a space, base64 and a newline.
    #[error("expected `— <name> <base64>` and a newline")]
    Shape,
    /// The name is no key name.
    #[error("the key name is malformed")]
    Name,
    /// Not base64 of a four-byte key id and a signature.
    #[error("the signature is malformed")]
    Signature,
}

impl SignatureLine {
    /// A line from its parts; `None` when the signature is empty.
    pub fn new(name: KeyName, key_id: KeyId, signature: Vec<u8>) -> Option<Self> {
        (!signature.is_empty()).then_some(Self {
            name,
            key_id,
            signature,
        })
    }

    /// The line of `key`; `signature` is not empty.
    pub(super) fn by(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self {
            name: key.name().clone(),
            key_id: key.id(),
            signature,
        }
    }

    /// Parses one line with its newline.
    ///
    /// # Errors
    ///
    /// [`LineError`], every variant.
    pub fn parse(line: &str) -> Result<Self, LineError> {
        let rest = line
            .strip_prefix("— ")
            .and_then(|rest| rest.strip_suffix('\n'));
        let (name, base64) = rest
            .and_then(|rest| rest.split_once(' '))
            .ok_or(LineError::Shape)?;
        let name = name.parse().map_err(|_| LineError::Name)?;
        let bytes = parse_base64(base64).ok_or(LineError::Signature)?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or(LineError::Signature)?;
        let line = Self::new(name, KeyId(*key_id), signature.to_vec());
        line.ok_or(LineError::Signature)
    }

    /// Name of the key.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Id of the key.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The bytes after the key id: 64 for a note signature, 72 for an Ed25519 cosignature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The line with its newline.
    pub fn to_text(&self) -> String {
        let bytes = [&self.key_id.0[..], &self.signature].concat();
        format!("— {} {}\n", self.name, to_base64(bytes))
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}
