//! Tokens of the patterning language.
//!
//! As in the published grammar, the longest token wins, keywords are written
//! in capitals, and white space and comments stand between any two tokens.

use super::{Constant, Operator, Text};

/// A token and where it begins, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) what: Lexeme<'a>,
    pub(super) start: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lexeme<'a> {
    Constant(Constant<'a>),
    /// Letters, digits and `_`.
    Name(&'a str),
    /// The same with a hyphen in it: good for an object type alone.
    HyphenName(&'a str),
    Compare(Operator),
    And,
    Or,
    Not,
    FollowedBy,
    Exists,
    Start,
    Stop,
    Within,
    Seconds,
    Repeats,
    Times,
    /// A keyword of the grammar that no rule uses.
    Last,
    Colon,
    Dot,
    Comma,
    OpenRound,
    CloseRound,
    OpenSquare,
    CloseSquare,
    Star,
    /// A quote that opens no string.
    OpenString,
    /// Anything else.
    Stray,
    End,
}

/// Walks over the text, a token at a time.
pub(super) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            place: 0,
        }
    }

    /// The next token; [`Lexeme::End`] for ever after the last.
    pub(super) fn next(&mut self) -> Token<'a> {
        self.skip();
        let start = self.place;
        let Some(byte) = self.at(start) else {
            return Token {
                what: Lexeme::End,
                start,
            };
        };
        let (what, size) = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number(start),
            b'\'' => self.string(start),
            b'=' if self.at(start + 1) == Some(b'=') => (Lexeme::Compare(Operator::Equal), 2),
            b'=' => (Lexeme::Compare(Operator::Equal), 1),
            b'!' if self.at(start + 1) == Some(b'=') => (Lexeme::Compare(Operator::NotEqual), 2),
            b'<' => match self.at(start + 1) {
                Some(b'>') => (Lexeme::Compare(Operator::NotEqual), 2),
                Some(b'=') => (Lexeme::Compare(Operator::LessOrEqual), 2),
                _ => (Lexeme::Compare(Operator::Less), 1),
            },
            b'>' if self.at(start + 1) == Some(b'=') => {
                (Lexeme::Compare(Operator::GreaterOrEqual), 2)
            }
            b'>' => (Lexeme::Compare(Operator::Greater), 1),
            b':' => (Lexeme::Colon, 1),
            b',' => (Lexeme::Comma, 1),
            b'(' => (Lexeme::OpenRound, 1),
            b')' => (Lexeme::CloseRound, 1),
            b'[' => (Lexeme::OpenSquare, 1),
            b']' => (Lexeme::CloseSquare, 1),
            b'*' => (Lexeme::Star, 1),
            _ => (Lexeme::Stray, 1),
        };
        self.place = start + size;
        Token { what, start }
    }

    fn at(&self, place: usize) -> Option<u8> {
        self.bytes.get(place).copied()
    }

    fn rest(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..).unwrap_or_default()
    }

    fn slice(&self, from: usize, size: usize) -> &'a str {
        self.text.get(from..from + size).unwrap_or_default()
    }

    /// White space and comments.
    fn skip(&mut self) {
        while let Some(byte) = self.at(self.place) {
            self.place += match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C => 1,
                b'/' => match self.comment() {
                    0 => return,
                    size => size,
                },
                0x80.. => match self.wide_space() {
                    0 => return,
                    size => size,
                },
                _ => return,
            };
        }
    }

    /// The size of the comment here; 0 if there is none, or it never ends.
    fn comment(&self) -> usize {
        let rest = self.rest(self.place);
        match rest.get(1) {
            Some(b'/') => rest
                .iter()
                .position(|byte| matches!(byte, b'\r' | b'\n'))
                .unwrap_or(rest.len()),
            Some(b'*') => rest
                .windows(2)
                .skip(2)
                .position(|pair| pair == b"*/")
                .map_or(0, |place| place + 4),
            _ => 0,
        }
    }

    /// The size of the white space outside ASCII here; 0 if there is none.
    fn wide_space(&self) -> usize {
        let next = self
            .text
            .get(self.place..)
            .and_then(|rest| rest.chars().next());
        match next {
            Some(
                space @ ('\u{85}'
                | '\u{A0}'
                | '\u{1680}'
                | '\u{2000}'..='\u{200A}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202F}'
                | '\u{205F}'
                | '\u{3000}'),
            ) => space.len_utf8(),
            _ => 0,
        }
    }

    fn word(&self, start: usize) -> (Lexeme<'a>, usize) {
        let rest = self.rest(start);
        let mut hyphen = false;
        let size = rest
            .iter()
            .position(|byte| match byte {
                b'-' => {
                    hyphen = true;
                    false
                }
                other => !(other.is_ascii_alphanumeric() || *other == b'_'),
            })
            .unwrap_or(rest.len());
        if size == 1
            && let Some(quoted) = self.prefixed(start)
        {
            return quoted;
        }
        let word = self.slice(start, size);
        if hyphen {
            return (Lexeme::HyphenName(word), size);
        }
        (keyword(word).unwrap_or(Lexeme::Name(word)), size)
    }

    /// `h'…'`, `b'…'` and `t'…'`. Where what is quoted does not fit, the
    /// letter is a name and a string follows.
    fn prefixed(&self, start: usize) -> Option<(Lexeme<'a>, usize)> {
        let rest = self.rest(start);
        if rest.get(1) != Some(&b'\'') {
            return None;
        }
        let size = rest.get(2..)?.iter().position(|byte| *byte == b'\'')?;
        let body = rest.get(2..2 + size)?;
        let text = self.slice(start + 2, size);
        let constant = match rest.first()? {
            b'h' if size % 2 == 0 && body.iter().all(u8::is_ascii_hexdigit) => Constant::Hex(text),
            b'b' if is_base64(body) => Constant::Binary(text),
            b't' if is_time(body) => Constant::Time(text),
            _ => return None,
        };
        Some((Lexeme::Constant(constant), size + 3))
    }

    fn number(&self, start: usize) -> (Lexeme<'a>, usize) {
        let sign = usize::from(matches!(self.at(start), Some(b'+' | b'-')));
        let whole = self.digits(start + sign);
        let dot = start + sign + whole;
        if self.at(dot) == Some(b'.') {
            let fraction = self.digits(dot + 1);
            if fraction > 0 {
                let size = sign + whole + 1 + fraction;
                return (
                    Lexeme::Constant(Constant::Float(self.slice(start, size))),
                    size,
                );
            }
        }
        if whole > 0 {
            // No leading noughts: `00` is two numbers, as in the grammar.
            let digits = if self.at(start + sign) == Some(b'0') {
                1
            } else {
                whole
            };
            let size = sign + digits;
            return (
                Lexeme::Constant(Constant::Int(self.slice(start, size))),
                size,
            );
        }
        match self.at(start) {
            Some(b'.') => (Lexeme::Dot, 1),
            _ => (Lexeme::Stray, 1),
        }
    }

    fn digits(&self, from: usize) -> usize {
        let rest = self.rest(from);
        rest.iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len())
    }

    fn string(&self, start: usize) -> (Lexeme<'a>, usize) {
        let body = self.rest(start + 1);
        let mut escaped = false;
        let mut place = 0;
        loop {
            let Some(step) = body
                .get(place..)
                .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'\'' | b'\\')))
            else {
                return (Lexeme::OpenString, 1);
            };
            place += step;
            if body.get(place) == Some(&b'\'') {
                let raw = self.slice(start + 1, place);
                return (
                    Lexeme::Constant(Constant::Text(Text { raw, escaped })),
                    place + 2,
                );
            }
            if !matches!(body.get(place + 1), Some(b'\'' | b'\\')) {
                return (Lexeme::OpenString, 1);
            }
            escaped = true;
            place += 2;
        }
    }
}

