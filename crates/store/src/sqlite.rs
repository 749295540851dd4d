//! SQLite: the store of a node on one machine.
//!
//! One connection writes, in a thread of its own, and groups what it finds
//! waiting into one transaction with one fsync; others read, each in a
//! snapshot. Several processes may have the same file open: they wait for each
//! other's transactions, and [`Driver::changes`] sees what the others wrote.
//!
//! What is deleted is overwritten (`secure_delete`), and after an erasure the
//! write-ahead log is emptied, so nothing of it can be found in the files. If
//! somebody's long read stands in the way, the next write tries again, and the
//! first write of every process does.

mod batch;
mod cases;
mod connect;
mod keep;
mod log;
mod outbox;
mod value;
mod view;
mod writer;

pub use connect::OpenError;
pub(crate) use connect::copy;

use crate::{
    driver::Driver,
    error::Unavailable,
    log::{Aside, Batch, Leaf, LogAppend, LogError, LogState, PlacedLeaf, Remade},
    outbox::{Delivery, DeliveryId, DeliveryStatus, TurnedAway},
    record::{CaseRecord, Commit, CommitError, StatementRecord},
    register::RegisterRecord,
    view::{Cursor, Filter, Page, QueueRow},
    witness::{WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use writer::{Writer, savepoint};

/// Reading connections that stay open while nobody reads.
const READERS_IDLE_MAX: usize = 8;

/// A store in a SQLite file.
pub struct Sqlite {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    /// Never writes, so every commit of anybody is somebody else's to it.
    watch: Mutex<Connection>,
}

impl Sqlite {
    /// Opens the database at `path`, and makes or migrates it first if need
    /// be.
    ///
    /// # Errors
    ///
    /// [`OpenError::Newer`] if a newer program wrote it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let writer = Writer::start(connect::writer(&path)?).map_err(Unavailable::new)?;
        let watch = Mutex::new(connect::reader(&path)?);
        Ok(Self {
            path,
            writer,
            readers: Mutex::default(),
            watch,
        })
    }

    /// The file of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many transactions this store has committed: fewer than commits when
    /// several share one.
    pub fn transactions(&self) -> u64 {
        self.writer.transactions()
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Unavailable> {
        let readers = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect::reader(&self.path)?,
        };
        let snapshot = connection.unchecked_transaction()?;
        let answer = work(&snapshot)?;
        snapshot.finish()?;
        let mut readers = readers();
        if readers.len() < READERS_IDLE_MAX {
            readers.push(connection);
        }
        Ok(answer)
    }

    fn write<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<rusqlite::Error> + From<Unavailable> + Send + 'static,
    {
        self.writer
            .perform(move |connection| savepoint(connection, work))?
    }
}

impl Driver for Sqlite {
    fn commit(&self, commits: Vec<Commit>) -> Vec<Result<u64, CommitError>> {
        let count = commits.len();
        let scrub = self.writer.scrub();
        let answers = self.writer.perform(move |connection| {
            if commits.iter().any(|commit| commit.erase) {
                scrub();
            }
            let one = |new: Commit| {
                savepoint(connection, |connection| {
                    cases::commit(connection, &new.kept())
                })
            };
            commits.into_iter().map(one).collect()
        });
        answers.unwrap_or_else(|error| {
            std::iter::repeat_n(error, count)
                .map(|error| Err(error.into()))
                .collect()
        })
    }

    fn case(&self, case: &CaseId) -> Result<Option<CaseRecord>, Unavailable> {
        self.read(|connection| cases::case(connection, case))
    }

    fn statement(&self, digest: &Digest) -> Result<Option<(CaseId, StatementRecord)>, Unavailable> {
        self.read(|connection| cases::statement(connection, digest))
    }

    fn attach_proofs(&self, proofs: Vec<(Digest, Vec<u8>)>) -> Result<(), Unavailable> {
        self.write(move |connection| {
            proofs
                .iter()
                .try_for_each(|(digest, proof)| Ok(cases::attach_proof(connection, digest, proof)?))
        })
    }

    fn deliveries_due(
        &self,
        peer: &MemberId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>, Unavailable> {
        self.read(|connection| outbox::due(connection, peer, now, limit))
    }

    fn peers_with_deliveries(&self, now: Timestamp) -> Result<Vec<MemberId>, Unavailable> {
        self.read(|connection| outbox::peers(connection, now))
    }

    fn next_delivery(&self) -> Result<Option<Timestamp>, Unavailable> {
        self.read(outbox::next)
    }

    fn delivery_status(&self, case: &CaseId) -> Result<Vec<DeliveryStatus>, Unavailable> {
        self.read(|connection| outbox::status(connection, case))
    }

    fn delivered_all(&self, ids: &[DeliveryId]) -> Result<(), Unavailable> {
        let ids = ids.to_vec();
        self.write(move |connection| {
            ids.into_iter()
                .try_for_each(|id| Ok(outbox::delivered(connection, id)?))
        })
    }

    fn postponed(&self, id: DeliveryId, next_at: Timestamp, code: &str) -> Result<(), Unavailable> {
        let code = code.to_owned();
        self.write(move |connection| Ok(outbox::postponed(connection, id, next_at, &code)?))
    }

    fn turned_down(&self, id: DeliveryId, code: &str, detail: &str) -> Result<(), Unavailable> {
        let (code, detail) = (code.to_owned(), detail.to_owned());
        self.write(move |connection| Ok(outbox::turned_down(connection, id, &code, &detail)?))
    }

    fn turned_away(&self, entry: TurnedAway) -> Result<(), Unavailable> {
        self.write(move |connection| Ok(outbox::turned_away(connection, &entry)?))
    }

    fn turned_away_list(&self, limit: usize) -> Result<Vec<TurnedAway>, Unavailable> {
        self.read(|connection| outbox::turned_away_list(connection, limit))
    }

    fn origins(&self) -> Result<Vec<String>, Unavailable> {
        self.read(log::origins)
    }

    fn log(&self, origin: &str) -> Result<Option<LogState>, Unavailable> {
        self.read(|connection| log::log(connection, origin))
    }

    fn queued_leaves(&self, limit: usize) -> Result<Vec<Leaf>, Unavailable> {
        self.read(|connection| log::queued(connection, limit))
    }

    fn queued_count(&self) -> Result<u64, Unavailable> {
        self.read(log::queued_count)
    }

    fn remake_leaves(&self, made: Vec<Remade>) -> Result<(), Unavailable> {
        self.write(move |connection| Ok(log::remake(connection, &made)?))
    }

    fn add_aside(&self, aside: Aside, entry: &[u8], opening: &[u8]) -> Result<bool, Unavailable> {
        let (entry, opening) = (entry.to_vec(), opening.to_vec());
        self.write(move |connection| Ok(log::add_aside(connection, &aside, &entry, &opening)?))
    }

    fn aside(&self, digest: &Digest) -> Result<Option<Aside>, Unavailable> {
        self.read(|connection| log::aside(connection, digest))
    }

    fn log_append(&self, append: LogAppend) -> Result<(), LogError> {
        self.write(move |connection| log::append(connection, &append))
    }

    fn batches(&self, origin: &str, from_size: u64) -> Result<Vec<Batch>, Unavailable> {
        self.read(|connection| log::batches(connection, origin, from_size))
    }

    fn published(&self, origin: &str, up_to: u64) -> Result<(), Unavailable> {
        let origin = origin.to_owned();
        self.write(move |connection| Ok(log::published(connection, &origin, up_to)?))
    }

    fn set_cosigned(&self, origin: &str, size: u64, note: &[u8]) -> Result<(), LogError> {
        let (origin, note) = (origin.to_owned(), note.to_vec());
        self.write(move |connection| log::set_cosigned(connection, &origin, size, &note))
    }

    fn close_log(&self, origin: &str) -> Result<(), LogError> {
        let origin = origin.to_owned();
        self.write(move |connection| log::close(connection, &origin))
    }

    fn leaves_of(&self, statement: &Digest) -> Result<Vec<PlacedLeaf>, Unavailable> {
        self.read(|connection| log::leaves_of(connection, statement))
    }

    fn leaves_at(
        &self,
        origin: &str,
        indices: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, (Digest, PlacedLeaf)>, Unavailable> {
        self.read(|connection| log::leaves_at(connection, origin, indices))
    }

    fn leaves_cosigned_without_proof(
        &self,
        origin: &str,
        size: u64,
        limit: usize,
    ) -> Result<Vec<(CaseId, Digest)>, Unavailable> {
        self.read(|connection| log::cosigned_without_proof(connection, origin, size, limit))
    }

    fn witnessed(&self, origin: &str) -> Result<Option<Witnessed>, Unavailable> {
        self.read(|connection| keep::witnessed(connection, origin))
    }

    fn witness_advance(
        &self,
        origin: &str,
        expected: Option<u64>,
        to: Witnessed,
    ) -> Result<(), WitnessError> {
        let origin = origin.to_owned();
        self.write(move |connection| keep::witness_advance(connection, &origin, expected, &to))
    }

    fn registers(&self) -> Result<Vec<RegisterRecord>, Unavailable> {
        self.read(keep::registers)
    }

    fn add_register(&self, record: RegisterRecord) -> Result<bool, Unavailable> {
        self.write(move |connection| Ok(keep::add_register(connection, &record)?))
    }

    fn add_promise(&self, statement: &Digest, promise: &[u8]) -> Result<bool, Unavailable> {
        let (statement, promise) = (*statement, promise.to_vec());
        self.write(move |connection| Ok(keep::add_promise(connection, &statement, &promise)?))
    }

    fn promise(&self, statement: &Digest) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(|connection| keep::promise(connection, statement))
    }

    fn promises(&self) -> Result<Vec<(Digest, Vec<u8>)>, Unavailable> {
        self.read(keep::promises)
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        self.read(|connection| keep::meta(connection, key))
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), Unavailable> {
        let (key, value) = (key.to_owned(), value.to_vec());
        self.write(move |connection| Ok(keep::set_meta(connection, &key, &value)?))
    }

    fn lease(
        &self,
        name: &str,
        holder: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |connection| Ok(keep::lease(connection, &name, &holder, until, now)?))
    }

    fn queue(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<QueueRow>, Unavailable> {
        self.read(|connection| view::queue(connection, filter, after, limit))
    }

    fn row(&self, case: &CaseId) -> Result<Option<QueueRow>, Unavailable> {
        self.read(|connection| view::row(connection, case))
    }

    fn cases_due(&self, now: Timestamp, limit: usize) -> Result<Vec<CaseId>, Unavailable> {
        self.read(|connection| view::due(connection, now, limit))
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, Unavailable> {
        self.read(view::counts)
    }

    fn changes(&self) -> Result<u64, Unavailable> {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(watch.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}
