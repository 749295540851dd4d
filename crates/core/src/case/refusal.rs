//! Why the rules say no.

use crate::{
    category::Category,
    law::{Change, Clause, Protected, Word},
    office::Office,
    order::{ItemNumber, TargetNumber},
    selector::SelectorKind,
    statement::Kind,
    time::CalendarError,
};
use jiff::Timestamp;

/// Why the rules say no. Every variant is an answer, not a fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A statement of another realm.
    #[error("this is of another realm; exercise never meets live")]
    OtherRealm,
    /// A statement of another case.
    #[error("this statement belongs to another case")]
    OtherCase,
    /// A statement under another law file.
    #[error("this statement names another law file than the case")]
    OtherLaw,
    /// A statement to another member.
    #[error("this statement is addressed to another member")]
    OtherAddressee,
    /// The author takes no part.
    #[error("the author takes no part in this case")]
    NoParty,
    /// The signer speaks for another member.
    #[error("the signing key belongs to another member than the author")]
    OtherMember,
    /// A statement is missing in between, or stands twice.
    #[error("the author's statement number {expected} is next, and this is number {found}")]
    Gap {
        /// The number that is next.
        expected: u32,
        /// The number that came.
        found: u32,
    },
    /// The chain does not hang together.
    #[error("this does not follow the author's last statement: another one stands before it")]
    Fork,
    /// Time runs backwards.
    #[error("this is dated before the author's last statement")]
    RunsBack,
    /// Dated in the future.
    #[error("this is dated {time}, more than five minutes ahead of our clock")]
    FromTheFuture {
        /// The time it claims.
        time: Timestamp,
    },
    /// Nobody fills another's disk.
    #[error("this case holds as many statements as a case may")]
    CaseFull,
    /// The contents are gone.
    #[error("this case was erased at the law's term")]
    Erased,
    /// A case is drafted once.
    #[error("this case has been drafted already")]
    AlreadyDrafted,
    /// The statement has been made.
    #[error("`{kind}` has been said in this case already")]
    AlreadySaid {
        /// Which statement.
        kind: Kind,
    },
    /// The rule is not law on that day.
    #[error("the rule `{rule}` is not law on that day")]
    NotLaw {
        /// Which rule.
        rule: Word,
    },
    /// This kind of authority may not apply.
    #[error("`{clause}` does not let this authority apply")]
    MayNotApply {
        /// Says who.
        clause: Clause,
    },
    /// The law names other offices.
    #[error("`{clause}` asks for {}", offices(needed))]
    WrongOffice {
        /// Any of these.
        needed: Vec<Office>,
        /// Says who.
        clause: Clause,
    },
    /// The key holds no office that may say this.
    #[error("`{kind}` is said by {}", offices(needed))]
    NotYours {
        /// What was to be said.
        kind: Kind,
        /// Any of these.
        needed: Vec<Office>,
    },
    /// Nobody approves their own order.
    #[error("nobody approves their own order")]
    OwnOrder,
    /// No one person suffices.
    #[error("this person has approved already; the law asks for another")]
    SamePerson,
    /// The order asks another member for this office.
    #[error("the order asks another member to act as {office}")]
    OtherApprover {
        /// In which office.
        office: Office,
    },
    /// The order names nobody for an office that the law asks for.
    #[error(
        "`{clause}` asks for {}, and the order names no member for it",
        offices(needed)
    )]
    ApproverMissing {
        /// Any of these.
        needed: Vec<Office>,
        /// Says who.
        clause: Clause,
    },
    /// There is nothing of that digest to approve.
    #[error("there is nothing of that digest to decide on in this case")]
    NothingToApprove,
    /// An approval is missing.
    #[error("`{clause}` asks for the approval of {}", offices(needed))]
    ApprovalMissing {
        /// Any of these.
        needed: Vec<Office>,
        /// Says who.
        clause: Clause,
    },
    /// An approver said no.
    #[error("an approver refused; the order has ended")]
    ApproverRefused,
    /// The law knows no urgent path here.
    #[error("the law knows no urgent path for this")]
    NotUrgent,
    /// Grounds are missing or none of the law's.
    #[error("`{ground}` is no ground of this rule")]
    UnknownGround {
        /// The ground.
        ground: Word,
    },
    /// An order states its grounds.
    #[error("the order states no ground")]
    NoGround,
    /// Offence provisions are missing.
    #[error("`{clause}` wants the offence's provisions in the order")]
    OffenceMissing {
        /// Says who.
        clause: Clause,
    },
    /// No targets, too many, or some without items.
    #[error("the order names {found} targets; `{clause}` carries 1 to {max}, each with an item")]
    Targets {
        /// How many it names.
        found: usize,
        /// How many it may.
        max: u16,
        /// Says who.
        clause: Clause,
    },
    /// More than one person or set of premises.
    #[error("the order names {found} persons or premises; `{clause}` is about {max}")]
    Subjects {
        /// How many it names.
        found: usize,
        /// How many it may.
        max: u16,
        /// Says who.
        clause: Clause,
    },
    /// The law does not know this selector.
    #[error("this rule does not know targets named by {kind}")]
    Selector {
        /// The kind.
        kind: SelectorKind,
    },
    /// No items, or too many.
    #[error("the order lists {found} items; 1 to 256 are carried")]
    Items {
        /// How many.
        found: usize,
    },
    /// The category is none of the rule's.
    #[error("`{clause}` does not reach {category}")]
    CategoryOutOfReach {
        /// Which.
        category: Category,
        /// Says who.
        clause: Clause,
    },
    /// The item asks for a time after the order's end.
    #[error("item {item} asks for data later than the order can be in force")]
    SpanTooLate {
        /// Which item.
        item: ItemNumber,
    },
    /// An item about nobody.
    #[error("there is no target {target} in this order")]
    UnknownTarget {
        /// Which.
        target: TargetNumber,
    },
    /// An item that is not in the order.
    #[error("there is no item {item} in this order")]
    UnknownItem {
        /// Which.
        item: ItemNumber,
    },
    /// The delivery key is not the authority's.
    #[error("the delivery key is not the authority's in the register")]
    ForeignDeliveryKey,
    /// Secrecy that the law does not know, or without its end.
    #[error("the law gives this order another secrecy: {0}")]
    Secrecy(&'static str),
    /// A protected profession bars the order.
    #[error("`{clause}` bars orders that touch {who}")]
    Barred {
        /// Who is protected.
        who: Protected,
        /// Says who.
        clause: Clause,
    },
    /// The stricter test was not stated.
    #[error("`{clause}` asks for a statement on {who} in the application")]
    StatementMissing {
        /// Who is protected.
        who: Protected,
        /// Says who.
        clause: Clause,
    },
    /// Not issued yet.
    #[error("the order has not been issued")]
    NotIssued,
    /// Not served yet.
    #[error("the order has not been served")]
    NotServed,
    /// Void, because it was not served in time.
    #[error("the order was not served in time and is void under `{clause}`")]
    Unserved {
        /// Says who.
        clause: Clause,
    },
    /// Not received yet.
    #[error("the provider has not received the order")]
    NotReceived,
    /// The later approval never came.
    #[error("the urgent order's later approval never came; it ended under `{clause}`")]
    Lapsed {
        /// Says who.
        clause: Clause,
    },
    /// Taken back.
    #[error("the order was withdrawn")]
    Withdrawn,
    /// Its time is over.
    #[error("the order has expired under `{clause}`")]
    Expired {
        /// Says who.
        clause: Clause,
    },
    /// Its time is not over.
    #[error("this is not due yet")]
    NotDue,
    /// The law knows no such change.
    #[error("the law does not let anybody {change} under this rule")]
    NoSuchModification {
        /// What was to be changed.
        change: Change,
    },
    /// The change does not fit the order.
    #[error("the change does not fit the order: {0}")]
    ModificationUnfit(&'static str),
    /// The law knows no renewal, or no further one.
    #[error("the law knows no further renewal of this order")]
    NoRenewal,
    /// Too early to renew.
    #[error("`{clause}` lets it be renewed from {from} on")]
    RenewalTooEarly {
        /// From when on.
        from: Timestamp,
        /// Says who.
        clause: Clause,
    },
    /// A question is open.
    #[error("a question to the authority is open already")]
    QuestionOpen,
    /// No question is open.
    #[error("no question is open")]
    NoQuestion,
    /// The law knows no such reason.
    #[error("`{reason}` is no reason code of this rule")]
    UnknownReason {
        /// The code.
        reason: Word,
    },
    /// Nothing is named.
    #[error("no item is named")]
    NoItems,
    /// A span that is not inside the item's.
    #[error("item {item} cannot be widened: the span is not inside what is asked for")]
    Widened {
        /// Which item.
        item: ItemNumber,
    },
    /// The item is sealed, or not to be answered.
    #[error(
        "item {item} is not open: it is not in the order, or was declined, challenged, not answered, or sealed before"
    )]
    ItemNotOpen {
        /// Which item.
        item: ItemNumber,
    },
    /// The tapping itself is elsewhere.
    #[error(
        "intercepted content is handed over by the provider's own system; `{clause}` is approved, served and counted here"
    )]
    NotCarried {
        /// Says who.
        clause: Clause,
    },
    /// Keeping is not giving.
    #[error("`{clause}` asks to preserve, not to disclose")]
    PreservationOnly {
        /// Says who.
        clause: Clause,
    },
    /// The package is bound to other bytes.
    #[error("the package is bound to another order")]
    OtherOrder,
    /// There is no such package.
    #[error("there is no such package in this case")]
    UnknownPackage,
    /// A release needs two people.
    #[error("a release needs two people: whoever sealed cannot release")]
    SecondPersonNeeded,
    /// Not released before.
    #[error("not to be released before {until}, under `{clause}`")]
    Held {
        /// Until when.
        until: Timestamp,
        /// Says who.
        clause: Clause,
    },
    /// A promise is for emergencies.
    #[error(
        "a promise stands in for the witnesses only in an emergency that the law knows, or in the last hour before a deadline"
    )]
    NoPromise,
    /// Not released yet.
    #[error("the package has not been released")]
    NotReleased,
    /// Other bytes arrived.
    #[error("the ciphertext's digest is not the sealed one")]
    OtherCiphertext,
    /// Nothing crossed.
    #[error("no data have crossed that could be destroyed")]
    NothingToDestroy,
    /// The law asks nobody to tell.
    #[error("`{clause}` asks nobody on this side to tell the person")]
    NoInformation {
        /// Says who.
        clause: Clause,
    },
    /// Delays have a reason and an end.
    #[error("`{clause}` does not know this delay: {why}")]
    NoDelay {
        /// Says who.
        clause: Clause,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Secret for ever, by law.
    #[error("the law gives this secrecy no end; the docket stays closed")]
    SecretWithoutEnd,
    /// Still secret.
    #[error("secret until {until}")]
    StillSecret {
        /// Until when.
        until: Timestamp,
    },
    /// A look that is not the author's to tell of.
    #[error(
        "a member tells of its own people's looks, in an office they hold, and of an overseer's inspector under what the overseer signed"
    )]
    ForeignLook,
    /// Nothing was secret.
    #[error("nothing was kept secret by this order")]
    NothingSecret,
    /// A period could not be counted.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

