//! Provenance: who published an object, whoever relays it.
//!
//! A batch is signed once, by the node that takes it in: over the root of an RFC 6962 tree whose
//! entries are the SHA-256 digests of its objects' exact bytes. With an object travels the signed
//! batch and the object's path in that tree, so that an object alone can be verified, and a batch
//! costs one signature.

use super::word::{Believed, By, Says, Word, WordError};
use crate::text::{Instant, Text};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    tree::{LeafIndex, Levels, TreeSize, root_of, verify_inclusion},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The most bytes of a proof: a signed batch and 63 hashes.
pub const PROOF_BYTES_MAX: usize = 32 * 1024;
/// The most characters of a publisher: the id of a STIX identity, or a member's name.
const PUBLISHER_CHARS_MAX: usize = 255;

/// A node's word that it took a batch of objects from a publisher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Batch {
    /// The name of the realm.
    pub realm: String,
    /// Whose node signs.
    pub member: MemberId,
    /// Who published: a member's name, or the id of a STIX identity that is a pseudonym, for which
    /// the signing node answers.
    pub publisher: String,
    /// How many objects.
    pub objects: u64,
    /// The root over their digests, in the order of the batch.
    pub root: Hash,
    /// When, by that node's clock.
    pub made_at: Timestamp,
}

/// An object's provenance by itself: the signed batch and the object's place in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proof {
    /// The signed batch.
    pub batch: Word<Batch>,
    /// The object's place in it, from 0.
    pub place: u64,
    /// Its path, its sibling first.
    pub path: Vec<Hash>,
}

/// Where an object comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// Whose node signed.
    pub member: MemberId,
    /// Who published.
    pub publisher: String,
    /// When, by that node's clock.
    pub at: Timestamp,
    /// Whether the key held its office then and holds it no more.
    pub lapsed: bool,
}

/// Why a provenance does not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProvenanceError {
    /// It cannot be read.
    #[error("this is no provenance: {0}")]
    Malformed(String),
    /// The batch is not to be believed.
    #[error(transparent)]
    Word(#[from] WordError),
    /// The object is not in the batch.
    #[error("the object is not the one that was signed: {0}")]
    OtherObject(String),
}

impl ProvenanceError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "provenance.malformed",
            Self::Word(error) => error.code(),
            Self::OtherObject(_) => "provenance.other_object",
        }
    }
}

#[derive(Serialize, Deserialize)]
enum BatchV1 {
    #[serde(rename = "cell-batch/v1")]
    V1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchJson {
    portcullis: BatchV1,
    realm: String,
    member: Text<MemberId>,
    publisher: String,
    objects: u64,
    root: Text<Hash>,
    made_at: Instant,
}

impl Says for Batch {
    const PAYLOAD_TYPE: &'static str = "application/vnd.portcullis.cell-batch.v1+json";
    const WHAT: &'static str = "batch of objects";

