//! Policies: which logs and witnesses are trusted, and how many witnesses must have cosigned.
//!
//! Follows C2SP tlog-policy. A [`Policy`] is parsed from its text file or put together with a
//! [`PolicyBuilder`]; both check the same rules. [`Policy::verify_quorum`] is what decides whether
//! a checkpoint is to be believed.
//!
//! SPEC: the specification lets any octet with the high bit pass; here a policy is UTF-8, and
//! names are compared octet by octet. Logs sign with type 01, witnesses with type 04.

mod builder;
mod text;
mod verify;

pub use builder::{PolicyBuilder, RuleError};
pub use text::PolicyTextError;
pub use verify::{CosignedCheckpoint, PolicyError};

use crate::note::VerifierKey;

/// Longest policy file in bytes: room for 256 logs, witnesses and groups with their addresses.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// Most logs, most witnesses and most groups of a policy; the specification asks for 32.
pub const POLICY_ITEMS_MAX: usize = 256;

/// Trusted logs, witnesses, groups of witnesses, and the quorum.
///
/// In text, one line each: logs, witnesses, groups, the quorum. Comments and spacing of a parsed
/// file are not kept; what is printed parses to the same policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    // INVARIANT: groups have only witnesses and earlier groups as members, and nothing is a
    // member twice.
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A trusted log. The name of its key is its origin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyLog {
    key: VerifierKey,
    url: Option<String>,
}

/// A trusted witness.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyWitness {
    name: String,
    key: VerifierKey,
    url: Option<String>,
}

/// How many members of a group must have cosigned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Threshold {
    /// Every one.
    All,
    /// At least one.
    Any,
    /// At least so many, 1 to the number of members.
    AtLeast(usize),
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Group {
    name: String,
    threshold: Threshold,
    members: Vec<Member>,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Quorum {
    None,
    Of(Member),
}

impl Policy {
    /// The trusted logs, in the order of the file.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The trusted witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether any cosignature is asked for: false for `quorum none`.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum != Quorum::None
    }

    fn name_of(&self, member: Member) -> Option<&str> {
        match member {
            Member::Witness(at) => self.witnesses.get(at).map(|witness| witness.name.as_str()),
            Member::Group(at) => self.groups.get(at).map(|group| group.name.as_str()),
        }
    }
}

impl PolicyLog {
    /// The log's key, type 01.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where to reach the log; its meaning is the application's.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl PolicyWitness {
    /// The name the policy gives it, which need not be its key's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The witness's key, type 04.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Submission prefix of the witness, if the policy gives one.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl Threshold {
    /// How many of `members` must have cosigned.
    fn count(self, members: usize) -> usize {
        match self {
            Self::All => members,
            Self::Any => 1,
            Self::AtLeast(count) => count,
        }
    }
}
