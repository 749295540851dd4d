//! The register as signed, logged versions, and what follows from them.
//!
//! A version is a DSSE envelope signed by roots; [`history`] believes it only
//! when enough old *and* new roots signed, it names the version before it, and
//! its entry is in the register's own log under a quorum of witnesses.
//! [`judge`] then says which offices a key held when a statement was made.

pub mod edit;
pub mod history;
pub mod judge;
mod leaves;
pub mod versions;
mod wire;

pub use history::{Anchor, History, Logged, RefusedVersion, Version, VersionError};
pub use judge::{Inclusion, Judgement, NotBelieved, Trust};
pub use leaves::Leaves;

use crate::text::sha256;
use portcullis_core::{digest::Digest, register::Register};
use portcullis_sign::Envelope;

/// The payload type of a version of the register.
pub const PAYLOAD_TYPE: &str = "application/vnd.portcullis.register+json";

/// A version of the register with its bytes; whether to believe it is another question.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The envelope, exact bytes inside.
    pub envelope: Envelope,
    /// What it says.
    pub register: Register,
    /// SHA-256 of the payload. Version 1's is the register's name.
    pub digest: Digest,
}

/// Reads a version of the register from its envelope's bytes.
///
/// # Errors
///
/// [`VersionError::Malformed`] with a sentence that says what is wrong.
pub fn parse(bytes: &[u8]) -> Result<Parsed, VersionError> {
    let envelope =
        Envelope::parse(bytes).map_err(|error| VersionError::Malformed(error.to_string()))?;
    if envelope.payload_type() != PAYLOAD_TYPE {
        return Err(VersionError::Malformed(format!(
            "the payload type is not `{PAYLOAD_TYPE}`"
        )));
    }
    let register = parse_payload(envelope.payload())?;
    let digest = sha256(envelope.payload());
    Ok(Parsed {
        envelope,
        register,
        digest,
    })
}

/// Reads a version's payload alone.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_payload(bytes: &[u8]) -> Result<Register, VersionError> {
    let wire: wire::RegisterJson = serde_json::from_slice(bytes)
        .map_err(|error| VersionError::Malformed(error.to_string()))?;
    wire.into_register().map_err(VersionError::Malformed)
}

/// The payload of a version about to be signed: JSON text, made once, indented so
/// that a root can read what it signs.
pub fn payload(register: &Register) -> Vec<u8> {
    // Plain structs with string keys: writing them to memory cannot fail.
    serde_json::to_vec_pretty(&wire::RegisterJson::from(register)).unwrap_or_default()
}

/// The log entry of a version: four lines that name it, never its contents.
pub fn log_entry(register: &Register, digest: &Digest) -> Vec<u8> {
    format!(
        "portcullis/register/v1\n{}\n{}\n{digest}\n",
        register.realm, register.version
    )
    .into_bytes()
}