fn offices(list: &[Office]) -> String {
    list.iter()
        .map(|office| office.as_str())
        .collect::<Vec<_>>()
        .join(" or ")
}

impl Refusal {
    /// The stable code, the same in responses, metrics, documents and on the terminal.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OtherRealm => "realm.other",
            Self::OtherCase => "statement.other_case",
            Self::OtherLaw => "statement.other_law",
            Self::OtherAddressee => "statement.other_addressee",
            Self::NoParty => "statement.no_party",
            Self::OtherMember => "statement.other_member",
            Self::Gap { .. } => "statement.gap",
            Self::Fork => "statement.fork",
            Self::RunsBack => "statement.runs_back",
            Self::FromTheFuture { .. } => "statement.from_the_future",
            Self::CaseFull => "case.full",
            Self::Erased => "case.erased",
            Self::AlreadyDrafted => "case.already_drafted",
            Self::AlreadySaid { .. } => "statement.already_said",
            Self::NotLaw { .. } => "law.not_valid",
            Self::MayNotApply { .. } => "order.may_not_apply",
            Self::WrongOffice { .. } => "order.wrong_office",
            Self::NotYours { .. } => "statement.wrong_office",
            Self::OwnOrder => "order.own_order",
            Self::SamePerson => "order.same_person",
            Self::OtherApprover { .. } => "order.other_approver",
            Self::ApproverMissing { .. } => "order.approver_missing",
            Self::NothingToApprove => "order.nothing_to_approve",
            Self::ApprovalMissing { .. } => "order.approval_missing",
            Self::ApproverRefused => "order.refused",
            Self::NotUrgent => "order.not_urgent",
            Self::UnknownGround { .. } => "order.unknown_ground",
            Self::NoGround => "order.no_ground",
            Self::OffenceMissing { .. } => "order.offence_missing",
            Self::Targets { .. } => "order.targets",
            Self::Subjects { .. } => "order.subjects",
            Self::Selector { .. } => "order.selector",
            Self::Items { .. } => "order.items",
            Self::CategoryOutOfReach { .. } => "order.category",
            Self::SpanTooLate { .. } => "order.span",
            Self::UnknownTarget { .. } => "order.unknown_target",
            Self::UnknownItem { .. } => "order.unknown_item",
            Self::ForeignDeliveryKey => "order.delivery_key",
            Self::Secrecy(_) => "order.secrecy",
            Self::Barred { .. } => "order.barred",
            Self::StatementMissing { .. } => "order.statement_missing",
            Self::NotIssued => "order.not_issued",
            Self::NotServed => "order.not_served",
            Self::Unserved { .. } => "order.unserved",
            Self::NotReceived => "order.not_received",
            Self::Lapsed { .. } => "order.lapsed",
            Self::Withdrawn => "order.withdrawn",
            Self::Expired { .. } => "order.expired",
            Self::NotDue => "timer.not_due",
            Self::NoSuchModification { .. } => "order.no_such_modification",
            Self::ModificationUnfit(_) => "order.modification_unfit",
            Self::NoRenewal => "order.no_renewal",
            Self::RenewalTooEarly { .. } => "order.renewal_too_early",
            Self::QuestionOpen => "case.question_open",
            Self::NoQuestion => "case.no_question",
            Self::UnknownReason { .. } => "case.unknown_reason",
            Self::NoItems => "case.no_items",
            Self::Widened { .. } => "case.widened",
            Self::ItemNotOpen { .. } => "package.out_of_scope",
            Self::NotCarried { .. } => "package.not_carried",
            Self::PreservationOnly { .. } => "package.preservation_only",
            Self::OtherOrder => "package.other_order",
            Self::UnknownPackage => "package.unknown",
            Self::SecondPersonNeeded => "package.second_person",
            Self::Held { .. } => "package.held",
            Self::NoPromise => "package.no_promise",
            Self::NotReleased => "package.not_released",
            Self::OtherCiphertext => "package.other_ciphertext",
            Self::NothingToDestroy => "package.nothing_to_destroy",
            Self::NoInformation { .. } => "information.nobody",
            Self::NoDelay { .. } => "information.no_delay",
            Self::SecretWithoutEnd => "secrecy.no_end",
            Self::StillSecret { .. } => "secrecy.still",
            Self::ForeignLook => "inspect.not_yours",
            Self::NothingSecret => "secrecy.none",
            Self::Calendar(_) => "law.calendar",
        }
    }
}
