//! Between a case's values and a store's records.

use crate::{Node, NodeError};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::{Cell, Opening, Salt};
use portcullis_core::{
    case::{due, timers},
    digest::Digest,
    docket::{Docket, dockets_of},
    id::CaseId,
    member::{MemberId, Role},
    office::Office,
    statement::{Kind, Officer, Standing, Statement},
};
use portcullis_store::{CaseRecord, Commit, NewDelivery, NewLeaf, StatementRecord, Summary};
use portcullis_verdict::{
    bundle::inclusion_to_bytes,
    docket,
    register::Inclusion,
    statement::{self, Parsed},
    verify::Growing,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How soon what the clock could not say is tried again.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// A case as it was read: its records, and what they add up to.
pub(crate) struct Loaded {
    pub(crate) record: CaseRecord,
    pub(crate) growing: Growing,
}

/// A statement that is about to join a case here.
pub(crate) struct Joining {
    pub(crate) parsed: Parsed,
    pub(crate) statement: Statement,
    pub(crate) inclusion: Option<Inclusion>,
    pub(crate) attachment: Option<Vec<u8>>,
    pub(crate) ours: bool,
}

#[derive(Serialize, Deserialize)]
struct JudgedJson {
    key: String,
    offices: Vec<String>,
    roles: Vec<String>,
    authority: BTreeSet<String>,
    delivery_keys: BTreeSet<String>,
}

fn judged_to_bytes(by: &Officer) -> Vec<u8> {
    let json = JudgedJson {
        key: by.key.to_string(),
        offices: by
            .offices
            .iter()
            .map(|office| office.as_str().to_owned())
            .collect(),
        roles: by
            .standing
            .roles
            .iter()
            .map(|role| role.as_str().to_owned())
            .collect(),
        authority: by.standing.authority.clone(),
        delivery_keys: by.standing.delivery_keys.clone(),
    };
    serde_json::to_vec(&json).unwrap_or_default()
}

fn judged_from_bytes(member: &MemberId, bytes: &[u8]) -> Result<Officer, NodeError> {
    let broken = |why: String| NodeError::Broken(format!("a judgement: {why}"));
    let json: JudgedJson =
        serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
    let standing = Standing {
        roles: json
            .roles
            .iter()
            .filter_map(|word| Role::parse(word))
            .collect(),
        authority: json.authority,
        delivery_keys: json.delivery_keys,
    };
    Ok(Officer {
        member: member.clone(),
        key: json.key.parse().map_err(|_| broken("its key".into()))?,
        offices: json
            .offices
            .iter()
            .filter_map(|word| Office::parse(word))
            .collect(),
        standing,
    })
}

/// A statement from its record, as it was judged when it joined.
pub(crate) fn statement_of(record: &StatementRecord) -> Result<Statement, NodeError> {
    let parsed =
        statement::parse(&record.envelope).map_err(|error| NodeError::Broken(error.to_string()))?;
    let by = judged_from_bytes(&record.author, &record.judged)?;
    Ok(Statement {
        header: parsed.header,
        event: parsed.event,
        by,
        digest: parsed.digest,
    })
}

impl Node {
    /// Reads a case and folds its statements; `None` when there is none or it was erased.
    pub(crate) fn load(&self, id: &CaseId) -> Result<Option<Loaded>, NodeError> {
        let Some(record) = self.store.case(id)? else {
            return Ok(None);
        };
        if record.erased {
            return Ok(None);
        }
        let mut growing = Growing::new();
        for statement in &record.statements {
            growing.replay(&self.laws, &statement_of(statement)?)?;
        }
        Ok(Some(Loaded { record, growing }))
    }

    /// What one commit does: the new statements, the leaves of ours, what goes to whom,
    /// and what the queue shows (law 2.4: recorded before done).
    pub(crate) fn commit_of(
        &self,
        before: Option<&CaseRecord>,
        growing: &Growing,
        joining: &[Joining],
        now: Timestamp,
    ) -> Result<Option<Commit>, NodeError> {
        let (Some(case), Some(grounds)) = (growing.case(), growing.grounds()) else {
            return Ok(None);
        };
        let held = before
            .map(|record| record.statements.as_slice())
            .unwrap_or_default();
        let mut leaves = Vec::new();
        let mut deliveries: BTreeMap<MemberId, Vec<Digest>> = BTreeMap::new();
        let mut digests: Vec<(Digest, bool)> = held
            .iter()
            .map(|record| (record.digest, record.ours || record.author == self.me))
            .collect();
        let mut erase = false;
        for new in joining {
            // What comes back to us after a restore goes out again: who has not got it yet would
            // have got it from the outbox that was lost.
            let mine = new.ours || new.statement.header.author == self.me;
            digests.push((new.statement.digest, mine));
            let kind = new.statement.event.kind();
            let served_now = kind == Kind::Served;
            if new.ours {
                leaves.extend(self.leaves_of(
                    &new.statement,
                    new.parsed.envelope.as_bytes(),
                    growing,
                )?);
                erase |= kind == Kind::Erased;
            }
            if mine && kind != Kind::Erased {
                for member in case.audience(&self.me) {
                    deliveries
                        .entry(member)
                        .or_default()
                        .push(new.statement.digest);
                }
            }
            if served_now && self.me != case.order.provider {
                // The provider joins now: it gets the whole case from the server, and from
                // every other party what that party has said so far.
                let all = digests
                    .iter()
                    .filter(|(_, ours)| mine || *ours)
                    .map(|(digest, _)| *digest);
                deliveries.insert(case.order.provider.clone(), all.collect());
            }
        }
        deliveries.retain(|_, digests| !digests.is_empty());
        let statements = joining.iter().map(|new| record_of(new, now)).collect();
        let basis = grounds.basis();
        let next_at = match due(case, basis, &self.me, now) {
            // What could not be said now is tried again, and not at every breath.
            Ok(events) if !events.is_empty() => now.saturating_add(AGAIN).ok(),
            _ => timers(case, basis)
                .unwrap_or_default()
                .iter()
                .map(|timer| timer.at)
                .find(|at| *at > now),
        };
        let summary = Summary {
            phase: case.phase(basis.rule).to_owned(),
            title: basis.rule.title.clone(),
            law: case.order.law.clone(),
            rule: case.order.rule.clone(),
            authority: case.order.authority.clone(),
            provider: case.order.provider.clone(),
            urgent: case.order.urgency.is_some(),
            opened_at: case.drafted_at,
            next_at: if erase { None } else { next_at },
            updated_at: now,
        };
        Ok(Some(Commit {
            case: case.id,
            expected: before.map_or(0, |record| record.version),
            statements,
            leaves,
            deliveries: deliveries
                .into_iter()
                .map(|(peer, statements)| NewDelivery { peer, statements })
                .collect(),
            proofs: Vec::new(),
            summary,
            erase,
        }))
    }

    /// One leaf per counted thing, and at least one a statement.
    fn leaves_of(
        &self,
        statement: &Statement,
        envelope: &[u8],
        growing: &Growing,
    ) -> Result<Vec<NewLeaf>, NodeError> {
        let (Some(case), Some(grounds)) = (growing.case(), growing.grounds()) else {
            return Ok(Vec::new());
        };
        let ground = self.ground()?;
        let mut generator = crate::Generator(&*self.env);
        let mut leaves = Vec::new();
        for (ordinal, docket) in dockets_of(statement, case, grounds.basis())
            .iter()
            .enumerate()
        {
            let (docket_salt, envelope_salt) =
                (Salt::draw(&mut generator), Salt::draw(&mut generator));
            let opening = Opening {
                docket: docket::to_bytes(docket),
                docket_salt,
                envelope_salt,
            };
            let leaf = self.leaf(&ground, &opening.digest(envelope), self.cell_of(docket));
            leaves.push(NewLeaf {
                statement: statement.digest,
                ordinal: u16::try_from(ordinal).unwrap_or(u16::MAX),
                entry: leaf.as_bytes().to_vec(),
                opening: Docketed {
                    generation: ground.generation,
                    opening,
                }
                .to_bytes(),
            });
        }
        Ok(leaves)
    }

    /// In which cell of our schema a docket is counted, if in any.
    pub(crate) fn cell_of(&self, docket: &Docket) -> Option<Cell> {
        self.schema
            .cell_of(docket)
            .and_then(|cell| Cell::new(cell.get()))
    }
}

fn record_of(new: &Joining, now: Timestamp) -> StatementRecord {
    let header = &new.statement.header;
    StatementRecord {
        digest: new.statement.digest,
        author: header.author.clone(),
        number: header.number,
        kind: header.kind.as_str().to_owned(),
        time: header.time,
        envelope: new.parsed.envelope.as_bytes().to_vec(),
        judged: judged_to_bytes(&new.statement.by),
        attachment: new.attachment.clone(),
        proof: new.inclusion.as_ref().map(inclusion_to_bytes),
        ours: new.ours,
        stored_at: now,
    }
}

/// An opening as a store keeps it: docket salt, envelope salt, the generation of the log that
/// the leaf was made for (eight bytes, big-endian), docket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Docketed {
    /// Of which generation of our log.
    pub(crate) generation: u64,
    /// What opens the leaf.
    pub(crate) opening: Opening,
}

impl Docketed {
    /// The bytes for a store.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [
            &self.opening.docket_salt.0[..],
            &self.opening.envelope_salt.0,
            &self.generation.to_be_bytes(),
            &self.opening.docket,
        ]
        .concat()
    }

    /// From a store's bytes; `None` once they were erased.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (docket_salt, rest) = bytes.split_first_chunk::<32>()?;
        let (envelope_salt, rest) = rest.split_first_chunk::<32>()?;
        let (generation, docket) = rest.split_first_chunk::<8>()?;
        Some(Self {
            generation: u64::from_be_bytes(*generation),
            opening: Opening {
                docket: docket.to_vec(),
                docket_salt: Salt(*docket_salt),
                envelope_salt: Salt(*envelope_salt),
            },
        })
    }

    /// The docket, read.
    pub(crate) fn docket(&self) -> Option<Docket> {
        docket::parse(&self.opening.docket).ok()
    }
}

/// What opens a leaf, from a store's bytes; `None` once they were erased.
pub(crate) fn opening_from_bytes(bytes: &[u8]) -> Option<Opening> {
    Docketed::parse(bytes).map(|docketed| docketed.opening)
}
