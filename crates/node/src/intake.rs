//! Taking in what other nodes bring.
//!
//! A delivery is JSON: of which cases, which statements, each with what its
//! sender had seen before it (`after`), so that statements of several authors
//! join in an order that makes sense on both sides. Each case's part is
//! accepted, asked for again later, or refused by name; a refused part changes
//! nothing.

use crate::{
    Node, NodeError,
    door::{DELIVERY_BYTES_MAX, Problem},
    perform::Ready,
    record::{Joining, Loaded},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    case::{Case, Refusal},
    digest::Digest,
    id::CaseId,
    law::Party,
    member::MemberId,
    order::ItemNumber,
    statement::{Event, Kind, Statement},
};
use portcullis_store::TurnedAway;
use portcullis_verdict::{
    Against, Bundle, Entry,
    bundle::{EntryJson, inclusion_to_bytes},
    register::{Inclusion, Leaves, NotBelieved, judge::INCLUSION_HOURS_MAX},
    statement,
    verify::{Growing, Unfit, judge_among, verify},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most cases in one delivery.
pub(crate) const DELIVERY_CASES_MAX: usize = 256;
/// The longest attachment, in bytes: an application with its grounds.
const ATTACHMENT_BYTES_MAX: usize = 512 * 1024;

/// A delivery between nodes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryJson {
    pub(crate) kind: DeliveryKind,
    pub(crate) realm: String,
    pub(crate) register: RegisterJson,
    /// Whether the sender was restored from a backup and asks for everything of its cases again.
    #[serde(default)]
    pub(crate) resend: bool,
    pub(crate) cases: Vec<CaseJson>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum DeliveryKind {
    #[serde(rename = "portcullis-delivery/v1")]
    V1,
}

/// Which version of the register the sender goes by.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterJson {
    pub(crate) version: u64,
    pub(crate) digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseJson {
    pub(crate) case: String,
    pub(crate) statements: Vec<SentJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentJson {
    pub(crate) statement: EntryJson,
    pub(crate) attachment: Option<String>,
    /// Author and number of the newest statements that the sender held before this one.
    pub(crate) after: Vec<(String, u32)>,
}

/// One case's part of a delivery, its statements read as far as they can be.
struct Part {
    case: String,
    statements: Vec<Sent>,
}

struct Sent {
    entry: Result<Entry, String>,
    attachment: Option<String>,
    after: Vec<(String, u32)>,
}

impl From<CaseJson> for Part {
    fn from(json: CaseJson) -> Self {
        let read = |sent: SentJson| Sent {
            entry: sent.statement.into_entry(),
            attachment: sent.attachment,
            after: sent.after,
        };
        Self {
            case: json.case,
            statements: json.statements.into_iter().map(read).collect(),
        }
    }
}

impl Part {
    fn inclusions(&self) -> impl Iterator<Item = &Inclusion> {
        let entries = self
            .statements
            .iter()
            .filter_map(|sent| sent.entry.as_ref().ok());
        entries.filter_map(|entry| entry.inclusion.as_ref())
    }
}

/// What became of one case's part.
#[derive(Serialize, Deserialize, Clone, Debug, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultJson {
    pub(crate) case: String,
    pub(crate) outcome: OutcomeJson,
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeJson {
    Accepted,
    Later,
    Refused,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultsJson {
    pub(crate) results: Vec<ResultJson>,
}

/// Why a case's part is not taken now.
#[derive(Debug)]
struct No {
    later: bool,
    code: String,
    detail: String,
}

impl No {
    fn later(code: &str, detail: impl Into<String>) -> Self {
        Self {
            later: true,
            code: code.into(),
            detail: detail.into(),
        }
    }

    fn never(code: &str, detail: impl Into<String>) -> Self {
        Self {
            later: false,
            code: code.into(),
            detail: detail.into(),
        }
    }
}

impl From<NodeError> for No {
    fn from(error: NodeError) -> Self {
        // What is wrong on our side is never held against the sender.
        tracing::warn!(%error, code = error.code(), "a delivery could not be taken in");
        Self::later(
            error.code(),
            "the receiving node could not take this in; it will when asked again",
        )
    }
}

impl From<Unfit> for No {
    fn from(unfit: Unfit) -> Self {
        let waits = match &unfit {
            // These heal by themselves: the clock goes on, a register or a law arrives, a gap is filled.
            Unfit::Refused(Refusal::FromTheFuture { .. })
            | Unfit::UnknownLaw(_)
            | Unfit::NotBelieved(
                NotBelieved::RegisterExpired { .. } | NotBelieved::NoRegisterThen { .. },
            ) => true,
            Unfit::Refused(Refusal::Gap { expected, found }) => expected < found,
            Unfit::Refused(_) | Unfit::NotBelieved(_) | Unfit::Unreadable(_) => false,
        };
        Self {
            later: waits,
            code: unfit.code().into(),
            detail: unfit.to_string(),
        }
    }
}

impl Node {
    /// Takes in a delivery from the member whose certificate was shown.
    pub(crate) fn take_in(&self, from: &MemberId, body: &[u8]) -> Result<Vec<u8>, Problem> {
        let problem = |status, code, detail: String| Problem {
            status,
            code,
            detail,
        };
        if body.len() > DELIVERY_BYTES_MAX {
            return Err(problem(
                413,
                "peer.too_large",
                format!("{DELIVERY_BYTES_MAX} bytes are carried"),
            ));
        }
        let delivery: DeliveryJson = serde_json::from_slice(body)
            .map_err(|error| problem(400, "peer.malformed", format!("not a delivery: {error}")))?;
        if delivery.cases.len() > DELIVERY_CASES_MAX {
            return Err(problem(
                400,
                "peer.malformed",
                format!("{DELIVERY_CASES_MAX} cases are carried"),
            ));
        }
        if delivery.realm != self.realm.name() {
            let refusal = Refusal::OtherRealm;
            self.turn_away(from, refusal.code(), &refusal.to_string());
            return Err(problem(409, refusal.code(), refusal.to_string()));
        }
        self.compare_registers(from, &delivery.register)?;
        if delivery.resend {
            self.resend_to(from)
                .map_err(|error| problem(500, "node.fault", error.to_string()))?;
        }
        let now = self.now();
        let mut ready = Vec::new();
        let mut judged = Vec::new();
        let parts: Vec<Part> = delivery.cases.into_iter().map(Part::from).collect();
        let leaves = Leaves::verified_together(parts.iter().flat_map(Part::inclusions));
        for part in parts {
            let case = part.case.clone();
            let taken = self.take_in_case(from, part, &leaves, now).map(|taken| {
                let changes = taken.ready.is_some();
                ready.extend(taken.ready);
                (changes, taken.waits)
            });
            judged.push((case, taken));
        }
        // Every case of a delivery is durable at once. Two parts of one case in the same
        // delivery conflict: the second is asked for again.
        let mut committed = self.commit_all(ready).into_iter();
        let results = judged
            .into_iter()
            .map(|(case, taken)| {
                let taken = taken.and_then(|(changes, waits)| {
                    if changes && let Some(answer) = committed.next() {
                        answer?;
                    }
                    waits.map_or(Ok(()), Err)
                });
                self.result_of(from, case, taken)
            })
            .collect();
        serde_json::to_vec(&ResultsJson { results })
            .map_err(|error| problem(500, "peer.answer", error.to_string()))
    }

    /// What the sender is told of a case; what is refused for good is remembered.
    fn result_of(&self, from: &MemberId, case: String, taken: Result<(), No>) -> ResultJson {
        let Err(no) = taken else {
            return ResultJson {
                case,
                outcome: OutcomeJson::Accepted,
                code: None,
                detail: None,
            };
        };
        let outcome = if no.later {
            OutcomeJson::Later
        } else {
            self.turn_away(from, &no.code, &no.detail);
            OutcomeJson::Refused
        };
        ResultJson {
            case,
            outcome,
            code: Some(no.code),
            detail: Some(no.detail),
        }
    }

    fn turn_away(&self, from: &MemberId, code: &str, detail: &str) {
        let entry = TurnedAway {
            peer: from.clone(),
            at: self.now(),
            code: code.into(),
            detail: detail.into(),
        };
        if let Err(error) = self.store.turned_away(entry) {
            tracing::warn!(%error, "a refusal could not be remembered");
        }
    }

    fn compare_registers(&self, from: &MemberId, theirs: &RegisterJson) -> Result<(), Problem> {
        let problem = |code, detail: String| Problem {
            status: 409,
            code,
            detail,
        };
        let history = self
            .history()
            .map_err(|error| problem("register.none", error.to_string()))?;
        let newest = history.newest();
        let (ours, digest) = (newest.register.version, newest.digest.to_string());
        if theirs.version < ours {
            let detail = format!(
                "you go by version {} of the register; version {ours} is out: fetch it",
                theirs.version
            );
            self.turn_away(from, "peer.old_register", &detail);
            return Err(problem("peer.old_register", detail));
        }
        if theirs.version > ours {
            self.behind
                .store(true, std::sync::atomic::Ordering::Relaxed);
            let detail = format!(
                "you go by version {} of the register, and we hold {ours}; ask again later",
                theirs.version
            );
            return Err(problem("register.behind", detail));
        }
        if theirs.digest != digest {
            let detail = format!("you hold another version {ours} of the register than we do");
            self.turn_away(from, "register.two_of_one_number", &detail);
            return Err(problem("register.two_of_one_number", detail));
        }
        Ok(())
    }

    /// Judges one case's part; nothing changes before what is ready is committed.
    fn take_in_case(
        &self,
        from: &MemberId,
        part: Part,
        leaves: &Leaves,
        now: Timestamp,
    ) -> Result<Taken, No> {
        let id: CaseId = part
            .case
            .parse()
            .map_err(|_| No::never("statement.payload", "that is no case id"))?;
        if id.realm_tag() != self.realm.tag() {
            return Err(No::never(
                Refusal::OtherRealm.code(),
                Refusal::OtherRealm.to_string(),
            ));
        }
        let loaded = self.load(&id)?;
        if loaded.is_none() && self.store.case(&id).map_err(NodeError::from)?.is_some() {
            return Err(No::never(
                Refusal::Erased.code(),
                Refusal::Erased.to_string(),
            ));
        }
        let mut taking = Taking {
            node: self,
            from,
            leaves,
            now,
            id,
            held: heads(loaded.as_ref()),
            growing: loaded
                .as_ref()
                .map_or_else(Growing::new, |loaded| loaded.growing.clone()),
            joining: Vec::new(),
            proofs: Vec::new(),
        };
        let mut waits = None;
        for sent in part.statements {
            match taking.one(loaded.as_ref(), sent) {
                Ok(()) => {}
                Err(no) if no.later => {
                    waits = Some(no);
                    break;
                }
                Err(no) => return Err(no),
            }
        }
        let ready = taking.finish(loaded.as_ref())?;
        Ok(Taken { ready, waits })
    }
}

/// Whether an attachment is the one that its statement names; `None` when it names none.
pub(crate) fn attachment_digest(event: &Event, bytes: &[u8]) -> Option<bool> {
    let salted = |named: &Digest| *named == portcullis_verdict::text::sha256(bytes);
    match event {
        // Salt and text lie one after the other, so the salted digest is that of the attachment.
        Event::Drafted(order) => Some(salted(&order.application)),
        Event::Refused(refused) => refused.note.as_ref().map(salted),
        Event::Released {
            recorded: portcullis_core::statement::Recorded::Promised(promise),
            ..
        } => Some(salted(promise)),
        _ => None,
    }
}

/// The newest number we hold of each author.
fn heads(loaded: Option<&Loaded>) -> BTreeMap<MemberId, u32> {
    let statements = loaded
        .map(|loaded| loaded.record.statements.as_slice())
        .unwrap_or_default();
    statements
        .iter()
        .map(|record| (record.author.clone(), record.number))
        .collect()
}

/// One case's part of a delivery, judged.
struct Taken {
    /// What changes, if anything does.
    ready: Option<Ready>,
    /// What is asked for again later.
    waits: Option<No>,
}

/// One case's part of a delivery, half taken in.
struct Taking<'a> {
    node: &'a Node,
    from: &'a MemberId,
    leaves: &'a Leaves,
    now: Timestamp,
    id: CaseId,
    held: BTreeMap<MemberId, u32>,
    growing: Growing,
    joining: Vec<Joining>,
    proofs: Vec<(Digest, Vec<u8>)>,
}

/// What an answer still answers, where items of it were removed.
enum Left {
    /// All its items were.
    Nothing,
    /// The answer without them.
    Rest(Box<Statement>),
}

/// A provider's answer without the items that are removed in the case as its sender saw it.
/// `None` for any other statement, and for items that the case as we hold it never had.
fn answer_to_what_is_left(answer: &Statement, seen: &Case, held: &Case) -> Option<Left> {
    let listed = |item: &ItemNumber| seen.order.items.contains_key(item);
    let had = |item: &ItemNumber| *item <= held.numbered.1;
    let mut rest = answer.clone();
    let left = match &mut rest.event {
        Event::Accepted { items }
        | Event::Challenged { items, .. }
        | Event::Declined { items, .. } => {
            if !items.iter().all(had) {
                return None;
            }
            items.retain(listed);
            items.len()
        }
        Event::Narrowed { items, .. } => {
            if !items.keys().all(had) {
                return None;
            }
            items.retain(|item, _| listed(item));
            items.len()
        }
        _ => return None,
    };
    Some(match left {
        0 => Left::Nothing,
        _ => Left::Rest(Box::new(rest)),
    })
}

impl Taking<'_> {
    fn one(&mut self, loaded: Option<&Loaded>, sent: Sent) -> Result<(), No> {
        let malformed = |why: String| No::never("statement.payload", why);
        let mut after = BTreeMap::new();
        for (author, number) in sent.after {
            let author: MemberId = author
                .parse()
                .map_err(|_| malformed("an author's name".into()))?;
            // What we said ourselves and lost comes back by itself, if it comes.
            let ours = author == self.node.me;
            if !ours && self.held.get(&author).is_none_or(|held| *held < number) {
                return Err(No::later(
                    "case.behind",
                    format!("statement {number} of `{author}` is not here yet"),
                ));
            }
            after.insert(author, number);
        }
        let attachment = sent
            .attachment
            .map(|text| STANDARD.decode(text))
            .transpose();
        let attachment = attachment.map_err(|_| malformed("an attachment is not base64".into()))?;
        if attachment
            .as_ref()
            .is_some_and(|bytes| bytes.len() > ATTACHMENT_BYTES_MAX)
        {
            return Err(malformed(format!(
                "an attachment is longer than {ATTACHMENT_BYTES_MAX} bytes"
            )));
        }
        let entry = sent.entry.map_err(malformed)?;
        let parsed = statement::parse(&entry.envelope).map_err(Unfit::from)?;
        if parsed.header.case != self.id {
            return Err(Unfit::from(Refusal::OtherCase).into());
        }
        let known = loaded.and_then(|l| {
            l.record
                .statements
                .iter()
                .find(|record| record.digest == parsed.digest)
        });
        if let Some(record) = known {
            return self.known(record, &parsed, &entry);
        }
        if self.growing.case().is_none() && parsed.header.kind != Kind::Drafted {
            return Err(No::later("case.unknown", "the case is not known here yet"));
        }
        if parsed.header.author == self.node.me {
            return self.ours_come_back(parsed, entry);
        }
        let judged = self.judge(&parsed, &entry)?;
        if attachment
            .as_ref()
            .is_some_and(|bytes| attachment_digest(&parsed.event, bytes) != Some(true))
        {
            return Err(No::never(
                "statement.attachment",
                "the attachment is not the one that was signed for",
            ));
        }
        self.join(loaded, &judged, &after)?;
        if let Event::Sealed(seal) = &judged.event
            && self
                .node
                .case_of(&seal.package)
                .is_some_and(|case| case != self.id)
        {
            let why = "a package of another case has that id";
            return Err(No::never("package.taken", why));
        }
        self.held
            .insert(parsed.header.author.clone(), parsed.header.number);
        self.joining.push(Joining {
            parsed,
            statement: judged,
            inclusion: entry.inclusion,
            attachment,
            ours: false,
        });
        Ok(())
    }

    /// Joins a statement to the case. One that crossed another on the way — an answer that
    /// left before the withdrawal arrived — is decided on by what its sender held when it
    /// was said, and joins what we hold: two nodes that each said something lawful come to
    /// hold both. An end stays an end, whatever joins after it.
    fn join(
        &mut self,
        loaded: Option<&Loaded>,
        judged: &Statement,
        after: &BTreeMap<MemberId, u32>,
    ) -> Result<(), No> {
        let (laws, now) = (&self.node.laws, self.now);
        let Err(unfit) = self.growing.join(laws, judged, now) else {
            return Ok(());
        };
        let no = No::from(unfit);
        if no.later {
            return Err(no);
        }
        // What opens a case has crossed nothing: a bundle is judged as it comes.
        let Some(mut seen) = loaded.and_then(|loaded| self.as_seen(loaded, judged, after)) else {
            return Err(no);
        };
        if let Err(unfit) = seen.join(laws, judged, now) {
            // Changes that crossed each other joined in one order there and in another here: an
            // item that its sender still had can be one that was removed as we hold the case. Its
            // answer answers nothing any more, and the rest of the statement stands.
            let removed = matches!(unfit, Unfit::Refused(Refusal::UnknownItem { .. }));
            let left = removed
                .then(|| answer_to_what_is_left(judged, seen.case()?, self.growing.case()?))
                .flatten();
            match left {
                Some(Left::Rest(rest)) if seen.join(laws, &rest, now).is_err() => return Err(no),
                Some(Left::Rest(_) | Left::Nothing) => {}
                None => return Err(no),
            }
        }
        Ok(self.growing.replay(laws, judged)?)
    }

    /// The case as the sender of a statement held it when the statement joined there; `None`
    /// when that is all that we hold, or makes no case.
    fn as_seen(
        &self,
        loaded: &Loaded,
        next: &Statement,
        after: &BTreeMap<MemberId, u32>,
    ) -> Option<Growing> {
        let (author, number) = (&next.header.author, next.header.number);
        let had = |said: &Statement| {
            let said = &said.header;
            if said.author == *author {
                said.number < number
            } else {
                after
                    .get(&said.author)
                    .is_some_and(|last| said.number <= *last)
            }
        };
        let mut statements = Vec::new();
        for record in &loaded.record.statements {
            statements.push(crate::record::statement_of(record).ok()?);
        }
        statements.extend(self.joining.iter().map(|new| new.statement.clone()));
        if statements.iter().all(had) {
            return None;
        }
        let mut seen = Growing::new();
        for statement in statements.iter().filter(|said| had(said)) {
            seen.replay(&self.node.laws, statement).ok()?;
        }
        Some(seen)
    }

    fn judge(&self, parsed: &statement::Parsed, entry: &Entry) -> Result<Statement, No> {
        let judged = self.node.against(self.now, |against| {
            judge_among(parsed, entry, self.leaves, against)
        })?;
        let (statement, judgement) = judged.map_err(Unfit::from)?;
        let age = self.now.duration_since(statement.header.time);
        if judgement.included_at.is_none() && age > SignedDuration::from_hours(INCLUSION_HOURS_MAX)
        {
            let why = "it is dated more than a day ago, and nothing proves that it was said then";
            return Err(No::later("proof.awaited", why));
        }
        Ok(statement)
    }

    /// A statement of our own that we do not hold. After a restore from a backup, what peers
    /// kept comes back to us, if our key signed it; at any other time it is refused: somebody
    /// else speaks with our key.
    fn ours_come_back(&mut self, parsed: statement::Parsed, entry: Entry) -> Result<(), No> {
        if !self.node.is_restoring()? {
            let number = parsed.header.number;
            return Err(No::never(
                "statement.not_ours",
                format!("we hold no such statement of ours (number {number})"),
            ));
        }
        let judged = self.judge(&parsed, &entry)?;
        self.growing.join(&self.node.laws, &judged, self.now)?;
        self.held
            .insert(parsed.header.author.clone(), parsed.header.number);
        // Its leaves are in the log already, and its peers have it: it joins as if another had said it.
        self.joining.push(Joining {
            parsed,
            statement: judged,
            inclusion: entry.inclusion,
            attachment: None,
            ours: false,
        });
        Ok(())
    }

    /// A statement that we hold: its proof may be new.
    fn known(
        &mut self,
        record: &portcullis_store::StatementRecord,
        parsed: &statement::Parsed,
        entry: &Entry,
    ) -> Result<(), No> {
        if record.proof.is_some() || entry.inclusion.is_none() || record.envelope != entry.envelope
        {
            return Ok(());
        }
        let judged = self.node.against(self.now, |against| {
            judge_among(parsed, entry, self.leaves, against)
        })?;
        match judged {
            Ok(_) => {
                if let Some(inclusion) = &entry.inclusion {
                    self.proofs
                        .push((record.digest, inclusion_to_bytes(inclusion)));
                }
                Ok(())
            }
            Err(
                error @ (NotBelieved::FalseProof(_)
                | NotBelieved::RegisterExpired { .. }
                | NotBelieved::NoRegisterThen { .. }),
            ) => Err(Unfit::from(error).into()),
            // The key has since been revoked or has ended; the proof is kept all the same, if it
            // proves: the verdict weighs it against `since`.
            Err(error) => {
                tracing::info!(%error, "a proof arrived for a statement that is no longer believed");
                Ok(())
            }
        }
    }

    fn finish(mut self, loaded: Option<&Loaded>) -> Result<Option<Ready>, No> {
        let (Some(case), Some(_)) = (self.growing.case(), self.growing.grounds()) else {
            return Ok(None);
        };
        if self.joining.is_empty() && self.proofs.is_empty() {
            return Ok(None);
        }
        let us = &self.node.me;
        let party = case.party(us);
        let of_the_case = case.party(self.from).is_some();
        if party.is_none() {
            return Err(Unfit::from(Refusal::OtherAddressee).into());
        }
        if !of_the_case {
            return Err(No::never("case.not_yours", "this is somebody else's case"));
        }
        if party == Some(Party::Provider) {
            self.receive(loaded)?;
        }
        let mut joining = std::mem::take(&mut self.joining);
        self.node
            .follow_up(&mut self.growing, &mut joining, self.now);
        let (node, growing, proofs) = (self.node, &self.growing, self.proofs);
        node.arrivals
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(node.ready(loaded, growing, &joining, proofs, self.now)?)
    }

    /// The provider's own verdict decides whether an order comes in, and is kept with it.
    fn receive(&mut self, loaded: Option<&Loaded>) -> Result<(), No> {
        let Some(case) = self.growing.case() else {
            return Ok(());
        };
        if case.received.is_some() {
            return Ok(());
        }
        if self.node.is_restoring()? {
            // Our own receipt is perhaps on its way back to us; its number must not be taken twice.
            let why = "this node was restored from a backup and is not in step yet";
            return Err(No::later("node.restoring", why));
        }
        if case.served.is_none() {
            return Err(Unfit::from(Refusal::NotServed).into());
        }
        let order = case.order_digest;
        let mut bundle = Bundle::default();
        let held = loaded
            .map(|loaded| loaded.record.statements.as_slice())
            .unwrap_or_default();
        let stored = held.iter().map(|record| Entry {
            envelope: record.envelope.clone(),
            inclusion: None,
        });
        bundle.entries.extend(stored);
        bundle.entries.extend(self.joining.iter().map(|new| Entry {
            envelope: new.parsed.envelope.as_bytes().to_vec(),
            inclusion: new.inclusion.clone(),
        }));
        let us = &self.node.me;
        let verdict = self.node.against(self.now, |against| {
            verify(
                &bundle,
                &Against {
                    us: Some(us),
                    ..*against
                },
            )
        })?;
        if !verdict.holds() {
            return Err(No::never(&verdict.code.unwrap_or_default(), verdict.line));
        }
        let event = Event::Received {
            order,
            verdict: verdict.line,
        };
        let received = self.node.node_says(&mut self.growing, &event, self.now)?;
        self.joining.push(received);
        Ok(())
    }
}
