//! A small record made from a seed: a log, two reports, an opened docket — and
//! the ways in which each can be false.

#[path = "joint.rs"]
mod joint;

use jiff::{Timestamp, civil::date};
use portcullis_ballot::{
    Ahead, Batch, Cell, CellSet, Context, Leaf, Opening, Salt, Seed,
    report::{self as ballot, Totals},
};
use portcullis_core::{digest::Digest, id::PackageId, member::MemberId, realm::Realm};
use portcullis_node::{
    door::{Doors, Problem, PublicFile, WitnessAnswer},
    public::Record,
};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    cosignature::Cosigner,
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote, VerifierKey},
    proof::TlogProof,
    tile::{TileBuilder, encode_bundle, hashes_to_bytes},
    tree::{LeafIndex, TreeSize},
};
use portcullis_verdict::{
    monitor::shape::LogShape,
    opened::{self, Opened},
    report::{Bound, Form, Line, Period, Report, Signed, Single, Source, Subject, Unproved, sign},
};
use rand::{SeedableRng as _, rngs::StdRng};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt::Write as _};

/// The one log.
pub(crate) const ORIGIN: &str = "mail.example/log/live/1";
/// The series that is shown exactly, twice.
pub(crate) const SERIES: &str = "uk-interception";
/// The series that is shown in bands, once.
const BANDED: &str = "uk-accounts";
/// The cells that are counted: the provider's.
const CELLS: &str = include_str!("../../../../schemas/provider-v1.toml");
/// The series that stand in place of the provider's own.
const PUBLISHED: &str = include_str!("series.toml");
const LOG_SEED: [u8; 32] = [1; 32];
const BALLOT_SEED: [u8; 32] = [2; 32];
const WITNESSES: [(&str, u8); 3] = [("inspectorate", 11), ("newspaper", 12), ("university", 13)];

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lie {
    /// Nothing.
    None,
    /// A figure was changed after the proof was made, and signed again.
    FalseTotal,
    /// A bundle lacks an entry.
    MissingLeaf,
    /// Two bundles were swapped.
    SwappedTile,
    /// A cosignature was made by somebody else.
    ForgedWitness,
    /// An entry's proof does not hold.
    FalseLeaf,
    /// The report leaves out entries at its start.
    Gap,
    /// A figure of a series in bands is shown exactly, with a proof that it is right.
    TooFine,
    /// An opened docket is another than the entry binds.
    FalseDocket,
    /// An opened entry counts another cell than its docket belongs to.
    WrongCell,
}

