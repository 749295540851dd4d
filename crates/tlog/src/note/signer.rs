//! The secret half of a key that signs notes.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

use crate::note::{KeyKind, KeyName, NoteError, SignatureLine, VerifierKey, check_text};

/// Signs notes as `name` with type 01, Ed25519. Its memory is cleared when it is dropped, and it
/// prints as its public half only.
pub struct NoteSigner(Secret);

/// A secret key bound to its public half: kept apart so that a key for notes cannot cosign, nor a
/// cosigner's key sign notes.
pub(crate) struct Secret {
    key: SigningKey,
    public: VerifierKey,
}

impl NoteSigner {
    /// The signer `name` with the key of `seed`, 32 bytes of RFC 8032.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Self {
        Self(Secret::new(name, KeyKind::Note, seed))
    }

    /// The public half, type 01.
    pub fn vkey(&self) -> VerifierKey {
        self.0.public().clone()
    }

    /// Signs the text of a note.
    ///
    /// # Errors
    ///
    /// [`NoteError::ControlCharacter`] and [`NoteError::TextWithoutNewline`].
    pub fn sign(&self, text: &str) -> Result<SignatureLine, NoteError> {
        check_text(text)?;
        Ok(self.0.line(self.0.sign(text.as_bytes()).to_vec()))
    }
}

impl Secret {
    pub(crate) fn new(name: KeyName, kind: KeyKind, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = VerifierKey::of(name, kind, key.verifying_key());
        Self { key, public }
    }

    pub(crate) fn public(&self) -> &VerifierKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The line that carries `signature` under this key's name and id.
    pub(crate) fn line(&self, signature: Vec<u8>) -> SignatureLine {
        SignatureLine::by(&self.public, signature)
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.0.public())
    }
}
