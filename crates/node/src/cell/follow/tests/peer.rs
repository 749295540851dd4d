//! A node that lies: what it may not make us believe of others.

use super::{Nobody, TestEnv, alike};
use crate::{
    cell::{
        Cell, CellParts, Changed, Source as Coming, Stamp,
        feed::{Ask, End, Head, Record, Writer},
        follow::{
            FollowState, Reach,
            crowd::{Crowd, VERSIONS_SPARE},
        },
        index::VERSIONS_MAX,
        provenance::{Signing, digest_of, sign_batch},
    },
    peers::Peer,
};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, FollowId, Label, Marks, MemberKind, Mode, Settings,
        Standing, Tlp, follow::Source,
    },
    member::MemberId,
    realm::Realm,
};
use portcullis_sign::SecretKey;
use portcullis_store::Journal;
use portcullis_verdict::cell::{Batch, By, Proof, Word, verify_provenance};
use std::{
    cell::Cell as Cell_,
    collections::BTreeSet,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
};

const NOW_US: i64 = 1_790_000_000_000_000;
const ME: &str = "csirt.example";
const SOURCE: &str = "source.example";
const THIRD: &str = "third.example";

fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed([name.as_bytes()[0]; 32])
}

/// An indicator: its id, and its bytes.
fn object(n: u8, name: &str) -> (String, String) {
    let id = format!("indicator--00000000-0000-4000-8000-0000000000{n:02x}");
    let text = format!(
        r#"{{"type":"indicator","spec_version":"2.1","id":"{id}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"{name}"}}"#
    );
    (id, text)
}

const VERSION_US: i64 = 1_767_225_600_000_000;

/// What the node of `by` signed for `publisher`.
pub(super) fn proof(by: &str, publisher: &str, object: &str) -> Vec<u8> {
    let digests = [digest_of(object.as_bytes())];
    let (realm, member, key) = (Realm::live(), member(by), key(by));
    let signing = Signing {
        realm: &realm,
        member: &member,
        key: &key,
    };
    let at = jiff::Timestamp::from_microsecond(NOW_US).unwrap();
    let word = Word::<Batch>::parse(&sign_batch(&signing, publisher, &digests, at)).unwrap();
    let levels = Batch::levels(&digests);
    Proof::of(&word, &levels, 0).unwrap().to_bytes()
}

