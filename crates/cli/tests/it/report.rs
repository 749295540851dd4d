//! `report`: a folder of plain files, a report over it, and whoever checks it.

use portcullis_ballot::{
    Ahead, Cell, CellSet, Context, Leaf, Seed, Sum,
    report::{self as lines, Totals, prove},
};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    cosignature::Cosigner,
    hash::leaf_hash,
    note::NoteSigner,
    tile::{EntryTile, TileBuilder, encode_bundle, hashes_to_bytes},
    tree::TreeSize,
};
use portcullis_verdict::{
    law,
    report::{
        Bound, Form, Line, Period, Report, Signed, Single, Source, Subject,
        check::{lines_of, range_of},
        sign,
    },
    schema,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const ORIGIN: &str = "mail.example/log/live/1";
const LOG_SEED: [u8; 32] = [7; 32];
/// Leaves: one full bundle, and one of 44.
const SIZE: usize = 300;

/// A log in a folder, its policy, and a report over it.
struct Record {
    root: tempfile::TempDir,
    report: Report,
}

impl Record {
    fn made() -> Self {
        let root = tempfile::tempdir().unwrap();
        let report = write_log(&root.path().join("log"), root.path());
        put_kept(&root.path().join("log"), "2026-06-30T06:00:00Z");
        let record = Self { root, report };
        record.write("1.json", &record.report);
        record
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a report, signed by the log.
    fn write(&self, name: &str, report: &Report) {
        let signature = sign(signer().vkey(), LOG_SEED, &report.to_bytes());
        let signed = Signed::new(report, vec![signature]).unwrap();
        fs::write(self.path(name), signed.to_bytes()).unwrap();
    }

    fn verify(&self, name: &str, more: &[&str]) -> Output {
        let (log, policy) = (self.path("log"), self.path("log.policy"));
        let mut args = vec!["--log", log.to_str().unwrap()];
        args.extend(["--policy", policy.to_str().unwrap()]);
        args.extend(more);
        self.run(name, &args)
    }

    fn run(&self, name: &str, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["--dir", self.path("nowhere").to_str().unwrap(), "--json"])
            .args(["report", "verify", self.path(name).to_str().unwrap()])
            .args(args)
            .env("XDG_STATE_HOME", self.path("state"))
            .output()
            .unwrap()
    }
}

/// Exit code, and what was said.
fn said(output: &Output) -> (Option<i32>, Value) {
    let value = serde_json::from_slice(&output.stdout);
    let value = value.unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), value)
}

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), &LOG_SEED)
}

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The checkpoint one tick before the end, as the log keeps it.
fn put_kept(folder: &Path, at: &str) {
    let root = portcullis_tlog::hash::EMPTY_ROOT;
    let checkpoint = Checkpoint::new(ORIGIN.parse().unwrap(), TreeSize(44), root);
    let note = checkpoint.sign(&signer()).unwrap();
    let at: jiff::Timestamp = at.parse().unwrap();
    let witness = Cosigner::new("w.example".parse().unwrap(), &[9; 32]);
    let line = witness.cosign(note.text(), u64::try_from(at.as_second()).unwrap());
    let note = note.with_signature(line.unwrap()).unwrap();
    put(
        folder,
        "checkpoints/000000000044",
        note.to_text().as_bytes(),
    );
}

/// As many leaves as the log has, their sum and what it holds.
fn leaves(
    seed: &Seed,
    context: &Context<'_>,
    counted: impl Fn(usize) -> Option<Cell>,
    generator: &mut StdRng,
) -> (Vec<Vec<u8>>, Sum, Totals) {
    let mut entries = Vec::new();
    let (mut sum, mut totals) = (Sum::zero(), Totals::zero());
    for at in 0..SIZE {
        let mut digest = [0; 32];
        generator.fill_bytes(&mut digest);
        let ahead = Ahead::draw(seed, generator);
        let leaf = Leaf::prove(ahead, context, &digest, counted(at), seed);
        let commitment: [u8; 32] = leaf.commitment_bytes().try_into().unwrap();
        sum.add_commitment(&commitment).unwrap();
        totals.add(&lines::totals(seed, ORIGIN, [(digest, commitment)]).unwrap());
        entries.push(leaf.as_bytes().to_vec());
    }
    (entries, sum, totals)
}

