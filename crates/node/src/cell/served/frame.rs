//! Frames of the ledger as bytes.
//!
//! | kind | table | data |
//! |---|---|---|
//! | 1, records | version, root (32), records (u32), first and last instant (i64 µs), collections | secret (32), callers, records |
//! | 2, contents | version, root (32), records (u32), of each collection its entries as runs | secret (32), records |
//! | 3, root | number (u64) | the signed root |
//! | 4, inclusion | number of the root (u64) | the root's inclusion in the log |
//! | 5, gap | version, count, of each frame of records that stood here its root (32) and records (u32); no such where nothing else stands under their root | zeros |
//! | 6, dropped | version, until when (i64 µs), how many records | of each member and collection the entries that it was served, as runs |
//!
//! Fixed numbers are little-endian; the others are LEB128. A caller is written once a frame, and a
//! record names it by its place: a serving of one object takes eight bytes or so.

use jiff::Timestamp;
use portcullis_core::{cell::CollectionId, digest::Digest, member::MemberId};
use portcullis_tlog::{hash::Hash, tree::root_of};
use portcullis_verdict::cell::{Content, FrameSecret, How, RUNS_MAX, Record, Run, Served};
use std::collections::BTreeMap;

/// Records of servings.
pub(super) const RECORDS: u8 = 1;
/// Records of contents.
pub(super) const CONTENTS: u8 = 2;
/// A signed root.
pub(super) const ROOT: u8 = 3;
/// A root's place in the log.
pub(super) const INCLUSION: u8 = 4;

/// What stands where frames of records stood that were dropped.
pub(super) const GAP: u8 = 5;
/// What is kept of records that were dropped.
pub(super) const DROPPED: u8 = 6;

/// The version of these forms.
const VERSION: u8 = 1;
/// The most records of one frame.
pub(super) const FRAME_RECORDS_MAX: usize = 65_536;

/// How many runs of a member stand together in a frame of what is kept of dropped records.
const DROPPED_RUNS_MAX: usize = 1 << 20;
/// At so many bytes such a frame is full.
const DROPPED_BYTES_DUE: usize = 16 * 1024 * 1024;

/// A serving as it waits: who and where by their places in the frame's lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) at_us: i64,
    pub(super) who: u32,
    pub(super) collection: u32,
    pub(super) how: How,
    pub(super) times: u32,
    pub(super) runs: (u32, u32),
}

/// To whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Who {
    pub(super) member: MemberId,
    pub(super) account: Option<String>,
    pub(super) client: bool,
}

/// A frame to append.
pub(super) struct Encoded {
    pub(super) kind: u8,
    pub(super) table: Vec<u8>,
    pub(super) data: Vec<u8>,
}

/// What a table of records or contents says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Table {
    pub(super) root: Hash,
    pub(super) records: u32,
    pub(super) first_us: i64,
    pub(super) last_us: i64,
    /// Of each collection its entries, for contents; no runs for servings.
    pub(super) collections: Vec<(CollectionId, Vec<Run>)>,
}

/// A frame's data, read.
pub(super) struct Decoded {
    pub(super) secret: FrameSecret,
    pub(super) records: Vec<Record>,
}

impl Decoded {
    /// The leaves of the frame's tree.
    pub(super) fn leaves(&self) -> Vec<Hash> {
        (0..)
            .zip(&self.records)
            .map(|(place, record)| record.leaf(&self.salt(place)))
            .collect()
    }

    /// The salt of the record at a place.
    pub(super) fn salt(&self, place: u32) -> Digest {
        self.secret.salt(place)
    }
}

