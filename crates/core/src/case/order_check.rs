//! Whether an order may be drafted as it stands.

use super::{Basis, Refusal};
use crate::{
    category::Category,
    law::{Demand, Ground, Rule, SecrecyRule, Turn},
    member::MemberId,
    office::Office,
    order::{ITEMS_MAX, Order, Secrecy},
    selector::{Selector, SelectorKind},
    statement::Officer,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Checks a draft against its rule, in the order in which a lawyer would read it.
pub(super) fn check(
    order: &Order,
    basis: Basis<'_>,
    by: &Officer,
    at: Timestamp,
) -> Result<(), Refusal> {
    let rule = basis.rule;
    let today = at.to_zoned(basis.law.calendar.zone.clone()).date();
    if order.rule != rule.id || order.law != basis.law.id || !rule.valid.holds(today) {
        return Err(Refusal::NotLaw {
            rule: order.rule.clone(),
        });
    }
    if by
        .standing
        .authority
        .is_disjoint(&rule.applicants.iter().cloned().collect())
    {
        return Err(Refusal::MayNotApply {
            clause: rule.applies.clause.clone(),
        });
    }
    if !super::holds(&rule.applies, by) {
        let (needed, clause) = (rule.applies.offices.clone(), rule.applies.clause.clone());
        return Err(Refusal::WrongOffice { needed, clause });
    }
    grounds(order, basis)?;
    targets(order, basis)?;
    items(order, basis, at)?;
    protections(order, basis)?;
    secrecy(order, basis, at)?;
    if !by.standing.delivery_keys.contains(&order.delivery_key) {
        return Err(Refusal::ForeignDeliveryKey);
    }
    turns(order, basis)?
        .iter()
        .try_for_each(|turn| has_approver(order, turn))
}

/// Whose approvals the order needs, in turn: those before issue, then the later one.
/// Secrecy by order may need one more, where the order's own approvers are not enough.
pub(super) fn turns(order: &Order, basis: Basis<'_>) -> Result<Vec<Turn>, Refusal> {
    if order.urgency.is_none() {
        let mut turns = basis
            .rule
            .approval_for(&order.categories(), &order.protected);
        turns.extend(secrecy_turn(order, basis).cloned());
        return Ok(turns);
    }
    let mut turns = urgent_turns(order, basis)?;
    turns.extend(
        basis
            .rule
            .urgent
            .as_ref()
            .and_then(|urgent| urgent.later.clone()),
    );
    Ok(turns)
}

fn secrecy_turn<'a>(order: &Order, basis: Basis<'a>) -> Option<&'a Turn> {
    matches!(order.secrecy, Secrecy::Until(_)).then(|| basis.rule.secrecy_approval())?
}

/// Whose approvals an urgent order needs before issue.
pub(super) fn urgent_turns(order: &Order, basis: Basis<'_>) -> Result<Vec<Turn>, Refusal> {
    let mut turns = basis
        .rule
        .urgent_approval_for(&order.protected)
        .ok_or(Refusal::NotUrgent)?;
    turns.extend(secrecy_turn(order, basis).cloned());
    Ok(turns)
}

fn grounds(order: &Order, basis: Basis<'_>) -> Result<(), Refusal> {
    let rule = basis.rule;
    if order.grounds.is_empty() {
        return Err(Refusal::NoGround);
    }
    let mut offence = rule.offence_in_order;
    for code in &order.grounds {
        let Some(ground) = rule.grounds.iter().find(|ground| ground.code == *code) else {
            return Err(Refusal::UnknownGround {
                ground: code.clone(),
            });
        };
        offence |= ground.offence;
        for category in order.categories() {
            opens(ground, category)?;
        }
        if order.urgency.is_some()
            && rule
                .urgent
                .as_ref()
                .is_some_and(|urgent| urgent.not_for.contains(code))
        {
            return Err(Refusal::NotUrgent);
        }
    }
    if offence
        && order
            .offence
            .as_deref()
            .unwrap_or_default()
            .trim()
            .is_empty()
    {
        return Err(Refusal::OffenceMissing {
            clause: rule.clause.clone(),
        });
    }
    if order
        .urgency
        .as_deref()
        .is_some_and(|why| why.trim().is_empty())
    {
        return Err(Refusal::NotUrgent);
    }
    Ok(())
}

fn targets(order: &Order, basis: Basis<'_>) -> Result<(), Refusal> {
    let rule = basis.rule;
    let asked: BTreeSet<_> = order.items.values().map(|item| item.target).collect();
    let each_has_an_item = order.targets.keys().all(|target| asked.contains(target));
    let found = order.targets.len();
    if found == 0 || found > usize::from(rule.targets_max) || !each_has_an_item {
        return Err(Refusal::Targets {
            found,
            max: rule.targets_max,
            clause: rule.clause.clone(),
        });
    }
    subjects(order.targets.values(), rule)?;
    for selector in order.targets.values() {
        if !rule.selectors.contains(&selector.kind()) {
            return Err(Refusal::Selector {
                kind: selector.kind(),
            });
        }
    }
    Ok(())
}

