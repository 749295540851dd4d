//! What was served long ago is dropped; the roots, evidence, and who is to be asked are not.

use super::*;
use crate::cell::{
    Query, View,
    question::NewQuestion,
    served::How,
    tests::{Kit, id, indicator, many, member},
};
use jiff::SignedDuration;
use portcullis_core::cell::{Caller, recall::Complied};
use portcullis_sign::SecretKey;
use portcullis_store::{Journal, journal::MemoryFault};
use portcullis_verdict::cell::{By, Evidence, verify_evidence};
use proptest::prelude::*;

const DAY_US: i64 = 24 * 3_600 * 1_000_000;
const KEEP: SignedDuration = SignedDuration::from_hours(100 * 24);

impl Kit {
    /// Serves an object, or all, and ends the tick.
    fn tick(&self, caller: &Caller, only: Option<u32>) {
        let ids = only.map(id);
        self.tick_of(caller, ids.as_deref());
    }

    fn tick_of(&self, caller: &Caller, only: Option<&str>) {
        let query = Query {
            ids: only.map(str::to_owned).into_iter().collect(),
            ..Query::default()
        };
        let reader = Caller::node(caller.member.clone());
        let page = self
            .cell
            .page(&reader, &self.collection, &query, View::Objects);
        let (served, how) = (page.unwrap().served, How::Page);
        let noted = self
            .cell
            .note_served(caller, &self.collection, how, &served);
        noted.unwrap();
        self.cell.served_tick().unwrap();
        self.clock.pass(2 * 60_000_000);
        self.cell.served_tick().unwrap();
    }

    fn evidence_of(&self, n: u32) -> Evidence {
        self.cell.evidence(&id(n), &[], false).unwrap().evidence
    }
}

fn holds(evidence: &Evidence) -> usize {
    let key = SecretKey::from_seed([4; 32]).public();
    let (key, realm) = (&key, "live");
    let findings = verify_evidence(evidence, &By::Key { key, realm });
    assert!(findings.holds(), "{:?}", findings.checks);
    findings.served.iter().filter(|served| served.holds).count()
}

/// Whether a text stands anywhere in the ledger.
fn stands(ledger: &Ledger, text: &[u8]) -> bool {
    let image = ledger.journal.image(false).unwrap();
    let in_segment = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|part| part == text);
    image.segments.iter().any(in_segment)
}

/// Every root with the one before it: that the chain is whole.
fn chain(ledger: &Ledger) -> Vec<(u64, u64)> {
    let roots = ledger.caught_up().unwrap().roots.clone();
    let mut before = None;
    let each = roots.iter().map(|root| {
        let mut word = Vec::new();
        ledger.journal.read(root.word, &mut word).unwrap();
        let word = portcullis_verdict::cell::Word::<portcullis_verdict::cell::Root>::parse(&word);
        let word = word.unwrap();
        assert_eq!(word.says().previous, before);
        before = Some(word.digest());
        (word.says().number, word.says().records)
    });
    each.collect()
}

