//! What an instance says of itself, and of a request that it refuses.

use super::{Instance, RemoteError};
use crate::cell::remote::{Remote, Request, Response};
use serde::Deserialize;
use serde_json::Value;

/// How much of an instance's words is kept.
const WORDS_MAX: usize = 300;

/// An instance's software, and what our key may do there.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize)]
pub struct Version {
    /// `2.4.144`.
    pub version: String,
    /// Whether the key may send events of other organisations.
    #[serde(default)]
    pub perm_sync: bool,
    /// Whether the key may add sightings; none where the instance does not say.
    #[serde(default)]
    pub perm_sighting: Option<bool>,
}

impl Version {
    /// Its numbers; none where it has other words.
    pub fn numbers(&self) -> Option<[u32; 3]> {
        let mut parts = self.version.split('.').map(|part| part.parse().ok());
        Some([parts.next()??, parts.next()??, parts.next()??])
    }
}

/// What the instance says of itself (`servers/getVersion`); none where it does not.
///
/// # Errors
///
/// [`RemoteError`] where it is not there, or does not know our key.
pub fn version(remote: &dyn Remote, instance: &Instance) -> Result<Option<Version>, RemoteError> {
    let request = Request::get(instance.path("servers/getVersion"), "application/json");
    match asked(remote, instance, &request) {
        Ok(response) => Ok(serde_json::from_slice(&response.body).ok()),
        Err(RemoteError::Status {
            status: 404 | 405, ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An error as MISP words it.
#[derive(Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) saved: Option<bool>,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) errors: Value,
}

impl Refusal {
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// What it says, in characters that harm no terminal.
    pub(super) fn words(&self) -> String {
        let errors = match &self.errors {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let said = match (errors.as_str(), self.message.as_str()) {
            ("", "") => self.name.clone(),
            ("", message) => message.to_owned(),
            (errors, _) => errors.to_owned(),
        };
        let printable = said.chars().filter(|symbol| !symbol.is_control());
        printable.take(WORDS_MAX).collect()
    }
}

/// Makes a call and takes nothing but success; what the instance says against it is said plainly,
/// with what to do.
pub(super) fn asked(
    remote: &dyn Remote,
    instance: &Instance,
    request: &Request,
) -> Result<Response, RemoteError> {
    let response = remote.call(&instance.endpoint, request)?;
    if response.is_success() {
        return Ok(response);
    }
    let words = Refusal::read(&response.body).words();
    let words = if words.is_empty() {
        response.detail()
    } else {
        words
    };
    let hint = match response.status {
        401 | 403 if is_about_the_key(&words) => {
            " (the automation key is wrong, has ended, or may not be used from here)"
        }
        405 => " (the role of the automation key's user does not allow it)",
        429 => " (it is asked again when its limit allows)",
        _ => "",
    };
    Err(response.refused(&instance.endpoint, format!("{words}{hint}")))
}

/// Whether a refusal is about who asks, and not about what.
pub(super) fn is_about_the_key(words: &str) -> bool {
    words.starts_with("Authentication failed") || words.contains("Auth key")
}
