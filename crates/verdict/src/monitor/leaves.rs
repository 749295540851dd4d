//! Going through leaves: every proof, and no commitment twice.

use super::{
    finding::{Code, EvidenceLeaf, Finding},
    memory::Memory,
    seen::{Shelf, ShelfError},
    shape::LogShape,
};
use portcullis_ballot::{Batch, Context, Leaf, LeafError};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    proof::TlogProof,
    tile::{EntryTile, FileTiles, LogFiles, TILE_WIDTH, bundle_file},
    tree::{
        LeafIndex, ProveError, ReadError, TreeSize, prove_consistency, prove_inclusion,
        verify_consistency,
    },
};
use rand_core::CryptoRng;

/// Leaves of a bundle.
pub const BUNDLE_LEAVES_MAX: usize = TILE_WIDTH as usize;
/// The most leaves of one call that are named one by one.
const NAMED_MAX: usize = 8;

/// A bundle's leaves, checked by themselves; its place in the tree is checked when it is absorbed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    first: u64,
    leaves: Vec<CheckedLeaf>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct CheckedLeaf {
    hash: Hash,
    commitment: Vec<u8>,
    /// What is wrong with it, and its bytes.
    wrong: Option<(LeafError, Vec<u8>)>,
}

/// Why leaves could not be absorbed.
#[derive(Debug, thiserror::Error)]
pub enum AbsorbError {
    /// A file of the log cannot be had.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The fingerprints cannot be had or kept.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The bundles do not follow on what was gone through.
    #[error("the leaves do not follow on entry {0}")]
    Order(TreeSize),
}

impl Checked {
    /// How many leaves it holds.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

/// Checks the proofs of a bundle's entries, all at once, and each by itself where one is false.
///
/// `first` is the index of the first of `entries`. This is the work that several threads share.
pub fn check_bundle(
    context: &Context<'_>,
    first: u64,
    entries: &[&[u8]],
    generator: &mut impl CryptoRng,
) -> Checked {
    let parsed: Vec<_> = entries.iter().map(|entry| Leaf::parse(entry)).collect();
    let mut batch = Batch::new(context);
    let mut whole = true;
    for leaf in &parsed {
        whole &= match leaf {
            Ok(leaf) => batch.push(leaf).is_ok(),
            Err(_) => false,
        };
    }
    let holds = whole && batch.verify(generator).is_ok();
    let leaves = entries.iter().zip(&parsed).map(|(entry, leaf)| {
        let wrong = match leaf {
            Ok(_) if holds => None,
            Ok(leaf) => leaf.verify(context).err(),
            Err(error) => Some(*error),
        };
        CheckedLeaf {
            hash: leaf_hash(entry),
            commitment: leaf
                .as_ref()
                .map_or_else(|_| Vec::new(), |leaf| leaf.commitment_bytes().to_vec()),
            wrong: wrong.map(|error| (error, entry.to_vec())),
        }
    });
    Checked {
        first,
        leaves: leaves.collect(),
    }
}

impl Memory {
    /// The schema that leaves are checked under: of the shape, or that of the first leaf.
    pub fn schema(&self) -> Option<[u8; 32]> {
        let shape = self.shape.as_deref();
        let of_shape = shape.and_then(|bytes| LogShape::verify(bytes, &self.key).ok());
        of_shape.map(|shape| shape.schema).or(self.schema)
    }

    /// Takes the schema of a log without a shape from its first entry; the first one stays.
    pub fn take_schema(&mut self, entry: &[u8]) {
        if let Ok(leaf) = Leaf::parse(entry)
            && self.schema.is_none()
        {
            self.schema = leaf.schema().try_into().ok();
        }
    }

