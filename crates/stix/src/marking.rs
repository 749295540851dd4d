//! Markings: which TLP a marking definition stands for.
//!
//! TLP 1 has four well-known marking definitions (STIX 2.1, TLP Marking
//! Object Type), TLP 2.0 has five (OASIS, `cti-stix-common-objects`,
//! `extension-definition--60a3c5c5-…`). An object names them by id; whoever
//! reads a marking therefore needs no look-up for them.

use crate::json::Reader;

/// What a marking definition says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Marking {
    /// A traffic light: `red`, `amber+strict`, `amber`, `green` or `clear`.
    Tlp(&'static str),
    /// A statement alone: words for people, which say nothing of how widely it may go.
    Statement,
    /// Something that is not understood here, and may be a limit; the light where it states one
    /// besides.
    Unread(Option<&'static str>),
}

impl Marking {
    /// The marking behind a reference to a well-known definition; `None`
    /// where the definition has to be read.
    pub fn known(marking_ref: &str) -> Option<Self> {
        known_tlp(marking_ref).map(Self::Tlp)
    }

    /// The marking that a `marking-definition` object states. What is no such object, a light
    /// of another name, an extension other than TLP 2.0's, and a definition of another type than
    /// `tlp` and `statement` are [`Self::Unread`].
    pub fn of_definition(bytes: &[u8]) -> Self {
        let Some(read) = read(bytes).filter(|read| read.marking) else {
            return Self::Unread(None);
        };
        match (read.light(), read.kind) {
            (light, _) if read.strange => Self::Unread(light),
            (Some(light), _) => Self::Tlp(light),
            (None, Kind::Statement) => Self::Statement,
            (None, Kind::None | Kind::Tlp | Kind::Other) => Self::Unread(None),
        }
    }
}

/// The id of the extension by which TLP 2.0 is stated.
pub const TLP_2_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// Every well-known definition: the UUID, the light, the version of TLP.
pub(crate) const KNOWN: [(&str, &str, u8); 9] = [
    ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "clear", 1),
    ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", 1),
    ("f88d31f6-486f-44da-b317-01333bde0b82", "amber", 1),
    ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", 1),
    ("94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", 2),
    ("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", 2),
    ("55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", 2),
    ("939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict", 2),
    ("e828b379-4e03-4974-9ac4-e53a884c97c1", "red", 2),
];

/// The light behind the id of a well-known marking definition, in capitals or not. TLP 1's
/// `white` is `clear`, as TLP 2.0 renamed it.
pub fn known_tlp(marking_ref: &str) -> Option<&'static str> {
    const PREFIX: &str = "marking-definition--";
    let (prefix, uuid) = marking_ref.split_at_checked(PREFIX.len())?;
    let first = uuid.bytes().next()?.to_ascii_lowercase();
    // Most ids differ in their first letter already.
    let mut known = KNOWN
        .iter()
        .filter(|(known, _, _)| known.as_bytes().first() == Some(&first));
    let known = known.find(|(known, _, _)| known.eq_ignore_ascii_case(uuid))?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(known.1)
}

/// The light that a `marking-definition` object states: by its id, by
/// `definition.tlp` (TLP 1), or by TLP 2.0's extension. `None` for markings of
/// other kinds, and for bytes that are not such an object. An object that
/// states two different lights means the stricter.
pub fn tlp_of_definition(bytes: &[u8]) -> Option<&'static str> {
    read(bytes).filter(|read| read.marking)?.light()
}

/// What `definition_type` says.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    None,
    Tlp,
    Statement,
    Other,
}

/// What is read of a marking definition.
#[derive(Default)]
struct Read {
    marking: bool,
    kind: Kind,
    /// The lights that it states: by its id, in its definition, in its extension.
    id: Option<&'static str>,
    old: Option<&'static str>,
    new: Option<&'static str>,
    /// Whether something in it is not understood.
    strange: bool,
}

