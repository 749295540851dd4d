//! ECDSA over P-256 with SHA-256: what WebAuthn and SSH keys share.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::{PublicKeyError, SignatureError};

/// Length of an uncompressed point, SEC 1 §2.3.3: `04`, x, y.
pub(crate) const POINT_BYTES: usize = 65;

/// An uncompressed point on the curve, other than the point at infinity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Point([u8; POINT_BYTES]);

impl Point {
    /// Reads an uncompressed point (SEC 1 §2.3.4) and checks that it is on the
    /// curve.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let point: [u8; POINT_BYTES] = bytes.try_into().map_err(|_| PublicKeyError::Point)?;
        // The library takes the hybrid forms 06 and 07 too: a second text for one key.
        if point.first() != Some(&4) {
            return Err(PublicKeyError::Point);
        }
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| PublicKeyError::Point)?;
        Ok(Self(point))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; POINT_BYTES] {
        &self.0
    }

    /// Verifies `sig`, r and s in DER (RFC 3279 §2.2.3), over `message`.
    pub(crate) fn verify_der(&self, message: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        self.verify(&ECDSA_P256_SHA256_ASN1, message, sig)
    }

    /// Verifies `sig`, r and s of 32 bytes each, over `message`.
    pub(crate) fn verify_fixed(
        &self,
        message: &[u8],
        sig: &[u8; 64],
    ) -> Result<(), SignatureError> {
        self.verify(&ECDSA_P256_SHA256_FIXED, message, sig)
    }

    fn verify(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        message: &[u8],
        sig: &[u8],
    ) -> Result<(), SignatureError> {
        UnparsedPublicKey::new(algorithm, self.0)
            .verify(message, sig)
            .map_err(|_| SignatureError::BadSignature)
    }
}