impl Lie {
    /// Every one, with the name that a test asks for.
    pub(crate) const ALL: [(&'static str, Self); 10] = [
        ("truthful", Self::None),
        ("false-total", Self::FalseTotal),
        ("missing-leaf", Self::MissingLeaf),
        ("swapped-tile", Self::SwappedTile),
        ("forged-witness", Self::ForgedWitness),
        ("false-leaf", Self::FalseLeaf),
        ("gap", Self::Gap),
        ("too-fine", Self::TooFine),
        ("false-docket", Self::FalseDocket),
        ("wrong-cell", Self::WrongCell),
    ];
}

/// Files by path, and a page over them; nobody is a member.
pub(crate) struct Shelf {
    /// The files.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    member: MemberId,
    now: Timestamp,
}

/// The leaves of a log, made once and used for every lie.
pub(crate) struct Ballots {
    leaves: Vec<Leaf>,
    opening: Opening,
}

/// What the docket of the opened leaf was made with.
const ENVELOPE: &[u8] = b"an envelope that stays closed";
const OTHER_ENVELOPE: &[u8] = b"another envelope";
/// The leaf that is opened, and counts the cell that its docket belongs to.
const OPENED: usize = 100;
/// The leaf of the same docket that counts another.
const MISCOUNTED: usize = 101;
const RIGHT_CELL: u8 = 4;
const WRONG_CELL: u8 = 5;
/// A docket of [`RIGHT_CELL`].
const DOCKET: &[u8] = br#"{"docket":"v2","realm":"live","kind":"received","law":"uk-ipa-2016","rule":"part-3","effect":"disclose","what":"order","first":true,"urgent":false,"secrecy":"ordered","took_hours":3,"date":"2026-02-03"}"#;

/// What is counted, and published of it.
fn schema_file() -> String {
    let cells = CELLS.split("[[series]]").next().unwrap();
    [cells, PUBLISHED].concat()
}

pub(crate) fn schema() -> [u8; 32] {
    Sha256::digest(schema_file()).into()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl Ballots {
    /// `tiles` × 256 leaves, one in eight of them counted, the others cover.
    pub(crate) fn make(tiles: usize) -> Self {
        let mut generator = StdRng::seed_from_u64(3);
        let seed = Seed::new(BALLOT_SEED);
        let schema = schema();
        let context = Context {
            origin: ORIGIN,
            schema: &schema,
        };
        let opening = Opening {
            docket: DOCKET.to_vec(),
            docket_salt: Salt::draw(&mut generator),
            envelope_salt: Salt::draw(&mut generator),
        };
        let leaves = (0..tiles * 256).map(|index| {
            let ahead = Ahead::draw(&seed, &mut generator);
            let counted = u8::try_from(index / 8 % 6 + 1).unwrap();
            let (digest, cell) = match index {
                OPENED => (opening.digest(ENVELOPE), RIGHT_CELL),
                MISCOUNTED => (opening.digest(OTHER_ENVELOPE), WRONG_CELL),
                _ if index % 8 == 0 => (Salt::draw(&mut generator).0, counted),
                _ => (Salt::draw(&mut generator).0, 0),
            };
            let cell = Cell::new(cell);
            Leaf::prove(ahead, &context, &digest, cell, &seed)
        });
        Self {
            leaves: leaves.collect(),
            opening,
        }
    }
}

/// One record under construction.
struct Maker {
    leaves: Vec<Vec<u8>>,
    builder: TileBuilder,
    files: BTreeMap<String, Vec<u8>>,
    forged: bool,
}

impl Shelf {
    /// The record over these leaves, with one thing wrong.
    pub(crate) fn new(ballots: &Ballots, lie: Lie) -> Self {
        let mut maker = Maker {
            leaves: ballots
                .leaves
                .iter()
                .map(|leaf| leaf.as_bytes().to_vec())
                .collect(),
            builder: TileBuilder::new(),
            files: BTreeMap::new(),
            forged: lie == Lie::ForgedWitness,
        };
        if lie == Lie::FalseLeaf {
            // The lowest byte of z2: still a scalar, no longer the right one.
            let at = maker.leaves.len() - 100;
            maker.leaves[at][1249] ^= 1;
        }
        maker.publish(ballots, lie);
        Self {
            files: maker.files,
            member: "mail.example".parse().unwrap(),
            now: instant("2027-01-03T12:00:00Z"),
        }
    }
}

impl Maker {
    fn publish(&mut self, ballots: &Ballots, lie: Lie) {
        let tiles = self.leaves.len() / 256;
        let (middle, end) = (tiles / 2 * 256, tiles * 256);
        let mut ticks = String::new();
        let year = instant("2027-01-01T00:00:00Z").as_second()
            - instant("2026-01-01T00:00:00Z").as_second();
        let tick = year / i64::try_from(tiles).unwrap();
        let mut checkpoints = BTreeMap::new();
        for tile in 0..tiles {
            let entries = &self.leaves[tile * 256..(tile + 1) * 256];
            let hashes = entries.iter().map(|entry| leaf_hash(entry));
            for (tile, hashes) in self.builder.extend(hashes) {
                let path = format!("log/1/{}", tile.path());
                self.files.insert(path, hashes_to_bytes(&hashes));
            }
            let bundle = encode_bundle(entries).unwrap();
            self.files
                .insert(format!("log/1/tile/entries/{tile:03}"), bundle);
            let size = (tile + 1) * 256;
            let at = 1_767_225_600 + tick * i64::try_from(tile + 1).unwrap() + 3;
            let at = match size {
                _ if size == middle => instant("2026-06-30T23:10:00Z"),
                _ => Timestamp::from_second(at).unwrap(),
            };
            let note = self.checkpoint(size, at);
            checkpoints.insert(size, note.clone());
            self.files.insert(
                format!("log/1/checkpoints/{size:012}"),
                note.to_text().into_bytes(),
            );
            self.files
                .insert("log/1/checkpoint".into(), note.to_text().into_bytes());
            // One tick is missing from the list, as if the node had stood still.
            if tile != tiles / 3 {
                writeln!(ticks, "{size} {at}").unwrap();
            }
        }
        let shape = LogShape {
            origin: ORIGIN.parse().unwrap(),
            tick_ms: u64::try_from(tick).unwrap() * 1000,
            tiles: 1,
            schema: schema(),
            report_key: Seed::new(BALLOT_SEED).report_key(ORIGIN).public(),
            since: TreeSize(0),
        };
        let signature = signer().sign(&shape.to_text()).unwrap();
        let shape = SignedNote::new(shape.to_text(), vec![signature]).unwrap();
        self.put("log/1/shape", shape.to_text());
        self.put("log/1/ticks", ticks);
        self.put("log/1/policy", policy());
        self.put("log/1/schema", schema_file());

        let first = (SERIES, 1, None);
        let first = self.report(ballots, first, (0, middle), &checkpoints, Lie::None);
        let start = if lie == Lie::Gap {
            middle + 256
        } else {
            middle
        };
        let second = (SERIES, 2, Some(first));
        self.report(ballots, second, (start, end), &checkpoints, lie);
        self.report(ballots, (BANDED, 1, None), (0, middle), &checkpoints, lie);
        self.put(
            "report/index.json",
            format!(
                r#"{{"reports":[{},{},{},{{"series":"uk-joint","number":1,"period":{{"from":"2026-07-01","to":"2026-12-31"}},"path":"report/uk-joint/1.json","kind":"joint"}}]}}"#,
                entry(SERIES, 1, "2026-01-01", "2026-06-30"),
                entry(SERIES, 2, "2026-07-01", "2026-12-31"),
                entry(BANDED, 1, "2026-01-01", "2026-06-30")
            ),
        );
        self.open(ballots, &checkpoints[&end], lie);
        self.tamper(lie);
    }

    fn put(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.into(), text.into().into_bytes());
    }

    fn checkpoint(&self, size: usize, at: Timestamp) -> SignedNote {
        checkpoint_of(&signer(), size, self.builder.root(), at, self.forged)
    }

    fn report(
        &mut self,
        ballots: &Ballots,
        (series, number, previous): (&str, u64, Option<Digest>),
        (start, end): (usize, usize),
        checkpoints: &BTreeMap<usize, SignedNote>,
        lie: Lie,
    ) -> Digest {
        let shown = |totals: &Totals| lines(series, totals, lie);
        let (range, proof, totals) = prove(ballots, (start, end), &checkpoints[&end], &shown);
        let bound = |size: usize| Bound {
            size: TreeSize(size as u64),
            checkpoint: checkpoints.get(&size).cloned(),
        };
        let (from, to, made) = match start {
            0 => (date(2026, 1, 1), date(2026, 6, 30), "2026-08-01T09:00:00Z"),
            _ => (date(2026, 7, 1), date(2026, 12, 31), "2027-01-02T09:00:00Z"),
        };
        let mut lines = shown(&totals);
        if lie == Lie::FalseTotal
            && series == SERIES
            && let Form::Exact { value } = &mut lines[1].form
        {
            *value -= 1;
        }
        let law = "uk-ipa-2016".to_owned();
        let report = Report {
            realm: "live".into(),
            series: series.into(),
            number,
            previous,
            period: Period {
                from,
                to,
                zone: "Europe/London".into(),
            },
            made_at: instant(made),
            first_assistance: Some(date(2024, 2, 1)),
            laws: [(law, Digest([7; 32]))].into(),
            lines,
            unproved: vec![Unproved {
                title: "Median time to answer".into(),
                value: "4".into(),
                unit: "days".into(),
                clause: "Reg. (EU) 2023/1543 Art. 28(2)(d)".into(),
            }],
            subject: Subject::Single(Box::new(Single {
                source: Source {
                    member: "mail.example".parse().unwrap(),
                    origin: ORIGIN.parse().unwrap(),
                    schema: Digest(schema()),
                    start: bound(start),
                    end: bound(end),
                    commitment: range,
                },
                proof,
            })),
        };
        let payload = report.to_bytes();
        let signature = sign(signer().vkey(), LOG_SEED, &payload);
        let signed = Signed::new(&report, vec![signature]).unwrap();
        self.files
            .insert(format!("report/{series}/{number}.json"), signed.to_bytes());
        if series == SERIES && number == 2 {
            let frame = Report {
                series: "uk-joint".into(),
                number: 1,
                previous: None,
                ..report
            };
            let less = u64::from(lie == Lie::FalseTotal);
            let bytes = joint::report(frame, less).to_bytes();
            self.files.insert("report/uk-joint/1.json".into(), bytes);
        }
        signed.digest()
    }

    fn open(&mut self, ballots: &Ballots, checkpoint: &SignedNote, lie: Lie) {
        let (index, envelope, cell) = match lie {
            Lie::WrongCell => (MISCOUNTED, OTHER_ENVELOPE, WRONG_CELL),
            _ => (OPENED, ENVELOPE, RIGHT_CELL),
        };
        let leaf = Leaf::parse(&self.leaves[index]).unwrap();
        let hashes: Vec<Hash> = self.leaves.iter().map(|entry| leaf_hash(entry)).collect();
        let path = path_of(&hashes, index);
        let opening = &ballots.opening;
        let mut docket = opening.docket.clone();
        if lie == Lie::FalseDocket {
            docket = String::from_utf8(docket)
                .unwrap()
                .replace("disclose", "preserve")
                .into();
        }
        let opened = Opened {
            origin: ORIGIN.parse().unwrap(),
            index: index as u64,
            docket,
            docket_salt: opening.docket_salt,
            envelope: opening.envelope_salt.digest(envelope),
            cell: Cell::new(cell),
            blinding: Seed::new(BALLOT_SEED).blinding(ORIGIN, &opening.digest(envelope)),
            proof: TlogProof::new(LeafIndex(index as u64), path, checkpoint.clone()).unwrap(),
            leaf,
        };
        let path = opened::path_of(&opened.leaf_hash());
        let mut list = opened::Index::default();
        list.add(opened::Listed {
            path: path.clone(),
            origin: ORIGIN.into(),
            index: index as u64,
            opened_at: "2026-12-01T08:00:00Z".into(),
        });
        let signed = opened.sign(signer().vkey(), LOG_SEED);
        self.files.insert(path, signed.to_bytes());
        self.files
            .insert("opened/index.json".into(), list.to_bytes());
    }

    fn tamper(&mut self, lie: Lie) {
        let last = self.leaves.len() / 256 - 1;
        let bundle = |tile: usize| format!("log/1/tile/entries/{tile:03}");
        match lie {
            Lie::MissingLeaf => {
                let mut kept = self.leaves[last * 256..].to_vec();
                kept.remove(17);
                self.files
                    .insert(bundle(last), encode_bundle(&kept).unwrap());
            }
            Lie::SwappedTile => {
                let a = self.files.remove(&bundle(last)).unwrap();
                let b = self.files.remove(&bundle(last - 1)).unwrap();
                self.files.insert(bundle(last), b);
                self.files.insert(bundle(last - 1), a);
            }
            Lie::None
            | Lie::FalseTotal
            | Lie::ForgedWitness
            | Lie::FalseLeaf
            | Lie::Gap
            | Lie::TooFine
            | Lie::FalseDocket
            | Lie::WrongCell => {}
        }
    }
}

/// A checkpoint with every witness's cosignature, the second of them forged where that is asked for.
pub(crate) fn checkpoint_of(
    signer: &NoteSigner,
    size: usize,
    root: Hash,
    at: Timestamp,
    forged: bool,
) -> SignedNote {
    let origin: Origin = signer.vkey().name().as_str().parse().unwrap();
    let mut note = Checkpoint::new(origin, TreeSize(size as u64), root)
        .sign(signer)
        .unwrap();
    for (place, (name, seed)) in WITNESSES.iter().enumerate() {
        let time = u64::try_from(at.as_second()).unwrap() + place as u64;
        let cosigner = cosigner(name, *seed);
        let mut line = cosigner.cosign(note.text(), time).unwrap().to_text();
        if forged && place == 1 {
            // Another time than the one that was signed.
            line = forge(&line);
        }
        note = format!("{}{line}", note.to_text()).parse().unwrap();
    }
    note
}

/// A log's part of a joint report, from its first leaf on.
pub(crate) fn to_part(
    origin: &str,
    size: usize,
    checkpoint: &SignedNote,
    commitment: [u8; 32],
) -> Source {
    let bound = |size: usize, checkpoint: Option<SignedNote>| Bound {
        size: TreeSize(size as u64),
        checkpoint,
    };
    Source {
        member: origin.split('/').next().unwrap().parse().unwrap(),
        origin: origin.parse().unwrap(),
        schema: Digest(schema()),
        start: bound(0, None),
        end: bound(size, Some(checkpoint.clone())),
        commitment,
    }
}

/// An exact line.
pub(crate) fn to_line(id: &str, title: &str, cells: &[u8], value: u64) -> Line {
    Line {
        id: id.into(),
        title: title.into(),
        cells: cells.to_vec(),
        law: Some("uk-ipa-2016".into()),
        clause: "SI 2018/349 reg. 4".into(),
        form: Form::Exact { value },
    }
}

/// The sum, the proof and the totals of a range of leaves.
fn prove(
    ballots: &Ballots,
    (start, end): (usize, usize),
    checkpoint: &SignedNote,
    shown: &dyn Fn(&Totals) -> Vec<Line>,
) -> ([u8; 32], Vec<u8>, Totals) {
    let mut generator = StdRng::seed_from_u64(5);
    let (seed, schema) = (Seed::new(BALLOT_SEED), schema());
    let context = Context {
        origin: ORIGIN,
        schema: &schema,
    };
    let leaves = &ballots.leaves[start..end];
    let mut batch = Batch::new(&context);
    for leaf in leaves {
        batch.push(leaf).unwrap();
    }
    let sum = batch.verify(&mut generator).unwrap().to_bytes();
    let array = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
    let pairs = leaves
        .iter()
        .map(|leaf| (array(leaf.digest()), array(leaf.commitment_bytes())));
    let totals = ballot::totals(&seed, ORIGIN, pairs).unwrap();
    let root = Checkpoint::parse(checkpoint.text()).unwrap().root.0;
    let range = ballot::Range {
        origin: ORIGIN,
        root,
        start: start as u64,
        end: end as u64,
        schema,
        sum,
    };
    let lines: Vec<ballot::Line> = shown(&totals).iter().map(proved).collect();
    let proof = ballot::prove(&range, &lines, &totals, &mut generator).unwrap();
    (sum, proof, totals)
}

pub(crate) fn set(cells: &[u8]) -> CellSet {
    CellSet(cells.iter().fold(0, |mask, cell| mask | 1 << (cell - 1)))
}

fn proved(line: &Line) -> ballot::Line {
    let form = match line.form {
        Form::Exact { value } => ballot::Form::Exact(value),
        Form::Band { low, high } => ballot::Form::Band {
            low,
            width: u32::try_from(high - low + 1).unwrap(),
        },
        Form::Withheld { .. } => ballot::Form::Withheld,
    };
    ballot::Line {
        cells: set(&line.cells),
        form,
    }
}

fn lines(series: &str, totals: &Totals, lie: Lie) -> Vec<Line> {
    let value = |cells: &[u8]| {
        cells
            .iter()
            .map(|cell| totals.counts[usize::from(*cell) - 1])
            .sum::<u64>()
    };
    let exact = |id: &str, title: &str, cells: &[u8]| to_line(id, title, cells, value(cells));
    if series == BANDED {
        let mut accounts = exact("accounts", "Accounts concerned", &[6]);
        let low = value(&[6]) / 100 * 100;
        // Its series names no law.
        accounts.law = None;
        if lie != Lie::TooFine {
            let high = low + 99;
            accounts.form = Form::Band { low, high };
        }
        return vec![accounts];
    }
    let mut withheld = exact("notices", "Notices in force", &[5]);
    withheld.form = Form::Withheld {
        because: "the law allows no figure yet".to_owned(),
    };
    vec![
        exact("warrants", "Warrants received", &[1]),
        exact("urgent", "Urgent warrants", &[2]),
        exact("answered", "Warrants answered in whole or in part", &[3, 4]),
        withheld,
    ]
}

fn entry(series: &str, number: u64, from: &str, to: &str) -> String {
    format!(
        r#"{{"series":"{series}","number":{number},"period":{{"from":"{from}","to":"{to}"}},"path":"report/{series}/{number}.json","kind":"single"}}"#
    )
}

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), &LOG_SEED)
}

