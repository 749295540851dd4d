//! One signature of an envelope, and why it can be refused.

use crate::{KeyId, PublicKey, pae};

/// The most bytes that one signature can have. The largest is a WebAuthn
/// assertion: its authenticator data and its client data in base64url.
pub const SIGNATURE_BYTES_MAX: usize = 8 * 1024;

/// A signature as it stands in an envelope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// The key that claims to have made it. A name to look it up by, no proof.
    pub key_id: KeyId,
    /// The signature's bytes: 64 bytes for Ed25519, an SSHSIG blob without
    /// armour, or the JSON of a WebAuthn assertion.
    pub sig: Vec<u8>,
}

/// Why a signature is not the key's over this statement.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// No signature in the envelope names the key.
    #[error("the envelope has no signature by this key")]
    NoSuchSigner,
    /// The bytes are not a signature of the key's kind.
    #[error("the signature is malformed: {0}")]
    Malformed(&'static str),
    /// The arithmetic says no.
    #[error("the signature does not verify")]
    BadSignature,
    /// The SSHSIG was made by another key than the one in the register.
    #[error("the signature was made by another key than the register's")]
    WrongKeyInSignature,
    /// The SSHSIG was made for something else than Portcullis.
    #[error("the signature is not in the namespace `portcullis/v1`")]
    WrongNamespace,
    /// The client data are not those of an assertion.
    #[error("the client data are not of the type `webauthn.get`")]
    WrongType,
    /// The assertion was made over another statement.
    #[error("the assertion's challenge is not this statement's")]
    WrongChallenge,
    /// The assertion was made on another site than the one in the register.
    #[error("the assertion was made on another origin than the register's")]
    WrongOrigin,
    /// The assertion was made inside a page of another site.
    #[error("the assertion was made inside a page of another origin")]
    CrossOrigin,
    /// The assertion was made for another relying party.
    #[error("the assertion was made for another relying party than the register's")]
    WrongRpId,
    /// Nobody touched the authenticator or the hardware key.
    #[error("the signature was made without the user present")]
    UserNotPresent,
    /// The authenticator did not check who touched it.
    #[error("the signature was made without verifying the user")]
    UserNotVerified,
}

/// Verifies that `sig` is `key`'s signature over `payload` under `payload_type`.
///
/// # Errors
///
/// The [`SignatureError`] of the first check that failed; never
/// [`NoSuchSigner`](SignatureError::NoSuchSigner). For Ed25519 only
/// `Malformed` and `BadSignature` are possible, for SSH those,
/// `WrongKeyInSignature`, `WrongNamespace` and `UserNotPresent`.
pub fn verify(
    key: &PublicKey,
    payload_type: &str,
    payload: &[u8],
    sig: &[u8],
) -> Result<(), SignatureError> {
    if sig.len() > SIGNATURE_BYTES_MAX {
        return Err(SignatureError::Malformed("it is too long"));
    }
    let message = pae(payload_type, payload);
    match key {
        PublicKey::Ed25519(key) => key.verify(&message, sig),
        PublicKey::Ssh(key) => crate::ssh::verify(key, &message, sig),
        PublicKey::WebAuthnEs256(key) => crate::webauthn::verify(key, &message, sig),
    }
}
