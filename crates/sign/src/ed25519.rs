//! Ed25519 keys, public and secret.
//!
//! RFC 8032 §5.1, `PureEdDSA`. SPEC: verification is the strict kind — the
//! point must be canonical and not of small order, the commitment not of
//! small order, the scalar reduced — so that every implementation that is
//! strict in the same way gives the same answer.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{PublicKey, PublicKeyError, Signature, SignatureError, pae};

const SECRET_KEY_LABEL: &str = "portcullis-secret-key-ed25519:";

/// Base64 of 32 bytes, padding included.
const SEED_TEXT_BYTES: usize = 44;

/// The public half of an Ed25519 key: a canonical point that is not of small
/// order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    /// Reads the 32 bytes of RFC 8032 §5.1.2.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Point`] for bytes that are no point, are not the only
    /// way to write it, or are a point of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Point)?;
        let canonical = key.to_edwards().compress().to_bytes();
        if key.is_weak() || canonical != *bytes {
            return Err(PublicKeyError::Point);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies a 64-byte signature over `message`.
    pub(crate) fn verify(&self, message: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        let sig = ed25519_dalek::Signature::from_slice(sig)
            .map_err(|_| SignatureError::Malformed("an Ed25519 signature has 64 bytes"))?;
        self.0
            .verify_strict(message, &sig)
            .map_err(|_| SignatureError::BadSignature)
    }
}

/// The secret half of an Ed25519 key. Prints nothing; clears itself.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Draws a new key from `generator`.
    pub fn generate(generator: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        generator.fill_bytes(seed.as_mut_slice());
        Self(SigningKey::from_bytes(&seed))
    }

    /// The key of a 32-byte seed (RFC 8032 §5.1.5, "private key").
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public half, as the register holds it.
    pub fn public(&self) -> PublicKey {
        PublicKey::Ed25519(Ed25519Key(self.0.verifying_key()))
    }

    /// Signs `payload` under `payload_type`.
    pub fn sign(&self, payload_type: &str, payload: &[u8]) -> Signature {
        Signature {
            key_id: self.public().id(),
            sig: self.sign_bytes(&pae(payload_type, payload)).to_vec(),
        }
    }

    /// The line that a key file holds, without a line end:
    /// `portcullis-secret-key-ed25519:` and the seed in standard base64.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(
            SECRET_KEY_LABEL.len() + SEED_TEXT_BYTES,
        ));
        text.push_str(SECRET_KEY_LABEL);
        STANDARD.encode_string(self.0.as_bytes(), &mut text);
        text
    }

    fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Why a text is no secret key. It never says what the text was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretKeyError {
    /// The text does not begin with the label of a secret key.
    #[error("not a secret key: it does not begin with `portcullis-secret-key-ed25519:`")]
    Label,
    /// What follows the label is not 32 bytes in canonical base64.
    #[error(
        "a damaged secret key: 44 characters of base64 must follow the label, and nothing else"
    )]
    Seed,
}

impl FromStr for SecretKey {
    type Err = SecretKeyError;

    /// Reads the line of a key file. One line end is let pass, as editors add it.
    fn from_str(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let seed_text = text
            .strip_prefix(SECRET_KEY_LABEL)
            .ok_or(SecretKeyError::Label)?;
        if seed_text.len() != SEED_TEXT_BYTES {
            return Err(SecretKeyError::Seed);
        }
        // One byte more than a seed: what the decoder asks of its buffer.
        let mut buffer = Zeroizing::new([0; 33]);
        let length = STANDARD
            .decode_slice(seed_text, buffer.as_mut_slice())
            .map_err(|_| SecretKeyError::Seed)?;
        match buffer.first_chunk::<32>() {
            Some(seed) if length == 32 => Ok(Self(SigningKey::from_bytes(seed))),
            _ => Err(SecretKeyError::Seed),
        }
    }
}
