//! Two nodes that follow each other over a bad line end equal.
//!
//! Real processes, mutual TLS, the addresses of a register; between them a [`Link`] that breaks in
//! the middle of an answer, goes slowly, goes dead, refuses, while members publish, change, revoke,
//! remove and ask back, and both processes are killed and started again. Which op comes when is
//! drawn from a seed. Answers that come twice, late or in another order are the simulator's: a
//! line that carries TLS cannot make them (`crates/sim/src/cell.rs`).

mod link;
mod pair;

use super::uuid;
use crate::kit::{pause, wait};
use pair::{Holdings, Pair};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many rounds of everything; `PORTCULLIS_ROUNDS` says another number.
const ROUNDS: u64 = 2;

#[expect(
    clippy::disallowed_methods,
    reason = "who runs the test says how long it may take, and which seed it has"
)]
fn told(name: &str, default: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn two_nodes_that_follow_each_other_over_a_bad_line_end_equal() {
    let (rounds, seed) = (
        told("PORTCULLIS_ROUNDS", ROUNDS),
        told("PORTCULLIS_SEED", 1),
    );
    let mut world = World::new();
    for round in seed..seed + rounds {
        eprintln!("again: PORTCULLIS_SEED={round} PORTCULLIS_ROUNDS=1");
        world.run(round);
        world.settle();
        world.check();
    }
}

#[test]
fn a_question_and_its_answer_come_over_a_broken_line_exactly_once() {
    let mut pair = Pair::new();
    pair.refuse();
    let asked = json!({
        "collection": pair.sides[0].collection, "kind": "seen", "text": "Does anybody see this host?",
        "members": ["west.example"], "deadline": "2999-01-01T00:00:00Z",
    });
    let asked = pair.sides[0].say(0, "/cell/v1/questions", &asked);
    let question = asked["question"].as_str().unwrap().to_owned();
    pair.restart(0);
    // It breaks while the question is on its way, however often it takes.
    for bytes in [40, 700, 1_900] {
        pair.heal();
        pair.cut_after(bytes);
        pause(300);
    }
    pair.heal();
    let heard = |pair: &mut Pair, side: usize| {
        let all = pair.sides[side].ask_until_answered("/cell/v1/questions");
        let all = all["questions"].as_array().unwrap().clone();
        let mut same = all.into_iter().filter(|one| one["id"] == question.as_str());
        let found = same.next();
        assert!(same.next().is_none(), "it is there twice");
        found
    };
    wait("the question", || heard(&mut pair, 1));
    pair.refuse();
    let sighting = json!({
        "type": "sighting", "spec_version": "2.1", "id": format!("sighting--{}", uuid(77)),
        "created": at(1), "modified": at(1), "sighting_of_ref": format!("indicator--{}", uuid(78)), "count": 2,
    });
    pair.sides[1].publish(0, &[sighting.to_string()]);
    let answer = json!({ "objects": [sighting["id"]] });
    pair.sides[1].say(0, &format!("/cell/v1/questions/{question}/answer"), &answer);
    pair.restart(1);
    pair.cut_after(900);
    pair.heal();
    let answered = |pair: &mut Pair| {
        let found = heard(pair, 0).expect("who asks has it");
        let by = found["asked"][0].clone();
        by["answered_at"].is_string().then_some(by)
    };
    let by = wait("the answer", || answered(&mut pair));
    assert_eq!(by["answers"], json!([sighting["id"]]), "{by}");
    pair.restart(0);
    pair.restart(1);
    pair.mark(&mut 90_000);
    assert_eq!(answered(&mut pair), Some(by));
    let replies = pair.sides[0].held();
    let notes = replies.keys().filter(|(id, _)| id.starts_with("note--"));
    assert_eq!(notes.count(), 2, "the question's note and the answer's");
    assert_eq!(replies, pair.sides[1].held());
}

#[test]
fn replies_come_back_over_a_follow_of_one_way_exactly_once() {
    let mut pair = Pair::one_way();
    let id = format!("indicator--{}", uuid(5));
    pair.sides[0].publish(0, &[indicator(&id, &at(1), &json!({}))]);
    wait("the indicator", || {
        let here = !pair.sides[1].versions(&id).is_empty();
        here.then_some(())
    });
    let asked = json!({
        "collection": pair.sides[0].collection, "kind": "seen", "text": "Does anybody see this host?",
        "members": ["west.example"], "deadline": "2999-01-01T00:00:00Z",
    });
    let asked = pair.sides[0].say(0, "/cell/v1/questions", &asked);
    let question = asked["question"].as_str().unwrap().to_owned();
    let questions = |pair: &mut Pair, side: usize| {
        let all = pair.sides[side].ask_until_answered("/cell/v1/questions");
        all["questions"].as_array().unwrap().clone()
    };
    wait("the question", || {
        let heard = questions(&mut pair, 1);
        heard
            .iter()
            .any(|one| one["id"] == question.as_str())
            .then_some(())
    });
    // An ask waits at the source now, and is not waited for.
    let said = pair.sides[1].says(&["sight", &id, "--count", "3"]);
    assert!(said.contains("has this as soon as"), "{said}");
    let heard = wait("the sighting", || {
        let notices = pair.sides[0].notices();
        (!notices.is_empty()).then_some(notices)
    });
    assert_eq!(heard.len(), 1, "{heard:?}");
    // The line is down, and both are killed.
    pair.refuse();
    let said = pair.sides[1].says(&["ack", &question]);
    assert!(said.contains("has this as soon as"), "{said}");
    pair.sides[1].says(&[
        "opinion",
        &id,
        "strongly-disagree",
        "--why",
        "our own scanner",
    ]);
    pair.sides[1].says(&["answer", &question, "--decline", "we keep no such logs"]);
    pair.restart(1);
    pair.restart(0);
    for bytes in [300, 900, 2_500] {
        pair.heal();
        pair.cut_after(bytes);
        pause(300);
    }
    pair.heal();
    wait("all that was said", || {
        let heard = questions(&mut pair, 0);
        let by = heard[0]["asked"][0].clone();
        let declined = by["declined"] == "we keep no such logs";
        (declined && pair.sides[0].notices().len() == 4).then_some(())
    });
    let held = pair.sides[0].held();
    let kinds = |kind: &str| held.keys().filter(|(id, _)| id.starts_with(kind)).count();
    assert_eq!((kinds("sighting--"), kinds("opinion--")), (1, 1));
    assert_eq!(
        kinds("note--"),
        3,
        "the question, the acknowledgement, the refusal"
    );
}

#[test]
fn who_has_an_account_alone_is_told_and_every_command_says_how_far_a_word_goes() {
    let mut pair = Pair::one_way();
    let id = format!("indicator--{}", uuid(6));
    pair.sides[0].publish(1, &[indicator(&id, &at(1), &json!({}))]);
    let groups = pair.sides[0].says(&["group", "list"]);
    let group = groups
        .split_whitespace()
        .find(|word| word.starts_with("grp_"));
    let asked = json!({
        "collection": pair.sides[0].collection, "kind": "seen", "text": "Does anybody see this host?",
        "groups": [group.unwrap()], "deadline": "2999-01-01T00:00:00Z",
    });
    let asked = pair.sides[0].say(1, "/cell/v1/questions", &asked);
    let question = asked["question"].as_str().unwrap().to_owned();
    wait("the question", || {
        let heard = pair.sides[1].ask_until_answered("/cell/v1/questions");
        heard.to_string().contains(&question).then_some(())
    });
    let there = "`east.example` has this as soon as `portcullis serve` has told its node, which we follow; `bank.example` has its account there";
    let said = pair.sides[1].says(&["ack", &question]);
    assert!(said.contains(there), "{said}");
    assert!(said.contains("east.example not known here"), "{said}");
    let listed = pair.sides[1].says(&["questions"]);
    assert!(
        listed.contains("2 asked: 1 has it, 1 not known here, until"),
        "{listed}"
    );
    let said = pair.sides[1].says(&["sight", &id]);
    assert!(said.contains(there), "{said}");
    let said = pair.sides[1].says(&["sight", &id, "--tlp", "red"]);
    assert!(
        said.contains("this stays here: it is TLP:RED and names nobody"),
        "{said}"
    );
    wait("the bank to be told", || {
        let told = pair.sides[0].asked_by(1, "/cell/v1/questions");
        let asked = told["questions"][0]["asked"].as_array().unwrap();
        let west = asked.iter().find(|one| one["member"] == "west.example");
        (!west.unwrap()["acknowledged_at"].is_null()).then_some(())
    });
    let listed = pair.sides[0].says(&["questions"]);
    assert!(
        listed.contains("2 asked: 1 has it, 1 silent, until"),
        "{listed}"
    );
    let incoming = pair.sides[1].collection.clone();
    let mut ask = vec![
        "ask",
        "seen",
        "And this one?",
        "--group",
        "Both",
        "--in",
        &incoming,
    ];
    let said = pair.sides[1].says(&ask);
    let lost = "this gets there once a node of theirs follows";
    assert!(
        said.contains(lost) && said.contains("`bank.example`, `east.example`; "),
        "{said}"
    );
    ask.extend(["--about", &id]);
    let said = pair.sides[1].says(&ask);
    assert!(!said.contains(lost), "{said}");
}

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Somebody publishes some objects, the bank at the first node too.
    Publish,
    /// Both nodes bring in the same object.
    Same,
    /// Somebody publishes a new version of one of its own.
    Revise,
    /// Somebody revokes one of its own.
    Revoke,
    /// Somebody removes one of its own.
    Remove,
    /// A node's people remove their copy of somebody else's.
    Drop,
    /// Somebody asks one of its own back.
    Recall,
    /// A node says what it holds of the other's.
    Say,
    /// The line breaks in the middle of something.
    Cut,
    /// The line is slow.
    Slow,
    /// The line is dead for a while.
    Stall,
    /// The line is gone.
    Refuse,
    /// All is well again.
    Heal,
    /// A node is killed, and started again while others go on.
    Kill(usize),
}

