//! Why a node could not do something: the rules said no, or it could not be done.

use portcullis_core::{case::Refusal, id::CaseId};
use portcullis_store::{CommitError, LogError, Unavailable};
use portcullis_verdict::{register::VersionError, verify::Unfit};

/// Why a node could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A statement is not believed, or does not fit.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A version of the register is not believed.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The node trusts no register yet.
    #[error("this node has joined no register yet")]
    NoRegister,
    /// The key is none of ours.
    #[error("the key is not one of `{0}` in the register, or holds no office now")]
    KeyNotOurs(portcullis_core::member::MemberId),
    /// There is no such case here.
    #[error("there is no case {0} here")]
    UnknownCase(CaseId),
    /// The attachment is not the one that the statement names by its digest.
    #[error("the attachment is not the one that the statement names")]
    OtherAttachment,
    /// Restored from a backup, and not yet in step.
    #[error(
        "this node was restored from a backup and asks its peers for what it lacks; it speaks again when they have answered"
    )]
    Restoring,
    /// The case moved on again and again.
    #[error("the case moved on meanwhile; look at it again")]
    Contention,
    /// The verdict on the order does not hold any more.
    #[error("{0}")]
    NoLongerHolds(String),
    /// The statement's leaves are not cosigned yet.
    #[error("the package's leaves are not in a cosigned checkpoint yet; wait for the next tick")]
    NotRecorded,
    /// A package's bytes are missing or not what they should be.
    #[error("package {package}: {why}")]
    Package {
        /// Which.
        package: portcullis_core::id::PackageId,
        /// What is wrong.
        why: String,
    },
    /// A commitment, a sample or an answer does not hold.
    #[error(transparent)]
    Inspection(#[from] portcullis_verdict::inspection::InspectionError),
    /// The log cannot go on.
    #[error(transparent)]
    Log(#[from] crate::log::LogFault),
    /// The storage did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Files could not be read or written.
    #[error(transparent)]
    Blob(#[from] portcullis_store::BlobError),
    /// The node has no cell.
    #[error("this node has no cell")]
    NoCell,
    /// The cell could not do what was asked.
    #[error(transparent)]
    Cell(#[from] crate::cell::CellError),
    /// The cell's ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] crate::cell::served::LedgerError),
    /// Something in our own records cannot be read.
    #[error("a record of ours cannot be read: {0}")]
    Broken(String),
}

impl NodeError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Unfit(unfit) => unfit.code(),
            Self::Version(error) => error.code(),
            Self::NoRegister => "register.none",
            Self::KeyNotOurs(_) => "key.not_ours",
            Self::UnknownCase(_) => "case.unknown",
            Self::OtherAttachment => "statement.attachment",
            Self::Restoring => "node.restoring",
            Self::Contention => "case.moved_on",
            Self::NoLongerHolds(_) => "order.no_longer_holds",
            Self::NotRecorded => "log.not_recorded",
            Self::Package { .. } => "package.bytes",
            Self::Inspection(error) => error.code(),
            Self::Log(fault) => fault.code(),
            Self::Unavailable(_) | Self::Blob(_) => "store.unavailable",
            Self::NoCell => "cell.none",
            Self::Cell(error) => error.code(),
            Self::Ledger(_) => "cell.ledger",
            Self::Broken(_) => "store.broken",
        }
    }
}

impl From<CommitError> for NodeError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } | CommitError::Duplicate => Self::Contention,
            CommitError::NoStatement(digest) => Self::Broken(format!("no statement {digest}")),
            CommitError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

impl From<LogError> for NodeError {
    fn from(error: LogError) -> Self {
        Self::Log(error.into())
    }
}
