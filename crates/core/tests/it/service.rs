//! From issue to receipt, and the clocks that start there.

use crate::kit::{Scene, Who, at, check};
use portcullis_core::{
    case::TimerKind,
    digest::Digest,
    statement::{Event, Kind},
};

const ANSWER: &str = "provider's answer due";

fn clock(scene: &Scene, kind: TimerKind, what: &str) -> Option<String> {
    scene.timer(kind, what).map(|(at, _)| at)
}

#[test]
fn an_order_is_served_once_it_is_issued_and_received_once_it_is_served() {
    let mut scene = Scene::disclosure().approved();
    check(scene.serve(Who::Serving), "order.not_issued");
    check(scene.issue(Who::Judge), "said");
    check(scene.receive(Who::ProviderNode), "order.not_served");
    check(scene.serve(Who::Applicant), "order.wrong_office");
    check(scene.serve(Who::Serving), "said");
    check(scene.serve(Who::Serving), "statement.already_said");
    check(scene.receive(Who::Serving), "statement.wrong_office");
    check(scene.receive(Who::Response), "said");
    check(scene.receive(Who::ProviderNode), "statement.already_said");
}

#[test]
fn what_is_issued_served_and_received_is_the_order_that_was_drafted() {
    let order = Digest([9; 32]);
    let verdict = "GENUINE".into();
    let mut scene = Scene::disclosure().approved();
    let issued = Event::Issued {
        order,
        urgent: false,
    };
    check(scene.say(Who::Judge, issued), "package.other_order");
    let mut scene = Scene::disclosure().issued();
    check(
        scene.say(Who::Serving, Event::Served { order }),
        "package.other_order",
    );
    let mut scene = Scene::disclosure().served();
    let received = Event::Received { order, verdict };
    check(
        scene.say(Who::ProviderNode, received),
        "package.other_order",
    );
    check(
        scene.say(Who::Judge, Event::Renewed { order }),
        "package.other_order",
    );
}

#[test]
fn an_order_served_too_late_is_void() {
    let mut scene = Scene::disclosure().issued();
    let void = Some(("2026-12-03T00:00:00Z".into(), "Act service".into()));
    assert_eq!(scene.timer(TimerKind::Lapse, "void unless served"), void);
    let mut late = scene.clone();
    check(
        late.at("2026-12-03T00:00:00Z").serve(Who::Serving),
        "order.unserved",
    );
    check(scene.at("2026-12-02T23:59:59Z").serve(Who::Serving), "said");
    assert_eq!(scene.timer(TimerKind::Lapse, "void unless served"), None);
}

#[test]
fn a_provider_serves_no_order_on_itself() {
    let mut scene = Scene::disclosure().issued();
    let order = scene.case().order_digest;
    let mut by = Who::Response.officer();
    by.offices
        .insert(portcullis_core::office::Office::ServingOfficer);
    check(
        scene.say_as(&by, Event::Served { order }),
        "order.wrong_office",
    );
}

#[test]
fn data_are_preserved_on_receipt_where_the_law_says_so() {
    let mut scene = Scene::disclosure().served();
    assert_eq!(scene.tick(Who::ProviderNode), []);
    check(
        scene.say(Who::ProviderNode, Event::Preserved { until: None }),
        "order.not_received",
    );
    check(scene.receive(Who::ProviderNode), "said");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Preserved]);
    assert_eq!(scene.tick(Who::ProviderNode), []);
    assert_eq!(
        scene.case().preserved,
        Some((at("2026-11-02T09:00:00Z"), None))
    );
    let mut scene = Scene::warrant().received();
    assert_eq!(scene.tick(Who::ProviderNode), []);
}

#[test]
fn a_preservation_lasts_as_long_as_its_order() {
    let mut scene = Scene::preservation().received();
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Preserved]);
    let ends = clock(&scene, TimerKind::Lapse, "preservation ends");
    assert_eq!(ends.as_deref(), Some("2027-01-02T00:00:00Z"));
}

#[test]
fn every_clock_follows_its_clause() {
    let scene = Scene::disclosure().received();
    let midnight = |clause: &str| Some(("2026-11-13T00:00:00Z".into(), clause.to_owned()));
    assert_eq!(
        scene.timer(TimerKind::Deadline, ANSWER),
        midnight("Act answer")
    );
    assert_eq!(
        scene.timer(TimerKind::Hold, "no release before"),
        midnight("Act hold")
    );
    let expiry = Some(("2027-02-02T00:00:00Z".into(), "Act duration".into()));
    assert_eq!(scene.timer(TimerKind::Lapse, "order expires"), expiry);
    let secret = Some(("2027-05-01T00:00:00Z".into(), "Act secrecy".into()));
    assert_eq!(scene.timer(TimerKind::Hold, "secret until"), secret);
}

