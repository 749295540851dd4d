//! A small law made by hand: a double lock, a judge's order, a preservation.

use jiff::tz::TimeZoneDatabase;
use portcullis_core::{
    category::Category,
    digest::Digest,
    law::{
        Change, Clarification, Clause, Demand, Effect, Ground, Information, Law, Modification,
        Party, Protected, Protection, Reason, Renewal, Rule, Scope, SecrecyRule, Timed, Turn,
        Urgent, Validity,
    },
    office::Office,
    selector::SelectorKind,
    time::{Calendar, EndOfPeriod, FirstDay, TimeRule, Unit},
};
use std::{collections::BTreeSet, sync::Arc};

/// The double lock's place among the rules.
pub(super) const WARRANT: usize = 0;
/// The judge's order's.
pub(super) const DISCLOSURE: usize = 1;
/// The preservation's.
pub(super) const PRESERVATION: usize = 2;

pub(super) fn law() -> Law {
    Law {
        id: "test".into(),
        title: "Act".into(),
        jurisdiction: "gb".into(),
        digest: Digest([0x1a; 32]),
        calendar: Arc::new(calendar()),
        rules: vec![warrant(), disclosure(), preservation()],
    }
}

/// London, with the bank holidays of the weeks that the tests cross.
fn calendar() -> Calendar {
    let holidays = ["2026-11-30", "2026-12-25", "2026-12-28", "2027-01-01"];
    Calendar {
        id: "test".into(),
        zone: TimeZoneDatabase::bundled()
            .get("Europe/London")
            .expect("a zone"),
        holidays: holidays
            .iter()
            .map(|day| day.parse().expect("a day"))
            .collect(),
        from: "2026-01-01".parse().expect("a day"),
        to: "2029-12-31".parse().expect("a day"),
        proclaimed_to: "2027-12-31".parse().expect("a day"),
    }
}

fn clause(text: &str) -> Clause {
    Clause {
        text: format!("Act {text}"),
        verified: true,
    }
}

fn turn(offices: &[Office], text: &str) -> Turn {
    Turn {
        offices: offices.to_vec(),
        signed_for_by: None,
        clause: clause(text),
    }
}

const fn period(count: u32, unit: Unit, first_day: FirstDay) -> TimeRule {
    TimeRule {
        count,
        unit,
        first_day,
        end: EndOfPeriod::AsItFalls,
    }
}

const fn days(count: u32) -> TimeRule {
    period(count, Unit::Days, FirstDay::After)
}

const fn months(count: u32) -> TimeRule {
    period(count, Unit::Months, FirstDay::On)
}

fn timed(rule: TimeRule, text: &str) -> Timed {
    Timed {
        rule,
        clause: clause(text),
    }
}

fn reason(code: &str) -> Reason {
    Reason {
        code: code.into(),
        title: code.into(),
        clause: clause("reasons"),
    }
}

fn ground(code: &str, offence: bool, only: &[Category]) -> Ground {
    Ground {
        code: code.into(),
        title: code.into(),
        offence,
        only: only.to_vec(),
        clause: clause("grounds"),
    }
}

fn protection(who: Protected, demand: Demand) -> Protection {
    Protection {
        who,
        demand,
        on_urgent: true,
        clause: clause("protected"),
    }
}

fn change(change: Change, by: &[Office], approval: &[Turn], protected: &[Turn]) -> Modification {
    Modification {
        change,
        by: turn(by, "changes"),
        approval: approval.to_vec(),
        approval_if_protected: protected.to_vec(),
        clause: clause("changes"),
    }
}

/// What the three have in common.
fn rule(id: &str, effect: Effect, categories: &[Category]) -> Rule {
    Rule {
        id: id.into(),
        title: id.into(),
        clause: clause(id),
        valid: Validity {
            from: "2026-01-01".parse().expect("a day"),
            to: None,
        },
        scope: Scope::Targeted,
        effect,
        applicants: vec!["test.police".into()],
        applies: turn(&[Office::Applicant], "applies"),
        categories: categories.iter().copied().collect(),
        selectors: BTreeSet::from([
            SelectorKind::Account,
            SelectorKind::Person,
            SelectorKind::Premises,
        ]),
        targets_max: 3,
        subjects_max: 1,
        grounds: vec![
            ground("crime", true, &[]),
            ground("safety", false, &[]),
            ground("well_being", false, &[Category::SecondaryData]),
        ],
        offence_in_order: false,
        approval: Vec::new(),
        urgent: None,
        protections: Vec::new(),
        issues: turn(&[Office::Applicant], "issues"),
        serves: turn(&[Office::ServingOfficer], "serves"),
        serve_within: None,
        duration: timed(months(6), "duration"),
        renewal: None,
        modifications: Vec::new(),
        cancels: None,
        answer_within: None,
        answer_within_urgent: None,
        hold: None,
        preserve_on_receipt: None,
        clarification: None,
        secrecy: SecrecyRule::None,
        information: Information {
            by: None,
            within: None,
            delay_longest: None,
            delay_reasons: Vec::new(),
            clause: clause("information"),
        },
        approver_reasons: vec![reason("not_necessary")],
        provider_reasons: vec![reason("too_wide"), reason("unlawful")],
        counted: Vec::new(),
        publications: Vec::new(),
        retention: timed(period(12, Unit::Months, FirstDay::After), "retention"),
    }
}

