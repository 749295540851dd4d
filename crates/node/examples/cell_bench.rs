//! How fast a cell takes objects in and shows them, without a network.
//!
//! `cargo run --release -p portcullis-node --example cell_bench -- BUNDLE.json.gz [COPIES]`
//!
//! The bundle's objects are added in envelopes of 1000 and of 100, in keep and
//! in MUST mode, each durably in a folder of its own below the current one;
//! then all pages are read, single objects by their ids, and the journal anew.
//! `COPIES` repeats the objects under other ids, to see what more of them cost.

use bytes::Bytes;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Command, Mode, Settings},
    realm::Realm,
};
use portcullis_node::{
    Env,
    cell::{Cell, CellParts, Query, Source, View},
};
use portcullis_stix::header;
use portcullis_store::Journal;
use std::{
    error::Error,
    fs::File,
    io::Read,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

type Failure = Box<dyn Error>;

struct Machine(AtomicU64);

impl Env for Machine {
    #[expect(clippy::disallowed_methods, reason = "a benchmark is its own machine")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes
            .iter_mut()
            .zip(drawn.iter().cycle())
            .for_each(|(to, from)| *to = *from);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

fn rate(count: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let count = count as f64;
    count / took.as_secs_f64()
}

fn open(folder: &Path) -> Result<Arc<Cell>, Failure> {
    Ok(Cell::open(CellParts {
        journal: Journal::folder(&folder.join("journal"), [1; 16])?,
        served: Journal::folder(&folder.join("served"), [1; 16])?,
        env: Arc::new(Machine(AtomicU64::new(1))),
        me: "csirt".parse()?,
        realm: Realm::live(),
        signer: None,
    })?)
}

fn begin(folder: &Path, mode: Mode) -> Result<(Arc<Cell>, Caller, CollectionId), Failure> {
    let cell = open(folder)?;
    cell.load()?;
    let (operator, collection) = (cell.operator(), cell.new_collection());
    let mut settings = Settings::titled("bench");
    (settings.mode, settings.open) = (mode, true);
    let open = Command::OpenCollection {
        collection,
        settings: Box::new(settings),
    };
    cell.perform(&operator, open)?;
    Ok((cell, operator, collection))
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let bundle = arguments.next().ok_or("name a bundle: BUNDLE.json.gz")?;
    let copies: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(&bundle)?).read_to_end(&mut bytes)?;
    let envelope = header::envelope(&bytes)?;
    let mut objects: Vec<Vec<u8>> = Vec::new();
    for copy in 0..copies {
        objects.extend(
            envelope
                .objects
                .iter()
                .map(|slice| other(slice.bytes, copy)),
        );
    }
    println!("{} objects", objects.len());
    for (mode, size) in [(Mode::Keep, 1000), (Mode::Keep, 100), (Mode::Must, 1000)] {
        let folder = tempfile::tempdir_in(".")?;
        let (cell, operator, collection) = begin(folder.path(), mode)?;
        let envelopes: Vec<Bytes> = objects.chunks(size).map(wrapped).collect();
        let started = now();
        let mut fresh = 0;
        for envelope in envelopes {
            fresh += cell
                .add(&operator, &collection, envelope, Source::Imported)?
                .fresh;
        }
        let took = started.elapsed();
        println!(
            "add, {} mode, {size} an envelope: {:.0} objects/s ({fresh} kept)",
            mode.as_str(),
            rate(objects.len(), took)
        );
        if mode == Mode::Keep && size == 1000 {
            read(&cell, &operator, &collection, &objects)?;
            drop(cell);
            let started = now();
            let cell = open(folder.path())?;
            cell.load()?;
            println!(
                "start: {:?} for {} entries",
                started.elapsed(),
                cell.entries(&collection)
            );
            println!("memory: {}", memory());
        }
    }
    Ok(())
}

fn read(
    cell: &Cell,
    caller: &Caller,
    collection: &CollectionId,
    objects: &[Vec<u8>],
) -> Result<(), Failure> {
    for view in [View::Objects, View::Manifest] {
        for _ in 0..2 {
            let (started, mut query, mut count) = (now(), Query::default(), 0);
            loop {
                let page = cell.page(caller, collection, &query, view)?;
                count += page.objects;
                query.next = page.next;
                if query.next.is_none() {
                    break;
                }
            }
            println!(
                "pages of 1000, {view:?}: {:.0} objects/s",
                rate(count, started.elapsed())
            );
        }
    }
    let ids: Vec<String> = objects
        .iter()
        .filter_map(|bytes| Some(header::header(bytes).ok()?.id.into_owned()))
        .collect();
    let started = now();
    let query = Query::default();
    for id in &ids {
        cell.object(caller, collection, id, &query, View::Objects)?;
    }
    println!("by id: {:.0} objects/s", rate(ids.len(), started.elapsed()));
    let last = Query {
        added_after_us: Some(i64::MAX - 1),
        ..Query::default()
    };
    let started = now();
    for _ in 0..100_000 {
        cell.page(caller, collection, &last, View::Objects)?;
    }
    println!("idle polls: {:.0}/s", rate(100_000, started.elapsed()));
    Ok(())
}

/// The object under another id: its last digits are replaced.
fn other(object: &[u8], copy: usize) -> Vec<u8> {
    let mut bytes = object.to_vec();
    if copy > 0
        && let Ok(header) = header::header(object)
        && let Some(at) = object
            .windows(header.id.len())
            .position(|part| part == header.id.as_bytes())
    {
        let end = at + header.id.len();
        let digits = format!("{copy:06x}");
        bytes.splice(end - digits.len()..end, digits.bytes());
    }
    bytes
}

fn wrapped(objects: &[Vec<u8>]) -> Bytes {
    let mut bytes = b"{\"objects\":[".to_vec();
    bytes.extend(objects.join(&b", "[..]));
    bytes.extend(b"]}");
    Bytes::from(bytes)
}

/// The memory that this process takes, where the system says so.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.map_or_else(
        || "not known".into(),
        |line| line.trim_start_matches("VmRSS:").trim().into(),
    )
}
