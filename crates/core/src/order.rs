//! Orders: what is demanded, of whom, about whom, for how long.

use crate::{
    category::Category,
    digest::Digest,
    law::{Protected, Word},
    member::MemberId,
    office::Office,
    selector::Selector,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The most items one order may list, over all its targets.
pub const ITEMS_MAX: usize = 256;
/// The longest delivery key, in bytes: an age recipient fits.
pub const DELIVERY_KEY_BYTES_MAX: usize = 128;

/// A target's number within its order, from 1.
pub type TargetNumber = u16;
/// An item's number within its order, from 1.
pub type ItemNumber = u16;

/// A closed time span: from the first instant to the last, both inside.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    /// A span that ends, and not before it begins.
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The first instant.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The last instant.
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// Whether another span lies wholly inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// One thing asked for: a category of data about one target over one span.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// About whom.
    pub target: TargetNumber,
    /// Which kind of data.
    pub category: Category,
    /// From when to when.
    pub span: Span,
}

/// What the order says about secrecy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Secrecy {
    /// Nothing is secret by this order.
    None,
    /// Secret until then.
    Until(Timestamp),
    /// The law makes it secret and gives that no end; counted as such.
    NoEndInLaw,
}

/// What is demanded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// The law's word.
    pub law: Word,
    /// The rule's word within it.
    pub rule: Word,
    /// Who applies.
    pub authority: MemberId,
    /// Who is to answer.
    pub provider: MemberId,
    /// Which members are asked to fill the offices that approve, issue and serve.
    pub approvers: BTreeMap<Office, MemberId>,
    /// Whose data, by number.
    pub targets: BTreeMap<TargetNumber, Selector>,
    /// Which data, by number.
    pub items: BTreeMap<ItemNumber, Item>,
    /// On which grounds, by the law's codes.
    pub grounds: BTreeSet<Word>,
    /// Offence provisions, where the law wants them in the order.
    pub offence: Option<String>,
    /// Why it cannot wait, on the urgent path.
    pub urgency: Option<String>,
    /// Which protected professions it touches.
    pub protected: BTreeSet<Protected>,
    /// On which of them the application carries the statement that the law's stricter test asks for.
    pub stated: BTreeSet<Protected>,
    /// To which key the data are sealed: an age recipient of the authority.
    pub delivery_key: String,
    /// Secrecy and its end.
    pub secrecy: Secrecy,
    /// Salted digest of the application, which the provider never sees.
    pub application: Digest,
}

impl Order {
    /// The categories it asks for.
    pub fn categories(&self) -> BTreeSet<Category> {
        self.items.values().map(|item| item.category).collect()
    }
}
