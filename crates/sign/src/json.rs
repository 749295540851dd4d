//! Strict reading of small JSON objects: what `serde_json` would let pass.
//!
//! Derived readers already refuse a key twice and, when told so, a key nobody
//! knows. They also take an array in place of an object; [`Object`] does not.
//! Nesting needs no bound of its own: a type here has a fixed shape, and what
//! is skipped is skipped without recursion.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The most of a parser's complaint that is kept, in bytes: it can quote what
/// it read, and what it read came from outside.
const COMPLAINT_BYTES_MAX: usize = 160;

/// Why bytes are not the JSON that was asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{complaint}")]
pub struct JsonError {
    complaint: String,
}

impl JsonError {
    fn new(mut complaint: String) -> Self {
        if complaint.len() > COMPLAINT_BYTES_MAX {
            let mut end = COMPLAINT_BYTES_MAX;
            while !complaint.is_char_boundary(end) {
                end -= 1;
            }
            complaint.truncate(end);
            complaint.push('…');
        }
        Self { complaint }
    }
}

/// Parses exactly one object, with nothing before its `{` or after its `}`.
///
/// # Errors
///
/// [`JsonError`] with the place of the first byte that is wrong.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JsonError> {
    if bytes.first() != Some(&b'{') || bytes.last() != Some(&b'}') {
        return Err(JsonError::new(
            "expected one object and nothing around it".to_owned(),
        ));
    }
    match serde_json::from_slice::<Object<T>>(bytes) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(JsonError::new(error.to_string())),
    }
}

/// Writes one object, without spaces, its fields in the order of their type.
///
/// # Errors
///
/// [`JsonError`] if `value` has a part that JSON cannot say.
pub(crate) fn write_object<T: Serialize>(value: &T) -> Result<Vec<u8>, JsonError> {
    serde_json::to_vec(value).map_err(|error| JsonError::new(error.to_string()))
}

/// A `T` written as a JSON object, never as an array.
pub(crate) struct Object<T>(pub(crate) T);

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Eq, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: u8,
    }

    fn check(text: &str, expected: Option<&Pair>) {
        let parsed = parse_object::<Pair>(text.as_bytes()).ok();
        assert_eq!(parsed.as_ref(), expected, "{text}");
    }

    #[test]
    fn only_an_object_with_each_key_once_is_read() {
        check(r#"{"a":1,"b":2}"#, Some(&Pair { a: 1, b: 2 }));
        check(r#"{ "b": 2, "\u0061": 1 }"#, Some(&Pair { a: 1, b: 2 }));
        check("[1,2]", None);
        check(r#"{"a":1,"b":2,"a":1}"#, None);
        check(r#"{"a":1,"b":2,"\u0061":1}"#, None);
        check(r#"{"a":1,"b":2,"c":3}"#, None);
        check(r#"{"a":1}"#, None);
        check(r#"{"a":1,"b":2}{}"#, None);
        check(" {\"a\":1,\"b\":2}", None);
        check("{\"a\":1,\"b\":2}\n", None);
        check("", None);
    }

    #[test]
    fn a_complaint_never_grows_with_what_was_sent() {
        let key = "é".repeat(4096);
        let error = parse_object::<Pair>(format!(r#"{{"{key}":1}}"#).as_bytes()).unwrap_err();
        assert!(error.to_string().len() <= COMPLAINT_BYTES_MAX + '…'.len_utf8());
    }
}
