//! The authenticator's half of an assertion.
//!
//! Web Authentication Level 3 §6.1: `rpIdHash` 32 bytes, flags 1, counter 4,
//! then extensions if their flag is set.

use sha2::{Digest as _, Sha256};

use crate::SignatureError;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED_CREDENTIAL: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Authenticator data of the right shape, nothing of it checked.
pub(super) struct AuthenticatorData {
    rp_id_hash: [u8; 32],
    flags: u8,
}

impl AuthenticatorData {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        const SHAPE: SignatureError = SignatureError::Malformed("not the data of an authenticator");
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(SHAPE)?;
        let ([flags, _counter @ ..], extensions) = rest.split_first_chunk::<5>().ok_or(SHAPE)?;
        let data = Self {
            rp_id_hash: *rp_id_hash,
            flags: *flags,
        };
        // An assertion never brings a credential; extensions are CBOR that we
        // asked for none of, covered by the signature and not looked into.
        if data.has(ATTESTED_CREDENTIAL) || data.has(EXTENSIONS) == extensions.is_empty() {
            return Err(SHAPE);
        }
        Ok(data)
    }

    /// §7.2, from `rpIdHash` to the backup flags.
    pub(super) fn check(&self, rp_id: &str) -> Result<(), SignatureError> {
        let rp_id_hash: [u8; 32] = Sha256::digest(rp_id).into();
        if self.rp_id_hash != rp_id_hash {
            return Err(SignatureError::WrongRpId);
        }
        if !self.has(USER_PRESENT) {
            return Err(SignatureError::UserNotPresent);
        }
        if !self.has(USER_VERIFIED) {
            return Err(SignatureError::UserNotVerified);
        }
        if self.has(BACKED_UP) && !self.has(BACKUP_ELIGIBLE) {
            return Err(SignatureError::Malformed(
                "the authenticator says backed up, and not eligible for it",
            ));
        }
        Ok(())
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}
