//! Looking is recorded, and changes nothing else (law 2.9).

use crate::kit::{Scene, Who, check};
use portcullis_core::{
    case::timers,
    digest::Digest,
    office::Office,
    statement::{Event, Inspection, Look},
};
use std::collections::BTreeSet;

fn looked(looker: Who, office: Office, look: Look) -> Event {
    Event::Inspected(Inspection {
        looker: looker.member(),
        office,
        look,
    })
}

fn case(request: Option<u8>) -> Look {
    let request = request.map(|byte| Digest([byte; 32]));
    Look::Case { request }
}

fn sample(leaves: &[u8]) -> Look {
    Look::Sample {
        sample: Digest([7; 32]),
        leaves: leaves.iter().map(|leaf| Digest([*leaf; 32])).collect(),
    }
}

#[test]
fn a_look_is_told_in_the_chain_and_changes_nothing_of_the_case() {
    let mut scene = Scene::disclosure().sealed();
    let (before, clocks) = (
        scene.case().clone(),
        timers(scene.case(), scene.basis()).unwrap(),
    );
    let inspected = looked(Who::Inspector, Office::Inspector, sample(&[1, 2]));
    check(scene.say(Who::ProviderNode, inspected), "said");
    let after = scene.case().clone();
    let provider = Who::ProviderNode.member();
    assert_eq!(after.statements, before.statements + 1);
    assert_eq!(
        after.chains[&provider].next,
        before.chains[&provider].next + 1
    );
    let (chains, statements) = (before.chains.clone(), before.statements);
    assert_eq!(
        portcullis_core::case::Case {
            chains,
            statements,
            ..after
        },
        before
    );
    assert_eq!(timers(scene.case(), scene.basis()).unwrap(), clocks);
}

#[test]
fn every_party_tells_of_its_own_looks_in_an_office_that_it_holds() {
    let own = |who: Who| looked(who, who.office(), case(None));
    for who in [
        Who::Applicant,
        Who::Judge,
        Who::Response,
        Who::Release,
        Who::CourtNode,
    ] {
        check(Scene::disclosure().received().say(who, own(who)), "said");
    }
    let mut scene = Scene::disclosure().received();
    let in_another = looked(Who::Response, Office::ReleaseOfficer, case(None));
    check(
        scene.say(Who::Response, in_another.clone()),
        "inspect.not_yours",
    );
    // The node's own key tells of whoever looked at its screens.
    check(scene.say(Who::ProviderNode, in_another), "said");
    check(
        scene.say(Who::Stranger, own(Who::Stranger)),
        "statement.no_party",
    );
}

#[test]
fn an_overseers_look_is_told_where_it_looked_and_under_what_it_signed() {
    let mut scene = Scene::disclosure().received();
    let inspector = |look| looked(Who::Inspector, Office::Inspector, look);
    check(
        scene.say(Who::Inspector, inspector(sample(&[1]))),
        "statement.no_party",
    );
    check(
        scene.say(Who::Response, inspector(case(None))),
        "inspect.not_yours",
    );
    check(scene.say(Who::Response, inspector(case(Some(1)))), "said");
    check(
        scene.say(Who::Response, inspector(sample(&[]))),
        "inspect.not_yours",
    );
    check(scene.say(Who::Response, inspector(sample(&[1]))), "said");
    // As often as somebody looked.
    check(scene.say(Who::Response, inspector(sample(&[1]))), "said");
    check(
        scene.say(
            Who::Response,
            looked(Who::Stranger, Office::Applicant, case(Some(1))),
        ),
        "inspect.not_yours",
    );
    // An overseer may approve orders too, and look into how others handled them.
    check(
        scene.say(
            Who::Response,
            looked(Who::Commissioner, Office::Inspector, case(Some(1))),
        ),
        "said",
    );
}

#[test]
fn a_case_that_has_ended_is_still_looked_at_until_it_is_erased() {
    let mut scene = Scene::disclosure().received();
    scene.tick(Who::ProviderNode);
    scene.at("2027-02-02T00:00:00Z").tick(Who::AuthorityNode);
    scene.tick(Who::ProviderNode);
    let look = || looked(Who::Inspector, Office::Inspector, sample(&[3]));
    check(scene.say(Who::ProviderNode, look()), "said");
    scene.at("2028-02-04T00:00:00Z").tick(Who::ProviderNode);
    let erased: &BTreeSet<_> = &scene.case().erased;
    assert!(erased.contains(&Who::ProviderNode.member()));
    check(scene.say(Who::ProviderNode, look()), "case.erased");
}
