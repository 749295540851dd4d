//! Bytes that are no bundle, no statement, too long or too deep.

use super::{NEXT_DAY, not_genuine, whole};
use crate::kit::World;
use portcullis_sign::Envelope;
use portcullis_verdict::{
    Bundle, Entry,
    bundle::{BUNDLE_BYTES_MAX, BundleError},
};
use proptest::prelude::*;

fn entry(envelope: impl Into<Vec<u8>>) -> Entry {
    Entry {
        envelope: envelope.into(),
        inclusion: None,
    }
}

/// An envelope of these bytes with the signatures of a real statement.
fn around(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (_, story) = whole();
    let real = Envelope::parse(&story.entries[0].envelope).unwrap();
    let sealed = Envelope::seal(payload_type, payload, real.signatures().to_vec()).unwrap();
    sealed.as_bytes().to_vec()
}

const DRAFTED: &str = "application/vnd.portcullis.drafted+json";

#[test]
fn an_empty_bundle_is_not_genuine() {
    not_genuine(
        &World::new().verdict(Vec::new(), None, NEXT_DAY),
        "bundle.empty",
    );
}

#[test]
fn an_envelope_of_garbage_is_no_statement() {
    let world = World::new();
    for garbage in [&b""[..], b"{}", b"\xff\xfe", b"[[[[[[[["] {
        not_genuine(
            &world.verdict(vec![entry(garbage)], None, NEXT_DAY),
            "statement.envelope",
        );
    }
}

#[test]
fn a_payload_that_is_too_long_or_too_deep_is_no_statement() {
    let world = World::new();
    let long = format!("{{\"kind\":\"{}\"}}", "a".repeat(256 * 1024));
    let verdict = world.verdict(
        vec![entry(around(DRAFTED, long.as_bytes()))],
        None,
        NEXT_DAY,
    );
    not_genuine(&verdict, "statement.too_long");
    let deep = format!("{{\"body\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let verdict = world.verdict(
        vec![entry(around(DRAFTED, deep.as_bytes()))],
        None,
        NEXT_DAY,
    );
    not_genuine(&verdict, "statement.payload");
}

#[test]
fn unknown_and_doubled_keys_are_no_statement() {
    for add in ["\"extra\":1,", "\"number\":0,"] {
        let (world, mut story) = whole();
        story.forge(0, |payload| payload.replacen('{', &format!("{{{add}"), 1));
        not_genuine(
            &world.verdict(story.entries, None, NEXT_DAY),
            "statement.payload",
        );
    }
}

#[test]
fn an_approval_is_not_read_as_another_kind_of_statement() {
    let (world, story) = whole();
    let approval = Envelope::parse(&story.entries[1].envelope).unwrap();
    let renamed =
        Envelope::seal(DRAFTED, approval.payload(), approval.signatures().to_vec()).unwrap();
    let mut entries = story.entries.clone();
    entries[1] = entry(renamed.as_bytes());
    not_genuine(
        &world.verdict(entries, None, NEXT_DAY),
        "statement.payload_type",
    );
}

#[test]
fn a_bundle_that_is_too_long_or_too_deep_is_none() {
    let long = vec![b' '; BUNDLE_BYTES_MAX + 1];
    assert_eq!(
        Bundle::parse(&long),
        Err(BundleError::TooLong(BUNDLE_BYTES_MAX + 1))
    );
    let deep = format!(
        "{{\"kind\":\"portcullis-bundle/v1\",\"statements\":{}",
        "[".repeat(1_000_000)
    );
    assert!(matches!(
        Bundle::parse(deep.as_bytes()),
        Err(BundleError::Malformed(_))
    ));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Bundle::parse(&bytes);
    }

    #[test]
    fn no_flipped_byte_of_a_bundle_is_genuine_elsewhere(at in 0_usize..20_000, flip in 1_u8..=255) {
        let (world, story) = whole();
        let mut bytes = Bundle { entries: story.entries.clone() }.to_bytes();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(bundle) = Bundle::parse(&bytes) {
            let verdict = world.verdict(bundle.entries.clone(), Some("mail"), NEXT_DAY);
            // Base64 and JSON leave no second way to write the same bundle.
            prop_assert!(!verdict.holds() || bundle.entries == story.entries, "{}", verdict.line);
        }
    }
}
