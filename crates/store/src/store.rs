//! The store as everyone else sees it.

use crate::{
    driver::Driver,
    error::Unavailable,
    memory::Memory,
    outbox::DeliveryId,
    record::{Commit, CommitError},
    sqlite::{OpenError, Sqlite},
};
use std::{ops::Deref, path::Path, sync::Arc};

/// Facts to decide on, one commit, and views to show. Cloning it is cheap and
/// gives the same store.
///
/// Every operation of [`Driver`] is an operation of the store.
#[derive(Clone)]
pub struct Store(Arc<dyn Driver>);

impl Store {
    /// A store over a driver.
    pub fn new(driver: impl Driver + 'static) -> Self {
        Self(Arc::new(driver))
    }

    /// A store that forgets everything when it is dropped.
    pub fn memory() -> Self {
        Self::new(Memory::default())
    }

    /// A store in the SQLite file at `path`, made if need be.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn sqlite(path: &Path) -> Result<Self, OpenError> {
        Sqlite::open(path).map(Self::new)
    }

    /// Makes one commit and answers the case's new version.
    ///
    /// # Errors
    ///
    /// As [`Driver::commit`].
    pub fn commit_one(&self, commit: Commit) -> Result<u64, CommitError> {
        let unanswered = || Err(Unavailable::new("the driver did not answer the commit").into());
        self.0.commit(vec![commit]).pop().unwrap_or_else(unanswered)
    }

    /// The peer has it.
    ///
    /// # Errors
    ///
    /// As [`Driver::delivered_all`].
    pub fn delivered(&self, id: DeliveryId) -> Result<(), Unavailable> {
        self.0.delivered_all(&[id])
    }
}

impl Deref for Store {
    type Target = dyn Driver;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl core::fmt::Debug for Store {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Store")
    }
}
