//! Two who lie: a company that understates by one, and a log that drops a leaf.

use super::{
    cast::{CAST, COLLEGE, HARBOUR, OVERSIGHT, Part, id},
    ours::Ours,
    world::World,
};
use crate::{
    cmd::{demo::Stage, log::files::Files},
    failure::Failure,
};
use portcullis_ballot::{
    Ahead, Cell, Context, Leaf, Sum,
    report::{self as proof, Totals, prove},
};
use portcullis_node::{Generator, log::OwnLog, peers::Peers as _};
use portcullis_store::{Blobs, Store};
use portcullis_tlog::{
    note::{NoteSigner, SignedNote},
    tile::{EntryTile, TileBuilder, bundle_file},
    tree::TreeSize,
    witness::AddCheckpoint,
};
use portcullis_verdict::report::{
    Bound, Form, Report, Signed, Source, Subject,
    check::{lines_of, range_of},
    sign,
};
use std::path::{Path, PathBuf};

/// Both lies, about a report that was verified.
pub(super) fn tell(
    world: &World,
    ours: &Ours,
    published: &Path,
    root: &Path,
    stage: &Stage,
) -> Result<(), Failure> {
    let bytes = std::fs::read(published).map_err(|error| Failure::file(published, &error))?;
    let signed =
        Signed::parse(&bytes).map_err(|error| Failure::unable(error.code(), error.to_string()))?;
    let liar = Liar::new(world, signed.report().clone())?;
    stage.chapter("A company that understates by one");
    understate(&liar, ours, root, stage)?;
    stage.chapter("A log that drops a leaf");
    drop_a_leaf(&liar, ours, published, root, stage)
}

/// The company, with everything that it has: its record, its keys, the program's source.
struct Liar<'a> {
    world: &'a World,
    part: &'a Part,
    signer: NoteSigner,
    report: Report,
    /// Its record's files.
    folder: PathBuf,
}

impl<'a> Liar<'a> {
    fn new(world: &'a World, report: Report) -> Result<Self, Failure> {
        let part = CAST.iter().find(|part| part.word == HARBOUR);
        let part = part.ok_or_else(|| broken("its part"))?;
        let signer = world.keys.of_node(part).log_signer(1);
        Ok(Self {
            world,
            part,
            signer: signer.ok_or_else(|| broken("its log's key"))?,
            report,
            folder: world.at(HARBOUR).dir.join("log/1"),
        })
    }

    fn source(&self) -> Result<&Source, Failure> {
        match &self.report.subject {
            Subject::Single(single) => Ok(&single.source),
            Subject::Joint(_) => Err(broken("a report of its own")),
        }
    }

    /// The entries of its record, up to a size.
    fn entries(&self, size: u64) -> Result<Vec<Vec<u8>>, Failure> {
        let files = Files::Folder(self.folder.clone());
        let mut entries = Vec::new();
        for index in 0..size.div_ceil(256) {
            let bundle =
                EntryTile::in_tree(index, TreeSize(size)).ok_or_else(|| broken("a tile"))?;
            let (_, bytes) =
                bundle_file(&files, bundle).map_err(|error| broken(&error.to_string()))?;
            let some = bundle.entries_in(&bytes);
            let some = some.map_err(|error| broken(&error.to_string()))?;
            entries.extend(some.into_iter().map(<[u8]>::to_vec));
        }
        Ok(entries)
    }

    /// What entries count, and the sum of their commitments.
    fn totals(&self, entries: &[Vec<u8>]) -> Result<(Totals, [u8; 32]), Failure> {
        let mut sum = Sum::zero();
        let mut leaves = Vec::new();
        for entry in entries {
            let leaf = Leaf::parse(entry).map_err(|error| broken(&error.to_string()))?;
            let word = |bytes: &[u8]| bytes.try_into().map_err(|_| broken("a leaf"));
            let (digest, commitment) = (word(leaf.digest())?, word(leaf.commitment_bytes())?);
            sum.add_commitment(&commitment)
                .map_err(|error| broken(&error.to_string()))?;
            leaves.push((digest, commitment));
        }
        let seed = self.world.at(HARBOUR).node.seed();
        let totals = proof::totals(seed, self.source()?.origin.as_str(), leaves)
            .map_err(|error| broken(&format!("{error:?}")))?;
        Ok((totals, sum.to_bytes()))
    }

    /// Writes a report with a signature of the log's true key below `root`.
    fn publish(&self, report: &Report, root: &Path, name: &str) -> Result<PathBuf, Failure> {
        let seed = *self.world.keys.of_node(self.part).log_seed;
        let signature = sign(self.signer.vkey(), seed, &report.to_bytes());
        let signed = Signed::new(report, vec![signature])
            .map_err(|error| Failure::unable(error.code(), error.to_string()))?;
        let path = root.join(name);
        std::fs::write(&path, signed.to_bytes()).map_err(|error| Failure::file(&path, &error))?;
        Ok(path)
    }
}

