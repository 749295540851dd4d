//! Why a text is not a pattern.

/// Why a text is not a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {why}")]
pub struct PatternFlaw {
    /// Byte offset into the pattern where the flaw was seen.
    pub offset: usize,
    /// What is wrong there.
    pub why: Flawed,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flawed {
    /// The grammar asks for something else here.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What the grammar would accept.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// A string without its closing quote, or with a backslash that escapes
    /// neither a quote nor a backslash.
    #[error("a string that does not end, or a backslash before something other than `'` or `\\`")]
    OpenString,
    /// `t'…'` that names no time.
    #[error("not a time that exists, like t'2026-11-02T09:00:00Z'")]
    NoSuchTime,
    /// A window or a count of nought.
    #[error("a number above nought is needed (STIX 2.1, 9.5)")]
    NotPositive,
    /// Two qualifiers of one kind behind one observation.
    #[error("`{0}` stands twice behind one observation (STIX 2.1, 9.5)")]
    QualifierTwice(&'static str),
    /// `AND` between tests that no single object can satisfy.
    #[error("AND joins tests of different object types, which no one object can satisfy")]
    RootsDiffer,
    /// Brackets in brackets, too deep.
    #[error("brackets are nested deeper than {max}")]
    TooDeep {
        /// The depth allowed.
        max: usize,
    },
    /// Too long a text.
    #[error("a pattern has at most {max} bytes")]
    TooLong {
        /// The size allowed.
        max: usize,
    },
}
