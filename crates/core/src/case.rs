//! Cases: everything that happened to one order at one node.
//!
//! A case is a fold over statements. [`decide`] says whether one more may
//! join, [`Case::apply`] lets it join, [`timers`] says which clocks run, and
//! [`due`] which statements only the clock makes. The same functions serve the
//! member that makes a statement, the member that receives it, the verdict on
//! a bundle, and the simulator.

mod apply;
mod change_check;
mod decide;
mod due;
mod order_check;
mod refusal;
mod timer;

pub use decide::decide;
pub use due::due;
pub use refusal::Refusal;
pub use timer::{Timer, TimerKind, timers};

use crate::{
    category::Category,
    digest::Digest,
    grant::{Grant, GrantKind, GrantedItem},
    id::{CaseId, PackageId},
    law::{Clause, Effect, Law, Rule, Turn, Urgent, Word},
    member::MemberId,
    office::Office,
    order::{ItemNumber, Order, Secrecy, Span, TargetNumber},
    realm::Realm,
    statement::{Event, Kind, Modification, Officer, Seal, Statement},
    time::CalendarError,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// House reason for declining: the data are not held. An honest answer (law 7).
pub const NOT_HELD: &str = "house.not_held";
/// House reason for declining: the provider cannot decrypt. No rule asks for more (law 7).
pub const CANNOT_DECRYPT: &str = "house.cannot_decrypt";
/// How far an author's clock may run ahead of ours.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 300;
/// The most statements one case may hold: no member fills another's disk.
pub const STATEMENTS_MAX: usize = 10_000;

/// The law and the rule that a case follows.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The law.
    pub law: &'a Law,
    /// The rule within it.
    pub rule: &'a Rule,
}

/// Where an author stands in its chain of statements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chain {
    /// The number that its next statement has.
    pub next: u32,
    /// The digest of its last one.
    pub last: Digest,
    /// The time of its last one.
    pub time: Timestamp,
}

/// What kind of bytes approvals are sought for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubjectKind {
    /// The order itself.
    Order,
    /// A change to it.
    Modification(Modification),
    /// A prolongation.
    Renewal,
}

/// Bytes that approvals are sought for, and how far that has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// The key that wrote it; it never approves it.
    pub author: Digest,
    /// When it was written.
    pub at: Timestamp,
    /// Whose approvals are needed, in turn.
    pub turns: Vec<Turn>,
    /// How many of them before it takes effect; fewer than all on the urgent path alone.
    pub turns_before: usize,
    /// The approvals given, in turn.
    pub approvals: Vec<Given>,
    /// Whether an approver said no, and when.
    pub refused: Option<Timestamp>,
}

impl Subject {
    /// Whether everything needed before its effect is there, and nobody said no.
    pub fn takes_effect(&self) -> bool {
        self.refused.is_none() && self.approvals.len() >= self.turns_before
    }

    /// Whether every approval is there, and nobody said no.
    pub fn is_complete(&self) -> bool {
        self.refused.is_none() && self.approvals.len() >= self.turns.len()
    }

    /// Whose approval comes next.
    pub fn next_turn(&self) -> Option<&Turn> {
        self.turns.get(self.approvals.len())
    }
}

/// An approval that was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Given {
    /// By which key.
    pub key: Digest,
    /// Of which member.
    pub member: MemberId,
    /// In which office.
    pub office: Office,
    /// When.
    pub at: Timestamp,
}

/// What became of an item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ItemState {
    /// No answer yet.
    Open,
    /// To be answered as asked.
    Accepted,
    /// To be answered in part.
    Narrowed(Span),
    /// Disputed, with a reason code.
    Challenged(Word),
    /// Not answered, with a reason code; [`NOT_HELD`] and [`CANNOT_DECRYPT`] among them.
    Declined(Word),
}

/// How a case left force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// An approver refused, before or after the fact.
    Refused,
    /// The later approval never came.
    Lapsed,
    /// It was taken back or cancelled.
    Withdrawn,
    /// Its time was over.
    Expired,
}

/// A package of a case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// What was sealed.
    pub seal: Seal,
    /// The key that sealed it; it never releases it.
    pub sealed_by: Digest,
    /// When it was let go.
    pub released: Option<Timestamp>,
    /// When it arrived.
    pub collected: Option<Timestamp>,
    /// Whether its destruction was instructed.
    pub destruction_instructed: bool,
    /// Whether its destruction was confirmed.
    pub destroyed: bool,
}

/// A question to the authority.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// When it was asked.
    pub asked: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
}

