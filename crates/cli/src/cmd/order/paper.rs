//! An order as a person would read it, and what is unusual about it.

use crate::cmd::case::say::{holders, next_of};
use portcullis_core::{
    case::{ItemState, Subject, SubjectKind},
    category::Class,
    law::Effect,
    order::{Secrecy, Span},
    selector::Selector,
};
use portcullis_node::Viewed;
use portcullis_verdict::law::Laws;
use serde_json::{Value, json};

/// The lines of an order.
pub(super) fn lines(viewed: &Viewed, laws: &Laws) -> Vec<String> {
    let (case, law, rule) = (&viewed.case, viewed.grounds.law(), viewed.grounds.rule());
    let order = &case.order;
    let mut lines = vec![
        format!("{}  {}", case.id, rule.title),
        format!("  under      {}/{}, {}", law.id, rule.id, rule.clause),
        format!("  from       {}", order.authority),
        format!("  to         {}", order.provider),
        format!("  drafted    {}", case.drafted_at),
        format!("  stands     {}{}", case.phase(rule), force(viewed)),
    ];
    for code in &order.grounds {
        let ground = rule.grounds.iter().find(|ground| ground.code == *code);
        let words = ground.map_or_else(String::new, |ground| {
            format!(": {} ({})", ground.title, ground.clause)
        });
        lines.push(format!("  ground     {code}{words}"));
    }
    lines.extend(
        order
            .offence
            .iter()
            .map(|offence| format!("  offence    {offence}")),
    );
    lines.extend(
        order
            .urgency
            .iter()
            .map(|why| format!("  urgent     {why}")),
    );
    lines.push(format!("  secrecy    {}", secrecy(order.secrecy)));
    lines.push("whose data".into());
    for (number, selector) in &order.targets {
        lines.push(format!("  target {number}   {}", selector_words(selector)));
    }
    lines.push("which data".into());
    for (number, item) in &order.items {
        let state = case
            .items
            .get(number)
            .map_or_else(String::new, |state| format!("  [{}]", item_state(state)));
        lines.push(format!(
            "  item {number}     {} of target {}, {}{state}",
            item.category,
            item.target,
            span(item.span)
        ));
    }
    for subject in &case.subjects {
        subject_lines(viewed, subject, &mut lines);
    }
    let unusual = unusual(viewed, laws);
    if !unusual.is_empty() {
        lines.push("unusual".into());
        lines.extend(unusual.iter().map(|what| format!("  ! {what}")));
    }
    lines.push(format!("next: {}", next_of(viewed)));
    lines
}

fn force(viewed: &Viewed) -> String {
    let ends = viewed.case.ends_at(viewed.grounds.basis());
    match ends {
        Ok(Some(end)) if viewed.case.ended.is_none() => format!(", in force until {end}"),
        _ => String::new(),
    }
}

fn subject_lines(viewed: &Viewed, subject: &Subject, lines: &mut Vec<String>) {
    let what = match &subject.kind {
        SubjectKind::Order => "approvals of the order".to_owned(),
        SubjectKind::Renewal => format!("approvals of the renewal of {}", subject.at),
        SubjectKind::Modification(change) => format!(
            "approvals of the change `{}` of {}",
            change.change(),
            subject.at
        ),
    };
    lines.push(format!("{what}  {}", subject.digest));
    if subject.turns.is_empty() {
        lines.push("  none is asked for".into());
    }
    for (n, turn) in subject.turns.iter().enumerate() {
        let line = match subject.approvals.get(n) {
            Some(given) => format!(
                "  ✓ {} of {} at {}  ({})",
                given.office, given.member, given.at, turn.clause
            ),
            None if subject.refused.is_some() => continue,
            None if n >= subject.turns_before => format!(
                "  – {} afterwards  ({})",
                holders(viewed, turn),
                turn.clause
            ),
            None => format!("  – missing: {}  ({})", holders(viewed, turn), turn.clause),
        };
        lines.push(line);
    }
    lines.extend(subject.refused.map(|at| format!("  ✗ refused at {at}")));
}

