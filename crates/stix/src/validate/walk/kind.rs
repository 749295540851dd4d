//! Kinds: one arm for each kind of value that a property can take.

use std::fmt;

use super::super::form;
use super::super::shape::{self, Form, Kind, Refs, Words};
use super::{Path, Walk};
use crate::document::{Kind as Node, Value};
use crate::id::Id;
use crate::{time, vocab};

impl<'d> Walk<'d> {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind, each of a line or three"
    )]
    pub(crate) fn kind(
        &mut self,
        value: Value<'d>,
        kind: &'static Kind,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        match kind {
            Kind::Any => self.filled(value, path),
            Kind::Text => {
                self.text(value, path);
            }
            Kind::Open(words) => {
                if self.text(value, path) && self.should && !is_word(value, words) {
                    self.should(
                        path,
                        "stix.vocabulary",
                        clause,
                        format_args!(
                            "`{}` is not of the vocabulary: {}",
                            short(value),
                            Listed(words)
                        ),
                    );
                }
            }
            Kind::Enum(words) => {
                if self.text(value, path) && !is_word(value, words) {
                    self.must(
                        path,
                        "stix.enum",
                        clause,
                        format_args!("`{}` is none of: {}", short(value), Listed(words)),
                    );
                }
            }
            Kind::Bool => {
                if !matches!(value.kind(), Node::True | Node::False) {
                    self.datatype(path, "`true` or `false`");
                }
            }
            Kind::Integer(from, to) => self.integer(value, *from, *to, path, clause),
            Kind::Float(from, to) => match number(value) {
                None => self.datatype(path, "a number"),
                Some(number) if !(*from..=*to).contains(&number) => {
                    self.must(
                        path,
                        "stix.range",
                        clause,
                        format_args!("the number lies from {from} to {to}"),
                    );
                }
                Some(_) => {}
            },
            Kind::Time => {
                self.time(value, 0, path);
            }
            Kind::Precise(digits) => {
                self.time(value, *digits, path);
            }
            Kind::Second => {
                self.time(value, 0, path);
                if text(value).contains('.') {
                    let message = "the timestamp is precise to the second: write no fraction";
                    self.must(path, "stix.timestamp", clause, message);
                }
            }
            Kind::TextOrWhole => {
                if value.kind() == Node::Number {
                    self.kind(value, &shape::WHOLE, path, clause);
                } else {
                    self.text(value, path);
                }
            }
            Kind::Hex => {
                if self.text(value, path) && !form::is_hex(&text(value)) {
                    self.must(
                        path,
                        "stix.hex",
                        "STIX 2.1, Hexadecimal",
                        "write pairs of hexadecimal digits",
                    );
                }
            }
            Kind::Binary => {
                if self.text(value, path) && !form::is_base64(&text(value)) {
                    self.must(
                        path,
                        "stix.binary",
                        "STIX 2.1, Binary",
                        "write base64 with its padding",
                    );
                }
            }
            Kind::Form(form) => self.form(value, form, path),
            Kind::Ref(refs) => self.reference(value, *refs, path, clause),
            Kind::List(item) => {
                if self.list(value, path) {
                    for (at, value) in value.items().enumerate() {
                        if self.is_enough() {
                            break;
                        }
                        self.kind(value, item, &path.index(at), clause);
                    }
                }
            }
            Kind::Texts => {
                if value.kind() == Node::List {
                    self.list(value, path);
                    for (at, value) in value.items().enumerate() {
                        self.text(value, &path.index(at));
                    }
                } else {
                    self.text(value, path);
                }
            }
            Kind::Hashes => self.hashes(value, path),
            Kind::Dictionary(kind) => {
                if self.dictionary(value, path) {
                    for (key, value) in value.members() {
                        let key = key.get();
                        self.kind(value, kind, &path.name(&key), clause);
                    }
                }
            }
            Kind::Object(shape) => {
                if value.kind() == Node::Object {
                    self.object(value, shape, path);
                } else {
                    self.datatype(path, "an object");
                }
            }
            Kind::Extensions(known) => self.extensions(value, known, path),
            Kind::Container => self.contained(value, path),
            Kind::Bundled => self.bundled(value, path),
        }
    }

    pub(crate) fn datatype(&mut self, path: &Path<'_>, what: &str) {
        self.must(
            path,
            "stix.datatype",
            "STIX 2.1, Common Data Types",
            format_args!("the value is {what}"),
        );
    }

    pub(crate) fn text(&mut self, value: Value<'_>, path: &Path<'_>) -> bool {
        let is = matches!(value.kind(), Node::Text | Node::Escaped);
        if !is {
            self.datatype(path, "a string");
        }
        is
    }

    fn integer(
        &mut self,
        value: Value<'_>,
        from: i64,
        to: i64,
        path: &Path<'_>,
        clause: &'static str,
    ) {
        if value.kind() != Node::Number
            || value
                .raw()
                .bytes()
                .any(|byte| matches!(byte, b'.' | b'e' | b'E'))
        {
            return self.datatype(path, "a whole number");
        }
        if !value
            .raw()
            .parse()
            .is_ok_and(|number: i64| (from..=to).contains(&number))
        {
            self.must(
                path,
                "stix.range",
                clause,
                format_args!("the number lies from {from} to {to}"),
            );
        }
    }

    fn time(&mut self, value: Value<'_>, digits: usize, path: &Path<'_>) {
        const CLAUSE: &str = "STIX 2.1, Timestamp";
        if !matches!(value.kind(), Node::Text | Node::Escaped) {
            return self.datatype(path, "a timestamp, `2026-01-31T12:00:00.000Z`");
        }
        let text = text(value);
        if let Err(flaw) = time::read(text.as_bytes()) {
            return self.must(path, "stix.timestamp", CLAUSE, flaw);
        }
        // `….ddd` and `Z` behind the 19 characters of the whole seconds.
        if digits > 0 && text.len() < 19 + 1 + digits + 1 {
            self.must(
                path,
                "stix.timestamp",
                "STIX 2.1, Common Properties",
                format_args!(
                    "the timestamp is precise to the millisecond: write {digits} fraction digits"
                ),
            );
        }
    }

    fn form(&mut self, value: Value<'_>, form: &'static Form, path: &Path<'_>) {
        if !self.text(value, path) || (!form.must && !self.should) {
            return;
        }
        let text = text(value);
        if (form.holds)(&text) {
            return;
        }
        let message = format_args!("the value is {}", form.what);
        if form.must {
            self.must(path, form.rule, form.clause, message);
        } else {
            self.should(path, form.rule, form.clause, message);
        }
    }

    fn reference(&mut self, value: Value<'_>, refs: Refs, path: &Path<'_>, clause: &'static str) {
        if !matches!(value.kind(), Node::Text | Node::Escaped) {
            return self.datatype(path, "the id of an object, a string");
        }
        let text = text(value);
        let container = self.container;
        let within = container
            .and_then(|objects| self.find(objects, &text))
            .and_then(|object| object.text_of("type"));
        let id = Id::parse(&text);
        if self.is_enough() {
            let message = "these are more references than we follow";
            return self.must(path, "stix.size", clause, message);
        }
        let Some(kind) = within.as_deref().or(id.map(|id| id.kind)) else {
            let message =
                "a reference is the id of an object: its type, `--` and a UUID of RFC 4122";
            return self.must(path, "stix.id", "STIX 2.1, Identifier", message);
        };
        let admitted = match refs {
            Refs::Any => kind != "bundle",
            Refs::Of(kinds) => kinds.contains(&kind),
            Refs::Except(kinds) => !kinds.contains(&kind),
            Refs::Observable => vocab::is_observable(kind) || !vocab::is_standard(kind),
        };
        if !admitted {
            let wanted = match refs {
                Refs::Of(kinds) => Listed(kinds).to_string(),
                Refs::Except(kinds) => format!("another type than {}", Listed(kinds)),
                Refs::Observable => "an observable".to_owned(),
                Refs::Any => "an object that is not a bundle".to_owned(),
            };
            self.must(
                path,
                "stix.reference",
                clause,
                format_args!("a `{kind}` cannot stand here; refer to {wanted}"),
            );
        }
    }
}

/// The string that a value is; empty for other values.
pub(crate) fn text(value: Value<'_>) -> std::borrow::Cow<'_, str> {
    value.text().map(crate::json::Text::get).unwrap_or_default()
}

fn is_word(value: Value<'_>, words: Words) -> bool {
    words.contains(&&*text(value))
}

/// The beginning of a string, for a message.
fn short(value: Value<'_>) -> String {
    text(value).chars().take(64).collect()
}

fn number(value: Value<'_>) -> Option<f64> {
    let is = value.kind() == Node::Number;
    value
        .raw()
        .parse()
        .ok()
        .filter(|number: &f64| is && number.is_finite())
}

/// Words in backticks with commas between, the first twelve of them.
pub(super) struct Listed(pub(super) Words);

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().take(12).enumerate() {
            write!(f, "{}`{word}`", if at > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.0.len() > 12 { ", …" } else { "" })
    }
}
