//! Whether a commitment, its receipt and a sample hold, and what the sample picks.

use super::{Commitment, InspectionError, Receipt, Sample, Signed, picks};
use crate::register::{
    History, Trust,
    judge::{judge, log_key},
};
use jiff::Timestamp;
use portcullis_core::{
    member::{MemberId, Role},
    statement::Officer,
};
use portcullis_sign::Envelope;
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::{SignedNote, VerifierKey},
    policy::CosignedCheckpoint,
};
use std::collections::BTreeSet;

pub use portcullis_core::office::Office;

/// By what signatures and logs are believed.
#[derive(Clone, Copy, Debug)]
pub struct Believing<'a> {
    /// The register's believed versions.
    pub history: &'a History,
    /// What is believed less.
    pub trust: &'a Trust,
    /// By which clock.
    pub now: Timestamp,
}

/// A sample that holds.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Whose log it is.
    pub operator: MemberId,
    /// Who signed the sample.
    pub inspector: Officer,
    /// The log's key under its origin.
    pub key: VerifierKey,
    /// The checkpoint, verified, with the times of its cosignatures.
    pub cosigned: CosignedCheckpoint,
    /// The indices picked.
    pub picks: BTreeSet<u64>,
}

impl Believing<'_> {
    /// Who signed a document of `member` at `made_at`.
    fn signer(
        &self,
        what: &'static str,
        member: &MemberId,
        made_at: Timestamp,
        envelope: &Envelope,
    ) -> Result<Officer, InspectionError> {
        judge(
            self.history,
            self.trust,
            member,
            made_at,
            envelope,
            None,
            self.now,
        )
        .map(|judgement| judgement.officer)
        .map_err(|why| InspectionError::NotBelieved { what, why })
    }

    fn inspector(
        &self,
        what: &'static str,
        member: &MemberId,
        made_at: Timestamp,
        envelope: &Envelope,
    ) -> Result<Officer, InspectionError> {
        let officer = self.signer(what, member, made_at, envelope)?;
        let overseer = officer.standing.roles.contains(&Role::Overseer);
        if overseer && officer.offices.contains(&Office::Inspector) {
            Ok(officer)
        } else {
            let needed = "an inspector of an overseer";
            Err(InspectionError::WrongOffice { what, needed })
        }
    }

    /// The member whose log has this origin, and the log's key under it: of any believed
    /// version, the newest first.
    ///
    /// # Errors
    ///
    /// [`InspectionError::UnknownLog`].
    pub fn log(&self, origin: &Origin) -> Result<(MemberId, VerifierKey), InspectionError> {
        for version in self.history.versions().iter().rev() {
            for (id, member) in &version.register.members {
                let key = member.log.as_deref().map(|log| log_key(log, origin));
                if let Some(Ok(key)) = key {
                    return Ok((id.clone(), key));
                }
            }
        }
        Err(InspectionError::UnknownLog(origin.to_string()))
    }

    /// A checkpoint of that log under a quorum of some believed version's witnesses.
    ///
    /// # Errors
    ///
    /// [`InspectionError::Checkpoint`].
    pub fn checkpoint(
        &self,
        note: &SignedNote,
        key: &VerifierKey,
    ) -> Result<CosignedCheckpoint, InspectionError> {
        let mut last = "no register".to_owned();
        for version in self.history.versions().iter().rev() {
            match version.policy.verify_quorum_as(note, key) {
                Ok(cosigned) => return Ok(cosigned),
                Err(error) => last = error.to_string(),
            }
        }
        Err(InspectionError::Checkpoint(last))
    }
}

/// Checks a commitment: that an overseer's inspector signed it, about a member's log.
///
/// # Errors
///
/// [`InspectionError`]: the signature, the office, the log.
pub fn check_commitment(
    commitment: &Signed<Commitment>,
    believing: &Believing<'_>,
) -> Result<(Officer, MemberId), InspectionError> {
    let says = commitment.says();
    same_realm(believing, &says.realm)?;
    let officer = believing.inspector(
        Commitment::WHAT,
        &says.overseer,
        says.made_at,
        commitment.envelope(),
    )?;
    let (member, _) = believing.log(&says.origin)?;
    Ok((officer, member))
}