    /// Takes in bundles in their order, from the first leaf that was not gone through.
    ///
    /// Nothing is taken in, and [`Code::BadTile`] is said, when they are not the entries of the
    /// newest believed checkpoint. Otherwise every false proof and every commitment that was there
    /// before is a finding; at most eight of each are named in one call.
    ///
    /// # Errors
    ///
    /// [`AbsorbError`]: nothing was taken in, and the same bundles can be tried again.
    pub fn absorb(
        &mut self,
        bundles: &[Checked],
        files: &impl LogFiles,
        keeper: &impl Shelf,
    ) -> Result<Vec<Finding>, AbsorbError> {
        let Some(newest) = self.newest.clone() else {
            return Ok(Vec::new());
        };
        let mut walked = self.walked.clone();
        for bundle in bundles {
            if bundle.first != walked.size().0 {
                return Err(AbsorbError::Order(walked.size()));
            }
            walked.extend(bundle.leaves.iter().map(|leaf| leaf.hash));
        }
        let (size, root) = (walked.size(), walked.root());
        let whole = &newest.checkpoint;
        let follows = if size == whole.size {
            root == whole.root
        } else {
            match prove_consistency(&FileTiles(files), size, whole.size) {
                Ok(proof) => {
                    verify_consistency(size, whole.size, &root, &whole.root, &proof).is_ok()
                }
                Err(ProveError::Read(error)) => return Err(error.into()),
                Err(ProveError::OutOfRange { .. }) => false,
            }
        };
        if !follows {
            let text = format!(
                "entries {} to {size} of `{}` do not make the tree of {} that it signed",
                self.walked.size(),
                self.origin,
                whole.size
            );
            let note = newest.note.to_text();
            return Ok(vec![Finding::new(Code::BadTile, text).notes([note])]);
        }
        let mut seen = self.seen.clone();
        let (mut wrong, mut repeated) = (Vec::new(), Vec::new());
        let mut repeated_more = 0_u64;
        let mut wrong_more = 0_u64;
        for bundle in bundles {
            for (index, leaf) in (bundle.first..).zip(&bundle.leaves) {
                if let Some((error, entry)) = &leaf.wrong {
                    if wrong.len() < NAMED_MAX {
                        wrong.push(self.wrong(index, *error, entry, files)?);
                    } else {
                        wrong_more += 1;
                    }
                }
                if leaf.commitment.is_empty() || seen.insert(&leaf.commitment, keeper)? {
                    continue;
                }
                if repeated.len() >= NAMED_MAX {
                    repeated_more += 1;
                } else if let Some(found) = self.repeated(index, &leaf.commitment, files)? {
                    repeated.push(found);
                }
            }
        }
        self.walked = walked;
        self.seen = seen;
        for (more, found) in [(wrong_more, &mut wrong), (repeated_more, &mut repeated)] {
            if let Some(last) = found.last_mut()
                && more > 0
            {
                let more = format!("; and {more} more up to entry {size}");
                last.message.push_str(&more);
            }
        }
        wrong.append(&mut repeated);
        Ok(wrong)
    }

    fn wrong(
        &self,
        index: u64,
        error: LeafError,
        entry: &[u8],
        files: &impl LogFiles,
    ) -> Result<Finding, ReadError> {
        let text = format!("leaf {index} of `{}`: {error}", self.origin);
        let mut finding = Finding::new(Code::BadProof, text);
        let leaf = self.place(index, entry.to_vec(), files)?;
        finding.evidence.leaves.push(leaf);
        Ok(finding)
    }

    /// Looks for the leaf before `index` that has this commitment. None when there is none: the
    /// fingerprints alone were equal.
    fn repeated(
        &self,
        index: u64,
        commitment: &[u8],
        files: &impl LogFiles,
    ) -> Result<Option<Finding>, ReadError> {
        let size = self.newest().map_or(TreeSize(0), |newest| newest.size);
        let mut earlier = None;
        let mut later = Vec::new();
        for number in 0..=index / u64::from(TILE_WIDTH) {
            let Some(tile) = EntryTile::in_tree(number, size) else {
                break;
            };
            let (path, bytes) = bundle_file(files, tile)?;
            let entries = tile
                .entries_in(&bytes)
                .map_err(|source| ReadError::Malformed { path, source })?;
            for (at, entry) in (number * u64::from(TILE_WIDTH)..).zip(entries) {
                let same =
                    Leaf::parse(entry).is_ok_and(|leaf| leaf.commitment_bytes() == commitment);
                if at == index {
                    later = entry.to_vec();
                } else if same && at < index && earlier.is_none() {
                    earlier = Some((at, entry.to_vec()));
                }
            }
        }
        let Some((at, entry)) = earlier else {
            return Ok(None);
        };
        let text = format!(
            "leaves {at} and {index} of `{}` have one and the same commitment",
            self.origin
        );
        let mut finding = Finding::new(Code::RepeatedCommitment, text);
        finding.evidence.leaves = vec![
            self.place(at, entry, files)?,
            self.place(index, later, files)?,
        ];
        Ok(Some(finding))
    }

    /// An entry with the proof of where it is.
    fn place(
        &self,
        index: u64,
        entry: Vec<u8>,
        files: &impl LogFiles,
    ) -> Result<EvidenceLeaf, ReadError> {
        let proof = match &self.newest {
            None => None,
            Some(newest) => {
                let size = newest.checkpoint.size;
                match prove_inclusion(&FileTiles(files), LeafIndex(index), size) {
                    Ok(path) => TlogProof::new(LeafIndex(index), path, newest.note.clone()).ok(),
                    Err(ProveError::Read(error)) => return Err(error),
                    Err(ProveError::OutOfRange { .. }) => None,
                }
            }
        };
        Ok(EvidenceLeaf {
            index,
            entry,
            proof: proof.map(|proof| proof.to_string()),
        })
    }
}
