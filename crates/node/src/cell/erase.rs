//! Erasing: the bytes of what was taken back do not stay on the disk for ever.
//!
//! What was removed, recalled, withheld or forgotten stays in the index as an entry, and its bytes in
//! the journal, until it has been so for longer than a term. Then only a remnant of them is left: a
//! digest, which is what evidence and provenance bind. The entry, its number, label and dates
//! stay, so the index is the same before and after, at every process. Of what its values hash to
//! in the row that put it, zeros are left.
//!
//! What TAXII still serves — older versions, revoked ones — is not touched: it was not taken back.

mod remnant;

pub(crate) use remnant::Remnant;

use super::{
    Cell, CellError,
    batch::{Op, PutAt},
    index::Shelf,
    provenance::digest_of,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    cell::{CollectionId, State},
    digest::Digest,
};
use portcullis_store::journal::{Erased, Frame, Place, Position, Wipe};
use remnant::{REMNANT_BYTES, lay_out, left_of, puts_of, room_of};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::PoisonError,
};

/// After so many bytes of segments written anew a call ends, and says that there is more.
const BYTES_PER_CALL: u64 = 512 * 1024 * 1024;

/// What erasing does, or would do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Erasure {
    /// Objects' versions whose bytes are gone.
    pub objects: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Segments of the journal that were written anew.
    pub segments: usize,
    /// Bytes that the disk has given back: whole blocks in which nothing else stands.
    pub freed: u64,
    /// Whether there is more to erase than one call does.
    pub more: bool,
}

/// An entry's object, as it is in the journal.
pub(crate) enum Kept {
    /// Its bytes; none for a removal.
    Whole(Vec<u8>),
    /// They are erased.
    Erased {
        /// The object's id.
        id: String,
        /// What is left.
        left: Remnant,
    },
}

/// Something to erase.
#[derive(Clone, Copy, Debug)]
struct Dead {
    collection: CollectionId,
    number: u32,
    place: Place,
}

/// What is to be erased in one segment: by frames, in their order.
type InSegment = BTreeMap<Position, Vec<Dead>>;

impl Cell {
    /// Erases the bytes of what was taken back at least `term` ago; a segment at a time, `told`
    /// after each. What was erased already costs nothing.
    ///
    /// `CRASH:` what is not known on the disk to be taken back is not erased, and a segment is the
    /// old one or the new one; the next call goes on.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`]: what was told of is done.
    pub fn erase(
        &self,
        term: SignedDuration,
        told: &mut dyn FnMut(&Erasure),
    ) -> Result<Erasure, CellError> {
        let mut done = Erasure::default();
        let mut written = 0;
        self.check_ready()?;
        // What takes something back must be on the disk before that goes.
        let turn = self.turn()?;
        let at = turn.at;
        self.settle_seen(turn)?;
        for (segment, dead) in self.to_erase(at, term) {
            if BYTES_PER_CALL <= written {
                done.more = true;
                break;
            }
            let (erased, objects, bytes) = self.erase_in(segment, &dead)?;
            self.note_erased(dead.values().flatten());
            written += erased.taken.0;
            done.objects += objects;
            done.bytes += bytes;
            done.segments += usize::from(erased.places > 0);
            done.freed += erased.taken.0.saturating_sub(erased.taken.1);
            told(&done);
        }
        Ok(done)
    }

    /// What [`Self::erase`] would do now; what the disk would give back is not known before.
    ///
    /// # Errors
    ///
    /// As [`Self::erase`].
    pub fn erasable(&self, term: SignedDuration) -> Result<Erasure, CellError> {
        let mut would = Erasure::default();
        self.check_ready()?;
        for dead in self.to_erase(self.env.now(), term).values() {
            let places: BTreeSet<Place> = dead.values().flatten().map(|one| one.place).collect();
            would.objects += places.len();
            would.bytes += places.iter().map(|place| u64::from(place.len)).sum::<u64>();
            would.segments += 1;
        }
        Ok(would)
    }

