//! Promises: the signed word that leaves will be in a cosigned checkpoint by then.
//!
//! A promise stands in where law 4 lets it. It names leaf hashes, the log and the
//! latest time; whoever holds it can prove its breach to anyone with nothing but the
//! log's public files.

use crate::{Node, NodeError, log::Tiles};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::digest::Digest;
use portcullis_sign::{Envelope, PublicKey, SignatureError};
use portcullis_tlog::hash::{Hash, leaf_hash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The payload type of a promise.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.portcullis.promise+json";
/// How many ticks a promise may take.
const TICKS: i32 = 6;

/// The signed word that leaves will be cosigned by then.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// The name of the log, without generation.
    pub log: String,
    /// The statement whose leaves are meant: `sha256:…` of its payload.
    pub statement: String,
    /// RFC 6962 leaf hashes, base64, in the order of the leaves.
    pub leaves: Vec<String>,
    /// The latest time of a quorum's cosignature.
    pub latest: String,
}

/// What a promise is worth now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Breach {
    /// Every leaf is in the log in time.
    Kept,
    /// There is time left.
    Open,
    /// The time is over and a leaf is missing.
    Broken,
}

impl Promise {
    /// Reads a promise and verifies that `key` signed it.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn verify(envelope: &[u8], key: &PublicKey) -> Result<Self, String> {
        let envelope = Envelope::parse(envelope).map_err(|error| error.to_string())?;
        if envelope.payload_type() != PAYLOAD_TYPE {
            return Err("this is no promise".into());
        }
        envelope
            .verify_by(key)
            .map_err(|error: SignatureError| error.to_string())?;
        serde_json::from_slice(envelope.payload()).map_err(|error| error.to_string())
    }

    /// What it is worth: `found` says whether an entry with this leaf hash is in the log
    /// under a checkpoint cosigned by the promised time.
    ///
    /// # Errors
    ///
    /// A sentence, when the promise's own texts cannot be read.
    pub fn weigh(&self, now: Timestamp, found: impl Fn(&Hash) -> bool) -> Result<Breach, String> {
        let latest: Timestamp = self
            .latest
            .parse()
            .map_err(|_| "its time cannot be read".to_owned())?;
        let mut all = true;
        for leaf in &self.leaves {
            let hash: Hash = leaf
                .parse()
                .map_err(|_| "a leaf hash cannot be read".to_owned())?;
            all &= found(&hash);
        }
        Ok(match (all, latest < now) {
            (true, _) => Breach::Kept,
            (false, false) => Breach::Open,
            (false, true) => Breach::Broken,
        })
    }
}

impl Node {
    /// Promises that a statement's leaves will be cosigned within a few ticks; the same
    /// promise again, if one was made.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when the leaves cannot be found.
    pub fn make_promise(&self, statement: &Digest) -> Result<(Digest, Vec<u8>), NodeError> {
        if let Some(made) = self.store.promise(statement)? {
            return Ok((portcullis_verdict::text::sha256(&made), made));
        }
        let leaves = self.leaf_hashes(statement)?;
        if leaves.is_empty() {
            return Err(NodeError::NotRecorded);
        }
        let wait = self.shape.tick.saturating_mul(TICKS) + SignedDuration::from_mins(1);
        let latest = self.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let promise = Promise {
            log: self.keys.log_name.clone(),
            statement: statement.to_string(),
            leaves: leaves.iter().map(ToString::to_string).collect(),
            latest: latest.to_string(),
        };
        let payload =
            serde_json::to_vec(&promise).map_err(|error| NodeError::Broken(error.to_string()))?;
        let signature = self.keys.statements.sign(PAYLOAD_TYPE, &payload);
        let envelope = Envelope::seal(PAYLOAD_TYPE, &payload, vec![signature])
            .map_err(|error| NodeError::Broken(error.to_string()))?;
        let bytes = envelope.as_bytes().to_vec();
        self.store.add_promise(statement, &bytes)?;
        Ok((portcullis_verdict::text::sha256(&bytes), bytes))
    }

    /// The leaf hashes of a statement of ours, in the order of its leaves: those that wait for
    /// a tick, and those that have their place and wait for witnesses.
    fn leaf_hashes(&self, statement: &Digest) -> Result<Vec<Hash>, NodeError> {
        // The queue first: a leaf that a tick takes out of it meanwhile is then found in its place.
        let queued = self.store.queued_leaves(usize::MAX >> 1)?;
        let ours = queued.iter().filter(|leaf| leaf.statement == *statement);
        let mut hashes: BTreeMap<u16, Hash> = ours
            .map(|leaf| (leaf.ordinal, leaf_hash(&leaf.entry)))
            .collect();
        for leaf in self.store.leaves_of(statement)? {
            let generation = leaf.origin.rsplit('/').next().unwrap_or_default();
            let tiles = Tiles {
                blobs: &self.blobs,
                prefix: &format!("log/{generation}"),
            };
            let size = self.store.log(&leaf.origin)?.map_or(0, |log| log.size);
            hashes.insert(leaf.ordinal, leaf_hash(&tiles.entry(leaf.index, size)?));
        }
        Ok(hashes.into_values().collect())
    }
}
