//! A log with proved leaves, witnesses and a reporter, all in this process.

use portcullis_ballot::{
    Ahead, Cell, CellSet, Context, Leaf, Seed, Sum,
    report::{self as lines, Range, Totals},
};
use portcullis_core::digest::Digest;
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    cosignature::Cosigner,
    hash::{Hash, leaf_hash},
    note::{NoteSigner, SignedNote, VerifierKey},
    policy::Policy,
    tile::{EntryTile, FileTiles, LogFiles, TileBuilder, encode_bundle, hashes_to_bytes},
    tree::{Frontier, ReadError, TreeSize},
};
use portcullis_verdict::{
    law::{self, Laws},
    report::{
        Bound, Form, Line, Period, Report, Signed, Single, Source, Subject,
        check::{Against, Checked, Checker, Depth, Kept, WIDTH, check_bundle, kept_sizes},
        sign,
    },
    schema::{self, Schemas},
};
use rand::{SeedableRng as _, rngs::StdRng};
use std::{collections::BTreeMap, fmt::Write as _};

pub(crate) const LOG_SEED: [u8; 32] = [7; 32];

/// A log as its files, and what its owner knows.
pub(crate) struct Log {
    pub(crate) member: &'static str,
    pub(crate) origin: String,
    pub(crate) seed: Seed,
    pub(crate) secret: [u8; 32],
    pub(crate) schema: [u8; 32],
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    builder: TileBuilder,
    pub(crate) generator: StdRng,
}

impl LogFiles for Log {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let missing = || ReadError::Missing { path: path.into() };
        self.files.get(path).cloned().ok_or_else(missing)
    }
}

/// Which witness: its name and the seed of its key.
pub(crate) const WITNESSES: [(&str, u8); 3] =
    [("w1.example", 21), ("w2.example", 22), ("w3.example", 23)];

fn witness(name: &str, seed: u8) -> Cosigner {
    Cosigner::new(name.parse().unwrap(), &[seed; 32])
}

pub(crate) fn schemas() -> Schemas {
    schema::builtin()
}

pub(crate) fn provider_schema() -> Digest {
    schemas().by_name("provider-v1").unwrap().id
}

impl Log {
    pub(crate) fn new(member: &'static str, number: u8) -> Self {
        Self {
            member,
            origin: format!("{member}/log/live/1"),
            seed: Seed::new([number; 32]),
            secret: [LOG_SEED[0] + number; 32],
            schema: provider_schema().0,
            entries: Vec::new(),
            files: BTreeMap::new(),
            builder: TileBuilder::new(),
            generator: StdRng::seed_from_u64(u64::from(number)),
        }
    }

    pub(crate) fn leaf(&mut self, cell: Option<u8>) -> Vec<u8> {
        let ahead = Ahead::draw(&self.seed, &mut self.generator);
        let context = Context {
            origin: &self.origin,
            schema: &self.schema,
        };
        let cell = cell.map(|number| Cell::new(number).unwrap());
        let leaf = if cell.is_some() {
            let mut digest = [0; 32];
            rand::Rng::fill_bytes(&mut self.generator, &mut digest);
            Leaf::prove(ahead, &context, &digest, cell, &self.seed)
        } else {
            Leaf::cover(ahead, &context, &self.seed, &mut self.generator)
        };
        leaf.as_bytes().to_vec()
    }

    /// Appends so many leaves of each cell, and cover up to `size`.
    pub(crate) fn grow(&mut self, cells: &[(u8, usize)], size: usize) {
        let mut entries = Vec::new();
        for (cell, times) in cells {
            for _ in 0..*times {
                entries.push(self.leaf(Some(*cell)));
            }
        }
        while self.entries.len() + entries.len() < size {
            entries.push(self.leaf(None));
        }
        self.append(entries);
    }

    pub(crate) fn append(&mut self, entries: Vec<Vec<u8>>) {
        for (tile, hashes) in self
            .builder
            .extend(entries.iter().map(|entry| leaf_hash(entry)))
        {
            self.files.insert(tile.path(), hashes_to_bytes(&hashes));
        }
        self.entries.extend(entries);
        self.write_bundles();
    }

    fn write_bundles(&mut self) {
        let size = TreeSize(self.entries.len() as u64);
        for (index, some) in self.entries.chunks(256).enumerate() {
            let bundle = EntryTile::in_tree(index as u64, size).unwrap();
            self.files
                .insert(bundle.path(), encode_bundle(some).unwrap());
        }
    }

    pub(crate) fn signer(&self) -> NoteSigner {
        NoteSigner::new(self.origin.parse().unwrap(), &self.secret)
    }

    pub(crate) fn vkey(&self) -> VerifierKey {
        self.signer().vkey()
    }

    /// The checkpoint of what there is now, cosigned by these witnesses at `at`.
    pub(crate) fn checkpoint_by(&self, at: &str, witnesses: &[(&str, u8)]) -> SignedNote {
        let origin: Origin = self.origin.parse().unwrap();
        let checkpoint = Checkpoint::new(origin, self.builder.size(), self.builder.root());
        cosigned(checkpoint.sign(&self.signer()).unwrap(), at, witnesses)
    }

