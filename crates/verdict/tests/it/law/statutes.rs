//! What the laws that come with Portcullis say, rule by rule.

use jiff::civil::Date;
use portcullis_core::{
    category::{Category, Class},
    law::{Effect, Law, Protected, Rule, SecrecyRule},
    office::Office,
};
use portcullis_verdict::law::{self, CALENDAR_FILES, Calendars, LAW_FILES, Laws};
use std::sync::Arc;

const TODAY: Date = Date::constant(2026, 11, 23);

fn installed(id: &str) -> Arc<Law> {
    Arc::clone(law::builtin().by_id(id).unwrap())
}

fn rule(law: &Law, id: &str) -> Rule {
    law.rule(id, TODAY).unwrap().clone()
}

/// Each turn as `office|office`, in sequence.
fn turns(turns: Vec<portcullis_core::law::Turn>) -> Vec<String> {
    let words = |turn: portcullis_core::law::Turn| {
        turn.offices
            .iter()
            .map(|o| o.as_str())
            .collect::<Vec<_>>()
            .join("|")
    };
    turns.into_iter().map(words).collect()
}

fn approvals(rule: &Rule, protected: &[Protected]) -> Vec<String> {
    turns(rule.approval_for(&rule.categories, &protected.iter().copied().collect()))
}

#[test]
fn every_law_that_comes_with_portcullis_loads_and_goes_below_no_floor() {
    let calendars =
        Calendars::parse(CALENDAR_FILES.map(|(name, text)| (name, text.as_bytes()))).unwrap();
    for (name, text) in LAW_FILES {
        let law = law::parse(name, text.as_bytes(), &calendars).unwrap();
        assert_eq!(name, format!("laws/{}.toml", law.id));
    }
    assert_eq!(law::builtin().iter().count(), LAW_FILES.len());
}

#[test]
fn a_law_of_ones_own_is_usable_and_shown_as_not_published() {
    let mut laws: Laws = law::builtin();
    let (name, text) = LAW_FILES[0];
    let changed = format!("{text}\n# one word more\n");
    let own = law::parse(name, changed.as_bytes(), &Calendars::builtin()).unwrap();
    let (published, own_digest) = (laws.by_id(&own.id).unwrap().digest, own.digest);
    assert_ne!(published, own_digest);
    laws.install(own);
    assert!(laws.published(&published) && !laws.published(&own_digest));
    assert!(laws.get(&published).is_some() && laws.get(&own_digest).is_some());
    assert_eq!(laws.by_id("uk-ipa-2016").unwrap().digest, own_digest);
}

#[test]
fn each_rule_has_the_approvals_of_its_clause_in_their_sequence() {
    let check = |law: &str, id: &str, expected: &[&str]| {
        assert_eq!(
            approvals(&rule(&installed(law), id), &[]),
            expected,
            "{law} {id}"
        );
    };
    check(
        "uk-ipa-2016",
        "targeted-interception",
        &["secretary_of_state", "judicial_commissioner"],
    );
    check(
        "uk-ipa-2016",
        "targeted-interception-scotland",
        &["scottish_ministers", "judicial_commissioner"],
    );
    check(
        "uk-ipa-2016",
        "communications-data-60a",
        &["investigatory_powers_commissioner"],
    );
    check(
        "uk-ipa-2016",
        "communications-data-61",
        &["designated_senior_officer"],
    );
    check(
        "uk-ipa-2016",
        "communications-data-61a",
        &["designated_senior_officer"],
    );
    check("us-sca", "subpoena-2703c2", &[]);
    check("us-sca", "order-2703d", &["judge|magistrate_judge"]);
    check("us-sca", "warrant-2703a", &["judge|magistrate_judge"]);
    check("us-sca", "preservation-2703f", &[]);
}

#[test]
fn a_warrant_about_a_legislator_also_needs_the_prime_minister_even_when_urgent() {
    let rule = rule(&installed("uk-ipa-2016"), "targeted-interception");
    let prime_minister = "prime_minister|designated_secretary_of_state";
    let ordinary = approvals(&rule, &[Protected::Legislator]);
    assert_eq!(
        ordinary,
        [
            "secretary_of_state",
            "judicial_commissioner",
            prime_minister
        ]
    );
    let urgent = rule
        .urgent_approval_for(&[Protected::Legislator].into())
        .unwrap();
    assert_eq!(turns(urgent), ["secretary_of_state", prime_minister]);
    // Privilege and journalism bring no further approver, but a statement each (ss. 27-29).
    let others = [
        Protected::LegalPrivilege,
        Protected::JournalisticMaterial,
        Protected::JournalistSource,
    ];
    assert_eq!(approvals(&rule, &others).len(), 2);
    assert_eq!(rule.statements_for(&others.into()).len(), 3);
}

