//! Shapes: what the standard says of each type, as data.
//!
//! A [`Shape`] lists the properties of a type with the [`Kind`] of value each
//! one takes, and the [`Check`]s that no single property can answer. The
//! tables are `const`: the compiler builds each one's index of names.

pub(crate) mod common;
pub(crate) mod domain;
pub(crate) mod extension;
pub(crate) mod meta;
pub(crate) mod observable;
pub(crate) mod traffic;

use super::walk::Rule;

/// Words a property chooses from.
pub(crate) type Words = &'static [&'static str];

/// What a property's value is.
pub(crate) enum Kind {
    Text,
    /// A word of an open vocabulary: others are allowed, not recommended.
    Open(Words),
    /// A word of a closed enumeration.
    Enum(Words),
    Bool,
    /// Within these bounds, both included.
    Integer(i64, i64),
    Float(f64, f64),
    Time,
    /// A timestamp with at least as many fraction digits.
    Precise(usize),
    /// A timestamp without a fraction.
    Second,
    Hex,
    Binary,
    /// A text in a form that a function knows.
    Form(&'static Form),
    Ref(Refs),
    List(&'static Kind),
    Hashes,
    /// One text, or a list of them.
    Texts,
    /// A dictionary whose values are all of one kind.
    Dictionary(&'static Kind),
    /// A text or a whole number.
    TextOrWhole,
    Any,
    Object(&'static Shape),
    /// `extensions`, with those the standard defines for the type.
    Extensions(&'static [(&'static str, &'static Shape)]),
    /// `objects` of observed data.
    Container,
    /// `objects` of a bundle.
    Bundled,
}

/// Any whole number that every reader can hold (STIX 2.1, Integer).
pub(crate) const WHOLE: Kind = Kind::Integer(-(1 << 53) + 1, (1 << 53) - 1);
/// Any whole number from zero up.
pub(crate) const COUNT: Kind = Kind::Integer(0, (1 << 53) - 1);
pub(crate) const FLOAT: Kind = Kind::Float(f64::NEG_INFINITY, f64::INFINITY);
pub(crate) const TEXTS: Kind = Kind::List(&Kind::Text);

/// A form that a text has.
pub(crate) struct Form {
    pub(crate) holds: fn(&str) -> bool,
    /// Completes "the value is …".
    pub(crate) what: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) clause: &'static str,
    /// Whether the standard demands it, or only recommends it.
    pub(crate) must: bool,
}

/// Which objects a reference may name.
#[derive(Clone, Copy)]
pub(crate) enum Refs {
    /// Every STIX object: a bundle is none.
    Any,
    Of(Words),
    Except(Words),
    /// Observables, those of others' making included.
    Observable,
}

/// One property of a type.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// A property that the type must have.
pub(crate) const fn must(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        required: true,
    }
}

/// A property that the type may have.
pub(crate) const fn may(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        required: false,
    }
}

/// What no single property can answer.
pub(crate) enum Check {
    /// At least one of these is there.
    AnyOf(Words),
    /// At least one property of the type is there, whichever.
    Something,
    /// Exactly one of these is there.
    OneOf(Words),
    /// The first is there only with the second.
    Needs(&'static str, &'static str),
    /// The second instant is not before the first; `true`: it is after.
    Order(&'static str, &'static str, bool),
    /// A rule with a function of its own.
    Rule(Rule),
}

/// Which properties an object has beside those of its type.
pub(crate) enum Beside {
    /// Others are custom properties.
    Custom,
    /// Others are properties of a type of others' making.
    Own,
    /// Others are not looked at.
    Anything,
}

/// A type of the standard.
pub(crate) struct Shape {
    pub(crate) clause: &'static str,
    common: &'static [Property],
    own: &'static [Property],
    pub(crate) checks: &'static [Check],
    pub(crate) beside: Beside,
    /// The bits of the required properties.
    pub(crate) required: u64,
    /// The bits of the properties of the type itself.
    pub(crate) inner: u64,
    index: [u8; SLOTS],
}

const SLOTS: usize = 128;
const FREE: u8 = u8::MAX;

impl Shape {
    /// A type with the properties in `common` and in `own`, 64 together.
    pub(crate) const fn new(
        clause: &'static str,
        common: &'static [Property],
        own: &'static [Property],
        checks: &'static [Check],
    ) -> Self {
        let (index, required) = index(common, own);
        Self {
            clause,
            common,
            own,
            checks,
            beside: Beside::Custom,
            required,
            inner: mask(own.len()) << common.len(),
            index,
        }
    }

    /// A part of an object: a value with members of its own.
    pub(crate) const fn part(
        clause: &'static str,
        own: &'static [Property],
        checks: &'static [Check],
    ) -> Self {
        Self::new(clause, &[], own, checks)
    }

    pub(crate) const fn beside(mut self, beside: Beside) -> Self {
        self.beside = beside;
        self
    }

    pub(crate) fn property(&self, at: usize) -> Option<&'static Property> {
        self.common
            .get(at)
            .or_else(|| self.own.get(at - self.common.len()))
    }

    /// The properties of the type itself that it must have.
    pub(crate) fn demanded(&self) -> impl Iterator<Item = &'static Property> {
        self.own.iter().filter(|property| property.required)
    }

