//! One look at one log: its checkpoint against what is remembered, then every leaf that is new.

use super::store::Folder;
use crate::{
    clock::SystemEnv,
    cmd::log::files::{Files, read_failure},
    failure::Failure,
    ui::Ui,
};
use portcullis_ballot::Context;
use portcullis_node::Generator;
use portcullis_tlog::{
    note::SignedNote,
    tile::{EntryTile, FileTiles, TILE_WIDTH, bundle_file},
    tree::{ReadError, TreeSize},
};
use portcullis_verdict::monitor::{
    AbsorbError, Checked, Code, Finding, Looked, Memory, Sight, Told, Watch, Weight, check_bundle,
};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Bundles that are checked and written down together: 4,096 leaves, 5 MB.
const BUNDLES: u64 = 16;

/// A log's files, where they were reached, and everything that was told of it.
pub(super) struct Seen<'a> {
    /// The files of the place that shows most; none when no place was reached.
    pub(super) files: Option<&'a Files>,
    pub(super) told: Vec<Told>,
    pub(super) missing: bool,
}

/// A bundle as it was served.
struct Bundle {
    tile: EntryTile,
    path: String,
    bytes: Vec<u8>,
}

/// The index of the first of some entries, and the entries.
type Entries<'b> = (u64, Vec<&'b [u8]>);

/// Compares what is told with what is remembered.
pub(super) fn compare(
    memory: &mut Memory,
    watch: &Watch<'_>,
    seen: &Seen<'_>,
) -> Result<Looked, Failure> {
    let nowhere = Files::Folder("/nonexistent".into());
    let files = seen.files.unwrap_or(&nowhere);
    let (shape, closed) = (files.maybe("shape")?, files.maybe("closed")?);
    // A log that cannot be reached has not taken its shape back.
    let shape = match seen.files {
        Some(_) => shape,
        None => memory.shape_note().map(<[u8]>::to_vec),
    };
    let sight = Sight {
        tiles: &FileTiles(files),
        told: &seen.told,
        missing: seen.missing,
        shape: shape.as_deref(),
        closed: closed.as_deref(),
    };
    let mut looked = memory
        .observe(watch, &sight)
        .map_err(|error| read_failure(&error))?;
    if seen.files.is_none() {
        looked.findings.retain(|found| found.code != Code::NoShape);
    }
    Ok(looked)
}

/// Whether the leaves of what is believed can be gone through: not when the log shows another tree.
pub(super) fn can_walk(findings: &[Finding]) -> bool {
    findings.iter().all(|found| {
        !matches!(found.code, Code::SplitView | Code::BadTile | Code::Rollback)
            || found.code.weight() != Weight::Proof
    })
}

