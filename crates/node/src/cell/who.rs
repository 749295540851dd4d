//! What was served to whom: noted by every exit, told to whoever may ask, proved to anybody.

mod before;

pub use before::Before;

use super::{
    Cell, CellError, Found,
    provenance::digest_of,
    served::{How, LedgerError, NotNoted, Run},
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{Caller, CollectionId, Refusal, Rights},
    member::MemberId,
};
use portcullis_verdict::cell::{Content, Evidence};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

/// How many entries' contents are recorded in one call of the worker.
const CONTENTS_PER_TICK: usize = 4_096;
/// How often a node without a log makes a root.
const ROOT_PACE: SignedDuration = SignedDuration::from_mins(1);

/// One version of an object that went to somebody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Served {
    /// To which member.
    pub member: MemberId,
    /// By which of its accounts; none when it is the member's own node.
    pub account: Option<String>,
    /// Whether the account acts for a client of the member.
    pub client: bool,
    /// The object.
    pub object: String,
    /// Which version, in microseconds since 1970.
    pub version_us: i64,
    /// From which collection.
    pub collection: CollectionId,
    /// The entry's number in it.
    pub number: u64,
    /// Whether that was the object's removal.
    pub removal: bool,
    /// When; of several within a second, the first time.
    pub at: Timestamp,
    /// By which exit.
    pub how: How,
    /// How often within that second.
    pub times: u32,
}

/// Evidence on one object, to be handed out.
#[derive(Clone, Debug)]
pub struct Proved {
    /// What anybody can check: [`portcullis_verdict::cell::verify_evidence`].
    pub evidence: Evidence,
    /// How many of its roots are proved to be in the log.
    pub recorded: usize,
}

impl Cell {
    /// Notes that entries go to a caller: before the reply that carries them. Takes no time worth
    /// speaking of; a worker makes it durable within a second ([`Self::served_tick`]).
    ///
    /// # Errors
    ///
    /// [`NotNoted`] when nothing can be recorded: then nothing is served.
    pub fn note_served(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        how: How,
        runs: &[Run],
    ) -> Result<(), NotNoted> {
        self.ledger.note(caller, collection, how, runs)
    }

