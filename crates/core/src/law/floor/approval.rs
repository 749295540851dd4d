//! No one person suffices (design §2, law 3): who may approve, and that somebody does.

use super::Findings;
use crate::{
    category::Class,
    law::{Change, Demand, Effect, SecrecyRule, Turn},
    office::Office,
};

/// Offices that never act on an order for a state: the provider's own, and a machine's.
const NEVER_ACT: [Office; 3] = [Office::LegalResponse, Office::ReleaseOfficer, Office::Node];
/// Offices that carry out or look on, and so never approve.
const NEVER_APPROVE: [Office; 3] = [
    Office::ServingOfficer,
    Office::SinglePointOfContact,
    Office::Inspector,
];
/// Offices inside the authority that applies, or in its service. They may approve where a law says
/// so, but never suffice for content.
const INSIDE: [Office; 4] = [
    Office::SeniorOfficer,
    Office::DesignatedSeniorOfficer,
    Office::SubpoenaIssuer,
    Office::GovernmentAttorney,
];

pub(super) fn check(found: &mut Findings<'_>) {
    applicants(found);
    ordinary(found);
    urgent(found);
    protections(found);
    renewal(found);
    modifications(found);
    secrecy(found);
}

fn applicants(found: &mut Findings<'_>) {
    let rule = found.rule;
    if rule.applicants.is_empty() {
        found.add(
            "applicants",
            "law.floor.nobody_applies",
            "the rule names no kind of authority that may apply".into(),
            "list them: who is not listed may not apply",
        );
    }
    acts(found, "applies", &rule.applies);
    acts(found, "issues", &rule.issues);
    acts(found, "serves", &rule.serves);
    if let Some(cancels) = &rule.cancels {
        acts(found, "cancels", cancels);
    }
}

fn ordinary(found: &mut Findings<'_>) {
    let rule = found.rule;
    turns(found, "approval", &rule.approval);
    outside(found, "approval", &rule.approval);
    if !rule.approval.is_empty() || rule.effect == Effect::Preserve {
        return;
    }
    if let Some(category) = rule
        .categories
        .iter()
        .find(|category| !category.may_go_without_approval())
    {
        found.add(
            "approval",
            "law.floor.unapproved",
            format!("nobody approves, and the rule covers `{category}`"),
            "only preservation and `basic_subscriber` may go without an approval",
        );
    }
    if rule
        .issues
        .offices
        .iter()
        .any(|office| rule.applies.offices.contains(office))
    {
        found.add(
            "issues",
            "law.floor.one_person",
            "nobody approves, and the office that applies may issue by itself".into(),
            "name an issuing office other than the applicant's",
        );
    }
}

/// Content needs somebody outside the authority, before anything is issued.
fn outside(found: &mut Findings<'_>, at: &str, approval: &[Turn]) {
    let rule = found.rule;
    let content = rule
        .categories
        .iter()
        .any(|category| category.class() == Class::Content);
    // The applicant's own offices are found by `decides`, and not a second time here.
    let inside = |office: &Office| INSIDE.contains(office) && !applies(found, *office);
    let outsider = |turn: &Turn| !turn.offices.iter().any(inside);
    if content
        && rule.effect != Effect::Preserve
        && !approval.is_empty()
        && !approval.iter().any(outsider)
    {
        found.add(
            at,
            "law.floor.inside_approval",
            "content could be had with approvals from inside the authority alone".into(),
            "name a judge, a minister or another office outside the authority",
        );
    }
}

fn urgent(found: &mut Findings<'_>) {
    let rule = found.rule;
    let Some(urgent) = &rule.urgent else { return };
    turns(found, "urgent.now", &urgent.now);
    outside(found, "urgent.now", &urgent.now);
    if urgent.now.is_empty() {
        found.add(
            "urgent.now",
            "law.floor.urgent_unapproved",
            "the urgent path goes without any approval before issue".into(),
            "name who approves now; who decides later stands in `later`",
        );
    }
    if let Some(later) = &urgent.later {
        decides(found, "urgent.later", later);
    }
    for (number, ground) in urgent.not_for.iter().enumerate() {
        if !rule.grounds.iter().any(|known| known.code == *ground) {
            found.add(
                &format!("urgent.not_for.{number}"),
                "law.floor.unknown_ground",
                format!("`{ground}` is none of the rule's grounds, so closing the path to it does nothing"),
                "write the ground's code as in `grounds`",
            );
        }
    }
}

