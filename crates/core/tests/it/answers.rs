//! What the provider answers, item by item, and what it may then seal.

use crate::kit::{DELIVERY_KEY, Scene, Who, account, at, check, october, package, span};
use portcullis_core::{
    case::{CANNOT_DECRYPT, ItemState, NOT_HELD, Refusal},
    category::Category,
    digest::Digest,
    grant::{Grant, GrantKind, GrantedItem},
    id::PackageId,
    order::Span,
    realm::Realm,
    statement::{Event, Seal},
};
use std::collections::{BTreeMap, BTreeSet};

fn one_week() -> Span {
    span("2026-10-05T00:00:00Z", "2026-10-11T00:00:00Z")
}

fn code(granted: Result<Grant, Refusal>) -> &'static str {
    granted.map_or_else(|refusal| refusal.code(), |_| "granted")
}

fn challenge(item: u16) -> Event {
    Event::Challenged {
        items: BTreeSet::from([item]),
        reason: "unlawful".into(),
        note: "see the letter".into(),
    }
}

#[test]
fn five_items_end_as_five_answers_and_three_of_them_leave() {
    let mut scene = Scene::disclosure().received();
    check(scene.accept([1, 2]), "said");
    check(scene.narrow(3, one_week()), "said");
    check(scene.decline([4], "unlawful"), "said");
    check(scene.decline([5], NOT_HELD), "said");
    let states: Vec<_> = scene.case().items.values().cloned().collect();
    let expected = [
        ItemState::Accepted,
        ItemState::Accepted,
        ItemState::Narrowed(one_week()),
        ItemState::Declined("unlawful".into()),
        ItemState::Declined(NOT_HELD.into()),
    ];
    assert_eq!(states, expected);
    assert_eq!(scene.case().open_to_seal(), [1, 2, 3].into());
    check(scene.seal(1, [1, 3]), "said");
    check(scene.seal(2, [2]), "said");
    check(scene.seal(3, [4]), "package.out_of_scope");
    assert!(scene.case().open_to_seal().is_empty());
}

#[test]
fn a_grant_holds_what_was_accepted_as_it_was_narrowed_and_nothing_else() {
    let mut scene = Scene::disclosure().received();
    check(scene.accept([5]), "said");
    check(scene.narrow(3, one_week()), "said");
    let grant = scene.grant([3, 5]).expect("a grant");
    let granted = |target: u16, category, span| GrantedItem {
        target,
        selector: account(target.into()),
        category,
        span,
    };
    let expected = BTreeMap::from([
        (3, granted(1, Category::StoredContent, one_week())),
        (5, granted(2, Category::Traffic, october())),
    ]);
    assert_eq!(grant.items(), &expected);
    assert_eq!(grant.kind(), GrantKind::Order);
    assert_eq!(grant.case(), scene.case().id);
    assert_eq!(grant.order(), scene.case().order_digest);
    assert_eq!(grant.delivery_key(), DELIVERY_KEY);
    assert_eq!(grant.until(), at("2027-02-02T00:00:00Z"));
}

#[test]
fn there_is_no_grant_for_what_is_open_declined_challenged_sealed_or_not_asked_for() {
    let mut scene = Scene::disclosure().received();
    check(scene.accept([1]), "said");
    check(scene.decline([2], CANNOT_DECRYPT), "said");
    check(scene.say(Who::Response, challenge(3)), "said");
    for items in [[1, 2], [1, 3], [1, 4], [1, 9]] {
        assert_eq!(
            code(scene.grant(items)),
            "package.out_of_scope",
            "{items:?}"
        );
    }
    assert_eq!(code(scene.grant([])), "case.no_items");
    assert_eq!(code(scene.grant([1])), "granted");
    check(scene.seal(1, [1]), "said");
    assert_eq!(code(scene.grant([1])), "package.out_of_scope");
}

#[test]
fn there_is_no_grant_before_receipt_or_after_the_end() {
    assert_eq!(
        code(Scene::disclosure().served().grant([1])),
        "order.not_received"
    );
    let mut scene = Scene::disclosure().received();
    check(scene.accept([1]), "said");
    scene.at("2027-02-01T23:59:59Z");
    assert_eq!(code(scene.grant([1])), "granted");
    scene.at("2027-02-02T00:00:00Z");
    assert_eq!(code(scene.grant([1])), "order.expired");
    check(scene.seal(1, [1]), "order.expired");
}

