//! A frame of the cell's journal: events, and changes to objects, that happen
//! together or not at all.
//!
//! The table is ours alone and says all that the index keeps, so that a start
//! reads tables and no object. Numbers are little-endian; a text is its length
//! in two bytes and its bytes; small tables (labels, kinds, members) come first
//! and rows point into them. The data are the objects' bytes in the rows'
//! order, a `,` between each two: neighbours on a page are one read.

use super::CellError;
use portcullis_core::{
    cell::{CollectionId, Label, Marked, Tlp},
    member::MemberId,
};
use portcullis_store::journal::Place;
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

/// The kind of a journal's frame that holds what this module writes.
pub(crate) const COMMIT: u8 = 1;

/// The version of the table's form.
const FORM: u8 = 1;

/// The most recipients of a label that are read.
const RECIPIENTS_MAX: usize = 1_024;

/// What a row does to its key: collection, id, version, version of STIX.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Op {
    /// An object with its bytes.
    Put = 1,
    /// It is no longer there; everybody is told.
    Remove = 2,
    /// Our copy goes as if it had never been here; nobody is told.
    Forget = 3,
    /// The bytes stay, what is said of them changes: label, stamp, `added`.
    Touch = 4,
    /// An object that was put, and whose bytes were erased later.
    Erased = 5,
}

impl Op {
    /// Whether an object's bytes stand, or stood, in the frame's data.
    pub(crate) const fn is_put(self) -> bool {
        matches!(self, Self::Put | Self::Erased)
    }
}

/// The object is written in STIX 2.0.
pub(crate) const V20: u8 = 1;
/// It says `revoked`.
pub(crate) const REVOKED: u8 = 2;
/// Somebody has said something beside it: its label alone does not decide.
pub(crate) const MARKED: u8 = 4;
/// It has no version of its own.
pub(crate) const UNVERSIONED: u8 = 8;
/// What a marking definition says, in the three bits from here: 0 for what is none, one more than
/// the light's place in [`Tlp::ALL`], or one of the two below.
const SAYS_SHIFT: u8 = 4;
/// A statement: words alone.
const SAYS_WORDS: u8 = 6;
/// Something that is not understood here.
const SAYS_UNREAD: u8 = 7;
/// It names markings that have to be looked up.
pub(crate) const NAMES: u8 = 128;

/// The flags of a marking definition that says so.
pub(crate) fn definition_flags(says: Marked) -> u8 {
    // Beside what is not understood only the strictest light makes a difference.
    let light = says.tlp.filter(|tlp| !says.unread || *tlp == Tlp::Red);
    let at = light.and_then(|tlp| Tlp::ALL.iter().position(|light| *light == tlp));
    let says = match at {
        Some(at) => u8::try_from(at + 1).unwrap_or(SAYS_UNREAD),
        None if says.unread => SAYS_UNREAD,
        None => SAYS_WORDS,
    };
    says << SAYS_SHIFT
}

/// What a marking definition of these flags says; nothing where it is none.
pub(crate) fn definition_of(flags: u8) -> Option<Marked> {
    match flags >> SAYS_SHIFT & 7 {
        0 => None,
        SAYS_WORDS => Some(Marked::default()),
        SAYS_UNREAD => Some(Marked::UNREAD),
        light => {
            let tlp = Tlp::ALL.get(usize::from(light) - 1);
            tlp.map(|tlp| Marked::from(*tlp))
        }
    }
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row<'a> {
    pub(crate) op: Op,
    pub(crate) flags: u8,
    pub(crate) id: Cow<'a, str>,
    pub(crate) version_us: i64,
    pub(crate) added_us: i64,
    pub(crate) stamp_us: i64,
    /// Past this it stays here; `i64::MAX` for never.
    pub(crate) expires_us: i64,
    /// Into the batch's members.
    pub(crate) by: u16,
    /// Into the batch's kinds.
    pub(crate) kind: u16,
    /// Into the batch's labels.
    pub(crate) label: u16,
    /// Into the batch's proofs; 0 for the batch's own.
    pub(crate) proof: u32,
    /// Bytes of the object; 0 unless it is put.
    pub(crate) len: u32,
    /// The markings that it names and that have to be looked up, each with what was known of it
    /// when the label was made (`index::definition`).
    pub(crate) markings: Vec<u64>,
    /// What its observables hash to.
    pub(crate) observables: Vec<u64>,
}

/// Changes to one collection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Batch<'a> {
    pub(crate) collection: CollectionId,
    pub(crate) kinds: Vec<Cow<'a, str>>,
    pub(crate) labels: Vec<Label>,
    pub(crate) members: Vec<MemberId>,
    /// Who vouches for the objects: the batch's own proof first, empty for none.
    pub(crate) proofs: Vec<&'a [u8]>,
    pub(crate) rows: Vec<Row<'a>>,
}

