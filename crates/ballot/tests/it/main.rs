//! The ballot through its public API.

mod vectors;
