//! Statements as JSON payloads in DSSE envelopes.
//!
//! A payload is signed, hashed and kept as the exact bytes it came in. What is
//! parsed from it here — [`Header`] and [`Event`] — is never written back.
//! Unknown keys, duplicate keys and texts that are not canonical are refused.

mod wire;

use crate::text::sha256;
use portcullis_core::{
    digest::Digest,
    statement::{Event, Header, Kind},
};
use portcullis_sign::Envelope;

/// The longest payload of a statement, in bytes: an order of 256 items fits many times.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// A statement's bytes with what they say; who signed it is yet to be judged.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The envelope, exact bytes inside.
    pub envelope: Envelope,
    /// How it starts.
    pub header: Header,
    /// What it means.
    pub event: Event,
    /// SHA-256 of the payload.
    pub digest: Digest,
}

/// Why bytes are no statement.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StatementError {
    /// No DSSE envelope.
    #[error("not a DSSE envelope: {0}")]
    Envelope(String),
    /// Longer than any statement.
    #[error("the payload has {0} bytes; {PAYLOAD_BYTES_MAX} are carried")]
    TooLong(usize),
    /// The payload does not say what its type says.
    #[error("the payload type `{found}` is not that of `{kind}`")]
    PayloadType {
        /// The type of the envelope.
        found: String,
        /// The kind of the payload.
        kind: Kind,
    },
    /// The payload is none.
    #[error("the payload is not a statement: {0}")]
    Payload(String),
}

impl StatementError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Envelope(_) => "statement.envelope",
            Self::TooLong(_) => "statement.too_long",
            Self::PayloadType { .. } => "statement.payload_type",
            Self::Payload(_) => "statement.payload",
        }
    }
}

/// The payload type of a kind of statement.
pub fn payload_type(kind: Kind) -> String {
    format!(
        "application/vnd.portcullis.{}+json",
        kind.as_str().replace('_', "-")
    )
}

/// The payload of a statement about to be signed: JSON text, made once.
///
/// # Errors
///
/// [`StatementError::TooLong`].
pub fn payload(header: &Header, event: &Event) -> Result<Vec<u8>, StatementError> {
    let bytes = serde_json::to_vec(&wire::Payload::from_parts(header, event))
        .map_err(|source| StatementError::Payload(source.to_string()))?;
    if bytes.len() > PAYLOAD_BYTES_MAX {
        Err(StatementError::TooLong(bytes.len()))
    } else {
        Ok(bytes)
    }
}

/// Reads a statement from its envelope's bytes.
///
/// # Errors
///
/// [`StatementError`]: no envelope, too long, another payload type, or a
/// payload with anything missing, unknown, doubled or not canonical.
pub fn parse(bytes: &[u8]) -> Result<Parsed, StatementError> {
    let envelope =
        Envelope::parse(bytes).map_err(|error| StatementError::Envelope(error.to_string()))?;
    // A leaf binds the envelope's bytes, so a statement has one form: nobody on its way can add to it.
    let form = Envelope::seal(
        envelope.payload_type(),
        envelope.payload(),
        envelope.signatures().to_vec(),
    );
    if envelope.signatures().len() != 1 || form.is_ok_and(|form| form.as_bytes() != bytes) {
        let why = "a statement carries one signature and no other spacing than its own";
        return Err(StatementError::Envelope(why.into()));
    }
    let (header, event) = parse_payload(envelope.payload())?;
    if envelope.payload_type() != payload_type(header.kind) {
        let found = envelope.payload_type().chars().take(80).collect();
        return Err(StatementError::PayloadType {
            found,
            kind: header.kind,
        });
    }
    let digest = sha256(envelope.payload());
    Ok(Parsed {
        envelope,
        header,
        event,
        digest,
    })
}

/// Reads a payload alone, such as one that is about to be signed elsewhere.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_payload(bytes: &[u8]) -> Result<(Header, Event), StatementError> {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        return Err(StatementError::TooLong(bytes.len()));
    }
    let payload: wire::Payload = serde_json::from_slice(bytes)
        .map_err(|error| StatementError::Payload(error.to_string()))?;
    payload.into_parts().map_err(StatementError::Payload)
}

/// The order of a statement as JSON text of its own, for people and tools that
/// fill in a draft.
pub use wire::{OrderFile, order_from_json, order_to_json};
