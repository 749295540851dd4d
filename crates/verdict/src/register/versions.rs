//! A register's versions as one file: what a node serves at `register/versions`, what
//! `portcullis register export` writes, and what an offline verdict begins with.

use super::{Anchor, Logged, VersionError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// The most bytes of a file of versions: thousands of versions of a large register.
pub const VERSIONS_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionsJson {
    register: String,
    versions: Vec<VersionJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionJson {
    envelope: String,
    proof: Option<String>,
}

/// Writes a file of versions: JSON with the register's id, and of each version the envelope in
/// base64 and the text of its proof.
pub fn to_bytes(anchor: Anchor, versions: &[Logged]) -> Vec<u8> {
    let version = |version: &Logged| VersionJson {
        envelope: STANDARD.encode(&version.envelope),
        proof: version
            .proof
            .as_ref()
            .map(|proof| String::from_utf8_lossy(proof).into_owned()),
    };
    let json = VersionsJson {
        register: anchor.0.to_string(),
        versions: versions.iter().map(version).collect(),
    };
    // Plain structs with string keys: writing them to memory cannot fail.
    serde_json::to_vec(&json).unwrap_or_default()
}

/// Reads a file of versions. Which register it says it is proves nothing: compare the id with
/// the one that was trusted, and open the versions with [`super::History::open`].
///
/// # Errors
///
/// [`VersionError::Malformed`].
pub fn parse(bytes: &[u8]) -> Result<(Anchor, Vec<Logged>), VersionError> {
    let malformed = |why: String| VersionError::Malformed(why);
    if bytes.len() > VERSIONS_BYTES_MAX {
        return Err(malformed(format!(
            "{} bytes; {VERSIONS_BYTES_MAX} are carried",
            bytes.len()
        )));
    }
    let json: VersionsJson =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let anchor = json
        .register
        .parse()
        .map_err(|_| malformed("the register's id".into()))?;
    let logged = |version: VersionJson| {
        let envelope = STANDARD
            .decode(&version.envelope)
            .map_err(|error| malformed(error.to_string()))?;
        Ok(Logged {
            envelope,
            proof: version.proof.map(String::into_bytes),
        })
    };
    let versions = json
        .versions
        .into_iter()
        .map(logged)
        .collect::<Result<_, _>>()?;
    Ok((Anchor(anchor), versions))
}
