//! Warning lists: values that must never be indicators, one a line, in files.
//!
//! `KIND VALUE`, where the kind is that of an observable: `ipv4 10.0.0.0/8`,
//! `sha256 …`, `domain example.org`. A domain with a dot in front stands for
//! itself and everything below it. `#` begins a comment. Some lists come with
//! the program; a node may have more, and those of MISP as they are.

use portcullis_core::cell::warning::Hit;
use portcullis_stix::{
    observable::{Kind, Observable},
    warning,
};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, OnceLock},
};

/// The most values of all lists.
pub const VALUES_MAX: usize = 4_000_000;

/// The lists that come with the program: name and text.
const BUILT_IN: [(&str, &str); 4] = [
    (
        "private-addresses",
        include_str!("../../../data/warning-lists/private-addresses.txt"),
    ),
    (
        "public-resolvers",
        include_str!("../../../data/warning-lists/public-resolvers.txt"),
    ),
    (
        "common-domains",
        include_str!("../../../data/warning-lists/common-domains.txt"),
    ),
    (
        "empty-files",
        include_str!("../../../data/warning-lists/empty-files.txt"),
    ),
];

/// Warning lists, ready to look things up in.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    names: Vec<String>,
    /// Values in their one spelling; domains that stand for all below them with a dot in front.
    values: HashMap<(Kind, String), u32>,
    ranges: Vec<(Range, u32)>,
    misp: warning::Lists,
}

/// Why a text is no warning list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ListError {
    /// A line is not of the form.
    #[error(
        "line {line}: `{text}` is not `KIND VALUE`, such as `ipv4 10.0.0.0/8`; a kind is one of {}",
        kinds()
    )]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// More than fit.
    #[error("more than {VALUES_MAX} values")]
    TooMany,
    /// It begins as a list of MISP's does, and is none.
    #[error("{0}")]
    Misp(String),
}

/// What may stand before a value.
fn kinds() -> String {
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

impl ListError {
    /// The code of this reason, stable for ever.
    pub const fn code(&self) -> &'static str {
        "cell.warning_list_file"
    }
}

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Range {
    first: u128,
    bits: u32,
}

impl Lists {
    /// The lists that come with the program.
    pub fn built_in() -> &'static Arc<Self> {
        static LISTS: OnceLock<Arc<Lists>> = OnceLock::new();
        LISTS.get_or_init(|| {
            let mut lists = Self::default();
            for (name, text) in BUILT_IN {
                if let Err(error) = lists.add(name, text) {
                    unreachable!("`{name}` comes with the program: {error}");
                }
            }
            Arc::new(lists)
        })
    }

    /// Takes a list in under a name. A JSON object is a warning list of MISP's, and has its own
    /// name; of it, entries that cannot be used are left out.
    ///
    /// # Errors
    ///
    /// [`ListError`]; what stood before the line is taken in.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ListError> {
        if text.trim_start().starts_with('{') {
            return self.add_misp(text);
        }
        let list = u32::try_from(self.names.len()).map_err(|_| ListError::TooMany)?;
        self.names.push(name.to_owned());
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if VALUES_MAX <= self.values.len() + self.ranges.len() {
                return Err(ListError::TooMany);
            }
            self.take(line, list).ok_or_else(|| ListError::Line {
                line: at + 1,
                text: line.chars().take(80).collect(),
            })?;
        }
        Ok(())
    }

    fn add_misp(&mut self, text: &str) -> Result<(), ListError> {
        let misp = |error: warning::WarningFlaw| ListError::Misp(error.to_string());
        self.misp.add(text.as_bytes()).map_err(misp)?;
        let known = self.misp.names().map(|(name, _)| name.to_owned());
        let new: Vec<String> = known.filter(|name| !self.names.contains(name)).collect();
        self.names.extend(new);
        Ok(())
    }

    fn take(&mut self, line: &str, list: u32) -> Option<()> {
        let (kind, value) = line.split_once(char::is_whitespace)?;
        let (kind, value) = (Kind::parse(kind)?, value.trim());
        let below = if kind == Kind::Domain {
            value.strip_prefix('.')
        } else {
            None
        };
        let value = Observable::new(kind, below.unwrap_or(value))?.value;
        if let Some(range) = Range::of(kind, &value) {
            self.ranges.push((range, list));
            return Some(());
        }
        if below.is_some() {
            self.values.insert((kind, format!(".{value}")), list);
        }
        self.values.insert((kind, value), list);
        Some(())
    }

    /// The lists' names, the built-in ones first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Which of these values stand on a list, in order.
    pub fn hits(&self, observables: &[Observable]) -> Vec<Hit> {
        let hit = |observable: &Observable| {
            let list = self.list_of(observable)?;
            Some(Hit {
                list: self.names.get(usize::try_from(list).ok()?)?.clone(),
                value: observable.value.clone(),
            })
        };
        let own = observables.iter().filter_map(hit);
        let misp = self.misp.check(observables).into_iter().map(|hit| Hit {
            list: hit.list,
            value: hit.value.value,
        });
        own.chain(misp).collect()
    }

    fn list_of(&self, observable: &Observable) -> Option<u32> {
        let Observable { kind, value } = observable;
        if let Some(range) = Range::of(*kind, value) {
            let mut ranges = self.ranges.iter();
            return ranges
                .find(|(listed, _)| listed.holds(&range))
                .map(|(_, list)| *list);
        }
        let exact = self.values.get(&(*kind, value.clone()));
        let above = || {
            let mut rest = value.as_str();
            let mut parents = std::iter::from_fn(move || {
                (_, rest) = rest.split_once('.')?;
                Some(rest)
            });
            parents.find_map(|parent| self.values.get(&(*kind, format!(".{parent}"))))
        };
        match (exact, kind) {
            (Some(list), _) => Some(*list),
            (None, Kind::Domain) => above().copied(),
            (None, _) => None,
        }
    }
}

