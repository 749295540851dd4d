//! Requests for information: a question about a threat to chosen members or
//! groups, with a deadline. Never one for the data of somebody's users.

pub mod user_data;

use super::{
    caller::By,
    ids::{GroupId, ObjectId},
};
use crate::member::MemberId;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The longest question.
pub const TEXT_BYTES_MAX: usize = 16_384;

/// The most questions of one node.
pub const QUESTIONS_MAX: usize = 1_000_000;

/// The most members that one question may go to.
pub const ASKED_MAX: usize = 4_096;

/// The most objects that one answer, or the close, may name.
pub const OBJECTS_MAX: usize = 1_024;

/// What may be asked. The list is closed: what is not about a threat is not asked here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Kind {
    /// Have you seen this?
    Seen,
    /// Is this right, or a false positive?
    Confirm,
    /// How does it work?
    Technique,
    /// Who is behind it, as far as threat actors have names?
    Actor,
    /// How far does it reach: sectors, systems, countries?
    Impact,
    /// What helps against it?
    Mitigation,
    /// A sample or the configuration of malicious software.
    Sample,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Seen,
        Self::Confirm,
        Self::Technique,
        Self::Actor,
        Self::Impact,
        Self::Mitigation,
        Self::Sample,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Confirm => "confirm",
            Self::Technique => "technique",
            Self::Actor => "actor",
            Self::Impact => "impact",
            Self::Mitigation => "mitigation",
            Self::Sample => "sample",
        }
    }

    /// The kind of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A question, and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// What it is about.
    pub kind: Kind,
    /// The question in words.
    pub text: String,
    /// The STIX note that carries it.
    pub note: Option<ObjectId>,
    /// Who asks.
    pub by: By,
    /// Since when.
    pub at: Timestamp,
    /// Until when answers help.
    pub deadline: Timestamp,
    /// The groups that were asked.
    pub groups: BTreeSet<GroupId>,
    /// Whom it went to, and what they said.
    pub asked: BTreeMap<MemberId, Reply>,
    /// When those who are silent were last reminded.
    pub reminded_at: Option<Timestamp>,
    /// How it ended, once it did.
    pub closed: Option<Closed>,
}

/// What one member said to a question.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
    /// When it said that it has the question.
    pub acknowledged_at: Option<Timestamp>,
    /// Its answers: notes, reports, sightings.
    pub answers: Vec<ObjectId>,
    /// When it first answered.
    pub answered_at: Option<Timestamp>,
    /// Why it does not answer, where it said so.
    pub declined: Option<String>,
}

impl Reply {
    /// Whether nothing more is expected.
    pub fn settled(&self) -> bool {
        self.answered_at.is_some() || self.declined.is_some()
    }
}

/// How a question ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closed {
    /// What it brought, in words.
    pub outcome: String,
    /// What it brought: the objects that came of it.
    pub brought: Vec<ObjectId>,
    /// When.
    pub at: Timestamp,
}

impl Question {
    /// Who has neither answered nor declined.
    pub fn silent(&self) -> impl Iterator<Item = &MemberId> {
        self.asked
            .iter()
            .filter(|(_, reply)| !reply.settled())
            .map(|(member, _)| member)
    }

    /// When those who are silent are reminded next: at three quarters of the time
    /// and at the deadline. None when it is closed, settled, or both are past.
    pub fn reminder_due(&self) -> Option<Timestamp> {
        if self.closed.is_some() || self.silent().next().is_none() {
            return None;
        }
        let left = self.deadline.duration_since(self.at);
        let early = self
            .at
            .checked_add(left.checked_sub(left / 4).unwrap_or(SignedDuration::ZERO))
            .unwrap_or(self.deadline);
        [early, self.deadline]
            .into_iter()
            .find(|due| self.reminded_at.is_none_or(|last| last < *due))
    }
}
