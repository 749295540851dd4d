//! What in a text looks like personal information: mail addresses, telephone
//! numbers, numbers of accounts and cards that check out, national numbers,
//! people's names after a form of address, postal addresses, dates of birth.
//!
//! One pass over the bytes, so that it can run on every object that comes in.
//! It errs towards asking: a person decides, and sees why. What it cannot know
//! is a name without a title, or an address in another country's form; the
//! page on reviews says so.

mod pair;

use super::{EXCERPT_CHARS_MAX, Finding, FindingKind};
use core::ops::Range;

/// Mailboxes of offices, not of people: they are published to be written to.
const OFFICES: &[&str] = &[
    "abuse",
    "admin",
    "cert",
    "contact",
    "csirt",
    "help",
    "helpdesk",
    "hostmaster",
    "info",
    "mailer-daemon",
    "no-reply",
    "noreply",
    "noc",
    "office",
    "phishing",
    "postmaster",
    "press",
    "psirt",
    "report",
    "sales",
    "secure",
    "security",
    "service",
    "soc",
    "spam",
    "support",
    "webmaster",
];

const TITLES: &[&str] = &[
    "Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof", "Herr", "Frau", "Mme",
];

const STREETS: &[&str] = &[
    "Avenue",
    "Ave",
    "Boulevard",
    "Blvd",
    "Close",
    "Court",
    "Crescent",
    "Drive",
    "Gardens",
    "Lane",
    "Mews",
    "Place",
    "Road",
    "Rd",
    "Row",
    "Square",
    "Street",
    "St",
    "Terrace",
    "Way",
];

/// A product, not a doctor.
const NO_NAMES: &[&str] = &["Web"];

/// The longest part of a mail address before the `@` (RFC 5321 §4.5.3.1.1).
const MAILBOX_BYTES_MAX: usize = 64;

/// The longest host name (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 255;

/// The longest run of anything else that is looked at: longer ones would make long texts slow.
const RUN_BYTES_MAX: usize = 48;

/// Adds what is found in `text`, which stands at `path`, until `findings_max` are there.
pub fn find(path: &str, text: &str, found: &mut Vec<Finding>, findings_max: usize) {
    let mut from = 0;
    while found.len() < findings_max {
        let Some((kind, range)) = next(text.as_bytes(), from) else {
            return;
        };
        from = range.end.max(from + 1);
        found.push(Finding {
            path: path.to_owned(),
            kind,
            excerpt: excerpt(text, &range),
        });
    }
}

/// Whether anything is found in `text`.
pub fn any(text: &str) -> bool {
    next(text.as_bytes(), 0).is_some()
}

/// What is found, in one line, with its middle starred: enough to know it again in the object,
/// and no second copy of it in the journal.
pub fn excerpt(text: &str, range: &Range<usize>) -> String {
    let found: Vec<char> = text
        .get(range.clone())
        .unwrap_or_default()
        .chars()
        .collect();
    let kept = if found.len() <= 8 { 1 } else { 2 };
    let starred = |(at, c): (usize, &char)| match c {
        c if c.is_control() => ' ',
        c if c.is_alphanumeric() && kept <= at && at + kept < found.len() => '*',
        c => *c,
    };
    let shown = found.iter().enumerate().map(starred);
    shown.take(EXCERPT_CHARS_MAX).collect()
}

/// The first thing found at or after `from`.
fn next(text: &[u8], mut from: usize) -> Option<(FindingKind, Range<usize>)> {
    while let Some(at) = pair::first(text, from) {
        let here = begun(text, at);
        if here.is_some() {
            return here;
        }
        from = at + 1;
    }
    None
}

/// What is found exactly at `at`.
fn begun(text: &[u8], at: usize) -> Option<(FindingKind, Range<usize>)> {
    match text.get(at)? {
        b'@' => mail(text, at).map(|range| (FindingKind::MailAddress, range)),
        b'+' => telephone(text, at).map(|range| (FindingKind::Telephone, range)),
        b'0'..=b'9' => number(text, at),
        b'A'..=b'Z' => capital(text, at),
        _ => announced(text, at),
    }
}

