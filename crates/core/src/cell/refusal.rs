//! Why the rules of the cell say no.

use super::ids::{CollectionId, ObjectId};
use crate::member::MemberId;
use jiff::Timestamp;

/// Why the rules say no. Every variant is an answer, not a fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// An id of another realm (law 8).
    #[error("this is of another realm; exercise never meets live")]
    OtherRealm,
    /// The account was ended, or its time is over.
    #[error("the account `{name}` is not, or no longer, valid")]
    AccountEnded {
        /// Its name.
        name: String,
    },
    /// Only the node's own people may.
    #[error("only an operator of this node may do this")]
    OperatorNeeded,
    /// The account has fewer rights.
    #[error("this account may not `{needed}`")]
    RightsMissing {
        /// The word of the rights that it takes.
        needed: &'static str,
    },
    /// What is given is empty, too long, or has characters that do not belong.
    #[error("`{field}` is not as it must be: {}", form(field))]
    Unfit {
        /// Which part of the command.
        field: &'static str,
    },
    /// No more fit.
    #[error("no more `{what}` fit: {max} are the most")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// A fresh id or name was asked for, and this one is taken.
    #[error("`{name}` is taken")]
    Taken {
        /// The id or name.
        name: String,
    },
    /// There is no such group, or it was dissolved.
    #[error("there is no such group: `{group}`")]
    UnknownGroup {
        /// The group.
        group: String,
    },
    /// Only the group's owner may.
    #[error("only `{owner}`, whose group this is, may do this")]
    NotOwner {
        /// Who owns it.
        owner: MemberId,
    },
    /// The member was not invited.
    #[error("`{member}` was not invited to this group")]
    NotInvited {
        /// Who.
        member: MemberId,
    },
    /// The member is in the group, or was invited, already.
    #[error("`{member}` is in this group, or was invited, already")]
    InvitedAlready {
        /// Who.
        member: MemberId,
    },
    /// The member is not in the group.
    #[error("`{member}` is not in this group")]
    NotInGroup {
        /// Who.
        member: MemberId,
    },
    /// There is no such collection, or it was closed.
    #[error("there is no such collection: `{collection}`")]
    UnknownCollection {
        /// The collection.
        collection: String,
    },
    /// A collection must have somebody to read it.
    #[error("nobody could read this collection: name a group, or open it")]
    NoAudience,
    /// The caller is in none of the collection's groups.
    #[error("`{member}` is in no group that may read this collection")]
    MayNotRead {
        /// Who asked.
        member: MemberId,
        /// What for.
        collection: CollectionId,
    },
    /// The caller is in none of the groups that may add.
    #[error("`{member}` is in no group that may add to this collection")]
    MayNotWrite {
        /// Who asked.
        member: MemberId,
        /// What for.
        collection: CollectionId,
    },
    /// There is no such account.
    #[error("there is no such account: `{name}`")]
    UnknownAccount {
        /// Its name.
        name: String,
    },
    /// An operator acts for its own member, never for a client of another.
    #[error("an operator's account acts for this node's own member, and for no client")]
    OperatorForOther,
    /// Another member has bound this identity.
    #[error("`{identity}` is another member's identity")]
    IdentityBound {
        /// The identity.
        identity: ObjectId,
    },
    /// Nobody has bound this identity.
    #[error("`{identity}` is bound to nobody")]
    NotBound {
        /// The identity.
        identity: ObjectId,
    },
    /// Only its publisher says more about an object.
    #[error("only `{publisher}`, who published it, may do this")]
    NotPublisher {
        /// Who.
        publisher: MemberId,
    },
    /// Only its creator revokes an object.
    #[error("only its creator may publish, replace or revoke `{object}`; remove your copy instead")]
    NotCreator {
        /// The object.
        object: String,
    },
    /// There is something else in this version of the object, seen by the caller or not.
    #[error(
        "this version of the object is taken; give your own a later `modified`, or an id of its own"
    )]
    VersionTaken,
    /// A version says that it was made after now.
    #[error("`modified` lies ahead of this node's clock; nobody makes a version before its time")]
    MadeAhead,
    /// Its publisher has asked this version back.
    #[error("this version was recalled; publish a new one, with a later `modified`")]
    Recalled,
    /// A value of the object stands on a warning list.
    #[error("`{value}` stands on the warning list `{list}`")]
    WarningList {
        /// The list.
        list: String,
        /// The value.
        value: String,
    },
    /// No legal basis of this name.
    #[error("there is no legal basis `{name}`")]
    UnknownWrapper {
        /// Its name.
        name: String,
    },
    /// The legal basis does not hold today.
    #[error("the legal basis `{name}` ({clause}) holds from {from} to {until}, not now")]
    WrapperLapsed {
        /// Its name.
        name: String,
        /// Its clause.
        clause: String,
        /// The first instant at which it holds.
        from: Timestamp,
        /// The first instant at which it no longer holds.
        until: Timestamp,
    },
    /// An end before its beginning, or before now.
    #[error("`{field}` lies before its beginning, or before now")]
    RunsBack {
        /// Which part of the command.
        field: &'static str,
    },
    /// There is no such review.
    #[error("there is no such review")]
    UnknownReview,
    /// Somebody has decided already.
    #[error("this was decided already")]
    Decided,
    /// Nothing was found that a person would have to decide on.
    #[error("nothing was found that somebody must decide on")]
    NothingFound,
    /// There is no such recall.
    #[error("there is no such recall")]
    UnknownRecall,
    /// The member was not asked.
    #[error("`{member}` was not asked")]
    NotAsked {
        /// Who.
        member: MemberId,
    },
    /// There is no such question.
    #[error("there is no such question")]
    UnknownQuestion,
    /// The question was closed.
    #[error("this question was closed")]
    QuestionClosed,
    /// Only who asked closes.
    #[error("only `{member}`, who asked, may do this")]
    NotAsker {
        /// Who asked.
        member: MemberId,
    },
    /// Nobody would get the question.
    #[error("nobody would get this question")]
    NobodyToAsk,
    /// No kind of question that a cell knows.
    #[error("`{kind}` is no kind of question about a threat")]
    UnknownKind {
        /// The word.
        kind: String,
    },
    /// Data about a provider's users leave only under a grant (law 10).
    #[error(
        "`{matched}` asks for the data of somebody's users, which no cell carries: \
         take an order to the provider, with `portcullis order draft`"
    )]
    AsksForUserData {
        /// The words that ask for it.
        matched: String,
    },
    /// It is not yet time for a reminder.
    #[error("nobody is to be reminded yet")]
    ReminderNotDue,
    /// There is no such pseudonym.
    #[error("`{identity}` is no pseudonym of this cell")]
    UnknownPseudonym {
        /// The identity.
        identity: ObjectId,
    },
    /// Some of the objects are under a pseudonym, and some are not: who sends both tells who it is.
    #[error("some of these objects are under a pseudonym, and some are not")]
    PseudonymMixed,
    /// What is under a pseudonym says who is behind it.
    #[error("`{object}` is under a pseudonym and names the member behind it")]
    PseudonymNamed {
        /// The object's id.
        object: String,
    },
    /// A marking definition is somebody's word on what others share, and under a pseudonym it would
    /// be the cell's.
    #[error("`{object}` is a marking definition, and it is under a pseudonym")]
    PseudonymDefines {
        /// The object's id.
        object: String,
    },
    /// There is no such follow, or it was ended.
    #[error("there is no such follow")]
    UnknownFollow,
    /// This is followed already, into the same collection.
    #[error("this is followed into the same collection already")]
    FollowedAlready,
}

