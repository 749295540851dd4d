//! What a client asks of a collection: filters (TAXII 2.1 §3.4) and pages (§3.5), as a query string.
//!
//! Parsing succeeds or answers with a [`FilterFlaw`], which is a 400: "if any
//! of the URL query parameters are malformed, the server must return 400".
//! SPEC: a server may ignore match fields that it does not understand. We
//! refuse them, and filters of one endpoint at another: whoever asked for less
//! than everything must not be answered with everything, least of all when
//! deleting. Parameters that are neither a filter nor begin with `match` are
//! not ours and are passed over.

mod decode;

use crate::{taxii::time::Micros, time::StixTime};
use core::fmt::{self, Display};
use decode::Decoded;
use std::borrow::Cow;

/// The longest query string that is read; the head of a request has no more room either.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// The most values of one filter: as many ids as a request's head has room for.
pub const VALUES_MAX: usize = 512;
/// The longest id or type: STIX allows types of 250 characters, and a UUID follows.
pub const VALUE_BYTES_MAX: usize = 300;
/// The longest `next`: ours are a tenth of it.
pub const NEXT_BYTES_MAX: usize = 256;
/// The largest `limit` that is an integer of TAXII (§2): 2^53 − 1.
pub const LIMIT_MAX: u64 = (1 << 53) - 1;

/// The endpoint a query string was sent to: each knows its own filters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// §5.4 Get Objects, and §5.3 Get Object Manifests: every filter.
    Objects,
    /// §5.6 Get an Object: its versions and spec versions, by pages.
    Object,
    /// §5.8 Get Object Versions: by spec version, by pages.
    Versions,
    /// §5.7 Delete an Object: versions and spec versions.
    Delete,
}

/// What is asked for. An empty list asks for what the standard does by default:
/// every id and type, and the last version.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Only what was added after this instant, in microseconds since 1970.
    pub added_after: Option<i64>,
    /// Only these ids, as written, each once.
    pub ids: Vec<String>,
    /// Only these types, as written, each once.
    pub kinds: Vec<String>,
    /// Only these versions of an object, each once.
    pub versions: Vec<VersionSpec>,
    /// Only objects of these versions of STIX.
    pub spec_versions: Option<SpecVersions>,
    /// At most so many, 1 to [`LIMIT_MAX`].
    pub limit: Option<u64>,
    /// Where the last page ended, as this server wrote it; no longer than [`NEXT_BYTES_MAX`].
    pub next: Option<String>,
}

/// The text that a percent-encoded segment of a path stands for; nothing if it is none.
#[must_use]
pub fn percent_decoded(segment: &str) -> Option<Cow<'_, str>> {
    // In a path a plus is a plus.
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let encoded = segment.replace('+', "%2B");
    let decoded = decode::text(&encoded).ok()?.into_owned();
    Some(Cow::Owned(decoded))
}

/// Which version of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VersionSpec {
    /// The latest; what is meant if nothing is said.
    Last,
    /// The earliest.
    First,
    /// Every one; stands alone.
    All,
    /// The one of exactly this instant.
    Exact(StixTime),
}

/// Versions of STIX. Others can be asked for, and nothing is found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SpecVersions {
    /// 2.0.
    pub v20: bool,
    /// 2.1.
    pub v21: bool,
}