fn protections(found: &mut Findings<'_>) {
    let rule = found.rule;
    for (number, asked) in rule.protections.iter().enumerate() {
        match &asked.demand {
            Demand::Approver(turn) => decides(found, &format!("protections.{number}"), turn),
            Demand::Statement | Demand::Bar => {}
        }
    }
}

fn renewal(found: &mut Findings<'_>) {
    let rule = found.rule;
    let Some(renewal) = &rule.renewal else { return };
    acts(found, "renewal.by", &renewal.by);
    turns(found, "renewal.approval", &renewal.approval);
    let by_applicant = renewal
        .by
        .offices
        .iter()
        .any(|office| applies(found, *office));
    if !rule.approval.is_empty() && renewal.approval.is_empty() && by_applicant {
        found.add(
            "renewal",
            "law.floor.renewal_unapproved",
            "the office that applies may prolong the order by itself".into(),
            "a renewal needs what the order needed: name who approves it",
        );
    }
}

fn modifications(found: &mut Findings<'_>) {
    let rule = found.rule;
    for (number, change) in rule.modifications.iter().enumerate() {
        let at = format!("modifications.{number}");
        acts(found, &format!("{at}.by"), &change.by);
        turns(found, &format!("{at}.approval"), &change.approval);
        turns(
            found,
            &format!("{at}.approval_if_protected"),
            &change.approval_if_protected,
        );
        let widens = match change.change {
            Change::AddTarget | Change::AddItem => true,
            Change::RemoveTarget | Change::RemoveItem => false,
        };
        let by_applicant = change
            .by
            .offices
            .iter()
            .any(|office| applies(found, *office));
        if widens && change.approval.is_empty() && by_applicant {
            found.add(
                &at,
                "law.floor.modification_unapproved",
                "the office that applies may widen the order by itself".into(),
                "name another office, or who approves the change; removing is free",
            );
        }
    }
}

fn secrecy(found: &mut Findings<'_>) {
    let rule = found.rule;
    match &rule.secrecy {
        SecrecyRule::Ordered { by: Some(turn), .. } => decides(found, "secrecy.by", turn),
        SecrecyRule::Ordered { by: None, .. } if rule.approval.is_empty() => found.add(
            "secrecy",
            "law.floor.secrecy_unapproved",
            "nobody approves the order, and nobody its secrecy".into(),
            "name in `secrecy.by` who must approve that the order is kept secret",
        ),
        SecrecyRule::Ordered { by: None, .. }
        | SecrecyRule::None
        | SecrecyRule::NoEndInLaw { .. } => {}
    }
}

fn turns(found: &mut Findings<'_>, at: &str, turns: &[Turn]) {
    for (number, turn) in turns.iter().enumerate() {
        decides(found, &format!("{at}.{number}"), turn);
    }
}

/// Someone who decides: an office that may act, and not the applicant's.
fn decides(found: &mut Findings<'_>, at: &str, turn: &Turn) {
    acts(found, at, turn);
    if let Some(own) = turn
        .offices
        .iter()
        .chain(&turn.signed_for_by)
        .find(|office| applies(found, **office))
    {
        found.add(
            at,
            "law.floor.own_approval",
            format!("`{own}` applies under this rule and cannot approve under it as well"),
            "the author of an application never counts as an approver",
        );
    }
    if let Some(idle) = turn
        .offices
        .iter()
        .chain(&turn.signed_for_by)
        .find(|o| NEVER_APPROVE.contains(o))
    {
        found.add(
            at,
            "law.floor.approver_office",
            format!("`{idle}` carries out or looks on, and approves nothing"),
            "name the office that the law names",
        );
    }
}

/// Someone who acts for a state: at least one office, and none of the provider's or a machine's.
fn acts(found: &mut Findings<'_>, at: &str, turn: &Turn) {
    if turn.offices.is_empty() {
        found.add(
            at,
            "law.floor.no_office",
            "no office is named, so nobody could ever act here".into(),
            "name at least one office",
        );
    }
    if let Some(never) = turn
        .offices
        .iter()
        .chain(&turn.signed_for_by)
        .find(|o| NEVER_ACT.contains(o))
    {
        found.add(
            at,
            "law.floor.approver_office",
            format!("`{never}` is on the provider's side or a machine, and decides about no order"),
            "name the office that the law names",
        );
    }
}

fn applies(found: &Findings<'_>, office: Office) -> bool {
    office == Office::Applicant || found.rule.applies.offices.contains(&office)
}