/// Checks a sample, with the commitment and the receipt in it, and says what it picks.
///
/// `first` is the size of the first cosigned checkpoint that is large enough, where whoever asks
/// can know it: the operator, and whoever has the log's checkpoints.
///
/// # Errors
///
/// [`InspectionError`] of the first thing that does not hold.
pub fn check_sample(
    sample: &Signed<Sample>,
    first: Option<u64>,
    believing: &Believing<'_>,
) -> Result<Drawn, InspectionError> {
    let says = sample.says();
    let (commitment, receipt) = (says.commitment.says(), says.receipt.says());
    let (_, operator) = check_commitment(&says.commitment, believing)?;
    let inspector = believing.inspector(
        Sample::WHAT,
        &commitment.overseer,
        says.made_at,
        sample.envelope(),
    )?;
    check_receipt(&says.commitment, &says.receipt, &operator, believing)?;
    if says.nonce.commitment() != commitment.commitment {
        return Err(InspectionError::Nonce);
    }
    let checkpoint = Checkpoint::parse(says.checkpoint.text())
        .map_err(|error| InspectionError::Checkpoint(error.to_string()))?;
    if checkpoint.origin != commitment.origin {
        return Err(InspectionError::Apart("checkpoint is another log's"));
    }
    let (_, key) = believing.log(&commitment.origin)?;
    let cosigned = believing.checkpoint(&says.checkpoint, &key)?;
    let size = cosigned.checkpoint.size.0;
    if size < commitment.at {
        let why = format!("it has {size} leaves, and {} are awaited", commitment.at);
        return Err(InspectionError::NotLater(why));
    }
    if let Some(first) = first.filter(|first| *first != size) {
        let found = size;
        return Err(InspectionError::NotFirst { first, found });
    }
    later(&cosigned, receipt, commitment)?;
    let picked = picks(
        &commitment.origin,
        &cosigned.checkpoint.root,
        commitment.from,
        size,
        commitment.count,
        &says.nonce,
    );
    Ok(Drawn {
        operator,
        inspector,
        key,
        cosigned,
        picks: picked,
    })
}

fn check_receipt(
    commitment: &Signed<Commitment>,
    receipt: &Signed<Receipt>,
    operator: &MemberId,
    believing: &Believing<'_>,
) -> Result<(), InspectionError> {
    let (of, says) = (commitment.says(), receipt.says());
    same_realm(believing, &says.realm)?;
    if says.commitment != commitment.digest()
        || says.origin != of.origin
        || says.member != *operator
    {
        return Err(InspectionError::Apart(
            "receipt is of another commitment, or another member's",
        ));
    }
    let what = Receipt::WHAT;
    let officer = believing.signer(what, operator, says.received_at, receipt.envelope())?;
    if !officer.offices.contains(&Office::Node) {
        let needed = "the operator's node";
        return Err(InspectionError::WrongOffice { what, needed });
    }
    if of.at <= says.size {
        let (size, at) = (says.size, of.at);
        return Err(InspectionError::TooLate { size, at });
    }
    Ok(())
}

/// Witnesses keep whole seconds, and their clocks are their own: a checkpoint is later when the
/// quorum was complete after both documents were made.
fn later(
    cosigned: &CosignedCheckpoint,
    receipt: &Receipt,
    commitment: &Commitment,
) -> Result<(), InspectionError> {
    let at = cosigned
        .quorum_at
        .and_then(|at| i64::try_from(at).ok())
        .and_then(|at| Timestamp::from_second(at).ok());
    let after = receipt.received_at.max(commitment.made_at);
    match at {
        Some(at) if after.as_second() <= at.as_second() => Ok(()),
        Some(at) => Err(InspectionError::NotLater(format!(
            "a quorum had cosigned it at {at}, and the commitment is of {after}"
        ))),
        None => Err(InspectionError::Checkpoint(
            "no witness tells a time".into(),
        )),
    }
}

fn same_realm(believing: &Believing<'_>, realm: &str) -> Result<(), InspectionError> {
    if believing.history.newest().register.realm.name() == realm {
        Ok(())
    } else {
        Err(InspectionError::Apart("realm is another"))
    }
}
