//! Envelopes and bundles: where each of their objects lies (TAXII 2.1,
//! Envelope Resource; STIX 2.1, 8 Bundle).

use std::borrow::Cow;

use super::OBJECT_BYTES_MAX;
use crate::json::{JsonFlaw, Reader};

/// The longest envelope or bundle we read, in bytes: 32 times the largest
/// public bundle, and below what a 32-bit offset can say.
pub const ENVELOPE_BYTES_MAX: usize = 1 << 30;
/// The most objects of one envelope or bundle.
pub const ENVELOPE_OBJECTS_MAX: usize = 1_000_000;
/// An object of an envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slice<'a> {
    /// The object's bytes, from brace to brace.
    pub bytes: &'a [u8],
    /// Where they begin in the envelope's bytes.
    pub offset: usize,
}

/// A TAXII envelope (TAXII 2.1, Envelope Resource) or a STIX bundle
/// (STIX 2.1, Bundle).
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    /// The objects, in their order.
    pub objects: Vec<Slice<'a>>,
    /// `more`: the server has further objects.
    pub more: bool,
    /// `next`: where to go on.
    pub next: Option<Cow<'a, str>>,
    /// The `id` of a bundle; `None` for an envelope.
    pub bundle: Option<Cow<'a, str>>,
    /// Every other member with its exact text.
    pub custom: Vec<(Cow<'a, str>, &'a str)>,
}

/// Why bytes are not an envelope.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeFlaw {
    /// More than [`ENVELOPE_BYTES_MAX`].
    #[error("an envelope has at most {ENVELOPE_BYTES_MAX} bytes")]
    TooLarge,
    /// More objects than [`ENVELOPE_OBJECTS_MAX`].
    #[error("an envelope has at most {ENVELOPE_OBJECTS_MAX} objects; send the rest in another")]
    TooMany,
    /// An object of more than [`OBJECT_BYTES_MAX`].
    #[error("object {0} has more than {OBJECT_BYTES_MAX} bytes")]
    ObjectTooLarge(usize),
    /// Not JSON, or nested too deeply.
    #[error("not JSON that we read: {0}")]
    Json(#[from] JsonFlaw),
    /// JSON, but not an object.
    #[error("an envelope is a JSON object")]
    NotAnObject,
    /// `objects` is not a list.
    #[error("`objects` is a list")]
    NotAList,
    /// An entry of `objects` is not a JSON object.
    #[error("object {0} is not a JSON object")]
    NotAnEntry(usize),
    /// `more` or `next` is not of its type.
    #[error("`{0}` is not of its type")]
    WrongType(&'static str),
    /// A member stands twice.
    #[error("`{0}` stands twice")]
    Twice(String),
    /// Members of our own choosing are many.
    #[error("an envelope has at most {CUSTOM_MAX} members of its own")]
    TooManyMembers,
}

/// The most members of an envelope that the standard does not know.
const CUSTOM_MAX: usize = 64;

/// Finds the objects of a TAXII envelope or a STIX bundle.
///
/// Every byte is read once, so what comes back is well-formed throughout.
///
/// # Errors
///
/// The first [`EnvelopeFlaw`] met.
pub fn envelope(bytes: &[u8]) -> Result<Envelope<'_>, EnvelopeFlaw> {
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(EnvelopeFlaw::TooLarge);
    }
    let mut reader = Reader::new(bytes)?;
    let mut found = Envelope::default();
    let mut seen = Vec::with_capacity(4);
    let (mut id, mut is_bundle) = (None, false);
    if reader.peek() != b'{' {
        // Say that it is not JSON before that it is not an object.
        reader.skip(0)?;
        return Err(EnvelopeFlaw::NotAnObject);
    }
    reader.take(b'{', "expected `{`")?;
    let mut first = true;
    while let Some(key) = reader.key(&mut first)? {
        let name = key.get();
        if seen.contains(&name) {
            return Err(EnvelopeFlaw::Twice(name.into_owned()));
        }
        match &*name {
            "objects" => objects(bytes, &mut reader, &mut found.objects)?,
            "more" => {
                found.more = match reader.skip(1)? {
                    "true" => true,
                    "false" => false,
                    _ => return Err(EnvelopeFlaw::WrongType("more")),
                };
            }
            "next" => match reader.peek() {
                b'"' => found.next = Some(reader.string()?.get()),
                _ => return Err(EnvelopeFlaw::WrongType("next")),
            },
            other => {
                let own = if reader.peek() == b'"' {
                    let text = reader.string()?;
                    is_bundle |= other == "type" && text.is("bundle");
                    if other == "id" {
                        id = Some(text.get());
                    }
                    // The exact text has its quotes.
                    let end = reader.at();
                    let start = end - text.raw.len() - 2;
                    bytes
                        .get(start..end)
                        .and_then(|own| std::str::from_utf8(own).ok())
                        .unwrap_or("")
                } else {
                    reader.skip(1)?
                };
                if found.custom.len() == CUSTOM_MAX {
                    return Err(EnvelopeFlaw::TooManyMembers);
                }
                found.custom.push((name.clone(), own));
            }
        }
        seen.push(name);
    }
    reader.end()?;
    if is_bundle {
        found.bundle = Some(id.unwrap_or_default());
        found
            .custom
            .retain(|(name, _)| !matches!(&**name, "type" | "id" | "spec_version"));
    }
    Ok(found)
}

