//! The documents that the participants of a joint report send each other.
//!
//! Each is JSON with one way to write it, in an envelope like a report's, signed with the key of
//! the log of whoever sends it. In order: every participant's [`Part`]; everybody's [`Masks`];
//! everybody's [`Opening`]; and where two masks do not fit, both sides' [`Reveal`].

use super::{
    Period, ReportError, Signature, SignedError, Source,
    signed::{close, open, sign_as, verified},
    wire::{Base64, BoundWire, Hex, PeriodWire, check_source, is_word, laws_from},
};
use crate::text::Text;
use jiff::{Timestamp, civil::Date};
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_tlog::{checkpoint::Origin, note::VerifierKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The payload type of these documents.
pub const PAYLOAD_TYPE: &str = "application/vnd.portcullis.joint.v1+json";
/// What every document says of itself.
const VERSION: &str = "joint/v1";

/// A document with the signature of the log that sends it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// INVARIANT: `document` is what `payload` parses to.
    payload: Vec<u8>,
    document: Document,
    signature: Signature,
}

/// One document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Document {
    /// What a participant brings in.
    Part(Box<Part>),
    /// Round 1.
    Masks(Masks),
    /// Round 2.
    Opening(Opening),
    /// Where two masks do not fit.
    Reveal(Reveal),
}

/// What a participant brings in: which leaves, for which report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// `live`, or the name of an exercise.
    pub realm: String,
    /// The series.
    pub series: String,
    /// The report's number, as this participant counts.
    pub number: u64,
    /// The report before it, as this participant has it.
    pub previous: Option<Digest>,
    /// For which days.
    pub period: Period,
    /// The day of the first assistance ever, where the law counts an embargo from it.
    pub first_assistance: Option<Date>,
    /// The laws that the series rests on.
    pub laws: BTreeMap<String, Digest>,
    /// Which leaves.
    pub source: Source,
    /// The report key of its log.
    pub report_key: [u8; 32],
}

/// Round 1: commitments to the masks, one for every other participant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Masks {
    /// The session: who takes part, with which leaves, in which attempt.
    pub session: Digest,
    /// Whose.
    pub origin: Origin,
    /// In the order of the other participants.
    pub masks: Vec<[u8; 32]>,
}

/// Round 2: masked totals, and the proof that they are those of the leaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The session.
    pub session: Digest,
    /// Whose.
    pub origin: Origin,
    /// As [`portcullis_ballot::joint`] reads it.
    pub opening: Vec<u8>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What one of two reveals whose masks do not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reveal {
    /// The session.
    pub session: Digest,
    /// Whose.
    pub origin: Origin,
    /// Towards whom.
    pub other: Origin,
    /// As [`portcullis_ballot::joint`] reads it.
    pub reveal: Vec<u8>,
}

impl Signed {
    /// Reads a document. Its signature is not verified here.
    ///
    /// # Errors
    ///
    /// [`SignedError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedError> {
        let (payload, signatures) = open(PAYLOAD_TYPE, bytes)?;
        let [signature] =
            <[Signature; 1]>::try_from(signatures).map_err(|_| SignedError::Signatures)?;
        let document = Document::parse(&payload)?;
        Ok(Self {
            payload,
            document,
            signature,
        })
    }

    /// Signs a document with the Ed25519 seed of a log whose vkey is `key`.
    pub fn sign(document: Document, key: VerifierKey, seed: [u8; 32]) -> Self {
        let payload = document.to_bytes();
        let signature = sign_as(PAYLOAD_TYPE, key, seed, &payload);
        Self {
            payload,
            document,
            signature,
        }
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        close(
            PAYLOAD_TYPE,
            &self.payload,
            std::slice::from_ref(&self.signature),
        )
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// Whether `key` signed it, and it is of the log with that key.
    pub fn signed_by(&self, key: &VerifierKey) -> bool {
        self.document.origin().as_str() == key.name().as_str()
            && self.signature.key == *key
            && verified(key, PAYLOAD_TYPE, &self.payload, &self.signature.sig)
    }
}

