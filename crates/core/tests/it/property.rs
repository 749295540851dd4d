//! Anybody says anything at any time: the case against a reference machine.

mod machine;

use crate::kit::{Scene, Who, account, ciphertext, item, package, span};
use jiff::Timestamp;
use machine::Machine;
use portcullis_core::{
    case::{NOT_HELD, Refusal},
    category::Category,
    digest::Digest,
    statement::{Approval, Event, Kind, Modification, Recorded, Refused, Seal, Withdrawal},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Which scene a run plays.
const SCENES: [fn() -> Scene; 5] = [
    Scene::warrant,
    Scene::urgent_warrant,
    Scene::disclosure,
    Scene::urgent_disclosure,
    Scene::preservation,
];

/// One step: somebody says something, so many hours after the last step.
#[derive(Clone, Debug)]
struct Step {
    who: usize,
    what: u8,
    number: u8,
    hours: i64,
    /// Whether whoever would say it in an ordinary case says it.
    fitting: bool,
}

/// A run is mostly an ordinary case, or nothing would get far.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let hours = prop_oneof![40 => 0..6i64, 8 => 12..300i64, 1 => 400..9000i64];
    let step = (
        0..Who::ALL.len(),
        0..28u8,
        1..6u8,
        hours,
        prop::bool::weighted(0.8),
    );
    let step = step.prop_map(|(who, what, number, hours, fitting)| Step {
        who,
        what,
        number,
        hours,
        fitting,
    });
    prop::collection::vec(step, 1..80)
}

/// What a step says, and who would say it.
#[expect(clippy::too_many_lines, reason = "one arm a statement")]
fn event(scene: &Scene, step: &Step) -> (Who, Event) {
    let case = scene.case();
    let order = case.order_digest;
    let pick = usize::from(step.number) % case.subjects.len();
    let subject = &case.subjects[pick];
    let turn = subject
        .next_turn()
        .map_or(Who::Judge, |turn| Who::of(turn.offices[0]));
    let items: BTreeSet<u16> = [step.number.into()].into();
    let pair: BTreeSet<u16> = [step.number.into(), u16::from(step.number % 5) + 1].into();
    // A package that is there, if one is; and what is ready for the next, now and then.
    let subject = subject.digest;
    let there: Vec<_> = case.packages.keys().copied().collect();
    let pkg = match there.len() {
        0 => package(step.number),
        len => there[usize::from(step.number) % len],
    };
    let ready = case.open_to_seal();
    let sealed = if step.number < 4 {
        ready
    } else {
        items.clone()
    };
    let issuer = Who::of(scene.basis().rule.issues.offices[0]);
    let next_item = case.items.keys().next_back().map_or(1, |last| last + 1);
    match step.what {
        0..=2 => {
            let office = turn.office();
            let approval = Approval {
                subject,
                office,
                signed_for: None,
            };
            (turn, Event::Approved(approval))
        }
        3 if step.number < 3 => {
            let refused = Refused {
                subject,
                office: turn.office(),
                reason: "not_necessary".into(),
                note: None,
                destroy: step.number.is_multiple_of(2),
            };
            (turn, Event::Refused(refused))
        }
        4 | 5 => {
            let urgent = case.order.urgency.is_some();
            (issuer, Event::Issued { order, urgent })
        }
        6 | 7 => (Who::Serving, Event::Served { order }),
        8 | 9 => {
            let verdict = "GENUINE".into();
            (Who::ProviderNode, Event::Received { order, verdict })
        }
        10 => {
            let question = "which?".into();
            (Who::Response, Event::ClarificationAsked { items, question })
        }
        11 => {
            let answer = "that one".into();
            (Who::Applicant, Event::ClarificationAnswered { answer })
        }
        12..=14 => (Who::Response, Event::Accepted { items: pair }),
        15 => {
            let week = span("2026-10-05T00:00:00Z", "2026-10-11T00:00:00Z");
            let items = BTreeMap::from([(step.number.into(), week)]);
            (
                Who::Response,
                Event::Narrowed {
                    items,
                    reason: "too_wide".into(),
                },
            )
        }
        16 => (
            Who::Response,
            Event::Declined {
                items,
                reason: NOT_HELD.into(),
            },
        ),
        17 => {
            let (reason, note) = ("unlawful".into(), String::new());
            (
                Who::Response,
                Event::Challenged {
                    items,
                    reason,
                    note,
                },
            )
        }
        18 | 19 => {
            let seal = Seal {
                package: package(step.number),
                items: sealed,
                ciphertext: ciphertext(1),
                size_bytes: 1,
                manifest: Digest([0xee; 32]),
                order,
            };
            (Who::Both, Event::Sealed(seal))
        }
        20 | 21 => {
            let recorded = Recorded::Cosigned;
            (
                Who::Release,
                Event::Released {
                    package: pkg,
                    recorded,
                },
            )
        }
        3 | 22 => {
            let ciphertext = ciphertext(1 + step.number / 5);
            (
                Who::AuthorityNode,
                Event::Collected {
                    package: pkg,
                    ciphertext,
                },
            )
        }
        23 => (Who::Secretary, Event::Renewed { order }),
        24 => {
            let (target, selector) = (u16::from(step.number), account(step.number.into()));
            let change = Modification::AddTarget { target, selector };
            (Who::Secretary, Event::Modified(change))
        }
        25 => {
            let change = if step.number.is_multiple_of(2) {
                let what = item(1, Category::StoredContent);
                Modification::AddItem {
                    item: next_item,
                    what,
                }
            } else {
                Modification::RemoveItem {
                    item: step.number.into(),
                }
            };
            (Who::Applicant, Event::Modified(change))
        }
        26 => (Who::Applicant, Event::InformationGiven),
        _ if step.number == 1 => (Who::Applicant, Event::Withdrawn(Withdrawal::Withdrawn)),
        _ => {
            let packages = [pkg].into();
            (Who::Applicant, Event::DestructionConfirmed { packages })
        }
    }
}

