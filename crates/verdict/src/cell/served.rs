//! Records of what was served to whom, and the roots over them.
//!
//! Records are kept in frames, some hundred a minute; a frame is an RFC 6962 tree over its records,
//! and a [`Root`] is an RFC 6962 tree over the roots of all frames since the last one. A record's
//! leaf is salted: whoever sees it as a neighbour in a path learns nothing of it.

use super::word::Says;
use crate::text::{Instant, Text};
use jiff::Timestamp;
use portcullis_core::{cell::CollectionId, digest::Digest, member::MemberId};
use portcullis_tlog::hash::{Hash, leaf_hash};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The most runs of one record: what a page of the largest size can have.
pub const RUNS_MAX: usize = 16_384;

/// Separates records of servings from everything else that is hashed.
const SERVED_LABEL: &[u8] = b"portcullis/v1/cell-served\0";
/// Separates records of contents.
const CONTENT_LABEL: &[u8] = b"portcullis/v1/cell-content\0";
/// Separates the salts of a frame.
const SALT_LABEL: &[u8] = b"cell-salt\0";

/// By which exit something was served.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A page of a collection.
    Page,
    /// One object by its id.
    Object,
    /// To a node that follows.
    Feed,
    /// As a file, or to another program.
    Export,
    /// As the answer to a search or a look-up.
    Lookup,
    /// Its name and versions alone, in a manifest: the object itself did not go out.
    Manifest,
}

impl How {
    /// Every way, by its number.
    const ALL: [Self; 6] = [
        Self::Page,
        Self::Object,
        Self::Feed,
        Self::Export,
        Self::Lookup,
        Self::Manifest,
    ];

    /// Its number in a record.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The way of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Object => "object",
            Self::Feed => "feed",
            Self::Export => "export",
            Self::Lookup => "lookup",
            Self::Manifest => "manifest",
        }
    }
}

/// Entries of a collection from the first to the last, both included. An entry's number is its
/// place in the collection at that node, from 0, for ever.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Run {
    /// The first entry.
    pub first: u64,
    /// The last entry.
    pub last: u64,
}

impl Run {
    /// One entry.
    pub const fn one(number: u64) -> Self {
        Self {
            first: number,
            last: number,
        }
    }

    /// Whether it has the entry.
    pub const fn has(&self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

/// That entries of a collection went to somebody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// When, to the microsecond: the first time of those counted.
    pub at: Timestamp,
    /// To which member.
    pub member: MemberId,
    /// By which of its accounts; none when it is the member itself.
    pub account: Option<String>,
    /// Whether the account acts for a client of the member.
    pub client: bool,
    /// Of which collection.
    pub collection: CollectionId,
    /// By which exit.
    pub how: How,
    /// How often, within the second.
    pub times: u32,
    /// Which entries.
    pub runs: Vec<Run>,
}

/// What an entry's bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Content {
    /// Of which collection.
    pub collection: CollectionId,
    /// The entry's number.
    pub number: u64,
    /// SHA-256 of the object's exact bytes.
    pub sha256: Digest,
}

/// One leaf of a frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Record {
    /// Something was served.
    Served(Served),
    /// What it was.
    Content(Content),
}

/// Thirty-two random bytes of a frame, from which each record has a salt of its own.
#[derive(Clone)]
pub struct FrameSecret([u8; 32]);

impl core::fmt::Debug for FrameSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FrameSecret(..)")
    }
}

impl FrameSecret {
    /// Takes the bytes: drawn for one frame.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The salt of the record at a place: SHA-256(label ‖ secret ‖ u32 place, big-endian).
    pub fn salt(&self, place: u32) -> Digest {
        let mut sha = Sha256::new_with_prefix(SALT_LABEL);
        sha.update(self.0);
        sha.update(place.to_be_bytes());
        Digest(sha.finalize().into())
    }
}

impl Record {
    /// The leaf's hash: SHA-256(0x00 ‖ label ‖ salt ‖ record), all numbers big-endian, a text
    /// behind its length in two bytes.
    ///
    /// Of a serving: i64 microseconds since 1970, member, account (empty for none), u8 client, 16
    /// bytes collection, u8 how, u32 times, u32 number of runs, and of each u64 first and u64 last.
    /// Of a content: 16 bytes collection, u64 number, 32 bytes digest.
    pub fn leaf(&self, salt: &Digest) -> Hash {
        let mut entry = Vec::with_capacity(256);
        match self {
            Self::Served(served) => {
                entry.extend_from_slice(SERVED_LABEL);
                entry.extend_from_slice(&salt.0);
                entry.extend_from_slice(&served.at.as_microsecond().to_be_bytes());
                put_text(&mut entry, served.member.as_str());
                put_text(&mut entry, served.account.as_deref().unwrap_or_default());
                entry.push(u8::from(served.client));
                entry.extend_from_slice(served.collection.as_bytes());
                entry.push(served.how.number());
                entry.extend_from_slice(&served.times.to_be_bytes());
                let runs = u32::try_from(served.runs.len()).unwrap_or(u32::MAX);
                entry.extend_from_slice(&runs.to_be_bytes());
                for run in &served.runs {
                    entry.extend_from_slice(&run.first.to_be_bytes());
                    entry.extend_from_slice(&run.last.to_be_bytes());
                }
            }
            Self::Content(content) => {
                entry.extend_from_slice(CONTENT_LABEL);
                entry.extend_from_slice(&salt.0);
                entry.extend_from_slice(content.collection.as_bytes());
                entry.extend_from_slice(&content.number.to_be_bytes());
                entry.extend_from_slice(&content.sha256.0);
            }
        }
        leaf_hash(&entry)
    }
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(text.as_bytes());
}

