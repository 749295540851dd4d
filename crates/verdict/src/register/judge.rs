//! The time of judgement: which offices a key held when it signed (design §6).

use super::{History, leaves::Leaves};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::{Leaf, Opening};
use portcullis_core::{
    digest::Digest,
    member::MemberId,
    office::Office,
    register::Revocation,
    statement::{Officer, Standing},
};
use portcullis_sign::{Envelope, PublicKey};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    hash::leaf_hash,
    note::{KeyName, VerifierKey},
    proof::TlogProof,
};
use std::collections::{BTreeMap, BTreeSet};

/// The longest time between a statement's claimed time and its inclusion for which
/// the inclusion speaks for the claimed time.
pub const INCLUSION_HOURS_MAX: i64 = 24;

/// What a node believes less than its register says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trust {
    /// Members that are not believed.
    pub distrusted_members: BTreeSet<MemberId>,
    /// Keys that are not believed.
    pub distrusted_keys: BTreeSet<Digest>,
    /// For these members, these keys alone are believed.
    pub pinned: BTreeMap<MemberId, BTreeSet<Digest>>,
    /// Whether leaves of version 0, which prove nothing about what they count, pass. For
    /// simulations and benchmarks; false everywhere else.
    pub unproved: bool,
}

/// A statement's place in its author's log: the leaf, what opens it, and the proof.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inclusion {
    /// The log entry.
    pub leaf: Leaf,
    /// What opens its digest.
    pub opening: Opening,
    /// The C2SP tlog-proof.
    pub proof: TlogProof,
}

/// What was found about a statement's signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    /// Who signed, with the offices held at both times.
    pub officer: Officer,
    /// The first quorum-cosigned time of its inclusion, if proved.
    pub included_at: Option<Timestamp>,
    /// At which instants the offices were looked up.
    pub judged_at: [Timestamp; 2],
}

/// Why a signature is not to be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotBelieved {
    /// Under an expired register nothing is genuine.
    #[error("the newest register we hold (version {version}) expired at {at}; fetch a newer one")]
    RegisterExpired {
        /// Which version.
        version: u64,
        /// When.
        at: Timestamp,
    },
    /// No version spoke at that time.
    #[error("no register spoke at {at}")]
    NoRegisterThen {
        /// When.
        at: Timestamp,
    },
    /// The register does not know the author.
    #[error("`{0}` was no member of the register at that time")]
    UnknownMember(MemberId),
    /// This node does not believe the member or the key, whatever the register says.
    #[error("this node does not believe `{0}`: it is distrusted or pinned to other keys")]
    Distrusted(MemberId),
    /// None of the author's keys signed it.
    #[error("no key of `{0}` in the register signed this")]
    UnknownKey(MemberId),
    /// A key of the author's is named, and its signature is false.
    #[error("the signature is false: {0}")]
    FalseSignature(String),
    /// The key was revoked.
    #[error(
        "the key {key} is revoked since {since}, and nothing proves that this was witnessed before"
    )]
    Revoked {
        /// Which key.
        key: Digest,
        /// Since when.
        since: Timestamp,
    },
    /// The key held no office then.
    #[error("the key {key} held no office at {at}")]
    NoOffice {
        /// Which key.
        key: Digest,
        /// When.
        at: Timestamp,
    },
    /// The proof of inclusion is false.
    #[error("the proof of inclusion is false: {0}")]
    FalseProof(String),
}

impl NotBelieved {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RegisterExpired { .. } => "register.expired",
            Self::NoRegisterThen { .. } => "register.not_then",
            Self::UnknownMember(_) => "register.unknown_member",
            Self::Distrusted(_) => "register.distrusted",
            Self::UnknownKey(_) => "signature.unknown_key",
            Self::FalseSignature(_) => "signature.false",
            Self::Revoked { .. } => "signature.revoked",
            Self::NoOffice { .. } => "signature.no_office",
            Self::FalseProof(_) => "proof.false",
        }
    }
}

