//! A TOML document read field by field, so that every fault has its line.
//!
//! Serde would stop at the first fault and knows no codes of ours. Here a reader
//! asks a [`Table`] for its fields by name; a fault is noted and reading goes on;
//! what was never asked for is an unknown field.

use super::{LAW_BYTES_MAX, LawError};
use jiff::civil::Date;
use std::{cell::RefCell, collections::BTreeSet, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The longest text in a law file, in bytes: a clause and a sentence fit.
const TEXT_BYTES_MAX: usize = 512;
/// The longest word, in bytes.
const WORD_BYTES_MAX: usize = 64;
/// The longest list; a calendar of a few decades fits.
const LIST_MAX: usize = 1024;

/// A file's text, if it is text and not too long.
pub(crate) fn bounded<'t>(file: &str, bytes: &'t [u8]) -> Result<&'t str, Vec<LawError>> {
    let whole = |code, reason: String, hint: &str| {
        vec![LawError {
            file: file.into(),
            line: 1,
            column: 1,
            code,
            reason,
            hint: hint.into(),
        }]
    };
    if bytes.len() > LAW_BYTES_MAX {
        let reason = format!(
            "the file has {} bytes, and {LAW_BYTES_MAX} is the most",
            bytes.len()
        );
        return Err(whole(
            "law.size",
            reason,
            "split the law into files of fewer rules",
        ));
    }
    core::str::from_utf8(bytes).map_err(|_| {
        whole(
            "law.utf8",
            "the file is not UTF-8 text".into(),
            "save it as UTF-8",
        )
    })
}

/// The faults found so far in one file.
pub(crate) struct Faults<'t> {
    file: &'t str,
    text: &'t str,
    found: RefCell<Vec<LawError>>,
}

impl<'t> Faults<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self {
            file,
            text,
            found: RefCell::default(),
        }
    }

    /// The file as a document, if it is TOML at all.
    pub(crate) fn document(&self) -> Result<Spanned<DeTable<'t>>, Vec<LawError>> {
        // After a fault of form the rest of a file is guesswork: the first is the one to mend.
        let document = DeTable::parse(self.text).map_err(|error| {
            let (at, reason) = (
                error.span().unwrap_or(0..0),
                error.message().replace('\n', " "),
            );
            self.add(at, "law.toml", reason, "this is no TOML: mend the line");
        });
        self.verdict(document.ok())
    }

    pub(crate) fn add(
        &self,
        at: Range<usize>,
        code: &'static str,
        reason: String,
        hint: impl Into<String>,
    ) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.found.borrow_mut().push(LawError {
            file: self.file.into(),
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            code,
            reason,
            hint: hint.into(),
        });
    }

    /// What was read, if no fault was found meanwhile; otherwise the faults by line.
    pub(crate) fn verdict<T>(&self, read: Option<T>) -> Result<T, Vec<LawError>> {
        let mut found = self.found.take();
        match read {
            Some(read) if found.is_empty() => Ok(read),
            Some(_) | None => {
                found.sort_by_key(|error| (error.line, error.column));
                Err(found)
            }
        }
    }
}

/// Where a path of keys and numbers leads, or as far along it as the document goes.
pub(crate) fn locate(document: &Spanned<DeTable<'_>>, path: &str) -> Range<usize> {
    let mut steps = path.split('.');
    let first = steps.next().unwrap_or_default();
    let Some(mut here) = document.get_ref().get(first) else {
        return 0..0;
    };
    for step in steps {
        let next = match step.parse::<usize>() {
            Ok(number) => here.get_ref().get(number),
            Err(_) => here.get_ref().get(step),
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    here.span()
}

/// A table whose fields are asked for by name.
pub(crate) struct Table<'d> {
    fields: &'d DeTable<'d>,
    span: Range<usize>,
    faults: &'d Faults<'d>,
    asked: BTreeSet<&'static str>,
}

impl<'d> Table<'d> {
    /// Reads the whole document.
    pub(crate) fn whole<T>(
        faults: &'d Faults<'d>,
        document: &'d Spanned<DeTable<'d>>,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        Self {
            fields: document.get_ref(),
            span: 0..0,
            faults,
            asked: BTreeSet::new(),
        }
        .read(read)
    }

    fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let value = read(&mut self);
        for (key, _) in self.fields {
            if !self.asked.contains(key.get_ref().as_ref()) {
                let known: Vec<_> = self.asked.iter().copied().collect();
                let reason = format!("`{}` is no field here", key.get_ref());
                self.faults.add(
                    key.span(),
                    "law.unknown_field",
                    reason,
                    format!("known are: {}", known.join(", ")),
                );
            }
        }
        value
    }

    fn field(&mut self, key: &'static str) -> Option<Node<'d>> {
        self.asked.insert(key);
        let value = self.fields.get(key)?;
        Some(Node {
            value: value.get_ref(),
            span: value.span(),
            faults: self.faults,
        })
    }

    /// A field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node<'d>) -> Option<T>,
    ) -> Option<T> {
        let hint = "every field says what the law says: none has a silent default";
        self.required_by(key, "law.missing_field", hint, read)
    }

    /// A field that must be there, with what its absence is called.
    pub(crate) fn required_by<T>(
        &mut self,
        key: &'static str,
        code: &'static str,
        hint: &str,
        read: impl FnOnce(&Node<'d>) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = self.field(key) {
            return read(&node);
        }
        self.faults
            .add(self.span.clone(), code, format!("`{key}` is missing"), hint);
        None
    }

    /// A field that may be absent: `Some(None)`; `None` is a fault in it.
    #[expect(clippy::option_option, reason = "absent and faulty are two things")]
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node<'d>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.field(key) {
            Some(node) => read(&node).map(Some),
            None => Some(None),
        }
    }

    /// A list; an absent one is empty.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        read: impl FnMut(&Node<'d>) -> Option<T>,
    ) -> Option<Vec<T>> {
        match self.field(key) {
            Some(node) => node.list(read),
            None => Some(Vec::new()),
        }
    }
}

