//! Watching a log: what a monitor remembers of it, and what it finds.
//!
//! A monitor trusts nobody about the past: it keeps a [`Memory`] of its own for every log, compares
//! every checkpoint that anybody was shown with it ([`Memory::observe`]), and goes through every
//! leaf once ([`check_bundle`], [`Memory::absorb`]). What it finds is a [`Finding`] with a stable
//! code and the evidence, as texts that somebody else can check without the monitor.
//!
//! Pure: files are read through [`LogFiles`](portcullis_tlog::tile::LogFiles), fingerprints are
//! kept on a [`Shelf`], and the instant is an argument.

mod compare;
mod finding;
mod leaves;
mod memory;
mod observe;
mod seen;
pub mod shape;

pub use compare::{Relation, relate};
pub use finding::{Code, Evidence, EvidenceLeaf, Finding, Tree, Weight};
pub use leaves::{AbsorbError, BUNDLE_LEAVES_MAX, Checked, check_bundle};
pub use memory::{FINDINGS_MAX, Kept, MEMORY_BYTES_MAX, Memory, MemoryError, PENDING_MAX};
pub use observe::{Looked, Sight, Told, Watch, closing_notice};
pub use seen::{RECENT_MAX, Seen, Shelf, ShelfError};
pub use shape::{LogShape, SHAPE_BYTES_MAX, ShapeError};

#[cfg(test)]
mod tests;
