//! A report with its signatures: a DSSE envelope whose key ids are the vkeys of logs.
//!
//! Not [`portcullis_sign::Envelope`], whose key ids are those of the register's keys: a log's key
//! is known by its vkey wherever logs are spoken of. A log's key signs notes and reports; a note's
//! text never begins with `DSSEv1 `, as no origin holds a space, so neither passes for the other.

use super::{PARTICIPANTS_MAX, PAYLOAD_BYTES_MAX, Report, ReportError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_core::digest::Digest;
use portcullis_sign::{Ed25519Key, PublicKey, SecretKey, verify};
use portcullis_tlog::note::{KeyKind, VerifierKey};
use serde::{Deserialize, Serialize};

/// The payload type of a report.
pub const PAYLOAD_TYPE: &str = "application/vnd.portcullis.report.v1+json";
/// The most bytes of an envelope: a payload in base64, and its signatures.
pub const SIGNED_BYTES_MAX: usize = PAYLOAD_BYTES_MAX / 3 * 4 + 64 * 1024;

/// A report as it is published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// INVARIANT: `report` is what `payload` parses to.
    payload: Vec<u8>,
    report: Report,
    signatures: Vec<Signature>,
}

/// One signature: 64 bytes of Ed25519 over the pre-authentication encoding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Who claims to have made it. A name to look it up by, no proof.
    pub key: VerifierKey,
    /// The signature's bytes.
    pub sig: Vec<u8>,
}

/// Why bytes are no signed report.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignedError {
    /// Longer than any report.
    #[error("{0} bytes; a report's file has at most {SIGNED_BYTES_MAX}")]
    TooLong(usize),
    /// Not the JSON of an envelope.
    #[error("not a report's file: {0}")]
    Malformed(String),
    /// The payload is of another kind.
    #[error("the payload is `{0}`, no report")]
    PayloadType(String),
    /// Nobody signed, or more than may, or one twice.
    #[error("a report carries 1 to {PARTICIPANTS_MAX} signatures, by different keys")]
    Signatures,
    /// The payload is no report.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl SignedError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "report.too_long",
            Self::Malformed(_) => "report.malformed",
            Self::PayloadType(_) => "report.version",
            Self::Signatures => "report.signatures",
            Self::Report(error) => error.code(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureWire>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureWire {
    keyid: String,
    sig: String,
}

impl Signed {
    /// Reads a report's file. No signature is verified here.
    ///
    /// # Errors
    ///
    /// [`SignedError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedError> {
        let (payload, signatures) = open(PAYLOAD_TYPE, bytes)?;
        let report = Report::parse(&payload)?;
        Self::of(payload, report, signatures)
    }

    /// A report with its signatures, as [`sign`] makes them.
    ///
    /// # Errors
    ///
    /// [`SignedError::Signatures`], and [`SignedError::Report`] for a report out of its bounds.
    pub fn new(report: &Report, signatures: Vec<Signature>) -> Result<Self, SignedError> {
        let payload = report.to_bytes();
        let report = Report::parse(&payload)?;
        Self::of(payload, report, signatures)
    }

    fn of(
        payload: Vec<u8>,
        report: Report,
        signatures: Vec<Signature>,
    ) -> Result<Self, SignedError> {
        check(&signatures)?;
        Ok(Self {
            payload,
            report,
            signatures,
        })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        close(PAYLOAD_TYPE, &self.payload, &self.signatures)
    }

    /// The report.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The signed bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// SHA-256 of the signed bytes: what the next report of the series names.
    pub fn digest(&self) -> Digest {
        crate::text::sha256(&self.payload)
    }

    /// The signatures, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Whether `key` signed this report.
    pub fn signed_by(&self, key: &VerifierKey) -> bool {
        let one = self.signatures.iter().find(|one| one.key == *key);
        one.is_some_and(|one| verified(key, PAYLOAD_TYPE, &self.payload, &one.sig))
    }
}

/// Signs a report's payload with the Ed25519 seed of a log, 32 bytes of RFC 8032, whose vkey is
/// `key`.
pub fn sign(key: VerifierKey, seed: [u8; 32], payload: &[u8]) -> Signature {
    sign_as(PAYLOAD_TYPE, key, seed, payload)
}

/// Signs a payload of any type.
pub(super) fn sign_as(
    payload_type: &str,
    key: VerifierKey,
    seed: [u8; 32],
    payload: &[u8],
) -> Signature {
    let sig = SecretKey::from_seed(seed).sign(payload_type, payload).sig;
    Signature { key, sig }
}

/// Whether `sig` is `key`'s over this payload.
pub(super) fn verified(key: &VerifierKey, payload_type: &str, payload: &[u8], sig: &[u8]) -> bool {
    Ed25519Key::from_bytes(key.public_key())
        .is_ok_and(|public| verify(&PublicKey::Ed25519(public), payload_type, payload, sig).is_ok())
}

/// Reads an envelope: its payload, and its signatures.
pub(super) fn open(
    payload_type: &str,
    bytes: &[u8],
) -> Result<(Vec<u8>, Vec<Signature>), SignedError> {
    if bytes.len() > SIGNED_BYTES_MAX {
        return Err(SignedError::TooLong(bytes.len()));
    }
    let malformed = |why: String| SignedError::Malformed(why.chars().take(160).collect());
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    if wire.payload_type != payload_type {
        let found = wire.payload_type.chars().take(80).collect();
        return Err(SignedError::PayloadType(found));
    }
    let base64 = |text: &str| {
        let bytes = STANDARD.decode(text);
        bytes.map_err(|error| malformed(error.to_string()))
    };
    let payload = base64(&wire.payload)?;
    if wire.signatures.len() > PARTICIPANTS_MAX {
        return Err(SignedError::Signatures);
    }
    let mut signatures = Vec::new();
    for one in &wire.signatures {
        let key = one.keyid.parse();
        let key = key.map_err(|error| malformed(format!("a `keyid`: {error}")))?;
        let sig = base64(&one.sig)?;
        signatures.push(Signature { key, sig });
    }
    check(&signatures)?;
    Ok((payload, signatures))
}

/// Writes an envelope.
pub(super) fn close(payload_type: &str, payload: &[u8], signatures: &[Signature]) -> Vec<u8> {
    let signatures = signatures.iter().map(|one| SignatureWire {
        keyid: one.key.to_string(),
        sig: STANDARD.encode(&one.sig),
    });
    let wire = Wire {
        payload_type: payload_type.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: signatures.collect(),
    };
    // Plain structs with string keys: writing them to memory cannot fail.
    serde_json::to_vec(&wire).unwrap_or_default()
}

fn check(signatures: &[Signature]) -> Result<(), SignedError> {
    let mut names = signatures
        .iter()
        .map(|one| one.key.name())
        .collect::<Vec<_>>();
    names.sort_unstable();
    names.dedup();
    let fits = (1..=PARTICIPANTS_MAX).contains(&signatures.len());
    let kinds = signatures.iter().all(|one| one.key.kind() == KeyKind::Note);
    if fits && kinds && names.len() == signatures.len() {
        Ok(())
    } else {
        Err(SignedError::Signatures)
    }
}
