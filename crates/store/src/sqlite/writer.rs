//! The one thread that writes: it drains a channel, and everything it finds
//! there shares one transaction and one fsync.
//!
//! Each piece of work stands in a savepoint, so one can be undone while the
//! others are made. Answers are given after the transaction is on the disk.

use super::connect::BUSY_MAX;
use crate::error::Unavailable;
use rusqlite::Connection;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// The most work of one transaction: more would only make the first wait.
const GROUP_MAX: usize = 512;

/// How long the scrubbing after an erasure waits for readers. They are short;
/// if one is not, the next write tries again.
const SCRUB_BUSY_MAX: Duration = Duration::from_millis(250);

type Answer = Box<dyn FnOnce(Result<(), Unavailable>) + Send>;
type Work = Box<dyn FnOnce(Result<&Connection, &Unavailable>) -> Answer + Send>;

/// The hand of everyone who writes.
pub(super) struct Writer {
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    transactions: AtomicU64,
    /// Erased bytes may still stand in the write-ahead log.
    scrub: AtomicBool,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (work, queue) = mpsc::channel();
        let shared = Arc::new(Shared {
            scrub: AtomicBool::new(true),
            ..Shared::default()
        });
        let inside = Arc::clone(&shared);
        let thread = Builder::new()
            .name("store".into())
            .spawn(move || run(&connection, &queue, &inside))?;
        Ok(Self {
            work: Some(work),
            thread: Some(thread),
            shared,
        })
    }

    /// How many transactions were committed.
    pub(super) fn transactions(&self) -> u64 {
        self.shared.transactions.load(Ordering::Relaxed)
    }

    /// Does work in the next transaction, and waits until it is on the disk.
    /// The work keeps its own savepoints.
    pub(super) fn perform<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = mpsc::sync_channel(1);
        let work: Work = Box::new(move |connection| {
            let done = connection.map(work).map_err(Clone::clone);
            // Nobody listens any more: the caller is gone, the work is done.
            Box::new(move |outcome| drop(answer.send(outcome.and(done))))
        });
        let stopped = || Unavailable::new("the writer has stopped");
        self.work
            .as_ref()
            .ok_or_else(stopped)?
            .send(work)
            .map_err(|_| stopped())?;
        answered.recv().map_err(|_| stopped())?
    }

    /// For work that erases to call: after its transaction, nothing of what it
    /// overwrote is left in the write-ahead log.
    pub(super) fn scrub(&self) -> impl FnOnce() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.scrub.store(true, Ordering::Release)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was seen by whoever waited for its answer.
            drop(thread.join());
        }
    }
}

/// Does `work` so that all of it stands, or nothing.
pub(super) fn savepoint<T, E: From<rusqlite::Error>>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let run = |sql| connection.prepare_cached(sql)?.execute([]).map(drop);
    run("SAVEPOINT work")?;
    let done = work(connection);
    if done.is_err() && !connection.is_autocommit() {
        run("ROLLBACK TO work")?;
    }
    if !connection.is_autocommit() {
        run("RELEASE work")?;
    }
    done
}

fn run(connection: &Connection, queue: &Receiver<Work>, shared: &Shared) {
    while let Ok(first) = queue.recv() {
        let group = std::iter::once(first)
            .chain(queue.try_iter())
            .take(GROUP_MAX);
        let mut answers = Vec::new();
        // CRASH: before COMMIT nothing of the group stands; after it all does,
        // answered or not.
        let outcome = transact(connection, group, &mut answers);
        if outcome.is_ok() {
            shared.transactions.fetch_add(1, Ordering::Relaxed);
            if shared.scrub.swap(false, Ordering::AcqRel) && !scrub(connection).unwrap_or(false) {
                shared.scrub.store(true, Ordering::Release);
            }
        }
        for answer in answers {
            answer(outcome.clone());
        }
    }
}

fn transact(
    connection: &Connection,
    mut group: impl Iterator<Item = Work>,
    answers: &mut Vec<Answer>,
) -> Result<(), Unavailable> {
    let mut stands = connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(Unavailable::from);
    while stands.is_ok()
        && let Some(work) = group.next()
    {
        answers.push(work(Ok(connection)));
        if connection.is_autocommit() {
            stands = Err(Unavailable::new("the database gave the transaction up"));
        }
    }
    if let Err(error) = &stands {
        answers.extend(group.map(|work| work(Err(error))));
        return stands;
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        // What cannot be rolled back is no transaction any more.
        drop(connection.execute_batch("ROLLBACK"));
        Unavailable::from(error)
    })
}

/// Copies the write-ahead log back and empties it; says whether it could.
fn scrub(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(SCRUB_BUSY_MAX)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, bool>(0)
    });
    connection.busy_timeout(BUSY_MAX)?;
    busy.map(|busy| !busy)
}
