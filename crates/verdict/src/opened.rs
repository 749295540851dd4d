//! Opened dockets: what was secret and no longer is, for anybody to check (design §7).
//!
//! At the end of secrecy the docket of a leaf is shown: basis, category, dates, outcome. So are
//! the cell that the leaf counts and the blinding, and of the envelope a salted digest alone: no
//! target and no ground can be found from it. Anybody checks that it is that leaf's docket, that
//! the leaf is in the log, that it counts the cell, and that the schema has that cell for it.
//!
//! The file is signed with the log's key as a report is: whoever shows an opening of its own
//! making shows another log's.

use crate::{docket, schema::Schemas, text::sha256};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_ballot::{Blinding, Cell, Context, Leaf, Salt};
use portcullis_core::{
    digest::Digest,
    docket::Docket,
    schema::{CellNumber, Schema},
};
use portcullis_sign::{Ed25519Key, PublicKey, SecretKey};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    hash::{Hash, leaf_hash},
    note::{KeyKind, VerifierKey},
    policy::CosignedCheckpoint,
    proof::TlogProof,
    tree::verify_inclusion,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The payload type of an opened docket.
pub const PAYLOAD_TYPE: &str = "application/vnd.portcullis.opened.v1+json";
/// The most bytes of a file: a docket, a leaf and a well-witnessed proof.
pub const OPENED_BYTES_MAX: usize = 256 * 1024;
/// The most bytes of the list of opened dockets: two hundred thousand of them.
pub const INDEX_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A leaf's docket, opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// In which log.
    pub origin: Origin,
    /// At which index.
    pub index: u64,
    /// The docket's exact bytes.
    pub docket: Vec<u8>,
    /// Over the docket.
    pub docket_salt: Salt,
    /// H(salt₂ ‖ envelope).
    pub envelope: [u8; 32],
    /// The cell that the leaf counts, if any.
    pub cell: Option<Cell>,
    /// What shows the cell.
    pub blinding: Blinding,
    /// That the leaf is in the log.
    pub proof: TlogProof,
    /// The log entry.
    pub leaf: Leaf,
}

/// An opened docket with its signature.
#[derive(Clone, Debug)]
pub struct Signed {
    payload: Vec<u8>,
    opened: Opened,
    key: VerifierKey,
    sig: Vec<u8>,
}

/// What was found of an opened docket that holds.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The docket.
    pub docket: Docket,
    /// The schema it is counted under.
    pub schema: Arc<Schema>,
    /// The RFC 6962 hash of the leaf.
    pub leaf: Hash,
}

/// Why an opened docket does not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenedError {
    /// It cannot be read.
    #[error("this is no opened docket: {0}")]
    Malformed(String),
    /// The log did not sign it.
    #[error("the log's key did not sign it")]
    Signature,
    /// The proof is of another log or another place.
    #[error("its proof is of another log, or of another place in it")]
    OtherPlace,
    /// The leaf is not in the log.
    #[error("the leaf is not in the log: {0}")]
    NotIncluded(String),
    /// The leaf is not of this docket.
    #[error("the leaf was not made of this docket")]
    OtherDocket,
    /// The leaf's own proof is false.
    #[error("the leaf: {0}")]
    Leaf(String),
    /// The leaf counts another cell.
    #[error("the leaf does not count cell {0} (0 is none)")]
    OtherCell(u8),
    /// No schema of that id is known.
    #[error("the schema {0} is not known here")]
    UnknownSchema(Digest),
    /// The schema has another cell for this docket.
    #[error("the leaf counts cell {counted}, and its docket belongs to cell {right} (0 is none)")]
    WrongCell {
        /// The cell it counts.
        counted: u8,
        /// The cell that the schema has for the docket.
        right: u8,
    },
}

impl OpenedError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "opened.malformed",
            Self::Signature => "opened.signature",
            Self::OtherPlace => "opened.other_place",
            Self::NotIncluded(_) => "opened.not_included",
            Self::OtherDocket => "opened.other_docket",
            Self::Leaf(_) => "opened.leaf",
            Self::OtherCell(_) => "opened.other_cell",
            Self::UnknownSchema(_) => "opened.unknown_schema",
            Self::WrongCell { .. } => "opened.wrong_cell",
        }
    }
}

