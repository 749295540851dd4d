//! How a case ends, who is told, what is opened, and what is erased.

use crate::kit::{Scene, Who, at, check};
use portcullis_core::{
    case::{Ending, TimerKind},
    order::Secrecy,
    statement::{Event, Kind, Withdrawal},
};

const WITHDRAWN: Event = Event::Withdrawn(Withdrawal::Withdrawn);
const CANCELLED: Event = Event::Withdrawn(Withdrawal::Cancelled);

fn delayed(until: &str) -> Event {
    let (reason, until) = ("investigation".into(), at(until));
    Event::InformationDelayed { reason, until }
}

#[test]
fn the_authority_withdraws_at_any_time_once() {
    for mut scene in [
        Scene::disclosure().drafted(),
        Scene::disclosure().issued(),
        Scene::disclosure().collected(),
    ] {
        check(
            scene.say(Who::Response, WITHDRAWN),
            "statement.wrong_office",
        );
        check(scene.say(Who::Senior, WITHDRAWN), "said");
        assert_eq!(scene.case().ended, Some((Ending::Withdrawn, scene.now)));
        check(scene.say(Who::Senior, WITHDRAWN), "order.withdrawn");
    }
}

#[test]
fn whoever_must_cancel_cancels() {
    let mut scene = Scene::warrant().received();
    check(scene.say(Who::Applicant, CANCELLED), "order.wrong_office");
    check(scene.say(Who::Secretary, CANCELLED), "said");
    check(scene.accept([1]), "order.withdrawn");
    let mut scene = Scene::disclosure().received();
    check(scene.say(Who::Judge, CANCELLED), "statement.wrong_office");
}

#[test]
fn what_has_ended_is_not_withdrawn() {
    let mut scene = Scene::warrant().drafted();
    check(scene.refuse(Who::Secretary, false), "said");
    check(scene.say(Who::Applicant, WITHDRAWN), "order.refused");
    let mut scene = Scene::warrant().received();
    scene.at("2027-05-01T23:00:00Z").tick(Who::AuthorityNode);
    check(
        scene.say(Who::Applicant, WITHDRAWN),
        "statement.already_said",
    );
}

#[test]
fn an_expiry_is_noted_once_by_each_members_clock() {
    let mut scene = Scene::disclosure().received();
    scene.tick(Who::ProviderNode);
    check(
        scene.say(Who::AuthorityNode, Event::Expired),
        "timer.not_due",
    );
    scene.at("2027-02-02T00:00:00Z");
    check(
        scene.say(Who::Applicant, Event::Expired),
        "statement.wrong_office",
    );
    check(
        scene.say(Who::AuthorityNode, Event::Lapsed),
        "timer.not_due",
    );
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Expired]);
    check(
        scene.say(Who::AuthorityNode, Event::Expired),
        "statement.already_said",
    );
    scene.hours(5);
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Expired]);
    assert_eq!(scene.tick(Who::CourtNode), []);
    assert_eq!(
        scene.case().ended,
        Some((Ending::Expired, at("2027-02-02T00:00:00Z")))
    );
}

#[test]
fn a_lapse_is_noted_as_a_lapse_by_both() {
    let mut scene = Scene::urgent_disclosure().received();
    scene.tick(Who::ProviderNode);
    scene.at("2026-11-08T00:00:00Z");
    check(
        scene.say(Who::AuthorityNode, Event::Expired),
        "timer.not_due",
    );
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Lapsed]);
    check(
        scene.say(Who::AuthorityNode, Event::Expired),
        "timer.not_due",
    );
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Lapsed]);
}

#[test]
fn an_order_that_was_never_issued_does_not_expire() {
    let mut scene = Scene::disclosure().approved();
    scene.at("2027-06-01T00:00:00Z");
    check(
        scene.say(Who::AuthorityNode, Event::Expired),
        "order.not_issued",
    );
    assert_eq!(scene.tick(Who::AuthorityNode), []);
}

#[test]
fn a_completed_order_has_no_expiry_to_note() {
    let mut scene = Scene::disclosure().completed();
    assert_eq!(
        scene.case().completed_at(scene.basis().rule),
        Some(scene.now)
    );
    assert_eq!(scene.timer(TimerKind::Lapse, "order expires"), None);
    scene.at("2027-02-02T00:00:00Z");
    assert!(!scene.tick(Who::AuthorityNode).contains(&Kind::Expired));
}