/// A log with three subpoenas and two court orders in it, and a true report of them.
fn write_log(folder: &Path, root: &Path) -> Report {
    let schemas = schema::builtin();
    let schema = schemas.by_name("provider-v1").unwrap();
    let (seed, mut generator) = (Seed::new([5; 32]), StdRng::seed_from_u64(5));
    let context = Context {
        origin: ORIGIN,
        schema: &schema.id.0,
    };
    let cell = |id: &str| {
        schema
            .cells
            .iter()
            .find(|cell| cell.id == id)
            .unwrap()
            .number
            .get()
    };
    let (subpoena, order) = (cell("us-subpoenas"), cell("us-orders"));
    let counted = |at| match at {
        0..3 => Cell::new(subpoena),
        3..5 => Cell::new(order),
        _ => None,
    };
    let (entries, sum, totals) = leaves(&seed, &context, counted, &mut generator);
    let mut builder = TileBuilder::new();
    for (tile, hashes) in builder.extend(entries.iter().map(|entry| leaf_hash(entry))) {
        put(folder, &tile.path(), &hashes_to_bytes(&hashes));
    }
    let size = TreeSize(SIZE as u64);
    for (index, some) in entries.chunks(256).enumerate() {
        let bundle = EntryTile::in_tree(index as u64, size).unwrap();
        put(folder, &bundle.path(), &encode_bundle(some).unwrap());
    }
    let checkpoint = Checkpoint::new(ORIGIN.parse().unwrap(), size, builder.root());
    let witness = Cosigner::new("w.example".parse().unwrap(), &[9; 32]);
    let note = checkpoint.sign(&signer()).unwrap();
    let ended: jiff::Timestamp = "2026-07-01T06:00:00Z".parse().unwrap();
    let line = witness.cosign(note.text(), u64::try_from(ended.as_second()).unwrap());
    let note = note.with_signature(line.unwrap()).unwrap();
    put(folder, "checkpoint", note.to_text().as_bytes());
    let policy = format!(
        "log {}\nwitness w {}\nquorum w\n",
        signer().vkey(),
        witness.vkey()
    );
    fs::write(root.join("log.policy"), policy).unwrap();
    let series = schema.series("us-process").unwrap();
    let lines: Vec<Line> = series
        .lines
        .iter()
        .map(|line| Line {
            id: line.id.clone(),
            title: line.title.clone(),
            cells: line.cells.iter().map(|cell| cell.get()).collect(),
            law: series.law.clone(),
            clause: line.clause.to_string(),
            form: Form::Exact {
                value: totals.of(&lines::Line {
                    cells: CellSet(line.mask()),
                    form: lines::Form::Withheld,
                }),
            },
        })
        .collect();
    let source = Source {
        member: "mail.example".parse().unwrap(),
        origin: ORIGIN.parse().unwrap(),
        schema: schema.id,
        start: Bound::ZERO,
        end: Bound::at(note).unwrap(),
        commitment: sum.to_bytes(),
    };
    let range = range_of(&source, builder.root().0);
    let proof = prove(&range, &lines_of(&lines), &totals, &mut generator).unwrap();
    let laws = law::builtin();
    let law = laws.by_id("us-sca").unwrap();
    Report {
        realm: "live".into(),
        series: "us-process".into(),
        number: 1,
        previous: None,
        period: Period {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-06-30".parse().unwrap(),
            zone: "America/New_York".into(),
        },
        made_at: "2026-07-01T09:00:00Z".parse().unwrap(),
        first_assistance: None,
        laws: [(law.id.clone(), law.digest)].into(),
        lines,
        unproved: Vec::new(),
        subject: Subject::Single(Box::new(Single { source, proof })),
    }
}

#[test]
fn a_report_is_verified_from_a_folder_by_somebody_who_has_no_node() {
    let record = Record::made();
    for threads in ["1", "3"] {
        let (code, answer) = said(&record.verify("1.json", &["--threads", threads]));
        assert_eq!(
            (code, &answer["outcome"]),
            (Some(0), &"VERIFIED".into()),
            "{answer:#}"
        );
    }
    let shown = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["report", "show", record.path("1.json").to_str().unwrap()])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("3  Subpoenas"), "{shown}");
    assert!(shown.contains("nothing of this was checked"), "{shown}");
}

