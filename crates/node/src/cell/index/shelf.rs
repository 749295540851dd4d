//! One collection's entries, and the ways to find them.

use super::{At, Entry, Key, NONE, Order};
use crate::cell::{
    CellError,
    batch::{Op, Row, V20},
};
use std::collections::HashMap;

/// The most versions of one object, removed ones too: a new one is put among them under the
/// journal's lock, step by step.
pub(crate) const VERSIONS_MAX: usize = 4_096;

/// One collection's entries.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// In the order of `added`.
    entries: Vec<Entry>,
    /// The greatest version of each object.
    newest: HashMap<Key, u32>,
    /// How many versions there are, of each object that has several.
    several: HashMap<Key, u32>,
    /// Entries in whose place another stands, of each object.
    earlier: HashMap<Key, Vec<u32>>,
    /// The entries of each type, in order, by the type's number.
    by_kind: Vec<Vec<u32>>,
    /// The last link of each observable.
    observed: HashMap<u64, u32>,
    links: Vec<Link>,
    /// The ids of removals, and of entries beside which something was said.
    ids: HashMap<u32, Box<str>>,
    /// When entries went as if they had never been here.
    forgotten: HashMap<u32, i64>,
    /// The bytes of the objects that are there.
    bytes: u64,
    live: usize,
}

/// One entry that names an observable, and the one before it.
#[derive(Clone, Copy, Debug)]
struct Link {
    entry: u32,
    before: u32,
}

