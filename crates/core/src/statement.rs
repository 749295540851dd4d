//! Statements: what members sign, as values.
//!
//! An [`Event`] is what a statement means. It is parsed from the signed bytes
//! by `verdict` and never written back; `core` sees who signed it and under
//! which digest, and folds it into a case.

use crate::{
    digest::Digest,
    id::{CaseId, PackageId},
    law::{Change, Word},
    member::{MemberId, Role},
    office::{Office, words},
    order::{Item, ItemNumber, Order, Span, TargetNumber},
    realm::Realm,
    selector::Selector,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Kinds of statement; each has a payload type of its own.
    Kind {
        /// The application and the order, complete.
        Drafted = "drafted",
        /// An officer says yes to exact bytes.
        Approved = "approved",
        /// An officer says no.
        Refused = "refused",
        /// The order is made.
        Issued = "issued",
        /// The order is brought to the provider.
        Served = "served",
        /// Something is added or removed.
        Modified = "modified",
        /// The order is prolonged.
        Renewed = "renewed",
        /// The provider has it, with its own verdict.
        Received = "received",
        /// Data are kept from now on.
        Preserved = "preserved",
        /// The provider asks.
        ClarificationAsked = "clarification_asked",
        /// The authority answers.
        ClarificationAnswered = "clarification_answered",
        /// Silence freed the provider.
        Freed = "freed",
        /// Items will be answered as asked.
        Accepted = "accepted",
        /// Items will be answered in part.
        Narrowed = "narrowed",
        /// Items are disputed.
        Challenged = "challenged",
        /// Items will not be answered.
        Declined = "declined",
        /// A package is sealed.
        Sealed = "sealed",
        /// A second officer lets it go.
        Released = "released",
        /// The authority has it.
        Collected = "collected",
        /// The second approval never came.
        Lapsed = "lapsed",
        /// The authority takes it back, or whoever must cancel cancels.
        Withdrawn = "withdrawn",
        /// Its time is over.
        Expired = "expired",
        /// Data that crossed are to be destroyed.
        DestructionInstructed = "destruction_instructed",
        /// They were.
        DestructionConfirmed = "destruction_confirmed",
        /// The person is to be told.
        InformationDue = "information_due",
        /// Not yet, and until when.
        InformationDelayed = "information_delayed",
        /// The person was told.
        InformationGiven = "information_given",
        /// The docket is opened.
        Unsealed = "unsealed",
        /// Somebody looked.
        Inspected = "inspected",
        /// Contents and salts are gone.
        Erased = "erased",
    }
}

/// With what every payload starts (design §6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// What kind of statement.
    pub kind: Kind,
    /// In which realm.
    pub realm: Realm,
    /// In which case.
    pub case: CaseId,
    /// Which member says it.
    pub author: MemberId,
    /// To which member it is said: the other side of the case.
    pub addressee: MemberId,
    /// The how-manieth of this author in this case, from 0.
    pub number: u32,
    /// SHA-256 of the payload of this author's statement before it; none for number 0.
    pub previous: Option<Digest>,
    /// When, by the author's clock.
    pub time: Timestamp,
    /// SHA-256 of the law file it follows.
    pub law: Digest,
}

/// Who signed: a member's officer, with the offices the key held when judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Officer {
    /// Of which member.
    pub member: MemberId,
    /// With which key (SHA-256 of its canonical text).
    pub key: Digest,
    /// Holding which offices.
    pub offices: BTreeSet<Office>,
    /// What the register says of the member.
    pub standing: Standing,
}

/// What the register says of the member an officer speaks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// What the member does.
    pub roles: BTreeSet<Role>,
    /// What kind of authority it is in which laws.
    pub authority: BTreeSet<Word>,
    /// Keys that data may be sealed to.
    pub delivery_keys: BTreeSet<String>,
}

/// A signed statement, its signature already verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// How it starts.
    pub header: Header,
    /// What it means.
    pub event: Event,
    /// Who signed.
    pub by: Officer,
    /// SHA-256 of its payload: what approvals and chains name.
    pub digest: Digest,
}

/// An approval of exact bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// SHA-256 of the payload that is approved: a draft, a modification or a renewal.
    pub subject: Digest,
    /// In which office.
    pub office: Office,
    /// Whose decision it is, where the law lets an official sign it (IPA 2016 s. 30).
    pub signed_for: Option<String>,
}

