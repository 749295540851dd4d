//! What is said at a follower of what it was served reaches its publisher, who follows nobody.

use super::{Nobody, Says, TestEnv, forged::third};
use crate::{
    Env as _,
    cell::{
        Cell, CellParts, Change, Changed, Source as Coming, Stamp,
        feed::{Ask, REPLIES_BYTES_MAX},
        follow::{Reach, Vouch},
        provenance::Origin,
        question::{NewQuestion, QuestionView},
    },
    door::Problem,
    peers::{Answer, Peer, PeerError, Peers},
};
use bytes::Bytes;
use portcullis_core::{
    cell::{
        CollectionId, Command, FollowId, GroupId, Marks, MemberKind, Mode, Settings, Standing, Tlp,
        follow::Source,
    },
    member::MemberId,
    realm::Realm,
};
use portcullis_sign::SecretKey;
use portcullis_store::Journal;
use portcullis_verdict::cell::{By, Proof, verify_provenance};
use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
};

pub(super) const X: &str = "publisher.example";
pub(super) const Y: &str = "reader.example";
pub(super) const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
pub(super) const AMBER: &str = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421";

pub(super) fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed([name.as_bytes()[0]; 32])
}

fn verified(object: &[u8], proof: &[u8]) -> Result<Origin, String> {
    let parsed = Proof::parse(proof).map_err(|error| error.to_string())?;
    let (key, realm) = (key(parsed.batch.says().member.as_str()), Realm::live());
    let by = By::Key {
        key: &key.public(),
        realm: realm.name(),
    };
    verify_provenance(object, proof, &by).map_err(|error| error.to_string())
}

pub(super) fn peer(member: &MemberId) -> Peer {
    Peer {
        member: member.clone(),
        endpoint: String::new(),
        tls: BTreeSet::new(),
    }
}

/// How an ask goes wrong.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Line {
    Good,
    /// What is asked never arrives.
    Down,
    /// It arrives, and the answer does not.
    Deaf,
}

/// The way from a follower to its source.
struct Way {
    from: MemberId,
    to: Arc<Cell>,
    line: Mutex<Line>,
    /// Whether the source is of a time before replies.
    old: bool,
    /// How many asks carried replies.
    replies: AtomicU8,
}

impl Way {
    fn new(from: &str, to: &Arc<Cell>) -> Self {
        Self {
            from: member(from),
            to: Arc::clone(to),
            line: Mutex::new(Line::Good),
            old: false,
            replies: AtomicU8::new(0),
        }
    }

