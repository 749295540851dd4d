//! How a package leaves, arrives, and is destroyed again.

use crate::kit::{Scene, Who, check, ciphertext, package};
use portcullis_core::{
    id::PackageId,
    statement::{Event, Kind, Recorded, Withdrawal},
};
use std::collections::BTreeSet;

fn packages<const N: usize>(numbers: [u8; N]) -> BTreeSet<PackageId> {
    numbers.map(package).into()
}

fn instruct<const N: usize>(numbers: [u8; N]) -> Event {
    let packages = packages(numbers);
    Event::DestructionInstructed { packages }
}

fn confirm<const N: usize>(numbers: [u8; N]) -> Event {
    let packages = packages(numbers);
    Event::DestructionConfirmed { packages }
}

#[test]
fn a_release_takes_a_second_person() {
    let mut scene = Scene::warrant().received();
    check(scene.accept([1, 2]), "said");
    let seal = scene.seal_of(1, [1]);
    check(scene.say(Who::Both, Event::Sealed(seal)), "said");
    let released = Event::Released {
        package: package(1),
        recorded: Recorded::Cosigned,
    };
    check(
        scene.say(Who::Both, released.clone()),
        "package.second_person",
    );
    check(scene.say(Who::Response, released), "statement.wrong_office");
    check(scene.release(1), "said");
    check(scene.release(1), "statement.already_said");
    check(scene.release(2), "package.unknown");
}

#[test]
fn nothing_is_released_before_the_hold_is_over() {
    let mut scene = Scene::disclosure().sealed();
    check(scene.at("2026-11-12T23:59:59Z").release(1), "package.held");
    check(scene.at("2026-11-13T00:00:00Z").release(1), "said");
    check(Scene::urgent_disclosure().sealed().release(1), "said");
}

#[test]
fn a_promise_stands_in_during_an_emergency() {
    check(
        Scene::warrant().sealed().release_on_promise(1),
        "package.no_promise",
    );
    check(
        Scene::urgent_warrant().sealed().release_on_promise(1),
        "said",
    );
}

#[test]
fn a_promise_stands_in_during_the_last_hour_before_a_deadline() {
    let scene = Scene::disclosure().under(|rule| rule.hold = None).sealed();
    let at = |text: &str| scene.clone().at(text).release_on_promise(1);
    check(at("2026-11-12T22:59:59Z"), "package.no_promise");
    check(at("2026-11-12T23:00:00Z"), "said");
    check(at("2026-11-14T00:00:00Z"), "said");
}

#[test]
fn a_question_moves_the_last_hour_with_the_deadline() {
    let mut scene = Scene::disclosure().under(|rule| rule.hold = None).sealed();
    check(scene.ask(), "said");
    scene.hours(48);
    check(scene.answer(), "said");
    let at = |text: &str| scene.clone().at(text).release_on_promise(1);
    check(at("2026-11-12T23:30:00Z"), "package.no_promise");
    check(at("2026-11-14T23:00:00Z"), "said");
}

#[test]
fn nothing_is_released_under_an_order_that_is_over() {
    let mut scene = Scene::disclosure().sealed();
    check(scene.at("2027-02-02T00:00:00Z").release(1), "order.expired");
    let mut scene = Scene::disclosure().sealed();
    check(
        scene.say(Who::Applicant, Event::Withdrawn(Withdrawal::Withdrawn)),
        "said",
    );
    check(
        scene.at("2026-11-14T00:00:00Z").release(1),
        "order.withdrawn",
    );
}

#[test]
fn a_package_is_collected_once_and_whole() {
    let mut scene = Scene::disclosure().sealed();
    check(scene.collect(1), "package.not_released");
    let mut scene = Scene::disclosure().released();
    let collected = |number, digest| Event::Collected {
        package: package(number),
        ciphertext: ciphertext(digest),
    };
    check(
        scene.say(Who::AuthorityNode, collected(1, 2)),
        "package.other_ciphertext",
    );
    check(
        scene.say(Who::AuthorityNode, collected(2, 2)),
        "package.unknown",
    );
    check(
        scene.say(Who::ProviderNode, collected(1, 1)),
        "statement.wrong_office",
    );
    check(scene.say(Who::Applicant, collected(1, 1)), "said");
    check(scene.collect(1), "statement.already_said");
}

#[test]
fn what_was_released_in_time_is_collected_after_the_end() {
    let mut scene = Scene::disclosure().released();
    check(scene.at("2027-02-02T00:00:00Z").collect(1), "said");
}

#[test]
fn a_lapse_has_what_crossed_destroyed() {
    let mut scene = Scene::urgent_warrant().released();
    check(scene.accept([1]), "package.out_of_scope");
    check(
        scene.say(Who::ProviderNode, instruct([1])),
        "package.nothing_to_destroy",
    );
    scene.at("2026-11-10T00:00:00Z");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Lapsed]);
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::DestructionInstructed]);
    assert_eq!(scene.tick(Who::ProviderNode), []);
    check(
        scene.say(Who::AuthorityNode, confirm([1])),
        "statement.wrong_office",
    );
    check(
        scene.say(Who::Applicant, confirm([])),
        "package.nothing_to_destroy",
    );
    check(
        scene.say(Who::Applicant, confirm([1, 2])),
        "package.nothing_to_destroy",
    );
    check(scene.say(Who::Applicant, confirm([1])), "said");
    check(
        scene.say(Who::Applicant, confirm([1])),
        "package.nothing_to_destroy",
    );
}

#[test]
fn a_refusal_has_it_destroyed_where_the_approver_asks_for_it() {
    for (destroy, expected) in [(true, &[Kind::DestructionInstructed][..]), (false, &[])] {
        let mut scene = Scene::urgent_warrant().released();
        check(scene.refuse(Who::Commissioner, destroy), "said");
        assert_eq!(scene.tick(Who::ProviderNode), expected);
    }
}

#[test]
fn nothing_is_destroyed_where_nothing_crossed() {
    let mut scene = Scene::urgent_warrant().sealed();
    check(scene.refuse(Who::Commissioner, true), "said");
    assert_eq!(scene.tick(Who::ProviderNode), []);
    check(
        scene.say(Who::ProviderNode, instruct([1])),
        "package.nothing_to_destroy",
    );
    check(
        scene.say(Who::Applicant, confirm([1])),
        "package.nothing_to_destroy",
    );
}

#[test]
fn a_renewed_urgent_order_that_ends_destroys_nothing() {
    let mut scene = Scene::urgent_warrant().released();
    check(scene.renew(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    scene.at("2027-05-09T23:00:00Z");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Expired]);
    assert_eq!(scene.tick(Who::ProviderNode), []);
}

#[test]
fn an_approver_may_instruct_and_the_authority_may_not() {
    let mut scene = Scene::urgent_warrant().released();
    check(scene.refuse(Who::Commissioner, false), "said");
    check(
        scene.say(Who::Applicant, instruct([1])),
        "statement.wrong_office",
    );
    check(scene.say(Who::Commissioner, instruct([1])), "said");
    check(
        scene.say(Who::ProviderNode, instruct([1])),
        "package.nothing_to_destroy",
    );
}
