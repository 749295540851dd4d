//! A statement on its way: payload, its type, and who signed it.
//!
//! DSSE v1.0, envelope.md, "JSON Format". SPEC: of the two alphabets that
//! DSSE permits we take standard base64, canonical; unknown fields, which DSSE
//! lets be ignored, are refused, because what nobody reads can still be
//! hashed, logged and argued about.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    JsonError, KeyId, PublicKey, SIGNATURE_BYTES_MAX, Signature, SignatureError,
    json::{self, Object},
    verify,
};

/// The most bytes that an envelope can have, signatures included: an order
/// with hundreds of items is a tenth of it.
pub const ENVELOPE_BYTES_MAX: usize = 1024 * 1024;

/// The most signatures that an envelope can carry: thresholds of the register
/// stay below it, and a stranger cannot make a verifier search.
pub const SIGNATURES_MAX: usize = 16;

/// The most bytes that a payload type can have.
pub const PAYLOAD_TYPE_BYTES_MAX: usize = 255;

/// A DSSE envelope, together with the exact bytes it is written in.
///
/// Two envelopes are equal when their bytes are. The signatures cover payload
/// and type, not these bytes: whoever passes an envelope on could space it
/// otherwise or drop a signature, and its [`digest`](Self::digest) would
/// change with it, while [`payload_digest`](Self::payload_digest) would not.
#[derive(Clone, Debug, Eq)]
pub struct Envelope {
    /// INVARIANT: parsing these gives the other three fields.
    bytes: Vec<u8>,
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

/// Why bytes are no envelope, or why parts make none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than [`ENVELOPE_BYTES_MAX`].
    #[error("longer than {ENVELOPE_BYTES_MAX} bytes")]
    TooLong,
    /// Not JSON of the right shape, a key twice, or a key nobody knows.
    #[error("not an envelope: {0}")]
    Json(#[from] JsonError),
    /// The payload type is empty, too long, or not printable ASCII without spaces.
    #[error("the payload type must be 1 to {PAYLOAD_TYPE_BYTES_MAX} printable ASCII characters")]
    PayloadType,
    /// The named field is not standard base64 in its one canonical form.
    #[error("`{0}` is not canonical base64")]
    Base64(&'static str),
    /// A `keyid` is not `key_` and 64 digits.
    #[error("a `keyid` is not the text of a key id")]
    KeyId,
    /// Nobody signed.
    #[error("no signature")]
    NoSignature,
    /// More than [`SIGNATURES_MAX`] signatures.
    #[error("more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// One signature is empty or longer than [`SIGNATURE_BYTES_MAX`].
    #[error("a signature must have 1 to {SIGNATURE_BYTES_MAX} bytes")]
    SignatureLength,
    /// Two signatures name the same key.
    #[error("`{0}` signed twice")]
    SignerTwice(KeyId),
}

impl Envelope {
    /// Parses an envelope and keeps `bytes` as they are.
    ///
    /// One JSON object with nothing around it: `payloadType`, `payload`
    /// (standard base64) and `signatures`, a list of 1 to [`SIGNATURES_MAX`]
    /// objects `keyid`, `sig` (standard base64) with different key ids. No
    /// signature is verified here.
    ///
    /// # Errors
    ///
    /// The [`EnvelopeError`] of the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLong);
        }
        let wire: WireEnvelope<'_> = json::parse_object(bytes)?;
        let signatures = wire
            .signatures
            .iter()
            .map(|Object(signature)| signature.parse())
            .collect::<Result<Vec<_>, _>>()?;
        check_payload_type(&wire.payload_type)?;
        check_signatures(&signatures)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            payload: decode("payload", &wire.payload)?,
            payload_type: wire.payload_type.into_owned(),
            signatures,
        })
    }

    /// Writes an envelope, once. Nothing is verified: whoever seals has signed.
    ///
    /// # Errors
    ///
    /// The [`EnvelopeError`] that [`parse`](Self::parse) would give.
    pub fn seal(
        payload_type: &str,
        payload: &[u8],
        signatures: Vec<Signature>,
    ) -> Result<Self, EnvelopeError> {
        check_payload_type(payload_type)?;
        check_signatures(&signatures)?;
        let wire = WireEnvelope {
            payload_type: payload_type.into(),
            payload: STANDARD.encode(payload).into(),
            signatures: signatures
                .iter()
                .map(|signature| {
                    Object(WireSignature {
                        keyid: signature.key_id.to_string().into(),
                        sig: STANDARD.encode(&signature.sig).into(),
                    })
                })
                .collect(),
        };
        let bytes = json::write_object(&wire)?;
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLong);
        }
        Ok(Self {
            bytes,
            payload_type: payload_type.to_owned(),
            payload: payload.to_vec(),
            signatures,
        })
    }

    /// The same statement with one more signature: a new envelope with bytes,
    /// and a digest, of its own.
    ///
    /// # Errors
    ///
    /// The [`EnvelopeError`] that [`parse`](Self::parse) would give.
    pub fn with_signature(&self, signature: Signature) -> Result<Self, EnvelopeError> {
        let mut signatures = self.signatures.clone();
        signatures.push(signature);
        Self::seal(&self.payload_type, &self.payload, signatures)
    }

    /// The exact bytes: what is sent, hashed, logged and kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The kind of statement, as it was signed.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The statement's exact bytes, as they were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures, in the order of the envelope, each by a different key.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// SHA-256 of [`as_bytes`](Self::as_bytes).
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// SHA-256 of [`payload`](Self::payload).
    pub fn payload_digest(&self) -> [u8; 32] {
        Sha256::digest(&self.payload).into()
    }

    /// Verifies that the holder of `key` signed this statement.
    ///
    /// # Errors
    ///
    /// [`SignatureError::NoSuchSigner`] if no signature names the key, else
    /// what [`verify`] says of the one that does.
    pub fn verify_by(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let id = key.id();
        let signature = self
            .signatures
            .iter()
            .find(|signature| signature.key_id == id)
            .ok_or(SignatureError::NoSuchSigner)?;
        verify(key, &self.payload_type, &self.payload, &signature.sig)
    }
}

