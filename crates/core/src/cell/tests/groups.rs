use super::*;
use crate::realm::Realm;

#[test]
fn nobody_is_in_a_group_without_two_yeses() {
    let mut world = World::new();
    let (group, collection) = world.shared(&[]);
    let bank = Caller::node(member("bank-a"));
    let label = world.label(&collection, "csirt", Tlp::Green);
    let refusal = world.refused(&bank, Command::Accept { group });
    assert_eq!(refusal.code(), "cell.not_invited");
    world.operates(Command::Invite {
        group,
        member: member("bank-a"),
        standing: standing(COMPANY, "GB"),
    });
    assert!(!world.sees(&bank, &collection, &label));
    world.does(&bank, Command::Accept { group });
    assert!(world.sees(&bank, &collection, &label));
    assert_eq!(
        world.refused(&bank, Command::Accept { group }).code(),
        "cell.invited_already"
    );
}

#[test]
fn only_the_owner_invites_attests_expels_and_dissolves() {
    let mut world = World::new();
    let (group, _) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let bank = Caller::node(member("bank-a"));
    let other = member("bank-b");
    for command in [
        Command::Invite {
            group,
            member: other.clone(),
            standing: standing(COMPANY, "GB"),
        },
        Command::Attest {
            group,
            member: other.clone(),
            checked_by: "x".into(),
            how: "y".into(),
        },
        Command::Expel {
            group,
            member: member("csirt"),
        },
        Command::DissolveGroup { group },
    ] {
        assert_eq!(world.refused(&bank, command).code(), "cell.not_owner");
    }
    let founding = Command::FoundGroup {
        group: GroupId::new(&Realm::live(), [99; 12]),
        title: "Own".into(),
        standing: standing(COMPANY, "GB"),
    };
    assert_eq!(
        world.refused(&bank, founding).code(),
        "cell.operator_needed"
    );
}

#[test]
fn an_attested_consent_says_who_checked_and_how() {
    let mut world = World::new();
    let (group, collection) = world.shared(&[]);
    let attest = |checked_by: &str| Command::Attest {
        group,
        member: member("paper-bank"),
        checked_by: checked_by.into(),
        how: "signed letter, called back".into(),
    };
    let operator = world.operator();
    assert_eq!(
        world.refused(&operator, attest("desk")).code(),
        "cell.not_invited"
    );
    world.operates(Command::Invite {
        group,
        member: member("paper-bank"),
        standing: standing(COMPANY, "US"),
    });
    assert_eq!(world.refused(&operator, attest(" ")).code(), "cell.unfit");
    world.operates(attest("desk"));
    let label = world.label(&collection, "csirt", Tlp::Amber);
    assert!(world.sees(&Caller::node(member("paper-bank")), &collection, &label));
}

#[test]
fn leaving_ends_it_at_once_and_joining_late_gives_what_one_is_entitled_to() {
    let mut world = World::new();
    let (group, collection) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let label = world.label(&collection, "csirt", Tlp::Amber);
    let (a, b) = (
        Caller::node(member("bank-a")),
        Caller::node(member("bank-b")),
    );
    assert!(world.sees(&a, &collection, &label) && !world.sees(&b, &collection, &label));
    world.does(&a, Command::Leave { group });
    assert!(!world.sees(&a, &collection, &label));
    // The object was there before bank-b was.
    world.joins(group, "bank-b", standing(COMPANY, "GB"));
    assert!(world.sees(&b, &collection, &label));
    world.operates(Command::Expel {
        group,
        member: member("bank-b"),
    });
    assert!(!world.sees(&b, &collection, &label));
    let again = world.refused(&b, Command::Accept { group });
    assert_eq!(again.code(), "cell.not_invited");
}

#[test]
fn an_empty_or_dissolved_or_unknown_group_reaches_nobody() {
    let mut world = World::new();
    let (group, collection) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let label = world.label(&collection, "csirt", Tlp::Clear);
    let bank = Caller::node(member("bank-a"));
    world.operates(Command::DissolveGroup { group });
    assert!(!world.sees(&bank, &collection, &label));
    let operator = world.operator();
    let settings = Box::new(Settings {
        readers: [GroupId::new(&Realm::live(), [77; 12])].into(),
        ..Settings::titled("x")
    });
    let unknown = world.refused(
        &operator,
        Command::ChangeCollection {
            collection,
            settings,
        },
    );
    assert_eq!(unknown.code(), "cell.unknown_group");
}

