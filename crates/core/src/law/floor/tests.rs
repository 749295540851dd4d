use super::*;
use crate::{
    category::Category,
    digest::Digest,
    law::{
        Change, Clarification, Clause, Demand, Effect, Ground, Information, Modification, Party,
        Protected, Protection, Publication, Reason, Renewal, Scope, SecrecyRule, Timed, Turn,
        Urgent,
    },
    office::Office,
    selector::SelectorKind,
    time::{Calendar, EndOfPeriod, FirstDay, TimeRule, Unit},
};
use jiff::{civil::Date, tz::TimeZone};
use std::sync::Arc;

fn clause() -> Clause {
    Clause {
        text: "Statute s. 1".into(),
        verified: false,
    }
}

fn turn(offices: &[Office]) -> Turn {
    Turn {
        offices: offices.to_vec(),
        signed_for_by: None,
        clause: clause(),
    }
}

const fn period(count: u32, unit: Unit) -> TimeRule {
    TimeRule {
        count,
        unit,
        first_day: FirstDay::On,
        end: EndOfPeriod::AsItFalls,
    }
}

fn timed(count: u32, unit: Unit) -> Timed {
    Timed {
        rule: period(count, unit),
        clause: clause(),
    }
}

fn reason(code: &str) -> Reason {
    Reason {
        code: code.into(),
        title: "a reason".into(),
        clause: clause(),
    }
}

fn ground(only: &[Category]) -> Ground {
    let (code, title) = ("serious_crime".into(), "serious crime".into());
    Ground {
        code,
        title,
        offence: false,
        only: only.to_vec(),
        clause: clause(),
    }
}

/// A rule that touches no floor: a judge approves stored content.
#[expect(
    clippy::too_many_lines,
    reason = "one rule, whole, is easier to compare with its type"
)]
fn rule() -> Rule {
    Rule {
        id: "disclosure".into(),
        title: "Disclosure".into(),
        clause: clause(),
        valid: Validity {
            from: Date::constant(2026, 1, 1),
            to: None,
        },
        scope: Scope::Targeted,
        effect: Effect::Disclose,
        applicants: vec!["police".into()],
        applies: turn(&[Office::Applicant, Office::SeniorOfficer]),
        categories: [Category::Traffic, Category::StoredContent].into(),
        selectors: [SelectorKind::Account].into(),
        targets_max: TARGETS_MAX,
        subjects_max: 1,
        grounds: vec![ground(&[])],
        offence_in_order: false,
        approval: vec![turn(&[Office::Judge])],
        urgent: Some(Urgent {
            now: vec![turn(&[Office::Prosecutor])],
            later: Some(turn(&[Office::Judge])),
            decide_within: Some(timed(3, Unit::WorkingDays)),
            lapse: timed(5, Unit::WorkingDays),
            approval_lifts_lapse: false,
            refusal_bars_renewal: true,
            not_for: vec!["serious_crime".into()],
            clause: clause(),
        }),
        protections: vec![
            Protection {
                who: Protected::Legislator,
                demand: Demand::Approver(turn(&[Office::PrimeMinister])),
                on_urgent: true,
                clause: clause(),
            },
            Protection {
                who: Protected::JournalistSource,
                demand: Demand::Approver(turn(&[Office::JudicialCommissioner])),
                on_urgent: false,
                clause: clause(),
            },
            Protection {
                who: Protected::PersonalRecords,
                demand: Demand::Bar,
                on_urgent: true,
                clause: clause(),
            },
        ],
        issues: turn(&[Office::Judge]),
        serves: turn(&[Office::ServingOfficer]),
        serve_within: Some(timed(3, Unit::Months)),
        duration: timed(DURATION_MONTHS_MAX, Unit::Months),
        renewal: Some(Renewal {
            by: turn(&[Office::Applicant]),
            approval: vec![turn(&[Office::Judge])],
            duration: period(1, Unit::Months),
            window: Some(period(30, Unit::Days)),
            times_max: None,
            clause: clause(),
        }),
        modifications: vec![Modification {
            change: Change::AddTarget,
            by: turn(&[Office::Applicant]),
            approval: vec![turn(&[Office::Judge])],
            approval_if_protected: Vec::new(),
            clause: clause(),
        }],
        cancels: None,
        answer_within: Some(timed(10, Unit::Days)),
        answer_within_urgent: Some(timed(8, Unit::Hours)),
        hold: None,
        preserve_on_receipt: None,
        clarification: Some(Clarification {
            answer_within: Some(timed(5, Unit::Days)),
            silence_frees: true,
            clause: clause(),
        }),
        secrecy: SecrecyRule::Ordered {
            longest: period(SECRECY_MONTHS_MAX, Unit::Months),
            by: Some(turn(&[Office::Judge])),
            reasons: vec![reason("evidence")],
            clause: clause(),
        },
        information: Information {
            by: Some(Party::Authority),
            within: Some(period(30, Unit::Days)),
            delay_longest: Some(period(90, Unit::Days)),
            delay_reasons: vec![reason("harm")],
            clause: clause(),
        },
        approver_reasons: vec![reason("too_broad")],
        provider_reasons: vec![reason("undue_burden"), reason("comity")],
        counted: vec!["orders".into()],
        publications: vec![Publication {
            by: Party::Provider,
            counted: vec!["orders".into()],
            band: Some(500),
            period_months: 6,
            delay_months: 6,
            first_embargo_months: 18,
            joint: false,
            clause: clause(),
        }],
        retention: timed(24, Unit::Months),
    }
}