fn check_payload_type(payload_type: &str) -> Result<(), EnvelopeError> {
    let length_fits = (1..=PAYLOAD_TYPE_BYTES_MAX).contains(&payload_type.len());
    if length_fits && payload_type.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(EnvelopeError::PayloadType)
    }
}

fn check_signatures(signatures: &[Signature]) -> Result<(), EnvelopeError> {
    if signatures.is_empty() {
        return Err(EnvelopeError::NoSignature);
    }
    if signatures.len() > SIGNATURES_MAX {
        return Err(EnvelopeError::TooManySignatures);
    }
    let mut seen = Vec::with_capacity(signatures.len());
    for signature in signatures {
        if !(1..=SIGNATURE_BYTES_MAX).contains(&signature.sig.len()) {
            return Err(EnvelopeError::SignatureLength);
        }
        if seen.contains(&signature.key_id) {
            return Err(EnvelopeError::SignerTwice(signature.key_id));
        }
        seen.push(signature.key_id);
    }
    Ok(())
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, EnvelopeError> {
    STANDARD
        .decode(text)
        .map_err(|_| EnvelopeError::Base64(field))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WireEnvelope<'a> {
    #[serde(borrow, rename = "payloadType")]
    payload_type: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(borrow)]
    signatures: Vec<Object<WireSignature<'a>>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WireSignature<'a> {
    #[serde(borrow)]
    keyid: Cow<'a, str>,
    #[serde(borrow)]
    sig: Cow<'a, str>,
}

impl WireSignature<'_> {
    fn parse(&self) -> Result<Signature, EnvelopeError> {
        Ok(Signature {
            key_id: self.keyid.parse().map_err(|_| EnvelopeError::KeyId)?,
            sig: decode("sig", &self.sig)?,
        })
    }
}
