use super::*;

fn bank_and_authority() -> (World, GroupId, CollectionId) {
    let mut world = World::new();
    let (group, collection) = world.shared(&[
        ("bank-a", standing(COMPANY, "GB")),
        ("bank-b", standing(COMPANY, "GB")),
        ("fusion", standing(AUTHORITY, "US")),
    ]);
    (world, group, collection)
}

#[test]
fn tlp_reaches_whom_it_names() {
    let (mut world, _, collection) = bank_and_authority();
    world.operates(Command::Address {
        object: object(INDICATOR),
        publisher: member("csirt"),
        recipients: members(["bank-b"]),
    });
    let a = Caller::node(member("bank-a"));
    let b = Caller::node(member("bank-b"));
    let outside = Caller::node(member("bank-x"));
    for (tlp, at_a, clients, at_b) in [
        (Tlp::Clear, true, true, true),
        (Tlp::Green, true, true, true),
        (Tlp::Amber, true, true, true),
        (Tlp::AmberStrict, true, false, true),
        (Tlp::Red, false, false, true),
    ] {
        let label = world.label(&collection, "csirt", tlp);
        assert_eq!(world.sees(&a, &collection, &label), at_a, "{tlp}");
        assert_eq!(
            world.sees(&client_of("bank-a"), &collection, &label),
            clients,
            "{tlp}"
        );
        assert_eq!(world.sees(&b, &collection, &label), at_b, "{tlp}");
        let at_client = at_b && tlp <= Tlp::Amber;
        assert_eq!(
            world.sees(&client_of("bank-b"), &collection, &label),
            at_client,
            "{tlp}"
        );
        assert!(!world.sees(&outside, &collection, &label), "{tlp}");
        assert!(
            world.sees(&world.operator(), &collection, &label),
            "its own, {tlp}"
        );
    }
}

#[test]
fn an_open_collection_shows_to_everybody_what_is_clear_and_nothing_else() {
    let mut world = World::new();
    let collection = world.opens(|settings| settings.open = true);
    let stranger = Caller::node(member("anybody"));
    for tlp in Tlp::ALL {
        let label = world.label(&collection, "csirt", tlp);
        assert_eq!(
            world.sees(&stranger, &collection, &label),
            tlp == Tlp::Clear,
            "{tlp}"
        );
    }
}

#[test]
fn one_object_is_of_another_tlp_for_another_group() {
    let mut world = World::new();
    let first = world.group(&[("bank-a", standing(COMPANY, "GB"))]);
    let second = world.group(&[
        ("bank-b", standing(COMPANY, "GB")),
        ("bank-ab", standing(COMPANY, "GB")),
    ]);
    world.joins(first, "bank-ab", standing(COMPANY, "GB"));
    let collection = world.opens(|settings| settings.readers = [first, second].into());
    let label = world.label(&collection, "csirt", Tlp::AmberStrict);
    let mark = |group, tlp| Command::Mark {
        object: object(INDICATOR),
        publisher: member("csirt"),
        group,
        tlp,
    };
    world.operates(mark(first, Some(Tlp::Green)));
    world.operates(mark(second, Some(Tlp::Red)));
    let sees = |world: &World, caller: &Caller| world.sees(caller, &collection, &label);
    assert!(sees(&world, &client_of("bank-a")));
    assert!(!sees(&world, &Caller::node(member("bank-b"))));
    assert!(sees(&world, &Caller::node(member("bank-ab"))));
    world.operates(mark(second, None));
    assert!(sees(&world, &Caller::node(member("bank-b"))));
    assert!(!sees(&world, &client_of("bank-b")));
    let operator = world.operator();
    assert_eq!(world.tries(&operator, mark(second, None)), Ok(vec![]));
}

#[test]
fn only_the_publisher_marks_and_only_its_own() {
    let (mut world, group, collection) = bank_and_authority();
    let a = Caller::node(member("bank-a"));
    let mark = |publisher: &str| Command::Mark {
        object: object(INDICATOR),
        publisher: member(publisher),
        group,
        tlp: Some(Tlp::Clear),
    };
    assert_eq!(
        world.refused(&a, mark("csirt")).code(),
        "cell.not_publisher"
    );
    let client = client_of("bank-a");
    assert_eq!(
        world.refused(&client, mark("bank-a")).code(),
        "cell.not_publisher"
    );
    // What bank-a says of its own copy says nothing of ours.
    world.does(&a, mark("bank-a"));
    let red = world.label(&collection, "csirt", Tlp::Red);
    assert!(!world.sees(&Caller::node(member("bank-b")), &collection, &red));
    let theirs = world.label(&collection, "bank-a", Tlp::Red);
    assert!(world.sees(&Caller::node(member("bank-b")), &collection, &theirs));
}

