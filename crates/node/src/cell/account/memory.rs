//! Credentials that were verified lately, under a code that only this process
//! can make. Neither the password nor anything that could be tried offline is
//! kept: whoever reads the memory needs the key beside it, and gains what five
//! minutes of it are worth.
//!
//! The code is made over what the account keeps, too. So another password, or
//! the same set again, is another code, and what was remembered is worth nothing.

use crate::Env;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};
use zeroize::Zeroizing;

/// How long a verified credential is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(5);

/// The most that are remembered, twice over.
const REMEMBERED_MAX: usize = 8_192;

/// What a credential is remembered under.
pub(super) type Code = [u8; 32];

pub(super) struct Memory {
    key: Zeroizing<[u8; 32]>,
    /// The younger half and the older: when the younger is full, the older goes.
    kept: RwLock<[HashMap<Code, Timestamp>; 2]>,
}

impl Memory {
    pub(super) fn new(env: &dyn Env) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        env.fill(&mut *key);
        Self {
            key,
            kept: RwLock::default(),
        }
    }

    /// HMAC-SHA256 over name, password and what the account keeps, each after its length.
    pub(super) fn code(&self, name: &str, password: &str, kept: &str) -> Code {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&*self.key) else {
            unreachable!("HMAC takes keys of any length");
        };
        for part in [name, password, kept] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether this was verified in the last five minutes.
    pub(super) fn knows(&self, code: &Code, at: Timestamp) -> bool {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let verified = kept.iter().find_map(|half| half.get(code));
        verified.is_some_and(|verified| {
            let age = at.duration_since(*verified);
            // A clock that ran back makes nothing younger.
            SignedDuration::ZERO <= age && age < REMEMBERED
        })
    }

    /// Remembers what was verified.
    pub(super) fn keep(&self, code: Code, at: Timestamp) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *kept;
        if REMEMBERED_MAX <= young.len() {
            *old = std::mem::take(young);
        }
        young.insert(code, at);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept.read().unwrap().iter().map(HashMap::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::account::tests::Fixed;

    #[test]
    fn the_memory_is_bounded() {
        let memory = Memory::new(&Fixed::new());
        for one in 0..u64::try_from(5 * REMEMBERED_MAX).unwrap() {
            let mut code = [0; 32];
            code[..8].copy_from_slice(&one.to_be_bytes());
            memory.keep(code, Timestamp::UNIX_EPOCH);
            assert!(memory.knows(&code, Timestamp::UNIX_EPOCH));
        }
        assert!(memory.len() <= 2 * REMEMBERED_MAX);
    }

    #[test]
    fn codes_tell_where_one_part_ends() {
        let memory = Memory::new(&Fixed::new());
        assert_ne!(memory.code("ab", "c", "d"), memory.code("a", "bc", "d"));
        assert_ne!(memory.code("a", "bc", "d"), memory.code("a", "b", "cd"));
        let another = Memory::new(&Fixed::filling(9));
        assert_ne!(memory.code("a", "b", "c"), another.code("a", "b", "c"));
    }
}