impl Range {
    /// The range of an address, or of a prefix, in its one spelling.
    fn of(kind: Kind, value: &str) -> Option<Self> {
        let (address, prefix) = match value.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (value, None),
        };
        let (first, offset) = match (kind, address.parse().ok()?) {
            (Kind::Ipv4, IpAddr::V4(v4)) => (mapped(v4), 96),
            (Kind::Ipv6, IpAddr::V6(v6)) => (u128::from(v6), 0),
            _ => return None,
        };
        let bits = prefix.map_or(128, |prefix| (prefix + offset).min(128));
        Some(Self { first, bits })
    }

    /// Whether all of `other` is in this one.
    const fn holds(&self, other: &Self) -> bool {
        let mask = match self.bits {
            0 => 0,
            bits => u128::MAX << (128 - bits),
        };
        self.bits <= other.bits && (self.first ^ other.first) & mask == 0
    }
}

/// Where an IPv4 address stands among those of IPv6 (RFC 4291 §2.5.5.2).
fn mapped(v4: Ipv4Addr) -> u128 {
    let v6: Ipv6Addr = v4.to_ipv6_mapped();
    u128::from(v6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(kind: Kind, value: &str) -> Option<String> {
        let observable = Observable::new(kind, value).unwrap();
        let hits = Lists::built_in().hits(&[observable]);
        hits.first().map(|hit| hit.list.clone())
    }

    #[test]
    fn what_everybody_uses_is_on_a_list() {
        for (kind, value, list) in [
            (Kind::Ipv4, "8.8.8.8", "public-resolvers"),
            (Kind::Ipv4, "192.168.0.17", "private-addresses"),
            (Kind::Ipv4, "10.1.0.0/16", "private-addresses"),
            (
                Kind::Ipv6,
                "2001:4860:4860:0:0:0:0:8888",
                "public-resolvers",
            ),
            (Kind::Ipv6, "fe80::1", "private-addresses"),
            (Kind::Domain, "Google.com.", "common-domains"),
            (Kind::Domain, "printer.local", "private-addresses"),
            (Kind::Md5, "D41D8CD98F00B204E9800998ECF8427E", "empty-files"),
        ] {
            assert_eq!(listed(kind, value).as_deref(), Some(list), "{value}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for (kind, value) in [
            (Kind::Ipv4, "203.0.113.7"),
            (Kind::Ipv4, "8.8.8.0/24"),
            (Kind::Ipv4, "0.0.0.0/0"),
            (Kind::Ipv6, "2001:db8::1"),
            (Kind::Domain, "google.com.bad.example"),
            (Kind::Domain, "sites.google.com"),
            (Kind::Domain, "notlocal"),
            (Kind::Url, "https://google.com/evil"),
        ] {
            assert_eq!(listed(kind, value), None, "{value}");
        }
    }

    #[test]
    fn a_list_of_misp_is_one_of_ours() {
        let mut lists = Lists::default();
        let json = r#"{"name":"Sinkholes","version":1,"type":"cidr","list":["192.0.2.0/24"],"matching_attributes":["ip-dst"]}"#;
        lists.add("file", json).unwrap();
        lists.add("file", json).unwrap();
        assert_eq!(lists.names(), ["Sinkholes"]);
        let hits = lists.hits(&[Observable::new(Kind::Ipv4, "192.0.2.9").unwrap()]);
        let expected = Hit {
            list: "Sinkholes".into(),
            value: "192.0.2.9".into(),
        };
        assert_eq!(hits, [expected]);
        assert!(matches!(lists.add("x", "{"), Err(ListError::Misp(_))));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let mut lists = Lists::default();
        let wrong = lists.add("own", "# a list\nipv4 10.0.0.1\n\nipv4 ten\n");
        let text = "ipv4 ten".to_owned();
        assert!(wrong.clone().unwrap_err().to_string().contains("ipv4, "));
        assert_eq!(wrong, Err(ListError::Line { line: 4, text }));
        assert_eq!(
            lists
                .hits(&[Observable::new(Kind::Ipv4, "10.0.0.1").unwrap()])
                .len(),
            1
        );
    }
}
