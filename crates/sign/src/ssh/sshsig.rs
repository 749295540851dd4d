//! SSHSIG: a signature over a file, bound to a namespace.
//!
//! OpenSSH `PROTOCOL.sshsig`, "Blob format" and "Signed Data, of which the
//! signature goes into the blob above".

use sha2::{Digest as _, Sha256, Sha512};

use super::{
    key::{SshKey, SshPoint},
    wire::{Reader, WireError, put_string},
};
use crate::SignatureError;

/// The namespace of every SSH signature over a statement.
pub const NAMESPACE: &str = "portcullis/v1";

const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// CTAP2 authenticator data, "flags", bit 0: somebody touched the key.
const FLAG_USER_PRESENT: u8 = 0x01;

/// An SSHSIG blob in its parts, nothing of it verified.
pub(super) struct SshSig<'a> {
    /// The key that the blob says made it.
    pub(super) key_blob: &'a [u8],
    namespace: &'a [u8],
    reserved: &'a [u8],
    hash: HashAlgorithm,
    /// Type and value of the signature proper.
    signature: &'a [u8],
}

#[derive(Clone, Copy)]
enum HashAlgorithm {
    Sha256,
    Sha512,
}

impl HashAlgorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl From<WireError> for SignatureError {
    fn from(_: WireError) -> Self {
        Self::Malformed("not an SSHSIG blob")
    }
}

impl<'a> SshSig<'a> {
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, SignatureError> {
        let mut reader = Reader::new(blob);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(SignatureError::Malformed("not an SSHSIG blob"));
        }
        if reader.uint32()? != VERSION {
            return Err(SignatureError::Malformed("not version 1 of SSHSIG"));
        }
        let key_blob = reader.string()?;
        let namespace = reader.string()?;
        let reserved = reader.string()?;
        let hash = match reader.string()? {
            b"sha256" => HashAlgorithm::Sha256,
            b"sha512" => HashAlgorithm::Sha512,
            _ => return Err(SignatureError::Malformed("the hash of SSHSIG is not known")),
        };
        let signature = reader.string()?;
        reader.end()?;
        Ok(Self {
            key_blob,
            namespace,
            reserved,
            hash,
            signature,
        })
    }

    /// What was signed: the digest of `message`, with namespace and hash.
    fn signed_data(&self, message: &[u8]) -> Vec<u8> {
        let mut data = MAGIC.to_vec();
        put_string(&mut data, self.namespace);
        put_string(&mut data, self.reserved);
        put_string(&mut data, self.hash.name().as_bytes());
        put_string(&mut data, &self.hash.digest(message));
        data
    }
}

/// Verifies that `blob` is `key`'s SSHSIG over `message`.
pub(crate) fn verify(key: &SshKey, message: &[u8], blob: &[u8]) -> Result<(), SignatureError> {
    let sshsig = SshSig::parse(blob)?;
    if sshsig.key_blob != key.to_blob() {
        return Err(SignatureError::WrongKeyInSignature);
    }
    if sshsig.namespace != NAMESPACE.as_bytes() {
        return Err(SignatureError::WrongNamespace);
    }
    // SPEC: a verifier should ignore what is reserved; we know no meaning that
    // could be agreed to, and what is ignored could carry anything.
    if !sshsig.reserved.is_empty() {
        return Err(SignatureError::Malformed(
            "SSHSIG's reserved field is not empty",
        ));
    }
    verify_signature(key, sshsig.signed_data(message), sshsig.signature)
}

fn verify_signature(key: &SshKey, data: Vec<u8>, signature: &[u8]) -> Result<(), SignatureError> {
    let mut reader = Reader::new(signature);
    if reader.string()? != key.kind().as_bytes() {
        return Err(SignatureError::Malformed(
            "the signature is not of its key's type",
        ));
    }
    let value = reader.string()?;
    let data = match &key.application {
        None => data,
        Some(application) => hardware_data(application, &mut reader, &data)?,
    };
    reader.end()?;
    match &key.point {
        SshPoint::Ed25519(point) => point.verify(&data, value),
        SshPoint::EcdsaP256(point) => {
            let mut reader = Reader::new(value);
            let (r, s) = (reader.scalar()?, reader.scalar()?);
            reader.end()?;
            let mut fixed = [0; 64];
            for (to, from) in fixed.iter_mut().zip(r.into_iter().chain(s)) {
                *to = from;
            }
            point.verify_fixed(&data, &fixed)
        }
    }
}

/// What a hardware key signs in place of `data` (`PROTOCOL.u2f`,
/// "SSH U2F Signatures"): the application's digest, flags, a counter, the
/// digest of `data`. Flags and counter follow the value in `reader`.
///
/// The counter is not looked at: whoever keeps no state cannot judge it.
fn hardware_data(
    application: &str,
    reader: &mut Reader<'_>,
    data: &[u8],
) -> Result<Vec<u8>, SignatureError> {
    let [flags]: [u8; 1] = reader.array()?;
    let counter: [u8; 4] = reader.array()?;
    if flags & FLAG_USER_PRESENT == 0 {
        return Err(SignatureError::UserNotPresent);
    }
    let mut signed = Sha256::digest(application).to_vec();
    signed.push(flags);
    signed.extend_from_slice(&counter);
    signed.extend_from_slice(&Sha256::digest(data));
    Ok(signed)
}
