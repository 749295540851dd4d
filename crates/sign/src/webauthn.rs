//! Passkeys: assertions of W3C Web Authentication Level 3 with ES256.
//!
//! A page asks the browser for an assertion with [`challenge`] as its
//! challenge; what comes back is an [`Assertion`], whose
//! [`to_bytes`](Assertion::to_bytes) are the signature in the envelope. One
//! touch signs one statement, and nothing else.

mod assertion;
mod authenticator_data;
mod client_data;
mod key;

use sha2::{Digest as _, Sha256};

pub use self::{
    assertion::{
        AUTHENTICATOR_DATA_BYTES_MAX, Assertion, CLIENT_DATA_BYTES_MAX, SIGNATURE_DER_BYTES_MAX,
    },
    key::{RP_ID_BYTES_MAX, WebAuthnKey},
};
use self::{authenticator_data::AuthenticatorData, client_data::ClientData};
use crate::{SignatureError, pae};

/// The challenge whose assertion signs `payload` under `payload_type`:
/// SHA-256 of the [pre-authentication encoding](crate::pae).
///
/// The browser takes these 32 bytes as they are.
pub fn challenge(payload_type: &str, payload: &[u8]) -> [u8; 32] {
    Sha256::digest(pae(payload_type, payload)).into()
}

/// Verifies that `sig` is `key`'s assertion over `message`.
///
/// Web Authentication Level 3 §7.2, the steps that need no state: type,
/// challenge, origin, relying party, user present, user verified, backup
/// flags, signature. The counter is not looked at.
pub(crate) fn verify(key: &WebAuthnKey, message: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
    let assertion = Assertion::parse(sig)?;
    ClientData::parse(&assertion.client_data_json)?
        .check(&Sha256::digest(message).into(), key.origin())?;
    AuthenticatorData::parse(&assertion.authenticator_data)?.check(key.rp_id())?;

    let mut signed = assertion.authenticator_data;
    signed.extend_from_slice(&Sha256::digest(&assertion.client_data_json));
    key.verify_der(&signed, &assertion.signature)
}
