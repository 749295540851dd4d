//! After a restore from a backup: peers keep what they sent, and a restored node asks
//! again (design §11).
//!
//! The mark `restoring` in the store says that this node is behind what it once said. While
//! it stands the node says nothing new, because its next number may be taken; it asks every
//! member it shares a case with to send these cases again, its own statements among them.

use crate::{
    Node, NodeError,
    intake::{DeliveryJson, DeliveryKind, RegisterJson},
    peers::Peers,
};
use portcullis_core::{id::CaseId, member::MemberId};
use portcullis_store::{Commit, DeliveryId, DeliveryState, DeliveryStatus, Filter, NewDelivery};
use std::collections::BTreeSet;

/// The store's word for "restored from a backup, and not yet in step with the others".
const MARK: &str = "restoring";
/// How many cases are looked at in one page.
const PAGE: usize = 200;

/// How far the resync after a restore has come.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Resynced {
    /// Members that have been asked and answered.
    pub asked: BTreeSet<MemberId>,
    /// Members that could not be reached yet.
    pub silent: BTreeSet<MemberId>,
}

impl Node {
    /// Marks the node as restored from a backup.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unavailable`].
    pub fn mark_restored(&self) -> Result<(), NodeError> {
        Ok(self.store.set_meta(MARK, b"1")?)
    }

    /// Whether the node was restored and is not yet in step with the others.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unavailable`].
    pub fn is_restoring(&self) -> Result<bool, NodeError> {
        Ok(self.store.meta(MARK)?.is_some_and(|mark| mark == b"1"))
    }

    /// Asks every member of the register to send our common cases again. Call it until
    /// nobody is silent, then let deliveries arrive and call [`Node::end_restoring`].
    ///
    /// # Errors
    ///
    /// [`NodeError`] when our own records cannot be read.
    pub fn request_resync(&self, peers: &dyn Peers) -> Result<Resynced, NodeError> {
        let history = self.history()?;
        let newest = history.newest();
        let register = || RegisterJson {
            version: newest.register.version,
            digest: newest.digest.to_string(),
        };
        let mut done = Resynced::default();
        for member in newest
            .register
            .members
            .keys()
            .filter(|member| **member != self.me)
        {
            let body = DeliveryJson {
                kind: DeliveryKind::V1,
                realm: self.realm.name().into(),
                register: register(),
                resend: true,
                cases: Vec::new(),
            };
            let body =
                serde_json::to_vec(&body).map_err(|error| NodeError::Broken(error.to_string()))?;
            let answer = self.peer(member).map(|peer| peers.deliver(&peer, &body));
            if answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status == 200)) {
                done.asked.insert(member.clone());
            } else {
                done.silent.insert(member.clone());
            }
        }
        Ok(done)
    }

    /// Ends the restoring: from now on the node speaks again, and its own unknown statements
    /// are refused again.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unavailable`].
    pub fn end_restoring(&self) -> Result<(), NodeError> {
        Ok(self.store.set_meta(MARK, b"0")?)
    }

    /// Queues everything of the cases shared with a member for it again.
    pub(crate) fn resend_to(&self, member: &MemberId) -> Result<(), NodeError> {
        let now = self.now();
        let filter = Filter::default();
        let mut after = None;
        loop {
            let page = self.store.queue(&filter, after.as_ref(), PAGE)?;
            let mut commits = Vec::new();
            let mut superseded = Vec::new();
            for row in page.rows {
                let Ok(Some(loaded)) = self.load(&row.case) else {
                    continue;
                };
                let Some(case) = loaded.growing.case() else {
                    continue;
                };
                let served = case.served.is_some() || *member != case.order.provider;
                if case.party(member).is_none() || !served {
                    continue;
                }
                let statements = loaded
                    .record
                    .statements
                    .iter()
                    .map(|record| record.digest)
                    .collect();
                superseded.push(self.pending_for(&row.case, member)?);
                let mut summary = row.summary;
                summary.updated_at = now;
                commits.push(Commit {
                    case: row.case,
                    expected: loaded.record.version,
                    statements: Vec::new(),
                    leaves: Vec::new(),
                    deliveries: vec![NewDelivery {
                        peer: member.clone(),
                        statements,
                    }],
                    proofs: Vec::new(),
                    summary,
                    erase: false,
                });
            }
            for (result, superseded) in self.store.commit(commits).into_iter().zip(superseded) {
                match result {
                    // What waited before holds nothing that is not sent now, and must not stand in
                    // its way: a peer that lost the case's beginning never takes the rest alone.
                    Ok(_) => self.store.delivered_all(&superseded)?,
                    // Whoever moved the case sends what it said; the rest comes when asked again.
                    Err(portcullis_store::CommitError::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn pending_for(&self, case: &CaseId, member: &MemberId) -> Result<Vec<DeliveryId>, NodeError> {
        let status = self.store.delivery_status(case)?;
        let waits = |status: &DeliveryStatus| {
            status.delivery.peer == *member && matches!(status.state, DeliveryState::Pending { .. })
        };
        Ok(status
            .into_iter()
            .filter(waits)
            .map(|status| status.delivery.id)
            .collect())
    }
}
