//! From tokens to a pattern, by recursive descent.

use super::lexer::{Lexeme, Lexer, Token};
use super::{
    Comparison, Constant, DEPTH_MAX, Expression, Flawed, Operand, Operator, Path, Pattern,
    PatternFlaw, Qualifier, SIZE_BYTES_MAX, Step, Test, Text, What, roots,
};

/// How much of what was found stands in the message, in characters.
const FOUND_CHARS_MAX: usize = 24;

const A_CONSTANT: &str = "a constant: a number, a string, `true`, `false`, t'…', h'…' or b'…'";
const AN_ORDERED_CONSTANT: &str =
    "a constant that has an order: a number, a string, t'…', h'…' or b'…'";

pub(super) fn parse(text: &str) -> Result<Pattern<'_>, PatternFlaw> {
    if text.len() > SIZE_BYTES_MAX {
        let why = Flawed::TooLong {
            max: SIZE_BYTES_MAX,
        };
        return Err(PatternFlaw {
            offset: SIZE_BYTES_MAX,
            why,
        });
    }
    let mut lexer = Lexer::new(text);
    let next = lexer.next();
    let mut parser = Parser {
        text,
        lexer,
        next,
        depth: 0,
        root: "",
        mixed: false,
    };
    let root = parser.followed_by()?;
    match parser.next.what {
        Lexeme::End => Ok(Pattern { text, root }),
        _ => Err(parser.unexpected("AND, OR, FOLLOWEDBY, a qualifier or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    next: Token<'a>,
    depth: usize,
    /// The object type of the observation being read.
    root: &'a str,
    /// Whether it has tests of several object types.
    mixed: bool,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) {
        self.next = self.lexer.next();
    }

    fn take(&mut self, what: Lexeme<'_>, expected: &'static str) -> Result<(), PatternFlaw> {
        if self.next.what == what {
            self.advance();
            return Ok(());
        }
        Err(self.unexpected(expected))
    }

    fn flaw(&self, why: Flawed) -> PatternFlaw {
        PatternFlaw {
            offset: self.next.start,
            why,
        }
    }

    #[cold]
    fn unexpected(&self, expected: &'static str) -> PatternFlaw {
        if self.next.what == Lexeme::OpenString {
            return self.flaw(Flawed::OpenString);
        }
        let rest = self.text.get(self.next.start..).unwrap_or_default();
        // Escaped where it would move a terminal's cursor.
        let shown = rest.chars().take(FOUND_CHARS_MAX);
        let size: usize = shown.clone().map(char::len_utf8).sum();
        let mut found = String::with_capacity(size);
        for character in shown {
            if character.is_control() {
                found.extend(character.escape_default());
            } else {
                found.push(character);
            }
        }
        if found.is_empty() {
            found.push_str("the end");
        } else {
            if size < rest.len() {
                found.push('…');
            }
            found = format!("`{found}`");
        }
        self.flaw(Flawed::Unexpected { expected, found })
    }

    fn deeper(&mut self) -> Result<(), PatternFlaw> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.flaw(Flawed::TooDeep { max: DEPTH_MAX }));
        }
        Ok(())
    }

    fn followed_by(&mut self) -> Result<Expression<'a>, PatternFlaw> {
        let first = self.or()?;
        if self.next.what != Lexeme::FollowedBy {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.next.what == Lexeme::FollowedBy {
            self.advance();
            all.push(self.or()?);
        }
        Ok(plain(What::FollowedBy(all)))
    }

    fn or(&mut self) -> Result<Expression<'a>, PatternFlaw> {
        let first = self.and()?;
        if self.next.what != Lexeme::Or {
            return Ok(first);
        }
        let mut any = vec![first];
        while self.next.what == Lexeme::Or {
            self.advance();
            any.push(self.and()?);
        }
        Ok(plain(What::Or(any)))
    }

    fn and(&mut self) -> Result<Expression<'a>, PatternFlaw> {
        let first = self.observation()?;
        if self.next.what != Lexeme::And {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.next.what == Lexeme::And {
            self.advance();
            all.push(self.observation()?);
        }
        Ok(plain(What::And(all)))
    }

    /// `[ … ]` or `( … )`, and the qualifiers behind it.
    fn observation(&mut self) -> Result<Expression<'a>, PatternFlaw> {
        let start = self.next.start;
        let (mut expression, simple) = match self.next.what {
            Lexeme::OpenSquare => {
                self.advance();
                (self.root, self.mixed) = ("", false);
                let comparison = self.any_of()?;
                self.take(Lexeme::CloseSquare, "AND, OR or `]`")?;
                if self.mixed && !roots::agree(&comparison) {
                    return Err(PatternFlaw {
                        offset: start,
                        why: Flawed::RootsDiffer,
                    });
                }
                (plain(What::Observation(comparison)), true)
            }
            Lexeme::OpenRound => {
                self.deeper()?;
                self.advance();
                let inner = self.followed_by()?;
                self.take(
                    Lexeme::CloseRound,
                    "AND, OR, FOLLOWEDBY, a qualifier or `)`",
                )?;
                self.depth -= 1;
                (inner, false)
            }
            _ => return Err(self.unexpected("`[` or `(`")),
        };
        let mut seen = [false; 3];
        loop {
            let offset = self.next.start;
            let (kind, name, qualifier) = match self.next.what {
                Lexeme::Within => (0, "WITHIN", self.within()?),
                Lexeme::Repeats => (1, "REPEATS", self.repeats()?),
                Lexeme::Start => (2, "START", self.start_stop()?),
                _ => return Ok(expression),
            };
            if let Some(seen) = seen.get_mut(kind)
                && std::mem::replace(seen, true)
                && simple
            {
                return Err(PatternFlaw {
                    offset,
                    why: Flawed::QualifierTwice(name),
                });
            }
            expression.qualifiers.push(qualifier);
        }
    }

    fn within(&mut self) -> Result<Qualifier<'a>, PatternFlaw> {
        self.advance();
        let Lexeme::Constant(Constant::Int(seconds) | Constant::Float(seconds)) = self.next.what
        else {
            return Err(self.unexpected("a number of seconds"));
        };
        self.positive(seconds)?;
        self.take(Lexeme::Seconds, "SECONDS")?;
        Ok(Qualifier::Within(seconds))
    }

    fn repeats(&mut self) -> Result<Qualifier<'a>, PatternFlaw> {
        self.advance();
        let Lexeme::Constant(Constant::Int(times)) = self.next.what else {
            return Err(self.unexpected("a whole number of times"));
        };
        self.positive(times)?;
        self.take(Lexeme::Times, "TIMES")?;
        Ok(Qualifier::Repeats(times))
    }

    fn positive(&mut self, number: &str) -> Result<(), PatternFlaw> {
        let nought = number
            .bytes()
            .all(|byte| matches!(byte, b'0' | b'.' | b'+'));
        if number.starts_with('-') || nought {
            return Err(self.flaw(Flawed::NotPositive));
        }
        self.advance();
        Ok(())
    }

    fn start_stop(&mut self) -> Result<Qualifier<'a>, PatternFlaw> {
        self.advance();
        let start = self.time()?;
        self.take(Lexeme::Stop, "STOP")?;
        let stop = self.time()?;
        Ok(Qualifier::StartStop(start, stop))
    }

    fn time(&mut self) -> Result<&'a str, PatternFlaw> {
        match self.constant() {
            Ok(Constant::Time(time)) => Ok(time),
            Err(flaw) if flaw.why == Flawed::NoSuchTime => Err(flaw),
            _ => Err(self.unexpected("a time, like t'2026-11-02T09:00:00Z'")),
        }
    }

    fn any_of(&mut self) -> Result<Comparison<'a>, PatternFlaw> {
        let first = self.all_of()?;
        if self.next.what != Lexeme::Or {
            return Ok(first);
        }
        let mut any = vec![first];
        while self.next.what == Lexeme::Or {
            self.advance();
            any.push(self.all_of()?);
        }
        Ok(Comparison::Or(any))
    }

    fn all_of(&mut self) -> Result<Comparison<'a>, PatternFlaw> {
        let first = self.test()?;
        if self.next.what != Lexeme::And {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.next.what == Lexeme::And {
            self.advance();
            all.push(self.test()?);
        }
        Ok(Comparison::And(all))
    }

    fn test(&mut self) -> Result<Comparison<'a>, PatternFlaw> {
        if self.next.what == Lexeme::OpenRound {
            self.deeper()?;
            self.advance();
            let inner = self.any_of()?;
            self.take(Lexeme::CloseRound, "AND, OR or `)`")?;
            self.depth -= 1;
            return Ok(inner);
        }
        let negated = self.not();
        if negated || self.next.what == Lexeme::Exists {
            self.take(Lexeme::Exists, "EXISTS")?;
            let path = self.path()?;
            let (operator, operand) = (Operator::Exists, Operand::None);
            return Ok(Comparison::Test(Test {
                path,
                negated,
                operator,
                operand,
            }));
        }
        let path = self.path()?;
        let negated = self.not();
        let Lexeme::Compare(operator) = self.next.what else {
            return Err(self.unexpected("a comparison, like `=` or IN, or the path's next step"));
        };
        self.advance();
        let operand = self.operand(operator)?;
        Ok(Comparison::Test(Test {
            path,
            negated,
            operator,
            operand,
        }))
    }

    fn not(&mut self) -> bool {
        let not = self.next.what == Lexeme::Not;
        if not {
            self.advance();
        }
        not
    }

    fn operand(&mut self, operator: Operator) -> Result<Operand<'a>, PatternFlaw> {
        match operator {
            Operator::Equal | Operator::NotEqual => Ok(Operand::One(self.constant()?)),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                if matches!(self.next.what, Lexeme::Constant(Constant::Bool(_))) {
                    return Err(self.unexpected(AN_ORDERED_CONSTANT));
                }
                Ok(Operand::One(self.constant()?))
            }
            Operator::Like | Operator::Matches | Operator::IsSubset | Operator::IsSuperset => {
                let Lexeme::Constant(text @ Constant::Text(_)) = self.next.what else {
                    return Err(self.unexpected("a string"));
                };
                self.advance();
                Ok(Operand::One(text))
            }
            Operator::In => self.set(),
            Operator::Exists => Ok(Operand::None),
        }
    }

    fn set(&mut self) -> Result<Operand<'a>, PatternFlaw> {
        self.take(Lexeme::OpenRound, "`(`")?;
        let mut set = Vec::new();
        if self.next.what != Lexeme::CloseRound {
            set.push(self.constant()?);
            while self.next.what == Lexeme::Comma {
                self.advance();
                set.push(self.constant()?);
            }
        }
        self.take(Lexeme::CloseRound, "`,` or `)`")?;
        Ok(Operand::Set(set))
    }

    fn constant(&mut self) -> Result<Constant<'a>, PatternFlaw> {
        let Lexeme::Constant(constant) = self.next.what else {
            return Err(self.no_constant());
        };
        if let Constant::Time(time) = constant
            && !is_in_calendar(time)
        {
            return Err(self.flaw(Flawed::NoSuchTime));
        }
        self.advance();
        Ok(constant)
    }

    #[cold]
    fn no_constant(&self) -> PatternFlaw {
        let rest = self.text.get(self.next.start..).unwrap_or_default();
        if self.next.what == Lexeme::Name("t") && rest.starts_with("t'") {
            return self.flaw(Flawed::NoSuchTime);
        }
        self.unexpected(A_CONSTANT)
    }

    fn path(&mut self) -> Result<Path<'a>, PatternFlaw> {
        let (Lexeme::Name(kind) | Lexeme::HyphenName(kind)) = self.next.what else {
            return Err(self.unexpected("an object type, like `ipv4-addr`"));
        };
        if self.root.is_empty() {
            self.root = kind;
        }
        self.mixed |= self.root != kind;
        self.advance();
        self.take(Lexeme::Colon, "`:`")?;
        let mut steps = Vec::with_capacity(2);
        steps.push(self.key()?);
        loop {
            match self.next.what {
                Lexeme::Dot => {
                    self.advance();
                    steps.push(self.key()?);
                }
                Lexeme::OpenSquare => {
                    self.advance();
                    steps.push(match self.next.what {
                        Lexeme::Star => Step::Any,
                        Lexeme::Constant(Constant::Int(place)) => Step::Index(place),
                        _ => return Err(self.unexpected("a whole number or `*`")),
                    });
                    self.advance();
                    self.take(Lexeme::CloseSquare, "`]`")?;
                }
                _ => return Ok(Path { kind, steps }),
            }
        }
    }

    fn key(&mut self) -> Result<Step<'a>, PatternFlaw> {
        let key = match self.next.what {
            Lexeme::Name(raw) => Text {
                raw,
                escaped: false,
            },
            Lexeme::Constant(Constant::Text(text)) => text,
            _ => return Err(self.unexpected("a property name; one with a hyphen stands in quotes")),
        };
        self.advance();
        Ok(Step::Key(key))
    }
}

fn plain(what: What<'_>) -> Expression<'_> {
    Expression {
        what,
        qualifiers: Vec::new(),
    }
}

/// Whether the day of `time` is in its month. The shape is known to be right.
fn is_in_calendar(time: &str) -> bool {
    let part = |range: std::ops::Range<usize>| {
        time.get(range)
            .and_then(|digits| digits.parse::<u16>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= days
}