#[test]
fn a_report_is_verified_from_a_server_of_plain_files() {
    let record = Record::made();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = record.path("log");
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match fs::read(folder.join(path.trim_start_matches("/log/1/"))) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(&[head.into_bytes(), body].concat());
        }
    });
    let (log, policy) = (format!("http://{address}/log/1"), record.path("log.policy"));
    let args = ["--log", &log, "--policy", policy.to_str().unwrap()];
    let (code, answer) = said(&record.run("1.json", &args));
    assert_eq!(
        (code, &answer["outcome"]),
        (Some(0), &"VERIFIED".into()),
        "{answer:#}"
    );
}

#[test]
fn a_report_that_is_false_is_refused_by_the_name_of_what_is_false() {
    let record = Record::made();
    let mut changed = record.report.clone();
    changed.lines[1].form = Form::Exact { value: 1 };
    record.write("changed.json", &changed);
    let (code, answer) = said(&record.verify("changed.json", &[]));
    assert_eq!(
        (code, &answer["code"]),
        (Some(4), &"report.proof_sum".into())
    );
    let line = answer["line"].as_str().unwrap();
    assert!(
        line.starts_with("FALSE: ") && line.contains("`us-orders` (1)"),
        "{line}"
    );
    // Edited on its way: nobody signed that.
    let whole = fs::read_to_string(record.path("1.json")).unwrap();
    let edited = fs::read_to_string(record.path("changed.json")).unwrap();
    let payload = |text: &str| serde_json::from_str::<Value>(text).unwrap()["payload"].to_string();
    let edited = whole.replace(&payload(&whole), &payload(&edited));
    fs::write(record.path("edited.json"), edited).unwrap();
    let (code, answer) = said(&record.verify("edited.json", &[]));
    assert_eq!(
        (code, &answer["code"]),
        (Some(4), &"report.signature".into())
    );
    // A leaf of the log is another.
    let bundle = record.path("log").join("tile/entries/000");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[2 + 1283 * 7 + 500] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let (code, answer) = said(&record.verify("1.json", &[]));
    assert_eq!(code, Some(4), "{answer:#}");
    assert!(
        answer["line"].as_str().unwrap().contains("leaf 7: "),
        "{answer:#}"
    );
    fs::remove_file(&bundle).unwrap();
    let (code, answer) = said(&record.verify("1.json", &[]));
    assert_eq!((code, &answer["code"]), (Some(4), &"report.tile".into()));
    fs::write(record.path("none.json"), "{}").unwrap();
    let output = record.verify("none.json", &[]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[test]
fn a_file_that_nobody_signed_makes_nobody_work() {
    let record = Record::made();
    // As many leaves as a report may name: 2^45 bundles.
    let size = TreeSize(portcullis_verdict::report::COUNT_MAX);
    let root = portcullis_tlog::hash::EMPTY_ROOT;
    let checkpoint = Checkpoint::new(ORIGIN.parse().unwrap(), size, root);
    let mut endless = record.report.clone();
    let Subject::Single(single) = &mut endless.subject else {
        unreachable!()
    };
    single.source.end = Bound::at(checkpoint.sign(&signer()).unwrap()).unwrap();
    let signature = sign(signer().vkey(), [8; 32], &endless.to_bytes());
    let signed = Signed::new(&endless, vec![signature]).unwrap();
    fs::write(record.path("endless.json"), signed.to_bytes()).unwrap();
    let (code, answer) = said(&record.verify("endless.json", &[]));
    assert_eq!(
        (code, &answer["code"]),
        (Some(4), &"report.signature".into())
    );
    assert!(
        answer["checks"].to_string().contains("were not read"),
        "{answer:#}"
    );
    // Signed, and nobody else says anything: it ends where the log's files end.
    record.write("endless.json", &endless);
    let log = record.path("log");
    let (code, answer) = said(&record.run("endless.json", &["--log", log.to_str().unwrap()]));
    assert_eq!((code, &answer["code"]), (Some(4), &"report.tile".into()));
}

#[test]
fn the_log_shows_that_the_report_ends_at_the_first_checkpoint_after_the_period() {
    let record = Record::made();
    put_kept(&record.path("log"), "2026-07-01T05:00:00Z");
    let (code, answer) = said(&record.verify("1.json", &[]));
    assert_eq!(
        (code, &answer["code"]),
        (Some(4), &"report.late_end".into())
    );
    fs::remove_file(record.path("log/checkpoints/000000000044")).unwrap();
    let (code, answer) = said(&record.verify("1.json", &[]));
    let line = answer["line"].as_str().unwrap();
    assert!(line.starts_with("INSUFFICIENT: report.end"), "{line}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_schema_that_the_log_serves_is_its_own_word() {
    let record = Record::made();
    // The cell of warrants counts urgent ones alone; its title says nothing of that.
    let id = schema::builtin().by_name("provider-v1").unwrap().id;
    let text = String::from_utf8(schema::builtin_bytes(&id).unwrap().to_vec()).unwrap();
    let (before, after) = text.split_once("id = \"us-warrants\"").unwrap();
    let after = after.replacen("[cell.counts]\n", "[cell.counts]\nurgent = true\n", 1);
    let doctored = format!("{before}id = \"us-warrants\"{after}");
    put(&record.path("log"), "schema", doctored.as_bytes());
    let mut report = record.report.clone();
    let Subject::Single(single) = &mut report.subject else {
        unreachable!()
    };
    single.source.schema = schema::parse("schema", doctored.as_bytes()).unwrap().id;
    record.write("doctored.json", &report);
    let state = |more: &[&str]| {
        let (_, answer) = said(&record.verify("doctored.json", more));
        let checks = answer["checks"].as_array().unwrap();
        let found = checks.iter().find(|it| it["name"] == "report.schema");
        found.unwrap()["state"].clone()
    };
    assert_eq!(state(&[]), "not_checked");
    // Who has read it may hand it in.
    let path = record.path("log/schema");
    assert_eq!(state(&["--schema", path.to_str().unwrap()]), "passed");
}

#[test]
fn what_was_not_checked_is_insufficient_and_never_verified() {
    let record = Record::made();
    let log = record.path("log");
    let (code, answer) = said(&record.run("1.json", &["--log", log.to_str().unwrap()]));
    assert_eq!(
        (code, &answer["outcome"]),
        (Some(1), &"INSUFFICIENT".into())
    );
    let (code, answer) = said(&record.verify("1.json", &["--totals-only"]));
    assert_eq!(
        (code, &answer["outcome"]),
        (Some(1), &"INSUFFICIENT".into())
    );
    let line = answer["line"].as_str().unwrap();
    assert!(line.starts_with("INSUFFICIENT: report.leaves"), "{line}");
}

#[test]
fn a_check_that_was_stopped_goes_on_where_it_stood_and_nobody_else_can_say_where_that_was() {
    let record = Record::made();
    let state = record.path("a.state");
    let resume = ["--resume", state.to_str().unwrap(), "--threads", "1"];
    // The second bundle cannot be read for a while: a folder lies in its place.
    let bundle = record.path("log").join("tile/entries/001.p/44");
    let aside = record.path("aside");
    fs::rename(&bundle, &aside).unwrap();
    fs::create_dir(&bundle).unwrap();
    let stopped = record.verify("1.json", &resume);
    assert_eq!(stopped.status.code(), Some(3), "{stopped:?}");
    let saved = fs::read(&state).unwrap();
    fs::remove_dir(&bundle).unwrap();
    fs::rename(&aside, &bundle).unwrap();
    let resumed = record.verify("1.json", &resume);
    let noted = String::from_utf8(resumed.stderr.clone()).unwrap();
    assert!(
        noted.contains("going on after 256 of 300 leaves"),
        "{noted}"
    );
    assert_eq!(said(&resumed).0, Some(0));
    assert!(!state.exists(), "a check that is done leaves no state");
    // The same state for somebody with another secret: it is not believed, and all is checked.
    fs::write(&state, saved).unwrap();
    fs::remove_dir_all(record.path("state")).unwrap();
    let foreign = record.verify("1.json", &resume);
    let noted = String::from_utf8(foreign.stderr.clone()).unwrap();
    assert!(noted.contains("report.state_foreign"), "{noted}");
    assert!(!noted.contains("going on"), "{noted}");
    assert_eq!(said(&foreign).0, Some(0));
}
