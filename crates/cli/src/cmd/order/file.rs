//! The TOML file of an order, as people write it.

use crate::failure::{Failure, USAGE};
use jiff::Timestamp;
use portcullis_core::{
    category::Category,
    digest::Digest,
    law::Protected,
    member::MemberId,
    office::Office,
    order::{ITEMS_MAX, Item, ItemNumber, Order, Secrecy, Span, TargetNumber},
    selector::{Selector, SelectorKind},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::Path,
};
use toml::Spanned;

/// The longest file of an order, in bytes: 256 items fit many times.
const ORDER_BYTES_MAX: usize = 256 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderToml {
    law: String,
    rule: String,
    provider: Parsed<MemberId>,
    #[serde(default)]
    approvers: BTreeMap<Parsed<Office>, Parsed<MemberId>>,
    grounds: BTreeSet<String>,
    offence: Option<String>,
    urgency: Option<String>,
    secrecy: SecrecyToml,
    target: Vec<Spanned<TargetToml>>,
    item: Vec<Spanned<ItemToml>>,
    #[serde(default)]
    protected: Vec<Spanned<ProtectedToml>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetToml {
    number: TargetNumber,
    kind: Parsed<SelectorKind>,
    value: String,
    at: Option<Time>,
    port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemToml {
    number: ItemNumber,
    target: TargetNumber,
    category: Parsed<Category>,
    from: Time,
    to: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedToml {
    who: Parsed<Protected>,
    /// Whether the application carries the statement that the law's stricter test asks for.
    #[serde(default)]
    stated: bool,
}

/// A value by its word; where it is none, TOML's error points at it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Ord, PartialOrd)]
#[serde(try_from = "String", bound = "T: Word")]
struct Parsed<T>(T);

trait Word: Sized {
    fn word(text: &str) -> Result<Self, String>;
}

impl<T: Word> TryFrom<String> for Parsed<T> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        T::word(&text).map(Self)
    }
}

impl Word for MemberId {
    fn word(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error: portcullis_core::member::ParseMemberError| error.to_string())
    }
}

/// A word of one of the closed lists; the error lists them.
macro_rules! listed {
    ($type:ty, $name:ident, $what:literal) => {
        impl Word for $type {
            fn word(text: &str) -> Result<Self, String> {
                Self::parse(text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                    format!("`{text}` is no {}: {}", $what, known.join(", "))
                })
            }
        }
    };
}

listed!(Office, office, "office");
listed!(Category, category, "category of data");
listed!(SelectorKind, selector_kind, "kind of target");
listed!(Protected, protected, "protected profession");

/// A kind of target as an argument.
pub(super) fn selector_kind(text: &str) -> Result<SelectorKind, String> {
    Word::word(text)
}

/// A category as an argument.
pub(super) fn category(text: &str) -> Result<Category, String> {
    Word::word(text)
}

/// An instant: a TOML date-time with its offset, or the same in quotes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "TimeToml")]
struct Time(Timestamp);

#[derive(Deserialize)]
#[serde(untagged)]
enum TimeToml {
    DateTime(toml::value::Datetime),
    Text(String),
}

impl TryFrom<TimeToml> for Time {
    type Error = String;

    fn try_from(toml: TimeToml) -> Result<Self, String> {
        let text = match toml {
            TimeToml::DateTime(at) => at.to_string(),
            TimeToml::Text(text) => text,
        };
        text.parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is no instant: write it as 2026-03-02T09:00:00Z"))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "TimeToml")]
struct SecrecyToml(Secrecy);

impl TryFrom<TimeToml> for SecrecyToml {
    type Error = String;

    fn try_from(toml: TimeToml) -> Result<Self, String> {
        Ok(Self(match toml {
            TimeToml::Text(word) if word == "none" => Secrecy::None,
            TimeToml::Text(word) if word == "no_end_in_law" => Secrecy::NoEndInLaw,
            toml => {
                let Time(until) = toml.try_into().map_err(|why: String| {
                    format!("secrecy is \"none\", \"no_end_in_law\" or its end; {why}")
                })?;
                Secrecy::Until(until)
            }
        }))
    }
}

/// What an order has besides its file.
pub(super) struct Given {
    pub(super) authority: MemberId,
    pub(super) delivery_key: String,
    pub(super) application: Digest,
}

/// Reads a file of at most so many bytes.
pub(crate) fn read_bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let file = std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?;
    read_all(file, &path.display().to_string(), bytes_max)
}

/// Reads at most so many bytes.
pub(crate) fn read_all(from: impl Read, name: &str, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    from.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::unable("file", format!("`{name}`: {error}")))?;
    if bytes.len() > bytes_max {
        return Err(Failure::new(
            USAGE,
            "file.too_long",
            format!("`{name}` is longer than {bytes_max} bytes"),
        ));
    }
    Ok(bytes)
}

/// Reads an order from its file.
pub(super) fn read(path: &Path, given: Given) -> Result<Order, Failure> {
    let name = path.display().to_string();
    let text = String::from_utf8(read_bounded(path, ORDER_BYTES_MAX)?)
        .map_err(|_| Failure::new(USAGE, "order.file", format!("`{name}` is no UTF-8 text")))?;
    parse(&name, &text, given)
}