/// A minister and a commissioner; urgently the minister now, the commissioner within
/// three working days, and an end with the fifth that only a renewal moves.
fn warrant() -> Rule {
    let minister = Turn {
        signed_for_by: Some(Office::SeniorOfficial),
        ..turn(&[Office::SecretaryOfState], "minister")
    };
    let commissioner = turn(&[Office::JudicialCommissioner], "commissioner");
    let by_minister = [Office::SecretaryOfState, Office::SeniorOfficial];
    let by_police = [Office::Applicant, Office::SeniorOfficer];
    Rule {
        approval: vec![minister.clone(), commissioner.clone()],
        urgent: Some(Urgent {
            now: vec![minister.clone()],
            later: Some(commissioner.clone()),
            decide_within: Some(timed(
                period(3, Unit::WorkingDays, FirstDay::After),
                "decision",
            )),
            lapse: timed(period(5, Unit::WorkingDays, FirstDay::After), "lapse"),
            approval_lifts_lapse: false,
            refusal_bars_renewal: true,
            not_for: vec!["well_being".into()],
            clause: clause("urgent"),
        }),
        protections: vec![
            protection(
                Protected::Legislator,
                Demand::Approver(turn(&[Office::PrimeMinister], "premier")),
            ),
            protection(Protected::LegalPrivilege, Demand::Statement),
            protection(Protected::PersonalRecords, Demand::Bar),
        ],
        issues: minister.clone(),
        renewal: Some(Renewal {
            by: turn(&[Office::SecretaryOfState], "renewal"),
            approval: vec![commissioner.clone()],
            duration: months(6),
            window: Some(period(30, Unit::Days, FirstDay::On)),
            times_max: None,
            clause: clause("renewal"),
        }),
        modifications: vec![
            change(Change::AddTarget, &by_minister, &[], &[commissioner]),
            change(
                Change::AddItem,
                &by_police,
                std::slice::from_ref(&minister),
                &[],
            ),
            change(Change::RemoveItem, &by_police, &[], &[]),
        ],
        cancels: Some(minister),
        secrecy: SecrecyRule::NoEndInLaw {
            clause: clause("secrecy"),
        },
        ..rule(
            "warrant",
            Effect::Intercept,
            &[
                Category::StoredContent,
                Category::InterceptedContent,
                Category::SecondaryData,
            ],
        )
    }
}

/// A judge; urgently a prosecutor now and the judge afterwards, who puts the ordinary
/// duration in the place of the lapse.
fn disclosure() -> Rule {
    let judge = turn(&[Office::Judge], "judge");
    Rule {
        approval: vec![judge.clone()],
        urgent: Some(Urgent {
            now: vec![turn(&[Office::Prosecutor], "prosecutor")],
            later: Some(judge.clone()),
            decide_within: Some(timed(period(48, Unit::Hours, FirstDay::After), "decision")),
            lapse: timed(days(5), "lapse"),
            approval_lifts_lapse: true,
            refusal_bars_renewal: true,
            not_for: Vec::new(),
            clause: clause("urgent"),
        }),
        issues: turn(&[Office::Judge, Office::Prosecutor], "issues"),
        serve_within: Some(timed(days(30), "service")),
        duration: timed(months(3), "duration"),
        modifications: vec![
            change(Change::RemoveTarget, &[Office::Applicant], &[], &[]),
            change(Change::RemoveItem, &[Office::Applicant], &[], &[]),
        ],
        answer_within: Some(timed(days(10), "answer")),
        answer_within_urgent: Some(timed(
            period(8, Unit::Hours, FirstDay::After),
            "urgent answer",
        )),
        hold: Some(timed(days(10), "hold")),
        preserve_on_receipt: Some(clause("preserve")),
        clarification: Some(Clarification {
            answer_within: Some(timed(days(5), "clarification")),
            silence_frees: true,
            clause: clause("question"),
        }),
        secrecy: SecrecyRule::Ordered {
            longest: months(12),
            by: Some(judge),
            reasons: Vec::new(),
            clause: clause("secrecy"),
        },
        information: Information {
            by: Some(Party::Authority),
            within: Some(days(30)),
            delay_longest: Some(days(90)),
            delay_reasons: vec![reason("investigation")],
            clause: clause("information"),
        },
        ..rule(
            "disclosure",
            Effect::Disclose,
            &[
                Category::BasicSubscriber,
                Category::Traffic,
                Category::Location,
                Category::StoredContent,
            ],
        )
    }
}

/// Nobody approves; sixty days, prolonged once by thirty.
fn preservation() -> Rule {
    Rule {
        duration: timed(days(60), "duration"),
        renewal: Some(Renewal {
            by: turn(&[Office::Applicant], "renewal"),
            approval: Vec::new(),
            duration: period(30, Unit::Days, FirstDay::On),
            window: None,
            times_max: Some(1),
            clause: clause("renewal"),
        }),
        secrecy: SecrecyRule::Ordered {
            longest: months(12),
            by: Some(turn(&[Office::Judge], "secrecy judge")),
            reasons: Vec::new(),
            clause: clause("secrecy"),
        },
        ..rule(
            "preservation",
            Effect::Preserve,
            &[Category::StoredContent, Category::Traffic],
        )
    }
}
