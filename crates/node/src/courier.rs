//! The courier: brings statements from the outbox to a peer, at least once, in
//! order per case, with back-off, for as long as it takes.

use crate::{
    Node, NodeError,
    intake::{
        CaseJson, DeliveryJson, DeliveryKind, OutcomeJson, RegisterJson, ResultsJson, SentJson,
    },
    peers::{PeerError, Peers},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{member::MemberId, statement::Event};
use portcullis_store::{Delivery, StatementRecord};
use portcullis_verdict::{
    Entry,
    bundle::{EntryJson, inclusion_from_bytes},
    statement,
};
use std::collections::BTreeMap;

/// The most cases brought at once.
const CASES_PER_CALL: usize = 64;
/// The first pause after a failure, doubled with every further one.
const PAUSE_FIRST: SignedDuration = SignedDuration::from_millis(500);
/// The longest pause between two attempts.
const PAUSE_LONGEST: SignedDuration = SignedDuration::from_secs(300);
/// About how many bytes one call carries.
const BYTES_PER_CALL: usize = crate::door::DELIVERY_BYTES_MAX / 4;

/// What a round to one peer brought.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Round {
    /// Deliveries that the peer took.
    pub delivered: usize,
    /// Deliveries that it will be asked to take later.
    pub postponed: usize,
    /// Deliveries that it refused for good.
    pub refused: usize,
}

impl Node {
    /// Brings what is due to `peer`, one call.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when our own records cannot be read or written; a peer that is down
    /// is no error.
    pub fn courier_tick(&self, peer: &MemberId, peers: &dyn Peers) -> Result<Round, NodeError> {
        let now = self.now();
        let due = self.store.deliveries_due(peer, now, CASES_PER_CALL)?;
        if due.is_empty() {
            return Ok(Round::default());
        }
        let (body, taken) = self.delivery_body(peer, &due)?;
        let answer = match self.peer(peer) {
            Ok(address) => peers.deliver(&address, &body),
            Err(error) => Err(PeerError::Unreachable {
                member: peer.clone(),
                why: error.to_string(),
            }),
        };
        // CRASH: delivered but not noted; the peer answers `accepted` again to the same bytes.
        match answer {
            Ok(answer) if answer.status == 200 => {
                match serde_json::from_slice::<ResultsJson>(&answer.body) {
                    Ok(results) => self.note(&taken, &results, now),
                    Err(_) => self.postpone_all(&taken, "peer.answer", now),
                }
            }
            Ok(answer) => {
                let code =
                    problem_code(&answer.body).unwrap_or_else(|| format!("http.{}", answer.status));
                if code == "peer.old_register" {
                    self.behind
                        .store(true, std::sync::atomic::Ordering::Relaxed);
                }
                self.postpone_all(&taken, &code, now)
            }
            Err(PeerError::WrongCertificate { .. }) => {
                self.postpone_all(&taken, "peer.wrong_certificate", now)
            }
            Err(PeerError::Unreachable { .. } | PeerError::Status { .. }) => {
                self.postpone_all(&taken, "peer.unreachable", now)
            }
        }
    }

    fn note(
        &self,
        taken: &[Delivery],
        results: &ResultsJson,
        now: Timestamp,
    ) -> Result<Round, NodeError> {
        let mut round = Round::default();
        let by_case: BTreeMap<_, _> = results
            .results
            .iter()
            .map(|result| (result.case.as_str(), result))
            .collect();
        let mut delivered = Vec::new();
        for delivery in taken {
            let result = by_case.get(delivery.case.to_string().as_str());
            let code = result
                .and_then(|result| result.code.as_deref())
                .unwrap_or("peer.answer");
            match result.map(|result| result.outcome) {
                Some(OutcomeJson::Accepted) => delivered.push(delivery.id),
                Some(OutcomeJson::Refused) => {
                    let detail = result
                        .and_then(|result| result.detail.as_deref())
                        .unwrap_or_default();
                    self.store.turned_down(delivery.id, code, detail)?;
                    round.refused += 1;
                }
                Some(OutcomeJson::Later) | None => {
                    self.store
                        .postponed(delivery.id, after(delivery, now), code)?;
                    round.postponed += 1;
                }
            }
        }
        round.delivered = delivered.len();
        if !delivered.is_empty() {
            self.store.delivered_all(&delivered)?;
        }
        Ok(round)
    }

