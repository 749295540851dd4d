//! How the entries of a list match.

use std::collections::{HashMap, HashSet};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::ranges::Ranges;
use crate::observable::{Kind, Observable};

/// How much memory a list's regular expressions may take together, in bytes.
const REGEX_BYTES_MAX: usize = 32 << 20;

/// How much one regular expression may take, in bytes.
const ONE_REGEX_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// Ranges of addresses.
    Ranges(Ranges),
    /// Names, and everything below them.
    Hosts(HashSet<String>),
    /// Values as they are; the original entry behind the lower-case one.
    Whole(HashMap<String, String>),
    /// Pieces that a value contains.
    Pieces(Vec<String>),
    /// Regular expressions that find something in a value.
    Patterns { set: RegexSet, sources: Vec<String> },
}

impl Rule {
    /// The rule of a list's type, and the entries it cannot use; `None` for an
    /// unknown type.
    pub(super) fn new(kind: &str, entries: Vec<String>) -> Option<(Self, Vec<String>)> {
        let mut unusable = Vec::new();
        let rule = match kind {
            "cidr" => {
                let mut ranges = Ranges::default();
                for entry in entries {
                    if ranges.add(&entry).is_none() {
                        unusable.push(entry);
                    }
                }
                Self::Ranges(ranges)
            }
            "hostname" => Self::Hosts(
                entries
                    .iter()
                    .map(|entry| host(entry))
                    .filter(|entry| !entry.is_empty())
                    .collect(),
            ),
            "string" => Self::Whole(
                entries
                    .into_iter()
                    .map(|entry| (entry.to_lowercase(), entry))
                    .collect(),
            ),
            "substring" => Self::Pieces(
                entries
                    .iter()
                    .map(|entry| entry.to_lowercase())
                    .filter(|entry| !entry.is_empty())
                    .collect(),
            ),
            "regex" => patterns(entries, &mut unusable),
            _ => return None,
        };
        Some((rule, unusable))
    }

    /// The entry that matches `value`.
    pub(super) fn matches(&self, value: &Observable) -> Option<String> {
        match self {
            Self::Ranges(ranges) => {
                let inside = address_in(value);
                ranges
                    .find(inside.as_deref().unwrap_or(&value.value))
                    .map(str::to_owned)
            }
            Self::Hosts(hosts) => {
                let name = host_in(value)?;
                let mut rest = name;
                loop {
                    if hosts.contains(rest) {
                        return Some(rest.to_owned());
                    }
                    rest = rest.split_once('.')?.1;
                }
            }
            Self::Whole(values) => values.get(&value.value.to_lowercase()).cloned(),
            Self::Pieces(pieces) => {
                let text = value.value.to_lowercase();
                pieces
                    .iter()
                    .find(|piece| text.contains(piece.as_str()))
                    .cloned()
            }
            Self::Patterns { set, sources } => {
                let first = set.matches(&value.value).iter().next()?;
                sources.get(first).cloned()
            }
        }
    }
}

/// Regular expressions as PHP writes them, `/…/i`, or bare. Linear in time
/// whatever they say; look-around and back-references are not usable.
fn patterns(entries: Vec<String>, unusable: &mut Vec<String>) -> Rule {
    let mut sources = Vec::new();
    let mut plain = Vec::new();
    for entry in entries {
        let pattern = undelimited(&entry);
        let fits = RegexBuilder::new(&pattern)
            .size_limit(ONE_REGEX_BYTES_MAX)
            .build();
        if fits.as_ref().map(Regex::as_str).is_ok() {
            plain.push(pattern);
            sources.push(entry);
        } else {
            unusable.push(entry);
        }
    }
    let set = RegexSetBuilder::new(&plain)
        .size_limit(REGEX_BYTES_MAX)
        .build();
    let set = set.unwrap_or_else(|_| {
        unusable.append(&mut sources);
        RegexSet::empty()
    });
    Rule::Patterns { set, sources }
}

fn undelimited(entry: &str) -> String {
    let Some((body, flags)) = entry
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
    else {
        return entry.to_owned();
    };
    let body = body.replace("\\/", "/");
    if flags.contains('i') {
        return format!("(?i){body}");
    }
    body
}

fn host(entry: &str) -> String {
    entry.trim().trim_matches('.').to_lowercase()
}

/// The name in a domain, an e-mail address or a URL.
fn host_in(value: &Observable) -> Option<&str> {
    match value.kind {
        Kind::Domain => Some(&value.value),
        Kind::Email => value.value.rsplit_once('@').map(|(_, host)| host),
        Kind::Url => {
            let rest = value.value.split_once("://")?.1;
            let authority = rest.split(['/', '?', '#']).next()?;
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            Some(host.split(':').next().unwrap_or(host))
        }
        _ => None,
    }
}

/// The address that a URL names as its host.
fn address_in(value: &Observable) -> Option<String> {
    (value.kind == Kind::Url)
        .then(|| host_in(value).map(str::to_owned))
        .flatten()
}