    fn reach<T>(&self, call: impl FnOnce(&Reach<'_>) -> T) -> T {
        call(&Reach {
            peers: &Says(|peer: &Peer, ask: &Ask| self.answer(peer, ask)),
            remote: &Nobody,
            peer_of: &|member| Some(peer(member)),
            endpoint_of: &|_| None,
            verify: &verified,
            wait_ms: 0,
        })
    }

    fn answer(&self, peer_: &Peer, ask: &Ask) -> Result<Answer, PeerError> {
        let line = *self.line.lock().unwrap();
        if line == Line::Down {
            return Nobody.get(peer_, "");
        }
        let ask = Ask::parse(&ask.to_json()).unwrap();
        self.replies
            .fetch_add(u8::from(ask.replies.is_some()), Ordering::SeqCst);
        assert!(!self.old || ask.replies.is_none());
        let vouch = Vouch {
            peer_of: &|member| Some(peer(member)),
            verify: &verified,
        };
        let heard = self.to.hear_replies(&self.from, &ask, vouch);
        let fed = heard.and_then(|()| self.to.feed(&self.from, &ask, true));
        if line == Line::Deaf {
            return Nobody.get(peer_, "");
        }
        Ok(match fed {
            Ok(body) => {
                let mut body = body.unwrap_or_default();
                if self.old {
                    let text = String::from_utf8(body).unwrap();
                    body = text.replacen(",\"hears\":true", "", 1).into_bytes();
                }
                Answer { status: 200, body }
            }
            Err(problem) => Answer {
                status: problem.status,
                body: problem.detail.into_bytes(),
            },
        })
    }
}

/// A publisher, and a reader whose node follows it.
pub(super) struct Pair {
    pub(super) x: Arc<Cell>,
    pub(super) y: Arc<Cell>,
    pub(super) env: Arc<TestEnv>,
    /// The reader's journal and ledger.
    disks: (Journal, Journal),
    pub(super) collection: CollectionId,
    pub(super) group: GroupId,
    follow: FollowId,
    way: Way,
}

pub(super) fn standing() -> Standing {
    Standing {
        kind: MemberKind::Company,
        jurisdiction: "GB".parse().unwrap(),
    }
}

fn open(name: &str, env: &Arc<TestEnv>, (journal, served): &(Journal, Journal)) -> Arc<Cell> {
    let cell = Cell::open(CellParts {
        journal: journal.clone(),
        served: served.clone(),
        env: env.clone(),
        me: member(name),
        realm: Realm::live(),
        signer: Some(key(name)),
    })
    .unwrap();
    cell.load().unwrap();
    cell
}

fn followed(follow: FollowId, of: &str, collection: CollectionId) -> Command {
    Command::Follow {
        follow,
        source: Source::Peer {
            member: member(of),
            collection,
        },
        into: collection,
        every_s: None,
    }
}

impl Pair {
    /// Whether the reader may add to the publisher's collection, too.
    pub(super) fn new(writes: bool) -> Self {
        let env = Arc::new(TestEnv {
            now_us: AtomicI64::new(1_790_000_000_000_000),
            byte: AtomicU8::new(1),
        });
        let disks = |n: u8| (Journal::memory([n; 16]), Journal::memory([n + 1; 16]));
        let (of_x, disks) = (disks(1), disks(3));
        let (x, y) = (open(X, &env, &of_x), open(Y, &env, &disks));
        let (group, collection) = (x.new_group(), x.new_collection());
        let found = Command::FoundGroup {
            group,
            title: "both".into(),
            standing: standing(),
        };
        let invite = Command::Invite {
            group,
            member: member(Y),
            standing: standing(),
        };
        let settings = Settings {
            mode: Mode::Keep,
            default_tlp: Tlp::Amber,
            readers: [group].into(),
            writers: if writes {
                [group].into()
            } else {
                BTreeSet::new()
            },
            ..Settings::titled("alerts")
        };
        let opened = Command::OpenCollection {
            collection,
            settings: Box::new(settings),
        };
        for command in [found, invite, opened] {
            x.perform(&x.operator(), command).unwrap();
        }
        let follow = y.new_follow();
        y.perform(&y.operator(), followed(follow, X, collection))
            .unwrap();
        let way = Way::new(Y, &x);
        Self {
            x,
            y,
            env,
            disks,
            collection,
            group,
            follow,
            way,
        }
    }

