//! What a node keeps of joint reports: what it has opened, and what it has revealed.
//!
//! Two sums of one period over different participants differ by somebody's own total, and a
//! revealed pair has no secret left. So both are durable before anything of them is signed.

use super::{Table, document};
use crate::{Node, NodeError, report::ReportFault};
use portcullis_ballot::joint::JointError;
use portcullis_verdict::report::joint::{Document, Signed};

/// The documents of a session that failed, because an opening in it was false.
#[derive(Clone, Copy, Debug)]
pub struct FailedAttempt<'a> {
    /// Everybody's parts.
    pub parts: &'a [Signed],
    /// Everybody's masks.
    pub masks: &'a [Signed],
    /// The openings, the false one among them.
    pub openings: &'a [Signed],
    /// Which attempt it was.
    pub attempt: u32,
}

impl Node {
    /// Keeps that this session is opened here. For one series and period no other is, but one
    /// without exactly those whose openings in the session before are false.
    pub(super) fn opens(
        &self,
        table: &Table,
        before: Option<&FailedAttempt<'_>>,
    ) -> Result<(), ReportFault> {
        let own = table.own();
        let key = format!(
            "joint-opened/{}/{}/{}",
            own.series, own.period.from, own.period.to
        );
        let id = table.id().0;
        let follows = match self.store.meta(&key).map_err(NodeError::from)? {
            None => true,
            Some(kept) if kept == id => return Ok(()),
            Some(kept) => match before {
                Some(before) => self.follows(table, before, &kept)?,
                None => false,
            },
        };
        if !follows {
            let why = format!(
                "this node has opened another session of `{}` from {} to {}: two sums would differ by somebody's own total",
                own.series, own.period.from, own.period.to
            );
            return Err(document("report.joint_again", why));
        }
        // CRASH: kept and never signed refuses too much, and never too little.
        Ok(self.store.set_meta(&key, &id).map_err(NodeError::from)?)
    }

    /// Whether a session is the one that was opened here, without exactly those whose signed
    /// openings in that one are false.
    fn follows(
        &self,
        table: &Table,
        before: &FailedAttempt<'_>,
        kept: &[u8],
    ) -> Result<bool, ReportFault> {
        let then = self.table(before.parts, before.attempt)?;
        if then.id().0 != kept {
            return Ok(false);
        }
        let rows = then.masks(before.masks)?;
        let mut left = Vec::new();
        for (at, (part, masks)) in then.parts.iter().zip(&rows).enumerate() {
            let refuted = match then.find("opening", before.openings, at) {
                Ok(Document::Opening(opening)) => matches!(
                    then.session.verify_opening(at, masks, &opening.opening),
                    Err(JointError::Opening(_))
                ),
                // What was not said, or not signed, refutes nobody.
                Ok(_) | Err(_) => false,
            };
            if !refuted {
                left.push((&part.source, part.report_key));
            }
        }
        let now = table.parts.iter();
        let now: Vec<_> = now.map(|part| (&part.source, part.report_key)).collect();
        Ok(left.len() < then.parts.len() && left == now)
    }

    /// Refuses a session with somebody towards whom this log has revealed what the two share.
    pub(super) fn shares_a_secret(&self, table: &Table) -> Result<(), ReportFault> {
        let revealed = self.revealed(table)?;
        let mut others = table.parts.iter();
        match others.find(|part| revealed.contains(&part.report_key)) {
            None => Ok(()),
            Some(other) => {
                let why = format!(
                    "everybody knows what this log shares with `{}` since it was revealed: one of the two takes part again with a new log",
                    other.source.member
                );
                Err(document("report.joint_revealed", why))
            }
        }
    }

    /// Keeps that what this log shares with `other` is no secret any more.
    pub(super) fn reveals(&self, table: &Table, other: usize) -> Result<(), ReportFault> {
        let mut revealed = self.revealed(table)?;
        let key = table.part(other).report_key;
        if !revealed.contains(&key) {
            revealed.push(key);
            let place = place_of(table);
            let kept = self.store.set_meta(&place, revealed.as_flattened());
            kept.map_err(NodeError::from)?;
        }
        Ok(())
    }

    /// The report keys towards which this log has revealed.
    fn revealed(&self, table: &Table) -> Result<Vec<[u8; 32]>, ReportFault> {
        let kept = self.store.meta(&place_of(table));
        let kept = kept.map_err(NodeError::from)?.unwrap_or_default();
        Ok(kept.as_chunks::<32>().0.to_vec())
    }
}

fn place_of(table: &Table) -> String {
    format!("joint-revealed/{}", table.own().source.origin)
}