#[test]
fn no_marking_is_the_default_and_several_are_the_strictest() {
    let mut world = World::new();
    let (_, collection) = world.shared(&[]);
    let label = |tlps: &[Tlp]| {
        let tlps = tlps.iter().copied().collect();
        world
            .state
            .label(&collection, &member("csirt"), tlps, false)
            .tlp
    };
    assert_eq!(label(&[]), Tlp::Amber);
    assert_eq!(
        label(&[Tlp::Clear, Tlp::AmberStrict, Tlp::Green]),
        Tlp::AmberStrict
    );
    let unknown = CollectionId::from_bytes([7; 16]);
    let lost = world
        .state
        .label(&unknown, &member("csirt"), Marked::default(), false);
    assert_eq!(lost.tlp, Tlp::Red);
}

#[test]
fn a_legal_basis_that_lapsed_carries_nothing_out() {
    let mut world = World::new();
    let group = world.group(&[("bank-a", standing(COMPANY, "GB"))]);
    let (from, until) = (world.now, world.now + SignedDuration::from_hours(1));
    let wrap = |until| Command::Wrap {
        name: "cisa-2015".into(),
        clause: "6 USC 1503(c)".into(),
        from,
        until,
    };
    let operator = world.operator();
    assert_eq!(
        world.refused(&operator, wrap(from)).code(),
        "cell.runs_back"
    );
    world.operates(wrap(until));
    let collection = world.opens(|settings| {
        settings.readers = [group].into();
        settings.wrapper = Some("cisa-2015".into());
    });
    let bank = Caller::node(member("bank-a"));
    let cleared =
        |world: &World, caller: &Caller| world.state.clearance(caller, &collection, world.now);
    assert_eq!(cleared(&world, &bank).unwrap().until(), Some(until));
    world.later(3_600);
    assert_eq!(
        cleared(&world, &bank).unwrap_err().code(),
        "cell.wrapper_lapsed"
    );
    assert!(
        cleared(&world, &operator).is_ok(),
        "nothing leaves towards oneself"
    );
    let client = Caller {
        client: true,
        ..Caller::node(world.state.me().clone())
    };
    assert_eq!(
        cleared(&world, &client).unwrap_err().code(),
        "cell.wrapper_lapsed",
        "a client of one's own is another"
    );
    // Prolonged by a new law, it carries again.
    world.operates(wrap(until + SignedDuration::from_hours(10)));
    assert!(cleared(&world, &bank).is_ok());
}

#[test]
fn a_clearance_ends_with_the_account() {
    let mut world = World::new();
    let (_, collection) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let until = world.now + SignedDuration::from_hours(1);
    world.operates(Command::OpenAccount {
        name: "siem".into(),
        member: member("bank-a"),
        secret: Secret::Token([1; 32]),
        client: false,
        operator: false,
        rights: Rights::Read,
        until: Some(until),
    });
    let account = world.state.accounts()["siem"].caller("siem");
    let clearance = world.state.clearance(&account, &collection, world.now);
    assert_eq!(clearance.unwrap().until(), Some(until));
    // A caller that says more of itself than its account does is nobody.
    let forged = Caller {
        rights: Rights::Speak,
        ..account.clone()
    };
    let refused = world.state.clearance(&forged, &collection, world.now);
    assert_eq!(refused.unwrap_err().code(), "cell.account_ended");
    world.later(3_600);
    let refused = world.state.clearance(&account, &collection, world.now);
    assert_eq!(refused.unwrap_err().code(), "cell.account_ended");
}

