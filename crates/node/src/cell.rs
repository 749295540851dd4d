//! The cell at a node: a journal of objects and events, and what is read from it.
//!
//! Everything that a cell holds is one append-only journal (`batch` is its
//! frames' form). In memory there is an index of where each object's bytes
//! stand, and the [`State`] that the events add up to; both are read from the
//! journal at the start ([`Cell::load`]) and kept in step with what other
//! processes append ([`Cell::catch_up`]). Whoever changes something holds the
//! journal's lock, catches up, decides, appends one frame, applies it and lets
//! go; then it waits for the disk together with all who do (`tail`).
//!
//! `INVARIANT:` readers see an object only when its frame is on the disk.

#![expect(clippy::similar_names, reason = "a shelf is no self")]

pub mod account;
mod batch;
mod changes;
mod erase;
mod error;
pub mod exit;
pub mod feed;
mod find;
pub mod follow;
mod index;
mod laid;
mod look;
pub mod marking;
mod news;
mod perform;
pub mod provenance;
pub mod pseudonym;
mod query;
pub mod question;
mod read;
pub mod recall;
pub mod remote;
pub mod review;
pub mod served;
mod sight;
mod status;
mod tail;
mod watch;
pub mod who;
pub mod wire;
mod write;

pub use changes::{Accepted, Change, ChangeRef, Changed, Stamp};
pub use erase::Erasure;
pub use error::CellError;
pub use find::{CollectionStatistics, FOUND_MAX, Found, Search, Statistics};
pub use laid::Laid;
pub use look::EntryView;
pub use news::Looked;
pub use query::{
    PAGE_BYTES_MAX, PAGE_OBJECTS_DEFAULT, PAGE_OBJECTS_MAX, Page, Query, Run, VersionMatch, View,
};
pub use status::{Detail, Status};
pub use watch::Watch;
pub use write::{Source, Trial};

use crate::Env;
use index::Index;
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Refusal, Rights, State},
    member::MemberId,
    realm::Realm,
};
use portcullis_sign::SecretKey;
use portcullis_store::Journal;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

/// What a cell is made of.
pub struct CellParts {
    /// Its objects and events.
    pub journal: Journal,
    /// What was served to whom.
    pub served: Journal,
    /// Its clock and generator.
    pub env: Arc<dyn Env>,
    /// Whose node it is.
    pub me: MemberId,
    /// In which realm.
    pub realm: Realm,
    /// With what it signs for the objects of its own members, and for pseudonyms.
    pub signer: Option<SecretKey>,
}

/// A node's cell.
pub struct Cell {
    pub(crate) journal: Journal,
    pub(crate) ledger: served::Ledger,
    /// Whether a log's ticks make the ledger's roots.
    pub(crate) logged: AtomicBool,
    pub(crate) trees: provenance::Trees,
    secret: std::sync::OnceLock<pseudonym::Secret>,
    heard: question::Heard,
    /// The generation at which no recall asked anything of this node.
    recalled_at: AtomicU64,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) me: MemberId,
    pub(crate) realm: Realm,
    pub(crate) signer: Option<SecretKey>,
    state: RwLock<Arc<State>>,
    index: RwLock<Index>,
    tail: Mutex<tail::Tail>,
    /// Everything added up to here is on the disk.
    durable_us: AtomicI64,
    ready: AtomicBool,
    watch: Watch,
    sights: RwLock<sight::Sights>,
    statuses: Mutex<status::Statuses>,
    accounts: account::Accounts,
    /// The audiences, by their generation, for which held objects were last looked for.
    reviewed: std::sync::atomic::AtomicU64,
    /// In how many reviews somebody had decided when something was held that no more could be asked
    /// about; the greatest number where there is nothing of that.
    unasked: std::sync::atomic::AtomicUsize,
    /// When it was last looked whether people may be asked about more, in microseconds.
    asked_us: AtomicI64,
    lists: RwLock<Option<Arc<exit::warning::Lists>>>,
    pub(crate) working: follow::Working,
    replied: follow::Replied,
}

/// A collection as one caller may know it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectionView {
    /// Its id.
    pub id: CollectionId,
    /// What people call it.
    pub title: String,
    /// What is in it.
    pub description: Option<String>,
    /// A short name for it.
    pub alias: Option<String>,
    /// Whether the caller may read.
    pub can_read: bool,
    /// Whether the caller may add.
    pub can_write: bool,
    /// The media types it speaks; TAXII's default where empty.
    pub media_types: Vec<String>,
}

