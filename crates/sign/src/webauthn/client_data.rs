//! The browser's half of an assertion.
//!
//! Web Authentication Level 3 §5.8.1, `CollectedClientData`. Browsers may add
//! members, and some do so to keep readers honest; what we do not know is
//! skipped, what we know must come once.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{SignatureError, json};

const GET: &str = "webauthn.get";

/// Client data of the right shape, nothing of it checked.
#[derive(Deserialize)]
pub(super) struct ClientData<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    challenge: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: Option<bool>,
    #[serde(borrow, default, rename = "topOrigin")]
    top_origin: Option<Cow<'a, str>>,
}

impl<'a> ClientData<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, SignatureError> {
        json::parse_object(bytes)
            .map_err(|_| SignatureError::Malformed("not the client data of a browser"))
    }

    /// §7.2, from the type to the top origin.
    pub(super) fn check(&self, challenge: &[u8; 32], origin: &str) -> Result<(), SignatureError> {
        if self.kind != GET {
            return Err(SignatureError::WrongType);
        }
        if self.challenge != URL_SAFE_NO_PAD.encode(challenge) {
            return Err(SignatureError::WrongChallenge);
        }
        if self.origin != origin {
            return Err(SignatureError::WrongOrigin);
        }
        // Only a page inside another page has a top origin.
        if self.cross_origin == Some(true) || self.top_origin.is_some() {
            return Err(SignatureError::CrossOrigin);
        }
        Ok(())
    }
}
