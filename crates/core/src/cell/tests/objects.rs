use super::*;

const IDENTITY: &str = "identity--6ba7b810-9dad-41d1-80b4-00c04fd430c9";

fn bind(identity: &str) -> Command {
    Command::BindIdentity {
        identity: object(identity),
    }
}

#[test]
fn an_identity_is_whose_who_bound_it_first() {
    let mut world = World::new();
    let (a, b) = (
        Caller::node(member("bank-a")),
        Caller::node(member("bank-b")),
    );
    world.does(&a, bind(IDENTITY));
    assert_eq!(world.tries(&a, bind(IDENTITY)), Ok(vec![]));
    assert_eq!(
        world.refused(&b, bind(IDENTITY)).code(),
        "cell.identity_bound"
    );
    assert_eq!(world.refused(&b, bind(INDICATOR)).code(), "cell.unfit");
    let analyst = Caller {
        rights: Rights::Write,
        ..b
    };
    assert_eq!(
        world.refused(&analyst, bind(IDENTITY)).code(),
        "cell.rights_missing"
    );
}

#[test]
fn whoever_bound_an_identity_gives_it_free_and_nobody_else() {
    let mut world = World::new();
    let (a, b) = (
        Caller::node(member("bank-a")),
        Caller::node(member("bank-b")),
    );
    let unbind = || Command::UnbindIdentity {
        identity: object(IDENTITY),
    };
    assert_eq!(world.refused(&a, unbind()).code(), "cell.not_bound");
    world.does(&a, bind(IDENTITY));
    assert_eq!(world.refused(&b, unbind()).code(), "cell.identity_bound");
    let analyst = Caller {
        rights: Rights::Write,
        ..a.clone()
    };
    assert_eq!(
        world.refused(&analyst, unbind()).code(),
        "cell.rights_missing"
    );
    world.does(&a, unbind());
    assert_eq!(world.state.creator(IDENTITY), None);
    world.does(&b, bind(IDENTITY));
    assert_eq!(world.state.creator(IDENTITY), Some(&member("bank-b")));
}

#[test]
fn only_its_creator_revokes_an_object() {
    let mut world = World::new();
    let (a, b) = (
        Caller::node(member("bank-a")),
        Caller::node(member("bank-b")),
    );
    let may = |world: &World, caller: &Caller, created_by: Option<&str>, first: Option<&str>| {
        let first = first.map(member);
        let state = &world.state;
        state
            .may_replace(caller, INDICATOR, created_by, first.as_ref())
            .is_ok()
    };
    // Nobody has bound the identity: who brought it first counts.
    assert!(may(&world, &a, Some(IDENTITY), Some("bank-a")));
    assert!(!may(&world, &b, Some(IDENTITY), Some("bank-a")));
    assert!(may(&world, &b, None, None));
    // Bound, it counts whoever brought it.
    world.does(&b, bind(IDENTITY));
    assert!(may(&world, &b, Some(IDENTITY), Some("bank-a")));
    assert!(!may(&world, &a, Some(IDENTITY), Some("bank-a")));
}

#[test]
fn a_pseudonym_is_opened_by_name_with_a_reason_and_it_stands_in_the_record() {
    let mut world = World::new();
    let operator = world.operator();
    let open = |reason: &str, person: &str| Command::OpenPseudonym {
        identity: object(IDENTITY),
        reason: reason.into(),
        person: person.into(),
    };
    let unknown = world.refused(&operator, open("x", "y"));
    assert_eq!(unknown.code(), "cell.unknown_pseudonym");
    world.operates(Command::TakePseudonym {
        identity: object(IDENTITY),
        sealed: vec![1, 2, 3],
    });
    let bank = Caller::node(member("bank-a"));
    assert_eq!(
        world.refused(&bank, open("x", "y")).code(),
        "cell.operator_needed"
    );
    assert_eq!(world.refused(&operator, open("", "y")).code(), "cell.unfit");
    assert_eq!(
        world.refused(&operator, open("x", " ")).code(),
        "cell.unfit"
    );
    assert_eq!(
        world.refused(&bank, bind(IDENTITY)).code(),
        "cell.identity_bound"
    );
    world.operates(open("a court asks", "duty officer"));
    let openings = &world.state.pseudonyms()[&object(IDENTITY)].openings;
    assert_eq!(openings.len(), 1);
    assert_eq!(
        (&*openings[0].reason, openings[0].at),
        ("a court asks", world.now)
    );
    // What speaks under it is this node's to revoke.
    assert!(
        world
            .state
            .may_replace(&operator, INDICATOR, Some(IDENTITY), None)
            .is_ok()
    );
    assert!(
        world
            .state
            .may_replace(&bank, INDICATOR, Some(IDENTITY), None)
            .is_err()
    );
}

#[test]
fn what_stands_on_a_warning_list_needs_a_reason_from_its_publisher() {
    let mut world = World::new();
    let a = Caller::node(member("bank-a"));
    let hits = [warning::Hit {
        list: "public-resolvers".into(),
        value: "8.8.8.8".into(),
    }];
    let heed = |world: &World, name: &str| {
        world
            .state
            .heed_warnings(&member(name), INDICATOR, &hits)
            .map_err(|no| no.code())
    };
    assert_eq!(heed(&world, "bank-a"), Err("cell.warning_list"));
    let meant = |lists: &[&str], reason: &str| Command::OverrideWarning {
        object: object(INDICATOR),
        lists: lists.iter().map(ToString::to_string).collect(),
        reason: reason.into(),
    };
    assert_eq!(
        world.refused(&a, meant(&["public-resolvers"], "")).code(),
        "cell.unfit"
    );
    assert_eq!(world.refused(&a, meant(&[], "x")).code(), "cell.unfit");
    world.does(&a, meant(&["another"], "x"));
    assert_eq!(heed(&world, "bank-a"), Err("cell.warning_list"));
    world.does(
        &a,
        meant(&["public-resolvers"], "the resolver itself was abused"),
    );
    assert_eq!(heed(&world, "bank-a"), Ok(()));
    assert_eq!(heed(&world, "bank-b"), Err("cell.warning_list"));
    assert_eq!(
        world.state.heed_warnings(&member("bank-b"), INDICATOR, &[]),
        Ok(())
    );
}