    fn postpone_all(
        &self,
        taken: &[Delivery],
        code: &str,
        now: Timestamp,
    ) -> Result<Round, NodeError> {
        for delivery in taken {
            self.store
                .postponed(delivery.id, after(delivery, now), code)?;
        }
        Ok(Round {
            postponed: taken.len(),
            ..Round::default()
        })
    }

    /// The body of a call, and the deliveries that it carries.
    fn delivery_body(
        &self,
        peer: &MemberId,
        due: &[Delivery],
    ) -> Result<(Vec<u8>, Vec<Delivery>), NodeError> {
        let history = self.history()?;
        let newest = history.newest();
        let mut cases = Vec::new();
        let mut taken = Vec::new();
        let mut size = 0;
        for delivery in due {
            let Some(record) = self.store.case(&delivery.case)? else {
                continue;
            };
            let statements = sent(&record.statements, delivery, peer);
            let case = CaseJson {
                case: delivery.case.to_string(),
                statements,
            };
            let bytes = serde_json::to_vec(&case).map_or(usize::MAX, |bytes| bytes.len());
            if !taken.is_empty() && bytes > BYTES_PER_CALL.saturating_sub(size) {
                break;
            }
            size = size.saturating_add(bytes);
            cases.push(case);
            taken.push(delivery.clone());
        }
        let register = RegisterJson {
            version: newest.register.version,
            digest: newest.digest.to_string(),
        };
        let body = DeliveryJson {
            kind: DeliveryKind::V1,
            realm: self.realm.name().into(),
            register,
            resend: false,
            cases,
        };
        let body =
            serde_json::to_vec(&body).map_err(|error| NodeError::Broken(error.to_string()))?;
        Ok((body, taken))
    }
}

/// The statements of a delivery with what proves them; attachments never go to the provider.
fn sent(records: &[StatementRecord], delivery: &Delivery, peer: &MemberId) -> Vec<SentJson> {
    let provider =
        records.first().and_then(
            |first| match statement::parse(&first.envelope).ok()?.event {
                Event::Drafted(order) => Some(order.provider),
                _ => None,
            },
        );
    // Fails closed: where the provider cannot be told, nobody gets an attachment.
    let confidential = provider.as_ref().is_none_or(|provider| provider == peer);
    let mut heads: BTreeMap<&MemberId, u32> = BTreeMap::new();
    let mut sent = Vec::new();
    for record in records {
        if delivery.statements.contains(&record.digest) && !record.envelope.is_empty() {
            let inclusion = record
                .proof
                .as_deref()
                .and_then(|proof| inclusion_from_bytes(proof).ok());
            let entry = Entry {
                envelope: record.envelope.clone(),
                inclusion,
            };
            let after = heads.iter().map(|(a, n)| (a.to_string(), *n));
            let attachment = record.attachment.as_ref().filter(|_| !confidential);
            sent.push(SentJson {
                statement: EntryJson::from(&entry),
                attachment: attachment.map(|bytes| STANDARD.encode(bytes)),
                after: after.collect(),
            });
        }
        heads.insert(&record.author, record.number);
    }
    sent
}

fn after(delivery: &Delivery, now: Timestamp) -> Timestamp {
    let doublings = delivery.attempts.min(16);
    let pause = PAUSE_FIRST
        .saturating_mul(1_i32 << doublings)
        .min(PAUSE_LONGEST);
    now.saturating_add(pause).unwrap_or(now)
}

fn problem_code(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(value.get("code")?.as_str()?.chars().take(64).collect())
}