impl Refusal {
    /// The code of this reason, stable for ever.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherRealm => "realm.other",
            Self::AccountEnded { .. } => "cell.account_ended",
            Self::OperatorNeeded => "cell.operator_needed",
            Self::RightsMissing { .. } => "cell.rights_missing",
            Self::Unfit { .. } => "cell.unfit",
            Self::TooMany { .. } => "cell.too_many",
            Self::Taken { .. } => "cell.taken",
            Self::UnknownGroup { .. } => "cell.unknown_group",
            Self::NotOwner { .. } => "cell.not_owner",
            Self::NotInvited { .. } => "cell.not_invited",
            Self::InvitedAlready { .. } => "cell.invited_already",
            Self::NotInGroup { .. } => "cell.not_in_group",
            Self::UnknownCollection { .. } => "cell.unknown_collection",
            Self::NoAudience => "cell.no_audience",
            Self::MayNotRead { .. } => "cell.may_not_read",
            Self::MayNotWrite { .. } => "cell.may_not_write",
            Self::UnknownAccount { .. } => "cell.unknown_account",
            Self::OperatorForOther => "cell.operator_for_other",
            Self::IdentityBound { .. } => "cell.identity_bound",
            Self::NotBound { .. } => "cell.not_bound",
            Self::NotPublisher { .. } => "cell.not_publisher",
            Self::NotCreator { .. } => "cell.not_creator",
            Self::VersionTaken => "cell.version_taken",
            Self::MadeAhead => "cell.made_ahead",
            Self::Recalled => "cell.recalled",
            Self::WarningList { .. } => "cell.warning_list",
            Self::UnknownWrapper { .. } => "cell.unknown_wrapper",
            Self::WrapperLapsed { .. } => "cell.wrapper_lapsed",
            Self::RunsBack { .. } => "cell.runs_back",
            Self::UnknownReview => "cell.unknown_review",
            Self::Decided => "cell.decided",
            Self::NothingFound => "cell.nothing_found",
            Self::UnknownRecall => "cell.unknown_recall",
            Self::NotAsked { .. } => "cell.not_asked",
            Self::UnknownQuestion => "cell.unknown_question",
            Self::QuestionClosed => "cell.question_closed",
            Self::NotAsker { .. } => "cell.not_asker",
            Self::NobodyToAsk => "cell.nobody_to_ask",
            Self::UnknownKind { .. } => "cell.unknown_kind",
            Self::AsksForUserData { .. } => "cell.ask_for_user_data",
            Self::ReminderNotDue => "cell.reminder_not_due",
            Self::UnknownPseudonym { .. } => "cell.unknown_pseudonym",
            Self::PseudonymMixed => "cell.pseudonym_mixed",
            Self::PseudonymNamed { .. } => "cell.pseudonym_named",
            Self::PseudonymDefines { .. } => "cell.pseudonym_defines",
            Self::UnknownFollow => "cell.unknown_follow",
            Self::FollowedAlready => "cell.followed_already",
        }
    }
}

/// How a part of a command must be.
fn form(field: &str) -> &'static str {
    match field {
        "title" | "person" | "checked_by" | "credential" | "media_types" => {
            "one line, not blank, at most 256 bytes"
        }
        "reason" | "description" | "clause" | "how" | "outcome" | "text" => {
            "not blank, at most 4096 bytes, no control characters"
        }
        "name" => "one line of at most 256 bytes; an account's has no blanks and no `:`",
        "alias" => {
            "a small letter, then small letters, digits, `-` and `_`, and no collection's id"
        }
        "lists" => "at least one list's name, each one line",
        "note" => "a reason, where the object is kept; at most 4096 bytes",
        "identity" => "the id of an object of type `identity`: `identity--` and a UUID",
        "objects" => "at least one object",
        "rights" => "a member's client never speaks for the member: `read` or `write`",
        "source" => "another node, not this one",
        "url" => "`https://`, or `http://` on this machine, without a password in it",
        "every_s" => "more than no time at all",
        "said_at" => "no later than now: whose clock is wrong?",
        "secret" => "a token, or a password that is long enough",
        _ => "empty, too long, or not of its form",
    }
}
