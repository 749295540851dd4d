//! JSON read in one pass, without building it (RFC 8259).
//!
//! A `Reader` walks over bytes and says to a `Sink` what it meets. With
//! the empty sink it only finds where a value ends, which is how headers and
//! envelopes keep exact slices; `document` collects what
//! it meets into a tape. Nothing recurses, so depth is a number.

use std::borrow::Cow;

/// How deep objects and lists may nest: a STIX object needs nine, and
/// the limit keeps one hostile line from exhausting any reader after us.
pub const DEPTH_MAX: u32 = 100;

/// Where and why bytes are not the JSON we read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{why} at byte {at}")]
pub struct JsonFlaw {
    /// Offset of the byte that did not fit.
    pub at: usize,
    /// What was expected, or what is wrong.
    pub why: &'static str,
}

/// A string as it stands in the bytes, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
    /// Whether `raw` holds escapes, so that it is not yet the string meant.
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    /// The string meant, borrowed where nothing was escaped.
    pub(crate) fn get(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    pub(crate) fn is(self, other: &str) -> bool {
        if self.escaped {
            unescape(self.raw) == other
        } else {
            self.raw == other
        }
    }
}

/// What a walk over a value meets, in order.
pub(crate) trait Sink {
    fn text(&mut self, start: usize, end: usize, escaped: bool);
    fn scalar(&mut self, first: u8, start: usize, end: usize);
    fn open(&mut self, first: u8, start: usize);
    /// The innermost open object or list ends before `end`; `Err` refuses it.
    fn close(&mut self, end: usize) -> Result<(), JsonFlaw>;
}

impl Sink for () {
    fn text(&mut self, _: usize, _: usize, _: bool) {}
    fn scalar(&mut self, _: u8, _: usize, _: usize) {}
    fn open(&mut self, _: u8, _: usize) {}
    fn close(&mut self, _: usize) -> Result<(), JsonFlaw> {
        Ok(())
    }
}