#[test]
fn what_was_served_before_the_term_is_dropped_and_is_said_to_be() {
    let kit = Kit::new();
    kit.add(&many(0..3));
    let ledger = &kit.cell.ledger;
    let account = Caller {
        account: Some("soc-desk".into()),
        ..kit.b()
    };
    kit.tick(&account, None);
    kit.tick(&kit.a(), Some(1));
    let (early, roots) = (kit.evidence_of(1), chain(ledger));
    assert_eq!(holds(&early), 2);
    assert!(stands(ledger, b"soc-desk"));
    kit.clock.pass(99 * DAY_US);
    assert_eq!(kit.cell.drop_served(KEEP).unwrap(), Dropped::default());
    kit.tick(&kit.b(), Some(2));
    kit.clock.pass(2 * DAY_US);
    assert_eq!(kit.cell.who_before(&id(1)).unwrap(), None);
    let would = kit.cell.droppable_served(KEEP).unwrap();
    let done = kit.cell.drop_served(KEEP).unwrap();
    assert_eq!((done.ticks, done.records, done.kept), (2, 2, 0));
    assert_eq!(would, Dropped { freed: 0, ..done });
    assert_eq!(kit.cell.drop_served(KEEP).unwrap(), Dropped::default());
    // The account is nowhere, the roots are where they were, evidence from before holds.
    assert!(!stands(ledger, b"soc-desk"));
    assert_eq!(chain(ledger)[..roots.len()], roots);
    assert_eq!(holds(&early), 2);
    ledger.journal.verify().unwrap();
    let again = Ledger::new(
        Journal::of_image(&ledger.journal.image(true).unwrap(), [9; 16]),
        kit.cell.env.clone(),
    );
    assert_eq!(chain(&again), chain(ledger));
    assert_eq!(again.dropped_until().unwrap(), done.until);
    // Who asks is told so, and who had it.
    assert_eq!(kit.cell.who(&id(1), &[]).unwrap(), []);
    let before = kit.cell.who_before(&id(1)).unwrap().unwrap();
    assert_eq!(Some(before.until), done.until);
    assert_eq!(before.members, [member("bank-a"), member("bank-b")].into());
    let by_a = kit.cell.who_before_for(&kit.a(), &id(1)).unwrap();
    assert_eq!(by_a, Some(before));
    assert!(kit.cell.who_before_for(&kit.b(), &id(1)).is_err());
    // What was served since is told, and proved, its contents under a root whose records are gone.
    assert_eq!(kit.cell.who(&id(2), &[]).unwrap().len(), 1);
    let late = kit.evidence_of(2);
    assert_eq!(holds(&late), 1);
    let key = SecretKey::from_seed([4; 32]).public();
    let (key, realm) = (&key, "live");
    let findings = verify_evidence(&late, &By::Key { key, realm });
    assert_eq!(findings.served[0].contents.len(), 1);
    // What came after all of it was dropped is told whole.
    kit.add(&[indicator(9, 0)]);
    assert_eq!(kit.cell.who_before(&id(9)).unwrap(), None);
}

#[test]
fn a_recall_asks_those_too_who_were_served_before_the_term() {
    let kit = Kit::new();
    kit.add(&many(0..2));
    kit.tick(&kit.b(), Some(1));
    kit.clock.pass(200 * DAY_US);
    assert_eq!(kit.cell.drop_served(KEEP).unwrap().ticks, 1);
    kit.cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    kit.cell
        .recall(&kit.a(), &id(0), &[], "wrong", None)
        .unwrap();
    let recalls = kit.cell.recalls(&kit.a());
    let asked = |n: u32| {
        let recall = recalls
            .iter()
            .find(|recall| recall.object.as_str() == id(n));
        let asked = recall
            .unwrap()
            .asked
            .iter()
            .map(|asked| asked.member.clone());
        asked.collect::<Vec<_>>()
    };
    assert_eq!((asked(1), asked(0)), (vec![member("bank-b")], vec![]));
    // So does a feed: what was served of the collection is known.
    let had = kit
        .cell
        .ledger
        .served_to(&member("bank-b"), &kit.collection);
    assert_eq!(had.unwrap(), [Run::one(1)]);
}

impl Kit {
    /// Drops what was served before now. Answers how many ticks went and how many stayed.
    fn drop_all(&self) -> (usize, usize) {
        self.clock.pass(1_000_000);
        let done = self.cell.drop_served(SignedDuration::ZERO).unwrap();
        (done.ticks, done.kept)
    }

    /// Asks one member about an object, and serves it the question.
    fn ask_b(&self) -> portcullis_core::cell::QuestionId {
        let new = NewQuestion {
            kind: "seen".into(),
            text: "Has anybody seen this domain?".into(),
            about: vec![id(0).parse().unwrap()],
            groups: [].into(),
            members: [member("bank-b")].into(),
            deadline: self.cell.env.now() + SignedDuration::from_hours(4),
        };
        let asked = self.cell.ask(&self.a(), &self.collection, new).unwrap();
        let note = self.cell.state().questions()[&asked].note.clone();
        self.tick_of(&self.b(), Some(note.unwrap().as_str()));
        asked
    }
}

#[test]
fn what_an_open_recall_or_an_unanswered_question_needs_stays_until_it_is_settled() {
    let kit = Kit::new();
    kit.add(&many(0..2));
    kit.tick(&kit.b(), Some(0));
    kit.tick(&kit.b(), Some(1));
    let recall = kit
        .cell
        .recall(&kit.a(), &id(1), &[], "wrong", None)
        .unwrap();
    kit.clock.pass(180 * DAY_US);
    assert_eq!(kit.drop_all(), (1, 1));
    assert_eq!(kit.cell.who(&id(0), &[]).unwrap(), []);
    assert_eq!(holds(&kit.evidence_of(1)), 1);
    let how = Complied::Removed;
    kit.cell
        .confirm_recall(&kit.b(), recall, how, None)
        .unwrap();
    assert_eq!(kit.drop_all(), (1, 0));

    let kit = Kit::new();
    kit.add(&many(0..1));
    let asked = kit.ask_b();
    assert_eq!(kit.drop_all(), (0, 1));
    kit.cell
        .decline_question(&kit.b(), asked, "no logs")
        .unwrap();
    assert_eq!(kit.drop_all(), (1, 0));
}

