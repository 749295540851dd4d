//! Argon2id (RFC 9106) with parameters that OWASP's Password Storage Cheat
//! Sheet names for it: 12 MiB, three passes, one lane, as strong there as 19 MiB
//! and two passes, which older hashes have. What is kept is a PHC string:
//! `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use subtle::ConstantTimeEq as _;

const MEMORY_KIB: u32 = 12_288;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// The most memory and passes that a kept hash may ask for.
const MEMORY_KIB_MAX: u32 = 65_536;
const PASSES_MAX: u32 = 8;

/// No password hashes to this; comparing with it costs what comparing costs.
pub(super) const DECOY: &str = "$argon2id$v=19$m=12288,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Turning passwords into what is kept of them, and comparing.
pub trait Hashing: Send + Sync {
    /// What is kept of a password.
    fn hash(&self, password: &str, salt: [u8; 16]) -> String;

    /// Whether this was kept of that password.
    fn verify(&self, password: &str, kept: &str) -> bool;
}

/// Argon2id.
#[derive(Clone, Copy, Debug)]
pub struct Argon2id;

impl Hashing for Argon2id {
    fn hash(&self, password: &str, salt: [u8; 16]) -> String {
        let hash = argon2id(password, &salt, [MEMORY_KIB, PASSES, LANES]).unwrap_or_default();
        let [salt, hash] = [&salt[..], &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")
    }

    fn verify(&self, password: &str, kept: &str) -> bool {
        let hash = parse(kept).and_then(|(costs, salt, hash)| {
            let found = argon2id(password, &salt, costs)?;
            Some(bool::from(found.ct_eq(&hash)))
        });
        hash.unwrap_or(false)
    }
}

fn argon2id(password: &str, salt: &[u8], [memory, passes, lanes]: [u32; 3]) -> Option<[u8; 32]> {
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; 32];
    let done = argon2.hash_password_into(password.as_bytes(), salt, &mut hash);
    done.ok().map(|()| hash)
}

/// Costs, salt and hash of what is kept, if it is of the form and within bounds.
fn parse(kept: &str) -> Option<([u32; 3], Vec<u8>, [u8; 32])> {
    let rest = kept.strip_prefix("$argon2id$v=19$")?;
    let mut parts = rest.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mut numbers = costs.split(',').zip(["m=", "t=", "p="]);
    let mut number = || -> Option<u32> {
        let (text, name) = numbers.next()?;
        text.strip_prefix(name)?.parse().ok()
    };
    let costs @ [memory, passes, lanes] = [number()?, number()?, number()?];
    let bounded = memory <= MEMORY_KIB_MAX && passes <= PASSES_MAX && lanes == LANES;
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    bounded.then_some((costs, salt, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation's test (`src/test.c` of the `phc-winner-argon2` repository):
    /// Argon2id, version 19, two passes, 64 MiB, one lane, `password`, `somesalt`.
    #[test]
    fn the_reference_implementation_hashes_the_same() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(Argon2id.verify("password", kept));
        assert!(!Argon2id.verify("differentpassword", kept));
    }

    #[test]
    fn a_password_verifies_against_what_was_kept_of_it() {
        let kept = Argon2id.hash("correct horse battery", [7; 16]);
        assert!(
            kept.starts_with("$argon2id$v=19$m=12288,t=3,p=1$"),
            "{kept}"
        );
        assert!(Argon2id.verify("correct horse battery", &kept));
        assert!(!Argon2id.verify("correct horse battery ", &kept));
        assert_ne!(kept, Argon2id.hash("correct horse battery", [8; 16]));
    }

    #[test]
    fn what_asks_for_too_much_or_is_not_of_the_form_verifies_nothing() {
        let kept = Argon2id.hash("correct horse battery", [7; 16]);
        for (from, to) in [
            ("m=12288", "m=4194304"),
            ("t=3", "t=9"),
            ("p=1", "p=16"),
            ("m=12288,t=3", "t=3,m=12288"),
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
        ] {
            let other = kept.replace(from, to);
            assert_ne!(other, kept);
            assert_eq!(parse(&other), None, "{other}");
        }
        assert_eq!(parse(&format!("{kept}$")), None);
        assert!(parse(DECOY).is_some());
    }
}
