//! Connections: how each is set up, and the migrations that come first.

use crate::error::Unavailable;
use rusqlite::{
    Connection, OpenFlags, TransactionBehavior,
    backup::{Backup, StepResult},
};
use std::{path::Path, time::Duration};

/// How long a connection waits for another process's write before it gives up.
pub(super) const BUSY_MAX: Duration = Duration::from_secs(20);

/// Bytes of a page: half the page writes of the usual 4,096 for batches.
const PAGE_BYTES: u32 = 8192;

/// Pages the write-ahead log may grow to before it is copied back (64 MiB).
const WAL_PAGES_MAX: u32 = 8192;

/// Pages of one step of a copy, after which its progress is told (8 MiB).
const COPY_PAGES: i32 = 1024;

/// Statements each connection keeps prepared: more than there are.
const PREPARED_MAX: usize = 256;

/// The migrations in order; the database knows how many it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001.sql"),
    include_str!("../../migrations/sqlite/0002.sql"),
];

/// Why a database could not be opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer version of the program wrote it.
    #[error(
        "the database has migration {found}, this program knows {known}; use the newer program"
    )]
    Newer {
        /// How many migrations the database has seen.
        found: usize,
        /// How many this program knows.
        known: usize,
    },
    /// The file cannot be opened, or is no database.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<rusqlite::Error> for OpenError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Unavailable(source.into())
    }
}

/// The connection that writes: everything it deletes is overwritten, and what
/// it commits is on the disk.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    create(path).map_err(Unavailable::new)?;
    let mut connection = open(path)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL;"
    ))?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX};
         PRAGMA cache_size = -65536;"
    ))?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Copies the database at `from`, as one snapshot while others may write, to
/// the new file `to`, and tells pages done and pages there are.
pub(crate) fn copy(
    from: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), rusqlite::Error> {
    let from = reader(from)?;
    // The snapshot is held open: else every write of another process would
    // make the copy begin again.
    let snapshot = from.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    create(to).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let mut to = Connection::open(to)?;
    to.execute_batch("PRAGMA synchronous = FULL;")?;
    let backup = Backup::new(&snapshot, &mut to)?;
    while let StepResult::More | StepResult::Busy | StepResult::Locked = backup.step(COPY_PAGES)? {
        let pages = |count| u64::try_from(count).unwrap_or(0);
        let now = backup.progress();
        progress(pages(now.pagecount - now.remaining), pages(now.pagecount));
    }
    drop(backup);
    to.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    to.close().map_err(|(_, error)| error)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open(path)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::default() & !OpenFlags::SQLITE_OPEN_URI)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// Makes the file, for its owner alone, and its name durable; the write-ahead
/// log takes after it.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    #[cfg(unix)]
    if let Some(folder) = std::fs::canonicalize(path)?.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: usize = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer {
            found,
            known: MIGRATIONS.len(),
        });
    }
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()?;
    Ok(())
}
