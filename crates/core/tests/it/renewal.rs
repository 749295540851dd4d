//! How an order is prolonged, and where it then ends.

use crate::kit::{Scene, Who, at, check};
use portcullis_core::{case::TimerKind, statement::Kind};

#[test]
fn an_urgent_warrant_is_renewed_from_the_end_that_it_had() {
    // IPA 2016 s. 32(2)(b)(ii): six months beginning with the day after its fifth working day.
    let mut scene = Scene::urgent_warrant().received();
    scene.hours(24);
    check(scene.renew(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    assert_eq!(
        scene.case().ends_at(scene.basis()),
        Ok(Some(at("2027-05-09T23:00:00Z")))
    );
}

#[test]
fn a_renewed_urgent_warrant_waits_for_its_window_like_any_other() {
    let mut scene = Scene::urgent_warrant().received();
    check(scene.renew(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    check(scene.renew(Who::Secretary), "order.renewal_too_early");
    scene.at("2027-04-10T12:00:00Z");
    check(scene.renew(Who::Secretary), "said");
}

#[test]
fn a_renewed_urgent_warrant_expires_and_does_not_lapse() {
    let mut scene = Scene::urgent_warrant().received();
    check(scene.renew(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    let expiry = scene.timer(TimerKind::Lapse, "order expires");
    assert_eq!(
        expiry,
        Some(("2027-05-09T23:00:00Z".into(), "Act renewal".into()))
    );
    scene.at("2027-05-09T23:00:00Z");
    check(scene.accept([1]), "order.expired");
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Expired]);
}

#[test]
fn a_renewal_in_its_window_adds_to_the_end() {
    let mut scene = Scene::warrant().received();
    scene.at("2027-04-01T12:00:00Z");
    check(scene.renew(Who::Secretary), "order.renewal_too_early");
    scene.at("2027-04-02T12:00:00Z");
    check(scene.renew(Who::Official), "order.wrong_office");
    check(scene.renew(Who::Secretary), "said");
    assert!(scene.case().renewal_is_pending());
    let before = Ok(Some(at("2027-05-01T23:00:00Z")));
    assert_eq!(scene.case().ends_at(scene.basis()), before);
    check(scene.approve(Who::Commissioner), "said");
    let after = Ok(Some(at("2027-11-02T00:00:00Z")));
    assert_eq!(scene.case().ends_at(scene.basis()), after);
}

#[test]
fn one_renewal_is_sought_at_a_time() {
    let mut scene = Scene::warrant().received();
    scene.at("2027-04-10T12:00:00Z");
    check(scene.renew(Who::Secretary), "said");
    check(scene.renew(Who::Secretary), "statement.already_said");
    check(scene.refuse(Who::Commissioner, false), "said");
    check(scene.accept([1]), "said");
    check(scene.renew(Who::Secretary), "said");
}

#[test]
fn a_renewal_is_approved_before_the_end_or_never() {
    let mut scene = Scene::warrant().received();
    scene.at("2027-05-01T12:00:00Z");
    check(scene.renew(Who::Secretary), "said");
    scene.at("2027-05-01T23:00:00Z");
    check(scene.approve(Who::Commissioner), "order.expired");
}

#[test]
fn some_orders_are_renewed_once_and_some_never() {
    let mut scene = Scene::preservation().received();
    check(scene.renew(Who::Applicant), "said");
    assert_eq!(
        scene.case().ends_at(scene.basis()),
        Ok(Some(at("2027-02-01T00:00:00Z")))
    );
    check(scene.renew(Who::Applicant), "order.no_renewal");
    check(
        Scene::disclosure().received().renew(Who::Judge),
        "order.no_renewal",
    );
}
