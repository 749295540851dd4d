//! A document: one JSON value as a tape of nodes over its own bytes.
//!
//! Validation looks at every property once, and now and then at one of them
//! again. A tree of maps would spend most of its time being built; the tape
//! is one list of sixteen-byte nodes that is filled in the pass that reads the
//! bytes, and a [`Value`] is a place on it.

use std::collections::HashSet;

use crate::json::{JsonFlaw, Reader, Sink, Text};

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Text,
    Escaped,
    Number,
    True,
    False,
    Null,
    Object,
    List,
}

#[derive(Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The place behind this node and all it holds.
    next: u32,
    kind: Kind,
}

/// A value read onto a tape.
pub(crate) struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

struct Tape {
    nodes: Vec<Node>,
    open: Vec<u32>,
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Tape {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = small(self.nodes.len() + 1);
        self.nodes.push(Node {
            start: small(start),
            end: small(end),
            next,
            kind,
        });
    }
}

impl Sink for Tape {
    fn text(&mut self, start: usize, end: usize, escaped: bool) {
        let kind = if escaped { Kind::Escaped } else { Kind::Text };
        self.push(kind, start, end);
    }

    fn scalar(&mut self, first: u8, start: usize, end: usize) {
        let kind = match first {
            b't' => Kind::True,
            b'f' => Kind::False,
            b'n' => Kind::Null,
            _ => Kind::Number,
        };
        self.push(kind, start, end);
    }

    fn open(&mut self, first: u8, start: usize) {
        self.open.push(small(self.nodes.len()));
        let kind = if first == b'{' {
            Kind::Object
        } else {
            Kind::List
        };
        self.push(kind, start, start);
    }

    fn close(&mut self, end: usize) -> Result<(), JsonFlaw> {
        let next = small(self.nodes.len());
        if let Some(at) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(at as usize)
        {
            node.next = next;
            node.end = small(end);
        }
        Ok(())
    }
}

impl<'a> Document<'a> {
    /// Reads one value; only white space may follow it. The bytes are fewer
    /// than 2^32: see `OBJECT_BYTES_MAX`.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, JsonFlaw> {
        let mut reader = Reader::new(bytes)?;
        let mut tape = Tape {
            nodes: Vec::with_capacity(bytes.len() / 24 + 8),
            open: Vec::with_capacity(8),
        };
        reader.walk(0, &mut tape)?;
        reader.end()?;
        Ok(Self {
            text: std::str::from_utf8(bytes).unwrap_or(""),
            nodes: tape.nodes,
        })
    }

    pub(crate) fn root(&self) -> Value<'_> {
        Value { doc: self, at: 0 }
    }

    fn node(&self, at: u32) -> Node {
        self.nodes.get(at as usize).copied().unwrap_or(Node {
            start: 0,
            end: 0,
            next: u32::MAX,
            kind: Kind::Null,
        })
    }

    /// A key that stands twice in one object, at any depth.
    pub(crate) fn twice(&self) -> Option<String> {
        let objects = (0..small(self.nodes.len())).filter(|at| self.node(*at).kind == Kind::Object);
        objects.map(|at| Value { doc: self, at }).find_map(twice_in)
    }
}

/// How many keys of an object are compared with each other before a set is
/// worth its price.
const FEW: usize = 48;

fn twice_in(object: Value<'_>) -> Option<String> {
    let mut few = [""; FEW];
    let (mut count, mut bloom) = (0, 0_u64);
    for (key, _) in object.members() {
        if key.escaped || count == FEW {
            return twice_among_many(object);
        }
        let bytes = key.raw.as_bytes();
        let hash = bytes.len() * 7
            + usize::from(bytes.first().copied().unwrap_or(0)) * 3
            + usize::from(bytes.last().copied().unwrap_or(0));
        let bit = 1_u64 << (hash % 64);
        if bloom & bit != 0 && few.iter().take(count).any(|other| *other == key.raw) {
            return Some(key.raw.to_owned());
        }
        bloom |= bit;
        if let Some(slot) = few.get_mut(count) {
            *slot = key.raw;
        }
        count += 1;
    }
    None
}

