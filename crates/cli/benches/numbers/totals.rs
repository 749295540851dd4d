//! A report over a million leaves, verified as `report verify` does, from tiles on the disk.
//!
//! A million proofs take a quarter of an hour to make. So this generator, and only it, makes some
//! thousand leaves and puts them into the log again and again: proofs, nonces and commitments
//! repeat. A verifier's work does not become less by it, and what it verifies is as true. But a
//! leaf that stands twice is a fault of the log, and the check has to say so: it is the one check
//! that fails here, and the row stops if it does not.

use crate::{
    Result, Told,
    leaf::Anchors,
    meter::{self, SystemEnv, timed},
    report::{Figure, Row},
};
use portcullis_ballot::{
    Ahead, Cell, CellSet, Context, Leaf, Seed, Sum,
    report::{self as ballot, Form as Shown, Line as Proved, Totals},
};
use portcullis_core::digest::Digest;
use portcullis_node::Generator;
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    cosignature::Cosigner,
    hash::{EMPTY_ROOT, leaf_hash},
    note::{NoteSigner, SignedNote, VerifierKey},
    policy::Policy,
    tile::{
        EntryTile, FileTiles, LogFiles, TileBuilder, bundle_file, encode_bundle, hashes_to_bytes,
    },
    tree::{Frontier, ReadError, TreeSize},
};
use portcullis_verdict::{
    law,
    report::{
        Bound, Form, Line, Period, Report, Signed, Single, Source, Subject,
        check::{
            Against, Checked, CheckedBundle, Checker, Depth, Kept, LeafFault, State, check_bundle,
            kept_sizes, lines_of, range_of,
        },
        sign,
    },
    schema,
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

pub(crate) const GROUP: &str = "reports";
pub(crate) const ROWS: [&str; 2] = ["report-million", "report-million-proofs"];
const LEAVES_USUAL: usize = 100_000;
const LEAVES_FULL: usize = 1_000_000;
/// How many leaves are made; both sizes are multiples of it.
const DISTINCT: usize = 4000;
/// The most memory of the verifying process, in MiB.
const PEAK_MAX: f64 = 256.0;
/// How many bundles a thread gets before they are put in order, as `report verify` has it.
const BUNDLES_A_THREAD: usize = 8;
const ORIGIN: &str = "mail.example/log/live/1";
const SERIES: &str = "us-process";
const LOG_SEED: [u8; 32] = [1; 32];
const WITNESSES: [(&str, u8); 3] = [("w1.example", 21), ("w2.example", 22), ("w3.example", 23)];
/// The check that has to fail, because leaves repeat.
const REPEATS: &str = "report.repeats";

/// A log's files below a folder.
struct Folder(PathBuf);

impl LogFiles for Folder {
    fn file(&self, path: &str) -> std::result::Result<Vec<u8>, ReadError> {
        fs::read(self.0.join(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ReadError::Missing { path: path.into() },
            _ => ReadError::Failed {
                path: path.into(),
                source: error.into(),
            },
        })
    }
}

/// A log on the disk, and a report about all of it.
struct Made {
    files: Folder,
    signed: Signed,
    count: usize,
}

/// How one check went.
struct Run {
    time: Duration,
    peak: Option<f64>,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let count = if told.full { LEAVES_FULL } else { LEAVES_USUAL };
    meter::say(&format!(
        "report: {DISTINCT} leaves are made, and a log of {count} is written"
    ));
    let folder = meter::scratch()?;
    let made = make(folder.path(), count)?;
    let anchors = Anchors::measure();
    let mut rows = Vec::new();
    if told.wants(GROUP, "report-million") {
        let one_leaf = anchors.decoded + anchors.hashed;
        let anchor = Figure::new(one_leaf, "s", "each leaf hashed, one point of it decoded");
        let what =
            "the totals of a report over 1,000,000 leaves verified: tree, sum, witnesses, lines";
        let row = Row::new("report-million", what, "≤ 6 s, ≤ 256 MiB");
        rows.push(measured(&made, Depth::TotalsOnly, row, anchor, 6.0)?);
    }
    if told.wants(GROUP, "report-million-proofs") {
        let one_leaf = 4.0 * anchors.decoded + anchors.hashed;
        let anchor = Figure::new(one_leaf, "s", "each leaf hashed, four points of it decoded");
        let what = "the same with the proof of every leaf, in batches of a tile";
        let row = Row::new("report-million-proofs", what, "≤ 60 s, ≤ 256 MiB");
        rows.push(measured(&made, Depth::Proofs, row, anchor, 60.0)?);
    }
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn measured(made: &Made, depth: Depth, row: Row, anchor: Figure, goal: f64) -> Result<Row> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    meter::say(&format!("{}: on {cores} threads, then on one", row.name));
    let all = run(made, depth, cores)?;
    let one = run(made, depth, 1)?;
    let a_million = |time: Duration| time.as_secs_f64() * 1e6 / made.count as f64;
    let seconds = a_million(all.time);
    let peaks = [all.peak, one.peak];
    let fits = peaks.iter().flatten().all(|peak| *peak <= PEAK_MAX);
    let peak = all.peak.map_or("unknown here".to_owned(), |peak| {
        format!(
            "{peak:.0} MiB, of it {:.1} MiB marks of the digests",
            made.count as f64 / 131_072.0
        )
    });
    let figure = Figure::new(seconds, "s", "a million leaves");
    let row = row.seen(figure, anchor, seconds <= goal && fits);
    Ok(row
        .note(format!(
            "{} leaves: {:.2} s on {cores} threads, {:.2} s on one, which is {:.2} s a million; the anchor is one thread",
            made.count,
            all.time.as_secs_f64(),
            one.time.as_secs_f64(),
            a_million(one.time),
        ))
        .note(format!(
            "peak memory of the verifying process {peak}; {} MB read from tiles on the disk, written just before, so most likely from the page cache",
            made.count * 1283 / 1_000_000,
        ))
        .note(format!(
            "{DISTINCT} leaves with their proofs repeat {} times, nonces and commitments too: this generator may, and `{REPEATS}` fails, as it has to; no other check fails",
            made.count / DISTINCT,
        )))
}

/// Leaves of all cells and of none, with their proofs, made on all cores; and what they count.
fn distinct(schema: &[u8; 32]) -> Result<(Vec<Vec<u8>>, Totals, Sum)> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let context = Context {
        origin: ORIGIN,
        schema,
    };
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let (seed, generator) = (Seed::new([9; 32]), &mut Generator(&SystemEnv));
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= DISTINCT {
                        break;
                    }
                    let mut digest = [0; 32];
                    digest[..8].copy_from_slice(&(number as u64).to_be_bytes());
                    let cell = Cell::new(u8::try_from(number % 33).unwrap_or_default());
                    let ahead = Ahead::draw(&seed, generator);
                    let leaf = Leaf::prove(ahead, &context, &digest, cell, &seed);
                    if let Ok(mut made) = made.lock() {
                        made.push(leaf);
                    }
                }
            });
        }
    });
    let leaves = made.into_inner().map_err(|_| "a thread ended")?;
    let mut sum = Sum::zero();
    let mut parts = Vec::new();
    for leaf in &leaves {
        let commitment: [u8; 32] = leaf.commitment_bytes().try_into()?;
        sum.add_commitment(&commitment)?;
        parts.push((leaf.digest().try_into()?, commitment));
    }
    let totals = ballot::totals(&Seed::new([9; 32]), ORIGIN, parts)?;
    let entries = leaves.iter().map(|leaf| leaf.as_bytes().to_vec());
    Ok((entries.collect(), totals, sum))
}