fn cosigner(name: &str, seed: u8) -> Cosigner {
    Cosigner::new(
        format!("{name}.example/witness").parse().unwrap(),
        &[seed; 32],
    )
}

/// The policy that a visitor may paste: two of three witnesses.
pub(crate) fn policy() -> String {
    let mut text = format!("log {}\n{}", signer().vkey(), joint::policy_lines());
    for (name, seed) in WITNESSES {
        writeln!(text, "witness {name} {}", cosigner(name, seed).vkey()).unwrap();
    }
    text + "group two 2 inspectorate newspaper university\nquorum two\n"
}

/// The same line with another time in it.
fn forge(line: &str) -> String {
    let (head, base64) = line.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = from_base64(base64);
    bytes[11] ^= 1;
    format!("{head} {}\n", to_base64(&bytes))
}

/// RFC 9162 §2.1.3.1, by its own words.
fn path_of(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (path_of(left, index), portcullis_tlog::tree::root_of(right))
    } else {
        (
            path_of(right, index - split),
            portcullis_tlog::tree::root_of(left),
        )
    };
    path.push(sibling);
    path
}

fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn nobody() -> Problem {
    Problem {
        status: 403,
        code: "peer.unknown_certificate",
        detail: "nobody is a member here".into(),
    }
}

impl Doors for Shelf {
    fn member_of_certificate(&self, _: &Digest) -> Option<MemberId> {
        None
    }