/// A place in a text of JSON.
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, JsonFlaw> {
        let text = std::str::from_utf8(bytes).map_err(|flaw| JsonFlaw {
            at: flaw.valid_up_to(),
            why: "not UTF-8",
        })?;
        Ok(Self { text, bytes, at: 0 })
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn flaw<T>(&self, why: &'static str) -> Result<T, JsonFlaw> {
        Err(JsonFlaw { at: self.at, why })
    }

    /// The next byte that is not white space, not yet taken; 0 at the end.
    pub(crate) fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    pub(crate) fn take(&mut self, byte: u8, why: &'static str) -> Result<(), JsonFlaw> {
        if self.peek() == byte {
            self.at += 1;
            Ok(())
        } else {
            self.flaw(why)
        }
    }

    /// Only white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), JsonFlaw> {
        self.peek();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            self.flaw("something follows the value")
        }
    }

    /// The bytes from `start` to here.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// The next key of an object, its colon taken; `None` once the object
    /// ends. The opening brace is taken by the caller; `first` is true for
    /// the first call and false after.
    pub(crate) fn key(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, JsonFlaw> {
        match self.peek() {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            _ if *first => *first = false,
            b',' => {
                self.at += 1;
                self.peek();
            }
            _ => return self.flaw("expected `,` or `}`"),
        }
        let key = self.string()?;
        self.take(b':', "expected `:`")?;
        Ok(Some(key))
    }

    /// Whether another item of a list follows, its comma taken.
    pub(crate) fn item(&mut self, first: &mut bool) -> Result<bool, JsonFlaw> {
        match self.peek() {
            b']' if *first => {
                self.at += 1;
                return Ok(false);
            }
            _ if *first => *first = false,
            b']' => {
                self.at += 1;
                return Ok(false);
            }
            b',' => {
                self.at += 1;
            }
            _ => return self.flaw("expected `,` or `]`"),
        }
        Ok(true)
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Text<'a>, JsonFlaw> {
        if self.peek() != b'"' {
            return self.flaw("expected a string");
        }
        let start = self.at + 1;
        let escaped = self.quoted()?;
        let raw = self.text.get(start..self.at - 1).unwrap_or("");
        Ok(Text { raw, escaped })
    }

    /// Passes over a string from its opening to behind its closing quote, and
    /// says whether it holds escapes.
    fn quoted(&mut self) -> Result<bool, JsonFlaw> {
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            at = plain(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    at = escape(self.bytes, at)?;
                }
                Some(_) => {
                    return Err(JsonFlaw {
                        at,
                        why: "a control character stands bare in a string",
                    });
                }
                None => {
                    return Err(JsonFlaw {
                        at,
                        why: "the string does not end",
                    });
                }
            }
        }
    }

    /// Passes over one value, `depth` levels in, and gives its exact text.
    pub(crate) fn skip(&mut self, depth: u32) -> Result<&'a str, JsonFlaw> {
        self.peek();
        let start = self.at;
        self.walk(depth, &mut ())?;
        Ok(self.since(start))
    }

    /// Walks over one value, `depth` levels in, telling `sink`.
    pub(crate) fn walk<S: Sink>(&mut self, mut depth: u32, sink: &mut S) -> Result<(), JsonFlaw> {
        let outer = depth;
        // One bit for each level that is open: set for an object.
        let mut levels = 0_u128;
        loop {
            let first = self.peek();
            let start = self.at;
            match first {
                b'"' => {
                    let escaped = self.quoted()?;
                    sink.text(start + 1, self.at - 1, escaped);
                }
                b'{' | b'[' => {
                    depth += 1;
                    if depth > DEPTH_MAX {
                        return self.flaw("nested too deeply");
                    }
                    self.at += 1;
                    levels = levels << 1 | u128::from(first == b'{');
                    sink.open(first, start);
                    if first == b'{' {
                        if self.peek() != b'}' {
                            self.name(sink)?;
                            continue;
                        }
                    } else if self.peek() != b']' {
                        continue;
                    }
                }
                _ => {
                    self.word(first)?;
                    sink.scalar(first, start, self.at);
                }
            }
            // A value has ended: close what ends with it, then go on behind a comma.
            loop {
                if depth == outer {
                    return Ok(());
                }
                let object = levels & 1 == 1;
                let next = self.peek();
                if next == if object { b'}' } else { b']' } {
                    self.at += 1;
                    sink.close(self.at)?;
                    depth -= 1;
                    levels >>= 1;
                    continue;
                }
                if next != b',' {
                    return self.flaw(if object {
                        "expected `,` or `}`"
                    } else {
                        "expected `,` or `]`"
                    });
                }
                self.at += 1;
                if object {
                    self.name(sink)?;
                }
                break;
            }
        }
    }

    fn name<S: Sink>(&mut self, sink: &mut S) -> Result<(), JsonFlaw> {
        if self.peek() != b'"' {
            return self.flaw("expected a key");
        }
        let start = self.at + 1;
        let escaped = self.quoted()?;
        sink.text(start, self.at - 1, escaped);
        self.take(b':', "expected `:`")
    }

    fn word(&mut self, first: u8) -> Result<(), JsonFlaw> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let len = match first {
            b't' if rest.starts_with(b"true") => 4,
            b'f' if rest.starts_with(b"false") => 5,
            b'n' if rest.starts_with(b"null") => 4,
            b'-' | b'0'..=b'9' => match number(rest) {
                Some(len) if is_double(rest.get(..len).unwrap_or(&[])) => len,
                // Whoever reads it next could not: what cannot be looked at does not come in.
                Some(_) => return self.flaw("a number beyond what a double holds"),
                None => return self.flaw("not a number"),
            },
            _ => return self.flaw("expected a value"),
        };
        self.at += len;
        Ok(())
    }
}

