//! Parses a bundle and judges it: is this order genuine and sufficient, now?
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod bundle;
pub mod law;
pub mod register;
pub mod statement;
pub mod text;
pub mod verify;

pub use bundle::{Bundle, Entry};
pub use register::{Anchor, History, Trust};
pub use verify::{Against, Check, Outcome, Verdict, verify};
