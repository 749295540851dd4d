//! What marking definitions say, and which entries name them: a definition may come after what it
//! marks, and then that is lit anew.
//!
//! A definition says what its publisher says by it, for the objects of that publisher; what a server
//! that is followed brings is that server's word, for what it brings, here and at whoever follows us: the
//! stamp says where it came from. Where it is not defined so, this
//! node's own word counts, and then that of whoever was first: by that alone nothing goes wider than
//! while it is not known, or than it went where it comes from.

use super::{Entry, Index};
use crate::cell::batch::Op;
use portcullis_core::{
    cell::{CollectionId, Label, Marked, Tlp},
    member::MemberId,
};
use portcullis_stix::{header::Header, marking::known_tlp};
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
};

/// The bits of a name in a row that say what was known of the marking.
const KNOWN_BITS: u32 = 4;
const KNOWN_MASK: u64 = (1 << KNOWN_BITS) - 1;

/// The most markings of one object that are looked up: what names more is as red as can be, for each
/// is kept for as long as the object is here, and looked at whenever one of them says something.
pub const NAMES_MAX: usize = 64;

/// The fewest entries that name one marking of which those that are gone are looked for.
const THIN_FROM: usize = 1_024;

/// Who speaks: a publisher, and where that was, if not at its own node.
type Who = (MemberId, Option<MemberId>);

/// What was said under one id.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Said {
    /// By whom, whoever was first at the beginning. Of what one says twice both count.
    by: Vec<(Who, Marked)>,
}

impl Said {
    /// Takes a definition in; answers whether it changes anything.
    fn say(&mut self, speaker: Speaker<'_>, says: Marked) -> bool {
        let known = self.by.iter_mut().find(|(by, _)| speaker.is(by));
        let Some((_, before)) = known else {
            self.by.push((speaker.to_who(), says));
            return true;
        };
        let both = before.and(says);
        std::mem::replace(before, both) != both
    }

    /// What it says on the objects of a speaker.
    fn of(&self, speaker: Speaker<'_>, me: &MemberId) -> Marked {
        let word = |of: Speaker<'_>| {
            let found = self.by.iter().find(|(by, _)| of.is(by));
            found.map(|(_, says)| *says)
        };
        if let Some(says) = word(speaker).or_else(|| word(Speaker::own(me))) {
            return says;
        }
        match self.by.first() {
            Some((_, says)) if speaker.bounded => *says,
            // A stranger opens nothing. Whoever says that a marking is red may know it.
            Some((_, says)) if says.tlp == Some(Tlp::Red) => says.and(Marked::UNREAD),
            Some(_) | None => Marked::UNREAD,
        }
    }

    /// The same, for people: with whose word it is.
    fn reads(&self, speaker: Speaker<'_>, me: &MemberId) -> Reads {
        let word = |of: Speaker<'_>| self.by.iter().find(|(by, _)| of.is(by));
        let counts = word(speaker).or_else(|| word(Speaker::own(me)));
        let first = || self.by.first().filter(|_| speaker.bounded);
        match (counts.or_else(first), self.by.first()) {
            (Some((by, says)), _) if says.unread => Reads::NotUnderstood(by.0.clone()),
            (Some((_, says)), _) => says.tlp.map_or(Reads::Words, Reads::Light),
            (None, Some((by, _))) => Reads::Stranger(by.0.clone()),
            (None, None) => Reads::Undefined,
        }
    }
}

/// What is known of a marking, where an object names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reads {
    /// A light.
    Light(Tlp),
    /// Words alone, which limit nothing here.
    Words,
    /// Its definition is not here.
    Undefined,
    /// It is defined by whose word counts, as something that is not understood here: an IEP,
    /// another extension, a light of no such name.
    NotUnderstood(MemberId),
    /// It is defined by others alone, who have nothing to say of the object.
    Stranger(MemberId),
}

/// Whose word is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Speaker<'a> {
    who: &'a MemberId,
    /// Where `who` does not speak by its own node: the server that it follows, or the cell at which it
    /// has an account. What comes by these is not its word for anything else.
    at: Option<&'a MemberId>,
    /// Whether the object goes no wider than where it comes from, whatever is said of its markings
    /// here.
    bounded: bool,
}

impl<'a> Speaker<'a> {
    /// Whose word it is what `publisher` brought into the cell of `me`: by a follow, if a stamp of
    /// `followed` came with it.
    pub(crate) fn of(
        me: &MemberId,
        publisher: &'a MemberId,
        followed: Option<&'a MemberId>,
    ) -> Self {
        match followed {
            // What a server has that speaks for itself alone is brought in by us.
            Some(server) if publisher == me && server != me => Self {
                who: server,
                at: None,
                bounded: false,
            },
            followed => Self {
                who: publisher,
                at: followed.filter(|by| *by != publisher),
                bounded: followed.is_some(),
            },
        }
    }

    /// This node's own word.
    const fn own(me: &'a MemberId) -> Self {
        Self {
            who: me,
            at: None,
            bounded: false,
        }
    }