    pub(crate) fn checkpoint(&self, at: &str) -> SignedNote {
        self.checkpoint_by(at, &WITNESSES[..2])
    }

    /// The checkpoint of a size of long ago, cosigned at `at`; nobody compares its root.
    fn kept(&self, size: TreeSize, at: &str) -> SignedNote {
        let root = portcullis_tlog::hash::EMPTY_ROOT;
        let checkpoint = Checkpoint::new(self.origin.parse().unwrap(), size, root);
        cosigned(
            checkpoint.sign(&self.signer()).unwrap(),
            at,
            &WITNESSES[..2],
        )
    }

    fn leaves(&self, start: u64, end: u64) -> impl Iterator<Item = Leaf> + '_ {
        let range = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
        self.entries[range]
            .iter()
            .map(|entry| Leaf::parse(entry).unwrap())
    }

    /// What the leaves add up to, with the seed.
    pub(crate) fn totals(&self, start: u64, end: u64) -> Totals {
        let parts = self.leaves(start, end).map(|leaf| {
            let digest = leaf.digest().try_into().unwrap();
            (digest, leaf.commitment_bytes().try_into().unwrap())
        });
        lines::totals(&self.seed, &self.origin, parts).unwrap()
    }

    /// The leaves between two bounds.
    pub(crate) fn source(&self, start: Bound, end: Bound) -> Source {
        let mut sum = Sum::zero();
        for leaf in self.leaves(start.size.0, end.size.0) {
            sum.add_commitment(leaf.commitment_bytes().try_into().unwrap())
                .unwrap();
        }
        Source {
            member: self.member.parse().unwrap(),
            origin: self.origin.parse().unwrap(),
            schema: Digest(self.schema),
            start,
            end,
            commitment: sum.to_bytes(),
        }
    }

    pub(crate) fn edge(&self, size: TreeSize) -> Frontier {
        Frontier::load(&FileTiles(self), size).unwrap()
    }
}

fn cosigned(mut note: SignedNote, at: &str, witnesses: &[(&str, u8)]) -> SignedNote {
    let at: jiff::Timestamp = at.parse().unwrap();
    for (name, seed) in witnesses {
        let seconds = u64::try_from(at.as_second()).unwrap();
        let line = witness(name, *seed).cosign(note.text(), seconds).unwrap();
        note = note.with_signature(line).unwrap();
    }
    note
}

/// The policy: these logs, and two of three witnesses.
pub(crate) fn policy(logs: &[&Log]) -> Policy {
    let mut text = String::new();
    for log in logs {
        writeln!(text, "log {}", log.vkey()).unwrap();
    }
    for (name, seed) in WITNESSES {
        writeln!(text, "witness {name} {}", witness(name, seed).vkey()).unwrap();
    }
    text += "group two 2 w1.example w2.example w3.example\nquorum two\n";
    Policy::parse(text.as_bytes()).unwrap()
}

/// What a series asks for, as a report shows it.
pub(crate) struct Wanted {
    pub(crate) series: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) made_at: &'static str,
    pub(crate) first_assistance: Option<&'static str>,
}

/// Half a year of process in the United States: exact totals.
pub(crate) const US: Wanted = Wanted {
    series: "us-process",
    from: "2026-01-01",
    to: "2026-06-30",
    made_at: "2026-07-02T09:00:00Z",
    first_assistance: None,
};
/// After that period's end in its zone.
pub(crate) const US_END: &str = "2026-07-01T06:00:00Z";

/// The lines of a series, each in the form that `form` gives its total.
pub(crate) fn lines_for(series: &str, totals: &Totals, form: impl Fn(u64) -> Form) -> Vec<Line> {
    let schemas = schemas();
    let schema = schemas.by_name("provider-v1").unwrap();
    let series = schema.series(series).unwrap();
    let lines = series.lines.iter().map(|line| {
        let cells: Vec<u8> = line.cells.iter().map(|cell| cell.get()).collect();
        let shown = lines::Line {
            cells: CellSet(line.mask()),
            form: lines::Form::Withheld,
        };
        Line {
            id: line.id.clone(),
            title: line.title.clone(),
            cells,
            law: series.law.clone(),
            clause: line.clause.to_string(),
            form: form(totals.of(&shown)),
        }
    });
    lines.collect()
}

pub(crate) fn exact(value: u64) -> Form {
    Form::Exact { value }
}

/// The report over these leaves, not signed. Whatever the lines say is what is proved.
pub(crate) fn report(
    log: &mut Log,
    wanted: &Wanted,
    start: Bound,
    end: Bound,
    form: impl Fn(u64) -> Form,
) -> Report {
    let totals = log.totals(start.size.0, end.size.0);
    let lines = lines_for(wanted.series, &totals, form);
    let mut report = unproved(log, wanted, start, end, lines);
    prove(log, &mut report);
    report
}

