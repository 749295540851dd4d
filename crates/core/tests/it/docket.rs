//! Which things each statement counts, and what is said of them.

use crate::kit::{Scene, Who, account, at, check, item, october, package, selector};
use portcullis_core::{
    case::Refusal,
    category::Category,
    docket::{Docket, What, dockets_of},
    office::Office,
    order::Secrecy,
    selector::SelectorKind,
    statement::{Event, Inspection, Kind, Look, Modification, Withdrawal},
};
use std::collections::BTreeSet;

/// One docket, its set fields by name.
fn line(docket: &Docket) -> String {
    let mut words = vec![docket.kind.to_string(), docket.what.to_string()];
    words.extend(docket.first.then(|| "first".into()));
    words.extend(docket.category.map(|category| category.to_string()));
    words.extend(docket.selector.map(|kind| kind.to_string()));
    words.extend(docket.reason.as_ref().map(|reason| format!("({reason})")));
    words.extend(docket.urgent.then(|| "urgent".into()));
    words.extend(docket.grant.map(|grant| format!("on {}", grant.as_str())));
    words.extend(docket.took.map(|took| format!("{took}h")));
    words.extend(docket.outcome.map(|outcome| outcome.to_string()));
    words.join(" ")
}

/// What was said last counts these.
#[track_caller]
fn counts(scene: &Scene, said: Result<(), Refusal>, expected: &[&str]) {
    check(said, "said");
    let statement = scene.last.as_ref().unwrap();
    let dockets = dockets_of(statement, scene.case(), scene.basis());
    let found: Vec<String> = dockets.iter().map(line).collect();
    assert_eq!(found, expected);
    for docket in &dockets {
        assert_eq!(docket.law, "test");
        assert_eq!(docket.rule, scene.basis().rule.id);
        assert_eq!(docket.effect, scene.basis().rule.effect);
        assert_eq!(docket.date.to_string(), scene.now.to_string()[..10]);
    }
}

/// Says something and holds what it counts against a list.
macro_rules! counts {
    ($scene:ident . $verb:ident ( $($arg:expr),* ) => $expected:expr) => {{
        let said = $scene.$verb($($arg),*);
        counts(&$scene, said, &$expected);
    }};
}

#[test]
fn an_order_is_counted_from_its_draft_to_its_collection() {
    let mut scene = Scene::disclosure();
    counts!(scene.draft() => ["drafted order first"]);
    scene.hours(2);
    counts!(scene.approve(Who::Judge) => ["approved order first 2h"]);
    let issuer = Who::of(scene.basis().rule.issues.offices[0]);
    let five = |kind: &str, took: &str| -> Vec<String> {
        let mut lines = vec![
            format!("{kind} order first{took}"),
            format!("{kind} target first account{took}"),
            format!("{kind} target first account{took}"),
        ];
        for what in [
            "first basic_subscriber",
            "first traffic",
            "first stored_content",
            "location",
            "traffic",
        ] {
            lines.push(format!("{kind} item {what}{took}"));
        }
        lines
    };
    let of_issue = five("issued", "");
    counts!(scene.issue(issuer) => of_issue.iter().map(String::as_str).collect::<Vec<_>>());
    counts!(scene.serve(Who::Serving) => [
        "served order first",
        "served target first account",
        "served target first account",
    ]);
    scene.now += jiff::SignedDuration::from_mins(61);
    let of_receipt = five("received", " 2h");
    counts!(scene.receive(Who::ProviderNode) => of_receipt.iter().map(String::as_str).collect::<Vec<_>>());
    scene.hours(1);
    counts!(scene.accept([1, 2]) => [
        "accepted order first 1h",
        "accepted target first account 1h",
        "accepted item first basic_subscriber 1h",
        "accepted item first traffic 1h",
    ]);
    // Answering is one kind, in full or in part; the second target is new.
    counts!(scene.narrow(5, october()) => [
        "narrowed order (too_wide) 1h",
        "narrowed target first account (too_wide) 1h",
        "narrowed item first traffic (too_wide) 1h",
    ]);
    counts!(scene.seal(1, [1, 2]) => [
        "sealed order first on order",
        "sealed item first basic_subscriber on order",
        "sealed item first traffic on order",
    ]);
    scene.at("2026-11-13T09:00:00Z");
    let took = 11 * 24 - 3;
    let released = [
        format!("released order first on order {took}h"),
        format!("released item first basic_subscriber on order {took}h"),
        format!("released item first traffic on order {took}h"),
    ];
    counts!(scene.release(1) => released.each_ref().map(String::as_str));
    let collected = released.map(|line| {
        line.replace("released", "collected")
            .replace("261h", "262h")
    });
    counts!(scene.collect(1) => collected.each_ref().map(String::as_str));
    check(scene.seal(2, [5]), "said");
    counts!(scene.release(2) => [
        "released order on order 261h",
        "released item first traffic on order 261h",
    ]);
}

