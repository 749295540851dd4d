//! Digests: their names in MISP and in STIX, and what an attribute of one is.

use serde_json::json;

use super::{Piece, Shape, Term, checked, whole};
use crate::observable::Kind;
use crate::pattern::quoted;

/// STIX's name of a digest by MISP's (STIX 2.1, 10.6).
pub(super) fn algorithm(kind: &str) -> Option<&'static str> {
    algorithm_name(kind).map(|(algorithm, _)| algorithm)
}

/// A digest's names in STIX and in MISP, by MISP's.
pub(super) fn algorithm_name(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "md5" => ("MD5", "md5"),
        "sha1" => ("SHA-1", "sha1"),
        "sha224" => ("SHA-224", "sha224"),
        "sha256" => ("SHA-256", "sha256"),
        "sha384" => ("SHA-384", "sha384"),
        "sha512" => ("SHA-512", "sha512"),
        "sha3-256" => ("SHA3-256", "sha3-256"),
        "sha3-512" => ("SHA3-512", "sha3-512"),
        "ssdeep" => ("SSDEEP", "ssdeep"),
        "tlsh" => ("TLSH", "tlsh"),
        _ => return None,
    })
}

/// What the digest of an object is.
pub(super) fn digest(
    object: &'static str,
    algorithm: &'static str,
    kind: &str,
    value: &str,
) -> Option<Shape> {
    let value = checked(Kind::of_hash(kind), value)?;
    let key = if algorithm.contains('-') {
        quoted(algorithm)
    } else {
        algorithm.to_owned()
    };
    let pieces = if object == "file" {
        vec![Piece::File {
            name: None,
            hash: Some((algorithm, value.to_owned())),
        }]
    } else {
        whole(json!({"type": object, "hashes": { algorithm: value }}))
    };
    Some(Shape {
        terms: vec![Term::text(object, &format!("hashes.{key}"), value)],
        pieces,
    })
}