impl Shelf {
    /// The number of entries, superseded ones too.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number as usize)
    }

    /// All entries from a number on, in the order of `added`.
    pub(crate) fn from(&self, number: usize) -> &[Entry] {
        self.entries.get(number..).unwrap_or_default()
    }

    /// The number of the first entry that was added after `added_us`.
    pub(crate) fn after(&self, added_us: i64) -> usize {
        match self.entries.last() {
            Some(last) if last.added_us <= added_us => self.entries.len(),
            _ => self
                .entries
                .partition_point(|entry| entry.added_us <= added_us),
        }
    }

    /// The versions of an object, the greatest first.
    pub(crate) fn versions(&self, key: Key) -> impl Iterator<Item = (u32, &Entry)> {
        let mut at = self.newest.get(&key).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let entry = self.get(at)?;
            let number = std::mem::replace(&mut at, entry.older);
            Some((number, entry))
        })
    }

    /// The other versions of an entry's object, greater ones first.
    pub(crate) fn others(&self, entry: &Entry) -> impl Iterator<Item = (u32, &Entry)> {
        let (mut up, mut down) = (entry.newer, entry.older);
        std::iter::from_fn(move || {
            if let Some(entry) = self.get(up) {
                return Some((std::mem::replace(&mut up, entry.newer), entry));
            }
            let entry = self.get(down)?;
            Some((std::mem::replace(&mut down, entry.older), entry))
        })
    }

    /// The entry of a version, a removal's too.
    pub(crate) fn find(&self, at: At) -> Option<(u32, &Entry)> {
        self.versions(at.key)
            .find(|(_, entry)| entry.order() <= at.order)
            .filter(|(_, entry)| entry.order() == at.order)
    }

    /// How many versions of an object there are, removed ones too.
    pub(crate) fn count(&self, key: Key) -> usize {
        let several = self.several.get(&key).map(|count| *count as usize);
        several.unwrap_or_else(|| usize::from(self.newest.contains_key(&key)))
    }

    /// The entries of an object in whose place another stands, or nothing any more.
    pub(crate) fn earlier(&self, key: Key) -> &[u32] {
        self.earlier.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The entries of a type, in order.
    pub(crate) fn of_kind(&self, kind: u16) -> &[u32] {
        self.by_kind
            .get(usize::from(kind))
            .map_or(&[], Vec::as_slice)
    }

    /// The entries that name an observable, the last first.
    pub(crate) fn observing(&self, key: u64) -> impl Iterator<Item = u32> {
        let mut at = self.observed.get(&key).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.before;
            Some(link.entry)
        })
    }

    /// The id of a removal, or of an entry beside which something was said; others have theirs in
    /// their bytes.
    pub(crate) fn id(&self, number: u32) -> Option<&str> {
        self.ids.get(&number).map(AsRef::as_ref)
    }

    /// How many objects there are, each with a version at least.
    pub(crate) fn objects(&self) -> usize {
        let live = |key: &&Key| self.versions(**key).any(|(_, entry)| entry.is_live());
        self.newest.keys().filter(live).count()
    }

    /// How many versions are there, and their bytes.
    pub(crate) fn live(&self) -> (usize, u64) {
        (self.live, self.bytes)
    }

    /// How many observables are named.
    pub(crate) fn observables(&self) -> usize {
        self.observed.len()
    }

    /// When an entry went as if it had never been here.
    pub(crate) fn forgotten_us(&self, number: u32) -> Option<i64> {
        self.forgotten.get(&number).copied()
    }

    /// The bytes of an entry are erased.
    pub(super) fn note_erased(&mut self, number: u32) {
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.note_erased();
        }
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        self.entries.reserve(rows);
        self.newest.reserve(rows);
    }

    /// Takes in a row with its entry; answers whether the entry is in the list now.
    pub(super) fn apply(&mut self, row: &Row<'_>, mut entry: Entry) -> Result<bool, CellError> {
        let at = At {
            key: Key::of(&row.id),
            order: Order {
                version_us: row.version_us,
                v21: row.flags & V20 == 0,
            },
        };
        let held = self.find(at).map(|(number, held)| (number, *held));
        match (row.op, held) {
            (Op::Put | Op::Erased | Op::Remove, _) => {}
            (Op::Touch, Some((_, held))) => entry.take_bytes(&held),
            (Op::Touch | Op::Forget, None) => return Ok(false),
            (Op::Forget, Some((number, held))) => {
                self.unlink(at.key, number, &held, NONE);
                // In journals of before, nothing says when.
                let forgotten_us = row.added_us.max(held.added_us);
                self.forgotten.insert(number, forgotten_us);
                return Ok(false);
            }
        }
        let full = |_| CellError::TooMany("entries in one collection");
        let number = u32::try_from(self.entries.len()).map_err(full)?;
        if let Some((replaced, held)) = held {
            if entry.is_unversioned() {
                entry.version_us = held.version_us;
            }
            self.unlink(at.key, replaced, &held, number);
        }
        self.link(at, number, &mut entry);
        self.note(row, number, &entry);
        self.entries.push(entry);
        Ok(true)
    }

    /// Puts an entry among its object's versions.
    fn link(&mut self, at: At, number: u32, entry: &mut Entry) {
        let newest = self.newest.get(&at.key).copied().unwrap_or(NONE);
        let (mut newer, mut older) = (NONE, newest);
        while let Some(held) = self.get(older) {
            if held.order() < at.order {
                break;
            }
            (newer, older) = (older, held.older);
        }
        (entry.newer, entry.older) = (newer, older);
        if newest != NONE {
            *self.several.entry(at.key).or_insert(1) += 1;
        }
        if let Some(held) = self.entries.get_mut(older as usize) {
            held.newer = number;
        }
        match self.entries.get_mut(newer as usize) {
            Some(held) => held.older = number,
            None => {
                self.newest.insert(at.key, number);
            }
        }
    }

    /// Takes an entry out of its object's versions, for another or none; it stays in the list.
    fn unlink(&mut self, key: Key, number: u32, held: &Entry, by: u32) {
        if let Some(entry) = self.entries.get_mut(held.older as usize) {
            entry.newer = held.newer;
        }
        match self.entries.get_mut(held.newer as usize) {
            Some(entry) => entry.older = held.older,
            None if held.older == NONE => {
                self.newest.remove(&key);
            }
            None => {
                self.newest.insert(key, held.older);
            }
        }
        if let Some(count) = self.several.get_mut(&key) {
            *count -= 1;
            if *count < 2 {
                self.several.remove(&key);
            }
        }
        if held.is_live() {
            self.live -= 1;
            self.bytes -= u64::from(held.len);
        }
        self.earlier.entry(key).or_default().push(number);
        if let Some(entry) = self.entries.get_mut(number as usize) {
            entry.supersede(by);
        }
    }

    /// Notes by what an entry is found.
    fn note(&mut self, row: &Row<'_>, number: u32, entry: &Entry) {
        if entry.is_marked() || entry.is_removal() {
            self.ids.insert(number, Box::from(&*row.id));
        }
        if !entry.is_live() {
            return;
        }
        self.live += 1;
        self.bytes += u64::from(entry.len);
        let kind = usize::from(entry.kind);
        if self.by_kind.len() <= kind {
            self.by_kind.resize(kind + 1, Vec::new());
        }
        if let Some(list) = self.by_kind.get_mut(kind) {
            list.push(number);
        }
        // Of what was erased zeros are left.
        for key in row.observables.iter().filter(|key| **key != 0) {
            let before = self.observed.get(key).copied().unwrap_or(NONE);
            let link = u32::try_from(self.links.len()).unwrap_or(NONE);
            self.links.push(Link {
                entry: number,
                before,
            });
            self.observed.insert(*key, link);
        }
    }
}
