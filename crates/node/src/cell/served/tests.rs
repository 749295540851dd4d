//! The ledger by itself: what is noted is written, found, proved, and not lost when the disk fails.

use super::*;
use crate::cell::provenance::Signing;
use portcullis_core::realm::Realm;
use portcullis_sign::SecretKey;
use portcullis_store::journal::MemoryFault;
use portcullis_verdict::cell::{By, Evidence, Findings, verify_evidence};
use std::sync::atomic::{AtomicI64, Ordering};

struct Clock(AtomicI64);

impl Env for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        let seed = self.0.fetch_add(1, Ordering::Relaxed);
        for (at, byte) in (0i64..).zip(bytes) {
            *byte = (seed * 31 + at * 7).to_le_bytes()[0];
        }
    }
}

fn clock() -> Arc<Clock> {
    Arc::new(Clock(AtomicI64::new(1_795_000_000_000_000)))
}

fn ledger(journal: &Journal, clock: &Arc<Clock>) -> Ledger {
    Ledger::new(journal.clone(), clock.clone())
}

fn caller(member: &str, account: Option<&str>) -> Caller {
    Caller {
        account: account.map(str::to_owned),
        ..Caller::node(member.parse().unwrap())
    }
}

const HERE: CollectionId = CollectionId::from_bytes([1; 16]);
const THERE: CollectionId = CollectionId::from_bytes([2; 16]);

fn wanted(numbers: &[u64]) -> BTreeMap<CollectionId, Vec<u64>> {
    BTreeMap::from([(HERE, numbers.to_vec())])
}

fn seal(ledger: &Ledger, now: Timestamp) -> Option<u64> {
    let signing = Signing {
        realm: &Realm::live(),
        member: &"cell.example".parse().unwrap(),
        key: &SecretKey::from_seed([4; 32]),
    };
    ledger.seal(&signing, now).unwrap()
}

fn found(ledger: &Ledger, numbers: &[u64]) -> Vec<(String, u64, u32)> {
    let servings = ledger.servings(&wanted(numbers)).unwrap();
    servings
        .into_iter()
        .map(|serving| (serving.member.to_string(), serving.number, serving.times))
        .collect()
}

#[test]
fn who_was_served_is_found_after_a_restart() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let first = ledger(&journal, &clock);
    first
        .note(
            &caller("bank.example", None),
            &HERE,
            How::Page,
            &[Run { first: 0, last: 99 }],
        )
        .unwrap();
    for _ in 0..3 {
        first
            .note(
                &caller("isp.example", Some("siem")),
                &HERE,
                How::Object,
                &[Run::one(7)],
            )
            .unwrap();
    }
    first
        .note(
            &caller("isp.example", None),
            &THERE,
            How::Object,
            &[Run::one(7)],
        )
        .unwrap();
    assert_eq!(first.flush().unwrap(), 3);
    assert_eq!(first.flush().unwrap(), 0);
    let again = ledger(
        &Journal::of_image(&journal.image(true).unwrap(), [0; 16]),
        &clock,
    );
    let bank = |number| ("bank.example".to_owned(), number, 1);
    assert_eq!(
        found(&again, &[7, 50, 100]),
        [bank(7), bank(50), ("isp.example".to_owned(), 7, 3)]
    );
    assert_eq!(found(&again, &[100]), []);
}

