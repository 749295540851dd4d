//! A node: the loop around load, decide and commit, and the workers.
//!
//! [`Node`] owns a store, an [`Env`] and its keys, and nothing that waits: no
//! sockets, no threads, no sleep. Doors call it ([`door::Doors`]); workers are
//! `tick(now)` functions that answer when they want to be called next, so that
//! a timer drives them in production and a number in the simulator.

mod aside;
mod ballots;
pub mod cell;
pub mod courier;
pub mod door;
mod doors;
mod env;
mod error;
mod inspect;
mod intake;
mod keys;
pub mod log;
mod package;
pub mod peers;
mod peers_of;
mod perform;
mod promise;
pub mod public;
mod record;
mod register;
pub mod report;
mod resync;
mod sequencer;
mod sweeper;
mod unseal;
mod witness;

pub use ballots::Ballots;
pub use env::{Env, Generator};
pub use error::NodeError;
pub use keys::NodeKeys;
pub use log::{CosignError, LogFault};
pub use package::ReleaseReadiness;
pub use perform::{Prepared, Said, Viewed};
pub use promise::{Breach, Promise};
pub use resync::Resynced;
pub use sequencer::{Renewed, Sequenced, Shape};
pub use sweeper::Swept;
pub use unseal::Unsealing;

use jiff::Timestamp;
use portcullis_ballot::Seed;
use portcullis_core::{member::MemberId, realm::Realm, schema::Schema};
use portcullis_store::{Blobs, Store};
use portcullis_tlog::note::VerifierKey;
use portcullis_verdict::{
    Against, History,
    law::Laws,
    register::{Anchor, Trust},
};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// What a node is made of.
pub struct Parts {
    /// Its records.
    pub store: Store,
    /// Its files: tiles, packages.
    pub blobs: Blobs,
    /// Its clock and generator.
    pub env: Arc<dyn Env>,
    /// Which member it is.
    pub me: MemberId,
    /// In which realm.
    pub realm: Realm,
    /// Its own keys.
    pub keys: NodeKeys,
    /// The laws that are installed.
    pub laws: Arc<Laws>,
    /// What it believes less than the register says.
    pub trust: Trust,
    /// The register it trusts; none before it has joined one.
    pub anchor: Option<Anchor>,
    /// Logs that it witnesses besides those in the register, such as the register's own before it exists.
    pub witnessed_logs: Vec<VerifierKey>,
    /// The tick and width of its log.
    pub shape: Shape,
    /// The cells in which its log counts.
    pub schema: Arc<Schema>,
    /// The exact bytes of the schema's file: the log publishes them.
    pub schema_bytes: Arc<[u8]>,
    /// Whether its leaves prove what they count.
    pub ballots: Ballots,
}

/// A member's node.
pub struct Node {
    pub(crate) store: Store,
    pub(crate) blobs: Blobs,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) me: MemberId,
    pub(crate) realm: Realm,
    pub(crate) keys: NodeKeys,
    pub(crate) laws: Arc<Laws>,
    pub(crate) trust: Trust,
    pub(crate) anchor: OnceLock<Anchor>,
    pub(crate) witnessed_logs: Vec<VerifierKey>,
    pub(crate) shape: Shape,
    pub(crate) schema: Arc<Schema>,
    pub(crate) schema_bytes: Arc<[u8]>,
    pub(crate) ballots: Ballots,
    pub(crate) seed: Seed,
    pub(crate) pool: Mutex<ballots::Pool>,
    /// The schema of the newest generation of our log that was looked at.
    pub(crate) counts_under: Mutex<Option<(u64, [u8; 32])>>,
    history: RwLock<Option<Arc<History>>>,
    pub(crate) sequencing: Mutex<sequencer::Sequencing>,
    pub(crate) behind: AtomicBool,
    pub(crate) arrivals: AtomicU64,
    cell: OnceLock<Arc<cell::Cell>>,
}

