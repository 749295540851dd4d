//! STIX 2.1 and TAXII 2.1 as bytes and values: what an object says of itself,
//! whether the standard would have it, what its patterns look for, and what a
//! client may ask of a collection.
//!
//! Pure: no HTTP, no storage, and no other room of the house. The modules
//! follow the standards' own headings.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod document;
pub mod header;
pub mod id;
pub mod json;
pub mod marking;
pub mod misp;
pub mod observable;
pub mod pattern;
pub mod revoked;
pub mod table;
pub mod taxii;
pub mod time;
pub mod validate;
pub mod vocab;
pub mod warning;