/// Servings as a frame.
pub(super) fn records(
    secret: &FrameSecret,
    notes: &[Note],
    runs: &[Run],
    whos: &[Who],
    collections: &[CollectionId],
) -> Encoded {
    let base = notes.first().map_or(0, |note| note.at_us);
    let mut data = Vec::with_capacity(64 + notes.len() * 12);
    data.extend_from_slice(secret.as_bytes());
    put_number(&mut data, whos.len() as u64);
    for who in whos {
        put_text(&mut data, who.member.as_str());
        put_text(&mut data, who.account.as_deref().unwrap_or_default());
        data.push(u8::from(who.client));
    }
    data.extend_from_slice(&base.to_le_bytes());
    put_number(&mut data, collections.len() as u64);
    for collection in collections {
        data.extend_from_slice(collection.as_bytes());
    }
    let mut leaves = Vec::with_capacity(notes.len());
    let (mut first_us, mut last_us) = (base, base);
    for (place, note) in (0..).zip(notes) {
        let of = runs_of(note, runs);
        data.push(note.how.number());
        put_number(&mut data, u64::from(note.who));
        put_number(&mut data, u64::from(note.collection));
        put_number(&mut data, zigzag(note.at_us.wrapping_sub(base)));
        put_number(&mut data, u64::from(note.times));
        put_number(&mut data, of.len() as u64);
        let mut before = 0u64;
        for run in of {
            put_number(
                &mut data,
                zigzag(run.first.wrapping_sub(before).cast_signed()),
            );
            put_number(&mut data, run.last.wrapping_sub(run.first));
            before = run.last;
        }
        (first_us, last_us) = (first_us.min(note.at_us), last_us.max(note.at_us));
        if let Some(served) = expand(note, of, whos, collections) {
            leaves.push(Record::Served(served).leaf(&secret.salt(place)));
        }
    }
    let table = Table {
        root: root_of(&leaves),
        records: u32::try_from(notes.len()).unwrap_or(u32::MAX),
        first_us,
        last_us,
        collections: collections.iter().map(|id| (*id, Vec::new())).collect(),
    };
    Encoded {
        kind: RECORDS,
        table: table.encode(),
        data,
    }
}

/// Contents as a frame; in the order of collections and numbers.
pub(super) fn contents(secret: &FrameSecret, contents: &[Content], at_us: i64) -> Encoded {
    let mut data = Vec::with_capacity(32 + contents.len() * 56);
    data.extend_from_slice(secret.as_bytes());
    let mut leaves = Vec::with_capacity(contents.len());
    let mut known: BTreeMap<CollectionId, Vec<Run>> = BTreeMap::new();
    for (place, content) in (0..).zip(contents) {
        data.extend_from_slice(content.collection.as_bytes());
        put_number(&mut data, content.number);
        data.extend_from_slice(&content.sha256.0);
        leaves.push(Record::Content(*content).leaf(&secret.salt(place)));
        join(known.entry(content.collection).or_default(), content.number);
    }
    let table = Table {
        root: root_of(&leaves),
        records: u32::try_from(contents.len()).unwrap_or(u32::MAX),
        first_us: at_us,
        last_us: at_us,
        collections: known.into_iter().collect(),
    };
    Encoded {
        kind: CONTENTS,
        table: table.encode(),
        data,
    }
}

/// Adds a number behind runs that grow.
fn join(runs: &mut Vec<Run>, number: u64) {
    match runs.last_mut() {
        Some(last) if last.last.checked_add(1) == Some(number) => last.last = number,
        _ => runs.push(Run::one(number)),
    }
}

pub(super) fn runs_of<'a>(note: &Note, runs: &'a [Run]) -> &'a [Run] {
    let (start, count) = (note.runs.0 as usize, note.runs.1 as usize);
    runs.get(start..start.saturating_add(count))
        .unwrap_or_default()
}

fn expand(note: &Note, runs: &[Run], whos: &[Who], collections: &[CollectionId]) -> Option<Served> {
    let who = whos.get(note.who as usize)?;
    Some(Served {
        at: Timestamp::from_microsecond(note.at_us).ok()?,
        member: who.member.clone(),
        account: who.account.clone(),
        client: who.client,
        collection: *collections.get(note.collection as usize)?,
        how: note.how,
        times: note.times,
        runs: runs.to_vec(),
    })
}

