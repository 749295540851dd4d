//! The witness: how many checkpoints it cosigns a second, each durable before it is answered.

use crate::{
    Result, Told,
    cases::federation::{Federation, Wires},
    meter::{self, ms, percentile, rate, stopwatch, timed},
    report::{Figure, Row},
    town,
};
use portcullis_node::{Node, door::Doors as _};
use portcullis_seal::key::Identity;
use portcullis_tlog::{
    checkpoint::Checkpoint,
    cosignature::Cosigner,
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote},
    tile::{Tile, TileBuilder},
    tree::{HashReader, ReadError, TreeSize, prove_consistency},
    witness::AddCheckpoint,
};
use std::{collections::HashMap, sync::Mutex, thread, time::Duration};

pub(crate) const GROUP: &str = "witnesses";
pub(crate) const ROWS: [&str; 2] = ["witness", "witness-alone"];
/// How many logs ask at once, each from a thread of its own, as the doors' threads do.
const LOGS: usize = 64;
/// How often each of them has grown.
const STEPS: u64 = 400;
/// How often one log asks that is alone.
const STEPS_ALONE: u64 = 1000;
/// The goal, a second.
const GOAL: f64 = 2000.0;

/// The tiles of one tree; every log here shows the same one under its own name.
#[derive(Default)]
struct Tiles(HashMap<Tile, Vec<Hash>>);

impl HashReader for Tiles {
    fn tile(&self, tile: Tile) -> std::result::Result<Vec<Hash>, ReadError> {
        let found = self.0.get(&tile).or_else(|| self.0.get(&tile.full()));
        found
            .cloned()
            .ok_or_else(|| ReadError::Missing { path: tile.path() })
    }
}

/// One step of the tree: old size, new size and root, and the proof.
struct Step {
    old: TreeSize,
    new: TreeSize,
    root: Hash,
    proof: Vec<Hash>,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let folder = meter::scratch()?;
    let mut syncs = meter::synced_writes(folder.path(), &[7; 4096], 1000)?;
    let delivery_key = Identity::generate().recipient().to_string();
    let federation = Federation::build(folder.path(), &delivery_key, Wires::InProcess)?;
    let node = federation.node(town::WITNESSES[1])?;
    let signing = signing()?;
    let mut rows = Vec::new();
    for (name, logs, steps) in [("witness", LOGS, STEPS), ("witness-alone", 1, STEPS_ALONE)] {
        if told.wants(GROUP, name) {
            rows.push(row(name, node, logs, steps, &mut syncs, signing)?);
        }
    }
    Ok(rows)
}

fn row(
    name: &str,
    node: &Node,
    logs: usize,
    steps: u64,
    syncs: &mut [Duration],
    signing: Duration,
) -> Result<Row> {
    meter::say(&format!(
        "{name}: {steps} requests of each of {logs} logs are made"
    ));
    let steps = grown(steps)?;
    let first = if logs == 1 { 1 + LOGS } else { 1 };
    let requests: Result<Vec<_>> = (first..first + logs)
        .map(|log| asked(log, &steps))
        .collect();
    let requests = requests?;
    let (done, time) = timed(|| ask_all(node, &requests));
    let mut times = done?;
    let whole: Duration = syncs.iter().sum();
    let figure = rate(times.len(), time);
    let what =
        "checkpoints verified, kept durably in SQLite and cosigned through the witness's door";
    let goal = if logs == 1 {
        "–"
    } else {
        "≥ 2,000 cosignatures/s"
    };
    let anchor = Figure::new(
        rate(syncs.len(), whole),
        "cosignatures/s",
        "if each were one fdatasync of 4 kB",
    );
    let mut row = Row::new(name, what, goal)
        .seen(Figure::new(figure, "cosignatures/s", ""), anchor, figure >= GOAL)
        .note(format!(
            "{logs} logs ask at once, each from its own thread: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms of {}",
            ms(percentile(&mut times, 50)),
            ms(percentile(&mut times, 99)),
            ms(times.last().copied().unwrap_or_default()),
            times.len(),
        ))
        .note(format!(
            "anchors: fdatasync of 4 kB p50 {:.2} ms, p99 {:.2} ms; one Ed25519 verification and one signature {:.0} µs, so {:.0} a second on one core",
            ms(percentile(syncs, 50)),
            ms(percentile(syncs, 99)),
            signing.as_secs_f64() * 1e6,
            1.0 / signing.as_secs_f64(),
        ));
    if logs == 1 {
        row.met = None;
    }
    Ok(row)
}