fn law(rules: Vec<Rule>) -> Law {
    let day = Date::constant(2026, 1, 1);
    let calendar = Calendar {
        id: "none".into(),
        zone: TimeZone::UTC,
        holidays: [].into(),
        from: day,
        to: day,
        proclaimed_to: day,
    };
    Law {
        id: "statute".into(),
        title: "A statute of nowhere".into(),
        jurisdiction: "zz".into(),
        digest: Digest([0; 32]),
        calendar: Arc::new(calendar),
        rules,
    }
}

/// Breaks the sound rule in one way, and expects that floor there, and no other.
fn check(code: &str, at: &str, damage: impl FnOnce(&mut Rule)) {
    let mut broken = rule();
    damage(&mut broken);
    let found: Vec<_> = super::check(&law(vec![broken]))
        .into_iter()
        .map(|found| (found.code, found.at))
        .collect();
    assert_eq!(found, [(code, format!("rule.0.{at}"))]);
}

#[test]
fn a_rule_at_every_floor_goes_below_none() {
    assert_eq!(super::check(&law(vec![rule()])), []);
}

#[test]
fn a_law_without_rules_is_refused() {
    let found = super::check(&law(Vec::new()));
    assert_eq!(
        found.iter().map(|found| found.code).collect::<Vec<_>>(),
        ["law.floor.no_rules"]
    );
}

#[test]
fn only_targeted_instruments_are_carried() {
    for scope in [Scope::Thematic, Scope::Bulk, Scope::Capability] {
        check("law.floor.scope", "scope", |rule| rule.scope = scope);
    }
    check("law.floor.untargeted", "selectors", |rule| {
        rule.selectors.clear();
    });
    check("law.floor.untargeted", "targets_max", |rule| {
        rule.targets_max = 0;
    });
    check("law.floor.untargeted", "subjects_max", |rule| {
        rule.subjects_max = 0;
    });
    check("law.floor.targets", "targets_max", |rule| {
        rule.targets_max = TARGETS_MAX + 1;
    });
    check("law.floor.targets", "subjects_max", |rule| {
        rule.subjects_max = u16::MAX;
    });
}

#[test]
fn categories_are_listed_and_each_is_opened_by_a_ground() {
    check("law.floor.no_category", "categories", |rule| {
        rule.categories.clear();
    });
    check("law.floor.effect", "categories", |rule| {
        rule.categories = [Category::InterceptedContent].into();
    });
    check("law.floor.category_closed", "categories", |rule| {
        rule.grounds = vec![ground(&[Category::Traffic])];
    });
    check("law.floor.category_closed", "grounds.1.only", |rule| {
        rule.grounds.push(Ground {
            code: "life".into(),
            ..ground(&[Category::Location])
        });
    });
    check("law.floor.repeated_code", "grounds.1.code", |rule| {
        rule.grounds.push(ground(&[]));
    });
    check("law.floor.no_ground", "grounds", |rule| {
        rule.grounds.clear();
        rule.urgent = None;
    });
}

