//! Words in the texts of an object: what its properties say, not what they are called.

use serde_json::Value;

/// Words that are looked for, in any case.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// In small letters.
    lower: String,
    /// The longest part that stands in JSON as it is, whoever wrote it.
    anchor: Vec<u8>,
    /// Whether they are an object's id, or part of one: then ids and references are texts, too.
    is_id: bool,
}

impl Words {
    pub(super) fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | '_' | ':');
        let anchor = lower.split(|c| !plain(c)).max_by_key(|part| part.len());
        Self {
            anchor: anchor.unwrap_or_default().as_bytes().to_vec(),
            is_id: lower.contains("--"),
            lower,
        }
    }

    /// Whether they stand in a text of this object.
    pub(super) fn are_in(&self, object: &[u8]) -> bool {
        if self.lower.is_empty() {
            return true;
        }
        if !may_contain(object, &self.anchor) {
            return false;
        }
        let read: Result<Value, _> = serde_json::from_slice(object);
        read.is_ok_and(|object| self.are_under(&object))
    }

    fn are_under(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => text.to_lowercase().contains(&self.lower),
            Value::Array(list) => list.iter().any(|one| self.are_under(one)),
            Value::Object(members) => members
                .iter()
                .any(|(name, value)| self.looks_at(name) && self.are_under(value)),
            Value::Number(number) => number.to_string() == self.lower,
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn looks_at(&self, name: &str) -> bool {
        let names_another = matches!(name, "id" | "type" | "spec_version")
            || name.ends_with("_ref")
            || name.ends_with("_refs");
        self.is_id || !names_another
    }

    /// Whether an object is called so: by its name, one of its aliases, or the id that an external
    /// reference gives it (STIX 2.1 §2.5), as ATT&CK's `G0007`.
    pub(super) fn name(&self, object: &[u8]) -> bool {
        if !may_contain(object, &self.anchor) {
            return false;
        }
        let Ok(Value::Object(object)) = serde_json::from_slice(object) else {
            return false;
        };
        let is = |value: &Value| {
            let text = value.as_str();
            text.is_some_and(|text| text.trim().to_lowercase() == self.lower.trim())
        };
        let aliases = ["aliases", "x_mitre_aliases"].iter();
        let mut aliases = aliases.filter_map(|name| object.get(*name)?.as_array());
        let references = object.get("external_references").and_then(Value::as_array);
        let mut references = references.into_iter().flatten();
        object.get("name").is_some_and(is)
            || aliases.any(|all| all.iter().any(is))
            || references.any(|one| one.get("external_id").is_some_and(is))
    }
}

/// Whether `bytes` contain a text of small letters, in any case of ASCII letters; also when they
/// may only be written otherwise, by JSON's escapes.
fn may_contain(bytes: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else {
        return true;
    };
    let mut rest = bytes;
    while let Some(at) = rest
        .iter()
        .position(|byte| byte.eq_ignore_ascii_case(first))
    {
        let from = rest.get(at..).unwrap_or_default();
        if from
            .get(..text.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(text))
        {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    bytes.windows(2).any(|two| two == b"\\u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_texts_and_not_in_their_names() {
        let object = r#"{"type":"report","id":"report--1","name":"The \"Harbour\" crane","pattern":"x",
            "description":"Gr\u00f6\u00dfe der K\u00c4FER","object_refs":["malware--2"],"x_n":17,
            "list":[{"deep":"a/b\/c"}]}"#;
        let check = |words: &str, expected: bool| {
            assert_eq!(
                Words::new(words).are_in(object.as_bytes()),
                expected,
                "{words}"
            );
        };
        for there in [
            "harbour",
            "\"harbour\" CRANE",
            "größe",
            "käfer",
            "17",
            "a/b/c",
            "",
        ] {
            check(there, true);
        }
        for not in ["pattern", "malware", "report", "object_refs", "cranes"] {
            check(not, false);
        }
        check("malware--2", true);
        check("REPORT--1", true);
    }

    #[test]
    fn an_object_is_called_by_its_name_an_alias_or_the_id_of_a_reference() {
        let object = r#"{"name":"Night Heron","aliases":["APT 0","Heron"],"labels":["Crane"],
            "external_references":[{"source_name":"list","external_id":"G0099"},{"url":"https://x.example/G0098"}]}"#;
        let check = |name: &str, expected: bool| {
            assert_eq!(Words::new(name).name(object.as_bytes()), expected, "{name}");
        };
        check("night heron", true);
        check("apt 0", true);
        check("g0099", true);
        check("G0098", false);
        check("G009", false);
        check("Night", false);
        check("crane", false);
    }
}
