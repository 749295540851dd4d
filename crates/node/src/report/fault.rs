//! Why no report was made.

use crate::NodeError;
use jiff::Timestamp;
use portcullis_ballot::{LeafError, joint::JointError, report::ProveError};
use portcullis_core::publication::Refusal;
use portcullis_tlog::tree::LeafIndex;

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log's schema has no such series.
    #[error("`{schema}` has no series `{series}`; it has {}", .known.join(", "))]
    UnknownSeries {
        /// What was asked for.
        series: String,
        /// The schema's name.
        schema: String,
        /// The series that it has.
        known: Vec<String>,
    },
    /// There is no log yet, or nothing of it was cosigned.
    #[error("nothing of this node's log is cosigned yet")]
    NoLog,
    /// The log has not been cosigned since the period ended.
    #[error("the log has no checkpoint that was cosigned after the period closed at {closes}")]
    NotCosigned {
        /// The first instant after the period.
        closes: Timestamp,
    },
    /// A log that was closed holds leaves that no report of the series has counted.
    #[error(
        "`{origin}` was closed with leaves {from} to {size} that no report of this series has counted"
    )]
    TwoLogs {
        /// The closed log.
        origin: String,
        /// The first leaf that was not counted.
        from: u64,
        /// Its size.
        size: u64,
    },
    /// A leaf is not ours, or does not prove what it counts.
    #[error("leaf {index}: {source}")]
    Leaf {
        /// Its index.
        index: LeafIndex,
        /// What is wrong with it.
        source: LeafError,
    },
    /// The tiles are not those of the tree that was signed.
    #[error("the tiles of `{origin}` do not make the tree that was signed at size {size}")]
    Tree {
        /// Which log.
        origin: String,
        /// At which size.
        size: u64,
    },
    /// The lines could not be proved.
    #[error(transparent)]
    Prove(#[from] ProveError),
    /// The participants of a joint report do not fit.
    #[error("{who}{error}")]
    Joint {
        /// Whose fault it is, if it is one's: the name and a colon.
        who: String,
        /// What is wrong.
        error: JointError,
    },
    /// A document of a joint report is not what it should be.
    #[error("{why}")]
    Document {
        /// The stable code.
        code: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Another process makes a report here.
    #[error("another process is making a report here")]
    Busy,
    /// Something else that a node does.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl ReportFault {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::UnknownSeries { .. } => "report.series",
            Self::NoLog => "report.no_log",
            Self::NotCosigned { .. } => "report.not_cosigned",
            Self::TwoLogs { .. } => "report.two_logs",
            Self::Leaf { source, .. } => source.code(),
            Self::Tree { .. } => "log.tiles",
            Self::Prove(error) => error.code(),
            Self::Joint { error, .. } => error.code(),
            Self::Document { code, .. } => code,
            Self::Busy => "report.busy",
            Self::Node(error) => error.code(),
        }
    }

    /// Whether somebody else's word is false, rather than something missing here.
    pub const fn is_false(&self) -> bool {
        matches!(self, Self::Joint { .. })
    }
}
