//! The cell's part of `serve`: its plain door, and the threads that keep it going.

use super::{follows, goes_on};
use crate::{
    clock::{pause, stopwatch},
    config,
    failure::Failure,
    home::Home,
};
use jiff::SignedDuration;
use portcullis_node::{Node, cell::Cell};
use portcullis_web::HttpPeers;
use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// How often it is seen what other processes appended.
const CATCH_UP: Duration = Duration::from_millis(10);
/// How long the doors wait for the journal to be read before they open all the same.
const MOMENT: Duration = Duration::from_millis(15);
/// How often deadlines are looked at.
const CLOCK: Duration = Duration::from_secs(1);
/// How long after a start something is erased first, between the parts of much, and from one time to
/// the next where nothing is to stay.
const ERASE_FIRST: Duration = Duration::from_mins(5);
/// How often something is erased.
const DAY: Duration = Duration::from_hours(24);
/// How long a worker rests after something failed.
pub(super) const REST: Duration = Duration::from_secs(2);

/// Where the cell answers in plain HTTP, if it does.
pub(super) fn plain_listener(home: &Home) -> Result<Option<(TcpListener, SocketAddr)>, Failure> {
    let Some(address) = home.config.cell().and_then(|cell| cell.plain_listen) else {
        return Ok(None);
    };
    config::loopback(&address)?;
    super::listen(&address, "[cell] plain_listen").map(Some)
}

/// Starts the cell's threads, if the node has one.
pub(super) fn workers(
    home: &Home,
    node: &Arc<Node>,
    peers: &Arc<HttpPeers>,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<JoinHandle<()>>, Failure> {
    let Some(cell) = node.cell() else {
        return Ok(Vec::new());
    };
    let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(|error| Failure::unable("serve", format!("`{name}`: {error}")))
    };
    let mut workers = Vec::new();
    let (held, ends) = (Arc::clone(cell), Arc::clone(stop));
    workers.push(start("cell", Box::new(move || keep_up(&held, &ends)))?);
    let (held, ends) = (Arc::clone(cell), Arc::clone(stop));
    workers.push(start(
        "ledger",
        Box::new(move || write_ledger(&held, &ends)),
    )?);
    let (held, ends) = (Arc::clone(cell), Arc::clone(stop));
    let own = Home::open(&home.dir)?;
    workers.push(start(
        "clock",
        Box::new(move || keep_time(&own, &held, &ends)),
    )?);
    let config = home.config.cell().unwrap_or_default();
    let terms = (config.erase_after()?, config.ledger_keep()?);
    let (held, ends) = (Arc::clone(cell), Arc::clone(stop));
    workers.push(start(
        "eraser",
        Box::new(move || erase_daily(&held, terms, &ends)),
    )?);
    let follows = follows::keep(
        Home::open(&home.dir)?,
        Arc::clone(node),
        Arc::clone(cell),
        Arc::clone(peers),
        Arc::clone(stop),
    )?;
    workers.push(start("follows", follows)?);
    // A small cell is read in a moment: then nobody is told to come again. A large one answers so.
    let watch = stopwatch();
    while !cell.ready() && watch.elapsed() < MOMENT {
        pause(Duration::from_millis(1));
    }
    Ok(workers)
}

/// Writes what was served to whom, within a second, and once more at the end.
fn write_ledger(cell: &Cell, stop: &AtomicBool) {
    loop {
        cell.served_wait();
        let ends = stop.load(Ordering::SeqCst);
        if let Err(error) = cell.served_tick() {
            tracing::warn!(%error, "what was served cannot be written down");
            pause(REST);
        }
        if ends {
            return;
        }
    }
}

/// Does what recalls still ask of this node, hears answers and reminds who owes one, and reads warning lists that were added.
fn keep_time(home: &Home, cell: &Cell, stop: &AtomicBool) {
    let mut lists = changed_at(home);
    while goes_on(stop, CLOCK) {
        if !cell.ready() {
            continue;
        }
        let now = changed_at(home);
        if now != lists {
            lists = now;
            match home.warning_lists() {
                Ok(lists) => cell.set_warning_lists(lists),
                Err(failure) => {
                    tracing::warn!(why = failure.message, "a warning list cannot be read");
                }
            }
        }
        if let Err(error) = cell.review_tick() {
            tracing::warn!(%error, "a review waits to be opened");
        }
        if let Err(error) = cell.recall_tick() {
            tracing::warn!(%error, "a recall waits");
        }
        if let Err(error) = cell.question_tick() {
            tracing::warn!(%error, "a question waits");
        }
    }
}

/// Erases what was taken back long enough ago, and drops what was served long ago: some minutes after
/// the start, then once a day, not at the same time as everybody.
fn erase_daily(
    cell: &Cell,
    (term, keep): (SignedDuration, Option<SignedDuration>),
    stop: &AtomicBool,
) {
    let mut drawn = [0; 2];
    cell.env().fill(&mut drawn);
    // Up to an hour and some.
    let jitter = Duration::from_millis(u64::from(u16::from_le_bytes(drawn)) * 60);
    let mut watch = stopwatch();
    let mut wait = ERASE_FIRST + jitter / 8;
    while goes_on(stop, CLOCK) {
        if !cell.ready() || watch.elapsed() < wait {
            continue;
        }
        let erased = cell.erase(term, &mut |_| {});
        let more = match erased {
            Ok(done) => {
                if done.objects > 0 {
                    tracing::info!(
                        versions = done.objects,
                        bytes = done.bytes,
                        freed = done.freed,
                        "what was taken back is erased"
                    );
                }
                done.more
            }
            Err(error) => {
                tracing::warn!(%error, "what was taken back cannot be erased yet");
                false
            }
        };
        let more = keep.is_some_and(|keep| drop_served(cell, keep)) || more;
        watch = stopwatch();
        wait = if more || term.is_zero() {
            ERASE_FIRST
        } else {
            DAY + jitter
        };
    }
}

/// Drops what was served longer ago than the ledger keeps it; answers whether there is more.
fn drop_served(cell: &Cell, keep: SignedDuration) -> bool {
    match cell.drop_served(keep) {
        Ok(done) => {
            if done.ticks > 0 {
                tracing::info!(
                    ticks = done.ticks,
                    records = done.records,
                    freed = done.freed,
                    "what was served long ago is no longer kept"
                );
            }
            done.more
        }
        Err(error) => {
            tracing::warn!(%error, "what was served long ago cannot be dropped yet");
            false
        }
    }
}

/// When a file was last put into the folder of warning lists.
fn changed_at(home: &Home) -> Option<std::time::SystemTime> {
    std::fs::metadata(home.warning_lists_dir())
        .and_then(|folder| folder.modified())
        .ok()
}

/// Reads the journal, then what other processes append to it.
fn keep_up(cell: &Cell, stop: &AtomicBool) {
    while let Err(error) = cell.load() {
        tracing::error!(%error, "the cell's journal cannot be read");
        if !goes_on(stop, REST) {
            return;
        }
    }
    tracing::info!("the cell is read");
    while goes_on(stop, CATCH_UP) {
        if let Err(error) = cell.catch_up() {
            tracing::warn!(%error, "what others wrote into the cell cannot be read");
            if !goes_on(stop, REST) {
                return;
            }
        }
    }
}
