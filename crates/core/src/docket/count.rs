//! Which things a statement counts.

use super::{Docket, Outcome, Secret, TOOK_HOURS_MAX, What};
use crate::{
    case::{Basis, Case, ItemState, SubjectKind},
    category::Class,
    digest::Digest,
    grant::GrantKind,
    id::PackageId,
    order::{ItemNumber, Secrecy, TargetNumber},
    selector::SelectorKind,
    statement::{Event, Kind, Modification, Statement},
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The word, in a rule's list of what is counted, for persons and premises.
const USERS: &str = "users";

/// The dockets of a statement that has joined `case`: at least one, the first for the statement
/// as a whole.
///
/// | statement | counted besides |
/// |---|---|
/// | issued, received | subjects, targets, items |
/// | served | targets |
/// | accepted, narrowed | subjects and targets that are answered for the first time, and its items |
/// | challenged, declined, sealed, released, collected | its items |
/// | modified | the target or item that is added |
/// | destruction instructed, confirmed | packages |
///
/// [`Docket::took`] is the time from the draft, change or renewal to its approval or refusal; from
/// service to receipt; from receipt to preservation, answer and release; from issue to
/// collection. It is time on the clock: a question that stopped a deadline stops no hours here.
///
/// [`Docket::outcome`] is said when the provider declines, and when the order leaves force.
pub fn dockets_of(statement: &Statement, case: &Case, basis: Basis<'_>) -> Vec<Docket> {
    let counting = Counting {
        statement,
        case,
        basis,
        items: items(statement, case),
        base: base(statement, case, basis),
    };
    let mut dockets = vec![counting.base.clone()];
    counting.subjects(&mut dockets);
    counting.targets(&mut dockets);
    counting.items(&mut dockets);
    counting.packages(&mut dockets);
    dockets
}

struct Counting<'a> {
    statement: &'a Statement,
    case: &'a Case,
    basis: Basis<'a>,
    items: BTreeSet<ItemNumber>,
    base: Docket,
}

fn base(statement: &Statement, case: &Case, basis: Basis<'_>) -> Docket {
    let kind = statement.event.kind();
    Docket {
        realm: case.realm.clone(),
        kind,
        law: case.order.law.clone(),
        rule: case.order.rule.clone(),
        effect: basis.rule.effect,
        what: about(statement, case),
        first: case.is_first(statement),
        category: None,
        selector: None,
        reason: reason(&statement.event).cloned(),
        urgent: case.order.urgency.is_some(),
        // Paper orders and voluntary disclosures come with statements of their own.
        grant: matches!(kind, Kind::Sealed | Kind::Released | Kind::Collected)
            .then_some(GrantKind::Order),
        secrecy: match case.order.secrecy {
            Secrecy::None => Secret::None,
            Secrecy::Until(_) => Secret::Ordered,
            Secrecy::NoEndInLaw => Secret::NoEndInLaw,
        },
        took: began(statement, case).map(|from| hours(from, statement.header.time)),
        outcome: outcome(&statement.event, case),
        date: basis.law.calendar.date_of(statement.header.time),
    }
}

impl Counting<'_> {
    /// Persons and premises, where the rule has them counted. Under a rule with one subject
    /// there is one, whatever selectors lead to it (IPA 2016 s. 17(1)).
    fn subjects(&self, dockets: &mut Vec<Docket>) {
        if !self.basis.rule.counted.iter().any(|word| word == USERS) {
            return;
        }
        let named = |kind| matches!(kind, SelectorKind::Person | SelectorKind::Premises);
        let subjects = match self.statement.event.kind() {
            Kind::Issued | Kind::Received | Kind::Accepted | Kind::Narrowed
                if self.basis.rule.subjects_max == 1 =>
            {
                usize::from(self.base.first)
            }
            Kind::Issued | Kind::Received | Kind::Accepted | Kind::Narrowed => self
                .counted_targets()
                .values()
                .filter(|kind| named(**kind))
                .count(),
            _ => 0,
        };
        let docket = Docket {
            what: What::Subject,
            ..self.base.clone()
        };
        dockets.extend(core::iter::repeat_n(docket, subjects));
    }

    fn targets(&self, dockets: &mut Vec<Docket>) {
        let docket = |kind: &SelectorKind| Docket {
            what: What::Target,
            first: true,
            selector: Some(*kind),
            ..self.base.clone()
        };
        dockets.extend(self.counted_targets().values().map(docket));
    }

    fn counted_targets(&self) -> BTreeMap<TargetNumber, SelectorKind> {
        let all = self.case.order.targets.iter();
        let all = all.map(|(number, selector)| (*number, selector.kind()));
        match &self.statement.event {
            Event::Issued { .. } | Event::Served { .. } | Event::Received { .. } => all.collect(),
            Event::Accepted { .. } | Event::Narrowed { .. } => {
                let now = |number: &TargetNumber| {
                    self.case.assisted.get(number) == Some(&self.statement.digest)
                };
                all.filter(|(number, _)| now(number)).collect()
            }
            Event::Modified(Modification::AddTarget { target, selector }) => {
                BTreeMap::from([(*target, selector.kind())])
            }
            _ => BTreeMap::new(),
        }
    }

    fn items(&self, dockets: &mut Vec<Docket>) {
        let mut seen: BTreeSet<Class> = BTreeSet::new();
        let mut docket = |category: crate::category::Category| Docket {
            what: What::Item,
            first: seen.insert(category.class()),
            category: Some(category),
            ..self.base.clone()
        };
        if let Event::Modified(Modification::AddItem { what, .. }) = &self.statement.event {
            dockets.push(docket(what.category));
        }
        let listed = |number| self.case.order.items.get(number);
        let categories = self
            .items
            .iter()
            .filter_map(listed)
            .map(|item| item.category);
        dockets.extend(categories.map(docket));
    }

    fn packages(&self, dockets: &mut Vec<Docket>) {
        if let Event::DestructionInstructed { packages }
        | Event::DestructionConfirmed { packages } = &self.statement.event
        {
            let docket = Docket {
                what: What::Package,
                first: true,
                ..self.base.clone()
            };
            dockets.extend(core::iter::repeat_n(docket, packages.len()));
        }
    }
}

