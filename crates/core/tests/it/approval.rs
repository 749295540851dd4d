//! Who says yes or no, in which turn, on which path.

use crate::kit::{Scene, Who, at, check, item, october};
use portcullis_core::{
    case::{Ending, TimerKind},
    category::Category,
    law::Protected,
    office::Office,
    order::Secrecy,
    statement::{Approval, Event, Kind, Modification, Refused},
};

#[test]
fn approvals_come_in_the_laws_turn() {
    let mut scene = Scene::warrant().drafted();
    check(scene.approve(Who::Commissioner), "order.wrong_office");
    check(scene.issue(Who::Secretary), "order.approval_missing");
    check(scene.approve(Who::Secretary), "said");
    check(scene.issue(Who::Secretary), "order.approval_missing");
    check(scene.approve(Who::Commissioner), "said");
    check(scene.approve(Who::Commissioner), "order.nothing_to_approve");
    check(scene.issue(Who::Commissioner), "order.wrong_office");
    check(scene.issue(Who::Secretary), "said");
    check(scene.issue(Who::Secretary), "statement.already_said");
}

#[test]
fn an_approval_names_bytes_of_this_case_and_an_office_that_is_held() {
    let mut scene = Scene::warrant().drafted();
    let other = portcullis_core::digest::Digest([9; 32]);
    check(
        scene.approve_of(Who::Secretary, other),
        "order.nothing_to_approve",
    );
    let approval = Approval {
        subject: scene.subject(),
        office: Office::SecretaryOfState,
        signed_for: None,
    };
    check(
        scene.say(Who::Commissioner, Event::Approved(approval)),
        "order.wrong_office",
    );
}

#[test]
fn nobody_approves_twice_or_their_own_order() {
    let mut scene = Scene::warrant().drafted();
    let mut both = Who::Secretary.officer();
    both.offices.insert(Office::JudicialCommissioner);
    let approval = |scene: &Scene, office| {
        let subject = scene.subject();
        Event::Approved(Approval {
            subject,
            office,
            signed_for: None,
        })
    };
    let first = approval(&scene, Office::SecretaryOfState);
    check(scene.say_as(&both, first), "said");
    let second = approval(&scene, Office::JudicialCommissioner);
    check(scene.say_as(&both, second), "order.same_person");

    let mut scene = Scene::disclosure()
        .under(|rule| rule.approval[0].offices = vec![Office::DesignatedSeniorOfficer])
        .asking(Office::DesignatedSeniorOfficer, "police")
        .drafted();
    let own = approval(&scene, Office::DesignatedSeniorOfficer);
    let mut author = Who::Applicant.officer();
    author.offices.insert(Office::DesignatedSeniorOfficer);
    check(scene.say_as(&author, own.clone()), "order.own_order");
    let mut colleague = Who::Senior.officer();
    colleague.offices.insert(Office::DesignatedSeniorOfficer);
    check(scene.say_as(&colleague, own), "said");
}

#[test]
fn the_order_asks_one_member_and_no_other() {
    let scene = Scene::disclosure().asking(Office::Prosecutor, "other-court");
    let mut scene = scene.drafted();
    check(scene.approve(Who::OtherJudge), "order.other_approver");
    check(scene.approve(Who::Judge), "said");
}

#[test]
fn an_official_signs_for_the_minister_and_says_so() {
    let mut scene = Scene::warrant().drafted();
    let approval = |signed_for| Approval {
        subject: scene.subject(),
        office: Office::SecretaryOfState,
        signed_for,
    };
    let (silent, said) = (approval(None), approval(Some("the minister".into())));
    check(
        scene.say(Who::Official, Event::Approved(silent)),
        "order.wrong_office",
    );
    check(scene.say(Who::Official, Event::Approved(said)), "said");
    check(scene.approve(Who::Commissioner), "said");
}

#[test]
fn an_official_signs_for_nobody_whom_the_law_does_not_let() {
    let mut scene = Scene::warrant().drafted();
    check(scene.approve(Who::Secretary), "said");
    let approval = Approval {
        subject: scene.subject(),
        office: Office::JudicialCommissioner,
        signed_for: Some("the commissioner".into()),
    };
    check(
        scene.say(Who::Official, Event::Approved(approval)),
        "order.wrong_office",
    );
}

