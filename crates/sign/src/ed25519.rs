//! Ed25519 keys, public and secret.
//!
//! RFC 8032 §5.1, `PureEdDSA`. SPEC: verification is the strict kind — the
//! point must be canonical and not of small order, the commitment not of
//! small order, the scalar reduced — so that every implementation that is
//! strict in the same way gives the same answer.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{PublicKey, PublicKeyError, Signature, SignatureError, pae};

const SECRET_KEY_LABEL: &str = "portcullis-secret-key-ed25519:";

/// Base64 of 32 bytes, padding included.
const SEED_TEXT_BYTES: usize = 44;

/// The public half of an Ed25519 key: a canonical point that is not of small
/// order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
    /// Reads the 32 bytes of RFC 8032 §5.1.2.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::Point`] for bytes that are no point, are not the only
    /// way to write it, or are a point of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Point)?;
        let canonical = key.to_edwards().compress().to_bytes();
        if key.is_weak() || canonical != *bytes {
            return Err(PublicKeyError::Point);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of RFC 8032 §5.1.2.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies a 64-byte signature over `message`.
    pub(crate) fn verify(&self, message: &[u8], sig: &[u8]) -> Result<(), SignatureError> {
        let sig = ed25519_dalek::Signature::from_slice(sig)
            .map_err(|_| SignatureError::Malformed("an Ed25519 signature has 64 bytes"))?;
        self.0
            .verify_strict(message, &sig)
            .map_err(|_| SignatureError::BadSignature)
    }
}

/// The secret half of an Ed25519 key. Prints nothing; clears itself.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Draws a new key from `generator`.
    pub fn generate(generator: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        generator.fill_bytes(seed.as_mut_slice());
        Self(SigningKey::from_bytes(&seed))
    }

    /// The key of a 32-byte seed (RFC 8032 §5.1.5, "private key").
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public half, as the register holds it.
    pub fn public(&self) -> PublicKey {
        PublicKey::Ed25519(Ed25519Key(self.0.verifying_key()))
    }

    /// Signs `payload` under `payload_type`.
    pub fn sign(&self, payload_type: &str, payload: &[u8]) -> Signature {
        Signature {
            key_id: self.public().id(),
            sig: self.sign_bytes(&pae(payload_type, payload)).to_vec(),
        }
    }

    /// The line that a key file holds, without a line end:
    /// `portcullis-secret-key-ed25519:` and the seed in standard base64.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(
            SECRET_KEY_LABEL.len() + SEED_TEXT_BYTES,
        ));
        text.push_str(SECRET_KEY_LABEL);
        STANDARD.encode_string(self.0.as_bytes(), &mut text);
        text
    }

    fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Why a text is no secret key. It never says what the text was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretKeyError {
    /// The text does not begin with the label of a secret key.
    #[error("not a secret key: it does not begin with `portcullis-secret-key-ed25519:`")]
    Label,
    /// What follows the label is not 32 bytes in canonical base64.
    #[error(
        "a damaged secret key: 44 characters of base64 must follow the label, and nothing else"
    )]
    Seed,
}

impl FromStr for SecretKey {
    type Err = SecretKeyError;

    /// Reads the line of a key file. One line end is let pass, as editors add it.
    fn from_str(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let seed_text = text
            .strip_prefix(SECRET_KEY_LABEL)
            .ok_or(SecretKeyError::Label)?;
        // One byte more than a seed is what the decoder asks of its buffer; a
        // longer text does not fit and is refused.
        let mut buffer = Zeroizing::new([0; 33]);
        let length = STANDARD
            .decode_slice(seed_text, buffer.as_mut_slice())
            .map_err(|_| SecretKeyError::Seed)?;
        match buffer.first_chunk::<32>() {
            Some(seed) if length == 32 => Ok(Self(SigningKey::from_bytes(seed))),
            _ => Err(SecretKeyError::Seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::VerifyingKey;

    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        assert_eq!(hex.len(), 2 * N);
        std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
    }

    fn check(seed: &str, public: &str, message: &[u8], sig: &str) {
        let secret = SecretKey::from_seed(bytes(seed));
        let public = Ed25519Key::from_bytes(&bytes(public)).unwrap();
        let sig: [u8; 64] = bytes(sig);
        assert_eq!(secret.public(), PublicKey::Ed25519(public));
        assert_eq!(secret.sign_bytes(message), sig);
        assert_eq!(public.verify(message, &sig), Ok(()));
        assert_eq!(
            public.verify(b"another message", &sig),
            Err(SignatureError::BadSignature)
        );
    }

    #[test]
    fn the_vectors_of_rfc_8032_come_out() {
        // RFC 8032 §7.1, TEST 1 to 3.
        check(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            b"",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        check(
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        check(
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        );
    }

    #[test]
    fn points_of_small_order_are_no_keys() {
        // The points of order 1, 2, 4 and 8 in canonical form.
        let small = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ];
        for point in small.map(bytes) {
            assert!(VerifyingKey::from_bytes(&point).unwrap().is_weak());
            assert_eq!(Ed25519Key::from_bytes(&point), Err(PublicKeyError::Point));
        }
    }

    #[test]
    fn a_point_that_is_not_reduced_is_no_key() {
        // y from p to 2^255 - 1, with either sign: the second way to write a point.
        let mut decoded = 0;
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut point = [0xff; 32];
                point[0] = low;
                point[31] = high;
                decoded +=
                    usize::from(VerifyingKey::from_bytes(&point).is_ok_and(|key| !key.is_weak()));
                assert_eq!(Ed25519Key::from_bytes(&point), Err(PublicKeyError::Point));
            }
        }
        assert!(
            decoded > 0,
            "the decoder alone would have taken some of them"
        );
    }

    #[test]
    fn a_commitment_of_small_order_is_refused() {
        use curve25519_dalek::{constants::EIGHT_TORSION, scalar::Scalar};
        use sha2::{Digest as _, Sha512};

        // R is the neutral element and s = k·a, so s·B = R + k·A holds: who
        // verifies without strictness takes it.
        let secret = SecretKey::from_seed([1; 32]);
        let point = EIGHT_TORSION[0].compress().to_bytes();
        let k = Sha512::new()
            .chain_update(point)
            .chain_update(secret.0.verifying_key().as_bytes())
            .chain_update(b"message");
        let k = Scalar::from_bytes_mod_order_wide(&k.finalize().into());
        let mut sig = [0; 64];
        sig[..32].copy_from_slice(&point);
        sig[32..].copy_from_slice((k * secret.0.to_scalar()).as_bytes());

        let lax = ed25519_dalek::Signature::from_bytes(&sig);
        assert!(
            ed25519_dalek::Verifier::verify(&secret.0.verifying_key(), b"message", &lax).is_ok()
        );
        let strict = Ed25519Key(secret.0.verifying_key()).verify(b"message", &sig);
        assert_eq!(strict, Err(SignatureError::BadSignature));
    }

    #[test]
    fn a_scalar_that_is_not_reduced_is_refused() {
        // L, the order of the group (RFC 8032 §5.1), added to a good scalar.
        let order: [u8; 32] =
            bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let secret = SecretKey::from_seed([1; 32]);
        let PublicKey::Ed25519(public) = secret.public() else {
            unreachable!()
        };
        let mut sig = secret.sign_bytes(b"message");
        let mut carry = 0;
        for (byte, add) in sig[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert_eq!(
            public.verify(b"message", &sig),
            Err(SignatureError::BadSignature)
        );
    }
}
