//! Durable appends: 256-leaf batches through the node's own log code, SQLite and tile files.

use crate::{
    Result, Told,
    meter::{self, SystemEnv, ms, percentile, rate, speed, stopwatch, timed},
    report::{Figure, Row},
    town,
};
use portcullis_ballot::{Leaf, leaf::LEAF_BYTES};
use portcullis_core::{digest::Digest, id::CaseId, realm::Realm};
use portcullis_node::{
    Env as _, Generator,
    log::{Growth, OwnLog},
};
use portcullis_store::{Blobs, Commit, LeafId, LogState, NewLeaf, StatementRecord, Store, Summary};
use portcullis_tlog::note::{NoteSigner, SignedNote};
use sha2::{Digest as _, Sha256};
use std::{hint::black_box, path::Path, time::Duration};

pub(crate) const GROUP: &str = "appends";
pub(crate) const ROWS: [&str; 3] = ["append-covers", "append-queued", "append-proved"];
/// Leaves of a batch: one tile.
const BATCH: usize = 256;
/// How many batches each row appends: 131,072 leaves, 168 MB.
const BATCHES: u32 = 512;
/// How many batches are published, cosigned and proved at once.
const PUBLISHED: u32 = 16;
/// Leaves of a row.
const LEAVES: usize = BATCH * BATCHES as usize;
const GOAL: &str = "≥ 50,000 leaves/s, p50 ≤ 1.5 ms";

/// What happens to a batch.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// Cover leaves alone.
    Covers,
    /// Leaves of the queue get their places.
    Queued,
    /// They get them, the checkpoint is cosigned, and every leaf is proved.
    Proved,
}

/// What was seen of one row.
#[derive(Default)]
struct Seen {
    /// From the reading of a batch until it is durable: what whoever waits for it waits.
    commits: Vec<Duration>,
    publishing: Duration,
    cosigning: Duration,
    proving: Duration,
    whole: Duration,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let kinds = [
        (
            "append-covers",
            Kind::Covers,
            "batches of cover leaves committed durably, their files written and synced",
        ),
        (
            "append-queued",
            Kind::Queued,
            "the same with leaves of the queue, read and given their places",
        ),
        (
            "append-proved",
            Kind::Proved,
            "the same, cosigned by three, and a proof made for every leaf",
        ),
    ];
    let hashing = hashing();
    let mut rows = Vec::new();
    for (name, kind, what) in kinds {
        if told.wants(GROUP, name) {
            rows.push(row(name, kind, what, hashing)?);
        }
    }
    Ok(rows)
}

fn row(name: &str, kind: Kind, what: &str, hashing: f64) -> Result<Row> {
    meter::say(&format!("{name}: {BATCHES} batches"));
    let folder = meter::scratch()?;
    let bytes = vec![7; BATCH * LEAF_BYTES];
    let batch_gb = speed(bytes.len() as u64, Duration::from_secs(1));
    let mut raw = meter::synced_writes(folder.path(), &bytes, LEAVES / BATCH)?;
    let mut seen = run(folder.path(), kind)?;
    let leaves = rate(LEAVES, seen.whole);
    let p50 = ms(percentile(&mut seen.commits, 50));
    let figure = Figure::new(leaves, "leaves/s", "");
    let raw_whole: Duration = raw.iter().sum();
    let anchor = Figure::new(rate(LEAVES, raw_whole), "leaves/s", "write + fdatasync");
    let each = |time: Duration| ms(time / BATCHES);
    let committing: Duration = seen.commits.iter().sum();
    let mut row = Row::new(name, what, GOAL)
        .seen(figure, anchor, leaves >= 50_000.0 && p50 <= 1.5)
        .note(format!(
            "a batch is durable after p50 {p50:.2} ms, p99 {:.2} ms; of a batch, on average: {:.2} ms until then, {:.2} ms to publish its files, {PUBLISHED} batches at once",
            ms(percentile(&mut seen.commits, 99)),
            each(committing),
            each(seen.publishing),
        ))
        .note(format!(
            "anchors: the same bytes to one file, fdatasync each: p50 {:.2} ms, p99 {:.2} ms; SHA-256 {hashing:.2} GB/s, {:.2} ms a batch",
            ms(percentile(&mut raw, 50)),
            ms(percentile(&mut raw, 99)),
            ms(Duration::from_secs_f64(batch_gb / hashing)),
        ));
    if kind == Kind::Proved {
        row = row.note(format!(
            "of a batch, on average: {:.2} ms to cosign and to keep it, {:.2} ms for 256 proofs ({:.1} µs a proof, text included)",
            each(seen.cosigning),
            each(seen.proving),
            each(seen.proving / 256) * 1000.0,
        ));
    }
    Ok(row)
}

