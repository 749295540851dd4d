//! Statements as DSSE envelopes, and their three kinds of signature.
//!
//! A statement is a payload — JSON text that this crate never looks into — in
//! an [`Envelope`], signed over its [pre-authentication encoding](pae). Three
//! kinds of key can sign it:
//!
//! | [`PublicKey`] | who holds it | what a signature is |
//! |---|---|---|
//! | `Ed25519` | a node, a file | 64 bytes over the encoding |
//! | `Ssh` | a person, a file or a hardware key | an SSHSIG in namespace `portcullis/v1` over the encoding |
//! | `WebAuthnEs256` | a person, a passkey in a browser | an assertion whose challenge is the encoding's SHA-256 |
//!
//! The algorithm comes from the key that the caller hands in, never from the
//! message; a key that a message brings along proves nothing. Which key may
//! sign which statement, and when, is not known here. Everything is
//! arithmetic over bytes: no clock, no file, no network, and the only
//! randomness is a generator that the caller hands in.
//!
//! # Example
//!
//! ```
//! use portcullis_sign::{Envelope, SecretKey, SignatureError};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! const KIND: &str = "application/vnd.portcullis.order.approved+json";
//! let payload = br#"{"kind":"approved","case":"case_01"}"#;
//!
//! // A judge's key, here from a fixed seed; `SecretKey::generate` draws one.
//! let judge = SecretKey::from_seed([7; 32]);
//! let envelope = Envelope::seal(KIND, payload, vec![judge.sign(KIND, payload)])?;
//!
//! // The bytes travel, are hashed, logged and kept exactly as they are.
//! let received = Envelope::parse(envelope.as_bytes())?;
//! assert_eq!(received.digest(), envelope.digest());
//!
//! // The register says which key the judge has.
//! received.verify_by(&judge.public())?;
//!
//! let stranger = SecretKey::from_seed([8; 32]).public();
//! assert_eq!(received.verify_by(&stranger), Err(SignatureError::NoSuchSigner));
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod ed25519;
mod envelope;
mod json;
mod key;
mod p256;
mod pae;
mod signature;
pub mod ssh;
pub mod webauthn;

pub use ed25519::{Ed25519Key, SecretKey, SecretKeyError};
pub use envelope::{
    ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, PAYLOAD_TYPE_BYTES_MAX, SIGNATURES_MAX,
};
pub use json::JsonError;
pub use key::{KeyId, KeyIdError, PUBLIC_KEY_TEXT_BYTES_MAX, PublicKey, PublicKeyError};
pub use pae::pae;
pub use signature::{SIGNATURE_BYTES_MAX, Signature, SignatureError, verify};
pub use ssh::SshKey;
pub use webauthn::WebAuthnKey;
