//! What a monitor finds, and the evidence of it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_tlog::{
    hash::Hash,
    tree::{ProofError, TreeSize, verify_consistency},
};
use serde_json::{Value, json};

/// What was found, in a word that does not change.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Code {
    /// Two checkpoints that one log signed, of trees that are not one tree.
    SplitView,
    /// The log shows less than it showed before.
    Rollback,
    /// Two leaves with one commitment.
    RepeatedCommitment,
    /// A leaf whose proof is false.
    BadProof,
    /// The log does not serve the tree that it signed.
    BadTile,
    /// The log's growth, or two of its notes, contradict the shape that it signed.
    ShapeBroken,
    /// A checkpoint or a shape that is not signed as it claims to be.
    BadSignature,
    /// No tick where there should have been one.
    Silence,
    /// The log changed its shape, with notice.
    Shape,
    /// The newest checkpoint lacks the witnesses' quorum.
    Unwitnessed,
    /// The log says that this origin takes no more leaves.
    Closed,
    /// The log publishes no shape.
    NoShape,
}

/// What a finding means for whoever is called.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Weight {
    /// Worth a line.
    Note,
    /// Somebody should ask the log's operator.
    Warning,
    /// Proof that something is not what it claims to be.
    Proof,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::SplitView,
        Self::Rollback,
        Self::RepeatedCommitment,
        Self::BadProof,
        Self::BadTile,
        Self::ShapeBroken,
        Self::BadSignature,
        Self::Silence,
        Self::Shape,
        Self::Unwitnessed,
        Self::Closed,
        Self::NoShape,
    ];

    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SplitView => "monitor.split_view",
            Self::Rollback => "monitor.rollback",
            Self::RepeatedCommitment => "monitor.repeated_commitment",
            Self::BadProof => "monitor.bad_proof",
            Self::BadTile => "monitor.bad_tile",
            Self::ShapeBroken => "monitor.shape_broken",
            Self::BadSignature => "monitor.bad_signature",
            Self::Silence => "monitor.silence",
            Self::Shape => "monitor.shape",
            Self::Unwitnessed => "monitor.unwitnessed",
            Self::Closed => "monitor.closed",
            Self::NoShape => "monitor.no_shape",
        }
    }

    /// The code with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether the evidence shows it to anybody, for ever: two signed texts that contradict each
    /// other, or a leaf in a signed tree. What only we saw is said while it is seen.
    pub const fn is_lasting(self) -> bool {
        match self {
            Self::SplitView | Self::RepeatedCommitment | Self::BadProof | Self::ShapeBroken => true,
            Self::Rollback
            | Self::BadTile
            | Self::BadSignature
            | Self::Silence
            | Self::Shape
            | Self::Unwitnessed
            | Self::Closed
            | Self::NoShape => false,
        }
    }

    /// How much it weighs.
    pub const fn weight(self) -> Weight {
        match self {
            Self::SplitView
            | Self::Rollback
            | Self::RepeatedCommitment
            | Self::BadProof
            | Self::BadTile
            | Self::ShapeBroken
            | Self::BadSignature => Weight::Proof,
            Self::Silence | Self::Shape | Self::Unwitnessed | Self::Closed => Weight::Warning,
            Self::NoShape => Weight::Note,
        }
    }
}

/// Something that a monitor found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// In a sentence: lower-case, no final stop.
    pub message: String,
    /// What shows it to others.
    pub evidence: Evidence,
}

/// What shows a finding to somebody who does not trust the monitor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// Signed notes as they were served, older first.
    pub notes: Vec<String>,
    /// What the newer note's tree says of the older note's size.
    pub tree: Option<Tree>,
    /// Log entries.
    pub leaves: Vec<EvidenceLeaf>,
}

/// The beginning of a newer tree, and the proof that it is that.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tree {
    /// Size of the older tree.
    pub old_size: TreeSize,
    /// What the older note says its root is.
    pub old_root: Hash,
    /// The root of the first `old_size` leaves of the newer tree.
    pub found_root: Hash,
    /// Size of the newer tree.
    pub new_size: TreeSize,
    /// Root of the newer tree, as its note says.
    pub new_root: Hash,
    /// The consistency proof from `found_root` to `new_root` (RFC 9162 §2.1.4).
    pub consistency: Vec<Hash>,
}

/// An entry with its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EvidenceLeaf {
    /// Zero-based.
    pub index: u64,
    /// The entry's bytes.
    pub entry: Vec<u8>,
    /// The C2SP tlog-proof that it is there, if it could be made.
    pub proof: Option<String>,
}

impl Tree {
    /// Checks that the newer tree begins with `found_root`, and that this is not `old_root`.
    ///
    /// # Errors
    ///
    /// [`ProofError`] when the proof does not lead there; [`ProofError::WrongOldRoot`] when both
    /// roots are one, so that nothing is shown.
    pub fn verify(&self) -> Result<(), ProofError> {
        if self.found_root == self.old_root {
            return Err(ProofError::WrongOldRoot);
        }
        verify_consistency(
            self.old_size,
            self.new_size,
            &self.found_root,
            &self.new_root,
            &self.consistency,
        )
    }
}

impl Finding {
    /// A finding without evidence beyond its sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            evidence: Evidence::default(),
        }
    }

    /// The same with signed notes as evidence.
    #[must_use]
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.evidence.notes.extend(notes);
        self
    }

    /// As JSON: `code`, `message`, `evidence`.
    pub fn to_json(&self) -> Value {
        json!({
            "code": self.code.as_str(),
            "message": self.message,
            "evidence": self.evidence.to_json(),
        })
    }
}

impl Evidence {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.tree.is_none() && self.leaves.is_empty()
    }

    /// As JSON: notes as texts, hashes and entries in base64.
    pub fn to_json(&self) -> Value {
        let leaf = |leaf: &EvidenceLeaf| json!({ "index": leaf.index, "entry": STANDARD.encode(&leaf.entry), "proof": leaf.proof });
        let tree = |tree: &Tree| {
            let hashes = tree.consistency.iter().map(ToString::to_string);
            json!({
                "old_size": tree.old_size.0,
                "old_root": tree.old_root.to_string(),
                "found_root": tree.found_root.to_string(),
                "new_size": tree.new_size.0,
                "new_root": tree.new_root.to_string(),
                "consistency": hashes.collect::<Vec<_>>(),
            })
        };
        json!({
            "notes": self.notes,
            "tree": self.tree.as_ref().map(tree),
            "leaves": self.leaves.iter().map(leaf).collect::<Vec<_>>(),
        })
    }
}