/// What a reader should look at twice.
pub(super) fn unusual(viewed: &Viewed, laws: &Laws) -> Vec<String> {
    let (case, law, rule) = (&viewed.case, viewed.grounds.law(), viewed.grounds.rule());
    let order = &case.order;
    let mut found = Vec::new();
    if !laws.published(&law.digest) {
        found.push(format!(
            "the law file {} ({}) is NOT among those published with Portcullis",
            law.id, law.digest
        ));
    }
    if !rule.clause.verified {
        found.push(format!(
            "the wording behind this rule was not seen: {}",
            rule.clause
        ));
    }
    if let Some(why) = &order.urgency {
        found.push(format!("it takes the urgent path: {why}"));
    }
    for who in &order.protected {
        let stated = if order.stated.contains(who) {
            "; the application states how the stricter test is met"
        } else {
            ""
        };
        found.push(format!("it touches {who}{stated}"));
    }
    if order.secrecy == Secrecy::NoEndInLaw {
        found.push("it is secret without an end".into());
    }
    if rule.effect == Effect::Intercept {
        found.push(
            "it asks for interception; the tapping is the provider's own system, outside".into(),
        );
    } else if order
        .categories()
        .iter()
        .any(|category| category.class() == Class::Content)
    {
        found.push("it asks for content".into());
    }
    if order.targets.len() > 1 && order.targets.len() >= usize::from(rule.targets_max) {
        found.push(format!(
            "it names as many targets as the rule carries: {}",
            order.targets.len()
        ));
    }
    let long = |item: &&portcullis_core::order::Item| {
        item.span.to().duration_since(item.span.from()).as_hours() > 24 * 366
    };
    if order.items.values().any(|item| long(&item)) {
        found.push("an item reaches over more than a year".into());
    }
    for (office, member) in &order.approvers {
        if *member == order.authority {
            found.push(format!(
                "{office} is an office of the applying authority itself"
            ));
        }
    }
    let changes = case
        .subjects
        .iter()
        .filter(|subject| matches!(subject.kind, SubjectKind::Modification(_)))
        .count();
    if changes > 0 {
        found.push(format!(
            "it was changed {changes} time(s) since it was drafted"
        ));
    }
    found
}

fn selector_words(selector: &Selector) -> String {
    let at = selector
        .at()
        .map_or_else(String::new, |at| format!(" at {at}"));
    let port = selector
        .port()
        .map_or_else(String::new, |port| format!(", port {port}"));
    format!("{} {}{at}{port}", selector.kind(), selector.value())
}

/// A span in words.
pub(crate) fn span(span: Span) -> String {
    format!("{} to {}", span.from(), span.to())
}

/// What became of an item, in words.
pub(crate) fn item_state(state: &ItemState) -> String {
    match state {
        ItemState::Open => "open".into(),
        ItemState::Accepted => "accepted".into(),
        ItemState::Narrowed(to) => format!("narrowed to {}", span(*to)),
        ItemState::Challenged(reason) => format!("challenged: {reason}"),
        ItemState::Declined(reason) => format!("declined: {reason}"),
    }
}

fn secrecy(secrecy: Secrecy) -> String {
    match secrecy {
        Secrecy::None => "none".into(),
        Secrecy::Until(end) => format!("until {end}"),
        Secrecy::NoEndInLaw => "the law gives it no end".into(),
    }
}

/// The same for machines.
pub(super) fn json_of(viewed: &Viewed, laws: &Laws) -> Value {
    let (case, law, rule) = (&viewed.case, viewed.grounds.law(), viewed.grounds.rule());
    let order: Value =
        serde_json::from_str(&portcullis_verdict::statement::order_to_json(&case.order))
            .unwrap_or_default();
    let subject = |subject: &Subject| {
        let kind = match &subject.kind {
            SubjectKind::Order => "order",
            SubjectKind::Renewal => "renewal",
            SubjectKind::Modification(change) => change.change().as_str(),
        };
        let given = subject.approvals.iter().zip(&subject.turns).map(|(given, turn)| {
            json!({ "office": given.office.as_str(), "member": given.member.as_str(), "at": given.at.to_string(), "clause": turn.clause.to_string() })
        });
        let missing = subject.turns.iter().enumerate().skip(subject.approvals.len()).map(|(n, turn)| {
            let offices: Vec<_> = turn.offices.iter().map(|office| office.as_str()).collect();
            json!({ "offices": offices, "before": n < subject.turns_before, "clause": turn.clause.to_string() })
        });
        json!({
            "subject": subject.digest.to_string(),
            "kind": kind,
            "refused": subject.refused.map(|at| at.to_string()),
            "given": given.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
        })
    };
    let items: serde_json::Map<_, _> = case
        .items
        .iter()
        .map(|(n, state)| (n.to_string(), item_state(state).into()))
        .collect();
    let ends = case.ends_at(viewed.grounds.basis()).ok().flatten();
    json!({
        "case": case.id.to_string(),
        "order_digest": case.order_digest.to_string(),
        "phase": case.phase(rule),
        "ends": ends.map(|end| end.to_string()),
        "law": { "id": law.id, "digest": law.digest.to_string(), "published": laws.published(&law.digest) },
        "rule": { "id": rule.id, "title": rule.title, "clause": rule.clause.text, "verified": rule.clause.verified },
        "order": order,
        "items": items,
        "approvals": case.subjects.iter().map(subject).collect::<Vec<_>>(),
        "unusual": unusual(viewed, laws),
        "next": next_of(viewed),
    })
}
