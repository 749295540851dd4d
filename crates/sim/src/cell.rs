//! Cells in one thread, from a seed: three nodes that follow each other's
//! collections, in pairs and in a ring, over links that are cut, lose, repeat
//! and delay; with crashes, broken disks and backups that come back; while
//! members publish, change, revoke, mark, remove, ask back, come and go.
//!
//! After every op nobody holds what it was never let see. At the end everything
//! heals, all follows run until nothing moves any more, and then whoever may
//! have something has it, to the byte; nobody has what it may no longer have;
//! and one more round of asking makes no new entry anywhere.

pub mod laws;
pub mod network;
pub mod op;
pub mod run;
pub mod world;

pub use run::{run, run_ops};