#[test]
fn what_nobody_ever_answers_ends_nobodys_term() {
    let kit = Kit::new();
    kit.add(&many(0..1));
    kit.tick(&kit.b(), Some(0));
    kit.cell
        .recall(&kit.a(), &id(0), &[], "wrong", None)
        .unwrap();
    kit.clock.pass(180 * DAY_US);
    assert_eq!(kit.drop_all(), (0, 1));
    kit.clock.pass(20 * DAY_US);
    assert_eq!(kit.drop_all(), (1, 0));
    let before = kit.cell.who_before(&id(0)).unwrap().unwrap();
    assert_eq!(before.members, [member("bank-b")].into());
    assert_eq!(kit.cell.recalls(&kit.a())[0].counts().0, 0);
    // By its own word it is due long after.
    let kit = Kit::new();
    kit.add(&many(0..1));
    kit.tick(&kit.b(), Some(0));
    let due = Some(kit.cell.env.now() + SignedDuration::from_hours(9_999 * 24));
    kit.cell
        .recall(&kit.a(), &id(0), &[], "wrong", due)
        .unwrap();
    kit.clock.pass(540 * DAY_US);
    assert_eq!(kit.drop_all(), (0, 1));
    kit.clock.pass(20 * DAY_US);
    assert_eq!(kit.drop_all(), (1, 0));

    let kit = Kit::new();
    kit.add(&many(0..1));
    kit.ask_b();
    assert_eq!(kit.drop_all(), (0, 1));
    kit.clock.pass(DAY_US);
    assert_eq!(kit.drop_all(), (1, 0));
}

#[test]
fn what_was_not_dropped_because_the_disk_failed_is_dropped_by_the_next_call() {
    for fault in [
        MemoryFault::Erase { done: false },
        MemoryFault::Erase { done: true },
        MemoryFault::Write { kept: 10 },
    ] {
        let kit = Kit::new();
        kit.add(&many(0..2));
        kit.tick(&kit.b(), Some(1));
        kit.clock.pass(200 * DAY_US);
        let ledger = &kit.cell.ledger;
        let roots = chain(ledger);
        ledger.journal.break_next(fault);
        assert!(kit.cell.drop_served(KEEP).is_err());
        // Whatever had come to pass: who was served it is known, in detail or not.
        let told = kit.cell.who(&id(1), &[]).unwrap().len();
        let before = kit.cell.who_before(&id(1)).unwrap();
        assert!(
            told == 1
                || before
                    .as_ref()
                    .is_some_and(|before| before.members.len() == 1)
        );
        kit.cell.drop_served(KEEP).unwrap();
        assert_eq!(kit.cell.who(&id(1), &[]).unwrap(), []);
        let before = kit.cell.who_before(&id(1)).unwrap().unwrap();
        assert_eq!(before.members, [member("bank-b")].into());
        assert_eq!(chain(ledger), roots);
    }
}

