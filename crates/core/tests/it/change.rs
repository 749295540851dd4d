//! What may be changed while an order runs.

use crate::kit::{Scene, Who, account, check as said, item, selector, span};
use portcullis_core::{
    category::Category,
    law::Protected,
    order::{Item, Order},
    selector::SelectorKind,
    statement::Modification,
};

const ADD: fn(u16) -> Modification = |target| Modification::AddTarget {
    target,
    selector: account(target.into()),
};

const ADD_ITEM: fn(u16, Item) -> Modification = |item, what| Modification::AddItem { item, what };

#[track_caller]
fn check(scene: Scene, who: Who, change: Modification, expected: &str) {
    said(scene.received().modify(who, change), expected);
}

#[test]
fn the_law_names_who_changes_what() {
    check(Scene::warrant(), Who::Secretary, ADD(2), "said");
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD(2),
        "order.wrong_office",
    );
    let remove = Modification::RemoveTarget { target: 1 };
    check(
        Scene::warrant(),
        Who::Applicant,
        remove,
        "order.no_such_modification",
    );
}

#[test]
fn the_provider_changes_nothing_whatever_office_it_holds_elsewhere() {
    let mut scene = Scene::warrant().received();
    let mut by = Who::Response.officer();
    by.offices
        .insert(portcullis_core::office::Office::Applicant);
    let change = portcullis_core::statement::Event::Modified(Modification::RemoveItem { item: 1 });
    said(scene.say_as(&by, change), "order.wrong_office");
}

#[test]
fn a_target_is_added_under_the_ceilings_and_the_next_free_number() {
    check(
        Scene::warrant(),
        Who::Secretary,
        ADD(1),
        "order.modification_unfit",
    );
    let one = Scene::warrant().under(|rule| rule.targets_max = 1);
    check(one, Who::Secretary, ADD(2), "order.targets");
    let named = |kind, value| Modification::AddTarget {
        target: 2,
        selector: selector(kind, value),
    };
    let email = named(SelectorKind::Email, "a@b.example");
    check(Scene::warrant(), Who::Secretary, email, "order.selector");
}

#[test]
fn no_change_brings_a_second_subject() {
    let person = |target| Modification::AddTarget {
        target,
        selector: selector(SelectorKind::Person, &format!("person {target}")),
    };
    let mut scene = Scene::warrant().received();
    said(scene.modify(Who::Secretary, person(2)), "said");
    said(scene.modify(Who::Secretary, person(3)), "order.subjects");
}

#[test]
fn an_item_is_added_within_the_rule_its_grounds_and_its_time() {
    let stored = || item(1, Category::StoredContent);
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD_ITEM(4, stored()),
        "said",
    );
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD_ITEM(3, stored()),
        "order.modification_unfit",
    );
    let location = item(1, Category::Location);
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD_ITEM(4, location),
        "order.category",
    );
    let nobody = item(7, Category::StoredContent);
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD_ITEM(4, nobody),
        "order.unknown_target",
    );
    let late = Item {
        span: span("2026-11-01T00:00:00Z", "2027-05-01T23:00:01Z"),
        ..stored()
    };
    check(
        Scene::warrant(),
        Who::Applicant,
        ADD_ITEM(4, late),
        "order.span",
    );
    let well_being = |order: &mut Order| {
        order.grounds = ["well_being".to_owned()].into();
        order.items = [(1, item(1, Category::SecondaryData))].into();
    };
    let scene = Scene::warrant().with(well_being);
    check(
        scene,
        Who::Applicant,
        ADD_ITEM(2, stored()),
        "order.category",
    );
    let full = |order: &mut Order| {
        order.items = (1..=256)
            .map(|n| (n, item(1, Category::StoredContent)))
            .collect();
    };
    let scene = Scene::warrant().with(full);
    check(
        scene,
        Who::Applicant,
        ADD_ITEM(257, stored()),
        "order.items",
    );
}

#[test]
fn what_is_not_there_or_is_the_last_is_not_removed() {
    let target = |target| Modification::RemoveTarget { target };
    let item = |item| Modification::RemoveItem { item };
    check(
        Scene::disclosure(),
        Who::Applicant,
        target(7),
        "order.unknown_target",
    );
    check(
        Scene::disclosure(),
        Who::Applicant,
        item(7),
        "order.unknown_item",
    );
    let mut scene = Scene::disclosure().received();
    said(scene.modify(Who::Applicant, target(1)), "said");
    assert_eq!(scene.case().order.items.keys().collect::<Vec<_>>(), [&5]);
    said(
        scene.modify(Who::Applicant, target(2)),
        "order.modification_unfit",
    );
    said(
        scene.modify(Who::Applicant, item(5)),
        "order.modification_unfit",
    );
    said(scene.accept([1]), "order.unknown_item");
}

#[test]
fn of_two_changes_with_one_number_the_first_approved_takes_it() {
    let touched = |order: &mut Order| {
        order.protected.insert(Protected::LegalPrivilege);
        order.stated.insert(Protected::LegalPrivilege);
    };
    let mut scene = Scene::warrant().with(touched).received();
    said(scene.modify(Who::Secretary, ADD(2)), "said");
    let first = scene.subject();
    let other = Modification::AddTarget {
        target: 2,
        selector: account(99),
    };
    said(scene.modify(Who::Secretary, other), "said");
    let second = scene.subject();
    said(scene.approve_of(Who::Commissioner, first), "said");
    said(
        scene.approve_of(Who::Commissioner, second),
        "order.modification_unfit",
    );
    assert_eq!(scene.case().order.targets.get(&2), Some(&account(2)));
}

#[test]
fn an_order_that_is_over_is_not_changed() {
    let mut scene = Scene::warrant().received();
    scene.at("2027-05-01T23:00:00Z");
    said(scene.modify(Who::Secretary, ADD(2)), "order.expired");
}
