//! Distribution: to whom MISP lets an event go, as a traffic light here.
//!
//! Whoever reads an instance is one hop further on, and MISP itself lowers what
//! an instance pulls from another: *this community only* becomes *your
//! organisation only*, *connected communities* becomes *this community only*.
//! The same is done here, so that nothing goes further than MISP would let it.

use super::json::{Members, text};

/// The light of MISP's `distribution`, as a place in [`super::tags::LIGHTS`]:
/// none where it sets no bound of its own.
///
/// * `0` your organisation only, `1` this community only, `4` a sharing group:
///   red, so nobody until somebody is named.
/// * `2` connected communities: amber and strict, so the collection's readers,
///   and not their clients.
/// * `3` all communities, `5` as the whole says: no bound.
pub(super) fn light(of: &Members) -> Option<usize> {
    match text(of, "distribution")?.as_str() {
        "0" | "1" | "4" => Some(0),
        "2" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn nothing_is_more_open_than_an_instance_that_pulls_would_have_it() {
        let check = |distribution: Value, expected: Option<usize>| {
            let of = json!({ "distribution": distribution });
            assert_eq!(light(of.as_object().unwrap()), expected, "{of}");
        };
        check(json!("0"), Some(0));
        check(json!(1), Some(0));
        check(json!("2"), Some(1));
        check(json!("3"), None);
        check(json!("4"), Some(0));
        check(json!("5"), None);
        check(json!(null), None);
    }
}
