//! Packages: build, seal, open, check.
