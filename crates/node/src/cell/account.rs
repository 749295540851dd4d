//! Who is at the door: tokens and passwords.
//!
//! A token is 256 random bits and is known by its SHA-256 digest, so finding it
//! in a map tells nobody anything. A password is hashed with Argon2id, which
//! costs on purpose; so a credential that was verified is remembered for five
//! minutes under a keyed code (`memory`), and only so many are hashed at once
//! (`gate`). Whoever does not exist costs what the wrong password costs.

mod gate;
mod hash;
mod memory;

pub use hash::{Argon2id, Hashing};

use super::Cell;
use crate::Env;
use gate::Gate;
use jiff::Timestamp;
use memory::{Code, Memory};
use portcullis_core::cell::{Account, Caller, Secret, State};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The longest password that is looked at.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// The shortest password that is taken.
pub const PASSWORD_CHARS_MIN: usize = 12;

/// What a token's text begins with, so that scanners find one that leaked.
const TOKEN_PREFIX: &str = "pct_";

/// The length of a token's text: the prefix and 64 hex digits.
const TOKEN_BYTES: usize = TOKEN_PREFIX.len() + 64;

/// What somebody shows at the door.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// `Authorization: Bearer …` (RFC 6750).
    Token(&'a str),
    /// `Authorization: Basic …` (RFC 7617), decoded.
    Password {
        /// The account's name.
        name: &'a str,
        /// Its password; or its token, for clients that know Basic only.
        password: &'a str,
    },
}

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denied {
    /// No account, the wrong secret, or an account that was ended: nobody is told which.
    #[error("the name, password or token is not, or no longer, valid")]
    Credential,
    /// Too many passwords are being hashed. It is worth trying again in a second.
    #[error("too many passwords are being checked at this moment")]
    Busy,
    /// The journal, in which the accounts stand, is still being read.
    #[error("the cell has just been started and still reads its journal; try again in a second")]
    NotReady,
}

impl Denied {
    /// The code of this reason, stable for ever.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Credential => "cell.denied",
            Self::Busy => "cell.busy",
            Self::NotReady => "cell.not_ready",
        }
    }
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a password has {PASSWORD_CHARS_MIN} characters at least and {PASSWORD_BYTES_MAX} bytes at most"
)]
pub struct PasswordUnfit;

impl PasswordUnfit {
    /// The code of this reason, stable for ever.
    pub const fn code(self) -> &'static str {
        "cell.password_unfit"
    }
}

/// A fresh token: its text, shown once and kept nowhere, and what is kept of it.
pub fn new_token(env: &dyn Env) -> (Zeroizing<String>, Secret) {
    let mut random = Zeroizing::new([0; 32]);
    env.fill(&mut *random);
    let mut text = Zeroizing::new(String::with_capacity(TOKEN_BYTES));
    text.push_str(TOKEN_PREFIX);
    for byte in *random {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    let secret = Secret::Token(digest(&text));
    (text, secret)
}

/// What is kept of a password: hashed with Argon2id and a salt of its own.
///
/// # Errors
///
/// [`PasswordUnfit`].
pub fn hash_password(env: &dyn Env, password: &str) -> Result<Secret, PasswordUnfit> {
    let long = PASSWORD_CHARS_MIN <= password.chars().count();
    if !long || PASSWORD_BYTES_MAX < password.len() {
        return Err(PasswordUnfit);
    }
    let mut salt = [0; 16];
    env.fill(&mut salt);
    Ok(Secret::Password(Argon2id.hash(password, salt)))
}

impl Cell {
    /// Recognises a credential without waiting: a token; a password that was verified lately.
    /// None: [`Self::authenticate`] must look at it, where waiting is allowed.
    pub fn recognise(&self, credential: &Credential<'_>) -> Option<Result<Caller, Denied>> {
        let known = self
            .accounts
            .recognise(&self.state(), credential, self.env.now());
        match known {
            None | Some(Err(_)) if !self.ready() => Some(Err(Denied::NotReady)),
            known => known,
        }
    }

    /// Recognises a credential. Takes some hundredths of a second for a password that is new here.
    ///
    /// # Errors
    ///
    /// [`Denied`].
    pub fn authenticate(&self, credential: &Credential<'_>) -> Result<Caller, Denied> {
        if !self.ready() {
            return Err(Denied::NotReady);
        }
        self.accounts
            .authenticate(&self.state(), credential, self.env.now())
    }
}

/// What a process knows about those who were at the door.
pub(crate) struct Accounts {
    hashing: Box<dyn Hashing>,
    memory: Memory,
    gate: Gate<Code>,
}

impl Accounts {
    /// Nobody was here yet.
    pub(crate) fn new(env: &dyn Env) -> Self {
        Self::with(env, Box::new(Argon2id))
    }

    fn with(env: &dyn Env, hashing: Box<dyn Hashing>) -> Self {
        Self {
            hashing,
            memory: Memory::new(env),
            gate: Gate::default(),
        }
    }

    fn recognise(
        &self,
        state: &State,
        credential: &Credential<'_>,
        at: Timestamp,
    ) -> Option<Result<Caller, Denied>> {
        match *credential {
            Credential::Token(token) => Some(by_token(state, token, at)),
            Credential::Password { name, password } => {
                if PASSWORD_BYTES_MAX < password.len() {
                    return Some(Err(Denied::Credential));
                }
                let account = state.accounts().get(name)?;
                let known = match &account.secret {
                    Secret::Token(kept) => is_token(password, kept),
                    Secret::Password(kept) => self
                        .memory
                        .knows(&self.memory.code(name, password, kept), at),
                };
                (known && account.holds(at)).then(|| Ok(account.caller(name)))
            }
        }
    }

    fn authenticate(
        &self,
        state: &State,
        credential: &Credential<'_>,
        at: Timestamp,
    ) -> Result<Caller, Denied> {
        if let Some(answer) = self.recognise(state, credential, at) {
            return answer;
        }
        let Credential::Password { name, password } = *credential else {
            return Err(Denied::Credential);
        };
        let account = state.accounts().get(name).filter(|held| held.holds(at));
        let kept = match account {
            Some(Account {
                secret: Secret::Password(kept),
                ..
            }) => Some(kept.as_str()),
            Some(_) | None => None,
        };
        // Whoever has no password to compare costs what everybody costs.
        let code = self
            .memory
            .code(name, password, kept.unwrap_or(hash::DECOY));
        let fits = self.gate.once(code, || {
            let fits = self.hashing.verify(password, kept.unwrap_or(hash::DECOY));
            if fits && kept.is_some() {
                self.memory.keep(code, at);
            }
            fits
        })?;
        match account {
            Some(account) if fits && kept.is_some() => Ok(account.caller(name)),
            Some(_) | None => Err(Denied::Credential),
        }
    }
}

fn by_token(state: &State, token: &str, at: Timestamp) -> Result<Caller, Denied> {
    let shaped = token.len() == TOKEN_BYTES && token.starts_with(TOKEN_PREFIX);
    let found = shaped
        .then(|| state.account_of_token(&digest(token)))
        .flatten();
    match found {
        Some((name, account)) if account.holds(at) => Ok(account.caller(name)),
        Some(_) | None => Err(Denied::Credential),
    }
}

fn is_token(shown: &str, kept: &[u8; 32]) -> bool {
    digest(shown).ct_eq(kept).into()
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests;