/// A frame's table, read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Commit<'a> {
    /// Events as `wire` writes them.
    pub(crate) events: Vec<&'a [u8]>,
    pub(crate) batches: Vec<Batch<'a>>,
}

impl Batch<'_> {
    /// One that changes nothing yet.
    pub(crate) fn new(collection: CollectionId) -> Self {
        Self {
            collection,
            kinds: Vec::new(),
            labels: Vec::new(),
            members: Vec::new(),
            proofs: vec![&[]],
            rows: Vec::new(),
        }
    }
}

/// The small tables of a batch while it is filled.
#[derive(Default)]
pub(crate) struct Interned<'a> {
    kinds: Numbers<Cow<'a, str>>,
    labels: Numbers<Label>,
    members: Numbers<MemberId>,
}

impl<'a> Interned<'a> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers have made it for this"
    )]
    pub(crate) fn kind(
        &mut self,
        batch: &mut Batch<'a>,
        kind: Cow<'a, str>,
    ) -> Result<u16, CellError> {
        self.kinds.of(&mut batch.kinds, &kind)
    }

    pub(crate) fn label(&mut self, batch: &mut Batch<'a>, label: &Label) -> Result<u16, CellError> {
        self.labels.of(&mut batch.labels, label)
    }

    pub(crate) fn member(
        &mut self,
        batch: &mut Batch<'a>,
        member: &MemberId,
    ) -> Result<u16, CellError> {
        self.members.of(&mut batch.members, member)
    }
}

/// The places of a small table's values in it.
struct Numbers<T> {
    all: HashMap<T, u16>,
    /// Which was asked for last: mostly the next is the same.
    last: Option<(T, u16)>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            last: None,
        }
    }
}

impl<T: Clone + Eq + Hash> Numbers<T> {
    /// Where `value` stands in `table`, put there if it is new.
    fn of(&mut self, table: &mut Vec<T>, value: &T) -> Result<u16, CellError> {
        if let Some((last, at)) = &self.last
            && last == value
        {
            return Ok(*at);
        }
        let at = if let Some(at) = self.all.get(value) {
            *at
        } else {
            let at = number(table.len())?;
            table.push(value.clone());
            self.all.insert(value.clone(), at);
            at
        };
        self.last = Some((value.clone(), at));
        Ok(at)
    }
}

fn number(len: usize) -> Result<u16, CellError> {
    u16::try_from(len).map_err(|_| CellError::TooMany("kinds, labels or members in one batch"))
}

/// The table of a frame.
pub(crate) fn encode(events: &[Vec<u8>], batches: &[Batch<'_>]) -> Vec<u8> {
    let rows: usize = batches.iter().map(|batch| batch.rows.len()).sum();
    let mut out = Vec::with_capacity(256 + rows * 128);
    out.push(FORM);
    long(&mut out, events.len());
    for event in events {
        blob(&mut out, event);
    }
    long(&mut out, batches.len());
    for batch in batches {
        out.extend(batch.collection.as_bytes());
        long(&mut out, batch.kinds.len());
        batch.kinds.iter().for_each(|kind| text(&mut out, kind));
        long(&mut out, batch.labels.len());
        batch.labels.iter().for_each(|of| label(&mut out, of));
        long(&mut out, batch.members.len());
        batch
            .members
            .iter()
            .for_each(|member| text(&mut out, member.as_str()));
        long(&mut out, batch.proofs.len());
        batch.proofs.iter().for_each(|proof| blob(&mut out, proof));
        long(&mut out, batch.rows.len());
        batch.rows.iter().for_each(|of| row(&mut out, of));
    }
    out
}

fn row(out: &mut Vec<u8>, row: &Row<'_>) {
    let names = if row.markings.is_empty() { 0 } else { NAMES };
    out.extend([row.op as u8, row.flags & !NAMES | names]);
    text(out, &row.id);
    for number in [row.version_us, row.added_us, row.stamp_us, row.expires_us] {
        out.extend(number.to_le_bytes());
    }
    for number in [row.by, row.kind, row.label] {
        out.extend(number.to_le_bytes());
    }
    out.extend(row.proof.to_le_bytes());
    out.extend(row.len.to_le_bytes());
    if names != 0 {
        // Bounded far below where objects are read.
        keys(out, &row.markings);
    }
    keys(out, &row.observables);
}

fn keys(out: &mut Vec<u8>, keys: &[u64]) {
    let count = u16::try_from(keys.len()).unwrap_or(u16::MAX);
    out.extend(count.to_le_bytes());
    for key in keys.iter().take(usize::from(count)) {
        out.extend(key.to_le_bytes());
    }
}

/// Where a label's bound stands beside whether it is held: 0 for none, else one more than the
/// light's place.
const BOUND_SHIFT: u8 = 1;

fn label(out: &mut Vec<u8>, label: &Label) {
    let place = |tlp| Tlp::ALL.iter().position(|other| *other == tlp);
    let number = |at: usize| u8::try_from(at).unwrap_or_default();
    let at = number(place(label.tlp).unwrap_or_default());
    let bound = label.bound.and_then(place).map_or(0, |at| number(at + 1));
    out.extend([at, u8::from(label.held) | bound << BOUND_SHIFT]);
    text(out, label.publisher.as_str());
    long(out, label.recipients.len());
    label
        .recipients
        .iter()
        .for_each(|member| text(out, member.as_str()));
}

fn long(out: &mut Vec<u8>, len: usize) {
    out.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
}

fn blob(out: &mut Vec<u8>, bytes: &[u8]) {
    long(out, bytes.len());
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Ids, kinds and members are bounded far below this where they come in.
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(text.as_bytes().iter().take(usize::from(u16::MAX)));
}

/// An object that a frame puts, and where in the journal that is said.
#[derive(Clone, Debug)]
pub(crate) struct PutAt<'a> {
    pub(crate) row: Row<'a>,
    /// Its bytes, or what is left of them.
    pub(crate) place: Place,
    /// The byte of its row that says what it does.
    pub(crate) op: Place,
    /// What its observables hash to.
    pub(crate) keys: Place,
}

