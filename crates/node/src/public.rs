//! What everybody may see of a node, read from its public files.
//!
//! A [`Record`] is put together from the same files that a stranger can fetch:
//! what the page says, the files say. A file that is missing or cannot be read
//! leaves its part empty; nothing here invents one.

use crate::{Node, door::Doors as _};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{member::MemberId, realm::Realm};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    hash::Hash,
    note::{SignedNote, VerifierKey},
    policy::{CosignedCheckpoint, Policy},
};
use portcullis_verdict::monitor::shape::LogShape;
use serde::Deserialize;

/// The most ticks that are read of a log: as many as it publishes.
pub const TICKS_MAX: usize = 2000;
/// The most reports that are listed, the newest.
pub const REPORTS_MAX: usize = 4096;
/// The most opened dockets that are listed, the newest.
pub const OPENED_MAX: usize = 4096;

/// What everybody may see of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Whose node it is.
    pub member: MemberId,
    /// In which realm it works.
    pub realm: Realm,
    /// The instant at which this was put together.
    pub now: Timestamp,
    /// Its logs, the one in use first.
    pub logs: Vec<LogView>,
    /// Its reports, by series and number.
    pub reports: Vec<ReportEntry>,
    /// Dockets whose secrecy has ended.
    pub opened: Vec<OpenedEntry>,
}

/// One log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogView {
    /// Where its files lie, such as `log/1`.
    pub prefix: String,
    /// Its key; the key's name is its origin.
    pub key: VerifierKey,
    /// Its newest cosigned checkpoint.
    pub checkpoint: Option<CheckpointView>,
    /// The newest cosigned checkpoints, oldest first.
    pub ticks: Vec<Tick>,
    /// How fast it says that it grows.
    pub shape: Option<LogShape>,
    /// How fast it said so before, oldest first: what its earlier ticks are held against.
    pub shapes: Vec<LogShape>,
    /// Whether it was closed for good.
    pub closed: bool,
}

/// A checkpoint, and who cosigned it when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckpointView {
    /// The number of entries.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// Witnesses by the policy's names, with the instants of their cosignatures, earliest first.
    pub witnesses: Vec<(String, Timestamp)>,
    /// When enough witnesses had cosigned; none before that.
    pub quorum_at: Option<Timestamp>,
}

/// One cosigned checkpoint among many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tick {
    /// The number of entries.
    pub size: u64,
    /// When enough witnesses had cosigned.
    pub at: Timestamp,
}

/// A time in which the log should have grown and did not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Silence {
    /// The last tick before it.
    pub after: Timestamp,
    /// The first tick after it; none while it lasts.
    pub until: Option<Timestamp>,
    /// How many ticks did not come.
    pub missed: u64,
}

/// A report that is published.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct ReportEntry {
    /// Its series.
    pub series: String,
    /// Its number in the series, from 1.
    pub number: u64,
    /// What it counts.
    pub period: PeriodEntry,
    /// Where its file lies, without leading slash.
    pub path: String,
    /// `single` or `joint`.
    pub kind: String,
}

/// The first and the last day of a period, as `YYYY-MM-DD`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct PeriodEntry {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
}

/// A docket that was opened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct OpenedEntry {
    /// Where its file lies, without leading slash.
    pub path: String,
    /// The log that it is in.
    pub origin: String,
    /// Its place there.
    pub index: u64,
    /// When it was opened, as the list writes it.
    pub opened_at: Option<String>,
}

#[derive(Deserialize)]
struct Reports {
    reports: Vec<ReportEntry>,
}

#[derive(Deserialize)]
struct Opened {
    opened: Vec<OpenedEntry>,
}

/// Reads a public file by its path without leading slash.
pub type Read<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

impl Record {
    /// Reads everything. `logs` are prefixes and keys, the log in use first.
    pub fn read(
        member: MemberId,
        realm: Realm,
        now: Timestamp,
        logs: impl IntoIterator<Item = (String, VerifierKey)>,
        read: Read<'_>,
    ) -> Self {
        let logs = logs.into_iter();
        Self {
            member,
            realm,
            now,
            logs: logs
                .map(|(prefix, key)| LogView::read(prefix, key, read))
                .collect(),
            reports: newest(
                json(read, "report/index.json").map(|all: Reports| all.reports),
                REPORTS_MAX,
            ),
            opened: newest(
                json(read, "opened/index.json").map(|all: Opened| all.opened),
                OPENED_MAX,
            ),
        }
    }

