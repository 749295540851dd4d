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

#[cfg(test)]
mod tests {
    use super::*;

    /// Data for `example.org` with these flags, and `more` bytes after them.
    #[track_caller]
    fn check(flags: u8, more: usize, expected: Result<(), SignatureError>) {
        let mut bytes = Sha256::digest("example.org").to_vec();
        bytes.extend([flags, 0, 0, 0, 1]);
        bytes.extend(vec![0xa0; more]);
        let checked = AuthenticatorData::parse(&bytes).and_then(|data| data.check("example.org"));
        assert_eq!(checked, expected);
    }

    const GOOD: u8 = USER_PRESENT | USER_VERIFIED;
    const SHAPE: SignatureError = SignatureError::Malformed("not the data of an authenticator");

    #[test]
    fn flags_say_what_follows() {
        check(GOOD, 0, Ok(()));
        check(GOOD, 1, Err(SHAPE));
        check(GOOD | EXTENSIONS, 1, Ok(()));
        check(GOOD | EXTENSIONS, 0, Err(SHAPE));
    }

    #[test]
    fn an_assertion_that_brings_a_credential_is_refused() {
        check(GOOD | ATTESTED_CREDENTIAL, 0, Err(SHAPE));
        check(GOOD | ATTESTED_CREDENTIAL | EXTENSIONS, 99, Err(SHAPE));
    }

    #[test]
    fn a_touch_comes_before_a_check_of_who_touched() {
        check(0, 0, Err(SignatureError::UserNotPresent));
        check(USER_VERIFIED, 0, Err(SignatureError::UserNotPresent));
        check(USER_PRESENT, 0, Err(SignatureError::UserNotVerified));
    }

    #[test]
    fn what_is_backed_up_must_have_been_eligible() {
        let contradiction =
            SignatureError::Malformed("the authenticator says backed up, and not eligible for it");
        check(GOOD | BACKUP_ELIGIBLE, 0, Ok(()));
        check(GOOD | BACKUP_ELIGIBLE | BACKED_UP, 0, Ok(()));
        check(GOOD | BACKED_UP, 0, Err(contradiction));
    }

    #[test]
    fn data_that_are_cut_short_are_refused() {
        let mut bytes = Sha256::digest("example.org").to_vec();
        bytes.extend([GOOD, 0, 0, 0, 1]);
        for length in 0..bytes.len() {
            assert!(
                AuthenticatorData::parse(&bytes[..length]).is_err(),
                "{length}"
            );
        }
    }
}
