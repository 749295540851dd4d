//! A statement to sign, and keys to sign it with.

use portcullis_sign::SecretKey;

pub(crate) const KIND: &str = "application/vnd.portcullis.order.approved+json";
pub(crate) const PAYLOAD: &[u8] = br#"{"kind":"approved","case":"case_01","number":2}"#;

pub(crate) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}
