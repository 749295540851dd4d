//! What every statement must be before anybody asks what it means.

use crate::kit::{MONDAY, Scene, Who, check, member};
use jiff::SignedDuration;
use portcullis_core::{
    case::STATEMENTS_MAX,
    digest::Digest,
    id::CaseId,
    realm::Realm,
    statement::{Event, Header, Kind, Withdrawal},
};
use std::collections::BTreeSet;

/// The applicant's next statement, with a header that went wrong.
#[track_caller]
fn wrong(change: impl FnOnce(&mut Header), expected: &str) {
    let mut scene = Scene::warrant().drafted();
    let by = Who::Applicant.officer();
    let mut header = scene.header(&by.member, Kind::Withdrawn);
    change(&mut header);
    let event = Event::Withdrawn(Withdrawal::Withdrawn);
    check(scene.say_under(header, &by, event), expected);
}

/// The same with a draft.
#[track_caller]
fn wrong_draft(change: impl FnOnce(&mut Header), expected: &str) {
    let mut scene = Scene::warrant();
    let by = Who::Applicant.officer();
    let mut header = scene.header(&by.member, Kind::Drafted);
    change(&mut header);
    let event = Event::Drafted(Box::new(scene.order.clone()));
    check(scene.say_under(header, &by, event), expected);
}

fn exercise() -> Realm {
    Realm::exercise("harbour", [1, 2, 3, 4]).expect("a realm")
}

#[test]
fn a_right_header_is_taken() {
    wrong(|_| (), "said");
    wrong_draft(|_| (), "said");
}

#[test]
fn an_authors_statements_are_numbered_without_a_gap() {
    wrong(|header| header.number = 2, "statement.gap");
    wrong(|header| header.number = 0, "statement.gap");
    wrong_draft(|header| header.number = 1, "statement.gap");
}

#[test]
fn a_statement_follows_its_authors_last_one() {
    wrong(
        |header| header.previous = Some(Digest([9; 32])),
        "statement.fork",
    );
    wrong(|header| header.previous = None, "statement.fork");
    wrong_draft(
        |header| header.previous = Some(Digest([9; 32])),
        "statement.fork",
    );
}

#[test]
fn time_does_not_run_back_nor_far_ahead() {
    let shift =
        |seconds| move |header: &mut Header| header.time += SignedDuration::from_secs(seconds);
    wrong(shift(-1), "statement.runs_back");
    wrong(shift(0), "said");
    wrong(shift(300), "said");
    wrong(shift(301), "statement.from_the_future");
    wrong_draft(shift(301), "statement.from_the_future");
}

#[test]
fn an_exercise_never_meets_live() {
    wrong(|header| header.realm = exercise(), "realm.other");
    wrong(
        |header| header.case = CaseId::new(&exercise(), [7; 12]),
        "realm.other",
    );
    let both = |header: &mut Header| {
        header.realm = exercise();
        header.case = CaseId::new(&exercise(), [7; 12]);
    };
    wrong(both, "realm.other");
    wrong_draft(|header| header.realm = exercise(), "realm.other");
}

#[test]
fn a_statement_belongs_to_one_case_one_law_and_one_addressee() {
    wrong(
        |header| header.case = CaseId::new(&Realm::live(), [8; 12]),
        "statement.other_case",
    );
    wrong(|header| header.law = Digest([9; 32]), "statement.other_law");
    wrong(
        |header| header.addressee = member("court"),
        "statement.other_addressee",
    );
    wrong(
        |header| header.author = member("ministry"),
        "statement.other_member",
    );
    wrong_draft(|header| header.law = Digest([9; 32]), "statement.other_law");
}

#[test]
fn a_case_keeps_the_law_file_it_began_under() {
    let mut scene = Scene::warrant().drafted();
    scene.law.digest = Digest([0x1b; 32]);
    let event = Event::Withdrawn(Withdrawal::Withdrawn);
    check(scene.say(Who::Applicant, event), "statement.other_law");
}

#[test]
fn a_stranger_says_nothing_and_a_case_is_drafted_once() {
    let mut scene = Scene::warrant().drafted();
    let event = Event::Withdrawn(Withdrawal::Withdrawn);
    check(scene.say(Who::Stranger, event), "statement.no_party");
    check(scene.draft(), "case.already_drafted");
}

#[test]
fn a_case_begins_with_its_draft() {
    let event = Event::Withdrawn(Withdrawal::Withdrawn);
    check(
        Scene::warrant().say(Who::Applicant, event),
        "order.nothing_to_approve",
    );
}

#[test]
fn every_member_has_a_chain_of_its_own() {
    let scene = Scene::warrant().received();
    let next = |who: Who| {
        scene
            .case()
            .chains
            .get(&who.member())
            .map(|chain| chain.next)
    };
    assert_eq!(next(Who::Applicant), Some(2));
    assert_eq!(next(Who::Secretary), Some(2));
    assert_eq!(next(Who::Commissioner), Some(1));
    assert_eq!(next(Who::ProviderNode), Some(1));
    assert_eq!(scene.case().statements, 6);
}

#[test]
fn a_full_case_takes_no_more_but_is_refused_ended_and_erased_all_the_same() {
    let mut scene = Scene::urgent_warrant().released();
    while scene.case().statements < STATEMENTS_MAX {
        check(scene.accept([3]), "said");
    }
    check(scene.accept([3]), "case.full");
    let mut lapsing = scene.clone();
    check(scene.refuse(Who::Commissioner, true), "said");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::DestructionInstructed]);

    lapsing.at("2026-11-10T00:00:00Z");
    assert_eq!(lapsing.tick(Who::ProviderNode), [Kind::Lapsed]);
    assert_eq!(
        lapsing.tick(Who::ProviderNode),
        [Kind::DestructionInstructed]
    );
    let packages: BTreeSet<_> = [crate::kit::package(1)].into();
    check(
        lapsing.say(Who::Applicant, Event::DestructionConfirmed { packages }),
        "said",
    );
    lapsing.at("2028-01-01T00:00:00Z");
    assert_eq!(lapsing.tick(Who::ProviderNode), [Kind::Erased]);
}

#[test]
fn an_erased_case_is_silent() {
    let mut scene = Scene::warrant().drafted();
    assert_eq!(scene.now, crate::kit::at(MONDAY));
    scene.at("2028-06-01T00:00:00Z").tick(Who::AuthorityNode);
    let event = Event::Withdrawn(Withdrawal::Withdrawn);
    check(scene.say(Who::Applicant, event), "case.erased");
}