#[test]
fn a_no_is_counted_and_nothing_is_nothing_once_all_is_declined() {
    let mut scene = Scene::disclosure().received();
    counts!(scene.decline([1, 2], "house.not_held") => [
        "declined order first (house.not_held) 0h part",
        "declined item first basic_subscriber (house.not_held) 0h part",
        "declined item first traffic (house.not_held) 0h part",
    ]);
    let challenged = Event::Challenged {
        items: BTreeSet::from([3]),
        reason: "unlawful".into(),
        note: String::new(),
    };
    counts!(scene.say(Who::Response, challenged) => [
        "challenged order first (unlawful) 0h",
        "challenged item first stored_content (unlawful) 0h",
    ]);
    counts!(scene.decline([3, 4, 5], "unlawful") => [
        "declined order (unlawful) 0h nothing",
        "declined item first stored_content (unlawful) 0h nothing",
        "declined item first location (unlawful) 0h nothing",
        "declined item traffic (unlawful) 0h nothing",
    ]);
}

#[test]
fn what_approvers_refuse_is_told_from_changes_that_they_refuse() {
    let mut scene = Scene::urgent_warrant().issued();
    let said = scene.refuse(Who::Commissioner, true);
    counts(
        &scene,
        said,
        &["refused order first (not_necessary) urgent 0h nothing"],
    );
    let mut scene = Scene::warrant().received();
    scene.at("2027-04-20T09:00:00Z");
    counts!(scene.renew(Who::Secretary) => ["renewed renewal first"]);
    scene.hours(30);
    counts!(scene.approve(Who::Commissioner) => ["approved renewal 30h"]);
}

#[test]
fn what_is_added_is_counted_where_it_is_added() {
    let mut scene = Scene::warrant().received();
    let added = Modification::AddTarget {
        target: 2,
        selector: account(2),
    };
    counts!(scene.modify(Who::Secretary, added) => [
        "modified change first",
        "modified target first account",
    ]);
    let added = Modification::AddItem {
        item: 4,
        what: item(1, Category::SecondaryData),
    };
    counts!(scene.modify(Who::Senior, added) => [
        "modified change first",
        "modified item first secondary_data",
    ]);
}

#[test]
fn persons_are_counted_where_the_rule_has_them_counted() {
    let subjects = |scene: &Scene| {
        let dockets = dockets_of(scene.last.as_ref().unwrap(), scene.case(), scene.basis());
        dockets
            .iter()
            .filter(|docket| docket.what == What::Subject)
            .count()
    };
    let users =
        |scene: Scene| scene.under(|rule| rule.counted = vec!["orders".into(), "users".into()]);
    // A rule with one subject has one, however many selectors lead to it, and once a case.
    let mut scene = users(Scene::warrant()).received();
    assert_eq!(scene.basis().rule.subjects_max, 1);
    assert_eq!(subjects(&scene), 1);
    check(scene.accept([1]), "said");
    assert_eq!(subjects(&scene), 1);
    check(scene.accept([2]), "said");
    assert_eq!(subjects(&scene), 0);
    assert_eq!(subjects(&Scene::warrant().received()), 0);
    // Under another rule those are counted that selectors name.
    let several = Scene::disclosure()
        .under(|rule| rule.subjects_max = 3)
        .with(|order| {
            order
                .targets
                .insert(1, selector(SelectorKind::Person, "A person, born 1970"));
        });
    assert_eq!(subjects(&users(several).received()), 1);
}