    fn is(self, who: &Who) -> bool {
        (self.who, self.at) == (&who.0, who.1.as_ref())
    }

    fn to_who(self) -> Who {
        (self.who.clone(), self.at.cloned())
    }

    /// Whose word an entry of this label and stamp is.
    pub(crate) fn labelled(me: &MemberId, label: &'a Label, by: &'a MemberId) -> Self {
        Self::of(me, &label.publisher, label.bound.map(|_| by))
    }

    /// The same where an entry defines, and not where it is marked: what we have said beside what a
    /// server brought does not make it ours; who said it was known before.
    pub(super) fn defining(
        me: &MemberId,
        label: &'a Label,
        by: &'a MemberId,
        op: Op,
    ) -> Option<Self> {
        let beside = op == Op::Touch && label.bound.is_some() && label.publisher == *me;
        (!beside).then(|| Self::labelled(me, label, by))
    }
}

/// An entry that names a marking.
#[derive(Clone, Copy, Debug)]
struct Naming {
    number: u32,
    /// The collection's place, and in the low bits what was known of the marking.
    place: u32,
}

/// The entries that name one marking.
#[derive(Debug)]
struct Namings {
    all: Vec<Naming>,
    /// When there are so many, those that are gone are dropped.
    thin_at: usize,
}

impl Default for Namings {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            thin_at: THIN_FROM,
        }
    }
}

/// All definitions, and all that name any.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    /// By the definition's id in small letters.
    said: HashMap<Box<str>, Said>,
    /// By the marking's key.
    naming: HashMap<u64, Namings>,
    /// The markings that many name.
    full: Vec<u64>,
    collections: Vec<CollectionId>,
    /// Which say something else than when entries that name them came.
    moved: BTreeSet<Box<str>>,
}

impl Definitions {
    /// Takes in what a definition says.
    pub(super) fn define(&mut self, id: &str, speaker: Speaker<'_>, says: Marked) {
        let id = small(id);
        let said = match self.said.get_mut(&*id) {
            Some(said) => said,
            None => self.said.entry(Box::from(&*id)).or_default(),
        };
        if said.say(speaker, says) && self.naming.contains_key(&key(&id)) {
            self.moved.insert(Box::from(&*id));
        }
    }

    /// Notes which markings an entry names.
    pub(super) fn name(&mut self, collection: &CollectionId, number: u32, names: &[u64]) {
        let held = self.collections.iter().rposition(|held| held == collection);
        let at = held.unwrap_or_else(|| {
            self.collections.push(*collection);
            self.collections.len() - 1
        });
        for name in names {
            let (at, known) = (u32::try_from(at), u32::try_from(name & KNOWN_MASK));
            if let (Ok(at), Ok(known)) = (at, known) {
                let place = at << KNOWN_BITS | known;
                let key = name & !KNOWN_MASK;
                let of = self.naming.entry(key).or_default();
                of.all.push(Naming { number, place });
                if of.all.len() == of.thin_at {
                    self.full.push(key);
                }
            }
        }
    }
}

impl Definitions {
    /// Where an entry stands that names a marking.
    fn collection(&self, naming: Naming) -> Option<&CollectionId> {
        self.collections.get((naming.place >> KNOWN_BITS) as usize)
    }
}

/// Entries that name a definition and were lit by something else than it says now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct Stale {
    pub(crate) collection: CollectionId,
    pub(crate) number: u32,
}

impl Index {
    /// Whether everything is lit by what the definitions say now, as far as is known.
    pub(crate) fn is_lit(&self) -> bool {
        self.definitions.moved.is_empty()
    }

    /// What is known of a marking, where an object of this speaker names it.
    pub(crate) fn reads(&self, marking: &str, speaker: Speaker<'_>) -> Reads {
        if let Some(tlp) = known_tlp(marking).and_then(Tlp::parse) {
            return Reads::Light(tlp);
        }
        let said = self.definitions.said.get(&*small(marking));
        said.map_or(Reads::Undefined, |said| said.reads(speaker, &self.me))
    }

    /// The definitions that say something new, and the entries that are to be lit anew because of
    /// them, in the order in which they were added to each collection.
    pub(crate) fn stale(&self) -> (Vec<Box<str>>, Vec<Stale>) {
        let moved: Vec<Box<str>> = self.definitions.moved.iter().cloned().collect();
        let mut stale: Vec<Stale> = moved.iter().flat_map(|id| self.stale_by(id)).collect();
        stale.sort_unstable();
        stale.dedup();
        (moved, stale)
    }

    /// Forgets of these definitions which ones say nothing new any more.
    pub(crate) fn lit(&mut self, moved: &[Box<str>]) {
        for id in moved {
            if self.stale_by(id).is_empty() {
                self.definitions.moved.remove(id);
            }
        }
    }

