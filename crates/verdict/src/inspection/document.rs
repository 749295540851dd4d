//! Commitments, receipts and samples as signed JSON.

use super::{COUNT_MAX, InspectionError};
use crate::text::{Instant, Text, sha256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_sign::{Envelope, Signature};
use portcullis_tlog::{checkpoint::Origin, note::SignedNote};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Separates commitments to nonces from all other hashes.
const LABEL: &[u8] = b"portcullis/v1/inspect-commit\0";
/// The most bytes of a document: a sample with the other two and a well-witnessed checkpoint.
pub(super) const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Thirty-two random bytes that the overseer keeps until the sample is drawn.
#[derive(Clone, Eq, PartialEq)]
pub struct Nonce([u8; 32]);

impl core::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonce(..)")
    }
}

impl Nonce {
    /// Takes the nonce's bytes: drawn once, from a good generator, for one sample.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256(label ‖ nonce): what the overseer commits to.
    pub fn commitment(&self) -> Digest {
        sha256(&[LABEL, &self.0].concat())
    }
}

/// What an overseer fixes before it can know what it will see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commitment {
    /// The name of the realm.
    pub realm: String,
    /// Which member looks.
    pub overseer: MemberId,
    /// Into which log.
    pub origin: Origin,
    /// From which leaf on.
    pub from: u64,
    /// At the first cosigned checkpoint of this size or more.
    pub at: u64,
    /// How many leaves: 1 to [`COUNT_MAX`].
    pub count: u32,
    /// [`Nonce::commitment`].
    pub commitment: Digest,
    /// When, by the overseer's clock.
    pub made_at: Timestamp,
}

/// That the operator had a commitment before its log had the size at which it draws.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The name of the realm.
    pub realm: String,
    /// Whose log it is.
    pub member: MemberId,
    /// SHA-256 of the commitment's payload.
    pub commitment: Digest,
    /// Which log.
    pub origin: Origin,
    /// How many leaves it had when the commitment came, cosigned or not.
    pub size: u64,
    /// When that was, by the operator's clock.
    pub received_at: Timestamp,
}

/// The nonce, shown, with everything that the picks follow from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sample {
    /// The commitment, as it was signed.
    pub commitment: Signed<Commitment>,
    /// Its receipt, as it was signed.
    pub receipt: Signed<Receipt>,
    /// The nonce.
    pub nonce: Nonce,
    /// The checkpoint whose root the picks follow from, with its cosignatures.
    pub checkpoint: SignedNote,
    /// When, by the overseer's clock.
    pub made_at: Timestamp,
}

/// A document with its signature, in the exact bytes of its DSSE envelope. Parsing verifies no
/// signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed<T> {
    envelope: Envelope,
    digest: Digest,
    says: T,
}

impl<T> Signed<T> {
    /// What it says.
    pub const fn says(&self) -> &T {
        &self.says
    }

    /// SHA-256 of its payload: its name.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its envelope.
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The file's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.envelope.as_bytes()
    }
}

/// What a document is called, and under which payload type it is signed.
macro_rules! document {
    ($type:ident, $what:literal, $word:literal, $wire:ident) => {
        impl $type {
            /// The payload type under which it is signed.
            pub const PAYLOAD_TYPE: &'static str =
                concat!("application/vnd.portcullis.", $word, ".v1+json");
            /// What it is called.
            pub(super) const WHAT: &'static str = $what;

            /// The payload to sign: JSON text, made one way.
            pub fn payload(&self) -> Vec<u8> {
                // Plain structs with string keys: writing them to memory cannot fail.
                serde_json::to_vec(&$wire::from(self)).unwrap_or_default()
            }

            /// The document with a signature over its payload.
            ///
            /// # Errors
            ///
            /// [`InspectionError::Malformed`] when it is out of its bounds.
            pub fn signed(&self, signature: Signature) -> Result<Signed<Self>, InspectionError> {
                let envelope = Envelope::seal(Self::PAYLOAD_TYPE, &self.payload(), vec![signature]);
                let envelope = envelope.map_err(|error| malformed($what, error))?;
                Self::parse(envelope.as_bytes())
            }

            /// Reads a document. No signature is verified here.
            ///
            /// # Errors
            ///
            /// [`InspectionError::Malformed`].
            pub fn parse(bytes: &[u8]) -> Result<Signed<Self>, InspectionError> {
                let (envelope, wire) = read::<$wire>(bytes, $what, Self::PAYLOAD_TYPE)?;
                let says = Self::try_from(wire).map_err(|why| malformed($what, why))?;
                if says.payload() != envelope.payload() {
                    return Err(malformed($what, "it is written another way"));
                }
                let digest = sha256(envelope.payload());
                Ok(Signed {
                    envelope,
                    digest,
                    says,
                })
            }
        }
    };
}

document!(
    Commitment,
    "commitment",
    "inspect-commitment",
    CommitmentJson
);
document!(Receipt, "receipt", "inspect-receipt", ReceiptJson);
document!(Sample, "sample", "inspect-sample", SampleJson);

