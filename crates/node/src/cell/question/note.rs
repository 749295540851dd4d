//! A question as a STIX note, and what other notes say of it: `docs/cell.md`, "Questions".

use portcullis_stix::taxii::Micros;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The property extension that a note about a question carries (STIX 2.1 §7.3).
pub const EXTENSION: &str = "extension-definition--bcd11574-2ad0-4940-9869-b665c4a9b329";
/// TLP:RED (TLP 2.0, FIRST): the marking of what is for those it is addressed to, and nobody else.
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// What a note says of a question.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case")]
pub(super) enum Says {
    /// It is the question.
    Asks {
        /// `rfi_…`
        question: String,
        /// The word of its kind.
        kind: String,
        /// Until when answers help, RFC 3339.
        deadline: String,
        /// The groups that are asked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<String>,
    },
    /// Its author has the question.
    Acknowledges {
        /// `rfi_…`
        question: String,
    },
    /// Its author answers with the other objects that the note refers to.
    Answers {
        /// `rfi_…`
        question: String,
    },
    /// Its author does not answer; the content says why.
    Declines {
        /// `rfi_…`
        question: String,
    },
    /// The question is closed; the content says what it brought.
    Closes {
        /// `rfi_…`
        question: String,
    },
}

/// A note to write.
pub(super) struct Note<'a> {
    pub(super) id: &'a str,
    pub(super) created_us: i64,
    pub(super) author: Option<&'a str>,
    pub(super) headline: &'a str,
    pub(super) content: &'a str,
    pub(super) refs: Vec<String>,
    pub(super) red: bool,
    pub(super) says: &'a Says,
}

impl Note<'_> {
    /// The note's bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let at = Micros(self.created_us.div_euclid(1000).saturating_mul(1000)).to_string();
        let mut extension = Map::new();
        extension.insert("extension_type".into(), json!("property-extension"));
        if let Ok(Value::Object(says)) = serde_json::to_value(self.says) {
            extension.extend(says);
        }
        let mut note = Map::new();
        note.insert("type".into(), json!("note"));
        note.insert("spec_version".into(), json!("2.1"));
        note.insert("id".into(), json!(self.id));
        if let Some(author) = self.author {
            note.insert("created_by_ref".into(), json!(author));
        }
        note.insert("created".into(), json!(at));
        note.insert("modified".into(), json!(at));
        note.insert("abstract".into(), json!(self.headline));
        note.insert("content".into(), json!(self.content));
        note.insert("object_refs".into(), json!(self.refs));
        if self.red {
            note.insert("object_marking_refs".into(), json!([RED]));
        }
        note.insert("extensions".into(), json!({ EXTENSION: extension }));
        // A map of strings and lists: writing it to memory cannot fail.
        serde_json::to_vec(&Value::Object(note)).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    extensions: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What an object says of questions, and which objects it refers to.
pub(crate) struct Words {
    /// What its extension says, if it has ours.
    pub(super) says: Option<Says>,
    /// The note's text; of an opinion, why.
    pub(super) content: String,
    /// Every id in its `…_ref` and `…_refs`.
    pub(crate) refs: Vec<String>,
    /// The word of an opinion.
    pub(super) opinion: Option<String>,
    /// How often a sighting saw it.
    pub(super) count: Option<u64>,
}

/// Reads an object; `None` if it is none.
pub(crate) fn hear(object: &[u8]) -> Option<Words> {
    let read: Read = serde_json::from_slice(object).ok()?;
    let extension = read
        .extensions
        .as_ref()
        .and_then(|held| held.get(EXTENSION));
    let says = extension.and_then(|says| serde_json::from_value(says.clone()).ok());
    let mut refs = Vec::new();
    for (name, value) in &read.rest {
        if name == "object_marking_refs" || name == "created_by_ref" {
            continue;
        }
        match value {
            Value::String(id) if name.ends_with("_ref") => refs.push(id.clone()),
            Value::Array(ids) if name.ends_with("_refs") => {
                refs.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    let opinion = read.rest.get("opinion").and_then(Value::as_str);
    let why = read.rest.get("explanation").filter(|_| opinion.is_some());
    let why = why.and_then(Value::as_str).map(str::to_owned);
    Some(Words {
        says,
        content: read.content.or(why).unwrap_or_default(),
        refs,
        opinion: opinion.map(str::to_owned),
        count: read.rest.get("count").and_then(Value::as_u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_note_says_is_heard() {
        let says = Says::Asks {
            question: "rfi_1".into(),
            kind: "seen".into(),
            deadline: "2026-11-23T00:00:00Z".into(),
            groups: vec!["grp_1".into()],
        };
        let note = Note {
            id: "note--6ba7b810-9dad-41d1-80b4-00c04fd430c8",
            created_us: 1_795_000_000_123_456,
            author: Some("identity--6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
            headline: "Question: seen",
            content: "Has anybody seen this?",
            refs: vec!["indicator--6ba7b810-9dad-41d1-80b4-00c04fd430c8".into()],
            red: true,
            says: &says,
        };
        let heard = hear(&note.to_bytes()).unwrap();
        assert_eq!(heard.says.as_ref(), Some(&says));
        assert_eq!(
            heard.refs,
            ["indicator--6ba7b810-9dad-41d1-80b4-00c04fd430c8"]
        );
        assert_eq!(heard.content, "Has anybody seen this?");
        let flaws = portcullis_stix::validate::validate(
            &note.to_bytes(),
            portcullis_stix::validate::Mode::Must,
        );
        assert!(flaws.is_empty(), "{flaws:?}");
    }

    #[test]
    fn what_is_no_note_of_ours_says_nothing() {
        let heard = hear(br#"{"type":"sighting","sighting_of_ref":"indicator--1","count":0}"#);
        let heard = heard.unwrap();
        assert_eq!((heard.says, heard.count), (None, Some(0)));
        assert_eq!(heard.refs, ["indicator--1"]);
        assert!(hear(b"[]").is_none());
    }
}
