//! Clocks: expired orders and registers, statements from the future, service too late, urgency.

use super::{NEXT_DAY, genuine, insufficient, not_genuine, whole};
use crate::kit::{World, order};
use portcullis_core::{
    office::Office,
    order::Order,
    statement::{Approval, Event},
};
use portcullis_verdict::statement;

#[test]
fn an_order_past_its_six_months_is_insufficient() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    genuine(&world.verdict(story.entries.clone(), None, "2026-09-01T22:59:59Z"));
    insufficient(
        &world.verdict(story.entries, None, "2026-09-01T23:00:00Z"),
        "order.expired",
    );
}

#[test]
fn nothing_is_genuine_under_an_expired_register() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    let verdict = world.verdict(story.entries, None, "2027-06-01T00:00:00Z");
    not_genuine(&verdict, "register.expired");
    assert_eq!(verdict.checks.len(), 1);
}

#[test]
fn a_statement_from_before_the_register_is_not_believed() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-01-04T09:00:00Z");
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "register.not_then",
    );
}

#[test]
fn a_statement_from_the_future_is_not_genuine() {
    let (world, story) = whole();
    let verdict = world.verdict(story.entries, None, "2026-03-02T11:00:00Z");
    not_genuine(&verdict, "statement.from_the_future");
}

#[test]
fn an_author_does_not_go_back_in_time() {
    let (world, mut story) = whole();
    let event = Event::Withdrawn(portcullis_core::statement::Withdrawal::Withdrawn);
    story.say("police", "applicant", "2026-03-02T08:00:00Z", &event);
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "statement.runs_back",
    );
}

#[test]
fn an_order_that_was_never_issued_is_insufficient() {
    let (world, mut story) = whole();
    story.entries.truncate(3);
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.not_issued",
    );
}

fn urgent() -> Order {
    Order {
        urgency: Some("a child is missing".into()),
        ..order()
    }
}

#[test]
fn an_urgent_order_stands_until_the_fifth_working_day_and_then_lapses() {
    let world = World::new();
    let mut story = world.case(1, urgent());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    story
        .issue("2026-03-02T12:00:00Z")
        .serve("2026-03-02T13:00:00Z");
    let verdict = world.verdict(story.entries.clone(), Some("mail"), NEXT_DAY);
    genuine(&verdict);
    assert!(
        verdict
            .checks
            .iter()
            .any(|check| check.name == "order.urgent")
    );
    genuine(&world.verdict(story.entries.clone(), None, "2026-03-09T23:59:59Z"));
    insufficient(
        &world.verdict(story.entries, None, "2026-03-10T00:00:00Z"),
        "order.lapsed",
    );
}

#[test]
fn urgency_that_the_order_does_not_state_is_none() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    let event = Event::Issued {
        order: story.order_digest,
        urgent: true,
    };
    story.say("minister", "minister", "2026-03-02T12:00:00Z", &event);
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.not_urgent",
    );
}

/// A warrant of a US judge for stored content; void unless served within fourteen days.
fn warrant() -> Order {
    let json = r#"{
        "law": "us-sca", "rule": "warrant-2703a",
        "authority": "police.example", "provider": "mail.example",
        "approvers": [{ "office": "magistrate_judge", "member": "court.example" }],
        "targets": [{ "target": 1, "selector": { "kind": "email", "value": "a@mail.example", "at": null, "port": null } }],
        "items": [{ "item": 1, "target": 1, "category": "stored_content",
                    "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z" }],
        "grounds": ["probable_cause"], "offence": null, "urgency": null, "protected": [],
        "delivery_key": "age1police", "secrecy": "none",
        "application": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    }"#;
    statement::order_from_json(json.as_bytes()).unwrap()
}

#[test]
fn a_warrant_served_too_late_is_void() {
    let mut register = World::new().register;
    let court = register
        .members
        .get_mut(&crate::kit::member("court"))
        .unwrap();
    for entry in court.keys.values_mut() {
        let term = entry.offices[&Office::JudicialCommissioner];
        entry.offices.insert(Office::MagistrateJudge, term);
    }
    let world = World::under(register);
    for (served, good) in [
        ("2026-03-12T09:00:00Z", true),
        ("2026-03-20T09:00:00Z", false),
    ] {
        let mut story = world.case(1, warrant());
        story.draft("2026-03-02T09:00:00Z");
        let subject = story.order_digest;
        let approval = Approval {
            subject,
            office: Office::MagistrateJudge,
            signed_for: None,
        };
        story.say(
            "court",
            "commissioner",
            "2026-03-02T10:00:00Z",
            &Event::Approved(approval),
        );
        let issued = Event::Issued {
            order: subject,
            urgent: false,
        };
        story.say("court", "commissioner", "2026-03-02T11:00:00Z", &issued);
        story.serve(served);
        let verdict = world.verdict(story.entries, None, "2026-03-21T09:00:00Z");
        if good {
            genuine(&verdict);
        } else {
            insufficient(&verdict, "order.unserved");
        }
    }
}
