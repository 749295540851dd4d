//! What may be drafted.

use crate::kit::{Scene, Who, account, at, check as said, item, member, selector, span};
use portcullis_core::{
    category::Category,
    law::Protected,
    member::MemberId,
    office::Office,
    order::{Order, Secrecy},
    selector::SelectorKind,
    statement::Event,
};

#[track_caller]
fn check(scene: Scene, change: impl FnOnce(&mut Order), expected: &str) {
    said(scene.with(change).draft(), expected);
}

#[test]
fn an_order_as_the_law_wants_it_is_drafted() {
    for scene in [
        Scene::warrant(),
        Scene::urgent_warrant(),
        Scene::disclosure(),
        Scene::urgent_disclosure(),
        Scene::preservation(),
    ] {
        check(scene, |_| (), "said");
    }
}

#[test]
fn a_rule_is_law_on_its_days_alone() {
    check(
        Scene::warrant(),
        |o| o.rule = "disclosure".into(),
        "law.not_valid",
    );
    check(
        Scene::warrant(),
        |o| o.law = "other".into(),
        "law.not_valid",
    );
    let last_day = |day: &str| {
        Scene::warrant().under(|rule| rule.valid.to = Some(day.parse().expect("a day")))
    };
    check(last_day("2026-11-02"), |_| (), "said");
    check(last_day("2026-11-01"), |_| (), "law.not_valid");
}

#[test]
fn the_law_names_who_may_apply_and_in_which_office() {
    let mut scene = Scene::warrant().with(|order| order.authority = member("customs"));
    let event = Event::Drafted(Box::new(scene.order.clone()));
    said(scene.say(Who::Stranger, event), "order.may_not_apply");
    let mut scene = Scene::warrant();
    let event = Event::Drafted(Box::new(scene.order.clone()));
    said(scene.say(Who::Serving, event), "order.wrong_office");
}

#[test]
fn an_order_is_drafted_by_its_authority_to_its_provider() {
    let mut scene = Scene::warrant();
    let event = Event::Drafted(Box::new(scene.order.clone()));
    said(
        scene.say(Who::Stranger, event.clone()),
        "statement.no_party",
    );
    let by = Who::Applicant.officer();
    let mut header = scene.header(&by.member, event.kind());
    header.addressee = member("other-messenger");
    said(
        scene.say_under(header, &by, event),
        "statement.other_addressee",
    );
}

#[test]
fn an_order_states_the_laws_grounds_and_the_offence_where_one_is_asked_for() {
    check(Scene::warrant(), |o| o.grounds.clear(), "order.no_ground");
    let ground = |word: &str| [word.to_owned()].into();
    check(
        Scene::warrant(),
        |o| o.grounds = ground("curiosity"),
        "order.unknown_ground",
    );
    check(
        Scene::warrant(),
        |o| o.grounds = ground("well_being"),
        "order.category",
    );
    for offence in [None, Some(String::new()), Some("  ".into())] {
        check(
            Scene::warrant(),
            |o| o.offence = offence,
            "order.offence_missing",
        );
    }
    let no_offence = |order: &mut Order| {
        order.grounds = ["safety".to_owned()].into();
        order.offence = None;
    };
    check(Scene::warrant(), no_offence, "said");
    let always = Scene::warrant().under(|rule| rule.offence_in_order = true);
    check(always, no_offence, "order.offence_missing");
}

#[test]
fn every_order_is_targeted() {
    check(Scene::warrant(), |o| o.targets.clear(), "order.targets");
    let four = |order: &mut Order| {
        for number in 1..=4 {
            order.targets.insert(number, account(number.into()));
            order
                .items
                .insert(number, item(number, Category::StoredContent));
        }
    };
    check(Scene::warrant(), four, "order.targets");
    let idle = |order: &mut Order| {
        order.targets.insert(2, account(2));
    };
    check(Scene::warrant(), idle, "order.targets");
    let email = |order: &mut Order| {
        order
            .targets
            .insert(1, selector(SelectorKind::Email, "a@b.example"));
    };
    check(Scene::warrant(), email, "order.selector");
}

#[test]
fn an_order_is_about_one_subject() {
    let persons = |count: u16| {
        move |order: &mut Order| {
            for number in 1..=count {
                let person = selector(SelectorKind::Person, &format!("person {number}"));
                order.targets.insert(number, person);
                order
                    .items
                    .insert(number, item(number, Category::StoredContent));
            }
        }
    };
    check(Scene::warrant(), persons(1), "said");
    check(Scene::warrant(), persons(2), "order.subjects");
    let house_and_person = |order: &mut Order| {
        persons(1)(order);
        order
            .targets
            .insert(2, selector(SelectorKind::Premises, "1 Example Street"));
        order.items.insert(2, item(2, Category::StoredContent));
    };
    check(Scene::warrant(), house_and_person, "order.subjects");
}

