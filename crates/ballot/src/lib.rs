//! The leaf of the public record: what a log entry is, and how it binds a
//! statement that it does not show.
//!
//! This release writes leaves of version 0, whose commitment and proof are
//! random bytes: same length, same looks, and they prove nothing about counts
//! yet. The ballot proof itself comes with the reports.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod leaf;

pub use leaf::{Leaf, LeafError, Opening, Salt};