impl Cell {
    /// Puts a cell together. Nothing is read yet: [`Self::load`] does, in a
    /// thread of the caller's; until then reads answer [`CellError::NotReady`].
    ///
    /// # Errors
    ///
    /// [`CellError`]; none today.
    pub fn open(parts: CellParts) -> Result<Arc<Self>, CellError> {
        let state = Arc::new(State::new(parts.me.clone(), &parts.realm));
        let accounts = account::Accounts::new(&*parts.env);
        let index = RwLock::new(Index::of(parts.me.clone()));
        Ok(Arc::new(Self {
            journal: parts.journal,
            ledger: served::Ledger::new(parts.served, Arc::clone(&parts.env)),
            logged: AtomicBool::new(false),
            trees: provenance::Trees::default(),
            secret: std::sync::OnceLock::new(),
            heard: question::Heard::default(),
            recalled_at: AtomicU64::new(u64::MAX),
            env: parts.env,
            me: parts.me,
            realm: parts.realm,
            signer: parts.signer,
            state: RwLock::new(state),
            index,
            tail: Mutex::default(),
            durable_us: AtomicI64::new(i64::MIN),
            ready: AtomicBool::new(false),
            watch: Watch::default(),
            sights: RwLock::default(),
            statuses: Mutex::default(),
            accounts,
            reviewed: std::sync::atomic::AtomicU64::new(u64::MAX),
            unasked: std::sync::atomic::AtomicUsize::new(usize::MAX),
            asked_us: AtomicI64::new(i64::MIN),
            lists: RwLock::default(),
            working: follow::Working::default(),
            replied: follow::Replied::default(),
        }))
    }

    /// Whether the journal has been read.
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The state as it is now.
    pub fn state(&self) -> Arc<State> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state)
    }

    /// Grows with every change that can be read.
    pub const fn changed(&self) -> &Watch {
        &self.watch
    }

    /// Whose node it is.
    pub const fn me(&self) -> &MemberId {
        &self.me
    }

    /// In which realm.
    pub const fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Its clock and generator.
    pub fn env(&self) -> &dyn Env {
        &*self.env
    }

    /// Drawn when the journal was made, and anew when it was restored.
    pub fn epoch(&self) -> [u8; 16] {
        self.journal.epoch()
    }

    /// A member's own node.
    pub fn caller_of_member(&self, member: &MemberId) -> Caller {
        Caller::node(member.clone())
    }

    /// This node's own people.
    pub fn operator(&self) -> Caller {
        Caller::operator(self.me.clone())
    }

    /// The collections that `caller` may read or add to, by their ids.
    pub fn collections(&self, caller: &Caller) -> Vec<CollectionView> {
        let (state, at) = (self.state(), self.env.now());
        let ids = state.collections().keys();
        ids.filter_map(|id| view(&state, caller, id, at)).collect()
    }

    /// The collection of this id or alias.
    ///
    /// # Errors
    ///
    /// [`CellError::NotFound`] if there is none, or `caller` may neither read nor add:
    /// whoever may not know of it does not learn that it is there.
    pub fn collection(&self, caller: &Caller, name: &str) -> Result<CollectionView, CellError> {
        let state = self.state();
        let id = state.collection_named(name).ok_or_else(|| self.unknown())?;
        view(&state, caller, &id, self.env.now()).ok_or(CellError::NotFound)
    }

    /// Why something is not there: perhaps because we have not looked yet.
    fn unknown(&self) -> CellError {
        if self.ready() {
            CellError::NotFound
        } else {
            CellError::NotReady
        }
    }

    /// The index, to read.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to when what was added is on the disk.
    pub(crate) fn durable_us(&self) -> i64 {
        self.durable_us.load(Ordering::Acquire)
    }

    /// What became of requests.
    pub(crate) fn statuses(&self) -> MutexGuard<'_, status::Statuses> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_ready(&self) -> Result<(), CellError> {
        if self.ready() {
            Ok(())
        } else {
            Err(CellError::NotReady)
        }
    }

    /// A random UUID (RFC 9562, version 4).
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.env.fill(&mut bytes);
        uuid(bytes)
    }
}

/// Sixteen random bytes as a UUID (RFC 9562, version 4).
fn uuid(mut bytes: [u8; 16]) -> String {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    CollectionId::from_bytes(bytes).to_string()
}

/// What `caller` may know of a collection; nothing if it may neither read nor add.
fn view(
    state: &State,
    caller: &Caller,
    id: &CollectionId,
    at: Timestamp,
) -> Option<CollectionView> {
    let held = state.collection(id)?;
    let lapsed = |refusal: &Refusal| {
        // A legal basis that has lapsed hides what is in a collection, not that it is there.
        matches!(
            refusal,
            Refusal::WrapperLapsed { .. } | Refusal::UnknownWrapper { .. }
        )
    };
    let (can_read, known) = match state.clearance(caller, id, at) {
        Ok(_) => (caller.rights >= Rights::Read, true),
        Err(refusal) => (false, lapsed(&refusal)),
    };
    let can_write = state.may_write(caller, id, at).is_ok();
    (known || can_write).then(|| CollectionView {
        id: *id,
        title: held.settings.title.clone(),
        description: held.settings.description.clone(),
        alias: held.settings.alias.clone(),
        can_read,
        can_write,
        media_types: held.settings.media_types.clone(),
    })
}

#[cfg(test)]
mod tests;