    /// The log with this origin.
    pub fn log(&self, origin: &str) -> Option<&LogView> {
        self.logs.iter().find(|log| log.origin() == origin)
    }
}

impl LogView {
    fn read(prefix: String, key: VerifierKey, read: Read<'_>) -> Self {
        let file = |name: &str| read(&format!("{prefix}/{name}"));
        let policy = file("policy").and_then(|bytes| Policy::parse(&bytes).ok());
        let checkpoint = file("checkpoint").and_then(|bytes| seen(&bytes, policy.as_ref(), &key));
        let ticks = file("ticks").map(|bytes| ticks(&bytes)).unwrap_or_default();
        let shape = file("shape").and_then(|bytes| LogShape::verify(&bytes, &key).ok());
        let closed = file("closed").is_some();
        // A new shape holds from a size that the log had: only such can have a file.
        let newest = shape.as_ref().map_or(0, |shape: &LogShape| shape.since.0);
        let sizes = ticks.iter().map(|tick| tick.size);
        let before = [0].into_iter().chain(sizes).filter(|size| *size < newest);
        let shapes = before
            .filter_map(|size| file(&format!("shapes/{size:012}")))
            .filter_map(|bytes| LogShape::verify(&bytes, &key).ok())
            .collect();
        Self {
            prefix,
            key,
            checkpoint,
            ticks,
            shape,
            shapes,
            closed,
        }
    }

    /// Its name: the key's.
    pub fn origin(&self) -> &str {
        self.key.name().as_str()
    }

    /// The times at which it should have grown and did not, the newest first.
    ///
    /// A gap of one and a half ticks or more is one; a cosignature may take its
    /// time. Whoever closed the log owes it no ticks. Each gap is held against the
    /// shape of its time; where none is known, nothing is said.
    pub fn silences(&self, now: Timestamp) -> Vec<Silence> {
        let open = (!self.closed).then_some((now, None));
        let ends = self.ticks.iter().skip(1);
        let ends = ends.map(|next| (next.at, Some(next.at))).chain(open);
        let gaps = self.ticks.iter().zip(ends);
        let mut silences: Vec<Silence> = gaps
            .filter_map(|(tick_before, (end, until))| {
                let gap = end.duration_since(tick_before.at);
                let missed = missed(gap, self.tick_ms_at(tick_before.size))?;
                Some(Silence {
                    after: tick_before.at,
                    until,
                    missed,
                })
            })
            .collect();
        silences.reverse();
        silences
    }

    /// The tick that the log promised when it had this size; 0 if that is not known.
    fn tick_ms_at(&self, size: u64) -> u64 {
        let mut shapes = self.shapes.iter().chain(&self.shape).rev();
        let then = shapes.find(|shape| shape.since.0 <= size);
        then.map_or(0, |shape| shape.tick_ms)
    }
}

/// How many ticks of `tick_ms` a gap lacks; none if it lacks none.
fn missed(gap: SignedDuration, tick_ms: u64) -> Option<u64> {
    let gap = u64::try_from(gap.as_millis()).ok()?;
    let ticks = gap.saturating_add(tick_ms / 2).checked_div(tick_ms)?;
    ticks.checked_sub(1).filter(|missed| *missed > 0)
}

/// A checkpoint that the log signed. Without a policy nobody is named as its witness.
fn seen(bytes: &[u8], policy: Option<&Policy>, key: &VerifierKey) -> Option<CheckpointView> {
    let note = SignedNote::parse(bytes).ok()?;
    note.verify([key]).ok()?;
    let plain = Checkpoint::parse(note.text()).ok()?;
    let at = |seconds: u64| Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
    let cosigned = policy.and_then(|policy| policy.verify_checkpoint_as(&note, key).ok());
    let (witnesses, quorum_at) = cosigned.map_or_else(Default::default, |cosigned| {
        let CosignedCheckpoint {
            cosigned_at,
            quorum_at,
            ..
        } = cosigned;
        let named = cosigned_at.into_iter();
        let witnesses = named.filter_map(|(name, time)| Some((name, at(time)?)));
        (witnesses.collect(), quorum_at.and_then(at))
    });
    let same = plain.origin.as_str() == key.name().as_str();
    same.then_some(CheckpointView {
        size: plain.size.0,
        root: plain.root,
        witnesses,
        quorum_at,
    })
}