/// Goes through the leaves that are new, and writes down how far it came after every few.
///
/// `keep` is told of every few leaves' findings before they are written down.
pub(super) fn walk(
    memory: &mut Memory,
    folder: &Folder,
    files: &Files,
    ui: Ui,
    mut keep: impl FnMut(&mut Memory, Vec<Finding>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(size) = memory.newest().map(|newest| newest.size) else {
        return Ok(());
    };
    let bar = ui.count_bar(size.0, "leaves");
    bar.set_position(memory.walked().0);
    let mut next = match read_some(files, memory.walked(), size) {
        Ok(bundles) => bundles,
        Err(error) => return keep_unread(memory, &error, &mut keep),
    };
    while !next.is_empty() {
        let walked = memory.walked();
        let Some(entries) = parsed(&next, walked) else {
            let text = format!(
                "`{}` serves no entries at {walked}: a bundle is malformed",
                memory.origin()
            );
            return keep(memory, vec![bad_tile(memory, text)]);
        };
        if let Some((_, first)) = entries.first()
            && let Some(entry) = first.first()
        {
            memory.take_schema(entry);
        }
        let Some(schema) = memory.schema() else {
            let text = format!("entry {walked} of `{}` is no leaf", memory.origin());
            return keep(memory, vec![Finding::new(Code::BadProof, text)]);
        };
        let origin = memory.origin().as_str().to_owned();
        let context = Context {
            origin: &origin,
            schema: &schema,
        };
        let after = entries
            .last()
            .map_or(walked, |(at, last)| TreeSize(at + last.len() as u64));
        // While the leaves are checked on all cores, the next ones are read.
        let (checked, read) = thread::scope(|scope| {
            let reading = scope.spawn(|| read_some(files, after, size));
            let checked = check_all(&context, &entries);
            (checked, reading.join())
        });
        let findings = match memory.absorb(&checked, files, folder.runs()) {
            Ok(findings) => findings,
            Err(AbsorbError::Read(error)) => return keep_unread(memory, &error, &mut keep),
            Err(error @ (AbsorbError::Shelf(_) | AbsorbError::Order(_))) => {
                return Err(Failure::unable("monitor.memory", error.to_string()));
            }
        };
        let stuck = memory.walked() == walked;
        keep(memory, findings)?;
        folder.save(memory)?;
        bar.set_position(memory.walked().0);
        if stuck {
            break;
        }
        next = match read {
            Ok(Ok(bundles)) => bundles,
            Ok(Err(error)) => return keep_unread(memory, &error, &mut keep),
            Err(_) => return Err(Failure::unable("monitor.thread", "a reading thread ended")),
        };
    }
    bar.finish_and_clear();
    Ok(())
}

/// What cannot be reached is no fault of the log; what is not there or malformed is.
fn keep_unread(
    memory: &mut Memory,
    error: &ReadError,
    keep: &mut impl FnMut(&mut Memory, Vec<Finding>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if matches!(error, ReadError::Failed { .. }) {
        return Err(read_failure(error));
    }
    let text = format!("`{}` does not serve its entries: {error}", memory.origin());
    keep(memory, vec![bad_tile(memory, text)])
}

fn bad_tile(memory: &Memory, text: String) -> Finding {
    let note = memory.newest_note().map(SignedNote::to_text);
    Finding::new(Code::BadTile, text).notes(note)
}

/// The bundles of the next few thousand leaves after `from`.
fn read_some(files: &Files, from: TreeSize, size: TreeSize) -> Result<Vec<Bundle>, ReadError> {
    let first = from.0 / u64::from(TILE_WIDTH);
    let tiles = (first..first + BUNDLES).map_while(|index| EntryTile::in_tree(index, size));
    let wanted = tiles.filter(|_| from < size);
    let read = wanted.map(|tile| {
        let (path, bytes) = bundle_file(files, tile)?;
        Ok(Bundle { tile, path, bytes })
    });
    read.collect()
}

/// The entries of bundles from `from` on, with the index of the first of each.
fn parsed(bundles: &[Bundle], from: TreeSize) -> Option<Vec<Entries<'_>>> {
    let entries = bundles.iter().map(|bundle| {
        let start = bundle.tile.index() * u64::from(TILE_WIDTH);
        let entries = bundle.tile.entries_in(&bundle.bytes).inspect_err(
            |error| tracing::debug!(path = %bundle.path, %error, "a bundle is malformed"),
        );
        let known = from.0.saturating_sub(start);
        let rest = entries.ok()?.into_iter().skip(usize::try_from(known).ok()?);
        Some((start + known, rest.collect()))
    });
    entries.collect()
}

/// Checks bundles on as many threads as there are cores.
fn check_all(context: &Context<'_>, bundles: &[Entries<'_>]) -> Vec<Checked> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores.min(bundles.len()) {
            scope.spawn(|| {
                while let Some((first, entries)) = bundles.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let checked =
                        check_bundle(context, *first, entries, &mut Generator(&SystemEnv));
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((*first, checked));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(first, _)| *first);
    done.into_iter().map(|(_, checked)| checked).collect()
}
