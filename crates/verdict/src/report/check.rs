//! Checks a report: what can be seen ahead, every leaf, and the lines.
//!
//! Pure and streaming. The caller reads files and hands in bytes:
//!
//! 1. [`Checker::new`] makes every check that needs no leaf: signatures, witnesses, period, lines.
//! 2. [`Checker::begin`] takes the right edge of the tree at a source's start.
//! 3. [`check_bundle`] checks a bundle, on as many threads as there are; [`Checker::absorb`] takes
//!    them in order. [`Checker::save`] and [`Checker::resume`] stop and go on in between.
//! 4. [`Checker::finish`] compares roots and sums, and verifies the lines.

mod ahead;
mod bounds;
mod leaves;
mod rules;
mod state;
mod totals;

pub use bounds::{Kept, WIDTH, kept_sizes};
pub use leaves::{CheckedBundle, Depth, LeafFault, SEEN_MAX, Stream, check_bundle};
pub use rules::earlier;
pub use state::StateError;
pub use totals::{lines_of, range_of, session_of};

use super::{Signed, Source};
use crate::{law::Laws, schema::Schemas};
use jiff::Timestamp;
use portcullis_tlog::{
    checkpoint::Origin,
    note::VerifierKey,
    policy::Policy,
    tile::{EntryTile, TILE_WIDTH},
    tree::Frontier,
};
use std::collections::BTreeMap;

/// What a check rests on besides the report and the tiles.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The keys of the logs, by origin. A log that is missing here is taken at its own word, and
    /// the report is never verified then.
    pub keys: &'a BTreeMap<Origin, VerifierKey>,
    /// Which witnesses are believed; without it none is checked.
    pub policy: Option<&'a Policy>,
    /// The schemas that are known.
    pub schemas: &'a Schemas,
    /// The laws that are known.
    pub laws: &'a Laws,
    /// The report before it in its series, verified by itself.
    pub previous: Option<&'a Signed>,
    /// What the logs keep of their past; the checks that need it are not made without.
    pub kept: &'a BTreeMap<Origin, Kept>,
    /// How much of each leaf is checked.
    pub depth: Depth,
    /// The instant of the check.
    pub now: Timestamp,
}

/// How a check went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It holds.
    Passed,
    /// It could not be made: something to go by is missing.
    NotChecked,
    /// It does not hold; the stable code says why.
    Failed(&'static str),
}

/// One check by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// Its stable name, such as `report.witnesses`.
    pub name: &'static str,
    /// How it went.
    pub state: State,
    /// What was found, in a sentence.
    pub detail: String,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every check was made and holds.
    Verified,
    /// Nothing is false, and something was not checked.
    Insufficient,
    /// Something is not what it claims to be.
    False,
}

/// What came of checking a report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// In one word.
    pub outcome: Outcome,
    /// In one line.
    pub line: String,
    /// The stable code of the first check that failed.
    pub code: Option<&'static str>,
    /// Every check, in the order in which it was made.
    pub checks: Vec<Check>,
}

impl Outcome {
    /// The words of the line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Insufficient => "INSUFFICIENT",
            Self::False => "FALSE",
        }
    }
}

/// A report under check.
#[derive(Debug)]
pub struct Checker {
    signed: Signed,
    depth: Depth,
    checks: Vec<Check>,
    /// One for every source; none before it has begun.
    streams: Vec<Option<Stream>>,
    /// The first fault of each source's leaves: nothing more of it is read then.
    faults: Vec<Option<(&'static str, String)>>,
}

impl Checker {
    /// Begins to check a report, and makes every check that needs no leaf.
    pub fn new(signed: Signed, against: &Against<'_>) -> Self {
        let sources = signed.report().sources().count();
        Self {
            checks: ahead::check(&signed, against),
            depth: against.depth,
            streams: vec![None; sources],
            faults: vec![None; sources],
            signed,
        }
    }

    /// The report.
    pub const fn signed(&self) -> &Signed {
        &self.signed
    }

    /// The checks that were made so far.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// How much of each leaf is checked.
    pub const fn depth(&self) -> Depth {
        self.depth
    }

    /// Whose leaves are counted, in the order of the report.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.signed.report().sources()
    }

    /// Whether the leaves of a source were begun, here or before it was saved.
    pub fn has_begun(&self, source: usize) -> bool {
        self.stream(source).is_some()
    }

