//! Packages: build, seal, open, check.
//!
//! A package is a tar with `manifest.json` first and then the files of each
//! item of an order, sealed as a standard age file to the authority's delivery
//! key: `age -d -i KEY PACKAGE | tar x` opens it anywhere (design §8).
//!
//! - [`plan`](plan::plan) holds what would leave against what a
//!   [`Grant`](portcullis_core::grant::Grant) allows. There is no other way to
//!   a package (law 1, design §2), and the grant names the key.
//! - [`Plan::measure`](plan::Plan::measure) reads every file once and writes
//!   the manifest; [`Measured::seal`](seal::Measured::seal) reads every file
//!   again and refuses one that has changed in between.
//! - [`open`](open::open) gives a [`Sink`](sink::Sink) exactly what the
//!   manifest lists, in its order, and says what was verified.
//! - [`check`](check::check) does what can be done without a key.
//!
//! Everything streams, in memory that grows with the number of files and never
//! with their size. Only [`folder`] touches a file system; nothing here opens a
//! connection or reads a clock.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod check;
pub mod folder;
pub mod header;
pub mod key;
mod lane;
pub mod limits;
pub mod manifest;
pub mod open;
pub mod path;
pub mod plan;
pub mod seal;
pub mod sink;
mod tape;