fn objects<'a>(
    bytes: &'a [u8],
    reader: &mut Reader<'a>,
    found: &mut Vec<Slice<'a>>,
) -> Result<(), EnvelopeFlaw> {
    if reader.peek() != b'[' {
        return Err(EnvelopeFlaw::NotAList);
    }
    reader.take(b'[', "expected `[`")?;
    let mut first = true;
    while reader.item(&mut first)? {
        if reader.peek() != b'{' {
            reader.skip(2)?;
            return Err(EnvelopeFlaw::NotAnEntry(found.len()));
        }
        if found.len() == ENVELOPE_OBJECTS_MAX {
            return Err(EnvelopeFlaw::TooMany);
        }
        let offset = reader.at();
        let object = reader.skip(0)?;
        if object.len() > OBJECT_BYTES_MAX {
            return Err(EnvelopeFlaw::ObjectTooLarge(found.len()));
        }
        found.push(Slice {
            bytes: bytes.get(offset..offset + object.len()).unwrap_or(&[]),
            offset,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::header;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_envelope_gives_each_object_byte_for_byte() {
        let text = r#"{"more":true,"next":"a\"b","objects":[ {"a": 1} ,{"b":[{}]}],"x_own":{"y":2},"s":"t"}"#;
        let found = envelope(text.as_bytes()).unwrap();
        let objects: Vec<_> = found.objects.iter().map(|slice| slice.bytes).collect();
        assert_eq!(objects, [br#"{"a": 1}"#.as_slice(), br#"{"b":[{}]}"#]);
        for slice in &found.objects {
            assert_eq!(
                &text.as_bytes()[slice.offset..][..slice.bytes.len()],
                slice.bytes
            );
        }
        assert!(found.more && found.bundle.is_none());
        assert_eq!(found.next.as_deref(), Some("a\"b"));
        assert_eq!(
            found.custom,
            [("x_own".into(), r#"{"y":2}"#), ("s".into(), r#""t""#)]
        );
    }

    #[test]
    fn a_bundle_is_an_envelope_too() {
        let found =
            envelope(br#"{"type":"bundle","id":"bundle--1","objects":[{}],"x":1}"#).unwrap();
        assert_eq!(found.bundle.as_deref(), Some("bundle--1"));
        assert_eq!((found.objects.len(), found.custom.len()), (1, 1));
        assert!(envelope(b"{}").unwrap().objects.is_empty());
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let many = format!(
            r#"{{"objects":[{}{{}}]}}"#,
            "{},".repeat(ENVELOPE_OBJECTS_MAX)
        );
        for (text, flaw) in [
            ("[]", EnvelopeFlaw::NotAnObject),
            (r#"{"objects":{}}"#, EnvelopeFlaw::NotAList),
            (r#"{"objects":[{},1]}"#, EnvelopeFlaw::NotAnEntry(1)),
            (r#"{"more":1}"#, EnvelopeFlaw::WrongType("more")),
            (r#"{"next":1}"#, EnvelopeFlaw::WrongType("next")),
            (
                r#"{"objects":[],"objects":[]}"#,
                EnvelopeFlaw::Twice("objects".into()),
            ),
            (many.as_str(), EnvelopeFlaw::TooMany),
        ] {
            assert_eq!(envelope(text.as_bytes()).unwrap_err(), flaw, "{text:.60}");
        }
        assert!(matches!(
            envelope(b"{\"objects\":[{]}"),
            Err(EnvelopeFlaw::Json(_))
        ));
    }

    proptest! {
        #[test]
        fn what_an_envelope_gives_a_header_reads(ids in proptest::collection::vec("\\PC{1,12}", 0..8)) {
            let objects: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id, "type": "t"})).collect();
            let text = serde_json::json!({"objects": objects}).to_string();
            let found = envelope(text.as_bytes()).unwrap();
            for (slice, id) in found.objects.iter().zip(&ids) {
                prop_assert_eq!(&header(slice.bytes).unwrap().id, id);
            }
            prop_assert_eq!(found.objects.len(), ids.len());
        }
    }
}
