//! Vocabularies: the words the standard names (STIX 2.1, 10).

/// The observables that the standard defines (STIX 2.1, 6).
pub const OBSERVABLES: [&str; 18] = [
    "artifact",
    "autonomous-system",
    "directory",
    "domain-name",
    "email-addr",
    "email-message",
    "file",
    "ipv4-addr",
    "ipv6-addr",
    "mac-addr",
    "mutex",
    "network-traffic",
    "process",
    "software",
    "url",
    "user-account",
    "windows-registry-key",
    "x509-certificate",
];

/// Whether `kind` is an observable that the standard defines.
pub fn is_observable(kind: &str) -> bool {
    OBSERVABLES.binary_search(&kind).is_ok()
}