fn make(folder: &Path, count: usize) -> Result<Made> {
    let schemas = schema::builtin();
    let schema = schemas.by_name("provider-v1").ok_or("a schema")?;
    let (distinct, few, few_sum) = distinct(&schema.id.0)?;
    let (mut totals, mut sum) = (Totals::zero(), Sum::zero());
    for _ in 0..count / DISTINCT {
        totals.add(&few);
        sum.add(&few_sum);
    }
    let (files, builder) = (Folder(folder.to_owned()), write(folder, &distinct, count)?);
    let series = schema.series(SERIES).ok_or("a series")?;
    let lines = series.lines.iter().map(|line| {
        let shown = Proved {
            cells: CellSet(line.mask()),
            form: Shown::Withheld,
        };
        Line {
            id: line.id.clone(),
            title: line.title.clone(),
            cells: line.cells.iter().map(|cell| cell.get()).collect(),
            law: series.law.clone(),
            clause: line.clause.to_string(),
            form: Form::Exact {
                value: totals.of(&shown),
            },
        }
    });
    let lines = lines.collect::<Vec<_>>();
    let end = cosigned(&builder)?;
    let source = Source {
        member: "mail.example".parse()?,
        origin: ORIGIN.parse()?,
        schema: Digest(schema.id.0),
        start: Bound::ZERO,
        end: Bound::at(end).ok_or("a bound")?,
        commitment: sum.to_bytes(),
    };
    let range = range_of(&source, builder.root().0);
    let generator = &mut Generator(&SystemEnv);
    let proof = ballot::prove(&range, &lines_of(&lines), &totals, generator)?;
    let law = series.law.clone().ok_or("a law")?;
    let laws = law::builtin();
    let digest = laws.by_id(&law).ok_or("the law")?.digest;
    let report = Report {
        realm: "live".into(),
        series: SERIES.into(),
        number: 1,
        previous: None,
        period: Period {
            from: "2026-01-01".parse()?,
            to: "2026-06-30".parse()?,
            zone: series.zone_name.clone(),
        },
        made_at: "2026-07-02T09:00:00Z".parse()?,
        first_assistance: None,
        laws: [(law, digest)].into(),
        lines,
        unproved: Vec::new(),
        subject: Subject::Single(Box::new(Single { source, proof })),
    };
    let signature = sign(signer()?.vkey(), LOG_SEED, &report.to_bytes());
    Ok(Made {
        files,
        signed: Signed::new(&report, vec![signature])?,
        count,
    })
}

