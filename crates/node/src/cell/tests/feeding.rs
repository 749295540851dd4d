//! What a follower is given, and what it is asked to give back.

use super::*;
use crate::cell::{
    Looked,
    feed::{self, Ask, Feed, Record},
};

/// One who follows: what it holds of the collection, and where it stands.
struct Follower {
    member: MemberId,
    ask: Ask,
    holds: Vec<(String, i64)>,
    answers: usize,
}

impl Follower {
    fn new(kit: &Kit, name: &str, bytes_max: usize) -> Self {
        Self {
            member: member(name),
            ask: Ask {
                collection: kit.collection,
                epoch: None,
                position: i64::MIN,
                view: None,
                state: None,
                bytes_max,
                wait_ms: 0,
                confirms: Vec::new(),
                replies: None,
                joins: false,
            },
            holds: Vec::new(),
            answers: 0,
        }
    }

    /// Asks until there is no more.
    fn follow(&mut self, kit: &Kit) {
        for _ in 0..10_000 {
            let answer = kit.cell.feed(&self.member, &self.ask, true).unwrap();
            let answer = answer.unwrap();
            let feed = feed::read(&answer).unwrap();
            self.answers += 1;
            self.take(&feed);
            if !feed.end.more {
                return;
            }
        }
        panic!("it does not come to an end");
    }

    fn take(&mut self, feed: &Feed<'_>) {
        for record in &feed.records {
            match record {
                Record::Put { object, .. } => {
                    let header = portcullis_stix::header::header(object).unwrap();
                    let version = (header.id.to_string(), header.version_us);
                    if !self.holds.contains(&version) {
                        self.holds.push(version);
                    }
                }
                Record::Remove { id, version, .. } | Record::Forget { id, version, .. } => {
                    let gone = (id.clone(), *version);
                    assert!(self.holds.contains(&gone), "it never had {gone:?}");
                    self.holds.retain(|held| *held != gone);
                }
                Record::State { digest, .. } => self.ask.state = Some(*digest),
            }
        }
        self.ask.epoch = Some(feed.head.epoch);
        self.ask.view = Some(feed.head.view);
        self.ask.position = feed.end.to;
    }
}

fn put_out(kit: &Kit, name: &str) {
    let command = Command::Expel {
        group: kit.group,
        member: member(name),
    };
    kit.cell.perform(&kit.cell.operator(), command).unwrap();
}

/// A change of `far`'s, as another node brings it.
fn brought(kit: &Kit, n: u32) -> crate::cell::Change {
    crate::cell::Change::Put {
        bytes: indicator(n, 0).into(),
        stamp: crate::cell::Stamp {
            at_us: kit.clock.now().as_microsecond(),
            by: member("far"),
        },
        publisher: member("far"),
        tlp: portcullis_core::cell::Tlp::Amber,
        held: false,
        marks: portcullis_core::cell::Marks::default(),
        provenance: Bytes::new(),
    }
}

#[test]
fn who_is_put_out_gives_back_what_it_was_given_whether_we_still_have_it_or_not() {
    let kit = Kit::new();
    let changes = [brought(&kit, 1), brought(&kit, 2), brought(&kit, 3)];
    kit.cell
        .accept(&kit.collection, &changes, Vec::new())
        .unwrap();
    let mut follower = Follower::new(&kit, "bank-b", 1 << 20);
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 3);
    // One goes by our people's hand, one is let go as if it had never been here.
    let operator = kit.cell.operator();
    let all = Query::default();
    kit.clock.pass(1000);
    let removed = kit.cell.remove(&operator, &kit.collection, &id(1), &all);
    assert_eq!(removed.unwrap(), 1);
    let forget = crate::cell::Change::Forget {
        id: id(2),
        version_us: 1_767_225_600_000_000,
    };
    kit.cell
        .accept(&kit.collection, &[forget], Vec::new())
        .unwrap();
    // That is nobody else's business while it may have them.
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 3);
    put_out(&kit, "bank-b");
    follower.follow(&kit);
    assert_eq!(follower.holds, []);
}

