//! Patterns: what an indicator looks for.
//!
//! Follows STIX 2.1, 9 and the published grammar of the patterning language.
//! [`parse`] reads the text in one pass and borrows from it; nothing here is
//! matched against anything. Beyond the grammar, four rules of the prose are
//! held: a window and a count are positive (9.5), one observation has at most
//! one qualifier of a kind (9.5), a time exists in the calendar (2.14), and
//! what `AND` joins inside one observation can be one object (9.6).

use std::borrow::Cow;

mod flaw;
mod lexer;
mod parser;
mod roots;

pub use flaw::{Flawed, PatternFlaw};

/// How long a pattern may be, in bytes: some ten thousand hashes in a row.
pub const SIZE_BYTES_MAX: usize = 1 << 20;

/// How deep brackets may stand in brackets. People stop at four.
pub const DEPTH_MAX: usize = 64;

/// A pattern that the grammar accepts, borrowed from its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern<'a> {
    /// The text it was read from, unchanged.
    pub text: &'a str,
    /// What must be observed.
    pub root: Expression<'a>,
}

/// An observation expression with the qualifiers behind it (STIX 2.1, 9.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Expression<'a> {
    /// What must be observed.
    pub what: What<'a>,
    /// In the order written; they narrow `what` one after the other.
    pub qualifiers: Vec<Qualifier<'a>>,
}

/// What an observation expression asks for. `AND` binds tighter than `OR`,
/// and `OR` tighter than `FOLLOWEDBY`; each list has two members or more.
#[derive(Clone, Debug, PartialEq)]
pub enum What<'a> {
    /// `[ … ]`: one observation.
    Observation(Comparison<'a>),
    /// All of these, in any order.
    And(Vec<Expression<'a>>),
    /// One of these.
    Or(Vec<Expression<'a>>),
    /// All of these, each no earlier than the one before.
    FollowedBy(Vec<Expression<'a>>),
}

/// A narrowing of an observation expression. Numbers and times are the text
/// as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier<'a> {
    /// `WITHIN n SECONDS`: a positive whole or decimal number.
    Within(&'a str),
    /// `REPEATS n TIMES`: a positive whole number.
    Repeats(&'a str),
    /// `START t'…' STOP t'…'`: both as RFC 3339 text, from included, until not.
    StartStop(&'a str, &'a str),
}

/// A comparison expression: what one observed object must satisfy.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison<'a> {
    /// One test of one property.
    Test(Test<'a>),
    /// All of these; two or more.
    And(Vec<Comparison<'a>>),
    /// One of these; two or more.
    Or(Vec<Comparison<'a>>),
}

/// One property compared with a constant (STIX 2.1, 9.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Test<'a> {
    /// The property.
    pub path: Path<'a>,
    /// Whether `NOT` stands before the operator.
    pub negated: bool,
    /// The comparison.
    pub operator: Operator,
    /// What the property is compared with; nothing for `EXISTS`.
    pub operand: Operand<'a>,
}

/// The comparison operators (STIX 2.1, 9.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=` or `==`.
    Equal,
    /// `!=` or `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `IN ( … )`.
    In,
    /// `LIKE`, with `%` and `_`.
    Like,
    /// `MATCHES`, a PCRE regular expression, which is not compiled here.
    Matches,
    /// `ISSUBSET`, of an address range.
    IsSubset,
    /// `ISSUPERSET`, of an address range.
    IsSuperset,
    /// `EXISTS`, before the path.
    Exists,
}

/// What a property is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand<'a> {
    /// `EXISTS` compares with nothing.
    None,
    /// One constant.
    One(Constant<'a>),
    /// The set of `IN`; the grammar allows it to be empty.
    Set(Vec<Constant<'a>>),
}

/// A constant (STIX 2.1, 9.2), as text without its quotes and prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant<'a> {
    /// A whole number of any length, with its sign.
    Int(&'a str),
    /// A decimal number, with its sign.
    Float(&'a str),
    /// A string.
    Text(Text<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `t'…'`: an RFC 3339 time in UTC.
    Time(&'a str),
    /// `h'…'`: pairs of hexadecimal digits.
    Hex(&'a str),
    /// `b'…'`: padded base64.
    Binary(&'a str),
}

/// An object path (STIX 2.1, 9.7): `file:extensions.'ntfs-ext'.sid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The object type before the colon.
    pub kind: &'a str,
    /// The steps after it; the first is always a key.
    pub steps: Vec<Step<'a>>,
}

/// One step of an object path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A property or dictionary key, bare or quoted. A name that ends in
    /// `_ref` leads on to the object referred to.
    Key(Text<'a>),
    /// `[n]`: a place in a list, counted from nought; the grammar allows a
    /// sign.
    Index(&'a str),
    /// `[*]`: any place in a list.
    Any,
}

/// A string as it stands in the pattern: `\'` and `\\` not yet undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// Between the quotes, as written.
    pub raw: &'a str,
    /// Whether a backslash stands in `raw`.
    pub escaped: bool,
}

/// Parses `text` as a pattern.
///
/// # Errors
///
/// The first [`PatternFlaw`], with the byte offset where it stands and what
/// was expected there.
pub fn parse(text: &str) -> Result<Pattern<'_>, PatternFlaw> {
    parser::parse(text)
}

impl<'a> Pattern<'a> {
    /// Calls `visit` with every test, in the order written.
    pub fn tests(&self, visit: &mut dyn FnMut(&Test<'a>)) {
        self.root.tests(visit);
    }
}

impl<'a> Expression<'a> {
    fn tests(&self, visit: &mut dyn FnMut(&Test<'a>)) {
        match &self.what {
            What::Observation(comparison) => comparison.tests(visit),
            What::And(all) | What::Or(all) | What::FollowedBy(all) => {
                for each in all {
                    each.tests(visit);
                }
            }
        }
    }
}

impl<'a> Comparison<'a> {
    fn tests(&self, visit: &mut dyn FnMut(&Test<'a>)) {
        match self {
            Self::Test(test) => visit(test),
            Self::And(all) | Self::Or(all) => {
                for each in all {
                    each.tests(visit);
                }
            }
        }
    }
}

impl<'a> Operand<'a> {
    /// The constants, however many there are.
    pub fn constants(&self) -> &[Constant<'a>] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Set(set) => set,
        }
    }
}

impl<'a> Text<'a> {
    /// The string meant: `\'` is `'` and `\\` is `\`.
    pub fn value(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut plain = String::with_capacity(self.raw.len());
        let mut characters = self.raw.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => plain.extend(characters.next()),
                other => plain.push(other),
            }
        }
        Cow::Owned(plain)
    }
}

/// `text` written as a string constant: quotes around it, `'` and `\` escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests;
