//! When the revoked version of an object is dated.

use portcullis_stix::taxii::Micros;

/// The next version of an object, revoked, with nothing in it that need not be; later than `modified_us`.
/// `None` for what has no versions — cyber-observables, markings — and for what is no object.
pub(super) fn revoked(object: &[u8], modified_us: i64) -> Option<Vec<u8>> {
    // Versions are told apart by the millisecond (STIX 2.1 §3.6.1 lets them be finer, 2.0 does not).
    let millis = modified_us
        .div_euclid(1000)
        .checked_add(1)?
        .checked_mul(1000)?;
    portcullis_stix::revoked::revoked(object, Micros(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_dated_a_millisecond_later_and_has_none_of_the_words() {
        let object = br#"{ "type":"indicator", "id": "indicator--1", "x_big": 1.10e300,
            "created":"2026-01-01T00:00:00Z", "modified":"2026-01-01T00:00:00.000Z", "name":"\u00e9" , "revoked": false}"#;
        let text = String::from_utf8(revoked(object, 1_795_000_000_123_456).unwrap()).unwrap();
        let head = concat!(
            r#"{"type":"indicator","id":"indicator--1","created":"2026-01-01T00:00:00Z","#,
            r#""modified":"2026-11-18T11:06:40.124000Z","revoked":true,"#
        );
        assert!(text.starts_with(head), "{text}");
        assert!(
            !text.contains("name\"") && !text.contains("x_big"),
            "{text}"
        );
    }
}