/// One value, with its place.
pub(crate) struct Node<'d> {
    value: &'d DeValue<'d>,
    span: Range<usize>,
    faults: &'d Faults<'d>,
}

impl<'d> Node<'d> {
    /// Notes a fault of this value.
    pub(crate) fn fault<T>(
        &self,
        code: &'static str,
        reason: &str,
        hint: impl Into<String>,
    ) -> Option<T> {
        self.faults
            .add(self.span.clone(), code, reason.into(), hint);
        None
    }

    fn wrong<T>(&self, wanted: &str) -> Option<T> {
        let reason = format!("this is of type {}, not {wanted}", self.value.type_str());
        self.fault(
            "law.type",
            &reason,
            "see the laws that come with Portcullis for examples",
        )
    }

    /// A sentence or a name.
    pub(crate) fn text(&self) -> Option<String> {
        let Some(text) = self.value.as_str() else {
            return self.wrong("text");
        };
        let fits = (1..=TEXT_BYTES_MAX).contains(&text.len()) && text.trim() == text;
        if !fits || text.chars().any(char::is_control) {
            let hint = format!(
                "1 to {TEXT_BYTES_MAX} bytes, no control characters, no space at either end"
            );
            return self.fault(
                "law.text",
                "this text is empty, too long or not plain",
                hint,
            );
        }
        Some(text.into())
    }

    /// A word: letters, digits, `-` and `_`.
    pub(crate) fn word(&self) -> Option<String> {
        let Some(word) = self.value.as_str() else {
            return self.wrong("a word");
        };
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if !(1..=WORD_BYTES_MAX).contains(&word.len()) || !word.bytes().all(plain) {
            let hint = format!("1 to {WORD_BYTES_MAX} of a–z, 0–9, `-` and `_`");
            return self.fault("law.word", "this is no word", hint);
        }
        Some(word.into())
    }

    /// A word of a closed list.
    pub(crate) fn one_of<T: Copy>(
        &self,
        code: &'static str,
        known: &[T],
        as_str: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let Some(word) = self.value.as_str() else {
            return self.wrong("a word");
        };
        let found = known.iter().copied().find(|known| as_str(*known) == word);
        found.or_else(|| {
            let list: Vec<_> = known.iter().map(|known| as_str(*known)).collect();
            let given: String = word.chars().take(WORD_BYTES_MAX).collect();
            self.fault(
                code,
                &format!("`{given}` is not on the list"),
                format!("known are: {}", list.join(", ")),
            )
        })
    }

    /// A whole number that is not negative and fits.
    pub(crate) fn number<T: TryFrom<i64>>(&self) -> Option<T> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong("a whole number");
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        number
            .filter(|number| *number >= 0)
            .and_then(|number| T::try_from(number).ok())
            .or_else(|| {
                self.fault(
                    "law.number",
                    "this number does not fit",
                    "a small whole number from zero",
                )
            })
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self) -> Option<bool> {
        self.value
            .as_bool()
            .or_else(|| self.wrong("`true` or `false`"))
    }

    /// A day, written 2026-11-21.
    pub(crate) fn date(&self) -> Option<Date> {
        let parts = self
            .value
            .as_datetime()
            .filter(|given| given.time.is_none() && given.offset.is_none());
        let date = parts.and_then(|given| given.date).and_then(|date| {
            let part = |number: u8| i8::try_from(number).ok();
            Date::new(
                i16::try_from(date.year).ok()?,
                part(date.month)?,
                part(date.day)?,
            )
            .ok()
        });
        date.or_else(|| self.wrong("a day, such as 2026-11-21"))
    }

    /// A table.
    pub(crate) fn table<T>(&self, read: impl FnOnce(&mut Table<'d>) -> Option<T>) -> Option<T> {
        let Some(fields) = self.value.as_table() else {
            return self.wrong("a table");
        };
        let asked = BTreeSet::new();
        Table {
            fields,
            span: self.span.clone(),
            faults: self.faults,
            asked,
        }
        .read(read)
    }

    /// A list.
    pub(crate) fn list<T>(&self, mut read: impl FnMut(&Self) -> Option<T>) -> Option<Vec<T>> {
        let Some(list) = self.value.as_array() else {
            return self.wrong("a list");
        };
        if list.len() > LIST_MAX {
            return self.fault(
                "law.list",
                "this list is too long",
                format!("at most {LIST_MAX}"),
            );
        }
        let mut read_one = |one: &'d Spanned<DeValue<'d>>| {
            read(&Node {
                value: one.get_ref(),
                span: one.span(),
                faults: self.faults,
            })
        };
        // All are read, so that all their faults are noted, before one of them counts.
        let all: Vec<_> = list.iter().map(&mut read_one).collect();
        all.into_iter().collect()
    }
}