/// The lines that can be read, `<size> <instant>`, the newest [`TICKS_MAX`].
fn ticks(bytes: &[u8]) -> Vec<Tick> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let line = |line: &str| {
        let (size, at) = line.split_once(' ')?;
        Some(Tick {
            size: size.parse().ok()?,
            at: at.parse().ok()?,
        })
    };
    let lines: Vec<Tick> = text.lines().filter_map(line).collect();
    let beyond = lines.len().saturating_sub(TICKS_MAX);
    lines.into_iter().skip(beyond).collect()
}

fn json<T: for<'de> Deserialize<'de>>(read: Read<'_>, path: &str) -> Option<T> {
    let bytes = read(path)?;
    let parsed = serde_json::from_slice(&bytes);
    parsed
        .inspect_err(|error| tracing::warn!(%error, path, "a public list cannot be read"))
        .ok()
}

/// The last `max` of a list that grows at its end.
fn newest<T>(all: Option<Vec<T>>, max: usize) -> Vec<T> {
    let all = all.unwrap_or_default();
    let beyond = all.len().saturating_sub(max);
    all.into_iter().skip(beyond).collect()
}

impl Node {
    /// What everybody may see of this node.
    pub fn record(&self) -> Record {
        let file = |path: &str| Some(self.public_file(path)?.bytes);
        Record::read(
            self.me.clone(),
            self.realm.clone(),
            self.now(),
            self.log_keys(),
            &file,
        )
    }