    fn reach<T>(&self, call: impl FnOnce(&Reach<'_>) -> T) -> T {
        self.way.reach(call)
    }

    fn tick(&self) {
        self.reach(|reach| self.y.follow_tick(&self.follow, reach));
    }

    pub(super) fn settle(&self) {
        for _ in 0..6 {
            self.tick();
        }
    }

    pub(super) fn add(&self, at: &Cell, object: &str) {
        let envelope = format!("{{\"objects\":[{object}]}}");
        let added = at.add(
            &at.operator(),
            &self.collection,
            envelope.into(),
            Coming::Published,
        );
        let added = added.unwrap();
        assert_eq!((added.failures, added.fresh), (vec![], 1));
    }

    /// What stands at a node of a kind: its id, and how often it was added.
    pub(super) fn kind(&self, at: &Cell, kind: &str) -> Vec<(String, Tlp)> {
        let mut found = Vec::new();
        at.changes_since(&self.collection, i64::MIN, &mut |change| {
            if matches!(change.op, Changed::Put(_)) && change.id.starts_with(kind) {
                found.push((change.id.to_owned(), change.label.tlp));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        found
    }

    /// The publisher's node hears these replies of the reader's.
    pub(super) fn hear(&self, text: String) -> Result<(), Problem> {
        self.hear_if(text, &|member| Some(peer(member)))
    }

    /// The same where the register knows these nodes.
    pub(super) fn hear_if(
        &self,
        text: String,
        peer_of: &dyn Fn(&MemberId) -> Option<Peer>,
    ) -> Result<(), Problem> {
        let ask = Ask {
            collection: self.collection,
            epoch: None,
            position: i64::MAX,
            view: None,
            state: None,
            bytes_max: 0,
            wait_ms: 0,
            confirms: Vec::new(),
            replies: Some(text),
            joins: false,
        };
        let vouch = Vouch {
            peer_of,
            verify: &verified,
        };
        self.x.hear_replies(&member(Y), &ask, vouch)
    }

    /// The reader's node starts again from its disk.
    fn restart(&mut self) {
        let again = |disk: &Journal| {
            let image = disk.image(true).unwrap_or_default();
            Journal::of_image(&image, disk.epoch())
        };
        self.disks = (again(&self.disks.0), again(&self.disks.1));
        self.y = open(Y, &self.env, &self.disks);
    }
}

fn time(n: u8) -> String {
    format!("2026-01-01T00:00:{n:02}.000Z")
}

pub(super) fn indicator(n: u8, marking: &str) -> (String, String) {
    let (id, at) = (
        format!("indicator--00000000-0000-4000-8000-0000000000{n:02x}"),
        time(0),
    );
    let text = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","created":"{at}","modified":"{at}","name":"one","pattern":"[ipv4-addr:value = '192.0.2.{n}']","pattern_type":"stix","valid_from":"{at}","object_marking_refs":["{marking}"]}}"#
    );
    (id, text)
}

pub(super) fn sighting(n: u8, version: u8, of: &str, marking: &str, more: &str) -> String {
    let (created, modified) = (time(0), time(version));
    format!(
        r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-8000-0000000000{n:02x}","created":"{created}","modified":"{modified}","sighting_of_ref":"{of}","count":3,"object_marking_refs":["{marking}"]{more}}}"#
    )
}

#[test]
fn what_is_said_of_an_object_reaches_its_publisher_once_whatever_the_line_does() {
    let mut pair = Pair::new(true);
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    assert_eq!(pair.kind(&pair.y, "indicator").len(), 1);
    pair.add(&pair.y, &sighting(1, 0, &id, AMBER, ""));
    for line in [Line::Down, Line::Deaf] {
        *pair.way.line.lock().unwrap() = line;
        pair.tick();
    }
    *pair.way.line.lock().unwrap() = Line::Good;
    pair.restart();
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 1);
    let entries = pair.x.entries(&pair.collection);
    let notices = pair.x.notices(&pair.x.operator(), None).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(
        (notices[0].publisher.as_str(), notices[0].count),
        (Y, Some(3))
    );
    // The ledger of the reader has it as served to the publisher.
    pair.y.ledger.flush().unwrap();
    let served = pair.y.who(&notices[0].id, &[]).unwrap();
    assert!(
        served.iter().all(|served| served.member == member(X)),
        "{served:?}"
    );
    assert!(!served.is_empty());
    // Nothing is told again, after a restart either.
    pair.settle();
    let asks = pair.way.replies.load(Ordering::SeqCst);
    pair.restart();
    pair.settle();
    assert_eq!(pair.way.replies.load(Ordering::SeqCst), asks);
    assert_eq!(pair.x.entries(&pair.collection), entries);
    // A later version comes, and its removal.
    pair.add(&pair.y, &sighting(1, 1, &id, AMBER, ""));
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 2);
    pair.y
        .remove(
            &pair.y.operator(),
            &pair.collection,
            &notices[0].id,
            &crate::cell::Query::default(),
        )
        .unwrap();
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
}

#[test]
fn a_source_that_is_down_does_not_fill_the_readers_ledger() {
    let pair = Pair::new(true);
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    let notes = || {
        pair.y.ledger.flush().unwrap();
        let served = pair.y.ledger.served_to(&member(X), &pair.collection);
        (served.unwrap().len(), pair.disks.1.end().unwrap())
    };
    let tell = || {
        pair.reach(|reach| pair.y.reply_tick(&pair.follow, reach));
    };
    *pair.way.line.lock().unwrap() = Line::Down;
    pair.add(&pair.y, &sighting(1, 0, &id, AMBER, ""));
    tell();
    let once = notes();
    assert_eq!(once.0, 1);
    for _ in 0..5 {
        tell();
        pair.tick();
    }
    assert_eq!(notes(), once);
    // What comes to it is noted, and alone.
    pair.add(&pair.y, &sighting(2, 0, &id, AMBER, ""));
    tell();
    assert_ne!(notes().1, once.1);
    *pair.way.line.lock().unwrap() = Line::Good;
    tell();
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 2);
}

#[test]
fn a_source_is_told_by_one_at_a_time() {
    let pair = Pair::new(true);
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    pair.add(&pair.y, &sighting(1, 0, &id, AMBER, ""));
    let telling = pair.y.working.telling(&pair.follow);
    let first = telling.lock().unwrap();
    pair.reach(|reach| pair.y.reply_tick(&pair.follow, reach));
    pair.tick();
    assert_eq!(pair.way.replies.load(Ordering::SeqCst), 0);
    drop(first);
    pair.reach(|reach| pair.y.reply_tick(&pair.follow, reach));
    assert_eq!(pair.way.replies.load(Ordering::SeqCst), 1);
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 1);
}