    /// SHA-256 of an entry's object, be it there or erased; none for a removal.
    ///
    /// # Errors
    ///
    /// [`CellError::NotFound`], [`CellError::Journal`].
    pub(crate) fn entry_digest(
        &self,
        collection: &CollectionId,
        number: u64,
    ) -> Result<Option<Digest>, CellError> {
        Ok(match self.kept(collection, number)? {
            Kept::Whole(bytes) => (!bytes.is_empty()).then(|| digest_of(&bytes)),
            Kept::Erased { left, .. } => Some(left.sha256),
        })
    }

    /// By segment, what was taken back at least `term` before `at` and is not erased.
    fn to_erase(&self, at: Timestamp, term: SignedDuration) -> BTreeMap<u32, InSegment> {
        let before = at.saturating_sub(term).unwrap_or(Timestamp::MIN);
        // A clock that runs back puts nothing off.
        let before_us = if term.is_positive() {
            before.as_microsecond()
        } else {
            i64::MAX
        };
        let mut segments = BTreeMap::<u32, InSegment>::new();
        for (at, dead) in self.dead_before(before_us.min(self.durable_us())) {
            segments.entry(at.segment).or_default().insert(at, dead);
        }
        segments
    }

    /// The entries with bytes, not known to be erased, that were taken back before an instant, by
    /// their frames.
    fn dead_before(&self, before_us: i64) -> InSegment {
        let index = self.index();
        let mut dead = InSegment::new();
        for (collection, shelf) in index.shelves() {
            let since = gone_since(shelf);
            for ((number, entry), since) in (0_u32..).zip(shelf.from(0)).zip(since) {
                let due = since.is_some_and(|since| since <= before_us);
                // Where less stands there is a type and an id, and nothing else.
                let long = REMNANT_BYTES <= entry.len as usize;
                let frame = index
                    .frame(entry)
                    .filter(|_| due && long && !entry.is_erased());
                if let Some(frame) = frame {
                    dead.entry(frame).or_default().push(Dead {
                        collection: *collection,
                        number,
                        place: entry.place(),
                    });
                }
            }
        }
        dead
    }

    /// From now on these are known to be erased.
    fn note_erased<'d>(&self, dead: impl Iterator<Item = &'d Dead>) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for one in dead {
            index.note_erased(&one.collection, one.number);
        }
    }

    /// Takes in what other processes have erased since.
    pub(crate) fn take_in_erased(&self) -> Result<(), CellError> {
        let mut erased = BTreeSet::new();
        for segment in self.journal.reopen()? {
            let from = Position { segment, offset: 0 };
            self.journal.scan(from, &mut |frame| {
                if segment < frame.at.segment {
                    return ControlFlow::Break(());
                }
                let puts = puts_of(frame).unwrap_or_default();
                let done = puts.iter().filter(|put| put.row.op == Op::Erased);
                erased.extend(done.map(|put| put.place));
                ControlFlow::Continue(())
            })?;
        }
        if erased.is_empty() {
            return Ok(());
        }
        let dead = self.dead_before(i64::MAX).into_values().flatten();
        let dead: Vec<Dead> = dead.filter(|one| erased.contains(&one.place)).collect();
        self.note_erased(dead.iter());
        Ok(())
    }

    /// Erases in one segment; answers how many objects, and their bytes.
    fn erase_in(&self, segment: u32, dead: &InSegment) -> Result<(Erased, usize, u64), CellError> {
        // Whoever else erases is done: what it has left is taken along.
        let eraser = self.journal.erasing()?;
        let state = self.state();
        let (mut wipes, mut objects, mut bytes) = (Vec::new(), 0, 0);
        for (at, dead) in dead {
            let places: BTreeSet<Place> = dead.iter().map(|one| one.place).collect();
            let mut planned = Err(CellError::Broken(*at));
            self.journal.scan(*at, &mut |frame| {
                planned = plan(frame, &places, &state);
                ControlFlow::Break(())
            })?;
            let mut planned = planned?;
            wipes.append(&mut planned.wipes);
            objects += planned.objects;
            bytes += planned.bytes;
        }
        let erased = eraser.erase(segment, &wipes)?;
        Ok((erased, objects, bytes))
    }
}

