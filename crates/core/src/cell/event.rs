//! What happened in a cell. A journal holds these in the order of doing; a
//! [`super::State`] is what they add up to.

use super::{
    account::Secret,
    caller::{By, Rights},
    collection::Settings,
    follow::Source,
    group::{Consent, Standing},
    ids::{CollectionId, FollowId, GroupId, ObjectId, QuestionId, RecallId, ReviewId},
    question, recall,
    review::{Finding, Outcome},
    tlp::Tlp,
};
use crate::{digest::Digest, member::MemberId, realm::RealmTag};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A fact, whose doing it is, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// When it was decided here.
    pub at: Timestamp,
    /// Whose doing it is.
    pub by: By,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// A group was founded; its founder owns it and is in it.
    GroupFounded {
        /// Which.
        group: GroupId,
        /// What people call it.
        title: String,
        /// What the founder is, and whose law it is under.
        standing: Standing,
    },
    /// The owner asked a member to join.
    Invited {
        /// To which group.
        group: GroupId,
        /// Whom.
        member: MemberId,
        /// What it is, and whose law it is under.
        standing: Standing,
    },
    /// An invited member said yes.
    Joined {
        /// Which group.
        group: GroupId,
        /// Who.
        member: MemberId,
        /// How.
        consent: Consent,
    },
    /// A member left, was removed, or declined the invitation.
    Left {
        /// Which group.
        group: GroupId,
        /// Who.
        member: MemberId,
    },
    /// The owner, whose node is another, said who is in its group: that and no more.
    GroupLearned {
        /// Which.
        group: GroupId,
        /// Whose it is.
        owner: MemberId,
        /// What people call it.
        title: String,
        /// Who is in it.
        members: BTreeMap<MemberId, Standing>,
        /// The owner's time of saying so.
        said_at: Timestamp,
    },
    /// A group was dissolved by its owner.
    GroupDissolved {
        /// Which.
        group: GroupId,
    },
    /// A collection was opened.
    CollectionOpened {
        /// Which.
        collection: CollectionId,
        /// How it is set.
        settings: Box<Settings>,
    },
    /// A collection was set anew.
    CollectionChanged {
        /// Which.
        collection: CollectionId,
        /// How it is set.
        settings: Box<Settings>,
    },
    /// A collection was closed.
    CollectionClosed {
        /// Which.
        collection: CollectionId,
    },
    /// An account was opened.
    AccountOpened {
        /// Its name.
        name: String,
        /// The member it acts for.
        member: MemberId,
        /// How it proves itself.
        secret: Secret,
        /// Whether it acts for a client of the member.
        client: bool,
        /// Whether it is one of this node's own people's.
        operator: bool,
        /// What it may do.
        rights: Rights,
        /// The instant from which it is no longer valid.
        until: Option<Timestamp>,
    },
    /// An account got another secret.
    SecretSet {
        /// Its name.
        name: String,
        /// How it proves itself from now on.
        secret: Secret,
    },
    /// An account was ended.
    AccountEnded {
        /// Its name.
        name: String,
    },
    /// A member said which identity is its own.
    IdentityBound {
        /// `identity--…`.
        identity: ObjectId,
        /// Whose.
        member: MemberId,
    },
    /// A member said that an identity is its own no more.
    IdentityUnbound {
        /// `identity--…`.
        identity: ObjectId,
    },
    /// A publisher set another TLP for a group; none takes it back.
    Marked {
        /// Its object.
        object: ObjectId,
        /// Towards whom.
        group: GroupId,
        /// What.
        tlp: Option<Tlp>,
    },
    /// A publisher named who may have its TLP:RED object, in place of who was named before.
    Addressed {
        /// Its object.
        object: ObjectId,
        /// Who.
        recipients: BTreeSet<MemberId>,
    },
    /// A publisher said why an object is meant although it is on warning lists.
    WarningOverridden {
        /// Its object.
        object: ObjectId,
        /// Which lists.
        lists: BTreeSet<String>,
        /// Why.
        reason: String,
    },
    /// A legal basis was given its dates.
    Wrapped {
        /// Its name.
        name: String,
        /// Its clause.
        clause: String,
        /// The first instant at which it holds.
        from: Timestamp,
        /// The first instant at which it no longer holds.
        until: Timestamp,
    },
    /// An object waits for a person's decision.
    Held {
        /// The review.
        review: ReviewId,
        /// In which collection.
        collection: CollectionId,
        /// Which object.
        object: ObjectId,
        /// Which version.
        version_us: i64,
        /// SHA-256 of its bytes; none in old journals.
        content: Option<Digest>,
        /// Who brought it.
        publisher: MemberId,
        /// Why.
        findings: Vec<Finding>,
    },
    /// A person decided.
    Reviewed {
        /// The review.
        review: ReviewId,
        /// What.
        outcome: Outcome,
        /// Why.
        reason: String,
        /// Who.
        person: String,
    },
    /// An object is asked back.
    Recalled {
        /// The recall.
        recall: RecallId,
        /// Which object.
        object: ObjectId,
        /// Which versions; empty: all.
        versions: Vec<i64>,
        /// The pseudonym whose alone is asked back; none for all of the publisher's.
        under: Option<ObjectId>,
        /// Why.
        reason: String,
        /// Who was served it.
        asked: BTreeSet<MemberId>,
        /// When everybody should have confirmed.
        due: Timestamp,
        /// When the publisher asked, by its own clock, where it did so at another node.
        since: Option<Timestamp>,
    },
    /// More members turned out to have been served what is asked back.
    RecallWidened {
        /// The recall.
        recall: RecallId,
        /// Who.
        asked: BTreeSet<MemberId>,
    },
    /// A member answered a recall.
    RecallConfirmed {
        /// The recall.
        recall: RecallId,
        /// Who.
        member: MemberId,
        /// What it did.
        how: recall::Complied,
        /// In its own words.
        note: Option<String>,
    },
    /// A question was asked.
    Asked {
        /// The question.
        question: QuestionId,
        /// What it is about.
        kind: question::Kind,
        /// In words.
        text: String,
        /// The STIX note that carries it.
        note: Option<ObjectId>,
        /// The groups that were asked.
        groups: BTreeSet<GroupId>,
        /// Whom it goes to: the members named, and those of the groups.
        members: BTreeSet<MemberId>,
        /// Until when answers help.
        deadline: Timestamp,
    },
    /// A member has the question.
    Acknowledged {
        /// The question.
        question: QuestionId,
        /// Who.
        member: MemberId,
    },
    /// A member answered.
    Answered {
        /// The question.
        question: QuestionId,
        /// Who.
        member: MemberId,
        /// Its notes, reports, sightings.
        objects: Vec<ObjectId>,
    },
    /// A member does not answer, and says why.
    Declined {
        /// The question.
        question: QuestionId,
        /// Who.
        member: MemberId,
        /// Why.
        reason: String,
    },
    /// Those who are silent were reminded.
    Reminded {
        /// The question.
        question: QuestionId,
        /// Who.
        members: BTreeSet<MemberId>,
    },
    /// A question was closed.
    QuestionClosed {
        /// The question.
        question: QuestionId,
        /// What it brought, in words.
        outcome: String,
        /// The objects that came of it.
        brought: Vec<ObjectId>,
    },
    /// A pseudonym was taken. Who it is stands in `sealed`, for the cell's key alone.
    PseudonymTaken {
        /// `identity--…`.
        identity: ObjectId,
        /// Sealed bytes.
        sealed: Vec<u8>,
    },
    /// Somebody looked behind a pseudonym.
    PseudonymOpened {
        /// `identity--…`.
        identity: ObjectId,
        /// Why.
        reason: String,
        /// Who.
        person: String,
    },
    /// A collection is kept in step with one elsewhere.
    Followed {
        /// The follow.
        follow: FollowId,
        /// What is followed.
        source: Source,
        /// Into which of our collections.
        into: CollectionId,
        /// Seconds between two looks.
        every_s: Option<u32>,
    },
    /// All up to here has come over.
    Advanced {
        /// The follow.
        follow: FollowId,
        /// Up to where, in the source's own words.
        cursor: String,
    },
    /// A follow rests, or goes on.
    FollowPaused {
        /// The follow.
        follow: FollowId,
        /// Whether it rests.
        paused: bool,
    },
    /// A follow was ended.
    Unfollowed {
        /// The follow.
        follow: FollowId,
    },
}