/// Why a query string is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FilterFlaw {
    /// Longer than [`QUERY_BYTES_MAX`].
    #[error("a query has at most {QUERY_BYTES_MAX} bytes")]
    TooLong,
    /// A percent sign without two digits, or bytes that are no UTF-8.
    #[error("`{0}` is no percent-encoded text in UTF-8")]
    Encoding(String),
    /// A match field that is none.
    #[error("`{0}` is no filter of TAXII 2.1")]
    Unknown(String),
    /// A filter of another endpoint.
    #[error("`{0}` is no filter of this endpoint")]
    NotHere(&'static str),
    /// A filter that is given twice.
    #[error("`{0}` is given twice")]
    Repeated(&'static str),
    /// A value that occurs twice where each may once.
    #[error("`{parameter}` has `{value}` twice")]
    Duplicate {
        /// The filter.
        parameter: &'static str,
        /// The value.
        value: String,
    },
    /// More values than [`VALUES_MAX`].
    #[error("`{0}` has more than {VALUES_MAX} values")]
    TooMany(&'static str),
    /// A value that cannot be one.
    #[error("`{parameter}` cannot be `{value}`: it is {wanted}")]
    Malformed {
        /// The filter.
        parameter: &'static str,
        /// What was given, cut to its first characters.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl FilterFlaw {
    /// The filter that is wrong, for the details of an error message.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::TooLong | Self::Encoding(_) => None,
            Self::Unknown(name) => Some(name),
            Self::NotHere(name) | Self::Repeated(name) | Self::TooMany(name) => Some(name),
            Self::Duplicate { parameter, .. } | Self::Malformed { parameter, .. } => {
                Some(parameter)
            }
        }
    }
}

impl Filter {
    /// Reads the part of a URL after the question mark, as sent to `endpoint`.
    ///
    /// # Errors
    ///
    /// [`FilterFlaw`], of the first parameter that is wrong.
    pub fn parse(query: &str, endpoint: Endpoint) -> Result<Self, FilterFlaw> {
        if QUERY_BYTES_MAX < query.len() {
            return Err(FilterFlaw::TooLong);
        }
        let mut filter = Self::default();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode::text(name)?;
            let Some(parameter) = Parameter::named(&name)? else {
                continue;
            };
            if !parameter.is_for(endpoint) {
                return Err(FilterFlaw::NotHere(parameter.name()));
            }
            if seen.contains(&parameter) {
                return Err(FilterFlaw::Repeated(parameter.name()));
            }
            seen.push(parameter);
            filter.take(parameter, &decode::text(value)?)?;
        }
        Ok(filter)
    }

    fn take(&mut self, parameter: Parameter, value: &str) -> Result<(), FilterFlaw> {
        match parameter {
            Parameter::AddedAfter => {
                let at: Micros = value.parse().map_err(|_| {
                    parameter
                        .malformed(value, "one timestamp such as `2016-11-04T10:29:06.123456Z`")
                })?;
                self.added_after = Some(at.0);
            }
            Parameter::Limit => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                let limit = digits.then(|| value.parse().ok()).flatten();
                let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                let wanted = "a whole number from 1 to 9007199254740991";
                self.limit = Some(limit.ok_or_else(|| parameter.malformed(value, wanted))?);
            }
            Parameter::Next => {
                let fits = (1..=NEXT_BYTES_MAX).contains(&value.len());
                let wanted = "the `next` of an answer of this server";
                self.next = Some(
                    fits.then(|| value.to_owned())
                        .ok_or_else(|| parameter.malformed(value, wanted))?,
                );
            }
            Parameter::Id => self.ids = parameter.words(value)?,
            Parameter::Type => self.kinds = parameter.words(value)?,
            Parameter::Version => self.versions = parameter.versions(value)?,
            Parameter::SpecVersion => self.spec_versions = Some(parameter.spec_versions(value)?),
        }
        Ok(())
    }
}

impl VersionSpec {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "last" => Self::Last,
            "first" => Self::First,
            "all" => Self::All,
            _ => Self::Exact(text.parse().ok()?),
        })
    }
}

/// The parameters that we know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Parameter {
    AddedAfter,
    Limit,
    Next,
    Id,
    Type,
    Version,
    SpecVersion,
}

impl Parameter {
    fn named(name: &str) -> Result<Option<Self>, FilterFlaw> {
        Ok(Some(match name {
            "added_after" => Self::AddedAfter,
            "limit" => Self::Limit,
            "next" => Self::Next,
            "match[id]" => Self::Id,
            "match[type]" => Self::Type,
            "match[version]" => Self::Version,
            "match[spec_version]" => Self::SpecVersion,
            _ if name.starts_with("match") => return Err(FilterFlaw::Unknown(cut(name))),
            _ => return Ok(None),
        }))
    }