/// What is to be written to a frame.
#[derive(Default)]
struct Plan {
    /// In the order of places.
    wipes: Vec<Wipe>,
    objects: usize,
    bytes: u64,
}

/// How objects of a frame are erased that stand in these places.
fn plan(frame: &Frame<'_>, places: &BTreeSet<Place>, state: &State) -> Result<Plan, CellError> {
    let broken = || CellError::Broken(frame.at);
    let puts = puts_of(frame).ok_or_else(broken)?;
    let before = |put: &PutAt<'_>| put.row.op == Op::Erased;
    let mut left = left_of(frame, &puts, before)?.ok_or_else(broken)?;
    let mut planned = Plan::default();
    let mut bytes = Vec::new();
    for (put, left) in puts.iter().zip(&mut left) {
        if left.is_some() || !places.contains(&put.place) {
            continue;
        }
        frame.read(put.place, &mut bytes)?;
        let author = super::recall::author_of(&bytes);
        *left = Some(Remnant {
            sha256: digest_of(&bytes),
            author: author.filter(|author| state.pseudonyms().contains_key(&**author)),
        });
        planned.objects += 1;
        planned.bytes += u64::from(put.place.len);
        planned.wipes.push(Wipe {
            place: put.op,
            left: vec![Op::Erased as u8],
        });
        if put.keys.len > 0 {
            // An address that hashes to it would be found by trying all.
            planned.wipes.push(Wipe {
                place: put.keys,
                left: Vec::new(),
            });
        }
    }
    let rooms = puts.iter().zip(&left).filter(|(_, left)| left.is_some());
    let rooms = rooms.map(|(put, _)| room_of(frame, put.place));
    let laid = lay_out(left.iter().flatten(), rooms).into_iter();
    planned
        .wipes
        .extend(laid.map(|(place, left)| Wipe { place, left }));
    planned.wipes.sort_by_key(|wipe| wipe.place.offset);
    Ok(planned)
}

/// What is left of each object that a frame puts, in their order; none for those that are there.
pub(crate) fn remnants(frame: &Frame<'_>) -> Option<Vec<Option<Remnant>>> {
    let puts = puts_of(frame)?;
    left_of(frame, &puts, |put| put.row.op == Op::Erased).ok()?
}

/// The object of a frame that stands, or stood, in a place.
pub(crate) fn kept_in(frame: &Frame<'_>, place: Place) -> Result<Kept, CellError> {
    let broken = || CellError::Broken(frame.at);
    let puts = puts_of(frame).ok_or_else(broken)?;
    let erased = |put: &PutAt<'_>| put.row.op == Op::Erased;
    let at = puts.iter().position(|put| put.place == place);
    let put = at.and_then(|at| puts.get(at)).ok_or_else(broken)?;
    if !erased(put) {
        let mut bytes = Vec::new();
        frame.read(place, &mut bytes)?;
        return Ok(Kept::Whole(bytes));
    }
    let left = left_of(frame, &puts, erased)?.ok_or_else(broken)?;
    let left = at.and_then(|at| left.into_iter().nth(at)).flatten();
    Ok(Kept::Erased {
        id: put.row.id.clone().into_owned(),
        left: left.ok_or_else(broken)?,
    })
}

/// For each entry of a shelf, since when its bytes are taken back; none where they are not.
///
/// What was said anew shares its bytes with what it replaced, and what was replaced in the same version
/// goes with what replaced it.
fn gone_since(shelf: &Shelf) -> Vec<Option<i64>> {
    let mut since = vec![None; shelf.len()];
    for number in (0..since.len()).rev() {
        let Some(entry) = u32::try_from(number).ok().and_then(|at| shelf.get(at)) else {
            continue;
        };
        if entry.is_live() || entry.is_removal() {
            continue;
        }
        let gone = match shelf.get(entry.newer) {
            Some(by) if by.is_removal() => Some(by.added_us),
            Some(_) => since.get(entry.newer as usize).copied().flatten(),
            None => {
                let at = u32::try_from(number).ok();
                at.map(|at| shelf.forgotten_us(at).unwrap_or(entry.added_us))
            }
        };
        if let Some(slot) = since.get_mut(number) {
            *slot = gone;
        }
    }
    since
}
