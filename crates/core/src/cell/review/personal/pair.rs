//! Where a finding can begin, told from a byte and its two neighbours, so that
//! most of a text costs three looks into small tables a byte.

/// Signs that stand for themselves wherever they are.
const MAIL: u16 = 1;
const TELEPHONE: u16 = 1 << 1;
const NUMBER: u16 = 1 << 2;
/// Accounts, national numbers, postcodes.
const CODE: u16 = 1 << 3;
/// `Mr`, `Dr`, `Prof`, `Frau`.
const TITLE_R: u16 = 1 << 4;
/// `Ms`, `Miss`, `Mx`, `Mme`.
const TITLE_M: u16 = 1 << 5;
/// `Herr`, `tel`.
const WORD_E: u16 = 1 << 6;
/// `phone`.
const WORD_H: u16 = 1 << 7;
/// `born`, `dob`, `mobile`.
const WORD_O: u16 = 1 << 8;
/// `birthdate`.
const WORD_BI: u16 = 1 << 9;
/// `date of birth`.
const WORD_DA: u16 = 1 << 10;

const DIGITS: &[u8] = b"0123456789";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// For each byte, what can begin where it stands.
struct Table([u16; 256]);

static FIRST: Table = Table::of(0)
    .with(b"@", MAIL)
    .with(b"+", TELEPHONE)
    .with(DIGITS, NUMBER)
    .with(CAPITALS, CODE)
    .with(b"DFMP", TITLE_R)
    .with(b"M", TITLE_M)
    .with(b"HTt", WORD_E)
    .with(b"Pp", WORD_H)
    .with(b"BDMbdm", WORD_O)
    .with(b"Bb", WORD_BI)
    .with(b"Dd", WORD_DA);

static SECOND: Table = Table::of(0)
    .with(DIGITS, MAIL | NUMBER | CODE)
    .with(CAPITALS, MAIL | CODE)
    .with(LETTERS, MAIL)
    .with(b".", MAIL)
    .with(b"-", MAIL | NUMBER)
    .with(b" ", NUMBER)
    .with(b"123456789", TELEPHONE)
    .with(b"r", TITLE_R)
    .with(b"imsx", TITLE_M)
    .with(b"Ee", WORD_E)
    .with(b"Hh", WORD_H)
    .with(b"Oo", WORD_O)
    .with(b"Ii", WORD_BI)
    .with(b"Aa", WORD_DA);

/// Words and numbers begin where none goes on; an `@` stands within one.
static BEFORE: Table = Table::of(u16::MAX)
    .without(DIGITS, !MAIL)
    .without(CAPITALS, !MAIL)
    .without(LETTERS, !MAIL);

/// The first place at or after `from` where something can begin.
// Alone, so that its one loop stays small: what follows a find is large.
#[inline(never)]
pub(super) fn first(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let last = from.checked_sub(1).and_then(|at| text.get(at));
    let mut before = last.copied().unwrap_or(b' ');
    let mut pairs = rest.iter().zip(rest.get(1..)?);
    let place = pairs.position(|(byte, second)| {
        let rules = FIRST.at(*byte) & SECOND.at(*second) & BEFORE.at(before);
        before = *byte;
        rules != 0
    });
    place.map(|place| from + place)
}

impl Table {
    const fn of(rules: u16) -> Self {
        Self([rules; 256])
    }

    const fn with(self, bytes: &[u8], rules: u16) -> Self {
        self.set(bytes, rules, rules)
    }

    const fn without(self, bytes: &[u8], rules: u16) -> Self {
        self.set(bytes, rules, 0)
    }

    const fn set(mut self, mut bytes: &[u8], of: u16, to: u16) -> Self {
        while let [byte, rest @ ..] = bytes {
            if let Some((_, [here, ..])) = self.0.split_at_mut_checked(*byte as usize) {
                *here = *here & !of | to;
            }
            bytes = rest;
        }
        self
    }

    #[inline]
    fn at(&self, byte: u8) -> u16 {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }
}
