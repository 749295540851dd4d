//! Sharing groups: an owner invites, a member accepts. Nobody is in a group who
//! was not asked, and nobody sees what a group shares who did not say yes.

use super::{caller::By, jurisdiction::Jurisdiction};
use crate::member::MemberId;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most members of a group, invited ones included.
pub const GROUP_MEMBERS_MAX: usize = 4_096;

/// The most groups of one node, dissolved ones included.
pub const GROUPS_MAX: usize = 16_384;

/// A group, by the same id at every node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Who founded it, invites, and removes.
    pub owner: MemberId,
    /// What people call it.
    pub title: String,
    /// Who is in it, and who was asked.
    pub members: BTreeMap<MemberId, Membership>,
    /// Whether it was dissolved; then it reaches nobody.
    pub dissolved: bool,
    /// The last event that changed it.
    pub changed_at: Timestamp,
}

/// Where a member stands in a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Membership {
    /// What it is and whose law it is under.
    pub standing: Standing,
    /// Who invited it.
    pub invited_by: By,
    /// Its consent and since when; none while only invited.
    pub joined: Option<(Consent, Timestamp)>,
}

/// How a member said yes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Consent {
    /// It founded the group.
    Founder,
    /// By its own node or account.
    Own,
    /// On paper or by voice: for members without a node.
    Attested {
        /// The person who checked it.
        checked_by: String,
        /// How it was checked.
        how: String,
    },
    /// The group's owner told this node; the consent lies there.
    Relayed,
}

/// What a member is, and whose law it is under.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Standing {
    /// What it is.
    pub kind: MemberKind,
    /// Whose law it is under.
    pub jurisdiction: Jurisdiction,
}

/// Whether a member is a public authority.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum MemberKind {
    /// A company, a bank, an association.
    Company,
    /// A public authority.
    Authority,
}

impl MemberKind {
    /// The word: `company` or `authority`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Authority => "authority",
        }
    }

    /// The kind of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Company, Self::Authority]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

impl Standing {
    /// Whether what goes from here to `other` crosses a line that law 10 guards:
    /// from a company to an authority, or from one country to another.
    pub fn crosses_to(&self, other: &Self) -> bool {
        let to_authority = self.kind == MemberKind::Company && other.kind == MemberKind::Authority;
        to_authority || self.jurisdiction != other.jurisdiction
    }
}

impl Group {
    /// Where `member` stands, if it is in the group: invited and accepted.
    pub fn standing(&self, member: &MemberId) -> Option<Standing> {
        let membership = self.members.get(member)?;
        (!self.dissolved && membership.joined.is_some()).then_some(membership.standing)
    }

    /// Who is in the group: asked, and said yes.
    pub fn joined(&self) -> impl Iterator<Item = (&MemberId, Standing)> {
        self.members
            .iter()
            .filter(|(_, membership)| !self.dissolved && membership.joined.is_some())
            .map(|(member, membership)| (member, membership.standing))
    }
}