#[test]
fn a_reply_that_its_marking_keeps_from_the_publisher_stays_where_it_was_said() {
    let pair = Pair::new(true);
    let (id, object) = indicator(1, AMBER);
    let (_, other) = indicator(2, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    // RED for nobody; about what the reader has published itself; too long to travel.
    pair.add(&pair.y, &other);
    pair.add(&pair.y, &sighting(1, 0, &id, RED, ""));
    pair.add(&pair.y, &sighting(2, 0, &indicator(2, AMBER).0, AMBER, ""));
    let long = format!(r#","description":"{}""#, "x ".repeat(REPLIES_BYTES_MAX / 2));
    pair.add(&pair.y, &sighting(3, 0, &id, AMBER, &long));
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
    assert_eq!(pair.way.replies.load(Ordering::SeqCst), 0);
    // Addressed to the publisher, it goes there.
    let address = Command::Address {
        object: "sighting--00000000-0000-4000-8000-000000000001"
            .parse()
            .unwrap(),
        publisher: member(Y),
        recipients: [member(X)].into(),
    };
    pair.y.perform(&pair.y.operator(), address).unwrap();
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 1);
    assert_eq!(pair.x.notices(&pair.x.operator(), None).unwrap().len(), 1);
}

#[test]
fn what_a_reader_that_may_not_add_says_is_for_the_publisher_alone() {
    let pair = Pair::new(false);
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    pair.add(&pair.y, &sighting(1, 0, &id, AMBER, ""));
    pair.settle();
    let told = pair.kind(&pair.x, "sighting");
    assert_eq!(
        told.iter().map(|(_, tlp)| *tlp).collect::<Vec<_>>(),
        [Tlp::Red]
    );
    assert_eq!(pair.x.notices(&pair.x.operator(), None).unwrap().len(), 1);
    let third = member("third.example");
    let invite = Command::Invite {
        group: pair.group,
        member: third.clone(),
        standing: standing(),
    };
    pair.x.perform(&pair.x.operator(), invite).unwrap();
    let joins = portcullis_core::cell::Caller::node(third.clone());
    let accept = Command::Accept { group: pair.group };
    pair.x.perform(&joins, accept).unwrap();
    let notices = pair.x.replies_to(&joins, &id).unwrap();
    assert_eq!(notices, []);
}

#[test]
fn nobody_replies_to_what_it_was_never_served_nor_in_anothers_name() {
    let pair = Pair::new(true);
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    let (hidden, red) = indicator(2, RED);
    pair.add(&pair.x, &red);
    pair.add(&pair.y, &sighting(1, 0, &hidden, AMBER, ""));
    let told = pair.y.replies_for(
        &member(X),
        (&pair.collection, pair.collection),
        &crate::cell::feed::Told::default(),
        &|_| true,
        &mut Vec::new(),
    );
    let text = told.unwrap().text.unwrap();
    let hear = |text: String| pair.hear(text);
    hear(text.clone()).unwrap();
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
    // The same of what it was served is taken, but not as somebody else's.
    let of = |text: &str, from: &str, to: &str| text.replace(from, to);
    let other = of(&of(&text, &hidden, &id), Y, "someone.example");
    assert_eq!(hear(other).unwrap_err().status, 400);
    let forged = of(
        &text,
        &format!("\"publisher\":\"{Y}\""),
        "\"publisher\":\"third.example\"",
    );
    hear(of(&forged, &hidden, &id)).unwrap();
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
    let mended = of(&text, &hidden, &id);
    // The proof is of the other bytes.
    hear(mended).unwrap();
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
    assert_eq!(hear("nothing".into()).unwrap_err().status, 400);
}

#[test]
fn a_question_is_acknowledged_answered_and_declined_over_a_follow_of_one_way() {
    let pair = Pair::new(false);
    let x = &pair.x;
    let ask = |text: &str| {
        let new = NewQuestion {
            kind: "seen".into(),
            text: text.into(),
            about: Vec::new(),
            groups: [pair.group].into(),
            members: BTreeSet::new(),
            deadline: pair.env.now() + jiff::SignedDuration::from_hours(24),
        };
        x.ask(&x.operator(), &pair.collection, new).unwrap()
    };
    pair.settle();
    let (first, second) = (ask("Has anybody seen this?"), ask("And that?"));
    pair.settle();
    let y = &pair.y;
    y.question_tick().unwrap();
    y.acknowledge(&y.operator(), first).unwrap();
    y.decline_question(&y.operator(), second, "not our trade")
        .unwrap();
    pair.settle();
    x.question_tick().unwrap();
    let reply = |question| {
        let state = x.state();
        state.questions()[&question].asked[&member(Y)].clone()
    };
    assert!(reply(first).acknowledged_at.is_some());
    assert_eq!(reply(second).declined.as_deref(), Some("not our trade"));
    let answer = sighting(
        7,
        0,
        "indicator--00000000-0000-4000-8000-000000000001",
        AMBER,
        "",
    );
    pair.add(y, &answer);
    let id = "sighting--00000000-0000-4000-8000-000000000007";
    y.answer(&y.operator(), first, vec![id.parse().unwrap()])
        .unwrap();
    pair.settle();
    x.question_tick().unwrap();
    assert_eq!(
        reply(first)
            .answers
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [id]
    );
}

/// Whether the publisher's node follows the reader's, too: then that is the one way by which replies come.
fn an_account_is_answered(both_ways: bool) {
    let mut pair = Pair::new(true);
    pair.way.old = both_ways;
    let (x, y) = (&pair.x, &pair.y);
    let (back, way) = (x.new_follow(), Way::new(X, y));
    if both_ways {
        x.perform(&x.operator(), followed(back, Y, pair.collection))
            .unwrap();
    }
    let settle = || {
        for _ in 0..3 {
            pair.settle();
            if both_ways {
                way.reach(|reach| x.follow_tick(&back, reach));
            }
        }
        x.question_tick().unwrap();
        y.question_tick().unwrap();
    };
    // It has no node: it asks at the publisher's.
    let account = third(&pair);
    let ask = |text: &str| {
        let new = NewQuestion {
            kind: "seen".into(),
            text: text.into(),
            about: Vec::new(),
            groups: BTreeSet::new(),
            members: [member(Y)].into(),
            deadline: pair.env.now() + jiff::SignedDuration::from_hours(24),
        };
        x.ask(&account, &pair.collection, new).unwrap()
    };
    settle();
    let (first, second) = (ask("Has anybody seen this?"), ask("And that?"));
    settle();
    y.acknowledge(&y.operator(), first).unwrap();
    y.decline_question(&y.operator(), second, "not our trade")
        .unwrap();
    let answer = sighting(7, 0, &indicator(1, AMBER).0, AMBER, "");
    pair.add(y, &answer);
    settle();
    // What its account is shown there.
    let shown = |question| {
        let mut shown = x.questions(&account).unwrap().into_iter();
        let view = shown.find(|view| view.id == question).unwrap();
        view.question.asked[&member(Y)].clone()
    };
    assert!(shown(first).acknowledged_at.is_some());
    assert!(shown(first).answered_at.is_none());
    assert_eq!(shown(second).declined.as_deref(), Some("not our trade"));
    let id = "sighting--00000000-0000-4000-8000-000000000007";
    y.answer(&y.operator(), first, vec![id.parse().unwrap()])
        .unwrap();
    settle();
    assert_eq!(shown(first).answers, [id.parse().unwrap()]);
}

#[test]
fn who_asks_by_an_account_is_answered_over_a_follow_of_one_way() {
    an_account_is_answered(false);
}

#[test]
fn who_asks_by_an_account_is_answered_where_each_node_follows_the_other() {
    an_account_is_answered(true);
}

#[test]
fn a_reply_stands_where_the_asker_asked_whoever_brings_a_note_of_that_id() {
    let pair = Pair::new(true);
    let (x, y) = (&pair.x, &pair.y);
    pair.settle();
    let new = NewQuestion {
        kind: "seen".into(),
        text: "Has anybody seen this?".into(),
        about: Vec::new(),
        groups: [pair.group].into(),
        members: BTreeSet::new(),
        deadline: pair.env.now() + jiff::SignedDuration::from_hours(24),
    };
    let question = x.ask(&x.operator(), &pair.collection, new).unwrap();
    pair.settle();
    y.question_tick().unwrap();
    let note = y.state().questions()[&question].note.clone().unwrap();
    let mut others = std::iter::repeat_with(|| y.new_collection());
    let other = others.find(|other| pair.collection < *other).unwrap();
    let opened = Command::OpenCollection {
        collection: other,
        settings: Box::new(Settings {
            mode: Mode::Keep,
            readers: [pair.group].into(),
            ..Settings::titled("others")
        }),
    };
    y.perform(&y.operator(), opened).unwrap();
    let at = time(1);
    let forged = format!(
        r#"{{"type":"note","spec_version":"2.1","id":"{note}","created":"{at}","modified":"{at}","content":"mine","object_refs":["{note}"]}}"#
    );
    let brought = Change::Put {
        bytes: forged.into(),
        stamp: Stamp {
            at_us: pair.env.now().as_microsecond(),
            by: member("third.example"),
        },
        publisher: member("third.example"),
        tlp: Tlp::Amber,
        held: false,
        marks: Marks::default(),
        provenance: Bytes::new(),
    };
    y.accept(&other, &[brought], Vec::new()).unwrap();
    let shown = |asked: &QuestionView| asked.question.asked[&member(Y)].acknowledged_at;
    assert_eq!(y.numbers_of(note.as_str()).len(), 2);
    y.acknowledge(&y.operator(), question).unwrap();
    pair.settle();
    x.question_tick().unwrap();
    let asked = x.questions(&x.operator()).unwrap();
    assert!(asked.iter().any(|asked| shown(asked).is_some()));
}

#[test]
fn a_source_of_before_replies_is_asked_as_ever() {
    let mut pair = Pair::new(true);
    pair.way.old = true;
    let (id, object) = indicator(1, AMBER);
    pair.add(&pair.x, &object);
    pair.settle();
    pair.add(&pair.y, &sighting(1, 0, &id, AMBER, ""));
    pair.settle();
    assert_eq!(pair.y.follows()[0].last_error, None);
    assert_eq!(pair.kind(&pair.x, "sighting"), []);
    // It learns to hear: what was said meanwhile comes.
    pair.way.old = false;
    let (_, next) = indicator(3, AMBER);
    pair.add(&pair.x, &next);
    pair.settle();
    assert_eq!(pair.kind(&pair.x, "sighting").len(), 1);
}