#[test]
fn nobody_approves_only_preservation_and_basic_subscriber_data() {
    let alone = |rule: &mut Rule| rule.approval.clear();
    for category in Category::ALL
        .iter()
        .copied()
        .filter(|category| *category != Category::BasicSubscriber)
    {
        if category != Category::InterceptedContent {
            check("law.floor.unapproved", "approval", |rule| {
                alone(rule);
                rule.categories = [category].into();
            });
        }
    }
    let mut subscriber = rule();
    alone(&mut subscriber);
    subscriber.categories = [Category::BasicSubscriber].into();
    let mut preservation = rule();
    alone(&mut preservation);
    preservation.id = "preservation".into();
    preservation.effect = Effect::Preserve;
    preservation.issues = turn(&[Office::Applicant]);
    assert_eq!(super::check(&law(vec![subscriber, preservation])), []);
    check("law.floor.one_person", "issues", |rule| {
        alone(rule);
        rule.categories = [Category::BasicSubscriber].into();
        rule.issues = turn(&[Office::SeniorOfficer]);
    });
}

#[test]
fn neither_the_applicant_nor_the_provider_nor_a_machine_approves() {
    for own in [Office::Applicant, Office::SeniorOfficer] {
        check("law.floor.own_approval", "approval.0", |rule| {
            rule.approval[0].offices.push(own);
        });
        check("law.floor.own_approval", "approval.0", |rule| {
            rule.approval[0].signed_for_by = Some(own);
        });
        check("law.floor.own_approval", "urgent.now.0", |rule| {
            rule.urgent.as_mut().unwrap().now = vec![turn(&[own])];
        });
        check("law.floor.own_approval", "protections.0", |rule| {
            rule.protections[0].demand = Demand::Approver(turn(&[own]));
        });
    }
    for never in [Office::LegalResponse, Office::ReleaseOfficer, Office::Node] {
        check("law.floor.approver_office", "approval.0", |rule| {
            rule.approval[0].offices.push(never);
        });
        check("law.floor.approver_office", "approval.0", |rule| {
            rule.approval[0].signed_for_by = Some(never);
        });
        check("law.floor.approver_office", "issues", |rule| {
            rule.issues = turn(&[never]);
        });
        check("law.floor.approver_office", "urgent.later", |rule| {
            rule.urgent.as_mut().unwrap().later = Some(turn(&[never]));
        });
        check("law.floor.approver_office", "renewal.approval.0", |rule| {
            rule.renewal.as_mut().unwrap().approval = vec![turn(&[never])];
        });
    }
}

#[test]
fn who_carries_out_or_looks_on_approves_nothing() {
    for idle in [
        Office::ServingOfficer,
        Office::SinglePointOfContact,
        Office::Inspector,
    ] {
        check("law.floor.approver_office", "approval.0", |rule| {
            rule.approval[0].offices.push(idle);
        });
    }
}

#[test]
fn content_is_approved_by_somebody_outside_the_authority() {
    for inside in [
        Office::DesignatedSeniorOfficer,
        Office::SubpoenaIssuer,
        Office::GovernmentAttorney,
    ] {
        check("law.floor.inside_approval", "approval", |rule| {
            rule.approval = vec![turn(&[inside])];
        });
        // Either of them would suffice, so the one inside would.
        check("law.floor.inside_approval", "approval", |rule| {
            rule.approval[0].offices.push(inside);
        });
        check("law.floor.inside_approval", "urgent.now", |rule| {
            rule.urgent.as_mut().unwrap().now = vec![turn(&[inside])];
        });
        let mut traffic = rule();
        traffic.categories = [Category::Traffic].into();
        traffic.approval = vec![turn(&[inside])];
        assert_eq!(super::check(&law(vec![traffic])), []);
    }
}