impl Read {
    fn light(&self) -> Option<&'static str> {
        let old = self.old.filter(|_| self.kind == Kind::Tlp);
        let said = [self.id, old, self.new].into_iter().flatten();
        said.max_by_key(|light| strictness(light))
    }
}

fn read(bytes: &[u8]) -> Option<Read> {
    let mut reader = Reader::new(bytes).ok()?;
    reader.take(b'{', "expected `{`").ok()?;
    let (mut first, mut read) = (true, Read::default());
    while let Some(key) = reader.key(&mut first).ok()? {
        let name = key.get();
        match (&*name, reader.peek()) {
            ("type", b'"') => read.marking = reader.string().ok()?.is("marking-definition"),
            ("definition_type", b'"') => {
                read.kind = match &*reader.string().ok()?.get() {
                    "tlp" => Kind::Tlp,
                    "statement" => Kind::Statement,
                    _ => Kind::Other,
                }
            }
            ("id", b'"') => read.id = known_tlp(&reader.string().ok()?.get()),
            ("definition", b'{') => read.old = light_in(&mut reader, &["tlp"]).ok()?,
            ("extensions", b'{') => {
                read.new = extensions(&mut reader, &mut read.strange).ok()?;
            }
            ("definition" | "definition_type" | "extensions", _) => {
                read.strange = true;
                reader.skip(1).ok()?;
            }
            _ => {
                reader.skip(1).ok()?;
            }
        }
    }
    // A definition of another type, or of a light that has no such name, beside one that is read.
    let other = read.kind == Kind::Other || (read.kind == Kind::Tlp && read.old.is_none());
    read.strange |= other && read.id.is_none();
    Some(read)
}

/// The light in TLP 2.0's extension; anything else that stands there is strange.
fn extensions(
    reader: &mut Reader<'_>,
    strange: &mut bool,
) -> Result<Option<&'static str>, crate::json::JsonFlaw> {
    let (mut light, mut first) = (None, true);
    reader.take(b'{', "expected `{`")?;
    while let Some(key) = reader.key(&mut first)? {
        if key.is(TLP_2_EXTENSION) && reader.peek() == b'{' {
            light = light_in(reader, &["tlp_2_0"])?;
            *strange |= light.is_none();
        } else {
            reader.skip(2)?;
            *strange = true;
        }
    }
    Ok(light)
}

/// The light at a path of keys below the object that comes next.
fn light_in(
    reader: &mut Reader<'_>,
    path: &[&str],
) -> Result<Option<&'static str>, crate::json::JsonFlaw> {
    let (mut light, mut first) = (None, true);
    reader.take(b'{', "expected `{`")?;
    while let Some(key) = reader.key(&mut first)? {
        match path {
            [last] if key.is(last) && reader.peek() == b'"' => {
                light = named(&reader.string()?.get());
            }
            [step, rest @ ..] if !rest.is_empty() && key.is(step) && reader.peek() == b'{' => {
                light = light_in(reader, rest)?;
            }
            _ => {
                reader.skip(3)?;
            }
        }
    }
    Ok(light)
}

/// A light by its name, in either version's spelling; a name in capitals or
/// with the prefix `TLP:` is understood too.
fn named(text: &str) -> Option<&'static str> {
    let name = text.to_ascii_lowercase();
    match name.strip_prefix("tlp:").unwrap_or(&name) {
        "red" => Some("red"),
        "amber+strict" => Some("amber+strict"),
        "amber" => Some("amber"),
        "green" => Some("green"),
        "clear" | "white" => Some("clear"),
        _ => None,
    }
}