fn run(folder: &Path, kind: Kind) -> Result<Seen> {
    let store = Store::sqlite(&folder.join("store.db"))?;
    let blobs = Blobs::folder(&folder.join("blobs"))?;
    let signer = NoteSigner::new("police.example/log/live/1".parse()?, &town::seed("append"));
    let log = OwnLog::new(&store, &blobs, "log/1", &signer);
    let covers: Vec<Vec<u8>> = std::iter::repeat_with(|| {
        Leaf::unproved_cover(&[0; 32], &mut Generator(&SystemEnv))
            .as_bytes()
            .to_vec()
    })
    .take(BATCH)
    .collect();
    if kind != Kind::Covers {
        fill_queue(&store, &covers)?;
    }
    let mut builder = log.take_up()?;
    let mut seen = Seen::default();
    let mut growth = Growth::default();
    for batch in 0..BATCHES {
        let start = stopwatch();
        let (entries, placed) = match kind {
            Kind::Covers => (batch_of(&covers, batch), Vec::new()),
            Kind::Queued | Kind::Proved => queued(&store, builder.size().0)?,
        };
        log.commit(&mut builder, &mut growth, &entries, placed)?;
        seen.commits.push(start.elapsed());
        if (batch + 1).is_multiple_of(PUBLISHED) {
            let (published, time) = timed(|| log.publish(std::mem::take(&mut growth)));
            published?;
            seen.publishing += time;
            if kind == Kind::Proved {
                let (cosigned, time) = timed(|| cosign(&store, signer.vkey().name().as_str()));
                cosigned?;
                seen.cosigning += time;
                let (proved, time) = timed(|| prove(&log, builder.size().0));
                proved?;
                seen.proving += time;
            }
        }
        seen.whole += start.elapsed();
    }
    Ok(seen)
}

/// A batch whose leaves are like no other's.
fn batch_of(covers: &[Vec<u8>], batch: u32) -> Vec<Vec<u8>> {
    let mut entries = covers.to_vec();
    for entry in &mut entries {
        entry[40..44].copy_from_slice(&batch.to_be_bytes());
    }
    entries
}

/// The next leaves of the queue, as the sequencer reads them, and their places.
#[expect(clippy::type_complexity, reason = "private; what `append` takes")]
fn queued(store: &Store, start: u64) -> Result<(Vec<Vec<u8>>, Vec<(LeafId, u64)>)> {
    let leaves = store.queued_leaves(BATCH)?;
    if leaves.len() < BATCH {
        return Err("the queue ran dry".into());
    }
    let placed = leaves
        .iter()
        .zip(start..)
        .map(|(leaf, index)| (leaf.id, index))
        .collect();
    Ok((leaves.into_iter().map(|leaf| leaf.entry).collect(), placed))
}

/// Three cosignatures, made in process: the network is not measured here.
fn cosign(store: &Store, origin: &str) -> Result<()> {
    let LogState {
        size, checkpoint, ..
    } = store.log(origin)?.ok_or("the log")?;
    let mut note = SignedNote::parse(&checkpoint)?;
    let seconds = u64::try_from(SystemEnv.now().as_second())?;
    for word in town::WITNESSES {
        let cosigner = town::node_keys(word).cosigner().ok_or("a witness")?;
        note = note
            .clone()
            .with_signature(cosigner.cosign(note.text(), seconds)?)?;
    }
    store.set_cosigned(origin, size, note.to_text().as_bytes())?;
    Ok(())
}

/// A proof of each leaf that was published last, as the text that a statement keeps.
fn prove(log: &OwnLog<'_>, size: u64) -> Result<()> {
    let mut prover = log.prover()?;
    for index in size - u64::from(PUBLISHED) * BATCH as u64..size {
        black_box(prover.prove(index)?.to_string());
    }
    Ok(())
}

/// Queues a statement of 256 leaves for every batch.
fn fill_queue(store: &Store, covers: &[Vec<u8>]) -> Result<()> {
    let now = SystemEnv.now();
    let mut commits = Vec::new();
    for batch in 0..BATCHES {
        let mut id = [0; 12];
        SystemEnv.fill(&mut id);
        let digest = Digest(town::seed(&format!("statement/{batch}")));
        let statement = StatementRecord {
            digest,
            author: town::id(town::POLICE)?,
            number: 1,
            kind: "drafted".into(),
            time: now,
            envelope: vec![7; 2000],
            judged: vec![7; 200],
            attachment: None,
            proof: None,
            ours: true,
            stored_at: now,
        };
        let leaf = |(ordinal, entry): (u16, Vec<u8>)| NewLeaf {
            statement: digest,
            ordinal,
            entry,
            opening: vec![7; 250],
        };
        commits.push(Commit {
            case: CaseId::new(&Realm::live(), id),
            expected: 0,
            statements: vec![statement],
            leaves: (0..).zip(batch_of(covers, batch)).map(leaf).collect(),
            deliveries: Vec::new(),
            proofs: Vec::new(),
            summary: Summary {
                phase: "drafted".into(),
                title: "A benchmark".into(),
                law: "uk-ipa-2016".into(),
                rule: "targeted-interception".into(),
                authority: town::id(town::POLICE)?,
                provider: town::id(town::PROVIDER)?,
                urgent: false,
                opened_at: now,
                next_at: None,
                updated_at: now,
            },
            erase: false,
        });
    }
    for some in commits.chunks(32) {
        for done in store.commit(some.to_vec()) {
            done?;
        }
    }
    Ok(())
}

/// SHA-256 of what fits no cache of the first level, in GB/s.
fn hashing() -> f64 {
    let block = vec![7; 1 << 20];
    let rounds = 512;
    let (_, time) = timed(|| {
        let mut hash = Sha256::new();
        (0..rounds).for_each(|_| hash.update(black_box(&block)));
        black_box(hash.finalize())
    });
    speed(rounds << 20, time)
}
