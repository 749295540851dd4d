//! An assertion, as it stands in an envelope.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{KeyId, Signature, SignatureError, json};

/// The most bytes of authenticator data: 37, and room for extensions.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 1024;

/// The most bytes of client data: two domain names and what browsers add.
pub const CLIENT_DATA_BYTES_MAX: usize = 2048;

/// The most bytes of a signature: two integers of 33 bytes in DER.
pub const SIGNATURE_DER_BYTES_MAX: usize = 72;

/// What an authenticator answers (Web Authentication Level 3 §5.2.2).
///
/// In an envelope it is JSON without spaces, each member base64url without
/// padding, in this order:
///
/// ```text
/// {"authenticatorData":"…","clientDataJSON":"…","signature":"…"}
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assertion {
    /// The authenticator's half of what was signed; at most
    /// [`AUTHENTICATOR_DATA_BYTES_MAX`] bytes.
    pub authenticator_data: Vec<u8>,
    /// The browser's half, JSON in the browser's own bytes; at most
    /// [`CLIENT_DATA_BYTES_MAX`] bytes.
    pub client_data_json: Vec<u8>,
    /// ECDSA in DER; at most [`SIGNATURE_DER_BYTES_MAX`] bytes.
    pub signature: Vec<u8>,
}

impl Assertion {
    /// Parses the JSON of an assertion, which must be in its one form.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        const FORM: SignatureError =
            SignatureError::Malformed("not the JSON of a WebAuthn assertion in its one form");
        let wire: WireAssertion<'_> = json::parse_object(bytes).map_err(|_| FORM)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| FORM);
        let assertion = Self {
            authenticator_data: decode(&wire.authenticator_data)?,
            client_data_json: decode(&wire.client_data_json)?,
            signature: decode(&wire.signature)?,
        };
        if assertion.authenticator_data.len() > AUTHENTICATOR_DATA_BYTES_MAX
            || assertion.client_data_json.len() > CLIENT_DATA_BYTES_MAX
            || assertion.signature.len() > SIGNATURE_DER_BYTES_MAX
        {
            return Err(SignatureError::Malformed(
                "a part of the assertion is too long",
            ));
        }
        if assertion.to_bytes() == bytes {
            Ok(assertion)
        } else {
            Err(FORM)
        }
    }

    /// The JSON that stands in an envelope.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Base64url has nothing that JSON would escape.
        format!(
            r#"{{"authenticatorData":"{}","clientDataJSON":"{}","signature":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(&self.authenticator_data),
            URL_SAFE_NO_PAD.encode(&self.client_data_json),
            URL_SAFE_NO_PAD.encode(&self.signature),
        )
        .into_bytes()
    }

    /// This assertion as the signature of the key `key_id`.
    pub fn to_signature(&self, key_id: KeyId) -> Signature {
        Signature {
            key_id,
            sig: self.to_bytes(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAssertion<'a> {
    #[serde(borrow, rename = "authenticatorData")]
    authenticator_data: Cow<'a, str>,
    #[serde(borrow, rename = "clientDataJSON")]
    client_data_json: Cow<'a, str>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}