#[test]
fn what_is_left_of_a_tick_whose_first_segment_was_dropped_is_still_proved() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::folder_of(folder.path(), [9; 16], 1_000).unwrap();
    let kit = Kit::new();
    let ledger = Ledger::new(open(), kit.cell.env.clone());
    for number in 0..20 {
        let runs = [Run::one(number)];
        let noted = ledger.note(&kit.b(), &kit.collection, How::Object, &runs);
        noted.unwrap();
        ledger.flush().unwrap();
    }
    let key = SecretKey::from_seed([4; 32]);
    let signing = crate::cell::provenance::Signing {
        realm: &portcullis_core::realm::Realm::live(),
        member: &member("csirt"),
        key: &key,
    };
    ledger.seal(&signing, kit.cell.env.now()).unwrap();
    kit.clock.pass(1_000_000);
    let open_ones = BTreeMap::new();
    let now = kit.cell.env.now();
    let leaving = ledger.leaving(now, &open_ones).unwrap();
    assert!(leaving.merges.len() > 2, "{:?}", leaving.merges.keys());
    // Whoever drops is killed after the first segment.
    let (first, merges) = leaving.merges.first_key_value().unwrap();
    ledger.eraser().unwrap().merge(*first, merges).unwrap();
    let ledger = Ledger::new(open(), kit.cell.env.clone());
    let all = [(kit.collection, (0..20).collect())].into();
    let (evidence, _) = ledger.prove(&id(1), &all).unwrap();
    let public = key.public();
    let (key, realm) = (&public, "live");
    let checks = verify_evidence(&evidence, &By::Key { key, realm }).checks;
    let paths = checks.iter().filter(|check| check.name == "record.path");
    let paths: Vec<bool> = paths.map(|check| check.passed).collect();
    assert!((1..20).contains(&paths.len()), "{checks:?}");
    assert!(paths.iter().all(|passed| *passed), "{checks:?}");
    // The next call goes on, and leaves nothing.
    ledger.drop_before(now, &open_ones).unwrap();
    let (evidence, _) = ledger.prove(&id(1), &all).unwrap();
    assert_eq!(evidence.served.len(), 0);
}

#[test]
fn a_tick_in_which_much_was_served_gives_its_disk_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::folder(folder.path(), [9; 16]).unwrap();
    let kit = Kit::new();
    let ledger = Ledger::new(journal, kit.cell.env.clone());
    let now = || kit.cell.env.now();
    // Ten minutes in which something was served in each half second.
    for number in 0..1_200 {
        let runs = [Run::one(number)];
        ledger
            .note(&kit.b(), &kit.collection, How::Object, &runs)
            .unwrap();
        ledger.flush().unwrap();
    }
    let key = SecretKey::from_seed([4; 32]);
    let signing = crate::cell::provenance::Signing {
        realm: &portcullis_core::realm::Realm::live(),
        member: &member("csirt"),
        key: &key,
    };
    ledger.seal(&signing, now()).unwrap();
    kit.clock.pass(1_000_000);
    let (bytes, taken) = ledger.journal.sizes().unwrap();
    let done = ledger.drop_before(now(), &BTreeMap::new()).unwrap();
    assert_eq!((done.ticks, done.records), (1, 1_200));
    let (after, left) = ledger.journal.sizes().unwrap();
    assert!(
        bytes <= after && left + done.freed <= taken + 8_192,
        "{done:?}"
    );
    assert!(left * 10 < taken, "{left} of {taken} bytes stay");
    let had = ledger
        .served_to(&member("bank-b"), &kit.collection)
        .unwrap();
    assert_eq!(
        had,
        [Run {
            first: 0,
            last: 1_199
        }]
    );
}

proptest! {
    #[test]
    fn runs_without_others_are_those_that_only_they_have(
        runs in prop::collection::vec((0u64..200, 0u64..20), 0..8),
        others in prop::collection::vec((0u64..200, 0u64..20), 0..8),
    ) {
        let made = |runs: Vec<(u64, u64)>| {
            let mut runs: Vec<Run> = runs.into_iter().map(|(first, more)| Run { first, last: first + more }).collect();
            joined(&mut runs);
            runs
        };
        let (runs, others) = (made(runs), made(others));
        let left = without(&runs, &others);
        let has = |runs: &[Run], number: u64| runs.iter().any(|run| run.has(number));
        for number in 0..250 {
            prop_assert_eq!(has(&left, number), has(&runs, number) && !has(&others, number));
        }
        prop_assert!(left.is_sorted_by(|one, next| one.last < next.first));
    }
}

#[test]
fn whoever_is_dropped_from_the_ledger_meanwhile_is_asked_all_the_same() {
    for _ in 0..50 {
        let kit = Kit::new();
        kit.add(&[indicator(1, 0)]);
        let entries = kit.cell.entries_of(&id(1), &[], None).unwrap();
        kit.tick(&kit.b(), Some(1));
        kit.clock.pass(200 * DAY_US);
        let asked = std::thread::scope(|scope| {
            let drops = scope.spawn(|| kit.cell.drop_served(KEEP).unwrap());
            let mut asked = Vec::new();
            while !drops.is_finished() {
                asked.push(kit.cell.served_members(&id(1), &entries).unwrap());
            }
            asked
        });
        for members in asked {
            assert_eq!(members, [member("bank-b")].into());
        }
        assert_eq!(kit.cell.who(&id(1), &[]).unwrap(), []);
    }
}