impl Table {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.root.0);
        bytes.extend_from_slice(&self.records.to_le_bytes());
        bytes.extend_from_slice(&self.first_us.to_le_bytes());
        bytes.extend_from_slice(&self.last_us.to_le_bytes());
        put_number(&mut bytes, self.collections.len() as u64);
        for (id, runs) in &self.collections {
            bytes.extend_from_slice(id.as_bytes());
            put_runs(&mut bytes, runs);
        }
        bytes
    }

    /// Reads a table; `None` if it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = Reader(bytes);
        if read.byte()? != VERSION {
            return None;
        }
        let root = Hash(read.array()?);
        let records = u32::from_le_bytes(read.array()?);
        let first_us = i64::from_le_bytes(read.array()?);
        let last_us = i64::from_le_bytes(read.array()?);
        let count = read.number()?;
        let mut collections = Vec::new();
        for _ in 0..count {
            let id = CollectionId::from_bytes(read.array()?);
            let mut runs = Vec::new();
            read.runs(&mut runs)?;
            collections.push((id, runs));
        }
        Some(Self {
            root,
            records,
            first_us,
            last_us,
            collections,
        })
    }
}

/// The table of a gap: the roots of frames, and how many records they had.
pub(super) fn gap(frames: &[(Hash, u32)]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    put_number(&mut bytes, frames.len() as u64);
    for (root, records) in frames {
        bytes.extend_from_slice(&root.0);
        bytes.extend_from_slice(&records.to_le_bytes());
    }
    bytes
}

/// Reads the table of a gap; `None` if it is none.
pub(super) fn read_gap(bytes: &[u8]) -> Option<Vec<(Hash, u32)>> {
    let mut read = Reader(bytes);
    if read.byte()? != VERSION {
        return None;
    }
    let mut frames = Vec::new();
    for _ in 0..read.number()? {
        frames.push((Hash(read.array()?), u32::from_le_bytes(read.array()?)));
    }
    Some(frames)
}

/// Which entries of which collections members were served.
pub(super) type Had = BTreeMap<(String, CollectionId), Vec<Run>>;

/// What is kept of dropped records, in frames that are read at once.
pub(super) fn dropped(until_us: i64, records: u64, had: &Had) -> Vec<Encoded> {
    let mut table = vec![VERSION];
    table.extend_from_slice(&until_us.to_le_bytes());
    put_number(&mut table, records);
    let (mut frames, mut data) = (Vec::new(), Vec::new());
    let parts = had
        .iter()
        .flat_map(|(to, runs)| runs.chunks(DROPPED_RUNS_MAX).map(move |runs| (to, runs)));
    for ((member, collection), runs) in parts {
        put_text(&mut data, member);
        data.extend_from_slice(collection.as_bytes());
        put_runs(&mut data, runs);
        if DROPPED_BYTES_DUE <= data.len() {
            frames.push(std::mem::take(&mut data));
        }
    }
    // The last also says until when, if nobody was served anything new.
    frames.push(data);
    let encoded = frames.into_iter().map(|data| Encoded {
        kind: DROPPED,
        table: table.clone(),
        data,
    });
    encoded.collect()
}

/// Until when records are dropped by a frame, and how many; `None` if it says it not.
pub(super) fn read_dropped_table(table: &[u8]) -> Option<(i64, u64)> {
    let mut read = Reader(table);
    if read.byte()? != VERSION {
        return None;
    }
    Some((i64::from_le_bytes(read.array()?), read.number()?))
}

/// Shows what is kept of dropped records to `f`; `None` if the data are no such frame.
pub(super) fn read_dropped(
    data: &[u8],
    f: &mut dyn FnMut(&str, &CollectionId, &[Run]),
) -> Option<()> {
    let (mut read, mut runs) = (Reader(data), Vec::new());
    while !read.0.is_empty() {
        let member = read.text()?;
        let collection = CollectionId::from_bytes(read.array()?);
        runs.clear();
        read.runs(&mut runs)?;
        f(member, &collection, &runs);
    }
    Some(())
}

