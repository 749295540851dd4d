//! Dockets: what may one day be public of a counted thing.
//!
//! A statement counts at least one thing — the order, a subject, a target, an
//! item, a package — and each has a docket of its own: basis, category, dates,
//! outcome. Never a target, never a ground, nobody's name. A docket is what a
//! [`crate::schema::Schema`] looks at to say in which cell the thing is counted,
//! so that after unsealing everybody can check that the cell was the right one.

mod count;

pub use count::dockets_of;

use crate::{
    category::Category, grant::GrantKind, law::Effect, law::Word, office::words, realm::Realm,
    selector::SelectorKind, statement::Kind,
};
use jiff::civil::Date;

words! {
    /// What is counted.
    What {
        /// The order itself, or the statement about it as a whole.
        Order = "order",
        /// A person or set of premises that the order is about.
        Subject = "subject",
        /// A target: one selector.
        Target = "target",
        /// An item: one category of data about one target.
        Item = "item",
        /// A sealed package.
        Package = "package",
        /// A change to the order, or an approval of one.
        Change = "change",
        /// A prolongation, or an approval of one.
        Renewal = "renewal",
    }
}

words! {
    /// What an order says about secrecy, without its end.
    Secret {
        /// Nothing is secret by this order.
        None = "none",
        /// Secret until some day that the order names.
        Ordered = "ordered",
        /// The law makes it secret and gives that no end.
        NoEndInLaw = "no_end_in_law",
    }
}

words! {
    /// How much an order has brought so far, where a statement ends something.
    Outcome {
        /// Every item was answered with data.
        Whole = "whole",
        /// Some items were.
        Part = "part",
        /// None was.
        Nothing = "nothing",
    }
}

/// The longest span of time that a docket tells, in hours: a hundred years. Longer ones are cut.
pub const TOOK_HOURS_MAX: u32 = 876_600;

/// What may one day be public of one counted thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Docket {
    /// In which realm.
    pub realm: Realm,
    /// By which kind of statement.
    pub kind: Kind,
    /// Under which law.
    pub law: Word,
    /// Under which of its rules.
    pub rule: Word,
    /// What the rule brings about.
    pub effect: Effect,
    /// What is counted.
    pub what: What,
    /// Whether it is the first of its sort. An order, a subject or a change: the author's first
    /// statement of this kind in the case, where [`Kind::Accepted`] and [`Kind::Narrowed`] are one
    /// kind. An item: the first of its class of data among those that the statement counts, so
    /// that an order can be counted once for each class it asks for. A target or package: always.
    pub first: bool,
    /// Of an item: which kind of data.
    pub category: Option<Category>,
    /// Of a target: how it is named; never by what.
    pub selector: Option<SelectorKind>,
    /// The reason code of the statement, where it has one.
    pub reason: Option<Word>,
    /// Whether the order is on the urgent path.
    pub urgent: bool,
    /// On what the right to the data rests, where data were sealed, released or collected.
    pub grant: Option<GrantKind>,
    /// What the order says about secrecy.
    pub secrecy: Secret,
    /// The hours, begun ones included, of the span that the statement ends: see
    /// [`dockets_of`]. At most [`TOOK_HOURS_MAX`].
    pub took: Option<u32>,
    /// How much the order has brought, where the statement ends something.
    pub outcome: Option<Outcome>,
    /// The day of the statement, in the law's zone.
    pub date: Date,
}
