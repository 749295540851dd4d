//! The laws, one function each. They are written from the design, not from the
//! nodes' code, so that the same mistake is not made twice.

use super::{Fact, Glance, Sizes};
use crate::{cast::Place, world::World};
use portcullis_core::{
    category::Category,
    id::PackageId,
    office::Office,
    order::{ItemNumber, Order},
    statement::{Event, Kind, Modification, Recorded, Seal},
};
use portcullis_verdict::{Bundle, text::sha256};
use std::collections::BTreeSet;

/// A law: a sentence when it is broken.
type Law = fn(&Glance<'_>) -> Result<(), String>;

/// Every law that is checked after every op.
pub const LAWS: [(&str, Law); 10] = [
    (
        "nothing is sealed without the approvals of the law",
        sealed_is_approved,
    ),
    ("nothing leaves beyond the order", released_is_in_scope),
    ("no one person suffices", two_people),
    ("recorded before done", recorded_before_done),
    ("a log only grows", logs_only_grow),
    ("what ended stays ended", ended_stays_ended),
    ("realms never meet", one_realm),
    ("one number, one statement", one_statement_a_number),
    ("what is refused changes nothing", refused_changes_nothing),
    ("what was received was genuine", received_was_genuine),
];

fn draft(facts: &[Fact]) -> Option<(&Fact, &Order)> {
    facts.iter().find_map(|fact| match &fact.event {
        Event::Drafted(order) => Some((fact, &**order)),
        _ => None,
    })
}

fn seal_of<'a>(facts: &'a [Fact], package: &PackageId) -> Option<(&'a Fact, &'a Seal)> {
    facts.iter().find_map(|fact| match &fact.event {
        Event::Sealed(seal) if seal.package == *package => Some((fact, seal)),
        _ => None,
    })
}

/// Whose approvals a disclosure needs, by our own reading of the statutes; `None` where
/// nothing may be sealed at all.
fn needed(order: &Order) -> Option<&'static [&'static [Office]]> {
    const JUDGE: &[Office] = &[Office::MagistrateJudge, Office::Judge];
    const MINISTER: &[Office] = &[Office::SecretaryOfState];
    match (order.law.as_str(), order.rule.as_str()) {
        ("uk-ipa-2016", "targeted-interception") if order.urgency.is_some() => Some(&[MINISTER]),
        ("uk-ipa-2016", "targeted-interception") => {
            Some(&[MINISTER, &[Office::JudicialCommissioner]])
        }
        ("uk-ipa-2016", "communications-data-60a") => {
            Some(&[&[Office::InvestigatoryPowersCommissioner]])
        }
        ("uk-ipa-2016", "communications-data-61") => Some(&[&[Office::DesignatedSeniorOfficer]]),
        ("us-sca", "subpoena-2703c2") => Some(&[]),
        ("us-sca", "order-2703d" | "warrant-2703a") => Some(&[JUDGE]),
        _ => None,
    }
}

fn sealed_is_approved(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each() {
        let Event::Sealed(seal) = &fact.event else {
            continue;
        };
        let at = new.at;
        let (draft, order) = draft(before).ok_or(format!("{at:?} sealed without a draft"))?;
        if seal.order != draft.digest {
            return Err(format!("{at:?} sealed under another order"));
        }
        let needed = needed(order).ok_or(format!("{at:?} sealed under {}", order.rule))?;
        let mut people = BTreeSet::from([draft.key]);
        for offices in needed {
            let approval = before.iter().find(|fact| match &fact.event {
                Event::Approved(approval) => {
                    approval.subject == draft.digest
                        && offices.contains(&approval.office)
                        && order.approvers.get(&approval.office) == Some(&fact.header.author)
                }
                _ => false,
            });
            let approval = approval.ok_or(format!(
                "{at:?} holds a seal that {offices:?} never approved"
            ))?;
            if !people.insert(approval.key) {
                return Err(format!(
                    "{at:?} holds a seal that one person approved twice"
                ));
            }
        }
        let issued = |fact: &Fact| matches!(fact.event, Event::Issued { .. });
        let served = |fact: &Fact| matches!(fact.event, Event::Served { .. });
        if !before.iter().any(issued) || !before.iter().any(served) {
            return Err(format!(
                "{at:?} holds a seal of an order never issued and served"
            ));
        }
    }
    Ok(())
}

