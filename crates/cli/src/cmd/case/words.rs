//! Statements in a few words, for the timeline of a case.

use crate::cmd::order::span;
use portcullis_core::{
    order::ItemNumber,
    statement::{Event, Inspection, Look, Modification, Recorded, Withdrawal},
};

/// What a statement said, in one line.
pub(crate) fn event_words(event: &Event) -> String {
    match event {
        Event::Drafted(order) => format!(
            "{} target(s), {} item(s)",
            order.targets.len(),
            order.items.len()
        ),
        Event::Approved(approval) => {
            let for_whom = approval
                .signed_for
                .as_ref()
                .map_or_else(String::new, |name| format!(", signed for {name}"));
            format!("as {}{for_whom}", approval.office)
        }
        Event::Refused(refused) => {
            let destroy = if refused.destroy {
                ", what crossed is to be destroyed"
            } else {
                ""
            };
            format!("as {}: {}{destroy}", refused.office, refused.reason)
        }
        Event::Issued { urgent: true, .. } => "on the urgent path".into(),
        Event::Modified(change) => change_words(change),
        Event::Received { verdict, .. } => verdict.clone(),
        Event::Preserved { until: Some(until) } => format!("until {until}"),
        Event::ClarificationAsked { items, question } if items.is_empty() => question.clone(),
        Event::ClarificationAsked { items, question } => {
            format!("on {}: {question}", numbers(items))
        }
        Event::ClarificationAnswered { answer } => answer.clone(),
        Event::Accepted { items } => numbers(items),
        Event::Narrowed { items, reason } => {
            let each = items
                .iter()
                .map(|(item, to)| format!("item {item} to {}", span(*to)));
            format!("{}: {reason}", each.collect::<Vec<_>>().join(", "))
        }
        Event::Challenged {
            items,
            reason,
            note,
        } => format!("{}: {reason}: {note}", numbers(items)),
        Event::Declined { items, reason } => format!("{}: {reason}", numbers(items)),
        Event::Sealed(seal) => format!(
            "{}, {}, {} bytes",
            seal.package,
            numbers(&seal.items),
            seal.size_bytes
        ),
        Event::Released {
            package,
            recorded: Recorded::Promised(promise),
        } => format!("{package} on the promise {promise}"),
        Event::Released {
            package,
            recorded: Recorded::Cosigned,
        }
        | Event::Collected { package, .. } => package.to_string(),
        Event::Withdrawn(Withdrawal::Withdrawn) => "taken back".into(),
        Event::Withdrawn(Withdrawal::Cancelled) => "cancelled".into(),
        Event::DestructionInstructed { packages } | Event::DestructionConfirmed { packages } => {
            packages
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        }
        Event::InformationDelayed { reason, until } => format!("until {until}: {reason}"),
        Event::Inspected(inspection) => look_words(inspection),
        Event::Issued { urgent: false, .. }
        | Event::Served { .. }
        | Event::Renewed { .. }
        | Event::Preserved { until: None }
        | Event::Freed
        | Event::Lapsed
        | Event::Expired
        | Event::InformationDue
        | Event::InformationGiven
        | Event::Unsealed
        | Event::Erased => String::new(),
    }
}

fn look_words(inspection: &Inspection) -> String {
    let who = format!("{} of {}", inspection.office, inspection.looker);
    match &inspection.look {
        Look::Case { request: None } => format!("{who}: the case"),
        Look::Case {
            request: Some(request),
        } => format!("{who}: the case, as {request} asked"),
        Look::Sample { sample, leaves } => {
            format!("{who}: {} leaf(s) of the sample {sample}", leaves.len())
        }
    }
}

fn change_words(change: &Modification) -> String {
    match change {
        Modification::AddTarget { target, selector } => format!(
            "adds target {target}: {} {}",
            selector.kind(),
            selector.value()
        ),
        Modification::AddItem { item, what } => {
            format!(
                "adds item {item}: {} of target {}, {}",
                what.category,
                what.target,
                span(what.span)
            )
        }
        Modification::RemoveTarget { target } => format!("removes target {target}"),
        Modification::RemoveItem { item } => format!("removes item {item}"),
    }
}

fn numbers<'a>(items: impl IntoIterator<Item = &'a ItemNumber>) -> String {
    let numbers: Vec<_> = items.into_iter().map(ToString::to_string).collect();
    format!("item {}", numbers.join(", "))
}
