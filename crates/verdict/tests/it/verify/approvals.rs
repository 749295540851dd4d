//! Who approved what: the wrong office, nobody, the same person, other bytes.

use super::{NEXT_DAY, genuine, insufficient, not_genuine, whole};
use crate::kit::{World, digest_of, key, member, order};
use portcullis_core::{
    digest::Digest,
    law::Protected,
    office::Office,
    statement::{Approval, Event, Refused, Withdrawal},
};

#[test]
fn a_whole_order_is_genuine_with_and_without_proofs_and_for_its_provider() {
    let (mut world, mut story) = whole();
    let plain = world.verdict(story.entries.clone(), None, NEXT_DAY);
    genuine(&plain);
    story.witnessed(&mut world);
    let verdict = world.verdict(story.entries, Some("mail"), NEXT_DAY);
    genuine(&verdict);
    assert_eq!(
        verdict.line,
        "GENUINE uk-ipa-2016/targeted-interception from police.example to mail.example: 1 target, 1 item, \
         in force until 2026-09-01T23:00:00Z"
    );
    assert!(verdict.case.is_some_and(|case| case.id == story.id));
    let witnessed = verdict
        .checks
        .iter()
        .filter(|check| check.detail.contains("witnessed"))
        .count();
    assert_eq!(witnessed, 5);
}

#[test]
fn an_approval_by_a_senior_officer_of_the_force_is_not_the_ministers() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "police",
        "senior",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.wrong_office",
    );
}

#[test]
fn an_official_signs_for_the_minister_only_when_saying_so() {
    let world = World::new();
    for (signed_for, good) in [
        (None, false),
        (Some("the Secretary of State".to_owned()), true),
    ] {
        let mut story = world.case(1, order());
        story.draft("2026-03-02T09:00:00Z");
        let approval = Approval {
            subject: story.order_digest,
            office: Office::SecretaryOfState,
            signed_for,
        };
        story.say(
            "minister",
            "official",
            "2026-03-02T10:00:00Z",
            &Event::Approved(approval),
        );
        story.approve(
            "court",
            "commissioner",
            Office::JudicialCommissioner,
            "2026-03-02T11:00:00Z",
        );
        story
            .issue("2026-03-02T12:00:00Z")
            .serve("2026-03-02T13:00:00Z");
        let verdict = world.verdict(story.entries, None, NEXT_DAY);
        if good {
            genuine(&verdict);
        } else {
            insufficient(&verdict, "order.wrong_office");
        }
    }
}

#[test]
fn the_commissioner_cannot_come_before_the_minister() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "court",
        "commissioner",
        Office::JudicialCommissioner,
        "2026-03-02T10:00:00Z",
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.wrong_office",
    );
}

#[test]
fn an_order_issued_without_its_second_approval_is_insufficient() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    let so_far = world.verdict(story.entries.clone(), None, NEXT_DAY);
    insufficient(&so_far, "order.approval_missing");
    let missing = so_far.checks.iter().find(|check| !check.passed).unwrap();
    assert_eq!(missing.clause.as_deref(), Some("IPA 2016 s. 23"));
    story
        .issue("2026-03-02T12:00:00Z")
        .serve("2026-03-02T13:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.approval_missing",
    );
}

#[test]
fn one_person_in_two_offices_is_still_one_person() {
    let world = World::new();
    let mut asked = order();
    asked
        .approvers
        .insert(Office::JudicialCommissioner, member("minister"));
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "turncoat",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    story.approve(
        "minister",
        "turncoat",
        Office::JudicialCommissioner,
        "2026-03-02T11:00:00Z",
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.same_person",
    );
}

#[test]
fn an_authority_does_not_fill_the_ministers_office_itself() {
    let world = World::new();
    let mut asked = order();
    asked
        .approvers
        .insert(Office::SecretaryOfState, member("police"));
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.own_order",
    );
}

#[test]
fn an_approver_that_the_order_does_not_name_is_none() {
    let world = World::new();
    let mut asked = order();
    asked
        .approvers
        .insert(Office::JudicialCommissioner, member("inspectorate"));
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    story.approve(
        "court",
        "commissioner",
        Office::JudicialCommissioner,
        "2026-03-02T11:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "statement.no_party",
    );
}

#[test]
fn an_order_changed_after_its_approval_keeps_no_signature() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    story.forge(0, |payload| payload.replace("u/48151623", "u/48151624"));
    // The proof is checked first: the log holds the other bytes.
    not_genuine(
        &world.verdict(story.entries.clone(), None, NEXT_DAY),
        "proof.false",
    );
    story.entries[0].inclusion = None;
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.false",
    );
}

#[test]
fn an_order_changed_and_signed_again_has_no_approvals() {
    let (world, story) = whole();
    let mut other = order();
    other.grounds = ["national_security".to_owned()].into();
    let mut changed = world.case(1, other);
    changed.draft("2026-03-02T09:00:00Z");
    let mut entries = story.entries;
    entries[0] = changed.entries[0].clone();
    not_genuine(
        &world.verdict(entries, None, NEXT_DAY),
        "order.nothing_to_approve",
    );
}

#[test]
fn an_approval_of_other_bytes_approves_nothing() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.order_digest = Digest([7; 32]);
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.nothing_to_approve",
    );
}

#[test]
fn a_refused_or_cancelled_order_is_insufficient() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    let refused = Refused {
        subject: story.order_digest,
        office: Office::SecretaryOfState,
        reason: "not_proportionate".into(),
        note: None,
        destroy: false,
    };
    story.say(
        "minister",
        "minister",
        "2026-03-02T10:00:00Z",
        &Event::Refused(refused),
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.refused",
    );

    let (world, mut story) = whole();
    story.say(
        "minister",
        "official",
        "2026-03-02T14:00:00Z",
        &Event::Withdrawn(Withdrawal::Cancelled),
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.withdrawn",
    );
}

#[test]
fn an_approver_does_not_issue_a_reason_that_the_law_does_not_know() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    let refused = Refused {
        subject: story.order_digest,
        office: Office::SecretaryOfState,
        reason: "no_time".into(),
        note: None,
        destroy: false,
    };
    story.say(
        "minister",
        "minister",
        "2026-03-02T10:00:00Z",
        &Event::Refused(refused),
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "case.unknown_reason",
    );
}

#[test]
fn a_legislators_order_needs_the_prime_minister_too() {
    let world = World::new();
    let mut asked = order();
    asked.protected = [Protected::Legislator].into();
    let mut story = world.case(1, asked.clone());
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.approver_missing",
    );
    asked.protected = [Protected::LegalPrivilege].into();
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.statement_missing",
    );
}

#[test]
fn the_officer_who_serves_is_named_by_the_law() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.whole();
    story.entries.pop();
    let police = member("police");
    let (next, _) = story.chains[&police];
    let first = portcullis_verdict::statement::parse(&story.entries[0].envelope)
        .unwrap()
        .digest;
    story.chains.insert(police, (next - 1, first));
    let event = Event::Served {
        order: story.order_digest,
    };
    story.say("police", "applicant", "2026-03-02T13:00:00Z", &event);
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.wrong_office",
    );
}

#[test]
fn data_sealed_to_a_foreign_key_are_not_asked_for() {
    let world = World::new();
    let mut asked = order();
    asked.delivery_key = "age1somebodyelse".into();
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.delivery_key",
    );
    assert_ne!(digest_of(&key("applicant")), digest_of(&key("senior")));
}