/// Reads an order from its text.
pub(super) fn parse(name: &str, text: &str, given: Given) -> Result<Order, Failure> {
    let fault = |why: String| {
        Failure::new(USAGE, "order.file", format!("`{name}`: {why}"))
            .hint("`portcullis order template LAW/RULE` prints such a file with what goes where")
    };
    let toml: OrderToml =
        toml::from_str(text).map_err(|error| fault(error.to_string().trim_end().to_owned()))?;
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let here = |at: usize, why: String| fault(format!("line {}: {why}", line(at)));
    if toml.item.len() > ITEMS_MAX {
        return Err(fault(format!(
            "{} items; {ITEMS_MAX} are carried",
            toml.item.len()
        )));
    }
    let mut targets = BTreeMap::new();
    for target in toml.target {
        let (at, target) = (target.span().start, target.into_inner());
        let number = target.number;
        let selector = Selector::new(
            target.kind.0,
            &target.value,
            target.at.map(|time| time.0),
            target.port,
        )
        .map_err(|error| here(at, format!("target {number}, `value`: {error}")))?;
        if targets.insert(number, selector).is_some() {
            return Err(here(at, format!("target `number`: {number} stands twice")));
        }
    }
    let mut items = BTreeMap::new();
    for item in toml.item {
        let (at, item) = (item.span().start, item.into_inner());
        let number = item.number;
        let span = Span::new(item.from.0, item.to.0)
            .ok_or_else(|| here(at, format!("item {number}, `to`: it ends before it begins")))?;
        let what = Item {
            target: item.target,
            category: item.category.0,
            span,
        };
        if items.insert(number, what).is_some() {
            return Err(here(at, format!("item `number`: {number} stands twice")));
        }
    }
    let (mut protected, mut stated) = (BTreeSet::new(), BTreeSet::new());
    for entry in toml.protected {
        let (at, entry) = (entry.span().start, entry.into_inner());
        if !protected.insert(entry.who.0) {
            return Err(here(
                at,
                format!("protected `who`: {} stands twice", entry.who.0),
            ));
        }
        if entry.stated {
            stated.insert(entry.who.0);
        }
    }
    Ok(Order {
        law: toml.law,
        rule: toml.rule,
        authority: given.authority,
        provider: toml.provider.0,
        approvers: toml
            .approvers
            .into_iter()
            .map(|(office, member)| (office.0, member.0))
            .collect(),
        targets,
        items,
        grounds: toml.grounds,
        offence: toml.offence,
        urgency: toml.urgency,
        protected,
        stated,
        delivery_key: given.delivery_key,
        secrecy: toml.secrecy.0,
        application: given.application,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn given() -> Given {
        Given {
            authority: "police.example".parse().unwrap(),
            delivery_key: "age1police".into(),
            application: Digest([7; 32]),
        }
    }

    const GOOD: &str = r#"law = "us-sca"
rule = "warrant-2703a"
provider = "mail.example"
grounds = ["probable_cause"]
secrecy = "none"
approvers = { magistrate_judge = "court.example" }

[[target]]
number = 1
kind = "ip_address"
value = "192.0.2.7"
at = 2026-01-01T00:00:00Z
port = 443

[[item]]
number = 1
target = 1
category = "records"
from = "2026-01-01T00:00:00Z"
to = 2026-02-01T00:00:00+01:00
"#;

    #[test]
    fn a_good_file_is_the_order_it_says() {
        let order = parse("good.toml", GOOD, given()).unwrap();
        assert_eq!(
            order.items[&1].span.to(),
            "2026-01-31T23:00:00Z".parse().unwrap()
        );
        assert_eq!(order.targets[&1].port(), Some(443));
        assert_eq!(order.secrecy, Secrecy::None);
        let until = GOOD.replace("\"none\"", "2026-06-01T00:00:00Z");
        let order = parse("good.toml", &until, given()).unwrap();
        assert_eq!(
            order.secrecy,
            Secrecy::Until("2026-06-01T00:00:00Z".parse().unwrap())
        );
    }

    #[test]
    fn a_fault_names_file_line_and_field() {
        let cases = [
            (
                "\"mail.example\"",
                "\"Mail\"",
                "line 3",
                "provider = \"Mail\"",
            ),
            (
                "magistrate_judge",
                "magistrate",
                "line 6",
                "`magistrate` is no office",
            ),
            (
                "ip_address",
                "keyword",
                "line 10",
                "`keyword` is no kind of target",
            ),
            ("192.0.2.7", "192.0.2.0/24", "line 8", "`value`"),
            (
                "records",
                "everything",
                "line 18",
                "`everything` is no category",
            ),
            ("2026-02-01", "2025-02-01", "line 15", "`to`"),
            (
                "\"2026-01-01T00:00:00Z\"",
                "\"FROM\"",
                "line 19",
                "`FROM` is no instant",
            ),
            ("\"none\"", "\"forever\"", "line 5", "secrecy is"),
            (
                "number = 1\nkind",
                "number = 1\nextra = 1\nkind",
                "line 10",
                "unknown field `extra`",
            ),
        ];
        for (from, to, line, why) in cases {
            let failure = parse("bad.toml", &GOOD.replacen(from, to, 1), given()).unwrap_err();
            assert_eq!(failure.code, "order.file");
            for part in ["`bad.toml`", line, why] {
                assert!(
                    failure.message.contains(part),
                    "{part}: {}",
                    failure.message
                );
            }
        }
    }

    #[test]
    fn a_number_stands_once() {
        let twice =
            format!("{GOOD}\n[[target]]\nnumber = 1\nkind = \"account\"\nvalue = \"u/1\"\n");
        let failure = parse("bad.toml", &twice, given()).unwrap_err();
        assert!(
            failure.message.contains("line 22") && failure.message.contains("stands twice"),
            "{}",
            failure.message
        );
    }
}
