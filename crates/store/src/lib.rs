//! Records, outbox, log state, witness state, registers and blobs, behind one
//! contract.
//!
//! `store` knows bytes and keys: nothing of JSON, signatures or rules. What
//! the rest of the house sees is one concrete [`Store`], which answers *facts*
//! to decide on, takes one [`Commit`] at a time or many at once, and shows
//! *views*. Below it stands a [`Driver`]: [`memory`] is the contract in the
//! fewest lines, [`sqlite`] the one that a node runs on, and [`fault`] wraps
//! either and breaks a planned write before or after it took effect. The same
//! contract tests run on each.
//!
//! Safety rests on version checks and on keys that make a repetition harmless,
//! so it is the same on every database. Everything is synchronous, and what a
//! write reported as done is on the disk.
//!
//! Instants are kept in whole microseconds; what is finer is dropped when it
//! is written.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod backup;
pub mod blob;
mod driver;
mod error;
pub mod fault;
pub mod journal;
pub mod log;
pub mod memory;
pub mod outbox;
pub mod record;
pub mod register;
pub mod sqlite;
mod store;
pub mod view;
pub mod witness;

pub use blob::{BlobError, Blobs};
pub use driver::Driver;
pub use error::Unavailable;
pub use fault::{Fault, Plan, When};
pub use journal::{Journal, JournalError};
pub use log::{Aside, Batch, Leaf, LeafId, LogAppend, LogError, LogState, PlacedLeaf, Remade};
pub use memory::Memory;
pub use outbox::{Delivery, DeliveryId, DeliveryState, DeliveryStatus, NewDelivery, TurnedAway};
pub use record::{CaseRecord, Commit, CommitError, NewLeaf, StatementRecord, Summary};
pub use register::RegisterRecord;
pub use sqlite::{OpenError, Sqlite};
pub use store::Store;
pub use view::{Cursor, Filter, Page, QueueRow};
pub use witness::{WitnessError, Witnessed};