#[test]
fn the_urgent_path_its_lapse_and_what_is_destroyed_are_counted() {
    let mut scene = Scene::urgent_warrant().released();
    scene.at("2026-11-10T00:00:00Z");
    let mut found = Vec::new();
    let by = Who::ProviderNode.officer();
    for event in
        portcullis_core::case::due(scene.case(), scene.basis(), &by.member, scene.now).unwrap()
    {
        check(scene.say_as(&by, event), "said");
        let statement = scene.last.clone().unwrap();
        let dockets = dockets_of(&statement, scene.case(), scene.basis());
        found.extend(dockets.iter().map(line));
    }
    assert_eq!(found, ["lapsed order first urgent part"]);
    let packages = BTreeSet::from([package(1)]);
    let instructed = Event::DestructionInstructed {
        packages: packages.clone(),
    };
    counts!(scene.say(Who::ProviderNode, instructed) => [
        "destruction_instructed order first urgent",
        "destruction_instructed package first urgent",
    ]);
    let confirmed = Event::DestructionConfirmed { packages };
    counts!(scene.say(Who::Applicant, confirmed) => [
        "destruction_confirmed order first urgent",
        "destruction_confirmed package first urgent",
    ]);
}

#[test]
fn what_counts_itself_alone_has_one_docket() {
    let mut scene = Scene::preservation().received();
    let preserved = Event::Preserved {
        until: scene.case().ends_at(scene.basis()).unwrap(),
    };
    scene.hours(1);
    counts!(scene.say(Who::ProviderNode, preserved) => ["preserved order first 1h"]);

    let mut scene = Scene::disclosure().received();
    counts!(scene.ask() => ["clarification_asked order first"]);
    counts!(scene.answer() => ["clarification_answered order first"]);
    let look = Event::Inspected(Inspection {
        looker: Who::Response.member(),
        office: Office::LegalResponse,
        look: Look::Case { request: None },
    });
    counts!(scene.say(Who::Response, look) => ["inspected order"]);
    let withdrawn = Event::Withdrawn(Withdrawal::Withdrawn);
    counts!(scene.say(Who::Senior, withdrawn) => ["withdrawn order first nothing"]);
}

#[test]
fn information_is_counted_when_it_is_due_delayed_and_given() {
    let mut scene = Scene::disclosure()
        .with(|order| order.secrecy = Secrecy::None)
        .completed();
    let until = at("2026-12-01T00:00:00Z");
    let reason = "investigation".into();
    counts!(scene.say(Who::Applicant, Event::InformationDelayed { reason, until }) => [
        "information_delayed order first (investigation)",
    ]);
    scene.at("2027-03-01T09:00:00Z");
    counts!(scene.say(Who::Applicant, Event::InformationGiven) => ["information_given order first"]);
}

#[test]
fn secrecy_is_told_without_its_end_and_no_statement_is_without_a_docket() {
    let secrecy = |scene: &Scene| {
        let dockets = dockets_of(scene.last.as_ref().unwrap(), scene.case(), scene.basis());
        dockets[0].secrecy.as_str()
    };
    assert_eq!(secrecy(&Scene::warrant().drafted()), "no_end_in_law");
    assert_eq!(secrecy(&Scene::disclosure().drafted()), "ordered");
    assert_eq!(secrecy(&Scene::preservation().drafted()), "none");
    // The clock's own: every kind that `due` makes.
    let mut scene = Scene::disclosure().received();
    scene.at("2027-02-02T00:00:00Z");
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Expired]);
    counts(&scene, Ok(()), &["expired order first nothing"]);
}

#[test]
fn silence_that_frees_is_counted() {
    let mut scene = Scene::disclosure().received();
    check(scene.ask(), "said");
    scene.at("2026-11-12T09:00:00Z");
    let kinds = scene.tick(Who::ProviderNode);
    assert_eq!(kinds.last(), Some(&Kind::Freed), "{kinds:?}");
    counts(&scene, Ok(()), &["freed order first"]);
}

#[test]
fn opening_and_erasing_are_counted() {
    let mut scene = Scene::disclosure()
        .with(|order| order.secrecy = Secrecy::Until(at("2026-12-01T00:00:00Z")))
        .completed();
    scene.at("2026-12-02T00:00:00Z");
    counts!(scene.say(Who::Inspector, Event::Unsealed) => ["unsealed order first"]);
    scene.at("2029-06-01T00:00:00Z");
    while !scene.tick(Who::ProviderNode).contains(&Kind::Erased) {}
    counts(&scene, Ok(()), &["erased order first"]);
}