/// Says it and checks the author's chain, whichever way it was decided.
fn say(
    scene: &mut Scene,
    machine: &mut Machine,
    who: Who,
    event: &Event,
) -> Result<Result<(), Refusal>, TestCaseError> {
    let by = who.officer();
    let chain = |scene: &Scene| {
        scene
            .case()
            .chains
            .get(&by.member)
            .map_or((0, None), |c| (c.next, Some(c.last)))
    };
    let (before, count) = (chain(scene), scene.case().statements);
    let said = scene.say_as(&by, event.clone());
    let (after, told) = (chain(scene), scene.case().statements);
    if said.is_ok() {
        prop_assert_eq!(after.0, before.0 + 1);
        prop_assert_ne!(after.1, before.1);
        prop_assert_eq!(told, count + 1);
        machine.note(scene, by.key, event)?;
    } else {
        prop_assert_eq!((after, told), (before, count));
    }
    Ok(said)
}

/// Every node says what its clock owes, and none of it is refused.
fn clocks(scene: &mut Scene, machine: &mut Machine) -> Result<(), TestCaseError> {
    for node in [
        Who::ProviderNode,
        Who::AuthorityNode,
        Who::MinisterNode,
        Who::CourtNode,
    ] {
        let owed =
            portcullis_core::case::due(scene.case(), scene.basis(), &node.member(), scene.now);
        let owed = owed.expect("a calendar");
        let kinds: BTreeSet<Kind> = owed.iter().map(Event::kind).collect();
        prop_assert_eq!(kinds.len(), owed.len(), "a clock owes a thing once");
        for event in owed {
            let kind = event.kind();
            let said = say(scene, machine, node, &event)?;
            prop_assert!(said.is_ok(), "{kind} is due and refused: {said:?}");
        }
    }
    Ok(())
}

/// Plays a run.
fn play(mut scene: Scene, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut machine = Machine::drafted_by(Who::Applicant.officer().key);
    let latest: Timestamp = crate::kit::at("2029-06-01T00:00:00Z");
    for step in steps {
        scene.hours(step.hours);
        scene.now = scene.now.min(latest);
        let (fitting, event) = event(&scene, step);
        let who = if step.fitting {
            fitting
        } else {
            Who::ALL[step.who]
        };
        drop(say(&mut scene, &mut machine, who, &event)?);
        machine.agree(&scene)?;
        if step.number > 2 {
            clocks(&mut scene, &mut machine)?;
            machine.agree(&scene)?;
        }
    }
    Ok(())
}

/// How an ordinary case begins: approved, issued, served, received; then answered,
/// sealed and, after any hold, released.
fn opening(scene: &Scene, length: usize) -> impl Iterator<Item = Step> + use<> {
    let held = if scene.order.urgency.is_none() {
        300
    } else {
        0
    };
    let steps = [0, 0, 4, 6, 8, 12, 18, 20].map(|what| Step {
        who: 0,
        what,
        number: 1,
        hours: if what == 20 { held } else { 0 },
        fitting: true,
    });
    steps.into_iter().take(length)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_anybody_says_the_laws_of_the_house_hold(
        which in 0..SCENES.len(),
        opened in prop_oneof![Just(0), Just(5), Just(8)],
        steps in steps(),
    ) {
        let scene = SCENES[which]().drafted();
        let steps: Vec<_> = opening(&scene, opened).chain(steps).collect();
        play(scene, &steps)?;
    }
}