#[test]
fn an_order_is_not_complete_while_an_item_or_a_package_is_open() {
    let done = |scene: &Scene| scene.case().completed_at(scene.basis().rule).is_some();
    let mut scene = Scene::disclosure().released();
    assert!(!done(&scene));
    check(scene.collect(1), "said");
    assert!(!done(&scene));
    check(scene.accept([3]), "said");
    check(scene.decline([4, 5], "unlawful"), "said");
    assert!(!done(&scene));
    check(scene.decline([3], "unlawful"), "said");
    assert!(done(&scene));
}

#[test]
fn the_person_is_told_after_collection_and_never_before_secrecy_ends() {
    let mut scene = Scene::disclosure().collected();
    let due = Some(("2026-12-14T00:00:00Z".into(), "Act information".into()));
    assert_eq!(
        scene.timer(TimerKind::Deadline, "person to be informed"),
        due
    );
    scene.tick(Who::ProviderNode);
    check(
        scene.say(Who::AuthorityNode, Event::InformationDue),
        "timer.not_due",
    );
    scene.at("2026-12-14T00:00:00Z");
    check(
        scene.say(Who::Applicant, Event::InformationDue),
        "statement.wrong_office",
    );
    assert_eq!(scene.tick(Who::ProviderNode), []);
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::InformationDue]);
    check(
        scene.say(Who::AuthorityNode, Event::InformationDue),
        "statement.already_said",
    );
    check(
        scene.say(Who::Applicant, Event::InformationGiven),
        "secrecy.still",
    );
    scene.at("2027-05-01T00:00:00Z");
    check(
        scene.say(Who::Response, Event::InformationGiven),
        "statement.wrong_office",
    );
    check(scene.say(Who::Applicant, Event::InformationGiven), "said");
    check(
        scene.say(Who::Applicant, Event::InformationGiven),
        "statement.already_said",
    );
    check(
        scene.say(Who::Applicant, delayed("2027-06-01T00:00:00Z")),
        "statement.already_said",
    );
}

#[test]
fn a_delay_has_the_laws_reason_and_an_end_within_its_longest_term() {
    let mut scene = Scene::disclosure().collected();
    let other = Event::InformationDelayed {
        reason: "embarrassment".into(),
        until: at("2027-01-01T00:00:00Z"),
    };
    check(scene.say(Who::Senior, other), "case.unknown_reason");
    check(
        scene.say(Who::Senior, delayed("2026-11-13T09:00:00Z")),
        "information.no_delay",
    );
    check(
        scene.say(Who::Senior, delayed("2027-02-12T00:00:01Z")),
        "information.no_delay",
    );
    check(
        scene.say(Who::Response, delayed("2027-02-12T00:00:00Z")),
        "statement.wrong_office",
    );
    check(
        scene.say(Who::Senior, delayed("2027-02-12T00:00:00Z")),
        "said",
    );
    scene.at("2027-02-11T23:59:59Z");
    assert!(
        !scene
            .tick(Who::AuthorityNode)
            .contains(&Kind::InformationDue)
    );
    scene.at("2027-02-12T00:00:00Z");
    assert!(
        scene
            .tick(Who::AuthorityNode)
            .contains(&Kind::InformationDue)
    );
    let none = Scene::disclosure().under(|rule| rule.information.delay_longest = None);
    let refused = none
        .collected()
        .say(Who::Senior, delayed("2027-01-01T00:00:00Z"));
    check(refused, "information.no_delay");
}

#[test]
fn where_the_law_asks_nobody_nobody_tells() {
    let mut scene = Scene::preservation().received();
    check(
        scene.say(Who::Applicant, Event::InformationGiven),
        "information.nobody",
    );
    let by_authority = |rule: &mut portcullis_core::law::Rule| {
        rule.information.by = Some(portcullis_core::law::Party::Authority);
    };
    let mut scene = Scene::warrant().under(by_authority).received();
    check(
        scene.say(Who::Applicant, Event::InformationGiven),
        "secrecy.no_end",
    );
}

#[test]
fn a_docket_is_opened_once_after_secrecy_ends() {
    let mut scene = Scene::disclosure().received();
    check(
        scene
            .at("2027-04-30T23:59:59Z")
            .say(Who::Inspector, Event::Unsealed),
        "secrecy.still",
    );
    scene.at("2027-05-01T00:00:00Z");
    check(
        scene.say(Who::Release, Event::Unsealed),
        "statement.wrong_office",
    );
    check(scene.say(Who::Inspector, Event::Unsealed), "said");
    check(
        scene.say(Who::Response, Event::Unsealed),
        "statement.already_said",
    );
}