#[test]
fn a_collection_that_is_unshared_is_given_back_and_comes_again_when_it_is_shared() {
    let kit = Kit::new();
    kit.add(&many(0..5));
    let mut follower = Follower::new(&kit, "bank-b", 1 << 20);
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 5);
    let operator = kit.cell.operator();
    let alone = kit.cell.new_group();
    let found = Command::FoundGroup {
        group: alone,
        title: "csirt alone".into(),
        standing: standing(MemberKind::Company, "GB"),
    };
    kit.cell.perform(&operator, found).unwrap();
    let shared_with = |group: GroupId| {
        let state = kit.cell.state();
        let mut settings = state.collection(&kit.collection).unwrap().settings.clone();
        settings.readers = [group].into();
        settings.writers = [group].into();
        let change = Command::ChangeCollection {
            collection: kit.collection,
            settings: Box::new(settings),
        };
        kit.cell.perform(&operator, change).unwrap();
    };
    let out = |follower: &Follower| {
        let answer = kit.cell.feed(&follower.member, &follower.ask, true);
        feed::read(&answer.unwrap().unwrap()).unwrap().head.out
    };
    assert!(!out(&follower));
    shared_with(alone);
    follower.follow(&kit);
    assert_eq!(follower.holds, []);
    assert!(out(&follower));
    let all = Query::default();
    for caller in [kit.a(), kit.b()] {
        let page = kit.cell.page(&caller, &kit.collection, &all, View::Objects);
        assert_eq!(page.unwrap_err().code(), "cell.may_not_read");
        let by_name = kit.cell.collection(&caller, "indicators").unwrap_err();
        let never = kit.cell.collection(&caller, "never").unwrap_err();
        assert_eq!(by_name.code(), never.code());
        assert!(kit.cell.versions(&caller, &id(1)).unwrap().is_empty());
    }
    // This member itself reads all of it, what others have added there too.
    let own = Caller::node(member("csirt"));
    assert_eq!(kit.cell.versions(&own, &id(1)).unwrap().len(), 1);
    kit.add_as(&operator, &many(5..7));
    follower.follow(&kit);
    assert_eq!(follower.holds, []);
    shared_with(kit.group);
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 7);
    assert!(!out(&follower));
}

#[test]
fn a_follower_gives_back_what_a_stricter_default_no_longer_lets_go() {
    let kit = Kit::new();
    kit.add(&many(0..3));
    kit.add_as(&kit.b(), &many(3..4));
    let changes = [brought(&kit, 4)];
    kit.cell
        .accept(&kit.collection, &changes, Vec::new())
        .unwrap();
    let mut follower = Follower::new(&kit, "bank-b", 1 << 20);
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 5);
    let state = kit.cell.state();
    let mut settings = state.collection(&kit.collection).unwrap().settings.clone();
    settings.default_tlp = portcullis_core::cell::Tlp::Red;
    let change = Command::ChangeCollection {
        collection: kit.collection,
        settings: Box::new(settings),
    };
    kit.cell.perform(&kit.cell.operator(), change).unwrap();
    follower.follow(&kit);
    // What is its own stays its own.
    assert_eq!(follower.holds, [(id(3), 1_767_225_600_000_000)]);
}

#[test]
fn what_is_given_back_comes_in_answers_that_can_be_read() {
    let kit = Kit::new();
    kit.add(&many(0..60));
    let mut follower = Follower::new(&kit, "bank-b", 1 << 20);
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 60);
    put_out(&kit, "bank-b");
    follower.ask.bytes_max = 500;
    follower.answers = 0;
    follower.follow(&kit);
    assert_eq!(follower.holds, []);
    assert!(follower.answers > 5, "{}", follower.answers);
    // Whoever is let in again gets all of it again.
    let invite = Command::Invite {
        group: kit.group,
        member: member("bank-b"),
        standing: standing(MemberKind::Company, "GB"),
    };
    kit.cell.perform(&kit.cell.operator(), invite).unwrap();
    let accept = Command::Accept { group: kit.group };
    kit.cell.perform(&kit.b(), accept).unwrap();
    follower.follow(&kit);
    assert_eq!(follower.holds.len(), 60);
}

#[test]
fn of_what_it_may_not_have_a_follower_hears_nothing() {
    let kit = Kit::new();
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    kit.add(&[indicator(1, 0), with(1, 9, red), with(2, 0, red)]);
    let mut follower = Follower::new(&kit, "bank-b", 1 << 20);
    follower.follow(&kit);
    assert_eq!(follower.holds, [(id(1), 1_767_225_600_000_000)]);
    let answer = kit.cell.feed(&member("bank-b"), &follower.ask, true);
    let answer = answer.unwrap().unwrap();
    assert_eq!(feed::read(&answer).unwrap().records, []);
    assert_eq!(feed::read(&answer).unwrap().end.behind, 0);
}

#[test]
fn news_are_what_the_caller_may_see() {
    let kit = Kit::new();
    let mut looked = Looked::default();
    let mut news = |caller: &Caller| kit.cell.news(caller, &mut looked);
    let start = news(&kit.b());
    assert_eq!(news(&kit.b()), start);
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    kit.clock.pass(10);
    kit.add(&[with(1, 0, red)]);
    assert_eq!(news(&kit.b()), start, "it is not for it");
    kit.clock.pass(10);
    kit.add(&[indicator(2, 0)]);
    let seen = news(&kit.b());
    assert_ne!(start, seen);
    // A restart, and looking from the beginning, come to the same.
    assert_eq!(kit.cell.news(&kit.b(), &mut Looked::default()), seen);
    // Who is in its group is for it to know; of what happens in others it hears nothing.
    let other = Command::FoundGroup {
        group: kit.cell.new_group(),
        title: "others".into(),
        standing: standing(MemberKind::Company, "GB"),
    };
    kit.clock.pass(10);
    kit.cell.perform(&kit.cell.operator(), other).unwrap();
    assert_eq!(kit.cell.news(&kit.b(), &mut Looked::default()), seen);
    kit.clock.pass(10);
    put_out(&kit, "bank-a");
    assert_ne!(seen, kit.cell.news(&kit.b(), &mut Looked::default()));
}