#[test]
fn an_emergency_is_answered_in_hours_and_held_by_nothing() {
    let scene = Scene::urgent_disclosure().received();
    let answer = Some(("2026-11-02T17:00:00Z".into(), "Act urgent answer".into()));
    assert_eq!(scene.timer(TimerKind::Deadline, ANSWER), answer);
    assert_eq!(scene.timer(TimerKind::Hold, "no release before"), None);
}

#[test]
fn a_question_stops_the_deadline_by_the_time_it_stood_open() {
    let mut scene = Scene::disclosure().received();
    scene.hours(24);
    check(scene.ask(), "said");
    check(scene.ask(), "case.question_open");
    assert_eq!(clock(&scene, TimerKind::Deadline, ANSWER), None);
    let stopped = scene.timer(
        TimerKind::Stopped,
        "answer clock stands while a question is open",
    );
    assert_eq!(
        stopped,
        Some(("2026-11-03T09:00:00Z".into(), "Act question".into()))
    );
    let due = scene.timer(TimerKind::Deadline, "authority's answer due");
    assert_eq!(
        due,
        Some(("2026-11-09T00:00:00Z".into(), "Act clarification".into()))
    );
    scene.hours(30);
    check(scene.answer(), "said");
    check(scene.answer(), "case.no_question");
    let later = |scene: &Scene| clock(scene, TimerKind::Deadline, ANSWER);
    assert_eq!(later(&scene).as_deref(), Some("2026-11-14T06:00:00Z"));
    check(scene.ask(), "said");
    scene.hours(2);
    check(scene.answer(), "said");
    assert_eq!(later(&scene).as_deref(), Some("2026-11-14T08:00:00Z"));
}

#[test]
fn a_question_is_asked_by_the_provider_about_items_of_the_order_while_it_runs() {
    let about = |items: &[u16]| Event::ClarificationAsked {
        items: items.iter().copied().collect(),
        question: "which?".into(),
    };
    check(Scene::disclosure().served().ask(), "order.not_received");
    let mut scene = Scene::disclosure().received();
    check(
        scene.say(Who::Applicant, about(&[1])),
        "statement.wrong_office",
    );
    check(scene.say(Who::Response, about(&[9])), "order.unknown_item");
    check(scene.answer(), "case.no_question");
    check(scene.at("2027-02-02T00:00:00Z").ask(), "order.expired");
}

#[test]
fn silence_past_the_laws_days_frees_the_provider_once() {
    let mut scene = Scene::disclosure().received();
    scene.tick(Who::ProviderNode);
    check(
        scene.say(Who::ProviderNode, Event::Freed),
        "case.no_question",
    );
    check(scene.ask(), "said");
    scene.at("2026-11-07T23:59:59Z");
    check(scene.say(Who::ProviderNode, Event::Freed), "timer.not_due");
    assert_eq!(scene.tick(Who::ProviderNode), []);
    scene.at("2026-11-08T00:00:00Z");
    check(
        scene.say(Who::Response, Event::Freed),
        "statement.wrong_office",
    );
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Freed]);
    assert_eq!(scene.tick(Who::ProviderNode), []);
    check(
        scene.say(Who::ProviderNode, Event::Freed),
        "statement.already_said",
    );
}

#[test]
fn a_late_answer_brings_no_deadline_back_to_the_freed() {
    let mut scene = Scene::disclosure().received();
    check(scene.ask(), "said");
    scene.at("2026-11-08T00:00:00Z").tick(Who::ProviderNode);
    check(scene.answer(), "said");
    assert_eq!(clock(&scene, TimerKind::Deadline, ANSWER), None);
}

#[test]
fn where_no_law_says_so_silence_frees_nobody() {
    let patient = |rule: &mut portcullis_core::law::Rule| {
        rule.clarification
            .as_mut()
            .expect("a question")
            .silence_frees = false;
    };
    let mut scene = Scene::disclosure().under(patient).received();
    check(scene.ask(), "said");
    scene.at("2027-01-08T00:00:00Z");
    check(scene.say(Who::ProviderNode, Event::Freed), "timer.not_due");
    assert!(!scene.tick(Who::ProviderNode).contains(&Kind::Freed));
}