/// A tree that grows by a tile a step, and the proofs of it.
fn grown(count: u64) -> Result<Vec<Step>> {
    let (mut builder, mut tiles) = (TileBuilder::new(), Tiles::default());
    let mut steps = Vec::new();
    for step in 0..count {
        let old = builder.size();
        let leaves = (0..256).map(|leaf| leaf_hash(&(step * 256 + leaf).to_be_bytes()));
        tiles.0.extend(builder.extend(leaves));
        let new = builder.size();
        steps.push(Step {
            old,
            new,
            root: builder.root(),
            proof: prove_consistency(&tiles, old, new)?,
        });
    }
    Ok(steps)
}

/// The logs that ask: each of an operator of its own, for a witness takes one generation of a log.
pub(crate) fn log(number: usize) -> Result<NoteSigner> {
    let name = format!("log-{number}.example/log/live/1");
    Ok(NoteSigner::new(
        name.parse()?,
        &town::seed(&format!("log {number}")),
    ))
}

/// How many there are in all: one more, that asks alone.
pub(crate) const LOGS_IN_ALL: usize = LOGS + 1;

/// What the log of this number asks, step by step.
fn asked(number: usize, steps: &[Step]) -> Result<Vec<Vec<u8>>> {
    let signer = log(number)?;
    let origin = signer.vkey().name().as_str().to_owned();
    let requests = steps.iter().map(|step| {
        let checkpoint = Checkpoint::new(origin.parse()?, step.new, step.root);
        let note: SignedNote = checkpoint.sign(&signer)?;
        let request = AddCheckpoint::new(step.old, step.proof.clone(), note)?;
        Ok(request.to_string().into_bytes())
    });
    requests.collect()
}

/// Every log asks in order, all logs at once; how long each answer took.
fn ask_all(node: &Node, logs: &[Vec<Vec<u8>>]) -> Result<Vec<Duration>> {
    let times = Mutex::new(Vec::new());
    let ask = |requests: &[Vec<u8>]| -> Result<()> {
        let mut taken = Vec::with_capacity(requests.len());
        for request in requests {
            let start = stopwatch();
            let answer = node.witness_add_checkpoint(request);
            taken.push(start.elapsed());
            if answer.status != 200 {
                return Err(format!("status {}: {}", answer.status, answer.body).into());
            }
        }
        times.lock().map_err(|_| "a thread ended")?.extend(taken);
        Ok(())
    };
    thread::scope(|scope| {
        let ask = &ask;
        let asking: Vec<_> = logs
            .iter()
            .map(|log| scope.spawn(move || ask(log)))
            .collect();
        for one in asking {
            one.join().map_err(|_| "a thread ended")??;
        }
        Result::Ok(())
    })?;
    Ok(times.into_inner().map_err(|_| "a thread ended")?)
}

/// What the two signatures of a request cost: the log's verified, the witness's made.
fn signing() -> Result<Duration> {
    const RUNS: u32 = 500;
    let signer = NoteSigner::new("police.example/log/live/1".parse()?, &town::seed("one"));
    let witness = Cosigner::new("uni.example/witness".parse()?, &town::seed("two"));
    let steps = grown(1)?;
    let step = steps.first().ok_or("a step")?;
    let note =
        Checkpoint::new("police.example/log/live/1".parse()?, step.new, step.root).sign(&signer)?;
    let key = signer.vkey();
    let (done, time) = timed(|| -> Result<()> {
        for second in 0..RUNS {
            note.verify([&key])?;
            witness.cosign(note.text(), second.into())?;
        }
        Ok(())
    });
    done?;
    Ok(time / RUNS)
}
