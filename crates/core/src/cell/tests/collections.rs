use super::*;

#[test]
fn a_collection_has_an_audience_an_alias_of_its_own_and_known_groups() {
    let mut world = World::new();
    let group = world.group(&[]);
    let operator = world.operator();
    let open = |seed: u8, f: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::titled("Indicators");
        settings.readers = [group].into();
        f(&mut settings);
        Command::OpenCollection {
            collection: CollectionId::new(&Realm::live(), [seed; 12]),
            settings: Box::new(settings),
        }
    };
    world.operates(open(100, &|settings| {
        settings.alias = Some("indicators".into());
    }));
    for (code, f) in [
        (
            "cell.no_audience",
            (&|settings: &mut Settings| settings.readers.clear()) as &dyn Fn(&mut Settings),
        ),
        ("cell.taken", &|settings| {
            settings.alias = Some("indicators".into());
        }),
        ("cell.unfit", &|settings| {
            settings.alias = Some("In Dicators".into());
        }),
        ("cell.unfit", &|settings| settings.title.clear()),
        ("cell.unfit", &|settings| {
            settings.media_types = vec!["stix".into()];
        }),
        ("cell.unknown_wrapper", &|settings| {
            settings.wrapper = Some("none".into());
        }),
        ("cell.too_many", &|settings| {
            settings.media_types = vec!["a/b".into(); 17];
        }),
    ] {
        assert_eq!(world.refused(&operator, open(101, f)).code(), code);
    }
    assert_eq!(
        world.refused(&operator, open(100, &|_| ())).code(),
        "cell.taken"
    );
    let bank = Caller::node(member("bank-a"));
    assert_eq!(
        world.refused(&bank, open(101, &|_| ())).code(),
        "cell.operator_needed"
    );
}

#[test]
fn an_alias_goes_with_its_collection() {
    let mut world = World::new();
    let group = world.group(&[]);
    let named = |alias: &str| Settings {
        alias: Some(alias.into()),
        readers: [group].into(),
        ..Settings::titled("x")
    };
    let first = world.opens(|settings| *settings = named("first"));
    assert_eq!(world.state.collection_named("first"), Some(first));
    assert_eq!(
        world.state.collection_named(&first.to_string()),
        Some(first)
    );
    let change = |alias| Command::ChangeCollection {
        collection: first,
        settings: Box::new(named(alias)),
    };
    world.operates(change("second"));
    assert_eq!(world.state.collection_named("first"), None);
    assert_eq!(world.tries(&world.operator(), change("second")), Ok(vec![]));
    world.operates(Command::CloseCollection { collection: first });
    assert_eq!(world.state.collection_named("second"), None);
    assert_eq!(world.state.collection_named(&first.to_string()), None);
    let operator = world.operator();
    let gone = world.refused(&operator, change("third"));
    assert_eq!(gone.code(), "cell.unknown_collection");
    let cleared = world.state.clearance(&operator, &first, world.now);
    assert_eq!(cleared.unwrap_err().code(), "cell.unknown_collection");
    // Its id is never given again: what was served under it was served under it.
    let again = Command::OpenCollection {
        collection: first,
        settings: Box::new(named("third")),
    };
    assert_eq!(world.refused(&operator, again).code(), "cell.taken");
}

#[test]
fn whoever_reads_does_not_write() {
    let mut world = World::new();
    let readers = world.group(&[("bank-a", standing(COMPANY, "GB"))]);
    let writers = world.group(&[("bank-b", standing(COMPANY, "GB"))]);
    let collection = world.opens(|settings| {
        settings.readers = [readers].into();
        settings.writers = [writers].into();
    });
    let may = |caller: &Caller| {
        let written = world.state.may_write(caller, &collection, world.now);
        written.err().map(|refusal| refusal.code())
    };
    let (a, b) = (
        Caller::node(member("bank-a")),
        Caller::node(member("bank-b")),
    );
    assert_eq!(may(&a), Some("cell.may_not_write"));
    assert_eq!(may(&b), None);
    let reading = Caller {
        rights: Rights::Read,
        ..b.clone()
    };
    assert_eq!(may(&reading), Some("cell.rights_missing"));
    assert_eq!(may(&world.operator()), None);
    let refused = world.state.clearance(&b, &collection, world.now);
    assert_eq!(refused.unwrap_err().code(), "cell.may_not_read");
}

#[test]
fn follows_are_begun_moved_rested_and_ended() {
    let mut world = World::new();
    let group = world.group(&[]);
    let into = world.opens(|settings| settings.readers = [group].into());
    let operator = world.operator();
    let source = |url: &str| follow::Source::Taxii {
        url: url.into(),
        credential: Some("feed".into()),
    };
    let begin = |seed: u8, source, into| Command::Follow {
        follow: FollowId::new(&Realm::live(), [seed; 12]),
        source,
        into,
        every_s: Some(60),
    };
    for url in [
        "ftp://x.example",
        "https://",
        "https://user:pass@x.example/",
        "https://x.example/ a",
    ] {
        let refusal = world.refused(&operator, begin(1, source(url), into));
        assert_eq!(refusal.code(), "cell.unfit", "{url}");
    }
    let good = "https://x.example/root/collections/y/";
    world.operates(begin(1, source(good), into));
    let twice = world.refused(&operator, begin(2, source(good), into));
    assert_eq!(twice.code(), "cell.followed_already");
    let follow = FollowId::new(&Realm::live(), [1; 12]);
    let cursor = "17".to_owned();
    world.operates(Command::Advance {
        follow,
        cursor: cursor.clone(),
    });
    assert_eq!(world.state.follows()[&follow].cursor, Some(cursor.clone()));
    assert_eq!(
        world.tries(&operator, Command::Advance { follow, cursor }),
        Ok(vec![])
    );
    world.operates(Command::PauseFollow {
        follow,
        paused: true,
    });
    world.operates(Command::Unfollow { follow });
    let ended = world.refused(&operator, Command::Unfollow { follow });
    assert_eq!(ended.code(), "cell.unknown_follow");
    world.operates(begin(3, source(good), into));
    // A peer's collection comes with its id; anything else needs a collection that is there.
    let theirs = CollectionId::new(&Realm::live(), [88; 12]);
    let peer = |name: &str| follow::Source::Peer {
        member: member(name),
        collection: theirs,
    };
    world.operates(begin(4, peer("fusion"), theirs));
    let lost = world.refused(&operator, begin(5, source("https://z.example/"), theirs));
    assert_eq!(lost.code(), "cell.unknown_collection");
    assert_eq!(
        world
            .refused(&operator, begin(6, peer("csirt"), into))
            .code(),
        "cell.unfit"
    );
}