#[derive(Serialize, Deserialize)]
enum V1 {
    #[serde(rename = "opened/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenedJson {
    portcullis: V1,
    origin: String,
    index: u64,
    docket: String,
    docket_salt: String,
    envelope_digest: String,
    cell: u8,
    blinding: String,
    proof: String,
    leaf: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedJson {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: [SignatureJson; 1],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureJson {
    keyid: String,
    sig: String,
}

impl Opened {
    /// The RFC 6962 hash of the leaf: the docket's name.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(self.leaf.as_bytes())
    }

    /// The payload to sign: JSON text, made one way.
    pub fn payload(&self) -> Vec<u8> {
        let json = OpenedJson {
            portcullis: V1::V1,
            origin: self.origin.to_string(),
            index: self.index,
            docket: STANDARD.encode(&self.docket),
            docket_salt: STANDARD.encode(self.docket_salt.0),
            envelope_digest: STANDARD.encode(self.envelope),
            cell: self.cell.map_or(0, Cell::number),
            blinding: STANDARD.encode(self.blinding.to_bytes()),
            proof: self.proof.to_string(),
            leaf: STANDARD.encode(self.leaf.as_bytes()),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Signed with the Ed25519 seed of the log, whose key under its origin is `key`.
    pub fn sign(self, key: VerifierKey, seed: [u8; 32]) -> Signed {
        let payload = self.payload();
        let sig = SecretKey::from_seed(seed).sign(PAYLOAD_TYPE, &payload).sig;
        Signed {
            payload,
            opened: self,
            key,
            sig,
        }
    }

    fn parse(payload: &[u8]) -> Result<Self, String> {
        let json: OpenedJson = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
        let bytes = |text: &str| STANDARD.decode(text).map_err(|error| error.to_string());
        let word = |text: &str| -> Result<[u8; 32], String> {
            <[u8; 32]>::try_from(bytes(text)?).map_err(|_| "a word has not 32 bytes".to_owned())
        };
        let cell = match json.cell {
            0 => None,
            number => Some(Cell::new(number).ok_or_else(|| format!("there is no cell {number}"))?),
        };
        let opened = Self {
            origin: json.origin.parse().map_err(|_| "the origin is none")?,
            index: json.index,
            docket: bytes(&json.docket)?,
            docket_salt: Salt(word(&json.docket_salt)?),
            envelope: word(&json.envelope_digest)?,
            cell,
            blinding: Blinding::from_bytes(&word(&json.blinding)?).map_err(|e| e.to_string())?,
            proof: TlogProof::parse(json.proof.as_bytes()).map_err(|e| e.to_string())?,
            leaf: Leaf::parse(&bytes(&json.leaf)?).map_err(|e| e.to_string())?,
        };
        if opened.payload() == payload {
            Ok(opened)
        } else {
            Err("it is written another way".into())
        }
    }
}

impl Signed {
    /// Reads a file. Nothing is verified here.
    ///
    /// # Errors
    ///
    /// [`OpenedError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, OpenedError> {
        let malformed = |why: String| OpenedError::Malformed(why.chars().take(160).collect());
        if OPENED_BYTES_MAX < bytes.len() {
            return Err(malformed(format!("it has {} bytes", bytes.len())));
        }
        let json: SignedJson =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if json.payload_type != PAYLOAD_TYPE {
            return Err(malformed(format!("the payload is `{}`", json.payload_type)));
        }
        let base64 = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|error| malformed(error.to_string()))
        };
        let payload = base64(&json.payload)?;
        let [signature] = json.signatures;
        let key: VerifierKey = signature
            .keyid
            .parse()
            .map_err(|error| malformed(format!("a `keyid`: {error}")))?;
        Ok(Self {
            opened: Opened::parse(&payload).map_err(malformed)?,
            payload,
            key,
            sig: base64(&signature.sig)?,
        })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = SignedJson {
            payload_type: PAYLOAD_TYPE.into(),
            payload: STANDARD.encode(&self.payload),
            signatures: [SignatureJson {
                keyid: self.key.to_string(),
                sig: STANDARD.encode(&self.sig),
            }],
        };
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// What it says.
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// SHA-256 of the signed bytes.
    pub fn digest(&self) -> Digest {
        sha256(&self.payload)
    }

    /// Checks everything: the signature by the log's key, the place in the log under a
    /// checkpoint that was verified before (of [`TlogProof::checkpoint`], by a policy or a
    /// register), the docket, the leaf's own proof, the cell, and that the schema has that cell
    /// for the docket.
    ///
    /// # Errors
    ///
    /// [`OpenedError`] of the first thing that does not hold.
    pub fn check(
        &self,
        key: &VerifierKey,
        cosigned: &CosignedCheckpoint,
        schemas: &Schemas,
    ) -> Result<Checked, OpenedError> {
        let opened = &self.opened;
        let place = &cosigned.checkpoint;
        let named = Checkpoint::parse(opened.proof.checkpoint().text());
        let same = named.is_ok_and(|named| named == *place)
            && place.origin == opened.origin
            && key.name().as_str() == opened.origin.as_str()
            && opened.proof.index().0 == opened.index;
        if !same {
            return Err(OpenedError::OtherPlace);
        }
        if self.key != *key || !signed(key, &self.payload, &self.sig) {
            return Err(OpenedError::Signature);
        }
        let leaf = opened.leaf_hash();
        let proof = &opened.proof;
        verify_inclusion(&leaf, proof.index(), place.size, &place.root, proof.path())
            .map_err(|error| OpenedError::NotIncluded(error.to_string()))?;
        opened.check_leaf(schemas, leaf)
    }
}

impl Opened {
    /// Checks docket, leaf and cell, and nothing about the log.
    fn check_leaf(&self, schemas: &Schemas, leaf: Hash) -> Result<Checked, OpenedError> {
        let entry = &self.leaf;
        entry
            .opens_to_docket(&self.docket, &self.docket_salt, &self.envelope)
            .map_err(|_| OpenedError::OtherDocket)?;
        let id = <[u8; 32]>::try_from(entry.schema()).unwrap_or_default();
        let context = Context {
            origin: self.origin.as_str(),
            schema: &id,
        };
        entry
            .verify(&context)
            .map_err(|error| OpenedError::Leaf(error.to_string()))?;
        let counted = self.cell.map_or(0, Cell::number);
        entry
            .opens_to_cell(self.cell, &self.blinding)
            .map_err(|_| OpenedError::OtherCell(counted))?;
        let schema = schemas.get(&Digest(id));
        let schema = schema.ok_or(OpenedError::UnknownSchema(Digest(id)))?;
        let docket = docket::parse(&self.docket)
            .map_err(|error| OpenedError::Malformed(error.to_string()))?;
        let right = schema.cell_of(&docket).map_or(0, CellNumber::get);
        if right != counted {
            return Err(OpenedError::WrongCell { counted, right });
        }
        Ok(Checked {
            docket,
            schema: Arc::clone(schema),
            leaf,
        })
    }
}

fn signed(key: &VerifierKey, payload: &[u8], sig: &[u8]) -> bool {
    key.kind() == KeyKind::Note
        && Ed25519Key::from_bytes(key.public_key()).is_ok_and(|public| {
            let public = PublicKey::Ed25519(public);
            portcullis_sign::verify(&public, PAYLOAD_TYPE, payload, sig).is_ok()
        })
}

/// One opened docket in the list of them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its file, such as `opened/6f….json`.
    pub path: String,
    /// In which log.
    pub origin: String,
    /// At which index.
    pub index: u64,
    /// When it was opened: RFC 3339.
    pub opened_at: String,
}

/// The list of opened dockets, `opened/index.json`.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// By log and index.
    pub opened: Vec<Listed>,
}

impl Index {
    /// Reads the list.
    ///
    /// # Errors
    ///
    /// [`OpenedError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, OpenedError> {
        if INDEX_BYTES_MAX < bytes.len() {
            return Err(OpenedError::Malformed(format!("{} bytes", bytes.len())));
        }
        serde_json::from_slice(bytes).map_err(|error| OpenedError::Malformed(error.to_string()))
    }

    /// The list's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Adds a file, or leaves it as it is when it is listed.
    pub fn add(&mut self, listed: Listed) {
        let place = |one: &Listed| (one.origin.clone(), one.index);
        match self.opened.binary_search_by_key(&place(&listed), place) {
            Ok(_) => {}
            Err(at) => self.opened.insert(at, listed),
        }
    }
}

/// Where a docket's file lies: `opened/<leaf hash in hex>.json`.
pub fn path_of(leaf: &Hash) -> String {
    let digest = Digest(leaf.0).to_string();
    format!("opened/{}.json", digest.trim_start_matches("sha256:"))
}