fn understate(liar: &Liar<'_>, ours: &Ours, root: &Path, stage: &Stage) -> Result<(), Failure> {
    let report = &liar.report;
    let shown = report.lines.iter().zip(0..);
    let mut exact = shown.filter_map(|(line, at)| match line.form {
        Form::Exact { value } if value > 0 => Some((at, line.title.as_str(), value)),
        Form::Exact { .. } | Form::Band { .. } | Form::Withheld { .. } => None,
    });
    let (at, title, value): (usize, _, _) =
        exact.next().ok_or_else(|| broken("a line with a count"))?;
    let mut edited = report.clone();
    if let Some(line) = edited.lines.get_mut(at) {
        line.form = Form::Exact { value: value - 1 };
    }
    let source = liar.source()?;
    let (totals, _) = liar.totals(&liar.entries(source.end.size.0)?)?;
    let range = range_of(source, root_of(source)?);
    let lines = lines_of(&edited.lines);
    let proved = prove(&range, &lines, &totals, &mut Generator(&*liar.world.clock))
        .map(|_| "a proof".to_owned())
        .map_err(|error| Failure::refused(error.code(), error.to_string()));
    stage.refused(
        &format!(
            "its own program is to prove `{title}: {}` where there were {value}",
            value - 1
        ),
        &["report.proof_line"],
        proved,
    )?;
    let path = liar.publish(&edited, root, "understated.json")?;
    stage.refused(
        "it writes the figure into the file, and signs that with the log's true key",
        &["report.proof_sum", "report.proof_line"],
        ours.verify(&path, std::slice::from_ref(&liar.folder)),
    )
}

fn drop_a_leaf(
    liar: &Liar<'_>,
    ours: &Ours,
    published: &Path,
    root: &Path,
    stage: &Stage,
) -> Result<(), Failure> {
    let watched = ours.monitor(&liar.folder)?;
    stage.step(format_args!(
        "(a newspaper's monitor follows the record: {watched})"
    ));
    let node = &liar.world.at(HARBOUR).node;
    let size = node.logs()?.first().map_or(0, |log| log.cosigned_size);
    let mut entries = liar.entries(size)?;
    let dropped = swap(liar, &mut entries)?;
    let end = usize::try_from(liar.source()?.end.size.0).unwrap_or(usize::MAX);
    let folder = root.join("forged");
    let remade = Remade::write(liar, &folder, &entries, end)?;
    stage.step(format_args!(
        "leaf {dropped} counted a subpoena: a cover leaf takes its place, {size} leaves are hashed anew, and signed with the log's true key"
    ));
    for witness in [OVERSIGHT, COLLEGE] {
        stage.refused(
            &format!("it asks {witness} to cosign the tree without that leaf"),
            &["witness.422"],
            remade.ask(liar, witness, size),
        )?;
    }
    let counted = entries.get(..end).unwrap_or_default();
    let false_report = remade.report(liar, counted)?;
    let path = liar.publish(&false_report, root, "remade.json")?;
    let forged = folder.join("log/1");
    stage.refused(
        "a report over the new tree, whose sums are right and whose proofs hold, without witnesses",
        &["report.no_quorum"],
        ours.verify(&path, std::slice::from_ref(&forged)),
    )?;
    stage.refused(
        "the new tiles under the old report, with the checkpoint that the witnesses did cosign",
        &["report.end_root"],
        ours.verify(published, std::slice::from_ref(&forged)),
    )?;
    stage.refused(
        "the monitor, which remembers the tree that it saw",
        &["monitor.split_view"],
        ours.monitor(&forged),
    )
}

/// Puts a cover leaf where a leaf counted something; where that was.
fn swap(liar: &Liar<'_>, entries: &mut [Vec<u8>]) -> Result<usize, Failure> {
    let (node, source) = (&liar.world.at(HARBOUR).node, liar.source()?);
    let (seed, origin) = (node.seed(), source.origin.as_str());
    let line = liar.report.lines.iter().find_map(|line| match line.form {
        Form::Exact { value } if value > 0 => Cell::new(*line.cells.first()?),
        Form::Exact { .. } | Form::Band { .. } | Form::Withheld { .. } => None,
    });
    let counts = |entry: &Vec<u8>| {
        let leaf = Leaf::parse(entry).ok()?;
        leaf.cell_under(seed, origin).ok()?
    };
    let at = entries
        .iter()
        .position(|entry| line.is_some() && counts(entry) == line);
    let at = at.ok_or_else(|| broken("a leaf that counts"))?;
    let mut generator = Generator(&*liar.world.clock);
    let context = Context {
        origin,
        schema: &source.schema.0,
    };
    let ahead = Ahead::draw(seed, &mut generator);
    let cover = Leaf::cover(ahead, &context, seed, &mut generator);
    if let Some(entry) = entries.get_mut(at) {
        *entry = cover.as_bytes().to_vec();
    }
    Ok(at)
}