/// The objects that a frame puts, erased ones too, in their order. None if the table, which stands
/// at `at`, is not one of ours.
pub(crate) fn puts_at(table: &[u8], at: Place, data: Place) -> Option<Vec<PutAt<'_>>> {
    let within = |begin: usize, end: usize| Place {
        offset: at.offset + begin as u64,
        len: u32::try_from(end - begin).unwrap_or(0),
        ..at
    };
    let mut input = Input(table);
    if input.take::<1>()? != [FORM] {
        return None;
    }
    for _ in 0..input.count()? {
        input.blob()?;
    }
    let (mut puts, mut offset) = (Vec::new(), data.offset);
    for _ in 0..input.count()? {
        input.batch_head()?;
        for _ in 0..input.count()? {
            let begin = table.len() - input.0.len();
            let row = input.row()?;
            let end = table.len() - input.0.len();
            if !row.op.is_put() {
                continue;
            }
            let place = Place {
                offset,
                len: row.len,
                ..data
            };
            offset += u64::from(row.len) + 1;
            puts.push(PutAt {
                place,
                op: within(begin, begin + 1),
                keys: within(end - 8 * row.observables.len(), end),
                row,
            });
        }
    }
    Some(puts)
}

/// Reads a frame's table; nothing if it is not one of ours.
pub(crate) fn decode(table: &[u8]) -> Option<Commit<'_>> {
    let mut input = Input(table);
    if input.take::<1>()? != [FORM] {
        return None;
    }
    let events = (0..input.count()?)
        .map(|_| input.blob())
        .collect::<Option<_>>()?;
    let batches = (0..input.count()?)
        .map(|_| input.batch())
        .collect::<Option<_>>()?;
    input.0.is_empty().then_some(Commit { events, batches })
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    /// A count of things of at least one byte each.
    fn count(&mut self) -> Option<usize> {
        let count = self.u32()? as usize;
        (count <= self.0.len()).then_some(count)
    }

    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn blob(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()? as usize;
        self.bytes(len)
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::from(self.u16()?);
        std::str::from_utf8(self.bytes(len)?).ok()
    }

    fn member(&mut self) -> Option<MemberId> {
        self.text()?.parse().ok()
    }

    fn label(&mut self) -> Option<Label> {
        let [tlp, held] = self.take()?;
        let tlp = *Tlp::ALL.get(usize::from(tlp))?;
        let bound = match usize::from(held >> BOUND_SHIFT).checked_sub(1) {
            Some(at) => Some(*Tlp::ALL.get(at)?),
            None => None,
        };
        let publisher = self.member()?;
        let count = self.count()?;
        if count > RECIPIENTS_MAX {
            return None;
        }
        let recipients = (0..count)
            .map(|_| self.member())
            .collect::<Option<BTreeSet<_>>>()?;
        Some(Label {
            tlp,
            bound,
            publisher,
            recipients,
            held: held & 1 == 1,
        })
    }

    /// A batch without its rows.
    fn batch_head(&mut self) -> Option<Batch<'a>> {
        Some(Batch {
            collection: CollectionId::from_bytes(self.take()?),
            kinds: (0..self.count()?)
                .map(|_| self.text().map(Cow::Borrowed))
                .collect::<Option<_>>()?,
            labels: (0..self.count()?)
                .map(|_| self.label())
                .collect::<Option<_>>()?,
            members: (0..self.count()?)
                .map(|_| self.member())
                .collect::<Option<_>>()?,
            proofs: (0..self.count()?)
                .map(|_| self.blob())
                .collect::<Option<_>>()?,
            rows: Vec::new(),
        })
    }

    fn batch(&mut self) -> Option<Batch<'a>> {
        let mut batch = self.batch_head()?;
        batch.rows = (0..self.count()?)
            .map(|_| self.row())
            .collect::<Option<_>>()?;
        Some(batch)
    }

    fn row(&mut self) -> Option<Row<'a>> {
        let [op, flags] = self.take()?;
        let op = match op {
            1 => Op::Put,
            2 => Op::Remove,
            3 => Op::Forget,
            4 => Op::Touch,
            5 => Op::Erased,
            _ => return None,
        };
        Some(Row {
            op,
            flags,
            id: Cow::Borrowed(self.text()?),
            version_us: self.i64()?,
            added_us: self.i64()?,
            stamp_us: self.i64()?,
            expires_us: self.i64()?,
            by: self.u16()?,
            kind: self.u16()?,
            label: self.u16()?,
            proof: self.u32()?,
            len: self.u32()?,
            markings: match flags & NAMES {
                0 => Vec::new(),
                _ => self.keys()?,
            },
            observables: self.keys()?,
        })
    }

    fn keys(&mut self) -> Option<Vec<u64>> {
        (0..self.u16()?)
            .map(|_| self.take().map(u64::from_le_bytes))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example<'a>() -> Batch<'a> {
        let member: MemberId = "bank-a".parse().unwrap();
        let label = Label {
            tlp: Tlp::AmberStrict,
            bound: Some(Tlp::Red),
            publisher: member.clone(),
            recipients: BTreeSet::from(["csirt.b".parse().unwrap()]),
            held: true,
        };
        let mut batch = Batch::new(CollectionId::from_bytes([7; 16]));
        batch.kinds = vec!["indicator".into(), "x-ü".into()];
        batch.labels = vec![label];
        batch.members = vec![member];
        batch.proofs = vec![b"own", b"", b"\0\xff"];
        let row = Row {
            op: Op::Put,
            flags: V20 | MARKED | NAMES,
            id: "indicator--1".into(),
            version_us: i64::MIN,
            added_us: 5,
            stamp_us: -5,
            expires_us: i64::MAX,
            by: 0,
            kind: 1,
            label: 0,
            proof: 2,
            len: 17,
            markings: vec![7],
            observables: vec![1, u64::MAX],
        };
        let removed = Row {
            op: Op::Remove,
            flags: V20,
            len: 0,
            markings: vec![],
            observables: vec![],
            ..row.clone()
        };
        batch.rows = vec![row, removed];
        batch
    }

    #[test]
    fn a_table_says_what_was_written() {
        let events = vec![b"{}".to_vec(), vec![]];
        let bytes = encode(&events, &[example(), example()]);
        let read = decode(&bytes).unwrap();
        assert_eq!(read.batches, [example(), example()]);
        assert_eq!(read.events, events);
        for len in 0..bytes.len() {
            assert_eq!(decode(&bytes[..len]), None, "cut at {len}");
        }
    }

    #[test]
    fn what_a_definition_says_is_read_as_it_was_written() {
        let lights = Tlp::ALL.into_iter().map(Marked::from);
        for says in lights.chain([Marked::default(), Marked::UNREAD]) {
            assert_eq!(definition_of(definition_flags(says)), Some(says));
        }
        assert_eq!(definition_of(V20 | MARKED | NAMES), None);
        let and_more = |tlp: Tlp| definition_of(definition_flags(Marked::UNREAD.and(tlp.into())));
        assert_eq!(and_more(Tlp::Green), Some(Marked::UNREAD));
        assert_eq!(and_more(Tlp::Red), Some(Tlp::Red.into()));
    }

    proptest! {
        #[test]
        fn no_table_makes_the_reader_panic_or_ask_for_much(bytes: Vec<u8>, at in 0..400_usize, byte: u8) {
            let _ = decode(&bytes);
            let mut near = encode(&[], &[example()]);
            if let Some(place) = near.get_mut(at) {
                *place = byte;
            }
            let _ = decode(&near);
        }
    }
}
