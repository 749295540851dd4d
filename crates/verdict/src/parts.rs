//! Many parts in one file: a signed head that lists them, and each on a line of its own.
//!
//! The head is a DSSE envelope whose payload names every part with its length and SHA-256; a
//! part is `{"name":"…","data":"<base64>"}`. Lines are read one by one, each of bounded length,
//! so nobody has to hold the file, and a part that was altered, dropped or put elsewhere is
//! named. An evidence pack ([`crate::evidence`]) and an operator's answer to a sample
//! ([`crate::inspection`]) are such files.

use crate::text::{Instant, Text, sha256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_sign::{Envelope, Signature};
use serde::{Deserialize, Serialize};

/// The most bytes of a part: a register's versions, or the largest bundle twice.
pub const PART_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most bytes of a line, its end not counted: a part in base64, and its name.
pub const LINE_BYTES_MAX: usize = PART_BYTES_MAX / 3 * 4 + 1024;
/// The most parts of a file: an answer about a thousand cases is below it.
pub const PARTS_MAX: usize = 2048;
/// The most bytes of all parts together.
pub const PARTS_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The most bytes of a part's name.
const NAME_BYTES_MAX: usize = 160;

/// What a file of parts is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Contents {
    /// The evidence of a case.
    #[serde(rename = "evidence/v1")]
    Evidence,
    /// An operator's answer to a sample.
    #[serde(rename = "inspect-answer/v1")]
    Answer,
}

impl Contents {
    /// The payload type of its head.
    pub const fn payload_type(self) -> &'static str {
        match self {
            Self::Evidence => "application/vnd.portcullis.evidence.v1+json",
            Self::Answer => "application/vnd.portcullis.inspect-answer.v1+json",
        }
    }
}

/// A part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its name in the file: 1 to 160 of a–z, 0–9, `-`, `.`, `_`, `/`, `:`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A part as the head lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// What a file says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// What it is.
    pub contents: Contents,
    /// The name of the realm.
    pub realm: String,
    /// Which member made it.
    pub member: MemberId,
    /// What it is about: a case's id, a sample's digest.
    pub subject: String,
    /// When it was made, by the member's clock.
    pub made_at: Timestamp,
    /// Its parts, in the order of their lines.
    pub parts: Vec<Listed>,
}

/// Why a file of parts is not what it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PartsError {
    /// The first line is no head.
    #[error("the head cannot be read: {0}")]
    Head(String),
    /// It is another kind of file.
    #[error("this is `{found}`, and not `{wanted}`")]
    OtherContents {
        /// The payload type it has.
        found: String,
        /// The payload type it should have.
        wanted: &'static str,
    },
    /// Too many parts, or too large ones.
    #[error("the head lists more than {PARTS_MAX} parts or {PARTS_BYTES_MAX} bytes")]
    TooLarge,
    /// A part is not the one that the head lists at its place.
    #[error("`{name}` is not the part that the head lists: {why}")]
    Altered {
        /// Which part.
        name: String,
        /// What shows it.
        why: String,
    },
    /// A part is not there.
    #[error("`{0}` is missing from the file")]
    Missing(String),
    /// Something follows the last part.
    #[error("something follows the last part")]
    Trailing,
}

