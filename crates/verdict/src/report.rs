//! Reports: what a log counted in a period, and how anybody checks it.
//!
//! A report is a payload of JSON with one way to write it, in a DSSE envelope signed with the key
//! of the log ([`Signed`]). It names two checkpoints of the log, the sum of the commitments of all
//! leaves between them, and lines: sums of cells shown exactly, within a band, or withheld. Its
//! proof shows that the lines are those of the sum; the tree shows that no leaf was left out.
//!
//! Reading is here and in [`wire`](self); checking, leaf by leaf, is [`check`].

pub mod check;
pub mod joint;
mod signed;
mod wire;

pub use signed::{PAYLOAD_TYPE, SIGNED_BYTES_MAX, Signature, Signed, SignedError, sign};

use jiff::{Timestamp, civil::Date};
use portcullis_core::{digest::Digest, member::MemberId};
use portcullis_tlog::{
    checkpoint::{Checkpoint, Origin},
    note::SignedNote,
    tree::TreeSize,
};
use std::collections::BTreeMap;

/// The most bytes of a payload: fifty participants with well-witnessed checkpoints.
pub const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
/// The most lines of a report.
pub const LINES_MAX: usize = 64;
/// The most unproved figures of a report.
pub const UNPROVED_MAX: usize = 64;
/// The most bytes of a title, a clause, a reason or a figure.
pub const TEXT_BYTES_MAX: usize = 1024;
/// The most bytes of a word: a series, a line's id, a law's id, a zone.
pub const WORD_BYTES_MAX: usize = 64;
/// The most laws that a report names.
pub const LAWS_MAX: usize = 64;
/// The most participants of a joint report.
pub const PARTICIPANTS_MAX: usize = 50;
/// The fewest participants of a joint report: with two, each knows the other's total.
pub const PARTICIPANTS_MIN: usize = 3;
/// The most values that a band holds.
pub const BAND_WIDTH_MAX: u64 = 65_536;
/// The largest count and tree size: what every reader of JSON reads exactly, 2^53 − 1.
pub const COUNT_MAX: u64 = (1 << 53) - 1;
/// The most bytes of a proof: a joint opening or 64 bands are below it.
pub const PROOF_BYTES_MAX: usize = 64 * 1024;

/// A report, as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// `live`, or the name of an exercise.
    pub realm: String,
    /// The series of the schema, such as `uk-interception`.
    pub series: String,
    /// Its number in the series, from 1.
    pub number: u64,
    /// SHA-256 of the payload before it in the series; none for the first.
    pub previous: Option<Digest>,
    /// What it counts.
    pub period: Period,
    /// When it was made.
    pub made_at: Timestamp,
    /// The day of the first assistance ever, where the law counts an embargo from it.
    pub first_assistance: Option<Date>,
    /// The laws that its lines rest on: word and digest of the file.
    pub laws: BTreeMap<String, Digest>,
    /// The lines, in the order of the series.
    pub lines: Vec<Line>,
    /// Figures that nothing proves, marked so wherever they are shown.
    pub unproved: Vec<Unproved>,
    /// Whose counts they are.
    pub subject: Subject,
}

/// Days of a period, both included, in a zone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The zone in which the days begin and end, such as `Europe/London`.
    pub zone: String,
}

/// One line: a sum of cells in some form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// Its word in the series.
    pub id: String,
    /// What it counts, for people.
    pub title: String,
    /// The cells that are summed: 1 to 32 of 1..=32, ascending.
    pub cells: Vec<u8>,
    /// The word of the law that permits it; none for the house's own counts.
    pub law: Option<String>,
    /// The clause that it rests on.
    pub clause: String,
    /// How the sum is shown.
    pub form: Form,
}

/// How a sum is shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Form {
    /// The sum itself.
    Exact {
        /// At most [`COUNT_MAX`].
        value: u64,
    },
    /// That the sum is one of these, both included.
    Band {
        /// The least.
        low: u64,
        /// The greatest: at least one, and less than [`BAND_WIDTH_MAX`], above `low`.
        high: u64,
    },
    /// Nothing.
    Withheld {
        /// Why.
        because: String,
    },
}

/// A figure that is no count, and that nothing proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unproved {
    /// What it is.
    pub title: String,
    /// The figure, as it is to be shown.
    pub value: String,
    /// What it is counted in.
    pub unit: String,
    /// Who asks for it.
    pub clause: String,
}