#[test]
fn a_journalists_source_brings_the_judicial_commissioner_to_communications_data() {
    let law = installed("uk-ipa-2016");
    for id in [
        "communications-data-60a",
        "communications-data-61",
        "communications-data-61a",
    ] {
        let asked = approvals(&rule(&law, id), &[Protected::JournalistSource]);
        assert_eq!(
            asked.last().map(String::as_str),
            Some("judicial_commissioner"),
            "{id}"
        );
        assert_eq!(asked.len(), 2, "{id}");
    }
}

#[test]
fn events_data_are_for_serious_crime_and_not_for_any_crime() {
    let law = installed("uk-ipa-2016");
    for id in [
        "communications-data-60a",
        "communications-data-61",
        "communications-data-61a",
    ] {
        let rule = rule(&law, id);
        assert!(
            rule.opens("crime", Category::EntityData) && !rule.opens("crime", Category::EventsData),
            "{id}"
        );
        assert!(rule.opens("serious_crime", Category::EventsData), "{id}");
    }
    assert!(
        !rule(&law, "communications-data-61a")
            .grounds
            .iter()
            .any(|ground| ground.code == "national_security")
    );
}

#[test]
fn an_urgent_warrant_is_decided_on_the_third_and_ends_with_the_fifth_working_day() {
    let law = installed("uk-ipa-2016");
    let urgent = rule(&law, "targeted-interception").urgent.unwrap();
    assert_eq!(
        turns(urgent.later.into_iter().collect()),
        ["judicial_commissioner"]
    );
    assert!(urgent.refusal_bars_renewal && !urgent.approval_lifts_lapse);
    let check = |timed: &portcullis_core::law::Timed, issued: &str, end: &str| {
        let counted = timed.rule.end_from(issued.parse().unwrap(), &law.calendar);
        assert_eq!(
            counted,
            Ok(end.parse().unwrap()),
            "{} from {issued}",
            timed.clause
        );
    };
    let decide = urgent.decide_within.unwrap();
    // Over Easter; over a holiday in Scotland alone; over Christmas, with the 28th as a substitute day.
    check(&decide, "2026-04-01T09:00:00Z", "2026-04-08T23:00:00Z");
    check(&decide, "2026-07-31T15:00:00Z", "2026-08-06T23:00:00Z");
    check(&decide, "2026-12-24T15:00:00Z", "2027-01-01T00:00:00Z");
    check(
        &urgent.lapse,
        "2026-04-01T09:00:00Z",
        "2026-04-10T23:00:00Z",
    );
    check(
        &urgent.lapse,
        "2026-07-31T15:00:00Z",
        "2026-08-10T23:00:00Z",
    );
    check(
        &urgent.lapse,
        "2026-12-24T15:00:00Z",
        "2027-01-07T00:00:00Z",
    );
}

#[test]
fn orders_end_when_their_clauses_say() {
    let check = |law: &str, id: &str, issued: &str, end: &str| {
        let law = installed(law);
        let counted = rule(&law, id)
            .duration
            .rule
            .end_from(issued.parse().unwrap(), &law.calendar);
        assert_eq!(counted, Ok(end.parse().unwrap()), "{id}");
    };
    check(
        "uk-ipa-2016",
        "targeted-interception",
        "2026-03-01T10:00:00Z",
        "2026-08-31T23:00:00Z",
    );
    check(
        "uk-ipa-2016",
        "communications-data-60a",
        "2026-11-23T10:00:00Z",
        "2026-12-23T00:00:00Z",
    );
    check(
        "uk-ipa-2016",
        "communications-data-61a",
        "2026-11-23T10:00:00Z",
        "2026-11-26T00:00:00Z",
    );
    check(
        "us-sca",
        "preservation-2703f",
        "2026-01-01T17:00:00Z",
        "2026-04-01T04:00:00Z",
    );
}