/// Everything that happens in one round, in an order of its own.
const ROUND: [Op; 34] = [
    Op::Publish,
    Op::Publish,
    Op::Publish,
    Op::Publish,
    Op::Publish,
    Op::Same,
    Op::Revise,
    Op::Revise,
    Op::Revise,
    Op::Revise,
    Op::Revoke,
    Op::Revoke,
    Op::Remove,
    Op::Remove,
    Op::Remove,
    Op::Drop,
    Op::Recall,
    Op::Recall,
    Op::Recall,
    Op::Say,
    Op::Say,
    Op::Say,
    Op::Cut,
    Op::Cut,
    Op::Cut,
    Op::Cut,
    Op::Slow,
    Op::Stall,
    Op::Refuse,
    Op::Heal,
    Op::Heal,
    Op::Heal,
    Op::Kill(0),
    Op::Kill(1),
];

/// Who publishes: the first node's member, the second's, and a bank with an account at the first.
const PUBLISHERS: [(usize, usize); 3] = [(0, 0), (1, 0), (0, 1)];

/// What became of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Stands,
    Revoked,
    Removed,
    Recalled,
}

/// An object as its publisher knows it.
#[derive(Debug)]
struct Item {
    publisher: usize,
    id: String,
    /// Its versions, by when they were made.
    versions: BTreeMap<String, String>,
    fate: Fate,
}