/// Judges who signed `envelope` for `author` at the claimed time. An inclusion comes with the
/// leaves that were verified before; the proof of any other is verified here.
///
/// # Errors
///
/// [`NotBelieved`], for the first reason found.
pub fn judge(
    history: &History,
    trust: &Trust,
    author: &MemberId,
    claimed: Timestamp,
    envelope: &Envelope,
    inclusion: Option<(&Inclusion, &Leaves)>,
    now: Timestamp,
) -> Result<Judgement, NotBelieved> {
    if history.is_expired(now) {
        let newest = &history.newest().register;
        return Err(NotBelieved::RegisterExpired {
            version: newest.version,
            at: newest.expires,
        });
    }
    let included_at = inclusion
        .map(|(inclusion, leaves)| {
            let included_at = prove(history, author, envelope, inclusion)?;
            leaves
                .verify(inclusion, trust.unproved)
                .map_err(|error| NotBelieved::FalseProof(error.to_string()))?;
            Ok(included_at)
        })
        .transpose()?;
    // A stock of statements dated ahead, logged while the key was good, is no statement of then.
    if included_at.is_some_and(|at| claimed.duration_since(at) > SignedDuration::from_mins(5)) {
        let why = "it is dated after the time at which it was witnessed";
        return Err(NotBelieved::FalseProof(why.into()));
    }
    let late = |at: Timestamp| {
        at.duration_since(claimed) > SignedDuration::from_hours(INCLUSION_HOURS_MAX)
    };
    let witnessed = included_at.filter(|at| !late(*at));
    // A witness's clock has whole seconds and its own drift: never judge before the claim itself.
    let second = witnessed.unwrap_or(now).max(claimed.min(now));
    let then = history
        .at(claimed)
        .ok_or(NotBelieved::NoRegisterThen { at: claimed })?;
    let member = then
        .register
        .members
        .get(author)
        .ok_or_else(|| NotBelieved::UnknownMember(author.clone()))?;
    let (key, public) = signer(
        author,
        member
            .keys
            .iter()
            .map(|(id, key)| (*id, key.public.as_str())),
        envelope,
    )?;
    believed(trust, author, &key)?;
    if let Some(gone) = revocation(history, author, &key)
        && revoked(gone, claimed, witnessed, second)
    {
        return Err(NotBelieved::Revoked {
            key,
            since: gone.since,
        });
    }
    let mut offices = offices_at(history, author, &key, claimed)?;
    offices.retain(|office| {
        offices_at(history, author, &key, second).is_ok_and(|later| later.contains(office))
    });
    if offices.is_empty() {
        return Err(NotBelieved::NoOffice { key, at: second });
    }
    let public: PublicKey = public
        .parse()
        .map_err(|_| NotBelieved::FalseSignature("the register's key cannot be read".into()))?;
    envelope
        .verify_by(&public)
        .map_err(|error| NotBelieved::FalseSignature(error.to_string()))?;
    let standing = Standing {
        roles: member.roles.clone(),
        authority: member.authority.clone(),
        delivery_keys: member.delivery_keys.clone(),
    };
    let by = Officer {
        member: author.clone(),
        key,
        offices,
        standing,
    };
    Ok(Judgement {
        officer: by,
        included_at,
        judged_at: [claimed, second],
    })
}

fn believed(trust: &Trust, author: &MemberId, key: &Digest) -> Result<(), NotBelieved> {
    let pinned_elsewhere = trust
        .pinned
        .get(author)
        .is_some_and(|keys| !keys.contains(key));
    if pinned_elsewhere
        || trust.distrusted_members.contains(author)
        || trust.distrusted_keys.contains(key)
    {
        return Err(NotBelieved::Distrusted(author.clone()));
    }
    Ok(())
}

