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

/// What can begin where a byte stands, in the lowest 16 bits; where it comes next, in those from
/// [`SECOND`] on; and where it comes before, in those from [`BEFORE`] on.
struct Table([u64; 256]);

/// Where in an entry the rules of the byte itself, of the second one, and of the one before stand.
const FIRST: u32 = 0;
const SECOND: u32 = 16;
const BEFORE: u32 = 32;

static TABLE: Table = Table::new()
    .with(FIRST, b"@", MAIL)
    .with(FIRST, b"+", TELEPHONE)
    .with(FIRST, DIGITS, NUMBER)
    .with(FIRST, CAPITALS, CODE)
    .with(FIRST, b"DFMP", TITLE_R)
    .with(FIRST, b"M", TITLE_M)
    .with(FIRST, b"HTt", WORD_E)
    .with(FIRST, b"Pp", WORD_H)
    .with(FIRST, b"BDMbdm", WORD_O)
    .with(FIRST, b"Bb", WORD_BI)
    .with(FIRST, b"Dd", WORD_DA)
    .with(SECOND, DIGITS, MAIL | NUMBER | CODE)
    .with(SECOND, CAPITALS, MAIL | CODE)
    .with(SECOND, LETTERS, MAIL)
    .with(SECOND, b".", MAIL)
    .with(SECOND, b"-", MAIL | NUMBER)
    .with(SECOND, b" ", NUMBER)
    .with(SECOND, b"123456789", TELEPHONE)
    .with(SECOND, b"r", TITLE_R)
    .with(SECOND, b"imsx", TITLE_M)
    .with(SECOND, b"Ee", WORD_E)
    .with(SECOND, b"Hh", WORD_H)
    .with(SECOND, b"Oo", WORD_O)
    .with(SECOND, b"Ii", WORD_BI)
    .with(SECOND, b"Aa", WORD_DA)
    // Words and numbers begin where none goes on; an `@` stands within one.
    .without(BEFORE, DIGITS, !MAIL)
    .without(BEFORE, CAPITALS, !MAIL)
    .without(BEFORE, LETTERS, !MAIL);

/// The first place at or after `from` where something can begin.
// Alone, so that its loops stay small: what follows a find is large.
#[inline(never)]
pub(super) fn first(text: &[u8], from: usize) -> Option<usize> {
    let (byte, rest) = text.get(from..)?.split_first()?;
    let last = from.checked_sub(1).and_then(|at| text.get(at));
    let mut before = TABLE.at(last.copied().unwrap_or(b' '));
    let mut here = TABLE.at(*byte);
    let mut place = from;
    // Four at a time: in most of them nothing begins.
    let (fours, tail) = rest.as_chunks::<4>();
    for [a, b, c, d] in fours {
        let (a, b, c, d) = (TABLE.at(*a), TABLE.at(*b), TABLE.at(*c), TABLE.at(*d));
        let rules = [
            begins(before, here, a),
            begins(here, a, b),
            begins(a, b, c),
            begins(b, c, d),
        ];
        if rules.into_iter().fold(0, |all, rules| all | rules) != 0 {
            let found = rules.into_iter().position(|rules| rules != 0);
            return found.map(|at| place + at);
        }
        (before, here) = (c, d);
        place += 4;
    }
    let place = place;
    let found = tail.iter().position(|byte| {
        let next = TABLE.at(*byte);
        let rules = begins(before, here, next);
        (before, here) = (here, next);
        rules != 0
    });
    found.map(|at| place + at)
}

/// The rules by which something can begin where `here` stands.
#[inline]
fn begins(before: u64, here: u64, second: u64) -> u16 {
    let rules = before >> BEFORE & here >> FIRST & second >> SECOND & u64::from(u16::MAX);
    u16::try_from(rules).unwrap_or(u16::MAX)
}

impl Table {
    /// Nothing begins anywhere, and nothing keeps it from that.
    const fn new() -> Self {
        Self([(u16::MAX as u64) << BEFORE; 256])
    }

    const fn with(self, part: u32, bytes: &[u8], rules: u16) -> Self {
        self.set(bytes, (rules as u64) << part, u64::MAX)
    }

    const fn without(self, part: u32, bytes: &[u8], rules: u16) -> Self {
        self.set(bytes, 0, !((rules as u64) << part))
    }

    const fn set(mut self, mut bytes: &[u8], more: u64, kept: u64) -> Self {
        while let [byte, rest @ ..] = bytes {
            if let Some((_, [here, ..])) = self.0.split_at_mut_checked(*byte as usize) {
                *here = (*here | more) & kept;
            }
            bytes = rest;
        }
        self
    }

    #[inline]
    fn at(&self, byte: u8) -> u64 {
        self.0.get(usize::from(byte)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, a byte at a time.
    fn slowly(text: &[u8], from: usize) -> Option<usize> {
        (from..text.len().saturating_sub(1)).find(|at| {
            let before = at.checked_sub(1).map_or(b' ', |at| text[at]);
            begins(
                TABLE.at(before),
                TABLE.at(text[*at]),
                TABLE.at(text[at + 1]),
            ) != 0
        })
    }

    proptest! {
        #[test]
        fn what_begins_is_found_wherever_it_stands(text in "[ a-zA-Z0-9@+.-]{0,40}", from in 0_usize..44) {
            prop_assert_eq!(first(text.as_bytes(), from), slowly(text.as_bytes(), from));
        }

        #[test]
        fn it_is_found_behind_much_that_begins_nothing(gap in 0_usize..40, tail in 0_usize..6) {
            let text = format!("{}Mr{}", "x ".repeat(gap), "-".repeat(tail));
            prop_assert_eq!(first(text.as_bytes(), 0), Some(2 * gap));
        }
    }
}