/// A refusal of exact bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// SHA-256 of the payload that is refused.
    pub subject: Digest,
    /// In which office.
    pub office: Office,
    /// A reason code of the law.
    pub reason: Word,
    /// Salted digest of the reasons in words, which go to the authority and the approvers alone.
    pub note: Option<Digest>,
    /// Whether data that have crossed are to be destroyed.
    pub destroy: bool,
}

/// A change while the order runs. Exactly one thing is changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Modification {
    /// Adds a target with a first item.
    AddTarget {
        /// Its number: the next free one.
        target: TargetNumber,
        /// Whose data.
        selector: Selector,
    },
    /// Adds an item for a target.
    AddItem {
        /// Its number: the next free one.
        item: ItemNumber,
        /// What is asked for.
        what: Item,
    },
    /// Removes a target and its items.
    RemoveTarget {
        /// Which.
        target: TargetNumber,
    },
    /// Removes an item.
    RemoveItem {
        /// Which.
        item: ItemNumber,
    },
}

impl Modification {
    /// Which rule of the law applies.
    pub const fn change(&self) -> Change {
        match self {
            Self::AddTarget { .. } => Change::AddTarget,
            Self::AddItem { .. } => Change::AddItem,
            Self::RemoveTarget { .. } => Change::RemoveTarget,
            Self::RemoveItem { .. } => Change::RemoveItem,
        }
    }
}

/// What one package holds and to what it is bound.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seal {
    /// The package.
    pub package: PackageId,
    /// Which items it answers.
    pub items: BTreeSet<ItemNumber>,
    /// SHA-256 of the whole `age` file.
    pub ciphertext: Digest,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of `manifest.json`.
    pub manifest: Digest,
    /// SHA-256 of the order's payload.
    pub order: Digest,
}

/// That somebody looked (law 2.9), said by the member at whose node it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// Which member looked.
    pub looker: MemberId,
    /// In which office.
    pub office: Office,
    /// At what, and why.
    pub look: Look,
}

/// At what somebody looked, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Look {
    /// At the case as a whole.
    Case {
        /// SHA-256 of the payload of the signed document that asked for it; a party's own
        /// people need none.
        request: Option<Digest>,
    },
    /// At leaves of this case that a sample picked.
    Sample {
        /// SHA-256 of the payload of the sample that the overseer signed.
        sample: Digest,
        /// The RFC 6962 hashes of the leaves that were opened.
        leaves: BTreeSet<Digest>,
    },
}

impl Look {
    /// SHA-256 of the payload of the document that asked for it.
    pub const fn request(&self) -> Option<&Digest> {
        match self {
            Self::Case { request } => request.as_ref(),
            Self::Sample { sample, .. } => Some(sample),
        }
    }
}

/// How a case left force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Withdrawal {
    /// The authority no longer asks.
    Withdrawn,
    /// Whoever must cancel cancelled (IPA 2016 s. 39).
    Cancelled,
}

/// On what a release rests (law 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recorded {
    /// Its leaves are in a checkpoint that a quorum has cosigned.
    Cosigned,
    /// A promise stands in; SHA-256 of the promise.
    Promised(Digest),
}

