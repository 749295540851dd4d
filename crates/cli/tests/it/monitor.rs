//! Monitors: logs that keep their word, and every way in which one does not.

use crate::kit::{Seat, Town, copy_folder, ok, run, text, wait};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Seed};
use portcullis_core::{
    category::Category,
    id::CaseId,
    member::MemberId,
    office::Office,
    order::{Item, Order, Secrecy, Span},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event},
};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    cosignature::Cosigner,
    hash::leaf_hash,
    note::{NoteSigner, SignedNote},
    tile::{EntryTile, TileBuilder, encode_bundle, hashes_to_bytes},
};
use portcullis_verdict::text::sha256;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};
use tempfile::TempDir;

const ORIGIN: &str = "mail.example/log/live/1";
const SCHEMA: [u8; 32] = [3; 32];

/// Runs the monitor: its exit code and its answer.
fn monitor(dir: &Path, args: &[&str]) -> (i32, Value) {
    let output = run(dir, &[&["--json", "log", "monitor"], args].concat());
    let answer = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let answer = serde_json::from_str(&answer)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {answer}{errors}"));
    (output.status.code().unwrap(), answer)
}

/// The codes of what was found of the first log.
fn codes(answer: &Value) -> Vec<&str> {
    let findings = answer["logs"][0]["findings"].as_array();
    let findings = findings.unwrap_or_else(|| panic!("no log was looked at: {answer}"));
    findings
        .iter()
        .map(|found| found["code"].as_str().unwrap())
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program goes by the same clock"
)]
fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap()
}

/// A log as plain files, made by hand.
struct Log {
    folder: PathBuf,
    builder: TileBuilder,
}

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), &[1; 32])
}

fn witness() -> Cosigner {
    Cosigner::new("uni.example/witness".parse().unwrap(), &[2; 32])
}

/// Leaves with proofs, made once for all tests.
fn leaves(count: usize) -> Vec<Vec<u8>> {
    static LEAVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let leaf = |number: u16| {
        let (seed, mut generator) = (Seed::new([9; 32]), StdRng::seed_from_u64(number.into()));
        let mut digest = [0; 32];
        digest[..2].copy_from_slice(&number.to_be_bytes());
        let ahead = Ahead::draw(&seed, &mut generator);
        let context = Context {
            origin: ORIGIN,
            schema: &SCHEMA,
        };
        let cell = Cell::new(u8::try_from(number % 33).unwrap());
        Leaf::prove(ahead, &context, &digest, cell, &seed)
            .as_bytes()
            .to_vec()
    };
    LEAVES.get_or_init(|| (0..768).map(leaf).collect())[..count].to_vec()
}

impl Log {
    fn at(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        let log = Self {
            folder,
            builder: TileBuilder::new(),
        };
        log.shape(600_000, 0);
        log
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn grow(&mut self, entries: &[Vec<u8>]) {
        for chunk in entries.chunks(256) {
            let index = self.builder.size().0 / 256;
            let path = EntryTile::new(index, 256).unwrap().path();
            self.write(&path, &encode_bundle(chunk).unwrap());
            for (tile, row) in self
                .builder
                .extend(chunk.iter().map(|entry| leaf_hash(entry)))
            {
                self.write(&tile.path(), &hashes_to_bytes(&row));
            }
        }
    }

    fn shape(&self, tick_ms: u64, since: u64) {
        let schema = "03".repeat(32);
        let key = "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=";
        let shape = format!(
            "portcullis/log-shape/v1\n{ORIGIN}\ntick {tick_ms}\ntiles 1\nschema {schema}\nreport-key {key}\nsince {since}\n"
        );
        let line = signer().sign(&shape).unwrap();
        let note = SignedNote::new(shape, vec![line]).unwrap();
        self.write("shape", note.to_text().as_bytes());
    }

    fn note(&self, cosigned_at: Option<u64>) -> SignedNote {
        let origin = ORIGIN.parse().unwrap();
        let checkpoint = Checkpoint::new(origin, self.builder.size(), self.builder.root());
        let note = checkpoint.sign(&signer()).unwrap();
        match cosigned_at {
            Some(at) => {
                let line = witness().cosign(note.text(), at).unwrap();
                note.with_signature(line).unwrap()
            }
            None => note,
        }
    }

    fn publish(&self, cosigned_at: Option<u64>) {
        self.write("checkpoint", self.note(cosigned_at).to_text().as_bytes());
    }
}

/// A folder with a log that was made by hand, and a policy that believes it.
struct Bench {
    folder: TempDir,
    log: Log,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::at(folder.path().join("log"));
        let policy = format!(
            "log {}\nwitness uni {}\nquorum uni\n",
            signer().vkey(),
            witness().vkey()
        );
        fs::write(folder.path().join("policy"), policy).unwrap();
        Self { folder, log }
    }