/// The bundles and the tree of a log that repeats these entries.
fn write(folder: &Path, distinct: &[Vec<u8>], count: usize) -> Result<TileBuilder> {
    let put = |path: String, bytes: Vec<u8>| -> Result<()> {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        Ok(fs::write(path, bytes)?)
    };
    let mut builder = TileBuilder::new();
    let mut entries = distinct.iter().cycle().take(count).peekable();
    for index in 0.. {
        if entries.peek().is_none() {
            break;
        }
        let bundle: Vec<&[u8]> = entries.by_ref().take(256).map(Vec::as_slice).collect();
        let tile = EntryTile::in_tree(index, TreeSize(count as u64)).ok_or("a tile")?;
        put(tile.path(), encode_bundle(&bundle)?)?;
        for (tile, row) in builder.extend(bundle.iter().map(|entry| leaf_hash(entry))) {
            put(tile.path(), hashes_to_bytes(&row))?;
        }
    }
    Ok(builder)
}

fn signer() -> Result<NoteSigner> {
    Ok(NoteSigner::new(ORIGIN.parse()?, &LOG_SEED))
}

fn witnesses() -> Result<Vec<Cosigner>> {
    let all = WITNESSES.iter();
    all.map(|(name, seed)| Ok(Cosigner::new(name.parse()?, &[*seed; 32])))
        .collect()
}

/// The log's checkpoint after the period's end, with two cosignatures.
fn cosigned(builder: &TileBuilder) -> Result<SignedNote> {
    let checkpoint = Checkpoint::new(ORIGIN.parse()?, builder.size(), builder.root());
    cosigned_at(&checkpoint, "2026-07-01T06:00:00Z")
}

/// The checkpoint one tick before the end, of before the period's end.
fn kept(signed: &Signed) -> Result<BTreeMap<Origin, Kept>> {
    let source = signed.report().sources().next().ok_or("a source")?;
    let mut kept = Kept::default();
    for size in kept_sizes(signed.report(), source, kept.width) {
        let checkpoint = Checkpoint::new(ORIGIN.parse()?, size, EMPTY_ROOT);
        kept.checkpoints
            .push(cosigned_at(&checkpoint, "2026-06-30T06:00:00Z")?);
    }
    Ok([(source.origin.clone(), kept)].into())
}

