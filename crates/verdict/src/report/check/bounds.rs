//! Where the leaves of a source begin and end: at no other checkpoints than these.
//!
//! A log grows by whole ticks and keeps the checkpoint of each. So the checkpoint one tick before
//! a bound shows that the bound is the first one cosigned after an instant. Without that a log
//! could cosign many, and choose the one whose totals it likes best.

use super::{Against, Check, ahead::start_of};
use crate::report::{Report, Source, Subject};
use jiff::Timestamp;
use portcullis_tlog::{
    checkpoint::Checkpoint,
    note::{SignedNote, VerifierKey},
    policy::Policy,
    tree::TreeSize,
};

/// The leaves of a tick, where the log's shape says nothing else: one tile.
pub const WIDTH: u64 = 256;

/// What a log keeps of its past, as far as a check needs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// How many leaves it grows by in a tick, by the shape that it signed.
    pub width: u64,
    /// The checkpoints of the sizes that [`kept_sizes`] names. None of them is believed yet.
    pub checkpoints: Vec<SignedNote>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            width: WIDTH,
            checkpoints: Vec::new(),
        }
    }
}

/// The sizes whose kept checkpoints a check of `source` asks for, when its log grows by `width`:
/// one tick before the end and, in a joint report, one before the start, or the log's first.
pub fn kept_sizes(report: &Report, source: &Source, width: u64) -> Vec<TreeSize> {
    let mut sizes = vec![preceding(source.end.size, width)];
    if matches!(report.subject, Subject::Joint(_)) {
        sizes.push(match source.start.size {
            TreeSize(0) => Some(TreeSize(width)),
            start => preceding(start, width),
        });
    }
    sizes.into_iter().flatten().collect()
}

/// The size one tick before; none before the first tick.
fn preceding(size: TreeSize, width: u64) -> Option<TreeSize> {
    let before = size.0.checked_sub(width)?;
    (0 < before).then_some(TreeSize(before))
}

/// When quorums had cosigned the checkpoints of one source.
pub(super) struct Past<'a> {
    report: &'a Report,
    source: &'a Source,
    key: &'a VerifierKey,
    policy: &'a Policy,
    width: u64,
    kept: &'a [SignedNote],
}

impl<'a> Past<'a> {
    /// `None` without witnesses to go by.
    pub(super) fn of(
        report: &'a Report,
        source: &'a Source,
        key: Option<&'a VerifierKey>,
        against: &Against<'a>,
    ) -> Option<Self> {
        let kept = against.kept.get(&source.origin);
        Some(Self {
            report,
            source,
            key: key?,
            policy: against.policy.filter(|it| it.asks_for_witnesses())?,
            width: kept.map_or(WIDTH, |kept| kept.width),
            kept: kept.map_or(&[], |kept| &kept.checkpoints),
        })
    }

    /// Its end is the first checkpoint that was cosigned after the period.
    pub(super) fn end(&self) -> Check {
        let (name, origin) = ("report.end", &self.source.origin);
        let Some(ends) = self
            .report
            .period
            .to
            .tomorrow()
            .ok()
            .and_then(|day| start_of(day, &self.report.period.zone))
        else {
            return Check::not_checked(name, "nothing says when the period ended");
        };
        let Some(before) = preceding(self.source.end.size, self.width) else {
            let detail = format!("`{origin}` ends at its first checkpoint");
            return Check::passed(name, detail);
        };
        match self.cosigned_at(before) {
            Some(at) if ends <= at => Check::failed(
                name,
                "report.late_end",
                format!(
                    "the checkpoint of `{origin}` at size {before} was cosigned at {at}, after the period ended at {ends}, and it ends later still"
                ),
            ),
            Some(_) => Check::passed(
                name,
                format!("`{origin}` ends at the first checkpoint cosigned after the period"),
            ),
            None => Check::not_checked(name, self.unknown(before)),
        }
    }

    /// A log of which nothing was counted before comes into a joint report with the period.
    pub(super) fn joint_start(&self) -> Check {
        let (name, origin) = ("report.start", &self.source.origin);
        let start = self.source.start.size;
        let Some(begins) = start_of(self.report.period.from, &self.report.period.zone) else {
            return Check::not_checked(name, "nothing says when the period began");
        };
        let first = if start.0 == 0 {
            TreeSize(self.width)
        } else {
            start
        };
        match self.cosigned_at(first) {
            None => return Check::not_checked(name, self.unknown(first)),
            Some(at) if at < begins => {
                let why = format!(
                    "`{origin}` counts leaves of a checkpoint of {at}, before the period began at {begins}"
                );
                return Check::failed(name, "report.starts_early", why);
            }
            Some(_) => {}
        }
        let Some(before) = preceding(start, self.width) else {
            let detail = format!("`{origin}` began within the period");
            return Check::passed(name, detail);
        };
        match self.cosigned_at(before) {
            None => Check::not_checked(name, self.unknown(before)),
            Some(at) if begins <= at => {
                let why = format!(
                    "`{origin}` was cosigned at {at} at size {before}, within the period, and starts later"
                );
                Check::failed(name, "report.gap", why)
            }
            Some(_) => Check::passed(
                name,
                format!("`{origin}` starts at the first checkpoint cosigned within the period"),
            ),
        }
    }

    fn unknown(&self, size: TreeSize) -> String {
        format!(
            "no cosigned checkpoint of `{}` at size {size} can be had: nothing says when the log was there",
            self.source.origin
        )
    }

    /// When a quorum had cosigned the log at a size, by the report or by what the log kept.
    fn cosigned_at(&self, size: TreeSize) -> Option<Timestamp> {
        let bounds = [&self.source.start, &self.source.end];
        let named = bounds.into_iter().filter_map(|it| it.checkpoint.as_ref());
        let fits = |note: &&SignedNote| {
            Checkpoint::parse(note.text())
                .is_ok_and(|it| it.size == size && it.origin == self.source.origin)
        };
        let times = named.chain(self.kept).filter(fits).filter_map(|note| {
            note.verify([self.key]).ok()?;
            let at = self.policy.verify_quorum_as(note, self.key).ok()?.quorum_at;
            Timestamp::from_second(i64::try_from(at?).ok()?).ok()
        });
        times.min()
    }
}
