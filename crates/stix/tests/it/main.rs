//! What the crate does, seen from outside.

mod data;
mod misp;
mod patterns;
mod revoked;
mod validate;
