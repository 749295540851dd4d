//! Statements taken out, put in twice, carried over from elsewhere.

use super::{NEXT_DAY, genuine, insufficient, not_genuine, whole};
use crate::kit::{World, member, order};
use portcullis_core::{digest::Digest, id::CaseId, office::Office, realm::Realm, statement::Event};
use portcullis_verdict::{law::Laws, text::realm};

#[test]
fn an_order_to_one_provider_is_not_genuine_at_another() {
    let (world, story) = whole();
    genuine(&world.verdict(story.entries.clone(), Some("mail"), NEXT_DAY));
    let verdict = world.verdict(story.entries, Some("chat"), NEXT_DAY);
    not_genuine(&verdict, "statement.other_addressee");
    assert!(
        verdict
            .checks
            .iter()
            .any(|check| check.name == "order.addressed_to_us" && !check.passed)
    );
}

#[test]
fn an_order_readdressed_in_its_header_is_not_genuine() {
    let world = World::new();
    let mut story = world.case(1, order());
    let event = Event::Drafted(Box::new(story.order.clone()));
    let mut header = story.header("police", "2026-03-02T09:00:00Z", &event);
    header.addressee = member("chat");
    story.say_under(&header, "applicant", &event);
    not_genuine(
        &world.verdict(story.entries, Some("chat"), NEXT_DAY),
        "statement.other_addressee",
    );
}

#[test]
fn an_approval_of_another_case_is_not_genuine_here() {
    let (world, story) = whole();
    let mut other = world.case(2, order());
    other.whole();
    let mut entries = story.entries;
    entries[1] = other.entries[1].clone();
    not_genuine(
        &world.verdict(entries, None, NEXT_DAY),
        "statement.other_case",
    );
}

#[test]
fn a_statement_taken_out_leaves_a_gap() {
    let (world, story) = whole();
    let mut entries = story.entries;
    // The minister's approval is number 0 and the issue number 1; without the first,
    // the commissioner has nothing to follow and the issue nothing to stand on.
    entries.remove(1);
    entries.remove(1);
    not_genuine(&world.verdict(entries, None, NEXT_DAY), "statement.gap");
}

#[test]
fn a_statement_said_twice_is_no_second_one() {
    let (world, story) = whole();
    let mut entries = story.entries;
    entries.insert(2, entries[1].clone());
    not_genuine(&world.verdict(entries, None, NEXT_DAY), "statement.gap");
}

#[test]
fn two_statements_of_one_number_are_a_fork() {
    let (world, mut story) = whole();
    story
        .chains
        .insert(member("minister"), (2, Digest([3; 32])));
    let event = Event::Withdrawn(portcullis_core::statement::Withdrawal::Cancelled);
    story.say("minister", "minister", "2026-03-02T15:00:00Z", &event);
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "statement.fork",
    );
}

#[test]
fn nothing_comes_before_the_draft_and_no_second_draft_after_it() {
    let (world, story) = whole();
    let mut entries = story.entries.clone();
    entries.swap(0, 1);
    not_genuine(
        &world.verdict(entries, None, NEXT_DAY),
        "order.nothing_to_approve",
    );
    let mut again = story;
    again.draft("2026-03-02T14:00:00Z");
    not_genuine(
        &world.verdict(again.entries, None, NEXT_DAY),
        "case.already_drafted",
    );
}

#[test]
fn a_case_id_of_an_exercise_does_not_pass_as_live() {
    let world = World::new();
    let exercise = realm("exercise-harbour").unwrap();
    let mut story = world.case(1, order());
    story.id = CaseId::new(&exercise, [1; 12]);
    story.draft("2026-03-02T09:00:00Z");
    not_genuine(&world.verdict(story.entries, None, NEXT_DAY), "realm.other");
    let mut story = world.case(1, order());
    story.realm = exercise.clone();
    story.id = CaseId::new(&exercise, [1; 12]);
    story.draft("2026-03-02T09:00:00Z");
    not_genuine(
        &world.verdict(story.entries.clone(), None, NEXT_DAY),
        "realm.other",
    );
    assert_ne!(story.realm, Realm::live());
}

#[test]
fn a_law_that_is_not_installed_is_named_and_nothing_is_believed_of_it() {
    let (mut world, story) = whole();
    world.laws = Laws::default();
    insufficient(&world.verdict(story.entries, None, NEXT_DAY), "law.unknown");
}

#[test]
fn a_statement_under_another_law_than_its_case_is_not_genuine() {
    let world = World::new();
    let mut story = world.case(1, order());
    story.draft("2026-03-02T09:00:00Z");
    story.law = world.laws.by_id("us-sca").unwrap().digest;
    story.approve(
        "minister",
        "minister",
        Office::SecretaryOfState,
        "2026-03-02T10:00:00Z",
    );
    not_genuine(
        &world.verdict(story.entries, None, NEXT_DAY),
        "statement.other_law",
    );
}

#[test]
fn a_rule_that_the_law_does_not_have_is_not_law() {
    let world = World::new();
    let mut asked = order();
    asked.rule = "bulk-interception".into();
    let mut story = world.case(1, asked);
    story.draft("2026-03-02T09:00:00Z");
    insufficient(
        &world.verdict(story.entries, None, NEXT_DAY),
        "law.not_valid",
    );
}
