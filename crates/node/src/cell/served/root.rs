//! Roots of the ledger, and what proves a record under them.

use super::super::provenance::Signing;
use super::{
    Ledger, LedgerError, Root, among, frame,
    frame::{Encoded, Raw},
    held,
    index::RootAt,
};
use jiff::Timestamp;
use portcullis_core::{cell::CollectionId, digest::Digest};
use portcullis_store::journal::{NewFrame, Position};
use portcullis_tlog::{
    hash::{Hash, leaf_hash},
    tree::{Levels, root_of},
};
use portcullis_verdict::{
    bundle::{inclusion_from_bytes, inclusion_to_bytes},
    cell::{Evidence, InFrame, Record, ShownContent, ShownRecord, ShownRoot, Word},
    register::Inclusion,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    ops::ControlFlow,
    sync::PoisonError,
};

/// A root that the log has no proof for yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unrecorded {
    /// Its number.
    pub number: u64,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// Its exact signed bytes.
    pub word: Vec<u8>,
}

impl Ledger {
    /// Makes a root over everything since the last one. Answers its number; `None` when there is
    /// nothing new.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub fn seal(&self, signing: &Signing<'_>, now: Timestamp) -> Result<Option<u64>, LedgerError> {
        let mut locked = self.journal.lock()?;
        // Nobody appends now: what the index knows is everything.
        let index = self.caught_up()?;
        if index.open.is_empty() {
            return Ok(None);
        }
        let frames: Vec<Hash> = index
            .open
            .iter()
            .map(|(root, _)| leaf_hash(&root.0))
            .collect();
        let last = index.roots.last();
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        let mut ledger = String::with_capacity(32);
        for byte in self.journal.epoch() {
            let _ = write!(ledger, "{byte:02x}");
        }
        let root = Root {
            realm: signing.realm.name().to_owned(),
            member: signing.member.clone(),
            ledger,
            number,
            previous: last.map(|last| last.digest),
            frames: frames.len() as u64,
            records: index
                .open
                .iter()
                .map(|(_, records)| u64::from(*records))
                .sum(),
            root: root_of(&frames),
            made_at: now,
        };
        drop(index);
        let word = Word::sign(&root, signing.key);
        let word = word.map_err(|error| LedgerError::Root(error.to_string()))?;
        let table = number.to_le_bytes();
        let written = locked.append(&[NewFrame {
            kind: frame::ROOT,
            table: &table,
            data: &[word.as_bytes()],
        }])?;
        drop(locked);
        // CRASH: a root that is not on the disk was shown to nobody; the next one covers the same.
        if let Some(last) = written.last() {
            self.journal.sync(last.end)?;
        }
        Ok(Some(number))
    }

    /// When the last root was made; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn sealed_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let index = self.caught_up()?;
        let last = index.roots.last();
        Ok(last.and_then(|root| Timestamp::from_microsecond(root.made_us).ok()))
    }

    /// Roots whose place in the log is not kept yet, oldest first.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn unrecorded(&self, limit: usize) -> Result<Vec<Unrecorded>, LedgerError> {
        let waiting: Vec<RootAt> = {
            let index = self.caught_up()?;
            let waiting = index.roots.iter().filter(|root| root.inclusion.is_none());
            waiting.take(limit).copied().collect()
        };
        let mut found = Vec::with_capacity(waiting.len());
        for root in waiting {
            let mut word = Vec::new();
            self.journal.read(root.word, &mut word)?;
            found.push(Unrecorded {
                number: root.number,
                digest: root.digest,
                word,
            });
        }
        Ok(found)
    }

    /// Keeps a root's place in the log; the first one stays.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Journal`].
    pub fn recorded(&self, number: u64, inclusion: &Inclusion) -> Result<(), LedgerError> {
        let frame = Encoded {
            kind: frame::INCLUSION,
            table: number.to_le_bytes().to_vec(),
            data: inclusion_to_bytes(inclusion),
        };
        self.append(&[frame]).map(|_| ())
    }

    /// What proves the servings of these entries, and what the entries are, under the roots so
    /// far; and how many servings no root covers yet.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub fn prove(
        &self,
        object: &str,
        wanted: &BTreeMap<CollectionId, Vec<u64>>,
    ) -> Result<(Evidence, usize), LedgerError> {
        drop(self.caught_up()?);
        let _stays = self.layout.read().unwrap_or_else(PoisonError::into_inner);
        let mut hits: BTreeMap<Position, BTreeSet<u32>> = BTreeMap::new();
        self.visit_where_it_stays(wanted, &mut |(at, place), raw| {
            let is = match raw {
                Raw::Served {
                    collection, runs, ..
                } => among(wanted, collection, runs).next().is_some(),
                Raw::Content(content) => wanted
                    .get(&content.collection)
                    .is_some_and(|numbers| numbers.binary_search(&content.number).is_ok()),
            };
            if is {
                hits.entry(at).or_default().insert(place);
            }
        })?;
        let roots = held(&self.index).roots.clone();
        let mut evidence = Evidence {
            object: object.to_owned(),
            ..Evidence::default()
        };
        let mut open = 0;
        let mut hits = hits.into_iter().peekable();
        for root in &roots {
            let mut under = Vec::new();
            while let Some(hit) = hits.next_if(|(at, _)| *at < root.at) {
                under.push(hit);
            }
            if under.is_empty() {
                continue;
            }
            let shown = evidence.roots.len();
            evidence.roots.push(self.show(root)?);
            self.prove_under(root, shown, &under, &mut evidence)?;
        }
        for (_, places) in hits {
            open += places.len();
        }
        Ok((evidence, open))
    }

    fn show(&self, root: &RootAt) -> Result<ShownRoot, LedgerError> {
        let mut word = Vec::new();
        self.journal.read(root.word, &mut word)?;
        let inclusion = match root.inclusion {
            None => None,
            Some(place) => {
                let mut bytes = Vec::new();
                self.journal.read(place, &mut bytes)?;
                Some(inclusion_from_bytes(&bytes).map_err(LedgerError::Root)?)
            }
        };
        Ok(ShownRoot { word, inclusion })
    }

    fn prove_under(
        &self,
        root: &RootAt,
        shown: usize,
        under: &[(Position, BTreeSet<u32>)],
        evidence: &mut Evidence,
    ) -> Result<(), LedgerError> {
        let (mut frames, mut decoded) = (Vec::new(), Vec::new());
        let mut failed = None;
        self.journal.scan(root.from, &mut |frame| {
            if root.at <= frame.at {
                return ControlFlow::Break(());
            }
            if frame.kind == frame::GAP {
                let gone = frame::read_gap(frame.table).unwrap_or_default();
                frames.extend(gone.iter().map(|(root, _)| leaf_hash(&root.0)));
            }
            let Some(table) = frame::Table::decode(frame.table)
                .filter(|_| matches!(frame.kind, frame::RECORDS | frame::CONTENTS))
            else {
                return ControlFlow::Continue(());
            };
            let at = frames.len();
            frames.push(leaf_hash(&table.root.0));
            if let Some((_, places)) = under.iter().find(|(position, _)| *position == frame.at) {
                let data = frame.data().map_err(LedgerError::from);
                let read = data.and_then(|data| {
                    let read = frame::decode(frame.kind, &data);
                    read.ok_or(LedgerError::Damaged(frame.at))
                });
                match read {
                    Ok(read) => decoded.push((at, places, read, table.root, frame.at)),
                    Err(error) => {
                        failed = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let frames = Levels::of(frames);
        for (frame, places, read, frame_root, at) in decoded {
            let leaves = Levels::of(read.leaves());
            let frame_path = frames.path(frame).ok_or(LedgerError::Damaged(at))?;
            if leaves.root() != frame_root {
                return Err(LedgerError::Damaged(at));
            }
            for place in places {
                let record = read.records.get(*place as usize);
                let path = leaves.path(*place as usize);
                let (Some(record), Some(path)) = (record, path) else {
                    return Err(LedgerError::Damaged(at));
                };
                let place = InFrame {
                    salt: read.salt(*place),
                    root: shown,
                    frame: frame as u64,
                    frame_path: frame_path.clone(),
                    place: u64::from(*place),
                    records: leaves.len() as u64,
                    path,
                };
                match record {
                    Record::Served(served) => evidence.served.push(ShownRecord {
                        served: served.clone(),
                        place,
                    }),
                    Record::Content(content) => evidence.contents.push(ShownContent {
                        content: *content,
                        place,
                    }),
                }
            }
        }
        Ok(())
    }
}
