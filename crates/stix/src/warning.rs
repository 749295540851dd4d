//! Warning lists: values that are seldom a threat.
//!
//! An indicator for a resolver that half the world uses, or for the digest of
//! the empty file, raises an alarm everywhere and finds nobody. Lists in MISP's
//! format (`warninglist`: `name`, `type`, `list`, `matching_attributes`) are
//! read as data and matched without walking over them, patterns and pieces
//! apart. Which lists there are is the node's affair.

use serde::Deserialize;

use crate::observable::{Kind, Observable};

mod ranges;
mod rule;

use rule::Rule;

/// How large a list may be, in bytes.
pub const LIST_BYTES_MAX: usize = 64 << 20;

/// How many lists may be held.
pub const LISTS_MAX: usize = 1024;

/// How many hits are told of one call.
pub const HITS_MAX: usize = 1000;

/// Warning lists, ready to match.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    lists: Vec<List>,
}

/// A value that stands on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The list's name.
    pub list: String,
    /// What was looked up.
    pub value: Observable,
    /// The list's description, and the entry that matched.
    pub why: String,
}

/// Why a list was not read.
#[derive(Debug, thiserror::Error)]
pub enum WarningFlaw {
    /// Too large.
    #[error("a warning list has at most {LIST_BYTES_MAX} bytes")]
    TooLarge,
    /// Not such a list.
    #[error("no warning list: {0}")]
    Json(#[from] serde_json::Error),
    /// A type that is none of the five.
    #[error(
        "`{0}` is no type of warning list; expected cidr, hostname, string, substring or regex"
    )]
    Type(String),
    /// Too many.
    #[error("at most {LISTS_MAX} warning lists are held")]
    TooMany,
}

#[derive(Clone, Debug)]
struct List {
    name: String,
    version: u64,
    description: String,
    /// Empty: every kind.
    kinds: Vec<Kind>,
    rule: Rule,
    /// Entries that could not be used.
    unusable: Vec<String>,
}

/// A list as MISP writes it.
#[derive(Deserialize)]
struct Written {
    name: String,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    kind: String,
    list: Entries,
    #[serde(default)]
    matching_attributes: Vec<String>,
}

/// Entries: a list, or a dictionary whose values are remarks.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entries {
    List(Vec<String>),
    Remarked(serde_json::Map<String, serde_json::Value>),
}

impl Lists {
    /// Adds a list in MISP's format; one of the same name and an older version
    /// is replaced. Answers with the entries that could not be used: regular
    /// expressions with look-around, addresses that are none.
    ///
    /// # Errors
    ///
    /// [`WarningFlaw`]; the lists stay as they were.
    pub fn add(&mut self, json: &[u8]) -> Result<Vec<String>, WarningFlaw> {
        if json.len() > LIST_BYTES_MAX {
            return Err(WarningFlaw::TooLarge);
        }
        let written: Written = serde_json::from_slice(json)?;
        let list = List::new(written)?;
        let unusable = list.unusable.clone();
        let full = self.lists.len() >= LISTS_MAX;
        let place = self.lists.iter().position(|known| known.name == list.name);
        match place.and_then(|place| self.lists.get_mut(place)) {
            Some(known) if known.version <= list.version => *known = list,
            Some(_) => {}
            None if full => return Err(WarningFlaw::TooMany),
            None => self.lists.push(list),
        }
        Ok(unusable)
    }

    /// The names and versions of the lists.
    pub fn names(&self) -> impl Iterator<Item = (&str, u64)> {
        self.lists
            .iter()
            .map(|list| (list.name.as_str(), list.version))
    }

    /// Which of `values` stand on which list, at most [`HITS_MAX`].
    pub fn check(&self, values: &[Observable]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for value in values {
            for list in &self.lists {
                if hits.len() >= HITS_MAX {
                    return hits;
                }
                hits.extend(list.hit(value));
            }
        }
        hits
    }
}

impl List {
    fn new(written: Written) -> Result<Self, WarningFlaw> {
        let entries = match written.list {
            Entries::List(entries) => entries,
            Entries::Remarked(entries) => entries.into_iter().map(|(entry, _)| entry).collect(),
        };
        let (rule, unusable) = Rule::new(&written.kind, entries)
            .ok_or_else(|| WarningFlaw::Type(written.kind.clone()))?;
        let mut kinds: Vec<Kind> = written
            .matching_attributes
            .iter()
            .flat_map(|name| kinds_of(name))
            .copied()
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Self {
            name: written.name,
            version: written.version,
            description: written.description,
            kinds,
            rule,
            unusable,
        })
    }

    fn hit(&self, value: &Observable) -> Option<Hit> {
        if !self.kinds.is_empty() && !self.kinds.contains(&value.kind) {
            return None;
        }
        let entry = self.rule.matches(value)?;
        let why = if self.description.is_empty() {
            format!("matches `{entry}`")
        } else {
            format!("{}: matches `{entry}`", self.description)
        };
        Some(Hit {
            list: self.name.clone(),
            value: value.clone(),
            why,
        })
    }
}

/// The kinds of value that an attribute's type of MISP names.
fn kinds_of(name: &str) -> &'static [Kind] {
    match name {
        "ip-src" | "ip-dst" | "ip-src|port" | "ip-dst|port" => &[Kind::Ipv4, Kind::Ipv6],
        "domain" | "hostname" | "hostname|port" => &[Kind::Domain],
        "domain|ip" => &[Kind::Domain, Kind::Ipv4, Kind::Ipv6],
        "url" | "uri" | "link" => &[Kind::Url],
        "email" | "email-src" | "email-dst" | "email-reply-to" => &[Kind::Email],
        "md5" => &[Kind::Md5],
        "sha1" => &[Kind::Sha1],
        "sha224" => &[Kind::Sha224],
        "sha256" => &[Kind::Sha256],
        "sha384" => &[Kind::Sha384],
        "sha512" => &[Kind::Sha512],
        "ssdeep" => &[Kind::Ssdeep],
        "filename" => &[Kind::FileName, Kind::FilePath],
        "filename|md5" | "malware-sample" => &[Kind::FileName, Kind::Md5],
        "filename|sha1" => &[Kind::FileName, Kind::Sha1],
        "filename|sha256" => &[Kind::FileName, Kind::Sha256],
        "filename|sha512" => &[Kind::FileName, Kind::Sha512],
        "AS" => &[Kind::Asn],
        "mutex" => &[Kind::Mutex],
        "regkey" | "regkey|value" => &[Kind::RegistryKey],
        "user-agent" => &[Kind::UserAgent],
        "mac-address" => &[Kind::Mac],
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
