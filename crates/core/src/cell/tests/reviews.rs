use super::*;
use crate::digest::Digest;
use review::{Finding, FindingKind, Outcome};

const CONTENT: Digest = Digest([7; 32]);
const OTHER: Digest = Digest([8; 32]);

fn hold(world: &mut World, collection: CollectionId) -> Command {
    Command::Hold {
        review: ReviewId::new(&Realm::live(), world.draw()),
        collection,
        object: object(INDICATOR),
        version_us: 7,
        content: CONTENT,
        publisher: member("bank-a"),
        findings: vec![Finding {
            path: "description".into(),
            kind: FindingKind::MailAddress,
            excerpt: "a@bank.example".into(),
        }],
    }
}

#[test]
fn a_person_of_the_publishers_or_an_operator_decides_once() {
    let mut world = World::new();
    let (_, collection) = world.shared(&[
        ("bank-a", standing(COMPANY, "GB")),
        ("fusion", standing(AUTHORITY, "US")),
    ]);
    let held = hold(&mut world, collection);
    let Command::Hold { review, .. } = held else {
        panic!();
    };
    world.operates(held);
    assert_eq!(world.state.reviews_waiting().count(), 1);
    let decide = |outcome, person: &str| Command::Review {
        review,
        outcome,
        reason: "the address is the attacker's".into(),
        person: person.into(),
    };
    let fusion = Caller::node(member("fusion"));
    let bank = Caller::node(member("bank-a"));
    let released = |world: &World| {
        world
            .state
            .released(&collection, &object(INDICATOR), 7, &CONTENT)
    };
    assert_eq!(
        world
            .refused(&fusion, decide(Outcome::Released, "x"))
            .code(),
        "cell.operator_needed"
    );
    assert_eq!(
        world.refused(&bank, decide(Outcome::Released, "")).code(),
        "cell.unfit"
    );
    assert!(!released(&world));
    world.does(&bank, decide(Outcome::Released, "duty officer"));
    assert!(released(&world));
    let of = |version_us, content| {
        world
            .state
            .released(&collection, &object(INDICATOR), version_us, content)
    };
    assert!(!of(8, &CONTENT) && !of(7, &OTHER));
    assert_eq!(world.state.reviews_waiting().count(), 0);
    let operator = world.operator();
    assert_eq!(
        world
            .refused(&operator, decide(Outcome::Withheld, "x"))
            .code(),
        "cell.decided"
    );
    // The same version is not asked about twice, but for other bytes of it.
    let again = hold(&mut world, collection);
    assert_eq!(world.tries(&operator, again), Ok(vec![]));
    let mut other = hold(&mut world, collection);
    if let Command::Hold { content, .. } = &mut other {
        *content = OTHER;
    }
    world.operates(other);
    assert_eq!(world.state.reviews_waiting().count(), 1);
    assert!(released(&world));
}

#[test]
fn withheld_stays_withheld() {
    let mut world = World::new();
    let (_, collection) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let held = hold(&mut world, collection);
    let Command::Hold { review, .. } = held else {
        panic!();
    };
    world.speaks("bank-a", held);
    world.operates(Command::Review {
        review,
        outcome: Outcome::Withheld,
        reason: "names a customer".into(),
        person: "duty officer".into(),
    });
    assert!(
        !world
            .state
            .released(&collection, &object(INDICATOR), 7, &CONTENT)
    );
    let unknown = Command::Review {
        review: ReviewId::new(&Realm::live(), [200; 12]),
        outcome: Outcome::Released,
        reason: "x".into(),
        person: "y".into(),
    };
    let operator = world.operator();
    assert_eq!(
        world.refused(&operator, unknown).code(),
        "cell.unknown_review"
    );
}

#[test]
fn what_holds_is_a_finding_and_says_whose() {
    let mut world = World::new();
    let (_, collection) = world.shared(&[("bank-b", standing(COMPANY, "GB"))]);
    let other = hold(&mut world, collection);
    let bank = Caller::node(member("bank-b"));
    assert_eq!(world.refused(&bank, other).code(), "cell.operator_needed");
    let Command::Hold {
        review,
        object,
        version_us,
        content,
        publisher,
        ..
    } = hold(&mut world, collection)
    else {
        panic!();
    };
    let none = Command::Hold {
        review,
        collection,
        object,
        version_us,
        content,
        publisher,
        findings: vec![],
    };
    let operator = world.operator();
    assert_eq!(world.refused(&operator, none).code(), "cell.nothing_found");
}