#[test]
fn what_was_noted_survives_a_disk_that_fails_once() {
    for after in [false, true] {
        let (journal, clock) = (Journal::memory([0; 16]), clock());
        let failing = ledger(&journal, &clock);
        failing
            .note(
                &caller("bank.example", None),
                &HERE,
                How::Object,
                &[Run::one(1)],
            )
            .unwrap();
        journal.break_next(if after {
            MemoryFault::Sync
        } else {
            MemoryFault::Write { kept: 10 }
        });
        assert!(failing.flush().is_err(), "{after}");
        // The journal may want to be opened anew; the buffer holds what was noted until then.
        failing
            .note(
                &caller("isp.example", None),
                &HERE,
                How::Object,
                &[Run::one(1)],
            )
            .unwrap();
        clock.0.fetch_add(FAILING_MAX_US + 1, Ordering::Relaxed);
        assert_eq!(
            failing.note(
                &caller("isp.example", None),
                &HERE,
                How::Object,
                &[Run::one(2)]
            ),
            Err(NotNoted),
            "nothing is served that cannot be recorded"
        );
        if failing.flush().is_ok() {
            let both: BTreeSet<_> = found(&failing, &[1])
                .into_iter()
                .map(|found| found.0)
                .collect();
            assert_eq!(both.len(), 2);
            assert!(
                failing
                    .note(
                        &caller("isp.example", None),
                        &HERE,
                        How::Object,
                        &[Run::one(2)]
                    )
                    .is_ok()
            );
        }
    }
}

#[test]
fn what_was_not_flushed_is_gone_with_the_power_and_nothing_else() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let first = ledger(&journal, &clock);
    let bank = caller("bank.example", None);
    first
        .note(&bank, &HERE, How::Object, &[Run::one(1)])
        .unwrap();
    first.flush().unwrap();
    assert_eq!(seal(&first, clock.now()), Some(1));
    first
        .note(&bank, &HERE, How::Object, &[Run::one(2)])
        .unwrap();
    let again = ledger(
        &Journal::of_image(&journal.image(true).unwrap(), [0; 16]),
        &clock,
    );
    assert_eq!(found(&again, &[1, 2]).len(), 1);
    assert_eq!(seal(&again, clock.now()), None, "nothing is new");
    assert_eq!(
        again.unrecorded(9).unwrap().len(),
        1,
        "the root is still to be logged"
    );
}

#[test]
fn two_processes_write_one_ledger() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let (serve, command) = (ledger(&journal, &clock), ledger(&journal, &clock));
    serve
        .note(
            &caller("bank.example", None),
            &HERE,
            How::Page,
            &[Run::one(1)],
        )
        .unwrap();
    command
        .note(
            &caller("isp.example", None),
            &HERE,
            How::Export,
            &[Run::one(1)],
        )
        .unwrap();
    command.flush().unwrap();
    serve.flush().unwrap();
    assert_eq!(seal(&command, clock.now()), Some(1));
    assert_eq!(seal(&serve, clock.now()), None);
    let members: Vec<_> = found(&serve, &[1])
        .into_iter()
        .map(|found| found.0)
        .collect();
    assert_eq!(members, ["isp.example", "bank.example"]);
}

/// A ledger with three roots, and the evidence on entry 3.
fn proved() -> (Evidence, portcullis_sign::PublicKey) {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let ledger = ledger(&journal, &clock);
    let object = br#"{"id":"indicator--1","type":"indicator"}"#;
    for round in 0..3 {
        for number in 0..40u64 {
            let to = if number % 2 == 0 {
                "bank.example"
            } else {
                "isp.example"
            };
            ledger
                .note(
                    &caller(to, Some("siem")),
                    &HERE,
                    How::Object,
                    &[Run::one(number)],
                )
                .unwrap();
            if number % 9 == 0 {
                ledger.flush().unwrap();
            }
        }
        ledger.flush().unwrap();
        if round == 0 {
            ledger
                .note_contents(&[Content {
                    collection: HERE,
                    number: 3,
                    sha256: portcullis_verdict::text::sha256(object),
                }])
                .unwrap();
        }
        assert_eq!(seal(&ledger, clock.now()), Some(round + 1));
    }
    ledger
        .note(
            &caller("bank.example", None),
            &HERE,
            How::Object,
            &[Run::one(3)],
        )
        .unwrap();
    ledger.flush().unwrap();
    let (mut evidence, open) = ledger.prove("indicator--1", &wanted(&[3])).unwrap();
    assert_eq!(
        (evidence.served.len(), evidence.contents.len(), open),
        (3, 1, 1)
    );
    evidence.objects.push(object.to_vec());
    (evidence, SecretKey::from_seed([4; 32]).public())
}

