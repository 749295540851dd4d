//! Keys: unknown, another member's, revoked, stolen and back-dated, distrusted; proofs that prove
//! something else.

use super::{NEXT_DAY, check, genuine, insufficient, not_genuine, whole};
use crate::kit::{World, at, digest_of, key, member, order};
use jiff::SignedDuration;
use portcullis_core::{
    office::Office,
    statement::{Approval, Event},
};
use portcullis_verdict::{Outcome, statement};

#[test]
fn a_key_that_is_not_in_the_register_proves_nothing() {
    let world = World::new();
    let mut story = world.case(1, order());
    let event = Event::Drafted(Box::new(story.order.clone()));
    story.say("police", "stranger", "2026-03-02T09:00:00Z", &event);
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.unknown_key",
    );
}

#[test]
fn one_members_key_does_not_speak_for_another() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.approve(
        "minister",
        "commissioner",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.unknown_key",
    );
}

#[test]
fn a_member_that_nobody_registered_is_unknown() {
    let world = World::new();
    let mut asked = order();
    asked.authority = member("nobody");
    let mut story = world.case(1, asked);
    let event = Event::Drafted(Box::new(story.order.clone()));
    story.say("nobody", "applicant", "2026-03-02T09:00:00Z", &event);
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "register.unknown_member",
    );
}

#[test]
fn what_a_key_said_after_it_was_given_up_is_not_believed() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    world.revoke(
        "minister",
        "2026-03-02T09:30:00Z",
        false,
        "2026-03-02T20:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.revoked",
    );
}

#[test]
fn what_was_witnessed_before_a_key_was_stolen_stays_genuine() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    world.revoke(
        "minister",
        "2026-03-02T18:00:00Z",
        true,
        "2026-03-02T20:00:00Z",
    );
    genuine(&world.verdict(story.entries, None, NEXT_DAY));
}

#[test]
fn what_nobody_witnessed_before_a_key_was_stolen_is_void() {
    let (mut world, story) = whole();
    world.revoke(
        "minister",
        "2026-03-02T18:00:00Z",
        true,
        "2026-03-02T20:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.revoked",
    );
}

#[test]
fn a_thief_cannot_date_a_statement_back_before_the_theft() {
    let (mut world, mut story) = whole();
    // Dated at ten in the morning; the log shows it only at eight in the evening.
    for entry in &mut story.entries {
        world.include(entry, &crate::kit::WITNESSES, at("2026-03-02T20:00:00Z"));
    }
    world.revoke(
        "minister",
        "2026-03-02T18:00:00Z",
        true,
        "2026-03-02T21:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "signature.revoked",
    );
}

#[test]
fn an_inclusion_days_later_does_not_speak_for_the_claimed_time() {
    let (mut world, mut story) = whole();
    for entry in &mut story.entries {
        world.include(entry, &crate::kit::WITNESSES, at("2026-03-05T09:00:00Z"));
    }
    // Stolen on the fourth: proved on the fifth, so never before the theft.
    world.revoke(
        "minister",
        "2026-03-04T00:00:00Z",
        true,
        "2026-03-06T00:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, "2026-03-07T09:00:00Z"),
        "signature.revoked",
    );
}

#[test]
fn a_node_believes_less_than_its_register_when_told() {
    let (mut world, story) = whole();
    world.trust.distrusted_members.insert(member("minister"));
    not_genuine(
        &world.verdict(story.entries.clone(), None, NEXT_DAY),
        "register.distrusted",
    );
    world.trust = portcullis_verdict::Trust::default();
    world
        .trust
        .distrusted_keys
        .insert(digest_of(&key("commissioner")));
    not_genuine(
        &world.verdict(story.entries.clone(), None, NEXT_DAY),
        "register.distrusted",
    );
    world.trust = portcullis_verdict::Trust::default();
    world.trust.pinned.insert(
        member("court"),
        [digest_of(&key("second-commissioner"))].into(),
    );
    not_genuine(
        &world.verdict(story.entries.clone(), None, NEXT_DAY),
        "register.distrusted",
    );
    world
        .trust
        .pinned
        .insert(member("court"), [digest_of(&key("commissioner"))].into());
    genuine(&world.verdict(story.entries, None, NEXT_DAY));
}