/// What a statement means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// See [`Kind::Drafted`].
    Drafted(Box<Order>),
    /// See [`Kind::Approved`].
    Approved(Approval),
    /// See [`Kind::Refused`].
    Refused(Refused),
    /// See [`Kind::Issued`]. The order's digest, and whether on the urgent path.
    Issued {
        /// SHA-256 of the draft's payload.
        order: Digest,
        /// Whether the later approval is still owed.
        urgent: bool,
    },
    /// See [`Kind::Served`].
    Served {
        /// SHA-256 of the draft's payload.
        order: Digest,
    },
    /// See [`Kind::Modified`].
    Modified(Modification),
    /// See [`Kind::Renewed`]: anew from the end that it had.
    Renewed {
        /// SHA-256 of the draft's payload.
        order: Digest,
    },
    /// See [`Kind::Received`].
    Received {
        /// SHA-256 of the draft's payload.
        order: Digest,
        /// The verdict's line.
        verdict: String,
    },
    /// See [`Kind::Preserved`].
    Preserved {
        /// Until when, if the law gives preservation an end.
        until: Option<Timestamp>,
    },
    /// See [`Kind::ClarificationAsked`].
    ClarificationAsked {
        /// About which items; all, if none are named.
        items: BTreeSet<ItemNumber>,
        /// The question.
        question: String,
    },
    /// See [`Kind::ClarificationAnswered`].
    ClarificationAnswered {
        /// The answer.
        answer: String,
    },
    /// See [`Kind::Freed`].
    Freed,
    /// See [`Kind::Accepted`].
    Accepted {
        /// Which items.
        items: BTreeSet<ItemNumber>,
    },
    /// See [`Kind::Narrowed`].
    Narrowed {
        /// Which items, and what of their span will be answered.
        items: BTreeMap<ItemNumber, Span>,
        /// A reason code.
        reason: Word,
    },
    /// See [`Kind::Challenged`].
    Challenged {
        /// Which items.
        items: BTreeSet<ItemNumber>,
        /// A reason code.
        reason: Word,
        /// The reasons in words.
        note: String,
    },
    /// See [`Kind::Declined`].
    Declined {
        /// Which items.
        items: BTreeSet<ItemNumber>,
        /// A reason code, of the law or of the house ([`crate::case::NOT_HELD`], [`crate::case::CANNOT_DECRYPT`]).
        reason: Word,
    },
    /// See [`Kind::Sealed`].
    Sealed(Seal),
    /// See [`Kind::Released`].
    Released {
        /// Which package.
        package: PackageId,
        /// On what it rests.
        recorded: Recorded,
    },
    /// See [`Kind::Collected`].
    Collected {
        /// Which package.
        package: PackageId,
        /// SHA-256 of the ciphertext that arrived.
        ciphertext: Digest,
    },
    /// See [`Kind::Lapsed`].
    Lapsed,
    /// See [`Kind::Withdrawn`].
    Withdrawn(Withdrawal),
    /// See [`Kind::Expired`].
    Expired,
    /// See [`Kind::DestructionInstructed`].
    DestructionInstructed {
        /// Which packages.
        packages: BTreeSet<PackageId>,
    },
    /// See [`Kind::DestructionConfirmed`].
    DestructionConfirmed {
        /// Which packages.
        packages: BTreeSet<PackageId>,
    },
    /// See [`Kind::InformationDue`].
    InformationDue,
    /// See [`Kind::InformationDelayed`].
    InformationDelayed {
        /// A reason code of the law.
        reason: Word,
        /// Until when.
        until: Timestamp,
    },
    /// See [`Kind::InformationGiven`].
    InformationGiven,
    /// See [`Kind::Unsealed`].
    Unsealed,
    /// See [`Kind::Inspected`].
    Inspected(Inspection),
    /// See [`Kind::Erased`].
    Erased,
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Drafted(_) => Kind::Drafted,
            Self::Approved(_) => Kind::Approved,
            Self::Refused(_) => Kind::Refused,
            Self::Issued { .. } => Kind::Issued,
            Self::Served { .. } => Kind::Served,
            Self::Modified(_) => Kind::Modified,
            Self::Renewed { .. } => Kind::Renewed,
            Self::Received { .. } => Kind::Received,
            Self::Preserved { .. } => Kind::Preserved,
            Self::ClarificationAsked { .. } => Kind::ClarificationAsked,
            Self::ClarificationAnswered { .. } => Kind::ClarificationAnswered,
            Self::Freed => Kind::Freed,
            Self::Accepted { .. } => Kind::Accepted,
            Self::Narrowed { .. } => Kind::Narrowed,
            Self::Challenged { .. } => Kind::Challenged,
            Self::Declined { .. } => Kind::Declined,
            Self::Sealed(_) => Kind::Sealed,
            Self::Released { .. } => Kind::Released,
            Self::Collected { .. } => Kind::Collected,
            Self::Lapsed => Kind::Lapsed,
            Self::Withdrawn(_) => Kind::Withdrawn,
            Self::Expired => Kind::Expired,
            Self::DestructionInstructed { .. } => Kind::DestructionInstructed,
            Self::DestructionConfirmed { .. } => Kind::DestructionConfirmed,
            Self::InformationDue => Kind::InformationDue,
            Self::InformationDelayed { .. } => Kind::InformationDelayed,
            Self::InformationGiven => Kind::InformationGiven,
            Self::Unsealed => Kind::Unsealed,
            Self::Inspected(_) => Kind::Inspected,
            Self::Erased => Kind::Erased,
        }
    }
}