fn is_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// The run of bytes from `at` on that `f` admits, as far as anything here can be long.
fn run(text: &[u8], at: usize, f: impl Fn(u8) -> bool) -> &[u8] {
    run_to(text, at, RUN_BYTES_MAX, f)
}

fn run_to(text: &[u8], at: usize, bytes_max: usize, f: impl Fn(u8) -> bool) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let rest = rest.get(..bytes_max).unwrap_or(rest);
    let end = rest.iter().position(|byte| !f(*byte)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn mail(text: &[u8], at: usize) -> Option<Range<usize>> {
    let local = |b: u8| b.is_ascii_alphanumeric() || b"._%+'-".contains(&b);
    let before = text.get(..at)?.iter().rev().take(MAILBOX_BYTES_MAX + 1);
    let length = before.take_while(|byte| local(**byte)).count();
    let mailbox = core::str::from_utf8(text.get(at - length..at)?).ok()?;
    let host = run_to(text, at + 1, HOST_BYTES_MAX, |b| {
        b.is_ascii_alphanumeric() || b == b'-' || b == b'.'
    });
    let host = core::str::from_utf8(host)
        .ok()?
        .trim_end_matches(['.', '-']);
    let (_, top) = host.rsplit_once('.')?;
    let letters = 2 <= top.len() && top.bytes().all(|b| b.is_ascii_alphabetic());
    let office = OFFICES
        .iter()
        .any(|office| mailbox.eq_ignore_ascii_case(office));
    let fits = (1..=MAILBOX_BYTES_MAX).contains(&length) && letters && !office;
    fits.then(|| at - length..at + 1 + host.len())
}

/// `+` and 8 to 15 digits (ITU-T E.164), with what stands between groups.
fn telephone(text: &[u8], at: usize) -> Option<Range<usize>> {
    let groups = run(text, at + 1, |b| {
        b.is_ascii_digit() || b" -.()".contains(&b)
    });
    let digits = groups.iter().filter(|b| b.is_ascii_digit()).count();
    let begins = groups.first().is_some_and(|b| (b'1'..=b'9').contains(b));
    let length = groups.iter().rposition(u8::is_ascii_digit)? + 1;
    let ends = !is_word(text, at + 1 + length);
    (begins && ends && (8..=15).contains(&digits)).then(|| at..at + 1 + length)
}

/// A card's number, a social security number, or a street's.
fn number(text: &[u8], at: usize) -> Option<(FindingKind, Range<usize>)> {
    let groups = run(text, at, |b| b.is_ascii_digit() || b == b' ' || b == b'-');
    let length = groups.iter().rposition(u8::is_ascii_digit)? + 1;
    let groups = groups.get(..length)?;
    let range = at..at + length;
    if length < 9 {
        return house(text, at);
    }
    if is_word(text, range.end) {
        return None;
    }
    if is_card(groups) {
        return Some((FindingKind::PaymentNumber, range));
    }
    if is_social_security(groups) {
        return Some((FindingKind::NationalNumber, range));
    }
    house(text, at)
}

/// A house's number and its street.
fn house(text: &[u8], at: usize) -> Option<(FindingKind, Range<usize>)> {
    let house = run(text, at, |b| b.is_ascii_digit());
    let street = street(text, at + house.len())?;
    (house.len() <= 4).then_some((FindingKind::PostalAddress, at..street))
}

/// 13 to 19 digits in groups of three at least, of a scheme's first digit, that check out (ISO/IEC 7812-1, annex B).
fn is_card(groups: &[u8]) -> bool {
    let scheme = matches!(groups.first(), Some(b'3'..=b'6'));
    let digits = || groups.iter().rev().filter(|b| b.is_ascii_digit());
    if !scheme || !(13..=19).contains(&digits().count()) {
        return false;
    }
    let grouped = groups
        .split(|b| !b.is_ascii_digit())
        .all(|group| 3 <= group.len());
    let doubled = |(place, digit): (usize, &u8)| match (place % 2, u32::from(digit - b'0')) {
        (0, digit) => digit,
        (_, digit) => digit * 2 / 10 + digit * 2 % 10,
    };
    grouped && digits().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// `AAA-GG-SSSS`, of an area, group and serial that are given out (20 CFR 422.103).
fn is_social_security(groups: &[u8]) -> bool {
    let parts = groups.split(|b| *b == b'-');
    let lengths = || parts.clone().map(<[u8]>::len);
    if groups.len() != 11 || !lengths().eq([3, 2, 4]) {
        return false;
    }
    let nought = |part: &[u8]| part.iter().all(|b| *b == b'0');
    let given = !groups.starts_with(b"9") && !groups.starts_with(b"666");
    given && !parts.clone().any(nought) && !groups.contains(&b' ')
}

/// Where a street's name ends that begins after the house's number.
fn street(text: &[u8], at: usize) -> Option<usize> {
    let mut place = at;
    for words in 0..4 {
        if text.get(place) != Some(&b' ') {
            return None;
        }
        let word = run(text, place + 1, |b| b.is_ascii_alphabetic());
        if !word.first()?.is_ascii_uppercase() {
            return None;
        }
        place += 1 + word.len();
        if 0 < words && STREETS.iter().any(|street| street.as_bytes() == word) {
            return Some(place);
        }
    }
    None
}

/// What begins with a capital: a bank account, a national number, a postcode, a title, a date of birth.
fn capital(text: &[u8], at: usize) -> Option<(FindingKind, Range<usize>)> {
    let letters = run(text, at, |b| b.is_ascii_uppercase()).len();
    let digit = text.get(at + letters).is_some_and(u8::is_ascii_digit);
    let spaced = text.get(at + letters) == Some(&b' ');
    if letters == 2 && (digit || spaced) {
        if let Some(range) = digit.then(|| bank_account(text, at)).flatten() {
            return Some((FindingKind::PaymentNumber, range));
        }
        if let Some(range) = insurance_number(text, at) {
            return Some((FindingKind::NationalNumber, range));
        }
    }
    if letters <= 2
        && digit
        && let Some(range) = postcode(text, at, letters)
    {
        return Some((FindingKind::PostalAddress, range));
    }
    if let Some(range) = title(text, at) {
        return Some((FindingKind::PersonName, range));
    }
    announced(text, at)
}

/// An IBAN that checks out (ISO 13616-1): 15 to 34 letters and digits, spaces between groups.
fn bank_account(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mut signs: Vec<u32> = Vec::with_capacity(34);
    let mut place = at;
    while let Some(byte) = text.get(place) {
        match byte {
            b'0'..=b'9' => signs.push(u32::from(byte - b'0')),
            b'A'..=b'Z' => signs.push(u32::from(byte - b'A') + 10),
            b' ' if is_word(text, place + 1) => {}
            _ => break,
        }
        place += 1;
        if 34 < signs.len() {
            return None;
        }
        let ends = !is_word(text, place) && (15..=34).contains(&signs.len());
        if ends && checks_out(&signs) {
            return Some(at..place);
        }
    }
    None
}

fn checks_out(signs: &[u32]) -> bool {
    let (head, tail) = signs.split_at(4.min(signs.len()));
    let numbered = head
        .get(2..)
        .is_some_and(|check| check.iter().all(|sign| *sign < 10));
    let rest = tail.iter().chain(head).fold(0, |rest: u32, sign| {
        let shift = if *sign < 10 { 10 } else { 100 };
        (rest * shift + sign) % 97
    });
    numbered && rest == 1
}

/// A United Kingdom national insurance number: two letters, six digits, `A` to `D`.
fn insurance_number(text: &[u8], at: usize) -> Option<Range<usize>> {
    let first = text.get(at..at + 2)?;
    let barred = |b: &u8| b"DFIQUV".contains(b);
    if first.iter().any(barred) || first.get(1) == Some(&b'O') {
        return None;
    }
    let mut place = at + 2;
    let mut digits = 0;
    loop {
        match text.get(place)? {
            b' ' => {}
            b'0'..=b'9' if digits < 6 => digits += 1,
            b'A'..=b'D' if digits == 6 => break,
            _ => return None,
        }
        place += 1;
        if at + 14 < place {
            return None;
        }
    }
    (!is_word(text, place + 1)).then(|| at..place + 1)
}

/// A United Kingdom postcode, with its space: `SW1A 2AA`.
fn postcode(text: &[u8], at: usize, letters: usize) -> Option<Range<usize>> {
    let outward = run(text, at, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let district = outward.len() - letters;
    let inward = text.get(at + outward.len()..at + outward.len() + 4)?;
    let &[b' ', sector, a, b] = inward else {
        return None;
    };
    let unit = sector.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase();
    let end = at + outward.len() + 4;
    ((1..=2).contains(&district) && unit && !is_word(text, end)).then_some(at..end)
}

/// A form of address and a name: `Dr. Example`.
fn title(text: &[u8], at: usize) -> Option<Range<usize>> {
    if !matches!(text.get(at), Some(b'D' | b'F' | b'H' | b'M' | b'P')) {
        return None;
    }
    let word = run(text, at, |b| b.is_ascii_alphabetic());
    if !TITLES.iter().any(|title| title.as_bytes() == word) {
        return None;
    }
    let mut place = at + word.len();
    if text.get(place) == Some(&b'.') {
        place += 1;
    }
    if text.get(place) != Some(&b' ') {
        return None;
    }
    let name = run(text, place + 1, |b| {
        b.is_ascii_alphabetic() || b == b'-' || b == b'\''
    });
    let lower = name.iter().any(u8::is_ascii_lowercase);
    let cased = name.first()?.is_ascii_uppercase() && lower;
    let product = NO_NAMES.iter().any(|product| product.as_bytes() == name);
    (cased && !product).then(|| at..place + 1 + name.len())
}

/// What a word announces: `born 1 May 1984`, `DOB: 01/05/1984`, `tel 020 7946 0000`.
fn announced(text: &[u8], at: usize) -> Option<(FindingKind, Range<usize>)> {
    let lower = |place: usize| text.get(place).map(u8::to_ascii_lowercase);
    match (lower(at)?, lower(at + 1)?, lower(at + 2)?) {
        (b'b', b'i' | b'o', b'r')
        | (b'd' | b'm', b'o', b'b')
        | (b'd', b'a', b't')
        | (b'p', b'h', b'o')
        | (b't', b'e', b'l') => {}
        _ => return None,
    }
    let word = run(text, at, |b| b.is_ascii_alphabetic());
    let is = |words: &[&str]| {
        words
            .iter()
            .any(|one| one.as_bytes().eq_ignore_ascii_case(word))
    };
    if is(&["born", "dob", "birthdate"]) {
        return date(text, at + word.len()).map(|end| (FindingKind::BirthDate, at..end));
    }
    if is(&["date"]) {
        let phrase = text.get(at..at + 13)?.to_ascii_lowercase();
        let end = (phrase == b"date of birth").then(|| date(text, at + 13))??;
        return Some((FindingKind::BirthDate, at..end));
    }
    if is(&["mobile", "phone", "tel", "telephone"]) {
        let gap = run(text, at + word.len(), |b| b" .:()".contains(&b)).len();
        let from = at + word.len() + gap;
        let groups = run(text, from, |b| b.is_ascii_digit() || b" -()".contains(&b));
        let digits = groups.iter().filter(|b| b.is_ascii_digit()).count();
        let length = groups.iter().rposition(u8::is_ascii_digit)? + 1;
        let fits = 0 < gap && (7..=15).contains(&digits) && !is_word(text, from + length);
        return fits.then(|| (FindingKind::Telephone, at..from + length));
    }
    None
}

/// Where a date ends that begins soon after `at`: a year, at least.
fn date(text: &[u8], at: usize) -> Option<usize> {
    let near = text.get(at..)?;
    let near = near.get(..near.len().min(28))?;
    let ends = near
        .iter()
        .position(|b| b"!?;\"".contains(b))
        .unwrap_or(near.len());
    let mut digits = 0;
    for (place, byte) in near.get(..ends)?.iter().enumerate() {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        let whole = !near.get(place + 1).is_some_and(u8::is_ascii_digit);
        if digits == 4 && whole {
            return Some(at + place + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests;