    /// The property of that name, with the number of its bit.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &'static Property)> {
        let mut slot = hash(name.as_bytes());
        loop {
            let at = *self.index.get(slot)?;
            if at == FREE {
                return None;
            }
            let property = self.property(usize::from(at))?;
            if property.name == name {
                return Some((usize::from(at), property));
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The names of the required properties whose bit is not in `seen`.
    pub(crate) fn missing(&self, seen: u64) -> impl Iterator<Item = &'static str> {
        let mut left = self.required & !seen;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.property(at).map(|property| property.name)
        })
    }
}

const fn mask(count: usize) -> u64 {
    if count == 0 {
        0
    } else {
        u64::MAX >> (64 - count)
    }
}

#[expect(clippy::indexing_slicing, reason = "the places are below the length")]
const fn hash(name: &[u8]) -> usize {
    let len = name.len();
    if len == 0 {
        return 0;
    }
    let (first, middle, last) = (
        name[0] as usize,
        name[len / 2] as usize,
        name[len - 1] as usize,
    );
    (len * 5 + first * 11 + middle * 29 + last * 3) % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "run by the compiler alone")]
const fn index(common: &[Property], own: &[Property]) -> ([u8; SLOTS], u64) {
    let mut slots = [FREE; SLOTS];
    let mut required = 0;
    let count = common.len() + own.len();
    assert!(count <= 64, "one bit for each property");
    let mut at = 0;
    while at < count {
        let property = if at < common.len() {
            &common[at]
        } else {
            &own[at - common.len()]
        };
        let mut slot = hash(property.name.as_bytes());
        while slots[slot] != FREE {
            slot = (slot + 1) % SLOTS;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 64")]
        {
            slots[slot] = at as u8;
        }
        if property.required {
            required |= 1 << at;
        }
        at += 1;
    }
    (slots, required)
}

/// The shape of a type that the standard defines.
pub(crate) fn of(kind: &str) -> Option<&'static Shape> {
    domain::of(kind)
        .or_else(|| observable::of(kind))
        .or_else(|| meta::of(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_by_its_name_and_no_other() {
        for kind in crate::vocab::TYPES.iter().chain(crate::vocab::OBSERVABLES) {
            let shape = of(kind).unwrap_or_else(|| panic!("{kind}"));
            for (at, property) in shape.common.iter().chain(shape.own).enumerate() {
                let (found, same) = shape.find(property.name).unwrap();
                assert_eq!((found, same.name), (at, property.name), "{kind}");
            }
            assert!(shape.find("x_none_such").is_none() && shape.find("").is_none());
        }
    }
}
