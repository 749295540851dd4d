//! MISP events as STIX objects, and back.