/// A node's word for everything that its ledger held at a moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Root {
    /// The name of the realm.
    pub realm: String,
    /// Whose node it is.
    pub member: MemberId,
    /// Which ledger: sixteen random bytes, as hex. A restored node has another one.
    pub ledger: String,
    /// The how manieth of this ledger, from 1.
    pub number: u64,
    /// SHA-256 of the payload of the one before.
    pub previous: Option<Digest>,
    /// How many frames it covers: all since the one before.
    pub frames: u64,
    /// How many records they have.
    pub records: u64,
    /// The root of the tree whose entries are the frames' roots, in the order of the ledger.
    pub root: Hash,
    /// When, by that node's clock.
    pub made_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
enum RootV1 {
    #[serde(rename = "cell-served/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RootJson {
    portcullis: RootV1,
    realm: String,
    member: Text<MemberId>,
    ledger: String,
    number: u64,
    previous: Option<Text<Digest>>,
    frames: u64,
    records: u64,
    root: Text<Hash>,
    made_at: Instant,
}

impl Says for Root {
    const PAYLOAD_TYPE: &'static str = "application/vnd.portcullis.cell-served.v1+json";
    const WHAT: &'static str = "root of a ledger";

    fn payload(&self) -> Vec<u8> {
        let json = RootJson {
            portcullis: RootV1::V1,
            realm: self.realm.clone(),
            member: Text(self.member.clone()),
            ledger: self.ledger.clone(),
            number: self.number,
            previous: self.previous.map(Text),
            frames: self.frames,
            records: self.records,
            root: Text(self.root),
            made_at: Text(self.made_at),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Result<Self, String> {
        let json: RootJson = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        if json.number == 0 || json.frames == 0 || (json.number == 1) != json.previous.is_none() {
            return Err("it is no place in a chain".into());
        }
        Ok(Self {
            realm: json.realm,
            member: json.member.0,
            ledger: json.ledger,
            number: json.number,
            previous: json.previous.map(|digest| digest.0),
            frames: json.frames,
            records: json.records,
            root: json.root.0,
            made_at: json.made_at.0,
        })
    }

    fn realm(&self) -> &str {
        &self.realm
    }

    fn member(&self) -> &MemberId {
        &self.member
    }

    fn made_at(&self) -> Timestamp {
        self.made_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Served {
        Served {
            at: "2026-11-22T03:00:00.000001Z".parse().unwrap(),
            member: "bank.example".parse().unwrap(),
            account: Some("siem".into()),
            client: false,
            collection: CollectionId::from_bytes([7; 16]),
            how: How::Page,
            times: 1,
            runs: vec![Run { first: 0, last: 9 }, Run::one(12)],
        }
    }

    #[test]
    fn every_part_of_a_record_is_in_its_leaf() {
        let salt = FrameSecret::new([1; 32]).salt(0);
        let leaf = |change: &dyn Fn(&mut Served)| {
            let mut other = served();
            change(&mut other);
            Record::Served(other).leaf(&salt)
        };
        let same = leaf(&|_| {});
        let changes: [&dyn Fn(&mut Served); 10] = [
            &|s| s.at = "2026-11-22T03:00:00.000002Z".parse().unwrap(),
            &|s| s.member = "bank2.example".parse().unwrap(),
            &|s| s.account = None,
            &|s| s.account = Some("siem2".into()),
            &|s| s.client = true,
            &|s| s.collection = CollectionId::from_bytes([8; 16]),
            &|s| s.how = How::Object,
            &|s| s.times = 2,
            &|s| s.runs[0].last = 10,
            &|s| s.runs.truncate(1),
        ];
        for change in changes {
            assert_ne!(leaf(change), same);
        }
        let other_salt = FrameSecret::new([1; 32]).salt(1);
        assert_ne!(Record::Served(served()).leaf(&other_salt), same);
    }

    #[test]
    fn a_way_has_one_number() {
        for how in How::ALL {
            assert_eq!(How::from_number(how.number()), Some(how));
        }
        assert_eq!(How::from_number(6), None);
    }
}
