//! Puts a policy together, one definition at a time, and checks the rules of the format.

use std::collections::{BTreeMap, BTreeSet};

use crate::note::{KeyKind, VerifierKey};
use crate::policy::{
    Group, Member, POLICY_ITEMS_MAX, Policy, PolicyLog, PolicyWitness, Quorum, Threshold,
};

/// A policy being put together.
#[derive(Clone, Debug, Default)]
pub struct PolicyBuilder {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Quorum>,
    names: BTreeMap<String, Member>,
    grouped: BTreeSet<Member>,
}

/// A definition that breaks a rule of C2SP tlog-policy.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// More than [`POLICY_ITEMS_MAX`] of one kind.
    #[error("a policy has at most {POLICY_ITEMS_MAX} logs, witnesses and groups each")]
    TooMany,
    /// A log whose key does not sign notes, or a witness whose key does not cosign.
    #[error("logs have keys of type 01 and witnesses keys of type 04")]
    KeyKind,
    /// Two logs, or two witnesses, with the same public key.
    #[error("this public key is already in the policy")]
    KeyTwice,
    /// A name that is empty or holds a space or a control character.
    #[error("`{0}` cannot be a name")]
    Name(String),
    /// A name that is defined already, or `none`.
    #[error("the name `{0}` is taken")]
    NameTaken(String),
    /// A name that no earlier line defines.
    #[error("no line before this one defines `{0}`")]
    NameUnknown(String),
    /// A witness or group that is a member of a group already.
    #[error("`{0}` is already a member of a group")]
    MemberTwice(String),
    /// A group without members, or a threshold outside 1 to the number of members.
    #[error("a group needs between one and all of its members")]
    Threshold,
    /// An address that is empty or holds a space or a control character.
    #[error("`{0}` cannot be an address")]
    Url(String),
    /// A second quorum line.
    #[error("the quorum is defined already")]
    QuorumTwice,
    /// No quorum line.
    #[error("a policy says what its quorum is, if only `quorum none`")]
    NoQuorum,
}

impl PolicyBuilder {
    /// Nothing defined yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a trusted log.
    ///
    /// # Errors
    ///
    /// [`RuleError`]: `TooMany`, `KeyKind`, `KeyTwice`, `Url`.
    pub fn log(&mut self, key: VerifierKey, url: Option<String>) -> Result<(), RuleError> {
        let others = self.logs.iter().map(|log| &log.key);
        check_key(&key, KeyKind::Note, others)?;
        check_url(url.as_deref())?;
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    /// Adds a trusted witness.
    ///
    /// # Errors
    ///
    /// [`RuleError`]: `TooMany`, `KeyKind`, `KeyTwice`, `Url`, `Name`, `NameTaken`.
    pub fn witness(
        &mut self,
        name: &str,
        key: VerifierKey,
        url: Option<String>,
    ) -> Result<(), RuleError> {
        let others = self.witnesses.iter().map(|witness| &witness.key);
        check_key(&key, KeyKind::Cosignature, others)?;
        check_url(url.as_deref())?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness {
            name: name.to_owned(),
            key,
            url,
        });
        Ok(())
    }

    /// Adds a group of witnesses and earlier groups.
    ///
    /// # Errors
    ///
    /// [`RuleError`]: `TooMany`, `Threshold`, `NameUnknown`, `MemberTwice`, `Name`, `NameTaken`.
    pub fn group(
        &mut self,
        name: &str,
        threshold: Threshold,
        members: &[&str],
    ) -> Result<(), RuleError> {
        if self.groups.len() == POLICY_ITEMS_MAX {
            return Err(RuleError::TooMany);
        }
        let count = threshold.count(members.len());
        if count == 0 || count > members.len() {
            return Err(RuleError::Threshold);
        }
        let mut found = Vec::new();
        for &member in members {
            let known = self.names.get(member);
            let known = *known.ok_or_else(|| RuleError::NameUnknown(member.to_owned()))?;
            if self.grouped.contains(&known) || found.contains(&known) {
                return Err(RuleError::MemberTwice(member.to_owned()));
            }
            found.push(known);
        }
        self.define(name, Member::Group(self.groups.len()))?;
        self.grouped.extend(&found);
        self.groups.push(Group {
            name: name.to_owned(),
            threshold,
            members: found,
        });
        Ok(())
    }

    /// Sets the quorum to an earlier witness or group, or to `none`.
    ///
    /// # Errors
    ///
    /// [`RuleError`]: `QuorumTwice`, `NameUnknown`.
    pub fn quorum(&mut self, name: &str) -> Result<(), RuleError> {
        if self.quorum.is_some() {
            return Err(RuleError::QuorumTwice);
        }
        let member = self.names.get(name).copied();
        self.quorum = Some(match member {
            Some(member) => Quorum::Of(member),
            None if name == "none" => Quorum::None,
            None => return Err(RuleError::NameUnknown(name.to_owned())),
        });
        Ok(())
    }

    /// The finished policy.
    ///
    /// # Errors
    ///
    /// [`RuleError::NoQuorum`].
    pub fn build(self) -> Result<Policy, RuleError> {
        let Self {
            logs,
            witnesses,
            groups,
            quorum,
            ..
        } = self;
        let quorum = quorum.ok_or(RuleError::NoQuorum)?;
        Ok(Policy {
            logs,
            witnesses,
            groups,
            quorum,
        })
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), RuleError> {
        if !is_word(name) {
            Err(RuleError::Name(name.to_owned()))
        } else if name == "none" || self.names.contains_key(name) {
            Err(RuleError::NameTaken(name.to_owned()))
        } else {
            self.names.insert(name.to_owned(), member);
            Ok(())
        }
    }
}

fn check_key<'k>(
    key: &VerifierKey,
    kind: KeyKind,
    others: impl ExactSizeIterator<Item = &'k VerifierKey>,
) -> Result<(), RuleError> {
    if key.kind() != kind {
        Err(RuleError::KeyKind)
    } else if others.len() == POLICY_ITEMS_MAX {
        Err(RuleError::TooMany)
    } else if others
        .into_iter()
        .any(|other| other.public_key() == key.public_key())
    {
        Err(RuleError::KeyTwice)
    } else {
        Ok(())
    }
}

fn check_url(url: Option<&str>) -> Result<(), RuleError> {
    match url {
        Some(url) if !is_word(url) => Err(RuleError::Url(url.to_owned())),
        _ => Ok(()),
    }
}

/// Whether the text is one item of a line: no space, no tab, no control character.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte > b' ' && byte != 0x7f)
}
