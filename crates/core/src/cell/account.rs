//! Accounts: a name with a secret, for clients that have no certificate.

use super::caller::{Caller, Rights};
use crate::member::MemberId;
use jiff::Timestamp;

/// The longest name of an account.
pub const ACCOUNT_BYTES_MAX: usize = 128;

/// The longest hashed password, in PHC string form.
pub const HASH_BYTES_MAX: usize = 512;

/// The most accounts of one node, ended ones included.
pub const ACCOUNTS_MAX: usize = 100_000;

/// An account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// The member it acts for.
    pub member: MemberId,
    /// How it proves itself.
    pub secret: Secret,
    /// Whether it acts for a client of the member.
    pub client: bool,
    /// Whether it is one of this node's own people's.
    pub operator: bool,
    /// What it may do.
    pub rights: Rights,
    /// The instant from which it is no longer valid; none: until it is ended.
    pub until: Option<Timestamp>,
    /// Whether it was ended.
    pub ended: bool,
}

/// How an account proves itself. What is kept lets nobody in.
#[derive(Clone, Eq, PartialEq)]
pub enum Secret {
    /// The SHA-256 digest of a 256-bit token.
    Token([u8; 32]),
    /// A hashed password, in PHC string form (`$argon2id$…`).
    Password(String),
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Password(_) => "Password",
        })
    }
}

impl Account {
    /// Whether it lets anybody in at `at`.
    pub fn holds(&self, at: Timestamp) -> bool {
        !self.ended && self.until.is_none_or(|until| at < until)
    }

    /// The caller that this account makes.
    pub fn caller(&self, name: &str) -> Caller {
        Caller {
            member: self.member.clone(),
            account: Some(name.to_owned()),
            client: self.client,
            operator: self.operator,
            rights: self.rights,
        }
    }
}