    /// Where this node's logs lie and their keys, the newest generation first.
    fn log_keys(&self) -> Vec<(String, VerifierKey)> {
        let name = format!("{}/", self.keys.log_name);
        let origins = self.store.origins().unwrap_or_default();
        let own = |origin: &String| origin.strip_prefix(&name)?.parse::<u64>().ok();
        let mut generations: Vec<u64> = origins.iter().filter_map(own).collect();
        generations.sort_unstable_by(|a, b| b.cmp(a));
        generations.dedup();
        let key = |generation: u64| {
            let key = self.keys.log_signer(generation)?.vkey();
            // A log's name has to be an origin, or nobody could cosign it.
            let _: Origin = key.name().as_str().parse().ok()?;
            Some((format!("log/{generation}"), key))
        };
        generations.into_iter().filter_map(key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_tlog::{cosignature::Cosigner, note::NoteSigner, tree::TreeSize};
    use std::collections::BTreeMap;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn signer() -> NoteSigner {
        NoteSigner::new("mail.example/log/live/1".parse().unwrap(), &[1; 32])
    }

    fn shape(tick_ms: u64) -> Vec<u8> {
        shape_since(tick_ms, 0)
    }

    fn shape_since(tick_ms: u64, since: u64) -> Vec<u8> {
        let shape = LogShape {
            origin: "mail.example/log/live/1".parse().unwrap(),
            tick_ms,
            tiles: 1,
            schema: [2; 32],
            report_key: [3; 32],
            since: TreeSize(since),
        };
        let text = shape.to_text();
        let line = signer().sign(&text).unwrap();
        SignedNote::new(text, vec![line])
            .unwrap()
            .to_text()
            .into_bytes()
    }

    fn record(files: &[(&str, Vec<u8>)], now: &str) -> Record {
        let files: BTreeMap<&str, Vec<u8>> = files.iter().cloned().collect();
        let key = signer().vkey();
        Record::read(
            "provider".parse().unwrap(),
            Realm::live(),
            at(now),
            [("log/1".to_owned(), key)],
            &|path| files.get(path).cloned(),
        )
    }

    #[test]
    fn a_node_without_files_has_an_empty_record() {
        let record = record(&[], "2026-11-21T00:00:00Z");
        let log = &record.logs[0];
        assert_eq!(log.checkpoint, None);
        assert!(log.ticks.is_empty() && log.silences(record.now).is_empty());
        assert!(record.reports.is_empty() && record.opened.is_empty());
    }

    #[test]
    fn who_cosigned_is_named_by_the_policy_and_nobody_else() {
        let cosigner = |name: &str, seed| Cosigner::new(name.parse().unwrap(), &[seed; 32]);
        let (known, stranger) = (cosigner("w.example/1", 7), cosigner("x.example/1", 8));
        let origin: Origin = "mail.example/log/live/1".parse().unwrap();
        let checkpoint = Checkpoint::new(origin, TreeSize(256), Hash([9; 32]));
        let mut note = checkpoint.sign(&signer()).unwrap();
        for cosigner in [&known, &stranger] {
            let line = cosigner.cosign(note.text(), 1_700_000_000).unwrap();
            note = note.with_signature(line).unwrap();
        }
        let policy = format!("witness first {}\nquorum first\n", known.vkey());
        let files = [
            ("log/1/checkpoint", note.to_text().into_bytes()),
            ("log/1/policy", policy.into_bytes()),
        ];
        let view = record(&files, "2026-11-21T00:00:00Z").logs[0]
            .checkpoint
            .clone()
            .unwrap();
        let time = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(view.witnesses, [("first".to_owned(), time)]);
        assert_eq!((view.size, view.quorum_at), (256, Some(time)));
        let unknown = record(&files[..1], "2026-11-21T00:00:00Z");
        let view = unknown.logs[0].checkpoint.clone().unwrap();
        assert_eq!((view.witnesses.len(), view.quorum_at), (0, None));
    }

    #[test]
    fn a_checkpoint_of_another_key_is_none() {
        let origin: Origin = "mail.example/log/live/1".parse().unwrap();
        let other = NoteSigner::new("mail.example/log/live/1".parse().unwrap(), &[2; 32]);
        let note = Checkpoint::new(origin, TreeSize(256), Hash([9; 32]))
            .sign(&other)
            .unwrap();
        let files = [("log/1/checkpoint", note.to_text().into_bytes())];
        assert_eq!(
            record(&files, "2026-11-21T00:00:00Z").logs[0].checkpoint,
            None
        );
    }

    #[test]
    fn silences_are_gaps_of_more_than_a_tick_and_the_last_may_last() {
        let ticks = "256 2026-11-21T00:00:03Z\n512 2026-11-21T00:10:01Z\nnonsense\n\
                     768 2026-11-21T00:40:02Z\n1024 2026-11-21T00:50:04Z\n";
        let files = [
            ("log/1/ticks", ticks.as_bytes().to_vec()),
            ("log/1/shape", shape(600_000)),
        ];
        let of = |now: &str| record(&files, now).logs[0].silences(at(now));
        let past = Silence {
            after: at("2026-11-21T00:10:01Z"),
            until: Some(at("2026-11-21T00:40:02Z")),
            missed: 2,
        };
        assert_eq!(of("2026-11-21T00:55:00Z"), [past]);
        let lasts = Silence {
            after: at("2026-11-21T00:50:04Z"),
            until: None,
            missed: 5,
        };
        assert_eq!(of("2026-11-21T01:50:04Z"), [lasts, past]);
    }

    #[test]
    fn a_gap_is_held_against_the_shape_of_its_time() {
        let ticks = "256 2026-11-21T00:00:03Z\n512 2026-11-21T00:10:01Z\n\
                     768 2026-11-21T00:10:15Z\n1024 2026-11-21T00:11:00Z\n";
        let files = [
            ("log/1/ticks", ticks.as_bytes().to_vec()),
            ("log/1/shape", shape_since(15_000, 512)),
            ("log/1/shapes/000000000000", shape(600_000)),
        ];
        let silence = Silence {
            after: at("2026-11-21T00:10:15Z"),
            until: Some(at("2026-11-21T00:11:00Z")),
            missed: 2,
        };
        let record = record(&files, "2026-11-21T00:11:10Z");
        assert_eq!(record.logs[0].silences(record.now), [silence]);
    }

    #[test]
    fn a_closed_log_owes_no_ticks() {
        let files = [
            ("log/1/ticks", b"256 2026-11-21T00:00:03Z\n".to_vec()),
            ("log/1/shape", shape(600_000)),
            ("log/1/closed", b"closed".to_vec()),
        ];
        let record = record(&files, "2026-11-23T00:00:00Z");
        assert!(record.logs[0].closed);
        assert_eq!(record.logs[0].silences(record.now), []);
    }

    #[test]
    fn lists_are_read_and_what_is_no_list_is_passed_over() {
        let reports = br#"{"reports":[{"series":"s","number":1,"period":{"from":"2026-01-01","to":"2026-06-30"},"path":"report/s/1.json","kind":"single"}]}"#;
        let files = [
            ("report/index.json", reports.to_vec()),
            ("opened/index.json", b"no list".to_vec()),
        ];
        let record = record(&files, "2026-11-21T00:00:00Z");
        assert_eq!(record.reports[0].period.to, "2026-06-30");
        assert!(record.opened.is_empty());
    }
}
