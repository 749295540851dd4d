//! What somebody wants to happen in a cell. Ids are drawn by whoever asks.

use super::{
    account::Secret,
    caller::Rights,
    collection::Settings,
    follow::Source,
    group::Standing,
    ids::{CollectionId, FollowId, GroupId, ObjectId, QuestionId, RecallId, ReviewId},
    recall,
    review::{Finding, Outcome},
    tlp::Tlp,
};
use crate::{digest::Digest, member::MemberId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A wish. Who has it is the [`super::Caller`] beside it; what of the world it
/// rests on — who published an object, who was served it — was loaded before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Found a group: the node's operator, for its own member.
    FoundGroup {
        /// A fresh id.
        group: GroupId,
        /// What people shall call it.
        title: String,
        /// What the founder is, and whose law it is under.
        standing: Standing,
    },
    /// Ask a member to join: the group's owner.
    Invite {
        /// To which group.
        group: GroupId,
        /// Whom.
        member: MemberId,
        /// What it is, and whose law it is under.
        standing: Standing,
    },
    /// Join a group one was invited to: the member itself.
    Accept {
        /// Which group.
        group: GroupId,
    },
    /// Enter the consent of a member without a node: the group's owner.
    Attest {
        /// Which group.
        group: GroupId,
        /// Whose consent.
        member: MemberId,
        /// The person who checked it.
        checked_by: String,
        /// How it was checked.
        how: String,
    },
    /// Leave a group, or decline its invitation: the member itself.
    Leave {
        /// Which group.
        group: GroupId,
    },
    /// Remove a member: the group's owner.
    Expel {
        /// From which group.
        group: GroupId,
        /// Whom.
        member: MemberId,
    },
    /// Take over what a group's owner says about it: the owner's node, as the caller.
    LearnGroup {
        /// Which.
        group: GroupId,
        /// What people call it.
        title: String,
        /// Who is in it.
        members: BTreeMap<MemberId, Standing>,
        /// The owner's time of saying so; what is older than we know changes nothing.
        said_at: Timestamp,
    },
    /// Dissolve a group: its owner.
    DissolveGroup {
        /// Which.
        group: GroupId,
    },
    /// Open a collection: an operator.
    OpenCollection {
        /// A fresh id, or that of the collection that is followed.
        collection: CollectionId,
        /// How it shall be set.
        settings: Box<Settings>,
    },
    /// Set a collection anew: an operator.
    ChangeCollection {
        /// Which.
        collection: CollectionId,
        /// How it shall be set.
        settings: Box<Settings>,
    },
    /// Close a collection: an operator.
    CloseCollection {
        /// Which.
        collection: CollectionId,
    },
    /// Open an account: an operator.
    OpenAccount {
        /// Its name: 1 to 128 of printable ASCII without `:` and spaces.
        name: String,
        /// The member it acts for.
        member: MemberId,
        /// How it shall prove itself.
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
    /// Give an account another secret: an operator, or the account itself.
    SetSecret {
        /// Its name.
        name: String,
        /// How it shall prove itself from now on.
        secret: Secret,
    },
    /// End an account: an operator, or whoever speaks for its member.
    EndAccount {
        /// Its name.
        name: String,
    },
    /// Say which identity is one's own: whoever speaks for the member.
    BindIdentity {
        /// `identity--…`.
        identity: ObjectId,
    },
    /// Say that an identity is one's own no more: whoever speaks for the member.
    UnbindIdentity {
        /// `identity--…`.
        identity: ObjectId,
    },
    /// Set another TLP for a group; none takes it back: the object's publisher.
    Mark {
        /// The object.
        object: ObjectId,
        /// Who published it, as loaded.
        publisher: MemberId,
        /// Towards whom.
        group: GroupId,
        /// What.
        tlp: Option<Tlp>,
    },
    /// Name who may have a TLP:RED object: its publisher.
    Address {
        /// The object.
        object: ObjectId,
        /// Who published it, as loaded.
        publisher: MemberId,
        /// Who may have it.
        recipients: BTreeSet<MemberId>,
    },
    /// Say why an object is meant although it is on warning lists: who publishes it.
    OverrideWarning {
        /// The object.
        object: ObjectId,
        /// Which lists.
        lists: BTreeSet<String>,
        /// Why.
        reason: String,
    },
    /// Give a legal basis its dates: an operator.
    Wrap {
        /// Its name.
        name: String,
        /// Its clause.
        clause: String,
        /// The first instant at which it holds.
        from: Timestamp,
        /// The first instant at which it no longer holds.
        until: Timestamp,
    },
    /// Let an object wait for a person's decision: the node, when it takes it in.
    Hold {
        /// A fresh id.
        review: ReviewId,
        /// In which collection.
        collection: CollectionId,
        /// Which object.
        object: ObjectId,
        /// Which version.
        version_us: i64,
        /// SHA-256 of its bytes.
        content: Digest,
        /// Who brought it.
        publisher: MemberId,
        /// Why.
        findings: Vec<Finding>,
    },
    /// Decide about an object that waits: a person of the publisher's, or an operator.
    Review {
        /// The review.
        review: ReviewId,
        /// What.
        outcome: Outcome,
        /// Why.
        reason: String,
        /// Who decides, by name.
        person: String,
    },
    /// Ask an object back: its publisher.
    Recall {
        /// A fresh id.
        recall: RecallId,
        /// Which object.
        object: ObjectId,
        /// Who published it, as loaded.
        publisher: MemberId,
        /// Which versions; empty: all.
        versions: Vec<i64>,
        /// The pseudonym whose alone is asked back, of what the publisher's cell has published; none for all.
        under: Option<ObjectId>,
        /// Why.
        reason: String,
        /// Who was served it, from the ledger.
        asked: BTreeSet<MemberId>,
        /// When everybody should have confirmed.
        due: Timestamp,
        /// When the publisher asked, by its own clock; none for now.
        since: Option<Timestamp>,
    },
    /// Ask more members, to whom it turned out to have gone: the node.
    WidenRecall {
        /// The recall.
        recall: RecallId,
        /// Who, from the ledger.
        asked: BTreeSet<MemberId>,
    },
    /// Answer a recall: whoever speaks for the member that was asked.
    ConfirmRecall {
        /// The recall.
        recall: RecallId,
        /// What it did.
        how: recall::Complied,
        /// In its own words; needed where it keeps the object.
        note: Option<String>,
    },
    /// Ask a question: whoever speaks for a member.
    Ask {
        /// A fresh id.
        question: QuestionId,
        /// What it is about; a word that is none of the closed list is no question.
        kind: String,
        /// In words.
        text: String,
        /// The STIX note that carries it.
        note: Option<ObjectId>,
        /// The groups that are asked; the asker is in each.
        groups: BTreeSet<GroupId>,
        /// The members that are asked, besides.
        members: BTreeSet<MemberId>,
        /// Until when answers help.
        deadline: Timestamp,
    },
    /// Say that one has the question: a member that was asked.
    Acknowledge {
        /// The question.
        question: QuestionId,
    },
    /// Answer: a member that was asked.
    Answer {
        /// The question.
        question: QuestionId,
        /// Notes, reports, sightings.
        objects: Vec<ObjectId>,
    },
    /// Do not answer, and say why: a member that was asked.
    Decline {
        /// The question.
        question: QuestionId,
        /// Why.
        reason: String,
    },
    /// Remind those who are silent: the clock, by the node; and the asker at any time.
    Remind {
        /// The question.
        question: QuestionId,
    },
    /// Close a question: the asker.
    CloseQuestion {
        /// The question.
        question: QuestionId,
        /// What it brought, in words.
        outcome: String,
        /// The objects that came of it.
        brought: Vec<ObjectId>,
    },
    /// Take a pseudonym: the node, for a member that only `sealed` names.
    TakePseudonym {
        /// A fresh `identity--…`.
        identity: ObjectId,
        /// Who it is, sealed to the cell's own key.
        sealed: Vec<u8>,
    },
    /// Look behind a pseudonym: an operator, by name and with a reason.
    OpenPseudonym {
        /// `identity--…`.
        identity: ObjectId,
        /// Why.
        reason: String,
        /// Who looks, by name.
        person: String,
    },
    /// Keep a collection in step with one elsewhere: an operator.
    Follow {
        /// A fresh id.
        follow: FollowId,
        /// What is followed.
        source: Source,
        /// Into which of our collections.
        into: CollectionId,
        /// Seconds between two looks.
        every_s: Option<u32>,
    },
    /// Note that all up to here has come over: the node.
    Advance {
        /// The follow.
        follow: FollowId,
        /// Up to where, in the source's own words.
        cursor: String,
    },
    /// Let a follow rest, or go on: an operator.
    PauseFollow {
        /// The follow.
        follow: FollowId,
        /// Whether it shall rest.
        paused: bool,
    },
    /// End a follow: an operator.
    Unfollow {
        /// The follow.
        follow: FollowId,
    },
}