    fn with(entries: &[Vec<u8>]) -> Self {
        let mut bench = Self::new();
        bench.log.grow(entries);
        bench.log.publish(Some(now()));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn look(&self, more: &[&str]) -> (i32, Value) {
        let (log, policy, memory) = (&self.log.folder, self.path("policy"), self.path("memory"));
        let args = [
            "--log",
            text(log),
            "--policy",
            text(&policy),
            "--memory",
            text(&memory),
        ];
        monitor(&self.path("nowhere"), &[&args[..], more].concat())
    }

    /// Looks, and expects this exit code and these codes.
    fn expect(&self, more: &[&str], exit: i32, expected: &[&str]) -> Value {
        let (found, answer) = self.look(more);
        assert_eq!(
            (found, codes(&answer)),
            (exit, expected.to_vec()),
            "{answer:#}"
        );
        answer
    }
}

#[test]
fn a_log_that_keeps_its_word_is_gone_through_once() {
    let mut bench = Bench::with(&leaves(256));
    let report = bench.path("status.json");
    bench.expect(&["--quick"], 0, &[]);
    let answer = bench.expect(&["--once", "--report-to", text(&report)], 0, &[]);
    assert_eq!(answer["logs"][0]["leaves_checked"], 256);
    let written: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(written, answer);
    bench.log.grow(&leaves(768)[256..]);
    bench.log.publish(Some(now()));
    // What was gone through is not read again.
    fs::remove_file(bench.log.folder.join("tile/entries/000")).unwrap();
    let answer = bench.expect(&["--allowance", "6000"], 0, &[]);
    assert_eq!(answer["logs"][0]["leaves_checked"], 768);
    assert_eq!(answer["logs"][0]["ticks_seen"], 2);
}

#[test]
fn two_stories_are_caught_wherever_the_second_one_is_heard() {
    let bench = Bench::with(&leaves(512));
    let mut other = Log::at(bench.path("other"));
    let mut entries = leaves(512);
    entries.swap(300, 301);
    other.grow(&entries);
    other.publish(Some(now()));
    let note = bench.path("told");
    fs::write(&note, other.note(Some(now())).to_text()).unwrap();
    // By somebody's word, at a second place, and at the same place later.
    for (memory, more) in [
        ("one", vec!["--compare", text(&note)]),
        ("two", vec!["--log", text(&other.folder)]),
    ] {
        let memory = bench.path(memory);
        let (policy, log) = (bench.path("policy"), &bench.log.folder);
        let args = [
            "--log",
            text(log),
            "--policy",
            text(&policy),
            "--memory",
            text(&memory),
        ];
        let (exit, answer) = monitor(&bench.path("nowhere"), &[&args[..], &more].concat());
        assert_eq!(
            (exit, codes(&answer)),
            (4, vec!["monitor.split_view"]),
            "{answer:#}"
        );
    }
    bench.expect(&[], 0, &[]);
    fs::copy(
        other.folder.join("checkpoint"),
        bench.log.folder.join("checkpoint"),
    )
    .unwrap();
    let answer = bench.expect(&[], 4, &["monitor.split_view"]);
    let found = &answer["logs"][0]["findings"][0];
    let notes = found["evidence"]["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2);
    let kept = fs::read(found["kept_at"].as_str().unwrap()).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["evidence"], found["evidence"]);
    // The lines for people show both checkpoints too.
    let (policy, memory) = (bench.path("policy"), bench.path("memory"));
    let args = [
        "log",
        "monitor",
        "--log",
        text(&bench.log.folder),
        "--policy",
        text(&policy),
        "--memory",
        text(&memory),
    ];
    let output = run(&bench.path("nowhere"), &args);
    let shown = String::from_utf8(output.stdout).unwrap();
    for root in [&bench.log, &other].map(|log| log.builder.root().to_string()) {
        assert!(shown.contains(&format!("      {root}\n")), "{shown}");
    }
    // Proved once, it stays so, even when the log shows its old face again.
    bench.log.publish(Some(now()));
    let answer = bench.expect(&[], 4, &[]);
    assert_eq!(
        answer["logs"][0]["proofs_kept"][0]["code"],
        "monitor.split_view"
    );
}

#[test]
fn a_rollback_is_caught() {
    let mut bench = Bench::with(&leaves(256));
    let before = fs::read(bench.log.folder.join("checkpoint")).unwrap();
    bench.log.grow(&leaves(512)[256..]);
    bench.log.publish(Some(now()));
    bench.expect(&["--quick"], 0, &[]);
    bench.log.write("checkpoint", &before);
    bench.expect(&["--quick"], 4, &["monitor.rollback"]);
    fs::remove_file(bench.log.folder.join("checkpoint")).unwrap();
    bench.expect(&["--quick"], 4, &["monitor.rollback"]);
    // It is said while it is seen: an old checkpoint in our hands proves nothing to others.
    bench.log.publish(Some(now()));
    let answer = bench.expect(&["--quick"], 0, &[]);
    assert_eq!(
        answer["logs"][0]["proofs_kept"].as_array().unwrap().len(),
        0
    );
}

#[test]
fn silence_and_lacking_witnesses_are_no_proof_and_are_told() {
    let mut bench = Bench::new();
    bench.log.grow(&leaves(256));
    bench.log.publish(Some(now() - 1000));
    let answer = bench.expect(&[], 1, &["monitor.silence"]);
    let message = answer["logs"][0]["findings"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("its tick is 600 s"), "{message}");
    bench.expect(&["--allowance", "3600"], 0, &[]);
    bench.log.grow(&leaves(512)[256..]);
    bench.log.publish(None);
    bench.expect(&["--allowance", "3600"], 1, &["monitor.unwitnessed"]);
    fs::remove_file(bench.log.folder.join("shape")).unwrap();
    bench.log.publish(Some(now()));
    bench.expect(&[], 1, &["monitor.shape"]);
}

#[test]
fn a_log_without_a_shape_is_watched_all_the_same() {
    let bench = Bench::with(&leaves(256));
    fs::remove_file(bench.log.folder.join("shape")).unwrap();
    let answer = bench.expect(&[], 0, &["monitor.no_shape"]);
    assert_eq!(answer["logs"][0]["leaves_checked"], 256);
}

#[test]
fn a_shape_is_changed_with_notice_and_not_otherwise() {
    let bench = Bench::with(&leaves(256));
    bench.expect(&["--quick"], 0, &[]);
    bench.log.shape(60_000, 512);
    bench.expect(&["--quick"], 1, &["monitor.shape"]);
    bench.expect(&["--quick"], 0, &[]);
    bench.log.shape(30_000, 512);
    bench.expect(&["--quick"], 4, &["monitor.shape_broken"]);
}

#[test]
fn leaves_that_are_false_or_come_twice_are_shown_with_their_places() {
    let mut entries = leaves(512);
    entries[17][700] ^= 1;
    entries[300] = entries[7].clone();
    let bench = Bench::with(&entries);
    let expected = ["monitor.bad_proof", "monitor.repeated_commitment"];
    let answer = bench.expect(&[], 4, &expected);
    let leaves = |at: usize| {
        let leaves = &answer["logs"][0]["findings"][at]["evidence"]["leaves"];
        let leaves = leaves.as_array().unwrap().iter();
        leaves
            .map(|leaf| leaf["index"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!((leaves(0), leaves(1)), (vec![17], vec![7, 300]));
    assert_eq!(answer["logs"][0]["leaves_checked"], 512);
}

#[test]
fn a_memory_is_kept_to_one_key_and_to_itself() {
    let bench = Bench::with(&leaves(256));
    bench.expect(&["--quick"], 0, &[]);
    let folder = fs::read_dir(bench.path("memory")).unwrap();
    let folder = folder.map(|entry| entry.unwrap().path());
    let memory = folder
        .map(|path| path.join("memory"))
        .find(|path| path.exists())
        .unwrap();
    let mut bytes = fs::read(&memory).unwrap();
    bytes[100] ^= 1;
    fs::write(&memory, bytes).unwrap();
    let (exit, answer) = bench.look(&["--quick"]);
    assert_eq!(exit, 3);
    assert_eq!(answer["logs"][0]["failures"][0]["code"], "monitor.memory");
    let (exit, answer) = monitor(&bench.path("nowhere"), &["--own"]);
    assert_eq!((exit, answer["error"]["code"].as_str()), (3, Some("file")));
}

#[test]
fn a_monitor_that_was_stopped_goes_on_where_it_was() {
    let mut bench = Bench::new();
    // What is no leaf is quick to look at, and counts as gone through all the same.
    let entries: Vec<_> = (0..4608_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    bench.log.grow(&entries);
    bench.log.publish(Some(now()));
    let last = bench.log.folder.join("tile/entries/017");
    let hidden = bench.path("hidden");
    fs::rename(&last, &hidden).unwrap();
    let (exit, answer) = bench.look(&[]);
    let found = codes(&answer);
    assert_eq!(
        (exit, found.last()),
        (4, Some(&"monitor.bad_tile")),
        "{answer:#}"
    );
    assert_eq!(answer["logs"][0]["leaves_checked"], 4096);
    let message = answer["logs"][0]["findings"][7]["message"]
        .as_str()
        .unwrap();
    assert!(
        message.ends_with("and 4088 more up to entry 4096"),
        "{message}"
    );
    fs::rename(&hidden, &last).unwrap();
    for bundle in 0..16 {
        let path = bench.log.folder.join(format!("tile/entries/{bundle:03}"));
        fs::remove_file(path).unwrap();
    }
    let (_, answer) = bench.look(&[]);
    assert_eq!(answer["logs"][0]["leaves_checked"], 4608);
    assert!(!codes(&answer).contains(&"monitor.bad_tile"), "{answer:#}");
}

#[test]
fn a_monitor_that_runs_on_says_what_it_sees() {
    let mut bench = Bench::with(&leaves(256));
    let report = bench.path("status.json");
    let mut following = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    following.args(["--json", "log", "monitor", "--follow", "--every", "1"]);
    following.arg("--log").arg(&bench.log.folder);
    following.arg("--policy").arg(bench.path("policy"));
    following.arg("--memory").arg(bench.path("memory"));
    following.arg("--report-to").arg(&report);
    let mut following = following.stdout(Stdio::null()).spawn().unwrap();
    let sees = |size: u64, exit: u64| {
        wait("the monitor to see it", || {
            let answer: Value = serde_json::from_slice(&fs::read(&report).ok()?).unwrap();
            let row = &answer["logs"][0];
            (row["leaves_checked"] == size && answer["exit"] == exit).then_some(())
        });
    };
    sees(256, 0);
    bench.log.grow(&leaves(512)[256..]);
    bench.log.publish(Some(now()));
    sees(512, 0);
    bench.log.publish(None);
    sees(512, 1);
    following.kill().unwrap();
    following.wait().unwrap();
    bench.log.publish(Some(now()));
    bench.expect(&[], 0, &[]);
}

const fn seat(word: &'static str, role: &'static str, sector: &'static str, tick_ms: u64) -> Seat {
    match role.as_bytes() {
        b"witness" => Seat {
            word,
            roles: &["witness"],
            authority: &[],
            sector,
            officers: &[],
            tick_ms,
        },
        _ => Seat {
            word,
            roles: &["provider"],
            authority: &[],
            sector,
            officers: &[],
            tick_ms,
        },
    }
}

const WORDS: [&str; 3] = ["uni", "archive", "mail"];

fn size(folder: &Path) -> Option<u64> {
    let note = SignedNote::parse(&fs::read(folder.join("checkpoint")).ok()?).ok()?;
    Some(Checkpoint::parse(note.text()).ok()?.size.0)
}

/// Everybody's folder as it is now, kept; all are served again.
fn snapshot(town: &mut Town) {
    for word in WORDS {
        town.kill(word);
    }
    for word in WORDS {
        copy_folder(&town.dir(word), &town.path(&format!("{word}-before")));
    }
    for word in WORDS {
        town.serve(word);
    }
}

/// Everybody is put back to where they were, and served from there.
fn put_back(town: &mut Town) {
    for word in WORDS {
        fs::remove_dir_all(town.dir(word)).unwrap();
        copy_folder(&town.path(&format!("{word}-before")), &town.dir(word));
    }
    for word in WORDS {
        town.serve(word);
    }
}

/// A provider and its witnesses are put back to where they were, together, and go on in another
/// way: what colluding witnesses can do. Whoever remembers catches it, with both checkpoints.
#[test]
fn a_log_that_was_forked_with_its_witnesses_is_caught_by_whoever_remembers() {
    let mut town = Town::found(&[
        seat("mail", "provider", "industry", 300),
        seat("uni", "witness", "academia", 600_000),
        seat("archive", "witness", "press", 600_000),
    ]);
    for word in WORDS {
        town.serve(word);
    }
    let folder = town.dir("mail").join("blobs/log/1");
    wait("the log to begin", || {
        size(&folder).filter(|size| *size >= 512)
    });
    let begun = size(&folder).unwrap();
    snapshot(&mut town);
    wait("the first story", || {
        size(&folder).filter(|size| begun + 512 <= *size)
    });
    let url = format!("{}/log/1", town.endpoint("mail"));
    let policy = town.path("policy");
    let shown = ok(&town.dir("mail"), &["log", "policy"]);
    fs::write(&policy, shown["policy"].as_str().unwrap()).unwrap();
    let (nowhere, memory) = (town.path("nowhere"), town.path("memory"));
    let args = [
        "--log",
        &url,
        "--policy",
        text(&policy),
        "--memory",
        text(&memory),
        "--any-certificate",
        "--allowance",
        "600",
    ];
    let (exit, answer) = monitor(&nowhere, &args);
    assert_eq!(exit, 0, "{answer:#}");
    let first = answer["logs"][0]["size"].as_u64().unwrap();
    assert!(
        answer["logs"][0]["leaves_checked"].as_u64() == Some(first),
        "{answer:#}"
    );
    for word in WORDS {
        town.kill(word);
    }
    let told = town.path("told-to-us");
    fs::copy(folder.join("checkpoint"), &told).unwrap();
    put_back(&mut town);
    let told_size = first.max(begun) + 512;
    wait("the second story", || {
        size(&folder).filter(|size| told_size <= *size)
    });
    let (exit, answer) = monitor(&nowhere, &args);
    assert_eq!(
        (exit, codes(&answer)),
        (4, vec!["monitor.split_view"]),
        "{answer:#}"
    );
    let evidence = &answer["logs"][0]["findings"][0]["evidence"];
    let notes = evidence["notes"].as_array().unwrap();
    for note in notes {
        let note: SignedNote = note.as_str().unwrap().parse().unwrap();
        assert_eq!(
            note.signatures().len(),
            3,
            "the log and both witnesses signed it"
        );
    }
    assert_eq!(evidence["tree"]["old_size"], first);
    // Somebody who saw the second story alone is shown the first, and asks a witness as well.
    let witness = format!("{}/witness", town.endpoint("uni"));
    let memory = town.path("fresh");
    let args = [
        "--log",
        &url,
        "--policy",
        text(&policy),
        "--memory",
        text(&memory),
        "--any-certificate",
        "--allowance",
        "600",
        "--quick",
        "--witness",
        &witness,
    ];
    let (exit, answer) = monitor(&nowhere, &args);
    assert_eq!((exit, codes(&answer)), (0, vec![]), "{answer:#}");
    let compared = [&args[..], &["--compare", text(&told)]].concat();
    let (exit, answer) = monitor(&nowhere, &compared);
    assert_eq!(
        (exit, codes(&answer)),
        (4, vec!["monitor.split_view"]),
        "{answer:#}"
    );
    // A log that is not served is an error of reach, and soon silence.
    town.kill("mail");
    let (exit, answer) = monitor(&nowhere, &args);
    assert_eq!(exit, 4, "what was proved stays so: {answer:#}");
    assert!(!answer["logs"][0]["failures"].as_array().unwrap().is_empty());
}

/// A subpoena that is secret until then, issued.
fn secret_until(town: &Town, end: jiff::Timestamp) -> CaseId {
    let member = |word: &str| format!("{word}.example").parse::<MemberId>().unwrap();
    let card = fs::read(town.dir("police").join("card.json")).unwrap();
    let card: Value = serde_json::from_slice(&card).unwrap();
    let application = [&[7; 32][..], b"grounds"].concat();
    let times = ["2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z"];
    let [from, to] = times.map(|at| at.parse().unwrap());
    let item = Item {
        target: 1,
        category: Category::BasicSubscriber,
        span: Span::new(from, to).unwrap(),
    };
    let selector = Selector::new(SelectorKind::Account, "u/48151623", None, None).unwrap();
    let order = Order {
        law: "us-sca".into(),
        rule: "subpoena-2703c2".into(),
        authority: member("police"),
        provider: member("mail"),
        approvers: BTreeMap::from([(Office::Judge, member("uni"))]),
        targets: BTreeMap::from([(1, selector)]),
        items: BTreeMap::from([(1, item)]),
        grounds: BTreeSet::from(["relevance".to_owned()]),
        offence: None,
        urgency: None,
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: card["delivery_keys"][0].as_str().unwrap().to_owned(),
        secrecy: Secrecy::Until(end),
        application: sha256(&application),
    };
    let applicant = town.officer("police", "applicant");
    let drafted = Event::Drafted(Box::new(order));
    let said = town
        .node("police")
        .say(None, &drafted, &applicant, Some(&application));
    let said = said.unwrap();
    let approval = Approval {
        subject: said.digest,
        office: Office::Judge,
        signed_for: None,
    };
    town.say("uni", "judge", said.case, &Event::Approved(approval), None);
    let issued = Event::Issued {
        order: said.digest,
        urgent: false,
    };
    town.say("police", "issuer", said.case, &issued, None);
    said.case
}

#[test]
fn secrecy_past_its_end_is_told_to_whoever_holds_the_case() {
    let mut police = seat("police", "authority", "police", 600_000);
    police.roles = &["authority"];
    police.authority = &["us_state"];
    police.officers = &["applicant=applicant", "issuer=subpoena_issuer"];
    let mut judge = seat("uni", "witness", "academia", 600_000);
    judge.roles = &["witness", "approver"];
    judge.officers = &["judge=judge"];
    let archive = seat("archive", "witness", "press", 600_000);
    let mail = seat("mail", "provider", "industry", 600_000);
    let mut town = Town::found(&[police, judge, archive, mail]);
    for word in ["police", "uni", "archive", "mail"] {
        town.serve(word);
    }
    let own = || monitor(&town.dir("police"), &["--own"]);
    assert_eq!(own().0, 0);
    let end = i64::try_from(now()).unwrap() + 12;
    let case = secret_until(&town, jiff::Timestamp::from_second(end).unwrap());
    let answer = wait("the end of secrecy", || {
        let (exit, answer) = own();
        (exit != 0).then_some((exit, answer))
    });
    assert!(
        u64::try_from(end).unwrap() <= now(),
        "not before its end: {answer:?}"
    );
    let (exit, answer) = answer;
    let found = &answer["own"]["findings"][0];
    assert_eq!(
        (exit, &found["code"]),
        (1, &"monitor.secret_past_end".into()),
        "{answer:#}"
    );
    assert_eq!(found["case"], case.to_string());
    assert!(
        found["clause"].as_str().unwrap().contains("2705(b)"),
        "{answer:#}"
    );
}
