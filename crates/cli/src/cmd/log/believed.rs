//! Which logs and witnesses are believed: by the node's register, or by a C2SP tlog-policy.

use super::read_bounded;
use crate::{failure::Failure, home::Home};
use clap::Args;
use portcullis_core::member::MemberId;
use portcullis_node::{Node, peers::Peer};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::{SignedNote, VerifierKey},
    policy::{CosignedCheckpoint, POLICY_BYTES_MAX, Policy, PolicyError, PolicyLog},
};
use portcullis_verdict::{History, register::judge::log_key};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// What to believe, as arguments.
#[derive(Args, Clone, Debug)]
pub(in crate::cmd) struct Believing {
    /// A C2SP tlog-policy file: logs, witnesses, quorum. By default, what the register of the
    /// data folder (`--dir`) says.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The log's key, a C2SP vkey, in place of those that the policy or the register lists. For a
    /// log that opens new origins below an old one (`NAME/1`, `NAME/2`), NAME is enough.
    #[arg(long, value_name = "VKEY")]
    origin_key: Option<String>,
}

/// What is believed.
pub(in crate::cmd) struct Believed {
    policy: Policy,
    /// The key given by hand.
    key: Option<VerifierKey>,
    history: Option<Arc<History>>,
}

/// The node in a data folder and its register, if there is a folder that has joined one.
pub(in crate::cmd) fn register_of(dir: &Path) -> Option<(Arc<Node>, Arc<History>)> {
    let node = Home::open(dir).ok()?.node().ok()?;
    let history = node.history().ok()?;
    Some((node, history))
}

impl Believing {
    /// What to believe, if anything says so: a policy, a register.
    pub(in crate::cmd) fn maybe(&self, dir: &Path) -> Result<Option<Believed>, Failure> {
        if self.policy.is_none() && self.origin_key.is_none() && register_of(dir).is_none() {
            return Ok(None);
        }
        self.find(dir).map(Some)
    }

    pub(in crate::cmd) fn find(&self, dir: &Path) -> Result<Believed, Failure> {
        let key = self.origin_key.as_ref().map(|text| {
            text.parse::<VerifierKey>()
                .map_err(|error| Failure::usage(format!("`{text}`: {error}")))
        });
        let key = key.transpose()?;
        if let Some(path) = &self.policy {
            let bytes = read_bounded(path, POLICY_BYTES_MAX)?;
            let policy = Policy::parse(&bytes)
                .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))?;
            return Ok(Believed {
                policy,
                key,
                history: None,
            });
        }
        match register_of(dir) {
            Some((_, history)) => Ok(Believed::by_register(history, key)),
            None => Err(Failure::usage(format!(
                "`{}` holds no node that has joined a register",
                dir.display()
            ))
            .hint("say whom to believe with `--policy FILE`, or name a data folder with `--dir`")),
        }
    }
}

impl Believed {
    /// What a register says.
    pub(in crate::cmd) fn by_register(history: Arc<History>, key: Option<VerifierKey>) -> Self {
        Self {
            policy: history.newest().policy.clone(),
            key,
            history: Some(history),
        }
    }

    /// The witnesses and the quorum.
    pub(in crate::cmd) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The members that witness, by the register: where each can be asked.
    pub(in crate::cmd) fn witnesses(&self) -> Vec<Peer> {
        let Some(history) = &self.history else {
            return Vec::new();
        };
        let members = history.newest().register.members.iter();
        let witnesses =
            members.filter(|(_, member)| member.witness.is_some() && !member.endpoint.is_empty());
        let peer = |(id, member): (&MemberId, &portcullis_core::register::Member)| Peer {
            member: id.clone(),
            endpoint: member.endpoint.clone(),
            tls: member.tls.clone(),
        };
        witnesses.map(peer).collect()
    }

    /// The key under which a log of this origin signs, and whose it is by the register.
    pub(in crate::cmd) fn key_of(
        &self,
        origin: &Origin,
    ) -> Option<(VerifierKey, Option<MemberId>)> {
        if let Some(key) = &self.key {
            let exact = key.name().as_str() == origin.as_str();
            let key = if exact {
                Some(key.clone())
            } else {
                log_key(&key.to_string(), origin).ok()
            };
            return key.map(|key| (key, None));
        }
        let listed = self.policy.logs().iter().map(PolicyLog::key);
        let exact = listed
            .clone()
            .find(|key| key.name().as_str() == origin.as_str());
        // A log that is listed by its registered name is known in every generation.
        let mut by_name = listed.filter_map(|key| log_key(&key.to_string(), origin).ok());
        if let Some(key) = exact.cloned().or_else(|| by_name.next()) {
            return Some((key, None));
        }
        let register = &self.history.as_ref()?.newest().register;
        let mut members = register
            .members
            .iter()
            .filter_map(|(id, member)| Some((id, member.log.as_deref()?)));
        let of_member = |(id, log)| Some((log_key(log, origin).ok()?, Some(MemberId::clone(id))));
        let own = || {
            register
                .log
                .parse()
                .ok()
                .filter(|key: &VerifierKey| key.name().as_str() == origin.as_str())
        };
        members
            .find_map(of_member)
            .or_else(|| own().map(|key| (key, None)))
    }

    /// Verifies a checkpoint: the log's signature, the witnesses', and that they are a quorum.
    pub(in crate::cmd) fn verify(&self, note: &SignedNote) -> Result<CosignedCheckpoint, Failure> {
        let origin = Checkpoint::parse(note.text())
            .map_err(|error| policy_failure(&error.into()))?
            .origin;
        let Some((key, _)) = self.key_of(&origin) else {
            return Err(policy_failure(&PolicyError::UnknownLog(origin)));
        };
        self.policy
            .verify_quorum_as(note, &key)
            .map_err(|error| policy_failure(&error))
    }
}

/// Why a checkpoint is not believed, with a code and what to do.
fn policy_failure(error: &PolicyError) -> Failure {
    let text = error.to_string();
    match error {
        PolicyError::Checkpoint(_) => Failure::false_("log.checkpoint", text),
        PolicyError::UnknownLog(_) => Failure::refused("log.unknown", text)
            .hint("neither the policy nor the register lists it; give its key with `--origin-key`"),
        PolicyError::NotSignedByLog(_) => Failure::false_("log.not_signed", text),
        PolicyError::Signature(_) => Failure::false_("log.false_signature", text),
        PolicyError::NoQuorum => Failure::false_("log.no_quorum", text)
            .hint("whoever shows this cannot show that the witnesses saw the same log"),
    }
}