/// The information of the person, as far as it has come.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Informed {
    /// When it fell due.
    pub due: Option<Timestamp>,
    /// Until when it is delayed.
    pub delayed_until: Option<Timestamp>,
    /// When it was given.
    pub given: Option<Timestamp>,
}

/// When an order was issued, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Issue {
    /// When.
    pub at: Timestamp,
    /// Whether on the urgent path.
    pub urgent: bool,
}

/// Everything that happened to one order at one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its realm.
    pub realm: Realm,
    /// The order as it stands, modifications in effect included.
    pub order: Order,
    /// SHA-256 of the draft's payload: what everything else names.
    pub order_digest: Digest,
    /// SHA-256 of the law file.
    pub law: Digest,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// What approvals are or were sought for; the order is the first.
    pub subjects: Vec<Subject>,
    /// Whether and when it was issued.
    pub issued: Option<Issue>,
    /// When it was served.
    pub served: Option<Timestamp>,
    /// When the provider received it.
    pub received: Option<Timestamp>,
    /// When its data were preserved, and until when.
    pub preserved: Option<(Timestamp, Option<Timestamp>)>,
    /// What became of each item.
    pub items: BTreeMap<ItemNumber, ItemState>,
    /// When the provider last answered for an item.
    pub answered: Option<Timestamp>,
    /// The highest numbers of a target and of an item that were ever used: none is used twice,
    /// so that an answer never speaks of another item than the one that was asked for.
    pub numbered: (TargetNumber, ItemNumber),
    /// Its packages.
    pub packages: BTreeMap<PackageId, Package>,
    /// Questions, in turn.
    pub questions: Vec<Question>,
    /// When silence freed the provider.
    pub freed: Option<Timestamp>,
    /// How and when it left force, and who has said so.
    pub ended: Option<(Ending, Timestamp)>,
    /// Whether the refusing approver asked for destruction.
    pub destroy: bool,
    /// Which members' clocks have noted the end.
    pub noted_end: BTreeSet<MemberId>,
    /// The person's information.
    pub informed: Informed,
    /// When the docket was opened.
    pub unsealed: Option<Timestamp>,
    /// Which members have erased their copies.
    pub erased: BTreeSet<MemberId>,
    /// Each author's first statement of each kind but looks, by its digest; accepting and narrowing
    /// are one kind here. What a report counts once an order is counted by it.
    pub firsts: BTreeMap<(MemberId, Kind), Digest>,
    /// By which statement the provider first said that it answers for each target.
    pub assisted: BTreeMap<TargetNumber, Digest>,
    /// Where each author stands.
    pub chains: BTreeMap<MemberId, Chain>,
    /// How many statements it holds.
    pub statements: usize,
}

impl Case {
    /// The subject that approvals of the order go to.
    ///
    /// INVARIANT: a case is opened by its draft, which is the first subject.
    pub fn order_subject(&self) -> Option<&Subject> {
        self.subjects.first()
    }

    /// Whether a statement that has joined is its author's first of its kind here, accepting and
    /// narrowing taken as one.
    pub fn is_first(&self, statement: &Statement) -> bool {
        let key = (statement.header.author.clone(), kind_once(&statement.event));
        self.firsts.get(&key) == Some(&statement.digest)
    }

    /// Whether a member takes part, and in which party.
    pub fn party(&self, member: &MemberId) -> Option<crate::law::Party> {
        use crate::law::Party;
        if *member == self.order.authority {
            Some(Party::Authority)
        } else if *member == self.order.provider {
            Some(Party::Provider)
        } else if self
            .order
            .approvers
            .values()
            .any(|approver| approver == member)
        {
            Some(Party::Approver)
        } else {
            None
        }
    }

    /// The members that are to know of a new statement by `author`: every party
    /// but the author, and the provider only once the order is served.
    pub fn audience(&self, author: &MemberId) -> BTreeSet<MemberId> {
        let mut members: BTreeSet<MemberId> = self.order.approvers.values().cloned().collect();
        members.insert(self.order.authority.clone());
        if self.served.is_some() {
            members.insert(self.order.provider.clone());
        } else {
            members.remove(&self.order.provider);
        }
        members.remove(author);
        members
    }

    /// To whom a statement by `author` is addressed: the other side.
    pub fn addressee(&self, author: &MemberId) -> &MemberId {
        if *author == self.order.provider {
            &self.order.authority
        } else {
            &self.order.provider
        }
    }

