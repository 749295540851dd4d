//! Parses a bundle and judges it: is this order genuine and sufficient, now?
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod law;
pub mod register;
pub mod statement;
pub mod text;
