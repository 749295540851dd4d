//! The revoked version of an object: its own words, `revoked`, and a later `modified`.

use serde::{Deserialize, Deserializer, de::MapAccess, de::Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// An object's members in the order in which they stand, each value as its exact text.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Order;
        impl<'de> Visitor<'de> for Order {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Order)
    }
}

/// The next version of an object, revoked (STIX 2.1 §3.6.2): every other member keeps its exact
/// text. `None` for what has no versions — cyber-observables, markings — and for what is no object.
pub(super) fn revoked(object: &[u8], modified_us: i64) -> Option<Vec<u8>> {
    let Members(members) = serde_json::from_slice(object).ok()?;
    let named = |name: &str| members.iter().any(|(held, _)| held == name);
    if !named("modified") || !named("id") {
        return None;
    }
    // Versions are told apart by the millisecond (STIX 2.1 §3.6.1 lets them be finer, 2.0 does not).
    let millis = modified_us
        .div_euclid(1000)
        .checked_add(1)?
        .checked_mul(1000)?;
    let modified = format!("\"{}\"", portcullis_stix::taxii::Micros(millis));
    let mut out = Vec::with_capacity(object.len() + 32);
    for (name, value) in &members {
        let value = match name.as_str() {
            "modified" => modified.as_str(),
            "revoked" => continue,
            _ => value.get(),
        };
        out.push(if out.is_empty() { b'{' } else { b',' });
        out.extend(serde_json::to_vec(name).ok()?);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(b",\"revoked\":true}");
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_two_members_keep_their_exact_text() {
        let object = br#"{ "type":"indicator", "id": "indicator--1", "x_big": 1.10e400,
            "modified":"2026-01-01T00:00:00.000Z", "name":"\u00e9" , "revoked": false}"#;
        let text = String::from_utf8(revoked(object, 1_795_000_000_123_456).unwrap()).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"type":"indicator","id":"indicator--1","x_big":1.10e400,"#,
                r#""modified":"2026-11-18T11:06:40.124000Z","name":"\u00e9","revoked":true}"#
            )
        );
    }

    #[test]
    fn what_has_no_versions_cannot_be_revoked() {
        for object in [
            &br#"{"type":"ipv4-addr","id":"ipv4-addr--1","value":"192.0.2.1"}"#[..],
            b"[]",
            b"{",
            b"{}",
        ] {
            assert_eq!(revoked(object, 0), None);
        }
    }
}
