//! The versions of a register that are to be believed, in their order.

use super::{Parsed, log_entry, parse};
use jiff::Timestamp;
use portcullis_core::{
    digest::Digest,
    register::{Register, Roots},
};
use portcullis_sign::PublicKey;
use portcullis_tlog::{hash::leaf_hash, note::VerifierKey, policy::Policy, proof::TlogProof};
use std::collections::{BTreeMap, BTreeSet};

/// What a node knows of a register before it has read it: the digest of version 1's
/// payload, compared by people when they join.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Anchor(pub Digest);

/// A version's bytes as a store or a folder keeps them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Logged {
    /// The DSSE envelope.
    pub envelope: Vec<u8>,
    /// The C2SP tlog-proof of its entry in the register's log.
    pub proof: Option<Vec<u8>>,
}

/// A version that is to be believed.
#[derive(Clone, Debug)]
pub struct Version {
    /// What it says.
    pub register: Register,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// Since when it speaks: when a quorum first cosigned it.
    pub since: Timestamp,
    /// Its witness policy, read.
    pub policy: Policy,
}

/// Why a version of the register is not to be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VersionError {
    /// It cannot be read.
    #[error("not a version of a register: {0}")]
    Malformed(String),
    /// Version 1 is another register's.
    #[error("this is another register than the one that was trusted ({expected})")]
    OtherRegister {
        /// The one that was trusted.
        expected: Digest,
    },
    /// It does not follow the newest version.
    #[error("version {found} does not follow version {newest}")]
    OutOfOrder {
        /// The newest that is believed.
        newest: u64,
        /// The one that came.
        found: u64,
    },
    /// It names another version before it.
    #[error("it names another version before it than the one we hold")]
    OtherPrevious,
    /// It is of another realm, or dated before the version it follows.
    #[error("its realm or its date does not follow the version before it")]
    Unfit,
    /// Too few roots signed.
    #[error("{found} of the {which} roots signed; {needed} are needed")]
    TooFewRoots {
        /// `old` or `new`.
        which: &'static str,
        /// How many signed.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// It was not published.
    #[error("it is not in the register's witnessed log: {0}")]
    Unlogged(String),
    /// Its witnesses would come from one sector.
    #[error("its quorum of witnesses could come from one sector alone (`{0}`), or there is none")]
    OneSector(String),
    /// There are two of that number.
    #[error(
        "two valid versions of number {number} exist: evidence against the roots; both are refused"
    )]
    TwoOfOneNumber {
        /// Which.
        number: u64,
    },
}

impl VersionError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "register.malformed",
            Self::OtherRegister { .. } => "register.other",
            Self::OutOfOrder { .. } => "register.out_of_order",
            Self::OtherPrevious => "register.other_previous",
            Self::Unfit => "register.unfit",
            Self::TooFewRoots { .. } => "register.too_few_roots",
            Self::Unlogged(_) => "register.unlogged",
            Self::OneSector(_) => "register.one_sector",
            Self::TwoOfOneNumber { .. } => "register.two_of_one_number",
        }
    }
}

/// A version that was refused, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RefusedVersion {
    /// Its number, if it could be read.
    pub number: Option<u64>,
    /// Its payload's digest, if it could be read.
    pub digest: Option<Digest>,
    /// Why.
    pub error: VersionError,
}

/// The believed versions of one register, oldest first. Never empty.
#[derive(Clone, Debug)]
pub struct History {
    anchor: Anchor,
    versions: Vec<Version>,
    newest: Version,
}

impl History {
    /// Believes what is to be believed among `records`, in whatever order they come,
    /// and says why the rest is not.
    ///
    /// # Errors
    ///
    /// The refused versions, when not even version 1 is to be believed.
    pub fn open(
        anchor: Anchor,
        records: &[Logged],
    ) -> Result<(Self, Vec<RefusedVersion>), Vec<RefusedVersion>> {
        let mut refused = Vec::new();
        let mut by_number: BTreeMap<u64, Vec<(Parsed, &Logged)>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for record in records {
            match parse(&record.envelope) {
                Ok(parsed) => {
                    // The same payload under other signatures is no second version of a number.
                    if seen.insert((parsed.digest, parsed.envelope.digest())) {
                        by_number
                            .entry(parsed.register.version)
                            .or_default()
                            .push((parsed, record));
                    }
                }
                Err(error) => refused.push(RefusedVersion {
                    number: None,
                    digest: None,
                    error,
                }),
            }
        }
        let mut versions: Vec<Version> = Vec::new();
        for (number, candidates) in by_number {
            let newest = versions.last();
            let mut valid: Vec<Version> = Vec::new();
            for (parsed, record) in candidates {
                match believe(anchor, newest, &parsed, record) {
                    Ok(version) if valid.iter().any(|known| known.digest == version.digest) => {}
                    Ok(version) => valid.push(version),
                    Err(error) => {
                        refused.push(RefusedVersion {
                            number: Some(number),
                            digest: Some(parsed.digest),
                            error,
                        });
                    }
                }
            }
            if valid.len() > 1 {
                for version in &valid {
                    let error = VersionError::TwoOfOneNumber { number };
                    refused.push(RefusedVersion {
                        number: Some(number),
                        digest: Some(version.digest),
                        error,
                    });
                }
                valid.clear();
            }
            versions.extend(valid.pop());
        }
        match versions.last().cloned() {
            Some(newest) => Ok((
                Self {
                    anchor,
                    versions,
                    newest,
                },
                refused,
            )),
            None => Err(refused),
        }
    }

