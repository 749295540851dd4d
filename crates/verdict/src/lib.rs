//! Parses a bundle and judges it: is this order genuine and sufficient, now?
pub mod law;