fn malformed(what: &'static str, why: impl core::fmt::Display) -> InspectionError {
    let why = why.to_string();
    InspectionError::Malformed { what, why }
}

fn read<W: DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
    payload_type: &str,
) -> Result<(Envelope, W), InspectionError> {
    if DOCUMENT_BYTES_MAX < bytes.len() {
        return Err(malformed(what, format!("it has {} bytes", bytes.len())));
    }
    let envelope = Envelope::parse(bytes).map_err(|error| malformed(what, error))?;
    if envelope.payload_type() != payload_type || envelope.signatures().len() != 1 {
        let found: String = envelope.payload_type().chars().take(80).collect();
        return Err(malformed(what, format!("`{found}`, or not one signature")));
    }
    let wire =
        serde_json::from_slice(envelope.payload()).map_err(|error| malformed(what, error))?;
    Ok((envelope, wire))
}

#[derive(Serialize, Deserialize)]
enum CommitmentV1 {
    #[serde(rename = "inspect-commitment/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
enum ReceiptV1 {
    #[serde(rename = "inspect-receipt/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
enum SampleV1 {
    #[serde(rename = "inspect-sample/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommitmentJson {
    portcullis: CommitmentV1,
    realm: String,
    overseer: Text<MemberId>,
    origin: String,
    from: u64,
    at: u64,
    count: u32,
    commitment: Text<Digest>,
    made_at: Instant,
}

impl From<&Commitment> for CommitmentJson {
    fn from(says: &Commitment) -> Self {
        Self {
            portcullis: CommitmentV1::V1,
            realm: says.realm.clone(),
            overseer: Text(says.overseer.clone()),
            origin: says.origin.to_string(),
            from: says.from,
            at: says.at,
            count: says.count,
            commitment: Text(says.commitment),
            made_at: Text(says.made_at),
        }
    }
}

impl TryFrom<CommitmentJson> for Commitment {
    type Error = String;

    fn try_from(wire: CommitmentJson) -> Result<Self, String> {
        if !(1..=COUNT_MAX).contains(&wire.count) {
            return Err(format!(
                "{} leaves; 1 to {COUNT_MAX} are picked",
                wire.count
            ));
        }
        if wire.at <= wire.from {
            return Err("it draws before the first leaf that it draws from".into());
        }
        Ok(Self {
            realm: wire.realm,
            overseer: wire.overseer.0,
            origin: origin(&wire.origin)?,
            from: wire.from,
            at: wire.at,
            count: wire.count,
            commitment: wire.commitment.0,
            made_at: wire.made_at.0,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptJson {
    portcullis: ReceiptV1,
    realm: String,
    member: Text<MemberId>,
    commitment: Text<Digest>,
    origin: String,
    size: u64,
    received_at: Instant,
}

impl From<&Receipt> for ReceiptJson {
    fn from(says: &Receipt) -> Self {
        Self {
            portcullis: ReceiptV1::V1,
            realm: says.realm.clone(),
            member: Text(says.member.clone()),
            commitment: Text(says.commitment),
            origin: says.origin.to_string(),
            size: says.size,
            received_at: Text(says.received_at),
        }
    }
}

impl TryFrom<ReceiptJson> for Receipt {
    type Error = String;

    fn try_from(wire: ReceiptJson) -> Result<Self, String> {
        Ok(Self {
            realm: wire.realm,
            member: wire.member.0,
            commitment: wire.commitment.0,
            origin: origin(&wire.origin)?,
            size: wire.size,
            received_at: wire.received_at.0,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleJson {
    portcullis: SampleV1,
    commitment: String,
    receipt: String,
    nonce: Text<Digest>,
    checkpoint: String,
    made_at: Instant,
}

impl From<&Sample> for SampleJson {
    fn from(says: &Sample) -> Self {
        Self {
            portcullis: SampleV1::V1,
            commitment: STANDARD.encode(says.commitment.as_bytes()),
            receipt: STANDARD.encode(says.receipt.as_bytes()),
            nonce: Text(Digest(*says.nonce.as_bytes())),
            checkpoint: says.checkpoint.to_text(),
            made_at: Text(says.made_at),
        }
    }
}

impl TryFrom<SampleJson> for Sample {
    type Error = String;

    fn try_from(wire: SampleJson) -> Result<Self, String> {
        let base64 = |text: &str| STANDARD.decode(text).map_err(|error| error.to_string());
        let words = |error: InspectionError| error.to_string();
        Ok(Self {
            commitment: Commitment::parse(&base64(&wire.commitment)?).map_err(words)?,
            receipt: Receipt::parse(&base64(&wire.receipt)?).map_err(words)?,
            nonce: Nonce::new(wire.nonce.0.0),
            checkpoint: SignedNote::parse(wire.checkpoint.as_bytes())
                .map_err(|error| error.to_string())?,
            made_at: wire.made_at.0,
        })
    }
}

fn origin(text: &str) -> Result<Origin, String> {
    let origin: Origin = text.parse().map_err(|_| "the log's origin is none")?;
    if origin.as_str() == text {
        Ok(origin)
    } else {
        Err("the log's origin is written another way".into())
    }
}