#[test]
fn a_refusal_ends_the_order_before_it_began() {
    let mut scene = Scene::warrant().drafted();
    check(scene.approve(Who::Secretary), "said");
    check(scene.refuse(Who::Commissioner, false), "said");
    assert_eq!(scene.case().ended, Some((Ending::Refused, scene.now)));
    check(scene.approve(Who::SecondCommissioner), "order.refused");
    check(scene.issue(Who::Secretary), "order.refused");
    check(scene.refuse(Who::Commissioner, false), "order.refused");
}

#[test]
fn a_refusal_comes_in_its_turn_with_the_laws_reason() {
    let mut scene = Scene::warrant().drafted();
    check(scene.refuse(Who::Commissioner, false), "order.wrong_office");
    let refused = Refused {
        subject: scene.subject(),
        office: Office::SecretaryOfState,
        reason: "bad weather".into(),
        note: None,
        destroy: false,
    };
    check(
        scene.say(Who::Secretary, Event::Refused(refused)),
        "case.unknown_reason",
    );
}

#[test]
fn a_withdrawn_draft_is_not_approved() {
    let mut scene = Scene::warrant().drafted();
    let withdrawn = Event::Withdrawn(portcullis_core::statement::Withdrawal::Withdrawn);
    check(scene.say(Who::Applicant, withdrawn), "said");
    check(scene.approve(Who::Secretary), "order.withdrawn");
}

#[test]
fn secrecy_alone_asks_for_the_judge_where_nobody_approves_the_order() {
    let mut scene = Scene::preservation().drafted();
    check(scene.issue(Who::Applicant), "said");

    let secret = |order: &mut portcullis_core::order::Order| {
        order.secrecy = Secrecy::Until(at("2027-01-01T00:00:00Z"));
    };
    let mut scene = Scene::preservation().with(secret).drafted();
    check(scene.issue(Who::Applicant), "order.approval_missing");
    check(scene.approve(Who::Judge), "said");
    check(scene.issue(Who::Applicant), "said");
}

#[test]
fn a_judges_order_does_not_need_the_judge_twice_for_its_secrecy() {
    assert_eq!(
        Scene::disclosure().drafted().case().subjects[0].turns.len(),
        1
    );
}

