//! The ballot of the public record: what a log entry is, how it binds a
//! statement that it does not show, and how its sealed counts become totals.
//!
//! Each counted thing is a sealed ballot with one cross or none ([`leaf`],
//! [`proof`]). A stamp on the envelope proves that it holds at most one cross,
//! never a negative one. Adding the sealed envelopes gives a sealed total
//! ([`sum`], [`batch`]); only the total is opened ([`report`]), or the total of
//! several organisations ([`joint`]). The formulas stand in `docs/spec/`.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod batch;
pub mod cell;
mod group;
pub mod joint;
pub mod leaf;
pub mod proof;
pub mod report;
pub mod seed;
pub mod sum;

pub use batch::{Batch, BatchError};
pub use cell::{CELLS, Cell, CellSet};
pub use leaf::{Context, Leaf, LeafError, Opening, Salt};
pub use proof::Ahead;
pub use seed::{Blinding, ReportKey, Seed};
pub use sum::Sum;
