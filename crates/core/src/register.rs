//! The register: who is who, which key holds which office, and since when not.
//!
//! One version of the register as a value. Whether a version is to be believed
//! — thresholds, chain, expiry, log — is `verdict::register`'s to say.

use crate::{
    digest::Digest,
    law::Word,
    member::{MemberId, Role},
    office::Office,
    realm::Realm,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One version of the register.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Register {
    /// Its realm.
    pub realm: Realm,
    /// From 1, each one more than the one before.
    pub version: u64,
    /// SHA-256 of the payload of the version before; none for 1.
    pub previous: Option<Digest>,
    /// When it was made.
    pub made: Timestamp,
    /// The first instant at which nothing is GENUINE under it any more.
    pub expires: Timestamp,
    /// Who may sign the next one, and how many of them.
    pub roots: Roots,
    /// The log in which its versions are published: a C2SP vkey.
    pub log: String,
    /// Which witnesses suffice: the text of a C2SP tlog-policy's `witness`, `group` and `quorum` lines.
    pub witness_policy: String,
    /// The members.
    pub members: BTreeMap<MemberId, Member>,
}

/// Who may sign a register.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Roots {
    /// How many of the keys must sign.
    pub threshold: u16,
    /// Their keys, in canonical text, by their digest.
    pub keys: BTreeMap<Digest, String>,
}

/// One member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its title, for people.
    pub title: String,
    /// What it does.
    pub roles: BTreeSet<Role>,
    /// What kind of authority it is in which laws, such as `metropolitan_police`.
    pub authority: BTreeSet<Word>,
    /// Its sector: witnesses of one log come from at least two.
    pub sector: Word,
    /// Where its node answers: `https://host:port`.
    pub endpoint: String,
    /// SHA-256 of its TLS certificates, in DER. Several while one replaces another.
    pub tls: BTreeSet<Digest>,
    /// Its log: `host/path` without generation, and the log's Ed25519 key as a vkey with that name.
    pub log: Option<String>,
    /// Its witness key: a C2SP vkey of type 04.
    pub witness: Option<String>,
    /// Keys that data may be sealed to: age recipients.
    pub delivery_keys: BTreeSet<String>,
    /// Its people's keys, by their digest.
    pub keys: BTreeMap<Digest, Key>,
}

/// A person's key, or the node's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// In canonical text; the algorithm is here and nowhere else.
    pub public: String,
    /// Which offices it holds, each for a time.
    pub offices: BTreeMap<Office, Term>,
    /// Whether it was revoked, and since when it is not to be believed.
    pub revoked: Option<Revocation>,
}

/// From when to when: the first instant inside, the first instant outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Term {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant that is no longer inside.
    pub until: Timestamp,
}

impl Term {
    /// Whether an instant lies inside.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// The end of a key before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Since when it is not to be believed.
    pub since: Timestamp,
    /// Whether it fell into other hands; then what was not witnessed before `since` is void.
    pub compromised: bool,
}

impl Key {
    /// The offices that the key held at an instant, its revocation aside.
    pub fn offices_at(&self, at: Timestamp) -> BTreeSet<Office> {
        self.offices
            .iter()
            .filter(|(_, term)| term.holds(at))
            .map(|(office, _)| *office)
            .collect()
    }
}

impl Register {
    /// The member and entry of a key.
    pub fn key(&self, digest: &Digest) -> Option<(&MemberId, &Key)> {
        self.members
            .iter()
            .find_map(|(id, member)| member.keys.get(digest).map(|key| (id, key)))
    }

    /// The member whose node has this certificate.
    pub fn member_of_certificate(&self, certificate: &Digest) -> Option<&MemberId> {
        self.members
            .iter()
            .find(|(_, member)| member.tls.contains(certificate))
            .map(|(id, _)| id)
    }
}
