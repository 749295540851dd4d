//! Patterns (STIX 2.1, 9).
