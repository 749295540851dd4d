//! What a policy says of a checkpoint.

use crate::checkpoint::{Checkpoint, CheckpointError, Origin};
use crate::note::{SignedNote, VerifierKey, VerifyError};
use crate::policy::{Member, Policy, Quorum};

/// A checkpoint that a trusted log signed, and who of the trusted witnesses cosigned it when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CosignedCheckpoint {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Witnesses by the policy's names, with their times in seconds since 1970; earliest first.
    pub cosigned_at: Vec<(String, u64)>,
    /// Whether the cosignatures satisfy the quorum; always true for `quorum none`.
    pub quorum_met: bool,
    /// When they first did, in seconds since 1970; `None` before that and for `quorum none`.
    pub quorum_at: Option<u64>,
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// The note is no checkpoint.
    #[error("the note is no checkpoint")]
    Checkpoint(#[from] CheckpointError),
    /// No log of the policy has this origin, or the key handed in has another name.
    #[error("the log `{0}` is unknown")]
    UnknownLog(Origin),
    /// The log has not signed.
    #[error("the log `{0}` has not signed")]
    NotSignedByLog(Origin),
    /// A signature of the log or of a witness of the policy is false, or made twice.
    #[error(transparent)]
    Signature(VerifyError),
    /// The witnesses that cosigned are too few.
    #[error("the quorum of witnesses is not met")]
    NoQuorum,
}

impl Policy {
    /// Verifies the signatures of a listed log and of the listed witnesses, and tells whether and
    /// when the quorum was met.
    ///
    /// # Errors
    ///
    /// [`PolicyError`], every variant but `NoQuorum`.
    pub fn verify_checkpoint(&self, note: &SignedNote) -> Result<CosignedCheckpoint, PolicyError> {
        self.verify_with(note, self.logs.iter().map(|log| &log.key))
    }

    /// The same with one log's key from elsewhere in place of the listed logs.
    ///
    /// The key's name is the origin. For a log that opens new origins below an old one, ask
    /// [`Origin::is_below`] and name the key with [`VerifierKey::named`].
    ///
    /// # Errors
    ///
    /// [`PolicyError`], every variant but `NoQuorum`.
    pub fn verify_checkpoint_as(
        &self,
        note: &SignedNote,
        log_key: &VerifierKey,
    ) -> Result<CosignedCheckpoint, PolicyError> {
        self.verify_with(note, [log_key])
    }

    /// The same as [`Policy::verify_checkpoint`], and the quorum is met.
    ///
    /// # Errors
    ///
    /// [`PolicyError`], every variant.
    pub fn verify_quorum(&self, note: &SignedNote) -> Result<CosignedCheckpoint, PolicyError> {
        self.verify_checkpoint(note)?.require_quorum()
    }

    /// The same as [`Policy::verify_checkpoint_as`], and the quorum is met.
    ///
    /// # Errors
    ///
    /// [`PolicyError`], every variant.
    pub fn verify_quorum_as(
        &self,
        note: &SignedNote,
        log_key: &VerifierKey,
    ) -> Result<CosignedCheckpoint, PolicyError> {
        self.verify_checkpoint_as(note, log_key)?.require_quorum()
    }

    /// Whether cosignatures of just the witnesses that `chosen` names would meet the quorum.
    ///
    /// For asking what a policy rests on: whether one sector alone would do, say.
    pub fn quorum_met_by(&self, chosen: impl Fn(&str) -> bool) -> bool {
        let times = self
            .witnesses
            .iter()
            .map(|witness| chosen(&witness.name).then_some(0));
        self.quorum == Quorum::None || self.earliest(&times.collect::<Vec<_>>()).is_some()
    }

    fn verify_with<'k>(
        &'k self,
        note: &SignedNote,
        logs: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<CosignedCheckpoint, PolicyError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        let origin = checkpoint.origin.as_str();
        let of_origin = logs.into_iter().filter(|key| key.name().as_str() == origin);
        let log_keys = of_origin.collect::<Vec<_>>();
        if log_keys.is_empty() {
            return Err(PolicyError::UnknownLog(checkpoint.origin));
        }
        let witness_keys = self.witnesses.iter().map(|witness| &witness.key);
        let verified = match note.verify(log_keys.iter().copied().chain(witness_keys)) {
            Ok(verified) => verified,
            Err(VerifyError::NoKnownSignature) => Vec::new(),
            Err(error) => return Err(PolicyError::Signature(error)),
        };
        if !verified
            .iter()
            .any(|signature| log_keys.contains(&signature.key))
        {
            return Err(PolicyError::NotSignedByLog(checkpoint.origin));
        }
        let times = self.witnesses.iter().map(|witness| {
            let signature = verified
                .iter()
                .find(|signature| *signature.key == witness.key);
            signature.and_then(|signature| signature.time_unix_s)
        });
        Ok(self.judge(checkpoint, &times.collect::<Vec<_>>()))
    }

    /// Weighs the cosignatures: `times` has one place for every witness of the policy.
    fn judge(&self, checkpoint: Checkpoint, times: &[Option<u64>]) -> CosignedCheckpoint {
        let named = self.witnesses.iter().zip(times);
        let mut cosigned_at = named
            .filter_map(|(witness, time)| Some((witness.name.clone(), (*time)?)))
            .collect::<Vec<_>>();
        cosigned_at.sort_by_key(|(_, time)| *time);
        let quorum_at = self.earliest(times);
        let quorum_met = quorum_at.is_some() || self.quorum == Quorum::None;
        CosignedCheckpoint {
            checkpoint,
            cosigned_at,
            quorum_met,
            quorum_at,
        }
    }

    /// When the quorum was first met. Groups only name earlier groups, so one pass is enough: a
    /// group has witnessed at the k-th earliest time of its members.
    fn earliest(&self, times: &[Option<u64>]) -> Option<u64> {
        let mut group_times = Vec::<Option<u64>>::new();
        let time_of = |member, group_times: &[Option<u64>]| match member {
            Member::Witness(at) => times.get(at).copied().flatten(),
            Member::Group(at) => group_times.get(at).copied().flatten(),
        };
        for group in &self.groups {
            let members = group
                .members
                .iter()
                .filter_map(|&at| time_of(at, &group_times));
            let mut members = members.collect::<Vec<_>>();
            members.sort_unstable();
            let count = group.threshold.count(group.members.len());
            group_times.push(members.get(count.saturating_sub(1)).copied());
        }
        match self.quorum {
            Quorum::None => None,
            Quorum::Of(member) => time_of(member, &group_times),
        }
    }
}

impl CosignedCheckpoint {
    /// The checkpoint, if its quorum is met.
    ///
    /// # Errors
    ///
    /// [`PolicyError::NoQuorum`].
    pub fn require_quorum(self) -> Result<Self, PolicyError> {
        if self.quorum_met {
            Ok(self)
        } else {
            Err(PolicyError::NoQuorum)
        }
    }
}