/// To how many persons or sets of premises the targets belong.
pub(super) fn subjects<'a>(
    targets: impl Iterator<Item = &'a Selector>,
    rule: &Rule,
) -> Result<(), Refusal> {
    let is_subject = |kind| matches!(kind, SelectorKind::Person | SelectorKind::Premises);
    let found = targets.filter(|target| is_subject(target.kind())).count();
    if found > usize::from(rule.subjects_max) {
        return Err(Refusal::Subjects {
            found,
            max: rule.subjects_max,
            clause: rule.clause.clone(),
        });
    }
    Ok(())
}

/// Whether a ground lets a category be asked for.
pub(super) fn opens(ground: &Ground, category: Category) -> Result<(), Refusal> {
    if ground.only.is_empty() || ground.only.contains(&category) {
        return Ok(());
    }
    Err(Refusal::CategoryOutOfReach {
        category,
        clause: ground.clause.clone(),
    })
}

fn items(order: &Order, basis: Basis<'_>, at: Timestamp) -> Result<(), Refusal> {
    let rule = basis.rule;
    if order.items.is_empty() || order.items.len() > ITEMS_MAX {
        return Err(Refusal::Items {
            found: order.items.len(),
        });
    }
    let latest = rule.duration.rule.end_from(at, &basis.law.calendar)?;
    for (number, item) in &order.items {
        if !order.targets.contains_key(&item.target) {
            return Err(Refusal::UnknownTarget {
                target: item.target,
            });
        }
        if !rule.categories.contains(&item.category) {
            return Err(Refusal::CategoryOutOfReach {
                category: item.category,
                clause: rule.clause.clone(),
            });
        }
        if item.span.to() > latest {
            return Err(Refusal::SpanTooLate { item: *number });
        }
    }
    Ok(())
}

fn protections(order: &Order, basis: Basis<'_>) -> Result<(), Refusal> {
    for who in &order.protected {
        for protection in basis
            .rule
            .protections
            .iter()
            .filter(|protection| protection.who == *who)
        {
            let clause = protection.clause.clone();
            match protection.demand {
                Demand::Bar => return Err(Refusal::Barred { who: *who, clause }),
                Demand::Statement if !order.stated.contains(who) => {
                    return Err(Refusal::StatementMissing { who: *who, clause });
                }
                Demand::Statement | Demand::Approver(_) => {}
            }
        }
    }
    Ok(())
}

fn secrecy(order: &Order, basis: Basis<'_>, at: Timestamp) -> Result<(), Refusal> {
    match (&basis.rule.secrecy, order.secrecy) {
        (SecrecyRule::NoEndInLaw { .. }, Secrecy::NoEndInLaw)
        | (SecrecyRule::None | SecrecyRule::Ordered { .. }, Secrecy::None) => Ok(()),
        (SecrecyRule::NoEndInLaw { .. }, Secrecy::None | Secrecy::Until(_)) => Err(
            Refusal::Secrecy("it imposes secrecy and gives it no end; the order says so"),
        ),
        (SecrecyRule::Ordered { longest, .. }, Secrecy::Until(end)) => {
            if at < end && end <= longest.end_from(at, &basis.law.calendar)? {
                Ok(())
            } else {
                Err(Refusal::Secrecy(
                    "it must end, after now and within the longest term",
                ))
            }
        }
        (SecrecyRule::Ordered { .. }, Secrecy::NoEndInLaw) => {
            Err(Refusal::Secrecy("secrecy by order states its end"))
        }
        (SecrecyRule::None, Secrecy::Until(_) | Secrecy::NoEndInLaw) => {
            Err(Refusal::Secrecy("none is provided for"))
        }
    }
}

fn has_approver(order: &Order, turn: &Turn) -> Result<(), Refusal> {
    let own = |office: &Office, member: &MemberId| {
        *member == order.authority && !office.may_be_internal()
    };
    let named: Vec<_> = turn
        .offices
        .iter()
        .filter_map(|office| order.approvers.get(office).map(|member| (office, member)))
        .collect();
    if named
        .iter()
        .any(|(office, member)| own(office, member) || **member == order.provider)
    {
        return Err(Refusal::OwnOrder);
    }
    if named.is_empty() {
        return Err(Refusal::ApproverMissing {
            needed: turn.offices.clone(),
            clause: turn.clause.clone(),
        });
    }
    Ok(())
}
