//! Going through an author's log for promised leaves, with its public files alone.

use super::Given;
use crate::{
    cmd::log::{
        believed::Believed,
        files::{Files, read_failure},
        instant,
    },
    failure::Failure,
    home::Home,
};
use jiff::Timestamp;
use portcullis_node::{Node, Viewed};
use portcullis_tlog::{
    hash::Hash,
    note::SignedNote,
    policy::CosignedCheckpoint,
    tile::{FileTiles, Tile},
    tree::{Frontier, HashReader as _},
};
use portcullis_verdict::bundle::inclusion_from_bytes;
use std::collections::{BTreeMap, BTreeSet};

/// How many origins of a log are looked at: a new one is opened only when a tree was lost.
const GENERATIONS_MAX: u32 = 64;

/// What the author's log shows of a promise.
pub(super) struct Survey {
    wanted: BTreeSet<Hash>,
    latest: Timestamp,
    /// Trees that a quorum had cosigned in time: by origin and size, their roots.
    cosigned: BTreeMap<(String, u64), Hash>,
    /// Where the promised leaves are.
    places: BTreeMap<Hash, (String, u64)>,
    /// Up to which size each origin was cosigned in time, and grew into what it is now.
    in_time: BTreeMap<String, u64>,
}

impl Survey {
    /// Goes through every leaf hash of every origin of the log, under verified checkpoints.
    pub(super) fn of(
        home: &Home,
        node: &Node,
        viewed: &Viewed,
        given: &Given,
    ) -> Result<Self, Failure> {
        let leaves = given.word.leaves.iter();
        let latest =
            given.word.latest.parse().map_err(|error| {
                Failure::false_("promise.malformed", format!("its time: {error}"))
            })?;
        let mut survey = Self {
            wanted: leaves.filter_map(|leaf| leaf.parse().ok()).collect(),
            latest,
            cosigned: BTreeMap::new(),
            places: BTreeMap::new(),
            in_time: BTreeMap::new(),
        };
        let believed = Believed::by_register(node.history()?, None);
        survey.take_proofs(&believed, viewed, given);
        for generation in 1..=GENERATIONS_MAX {
            let prefix = format!("log/{generation}");
            let files = if given.author == *node.me() {
                Files::Folder(home.blobs_dir().join(&prefix))
            } else {
                Files::at(&node.peer(&given.author)?, prefix)?
            };
            let Some(bytes) = files.maybe("checkpoint")? else {
                // An origin that was closed before anything was cosigned has no checkpoint.
                if files.maybe("closed")?.is_some() {
                    continue;
                }
                break;
            };
            let signed = SignedNote::parse(&bytes)
                .map_err(|error| Failure::false_("log.checkpoint", error.to_string()))?;
            let newest = believed.verify(&signed)?;
            let origin = &newest.checkpoint.origin;
            if origin.as_str() != format!("{}/{generation}", given.word.log) {
                let text = format!("`{origin}` is not the log that was promised");
                return Err(Failure::false_("log.other", text));
            }
            survey.keep(&newest);
            survey.walk(&files, &newest)?;
        }
        Ok(survey)
    }

    /// Where a promised leaf is: origin and index.
    pub(super) fn place(&self, leaf: &Hash) -> Option<&(String, u64)> {
        self.places.get(leaf)
    }

    /// How many of the promised leaves are in the log.
    pub(super) fn found(&self) -> usize {
        self.places.len()
    }

    /// Whether all of them are.
    pub(super) fn found_all(&self) -> bool {
        self.places.len() == self.wanted.len()
    }

    /// Whether a leaf is in a tree that was cosigned in time.
    pub(super) fn shows_in_time(&self, leaf: &Hash) -> bool {
        self.place(leaf).is_some_and(|(origin, index)| {
            self.in_time.get(origin).is_some_and(|size| index < size)
        })
    }

    /// Takes the checkpoints of the author's proofs in the case: older than the newest one, they
    /// show what was cosigned when.
    fn take_proofs(&mut self, believed: &Believed, viewed: &Viewed, given: &Given) {
        let statements = viewed.record.statements.iter();
        for record in statements.filter(|record| record.author == given.author) {
            let proof = record.proof.as_deref();
            let inclusion = proof.and_then(|bytes| inclusion_from_bytes(bytes).ok());
            if let Some(inclusion) = inclusion
                && let Ok(cosigned) = believed.verify(inclusion.proof.checkpoint())
            {
                self.keep(&cosigned);
            }
        }
    }

    /// Keeps a checkpoint that was cosigned in time.
    fn keep(&mut self, cosigned: &CosignedCheckpoint) {
        let second = cosigned.quorum_at.and_then(|at| i64::try_from(at).ok());
        if second.is_some_and(|second| second <= self.latest.as_second()) {
            let checkpoint = &cosigned.checkpoint;
            let tree = (checkpoint.origin.to_string(), checkpoint.size.0);
            self.cosigned.insert(tree, checkpoint.root);
        }
    }

    /// Goes through the leaf hashes of one origin, up to the root that its newest checkpoint signs.
    fn walk(&mut self, files: &Files, newest: &CosignedCheckpoint) -> Result<(), Failure> {
        let (size, root) = (newest.checkpoint.size, newest.checkpoint.root);
        let origin = newest.checkpoint.origin.to_string();
        let mut tree = Frontier::new();
        let mut index = 0;
        while let Some(tile) = Tile::in_tree(0, index, size) {
            let row = FileTiles(files).tile(tile);
            for hash in row.map_err(|error| read_failure(&error))? {
                if self.wanted.contains(&hash) {
                    let place = (origin.clone(), tree.size().0);
                    self.places.entry(hash).or_insert(place);
                }
                tree.append(hash);
                self.compare(&origin, &tree)?;
            }
            index += 1;
        }
        if tree.root() == root {
            return Ok(());
        }
        let at = newest.quorum_at.map(instant).unwrap_or_default();
        let text = format!(
            "the root of `{origin}` at {size}, cosigned at {at}, does not follow from its tiles"
        );
        Err(Failure::false_("log.root", text))
    }

    /// Compares the tree as it grows with those that were cosigned.
    fn compare(&mut self, origin: &str, tree: &Frontier) -> Result<(), Failure> {
        let size = tree.size().0;
        match self.cosigned.get(&(origin.to_owned(), size)) {
            None => Ok(()),
            Some(root) if *root == tree.root() => {
                self.in_time.insert(origin.to_owned(), size);
                Ok(())
            }
            Some(_) => {
                let text = format!("`{origin}` showed another tree of {size} entries before");
                Err(Failure::false_("log.fork", text)
                    .hint("two trees under one name are evidence: keep the bundle of this case"))
            }
        }
    }
}