fn judged(evidence: &Evidence, key: &portcullis_sign::PublicKey) -> Findings {
    verify_evidence(evidence, &By::Key { key, realm: "live" })
}

#[test]
fn evidence_reads_back_and_holds() {
    let (evidence, key) = proved();
    let read = Evidence::parse(&evidence.to_bytes()).unwrap();
    assert_eq!(read, evidence);
    let findings = judged(&read, &key);
    assert!(findings.holds(), "{:?}", findings.checks);
    assert!(
        findings
            .served
            .iter()
            .all(|shown| shown.holds && shown.contents.len() == 1)
    );
}

/// What is found of it, and what was done.
type Tampering<'a> = (&'a str, &'a dyn Fn(&mut Evidence));

#[test]
fn tampering_with_evidence_is_found_by_name() {
    let (evidence, key) = proved();
    let cases: [Tampering<'_>; 11] = [
        ("record.path", &|e| {
            e.served[1].served.member = "other.example".parse().unwrap();
        }),
        ("record.path", &|e| e.served[1].served.times = 9),
        ("record.path", &|e| e.served[1].place.salt.0[0] ^= 1),
        ("record.path", &|e| e.served[1].place.path[0].0[0] ^= 1),
        ("record.path", &|e| {
            e.served[1].place.frame_path[0].0[0] ^= 1;
        }),
        ("record.path", &|e| e.served[1].place.root = 0),
        ("content.path", &|e| e.contents[0].content.number = 4),
        ("root.form", &|e| e.roots[1].word[5] ^= 1),
        ("object.digest", &|e| e.objects[0].push(b' ')),
        ("record.about", &|e| {
            e.contents.clear();
            e.objects.clear();
        }),
        ("root.chain", &|e| {
            let says = Root {
                previous: Some(portcullis_verdict::text::sha256(b"another")),
                ..portcullis_verdict::cell::Word::<Root>::parse(&e.roots[1].word)
                    .unwrap()
                    .says()
                    .clone()
            };
            let key = SecretKey::from_seed([4; 32]);
            let word = portcullis_verdict::cell::Word::sign(&says, &key).unwrap();
            e.roots[1].word = word.as_bytes().to_vec();
        }),
    ];
    for (name, tamper) in cases {
        let mut changed = evidence.clone();
        tamper(&mut changed);
        let findings = judged(&changed, &key);
        let failed = findings.checks.iter().find(|check| !check.passed);
        assert_eq!(
            failed.map(|check| check.name.as_str()),
            Some(name),
            "{:?}",
            findings.checks
        );
    }
    let other = SecretKey::from_seed([5; 32]).public();
    assert!(!judged(&evidence, &other).holds());
    let findings = judged(&evidence, &other);
    assert!(
        findings
            .checks
            .iter()
            .any(|check| check.name == "root.signature" && !check.passed)
    );
}

#[test]
fn contents_are_recorded_once() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let ledger = ledger(&journal, &clock);
    let bank = caller("bank.example", None);
    ledger
        .note(&bank, &HERE, How::Page, &[Run { first: 0, last: 9 }])
        .unwrap();
    ledger.flush().unwrap();
    let due = ledger.contents_due(6).unwrap();
    assert_eq!(due.len(), 6);
    let contents: Vec<Content> = due
        .iter()
        .map(|(collection, number)| Content {
            collection: *collection,
            number: *number,
            sha256: portcullis_verdict::text::sha256(b"object"),
        })
        .collect();
    ledger.note_contents(&contents).unwrap();
    let rest: Vec<u64> = ledger
        .contents_due(6)
        .unwrap()
        .iter()
        .map(|due| due.1)
        .collect();
    assert_eq!(rest, [6, 7, 8, 9]);
    ledger
        .note(&bank, &HERE, How::Object, &[Run::one(3)])
        .unwrap();
    ledger.flush().unwrap();
    assert_eq!(ledger.contents_due(6).unwrap(), []);
}

