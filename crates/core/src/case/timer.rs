//! The clocks of a case: deadlines, holds, lapses and stopped clocks, never mixed.

use super::{Basis, Case, SubjectKind};
use crate::{law::Clause, office::words, time::CalendarError};
use jiff::{SignedDuration, Timestamp};

words! {
    /// The four kinds of timer.
    TimerKind {
        /// Something is to be done by then.
        Deadline = "deadline",
        /// Something is not to be done before.
        Hold = "hold",
        /// Something ends then.
        Lapse = "lapse",
        /// A deadline that stands still while a question is open.
        Stopped = "stopped",
    }
}

/// One clock of a case, and the clause it follows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timer {
    /// Of which kind.
    pub kind: TimerKind,
    /// What it is about, in words.
    pub what: &'static str,
    /// When it rings; for a stopped clock, since when it has stood still.
    pub at: Timestamp,
    /// Says who.
    pub clause: Clause,
}

/// Every clock that runs in a case, soonest first.
///
/// # Errors
///
/// [`CalendarError`] when the calendar does not reach that far.
#[expect(clippy::too_many_lines, reason = "one paragraph a clock")]
pub fn timers(case: &Case, basis: Basis<'_>) -> Result<Vec<Timer>, CalendarError> {
    let rule = basis.rule;
    let calendar = &basis.law.calendar;
    let mut found = Vec::new();
    let mut add = |kind, what, at, clause: &Clause| {
        found.push(Timer {
            kind,
            what,
            at,
            clause: clause.clone(),
        });
    };
    let closed = case.closed_at(rule);
    if let (Some(issue), None) = (case.issued, closed) {
        if let (Some(limit), None) = (&rule.serve_within, case.served) {
            add(
                TimerKind::Lapse,
                "void unless served",
                limit.rule.end_from(issue.at, calendar)?,
                &limit.clause,
            );
        }
        if let (Some(urgent), true) = (&rule.urgent, case.later_approval_is_owed())
            && let Some(within) = &urgent.decide_within
        {
            add(
                TimerKind::Deadline,
                "later approval due",
                within.rule.end_from(issue.at, calendar)?,
                &within.clause,
            );
        }
        if let Some(end) = case.ends_at(basis)? {
            let what = if case.lapses(rule) {
                "lapses unless approved"
            } else {
                "order expires"
            };
            add(TimerKind::Lapse, what, end, &case.end_clause(basis));
        }
    }
    if let (Some(received), None) = (case.received, closed) {
        if let Some(question) = case
            .questions
            .last()
            .filter(|question| question.answered.is_none())
        {
            if let Some(law) = &rule.clarification {
                add(
                    TimerKind::Stopped,
                    "answer clock stands while a question is open",
                    question.asked,
                    &law.clause,
                );
                if let Some(within) = &law.answer_within {
                    let at = within.rule.end_from(question.asked, calendar)?;
                    add(
                        TimerKind::Deadline,
                        "authority's answer due",
                        at,
                        &within.clause,
                    );
                }
            }
        } else if let (Some(at), Some(timed)) =
            (answer_deadline(case, basis)?, answer_rule(case, basis))
        {
            add(
                TimerKind::Deadline,
                "provider's answer due",
                at,
                &timed.clause,
            );
        }
        if let (Some(hold), None) = (&rule.hold, &case.order.urgency) {
            add(
                TimerKind::Hold,
                "no release before",
                hold.rule.end_from(received, calendar)?,
                &hold.clause,
            );
        }
    }
    if let (Some((_, Some(until))), None) = (case.preserved, closed) {
        add(
            TimerKind::Lapse,
            "preservation ends",
            until,
            &rule.duration.clause,
        );
    }
    if let (Some(at), None) = (information_due_at(case, basis)?, case.informed.given) {
        add(
            TimerKind::Deadline,
            "person to be informed",
            at,
            &rule.information.clause,
        );
    }
    if let (Some(end), None) = (case.secrecy_ends(), case.unsealed)
        && let crate::law::SecrecyRule::Ordered { clause, .. } = &rule.secrecy
    {
        add(TimerKind::Hold, "secret until", end, clause);
    }
    if let Some(at) = erasure_at(case, basis)? {
        add(
            TimerKind::Lapse,
            "contents erased",
            at,
            &rule.retention.clause,
        );
    }
    found.sort_by_key(|timer| timer.at);
    Ok(found)
}