fn twice_among_many(object: Value<'_>) -> Option<String> {
    let mut seen = HashSet::new();
    object
        .members()
        .map(|(key, _)| key.get())
        .find(|key| !seen.insert(key.clone()))
        .map(std::borrow::Cow::into_owned)
}

/// A place on a document's tape.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d> {
    doc: &'d Document<'d>,
    at: u32,
}

impl<'d> Value<'d> {
    pub(crate) fn kind(self) -> Kind {
        self.doc.node(self.at).kind
    }

    /// The bytes of the value; of a string, those between its quotes.
    pub(crate) fn raw(self) -> &'d str {
        let node = self.doc.node(self.at);
        self.doc
            .text
            .get(node.start as usize..node.end as usize)
            .unwrap_or("")
    }

    pub(crate) fn text(self) -> Option<Text<'d>> {
        match self.kind() {
            Kind::Text => Some(Text {
                raw: self.raw(),
                escaped: false,
            }),
            Kind::Escaped => Some(Text {
                raw: self.raw(),
                escaped: true,
            }),
            _ => None,
        }
    }

    /// The members of an object; nothing for every other value.
    pub(crate) fn members(self) -> impl Iterator<Item = (Text<'d>, Value<'d>)> {
        let mut at = self.at + 1;
        let end = self.end_of(Kind::Object);
        std::iter::from_fn(move || {
            if at + 1 >= end {
                return None;
            }
            let key = Value { doc: self.doc, at };
            let value = Value {
                doc: self.doc,
                at: at + 1,
            };
            at = self.doc.node(at + 1).next;
            Some((key.text()?, value))
        })
    }

    /// The items of a list; nothing for every other value.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'d>> {
        let mut at = self.at + 1;
        let end = self.end_of(Kind::List);
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let value = Value { doc: self.doc, at };
            at = self.doc.node(at).next;
            Some(value)
        })
    }

    fn end_of(self, kind: Kind) -> u32 {
        let node = self.doc.node(self.at);
        if node.kind == kind { node.next } else { 0 }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.doc.node(self.at).next == self.at + 1
    }

    pub(crate) fn get(self, name: &str) -> Option<Value<'d>> {
        self.members()
            .find_map(|(key, value)| key.is(name).then_some(value))
    }

    /// The string under a key, where there is one.
    pub(crate) fn text_of(self, name: &str) -> Option<std::borrow::Cow<'d, str>> {
        Some(self.get(name)?.text()?.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_is_walked_as_it_was_written() {
        let document = Document::read(br#" {"a":[1,{"b":true}],"c":{"d":"e\n"},"f":[]} "#).unwrap();
        let root = document.root();
        let keys: Vec<_> = root.members().map(|(key, _)| key.raw).collect();
        assert_eq!(keys, ["a", "c", "f"]);
        let items: Vec<_> = root.get("a").unwrap().items().map(Value::raw).collect();
        assert_eq!(items, ["1", r#"{"b":true}"#]);
        assert_eq!(root.get("c").unwrap().text_of("d").unwrap(), "e\n");
        assert!(root.get("f").unwrap().is_empty() && !root.is_empty());
        assert!(root.get("a").unwrap().members().next().is_none());
    }

    #[test]
    fn a_key_that_stands_twice_is_found_at_any_depth_and_in_any_spelling() {
        let twice = |text: &str| Document::read(text.as_bytes()).unwrap().twice();
        assert_eq!(twice(r#"{"a":1,"b":{"a":1}}"#), None);
        assert_eq!(twice(r#"{"a":[{"b":1,"b":2}]}"#).as_deref(), Some("b"));
        assert_eq!(twice(r#"{"a":1,"\u0061":2}"#).as_deref(), Some("a"));
        let many: Vec<_> = (0..100).map(|n| format!(r#""k{n}":0"#)).collect();
        assert_eq!(twice(&format!("{{{}}}", many.join(","))), None);
        assert_eq!(
            twice(&format!("{{{},\"k7\":1}}", many.join(","))).as_deref(),
            Some("k7")
        );
    }
}