#[test]
fn a_legislator_brings_one_more_approver_on_both_paths() {
    let touched = |order: &mut portcullis_core::order::Order| {
        order.protected.insert(Protected::Legislator);
    };
    let mut scene = Scene::warrant().with(touched).drafted();
    check(scene.approve(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    check(scene.issue(Who::Secretary), "order.approval_missing");
    check(scene.approve(Who::Premier), "said");
    check(scene.issue(Who::Secretary), "said");

    let mut scene = Scene::urgent_warrant().with(touched).drafted();
    check(scene.approve(Who::Secretary), "said");
    check(scene.issue(Who::Secretary), "order.approval_missing");
    check(scene.approve(Who::Premier), "said");
    check(scene.issue(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
}

#[test]
fn an_order_is_issued_on_the_path_it_was_drafted_for() {
    let mut scene = Scene::warrant().approved();
    let order = scene.case().order_digest;
    let issued = |urgent| Event::Issued { order, urgent };
    check(scene.say(Who::Secretary, issued(true)), "order.not_urgent");
    let mut scene = Scene::urgent_warrant().approved();
    check(scene.say(Who::Secretary, issued(false)), "order.not_urgent");
    check(scene.say(Who::Secretary, issued(true)), "said");
}

#[test]
fn the_later_approval_comes_after_issue() {
    let mut scene = Scene::urgent_warrant().approved();
    check(scene.approve(Who::Commissioner), "order.not_issued");
    check(scene.issue(Who::Secretary), "said");
    check(scene.approve(Who::Commissioner), "said");
    assert!(!scene.case().later_approval_is_owed());
}

#[test]
fn a_later_refusal_ends_the_urgent_order_at_once() {
    let mut scene = Scene::urgent_warrant().received();
    check(scene.accept([1]), "said");
    scene.hours(24);
    check(scene.refuse(Who::Commissioner, false), "said");
    check(scene.accept([2]), "order.refused");
    check(scene.seal(1, [1]), "order.refused");
    check(scene.renew(Who::Secretary), "order.refused");
}

#[test]
fn silence_ends_an_urgent_order_with_the_fifth_working_day_and_not_the_third() {
    // Issued on Monday 2 November: the third working day after is Thursday the 5th, the
    // fifth is Monday the 9th.
    let mut scene = Scene::urgent_warrant().received();
    let decision = Some(("2026-11-06T00:00:00Z".into(), "Act decision".into()));
    assert_eq!(
        scene.timer(TimerKind::Deadline, "later approval due"),
        decision
    );
    let lapse = Some(("2026-11-10T00:00:00Z".into(), "Act lapse".into()));
    assert_eq!(
        scene.timer(TimerKind::Lapse, "lapses unless approved"),
        lapse
    );
    scene.at("2026-11-09T23:59:59Z");
    assert_eq!(scene.tick(Who::AuthorityNode), []);
    check(scene.accept([1]), "said");
    scene.at("2026-11-10T00:00:00Z");
    check(scene.accept([2]), "order.lapsed");
    check(scene.approve(Who::Commissioner), "order.lapsed");
    assert_eq!(scene.tick(Who::AuthorityNode), [Kind::Lapsed]);
}

#[test]
fn a_bank_holiday_is_no_working_day() {
    // Monday 30 November is one: Friday 27 November is followed by 1, 2, 3, 4 and 7 December.
    let mut scene = Scene::urgent_warrant();
    let mut scene = scene.at("2026-11-27T09:00:00Z").clone().issued();
    let lapse = Some(("2026-12-08T00:00:00Z".into(), "Act lapse".into()));
    assert_eq!(
        scene.timer(TimerKind::Lapse, "lapses unless approved"),
        lapse
    );
    scene.at("2026-12-07T12:00:00Z");
    check(scene.approve(Who::Commissioner), "said");
}

#[test]
fn an_approved_urgent_warrant_still_ends_unless_it_is_renewed() {
    let mut scene = Scene::urgent_warrant().received();
    check(scene.approve(Who::Commissioner), "said");
    let lapse = Some(("2026-11-10T00:00:00Z".into(), "Act lapse".into()));
    assert_eq!(scene.timer(TimerKind::Lapse, "order expires"), lapse);
    scene.at("2026-11-10T00:00:00Z");
    check(scene.accept([1]), "order.expired");
    assert_eq!(scene.tick(Who::ProviderNode), [Kind::Expired]);
}

#[test]
fn where_the_law_says_so_the_later_approval_lifts_the_lapse() {
    let mut scene = Scene::urgent_disclosure().received();
    assert_eq!(
        scene.timer(TimerKind::Lapse, "lapses unless approved"),
        Some(("2026-11-08T00:00:00Z".into(), "Act lapse".into()))
    );
    check(scene.approve(Who::Judge), "said");
    assert_eq!(
        scene.timer(TimerKind::Lapse, "order expires"),
        Some(("2027-02-02T00:00:00Z".into(), "Act duration".into()))
    );
    scene.at("2026-12-01T00:00:00Z");
    check(scene.accept([1]), "said");
}

#[test]
fn a_change_for_a_protected_profession_waits_for_the_commissioner() {
    let add = |target| Modification::AddTarget {
        target,
        selector: crate::kit::account(target.into()),
    };
    let mut scene = Scene::warrant().received();
    check(scene.modify(Who::Official, add(2)), "said");
    assert!(scene.case().order.targets.contains_key(&2));

    let touched = |order: &mut portcullis_core::order::Order| {
        order.protected.insert(Protected::LegalPrivilege);
        order.stated.insert(Protected::LegalPrivilege);
    };
    let mut scene = Scene::warrant().with(touched).received();
    check(scene.modify(Who::Official, add(2)), "said");
    assert!(!scene.case().order.targets.contains_key(&2));
    check(scene.approve(Who::Commissioner), "said");
    assert!(scene.case().order.targets.contains_key(&2));
}

#[test]
fn a_refused_change_changes_nothing_and_ends_nothing() {
    let mut scene = Scene::warrant().received();
    let what = item(1, Category::StoredContent);
    assert_eq!(what.span, october());
    check(
        scene.modify(Who::Applicant, Modification::AddItem { item: 4, what }),
        "said",
    );
    check(scene.refuse(Who::Secretary, true), "said");
    assert!(!scene.case().order.items.contains_key(&4));
    check(scene.accept([1]), "said");
}
