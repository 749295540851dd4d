//! What only the clock says, signed by a node's own key.

use super::{Basis, Case, Ending, timer};
use crate::{
    law::{Effect, Party},
    member::MemberId,
    statement::Event,
    time::CalendarError,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The statements that `member`'s node owes in this case at an instant, in order.
///
/// Whoever makes them asks [`super::decide`] as for any other: a clock has no
/// privileges.
///
/// # Errors
///
/// [`CalendarError`] when the calendar does not reach that far.
pub fn due(
    case: &Case,
    basis: Basis<'_>,
    member: &MemberId,
    at: Timestamp,
) -> Result<Vec<Event>, CalendarError> {
    let mut events = Vec::new();
    let Some(party) = case.party(member) else {
        return Ok(events);
    };
    if case.erased.contains(member) {
        return Ok(events);
    }
    if party == Party::Provider {
        provider(case, basis, at, &mut events)?;
    }
    if party != Party::Approver && !case.noted_end.contains(member) {
        match case.ended {
            Some((Ending::Lapsed, _)) => events.push(Event::Lapsed),
            Some((Ending::Expired, _)) => events.push(Event::Expired),
            None if case.completed_at(basis.rule).is_some() => {}
            None if case.ends_at(basis)?.is_some_and(|end| end <= at) => {
                events.push(if case.lapses(basis.rule) {
                    Event::Lapsed
                } else {
                    Event::Expired
                });
            }
            Some((Ending::Refused | Ending::Withdrawn, _)) | None => {}
        }
    }
    let tells = basis.rule.information.by == Some(party)
        && case.informed.due.is_none()
        && case.informed.given.is_none();
    if tells && timer::information_due_at(case, basis)?.is_some_and(|due| due <= at) {
        events.push(Event::InformationDue);
    }
    if events.is_empty() && timer::erasure_at(case, basis)?.is_some_and(|term| term <= at) {
        events.push(Event::Erased);
    }
    Ok(events)
}

fn provider(
    case: &Case,
    basis: Basis<'_>,
    at: Timestamp,
    events: &mut Vec<Event>,
) -> Result<(), CalendarError> {
    let preserves =
        basis.rule.effect == Effect::Preserve || basis.rule.preserve_on_receipt.is_some();
    if case.received.is_some() && preserves && case.preserved.is_none() && case.ended.is_none() {
        let until = if basis.rule.effect == Effect::Preserve {
            case.ends_at(basis)?
        } else {
            None
        };
        events.push(Event::Preserved { until });
    }
    let frees = basis
        .rule
        .clarification
        .as_ref()
        .filter(|law| law.silence_frees);
    let open = case
        .questions
        .last()
        .filter(|question| question.answered.is_none());
    if let (Some(within), Some(question), None) = (
        frees.and_then(|law| law.answer_within.as_ref()),
        open,
        case.freed,
    ) && within.rule.end_from(question.asked, &basis.law.calendar)? <= at
    {
        events.push(Event::Freed);
    }
    let destroy = match case.ended {
        Some((Ending::Lapsed, _)) => true,
        // A refusal may ask for it, even one that crossed another end on the way.
        Some((Ending::Refused | Ending::Withdrawn | Ending::Expired, _)) => case.destroy,
        None => false,
    };
    let crossed: BTreeSet<_> = case
        .packages
        .iter()
        .filter(|(_, package)| package.released.is_some() && !package.destruction_instructed)
        .map(|(id, _)| *id)
        .collect();
    if destroy && !crossed.is_empty() {
        events.push(Event::DestructionInstructed { packages: crossed });
    }
    Ok(())
}