#[test]
fn what_a_groups_owner_says_counts_and_nobody_elses_word() {
    let mut world = World::new();
    let group = GroupId::new(&Realm::live(), [9; 12]);
    let learn = |names: &[&str], at: Timestamp| Command::LearnGroup {
        group,
        title: "Elsewhere".into(),
        members: names
            .iter()
            .map(|name| (member(name), standing(COMPANY, "US")))
            .collect(),
        said_at: at,
    };
    let now = world.now;
    world.speaks("fusion", learn(&["bank-u"], now));
    let other = Caller::node(member("bank-x"));
    assert_eq!(
        world.refused(&other, learn(&["bank-x"], now)).code(),
        "cell.not_owner"
    );
    // Older news changes nothing, and news from the future is not believed.
    let fusion = Caller::node(member("fusion"));
    let earlier = now - SignedDuration::from_secs(1);
    assert_eq!(
        world.tries(&fusion, learn(&["bank-v"], earlier)),
        Ok(vec![])
    );
    let future = now + SignedDuration::from_hours(1);
    assert_eq!(
        world.refused(&fusion, learn(&["bank-v"], future)).code(),
        "cell.unfit"
    );
    // Consent is given where the owner hears it.
    let invited = world.refused(&Caller::node(member("bank-u")), Command::Accept { group });
    assert_eq!(invited.code(), "cell.not_owner");
    let collection = world.opens(|settings| settings.readers = [group].into());
    let label = world.label(&collection, "csirt", Tlp::Green);
    assert!(world.sees(&Caller::node(member("bank-u")), &collection, &label));
    world.later(60);
    let now = world.now;
    world.speaks("fusion", learn(&["bank-v"], now));
    assert!(!world.sees(&Caller::node(member("bank-u")), &collection, &label));
    // Our own groups are not told to us.
    let (own, _) = world.shared(&[]);
    let told = Command::LearnGroup {
        group: own,
        title: "Ours".into(),
        members: [(member("fusion"), standing(COMPANY, "US"))].into(),
        said_at: now,
    };
    assert_eq!(world.refused(&fusion, told).code(), "cell.not_owner");
}

#[test]
fn exercise_never_meets_live() {
    let mut world = World::new();
    let exercise = Realm::exercise("harbour", [1, 2, 3, 4]).unwrap();
    let operator = world.operator();
    let group = GroupId::new(&exercise, [1; 12]);
    let collection = CollectionId::new(&exercise, [1; 12]);
    let (ours, _) = world.shared(&[]);
    let settings = || {
        Box::new(Settings {
            readers: [ours].into(),
            ..Settings::titled("x")
        })
    };
    let far = world.now + SignedDuration::from_hours(1);
    for command in [
        Command::FoundGroup {
            group,
            title: "x".into(),
            standing: standing(COMPANY, "GB"),
        },
        Command::Leave { group },
        Command::OpenCollection {
            collection,
            settings: settings(),
        },
        Command::CloseCollection { collection },
        Command::OpenCollection {
            collection: CollectionId::new(&Realm::live(), [55; 12]),
            settings: Box::new(Settings {
                writers: [group].into(),
                ..*settings()
            }),
        },
        Command::Recall {
            recall: RecallId::new(&exercise, [1; 12]),
            object: object(INDICATOR),
            publisher: member("csirt"),
            versions: vec![],
            under: None,
            reason: "x".into(),
            asked: BTreeSet::new(),
            due: far,
            since: None,
        },
        Command::Acknowledge {
            question: QuestionId::new(&exercise, [1; 12]),
        },
        Command::Mark {
            object: object(INDICATOR),
            publisher: member("csirt"),
            group,
            tlp: Some(Tlp::Clear),
        },
        Command::Unfollow {
            follow: FollowId::new(&exercise, [1; 12]),
        },
    ] {
        let refusal = world.refused(&operator, command.clone());
        assert_eq!(refusal.code(), "realm.other", "{command:?}");
    }
    // Nor by a journal that is somebody else's.
    let mut elsewhere = State::new(member("csirt"), &exercise);
    let before = elsewhere.clone();
    let event = world.events.first().unwrap();
    assert_eq!(elsewhere.apply(event), Err(apply::OtherRealm));
    assert_eq!(elsewhere, before);
}
