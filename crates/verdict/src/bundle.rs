//! Bundles: a case's statements with what proves them, in one file.
//!
//! The same JSON travels between nodes. It carries no application and no
//! attachment: what it holds may be shown to the provider.

use crate::{register::Inclusion, text::Text};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_ballot::{Leaf, Opening, Salt};
use portcullis_core::digest::Digest;
use portcullis_tlog::proof::TlogProof;
use serde::{Deserialize, Serialize};

/// The most bytes of a bundle.
pub const BUNDLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most statements in a bundle.
pub const BUNDLE_STATEMENTS_MAX: usize = portcullis_core::case::STATEMENTS_MAX;

/// One statement of a bundle: its envelope, and its place in the author's log if it is proved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The exact bytes of the DSSE envelope.
    pub envelope: Vec<u8>,
    /// Where the author's log has it.
    pub inclusion: Option<Inclusion>,
}

/// A case's statements, in the order in which they joined it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bundle {
    /// The statements.
    pub entries: Vec<Entry>,
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// Longer than any bundle.
    #[error("{0} bytes; {BUNDLE_BYTES_MAX} are carried")]
    TooLong(usize),
    /// Not the JSON of a bundle.
    #[error("not a bundle: {0}")]
    Malformed(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleJson {
    kind: BundleKind,
    statements: Vec<EntryJson>,
}

#[derive(Serialize, Deserialize)]
enum BundleKind {
    #[serde(rename = "portcullis-bundle/v1")]
    V1,
}

/// A statement with its inclusion, as JSON. Public for the wire between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryJson {
    envelope: String,
    inclusion: Option<InclusionJson>,
}

/// An inclusion as JSON. Public for stores and the wire between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionJson {
    leaf: String,
    docket: String,
    docket_salt: Text<Digest>,
    envelope_salt: Text<Digest>,
    proof: String,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// [`BundleError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLong(bytes.len()));
        }
        let json: BundleJson = serde_json::from_slice(bytes)
            .map_err(|error| BundleError::Malformed(error.to_string()))?;
        if json.statements.len() > BUNDLE_STATEMENTS_MAX {
            return Err(BundleError::Malformed(format!(
                "{} statements",
                json.statements.len()
            )));
        }
        let entries = json.statements.into_iter().map(EntryJson::into_entry);
        Ok(Self {
            entries: entries
                .collect::<Result<_, _>>()
                .map_err(BundleError::Malformed)?,
        })
    }

    /// The bundle as JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let statements = self.entries.iter().map(EntryJson::from).collect();
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&BundleJson {
            kind: BundleKind::V1,
            statements,
        })
        .unwrap_or_default()
    }
}

impl From<&Entry> for EntryJson {
    fn from(entry: &Entry) -> Self {
        let inclusion = entry.inclusion.as_ref().map(InclusionJson::from);
        Self {
            envelope: STANDARD.encode(&entry.envelope),
            inclusion,
        }
    }
}

impl EntryJson {
    /// The entry it stands for.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn into_entry(self) -> Result<Entry, String> {
        let envelope = STANDARD
            .decode(&self.envelope)
            .map_err(|error| format!("an envelope: {error}"))?;
        Ok(Entry {
            envelope,
            inclusion: self
                .inclusion
                .map(InclusionJson::into_inclusion)
                .transpose()?,
        })
    }
}

impl From<&Inclusion> for InclusionJson {
    fn from(inclusion: &Inclusion) -> Self {
        Self {
            leaf: STANDARD.encode(inclusion.leaf.as_bytes()),
            docket: STANDARD.encode(&inclusion.opening.docket),
            docket_salt: Text(Digest(inclusion.opening.docket_salt.0)),
            envelope_salt: Text(Digest(inclusion.opening.envelope_salt.0)),
            proof: inclusion.proof.to_string(),
        }
    }
}

impl InclusionJson {
    /// The inclusion it stands for.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn into_inclusion(self) -> Result<Inclusion, String> {
        let leaf = STANDARD
            .decode(&self.leaf)
            .map_err(|error| format!("a leaf: {error}"))?;
        let docket = STANDARD
            .decode(&self.docket)
            .map_err(|error| format!("a docket: {error}"))?;
        let opening = Opening {
            docket,
            docket_salt: Salt(self.docket_salt.0.0),
            envelope_salt: Salt(self.envelope_salt.0.0),
        };
        Ok(Inclusion {
            leaf: Leaf::parse(&leaf).map_err(|error| format!("a leaf: {error}"))?,
            opening,
            proof: TlogProof::parse(self.proof.as_bytes())
                .map_err(|error| format!("a proof: {error}"))?,
        })
    }
}

/// An inclusion as bytes for a store: the JSON of [`InclusionJson`].
pub fn inclusion_to_bytes(inclusion: &Inclusion) -> Vec<u8> {
    serde_json::to_vec(&InclusionJson::from(inclusion)).unwrap_or_default()
}

/// An inclusion from a store's bytes.
///
/// # Errors
///
/// A sentence that says what is wrong.
pub fn inclusion_from_bytes(bytes: &[u8]) -> Result<Inclusion, String> {
    serde_json::from_slice::<InclusionJson>(bytes)
        .map_err(|error| error.to_string())?
        .into_inclusion()
}