/// The items that the order lists after its modifications, whether or not in effect, and
/// those among them that the provider said it would answer.
fn scope(order: &Order, before: &[Fact]) -> BTreeSet<ItemNumber> {
    let mut listed: BTreeSet<ItemNumber> = order.items.keys().copied().collect();
    let mut answered = BTreeSet::new();
    for fact in before {
        match &fact.event {
            Event::Modified(Modification::AddItem { item, .. }) => {
                listed.insert(*item);
            }
            Event::Accepted { items } => answered.extend(items.iter().copied()),
            Event::Narrowed { items, .. } => answered.extend(items.keys().copied()),
            Event::Challenged { items, .. } | Event::Declined { items, .. } => {
                answered.retain(|item| !items.contains(item));
            }
            _ => {}
        }
    }
    answered.retain(|item| listed.contains(item));
    answered
}

fn released_is_in_scope(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each() {
        let seal = match &fact.event {
            Event::Sealed(seal) => seal,
            Event::Released { package, .. } => {
                let held = seal_of(before, package);
                held.ok_or(format!("{:?}: a release of what nobody sealed", new.at))?
                    .1
            }
            _ => continue,
        };
        let (_, order) = draft(before).ok_or("a seal without a draft")?;
        let scope = scope(order, before);
        let tapped = |item: &ItemNumber| {
            let item = order.items.get(item);
            item.is_some_and(|item| item.category == Category::InterceptedContent)
        };
        if seal.items.iter().any(tapped) {
            return Err(format!(
                "{:?}: what is tapped passed through the house",
                new.at
            ));
        }
        if seal.items.is_empty() || !seal.items.is_subset(&scope) {
            return Err(format!(
                "{:?}: items {:?} left, and {scope:?} were in scope",
                new.at, seal.items
            ));
        }
    }
    Ok(())
}

