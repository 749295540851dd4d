//! Why a report may not be made.

use super::{PARTICIPANTS_MIN, Period};
use crate::law::{Clause, Word};
use jiff::{Timestamp, civil::Date};

/// Why a report may not be made. Every variant is an answer, not a fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// What may be published nobody can say without the law.
    #[error("the law `{law}` is not installed")]
    LawUnknown {
        /// The law that the series names.
        law: Word,
    },
    /// The law that is installed allows less.
    #[error("the series is finer than its law: {why}")]
    FinerThanLaw {
        /// What is.
        why: String,
    },
    /// Several members would make what one makes.
    #[error("the law provides for no joint totals of this series")]
    NotJoint,
    /// Too few members: each would know the others' totals.
    #[error("{found} would make it, and a joint report takes {PARTICIPANTS_MIN}")]
    JointTooFew {
        /// How many there are.
        found: usize,
    },
    /// A period that begins within another.
    #[error("{found} begins no period of {months} calendar months")]
    PeriodStart {
        /// The first day proposed.
        found: Date,
        /// How long periods are.
        months: u32,
    },
    /// A period that is too short or too long.
    #[error("the period ends with {expected}, not with {found}")]
    PeriodLength {
        /// The last day proposed.
        found: Date,
        /// The last day.
        expected: Date,
    },
    /// What was published is not published again.
    #[error("totals of {period} were published before")]
    PublishedBefore {
        /// The period.
        period: Period,
    },
    /// Days that an earlier report counts would be counted again.
    #[error("earlier reports reach into this period; the next one is {expected}")]
    Overlap {
        /// The next period.
        expected: Period,
    },
    /// Days would be left out.
    #[error("this period leaves days out; the next one is {expected}")]
    Gap {
        /// The next period.
        expected: Period,
    },
    /// The period is not over.
    #[error("the period closes at {closes}")]
    NotClosed {
        /// The first instant after it.
        closes: Timestamp,
    },
    /// The law asks for a delay.
    #[error("`{clause}` lets it be published from {until} on")]
    Delay {
        /// The first instant at which it may be.
        until: Timestamp,
        /// Says who.
        clause: Clause,
    },
    /// The law asks for silence after the first assistance ever.
    #[error("`{clause}` lets nothing be published {}", until_when(*.until))]
    Embargo {
        /// Until when; none, where there was no assistance yet.
        until: Option<Timestamp>,
        /// Says who.
        clause: Clause,
    },
    /// The same total exactly and in a band, or one that lets the other be worked out.
    #[error("line `{line}` would be known exactly and in a band")]
    ExactAndBanded {
        /// The line.
        line: Word,
    },
    /// A joint total over what a member has shown in a band.
    #[error("line `{line}` was shown in a band: a joint total would let it be worked out")]
    JointBanded {
        /// The line.
        line: Word,
    },
    /// A day or an instant is outside the range of dates.
    #[error("a day of it is outside the range of dates")]
    Range,
}

fn until_when(until: Option<Timestamp>) -> String {
    until.map_or_else(
        || "before some time after the first assistance, of which there was none".into(),
        |until| format!("before {until}"),
    )
}

impl Refusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LawUnknown { .. } => "report.law_unknown",
            Self::FinerThanLaw { .. } => "report.finer_than_law",
            Self::NotJoint => "report.not_joint",
            Self::JointTooFew { .. } => "report.joint_too_few",
            Self::PeriodStart { .. } => "report.period_start",
            Self::PeriodLength { .. } => "report.period_length",
            Self::PublishedBefore { .. } => "report.published_before",
            Self::Overlap { .. } => "report.overlap",
            Self::Gap { .. } => "report.gap",
            Self::NotClosed { .. } => "report.not_closed",
            Self::Delay { .. } => "report.delay",
            Self::Embargo { .. } => "report.embargo",
            Self::ExactAndBanded { .. } => "report.exact_and_banded",
            Self::JointBanded { .. } => "report.joint_banded",
            Self::Range => "report.range",
        }
    }
}
