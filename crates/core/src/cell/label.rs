//! What the rules know of an object: how it is marked, and whose it is.

use super::tlp::Tlp;
use crate::member::MemberId;
use std::collections::BTreeSet;

/// What decides who may see an object. Few are different, so an index keeps
/// each once and points at it.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Label {
    /// The strictest of its markings, granular ones included; the collection's
    /// default where it has none.
    pub tlp: Tlp,
    /// How widely it is shown where it comes from, where that was told: here
    /// never more widely. `tlp` counts this in.
    pub bound: Option<Tlp>,
    /// Who brought it into the cell.
    pub publisher: MemberId,
    /// Who is named in TLP:RED, besides the publisher.
    pub recipients: BTreeSet<MemberId>,
    /// Whether personal information was found in it that nobody has decided
    /// on: then it stays on this side of every border (law 10).
    pub held: bool,
}

/// How an object is marked, as far as it can be told; or what one marking definition says. Both
/// unset for no marking, and for a statement that is words alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub struct Marked {
    /// The strictest light.
    pub tlp: Option<Tlp>,
    /// Whether there is a marking of which nobody here knows what it says: it may be any.
    pub unread: bool,
}

impl Marked {
    /// A marking of which nobody here knows what it says.
    pub const UNREAD: Self = Self {
        tlp: None,
        unread: true,
    };

    /// What is held to until it is known: as strict as can be without naming recipients, since
    /// nobody would be named.
    pub const UNREAD_TLP: Tlp = Tlp::AmberStrict;

    /// Both together. The order of several, and how often each counts, make no difference.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            tlp: self.tlp.max(other.tlp),
            unread: self.unread || other.unread,
        }
    }

    /// The light of what is marked so, where `default` is that of what is not marked.
    pub fn light(self, default: Tlp) -> Tlp {
        let said = self.tlp.unwrap_or(default);
        if self.unread {
            said.max(default).max(Self::UNREAD_TLP)
        } else {
            said
        }
    }
}

impl From<Tlp> for Marked {
    fn from(tlp: Tlp) -> Self {
        Self {
            tlp: Some(tlp),
            unread: false,
        }
    }
}

impl<M: Into<Self>> FromIterator<M> for Marked {
    fn from_iter<I: IntoIterator<Item = M>>(markings: I) -> Self {
        let each = markings.into_iter().map(Into::into);
        each.fold(Self::default(), Self::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_opens_nothing_and_closes_what_it_can() {
        let light = |tlp: &[Tlp], default| {
            let known: Marked = tlp.iter().copied().collect();
            known.and(Marked::UNREAD).light(default)
        };
        assert_eq!(light(&[], Tlp::Clear), Tlp::AmberStrict);
        assert_eq!(light(&[Tlp::Green], Tlp::Clear), Tlp::AmberStrict);
        assert_eq!(light(&[Tlp::Red], Tlp::Clear), Tlp::Red);
        assert_eq!(light(&[Tlp::Clear], Tlp::Red), Tlp::Red);
        let statement = Marked::default();
        assert_eq!(statement.light(Tlp::Green), Tlp::Green);
        assert_eq!(statement.and(Tlp::Clear.into()).light(Tlp::Red), Tlp::Clear);
    }

    #[test]
    fn the_order_of_markings_makes_no_difference() {
        let all: Vec<Marked> = Tlp::ALL
            .into_iter()
            .map(Marked::from)
            .chain([Marked::UNREAD, Marked::default()])
            .collect();
        for (one, other) in all
            .iter()
            .flat_map(|one| all.iter().map(move |other| (one, other)))
        {
            assert_eq!(one.and(*other), other.and(*one));
            assert_eq!(one.and(*other).and(*other), one.and(*other));
        }
    }
}