#[test]
fn secrecy_is_approved_with_the_order_or_by_itself() {
    let alone = |rule: &mut Rule| {
        rule.approval.clear();
        rule.categories = [Category::BasicSubscriber].into();
    };
    let unasked = |rule: &mut Rule| {
        let SecrecyRule::Ordered { by, .. } = &mut rule.secrecy else {
            unreachable!("the sound rule orders secrecy")
        };
        *by = None;
    };
    check("law.floor.secrecy_unapproved", "secrecy", |rule| {
        alone(rule);
        unasked(rule);
    });
    let (mut judged, mut subpoena) = (rule(), rule());
    assert_eq!(
        judged.secrecy_approval(),
        None,
        "the judge approves the order already"
    );
    alone(&mut subpoena);
    assert_eq!(subpoena.secrecy_approval(), Some(&turn(&[Office::Judge])));
    unasked(&mut judged);
    assert_eq!(super::check(&law(vec![judged])), []);
}

#[test]
fn every_turn_is_held_by_some_office() {
    let nobody = || turn(&[]);
    check("law.floor.nobody_applies", "applicants", |rule| {
        rule.applicants.clear();
    });
    check("law.floor.no_office", "applies", |rule| {
        rule.applies = nobody();
    });
    check("law.floor.no_office", "issues", |rule| {
        rule.issues = nobody();
    });
    check("law.floor.no_office", "serves", |rule| {
        rule.serves = nobody();
    });
    check("law.floor.no_office", "cancels", |rule| {
        rule.cancels = Some(nobody());
    });
    check("law.floor.no_office", "approval.1", |rule| {
        rule.approval.push(nobody());
    });
    check("law.floor.no_office", "protections.0", |rule| {
        rule.protections[0].demand = Demand::Approver(nobody());
    });
    check("law.floor.no_office", "secrecy.by", |rule| {
        let SecrecyRule::Ordered { by, .. } = &mut rule.secrecy else {
            unreachable!("the sound rule orders secrecy")
        };
        *by = Some(nobody());
    });
}

#[test]
fn the_urgent_path_has_an_approval_and_lapses() {
    fn urgent(rule: &mut Rule) -> &mut Urgent {
        rule.urgent.as_mut().unwrap()
    }
    check("law.floor.urgent_unapproved", "urgent.now", |rule| {
        urgent(rule).now.clear();
    });
    check("law.floor.urgent_lapse", "urgent.lapse", |rule| {
        urgent(rule).lapse = timed(32, Unit::Days);
    });
    check("law.floor.urgent_lapse", "urgent.lapse", |rule| {
        urgent(rule).lapse = timed(13, Unit::WorkingDays);
    });
    check("law.floor.empty_period", "urgent.lapse", |rule| {
        urgent(rule).lapse = timed(0, Unit::Hours);
    });
    check("law.floor.unknown_ground", "urgent.not_for.0", |rule| {
        urgent(rule).not_for = vec!["spying".into()];
    });
}

#[test]
fn the_applicant_alone_neither_prolongs_nor_widens() {
    check("law.floor.renewal_unapproved", "renewal", |rule| {
        rule.renewal.as_mut().unwrap().approval.clear();
    });
    check(
        "law.floor.modification_unapproved",
        "modifications.0",
        |rule| rule.modifications[0].approval.clear(),
    );
    let mut removing = rule();
    removing.modifications[0].change = Change::RemoveTarget;
    removing.modifications[0].approval.clear();
    assert_eq!(super::check(&law(vec![removing])), []);
}

