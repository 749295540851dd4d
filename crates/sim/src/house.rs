//! The laws of the house, checked over what every node holds.
//!
//! [`LAWS`] is the list. Each law looks at what is new since the last op (its
//! own reading, not the nodes' opinion), and answers with a sentence when it
//! finds itself broken.

pub mod forks;
mod laws;

use crate::{cast::Place, world::World};
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    member::MemberId,
    statement::{Event, Header},
};
use portcullis_verdict::statement;
use std::collections::BTreeMap;

pub use laws::LAWS;

/// One statement as a node holds it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// How it starts.
    pub header: Header,
    /// What it says.
    pub event: Event,
    /// The key that its signature names.
    pub key: Digest,
    /// Whether the node that holds it made it.
    pub ours: bool,
}

/// A case as a node holds it.
#[derive(Clone, Debug, Default)]
struct Chapter {
    version: u64,
    read: usize,
    facts: Vec<Fact>,
}

/// A log's or a witness's size, the last time anyone looked.
type Sizes = BTreeMap<(Place, String), u64>;

/// What was read of every node so far.
#[derive(Debug, Default)]
pub struct House {
    books: BTreeMap<Place, BTreeMap<CaseId, Chapter>>,
    changes: BTreeMap<Place, u64>,
    numbers: BTreeMap<(MemberId, CaseId, u32), Digest>,
    own_sizes: Sizes,
    witnessed_sizes: Sizes,
}

/// A statement that is new at a node: where, in which case, and at which place in it.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// At which node.
    pub at: Place,
    /// In which case.
    pub case: CaseId,
    /// Its place among the node's statements of the case.
    pub index: usize,
}

/// What a law looks at.
pub struct Glance<'a> {
    /// The federation.
    pub world: &'a World,
    /// What was read of it.
    pub house: &'a House,
    /// What is new.
    pub fresh: &'a [Fresh],
}

impl Glance<'_> {
    /// A new statement and what the node held before it.
    fn each(&self) -> impl Iterator<Item = (&Fresh, &Fact, &[Fact])> {
        self.fresh.iter().filter_map(|fresh| {
            let facts = self.house.facts(fresh.at, &fresh.case);
            let fact = facts.get(fresh.index)?;
            Some((fresh, fact, facts.get(..fresh.index)?))
        })
    }
}

/// A law that was broken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    /// Its name.
    pub law: &'static str,
    /// How.
    pub why: String,
}

impl House {
    /// A node's statements of a case, in the order of their arrival.
    pub fn facts(&self, at: Place, case: &CaseId) -> &[Fact] {
        let chapter = self.books.get(&at).and_then(|book| book.get(case));
        chapter.map_or(&[], |chapter| &chapter.facts)
    }

    /// The cases that a node holds.
    pub fn cases(&self, at: Place) -> impl Iterator<Item = &CaseId> {
        self.books.get(&at).into_iter().flat_map(BTreeMap::keys)
    }

    /// A node was put back to an old backup: what it holds is read anew, and none of it is new.
    pub fn forget(&mut self, world: &World, place: Place) {
        self.books.remove(&place);
        self.changes.remove(&place);
        self.own_sizes.retain(|(at, _), _| *at != place);
        self.witnessed_sizes.retain(|(at, _), _| *at != place);
        self.read(world);
    }

    /// Reads what changed, and checks every law.
    ///
    /// # Errors
    ///
    /// The first law that is broken.
    pub fn check(&mut self, world: &World) -> Result<(), Broken> {
        let fresh = self.read(world);
        for (law, check) in LAWS {
            let glance = Glance {
                world,
                house: self,
                fresh: &fresh,
            };
            check(&glance).map_err(|why| Broken { law, why })?;
        }
        self.note(world, &fresh);
        Ok(())
    }

    fn read(&mut self, world: &World) -> Vec<Fresh> {
        let mut fresh = Vec::new();
        for seat in &world.seats {
            let Ok(changes) = seat.node.store().changes() else {
                continue;
            };
            if self.changes.insert(seat.place, changes) == Some(changes) {
                continue;
            }
            let book = self.books.entry(seat.place).or_default();
            for (case, version) in seat.cases() {
                let chapter = book.entry(case).or_default();
                if chapter.version == version {
                    continue;
                }
                let Ok(Some(record)) = seat.node.store().case(&case) else {
                    continue;
                };
                for statement in record.statements.iter().skip(chapter.read) {
                    if let Some(fact) = fact(statement) {
                        fresh.push(Fresh {
                            at: seat.place,
                            case,
                            index: chapter.facts.len(),
                        });
                        chapter.facts.push(fact);
                    }
                }
                chapter.version = version;
                chapter.read = record.statements.len();
            }
        }
        fresh
    }

    /// What the next check compares with.
    fn note(&mut self, world: &World, fresh: &[Fresh]) {
        for new in fresh {
            let facts = self.facts(new.at, &new.case);
            if let Some(fact) = facts.get(new.index) {
                let key = (fact.header.author.clone(), new.case, fact.header.number);
                let digest = fact.digest;
                self.numbers.entry(key).or_insert(digest);
            }
        }
        for seat in &world.seats {
            for log in seat.node.logs().unwrap_or_default() {
                self.own_sizes.insert((seat.place, log.origin), log.size);
            }
        }
        for (key, size) in laws::witnessed(world) {
            self.witnessed_sizes.insert(key, size);
        }
    }
}

fn fact(record: &portcullis_store::StatementRecord) -> Option<Fact> {
    let parsed = statement::parse(&record.envelope).ok()?;
    let signature = parsed.envelope.signatures().first()?;
    Some(Fact {
        digest: parsed.digest,
        key: Digest(*signature.key_id.as_bytes()),
        header: parsed.header,
        event: parsed.event,
        ours: record.ours,
    })
}
