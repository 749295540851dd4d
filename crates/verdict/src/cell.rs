//! What a node of the cell signs outside cases, and how anybody checks it: the roots of its ledger
//! of what was served to whom, the batches that it publishes, the pseudonyms that it opened.
//!
//! Everything here is arithmetic over bytes: the ledger, the journal and the log belong to `node`.

mod evidence;
mod provenance;
mod served;
mod word;

pub use evidence::{
    EVIDENCE_BYTES_MAX, Evidence, EvidenceError, Findings, InFrame, Shown, ShownContent,
    ShownRecord, ShownRoot, verify_evidence,
};
pub use provenance::{
    Batch, Origin, PROOF_BYTES_MAX, Proof, ProvenanceError, digest_of, verify_provenance,
};
pub use served::{Content, FrameSecret, How, RUNS_MAX, Record, Root, Run, Served};
pub use word::{Believed, By, Opening, Says, Word, WordError};
