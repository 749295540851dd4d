//! C2SP transparency logs: notes, checkpoints, tiles, proofs, cosignatures and policies.
//!
//! Everything here is arithmetic over bytes. Fetching, storing and publishing belong to the
//! caller, and so does every clock. The modules follow the headings of the specifications:
//!
//! | module | specification |
//! |---|---|
//! | [`hash`], [`tree`] | RFC 6962 §2.1, RFC 9162 §2.1 |
//! | [`tile`] | C2SP tlog-tiles |
//! | [`note`] | C2SP signed-note |
//! | [`checkpoint`] | C2SP tlog-checkpoint |
//! | [`cosignature`] | C2SP tlog-cosignature |
//! | [`policy`] | C2SP tlog-policy |
//! | [`proof`] | C2SP tlog-proof |
//! | [`witness`] | C2SP tlog-witness |
//! | [`monitor`] | what an auditor does with tlog-tiles |
//!
//! Two trees, their roots, and the proof that one grew out of the other:
//!
//! ```
//! use portcullis_tlog::hash::leaf_hash;
//! use portcullis_tlog::tree::{TreeSize, root_of, verify_consistency};
//!
//! let leaves = [leaf_hash(b"first"), leaf_hash(b"second")];
//! let (old, new) = (root_of(&leaves[..1]), root_of(&leaves));
//! verify_consistency(TreeSize(1), TreeSize(2), &old, &new, &leaves[1..])?;
//! # Ok::<(), portcullis_tlog::tree::ProofError>(())
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod checkpoint;
pub mod cosignature;
pub mod hash;
pub mod monitor;
pub mod note;
pub mod policy;
pub mod proof;
mod text;
pub mod tile;
pub mod tree;
pub mod witness;
