//! Folding a statement into a case.

use super::{
    Basis, Case, Chain, Ending, Given, Informed, Issue, ItemState, Package, Question, Subject,
    SubjectKind, kind_once, order_check,
};
use crate::{
    law::Turn,
    order::Order,
    statement::{Event, Modification, Statement},
};
use std::collections::{BTreeMap, BTreeSet};

impl Case {
    /// Opens a case by its draft; `None` when the statement is no draft.
    ///
    /// Whether it may be opened is [`super::decide`]'s to say, before.
    pub fn open(basis: Basis<'_>, statement: &Statement) -> Option<Self> {
        let Event::Drafted(order) = &statement.event else {
            return None;
        };
        let header = &statement.header;
        let mut case = Self {
            id: header.case,
            realm: header.realm.clone(),
            order: (**order).clone(),
            order_digest: statement.digest,
            law: header.law,
            drafted_at: header.time,
            subjects: vec![order_subject(order, basis, statement)],
            issued: None,
            served: None,
            received: None,
            preserved: None,
            items: order
                .items
                .keys()
                .map(|number| (*number, ItemState::Open))
                .collect(),
            answered: None,
            numbered: (last(&order.targets), last(&order.items)),
            packages: BTreeMap::new(),
            questions: Vec::new(),
            freed: None,
            ended: None,
            destroy: false,
            noted_end: BTreeSet::new(),
            informed: Informed::default(),
            unsealed: None,
            erased: BTreeSet::new(),
            firsts: BTreeMap::new(),
            assisted: BTreeMap::new(),
            chains: BTreeMap::new(),
            statements: 0,
        };
        case.advance(statement);
        Some(case)
    }