impl PartsError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Head(_) | Self::OtherContents { .. } | Self::TooLarge => "pack.malformed",
            Self::Altered { .. } => "pack.altered",
            Self::Missing(_) => "pack.missing",
            Self::Trailing => "pack.trailing",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadJson {
    portcullis: Contents,
    realm: String,
    member: Text<MemberId>,
    subject: String,
    made_at: Instant,
    parts: Vec<ListedJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedJson {
    name: String,
    bytes: u64,
    digest: Text<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartJson {
    name: String,
    data: String,
}

impl Head {
    /// The payload to sign, under [`Contents::payload_type`]: JSON text, made one way.
    pub fn payload(&self) -> Vec<u8> {
        let listed = |part: &Listed| ListedJson {
            name: part.name.clone(),
            bytes: part.size_bytes,
            digest: Text(part.digest),
        };
        let json = HeadJson {
            portcullis: self.contents,
            realm: self.realm.clone(),
            member: Text(self.member.clone()),
            subject: self.subject.clone(),
            made_at: Text(self.made_at),
            parts: self.parts.iter().map(listed).collect(),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// The file's first line, without its end.
    ///
    /// # Errors
    ///
    /// [`PartsError::TooLarge`] when there is more than a file carries.
    pub fn line(&self, signature: Signature) -> Result<Vec<u8>, PartsError> {
        self.bounded()?;
        let payload_type = self.contents.payload_type();
        Envelope::seal(payload_type, &self.payload(), vec![signature])
            .map(|envelope| envelope.as_bytes().to_vec())
            .map_err(|error| PartsError::Head(error.to_string()))
    }

    fn bounded(&self) -> Result<(), PartsError> {
        let total = self.parts.iter().map(|part| part.size_bytes);
        let total = total.fold(0_u64, u64::saturating_add);
        let each = self
            .parts
            .iter()
            .all(|part| part.size_bytes <= PART_BYTES_MAX as u64);
        if each && self.parts.len() <= PARTS_MAX && total <= PARTS_BYTES_MAX {
            Ok(())
        } else {
            Err(PartsError::TooLarge)
        }
    }

    fn parse(payload: &[u8]) -> Result<Self, PartsError> {
        let head = |why: String| PartsError::Head(why);
        let json: HeadJson =
            serde_json::from_slice(payload).map_err(|error| head(error.to_string()))?;
        let listed = |part: ListedJson| Listed {
            name: part.name,
            size_bytes: part.bytes,
            digest: part.digest.0,
        };
        let parsed = Self {
            contents: json.portcullis,
            realm: json.realm,
            member: json.member.0,
            subject: json.subject,
            made_at: json.made_at.0,
            parts: json.parts.into_iter().map(listed).collect(),
        };
        parsed.bounded()?;
        if parsed.payload() != payload {
            return Err(head("it is written another way".into()));
        }
        if !parsed.parts.iter().all(|part| is_name(&part.name)) {
            return Err(head("a part's name is none".into()));
        }
        Ok(parsed)
    }
}

impl Part {
    /// As a head lists it.
    pub fn listed(&self) -> Listed {
        Listed {
            name: self.name.clone(),
            size_bytes: self.bytes.len() as u64,
            digest: sha256(&self.bytes),
        }
    }

    /// Its line, without its end.
    pub fn line(&self) -> Vec<u8> {
        let json = PartJson {
            name: self.name.clone(),
            data: STANDARD.encode(&self.bytes),
        };
        serde_json::to_vec(&json).unwrap_or_default()
    }
}

/// A file of parts on its way in, line by line.
#[derive(Clone, Debug)]
pub struct Reader {
    envelope: Envelope,
    head: Head,
    read: usize,
}

impl Reader {
    /// Begins with the first line. Its signature is not verified here.
    ///
    /// # Errors
    ///
    /// [`PartsError::Head`], [`PartsError::OtherContents`], [`PartsError::TooLarge`].
    pub fn begin(line: &[u8], wanted: Contents) -> Result<Self, PartsError> {
        let envelope =
            Envelope::parse(line).map_err(|error| PartsError::Head(error.to_string()))?;
        if envelope.payload_type() != wanted.payload_type() {
            return Err(PartsError::OtherContents {
                found: envelope.payload_type().chars().take(80).collect(),
                wanted: wanted.payload_type(),
            });
        }
        let form = Envelope::seal(
            envelope.payload_type(),
            envelope.payload(),
            envelope.signatures().to_vec(),
        );
        let one_way = form.is_ok_and(|form| form.as_bytes() == line);
        if envelope.signatures().len() != 1 || !one_way {
            let why = "it carries one signature and no other spacing than its own";
            return Err(PartsError::Head(why.into()));
        }
        let head = Head::parse(envelope.payload())?;
        if head.contents != wanted {
            return Err(PartsError::Head("type and payload differ".into()));
        }
        Ok(Self {
            envelope,
            head,
            read: 0,
        })
    }

    /// What the file says of itself.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The head as it was signed.
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The part on the next line.
    ///
    /// # Errors
    ///
    /// [`PartsError::Altered`] with the name that the head has at this place, or
    /// [`PartsError::Trailing`] after the last.
    pub fn part(&mut self, line: &[u8]) -> Result<Part, PartsError> {
        let listed = self.head.parts.get(self.read).ok_or(PartsError::Trailing)?;
        let altered = |why: String| PartsError::Altered {
            name: listed.name.clone(),
            why,
        };
        let json: PartJson =
            serde_json::from_slice(line).map_err(|error| altered(error.to_string()))?;
        let bytes = STANDARD
            .decode(&json.data)
            .map_err(|error| altered(error.to_string()))?;
        let part = Part {
            name: json.name,
            bytes,
        };
        let found = part.listed();
        if found.name != listed.name {
            return Err(altered("another part stands in its place".into()));
        }
        if found != *listed {
            let why = format!(
                "it is {}, and {} was signed for",
                found.digest, listed.digest
            );
            return Err(altered(why));
        }
        if part.line() != line {
            return Err(altered("its line is written another way".into()));
        }
        self.read += 1;
        Ok(part)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// [`PartsError::Missing`] with the first part that did not come.
    pub fn finish(self) -> Result<(Envelope, Head), PartsError> {
        match self.head.parts.get(self.read) {
            Some(part) => Err(PartsError::Missing(part.name.clone())),
            None => Ok((self.envelope, self.head)),
        }
    }
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| {
        b.is_ascii_lowercase()
            || b.is_ascii_digit()
            || matches!(b, b'-' | b'.' | b'_' | b'/' | b':')
    };
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_sign::SecretKey;
    use proptest::prelude::*;

    fn parts() -> Vec<Part> {
        let part = |name: &str, bytes: &[u8]| Part {
            name: name.into(),
            bytes: bytes.into(),
        };
        vec![
            part("bundle", b"{\"a\":1}"),
            part("law/x", b"id = \"x\"\n"),
            part("empty", b""),
        ]
    }

    fn file(parts: &[Part]) -> Vec<Vec<u8>> {
        let head = Head {
            contents: Contents::Evidence,
            realm: "live".into(),
            member: "mail.example".parse().unwrap(),
            subject: "case".into(),
            made_at: "2026-03-02T09:00:00Z".parse().unwrap(),
            parts: parts.iter().map(Part::listed).collect(),
        };
        let key = SecretKey::from_seed([7; 32]);
        let signature = key.sign(Contents::Evidence.payload_type(), &head.payload());
        let mut lines = vec![head.line(signature).unwrap()];
        lines.extend(parts.iter().map(Part::line));
        lines
    }

    fn read(lines: &[Vec<u8>]) -> Result<(Envelope, Vec<Part>), PartsError> {
        let mut reader = Reader::begin(&lines[0], Contents::Evidence)?;
        let parts = lines[1..].iter().map(|line| reader.part(line));
        let parts = parts.collect::<Result<_, _>>()?;
        Ok((reader.finish()?.0, parts))
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read(&file(&parts())).unwrap().1, parts());
    }

    #[test]
    fn what_was_dropped_swapped_or_added_is_named() {
        let lines = file(&parts());
        let missing = PartsError::Missing("empty".into());
        assert_eq!(read(&lines[..3]).unwrap_err(), missing);
        let mut swapped = lines.clone();
        swapped.swap(1, 2);
        let error = read(&swapped).unwrap_err();
        assert!(matches!(error, PartsError::Altered { name, .. } if name == "bundle"));
        let mut more = lines.clone();
        more.push(parts()[0].line());
        assert_eq!(read(&more).unwrap_err(), PartsError::Trailing);
        let mut spaced = lines.clone();
        spaced[2].push(b' ');
        let error = read(&spaced).unwrap_err();
        assert!(matches!(error, PartsError::Altered { name, .. } if name == "law/x"));
        let error = Reader::begin(&lines[0], Contents::Answer).unwrap_err();
        assert_eq!(error.code(), "pack.malformed");
    }

    proptest! {
        #[test]
        fn any_byte_that_is_changed_is_found(place in any::<prop::sample::Index>(), to in any::<u8>()) {
            let lines = file(&parts());
            let (sealed, _) = read(&lines).unwrap();
            let ends: Vec<usize> = lines
                .iter()
                .scan(0, |end, line| { *end += line.len(); Some(*end) })
                .collect();
            let at = place.index(ends[3]);
            let line = ends.iter().position(|end| at < *end).unwrap();
            let offset = at - if line == 0 { 0 } else { ends[line - 1] };
            let mut changed = lines.clone();
            prop_assume!(changed[line][offset] != to);
            changed[line][offset] = to;
            match read(&changed) {
                // The head is held by its signature.
                Ok((envelope, _)) => {
                    prop_assert_eq!(line, 0);
                    prop_assert!(envelope != sealed);
                    let key = SecretKey::from_seed([7; 32]).public();
                    prop_assert!(envelope.verify_by(&key).is_err());
                }
                Err(PartsError::Altered { name, .. }) if line > 0 => {
                    prop_assert_eq!(name, parts()[line - 1].name.clone());
                }
                Err(error) => {
                    prop_assert_eq!(line, 0, "{}", error);
                }
            }
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Reader::begin(&bytes, Contents::Evidence);
            let mut reader = Reader::begin(&file(&parts())[0], Contents::Evidence).unwrap();
            prop_assert!(reader.part(&bytes).is_err());
        }
    }
}