#[test]
fn what_is_preserved_is_not_disclosed() {
    let mut scene = Scene::preservation().received();
    check(scene.accept([1]), "said");
    check(scene.seal(1, [1]), "package.preservation_only");
}

#[test]
fn stored_content_is_carried_under_a_warrant_and_live_content_never() {
    let mut scene = Scene::warrant().received();
    check(scene.accept([1, 2, 3]), "said");
    check(scene.seal(1, [3]), "package.not_carried");
    check(scene.seal(1, [1, 3]), "package.not_carried");
    check(scene.seal(1, [1, 2]), "said");
}

#[test]
fn an_answer_narrows_and_never_widens() {
    let mut scene = Scene::disclosure().received();
    let before = span("2026-09-30T23:59:59Z", "2026-10-11T00:00:00Z");
    check(scene.narrow(1, before), "case.widened");
    let after = span("2026-10-05T00:00:00Z", "2026-10-31T00:00:01Z");
    check(scene.narrow(1, after), "case.widened");
    check(scene.narrow(9, one_week()), "order.unknown_item");
    check(scene.narrow(1, october()), "said");
}

#[test]
fn a_no_gives_the_laws_reason_or_one_of_the_houses_two() {
    let mut scene = Scene::disclosure().received();
    check(scene.decline([1], "too busy"), "case.unknown_reason");
    check(scene.decline([1], "not_necessary"), "case.unknown_reason");
    for reason in ["unlawful", "too_wide", NOT_HELD, CANNOT_DECRYPT] {
        check(scene.decline([1], reason), "said");
    }
}

#[test]
fn an_answer_comes_from_the_providers_officer_about_items_after_receipt() {
    let items = || BTreeSet::from([1]);
    check(
        Scene::disclosure().served().accept([1]),
        "order.not_received",
    );
    let mut scene = Scene::disclosure().received();
    let accepted = Event::Accepted { items: items() };
    check(
        scene.say(Who::Release, accepted.clone()),
        "statement.wrong_office",
    );
    check(
        scene.say(Who::Applicant, accepted),
        "statement.wrong_office",
    );
    check(scene.accept([]), "case.no_items");
    check(scene.accept([1, 9]), "order.unknown_item");
}

#[test]
fn a_refused_answer_names_what_was_to_be_said() {
    let mut scene = Scene::disclosure().received();
    let refusal = scene
        .say(Who::Release, challenge(1))
        .expect_err("another office");
    assert_eq!(
        refusal.to_string(),
        "`challenged` is said by legal_response"
    );
}

#[test]
fn an_answer_may_change_until_its_item_is_sealed() {
    let mut scene = Scene::disclosure().received();
    check(scene.decline([1], "unlawful"), "said");
    check(scene.accept([1, 2]), "said");
    check(scene.narrow(1, one_week()), "said");
    check(scene.seal(1, [1]), "said");
    check(scene.decline([1], "unlawful"), "package.out_of_scope");
    check(scene.narrow(1, one_week()), "package.out_of_scope");
    check(scene.decline([2], "unlawful"), "said");
}

#[test]
fn a_seal_is_bound_to_this_order_this_realm_and_a_number_of_its_own() {
    let mut scene = Scene::disclosure().received();
    check(scene.accept([1, 2]), "said");
    let seal = scene.seal_of(1, [1]);
    let other_order = Seal {
        order: Digest([9; 32]),
        ..seal.clone()
    };
    check(
        scene.say(Who::Response, Event::Sealed(other_order)),
        "package.other_order",
    );
    let exercise = Realm::exercise("harbour", [1, 2, 3, 4]).expect("a realm");
    let other_realm = Seal {
        package: PackageId::new(&exercise, [1; 12]),
        ..seal.clone()
    };
    check(
        scene.say(Who::Response, Event::Sealed(other_realm)),
        "realm.other",
    );
    check(
        scene.say(Who::Release, Event::Sealed(seal.clone())),
        "statement.wrong_office",
    );
    check(scene.say(Who::Response, Event::Sealed(seal)), "said");
    assert!(scene.case().packages.contains_key(&package(1)));
    check(scene.seal(1, [2]), "statement.already_said");
}