#[test]
fn everything_ends() {
    let long = || timed(DURATION_MONTHS_MAX + 1, Unit::Months);
    check("law.floor.duration", "duration", |rule| {
        rule.duration = long();
    });
    check("law.floor.duration", "duration", |rule| {
        rule.duration = timed(u32::MAX, Unit::WorkingDays);
    });
    check("law.floor.duration", "renewal.duration", |rule| {
        rule.renewal.as_mut().unwrap().duration = long().rule;
    });
    check("law.floor.retention", "retention", |rule| {
        rule.retention = timed(u32::MAX, Unit::Hours);
    });
    check("law.floor.empty_period", "duration", |rule| {
        rule.duration = timed(0, Unit::Days);
    });
    check("law.floor.empty_period", "answer_within", |rule| {
        rule.answer_within = Some(timed(0, Unit::Days));
    });
    check("law.floor.secrecy", "secrecy.longest", |rule| {
        let SecrecyRule::Ordered { longest, .. } = &mut rule.secrecy else {
            unreachable!("the sound rule orders it")
        };
        longest.count += 1;
    });
    check("law.floor.delay", "information", |rule| {
        rule.information.delay_reasons.clear();
    });
    check("law.floor.delay", "information", |rule| {
        rule.information.delay_longest = None;
    });
    check("law.floor.delay", "information.delay_longest", |rule| {
        rule.information.delay_longest = Some(period(DELAY_MONTHS_MAX + 1, Unit::Months));
    });
    check("law.floor.silence", "clarification", |rule| {
        rule.clarification.as_mut().unwrap().answer_within = None;
    });
}

#[test]
fn what_is_published_is_counted_and_in_bands_that_can_be_proved() {
    for band in [1, 99, 101, 2_000] {
        check("law.floor.band", "publications.0.band", |rule| {
            rule.publications[0].band = Some(band);
        });
    }
    check("law.floor.publication", "publications.0", |rule| {
        rule.publications[0].period_months = 0;
    });
    check("law.floor.publication", "publications.0", |rule| {
        rule.publications[0].first_embargo_months = 37;
    });
    check("law.floor.uncounted", "publications.0.counted", |rule| {
        rule.counted.clear();
    });
    check(
        "law.floor.repeated_code",
        "provider_reasons.1.code",
        |rule| rule.provider_reasons[1] = reason("undue_burden"),
    );
}

#[test]
fn one_word_has_one_rule_on_one_day() {
    check("law.floor.validity", "valid", |rule| {
        rule.valid.to = Some(Date::constant(2025, 12, 31));
    });
    let dated = |from: Date, to: Option<Date>| Rule {
        valid: Validity { from, to },
        ..rule()
    };
    let codes = |rules| {
        super::check(&law(rules))
            .iter()
            .map(|found| (found.code, found.at.clone()))
            .collect::<Vec<_>>()
    };
    let (spring, summer) = (Date::constant(2026, 3, 1), Date::constant(2026, 6, 1));
    assert_eq!(
        codes(vec![rule(), rule()]),
        [("law.floor.duplicate", "rule.1.id".into())]
    );
    assert_eq!(
        codes(vec![rule(), dated(summer, None)]),
        [("law.floor.overlap", "rule.1.valid".into())]
    );
    // One day in common is one day too many.
    assert_eq!(
        codes(vec![dated(spring, Some(summer)), dated(summer, None)]),
        [("law.floor.overlap", "rule.1.valid".into())]
    );
    let ended = dated(spring, Some(Date::constant(2026, 5, 31)));
    assert_eq!(codes(vec![ended.clone(), dated(summer, None)]), []);
    assert_eq!(codes(vec![dated(summer, None), ended]), []);
}

#[test]
fn protected_professions_add_their_approvers_and_a_bar_bars() {
    let (rule, none) = (rule(), [].into());
    let content = [Category::StoredContent].into();
    let offices = |turns: Vec<Turn>| {
        turns
            .into_iter()
            .flat_map(|turn| turn.offices)
            .collect::<Vec<_>>()
    };
    assert_eq!(offices(rule.approval_for(&content, &none)), [Office::Judge]);
    assert_eq!(
        offices(rule.urgent_approval_for(&none).unwrap()),
        [Office::Prosecutor]
    );

    let both = [Protected::Legislator, Protected::JournalistSource].into();
    let extra = [
        Office::Judge,
        Office::PrimeMinister,
        Office::JudicialCommissioner,
    ];
    assert_eq!(offices(rule.approval_for(&content, &both)), extra);
    assert_eq!(
        offices(rule.urgent_approval_for(&both).unwrap()),
        [Office::Prosecutor, Office::PrimeMinister]
    );
    assert_eq!(rule.bar_for(&both), None);
    assert!(rule.bar_for(&[Protected::PersonalRecords].into()).is_some());
}