impl Document {
    /// Of which log.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Part(part) => &part.source.origin,
            Self::Masks(masks) => &masks.origin,
            Self::Opening(opening) => &opening.origin,
            Self::Reveal(reveal) => &reveal.origin,
        }
    }

    /// The word of its kind, for file names: `part`, `masks`, `opening`, `reveal`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Part(_) => "part",
            Self::Masks(_) => "masks",
            Self::Opening(_) => "opening",
            Self::Reveal(_) => "reveal",
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        if bytes.len() > super::PAYLOAD_BYTES_MAX {
            return Err(ReportError::TooLong(bytes.len()));
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| {
            ReportError::Malformed(error.to_string().chars().take(160).collect())
        })?;
        if wire.portcullis != VERSION {
            let found = wire.portcullis.chars().take(80).collect();
            return Err(ReportError::Version(found));
        }
        let document = wire.step.into_document()?;
        if document.to_bytes() == bytes {
            Ok(document)
        } else {
            Err(ReportError::NotCanonical)
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            portcullis: VERSION.to_owned(),
            step: Step::of(self),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    portcullis: String,
    step: Step,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Step {
    Part(Box<PartWire>),
    Masks(MasksWire),
    Opening(OpeningWire),
    Reveal(RevealWire),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartWire {
    realm: String,
    series: String,
    number: u64,
    previous: Option<Hex>,
    period: PeriodWire,
    first_assistance: Option<Text<Date>>,
    laws: BTreeMap<String, Hex>,
    member: Text<MemberId>,
    origin: Text<Origin>,
    schema: Hex,
    start: BoundWire,
    end: BoundWire,
    commitment: Base64,
    report_key: Base64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MasksWire {
    session: Hex,
    origin: Text<Origin>,
    masks: Vec<Base64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningWire {
    session: Hex,
    origin: Text<Origin>,
    opening: Base64,
    made_at: Text<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevealWire {
    session: Hex,
    origin: Text<Origin>,
    other: Text<Origin>,
    reveal: Base64,
}

impl Step {
    fn of(document: &Document) -> Self {
        let base64 = |bytes: &[u8]| Base64(bytes.to_vec());
        match document {
            Document::Part(part) => Self::Part(Box::new(PartWire {
                realm: part.realm.clone(),
                series: part.series.clone(),
                number: part.number,
                previous: part.previous.map(|digest| Hex(digest.0)),
                period: PeriodWire::from(&part.period),
                first_assistance: part.first_assistance.map(Text),
                laws: part
                    .laws
                    .iter()
                    .map(|(id, digest)| (id.clone(), Hex(digest.0)))
                    .collect(),
                member: Text(part.source.member.clone()),
                origin: Text(part.source.origin.clone()),
                schema: Hex(part.source.schema.0),
                start: part.source.start.clone().into(),
                end: part.source.end.clone().into(),
                commitment: base64(&part.source.commitment),
                report_key: base64(&part.report_key),
            })),
            Document::Masks(masks) => Self::Masks(MasksWire {
                session: Hex(masks.session.0),
                origin: Text(masks.origin.clone()),
                masks: masks.masks.iter().map(|mask| base64(mask)).collect(),
            }),
            Document::Opening(opening) => Self::Opening(OpeningWire {
                session: Hex(opening.session.0),
                origin: Text(opening.origin.clone()),
                opening: base64(&opening.opening),
                made_at: Text(opening.made_at),
            }),
            Document::Reveal(reveal) => Self::Reveal(RevealWire {
                session: Hex(reveal.session.0),
                origin: Text(reveal.origin.clone()),
                other: Text(reveal.other.clone()),
                reveal: base64(&reveal.reveal),
            }),
        }
    }

    fn into_document(self) -> Result<Document, ReportError> {
        match self {
            Self::Part(wire) => wire.into_part().map(|part| Document::Part(Box::new(part))),
            Self::Masks(wire) => {
                let masks = wire.masks.iter().map(|mask| mask.point("masks"));
                Ok(Document::Masks(Masks {
                    session: Digest(wire.session.0),
                    origin: wire.origin.0,
                    masks: masks.collect::<Result<_, _>>()?,
                }))
            }
            Self::Opening(wire) => Ok(Document::Opening(Opening {
                session: Digest(wire.session.0),
                origin: wire.origin.0,
                opening: wire.opening.0,
                made_at: wire.made_at.0,
            })),
            Self::Reveal(wire) => Ok(Document::Reveal(Reveal {
                session: Digest(wire.session.0),
                origin: wire.origin.0,
                other: wire.other.0,
                reveal: wire.reveal.0,
            })),
        }
    }
}

impl PartWire {
    fn into_part(self) -> Result<Part, ReportError> {
        let part = Part {
            series: self.series,
            realm: self.realm,
            number: self.number,
            previous: self.previous.map(|hex| Digest(hex.0)),
            period: self.period.into(),
            first_assistance: self.first_assistance.map(|day| day.0),
            laws: laws_from(self.laws),
            source: Source {
                member: self.member.0,
                origin: self.origin.0,
                schema: Digest(self.schema.0),
                start: self.start.into(),
                end: self.end.into(),
                commitment: self.commitment.point("commitment")?,
            },
            report_key: self.report_key.point("report_key")?,
        };
        check_source(&part.source, &part.realm)?;
        if is_word(&part.series) && is_word(&part.realm) {
            Ok(part)
        } else {
            Err(ReportError::Bounds("`series` or `realm` is no word".into()))
        }
    }
}