fn unproved(log: &Log, wanted: &Wanted, start: Bound, end: Bound, lines: Vec<Line>) -> Report {
    let schemas = schemas();
    let schema = schemas.by_name("provider-v1").unwrap();
    let series = schema.series(wanted.series).unwrap();
    let law = series.law.clone().unwrap();
    let digest = laws().by_id(&law).unwrap().digest;
    Report {
        realm: "live".into(),
        series: wanted.series.into(),
        number: 1,
        previous: None,
        period: Period {
            from: wanted.from.parse().unwrap(),
            to: wanted.to.parse().unwrap(),
            zone: series.zone_name.clone(),
        },
        made_at: wanted.made_at.parse().unwrap(),
        first_assistance: wanted.first_assistance.map(|day| day.parse().unwrap()),
        laws: [(law, digest)].into(),
        lines,
        unproved: Vec::new(),
        subject: Subject::Single(Box::new(Single {
            source: log.source(start, end),
            proof: vec![0],
        })),
    }
}

/// Proves the lines of a report as they stand, truly.
pub(crate) fn prove(log: &mut Log, report: &mut Report) {
    let lines = portcullis_verdict::report::check::lines_of(&report.lines);
    let Subject::Single(single) = &mut report.subject else {
        panic!("a report of one log");
    };
    let range = range(&single.source);
    let totals = log.totals(single.source.start.size.0, single.source.end.size.0);
    single.proof = lines::prove(&range, &lines, &totals, &mut log.generator).unwrap();
}

fn range(source: &Source) -> Range<'_> {
    let note = source.end.checkpoint.as_ref().unwrap();
    let root: Hash = Checkpoint::parse(note.text()).unwrap().root;
    portcullis_verdict::report::check::range_of(source, root.0)
}

pub(crate) fn signed(log: &Log, report: &Report) -> Signed {
    signed_by(&[log], report)
}

pub(crate) fn signed_by(logs: &[&Log], report: &Report) -> Signed {
    let payload = report.to_bytes();
    let signatures = logs
        .iter()
        .map(|log| sign(log.vkey(), log.secret, &payload));
    Signed::new(report, signatures.collect()).unwrap()
}

pub(crate) fn laws() -> Laws {
    law::builtin()
}

pub(crate) struct Setting<'a> {
    pub(crate) logs: Vec<&'a Log>,
    pub(crate) policy: Option<Policy>,
    pub(crate) schemas: Schemas,
    pub(crate) laws: Laws,
    pub(crate) previous: Option<Signed>,
    pub(crate) depth: Depth,
    /// When the checkpoints one tick before the bounds were cosigned.
    pub(crate) kept_at: Option<&'static str>,
    pub(crate) now: &'static str,
    pub(crate) keys: BTreeMap<Origin, VerifierKey>,
}

impl<'a> Setting<'a> {
    pub(crate) fn of(logs: &[&'a Log]) -> Self {
        let keys = logs
            .iter()
            .map(|log| (log.origin.parse().unwrap(), log.vkey()));
        Self {
            logs: logs.to_vec(),
            policy: Some(policy(logs)),
            schemas: schemas(),
            laws: laws(),
            previous: None,
            depth: Depth::Proofs,
            kept_at: Some("2020-01-01T00:00:00Z"),
            now: "2030-01-01T00:00:00Z",
            keys: keys.collect(),
        }
    }

    pub(crate) fn checker(&self, signed: &Signed) -> Checker {
        let report = signed.report();
        let kept = report.sources().map(|source| {
            let log = self
                .logs
                .iter()
                .find(|log| log.origin == source.origin.as_str());
            let at = log.zip(self.kept_at);
            let checkpoints = at.map_or(Vec::new(), |(log, at)| {
                let sizes = kept_sizes(report, source, WIDTH).into_iter();
                let sizes =
                    sizes.filter(|size| ![source.start.size, source.end.size].contains(size));
                sizes.map(|size| log.kept(size, at)).collect()
            });
            (
                source.origin.clone(),
                Kept {
                    width: WIDTH,
                    checkpoints,
                },
            )
        });
        let against = Against {
            kept: &kept.collect(),
            now: self.now.parse().unwrap(),
            keys: &self.keys,
            policy: self.policy.as_ref(),
            schemas: &self.schemas,
            laws: &self.laws,
            previous: self.previous.as_ref(),
            depth: self.depth,
        };
        Checker::new(signed.clone(), &against)
    }

    pub(crate) fn check(&self, signed: &Signed) -> Checked {
        let mut checker = self.checker(signed);
        self.read(&mut checker, usize::MAX);
        checker.finish()
    }

    /// Reads at most so many bundles of each source.
    pub(crate) fn read(&self, checker: &mut Checker, bundles: usize) {
        let mut generator = StdRng::seed_from_u64(1);
        for (at, log) in self.logs.iter().enumerate() {
            let Some(source) = checker.sources().nth(at).cloned() else {
                continue;
            };
            if !checker.has_begun(at) {
                checker.begin(at, log.edge(source.start.size));
            }
            for bundle in checker.bundles(at).take(bundles) {
                let bytes = log.file(&bundle.path()).unwrap();
                let found = check_bundle(&source, bundle, &bytes, checker.depth(), &mut generator);
                if !checker.absorb(at, found) {
                    break;
                }
            }
        }
    }
}