    fn payload(&self) -> Vec<u8> {
        let json = BatchJson {
            portcullis: BatchV1::V1,
            realm: self.realm.clone(),
            member: Text(self.member.clone()),
            publisher: self.publisher.clone(),
            objects: self.objects,
            root: Text(self.root),
            made_at: Text(self.made_at),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Result<Self, String> {
        let json: BatchJson = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        if json.objects == 0 {
            return Err("a batch has an object".into());
        }
        if PUBLISHER_CHARS_MAX < json.publisher.chars().count() || json.publisher.is_empty() {
            return Err(format!(
                "a publisher has 1 to {PUBLISHER_CHARS_MAX} characters"
            ));
        }
        Ok(Self {
            realm: json.realm,
            member: json.member.0,
            publisher: json.publisher,
            objects: json.objects,
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

/// The entry of an object in its batch's tree: SHA-256 of its exact bytes.
pub fn digest_of(object: &[u8]) -> Digest {
    Digest(Sha256::digest(object).into())
}

fn leaves(digests: &[Digest]) -> Vec<Hash> {
    digests.iter().map(|digest| leaf_hash(&digest.0)).collect()
}

impl Batch {
    /// The root over objects' digests, in the order of the batch.
    pub fn root_over(digests: &[Digest]) -> Hash {
        root_of(&leaves(digests))
    }

    /// The whole tree, for the objects' paths.
    pub fn levels(digests: &[Digest]) -> Levels {
        Levels::of(leaves(digests))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofJson {
    batch: String,
    place: u64,
    path: Vec<Text<Hash>>,
}

impl Proof {
    /// The provenance of one object of a batch, from [`Batch::levels`]; `None` when the objects
    /// are not the batch's.
    pub fn of(batch: &Word<Batch>, levels: &Levels, place: usize) -> Option<Self> {
        if levels.root() != batch.says().root {
            return None;
        }
        Some(Self {
            batch: batch.clone(),
            place: place as u64,
            path: levels.path(place)?,
        })
    }

    /// As JSON text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let json = ProofJson {
            batch: STANDARD.encode(self.batch.as_bytes()),
            place: self.place,
            path: self.path.iter().copied().map(Text).collect(),
        };
        // Plain structs with string keys: writing them to memory cannot fail.
        serde_json::to_vec(&json).unwrap_or_default()
    }

    /// Reads a proof. No signature is verified here.
    ///
    /// # Errors
    ///
    /// [`ProvenanceError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProvenanceError> {
        let malformed = |why: String| ProvenanceError::Malformed(why);
        if PROOF_BYTES_MAX < bytes.len() {
            return Err(malformed(format!("it has {} bytes", bytes.len())));
        }
        let json: ProofJson =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        let batch = STANDARD.decode(&json.batch);
        let batch = batch.map_err(|error| malformed(error.to_string()))?;
        Ok(Self {
            batch: Word::parse(&batch)?,
            place: json.place,
            path: json.path.into_iter().map(|hash| hash.0).collect(),
        })
    }

    /// Whether the object is the one at this place of the batch. Tells nothing of who signed.
    ///
    /// # Errors
    ///
    /// [`ProvenanceError::OtherObject`].
    pub fn holds(&self, object: &[u8]) -> Result<(), ProvenanceError> {
        let says = self.batch.says();
        verify_inclusion(
            &leaf_hash(&digest_of(object).0),
            LeafIndex(self.place),
            TreeSize(says.objects),
            &says.root,
            &self.path,
        )
        .map_err(|error| ProvenanceError::OtherObject(error.to_string()))
    }
}

/// Verifies where an object comes from: its exact bytes, its provenance, and by what the
/// provenance is believed.
///
/// # Errors
///
/// [`ProvenanceError`] of the first thing that does not hold.
pub fn verify_provenance(
    object: &[u8],
    proof: &[u8],
    by: &By<'_>,
) -> Result<Origin, ProvenanceError> {
    let proof = Proof::parse(proof)?;
    proof.holds(object)?;
    let Believed { lapsed, .. } = proof.batch.verify(by, None)?;
    let says = proof.batch.says();
    Ok(Origin {
        member: says.member.clone(),
        publisher: says.publisher.clone(),
        at: says.made_at,
        lapsed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_sign::SecretKey;

    fn objects() -> Vec<Vec<u8>> {
        (0..7)
            .map(|at| format!("{{\"id\":\"indicator--{at}\"}}").into_bytes())
            .collect()
    }

    fn signed(key: &SecretKey) -> (Vec<Vec<u8>>, Vec<Digest>, Word<Batch>) {
        let objects = objects();
        let digests: Vec<Digest> = objects.iter().map(|object| digest_of(object)).collect();
        let batch = Batch {
            realm: "live".into(),
            member: "cell.example".parse().unwrap(),
            publisher: "bank.example".into(),
            objects: 7,
            root: Batch::root_over(&digests),
            made_at: "2026-11-22T03:00:00Z".parse().unwrap(),
        };
        (objects, digests, Word::sign(&batch, key).unwrap())
    }

    #[test]
    fn every_object_of_a_batch_tells_where_it_comes_from() {
        let key = SecretKey::from_seed([5; 32]);
        let public = key.public();
        let (objects, digests, batch) = signed(&key);
        let by = By::Key {
            key: &public,
            realm: "live",
        };
        for (place, object) in objects.iter().enumerate() {
            let proof = Proof::of(&batch, &Batch::levels(&digests), place)
                .unwrap()
                .to_bytes();
            let origin = verify_provenance(object, &proof, &by).unwrap();
            assert_eq!(origin.publisher, "bank.example");
            let mut changed = object.clone();
            changed[3] ^= 1;
            assert_eq!(
                verify_provenance(&changed, &proof, &by).unwrap_err().code(),
                "provenance.other_object"
            );
        }
    }

    #[test]
    fn a_batch_is_its_signers_and_of_its_realm() {
        let key = SecretKey::from_seed([5; 32]);
        let (objects, digests, batch) = signed(&key);
        let proof = Proof::of(&batch, &Batch::levels(&digests), 2)
            .unwrap()
            .to_bytes();
        let (public, other) = (key.public(), SecretKey::from_seed([6; 32]).public());
        let code = |key, realm| {
            verify_provenance(&objects[2], &proof, &By::Key { key, realm })
                .unwrap_err()
                .code()
        };
        assert_eq!(code(&other, "live"), "word.other_key");
        assert_eq!(code(&public, "exercise-storm"), "word.other_realm");
    }

    #[test]
    fn a_proof_is_made_of_the_batchs_own_objects_alone() {
        let (_, mut digests, batch) = signed(&SecretKey::from_seed([5; 32]));
        digests.swap(0, 1);
        assert_eq!(Proof::of(&batch, &Batch::levels(&digests), 0), None);
    }

    #[test]
    fn a_path_of_another_place_does_not_hold() {
        let key = SecretKey::from_seed([5; 32]);
        let (objects, digests, batch) = signed(&key);
        let mut proof = Proof::of(&batch, &Batch::levels(&digests), 2).unwrap();
        proof.place = 3;
        assert!(proof.holds(&objects[2]).is_err());
        assert!(proof.holds(&objects[3]).is_err());
    }
}