fn cosigned_at(checkpoint: &Checkpoint, at: &str) -> Result<SignedNote> {
    let mut note = checkpoint.sign(&signer()?)?;
    let at: jiff::Timestamp = at.parse()?;
    for witness in witnesses()?.iter().take(2) {
        let line = witness.cosign(note.text(), u64::try_from(at.as_second())?)?;
        note = note.with_signature(line)?;
    }
    Ok(note)
}

/// The policy: this log, and two of three witnesses.
fn policy() -> Result<Policy> {
    let mut text = format!("log {}\n", signer()?.vkey());
    for ((name, _), witness) in WITNESSES.iter().zip(witnesses()?) {
        writeln!(text, "witness {name} {}", witness.vkey())?;
    }
    text += "group two 2 w1.example w2.example w3.example\nquorum two\n";
    Ok(Policy::parse(text.as_bytes())?)
}

/// Checks the report, with nothing known but its bytes and the log's files.
fn run(made: &Made, depth: Depth, threads: usize) -> Result<Run> {
    let (policy, schemas, laws) = (policy()?, schema::builtin(), law::builtin());
    let keys: BTreeMap<Origin, VerifierKey> = [(ORIGIN.parse()?, signer()?.vkey())].into();
    let kept = kept(&made.signed)?;
    let bytes = made.signed.to_bytes();
    meter::forget_peak();
    let (checked, time) = timed(|| -> Result<Checked> {
        let against = Against {
            kept: &kept,
            now: "2026-12-31T00:00:00Z".parse()?,
            keys: &keys,
            policy: Some(&policy),
            schemas: &schemas,
            laws: &laws,
            previous: None,
            depth,
        };
        let mut checker = Checker::new(Signed::parse(&bytes)?, &against);
        stream(&mut checker, &made.files, threads)?;
        Ok(checker.finish())
    });
    let checked = checked?;
    for check in &checked.checks {
        let expected = match check.name {
            REPEATS => matches!(check.state, State::Failed(_)),
            "report.tree" | "report.commitment" | "report.proof" => check.state == State::Passed,
            "report.leaves" if depth == Depth::Proofs => check.state == State::Passed,
            // What was not checked is said; here it is nothing that takes time.
            _ => !matches!(check.state, State::Failed(_)),
        };
        if !expected {
            let why = format!("{}: {:?}: {}", check.name, check.state, check.detail);
            return Err(why.into());
        }
    }
    Ok(Run {
        time,
        peak: meter::peak_mib(),
    })
}

/// Every bundle read and checked on so many threads, and absorbed in order.
fn stream(checker: &mut Checker, files: &Folder, threads: usize) -> Result<()> {
    let source = checker.sources().next().cloned().ok_or("a source")?;
    checker.begin(0, Frontier::load(&FileTiles(files), source.start.size)?);
    let bundles = checker.bundles(0).collect::<Vec<_>>();
    let depth = checker.depth();
    for some in bundles.chunks(threads * BUNDLES_A_THREAD) {
        for bundle in on_threads(threads, some, |bundle| -> Result<_> {
            let (_, bytes) = bundle_file(files, bundle)?;
            let generator = &mut Generator(&SystemEnv);
            Ok(check_bundle(&source, bundle, &bytes, depth, generator))
        }) {
            if !checker.absorb(0, bundle?) {
                return Ok(());
            }
        }
    }
    Ok(())
}

type OfBundle = Result<std::result::Result<CheckedBundle, LeafFault>>;

/// Does `work` on every bundle with so many threads; answers in their order.
fn on_threads(
    threads: usize,
    bundles: &[EntryTile],
    work: impl Fn(EntryTile) -> OfBundle + Sync,
) -> Vec<OfBundle> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..threads.min(bundles.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(bundle) = bundles.get(at) else {
                        break;
                    };
                    let made = work(*bundle);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, made));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}