    /// The register's name: the digest of version 1.
    pub const fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// The newest version that is believed.
    pub const fn newest(&self) -> &Version {
        &self.newest
    }

    /// Every version that is believed, oldest first.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version that spoke at an instant.
    pub fn at(&self, at: Timestamp) -> Option<&Version> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.since <= at)
    }

    /// Whether nothing is GENUINE any more, because the newest version has expired.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.newest.register.expires <= now
    }
}

fn believe(
    anchor: Anchor,
    newest: Option<&Version>,
    parsed: &Parsed,
    record: &Logged,
) -> Result<Version, VersionError> {
    let register = &parsed.register;
    match newest {
        None if register.version == 1 => {
            if parsed.digest != anchor.0 || register.previous.is_some() {
                return Err(VersionError::OtherRegister { expected: anchor.0 });
            }
        }
        None => {
            return Err(VersionError::OutOfOrder {
                newest: 0,
                found: register.version,
            });
        }
        Some(before) => {
            if Some(register.version) != before.register.version.checked_add(1) {
                let (newest, found) = (before.register.version, register.version);
                return Err(VersionError::OutOfOrder { newest, found });
            }
            if register.previous != Some(before.digest) {
                return Err(VersionError::OtherPrevious);
            }
            if register.realm != before.register.realm || register.made < before.register.made {
                return Err(VersionError::Unfit);
            }
            signed("old", &before.register.roots, parsed)?;
        }
    }
    signed("new", &register.roots, parsed)?;
    let policy = witness_policy(register)?;
    // A new version is judged by the witnesses of the one before it, as its signatures are by the old roots.
    let (log, judges) = match newest {
        Some(before) => (&before.register.log, &before.policy),
        None => (&register.log, &policy),
    };
    let since = logged(register, &parsed.digest, record, log, judges)?;
    let since = newest.map_or(since, |before| since.max(before.since));
    Ok(Version {
        register: register.clone(),
        digest: parsed.digest,
        since,
        policy,
    })
}

fn signed(which: &'static str, roots: &Roots, parsed: &Parsed) -> Result<(), VersionError> {
    let verifies = |text: &&String| {
        text.parse::<PublicKey>()
            .is_ok_and(|key| parsed.envelope.verify_by(&key).is_ok())
    };
    let found = roots.keys.values().filter(verifies).count();
    let needed = usize::from(roots.threshold);
    if found >= needed {
        Ok(())
    } else {
        Err(VersionError::TooFewRoots {
            which,
            found,
            needed,
        })
    }
}

/// Reads a version's witness policy and sees that no sector suffices alone.
///
/// # Errors
///
/// [`VersionError::Malformed`], [`VersionError::OneSector`].
pub fn witness_policy(register: &Register) -> Result<Policy, VersionError> {
    let policy = Policy::parse(register.witness_policy.as_bytes())
        .map_err(|error| VersionError::Malformed(format!("its witness policy: {error}")))?;
    let sector_of = |name: &str| {
        let key = policy
            .witnesses()
            .iter()
            .find(|witness| witness.name() == name)?
            .key()
            .to_string();
        register
            .members
            .values()
            .find(|member| member.witness.as_ref() == Some(&key))
            .map(|member| &member.sector)
    };
    let sectors: BTreeSet<_> = policy
        .witnesses()
        .iter()
        .map(|witness| sector_of(witness.name()))
        .collect();
    for sector in sectors {
        if policy.quorum_met_by(|name| sector_of(name) == sector) {
            return Err(VersionError::OneSector(
                sector.cloned().unwrap_or_else(|| "not a member".into()),
            ));
        }
    }
    if policy.asks_for_witnesses() {
        Ok(policy)
    } else {
        Err(VersionError::OneSector("none".into()))
    }
}

fn logged(
    register: &Register,
    digest: &Digest,
    record: &Logged,
    log: &str,
    policy: &Policy,
) -> Result<Timestamp, VersionError> {
    let unlogged = |why: String| VersionError::Unlogged(why);
    let proof = record
        .proof
        .as_deref()
        .ok_or_else(|| unlogged("no proof came with it".into()))?;
    let proof = TlogProof::parse(proof).map_err(|error| unlogged(error.to_string()))?;
    let key: VerifierKey = log
        .parse()
        .map_err(|error| unlogged(format!("the log's key: {error}")))?;
    let leaf = leaf_hash(&log_entry(register, digest));
    let included = proof
        .verify_as(&leaf, policy, &key)
        .map_err(|error| unlogged(error.to_string()))?;
    let at = included
        .cosigned
        .quorum_at
        .ok_or_else(|| unlogged("no quorum".into()))?;
    i64::try_from(at)
        .ok()
        .and_then(|at| Timestamp::from_second(at).ok())
        .ok_or_else(|| unlogged("its time is out of range".into()))
}
