//! Free text: the passages that look like a person's.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::number::{is_card, is_iban, is_issued_prefix, is_issued_ssn};
use crate::observable::{Kind as ValueKind, normal};

/// Mailboxes of an office, not of a person.
const OFFICES: &str = " abuse admin administrator alert alerts cert csirt contact cti disclosure dpo enquiries feedback git hello help \
                       helpdesk hostmaster incident incidents info intel ir isac legal mail mailer-daemon marketing media misp news \
                       newsletter no-reply noc noreply office postmaster press privacy psirt report reports research root sales \
                       security service services soc support sysadmin team threatintel user username vulnerability webmaster ";

/// Endings that make an address the name of a file.
const FILES: &str = " png jpg jpeg gif svg webp css js exe dll txt pdf doc docx xls zip local lan internal localhost invalid test example ";

/// What passages look like, in the order in which they are claimed.
const SHAPES: [(Kind, &str); 10] = [
    (
        Kind::Email,
        r"(?-u:[A-Za-z0-9._%+'-])+@(?-u:[A-Za-z0-9.-])+\.(?-u:[A-Za-z]){2,24}",
    ),
    // E.164, with whatever people put between the digits.
    (
        Kind::Phone,
        r"\+(?-u:[1-9])(?:(?-u:[ .()/-]){0,3}(?-u:[0-9])){7,14}",
    ),
    // North America, and Britain in its usual groups.
    (
        Kind::Phone,
        r"\((?-u:[2-9][0-9]{2})\) ?(?-u:[2-9][0-9]{2})[-. ](?-u:[0-9]{4})|(?-u:[2-9][0-9]{2})-(?-u:[2-9][0-9]{2})-(?-u:[0-9]{4})|(?-u:0(?:20 [0-9]{4} [0-9]{4}|7[0-9]{3} [0-9]{3} ?[0-9]{3}|1[0-9]{3} [0-9]{6}|1[0-9]1 [0-9]{3} [0-9]{4}))",
    ),
    // Anything that is said to be one.
    (
        Kind::Phone,
        r"(?i:tel|phone|telephone|mobile|fax|call)\.?(?: (?:no|number))?\.?(?: is|:| at| on)? ?\(?(?-u:[0-9])(?:(?-u:[ .()/-]){0,2}(?-u:[0-9])){6,13}",
    ),
    (
        Kind::PaymentCard,
        r"(?-u:[2-6][0-9]{3})(?:[ -]?(?-u:[0-9]{4})){2}[ -]?(?-u:[0-9]{1,7})|(?-u:3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5})",
    ),
    (
        Kind::Iban,
        r"(?-u:[A-Z]{2}[0-9]{2})(?: ?(?-u:[A-Z0-9]{4})){2,7}(?: ?(?-u:[A-Z0-9]{1,4}))?",
    ),
    (
        Kind::NationalInsurance,
        r"(?-u:[A-Z]{2})(?: [0-9]{2} [0-9]{2} [0-9]{2} | ?[0-9]{6} ?)(?-u:[A-D])",
    ),
    (Kind::SocialSecurity, r"(?-u:[0-9]{3}-[0-9]{2}-[0-9]{4})"),
    (
        Kind::Name,
        r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Monsieur|Madame)\.? \p{Lu}\p{Ll}+(?:[-' ]\p{Lu}\p{Ll}+){0,2}",
    ),
    // A house number, a street and a postal code, or as in German.
    (
        Kind::PostalAddress,
        r"(?:(?-u:[0-9]{1,5}[A-Za-z]?),? (?:\p{Lu}[\p{L}'.-]+ ){1,4}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Court|Close|Crescent|Terrace|Square|Way)\b\.?[^\n]{0,60}?\b(?-u:[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}|[A-Z]{2},? [0-9]{5})\b|\p{Lu}[\p{L}.-]+(?:straße|strasse|str\.|weg|gasse|platz) (?-u:[0-9]{1,4}[a-z]?),? (?:D-)?(?-u:[0-9]{4,5}) \p{Lu}\p{Ll}+)",
    ),
];

/// What a street is called, without which no text is searched for one.
const STREETS: &str = "Street|St |St,|Road|Rd|Avenue|Ave|Lane|Ln |Drive|Boulevard|Blvd|Court|Close|Crescent|Terrace|Square|Way|straße|strasse|str\\.|weg|gasse|platz";

static READY: LazyLock<Option<Ready>> = LazyLock::new(|| {
    let each = SHAPES
        .into_iter()
        .map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?)))
        .collect::<Option<Vec<_>>>()?;
    let streets = Regex::new(STREETS).ok()?;
    Some(Ready { each, streets })
});

struct Ready {
    each: Vec<(Kind, Regex)>,
    streets: Regex,
}

