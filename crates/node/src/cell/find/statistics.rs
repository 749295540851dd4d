//! What there is, in numbers.

use crate::cell::{Cell, CellError};
use portcullis_core::cell::CollectionId;
use std::collections::BTreeMap;

/// What there is, in numbers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// Different objects, in each collection.
    pub objects: usize,
    /// Their versions that are there.
    pub versions: usize,
    /// Versions that were removed.
    pub removed: usize,
    /// Versions on which a person has yet to decide: reviews of them are open.
    pub held: usize,
    /// Versions of which a person has decided that they stay.
    pub withheld: usize,
    /// Versions that name people and cross no line either, on which nobody was asked: nobody across
    /// one reads the collection.
    pub apart: usize,
    /// Objects that their creators have revoked.
    pub revoked: usize,
    /// Versions that are past their time.
    pub expired: usize,
    /// Observables that some object names.
    pub observables: usize,
    /// Segments of the journal.
    pub segments: u32,
    /// The bytes of the journal.
    pub journal_bytes: u64,
    /// Those that it takes on the disk: fewer, where something was erased.
    pub disk_bytes: u64,
    /// Versions that were taken back and are not erased yet.
    pub erasable_versions: usize,
    /// Their bytes.
    pub erasable_bytes: u64,
    /// Each collection's own.
    pub collections: BTreeMap<CollectionId, CollectionStatistics>,
}

/// What there is in one collection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CollectionStatistics {
    /// Different objects, removed ones too.
    pub objects: usize,
    /// Versions that are there.
    pub versions: usize,
    /// Their bytes.
    pub bytes: u64,
    /// When the first of them was added.
    pub first_added_us: Option<i64>,
    /// When the last was.
    pub last_added_us: Option<i64>,
    /// Versions on which a person has yet to decide: reviews of them are open.
    pub held: usize,
    /// Versions of which a person has decided that they stay.
    pub withheld: usize,
    /// Versions that name people and cross no line either, on which nobody was asked: nobody across
    /// one reads the collection.
    pub apart: usize,
    /// Objects that their creators have revoked.
    pub revoked: usize,
    /// Versions that are past their time, whether or not the collection still shows them.
    pub expired: usize,
    /// Versions of each type.
    pub kinds: BTreeMap<String, usize>,
}

impl Cell {
    /// What there is, in numbers.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`].
    pub fn statistics(&self) -> Result<Statistics, CellError> {
        self.check_ready()?;
        let end = self.journal.end()?;
        let (journal_bytes, disk_bytes) = self.journal.sizes()?;
        let erasable = self.erasable(jiff::SignedDuration::ZERO)?;
        let mut all = Statistics {
            segments: end.segment + 1,
            journal_bytes,
            disk_bytes,
            erasable_versions: erasable.objects,
            erasable_bytes: erasable.bytes,
            ..Statistics::default()
        };
        let (index, now_us) = (self.index(), self.env.now().as_microsecond());
        let reviewed = self.reviewed_versions(&index);
        for (collection, shelf) in index.shelves() {
            let mut own = CollectionStatistics {
                objects: shelf.objects(),
                ..CollectionStatistics::default()
            };
            let mut kinds = vec![0_usize; index.kinds.values().len()];
            for entry in shelf.from(0) {
                all.removed += usize::from(entry.is_removal() && !entry.is_superseded());
                if !entry.is_live() {
                    continue;
                }
                own.first_added_us = own.first_added_us.or(Some(entry.added_us));
                own.last_added_us = Some(entry.added_us);
                let held = index.labels.get(entry.label);
                own.apart += usize::from(held.is_some_and(|label| label.held));
                own.revoked += usize::from(entry.is_revoked());
                own.expired += usize::from(entry.expires_us <= now_us);
                if let Some(count) = kinds.get_mut(usize::from(entry.kind)) {
                    *count += 1;
                }
            }
            (own.held, own.withheld) = reviewed.get(collection).copied().unwrap_or_default();
            own.apart = own.apart.saturating_sub(own.held + own.withheld);
            (own.versions, own.bytes) = shelf.live();
            let named = index
                .kinds
                .values()
                .iter()
                .zip(kinds)
                .filter(|(_, count)| *count > 0);
            own.kinds = named
                .map(|(kind, count)| (kind.to_string(), count))
                .collect();
            all.objects += own.objects;
            all.held += own.held;
            all.withheld += own.withheld;
            all.apart += own.apart;
            all.revoked += own.revoked;
            all.expired += own.expired;
            all.versions += own.versions;
            all.observables += shelf.observables();
            all.collections.insert(*collection, own);
        }
        Ok(all)
    }
}
