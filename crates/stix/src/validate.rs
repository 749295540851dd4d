//! Validation: what the standard demands of an object.