fn two_people(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each() {
        match &fact.event {
            Event::Released { package, .. } => {
                let sealed = seal_of(before, package).map(|(sealed, _)| sealed.key);
                if sealed == Some(fact.key) {
                    return Err(format!("{:?}: one person sealed and released", new.at));
                }
            }
            Event::Approved(approval) => {
                let mut said = before.iter();
                if said.any(|said| said.digest == approval.subject && said.key == fact.key) {
                    return Err(format!("{:?}: an author approved its own words", new.at));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn recorded_before_done(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each().filter(|(_, fact, _)| fact.ours) {
        let store = glance.world.node(new.at).store();
        let down = |_| "the store does not answer".to_owned();
        let placed = store.leaves_of(&fact.digest).map_err(down)?;
        let queued = store.queued_leaves(usize::MAX >> 1).map_err(down)?;
        if placed.is_empty() && queued.iter().all(|leaf| leaf.statement != fact.digest) {
            return Err(format!(
                "{:?} said `{}` and queued no leaf",
                new.at, fact.header.kind
            ));
        }
        let Event::Released { package, recorded } = &fact.event else {
            continue;
        };
        let (sealed, _) = seal_of(before, package).ok_or("a release without a seal")?;
        match recorded {
            Recorded::Cosigned => {
                let placed = store.leaves_of(&sealed.digest).map_err(down)?;
                let cosigned = |origin: &str| {
                    let log = store.log(origin).ok().flatten();
                    log.map_or(0, |log| log.cosigned_size)
                };
                let all = placed
                    .iter()
                    .all(|leaf| leaf.index < cosigned(&leaf.origin));
                let waits = queued.iter().any(|leaf| leaf.statement == sealed.digest);
                if placed.is_empty() || !all || waits {
                    return Err(format!(
                        "{:?} released before its leaves were cosigned",
                        new.at
                    ));
                }
            }
            Recorded::Promised(promise) => {
                let kept = store.promise(&sealed.digest).map_err(down)?;
                if kept.map(|bytes| sha256(&bytes)) != Some(*promise) {
                    return Err(format!("{:?} released on a promise it never made", new.at));
                }
            }
        }
    }
    Ok(())
}

/// The sizes of all logs at all witnesses.
pub(super) fn witnessed(world: &World) -> Sizes {
    let mut sizes = Sizes::new();
    for witness in Place::WITNESSES {
        let store = world.node(witness).store();
        for log in world
            .seats
            .iter()
            .flat_map(|seat| seat.node.logs().unwrap_or_default())
        {
            if let Ok(Some(seen)) = store.witnessed(&log.origin) {
                sizes.insert((witness, log.origin), seen.size);
            }
        }
    }
    sizes
}

fn logs_only_grow(glance: &Glance<'_>) -> Result<(), String> {
    for seat in &glance.world.seats {
        for log in seat.node.logs().unwrap_or_default() {
            let key = (seat.place, log.origin.clone());
            let before = glance.house.own_sizes.get(&key).copied().unwrap_or(0);
            if log.size < before {
                return Err(format!(
                    "`{}` shrank from {before} to {}",
                    log.origin, log.size
                ));
            }
        }
    }
    for ((witness, origin), size) in witnessed(glance.world) {
        let key = (witness, origin.clone());
        let before = glance.house.witnessed_sizes.get(&key).copied().unwrap_or(0);
        if size < before {
            return Err(format!(
                "{witness:?} saw `{origin}` shrink from {before} to {size}"
            ));
        }
    }
    Ok(())
}

fn ended_stays_ended(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each().filter(|(_, fact, _)| fact.ours) {
        if !matches!(fact.header.kind, Kind::Released | Kind::Sealed) {
            continue;
        }
        let draft = draft(before).map(|(draft, _)| draft.digest);
        let ended = before.iter().find(|said| match &said.event {
            Event::Refused(refused) => Some(refused.subject) == draft,
            Event::Lapsed | Event::Expired | Event::Withdrawn(_) => true,
            _ => false,
        });
        if let Some(ended) = ended {
            return Err(format!(
                "{:?} said `{}` after it held `{}`",
                new.at, fact.header.kind, ended.header.kind
            ));
        }
        let viewed = glance.world.node(new.at).view(new.case);
        let viewed = viewed.map_err(|error| error.to_string())?;
        let end = viewed.case.ends_at(viewed.grounds.basis());
        if let Ok(Some(end)) = end
            && end <= fact.header.time
        {
            return Err(format!(
                "{:?} said `{}` after {end}",
                new.at, fact.header.kind
            ));
        }
    }
    Ok(())
}

fn one_realm(glance: &Glance<'_>) -> Result<(), String> {
    let ours = glance.world.cast.realm();
    for (new, fact, _) in glance.each() {
        if fact.header.realm != *ours || new.case.realm_tag() != ours.tag() {
            return Err(format!(
                "{:?} holds a statement of {}",
                new.at, fact.header.realm
            ));
        }
    }
    Ok(())
}

fn one_statement_a_number(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, _) in glance.each() {
        let (author, number) = (&fact.header.author, fact.header.number);
        let key = (author.clone(), new.case, number);
        let excused = glance.world.excuses.tainted.contains(&new.case)
            || Place::of(author).is_some_and(|at| glance.world.excuses.restored.contains(&at));
        let known = glance.house.numbers.get(&key);
        if !excused && known.is_some_and(|known| *known != fact.digest) {
            return Err(format!(
                "{:?} holds another statement {number} of `{author}` than others",
                new.at
            ));
        }
    }
    Ok(())
}

fn refused_changes_nothing(glance: &Glance<'_>) -> Result<(), String> {
    let seen = glance.world.seen.lock();
    let seen = seen.unwrap_or_else(std::sync::PoisonError::into_inner);
    seen.0.first().cloned().map_or(Ok(()), Err)
}

fn received_was_genuine(glance: &Glance<'_>) -> Result<(), String> {
    for (new, fact, before) in glance.each().filter(|(_, fact, _)| fact.ours) {
        if !matches!(fact.event, Event::Received { .. }) {
            continue;
        }
        let node = glance.world.node(new.at);
        let held = node.bundle(new.case).map_err(|error| error.to_string())?;
        let bundle = Bundle {
            entries: held.entries.into_iter().take(before.len()).collect(),
        };
        let verdict = node.judge(&bundle, Some(node.me()));
        let verdict = verdict.map_err(|error| error.to_string())?;
        if !verdict.holds() {
            return Err(format!("{:?} received what is {}", new.at, verdict.line));
        }
    }
    Ok(())
}
