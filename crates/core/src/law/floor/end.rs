//! Everything ends (design §2, law 6): orders, urgent paths, secrecy, delays, retention.

use super::{
    BANDS, DELAY_MONTHS_MAX, DURATION_MONTHS_MAX, Findings, LAPSE_DAYS_MAX, PUBLICATION_MONTHS_MAX,
    RETENTION_MONTHS_MAX, SECRECY_MONTHS_MAX,
};
use crate::{
    law::{Reason, SecrecyRule, Timed},
    time::TimeRule,
};
use std::collections::BTreeSet;

const DAYS_A_MONTH_MAX: u32 = 31;

pub(super) fn check(found: &mut Findings<'_>) {
    let rule = found.rule;
    bounded(
        found,
        "duration",
        rule.duration.rule,
        DURATION_MONTHS_MAX,
        "law.floor.duration",
    );
    bounded(
        found,
        "retention",
        rule.retention.rule,
        RETENTION_MONTHS_MAX,
        "law.floor.retention",
    );
    if let Some(renewal) = &rule.renewal {
        bounded(
            found,
            "renewal.duration",
            renewal.duration,
            DURATION_MONTHS_MAX,
            "law.floor.duration",
        );
        if let Some(window) = renewal.window {
            some_time(found, "renewal.window", window);
        }
    }
    urgent(found);
    secrecy(found);
    information(found);
    clocks(found);
    reasons(found, "approver_reasons", &rule.approver_reasons);
    reasons(found, "provider_reasons", &rule.provider_reasons);
    publications(found);
}

fn urgent(found: &mut Findings<'_>) {
    let rule = found.rule;
    let Some(urgent) = &rule.urgent else { return };
    if let Some(within) = &urgent.decide_within {
        some_time(found, "urgent.decide_within", within.rule);
    }
    some_time(found, "urgent.lapse", urgent.lapse.rule);
    let days = urgent.lapse.rule.days_at_most();
    if days > LAPSE_DAYS_MAX {
        found.add(
            "urgent.lapse",
            "law.floor.urgent_lapse",
            format!("an order on the urgent path could stand for {days} days; {LAPSE_DAYS_MAX} is the most"),
            "shorten the lapse: who decides later must decide soon",
        );
    }
}

fn secrecy(found: &mut Findings<'_>) {
    let rule = found.rule;
    match &rule.secrecy {
        SecrecyRule::Ordered {
            longest,
            reasons: known,
            ..
        } => {
            bounded(
                found,
                "secrecy.longest",
                *longest,
                SECRECY_MONTHS_MAX,
                "law.floor.secrecy",
            );
            reasons(found, "secrecy.reasons", known);
        }
        SecrecyRule::None | SecrecyRule::NoEndInLaw { .. } => {}
    }
}

fn information(found: &mut Findings<'_>) {
    let told = &found.rule.information;
    if let Some(within) = told.within {
        some_time(found, "information.within", within);
    }
    if let Some(longest) = told.delay_longest {
        bounded(
            found,
            "information.delay_longest",
            longest,
            DELAY_MONTHS_MAX,
            "law.floor.delay",
        );
    }
    reasons(found, "information.delay_reasons", &told.delay_reasons);
    if told.delay_longest.is_some() == told.delay_reasons.is_empty() {
        found.add(
            "information",
            "law.floor.delay",
            "a delay of information needs both a reason and an end".into(),
            "give `delay_longest` and `delay_reasons` together, or neither",
        );
    }
}

fn clocks(found: &mut Findings<'_>) {
    let rule = found.rule;
    let mut clock = |at: &str, timed: Option<&Timed>| {
        if let Some(timed) = timed {
            some_time(found, at, timed.rule);
        }
    };
    clock("serve_within", rule.serve_within.as_ref());
    clock("answer_within", rule.answer_within.as_ref());
    clock("answer_within_urgent", rule.answer_within_urgent.as_ref());
    clock("hold", rule.hold.as_ref());
    if let Some(question) = &rule.clarification {
        clock(
            "clarification.answer_within",
            question.answer_within.as_ref(),
        );
        if question.silence_frees && question.answer_within.is_none() {
            found.add(
                "clarification",
                "law.floor.silence",
                "silence frees the provider, but nothing says after how long".into(),
                "give `answer_within`",
            );
        }
    }
}

fn reasons(found: &mut Findings<'_>, at: &str, reasons: &[Reason]) {
    let mut codes = BTreeSet::new();
    for (number, reason) in reasons.iter().enumerate() {
        if !codes.insert(&reason.code) {
            found.add(
                &format!("{at}.{number}.code"),
                "law.floor.repeated_code",
                format!("the reason `{}` stands above", reason.code),
                "each reason has a code of its own",
            );
        }
    }
}

fn publications(found: &mut Findings<'_>) {
    for (number, line) in found.rule.publications.iter().enumerate() {
        if let Some(band) = line.band.filter(|band| !BANDS.contains(band)) {
            found.add(
                &format!("publications.{number}.band"),
                "law.floor.band",
                format!("a band of {band} is none that can be proved"),
                "publish exactly, or in bands of 100, 250, 500 or 1000",
            );
        }
        if let Some(word) = line
            .counted
            .iter()
            .find(|word| !found.rule.counted.contains(word))
        {
            found.add(
                &format!("publications.{number}.counted"),
                "law.floor.uncounted",
                format!("`{word}` is published, but the rule does not count it"),
                "list it under `counted`: what is not in the record cannot be in a report",
            );
        }
        let months = [
            line.period_months,
            line.delay_months,
            line.first_embargo_months,
        ];
        if line.period_months == 0 || months.iter().any(|m| *m > PUBLICATION_MONTHS_MAX) {
            found.add(
                &format!("publications.{number}"),
                "law.floor.publication",
                format!(
                    "a publication covers 1 to {PUBLICATION_MONTHS_MAX} months and waits no longer"
                ),
                "give the period in months",
            );
        }
    }
}

/// A period that is not empty and not longer than so many months.
fn bounded(found: &mut Findings<'_>, at: &str, rule: TimeRule, months: u32, code: &'static str) {
    some_time(found, at, rule);
    let (days, most) = (rule.days_at_most(), months * DAYS_A_MONTH_MAX);
    if days > most {
        found.add(
            at,
            code,
            format!(
                "the period can last {days} days; {months} months is the most the house carries"
            ),
            "shorten it; an end that never comes is no end",
        );
    }
}

fn some_time(found: &mut Findings<'_>, at: &str, rule: TimeRule) {
    if rule.count == 0 {
        found.add(
            at,
            "law.floor.empty_period",
            "the period is empty: it would be over before it began".into(),
            "count at least one",
        );
    }
}