    /// The first instant at which the order is no longer in force, if it was issued:
    /// its duration, its urgent term, or the renewals in effect.
    ///
    /// # Errors
    ///
    /// [`CalendarError`] when the calendar does not reach that far.
    pub fn ends_at(&self, basis: Basis<'_>) -> Result<Option<Timestamp>, CalendarError> {
        let Some(issue) = self.issued else {
            return Ok(None);
        };
        let calendar = &basis.law.calendar;
        let term = match self.unlifted(basis.rule) {
            Some(urgent) => urgent.lapse.rule,
            None => basis.rule.duration.rule,
        };
        let mut end = term.end_from(issue.at, calendar)?;
        if let Some(renewal) = &basis.rule.renewal {
            for _ in self.renewals() {
                end = renewal.duration.end_from(end, calendar)?;
            }
        }
        Ok(Some(end))
    }

    /// The renewals in effect.
    fn renewals(&self) -> impl Iterator<Item = &Subject> {
        self.subjects
            .iter()
            .filter(|subject| subject.kind == SubjectKind::Renewal && subject.takes_effect())
    }

    /// The urgent path that the order was issued on, while its term is counted in the
    /// path's own days: no later approval has put the ordinary duration in their place.
    fn unlifted<'a>(&self, rule: &'a Rule) -> Option<&'a Urgent> {
        let urgent = rule.urgent.as_ref()?;
        let lifted = self.order_subject().is_some_and(Subject::is_complete);
        let on_it = self.issued.is_some_and(|issue| issue.urgent);
        (on_it && !(urgent.approval_lifts_lapse && lifted)).then_some(urgent)
    }

    /// The urgent path whose lapse is the order's end as it stands: neither lifted nor renewed.
    fn runs_to_lapse<'a>(&self, rule: &'a Rule) -> Option<&'a Urgent> {
        self.unlifted(rule)
            .filter(|_| self.renewals().next().is_none())
    }

    /// Whether the order, if nothing more is decided, lapses for want of its later
    /// approval. One that was renewed expires: its renewal had every approval.
    pub fn lapses(&self, rule: &Rule) -> bool {
        self.later_approval_is_owed() && self.runs_to_lapse(rule).is_some()
    }

    /// Whether the order is in force at an instant.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] that names why it is not.
    pub fn in_force(&self, basis: Basis<'_>, at: Timestamp) -> Result<(), Refusal> {
        if let Some((ending, _)) = self.ended {
            return Err(match ending {
                Ending::Refused => Refusal::ApproverRefused,
                Ending::Lapsed => Refusal::Lapsed {
                    clause: self.end_clause(basis),
                },
                Ending::Withdrawn => Refusal::Withdrawn,
                Ending::Expired => Refusal::Expired {
                    clause: self.end_clause(basis),
                },
            });
        }
        let Some(end) = self.ends_at(basis)? else {
            return Err(Refusal::NotIssued);
        };
        if at < end {
            return Ok(());
        }
        let clause = self.end_clause(basis);
        Err(if self.lapses(basis.rule) {
            Refusal::Lapsed { clause }
        } else {
            Refusal::Expired { clause }
        })
    }

    /// Whether the order runs on the urgent path and its later approval has not come.
    pub fn later_approval_is_owed(&self) -> bool {
        self.issued.is_some_and(|issue| issue.urgent)
            && self
                .order_subject()
                .is_some_and(|subject| !subject.is_complete())
    }

    /// Which line of the law ends the order as it stands.
    fn end_clause(&self, basis: Basis<'_>) -> Clause {
        let renewed = self.renewals().next();
        match (self.runs_to_lapse(basis.rule), &basis.rule.renewal) {
            (Some(urgent), _) => urgent.lapse.clause.clone(),
            (None, Some(renewal)) if renewed.is_some() => renewal.clause.clone(),
            (None, _) => basis.rule.duration.clause.clone(),
        }
    }

    /// Items that may be sealed: accepted or narrowed, and in no package yet.
    pub fn open_to_seal(&self) -> BTreeSet<ItemNumber> {
        let sealed: BTreeSet<ItemNumber> = self
            .packages
            .values()
            .flat_map(|package| package.seal.items.iter().copied())
            .collect();
        let ready =
            |state: &ItemState| matches!(state, ItemState::Accepted | ItemState::Narrowed(_));
        self.items
            .iter()
            .filter(|(n, state)| ready(state) && !sealed.contains(n))
            .map(|(n, _)| *n)
            .collect()
    }

    /// When the work was done: every item answered, and every package collected.
    pub fn completed_at(&self, rule: &Rule) -> Option<Timestamp> {
        let runs_on = |item: &crate::order::Item| item.category == Category::InterceptedContent;
        let tapped = self.order.items.values().any(runs_on);
        let keeps = rule.effect == Effect::Preserve || tapped;
        if keeps || self.received.is_none() || self.items.is_empty() {
            return None;
        }
        let answered = self
            .items
            .values()
            .all(|state| !matches!(state, ItemState::Open | ItemState::Challenged(_)));
        if !answered || !self.open_to_seal().is_empty() {
            return None;
        }
        let mut last = self.answered?;
        for package in self.packages.values() {
            last = last.max(package.collected?);
        }
        Some(last)
    }

    /// When the case closed: it left force, or the work was done.
    pub fn closed_at(&self, rule: &Rule) -> Option<Timestamp> {
        self.ended
            .map(|(_, at)| at)
            .or_else(|| self.completed_at(rule))
    }

    /// The right to seal these items now (law 1).
    ///
    /// # Errors
    ///
    /// [`Refusal`]: not received, not in force, nothing of the kind carried
    /// here, or an item that is not accepted, not narrowed, or sealed before.
    pub fn grant(
        &self,
        basis: Basis<'_>,
        items: &BTreeSet<ItemNumber>,
        at: Timestamp,
    ) -> Result<Grant, Refusal> {
        if self.received.is_none() {
            return Err(Refusal::NotReceived);
        }
        self.in_force(basis, at)?;
        if basis.rule.effect == Effect::Preserve {
            return Err(Refusal::PreservationOnly {
                clause: basis.rule.clause.clone(),
            });
        }
        let open = self.open_to_seal();
        let mut granted = BTreeMap::new();
        for number in items {
            let (Some(item), true) = (self.order.items.get(number), open.contains(number)) else {
                return Err(Refusal::ItemNotOpen { item: *number });
            };
            if item.category == Category::InterceptedContent {
                return Err(Refusal::NotCarried {
                    clause: basis.rule.clause.clone(),
                });
            }
            let Some(selector) = self.order.targets.get(&item.target) else {
                return Err(Refusal::UnknownTarget {
                    target: item.target,
                });
            };
            let span = match self.items.get(number) {
                Some(ItemState::Narrowed(span)) => *span,
                _ => item.span,
            };
            let (selector, category) = (selector.clone(), item.category);
            granted.insert(
                *number,
                GrantedItem {
                    target: item.target,
                    selector,
                    category,
                    span,
                },
            );
        }
        if granted.is_empty() {
            return Err(Refusal::NoItems);
        }
        let until = self.ends_at(basis)?.ok_or(Refusal::NotIssued)?;
        Ok(Grant {
            kind: GrantKind::Order,
            case: self.id,
            order: self.order_digest,
            items: granted,
            delivery_key: self.order.delivery_key.clone(),
            until,
        })
    }

    /// One word for where the case stands, for queues.
    pub fn phase(&self, rule: &Rule) -> &'static str {
        if !self.erased.is_empty() {
            return "erased";
        }
        match self.ended {
            Some((Ending::Refused, _)) => return "refused",
            Some((Ending::Lapsed, _)) => return "lapsed",
            Some((Ending::Withdrawn, _)) => return "withdrawn",
            Some((Ending::Expired, _)) => return "expired",
            None => {}
        }
        if self.completed_at(rule).is_some() {
            "completed"
        } else if self
            .packages
            .values()
            .any(|package| package.released.is_some())
        {
            "released"
        } else if !self.packages.is_empty() {
            "sealed"
        } else if self.items.values().any(|state| *state != ItemState::Open) {
            "answered"
        } else if self.received.is_some() {
            "received"
        } else if self.served.is_some() {
            "served"
        } else if self.issued.is_some() {
            "issued"
        } else if self.order_subject().is_some_and(Subject::takes_effect) {
            "approved"
        } else {
            "drafted"
        }
    }

    /// When secrecy ends, if it does; `None` where there is none or no end.
    pub const fn secrecy_ends(&self) -> Option<Timestamp> {
        match self.order.secrecy {
            Secrecy::Until(end) => Some(end),
            Secrecy::None | Secrecy::NoEndInLaw => None,
        }
    }
}

/// A statement's kind, accepting and narrowing taken as one: both answer with data.
fn kind_once(event: &Event) -> Kind {
    match event.kind() {
        Kind::Narrowed => Kind::Accepted,
        kind => kind,
    }
}

/// Whether an officer holds one of a turn's offices, or signs for it as the law lets.
fn holds(turn: &Turn, by: &Officer) -> bool {
    turn.offices
        .iter()
        .any(|office| by.offices.contains(office))
        || turn
            .signed_for_by
            .is_some_and(|office| by.offices.contains(&office))
}
