//! The monitor: how fast it goes through leaves, proofs and fingerprints and tree.

use crate::{
    Result, Told,
    meter::{self, SystemEnv, rate, timed},
    report::{Figure, Row},
    town,
};
use portcullis_ballot::{Ahead, Cell, Context, Leaf, Seed};
use portcullis_node::{Env as _, Generator};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::leaf_hash,
    note::NoteSigner,
    policy::Policy,
    tile::{EntryTile, FileTiles, LogFiles, TileBuilder, encode_bundle, hashes_to_bytes},
    tree::ReadError,
};
use portcullis_verdict::monitor::{
    Checked, Memory, Shelf, ShelfError, Sight, Told as Shown, Watch, check_bundle,
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

pub(crate) const GROUP: &str = "monitors";
pub(crate) const ROWS: [&str; 1] = ["monitor"];
/// How many leaves are made and gone through: sixteen tiles.
const LEAVES: usize = 4096;
/// How many are verified one by one, for the anchor.
const ALONE: usize = 256;
const ORIGIN: &str = "mail.example/log/live/1";
const SCHEMA: [u8; 32] = [3; 32];
const CONTEXT: Context<'_> = Context {
    origin: ORIGIN,
    schema: &SCHEMA,
};

/// A log's files in memory: the disk and the network are not measured here.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl LogFiles for Files {
    fn file(&self, path: &str) -> std::result::Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Missing { path: path.into() };
        self.0.get(path).cloned().ok_or_else(missing)
    }
}

/// Runs of fingerprints in memory.
#[derive(Default)]
struct Table(RefCell<BTreeMap<u64, Vec<u64>>>);

impl Shelf for Table {
    fn read(&self, run: u64, first: u64, count: u64) -> std::result::Result<Vec<u64>, ShelfError> {
        let runs = self.0.borrow();
        let values = runs.get(&run).into_iter().flatten();
        let values = values.skip(usize::try_from(first).unwrap_or(usize::MAX));
        Ok(values
            .take(usize::try_from(count).unwrap_or_default())
            .copied()
            .collect())
    }

    fn write(
        &self,
        run: u64,
        values: &mut dyn Iterator<Item = std::result::Result<u64, ShelfError>>,
    ) -> std::result::Result<(), ShelfError> {
        let values = values.collect::<std::result::Result<_, _>>()?;
        self.0.borrow_mut().insert(run, values);
        Ok(())
    }
}

pub(crate) fn measure(_: &Told) -> Result<Vec<Row>> {
    meter::say(&format!(
        "monitor: {LEAVES} leaves are made, with their proofs"
    ));
    let (entries, making) = timed(make);
    let entries = entries?;
    let (alone, one_by_one) = timed(|| -> Result<()> {
        for entry in entries.iter().take(ALONE) {
            Leaf::parse(entry)?.verify(&CONTEXT)?;
        }
        Ok(())
    });
    alone?;
    let signer = NoteSigner::new(ORIGIN.parse()?, &town::seed("monitor"));
    let (files, builder) = published(&entries)?;
    let note = Checkpoint::new(ORIGIN.parse()?, builder.size(), builder.root()).sign(&signer)?;
    let mut memory = Memory::new(signer.vkey(), [4; 32])?;
    let watch = Watch {
        policy: &Policy::parse(b"quorum none\n")?,
        now: u64::try_from(SystemEnv.now().as_second())?,
        allowance_s: 60,
        tick_ms: None,
    };
    let shown = [Shown {
        source: "the log".into(),
        own: true,
        note: note.to_text().into_bytes(),
    }];
    let sight = Sight {
        tiles: &FileTiles(&files),
        told: &shown,
        missing: false,
        shape: None,
        closed: None,
    };
    memory.observe(&watch, &sight)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let bundles: Vec<Vec<&[u8]>> = entries
        .chunks(256)
        .map(|chunk| chunk.iter().map(Vec::as_slice).collect())
        .collect();
    let (one, single) = timed(|| check(&bundles, 1));
    one?;
    let (checked, checking) = timed(|| check(&bundles, cores));
    let (checked, shelf) = (checked?, Table::default());
    let (found, absorbing) = timed(|| memory.absorb(&checked, &files, &shelf));
    if !found?.is_empty() || memory.walked() != builder.size() {
        return Err("the monitor found something in an honest log".into());
    }
    let whole = checking + absorbing;
    let figure = rate(LEAVES, whole);
    let us = |time: std::time::Duration, count: usize| time.as_secs_f64() * 1e6 / rate_count(count);
    let row = Row::new(
        "monitor",
        "leaves gone through: every proof in batches of a tile, the tree, no commitment twice",
        "≤ 50 µs a proof on one core, batch verified",
    );
    Ok(vec![
        row.seen(
            Figure::new(figure, "leaves/s", ""),
            Figure::new(rate(ALONE, one_by_one), "leaves/s", "proofs verified one by one, one core"),
            us(single, LEAVES) <= 50.0,
        )
        .note(format!(
            "{LEAVES} leaves: proofs {:.1} µs a leaf on one core, {:.1} µs on {cores}; tree and fingerprints {:.2} µs; one by one {:.0} µs; made in {:.0} µs each, on {cores} cores",
            us(single, LEAVES),
            us(checking, LEAVES),
            us(absorbing, LEAVES),
            us(one_by_one, ALONE),
            us(making, LEAVES),
        ))
        .note(format!(
            "what is remembered of the log: {} kB, and 8 bytes a leaf beyond the newest 65,536",
            memory.save().len() / 1024
        )),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate_count(count: usize) -> f64 {
    count as f64
}

/// Leaves with proofs, made on all cores.
fn make() -> Result<Vec<Vec<u8>>> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let (seed, generator) = (Seed::new([9; 32]), &mut Generator(&SystemEnv));
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= LEAVES {
                        break;
                    }
                    let mut digest = [0; 32];
                    digest[..8].copy_from_slice(&number.to_be_bytes());
                    let cell = Cell::new(u8::try_from(number % 33).unwrap_or_default());
                    let ahead = Ahead::draw(&seed, generator);
                    let leaf = Leaf::prove(ahead, &CONTEXT, &digest, cell, &seed);
                    if let Ok(mut made) = made.lock() {
                        made.push(leaf.as_bytes().to_vec());
                    }
                }
            });
        }
    });
    Ok(made.into_inner().map_err(|_| "a thread ended")?)
}

fn published(entries: &[Vec<u8>]) -> Result<(Files, TileBuilder)> {
    let (mut files, mut builder) = (Files::default(), TileBuilder::new());
    for (index, chunk) in (0..).zip(entries.chunks(256)) {
        let path = EntryTile::new(index, 256).ok_or("a tile")?.path();
        files.0.insert(path, encode_bundle(chunk)?);
        for (tile, row) in builder.extend(chunk.iter().map(|entry| leaf_hash(entry))) {
            files.0.insert(tile.path(), hashes_to_bytes(&row));
        }
    }
    Ok((files, builder))
}

/// Checks bundles on so many threads, as the command does.
fn check(bundles: &[Vec<&[u8]>], cores: usize) -> Result<Vec<Checked>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(entries) = bundles.get(at) else {
                        break;
                    };
                    let first = at as u64 * 256;
                    let checked =
                        check_bundle(&CONTEXT, first, entries, &mut Generator(&SystemEnv));
                    if let Ok(mut done) = done.lock() {
                        done.push((first, checked));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().map_err(|_| "a thread ended")?;
    done.sort_by_key(|(first, _)| *first);
    Ok(done.into_iter().map(|(_, checked)| checked).collect())
}
