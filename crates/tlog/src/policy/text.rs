//! The policy file: C2SP tlog-policy, "Policy file syntax and structure".

use std::fmt;
use std::str::FromStr;

use crate::note::{KeyError, VerifierKey};
use crate::policy::{
    POLICY_BYTES_MAX, Policy, PolicyBuilder, PolicyLog, PolicyWitness, Quorum, RuleError, Threshold,
};
use crate::text::parse_decimal;

/// The text is no policy. Lines are counted from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PolicyTextError {
    /// More than [`POLICY_BYTES_MAX`].
    #[error("a policy of {0} bytes is too long")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the policy is not UTF-8")]
    NotUtf8,
    /// The last line does not end in a newline.
    #[error("line {0} does not end in a newline")]
    NoNewline(usize),
    /// A control character other than tab and newline.
    #[error("line {0} holds a control character")]
    ControlCharacter(usize),
    /// A line that starts with none of `log`, `witness`, `group`, `quorum` and `#`.
    #[error("line {0} starts with none of `log`, `witness`, `group`, `quorum` and `#`")]
    Keyword(usize),
    /// Too few or too many items on a line.
    #[error("line {line}: expected `{expected}`")]
    Items {
        /// The line.
        line: usize,
        /// What it should look like.
        expected: &'static str,
    },
    /// A key that is no verifier key.
    #[error("line {line}: {source}")]
    Key {
        /// The line.
        line: usize,
        /// What is wrong with the key.
        source: KeyError,
    },
    /// A definition that breaks a rule.
    #[error("line {line}: {source}")]
    Rule {
        /// The line; for a missing quorum, the last one.
        line: usize,
        /// The rule.
        source: RuleError,
    },
}

const LOG: &str = "log <vkey> [<url>]";
const WITNESS: &str = "witness <name> <vkey> [<url>]";
const GROUP: &str = "group <name> <k|all|any> <name>...";
const QUORUM: &str = "quorum <name|none>";

impl Policy {
    /// Parses a policy file.
    ///
    /// # Errors
    ///
    /// [`PolicyTextError`] for the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyTextError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyTextError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PolicyTextError::NotUtf8)?;
        let mut builder = PolicyBuilder::new();
        let mut last = 1;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            last = at + 1;
            let line = line
                .strip_suffix('\n')
                .ok_or(PolicyTextError::NoNewline(last))?;
            if line
                .bytes()
                .any(|byte| byte == 0x7f || (byte < b' ' && byte != b'\t'))
            {
                return Err(PolicyTextError::ControlCharacter(last));
            }
            parse_line(&mut builder, line, last)?;
        }
        builder
            .build()
            .map_err(|source| PolicyTextError::Rule { line: last, source })
    }
}

fn parse_line(builder: &mut PolicyBuilder, line: &str, at: usize) -> Result<(), PolicyTextError> {
    let items = line
        .split([' ', '\t'])
        .filter(|item| !item.is_empty())
        .collect::<Vec<_>>();
    let wrong = |expected| PolicyTextError::Items { line: at, expected };
    let key = |text: &str| {
        text.parse::<VerifierKey>()
            .map_err(|source| PolicyTextError::Key { line: at, source })
    };
    let added = match items.as_slice() {
        [] => Ok(()),
        [first, ..] if first.starts_with('#') => Ok(()),
        ["log", vkey] => builder.log(key(vkey)?, None),
        ["log", vkey, url] => builder.log(key(vkey)?, Some((*url).to_owned())),
        ["log", ..] => return Err(wrong(LOG)),
        ["witness", name, vkey] => builder.witness(name, key(vkey)?, None),
        ["witness", name, vkey, url] => builder.witness(name, key(vkey)?, Some((*url).to_owned())),
        ["witness", ..] => return Err(wrong(WITNESS)),
        ["group", name, threshold, members @ ..] => {
            let threshold = parse_threshold(threshold).ok_or_else(|| wrong(GROUP))?;
            builder.group(name, threshold, members)
        }
        ["group", ..] => return Err(wrong(GROUP)),
        ["quorum", name] => builder.quorum(name),
        ["quorum", ..] => return Err(wrong(QUORUM)),
        _ => return Err(PolicyTextError::Keyword(at)),
    };
    added.map_err(|source| PolicyTextError::Rule { line: at, source })
}

fn parse_threshold(text: &str) -> Option<Threshold> {
    match text {
        "all" => Some(Threshold::All),
        "any" => Some(Threshold::Any),
        count => usize::try_from(parse_decimal(count)?)
            .ok()
            .map(Threshold::AtLeast),
    }
}

impl FromStr for Policy {
    type Err = PolicyTextError;

    fn from_str(text: &str) -> Result<Self, PolicyTextError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for PolicyLog { key, url } in &self.logs {
            writeln!(f, "log {key}{}", Last(url.as_deref()))?;
        }
        for PolicyWitness { name, key, url } in &self.witnesses {
            writeln!(f, "witness {name} {key}{}", Last(url.as_deref()))?;
        }
        for group in &self.groups {
            write!(f, "group {} {}", group.name, group.threshold)?;
            for &member in &group.members {
                write!(f, "{}", Last(self.name_of(member)))?;
            }
            writeln!(f)?;
        }
        let quorum = match self.quorum {
            Quorum::None => Some("none"),
            Quorum::Of(member) => self.name_of(member),
        };
        writeln!(f, "quorum{}", Last(quorum))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Any => f.write_str("any"),
            Self::AtLeast(count) => count.fmt(f),
        }
    }
}

/// A further item on a line, after a space.
struct Last<'t>(Option<&'t str>);

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |item| write!(f, " {item}"))
    }
}