fn strictness(light: &str) -> u8 {
    match light {
        "red" => 4,
        "amber+strict" => 3,
        "amber" => 2,
        "green" => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_well_known_definitions_are_known() {
        let light = |uuid: &str| known_tlp(&format!("marking-definition--{uuid}"));
        assert_eq!(light("613f2e26-407d-48c7-9eca-b8e91df99dc9"), Some("clear"));
        assert_eq!(
            light("939a9414-2ddd-4d32-a0cd-375ea402b003"),
            Some("amber+strict")
        );
        assert_eq!(light("E828B379-4E03-4974-9AC4-E53A884C97C1"), Some("red"));
        assert_eq!(light("00000000-0000-4000-8000-000000000000"), None);
        assert_eq!(
            known_tlp("identity--613f2e26-407d-48c7-9eca-b8e91df99dc9"),
            None
        );
    }

    fn check(text: &str, light: Option<&str>) {
        assert_eq!(tlp_of_definition(text.as_bytes()), light, "{text}");
    }

    #[test]
    fn a_definition_states_its_light_in_either_version() {
        check(
            r#"{"type":"marking-definition","id":"marking-definition--1","definition_type":"tlp","definition":{"tlp":"white"}}"#,
            Some("clear"),
        );
        check(
            r#"{"type":"marking-definition","extensions":{"other":{"tlp_2_0":"red"},"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber+strict"}}}"#,
            Some("amber+strict"),
        );
        check(
            r#"{"id":"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1","definition_type":"tlp","definition":{"tlp":"green"},"type":"marking-definition"}"#,
            Some("red"),
        );
    }

    #[test]
    fn what_states_no_light_has_none() {
        check(
            r#"{"type":"marking-definition","definition_type":"statement","definition":{"statement":"tlp","tlp":"red"}}"#,
            None,
        );
        check(
            r#"{"type":"note","definition_type":"tlp","definition":{"tlp":"red"}}"#,
            None,
        );
        check("[]", None);
        check("{", None);
    }

    #[test]
    fn what_is_not_understood_is_no_statement() {
        const TLP_2: &str = r#""extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"green"}"#;
        const OTHER: &str =
            r#""extension-definition--1":{"extension_type":"property-extension","tlp":"red"}"#;
        let statement = r#""definition_type":"statement","definition":{"statement":"© example"}"#;
        for (more, marking) in [
            (statement.to_owned(), Marking::Statement),
            (
                format!(r#""extensions":{{{TLP_2}}}"#),
                Marking::Tlp("green"),
            ),
            (
                format!(r#"{statement},"extensions":{{{TLP_2}}}"#),
                Marking::Tlp("green"),
            ),
            (
                format!(r#"{statement},"extensions":{{{OTHER}}}"#),
                Marking::Unread(None),
            ),
            (
                format!(r#""extensions":{{{TLP_2},{OTHER}}}"#),
                Marking::Unread(Some("green")),
            ),
            (
                r#""definition_type":"tlp","definition":{"tlp":"orange"}"#.to_owned(),
                Marking::Unread(None),
            ),
            (
                r#""definition_type":"tlp","definition":"red""#.to_owned(),
                Marking::Unread(None),
            ),
            (
                r#""definition_type":"iep","definition":{"tlp":"red"}"#.to_owned(),
                Marking::Unread(None),
            ),
            (
                format!(r#"{statement},"extensions":"none""#),
                Marking::Unread(None),
            ),
            (r#""name":"nothing""#.to_owned(), Marking::Unread(None)),
        ] {
            let text =
                format!(r#"{{"type":"marking-definition","id":"marking-definition--1",{more}}}"#);
            assert_eq!(Marking::of_definition(text.as_bytes()), marking, "{text}");
        }
        let known = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
        let known = format!(r#"{{"type":"marking-definition","id":"{known}"}}"#);
        assert_eq!(
            Marking::of_definition(known.as_bytes()),
            Marking::Tlp("red")
        );
        for none in ["{", r#"{"type":"note","definition_type":"statement"}"#] {
            let marking = Marking::of_definition(none.as_bytes());
            assert_eq!(marking, Marking::Unread(None), "{none}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[{}\\[\\]\":,a-z]{0,60}") {
            let _ = Marking::of_definition(text.as_bytes());
        }
    }
}