/// The length of the number that `rest` begins with.
fn number(rest: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let run = rest.get(from..).unwrap_or(&[]);
        run.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(rest.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && rest.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if rest.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(rest.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

/// Whether a number is one that a double can hold (RFC 8259 §6: what others can be counted on to read).
fn is_double(number: &[u8]) -> bool {
    let small = number.len() < 300 && !number.iter().any(|byte| matches!(byte, b'e' | b'E'));
    let value = || std::str::from_utf8(number).ok()?.parse::<f64>().ok();
    small || value().is_some_and(f64::is_finite)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first place from `at` that holds a quote, a backslash or a control
/// character. Eight bytes at a time: a byte is zero where it is sought.
fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * u64::from(b'"'));
        let slash = word ^ (ONES * u64::from(b'\\'));
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & HIGHS;
        if hits != 0 {
            // The lowest hit is exact; those above it may be borrows.
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if *byte == b'"' || *byte == b'\\' || *byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// The place behind the escape at `at`.
fn escape(bytes: &[u8], at: usize) -> Result<usize, JsonFlaw> {
    let bad = JsonFlaw {
        at,
        why: "no such escape",
    };
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match hex(bytes, at + 2).ok_or(bad)? {
            0xD800..=0xDBFF => {
                let low = (bytes.get(at + 6) == Some(&b'\\') && bytes.get(at + 7) == Some(&b'u'))
                    .then(|| hex(bytes, at + 8))
                    .flatten();
                match low {
                    Some(0xDC00..=0xDFFF) => Ok(at + 12),
                    _ => Err(JsonFlaw {
                        at,
                        why: "half of a surrogate pair",
                    }),
                }
            }
            0xDC00..=0xDFFF => Err(JsonFlaw {
                at,
                why: "half of a surrogate pair",
            }),
            _ => Ok(at + 6),
        },
        _ => Err(bad),
    }
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |sum, digit| {
        Some(sum * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// A text of JSON whose escapes stand for themselves: what a reader of its strings would see, with the
/// signs that hold it together. Its escapes have been checked ([`header_and`](crate::header::header_and)).
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains('\\') {
        Cow::Owned(unescape(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// The string that `raw` means; its escapes have been checked.
fn unescape(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while at < bytes.len() {
        let next = raw
            .get(at..)
            .and_then(|rest| rest.find('\\'))
            .map_or(raw.len(), |len| at + len);
        text.push_str(raw.get(at..next).unwrap_or(""));
        if next == raw.len() {
            break;
        }
        let (unit, len) = match bytes.get(next + 1) {
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(b'n') => (10, 2),
            Some(b'r') => (13, 2),
            Some(b't') => (9, 2),
            Some(b'u') => {
                let high = hex(bytes, next + 2).unwrap_or(0xFFFD);
                match (high, hex(bytes, next + 8)) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        (0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12)
                    }
                    _ => (high, 6),
                }
            }
            Some(other) => (u32::from(*other), 2),
            None => break,
        };
        text.push(char::from_u32(unit).unwrap_or('\u{FFFD}'));
        at = next + len;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(bytes: &[u8]) -> bool {
        let Ok(mut reader) = Reader::new(bytes) else {
            return false;
        };
        reader.skip(0).is_ok() && reader.end().is_ok()
    }

    fn check(text: &str) {
        let other = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(accepts(text.as_bytes()), other, "{text}");
    }

    #[test]
    fn what_serde_json_takes_we_take_and_nothing_else() {
        for text in [
            "{}",
            "[]",
            "[1,]",
            "[,1]",
            "{,}",
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{"a":}"#,
            "01",
            "-",
            "-0",
            "1.",
            ".5",
            "1e5",
            "1e",
            "1E+05",
            "tru",
            "true",
            "nulll",
            r#""\u12""#,
            r#""\ud83d""#,
            r#""\ud83d\ude00""#,
            r#""\udc00""#,
            r#""\x""#,
            "\"\u{1}\"",
            "\"\u{7f}é\"",
            "[[[]]]",
            "[[]",
            "]",
            "{\"a\":[{}]}",
            " [ 1 , 2 ] ",
            "\"abc",
            "",
            " ",
            "{\"a\":1 \"b\":2}",
            "[1 2]",
            "+1",
            "1 2",
        ] {
            check(text);
        }
    }

    #[test]
    fn an_escaped_string_means_what_serde_json_says() {
        let raw = r#""a\n\t\"\\\/\u00e9\ud83d\ude00\b\f\r!""#;
        let meant: String = serde_json::from_str(raw).unwrap();
        let text = Reader::new(raw.as_bytes()).unwrap().string().unwrap();
        assert_eq!(text.get(), meant);
        assert!(text.is(&meant));
    }

    #[test]
    fn a_hundred_levels_are_read_and_one_more_is_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(accepts(nested(100).as_bytes()));
        assert!(!accepts(nested(101).as_bytes()));
        assert!(!accepts("[".repeat(1_000_000).as_bytes()));
    }

    #[test]
    fn a_number_that_nobody_else_could_read_is_refused() {
        for text in ["1e999", "-1e999", "[1,{\"a\":1E+400}]", "1e99999999999"] {
            assert!(!accepts(text.as_bytes()), "{text}");
            check(text);
        }
        for text in ["1e-999", "0e999", "-0.0E99", "1.7976931348623157e308"] {
            assert!(accepts(text.as_bytes()), "{text}");
            check(text);
        }
        let digits = |many: usize| accepts("9".repeat(many).as_bytes());
        assert!(digits(308) && !digits(400));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_as_serde_json_judges_them(text in "[\\[\\]{}\",:\\\\u0-9a-f.eE+\\- tru\u{1}é]{0,24}") {
            let other = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(accepts(text.as_bytes()), other);
        }

        #[test]
        fn strings_are_found_whole(before in "[ -~é]{0,20}", after in "\\PC{0,20}") {
            let text = serde_json::to_string(&[before.clone(), after.clone()]).unwrap();
            let mut reader = Reader::new(text.as_bytes()).unwrap();
            reader.take(b'[', "").unwrap();
            prop_assert_eq!(reader.string().unwrap().get(), before);
            reader.take(b',', "").unwrap();
            prop_assert_eq!(reader.string().unwrap().get(), after);
        }

        #[test]
        fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            accepts(&bytes);
        }
    }
}