    fn name(self) -> &'static str {
        match self {
            Self::AddedAfter => "added_after",
            Self::Limit => "limit",
            Self::Next => "next",
            Self::Id => "match[id]",
            Self::Type => "match[type]",
            Self::Version => "match[version]",
            Self::SpecVersion => "match[spec_version]",
        }
    }

    fn is_for(self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Objects => true,
            Endpoint::Object => !matches!(self, Self::Id | Self::Type),
            Endpoint::Versions => !matches!(self, Self::Id | Self::Type | Self::Version),
            Endpoint::Delete => matches!(self, Self::Version | Self::SpecVersion),
        }
    }

    fn malformed(self, value: &str, wanted: &'static str) -> FilterFlaw {
        FilterFlaw::Malformed {
            parameter: self.name(),
            value: cut(value),
            wanted,
        }
    }

    /// The values of a list, none of them empty.
    fn values(self, list: &str) -> Result<Vec<&str>, FilterFlaw> {
        let values: Vec<_> = list.split(',').take(VALUES_MAX + 1).collect();
        if VALUES_MAX < values.len() {
            return Err(FilterFlaw::TooMany(self.name()));
        }
        Ok(values)
    }

    /// Ids or types: what repeats says nothing new.
    fn words(self, list: &str) -> Result<Vec<String>, FilterFlaw> {
        let mut words: Vec<String> = Vec::new();
        for value in self.values(list)? {
            let is_word = (1..=VALUE_BYTES_MAX).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_word {
                return Err(
                    self.malformed(value, "a list of names, with commas and no spaces between")
                );
            }
            if !words.iter().any(|word| word == value) {
                words.push(value.to_owned());
            }
        }
        Ok(words)
    }

    fn versions(self, list: &str) -> Result<Vec<VersionSpec>, FilterFlaw> {
        let mut versions = Vec::new();
        for value in self.values(list)? {
            let wanted = "a list of `last`, `first` and timestamps, or `all`";
            let version = VersionSpec::parse(value).ok_or_else(|| self.malformed(value, wanted))?;
            if versions.contains(&version) {
                let (parameter, value) = (self.name(), cut(value));
                return Err(FilterFlaw::Duplicate { parameter, value });
            }
            versions.push(version);
        }
        if versions.len() > 1 && versions.contains(&VersionSpec::All) {
            return Err(self.malformed(list, "`all`, and nothing beside it"));
        }
        Ok(versions)
    }

    fn spec_versions(self, list: &str) -> Result<SpecVersions, FilterFlaw> {
        let mut versions = SpecVersions::default();
        for value in self.values(list)? {
            let number = |text: &str| {
                (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            match value {
                "2.0" => versions.v20 = true,
                "2.1" => versions.v21 = true,
                _ if value
                    .split_once('.')
                    .is_some_and(|(major, minor)| number(major) && number(minor)) => {}
                _ => return Err(self.malformed(value, "a list of versions such as `2.1`")),
            }
        }
        Ok(versions)
    }
}

/// The beginning of what somebody sent, to be said back to them.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The query string that asks for this, in one order and encoded as little as possible.
impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec_versions = self.spec_versions.iter().flat_map(|asked| {
            // A version that does not exist asks for nothing, as this does.
            let none = !asked.v20 && !asked.v21;
            let names = [(asked.v20, "2.0"), (asked.v21, "2.1"), (none, "0.0")];
            names.into_iter().filter(|(asked, _)| *asked)
        });
        let parameters: [(Parameter, Vec<String>); 7] = [
            (
                Parameter::AddedAfter,
                self.added_after
                    .iter()
                    .map(|&at| Micros(at).to_string())
                    .collect(),
            ),
            (
                Parameter::Limit,
                self.limit.iter().map(ToString::to_string).collect(),
            ),
            (Parameter::Next, self.next.iter().cloned().collect()),
            (Parameter::Id, self.ids.clone()),
            (Parameter::Type, self.kinds.clone()),
            (
                Parameter::Version,
                self.versions.iter().map(ToString::to_string).collect(),
            ),
            (
                Parameter::SpecVersion,
                spec_versions.map(|(_, name)| name.to_owned()).collect(),
            ),
        ];
        let mut gap = "";
        for (parameter, values) in parameters.iter().filter(|(_, values)| !values.is_empty()) {
            write!(f, "{gap}{}=", parameter.name())?;
            gap = "&";
            let mut comma = "";
            for value in values {
                write!(f, "{comma}{}", Decoded(value))?;
                comma = ",";
            }
        }
        Ok(())
    }
}

impl Display for VersionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::First => f.write_str("first"),
            Self::All => f.write_str("all"),
            Self::Exact(at) => f.write_str(at.as_str()),
        }
    }
}

#[cfg(test)]
mod tests;
