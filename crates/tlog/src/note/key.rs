//! Verifier keys: `<name>+<key id>+<base64 of type and public key>`.
//!
//! C2SP signed-note, "Verifier keys" and "Signature types".

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::text::{parse_base64, to_base64};

/// Longest key name in bytes, the same as the longest origin of a checkpoint.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Name of a key: not empty, without Unicode spaces, control characters or `+`, at most 255 bytes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyName(String);

/// First four bytes of SHA-256(name ‖ newline ‖ type ‖ public key). In text, eight lower-case
/// hexadecimal digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(pub [u8; 4]);

/// What a key signs.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyKind {
    /// Type 01: Ed25519 over the text of a note.
    Note,
    /// Type 04: Ed25519 over the text of a checkpoint and a time.
    Cosignature,
}

/// A public key with its name and kind. In text, a vkey; what parses prints the same.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct VerifierKey {
    // INVARIANT: `id` is computed from the other three.
    name: KeyName,
    kind: KeyKind,
    public: VerifyingKey,
    id: KeyId,
}

/// The text is no verifier key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not `<name>+<eight hexadecimal digits>+<base64>`.
    #[error("expected `<name>+<key id>+<base64>`")]
    Shape,
    /// The name is empty, too long, or holds a space, a control character or `+`.
    #[error("the key name is malformed")]
    Name,
    /// The key id is not the one of this name and public key.
    #[error("the key id does not belong to this name and key")]
    Id,
    /// A type of signature that is not supported.
    #[error("keys of type {0:02x} are not supported")]
    Kind(u8),
    /// Not a public key of Ed25519, or one of small order.
    #[error("the public key is malformed or weak")]
    PublicKey,
}

impl KeyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyKind {
    /// The type byte of C2SP signed-note, "Signature types".
    pub fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

impl VerifierKey {
    /// The key `public`, 32 bytes of RFC 8032, under `name`.
    ///
    /// # Errors
    ///
    /// [`KeyError::PublicKey`] when the bytes are no point of the curve, or one of small order.
    pub fn new(name: KeyName, kind: KeyKind, public: &[u8; 32]) -> Result<Self, KeyError> {
        let public = VerifyingKey::from_bytes(public).map_err(|_| KeyError::PublicKey)?;
        if public.is_weak() {
            return Err(KeyError::PublicKey);
        }
        Ok(Self::of(name, kind, public))
    }

    pub(super) fn of(name: KeyName, kind: KeyKind, public: VerifyingKey) -> Self {
        let mut sha = Sha256::new_with_prefix(name.as_str());
        sha.update([b'\n', kind.byte()]);
        sha.update(public.as_bytes());
        let [a, b, c, d, ..] = <[u8; 32]>::from(sha.finalize());
        Self {
            name,
            kind,
            public,
            id: KeyId([a, b, c, d]),
        }
    }

    /// The same public key under another name, as for a log that opens a new origin below its
    /// old one.
    #[must_use]
    pub fn named(&self, name: KeyName) -> Self {
        Self::of(name, self.kind, self.public)
    }

    /// Name of the key; for a log, its origin.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The id that its signature lines carry.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The public key, 32 bytes of RFC 8032.
    pub fn public_key(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Whether `signature` is 64 bytes of Ed25519 by this key over `message`.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.public.verify_strict(message, &signature).is_ok())
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        let valid = (1..=KEY_NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(allowed);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Name)
        }
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, rest) = text.split_once('+').ok_or(KeyError::Shape)?;
        let (id, base64) = rest.split_once('+').ok_or(KeyError::Shape)?;
        let bytes = parse_base64(base64).ok_or(KeyError::Shape)?;
        let (kind, public) = bytes.split_first().ok_or(KeyError::Shape)?;
        let kind = match kind {
            0x01 => KeyKind::Note,
            0x04 => KeyKind::Cosignature,
            &other => return Err(KeyError::Kind(other)),
        };
        let public = public.try_into().map_err(|_| KeyError::PublicKey)?;
        let key = Self::new(name.parse()?, kind, public)?;
        if key.id.to_string() == id {
            Ok(key)
        } else {
            Err(KeyError::Id)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()], &self.public.as_bytes()[..]].concat();
        write!(f, "{}+{}+{}", self.name, self.id, to_base64(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosignature::Cosigner;
    use crate::note::NoteSigner;
    use proptest::prelude::*;

    fn name(text: &str) -> KeyName {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_reads_back() {
        let key = NoteSigner::new(name("example.com/log"), &[7; 32]).vkey();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let cosigner = Cosigner::new(name("example.com/log"), &[7; 32]).vkey();
        assert_eq!(cosigner.to_string().parse(), Ok(cosigner.clone()));
        assert_eq!(key.public_key(), cosigner.public_key());
        assert_ne!(key.id(), cosigner.id());
    }

    #[test]
    fn the_same_key_under_another_name_is_another_key() {
        let first = NoteSigner::new(name("example.com/log/1"), &[7; 32]).vkey();
        let second = NoteSigner::new(name("example.com/log/2"), &[7; 32]).vkey();
        assert_eq!(first.named(name("example.com/log/2")), second);
        assert_ne!(first.id(), second.id());
    }

    #[test]
    fn a_malformed_key_is_refused() {
        let check =
            |text: &str, expected| assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
        let good = NoteSigner::new(name("a"), &[7; 32]).vkey().to_string();
        let id = &good[2..10];
        check("", KeyError::Shape);
        check("a", KeyError::Shape);
        check("a+00000000", KeyError::Shape);
        check("a+00000000+", KeyError::Shape);
        check("a+00000000+A", KeyError::Shape);
        check("a+00000000+AQ==", KeyError::PublicKey);
        check("a+00000000+Ag==", KeyError::Kind(2));
        check(&good.replace(id, "00000000"), KeyError::Id);
        check(&good.replace(id, &id.to_uppercase()), KeyError::Id);
        check(&good.replacen('a', "b", 1), KeyError::Id);
        check(&good.replacen('a', "", 1), KeyError::Name);
        check(&good.replacen('a', "a b", 1), KeyError::Name);
        check(&format!("{good}\n"), KeyError::Shape);
        let neutral = [vec![1, 1], vec![0; 31]].concat();
        check(
            &format!("a+00000000+{}", to_base64(neutral)),
            KeyError::PublicKey,
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String) {
            let _ = text.parse::<VerifierKey>();
        }
    }
}
