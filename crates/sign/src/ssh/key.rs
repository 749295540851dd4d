//! SSH public keys: Ed25519 and ECDSA P-256, plain or of a hardware key.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::wire::{Reader, WireError, put_string};
use crate::{Ed25519Key, PUBLIC_KEY_TEXT_BYTES_MAX, PublicKeyError, p256::Point};

/// The most bytes that the application of a hardware key can have.
pub const APPLICATION_BYTES_MAX: usize = 255;

/// What a hardware key's application begins with.
///
/// A relying party of WebAuthn never does, so no assertion of a passkey can
/// be passed off as a signature of a hardware key: both sign a digest of this
/// name, flags, a counter and another digest.
const APPLICATION_PREFIX: &str = "ssh:";

const CURVE: &[u8] = b"nistp256";

/// An SSH public key. Its text form is `<type> <blob in standard base64>`,
/// as in a `.pub` file but without the comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SshKey {
    pub(super) point: SshPoint,
    /// Present exactly for hardware keys.
    pub(super) application: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SshPoint {
    Ed25519(Ed25519Key),
    EcdsaP256(Point),
}

impl SshKey {
    /// Reads the line of a `.pub` file, dropping its comment and line end.
    ///
    /// # Errors
    ///
    /// What [`PublicKey::from_str`](crate::PublicKey) says of an SSH key.
    pub fn from_openssh(line: &str) -> Result<Self, PublicKeyError> {
        if line.len() > PUBLIC_KEY_TEXT_BYTES_MAX {
            return Err(PublicKeyError::TooLong);
        }
        let mut parts = line.split_ascii_whitespace();
        match (parts.next(), parts.next()) {
            (Some(kind), Some(blob)) => parse_text(kind, blob),
            _ => Err(PublicKeyError::Form),
        }
    }

    /// Reads a key blob (RFC 4253 §6.6, RFC 8709 §4, RFC 5656 §3.1,
    /// `PROTOCOL.u2f`), with nothing after it.
    ///
    /// # Errors
    ///
    /// The [`PublicKeyError`] of the first thing that is wrong.
    pub fn from_blob(blob: &[u8]) -> Result<Self, PublicKeyError> {
        let mut reader = Reader::new(blob);
        let kind = reader.string()?;
        let point = match kind {
            b"ssh-ed25519" | b"sk-ssh-ed25519@openssh.com" => {
                let bytes = reader.string()?.try_into();
                SshPoint::Ed25519(Ed25519Key::from_bytes(
                    bytes.map_err(|_| PublicKeyError::Point)?,
                )?)
            }
            b"ecdsa-sha2-nistp256" | b"sk-ecdsa-sha2-nistp256@openssh.com" => {
                if reader.string()? != CURVE {
                    return Err(PublicKeyError::Form);
                }
                SshPoint::EcdsaP256(Point::from_bytes(reader.string()?)?)
            }
            _ => return Err(PublicKeyError::SshType),
        };
        let application = if kind.starts_with(b"sk-") {
            Some(parse_application(reader.string()?)?)
        } else {
            None
        };
        reader.end()?;
        Ok(Self { point, application })
    }

    /// The key blob that [`from_blob`](Self::from_blob) reads.
    pub fn to_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, self.kind().as_bytes());
        match &self.point {
            SshPoint::Ed25519(key) => put_string(&mut blob, &key.to_bytes()),
            SshPoint::EcdsaP256(point) => {
                put_string(&mut blob, CURVE);
                put_string(&mut blob, point.as_bytes());
            }
        }
        if let Some(application) = &self.application {
            put_string(&mut blob, application.as_bytes());
        }
        blob
    }

    /// Whether signatures come from a hardware key, and so need a touch.
    pub fn is_hardware(&self) -> bool {
        self.application.is_some()
    }

    /// The key's type, which is also the type of its signatures.
    pub(super) fn kind(&self) -> &'static str {
        match (&self.point, self.is_hardware()) {
            (SshPoint::Ed25519(_), false) => "ssh-ed25519",
            (SshPoint::Ed25519(_), true) => "sk-ssh-ed25519@openssh.com",
            (SshPoint::EcdsaP256(_), false) => "ecdsa-sha2-nistp256",
            (SshPoint::EcdsaP256(_), true) => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }
}

impl From<WireError> for PublicKeyError {
    fn from(_: WireError) -> Self {
        Self::Form
    }
}

impl fmt::Display for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), STANDARD.encode(self.to_blob()))
    }
}

impl FromStr for SshKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        let (kind, blob) = text.split_once(' ').ok_or(PublicKeyError::Form)?;
        parse_text(kind, blob)
    }
}

fn parse_text(kind: &str, blob: &str) -> Result<SshKey, PublicKeyError> {
    let blob = STANDARD.decode(blob).map_err(|_| PublicKeyError::Form)?;
    let key = SshKey::from_blob(&blob)?;
    if key.kind() == kind {
        Ok(key)
    } else {
        Err(PublicKeyError::Form)
    }
}

fn parse_application(bytes: &[u8]) -> Result<String, PublicKeyError> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with(APPLICATION_PREFIX) && text.len() <= APPLICATION_BYTES_MAX => {
            Ok(text.to_owned())
        }
        _ => Err(PublicKeyError::SshApplication),
    }
}
