//! The armour around an SSHSIG in a `.sig` file.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{key::SshKey, sshsig::SshSig};
use crate::{PublicKey, SIGNATURE_BYTES_MAX, Signature, SignatureError};

/// The most bytes of armour that are read: a signature in base64, its lines
/// and its frame.
pub const ARMOUR_BYTES_MAX: usize = 2 * SIGNATURE_BYTES_MAX;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";

/// The signature in the output of `ssh-keygen -Y sign`, named after the key
/// that the output brings along.
///
/// That key proves nothing: it only says which of the register's keys to try.
///
/// # Errors
///
/// [`SignatureError::Malformed`] if `text` is no armoured SSHSIG by a type of
/// key that is taken.
pub fn signature_from_armour(text: &str) -> Result<Signature, SignatureError> {
    let sig = remove_armour(text)?;
    let key = SshKey::from_blob(SshSig::parse(&sig)?.key_blob)
        .map_err(|_| SignatureError::Malformed("the SSHSIG's key is of no type that is taken"))?;
    Ok(Signature {
        key_id: PublicKey::Ssh(key).id(),
        sig,
    })
}

fn remove_armour(text: &str) -> Result<Vec<u8>, SignatureError> {
    const NO_ARMOUR: SignatureError = SignatureError::Malformed("not an armoured SSH signature");
    if text.len() > ARMOUR_BYTES_MAX {
        return Err(NO_ARMOUR);
    }
    let body = text
        .trim_ascii()
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(NO_ARMOUR)?;
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| NO_ARMOUR)
}