/// What the source says next: a put with its publisher, else by whom, when and of what.
enum Says {
    Put(&'static str, &'static str, i64, String, Vec<u8>),
    Remove(&'static str, i64, String),
    Forget(&'static str, i64, String),
    /// Without a stamp.
    AskBack(String),
    State(String),
}

struct Bench {
    cell: Arc<Cell>,
    env: Arc<TestEnv>,
    collection: CollectionId,
    follow: FollowId,
    /// Whether the source lets us read nothing any more.
    out: Cell_<bool>,
}

impl Bench {
    fn new() -> Self {
        let env = Arc::new(TestEnv {
            now_us: AtomicI64::new(NOW_US),
            byte: AtomicU8::new(1),
        });
        let cell = Cell::open(CellParts {
            journal: Journal::memory([1; 16]),
            served: Journal::memory([2; 16]),
            env: env.clone(),
            me: member(ME),
            realm: Realm::live(),
            signer: Some(key(ME)),
        })
        .unwrap();
        cell.load().unwrap();
        let collection = cell.new_collection();
        let settings = Settings {
            mode: Mode::Keep,
            default_tlp: Tlp::Green,
            open: true,
            ..Settings::titled("shared")
        };
        let settings = Box::new(settings);
        let opened = Command::OpenCollection {
            collection,
            settings,
        };
        cell.perform(&cell.operator(), opened).unwrap();
        let follow = cell.new_follow();
        let bench = Self {
            cell,
            env,
            collection,
            follow,
            out: Cell_::new(false),
        };
        bench.follows(follow, SOURCE);
        bench
    }

    fn follows(&self, follow: FollowId, of: &str) {
        let collection = self.collection;
        let source = Source::Peer {
            member: member(of),
            collection,
        };
        let followed = Command::Follow {
            follow,
            source,
            into: collection,
            every_s: None,
        };
        let operator = self.cell.operator();
        self.cell.perform(&operator, followed).unwrap();
    }

    /// The source answers; what is not taken is answered with why.
    fn hears(&self, says: &[Says]) -> Vec<String> {
        self.hears_from(SOURCE, says)
    }

    /// The same of whoever this follow is of.
    fn hears_from(&self, source: &str, says: &[Says]) -> Vec<String> {
        let state = self.cell.state();
        let cursor = state.follows()[&self.follow].cursor.clone();
        let cursor: Option<serde_json::Value> =
            cursor.map(|text| serde_json::from_str(&text).unwrap());
        let from = cursor.map_or(i64::MIN, |cursor| cursor["position"].as_i64().unwrap());
        let mut writer = Writer::new(&Head {
            source: member(source),
            collection: self.collection,
            epoch: [1; 16],
            view: [2; 32],
            from,
            out: self.out.get(),
            hears: false,
        });
        for said in says {
            let mark = |at_us: &i64, by: &&str| Stamp {
                at_us: *at_us,
                by: member(by),
            };
            match said {
                Says::Put(publisher, by, at, object, provenance) => writer.record(&Record::Put {
                    added: NOW_US,
                    mark: mark(at, by),
                    object: object.as_bytes(),
                    provenance,
                    label: Label {
                        tlp: Tlp::Green,
                        bound: None,
                        publisher: member(publisher),
                        recipients: BTreeSet::new(),
                        held: false,
                    },
                    marks: Marks::default(),
                }),
                Says::Remove(by, at, id) => writer.record(&Record::Remove {
                    added: NOW_US,
                    mark: mark(at, by),
                    id: id.clone(),
                    version: VERSION_US,
                }),
                Says::Forget(by, at, id) => writer.record(&Record::Forget {
                    id: id.clone(),
                    version: VERSION_US,
                    mark: Some(mark(at, by)),
                }),
                Says::AskBack(id) => writer.record(&Record::Forget {
                    id: id.clone(),
                    version: VERSION_US,
                    mark: None,
                }),
                Says::State(json) => writer.record(&Record::State {
                    digest: [3; 32],
                    json: json.as_bytes(),
                }),
            }
        }
        let body = writer.end(&End {
            to: from.max(0) + 1,
            behind: 0,
            more: false,
        });
        let peer_of = |of: &MemberId| {
            Some(Peer {
                member: of.clone(),
                endpoint: String::new(),
                tls: BTreeSet::new(),
            })
        };
        let reach = Reach {
            peers: &alike(Some(body)),
            remote: &Nobody,
            peer_of: &peer_of,
            endpoint_of: &|_| None,
            verify: &|object, proof| {
                let parsed = Proof::parse(proof).map_err(|error| error.to_string())?;
                let public = key(parsed.batch.says().member.as_str()).public();
                let by = By::Key {
                    key: &public,
                    realm: "live",
                };
                verify_provenance(object, proof, &by).map_err(|error| error.to_string())
            },
            wait_ms: 0,
        };
        let view = || {
            let views = self.cell.follows().into_iter();
            let mut views = views.filter(|view| view.follow == self.follow);
            views.next().unwrap()
        };
        let before = view().notes.len();
        self.cell.follow_tick(&self.follow, &reach);
        let view = view();
        assert_eq!(view.last_error, None);
        let notes = view.notes.into_iter().skip(before);
        notes.map(|note| note.why).collect()
    }

    /// What is here: bytes and publisher.
    fn here(&self) -> Vec<(String, String)> {
        let mut here = Vec::new();
        self.cell
            .changes_since(&self.collection, i64::MIN, &mut |change| {
                if let Changed::Put(bytes) = change.op {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    here.push((text, change.label.publisher.to_string()));
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        here
    }
}

#[test]
fn what_is_said_to_be_a_third_members_needs_its_own_word() {
    let bench = Bench::new();
    let (_, text) = object(1, "forged");
    let put = |proof: Vec<u8>| Says::Put(THIRD, THIRD, NOW_US, text.clone(), proof);
    assert_eq!(bench.hears(&[put(Vec::new())]).len(), 1);
    let strangers = proof("other.example", THIRD, &text);
    assert_eq!(bench.hears(&[put(strangers)]).len(), 1);
    let of_another = proof(THIRD, SOURCE, &text);
    assert_eq!(bench.hears(&[put(of_another)]).len(), 1);
    assert_eq!(bench.here(), []);
    bench.hears(&[put(proof(THIRD, THIRD, &text))]);
    assert_eq!(bench.here(), [(text.clone(), THIRD.to_owned())]);
    // Other bytes of the same version, for which nobody but the source vouches.
    let (_, other) = object(1, "changed");
    bench.hears(&[Says::Put(THIRD, SOURCE, NOW_US + 5, other, Vec::new())]);
    assert_eq!(bench.here(), [(text, THIRD.to_owned())]);
}

#[test]
fn a_cell_speaks_for_its_accounts() {
    let bench = Bench::new();
    let (_, text) = object(1, "a bank's");
    let signed = proof(SOURCE, THIRD, &text);
    bench.hears(&[Says::Put(THIRD, SOURCE, NOW_US, text.clone(), signed)]);
    assert_eq!(bench.here(), [(text, THIRD.to_owned())]);
}

#[test]
fn what_is_ours_nobody_else_publishes_changes_or_removes() {
    let bench = Bench::new();
    let ((id, own), (_, forged)) = (object(1, "ours"), object(2, "forged"));
    let envelope = format!("{{\"objects\":[{own}]}}");
    let operator = bench.cell.operator();
    let added = bench.cell.add(
        &operator,
        &bench.collection,
        envelope.into(),
        Coming::Published,
    );
    assert_eq!(added.unwrap().failures, []);
    let (_, other) = object(1, "others' bytes");
    bench.hears(&[
        Says::Put(ME, ME, NOW_US + 50_000_000, other.clone(), Vec::new()),
        Says::Put(SOURCE, SOURCE, NOW_US + 50_000_000, other, Vec::new()),
        Says::Put(ME, ME, NOW_US, forged, Vec::new()),
        Says::Remove(ME, NOW_US + 60_000_000, id.clone()),
        Says::Remove(SOURCE, NOW_US + 60_000_000, id.clone()),
        Says::Forget(SOURCE, NOW_US + 60_000_000, id),
    ]);
    assert_eq!(bench.here(), [(own, ME.to_owned())]);
}

#[test]
fn what_an_account_here_has_published_no_source_asks_back() {
    let bench = Bench::new();
    let (cell, operator, third) = (&bench.cell, bench.cell.operator(), member(THIRD));
    let (group, standing) = (
        cell.new_group(),
        Standing {
            kind: MemberKind::Company,
            jurisdiction: "GB".parse().unwrap(),
        },
    );
    let settings = Settings {
        mode: Mode::Keep,
        writers: [group].into(),
        readers: [group].into(),
        ..Settings::titled("shared")
    };
    let commands = [
        Command::FoundGroup {
            group,
            title: "both".into(),
            standing,
        },
        Command::Invite {
            group,
            member: third.clone(),
            standing,
        },
        Command::ChangeCollection {
            collection: bench.collection,
            settings: Box::new(settings),
        },
    ];
    for command in commands {
        cell.perform(&operator, command).unwrap();
    }
    let third = Caller::node(third);
    cell.perform(&third, Command::Accept { group }).unwrap();
    let (id, own) = object(1, "an account's");
    let envelope = format!("{{\"objects\":[{own}]}}");
    let added = cell.add(
        &third,
        &bench.collection,
        envelope.into(),
        Coming::Published,
    );
    assert_eq!(added.unwrap().failures, []);
    bench.hears(&[
        Says::AskBack(id.clone()),
        Says::Forget(SOURCE, NOW_US + 60_000_000, id.clone()),
        Says::Remove(SOURCE, NOW_US + 60_000_000, id),
    ]);
    assert_eq!(bench.here(), [(own, THIRD.to_owned())]);
}

#[test]
fn what_its_author_has_brought_has_no_version_of_anybody_elses() {
    let bench = Bench::new();
    let author = "identity--00000000-0000-4000-8000-0000000000aa";
    let of = |n: u8, name: &str, modified: &str| {
        let (id, text) = object(n, name);
        let by = format!("\"id\":\"{id}\",\"created_by_ref\":\"{author}\"");
        let text = text.replace(&format!("\"id\":\"{id}\""), &by);
        text.replace(
            "\"modified\":\"2026-01-01",
            &format!("\"modified\":\"{modified}"),
        )
    };
    let first = of(1, "ours", "2026-01-01");
    let envelope = format!("{{\"objects\":[{first}]}}");
    let operator = bench.cell.operator();
    let added = bench.cell.add(
        &operator,
        &bench.collection,
        envelope.into(),
        Coming::Published,
    );
    assert_eq!(added.unwrap().failures, []);
    let later = of(1, "not ours", "2026-01-02");
    let put = || Says::Put(SOURCE, SOURCE, NOW_US + 5, later.clone(), Vec::new());
    let bind = Command::BindIdentity {
        identity: author.parse().unwrap(),
    };
    bench.cell.perform(&operator, bind).unwrap();
    assert_eq!(
        bench.hears(&[put()]),
        [format!("only `{ME}`, its author, makes versions of it")]
    );
    assert_eq!(bench.here(), [(first.clone(), ME.to_owned())]);
    let unbind = Command::UnbindIdentity {
        identity: author.parse().unwrap(),
    };
    bench.cell.perform(&operator, unbind).unwrap();
    // While nobody says whose the author is, it may be a set that both bring in.
    assert_eq!(bench.hears(&[put()]), [""; 0]);
    assert_eq!(
        bench.here(),
        [(first, ME.to_owned()), (later, SOURCE.to_owned())]
    );
}

#[test]
fn a_change_of_tomorrow_is_not_taken() {
    let bench = Bench::new();
    let (_, text) = object(1, "tomorrow");
    let ahead = NOW_US + 6 * 60 * 1_000_000;
    let put = |at| Says::Put(SOURCE, SOURCE, at, text.clone(), Vec::new());
    assert_eq!(bench.hears(&[put(ahead)]).len(), 1);
    assert_eq!(bench.here(), []);
    bench.hears(&[put(NOW_US + 60 * 1_000_000)]);
    assert_eq!(bench.here().len(), 1);
}

#[test]
fn nobody_removes_in_anothers_name_and_relays_make_us_ask_whom_we_hear() {
    let bench = Bench::new();
    let (id, text) = object(1, "a third's");
    let put = || {
        Says::Put(
            THIRD,
            THIRD,
            NOW_US,
            text.clone(),
            proof(THIRD, THIRD, &text),
        )
    };
    bench.hears(&[put()]);
    let notes = bench.hears(&[Says::Remove(SOURCE, NOW_US + 10, id.clone())]);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(bench.here().len(), 1);
    // Whom we follow ourselves gives it again: what the relay says leaves nothing behind.
    bench.follows(bench.cell.new_follow(), THIRD);
    bench.hears(&[Says::Remove(THIRD, NOW_US + 10, id)]);
    assert_eq!(bench.here(), []);
    // A step of its own makes the third be asked again.
    bench.hears(&[]);
    bench.hears(&[put()]);
    assert_eq!(bench.here().len(), 1);
}

#[test]
fn however_a_source_alternates_others_are_asked_again_once_a_minute_and_not_forgotten() {
    let bench = Bench::new();
    let (id, text) = object(1, "a third's");
    let third = bench.cell.new_follow();
    bench.follows(third, THIRD);
    let put = |at| Says::Put(THIRD, THIRD, at, text.clone(), proof(THIRD, THIRD, &text));
    let position = || {
        let state = bench.cell.state();
        let cursor = state.follows()[&third].cursor.clone().unwrap();
        let cursor: serde_json::Value = serde_json::from_str(&cursor).unwrap();
        cursor["position"].as_i64().unwrap()
    };
    let goes_on = || {
        let own = Bench {
            cell: Arc::clone(&bench.cell),
            env: Arc::clone(&bench.env),
            collection: bench.collection,
            follow: third,
            out: Cell_::new(false),
        };
        own.hears_from(THIRD, &[]);
        assert!(0 < position());
    };
    let mut times = 0;
    for round in 0..6 {
        goes_on();
        bench.hears(&[put(NOW_US + 20 * round)]);
        let at = NOW_US + 20 * round + 10;
        bench.hears(&[Says::Remove(THIRD, at, id.clone())]);
        assert_eq!(bench.here(), []);
        bench.hears(&[]);
        times += i32::from(position() < 0);
    }
    assert_eq!(times, 1);
    bench.env.now_us.fetch_add(61_000_000, Ordering::SeqCst);
    bench.hears(&[]);
    assert!(position() < 0, "what was let go since is asked for, too");
    goes_on();
    bench.env.now_us.fetch_add(61_000_000, Ordering::SeqCst);
    bench.hears(&[]);
    assert!(0 < position(), "once");
}

#[test]
fn what_is_here_has_no_version_of_tomorrow() {
    let bench = Bench::new();
    let (_, text) = object(1, "first");
    let later = text.replace(
        r#""modified":"2026-01-01T00:00:00.000Z""#,
        r#""modified":"2099-01-01T00:00:00.000Z""#,
    );
    assert_ne!(text, later);
    let put = |text: &String| Says::Put(SOURCE, SOURCE, NOW_US, text.clone(), Vec::new());
    assert_eq!(bench.hears(&[put(&text)]), [""; 0]);
    assert_eq!(bench.hears(&[put(&later)]), ["cell.made_ahead"]);
    assert_eq!(bench.here(), [(text, SOURCE.to_owned())]);
}

#[test]
fn a_recall_is_its_publishers() {
    let bench = Bench::new();
    let (id, text) = object(1, "a third's");
    bench.follows(bench.cell.new_follow(), THIRD);
    let signed = proof(THIRD, THIRD, &text);
    bench.hears(&[Says::Put(THIRD, THIRD, NOW_US, text, signed)]);
    let recall = bench.cell.new_recall();
    let json = |by: &str| {
        format!(
            r#"{{"recalls":[{{"id":"{recall}","object":"{id}","reason":"wrong","by":"{by}","due":"2027-01-01T00:00:00Z"}}]}}"#
        )
    };
    for by in [THIRD, ME] {
        let notes = bench.hears(&[Says::State(json(by))]);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(bench.cell.state().recalls().is_empty());
    }
}

#[test]
fn who_is_put_out_at_the_makers_has_nothing_of_it_by_another_way() {
    let bench = Bench::new();
    let ((_, own), (_, theirs), (_, later)) = (
        object(1, "the source's"),
        object(2, "a third's"),
        object(3, "the source's, later"),
    );
    let third = bench.cell.new_follow();
    bench.follows(third, THIRD);
    let signed = |text: &str| proof(SOURCE, SOURCE, text);
    bench.hears(&[
        Says::Put(SOURCE, SOURCE, NOW_US, own.clone(), signed(&own)),
        Says::Put(
            THIRD,
            THIRD,
            NOW_US,
            theirs.clone(),
            proof(THIRD, THIRD, &theirs),
        ),
    ]);
    assert_eq!(bench.here().len(), 2);
    bench.out.set(true);
    bench.hears(&[]);
    let states = bench.cell.follows().into_iter();
    let out = states.filter(|view| view.state == FollowState::Out);
    let out: Vec<_> = out.map(|view| view.follow).collect();
    assert_eq!(out, [bench.follow]);
    // What is a third's is between us and the third.
    assert_eq!(bench.here(), [(theirs, THIRD.to_owned())]);
    // The third still has it, and has not heard.
    let relayed = || {
        [Says::Put(
            SOURCE,
            SOURCE,
            NOW_US,
            later.clone(),
            signed(&later),
        )]
    };
    let bench = Bench {
        follow: third,
        out: Cell_::new(false),
        ..bench
    };
    bench.hears_from(THIRD, &relayed());
    assert_eq!(bench.here().len(), 1);
    // Let in again: it comes from the source itself.
    let first = bench.cell.state();
    let first = first
        .follows()
        .iter()
        .find(|(id, _)| **id != third)
        .unwrap();
    let bench = Bench {
        follow: *first.0,
        ..bench
    };
    bench.hears(&relayed());
    assert_eq!(bench.here().len(), 2);
}

#[test]
fn what_a_source_says_of_a_collection_opens_it_here_to_its_own_groups_alone() {
    let bench = Bench::new();
    let cell = Arc::clone(&bench.cell);
    let standing = Standing {
        kind: MemberKind::Company,
        jurisdiction: "GB".parse().unwrap(),
    };
    let ours = cell.new_group();
    let found = Command::FoundGroup {
        group: ours,
        title: "ours".into(),
        standing,
    };
    cell.perform(&cell.operator(), found).unwrap();
    let (collection, follow, theirs) = (cell.new_collection(), cell.new_follow(), cell.new_group());
    let fresh = Bench {
        cell,
        collection,
        follow,
        ..bench
    };
    fresh.follows(follow, SOURCE);
    let says = format!(
        r#"{{"collection":{{"title":"theirs","mode":"keep","tlp":"green","readers":["{ours}","{theirs}"],"writers":["{ours}","{theirs}"],"open":true,"honour_expiry":true}},
            "groups":[{{"id":"{theirs}","title":"theirs","said_at":"2026-01-01T00:00:00Z","members":{{
                "{SOURCE}":{{"kind":"company","jurisdiction":"GB"}},"{ME}":{{"kind":"company","jurisdiction":"GB"}}}}}}]}}"#
    );
    assert_eq!(fresh.hears(&[Says::State(says)]), Vec::<String>::new());
    let state = fresh.cell.state();
    let settings = &state.collection(&collection).unwrap().settings;
    assert_eq!(settings.title, "theirs");
    assert!(!settings.open);
    assert_eq!(settings.readers, BTreeSet::from([theirs]));
    assert_eq!(settings.writers, BTreeSet::from([theirs]));
}

/// What the cell of a bench tells a member from the start.
fn asked_by(bench: &Bench, name: &str) -> Vec<u8> {
    let ask = Ask {
        collection: bench.collection,
        epoch: None,
        position: i64::MIN,
        view: None,
        state: None,
        bytes_max: 1 << 20,
        wait_ms: 0,
        confirms: Vec::new(),
        replies: None,
        joins: false,
    };
    let answer = bench.cell.feed(&member(name), &ask, true);
    answer.unwrap().unwrap()
}

#[test]
fn who_is_in_a_group_is_told_to_those_in_it_alone() {
    let bench = Bench::new();
    let cell = &bench.cell;
    let standing = Standing {
        kind: MemberKind::Company,
        jurisdiction: "GB".parse().unwrap(),
    };
    let group = cell.new_group();
    let found = Command::FoundGroup {
        group,
        title: "inner circle".into(),
        standing,
    };
    let invite = Command::Invite {
        group,
        member: member(THIRD),
        standing,
    };
    let mut settings = cell
        .state()
        .collection(&bench.collection)
        .unwrap()
        .settings
        .clone();
    settings.readers = [group].into();
    let collection = bench.collection;
    let change = Command::ChangeCollection {
        collection,
        settings: Box::new(settings),
    };
    for command in [found, invite, change] {
        cell.perform(&cell.operator(), command).unwrap();
    }
    let accept = Command::Accept { group };
    let third = Caller::node(member(THIRD));
    cell.perform(&third, accept).unwrap();
    for (name, told) in [(THIRD, true), ("stranger.example", false)] {
        let answer = asked_by(&bench, name);
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(answer.contains("inner circle"), told, "{name}");
        assert_eq!(answer.contains(THIRD), told, "{name}");
    }
}

#[test]
fn what_a_follower_may_not_see_moves_nothing_that_it_is_told() {
    let bench = Bench::new();
    let add = |n: u8, light: &str| {
        let (_, text) = object(n, "one");
        let marking = format!(r#"{{"object_marking_refs":["marking-definition--{light}"],"#);
        let text = text.replacen('{', &marking, 1);
        let envelope = bytes::Bytes::from(format!(r#"{{"objects":[{text}]}}"#));
        let operator = bench.cell.operator();
        let added = bench
            .cell
            .add(&operator, &bench.collection, envelope, Coming::Published);
        assert_eq!(added.unwrap().fresh, 1);
    };
    let (clear, red) = (
        "94868c89-83c2-464b-929b-a1a8aa3c8487",
        "e828b379-4e03-4974-9ac4-e53a884c97c1",
    );
    add(1, clear);
    let before = asked_by(&bench, "stranger.example");
    add(2, red);
    add(3, red);
    assert_eq!(asked_by(&bench, "stranger.example"), before);
    add(4, clear);
    assert_ne!(asked_by(&bench, "stranger.example"), before);
}

#[test]
fn one_source_leaves_room_for_other_sources_versions_of_what_nobody_has_bound() {
    let bench = Bench::new();
    let collection = bench.collection;
    let version = |n: usize| {
        let (_, text) = object(1, "public");
        let at = format!(
            "2026-01-01T{:02}:{:02}:{:02}.000Z",
            n / 3600,
            n / 60 % 60,
            n % 60
        );
        text.replacen(
            r#""modified":"2026-01-01T00:00:00.000Z""#,
            &format!(r#""modified":"{at}""#),
            1,
        )
    };
    let puts = |by: &'static str, from: usize, to: usize| -> Vec<Says> {
        let put = |n| Says::Put(by, by, NOW_US, version(n), Vec::new());
        (from..to).map(put).collect()
    };
    let most = VERSIONS_MAX - VERSIONS_SPARE;
    // In one answer as in several.
    assert_eq!(
        bench.hears(&puts(SOURCE, 0, most - 10)),
        Vec::<String>::new()
    );
    let refused = bench.hears(&puts(SOURCE, most - 10, most + 10));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(bench.here().len(), most);
    let third = Bench {
        follow: bench.cell.new_follow(),
        ..bench
    };
    third.follows(third.follow, THIRD);
    let others = third.hears_from(THIRD, &puts(THIRD, most + 10, VERSIONS_MAX + 20));
    assert_eq!(third.here().len(), VERSIONS_MAX, "{others:?}");
    // What is not here takes no place by being removed, but for a few that come too soon.
    let (mut crowd, id) = (Crowd::default(), object(2, "none").0);
    let mut takes = || crowd.takes_removal(&third.cell, &collection, &id);
    assert!((0..VERSIONS_SPARE).all(|_| takes().is_ok()));
    assert!(takes().is_err());
}
