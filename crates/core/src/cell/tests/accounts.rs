use super::*;

fn open(name: &str, of: &str, token: u8) -> Command {
    Command::OpenAccount {
        name: name.into(),
        member: member(of),
        secret: Secret::Token([token; 32]),
        client: false,
        operator: false,
        rights: Rights::Write,
        until: None,
    }
}

fn with(command: Command, f: impl FnOnce(&mut bool, &mut bool, &mut Rights)) -> Command {
    let Command::OpenAccount {
        name,
        member,
        secret,
        mut client,
        mut operator,
        mut rights,
        until,
    } = command
    else {
        panic!("no account is opened");
    };
    f(&mut client, &mut operator, &mut rights);
    Command::OpenAccount {
        name,
        member,
        secret,
        client,
        operator,
        rights,
        until,
    }
}

#[test]
fn names_and_tokens_are_given_once() {
    let mut world = World::new();
    let operator = world.operator();
    world.operates(open("siem", "bank-a", 1));
    assert_eq!(
        world.refused(&operator, open("siem", "bank-a", 2)).code(),
        "cell.taken"
    );
    assert_eq!(
        world.refused(&operator, open("soar", "bank-a", 1)).code(),
        "cell.taken"
    );
    for name in ["", "a b", "a:b", "é"] {
        assert_eq!(
            world.refused(&operator, open(name, "bank-a", 3)).code(),
            "cell.unfit"
        );
    }
    // Replaced and ended, the token still is nobody else's.
    let name = || "siem".to_owned();
    world.operates(Command::SetSecret {
        name: name(),
        secret: Secret::Token([4; 32]),
    });
    assert!(world.state.account_of_token(&[1; 32]).is_none());
    assert_eq!(world.state.account_of_token(&[4; 32]).unwrap().0, "siem");
    world.operates(Command::EndAccount { name: name() });
    for token in [1, 4] {
        assert_eq!(
            world
                .refused(&operator, open("new", "bank-b", token))
                .code(),
            "cell.taken"
        );
    }
    let ended = world.refused(&operator, Command::EndAccount { name: name() });
    assert_eq!(ended.code(), "cell.unknown_account");
}

#[test]
fn the_name_of_an_ended_account_is_free_and_its_secrets_let_nobody_in() {
    let mut world = World::new();
    let operator = world.operator();
    world.operates(open("desk", "bank-a", 1));
    world.operates(Command::EndAccount {
        name: "desk".into(),
    });
    assert_eq!(
        world.refused(&operator, open("desk", "bank-b", 1)).code(),
        "cell.taken",
        "the token of the former one is given to nobody"
    );
    world.operates(open("desk", "bank-b", 2));
    assert!(world.state.account_of_token(&[1; 32]).is_none());
    let (name, account) = world.state.account_of_token(&[2; 32]).unwrap();
    assert_eq!(
        (name, &account.member, account.ended),
        ("desk", &member("bank-b"), false)
    );
    assert_eq!(
        world.refused(&operator, open("desk", "bank-b", 3)).code(),
        "cell.taken"
    );
}

#[test]
fn an_operator_is_of_this_member_and_a_client_never_speaks() {
    let mut world = World::new();
    let operator = world.operator();
    let as_operator = |of| with(open("x", of, 1), |_, operator, _| *operator = true);
    assert_eq!(
        world.refused(&operator, as_operator("bank-a")).code(),
        "cell.operator_for_other"
    );
    let client = with(open("x", "csirt", 1), |client, operator, _| {
        (*client, *operator) = (true, true);
    });
    assert_eq!(
        world.refused(&operator, client).code(),
        "cell.operator_for_other"
    );
    let speaking = with(open("x", "bank-a", 1), |client, _, rights| {
        (*client, *rights) = (true, Rights::Speak);
    });
    assert_eq!(world.refused(&operator, speaking).code(), "cell.unfit");
    world.operates(as_operator("csirt"));
    // An operator's account that may only write does not operate.
    let account = world.state.accounts()["x"].caller("x");
    let refusal = world.refused(&account, open("y", "bank-a", 2));
    assert_eq!(refusal.code(), "cell.rights_missing");
}

#[test]
fn an_account_sets_its_own_secret_and_its_member_ends_it() {
    let mut world = World::new();
    for (name, of, token) in [("a", "bank-a", 1), ("b", "bank-b", 2)] {
        world.operates(open(name, of, token));
    }
    let own = world.state.accounts()["a"].caller("a");
    let set = |name: &str, token| Command::SetSecret {
        name: name.into(),
        secret: Secret::Token([token; 32]),
    };
    world.does(&own, set("a", 3));
    assert_eq!(
        world.refused(&own, set("b", 4)).code(),
        "cell.operator_needed"
    );
    let end = |name: &str| Command::EndAccount { name: name.into() };
    let bank = Caller::node(member("bank-a"));
    assert_eq!(world.refused(&own, end("a")).code(), "cell.rights_missing");
    assert_eq!(
        world.refused(&bank, end("b")).code(),
        "cell.operator_needed"
    );
    world.does(&bank, end("a"));
    assert_eq!(
        world.refused(&own, set("a", 5)).code(),
        "cell.account_ended"
    );
}
