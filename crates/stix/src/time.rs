//! Timestamps, kept as they are written (STIX 2.1, 2.14).