    /// Folds a statement that was decided on into the case.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm a statement: it reads as the table of what each does"
    )]
    pub fn apply(&mut self, basis: Basis<'_>, statement: &Statement) {
        let at = statement.header.time;
        match &statement.event {
            // A look changes nothing but the chain that tells of it.
            Event::Drafted(_) | Event::Inspected(_) => {}
            Event::Approved(approval) => {
                let by = &statement.by;
                let given = Given {
                    key: by.key,
                    member: by.member.clone(),
                    office: approval.office,
                    at,
                };
                // An approval that crossed another of the same turn fills no further turn.
                let fits = |turn: &Turn| turn.offices.contains(&approval.office);
                if let Some(subject) = self.subject_mut(approval.subject)
                    && subject.next_turn().is_some_and(fits)
                {
                    subject.approvals.push(given);
                }
                self.take_effect(approval.subject);
            }
            Event::Refused(refused) => {
                let of_order = refused.subject == self.order_digest;
                if let Some(subject) = self.subject_mut(refused.subject) {
                    subject.refused = Some(at);
                }
                if of_order {
                    self.end(Ending::Refused, at);
                    self.destroy |= refused.destroy;
                }
            }
            Event::Issued { urgent, .. } => {
                self.issued = Some(Issue {
                    at,
                    urgent: *urgent,
                });
            }
            Event::Served { .. } => self.served = Some(at),
            Event::Modified(modification) => {
                let turns = modification_turns(&self.order, basis, modification);
                self.add_subject(
                    SubjectKind::Modification(modification.clone()),
                    turns,
                    statement,
                );
            }
            Event::Renewed { .. } => {
                let turns = basis
                    .rule
                    .renewal
                    .as_ref()
                    .map(|law| law.approval.clone())
                    .unwrap_or_default();
                self.add_subject(SubjectKind::Renewal, turns, statement);
            }
            Event::Received { .. } => self.received = Some(at),
            Event::Preserved { until } => self.preserved = Some((at, *until)),
            Event::ClarificationAsked { .. } => self.questions.push(Question {
                asked: at,
                answered: None,
            }),
            Event::ClarificationAnswered { .. } => {
                if let Some(question) = self.questions.last_mut() {
                    question.answered = Some(at);
                }
            }
            Event::Freed => self.freed = Some(at),
            Event::Accepted { items } => {
                self.answer(at, items.iter().map(|n| (*n, ItemState::Accepted)));
            }
            Event::Narrowed { items, .. } => {
                self.answer(at, items.iter().map(|(n, s)| (*n, ItemState::Narrowed(*s))));
            }
            Event::Challenged { items, reason, .. } => {
                self.answer(
                    at,
                    items
                        .iter()
                        .map(|n| (*n, ItemState::Challenged(reason.clone()))),
                );
            }
            Event::Declined { items, reason } => {
                self.answer(
                    at,
                    items
                        .iter()
                        .map(|n| (*n, ItemState::Declined(reason.clone()))),
                );
            }
            Event::Sealed(seal) => {
                let package = Package {
                    seal: seal.clone(),
                    sealed_by: statement.by.key,
                    released: None,
                    collected: None,
                    destruction_instructed: false,
                    destroyed: false,
                };
                self.packages.insert(seal.package, package);
            }
            Event::Released { package, .. } => {
                if let Some(package) = self.packages.get_mut(package) {
                    package.released = Some(at);
                }
            }
            Event::Collected { package, .. } => {
                if let Some(package) = self.packages.get_mut(package) {
                    package.collected = Some(at);
                }
            }
            Event::Lapsed => self.note_end(Ending::Lapsed, statement),
            Event::Expired => self.note_end(Ending::Expired, statement),
            Event::Withdrawn(_) => self.end(Ending::Withdrawn, at),
            Event::DestructionInstructed { packages } => {
                self.each_package(packages, |package| package.destruction_instructed = true);
            }
            Event::DestructionConfirmed { packages } => {
                self.each_package(packages, |package| package.destroyed = true);
            }
            Event::InformationDue => self.informed.due = Some(at),
            Event::InformationDelayed { until, .. } => self.informed.delayed_until = Some(*until),
            Event::InformationGiven => self.informed.given = Some(at),
            Event::Unsealed => self.unsealed = Some(at),
            Event::Erased => {
                self.erased.insert(statement.header.author.clone());
            }
        }
        self.advance(statement);
    }

    fn advance(&mut self, statement: &Statement) {
        let header = &statement.header;
        let chain = Chain {
            next: header.number.saturating_add(1),
            last: statement.digest,
            time: header.time,
        };
        self.chains.insert(header.author.clone(), chain);
        self.note_firsts(statement);
        self.statements += 1;
    }

    /// Keeps which statement was the first of its sort, for what is counted once.
    fn note_firsts(&mut self, statement: &Statement) {
        // Looks are counted one by one, and change nothing of the case.
        if matches!(statement.event, Event::Inspected(_)) {
            return;
        }
        let key = (statement.header.author.clone(), kind_once(&statement.event));
        self.firsts.entry(key).or_insert(statement.digest);
        let answered: Vec<u16> = match &statement.event {
            Event::Accepted { items } => items.iter().copied().collect(),
            Event::Narrowed { items, .. } => items.keys().copied().collect(),
            _ => Vec::new(),
        };
        for item in answered {
            if let Some(item) = self.order.items.get(&item) {
                self.assisted.entry(item.target).or_insert(statement.digest);
            }
        }
    }

    /// An answer to an item that was removed meanwhile answers nothing any more.
    fn answer(&mut self, at: jiff::Timestamp, answers: impl Iterator<Item = (u16, ItemState)>) {
        self.answered = Some(at);
        let listed = &self.order.items;
        self.items
            .extend(answers.filter(|(number, _)| listed.contains_key(number)));
    }

    /// The first end counts, in whatever order the statements arrive: two that crossed
    /// on the way end a case in the same way at every node.
    fn end(&mut self, ending: Ending, at: jiff::Timestamp) {
        if self.ended.is_none_or(|(_, before)| at < before) {
            self.ended = Some((ending, at));
        }
    }

    fn note_end(&mut self, ending: Ending, statement: &Statement) {
        self.end(ending, statement.header.time);
        self.noted_end.insert(statement.header.author.clone());
    }

    fn each_package(
        &mut self,
        ids: &BTreeSet<crate::id::PackageId>,
        mut f: impl FnMut(&mut Package),
    ) {
        for id in ids {
            if let Some(package) = self.packages.get_mut(id) {
                f(package);
            }
        }
    }

    fn subject_mut(&mut self, digest: crate::digest::Digest) -> Option<&mut Subject> {
        self.subjects
            .iter_mut()
            .find(|subject| subject.digest == digest)
    }

    fn add_subject(&mut self, kind: SubjectKind, turns: Vec<Turn>, statement: &Statement) {
        let turns_before = turns.len();
        self.subjects.push(Subject {
            kind,
            digest: statement.digest,
            author: statement.by.key,
            at: statement.header.time,
            turns,
            turns_before,
            approvals: Vec::new(),
            refused: None,
        });
        self.take_effect(statement.digest);
    }

    /// Changes the order once a modification has all its approvals.
    fn take_effect(&mut self, digest: crate::digest::Digest) {
        let Some(subject) = self
            .subjects
            .iter()
            .find(|subject| subject.digest == digest)
        else {
            return;
        };
        let SubjectKind::Modification(modification) = subject.kind.clone() else {
            return;
        };
        if !subject.is_complete() {
            return;
        }
        match modification {
            Modification::AddTarget { target, selector } => {
                self.numbered.0 = self.numbered.0.max(target);
                self.order.targets.insert(target, selector);
            }
            Modification::AddItem { item, what } => {
                self.numbered.1 = self.numbered.1.max(item);
                self.order.items.insert(item, what);
                self.items.insert(item, ItemState::Open);
            }
            Modification::RemoveTarget { target } => {
                self.order.targets.remove(&target);
                self.order.items.retain(|_, item| item.target != target);
                let left = &self.order.items;
                self.items.retain(|number, _| left.contains_key(number));
            }
            Modification::RemoveItem { item } => {
                self.order.items.remove(&item);
                self.items.remove(&item);
            }
        }
    }
}

fn last<T>(numbered: &BTreeMap<u16, T>) -> u16 {
    numbered.keys().next_back().copied().unwrap_or_default()
}

fn order_subject(order: &Order, basis: Basis<'_>, statement: &Statement) -> Subject {
    // A draft that was decided on has turns; one that was not opens with none to its name.
    let turns = order_check::turns(order, basis).unwrap_or_default();
    let turns_before = match order.urgency {
        Some(_) => order_check::urgent_turns(order, basis).map_or(turns.len(), |now| now.len()),
        None => turns.len(),
    };
    Subject {
        kind: SubjectKind::Order,
        digest: statement.digest,
        author: statement.by.key,
        at: statement.header.time,
        turns,
        turns_before,
        approvals: Vec::new(),
        refused: None,
    }
}

fn modification_turns(order: &Order, basis: Basis<'_>, modification: &Modification) -> Vec<Turn> {
    let change = modification.change();
    let Some(law) = basis
        .rule
        .modifications
        .iter()
        .find(|known| known.change == change)
    else {
        return Vec::new();
    };
    let mut turns = law.approval.clone();
    if !order.protected.is_empty() {
        turns.extend(law.approval_if_protected.iter().cloned());
    }
    turns
}
