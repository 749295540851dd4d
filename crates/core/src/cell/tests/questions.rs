use super::*;

fn id() -> QuestionId {
    QuestionId::new(&Realm::live(), [60; 12])
}

struct Asking {
    kind: &'static str,
    text: &'static str,
    groups: BTreeSet<GroupId>,
    members: BTreeSet<MemberId>,
    hours: i64,
}

impl Asking {
    fn command(self, world: &World) -> Command {
        Command::Ask {
            question: id(),
            kind: self.kind.into(),
            text: self.text.into(),
            note: None,
            groups: self.groups,
            members: self.members,
            deadline: world.now + SignedDuration::from_hours(self.hours),
        }
    }
}

fn seen(group: GroupId) -> Asking {
    Asking {
        kind: "seen",
        text: "Have you seen 203.0.113.7?",
        groups: [group].into(),
        members: BTreeSet::new(),
        hours: 48,
    }
}

fn cell() -> (World, GroupId) {
    let mut world = World::new();
    let company = standing(COMPANY, "GB");
    let group = world.group(&[
        ("bank-a", company),
        ("bank-b", company),
        ("bank-c", company),
    ]);
    (world, group)
}

#[test]
fn a_question_goes_to_all_of_a_group_is_chased_answered_and_closed() {
    let (mut world, group) = cell();
    let command = seen(group).command(&world);
    world.speaks("bank-a", command);
    let question = |world: &World| world.state.questions()[&id()].clone();
    let asked: Vec<_> = question(&world).asked.into_keys().collect();
    assert_eq!(asked, [member("bank-b"), member("bank-c"), member("csirt")]);
    let b = Caller::node(member("bank-b"));
    let acknowledge = || Command::Acknowledge { question: id() };
    world.does(&b, acknowledge());
    assert_eq!(world.tries(&b, acknowledge()), Ok(vec![]));
    let answer = |objects: &[&str]| Command::Answer {
        question: id(),
        objects: objects.iter().map(|one| object(one)).collect(),
    };
    world.does(&b, answer(&["note--1", "sighting--1"]));
    assert_eq!(world.tries(&b, answer(&["note--1"])), Ok(vec![]));
    world.does(&b, answer(&["note--1", "note--2"]));
    assert_eq!(question(&world).asked[&member("bank-b")].answers.len(), 3);
    world.speaks(
        "bank-c",
        Command::Decline {
            question: id(),
            reason: "nothing is logged there".into(),
        },
    );
    // One is silent: reminded at three quarters of the time and at its end, by the clock.
    let remind = || Command::Remind { question: id() };
    let operator = world.operator();
    let early = question(&world).reminder_due().unwrap();
    assert_eq!(early, world.now + SignedDuration::from_hours(36));
    assert_eq!(
        world.refused(&operator, remind()).code(),
        "cell.reminder_not_due"
    );
    world.later(36 * 3_600);
    world.operates(remind());
    assert_eq!(
        world.refused(&operator, remind()).code(),
        "cell.reminder_not_due"
    );
    assert_eq!(
        question(&world).reminder_due(),
        Some(question(&world).deadline)
    );
    world.later(12 * 3_600);
    world.operates(remind());
    assert_eq!(question(&world).reminder_due(), None);
    let close = |outcome: &str| Command::CloseQuestion {
        question: id(),
        outcome: outcome.into(),
        brought: vec![object("note--1")],
    };
    assert_eq!(world.refused(&b, close("x")).code(), "cell.not_asker");
    world.speaks("bank-a", close("seen at one bank"));
    assert_eq!(
        world.refused(&b, acknowledge()).code(),
        "cell.question_closed"
    );
    assert_eq!(
        world.refused(&b, answer(&["note--3"])).code(),
        "cell.question_closed"
    );
}

#[test]
fn nobody_is_asked_with_whom_one_shares_no_group() {
    let (mut world, group) = cell();
    let a = Caller::node(member("bank-a"));
    let stranger = Caller::node(member("bank-x"));
    let command = seen(group).command(&world);
    assert_eq!(
        world.refused(&stranger, command).code(),
        "cell.not_in_group"
    );
    let to = |names: BTreeSet<MemberId>| Asking {
        groups: BTreeSet::new(),
        members: names,
        ..seen(group)
    };
    let command = to(members(["bank-x"])).command(&world);
    assert_eq!(world.refused(&a, command).code(), "cell.not_in_group");
    for nobody in [BTreeSet::new(), members(["bank-a"])] {
        let command = to(nobody).command(&world);
        assert_eq!(world.refused(&a, command).code(), "cell.nobody_to_ask");
    }
    let command = to(members(["bank-b"])).command(&world);
    world.does(&a, command);
    let c = Caller::node(member("bank-c"));
    let answered = world.refused(&c, Command::Acknowledge { question: id() });
    assert_eq!(answered.code(), "cell.not_asked");
}

#[test]
fn a_request_for_the_data_of_users_is_pointed_to_the_door() {
    let (mut world, group) = cell();
    let police = standing(AUTHORITY, "GB");
    world.joins(group, "police", police);
    let asker = Caller::node(member("police"));
    for (kind, text, code) in [
        (
            "subscriber",
            "Have you seen this?",
            "cell.ask_for_user_data",
        ),
        (
            "seen",
            "Who owns the account harbour-17?",
            "cell.ask_for_user_data",
        ),
        (
            "confirm",
            "Please send all log-ins of the user.",
            "cell.ask_for_user_data",
        ),
        ("weather", "Does it rain?", "cell.unknown_kind"),
        ("seen", "", "cell.unfit"),
    ] {
        let asking = Asking {
            kind,
            text,
            ..seen(group)
        };
        let command = asking.command(&world);
        let refusal = world.refused(&asker, command);
        assert_eq!(refusal.code(), code, "{text}");
        if code == "cell.ask_for_user_data" {
            assert!(refusal.to_string().contains("portcullis order draft"));
        }
    }
}

#[test]
fn a_deadline_lies_ahead() {
    let (mut world, group) = cell();
    let asking = Asking {
        hours: 0,
        ..seen(group)
    };
    let command = asking.command(&world);
    let a = Caller::node(member("bank-a"));
    assert_eq!(world.refused(&a, command).code(), "cell.runs_back");
}