fn keyword(word: &str) -> Option<Lexeme<'static>> {
    Some(match word {
        "AND" => Lexeme::And,
        "OR" => Lexeme::Or,
        "NOT" => Lexeme::Not,
        "FOLLOWEDBY" => Lexeme::FollowedBy,
        "LIKE" => Lexeme::Compare(Operator::Like),
        "MATCHES" => Lexeme::Compare(Operator::Matches),
        "ISSUPERSET" => Lexeme::Compare(Operator::IsSuperset),
        "ISSUBSET" => Lexeme::Compare(Operator::IsSubset),
        "EXISTS" => Lexeme::Exists,
        "LAST" => Lexeme::Last,
        "IN" => Lexeme::Compare(Operator::In),
        "START" => Lexeme::Start,
        "STOP" => Lexeme::Stop,
        "SECONDS" => Lexeme::Seconds,
        "true" => Lexeme::Constant(Constant::Bool(true)),
        "false" => Lexeme::Constant(Constant::Bool(false)),
        "WITHIN" => Lexeme::Within,
        "REPEATS" => Lexeme::Repeats,
        "TIMES" => Lexeme::Times,
        _ => return None,
    })
}

/// Whole groups of four with their padding, and not nothing, as the grammar
/// has it.
fn is_base64(body: &[u8]) -> bool {
    if body.is_empty() || !body.len().is_multiple_of(4) {
        return false;
    }
    let plain = body
        .strip_suffix(b"==")
        .or_else(|| body.strip_suffix(b"="))
        .unwrap_or(body);
    plain
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// `YYYY-MM-DDThh:mm:ss`, a fraction of any length, and `Z`, each part within
/// its bounds. Whether the day is in its month is asked by the parser.
fn is_time(body: &[u8]) -> bool {
    let Some((head, tail)) = body.split_at_checked(19) else {
        return false;
    };
    let shaped = head.iter().enumerate().all(|(place, byte)| match place {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let fraction = match tail.strip_suffix(b"Z") {
        Some([]) => true,
        Some([b'.', digits @ ..]) => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let part = |from: usize| {
        head.get(from..from + 2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| two.parse::<u8>().ok())
            .unwrap_or(u8::MAX)
    };
    shaped
        && fraction
        && (1..=12).contains(&part(5))
        && (1..=31).contains(&part(8))
        && part(11) < 24
        && part(14) < 60
        && part(17) <= 60
}
