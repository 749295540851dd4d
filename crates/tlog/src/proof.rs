//! Proofs of logging: a file that shows, offline, that an entry is in a witnessed log.
//!
//! Follows C2SP tlog-proof: an inclusion path, and the checkpoint it leads to with its
//! cosignatures. The customary ending is `.tlog-proof`.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::note::{NOTE_BYTES_MAX, NoteError, SignedNote, VerifierKey};
use crate::policy::{CosignedCheckpoint, Policy, PolicyError};
use crate::text::{next_line, parse_base64, to_base64};
use crate::tree::{LeafIndex, PROOF_HASHES_MAX, ProofError, verify_inclusion};

/// Longest opaque extra data in bytes.
pub const PROOF_EXTRA_BYTES_MAX: usize = 32 * 1024;

/// Longest proof in bytes: a note, the extra data in base64, 63 hashes, and the two head lines.
pub const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 48 * 1024;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// A proof, parsed and not verified. In text, lines; what parses prints the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlogProof {
    // INVARIANT: at most 63 hashes and 32 KiB of extra data.
    extra: Vec<u8>,
    index: LeafIndex,
    path: Vec<Hash>,
    checkpoint: SignedNote,
}

/// An entry that is in a log, as far as the policy is to be believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedInclusion {
    /// Where it is.
    pub index: LeafIndex,
    /// The checkpoint that shows it, with a quorum of cosignatures.
    pub cosigned: CosignedCheckpoint,
}

/// The text is no proof, or the parts do not make one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofTextError {
    /// More than [`PROOF_BYTES_MAX`].
    #[error("a proof of {0} bytes is too long")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the proof is not UTF-8")]
    NotUtf8,
    /// The first line is not `c2sp.org/tlog-proof@v1`.
    #[error("a proof starts with `{HEAD}`")]
    Head,
    /// The extra data is empty, not base64, or more than [`PROOF_EXTRA_BYTES_MAX`].
    #[error("the extra data is malformed")]
    Extra,
    /// The index line is missing or not a decimal without leading zeros.
    #[error("the index is malformed")]
    Index,
    /// A hash is malformed, or there are more than 63, or no empty line follows them.
    #[error("the inclusion path is malformed")]
    Path,
    /// The checkpoint is no signed note.
    #[error("the checkpoint is malformed")]
    Checkpoint(#[from] NoteError),
}

/// Why a proof does not show what it should.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InclusionError {
    /// The checkpoint is not to be believed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The entry is not where the proof says.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProof {
    /// A proof without extra data: the inclusion path of leaf `index`, leaf's sibling first, and
    /// the checkpoint it leads to.
    ///
    /// # Errors
    ///
    /// [`ProofTextError::Path`] when there are more than 63 hashes.
    pub fn new(
        index: LeafIndex,
        path: Vec<Hash>,
        checkpoint: SignedNote,
    ) -> Result<Self, ProofTextError> {
        let valid = path.len() <= PROOF_HASHES_MAX;
        let proof = Self {
            extra: Vec::new(),
            index,
            path,
            checkpoint,
        };
        if valid {
            Ok(proof)
        } else {
            Err(ProofTextError::Path)
        }
    }

    /// The proof with opaque data, which nothing authenticates. Empty for none.
    ///
    /// # Errors
    ///
    /// [`ProofTextError::Extra`] when there is too much.
    pub fn with_extra(self, extra: Vec<u8>) -> Result<Self, ProofTextError> {
        let valid = extra.len() <= PROOF_EXTRA_BYTES_MAX;
        if valid {
            Ok(Self { extra, ..self })
        } else {
            Err(ProofTextError::Extra)
        }
    }

    /// Parses a proof.
    ///
    /// # Errors
    ///
    /// [`ProofTextError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofTextError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofTextError::TooLong(bytes.len()));
        }
        let mut rest = std::str::from_utf8(bytes).map_err(|_| ProofTextError::NotUtf8)?;
        next_line(&mut rest)
            .filter(|line| *line == HEAD)
            .ok_or(ProofTextError::Head)?;
        let mut line = next_line(&mut rest).ok_or(ProofTextError::Index)?;
        let mut extra = Vec::new();
        if let Some(base64) = line.strip_prefix("extra ") {
            let bytes = parse_base64(base64).filter(|bytes| !bytes.is_empty());
            extra = bytes.ok_or(ProofTextError::Extra)?;
            line = next_line(&mut rest).ok_or(ProofTextError::Index)?;
        }
        let index = line
            .strip_prefix("index ")
            .and_then(|index| index.parse().ok());
        let index = index.ok_or(ProofTextError::Index)?;
        let path = parse_hashes(&mut rest).ok_or(ProofTextError::Path)?;
        let checkpoint = SignedNote::parse(rest.as_bytes())?;
        Self::new(index, path, checkpoint)?.with_extra(extra)
    }

    /// Opaque data that nothing authenticates; empty for none.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// Where the proof says the entry is; not verified.
    pub fn index(&self) -> LeafIndex {
        self.index
    }

    /// The inclusion path, leaf's sibling first.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint with its signatures; not verified.
    pub fn checkpoint(&self) -> &SignedNote {
        &self.checkpoint
    }

    /// Verifies that the entry with `leaf` is in a log that `policy` lists, under a quorum of its
    /// witnesses.
    ///
    /// # Errors
    ///
    /// [`InclusionError::Policy`] and [`InclusionError::Proof`].
    pub fn verify(
        &self,
        leaf: &Hash,
        policy: &Policy,
    ) -> Result<VerifiedInclusion, InclusionError> {
        self.included(leaf, policy.verify_quorum(&self.checkpoint)?)
    }

    /// The same for a log whose key comes from elsewhere: see [`Policy::verify_checkpoint_as`].
    ///
    /// # Errors
    ///
    /// [`InclusionError::Policy`] and [`InclusionError::Proof`].
    pub fn verify_as(
        &self,
        leaf: &Hash,
        policy: &Policy,
        log_key: &VerifierKey,
    ) -> Result<VerifiedInclusion, InclusionError> {
        self.included(leaf, policy.verify_quorum_as(&self.checkpoint, log_key)?)
    }

    fn included(
        &self,
        leaf: &Hash,
        cosigned: CosignedCheckpoint,
    ) -> Result<VerifiedInclusion, InclusionError> {
        let (size, root) = (cosigned.checkpoint.size, cosigned.checkpoint.root);
        verify_inclusion(leaf, self.index, size, &root, &self.path)?;
        Ok(VerifiedInclusion {
            index: self.index,
            cosigned,
        })
    }
}

/// Reads up to 63 hashes, one a line, and the empty line after them.
pub(crate) fn parse_hashes(rest: &mut &str) -> Option<Vec<Hash>> {
    let mut hashes = Vec::new();
    loop {
        let line = next_line(rest)?;
        if line.is_empty() {
            return Some(hashes);
        }
        if hashes.len() == PROOF_HASHES_MAX {
            return None;
        }
        hashes.push(line.parse().ok()?);
    }
}

impl FromStr for TlogProof {
    type Err = ProofTextError;

    fn from_str(text: &str) -> Result<Self, ProofTextError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", to_base64(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