    /// Drops of the markings that many name which entries are gone: whatever is lit anew, or said
    /// again, leaves one behind.
    pub(super) fn thin(&mut self) {
        for key in std::mem::take(&mut self.definitions.full) {
            let Some(mut of) = self.definitions.naming.remove(&key) else {
                continue;
            };
            of.all.retain(|naming| {
                let collection = self.definitions.collection(*naming);
                let shelf = collection.and_then(|collection| self.shelf(collection));
                let entry = shelf.and_then(|shelf| shelf.get(naming.number));
                entry.is_some_and(Entry::is_live)
            });
            of.thin_at = THIN_FROM.max(2 * of.all.len());
            self.definitions.naming.insert(key, of);
        }
    }

    /// How often entries are remembered for the markings that they name.
    #[cfg(test)]
    pub(crate) fn namings(&self) -> usize {
        self.definitions
            .naming
            .values()
            .map(|of| of.all.len())
            .sum()
    }

    fn stale_by(&self, id: &str) -> Vec<Stale> {
        let definitions = &self.definitions;
        let (Some(said), Some(naming)) =
            (definitions.said.get(id), definitions.naming.get(&key(id)))
        else {
            return Vec::new();
        };
        let stale = naming.all.iter().filter_map(|naming| {
            let collection = definitions.collection(*naming)?;
            let entry = self.shelf(collection)?.get(naming.number)?;
            let label = self.labels.get(entry.label).filter(|_| entry.is_live())?;
            let by = self.members.get(entry.by)?;
            let known = u64::from(naming.place) & KNOWN_MASK;
            let speaker = Speaker::labelled(&self.me, label, by);
            let stale = known != code(said.of(speaker, &self.me));
            stale.then_some(Stale {
                collection: *collection,
                number: naming.number,
            })
        });
        stale.collect()
    }
}

/// How objects are marked that are read one after the other; what definitions say that came along
/// with them counts already.
#[derive(Default)]
pub(crate) struct Markings {
    said: HashMap<Box<str>, Said>,
    /// What is known of the markings that the objects of one speaker name, by how they name them.
    known: HashMap<Box<str>, (Marked, u64)>,
    speaker: Option<(Who, bool)>,
}

impl Markings {
    /// A definition that comes in with the others.
    pub(crate) fn define(&mut self, index: &Index, id: &str, speaker: Speaker<'_>, says: Marked) {
        let id = small(id);
        let before = || index.definitions.said.get(&*id).cloned();
        let said = self.said.entry(Box::from(&*id));
        said.or_insert_with(|| before().unwrap_or_default())
            .say(speaker, says);
        self.known.clear();
    }

    /// How an object of this speaker is marked; and the names of those of its markings that had
    /// to be looked up, for its row.
    pub(crate) fn of(
        &mut self,
        index: &Index,
        header: &Header<'_>,
        speaker: Speaker<'_>,
    ) -> (Marked, Vec<u64>) {
        let same = |(who, bounded): &(Who, bool)| speaker.is(who) && *bounded == speaker.bounded;
        if !self.speaker.as_ref().is_some_and(same) {
            self.known.clear();
            self.speaker = Some((speaker.to_who(), speaker.bounded));
        }
        let (mut marked, mut names) = (Marked::default(), Vec::new());
        for marking in header.markings.iter().chain(&header.granular) {
            if let Some(tlp) = known_tlp(marking).and_then(Tlp::parse) {
                marked = marked.and(tlp.into());
                continue;
            }
            let (says, name) = match self.known.get(&**marking) {
                Some(known) => *known,
                None => self.look_up(index, marking, speaker),
            };
            marked = marked.and(says);
            names.push(name);
            if NAMES_MAX < names.len() {
                names.sort_unstable();
                names.dedup();
            }
            if NAMES_MAX < names.len() {
                // Whatever any of them says, now or later: nothing is stricter.
                return (Tlp::Red.into(), Vec::new());
            }
        }
        names.sort_unstable();
        names.dedup();
        (marked, names)
    }

    fn look_up(&mut self, index: &Index, marking: &str, speaker: Speaker<'_>) -> (Marked, u64) {
        let id = small(marking);
        let said = self
            .said
            .get(&*id)
            .or_else(|| index.definitions.said.get(&*id));
        let says = said.map_or(Marked::UNREAD, |said| said.of(speaker, &index.me));
        let known = (says, key(&id) | code(says));
        self.known.insert(Box::from(marking), known);
        known
    }
}

/// An id as it is compared: a UUID in capitals is the same.
fn small(id: &str) -> Cow<'_, str> {
    if id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(id.to_ascii_lowercase())
    } else {
        Cow::Borrowed(id)
    }
}

/// What stands for a marking in rows, the low bits left free.
fn key(id: &str) -> u64 {
    let mut sha = Sha256::new_with_prefix(b"marking\0");
    sha.update(id);
    let digest: [u8; 32] = sha.finalize().into();
    let first = digest.first_chunk();
    first.map_or(0, |bytes| u64::from_le_bytes(*bytes)) & !KNOWN_MASK
}

/// What is known of a marking, in the low bits.
fn code(says: Marked) -> u64 {
    let at = |tlp| Tlp::ALL.iter().position(|light| *light == tlp);
    let light = says.tlp.and_then(at).map_or(0, |at| at as u64 + 1);
    light | u64::from(says.unread) << (KNOWN_BITS - 1)
}