impl Node {
    /// Puts a node together and reads its register.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when the store cannot be read.
    pub fn open(parts: Parts) -> Result<Self, NodeError> {
        let node = Self {
            store: parts.store,
            blobs: parts.blobs,
            env: parts.env,
            me: parts.me,
            realm: parts.realm,
            seed: Seed::new(*parts.keys.ballot_seed),
            keys: parts.keys,
            laws: parts.laws,
            trust: parts.trust,
            anchor: parts.anchor.map(OnceLock::from).unwrap_or_default(),
            witnessed_logs: parts.witnessed_logs,
            shape: parts.shape,
            schema: parts.schema,
            schema_bytes: parts.schema_bytes,
            ballots: parts.ballots,
            pool: Mutex::default(),
            counts_under: Mutex::default(),
            history: RwLock::new(None),
            sequencing: Mutex::default(),
            behind: AtomicBool::new(false),
            arrivals: AtomicU64::new(0),
            cell: OnceLock::new(),
        };
        node.refresh()?;
        Ok(node)
    }

    /// Gives the node its cell, once: from then on the log's ticks record what the cell served.
    /// Says whether it had none before.
    pub fn attach_cell(&self, cell: Arc<cell::Cell>) -> bool {
        cell.goes_with_a_log();
        cell.give_secret(&self.keys.ballot_seed);
        self.cell.set(cell).is_ok()
    }

    /// The node's cell, if it has one.
    pub fn cell(&self) -> Option<&Arc<cell::Cell>> {
        self.cell.get()
    }

    /// Which member it is.
    pub const fn me(&self) -> &MemberId {
        &self.me
    }

    /// In which realm.
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Its records.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Its files.
    pub const fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Its laws.
    pub fn laws(&self) -> &Laws {
        &self.laws
    }

    /// The cells in which its log counts.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its own keys.
    pub const fn keys(&self) -> &NodeKeys {
        &self.keys
    }

    /// The instant it is.
    pub fn now(&self) -> Timestamp {
        env::now_ms(&*self.env)
    }

    /// The register that this node trusts, once it has joined one.
    pub fn anchor(&self) -> Option<Anchor> {
        self.anchor.get().copied()
    }

    /// The register's believed versions.
    ///
    /// # Errors
    ///
    /// [`NodeError::NoRegister`] before the node has joined one.
    pub fn history(&self) -> Result<Arc<History>, NodeError> {
        let held = self.history.read().unwrap_or_else(PoisonError::into_inner);
        held.clone().ok_or(NodeError::NoRegister)
    }

    /// Runs `f` with everything a verdict rests on.
    pub(crate) fn against<T>(
        &self,
        now: Timestamp,
        f: impl FnOnce(&Against<'_>) -> T,
    ) -> Result<T, NodeError> {
        let history = self.history()?;
        let (trust, laws, realm) = (&self.trust, &*self.laws, &self.realm);
        Ok(f(&Against {
            history: &history,
            trust,
            laws,
            realm,
            us: None,
            now,
        }))
    }

    /// How many parts of cases were taken in since this node was opened.
    pub fn arrivals(&self) -> u64 {
        self.arrivals.load(Ordering::Relaxed)
    }

    /// Whether a peer went by a newer register than ours since this was last asked.
    pub fn register_is_behind(&self) -> bool {
        self.behind.swap(false, Ordering::Relaxed)
    }

    /// Reads the register's versions from the store again.
    ///
    /// # Errors
    ///
    /// [`NodeError`] when the store cannot be read.
    pub fn refresh(&self) -> Result<(), NodeError> {
        let Some(anchor) = self.trusted_register()? else {
            return Ok(());
        };
        let records = self.logged_versions(anchor)?;
        if let Ok((history, refused)) = History::open(anchor, &records) {
            for version in refused {
                tracing::warn!(number = ?version.number, error = %version.error, "a version of the register is not believed");
            }
            let mut held = self.history.write().unwrap_or_else(PoisonError::into_inner);
            *held = Some(Arc::new(history));
        }
        Ok(())
    }
}
