//! Public keys as the register writes them, and their names.
//!
//! A key has exactly one text form; its [`KeyId`] is the digest of that text.

mod id;

use std::{fmt, str::FromStr};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256};

pub use self::id::{KeyId, KeyIdError};
use crate::{Ed25519Key, SshKey, WebAuthnKey};

/// The most bytes that a key's text form can have. The longest is a WebAuthn
/// key with a domain name of 253 bytes in its relying party and its origin.
pub const PUBLIC_KEY_TEXT_BYTES_MAX: usize = 1024;

const ED25519_LABEL: &str = "ed25519";
const SSH_LABEL: &str = "ssh";
const WEBAUTHN_ES256_LABEL: &str = "webauthn-es256";

/// A public key, with all that a verifier must know to check its signatures.
///
/// Its text form is canonical, and one of
///
/// ```text
/// ed25519:<32 bytes, standard base64>
/// ssh:<type> <key blob, standard base64>
/// webauthn-es256:<65-byte point, base64url without padding>:<rp id>:<origin>
/// ```
#[derive(Clone, Eq, PartialEq)]
pub enum PublicKey {
    /// Signs the pre-authentication encoding itself.
    Ed25519(Ed25519Key),
    /// Signs by `ssh-keygen -Y sign -n portcullis/v1`.
    Ssh(SshKey),
    /// Signs by a passkey in a browser, on one origin.
    WebAuthnEs256(WebAuthnKey),
}

impl PublicKey {
    /// The key's name: SHA-256 of its text form.
    pub fn id(&self) -> KeyId {
        KeyId::from_bytes(Sha256::digest(self.to_string()).into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519(key) => {
                write!(f, "{ED25519_LABEL}:{}", STANDARD.encode(key.to_bytes()))
            }
            Self::Ssh(key) => write!(f, "{SSH_LABEL}:{key}"),
            Self::WebAuthnEs256(key) => write!(
                f,
                "{WEBAUTHN_ES256_LABEL}:{}:{}:{}",
                URL_SAFE_NO_PAD.encode(key.point()),
                key.rp_id(),
                key.origin()
            ),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text or bytes are no public key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublicKeyError {
    /// The text is longer than any key's.
    #[error("longer than {PUBLIC_KEY_TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The text begins with no kind of key that is known.
    #[error("not a kind of key: it must begin with `ed25519:`, `ssh:` or `webauthn-es256:`")]
    Kind,
    /// A part is missing, or is not in the encoding it should have.
    #[error("not in the canonical form of its kind of key")]
    Form,
    /// The bytes are no valid point of the curve, or one that must not be used.
    #[error("not a valid point of its curve")]
    Point,
    /// The SSH key is of a type that is not taken.
    #[error("an SSH key must be Ed25519 or ECDSA P-256, plain or of a hardware key")]
    SshType,
    /// The application of an SSH hardware key must begin with `ssh:`.
    #[error("the application of an SSH hardware key must begin with `ssh:`")]
    SshApplication,
    /// The relying party is no lower-case domain name.
    #[error("the relying party must be a lower-case domain name")]
    RpId,
    /// The origin is not `https`, not in its short form, or not of the relying party.
    #[error(
        "the origin must be `https`, without path or default port, within the relying party's domain"
    )]
    Origin,
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        if text.len() > PUBLIC_KEY_TEXT_BYTES_MAX {
            return Err(PublicKeyError::TooLong);
        }
        let (label, rest) = text.split_once(':').ok_or(PublicKeyError::Kind)?;
        match label {
            ED25519_LABEL => parse_ed25519(rest).map(Self::Ed25519),
            SSH_LABEL => rest.parse().map(Self::Ssh),
            WEBAUTHN_ES256_LABEL => parse_webauthn(rest).map(Self::WebAuthnEs256),
            _ => Err(PublicKeyError::Kind),
        }
    }
}

fn parse_ed25519(text: &str) -> Result<Ed25519Key, PublicKeyError> {
    let bytes = STANDARD.decode(text).map_err(|_| PublicKeyError::Form)?;
    let bytes = bytes.try_into().map_err(|_| PublicKeyError::Form)?;
    Ed25519Key::from_bytes(&bytes)
}

fn parse_webauthn(text: &str) -> Result<WebAuthnKey, PublicKeyError> {
    let mut parts = text.splitn(3, ':');
    let (Some(point), Some(rp_id), Some(origin)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(PublicKeyError::Form);
    };
    let point = URL_SAFE_NO_PAD
        .decode(point)
        .map_err(|_| PublicKeyError::Form)?;
    WebAuthnKey::new(&point, rp_id, origin)
}