/// Reads the data of a frame of records or contents; `None` if they are none.
pub(super) fn decode(kind: u8, data: &[u8]) -> Option<Decoded> {
    let mut found = Vec::new();
    let secret = visit(kind, data, &mut |record| found.push(record.to_record()))?;
    let records = found.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Decoded { secret, records })
}

/// A record as it stands in its frame: nothing is copied that nobody asks for.
pub(super) enum Raw<'a> {
    Served {
        who: &'a (&'a str, &'a str, bool),
        collection: CollectionId,
        at_us: i64,
        how: How,
        times: u32,
        runs: &'a [Run],
    },
    Content(Content),
}

impl Raw<'_> {
    pub(super) fn to_record(&self) -> Option<Record> {
        match self {
            Self::Served {
                who: (member, account, client),
                collection,
                at_us,
                how,
                times,
                runs,
            } => Some(Record::Served(Served {
                at: Timestamp::from_microsecond(*at_us).ok()?,
                member: member.parse().ok()?,
                account: (!account.is_empty()).then(|| (*account).to_owned()),
                client: *client,
                collection: *collection,
                how: *how,
                times: *times,
                runs: runs.to_vec(),
            })),
            Self::Content(content) => Some(Record::Content(*content)),
        }
    }
}

/// Shows every record of a frame's data to `f`, and answers the frame's secret; `None` if the data
/// are no such frame.
pub(super) fn visit(kind: u8, data: &[u8], f: &mut dyn FnMut(&Raw<'_>)) -> Option<FrameSecret> {
    let mut read = Reader(data);
    let secret = FrameSecret::new(read.array()?);
    match kind {
        RECORDS => {
            let mut whos = Vec::new();
            for _ in 0..read.number()? {
                whos.push((read.text()?, read.text()?, read.byte()? != 0));
            }
            let base = i64::from_le_bytes(read.array()?);
            let mut collections = Vec::new();
            for _ in 0..read.number()? {
                collections.push(CollectionId::from_bytes(read.array()?));
            }
            let mut runs = Vec::new();
            while !read.0.is_empty() {
                let how = How::from_number(read.byte()?)?;
                let who = whos.get(usize::try_from(read.number()?).ok()?)?;
                let collection = *collections.get(usize::try_from(read.number()?).ok()?)?;
                let at_us = base.wrapping_add(unzigzag(read.number()?));
                let times = u32::try_from(read.number()?).ok()?;
                let count = usize::try_from(read.number()?).ok()?;
                if RUNS_MAX < count {
                    return None;
                }
                runs.clear();
                let mut before = 0u64;
                for _ in 0..count {
                    let first = before.wrapping_add_signed(unzigzag(read.number()?));
                    let last = first.wrapping_add(read.number()?);
                    runs.push(Run { first, last });
                    before = last;
                }
                f(&Raw::Served {
                    who,
                    collection,
                    at_us,
                    how,
                    times,
                    runs: &runs,
                });
            }
        }
        CONTENTS => {
            while !read.0.is_empty() {
                let collection = CollectionId::from_bytes(read.array()?);
                let number = read.number()?;
                let sha256 = Digest(read.array()?);
                f(&Raw::Content(Content {
                    collection,
                    number,
                    sha256,
                }));
            }
        }
        _ => return None,
    }
    Some(secret)
}

/// Puts in runs that grow: how many, then of each how far it is from the last, and how long.
fn put_runs(into: &mut Vec<u8>, runs: &[Run]) {
    put_number(into, runs.len() as u64);
    let mut before = 0;
    for run in runs {
        put_number(into, run.first.wrapping_sub(before));
        put_number(into, run.last.wrapping_sub(run.first));
        before = run.last;
    }
}

fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    into.push(u8::try_from(number).unwrap_or(0));
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    put_number(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

const fn zigzag(number: i64) -> u64 {
    (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// Bytes that are read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    /// Adds runs that [`put_runs`] put in.
    fn runs(&mut self, into: &mut Vec<Run>) -> Option<()> {
        let mut before = 0u64;
        for _ in 0..self.number()? {
            let first = before.wrapping_add(self.number()?);
            let last = first.wrapping_add(self.number()?);
            into.push(Run { first, last });
            before = last;
        }
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn who(name: &str, account: Option<&str>) -> Who {
        Who {
            member: name.parse().unwrap(),
            account: account.map(str::to_owned),
            client: account.is_some(),
        }
    }

    #[test]
    fn a_frame_reads_back_and_its_root_is_its_records() {
        let secret = FrameSecret::new([9; 32]);
        let whos = [who("bank.example", None), who("isp.example", Some("siem"))];
        let collections = [
            CollectionId::from_bytes([1; 16]),
            CollectionId::from_bytes([2; 16]),
        ];
        let runs = [
            Run {
                first: 0,
                last: 999,
            },
            Run::one(5),
            Run { first: 3, last: 4 },
        ];
        let note = |at_us, who, collection, runs| Note {
            at_us,
            who,
            collection,
            how: How::Page,
            times: 1,
            runs,
        };
        let notes = [note(1_000_000, 0, 1, (0, 1)), note(999_999, 1, 0, (1, 2))];
        let frame = records(&secret, &notes, &runs, &whos, &collections);
        let decoded = decode(frame.kind, &frame.data).unwrap();
        let table = Table::decode(&frame.table).unwrap();
        assert_eq!(root_of(&decoded.leaves()), table.root);
        assert_eq!(
            (table.records, table.first_us, table.last_us),
            (2, 999_999, 1_000_000)
        );
        let Record::Served(second) = &decoded.records[1] else {
            panic!("a serving")
        };
        assert_eq!(second.account.as_deref(), Some("siem"));
        assert_eq!(second.runs, runs[1..]);
        assert_eq!(second.at.as_microsecond(), 999_999);
        assert_eq!(second.collection, collections[0]);
    }

    #[test]
    fn a_serving_of_one_object_takes_few_bytes() {
        let secret = FrameSecret::new([9; 32]);
        let runs: Vec<Run> = (0..1000)
            .map(|number| Run::one(number * 997 % 24_771))
            .collect();
        let notes: Vec<Note> = (0..1000u32)
            .map(|at| Note {
                at_us: 1_795_000_000_000_000 + i64::from(at) * 16,
                who: 0,
                collection: 0,
                how: How::Object,
                times: 1,
                runs: (at, 1),
            })
            .collect();
        let whos = [who("bank.example", None)];
        let frame = records(
            &secret,
            &notes,
            &runs,
            &whos,
            &[CollectionId::from_bytes([1; 16])],
        );
        assert!(frame.data.len() < 12 * 1000, "{}", frame.data.len());
    }

    #[test]
    fn contents_name_their_entries_in_the_table() {
        let collection = CollectionId::from_bytes([1; 16]);
        let content = |number| Content {
            collection,
            number,
            sha256: Digest([number.to_le_bytes()[0]; 32]),
        };
        let frame = contents(
            &FrameSecret::new([3; 32]),
            &[content(4), content(5), content(6), content(9)],
            7,
        );
        let table = Table::decode(&frame.table).unwrap();
        let runs = vec![Run { first: 4, last: 6 }, Run::one(9)];
        assert_eq!(table.collections, [(collection, runs)]);
        let decoded = decode(CONTENTS, &frame.data).unwrap();
        assert_eq!(root_of(&decoded.leaves()), table.root);
        assert_eq!(decoded.records[3], Record::Content(content(9)));
    }

    proptest! {
        #[test]
        fn numbers_read_back(number: u64, signed: i64) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            prop_assert_eq!(Reader(&bytes).number(), Some(number));
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = (Table::decode(&bytes), read_gap(&bytes), read_dropped_table(&bytes));
            let _ = read_dropped(&bytes, &mut |_, _, _| {});
            for kind in [RECORDS, CONTENTS, ROOT] {
                let _ = decode(kind, &bytes);
            }
        }
    }
}