/// Tells `found` of every passage of `text` that looks like a person's.
pub(super) fn search(text: &str, found: &mut dyn FnMut(Kind, &str, &'static str)) {
    let Some(ready) = READY.as_ref() else { return };
    let at = memchr::memchr(b'@', text.as_bytes()).is_some();
    let digits = longest_number(text);
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (kind, shape) in &ready.each {
        // What every shape needs is cheaper to see than the shape.
        let possible = match kind {
            Kind::Email => at,
            Kind::Phone | Kind::SocialSecurity => digits >= 7,
            Kind::PaymentCard => digits >= 13,
            Kind::Iban | Kind::NationalInsurance => digits >= 6,
            Kind::PostalAddress => digits >= 1 && ready.streets.is_match(text),
            Kind::Name => true,
            Kind::Person | Kind::AccountName => false,
        };
        if !possible {
            continue;
        }
        for passage in shape.find_iter(text) {
            let (start, end) = (passage.start(), passage.end());
            if taken.iter().any(|(from, to)| start < *to && *from < end) {
                continue;
            }
            if let Some(why) = reason(*kind, text, start, end) {
                taken.push((start, end));
                found(*kind, passage.as_str(), why);
            }
        }
    }
}

/// The most digits that stand together, with at most three separators between
/// one and the next.
fn longest_number(text: &str) -> usize {
    let (mut longest, mut digits, mut between) = (0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                between = 0;
                longest = longest.max(digits);
            }
            b' ' | b'.' | b'(' | b')' | b'/' | b'-' if between < 3 => between += 1,
            _ => (digits, between) = (0, 0),
        }
    }
    longest
}

/// Why the passage is a finding; `None` if a closer look clears it.
fn reason(kind: Kind, text: &str, start: usize, end: usize) -> Option<&'static str> {
    let passage = text.get(start..end)?;
    let before = text.get(..start)?.chars().next_back();
    let after = text.get(end..)?.chars().next();
    let digits = || {
        passage
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    match kind {
        Kind::Email => is_personal_address(passage)
            .then_some("an e-mail address that is not what is looked for"),
        Kind::Phone if passage.starts_with('+') => {
            let grouped = passage.contains([' ', '-', '.', '(']) || digits().len() >= 10;
            (is_alone(before, after) && grouped && is_dialled(&digits()))
                .then_some("a telephone number in international form")
        }
        Kind::Phone if passage.starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
            let known = !before.is_some_and(char::is_alphanumeric) && is_alone(None, after);
            (known && !is_date(passage)).then_some("a number said to be for the telephone")
        }
        Kind::Phone => is_alone(before, after).then_some("a telephone number in national form"),
        Kind::PaymentCard => (is_alone(before, after) && is_card(&digits()))
            .then_some("a payment card's number: prefix, length and check digit agree"),
        Kind::Iban => {
            let account: String = passage.chars().filter(|letter| *letter != ' ').collect();
            (is_alone(before, after) && is_iban(&account))
                .then_some("an IBAN: country, length and check digits agree")
        }
        Kind::NationalInsurance => {
            let spaced = passage.matches(' ').count() == 4;
            let said = || {
                is_said(
                    text,
                    start,
                    &["national insurance", "nino", "ni number", "ni no"],
                )
            };
            (is_alone(before, after) && is_issued_prefix(passage.get(..2)?) && (spaced || said()))
                .then_some("a British National Insurance number")
        }
        Kind::SocialSecurity => (is_alone(before, after) && is_issued_ssn(&digits()))
            .then_some("a Social Security number of the United States"),
        Kind::PostalAddress => (!before.is_some_and(char::is_alphanumeric))
            .then_some("a street with a number and a postal code"),
        Kind::Name => {
            let program = ["Dr. Web", "Dr Web", "Mr. Robot", "Mr Robot"]
                .iter()
                .any(|name| passage.starts_with(name));
            (!before.is_some_and(|letter| letter.is_alphanumeric() || letter == '.') && !program)
                .then_some("a name after a form of address")
        }
        Kind::Person | Kind::AccountName => None,
    }
}

/// Whether an address is a person's: not an office's, not a file's name, not
/// one that is reserved for examples.
pub(super) fn is_personal_address(address: &str) -> bool {
    let Some(address) = normal(ValueKind::Email, address) else {
        return false;
    };
    let Some((local, host)) = address.split_once('@') else {
        return false;
    };
    let ending = host.rsplit('.').next().unwrap_or_default();
    let office = local.split(['+', '.', '_']).next().unwrap_or(local);
    let listed = |list: &str, word: &str| list.contains(&format!(" {word} "));
    !listed(OFFICES, local)
        && !listed(OFFICES, office)
        && !listed(FILES, ending)
        && !matches!(
            host,
            "example.com" | "example.org" | "example.net" | "users.noreply.github.com"
        )
        && local.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// Whether nothing beside the passage makes it part of something longer: a
/// digest, a version, an identifier, a path.
fn is_alone(before: Option<char>, after: Option<char>) -> bool {
    let joins = |letter: char| {
        letter.is_alphanumeric()
            || matches!(
                letter,
                '-' | '_' | '/' | '\\' | '=' | '#' | '%' | '+' | '&' | '$' | '@' | '{' | '~'
            )
    };
    !before.is_some_and(|letter| joins(letter) || matches!(letter, '.' | ':'))
        && !after.is_some_and(joins)
}

/// Whether digits can be dialled: a country's code and a number behind it.
fn is_dialled(digits: &str) -> bool {
    let same = digits
        .bytes()
        .all(|digit| digits.as_bytes().first() == Some(&digit));
    (8..=15).contains(&digits.len()) && !same
}

/// `call 2021-03-04 …` is a day.
fn is_date(passage: &str) -> bool {
    let digits = passage.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let bytes = digits.as_bytes();
    matches!(
        bytes,
        [b'1' | b'2', b'9' | b'0', _, _, b'-' | b'/' | b'.', ..]
    )
}

/// Whether one of `words` stands shortly before `start`.
fn is_said(text: &str, start: usize, words: &[&str]) -> bool {
    const NEAR_BYTES: usize = 40;
    let mut from = start.saturating_sub(NEAR_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let near = text.get(from..start).unwrap_or_default().to_lowercase();
    words.iter().any(|word| near.contains(word))
}