/// What the statement as a whole is about: an approval may be one of a change.
fn about(statement: &Statement, case: &Case) -> What {
    let subject = |digest: &Digest| {
        let subject = case.subjects.iter().find(|known| known.digest == *digest);
        match subject.map(|subject| &subject.kind) {
            Some(SubjectKind::Order) | None => What::Order,
            Some(SubjectKind::Modification(_)) => What::Change,
            Some(SubjectKind::Renewal) => What::Renewal,
        }
    };
    match &statement.event {
        Event::Approved(approval) => subject(&approval.subject),
        Event::Refused(refused) => subject(&refused.subject),
        Event::Modified(_) => What::Change,
        Event::Renewed { .. } => What::Renewal,
        _ => What::Order,
    }
}

fn reason(event: &Event) -> Option<&String> {
    match event {
        Event::Refused(refused) => Some(&refused.reason),
        Event::Narrowed { reason, .. }
        | Event::Challenged { reason, .. }
        | Event::Declined { reason, .. }
        | Event::InformationDelayed { reason, .. } => Some(reason),
        _ => None,
    }
}

/// The items that a statement speaks of.
fn items(statement: &Statement, case: &Case) -> BTreeSet<ItemNumber> {
    let of_package = |package: &PackageId| {
        let held = case.packages.get(package);
        held.map(|package| package.seal.items.clone())
            .unwrap_or_default()
    };
    match &statement.event {
        Event::Issued { .. } | Event::Received { .. } => case.order.items.keys().copied().collect(),
        Event::Accepted { items }
        | Event::Challenged { items, .. }
        | Event::Declined { items, .. } => items.clone(),
        Event::Narrowed { items, .. } => items.keys().copied().collect(),
        Event::Sealed(seal) => seal.items.clone(),
        Event::Released { package, .. } | Event::Collected { package, .. } => of_package(package),
        _ => BTreeSet::new(),
    }
}

/// When the span began that a statement ends.
fn began(statement: &Statement, case: &Case) -> Option<Timestamp> {
    let sought = |digest: &Digest| {
        let subject = case.subjects.iter().find(|known| known.digest == *digest);
        subject.map(|subject| subject.at)
    };
    match &statement.event {
        Event::Approved(approval) => sought(&approval.subject),
        Event::Refused(refused) => sought(&refused.subject),
        Event::Received { .. } => case.served,
        Event::Preserved { .. }
        | Event::Accepted { .. }
        | Event::Narrowed { .. }
        | Event::Challenged { .. }
        | Event::Declined { .. }
        | Event::Released { .. } => case.received,
        Event::Collected { .. } => case.issued.map(|issue| issue.at),
        _ => None,
    }
}

/// Hours from one instant to another, begun ones included; none where clocks disagree.
fn hours(from: Timestamp, to: Timestamp) -> u32 {
    let elapsed = to.duration_since(from);
    let begun = i64::from(elapsed.as_secs() % 3600 > 0 || elapsed.subsec_nanos() > 0);
    u32::try_from(elapsed.as_hours() + begun)
        .unwrap_or_default()
        .min(TOOK_HOURS_MAX)
}

fn outcome(event: &Event, case: &Case) -> Option<Outcome> {
    let total = case.items.len();
    match event {
        Event::Lapsed | Event::Expired | Event::Withdrawn(_) | Event::Refused(_) => {
            let released = case.packages.values().filter(|p| p.released.is_some());
            let given: BTreeSet<_> = released.flat_map(|p| p.seal.items.iter()).collect();
            Some(match given.len() {
                0 => Outcome::Nothing,
                some if some < total => Outcome::Part,
                _ => Outcome::Whole,
            })
        }
        // Of what is declined the rest may still be answered: nothing is nothing once all is.
        Event::Declined { .. } => {
            let declined = |state: &&ItemState| matches!(state, ItemState::Declined(_));
            let all = case.items.values().filter(declined).count() == total;
            Some(if all { Outcome::Nothing } else { Outcome::Part })
        }
        _ => None,
    }
}
