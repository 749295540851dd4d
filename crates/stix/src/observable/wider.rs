//! What a value belongs to: an address to ranges, a host to the domains above it, a link to its
//! host. Whoever knows the one as bad wants to hear of the other, and that it is not the same.

use super::{Kind, Observable, normal::domain};
use std::net::Ipv4Addr;

/// The widest range of IPv4 that says something of an address in it.
const IPV4_BITS_MIN: u32 = 8;

/// The widest range of IPv6.
const IPV6_BITS_MIN: u32 = 16;

/// The widest range of IPv4 whose addresses are gone through one by one.
const WITHIN_BITS_MIN: u32 = 16;

/// How one value belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tie {
    /// It is the same.
    Same,
    /// An address, or a range, is in a range.
    InRange,
    /// A URL without what it asks of the page: no query, no fragment.
    Page,
    /// A URL or a mailbox is at a host, or at an address in a range.
    Host,
    /// A domain is below another.
    Below,
    /// A range has an address in it.
    Holds,
}

impl Tie {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::InRange => "in-range",
            Self::Page => "page",
            Self::Host => "host",
            Self::Below => "below",
            Self::Holds => "holds",
        }
    }
}

/// A value, and what it belongs to, the nearest first: at most some hundred and twenty values, each once.
pub fn wider(of: &Observable) -> Vec<(Tie, Observable)> {
    let mut found = vec![(Tie::Same, of.clone())];
    match of.kind {
        Kind::Ipv4 | Kind::Ipv6 => ranges(of, &mut found),
        Kind::Domain => above(&of.value, &mut found),
        Kind::Url => {
            let page = of.value.split(['?', '#']).next().unwrap_or_default();
            found.extend(Observable::new(Kind::Url, page).map(|page| (Tie::Page, page)));
            host(url_host(&of.value), &mut found);
        }
        Kind::Email => {
            if let Some((_, at)) = of.value.rsplit_once('@') {
                host(at, &mut found);
            }
        }
        _ => {}
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|(_, one)| seen.insert(one.clone()));
    found
}

/// The addresses of a range of IPv4 that is not wider than a /16; of all else none.
pub fn within(of: &Observable) -> impl Iterator<Item = Observable> + use<> {
    let range = of.value.split_once('/').filter(|_| of.kind == Kind::Ipv4);
    let range = range.and_then(|(first, bits)| {
        let first = u32::from(first.parse::<Ipv4Addr>().ok()?);
        let bits: u32 = bits.parse().ok()?;
        let narrow = (WITHIN_BITS_MIN..32).contains(&bits);
        narrow.then(|| first..=first | (u32::MAX >> bits))
    });
    range.into_iter().flatten().map(|address| Observable {
        kind: Kind::Ipv4,
        value: Ipv4Addr::from(address).to_string(),
    })
}

/// The host of a URL in its one spelling, without a port.
fn url_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    match place.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

fn host(name: &str, found: &mut Vec<(Tie, Observable)>) {
    let address = [Kind::Ipv4, Kind::Ipv6]
        .into_iter()
        .find_map(|kind| Observable::new(kind, name));
    if let Some(address) = address {
        let mut all = vec![(Tie::Host, address.clone())];
        ranges(&address, &mut all);
        found.extend(all.into_iter().map(|(_, one)| (Tie::Host, one)));
    } else if let Some(name) = domain(name) {
        let value = name.clone();
        let kind = Kind::Domain;
        found.push((Tie::Host, Observable { kind, value }));
        above(&name, found);
    }
}

fn ranges(of: &Observable, found: &mut Vec<(Tie, Observable)>) {
    let (least, all) = match of.kind {
        Kind::Ipv4 => (IPV4_BITS_MIN, 32),
        _ => (IPV6_BITS_MIN, 128),
    };
    let (address, bits) = match of.value.split_once('/') {
        Some((address, bits)) => (address, bits.parse().unwrap_or(least)),
        None => (of.value.as_str(), all),
    };
    for bits in (least..bits).rev() {
        let range = Observable::new(of.kind, &format!("{address}/{bits}"));
        found.extend(range.map(|range| (Tie::InRange, range)));
    }
}

/// The domains above one: not the last label alone, which is nobody's.
fn above(name: &str, found: &mut Vec<(Tie, Observable)>) {
    let mut rest = name;
    while let Some((_, parent)) = rest.split_once('.') {
        if !parent.contains('.') {
            return;
        }
        let (kind, value) = (Kind::Domain, parent.to_owned());
        found.push((Tie::Below, Observable { kind, value }));
        rest = parent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observable::guess;

    fn tied(typed: &str) -> Vec<(Tie, String)> {
        let found = wider(&guess(typed).unwrap());
        found
            .into_iter()
            .map(|(tie, one)| (tie, one.value))
            .collect()
    }

    #[test]
    fn an_address_is_in_its_ranges_the_narrowest_first() {
        let found = tied("198.51.100.7");
        assert_eq!(found.len(), 25);
        assert_eq!(found[0], (Tie::Same, "198.51.100.7".into()));
        assert_eq!(found[1], (Tie::InRange, "198.51.100.6/31".into()));
        assert_eq!(found[8], (Tie::InRange, "198.51.100.0/24".into()));
        assert_eq!(found[24], (Tie::InRange, "198.0.0.0/8".into()));
        assert_eq!(tied("2001:db8::1").len(), 113);
        assert_eq!(tied("198.51.100.0/24")[1].1, "198.51.100.0/23");
    }

    #[test]
    fn a_range_that_is_not_too_wide_is_gone_through() {
        let all = |typed: &str| within(&guess(typed).unwrap()).collect::<Vec<_>>();
        let found = all("198.51.100.0/30");
        assert_eq!(found.len(), 4);
        assert_eq!(found[3].value, "198.51.100.3");
        assert_eq!(all("198.51.0.0/16").len(), 65_536);
        assert!(all("198.0.0.0/15").is_empty());
        assert!(all("198.51.100.7").is_empty());
        assert!(all("bad.example").is_empty());
    }

    #[test]
    fn a_host_is_below_domains_and_a_link_is_at_a_host() {
        let check = |typed: &str, expected: &[(Tie, &str)]| {
            let found = tied(typed);
            let found: Vec<(Tie, &str)> = found.iter().map(|(tie, one)| (*tie, &**one)).collect();
            assert_eq!(found, expected, "{typed}");
        };
        check(
            "a.b.bad[.]example",
            &[
                (Tie::Same, "a.b.bad.example"),
                (Tie::Below, "b.bad.example"),
                (Tie::Below, "bad.example"),
            ],
        );
        check(
            "hxxps://user@www.bad.example:8443/x?y=1#z",
            &[
                (Tie::Same, "https://user@www.bad.example:8443/x?y=1#z"),
                (Tie::Page, "https://user@www.bad.example:8443/x"),
                (Tie::Host, "www.bad.example"),
                (Tie::Below, "bad.example"),
            ],
        );
        check(
            "someone@bad.example",
            &[
                (Tie::Same, "someone@bad.example"),
                (Tie::Host, "bad.example"),
            ],
        );
        check(
            "d41d8cd98f00b204e9800998ecf8427e",
            &[(Tie::Same, "d41d8cd98f00b204e9800998ecf8427e")],
        );
        assert_eq!(tied("http://[2001:db8::1]/x")[1].1, "2001:db8::1");
        assert_eq!(
            tied("http://198.51.100.7/x")[2],
            (Tie::Host, "198.51.100.6/31".into())
        );
    }
}