#[test]
fn a_proof_of_another_statement_is_false() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    story.entries[0].inclusion = story.entries[4].inclusion.clone();
    not_genuine(&world.verdict(story.entries, None, NEXT_DAY), "proof.false");
}

#[test]
fn a_proof_under_too_few_witnesses_is_false() {
    let (mut world, mut story) = whole();
    let time = at("2026-03-02T13:05:00Z");
    for witnesses in [&[][..], &["university"], &["university", "impostor"]] {
        world.include(&mut story.entries[0], witnesses, time);
        not_genuine(
            &world.verdict(story.entries.clone(), None, NEXT_DAY),
            "proof.false",
        );
    }
}

#[test]
fn a_proof_in_another_members_log_is_false() {
    let (mut world, mut story) = whole();
    story.witnessed(&mut world);
    let theirs = story.entries[2].inclusion.clone().unwrap();
    let ours = story.entries[1].inclusion.as_mut().unwrap();
    ours.proof = theirs.proof;
    not_genuine(&world.verdict(story.entries, None, NEXT_DAY), "proof.false");
}

#[test]
fn an_office_that_has_ended_by_the_day_of_judgement_counts_only_with_a_witness() {
    let (world, mut story) = whole();
    let mut register = world.register.clone();
    for member in register.members.values_mut() {
        for entry in member.keys.values_mut() {
            if let Some(term) = entry.offices.get_mut(&Office::JudicialCommissioner) {
                term.until = at("2026-03-02T18:00:00Z");
            }
        }
    }
    let mut fresh = World::under(register);
    let plain = fresh.verdict(story.entries.clone(), None, NEXT_DAY);
    not_genuine(&plain, "signature.no_office");
    for entry in &mut story.entries {
        let said = statement::parse(&entry.envelope).unwrap().header.time;
        fresh.include(
            entry,
            &crate::kit::WITNESSES,
            said + SignedDuration::from_mins(5),
        );
    }
    genuine(&fresh.verdict(story.entries, None, NEXT_DAY));
}

#[test]
fn a_statement_that_somebody_added_a_signature_to_is_another_envelope() {
    let (world, mut story) = whole();
    let envelope = portcullis_sign::Envelope::parse(&story.entries[1].envelope).unwrap();
    let stranger = key("stranger").sign(envelope.payload_type(), envelope.payload());
    let both = envelope.with_signature(stranger).unwrap();
    story.entries[1].envelope = both.as_bytes().to_vec();
    let verdict = world.verdict(story.entries, None, NEXT_DAY);
    not_genuine(&verdict, "statement.envelope");
}

#[test]
fn a_signature_of_another_statement_is_false() {
    let (world, mut story) = whole();
    let issue = portcullis_sign::Envelope::parse(&story.entries[3].envelope).unwrap();
    let approval = portcullis_sign::Envelope::parse(&story.entries[1].envelope).unwrap();
    let swapped = portcullis_sign::Envelope::seal(
        approval.payload_type(),
        approval.payload(),
        issue.signatures().to_vec(),
    );
    story.entries[1].envelope = swapped.unwrap().as_bytes().to_vec();
    let verdict = world.verdict(story.entries, None, NEXT_DAY);
    check(&verdict, Outcome::NotGenuine, "signature.false");
    assert!(
        verdict
            .checks
            .iter()
            .any(|check| check.name == "signature.approved" && !check.passed)
    );
}

#[test]
fn a_provider_cannot_approve_what_it_is_asked() {
    let world = World::new();
    let mut asked = order();
    asked
        .approvers
        .insert(Office::JudicialCommissioner, member("mail"));
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.own_order",
    );
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    let approval = Approval {
        subject: story.order_digest,
        office: Office::SecretaryOfState,
        signed_for: None,
    };
    story.say(
        "mail",
        "counsel",
        "2026-03-02T10:00:00Z",
        &Event::Approved(approval),
    );
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "order.wrong_office",
    );
}