    fn receive(&self, _: &MemberId, _: &[u8]) -> Result<Vec<u8>, Problem> {
        Err(nobody())
    }

    fn witness_add_checkpoint(&self, _: &[u8]) -> WitnessAnswer {
        WitnessAnswer {
            status: 404,
            media_type: "text/plain; charset=utf-8",
            body: "no log is witnessed here\n".into(),
        }
    }

    fn public_file(&self, path: &str) -> Option<PublicFile> {
        let tile = path.contains("/tile/");
        Some(PublicFile {
            bytes: self.files.get(path)?.clone(),
            media_type: if tile {
                "application/octet-stream"
            } else {
                "text/plain; charset=utf-8"
            },
            immutable: tile,
        })
    }

    fn record(&self) -> Option<Record> {
        let key: VerifierKey = signer().vkey();
        Some(Record::read(
            self.member.clone(),
            Realm::live(),
            self.now,
            [("log/1".to_owned(), key)],
            &|path| self.files.get(path).cloned(),
        ))
    }

    fn package_size(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        Err(nobody())
    }

    fn package_part(
        &self,
        _: &MemberId,
        _: PackageId,
        _: u64,
        _: usize,
    ) -> Result<Vec<u8>, Problem> {
        Err(nobody())
    }

    fn upload_offset(&self, _: &MemberId, _: PackageId) -> Result<u64, Problem> {
        Err(nobody())
    }

    fn upload_part(&self, _: &MemberId, _: PackageId, _: u64, _: &[u8]) -> Result<u64, Problem> {
        Err(nobody())
    }
}
