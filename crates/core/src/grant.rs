//! Grants: the right to seal one package.
//!
//! A grant has no public constructor outside `core`: the only way to one is
//! [`crate::case::Case::grant`] (law 1, design §2). The other two kinds have
//! their place in the types; what earns them comes with paper intake and
//! referrals.

use crate::{
    category::Category,
    digest::Digest,
    id::CaseId,
    order::{ItemNumber, Span, TargetNumber},
    selector::Selector,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// On what the right rests.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum GrantKind {
    /// Every signature verified by machine.
    Order,
    /// A paper order whose genuineness two named people checked.
    Attested,
    /// Danger to life: the provider's own word to an authority.
    Voluntary,
}

impl GrantKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Order, Self::Attested, Self::Voluntary];

    /// What a word stands for, if it is on the list.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word in verdicts, leaves and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Attested => "attested",
            Self::Voluntary => "voluntary",
        }
    }
}

/// One item that may leave, narrowed as the provider narrowed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantedItem {
    /// About whom.
    pub target: TargetNumber,
    /// As the order names them.
    pub selector: Selector,
    /// Which kind of data.
    pub category: Category,
    /// From when to when.
    pub span: Span,
}

/// The right to seal one package: for these items, until then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    pub(crate) kind: GrantKind,
    pub(crate) case: CaseId,
    pub(crate) order: Digest,
    pub(crate) items: BTreeMap<ItemNumber, GrantedItem>,
    pub(crate) delivery_key: String,
    pub(crate) until: Timestamp,
}

impl Grant {
    /// On what it rests.
    pub const fn kind(&self) -> GrantKind {
        self.kind
    }

    /// For which case.
    pub const fn case(&self) -> CaseId {
        self.case
    }

    /// SHA-256 of the order's exact bytes.
    pub const fn order(&self) -> Digest {
        self.order
    }

    /// What may leave, by the order's item numbers.
    pub const fn items(&self) -> &BTreeMap<ItemNumber, GrantedItem> {
        &self.items
    }

    /// The age recipient to seal to.
    pub fn delivery_key(&self) -> &str {
        &self.delivery_key
    }

    /// The first instant at which it is no longer good.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// A grant for trying out packages without a case. Only in builds with the
    /// `test-grant` feature, which no shipped binary turns on.
    #[cfg(feature = "test-grant")]
    #[doc(hidden)]
    pub fn for_tests(
        case: CaseId,
        order: Digest,
        items: BTreeMap<ItemNumber, GrantedItem>,
        delivery_key: String,
        until: Timestamp,
    ) -> Self {
        Self {
            kind: GrantKind::Order,
            case,
            order,
            items,
            delivery_key,
            until,
        }
    }
}