fn answer_rule<'a>(case: &Case, basis: Basis<'a>) -> Option<&'a crate::law::Timed> {
    match (&case.order.urgency, &basis.rule.answer_within_urgent) {
        (Some(_), Some(urgent)) => Some(urgent),
        _ => basis.rule.answer_within.as_ref(),
    }
}

/// By when the provider's answer is due: from receipt, and longer by the time
/// that questions stood open. `None` while one does, where silence freed the
/// provider, or where no law sets it.
pub(super) fn answer_deadline(
    case: &Case,
    basis: Basis<'_>,
) -> Result<Option<Timestamp>, CalendarError> {
    let (Some(received), Some(timed)) = (case.received, answer_rule(case, basis)) else {
        return Ok(None);
    };
    if case.freed.is_some() {
        return Ok(None);
    }
    let mut stood = SignedDuration::ZERO;
    if basis.rule.clarification.is_some() {
        for question in &case.questions {
            let Some(answered) = question.answered else {
                return Ok(None);
            };
            stood += answered
                .duration_since(question.asked)
                .max(SignedDuration::ZERO);
        }
    }
    let end = timed.rule.end_from(received, &basis.law.calendar)?;
    Ok(Some(end.saturating_add(stood).unwrap_or(end)))
}

/// When the person is to be told: so long after the first collection, or when a delay ends.
pub(super) fn information_due_at(
    case: &Case,
    basis: Basis<'_>,
) -> Result<Option<Timestamp>, CalendarError> {
    let law = &basis.rule.information;
    let (Some(_), Some(within)) = (law.by, law.within) else {
        return Ok(None);
    };
    let Some(collected) = case
        .packages
        .values()
        .filter_map(|package| package.collected)
        .min()
    else {
        return Ok(None);
    };
    let due = within.end_from(collected, &basis.law.calendar)?;
    Ok(Some(
        case.informed
            .delayed_until
            .map_or(due, |until| until.max(due)),
    ))
}

/// When contents, packages and salts are erased: the retention after the case closed,
/// and never while secrecy, a duty to tell or a duty to destroy is open.
pub(super) fn erasure_at(
    case: &Case,
    basis: Basis<'_>,
) -> Result<Option<Timestamp>, CalendarError> {
    let never_issued = case.issued.is_none() && case.ended.is_none();
    let closed = match (case.closed_at(basis.rule), never_issued) {
        (Some(at), _) => at,
        // A draft that nobody ever issued is no reason to keep an application for ever.
        (None, true) => basis
            .rule
            .duration
            .rule
            .end_from(case.drafted_at, &basis.law.calendar)?,
        (None, false) => return Ok(None),
    };
    let owes = case
        .packages
        .values()
        .any(|package| package.destruction_instructed && !package.destroyed);
    if owes {
        return Ok(None);
    }
    let mut term = basis
        .rule
        .retention
        .rule
        .end_from(closed, &basis.law.calendar)?;
    if let Some(end) = case.secrecy_ends() {
        term = term.max(end);
    }
    if let Some(until) = case.informed.delayed_until {
        term = term.max(until);
    }
    Ok(Some(term))
}

impl Case {
    /// Whether a renewal was asked for and waits for approvals.
    pub fn renewal_is_pending(&self) -> bool {
        let pending = |subject: &super::Subject| {
            subject.kind == SubjectKind::Renewal
                && subject.refused.is_none()
                && !subject.is_complete()
        };
        self.subjects.iter().any(pending)
    }
}