#[test]
fn what_is_read_in_pages_costs_bytes_by_the_page_and_what_is_looked_up_some_by_the_object() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let ledger = ledger(&journal, &clock);
    let caller = caller("bank.example", Some("soc"));
    let mut before = 0;
    let mut grown = || {
        let now = journal.sizes().unwrap().0;
        now - std::mem::replace(&mut before, now)
    };
    grown();
    let page = |first: u64| {
        [Run {
            first,
            last: first + 999,
        }]
    };
    let read = |how: How, runs: &mut dyn Iterator<Item = [Run; 1]>| {
        for runs in runs {
            ledger.note(&caller, &HERE, how, &runs).unwrap();
        }
        ledger.flush().unwrap();
    };
    // A hundred pages of a thousand objects, in one flush; and one page in each.
    read(How::Page, &mut (0..100).map(|at| page(at * 1_000)));
    let whole = grown();
    for at in 0..100 {
        read(How::Page, &mut std::iter::once(page(at * 1_000)));
    }
    let pages = grown();
    // A thousand look-ups in one flush.
    read(
        How::Lookup,
        &mut (0..1_000).map(|at| [Run::one(at * 7_919 % 100_000)]),
    );
    let lookups = grown();
    let contents: Vec<Content> = (0..1_000)
        .map(|number| Content {
            collection: HERE,
            number,
            sha256: portcullis_core::digest::Digest([7; 32]),
        })
        .collect();
    ledger.note_contents(&contents).unwrap();
    let contents = grown();
    seal(&ledger, clock.now()).unwrap();
    let root = grown();
    println!("{whole} {pages} {lookups} {contents} {root}");
    assert!(whole < 100 * 20, "{whole}");
    assert!(pages < 100 * 250, "{pages}");
    assert!(lookups < 1_000 * 16, "{lookups}");
    assert!(contents < 1_000 * 60, "{contents}");
    assert!(root < 1_200, "{root}");
}

/// How long ten million servings take to note, write and search: `cargo test -p portcullis-node
/// --lib --release ten_million -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "a measurement reads a clock")]
fn ten_million_servings_are_searched() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let ledger = ledger(&journal, &clock);
    let callers: Vec<Caller> = (0..50)
        .map(|at| caller(&format!("m{at}.example"), None))
        .collect();
    let (mut noting, mut writing) = (Duration::ZERO, Duration::ZERO);
    for second in 0..200u64 {
        let begin = std::time::Instant::now();
        for at in 0..50_000u64 {
            let number = (at * 7919 + second) % 1_000_000;
            let caller = &callers[usize::try_from(at % 50).unwrap()];
            ledger
                .note(caller, &HERE, How::Object, &[Run::one(number)])
                .unwrap();
        }
        noting += begin.elapsed();
        let begin = std::time::Instant::now();
        ledger.flush().unwrap();
        writing += begin.elapsed();
    }
    let begin = std::time::Instant::now();
    let found = ledger.servings(&wanted(&[500_000])).unwrap();
    println!(
        "noting {noting:?}, writing {writing:?}, searching {:?}: {}",
        begin.elapsed(),
        found.len()
    );
}

#[test]
fn what_a_member_was_served_are_runs_that_do_not_touch() {
    let (journal, clock) = (Journal::memory([0; 16]), clock());
    let ledger = ledger(&journal, &clock);
    let run = |first, last| Run { first, last };
    let note = |name: &str, at: &CollectionId, how, runs: &[Run]| {
        ledger.note(&caller(name, None), at, how, runs).unwrap();
        ledger.flush().unwrap();
    };
    note(
        "bank.example",
        &HERE,
        How::Page,
        &[run(10, 12), run(20, 20)],
    );
    note(
        "bank.example",
        &HERE,
        How::Feed,
        &[run(11, 14), run(15, 15)],
    );
    note("bank.example", &HERE, How::Manifest, &[run(30, 40)]);
    note("bank.example", &THERE, How::Page, &[run(50, 60)]);
    note("isp.example", &HERE, How::Page, &[run(0, 9)]);
    let bank = "bank.example".parse().unwrap();
    let served = ledger.served_to(&bank, &HERE).unwrap();
    assert_eq!(served, [run(10, 15), run(20, 20)]);
}