impl Item {
    fn is_indicator(&self) -> bool {
        self.id.starts_with("indicator")
    }
}

struct World {
    pair: Pair,
    items: Vec<Item>,
    /// What both brought in.
    same: BTreeMap<(String, String), String>,
    /// Copies that were removed where they are: at which node, of which version.
    dropped: BTreeSet<(usize, String, String)>,
    /// What was said of others' objects: by which node, of which of the items.
    said: Vec<(usize, String, usize)>,
    /// Grows with every object and every version.
    count: u64,
    dice: Dice,
}

impl World {
    fn new() -> Self {
        Self {
            pair: Pair::new(),
            items: Vec::new(),
            same: BTreeMap::new(),
            dropped: BTreeSet::new(),
            said: Vec::new(),
            count: 0,
            dice: Dice(0),
        }
    }

    fn run(&mut self, seed: u64) {
        self.dice = Dice(seed);
        let mut ops = ROUND;
        for last in (1..ops.len()).rev() {
            ops.swap(last, self.dice.below(last + 1));
        }
        for op in ops {
            eprintln!("{op:?}");
            self.act(op);
            pause(self.dice.between(0, 60));
        }
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Publish => {
                let publisher = self.dice.below(PUBLISHERS.len());
                let many = self.dice.between(1, 40);
                self.publish(publisher, many);
            }
            Op::Same => {
                let (id, made) = (self.new_id("indicator"), self.next());
                let object = indicator(&id, &made, &json!({}));
                for side in &mut self.pair.sides {
                    side.publish(0, std::slice::from_ref(&object));
                }
                self.same.insert((id, made), object);
            }
            Op::Revise => self.revise(false),
            Op::Revoke => self.revise(true),
            Op::Remove => self.remove(),
            Op::Drop => self.drop_copy(),
            Op::Recall => self.recall(),
            Op::Say => self.say(),
            Op::Cut => {
                let bytes = self.dice.between(0, 6_000);
                self.pair.cut_after(i64::try_from(bytes).unwrap());
            }
            Op::Slow => self.pair.slow(),
            Op::Stall => self.pair.stall(),
            Op::Refuse => self.pair.refuse(),
            Op::Heal => self.pair.heal(),
            Op::Kill(side) => {
                let (after, down) = (self.dice.between(0, 150), self.dice.between(0, 400));
                self.pair.kill(side, after, down);
            }
        }
    }

    fn publish(&mut self, publisher: usize, many: u64) {
        let mut objects = Vec::new();
        for _ in 0..many {
            let (id, made) = (self.new_id("indicator"), self.next());
            let object = indicator(&id, &made, &json!({}));
            objects.push(object.clone());
            self.items.push(Item {
                publisher,
                id,
                versions: [(made, object)].into(),
                fate: Fate::Stands,
            });
        }
        let (side, account) = PUBLISHERS[publisher];
        self.pair.sides[side].publish(account, &objects);
    }

    /// One of those that stand, as its publisher sees it.
    fn pick(&mut self) -> Option<usize> {
        let standing = self.items.iter().enumerate();
        let standing = standing.filter(|(_, item)| item.fate == Fate::Stands);
        let standing: Vec<usize> = standing.map(|(at, _)| at).collect();
        (!standing.is_empty()).then(|| standing[self.dice.below(standing.len())])
    }

    fn revise(&mut self, revoked: bool) {
        let Some(at) = self.pick() else {
            return;
        };
        let made = self.next();
        let more = if revoked {
            json!({ "revoked": true })
        } else {
            json!({ "name": format!("as of {made}") })
        };
        let item = &mut self.items[at];
        if !item.is_indicator() {
            return;
        }
        let object = indicator(&item.id, &made, &more);
        item.versions.insert(made, object.clone());
        if revoked {
            item.fate = Fate::Revoked;
        }
        let (side, account) = PUBLISHERS[item.publisher];
        self.pair.sides[side].publish(account, &[object]);
    }

    fn remove(&mut self) {
        let Some(at) = self.pick() else {
            return;
        };
        let item = &mut self.items[at];
        item.fate = Fate::Removed;
        let (side, account) = PUBLISHERS[item.publisher];
        self.pair.sides[side].remove(account, &item.id, "all");
    }

    fn drop_copy(&mut self) {
        let Some(at) = self.pick() else {
            return;
        };
        let item = &self.items[at];
        let other = 1 - PUBLISHERS[item.publisher].0;
        let here = self.pair.sides[other].versions(&item.id);
        if here.is_empty() {
            return;
        }
        self.pair.sides[other].remove(0, &item.id, &here.join(","));
        for version in here {
            self.dropped.insert((other, item.id.clone(), version));
        }
    }

    fn recall(&mut self) {
        let Some(at) = self.pick() else {
            return;
        };
        let item = &mut self.items[at];
        item.fate = Fate::Recalled;
        let (side, account) = PUBLISHERS[item.publisher];
        self.pair.sides[side].recall(account, &item.id);
    }

    fn say(&mut self) {
        // Nobody sees a sighting.
        let Some(at) = self.pick().filter(|at| self.items[*at].is_indicator()) else {
            return;
        };
        let side = 1 - PUBLISHERS[self.items[at].publisher].0;
        let of = self.items[at].id.clone();
        let made = self.next();
        let (kind, mut object) = if self.dice.below(2) == 0 {
            ("sighting", json!({ "sighting_of_ref": of, "count": 0 }))
        } else {
            let opinion = json!({ "object_refs": [of], "opinion": "strongly-disagree" });
            ("opinion", opinion)
        };
        let id = self.new_id(kind);
        for (name, value) in [
            ("type", kind),
            ("spec_version", "2.1"),
            ("id", &id),
            ("created", &made),
            ("modified", &made),
        ] {
            object[name] = value.into();
        }
        let object = object.to_string();
        self.pair.sides[side].publish(0, std::slice::from_ref(&object));
        self.said.push((side, id.clone(), at));
        self.items.push(Item {
            publisher: side,
            id,
            versions: [(made, object)].into(),
            fate: Fate::Stands,
        });
    }

    /// Everything is well again, and what was on its way is there.
    fn settle(&mut self) {
        self.pair.heal();
        self.pair.mark(&mut self.count);
        for side in 0..2 {
            let other = &self.pair.sides[1 - side].member.clone();
            self.pair.sides[side].wait_for_confirmation(other);
        }
        self.pair.rest();
    }

    fn check(&mut self) {
        let [east, west] = &mut self.pair.sides;
        let held = [east.held(), west.held()];
        for (side, held) in held.iter().enumerate() {
            let expected = self.expected(side);
            for (version, object) in &expected {
                let here = held.get(version).map(String::as_str);
                assert_eq!(here, Some(object.as_str()), "at {side}: {version:?}");
            }
            for version in held
                .keys()
                .filter(|version| !expected.contains_key(*version))
            {
                let known = version.0.starts_with("marker--") || self.is_recalled(&version.0);
                assert!(known, "at {side} there is {version:?}, which should not be");
            }
        }
        for item in self.items.iter().filter(|item| item.fate == Fate::Recalled) {
            for (side, held) in held.iter().enumerate() {
                let mut live = held.iter().filter(|((id, _), _)| *id == item.id);
                let Some((_, one)) = live.next() else {
                    panic!("at {side} nothing says that {} is revoked", item.id);
                };
                let read: Value = serde_json::from_str(one).unwrap();
                assert_eq!(read["revoked"], true, "at {side}: {one}");
                assert!(
                    live.next().is_none(),
                    "at {side} more of {} stands",
                    item.id
                );
            }
        }
        let drops = |side: usize| {
            let dropped = self.dropped.iter();
            let dropped = dropped.filter(move |(at, ..)| *at == side);
            dropped
                .map(|(_, id, version)| (id.clone(), version.clone()))
                .collect::<BTreeSet<_>>()
        };
        let without = |held: &Holdings, drops: &BTreeSet<_>| {
            let kept = held.iter().filter(|(version, _)| !drops.contains(*version));
            kept.map(|(version, object)| (version.clone(), object.clone()))
                .collect::<Holdings>()
        };
        let both = drops(0).union(&drops(1)).cloned().collect();
        assert_eq!(without(&held[0], &both), without(&held[1], &both));
        let [east, west] = &mut self.pair.sides;
        let notices = [east.notices(), west.notices()];
        for (side, id, of) in &self.said {
            let of = &self.items[*of];
            let word = self.items.iter().find(|item| item.id == *id).unwrap();
            let gone = self.dropped.iter().any(|(_, dropped, _)| dropped == id);
            // The bank's are for the bank.
            let ours = of.publisher < 2;
            if ours && !gone && of.fate == Fate::Stands && word.fate == Fate::Stands {
                let heard = notices[1 - side].iter().filter(|heard| *heard == id);
                assert_eq!(heard.count(), 1, "{id} of {}", of.id);
            }
        }
    }

    fn is_recalled(&self, id: &str) -> bool {
        let mut all = self.items.iter();
        all.any(|item| item.id == id && item.fate == Fate::Recalled)
    }

    /// What a node holds if nothing went wrong, but for what was asked back.
    fn expected(&self, side: usize) -> Holdings {
        let mut expected: Holdings = self.same.clone();
        let there = |item: &&Item| matches!(item.fate, Fate::Stands | Fate::Revoked);
        for item in self.items.iter().filter(there) {
            for (made, object) in &item.versions {
                if !self
                    .dropped
                    .contains(&(side, item.id.clone(), made.clone()))
                {
                    expected.insert((item.id.clone(), made.clone()), object.clone());
                }
            }
        }
        expected
    }

    fn new_id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}--{}", uuid(self.count))
    }

    /// A time later than any before, and long ago.
    fn next(&mut self) -> String {
        self.count += 1;
        at(self.count)
    }
}

/// The n-th millisecond of a year that is over.
fn at(number: u64) -> String {
    let start = jiff::Timestamp::from_second(1_704_067_200).unwrap();
    let at = start + jiff::SignedDuration::from_millis(i64::try_from(number).unwrap());
    format!("{at:.3}")
}

fn indicator(id: &str, made: &str, more: &Value) -> String {
    let mut object = json!({
        "type": "indicator", "spec_version": "2.1", "id": id, "created": at(0), "modified": made,
        "name": "ümlaut \u{1f512} \\ \"quoted\"", "indicator_types": ["malicious-activity"],
        "pattern": format!("[domain-name:value = '{}.bad.example']", &id[id.len() - 6..]),
        "pattern_type": "stix", "pattern_version": "2.1", "valid_from": at(0),
    });
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
    object.to_string()
}

/// Numbers from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.any() % end as u64).unwrap()
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.any() % (most - least + 1)
    }
}