    /// Notes that found objects go to a caller, or what is taken from them: before the reply.
    ///
    /// # Errors
    ///
    /// [`NotNoted`] when nothing can be recorded: then nothing is served.
    pub fn note_found<'a>(
        &self,
        caller: &Caller,
        how: How,
        found: impl IntoIterator<Item = &'a Found>,
    ) -> Result<(), NotNoted> {
        let mut runs: BTreeMap<CollectionId, Vec<Run>> = BTreeMap::new();
        for one in found {
            let of = runs.entry(one.collection).or_default();
            of.push(Run::one(one.number));
        }
        let mut runs = runs.iter();
        runs.try_for_each(|(collection, runs)| self.note_served(caller, collection, how, runs))
    }

    /// Waits until [`Self::served_tick`] is due: half a second, or less when much was noted.
    pub fn served_wait(&self) {
        self.ledger.wait();
    }

    /// Writes what was noted and waits for the disk; then records what entries that were served for
    /// the first time are; and, where no log's ticks do it, makes a root each minute.
    ///
    /// # Errors
    ///
    /// [`CellError::Ledger`]; what was noted stays, and is written with the next call.
    pub fn served_tick(&self) -> Result<(), CellError> {
        self.ledger.flush()?;
        let due = self.ledger.contents_due(CONTENTS_PER_TICK)?;
        self.record_contents(&due)?;
        if !self.logged.load(Ordering::Relaxed) {
            let now = crate::env::now_ms(&*self.env);
            let last = self.ledger.sealed_at()?;
            if last.is_none_or(|last| ROOT_PACE <= now.duration_since(last)) {
                self.seal_root(now)?;
            }
        }
        Ok(())
    }

    /// Makes a root over everything served since the last one; `None` when there is nothing new,
    /// or no key to sign it with.
    ///
    /// # Errors
    ///
    /// [`LedgerError`].
    pub fn seal_root(&self, now: Timestamp) -> Result<Option<u64>, LedgerError> {
        match self.signing() {
            Some(signing) => self.ledger.seal(&signing, now),
            None => Ok(None),
        }
    }

    /// From now on the ticks of a log make the roots.
    pub(crate) fn goes_with_a_log(&self) {
        self.logged.store(true, Ordering::Relaxed);
    }

    /// What of an object was served to whom, in the order of the ledger; `versions` are
    /// microseconds since 1970, none for all. Whatever was noted here until now is among it.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Ledger`].
    pub fn who(&self, object: &str, versions: &[i64]) -> Result<Vec<Served>, CellError> {
        self.who_of(object, versions, None)
    }

    /// What a caller may know of that: an operator all, a member what of its own entries was
    /// served, those under its pseudonyms among them; a member's client nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::who`]; [`CellError::NotFound`] where the member has published nothing of it,
    /// [`CellError::Refused`] for a client.
    pub fn who_for(&self, caller: &Caller, object: &str) -> Result<Vec<Served>, CellError> {
        self.served_of(object, &self.entries_for(caller, object)?)
    }

    /// The entries of an object of which a caller may know who was served them.
    fn entries_for(&self, caller: &Caller, object: &str) -> Result<Entries, CellError> {
        speaks_for_itself(caller)?;
        if caller.operator {
            return self.entries_of(object, &[], None);
        }
        let mut entries = self.entries_of(object, &[], Some(&caller.member))?;
        if caller.member != self.me {
            entries.extend(self.under_pseudonym(caller, object)?);
        }
        if entries.is_empty() {
            return Err(CellError::NotFound);
        }
        Ok(entries)
    }

    /// What of an object the caller published under its pseudonyms, and the removals of that.
    fn under_pseudonym(&self, caller: &Caller, object: &str) -> Result<Entries, CellError> {
        let all = self.entries_of(object, &[], Some(&self.me))?;
        let (removals, puts): (Entries, Entries) =
            all.into_iter().partition(|(_, (_, removal))| *removal);
        let mut own: Entries = puts
            .into_iter()
            .filter(|((collection, number), _)| {
                self.is_under_own_pseudonym(caller, collection, *number)
            })
            .collect();
        let versions: BTreeSet<(CollectionId, i64)> = own
            .iter()
            .map(|((collection, _), (version_us, _))| (*collection, *version_us))
            .collect();
        let of_own = |((collection, _), (version_us, _)): &(&(CollectionId, u64), &(i64, bool))| {
            versions.contains(&(*collection, *version_us))
        };
        let removed = removals.iter().filter(of_own);
        own.extend(removed.map(|(entry, what)| (*entry, *what)));
        Ok(own)
    }

    fn who_of(
        &self,
        object: &str,
        versions: &[i64],
        publisher: Option<&MemberId>,
    ) -> Result<Vec<Served>, CellError> {
        let entries = self.entries_of(object, versions, publisher)?;
        self.served_of(object, &entries)
    }

    /// What of these entries of an object was served, whatever was noted until now among it.
    fn served_of(&self, object: &str, entries: &Entries) -> Result<Vec<Served>, CellError> {
        self.ledger.flush()?;
        let mut served = Vec::new();
        for serving in self.ledger.servings(&by_collection(entries))? {
            let Some((version_us, removal)) = entries.get(&(serving.collection, serving.number))
            else {
                continue;
            };
            served.push(Served {
                member: serving.member,
                account: serving.account,
                client: serving.client,
                object: object.to_owned(),
                version_us: *version_us,
                collection: serving.collection,
                number: serving.number,
                removal: *removal,
                at: serving.at,
                how: serving.how,
                times: serving.times,
            });
        }
        Ok(served)
    }

    /// The members that were ever served one of these entries of an object, removals and names in
    /// manifests apart; without the node's own.
    ///
    /// # Errors
    ///
    /// As [`Self::who`].
    pub(super) fn served_members(
        &self,
        object: &str,
        entries: &Entries,
    ) -> Result<BTreeSet<MemberId>, CellError> {
        // What is dropped beside us is told to be dropped first: read the other way round it is in neither.
        let served = self.served_of(object, entries)?;
        let before = self.served_before(entries)?;
        let others = served
            .into_iter()
            .filter(|served| !served.removal && served.how != How::Manifest);
        let members = others.map(|served| served.member).chain(before);
        Ok(members.filter(|member| *member != self.me).collect())
    }

    /// Evidence of what of an object was served to whom. Makes a root first, so that everything
    /// until now is covered; that one is in the log from the log's next tick on. With `bytes`, the
    /// versions' exact bytes are in it, too.
    ///
    /// # Errors
    ///
    /// As [`Self::who`]; [`CellError::Refused`] never.
    pub fn evidence(
        &self,
        object: &str,
        versions: &[i64],
        bytes: bool,
    ) -> Result<Proved, CellError> {
        self.ledger.flush()?;
        let entries = self.entries_of(object, versions, None)?;
        let live: Vec<_> = entries
            .iter()
            .filter(|(_, (_, removal))| !removal)
            .map(|(entry, _)| *entry)
            .collect();
        let lacking = self.ledger.without_contents(&live)?;
        self.record_contents(&lacking)?;
        self.seal_root(crate::env::now_ms(&*self.env))?;
        let (mut evidence, _) = self.ledger.prove(object, &by_collection(&entries))?;
        if bytes {
            let mut seen = BTreeSet::new();
            for (collection, number) in &live {
                // What is erased is bound by its digest alone.
                let object = match self.entry_bytes(collection, *number) {
                    Err(CellError::NotFound) => continue,
                    object => object?,
                };
                if seen.insert(digest_of(&object)) {
                    evidence.objects.push(object);
                }
            }
        }
        let recorded = evidence
            .roots
            .iter()
            .filter(|root| root.inclusion.is_some())
            .count();
        Ok(Proved { evidence, recorded })
    }

    /// Every entry of an object, or those that `publisher` published: its version, and whether it
    /// is a removal.
    pub(super) fn entries_of(
        &self,
        object: &str,
        versions: &[i64],
        publisher: Option<&MemberId>,
    ) -> Result<Entries, CellError> {
        if !self.ready() {
            return Err(CellError::NotReady);
        }
        let mut entries = Entries::new();
        for (collection, number) in self.numbers_of(object) {
            let index = self.index();
            let entry = u32::try_from(number).ok();
            let entry = entry.and_then(|number| index.shelf(&collection)?.get(number));
            let Some(entry) = entry else { continue };
            let label = index.labels.get(entry.label);
            let of = |member: &MemberId| label.is_some_and(|label| label.publisher == *member);
            if !publisher.is_none_or(of) {
                continue;
            }
            if versions.is_empty() || versions.contains(&entry.version_us) {
                let what = (entry.version_us, entry.is_removal());
                entries.insert((collection, number), what);
            }
        }
        Ok(entries)
    }

    fn record_contents(&self, entries: &[(CollectionId, u64)]) -> Result<(), CellError> {
        let mut contents = Vec::with_capacity(entries.len());
        for (collection, number) in entries {
            // A removal has no bytes, and nothing that would have to be shown.
            if let Ok(Some(sha256)) = self.entry_digest(collection, *number) {
                contents.push(Content {
                    collection: *collection,
                    number: *number,
                    sha256,
                });
            }
        }
        self.ledger.note_contents(&contents)?;
        Ok(())
    }
}

/// Whether a caller is its member's own: what is between members is not for the clients of one.
///
/// # Errors
///
/// [`Refusal::RightsMissing`]
pub(crate) fn speaks_for_itself(caller: &Caller) -> Result<(), Refusal> {
    if caller.client {
        let needed = Rights::Speak.as_str();
        return Err(Refusal::RightsMissing { needed });
    }
    Ok(())
}

/// Entries by collection and number: their versions, and whether they are removals.
pub(super) type Entries = BTreeMap<(CollectionId, u64), (i64, bool)>;

fn by_collection(entries: &Entries) -> BTreeMap<CollectionId, Vec<u64>> {
    let mut numbers: BTreeMap<CollectionId, Vec<u64>> = BTreeMap::new();
    for (collection, number) in entries.keys() {
        numbers.entry(*collection).or_default().push(*number);
    }
    numbers
}

#[cfg(test)]
mod tests;
