//! Columns: what a table's author calls things.

use crate::observable::{Kind, guess};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Value,
    Kind,
    From,
    Until,
    Tlp,
    Comment,
    Name,
    Labels,
    Confidence,
}

/// Every word for a column, without spaces, hyphens and underscores.
const WORDS: [(Column, &[&str]); 9] = [
    (
        Column::Value,
        &[
            "value",
            "indicator",
            "ioc",
            "observable",
            "indicatorvalue",
            "iocvalue",
            "data",
            "artifact",
        ],
    ),
    (
        Column::Kind,
        &[
            "type",
            "kind",
            "indicatortype",
            "ioctype",
            "valuetype",
            "datatype",
            "category",
        ],
    ),
    (
        Column::From,
        &[
            "firstseen",
            "validfrom",
            "from",
            "start",
            "date",
            "seen",
            "created",
            "firstseenutc",
            "dateadded",
        ],
    ),
    (
        Column::Until,
        &[
            "validuntil",
            "until",
            "expires",
            "expiry",
            "expiration",
            "expirationdate",
            "end",
        ],
    ),
    (
        Column::Tlp,
        &[
            "tlp",
            "marking",
            "classification",
            "trafficlight",
            "sharing",
        ],
    ),
    (
        Column::Comment,
        &[
            "comment",
            "comments",
            "description",
            "note",
            "notes",
            "context",
            "remark",
        ],
    ),
    (Column::Name, &["name", "title"]),
    (Column::Labels, &["labels", "label", "tags", "tag"]),
    (Column::Confidence, &["confidence", "score"]),
];

/// Every word for a kind, without spaces, hyphens and underscores. No kinds
/// means: as guessed.
const KINDS: [(&[&str], &[Kind]); 24] = [
    (
        &[
            "ip",
            "ipaddr",
            "ipaddress",
            "ipsrc",
            "ipdst",
            "cidr",
            "host",
        ],
        &[Kind::Ipv4, Kind::Ipv6],
    ),
    (&["ipv4", "ipv4addr", "ip4"], &[Kind::Ipv4]),
    (&["ipv6", "ipv6addr", "ip6"], &[Kind::Ipv6]),
    (
        &["domain", "domainname", "hostname", "fqdn", "dns"],
        &[Kind::Domain],
    ),
    (&["url", "uri", "link"], &[Kind::Url]),
    (
        &[
            "email",
            "emailaddr",
            "emailaddress",
            "mail",
            "emailsrc",
            "emaildst",
            "sender",
        ],
        &[Kind::Email],
    ),
    (&["mac", "macaddr", "macaddress"], &[Kind::Mac]),
    (&["asn", "as", "autonomoussystem"], &[Kind::Asn]),
    (&["md5", "filehashmd5", "hashmd5"], &[Kind::Md5]),
    (&["sha1", "filehashsha1", "hashsha1"], &[Kind::Sha1]),
    (&["sha224"], &[Kind::Sha224]),
    (&["sha256", "filehashsha256", "hashsha256"], &[Kind::Sha256]),
    (&["sha384"], &[Kind::Sha384]),
    (&["sha512", "filehashsha512"], &[Kind::Sha512]),
    (
        &["hash", "filehash", "checksum", "digest"],
        &[
            Kind::Md5,
            Kind::Sha1,
            Kind::Sha256,
            Kind::Sha384,
            Kind::Sha512,
        ],
    ),
    (&["ssdeep"], &[Kind::Ssdeep]),
    (&["filename", "file"], &[Kind::FileName]),
    (
        &["filepath", "path", "directory", "folder"],
        &[Kind::FilePath],
    ),
    (&["mutex", "mutant"], &[Kind::Mutex]),
    (
        &["registrykey", "registry", "regkey", "windowsregistrykey"],
        &[Kind::RegistryKey],
    ),
    (&["useragent"], &[Kind::UserAgent]),
    (&["emailsubject", "subject"], &[Kind::EmailSubject]),
    (
        &["account", "useraccount", "username", "user"],
        &[Kind::UserAccount],
    ),
    (&["unknown", "other", "auto", "ioc", "indicator"], &[]),
];

/// Which column holds what.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    places: Vec<Option<Column>>,
}

impl Columns {
    /// The columns that `record` names, if it is a header: it names at least
    /// one, and holds no value itself.
    pub(super) fn header(record: &csv::StringRecord) -> Option<Self> {
        let places: Vec<Option<Column>> = record.iter().map(|word| look_up(&WORDS, word)).collect();
        let named = places.iter().flatten().count();
        let holds_value = record.iter().any(|field| guess(field).is_some());
        // `domain,evil.example` is no header although a kind is a word.
        (named > 0 && !holds_value).then_some(Self { places })
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.places.contains(&Some(column))
    }

    /// What `record` says in each column.
    pub(super) fn row<'a>(&'a self, record: &'a csv::StringRecord) -> Row<'a> {
        if !self.places.is_empty() {
            return Row::Named(&self.places, record);
        }
        let value = record.iter().position(|field| guess(field).is_some());
        let kind = record
            .iter()
            .position(|field| kinds(field).is_some())
            .filter(|kind| Some(*kind) != value);
        // A kind and the rest is its value, even if nobody could guess it.
        let value = value.or_else(|| (0..record.len()).find(|place| Some(*place) != kind));
        Row::Guessed {
            record,
            value,
            kind,
        }
    }
}

/// One line.
pub(super) enum Row<'a> {
    Named(&'a [Option<Column>], &'a csv::StringRecord),
    Guessed {
        record: &'a csv::StringRecord,
        value: Option<usize>,
        kind: Option<usize>,
    },
}

impl<'a> Row<'a> {
    pub(super) fn get(&self, column: Column) -> Option<&'a str> {
        let field = match self {
            Self::Named(places, record) => places
                .iter()
                .zip(record.iter())
                .find(|(place, field)| **place == Some(column) && !field.is_empty())
                .map(|(_, field)| field),
            Self::Guessed {
                record,
                value,
                kind,
            } => match column {
                Column::Value => record.get((*value)?),
                Column::Kind => record.get((*kind)?),
                Column::Comment => record
                    .iter()
                    .enumerate()
                    .find(|(place, field)| {
                        Some(*place) != *value && Some(*place) != *kind && !field.is_empty()
                    })
                    .map(|(_, field)| field),
                Column::From
                | Column::Until
                | Column::Tlp
                | Column::Name
                | Column::Labels
                | Column::Confidence => None,
            },
        };
        field.filter(|field| !field.is_empty())
    }
}

/// The kinds that a word may mean.
pub(super) fn kinds(word: &str) -> Option<&'static [Kind]> {
    let plain = plain(word);
    KINDS
        .iter()
        .find(|(words, _)| words.contains(&plain.as_str()))
        .map(|(_, kinds)| *kinds)
}

/// What stands between the columns: whichever of four occurs most in the
/// first line that says something.
pub(super) fn delimiter(csv: &[u8]) -> u8 {
    let line = csv
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
        .unwrap_or_default();
    let count = |delimiter: &u8| line.split(|byte| byte == delimiter).count();
    // The last of equals wins: a comma, if nothing else is there.
    [b'|', b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| count(delimiter))
        .unwrap_or(b',')
}

fn look_up(words: &[(Column, &[&str])], word: &str) -> Option<Column> {
    let plain = plain(word);
    words
        .iter()
        .find(|(_, words)| words.contains(&plain.as_str()))
        .map(|(column, _)| *column)
}

fn plain(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