impl Fact {
    /// Whether every id in it was drawn in this realm (law 8).
    pub fn is_of(&self, realm: RealmTag) -> bool {
        let group = |id: &GroupId| id.realm_tag() == realm;
        let collection = |id: &CollectionId| id.realm_tag() == realm;
        match self {
            Self::GroupFounded { group: id, .. }
            | Self::Invited { group: id, .. }
            | Self::Joined { group: id, .. }
            | Self::Left { group: id, .. }
            | Self::GroupLearned { group: id, .. }
            | Self::GroupDissolved { group: id }
            | Self::Marked { group: id, .. } => group(id),
            Self::CollectionOpened {
                collection: id,
                settings,
            }
            | Self::CollectionChanged {
                collection: id,
                settings,
            } => collection(id) && settings.readers.union(&settings.writers).all(group),
            Self::CollectionClosed { collection: id } => collection(id),
            Self::Held {
                review,
                collection: id,
                ..
            } => review.realm_tag() == realm && collection(id),
            Self::Reviewed { review, .. } => review.realm_tag() == realm,
            Self::Recalled { recall, .. }
            | Self::RecallWidened { recall, .. }
            | Self::RecallConfirmed { recall, .. } => recall.realm_tag() == realm,
            Self::Asked {
                question, groups, ..
            } => question.realm_tag() == realm && groups.iter().all(group),
            Self::Acknowledged { question, .. }
            | Self::Answered { question, .. }
            | Self::Declined { question, .. }
            | Self::Reminded { question, .. }
            | Self::QuestionClosed { question, .. } => question.realm_tag() == realm,
            Self::Followed {
                follow,
                source,
                into,
                ..
            } => {
                let there = match source {
                    Source::Peer { collection: id, .. } => collection(id),
                    Source::Taxii { .. } | Source::Misp { .. } => true,
                };
                follow.realm_tag() == realm && collection(into) && there
            }
            Self::Advanced { follow, .. }
            | Self::FollowPaused { follow, .. }
            | Self::Unfollowed { follow } => follow.realm_tag() == realm,
            Self::AccountOpened { .. }
            | Self::SecretSet { .. }
            | Self::AccountEnded { .. }
            | Self::IdentityBound { .. }
            | Self::IdentityUnbound { .. }
            | Self::Addressed { .. }
            | Self::WarningOverridden { .. }
            | Self::Wrapped { .. }
            | Self::PseudonymTaken { .. }
            | Self::PseudonymOpened { .. } => true,
        }
    }
}