/// Whose counts a report gives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// One log's.
    Single(Box<Single>),
    /// Those of several, summed, so that no one's own is shown.
    Joint(Joint),
}

/// One log's part of a report, and the proof of the lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Single {
    /// Of which log.
    pub source: Source,
    /// The proof, as [`portcullis_ballot::report`] reads it.
    pub proof: Vec<u8>,
}

/// Which leaves of which log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    /// The member whose log it is.
    pub member: MemberId,
    /// The log.
    pub origin: Origin,
    /// SHA-256 of the schema of its cells.
    pub schema: Digest,
    /// Where the leaves begin: the index of the first.
    pub start: Bound,
    /// Where they end: one after the index of the last.
    pub end: Bound,
    /// The sum of the leaves' commitments, a point of ristretto255.
    pub commitment: [u8; 32],
}

/// A size of a log and the checkpoint of that size.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The size.
    pub size: TreeSize,
    /// The cosigned checkpoint; none at size 0.
    pub checkpoint: Option<SignedNote>,
}

/// A joint report of several logs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Joint {
    /// The attempt at which everybody's masks fitted, from 1.
    pub attempt: u32,
    /// Who took part, in the order of their report keys.
    pub participants: Vec<Participant>,
}

/// One participant of a joint report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Participant {
    /// Which leaves.
    pub source: Source,
    /// Its report key, a point of ristretto255.
    pub report_key: [u8; 32],
    /// Its masks' commitments, one for every other participant, in their order.
    pub masks: Vec<[u8; 32]>,
    /// Its opening, as [`portcullis_ballot::report`] reads it.
    pub opening: Vec<u8>,
}

/// Why bytes are no report.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// Longer than any report.
    #[error("{0} bytes; a report has at most {PAYLOAD_BYTES_MAX}")]
    TooLong(usize),
    /// Of a version that is not known here.
    #[error("a report of a version that is not known here: `{0}`")]
    Version(String),
    /// Not the JSON of a report.
    #[error("not a report: {0}")]
    Malformed(String),
    /// Readable, but not written the one way.
    #[error("a report is written in one way, and this one is written in another")]
    NotCanonical,
    /// A part of it is out of its bounds.
    #[error("{0}")]
    Bounds(String),
}

impl ReportError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "report.too_long",
            Self::Version(_) => "report.version",
            Self::Malformed(_) => "report.malformed",
            Self::NotCanonical => "report.not_canonical",
            Self::Bounds(_) => "report.bounds",
        }
    }
}

impl Report {
    /// Reads a payload. What parses prints the same again.
    ///
    /// # Errors
    ///
    /// [`ReportError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReportError> {
        wire::parse(bytes)
    }

    /// The payload's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::to_bytes(self)
    }

    /// Whose leaves are counted, in the order of the report.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let (single, joint) = match &self.subject {
            Subject::Single(single) => (Some(&single.source), [].as_slice()),
            Subject::Joint(joint) => (None, joint.participants.as_slice()),
        };
        single
            .into_iter()
            .chain(joint.iter().map(|one| &one.source))
    }

    /// `single` or `joint`.
    pub const fn kind(&self) -> &'static str {
        match self.subject {
            Subject::Single(_) => "single",
            Subject::Joint(_) => "joint",
        }
    }

    /// The path under which it is published: `report/<series>/<number>.json`.
    pub fn path(&self) -> String {
        format!("report/{}/{}.json", self.series, self.number)
    }
}

impl Bound {
    /// Nothing yet.
    pub const ZERO: Self = Self {
        size: TreeSize(0),
        checkpoint: None,
    };

    /// The bound of a cosigned checkpoint; `None` when the note is no checkpoint.
    pub fn at(note: SignedNote) -> Option<Self> {
        let size = Checkpoint::parse(note.text()).ok()?.size;
        Some(Self {
            size,
            checkpoint: Some(note),
        })
    }
}

impl Line {
    /// The cells as a mask: bit k − 1 for cell k.
    pub fn mask(&self) -> u32 {
        self.cells
            .iter()
            .filter_map(|cell| 1_u32.checked_shl(u32::from(cell.checked_sub(1)?)))
            .fold(0, |mask, bit| mask | bit)
    }
}

impl core::fmt::Display for Form {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Exact { value } => write!(f, "{value}"),
            Self::Band { low, high } => write!(f, "{low}–{high}"),
            Self::Withheld { because } => write!(f, "withheld: {because}"),
        }
    }
}

#[cfg(test)]
mod tests;