#[test]
fn nothing_is_unsealed_without_an_end_or_without_secrecy_or_by_strangers() {
    let mut scene = Scene::warrant().received();
    check(
        scene
            .at("2029-01-01T00:00:00Z")
            .say(Who::Inspector, Event::Unsealed),
        "secrecy.no_end",
    );
    let open = Scene::disclosure().with(|order| order.secrecy = Secrecy::None);
    check(
        open.received().say(Who::Inspector, Event::Unsealed),
        "secrecy.none",
    );
    let mut scene = Scene::disclosure().received();
    scene.at("2027-05-01T00:00:00Z");
    check(
        scene.say(Who::Stranger, Event::Unsealed),
        "statement.no_party",
    );
    check(scene.say(Who::Applicant, Event::Unsealed), "said");
}

#[test]
fn an_overseer_says_nothing_else_whatever_its_header_says() {
    let mut scene = Scene::disclosure().received();
    let mut by = Who::Inspector.officer();
    by.offices.insert(portcullis_core::office::Office::Node);
    let header = scene.header(&by.member, Kind::Unsealed);
    scene.at("2029-05-01T00:00:00Z");
    check(
        scene.say_under(header, &by, Event::Erased),
        "statement.no_party",
    );
}

#[test]
fn contents_are_erased_at_the_laws_term_by_every_member() {
    let mut scene = Scene::disclosure().received();
    scene.tick(Who::ProviderNode);
    scene.at("2027-02-02T00:00:00Z").tick(Who::AuthorityNode);
    scene.tick(Who::ProviderNode);
    let term = Some(("2028-02-03T00:00:00Z".into(), "Act retention".into()));
    assert_eq!(scene.timer(TimerKind::Lapse, "contents erased"), term);
    scene.at("2028-02-02T23:59:59Z");
    check(
        scene.say(Who::AuthorityNode, Event::Erased),
        "timer.not_due",
    );
    scene.at("2028-02-03T00:00:00Z");
    check(
        scene.say(Who::Applicant, Event::Erased),
        "statement.wrong_office",
    );
    for node in [Who::AuthorityNode, Who::ProviderNode, Who::CourtNode] {
        assert_eq!(scene.tick(node), [Kind::Erased]);
        assert_eq!(scene.tick(node), []);
    }
    check(
        scene.say(Who::Applicant, Event::InformationGiven),
        "case.erased",
    );
}

#[test]
fn both_sides_erase_a_completed_case_at_one_term() {
    let told = |scene: &mut Scene| scene.say(Who::Applicant, Event::InformationGiven);
    let mut scene = Scene::disclosure()
        .with(|order| order.secrecy = Secrecy::None)
        .completed();
    scene.tick(Who::ProviderNode);
    check(told(&mut scene), "said");
    scene.at("2027-11-14T00:00:00Z");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Erased]);
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Erased]);
}

#[test]
fn nothing_is_erased_while_secrecy_runs() {
    let late = |order: &mut portcullis_core::order::Order| {
        order.secrecy = Secrecy::Until(at("2027-11-02T00:00:00Z"));
    };
    let short = |rule: &mut portcullis_core::law::Rule| rule.retention.rule.count = 1;
    let mut scene = Scene::disclosure().with(late).under(short).drafted();
    check(scene.refuse(Who::Judge, false), "said");
    scene.at("2027-11-01T23:59:59Z");
    assert_eq!(scene.tick(Who::AuthorityNode), []);
    scene.at("2027-11-02T00:00:00Z");
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Erased]);
}

#[test]
fn nothing_is_erased_while_destruction_is_owed() {
    let mut scene = Scene::urgent_warrant().released();
    check(scene.refuse(Who::Commissioner, true), "said");
    scene.tick(Who::ProviderNode);
    scene.at("2028-06-01T00:00:00Z");
    check(
        scene.say(Who::AuthorityNode, Event::Erased),
        "timer.not_due",
    );
    assert_eq!(scene.tick(Who::AuthorityNode), []);
    let packages = [crate::kit::package(1)].into();
    check(
        scene.say(Who::Applicant, Event::DestructionConfirmed { packages }),
        "said",
    );
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Erased]);
}

#[test]
fn a_draft_that_nobody_issued_is_erased_too() {
    let mut scene = Scene::warrant().drafted();
    scene.at("2028-05-02T22:59:59Z");
    assert_eq!(scene.tick(Who::AuthorityNode), []);
    scene.at("2028-05-02T23:00:00Z");
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Erased]);
    assert_eq!(scene.tick(Who::MinisterNode), [Kind::Erased]);
}