    /// Takes the right edge of the tree at the start of a source, as its tiles give it.
    pub fn begin(&mut self, source: usize, edge: Frontier) {
        let Some((start, end)) = self
            .sources()
            .nth(source)
            .map(|it| (it.start.clone(), it.end.size))
        else {
            return;
        };
        let root = edge.root();
        let wanted = ahead::root_of(&start);
        let fits = edge.size() == start.size && wanted.is_none_or(|wanted| wanted == root);
        if !fits {
            let why = format!("the tiles give the root {root} at size {}", start.size);
            self.fault(source, "report.start_root", why);
        }
        if let Some(stream) = self.streams.get_mut(source) {
            *stream = Some(Stream::new(edge, end.0.saturating_sub(start.size.0)));
        }
    }

    /// Whether something is false already, so that no leaf need be read any more.
    pub fn is_false(&self) -> bool {
        let failed = |check: &Check| matches!(check.state, State::Failed(_));
        self.checks.iter().any(failed) || self.faults.iter().any(Option::is_some)
    }

    /// The bundles of a source that are still to be checked, in order; none once something is
    /// false. Take them one after the other: their number is the report's word, and up to 2^45.
    pub fn bundles(&self, source: usize) -> impl Iterator<Item = EntryTile> + use<> {
        let width = u64::from(TILE_WIDTH);
        let end = self.sources().nth(source).map(|it| it.end.size);
        let from = self.stream(source).map(Stream::next_leaf);
        let range = match (from, end) {
            (Some(from), Some(end)) if !self.is_false() && from < end.0 => {
                from / width..end.0.div_ceil(width)
            }
            _ => 0..0,
        };
        range.filter_map(move |index| EntryTile::in_tree(index, end?))
    }

    /// Takes what came of the bundle that comes next. `false` when the source is at fault and
    /// nothing more of it is needed.
    pub fn absorb(&mut self, source: usize, bundle: Result<CheckedBundle, LeafFault>) -> bool {
        let absorbed = bundle.and_then(|bundle| {
            let stream = self.streams.get_mut(source).and_then(Option::as_mut);
            stream.map_or(Ok(()), |stream| stream.absorb(&bundle))
        });
        if let Err(fault) = absorbed {
            self.fault(source, fault.code(), fault.to_string());
        }
        self.faults.get(source).is_some_and(Option::is_none)
    }

    /// A tile of a source is missing or malformed: its log does not serve what it signed.
    pub fn missing(&mut self, source: usize, why: String) {
        self.fault(source, "report.tile", why);
    }

    /// How many leaves were checked, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        let done = self.streams.iter().flatten().map(Stream::count).sum();
        let all = self
            .sources()
            .map(|it| it.end.size.0.saturating_sub(it.start.size.0));
        (done, all.sum())
    }

    /// Compares roots and sums, and verifies the lines.
    pub fn finish(mut self) -> Checked {
        let mut checks = std::mem::take(&mut self.checks);
        checks.extend(totals::check(&mut self));
        conclude(checks)
    }

    fn stream(&self, source: usize) -> Option<&Stream> {
        self.streams.get(source).and_then(Option::as_ref)
    }

    fn fault(&mut self, source: usize, code: &'static str, why: String) {
        if let Some(fault) = self.faults.get_mut(source) {
            fault.get_or_insert((code, why));
        }
    }
}

impl Check {
    pub(super) fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Passed,
            detail: detail.into(),
        }
    }

    pub(super) fn not_checked(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            state: State::NotChecked,
            detail: detail.into(),
        }
    }

    pub(super) fn failed(
        name: &'static str,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            name,
            state: State::Failed(code),
            detail: detail.into(),
        }
    }
}

fn conclude(checks: Vec<Check>) -> Checked {
    let failed = checks.iter().find_map(|check| match check.state {
        State::Failed(code) => Some((code, &check.detail)),
        State::Passed | State::NotChecked => None,
    });
    let open = checks.iter().find(|check| check.state == State::NotChecked);
    let (outcome, line) = match (failed, open) {
        (Some((code, why)), _) => (Outcome::False, format!("FALSE: {code}: {why}")),
        (None, Some(check)) => (
            Outcome::Insufficient,
            format!("INSUFFICIENT: {}: {}", check.name, check.detail),
        ),
        (None, None) => (
            Outcome::Verified,
            "VERIFIED: every leaf, every line and every signature".to_owned(),
        ),
    };
    Checked {
        outcome,
        line,
        code: failed.map(|(code, _)| code),
        checks,
    }
}