#[test]
fn a_warrant_renews_with_both_approvals_and_a_preservation_once() {
    let warrant = rule(&installed("uk-ipa-2016"), "targeted-interception")
        .renewal
        .unwrap();
    assert_eq!(warrant.by.offices, [Office::SecretaryOfState]);
    assert_eq!(turns(warrant.approval), ["judicial_commissioner"]);
    assert_eq!(warrant.times_max, None);
    let preservation = rule(&installed("us-sca"), "preservation-2703f")
        .renewal
        .unwrap();
    assert_eq!(
        (preservation.times_max, preservation.duration.count),
        (Some(1), 90)
    );
    assert!(
        rule(&installed("uk-ipa-2016"), "communications-data-61a")
            .renewal
            .is_none()
    );
}

#[test]
fn secrecy_by_order_needs_a_judge_and_an_end_and_british_secrecy_has_none() {
    for id in ["subpoena-2703c2", "order-2703d", "warrant-2703a"] {
        let SecrecyRule::Ordered {
            longest,
            by,
            reasons,
            ..
        } = rule(&installed("us-sca"), id).secrecy
        else {
            panic!("{id} has secrecy by order");
        };
        assert_eq!(turns(by.into_iter().collect()), ["judge|magistrate_judge"]);
        assert_eq!((longest.days_at_most(), reasons.len()), (372, 5));
    }
    for rule in &installed("uk-ipa-2016").rules {
        assert!(
            matches!(rule.secrecy, SecrecyRule::NoEndInLaw { .. }),
            "{}",
            rule.id
        );
    }
}

#[test]
fn a_subpoena_needs_a_judge_for_its_secrecy_alone() {
    let law = installed("us-sca");
    let asked = |id: &str| rule(&law, id).secrecy_approval().cloned();
    assert_eq!(
        turns(asked("subpoena-2703c2").into_iter().collect()),
        ["judge|magistrate_judge"]
    );
    assert_eq!(
        [
            asked("order-2703d"),
            asked("warrant-2703a"),
            asked("preservation-2703f")
        ],
        [None, None, None]
    );
}

#[test]
fn content_is_asked_for_only_where_a_minister_with_a_judge_or_a_judge_alone_approves() {
    for law in law::builtin().iter() {
        for rule in &law.rules {
            let content = rule
                .categories
                .iter()
                .any(|category| category.class() == Class::Content);
            let judges = [
                Office::Judge,
                Office::MagistrateJudge,
                Office::JudicialCommissioner,
            ];
            let by_a_judge = rule
                .approval
                .iter()
                .any(|turn| turn.offices.iter().all(|office| judges.contains(office)));
            assert!(
                !content || by_a_judge || rule.effect == Effect::Preserve,
                "{} {}",
                law.id,
                rule.id
            );
        }
    }
}

#[test]
fn an_operator_shows_warrants_in_bands_of_five_hundred_six_months_late() {
    let rule = rule(&installed("uk-ipa-2016"), "targeted-interception");
    let line = rule.publications.first().unwrap();
    assert_eq!(
        (
            line.band,
            line.period_months,
            line.delay_months,
            line.first_embargo_months
        ),
        (Some(500), 6, 6, 18)
    );
    assert!(!line.joint && line.clause.verified);
}

#[test]
fn orders_of_the_past_are_not_carried_under_the_text_of_today() {
    let law = installed("uk-ipa-2016");
    let first = Date::constant(2025, 7, 8);
    assert!(law.rule("targeted-interception", first).is_some());
    assert!(
        law.rule("targeted-interception", first.yesterday().unwrap())
            .is_none()
    );
    assert!(law.rule("bulk-interception", TODAY).is_none());
}

#[test]
fn what_was_not_seen_in_the_text_says_so_and_house_rules_are_labelled() {
    let text: String = LAW_FILES.map(|(_, text)| text).concat();
    for line in text
        .lines()
        .filter(|line| line.contains("house rule:") && line.contains("clause ="))
    {
        assert!(
            line.contains("verified = true") || line.starts_with("clause ="),
            "{line}"
        );
    }
    // Facts that the notes mark as general knowledge: they stay unverified until somebody reads the text.
    for unseen in [
        "FRCrP 41(d)",
        "FRCrP 41(e)(2)(A)",
        "28 CFR 50.10",
        "IPA 2016 Sch. 4",
        "by its silence",
    ] {
        let lines: Vec<_> = text.lines().collect();
        let seen = lines
            .windows(2)
            .filter(|pair| pair[0].contains("clause =") && pair[0].contains(unseen));
        assert!(seen.clone().count() > 0, "{unseen}");
        for pair in seen {
            assert!(pair.concat().contains("verified = false"), "{pair:?}");
        }
    }
}