#[test]
fn items_are_listed_and_are_of_the_rules_categories() {
    check(Scene::preservation(), |o| o.items.clear(), "order.targets");
    let many = |count: u16| {
        move |order: &mut Order| {
            order.items = (1..=count)
                .map(|n| (n, item(1, Category::Traffic)))
                .collect();
        }
    };
    check(Scene::preservation(), many(256), "said");
    check(Scene::preservation(), many(257), "order.items");
    let of = |target, category| {
        move |order: &mut Order| {
            order.items.insert(9, item(target, category));
        }
    };
    check(
        Scene::preservation(),
        of(1, Category::Location),
        "order.category",
    );
    check(
        Scene::preservation(),
        of(7, Category::Traffic),
        "order.unknown_target",
    );
}

#[test]
fn an_item_ends_while_the_order_can_be_in_force() {
    let until = |to: &str| {
        let span = span("2026-10-01T00:00:00Z", to);
        move |order: &mut Order| order.items.get_mut(&1).expect("an item").span = span
    };
    // Six months beginning with 2 November: midnight of summer time after 1 May.
    check(Scene::warrant(), until("2027-05-01T23:00:00Z"), "said");
    check(
        Scene::warrant(),
        until("2027-05-01T23:00:01Z"),
        "order.span",
    );
}

#[test]
fn protected_professions_bar_or_ask_for_a_statement_or_for_an_approver() {
    let touches = |who| {
        move |order: &mut Order| {
            order.protected.insert(who);
        }
    };
    check(
        Scene::warrant(),
        touches(Protected::PersonalRecords),
        "order.barred",
    );
    check(
        Scene::warrant(),
        touches(Protected::LegalPrivilege),
        "order.statement_missing",
    );
    let stated = |order: &mut Order| {
        order.protected.insert(Protected::LegalPrivilege);
        order.stated.insert(Protected::LegalPrivilege);
    };
    check(Scene::warrant(), stated, "said");
    check(Scene::warrant(), touches(Protected::Legislator), "said");
    let without_premier = |order: &mut Order| {
        order.protected.insert(Protected::Legislator);
        order.approvers.remove(&Office::PrimeMinister);
    };
    check(Scene::warrant(), without_premier, "order.approver_missing");
    check(
        Scene::urgent_warrant(),
        without_premier,
        "order.approver_missing",
    );
    check(
        Scene::warrant(),
        touches(Protected::JournalistSource),
        "said",
    );
}

#[test]
fn secrecy_is_the_laws_own() {
    let says = |secrecy| move |order: &mut Order| order.secrecy = secrecy;
    let until = |text| says(Secrecy::Until(at(text)));
    check(Scene::warrant(), says(Secrecy::None), "order.secrecy");
    check(
        Scene::warrant(),
        until("2027-01-01T00:00:00Z"),
        "order.secrecy",
    );
    check(Scene::disclosure(), says(Secrecy::None), "said");
    check(
        Scene::disclosure(),
        says(Secrecy::NoEndInLaw),
        "order.secrecy",
    );
    check(
        Scene::disclosure(),
        until("2026-11-02T09:00:00Z"),
        "order.secrecy",
    );
    check(Scene::disclosure(), until("2027-11-02T00:00:00Z"), "said");
    check(
        Scene::disclosure(),
        until("2027-11-02T00:00:01Z"),
        "order.secrecy",
    );
    let open =
        || Scene::disclosure().under(|rule| rule.secrecy = portcullis_core::law::SecrecyRule::None);
    check(open(), until("2027-01-01T00:00:00Z"), "order.secrecy");
    check(open(), says(Secrecy::NoEndInLaw), "order.secrecy");
    check(open(), says(Secrecy::None), "said");
}

#[test]
fn data_are_sealed_to_the_authoritys_own_key() {
    check(
        Scene::warrant(),
        |o| o.delivery_key = "age1other".into(),
        "order.delivery_key",
    );
}

#[test]
fn an_order_names_a_member_for_every_approval_and_never_itself() {
    let names = |office, name: &str| {
        let name: MemberId = member(name);
        move |order: &mut Order| {
            order.approvers.insert(office, name);
        }
    };
    let lacks = |office| {
        move |order: &mut Order| {
            order.approvers.remove(&office);
        }
    };
    let commissioner = Office::JudicialCommissioner;
    check(
        Scene::warrant(),
        lacks(commissioner),
        "order.approver_missing",
    );
    check(
        Scene::urgent_warrant(),
        lacks(commissioner),
        "order.approver_missing",
    );
    check(Scene::warrant(), lacks(Office::Judge), "said");
    check(
        Scene::warrant(),
        names(commissioner, "police"),
        "order.own_order",
    );
    check(
        Scene::warrant(),
        names(commissioner, "messenger"),
        "order.own_order",
    );
}

#[test]
fn the_urgent_path_is_open_where_the_law_opens_it_and_says_why() {
    let urgent = |why: &str| {
        let why = why.to_owned();
        move |order: &mut Order| order.urgency = Some(why)
    };
    check(
        Scene::preservation(),
        urgent("a life is in danger"),
        "order.not_urgent",
    );
    check(Scene::warrant(), urgent(" "), "order.not_urgent");
    let well_being = |order: &mut Order| {
        urgent("a life is in danger")(order);
        order.grounds = ["well_being".to_owned()].into();
        order.items = [(1, item(1, Category::SecondaryData))].into();
    };
    check(Scene::warrant(), well_being, "order.not_urgent");
}
