//! Between a case's values and a store's records.

use crate::{Node, NodeError};
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::{Leaf, Opening, Salt};
use portcullis_core::{
    case::{due, timers},
    digest::Digest,
    id::CaseId,
    member::{MemberId, Role},
    office::Office,
    order::ItemNumber,
    statement::{Event, Kind, Officer, Standing, Statement},
};
use portcullis_store::{CaseRecord, Commit, NewDelivery, NewLeaf, StatementRecord, Summary};
use portcullis_verdict::{
    bundle::inclusion_to_bytes,
    register::Inclusion,
    statement::{self, Parsed},
    verify::Growing,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The schema id of leaves of version 0, which count nothing yet: SHA-256 of
/// `portcullis/v1/schema/none`.
pub(crate) fn schema_id() -> [u8; 32] {
    portcullis_verdict::text::sha256(b"portcullis/v1/schema/none").0
}

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
    ) -> Option<Commit> {
        let (Some(case), Some(grounds)) = (growing.case(), growing.grounds()) else {
            return None;
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
                ));
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
        Some(Commit {
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
        })
    }

    /// One leaf per counted thing — order, target, item — and at least one a statement.
    fn leaves_of(&self, statement: &Statement, envelope: &[u8], growing: &Growing) -> Vec<NewLeaf> {
        let dockets = dockets_of(statement, growing);
        let mut generator = crate::Generator(&*self.env);
        let mut leaves = Vec::with_capacity(dockets.len());
        for (ordinal, docket) in dockets.into_iter().enumerate() {
            let (docket_salt, envelope_salt) =
                (Salt::draw(&mut generator), Salt::draw(&mut generator));
            let opening = Opening {
                docket,
                docket_salt,
                envelope_salt,
            };
            let leaf = Leaf::unproved(&schema_id(), &opening.digest(envelope), &mut generator);
            leaves.push(NewLeaf {
                statement: statement.digest,
                ordinal: u16::try_from(ordinal).unwrap_or(u16::MAX),
                entry: leaf.as_bytes().to_vec(),
                opening: opening_to_bytes(&opening),
            });
        }
        leaves
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

/// An opening as a store keeps it: docket salt, envelope salt, docket.
pub(crate) fn opening_to_bytes(opening: &Opening) -> Vec<u8> {
    [
        &opening.docket_salt.0[..],
        &opening.envelope_salt.0,
        &opening.docket,
    ]
    .concat()
}

/// An opening from a store's bytes; `None` once it was erased.
pub(crate) fn opening_from_bytes(bytes: &[u8]) -> Option<Opening> {
    let (docket_salt, rest) = bytes.split_first_chunk::<32>()?;
    let (envelope_salt, docket) = rest.split_first_chunk::<32>()?;
    Some(Opening {
        docket: docket.to_vec(),
        docket_salt: Salt(*docket_salt),
        envelope_salt: Salt(*envelope_salt),
    })
}

#[derive(Serialize)]
struct DocketJson<'a> {
    docket: &'static str,
    realm: &'a str,
    kind: &'static str,
    law: &'a str,
    rule: &'a str,
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    urgent: bool,
    date: String,
}

/// What may one day be public of each counted thing: basis, category, dates,
/// outcome; never targets or grounds.
fn dockets_of(statement: &Statement, growing: &Growing) -> Vec<Vec<u8>> {
    let (Some(case), Some(grounds)) = (growing.case(), growing.grounds()) else {
        return Vec::new();
    };
    let date = statement
        .header
        .time
        .to_zoned(grounds.law().calendar.zone.clone())
        .date()
        .to_string();
    let (reason, items) = counted(statement, case);
    let docket = |what, category: Option<&'static str>| {
        let json = DocketJson {
            docket: "v1",
            realm: case.realm.name(),
            kind: statement.event.kind().as_str(),
            law: &case.order.law,
            rule: &case.order.rule,
            what,
            category,
            reason,
            urgent: case.order.urgency.is_some(),
            date: date.clone(),
        };
        serde_json::to_vec(&json).unwrap_or_default()
    };
    let mut dockets = vec![docket("order", None)];
    if matches!(statement.event.kind(), Kind::Issued | Kind::Received) {
        dockets.extend(case.order.targets.iter().map(|_| docket("target", None)));
    }
    for number in items {
        let category = case
            .order
            .items
            .get(&number)
            .map(|item| item.category.as_str());
        dockets.push(docket("item", category));
    }
    dockets
}

/// The reason code and the items that a statement speaks of.
fn counted<'a>(
    statement: &'a Statement,
    case: &portcullis_core::case::Case,
) -> (Option<&'a str>, BTreeSet<ItemNumber>) {
    let of_package = |package| {
        let held = case
            .packages
            .get(package)
            .map(|package| package.seal.items.clone());
        held.unwrap_or_default()
    };
    match &statement.event {
        Event::Issued { .. } | Event::Received { .. } => {
            (None, case.order.items.keys().copied().collect())
        }
        Event::Accepted { items } => (None, items.clone()),
        Event::Narrowed { items, reason } => (Some(reason), items.keys().copied().collect()),
        Event::Challenged { items, reason, .. } | Event::Declined { items, reason } => {
            (Some(reason), items.clone())
        }
        Event::Sealed(seal) => (None, seal.items.clone()),
        Event::Released { package, .. } | Event::Collected { package, .. } => {
            (None, of_package(package))
        }
        Event::Refused(refused) => (Some(&refused.reason), BTreeSet::new()),
        _ => (None, BTreeSet::new()),
    }
}
