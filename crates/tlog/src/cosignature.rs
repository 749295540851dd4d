//! Cosignatures: a witness says when it saw a checkpoint as the newest of its log.
//!
//! Follows C2SP tlog-cosignature, Ed25519 (type 04). The signature is a big-endian u64 of seconds
//! since 1970 and 64 bytes of Ed25519 over `cosignature/v1`, that time, and the whole text of the
//! checkpoint. The signed bytes do not name the cosigner: one key serves one cosigner.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{KeyKind, KeyName, Secret, SignatureLine, VerifierKey};

/// Latest time a cosignature may carry, in seconds since 1970: 2^63 − 1.
pub const COSIGNATURE_TIME_MAX: u64 = i64::MAX as u64;

/// Cosigns checkpoints as `name`. Its memory is cleared when it is dropped, and it prints as its
/// public half only.
pub struct Cosigner(Secret);

/// Why a text is not cosigned, or a cosignature does not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CosignatureError {
    /// Only checkpoints are cosigned.
    #[error("only a checkpoint can be cosigned")]
    NotACheckpoint(#[from] CheckpointError),
    /// The time is above [`COSIGNATURE_TIME_MAX`].
    #[error("the time is beyond 2^63 seconds")]
    Time,
    /// The line is of another key.
    #[error("the cosignature is of another key")]
    OtherKey,
    /// The key did not cosign this text at this time.
    #[error("the cosignature is false")]
    False,
}

impl Cosigner {
    /// The cosigner `name` with the key of `seed`, 32 bytes of RFC 8032.
    pub fn new(name: KeyName, seed: &[u8; 32]) -> Self {
        Self(Secret::new(name, KeyKind::Cosignature, seed))
    }

    /// The public half, type 04.
    pub fn vkey(&self) -> VerifierKey {
        self.0.public().clone()
    }

    /// Cosigns the text of a checkpoint at `time_unix_s`, seconds since 1970.
    ///
    /// The caller has checked that the log only grew: see [`witness`](crate::witness).
    ///
    /// # Errors
    ///
    /// [`CosignatureError::NotACheckpoint`] and [`CosignatureError::Time`].
    pub fn cosign(&self, text: &str, time_unix_s: u64) -> Result<SignatureLine, CosignatureError> {
        Checkpoint::parse(text)?;
        if time_unix_s > COSIGNATURE_TIME_MAX {
            return Err(CosignatureError::Time);
        }
        let signature = self.0.sign(message(text, time_unix_s).as_bytes());
        Ok(self
            .0
            .line([&time_unix_s.to_be_bytes()[..], &signature].concat()))
    }
}

/// Checks that `line` is the cosignature of `key` over the text of a checkpoint, and returns its
/// time in seconds since 1970.
///
/// # Errors
///
/// [`CosignatureError::OtherKey`] when the line is of another key or `key` is no cosigner's,
/// [`CosignatureError::False`] when the signature does not hold.
pub fn verify(
    line: &SignatureLine,
    key: &VerifierKey,
    text: &str,
) -> Result<u64, CosignatureError> {
    let of_key = line.name() == key.name() && line.key_id() == key.id();
    if !of_key || key.kind() != KeyKind::Cosignature {
        return Err(CosignatureError::OtherKey);
    }
    check(key, text, line.signature()).ok_or(CosignatureError::False)
}

/// The time of a true cosignature; `None` for a false one.
pub(crate) fn check(key: &VerifierKey, text: &str, signature: &[u8]) -> Option<u64> {
    let (time, signature) = signature.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    let signed = key.signed(message(text, time).as_bytes(), signature);
    (signed && time <= COSIGNATURE_TIME_MAX).then_some(time)
}

fn message(text: &str, time_unix_s: u64) -> String {
    format!("cosignature/v1\ntime {time_unix_s}\n{text}")
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.0.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::NoteSigner;

    const TEXT: &str = "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    fn cosigner() -> Cosigner {
        Cosigner::new("witness.example/w1".parse().unwrap(), &[9; 32])
    }

    #[test]
    fn a_cosignature_is_a_time_and_a_signature_over_three_parts() {
        let line = cosigner().cosign(TEXT, 1_679_315_147).unwrap();
        let (time, signature) = line.signature().split_at(8);
        assert_eq!(time, 1_679_315_147_u64.to_be_bytes());
        let signed = format!("cosignature/v1\ntime 1679315147\n{TEXT}");
        assert!(cosigner().vkey().signed(signed.as_bytes(), signature));
        assert_eq!(verify(&line, &cosigner().vkey(), TEXT), Ok(1_679_315_147));
    }

    #[test]
    fn another_time_text_or_key_is_refused() {
        let key = cosigner().vkey();
        let line = cosigner().cosign(TEXT, 5).unwrap();
        let mut signature = line.signature().to_vec();
        signature[7] = 6;
        let later = SignatureLine::new(key.name().clone(), key.id(), signature).unwrap();
        assert_eq!(verify(&later, &key, TEXT), Err(CosignatureError::False));
        assert_eq!(verify(&line, &key, "other\n"), Err(CosignatureError::False));
        let other = Cosigner::new(key.name().clone(), &[8; 32]).vkey();
        assert_eq!(verify(&line, &other, TEXT), Err(CosignatureError::OtherKey));
        let short = SignatureLine::new(key.name().clone(), key.id(), vec![0; 7]).unwrap();
        assert_eq!(verify(&short, &key, TEXT), Err(CosignatureError::False));
    }

    #[test]
    fn a_note_signature_is_no_cosignature() {
        let signer = NoteSigner::new("witness.example/w1".parse().unwrap(), &[9; 32]);
        let line = signer.sign(TEXT).unwrap();
        assert_eq!(
            verify(&line, &signer.vkey(), TEXT),
            Err(CosignatureError::OtherKey)
        );
        assert_eq!(
            verify(&line, &cosigner().vkey(), TEXT),
            Err(CosignatureError::OtherKey)
        );
    }

    #[test]
    fn only_checkpoints_before_the_end_of_time_are_cosigned() {
        assert!(matches!(
            cosigner().cosign("text\n", 5),
            Err(CosignatureError::NotACheckpoint(_))
        ));
        assert_eq!(
            cosigner().cosign(TEXT, 1 << 63),
            Err(CosignatureError::Time)
        );
        assert!(cosigner().cosign(TEXT, COSIGNATURE_TIME_MAX).is_ok());
    }

    #[test]
    fn a_cosignature_beyond_the_end_of_time_is_refused() {
        let Cosigner(secret) = cosigner();
        let time = COSIGNATURE_TIME_MAX + 1;
        let signature = secret.sign(message(TEXT, time).as_bytes());
        let line = secret.line([&time.to_be_bytes()[..], &signature].concat());
        assert_eq!(
            verify(&line, secret.public(), TEXT),
            Err(CosignatureError::False)
        );
    }

    #[test]
    fn a_signer_shows_its_public_half_only() {
        assert_eq!(
            format!("{:?}", cosigner()),
            format!("Cosigner({})", cosigner().vkey())
        );
    }
}