#[test]
fn what_was_found_stays_on_this_side_of_every_border() {
    let (mut world, group, collection) = bank_and_authority();
    world.joins(group, "bank-u", standing(COMPANY, "US"));
    let held = Label {
        held: true,
        ..world.label(&collection, "bank-a", Tlp::Green)
    };
    let sees =
        |world: &World, name: &str| world.sees(&Caller::node(member(name)), &collection, &held);
    assert!(sees(&world, "bank-a") && sees(&world, "bank-b"));
    assert!(!sees(&world, "fusion") && !sees(&world, "bank-u"));
    assert!(!world.sees(&client_of("bank-a"), &collection, &held));
    // An authority at home that joins later gets nothing either: nobody has looked for it.
    world.joins(group, "police", standing(AUTHORITY, "GB"));
    assert!(!sees(&world, "police"));
    // From an authority to a company at home no line is crossed.
    let from_police = Label {
        publisher: member("police"),
        ..held.clone()
    };
    assert!(world.sees(&Caller::node(member("bank-b")), &collection, &from_police));
    // Whoever's standing nobody knows is across.
    let unknown = Label {
        publisher: member("gone"),
        ..held.clone()
    };
    assert!(!world.sees(&Caller::node(member("bank-b")), &collection, &unknown));
}

#[test]
fn a_collection_crosses_when_somebody_in_it_is_across() {
    let mut world = World::new();
    let (group, collection) = world.shared(&[("bank-a", standing(COMPANY, "GB"))]);
    let crossing = |world: &World, name: &str| world.state.crossing(&collection, &member(name));
    assert!(!crossing(&world, "bank-a"));
    assert!(crossing(&world, "stranger"), "nobody knows where it stands");
    world.joins(group, "police", standing(AUTHORITY, "GB"));
    assert!(crossing(&world, "bank-a") && !crossing(&world, "police"));
    world.joins(group, "bank-u", standing(COMPANY, "US"));
    assert!(crossing(&world, "police"));
    let open = world.opens(|settings| {
        settings.open = true;
        settings.readers = [group].into();
    });
    assert!(world.state.crossing(&open, &member("police")));
}

#[test]
fn what_others_sent_us_goes_no_further_than_it_was_sent() {
    let (mut world, _, collection) = bank_and_authority();
    let away = world.group(&[]);
    let label = |world: &World, publisher: &str, tlp: Tlp| Label {
        bound: Some(tlp),
        ..world.label(&collection, publisher, tlp)
    };
    let admits = |world: &World, caller: &Caller, label: &Label, marks: Option<&Marks>| {
        let cleared = world.state.clearance(caller, &collection, world.now);
        cleared.unwrap().admits(label, marks)
    };
    let (node, client) = (Caller::node(member("bank-a")), client_of("bank-a"));
    // Of whom our group does not know, what clients may have.
    for (tlp, known, unknown) in [
        (Tlp::Clear, true, true),
        (Tlp::Green, true, true),
        (Tlp::Amber, true, true),
        (Tlp::AmberStrict, true, false),
        (Tlp::Red, false, false),
    ] {
        let of = |publisher| label(&world, publisher, tlp);
        assert_eq!(admits(&world, &node, &of("bank-b"), None), known, "{tlp}");
        assert_eq!(admits(&world, &node, &of("bank-x"), None), unknown, "{tlp}");
        let home = world.label(&collection, "bank-x", tlp);
        assert_eq!(admits(&world, &node, &home, None), known, "{tlp}");
    }
    // Marked more strictly towards the group by which we have it: so towards all here.
    let green = label(&world, "bank-b", Tlp::Green);
    for (tlp, to_node, to_client) in [
        (Tlp::Clear, true, true),
        (Tlp::Amber, true, true),
        (Tlp::AmberStrict, true, false),
        (Tlp::Red, false, false),
    ] {
        let marks = Marks {
            groups: [(away, tlp)].into(),
            recipients: BTreeSet::new(),
        };
        assert_eq!(
            admits(&world, &node, &green, Some(&marks)),
            to_node,
            "{tlp}"
        );
        assert_eq!(
            admits(&world, &client, &green, Some(&marks)),
            to_client,
            "{tlp}"
        );
        let shown = world.state.shown(&green, Some(&marks));
        assert_eq!(shown, tlp.max(Tlp::Green));
        // Towards a group in which we are not it says nothing to us, and at home each group is its own.
        let elsewhere = GroupId::new(&Realm::live(), world.draw());
        let not_ours = Marks {
            groups: [(elsewhere, tlp)].into(),
            recipients: BTreeSet::new(),
        };
        assert!(admits(&world, &client, &green, Some(&not_ours)));
        let home = world.label(&collection, "bank-b", Tlp::Green);
        assert!(admits(&world, &client, &home, Some(&marks)));
    }
}
