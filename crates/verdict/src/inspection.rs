//! Samples that neither side can choose (design §7).
//!
//! 1. The overseer draws a nonce, keeps it, and signs a [`Commitment`] to it: which log, from
//!    which leaf on, how many leaves, and at which size of the log they are drawn.
//! 2. The operator receives it before its log has that size, and signs a [`Receipt`]: one for each
//!    overseer, log and size ([`Open`]), or the overseer would choose among its nonces.
//! 3. Once a quorum has cosigned a checkpoint of that size or more, the overseer shows the nonce
//!    in a signed [`Sample`]. [`picks`] follow from the checkpoint's root, which the overseer could
//!    not know, and from the nonce, which the operator could not.
//! 4. The operator answers with an opening of every leaf picked ([`Answer`]).
//!
//! With the root alone an operator would grind cover leaves until the picks suit it; with the
//! nonce alone, or with a range chosen afterwards, the overseer would pick whom it likes. So the
//! commitment fixes everything but the root.

mod answer;
mod check;
mod document;
mod open;
mod pick;

pub use answer::{ANSWER_BYTES_MAX, Answer, Answered, Aside, Found, Opened, Record, check_answer};
pub use check::{Believing, Drawn, Office, check_commitment, check_sample};
pub use document::{Commitment, Nonce, Receipt, Sample, Signed};
pub use open::{OPEN_MAX, Open};
pub use pick::picks;

use crate::register::NotBelieved;
use portcullis_core::member::MemberId;

/// The most leaves of one sample.
pub const COUNT_MAX: u32 = 1000;

/// Why a commitment, a receipt, a sample or an answer does not hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InspectionError {
    /// It cannot be read.
    #[error("this is no {what}: {why}")]
    Malformed {
        /// What it was taken for.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Its signature is not to be believed.
    #[error("the signature of the {what}: {why}")]
    NotBelieved {
        /// Of what.
        what: &'static str,
        /// Why not.
        why: NotBelieved,
    },
    /// The key holds another office.
    #[error("the {what} is to be signed by {needed}")]
    WrongOffice {
        /// Of what.
        what: &'static str,
        /// Who signs it.
        needed: &'static str,
    },
    /// The parts do not belong together.
    #[error("the {0}")]
    Apart(&'static str),
    /// The nonce is not the one that was committed to.
    #[error("the nonce is not the one that the overseer committed to")]
    Nonce,
    /// The commitment came when the operator's log had that size already.
    #[error("the log had {size} leaves when the commitment came, and it draws at {at}: too late")]
    TooLate {
        /// How many leaves the log had.
        size: u64,
        /// At which size the sample is drawn.
        at: u64,
    },
    /// The operator signed for another commitment of this overseer already, for the same draw.
    #[error(
        "another commitment for this log at size {at} was signed for already: one sample a draw"
    )]
    SecondCommitment {
        /// At which size the sample is drawn.
        at: u64,
    },
    /// The overseer has as many open commitments as one may have.
    #[error("{open} commitments of this overseer are not drawn yet: that is the most")]
    TooManyOpen {
        /// How many there are.
        open: usize,
    },
    /// The checkpoint is not a quorum's.
    #[error("the checkpoint is not to be believed: {0}")]
    Checkpoint(String),
    /// The checkpoint is not later than the commitment.
    #[error("the checkpoint is not later than the commitment: {0}")]
    NotLater(String),
    /// There is an earlier checkpoint of that size or more.
    #[error("the sample is drawn at the checkpoint of size {first}, and not at {found}")]
    NotFirst {
        /// The first that is large enough.
        first: u64,
        /// The one the sample has.
        found: u64,
    },
    /// The log is nobody's.
    #[error("`{0}` is no log of a member in the register")]
    UnknownLog(String),
    /// The answer is somebody else's, or to another sample.
    #[error("the answer is `{member}`'s, to the sample {subject}")]
    OtherAnswer {
        /// Who answered.
        member: MemberId,
        /// What.
        subject: String,
    },
}

impl InspectionError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "inspect.malformed",
            Self::NotBelieved { why, .. } => why.code(),
            Self::WrongOffice { .. } => "inspect.wrong_office",
            Self::Apart(_) => "inspect.apart",
            Self::Nonce => "inspect.nonce",
            Self::TooLate { .. } => "inspect.too_late",
            Self::SecondCommitment { .. } => "inspect.second_commitment",
            Self::TooManyOpen { .. } => "inspect.too_many",
            Self::Checkpoint(_) => "inspect.checkpoint",
            Self::NotLater(_) => "inspect.not_later",
            Self::NotFirst { .. } => "inspect.not_first",
            Self::UnknownLog(_) => "inspect.unknown_log",
            Self::OtherAnswer { .. } => "inspect.other_answer",
        }
    }
}
