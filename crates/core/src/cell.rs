//! The cell: members that share intelligence. Who may see what, and what may happen next.
//!
//! Everything small that a cell knows — groups, collections, accounts, marks,
//! reviews, recalls, questions, follows — is a [`State`], folded from the
//! [`Event`]s of its journal. [`decide`](decide()) answers what a [`Command`] adds to
//! them, or the [`Refusal`]. Objects are not here: of an object the rules know
//! its [`Label`], and [`State::clearance`] is the one function that every exit
//! asks whether a label may go to a caller.

pub mod account;
pub mod apply;
pub mod caller;
pub mod clearance;
pub mod collection;
pub mod command;
pub mod decide;
pub mod event;
pub mod follow;
pub mod group;
pub mod ids;
pub mod jurisdiction;
pub mod label;
pub mod mark;
pub mod pseudonym;
pub mod question;
pub mod recall;
pub mod refusal;
pub mod review;
pub mod state;
pub mod tlp;
pub mod warning;
pub mod wrapper;

pub use account::{Account, Secret};
pub use caller::{By, Caller, Rights};
pub use clearance::Clearance;
pub use collection::{Collection, Mode, Settings};
pub use command::Command;
pub use decide::decide;
pub use event::{Event, Fact};
pub use group::{Consent, Group, MemberKind, Standing};
pub use ids::{CollectionId, FollowId, GroupId, ObjectId, QuestionId, RecallId, ReviewId};
pub use jurisdiction::Jurisdiction;
pub use label::{Label, Marked};
pub use mark::Marks;
pub use refusal::Refusal;
pub use state::{Beside, State};
pub use tlp::Tlp;

#[cfg(test)]
mod tests;
