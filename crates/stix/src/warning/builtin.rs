//! The lists that are always there: facts that standards state.

use super::List;
use super::rule::Rule;
use crate::observable::Kind;

const ADDRESSES: [Kind; 3] = [Kind::Ipv4, Kind::Ipv6, Kind::Url];
const NAMES: [Kind; 3] = [Kind::Domain, Kind::Url, Kind::Email];
const HASHES: [Kind; 6] = [
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha224,
    Kind::Sha256,
    Kind::Sha384,
    Kind::Sha512,
];

/// Documentation: no real host has such an address.
const DOCUMENTATION: [&str; 6] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "233.252.0.0/24",
    "2001:db8::/32",
    "3fff::/20",
];

/// Addresses that are not somebody's on the Internet.
const SPECIAL: [&str; 26] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

/// Names that are reserved or have a special use.
const RESERVED: [&str; 11] = [
    "example",
    "example.com",
    "example.net",
    "example.org",
    "test",
    "invalid",
    "localhost",
    "local",
    "home.arpa",
    "internal",
    "onion",
];

/// Resolvers that anybody may use, by the addresses their operators publish.
const RESOLVERS: [&str; 26] = [
    "1.1.1.1",
    "1.0.0.1",
    "1.1.1.2",
    "1.0.0.2",
    "1.1.1.3",
    "1.0.0.3",
    "8.8.8.8",
    "8.8.4.4",
    "9.9.9.9",
    "9.9.9.10",
    "9.9.9.11",
    "149.112.112.112",
    "149.112.112.10",
    "208.67.222.222",
    "208.67.220.220",
    "4.2.2.1",
    "4.2.2.2",
    "64.6.64.6",
    "94.140.14.14",
    "94.140.15.15",
    "2606:4700:4700::1111",
    "2606:4700:4700::1001",
    "2001:4860:4860::8888",
    "2001:4860:4860::8844",
    "2620:fe::fe",
    "2620:fe::9",
];

/// Digests of nothing at all.
const EMPTY: [&str; 6] = [
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
];

pub(super) fn lists() -> Vec<List> {
    [
        (
            "documentation addresses",
            "no real host has it (RFC 5737, RFC 3849, RFC 9637, RFC 6676)",
            "cidr",
            &DOCUMENTATION[..],
            &ADDRESSES[..],
        ),
        (
            "special-use addresses",
            "it is no one host on the Internet (RFC 6890 and its registries)",
            "cidr",
            &SPECIAL,
            &ADDRESSES,
        ),
        (
            "reserved names",
            "the name is reserved (RFC 2606, RFC 6761, RFC 6762, RFC 7686, RFC 8375)",
            "hostname",
            &RESERVED,
            &NAMES,
        ),
        (
            "public resolvers",
            "half the world asks it for names",
            "cidr",
            &RESOLVERS,
            &ADDRESSES,
        ),
        (
            "digests of the empty file",
            "every empty file has it",
            "string",
            &EMPTY,
            &HASHES,
        ),
    ]
    .into_iter()
    .filter_map(|(name, description, kind, entries, kinds)| {
        let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
        let (rule, unusable) = Rule::new(kind, entries)?;
        Some(List {
            name: name.to_owned(),
            version: 1,
            description: description.to_owned(),
            kinds: kinds.to_vec(),
            rule,
            unusable,
        })
    })
    .collect()
}