/// The author's key that the envelope names.
fn signer<'a>(
    author: &MemberId,
    keys: impl Iterator<Item = (Digest, &'a str)>,
    envelope: &Envelope,
) -> Result<(Digest, &'a str), NotBelieved> {
    let keys: BTreeMap<Digest, &str> = keys.collect();
    let mut named = envelope
        .signatures()
        .iter()
        .map(|signature| Digest(*signature.key_id.as_bytes()));
    named
        .find_map(|id| keys.get(&id).map(|public| (id, *public)))
        .ok_or_else(|| NotBelieved::UnknownKey(author.clone()))
}

/// A revocation in any version counts for all times: the newest word on it wins.
fn revocation(history: &History, author: &MemberId, key: &Digest) -> Option<Revocation> {
    let mut versions = history.versions().iter().rev();
    versions.find_map(|version| version.register.members.get(author)?.keys.get(key)?.revoked)
}

fn revoked(
    gone: Revocation,
    claimed: Timestamp,
    witnessed: Option<Timestamp>,
    second: Timestamp,
) -> bool {
    if gone.compromised {
        // What was not witnessed before `since` is void, whatever date it bears.
        claimed >= gone.since || witnessed.is_none_or(|at| at >= gone.since)
    } else {
        claimed >= gone.since || second >= gone.since
    }
}

fn offices_at(
    history: &History,
    author: &MemberId,
    key: &Digest,
    at: Timestamp,
) -> Result<BTreeSet<Office>, NotBelieved> {
    let version = history.at(at).ok_or(NotBelieved::NoRegisterThen { at })?;
    let held = version
        .register
        .members
        .get(author)
        .and_then(|member| member.keys.get(key));
    Ok(held.map(|key| key.offices_at(at)).unwrap_or_default())
}

/// Proves a statement's inclusion in its author's log.
fn prove(
    history: &History,
    author: &MemberId,
    envelope: &Envelope,
    inclusion: &Inclusion,
) -> Result<Timestamp, NotBelieved> {
    let wrong = |why: String| NotBelieved::FalseProof(why);
    inclusion
        .leaf
        .opens_to(&inclusion.opening, envelope.as_bytes())
        .map_err(|error| wrong(error.to_string()))?;
    let checkpoint = Checkpoint::parse(inclusion.proof.checkpoint().text())
        .map_err(|error| wrong(error.to_string()))?;
    let leaf = leaf_hash(inclusion.leaf.as_bytes());
    let mut last = wrong("the author's log is not in the register".into());
    // A log's key may have been rotated, and witnesses changed: any believed version may vouch.
    for version in history.versions().iter().rev() {
        let Some(log) = version
            .register
            .members
            .get(author)
            .and_then(|member| member.log.as_deref())
        else {
            continue;
        };
        match log_key(log, &checkpoint.origin) {
            Ok(key) => match inclusion.proof.verify_as(&leaf, &version.policy, &key) {
                Ok(included) => {
                    let at = included
                        .cosigned
                        .quorum_at
                        .and_then(|at| i64::try_from(at).ok());
                    let at = at.and_then(|at| Timestamp::from_second(at).ok());
                    return at.ok_or_else(|| wrong("no quorum".into()));
                }
                Err(error) => last = wrong(error.to_string()),
            },
            Err(why) => last = wrong(why),
        }
    }
    Err(last)
}

/// The key of one generation of a member's log: the register names the prefix, and
/// origins are `prefix/1`, `prefix/2`, … (design §11, restore).
///
/// # Errors
///
/// A sentence, when the origin is not one of the log's.
pub fn log_key(log: &str, origin: &Origin) -> Result<VerifierKey, String> {
    let key: VerifierKey = log
        .parse()
        .map_err(|error| format!("the log's key in the register: {error}"))?;
    if origin.generation_of(key.name().as_str()).is_none() {
        return Err(format!(
            "`{origin}` is not an origin of the author's log `{}`",
            key.name()
        ));
    }
    let name: KeyName = origin
        .as_str()
        .parse()
        .map_err(|error| format!("the origin: {error}"))?;
    Ok(key.named(name))
}