/// The record, made anew without a leaf.
struct Remade {
    /// The checkpoint where the report ends, signed by the log alone.
    end: SignedNote,
    /// The newest checkpoint, signed by the log alone.
    newest: SignedNote,
}

impl Remade {
    fn write(
        liar: &Liar<'_>,
        folder: &Path,
        entries: &[Vec<u8>],
        end: usize,
    ) -> Result<Self, Failure> {
        let blobs = Blobs::folder(folder).map_err(|error| broken(&error.to_string()))?;
        let store = Store::memory();
        let log = OwnLog::new(&store, &blobs, "log/1", &liar.signer);
        let mut builder = TileBuilder::new();
        let origin = liar.source()?.origin.to_string();
        let mut grow = |some: &[Vec<u8>]| {
            log.append(&mut builder, some, Vec::new())
                .map_err(|error| broken(&error.to_string()))?;
            let state = store.log(&origin).ok().flatten();
            let note = state.and_then(|state| SignedNote::parse(&state.checkpoint).ok());
            note.ok_or_else(|| broken("a checkpoint"))
        };
        let (before, after) = entries
            .split_at_checked(end)
            .ok_or_else(|| broken("the report's end"))?;
        let remade = Self {
            end: grow(before)?,
            newest: grow(after)?,
        };
        let put = |name: &str, bytes: Vec<u8>| {
            let path = folder.join("log/1").join(name);
            std::fs::write(&path, bytes).map_err(|error| Failure::file(&path, &error))
        };
        put("checkpoint", remade.newest.to_text().into_bytes())?;
        for name in ["shape", "schema"] {
            let path = liar.folder.join(name);
            let bytes = std::fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
            put(name, bytes)?;
        }
        Ok(remade)
    }

    /// Asks a witness to cosign the new tree in the place of the old one.
    fn ask(&self, liar: &Liar<'_>, witness: &str, size: u64) -> Result<String, Failure> {
        let request = AddCheckpoint::new(TreeSize(size), Vec::new(), self.newest.clone())
            .map_err(|error| broken(&error.to_string()))?;
        let seat = liar.world.at(HARBOUR);
        let peer = seat.node.peer(&id(witness)?)?;
        let answer = seat
            .peers
            .add_checkpoint(&peer, request.to_string().as_bytes())
            .map_err(|error| broken(&error.to_string()))?;
        let said = String::from_utf8_lossy(&answer.body).trim().to_owned();
        match answer.status {
            200 => Ok("cosigned".into()),
            status => Err(Failure::refused(format!("witness.{status}"), said)),
        }
    }

    /// A report over the new tree, made by the rules but for its witnesses.
    fn report(&self, liar: &Liar<'_>, counted: &[Vec<u8>]) -> Result<Report, Failure> {
        let (totals, sum) = liar.totals(counted)?;
        let mut report = liar.report.clone();
        let shown: Vec<u64> = lines_of(&report.lines)
            .iter()
            .map(|line| totals.of(line))
            .collect();
        for (line, value) in report.lines.iter_mut().zip(shown) {
            line.form = Form::Exact { value };
        }
        let lines = lines_of(&report.lines);
        if let Subject::Single(single) = &mut report.subject {
            let end = Bound::at(self.end.clone());
            single.source.end = end.ok_or_else(|| broken("a checkpoint"))?;
            single.source.commitment = sum;
            let range = range_of(&single.source, root_of(&single.source)?);
            let mut generator = Generator(&*liar.world.clock);
            single.proof = prove(&range, &lines, &totals, &mut generator)
                .map_err(|error| Failure::unable(error.code(), error.to_string()))?;
        }
        Ok(report)
    }
}

/// The root that a source's last checkpoint names.
fn root_of(source: &Source) -> Result<[u8; 32], Failure> {
    let note = source.end.checkpoint.as_ref();
    let checkpoint =
        note.and_then(|note| portcullis_tlog::checkpoint::Checkpoint::parse(note.text()).ok());
    Ok(checkpoint.ok_or_else(|| broken("a checkpoint"))?.root.0)
}

/// What the story needs and did not find: a fault of the demo, not of the liar.
fn broken(what: &str) -> Failure {
    Failure::unable("demo.lies", what.to_owned())
}
