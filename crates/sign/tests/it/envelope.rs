//! Envelopes: what is parsed, what is refused, what is kept.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_sign::{
    ENVELOPE_BYTES_MAX, Envelope, EnvelopeError, KeyId, PAYLOAD_TYPE_BYTES_MAX,
    SIGNATURE_BYTES_MAX, SIGNATURES_MAX, Signature, SignatureError,
};
use proptest::prelude::*;

use crate::statement::{KIND, PAYLOAD, secret};

fn sealed() -> Envelope {
    Envelope::seal(KIND, PAYLOAD, vec![secret(1).sign(KIND, PAYLOAD)]).unwrap()
}

fn signature(n: u8) -> Signature {
    Signature {
        key_id: KeyId::from_bytes([n; 32]),
        sig: vec![n],
    }
}

/// The text of an envelope with these parts, each already JSON.
fn text(payload: &str, signatures: &str) -> String {
    format!(r#"{{"payloadType":"a/b","payload":{payload},"signatures":{signatures}}}"#)
}

fn one_signature() -> String {
    format!(r#"{{"keyid":"key_{}","sig":"AQ=="}}"#, "01".repeat(32))
}

fn refusal(text: &str) -> EnvelopeError {
    Envelope::parse(text.as_bytes()).expect_err(text)
}

fn assert_json_refused(text: &str) {
    assert!(matches!(refusal(text), EnvelopeError::Json(_)), "{text}");
}

#[test]
fn the_written_form_stays_what_it_is() {
    let text = String::from_utf8(sealed().as_bytes().to_vec()).unwrap();
    insta::assert_snapshot!(text.replace(",\"", ",\n\""), @r#"
    {"payloadType":"application/vnd.portcullis.order.approved+json",
    "payload":"eyJraW5kIjoiYXBwcm92ZWQiLCJjYXNlIjoiY2FzZV8wMSIsIm51bWJlciI6Mn0=",
    "signatures":[{"keyid":"key_d727ab7581a5dfcad5ad2bc82885f66e835ca45fe7122716990cd976acb9985d",
    "sig":"awD2+5vk2U4WVOkgEySa0JbOAe0NQMb6bSdrYf/xEvApO8WDdx3uXt1mqKYfO+SjAB+qzhjzkmyKRtKee2mrAA=="}]}
    "#);
}

#[test]
fn exact_bytes_are_kept_however_they_are_spaced() {
    let spaced = format!(
        "{{ \"signatures\": [\n{}\n],\t\"payload\":\"e30=\", \"payload\\u0054ype\": \"a\\/b\" }}",
        one_signature()
    );
    let envelope = Envelope::parse(spaced.as_bytes()).unwrap();
    assert_eq!(envelope.as_bytes(), spaced.as_bytes());
    assert_eq!(envelope.payload_type(), "a/b");
    assert_eq!(envelope.payload(), b"{}");
    assert_eq!(envelope.signatures(), [signature(1)]);

    let plain = Envelope::seal("a/b", b"{}", vec![signature(1)]).unwrap();
    assert_ne!(plain, envelope);
    assert_ne!(plain.digest(), envelope.digest());
    assert_eq!(plain.payload_digest(), envelope.payload_digest());
}

#[test]
fn digests_are_sha_256_of_the_bytes() {
    use sha2::{Digest as _, Sha256};
    let envelope = sealed();
    assert_eq!(
        envelope.digest(),
        <[u8; 32]>::from(Sha256::digest(envelope.as_bytes()))
    );
    assert_eq!(
        envelope.payload_digest(),
        <[u8; 32]>::from(Sha256::digest(PAYLOAD))
    );
}

#[test]
fn only_one_object_of_the_right_shape_is_an_envelope() {
    let one = one_signature();
    let good = text(r#""e30=""#, &format!("[{one}]"));
    assert!(Envelope::parse(good.as_bytes()).is_ok());

    for bad in [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        format!("\u{feff}{good}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}{{}}"),
        good.replacen('{', r#"{"payloadType":"a/b","#, 1),
        good.replacen('{', r#"{"payload":"e30=","#, 1),
        good.replacen('{', r#"{"signatures":[],"#, 1),
        good.replacen('{', r#"{"more":1,"#, 1),
        good.replacen(r#""payloadType":"a/b","#, "", 1),
        good.replacen(r#""payload":"e30=","#, "", 1),
        good.replace("payloadType", "payloadtype"),
        good.replace("a/b", r"\ud800"),
        text("null", &format!("[{one}]")),
        text("[101,51]", &format!("[{one}]")),
        text(r#""e30=""#, &one),
        text(r#""e30=""#, "null"),
        text(r#""e30=""#, r#"["key","AQ=="]"#),
        text(
            r#""e30=""#,
            &format!(r#"[["key_{}","AQ=="]]"#, "01".repeat(32)),
        ),
        text(
            r#""e30=""#,
            &format!("[{}]", one.replacen('{', r#"{"cert":"","#, 1)),
        ),
        text(
            r#""e30=""#,
            &format!("[{}]", one.replacen('{', r#"{"sig":"AQ==","#, 1)),
        ),
        text(
            r#""e30=""#,
            &format!("[{}]", one.replacen("keyid", "keyId", 1)),
        ),
        text(r#""e30=""#, &format!("[{one},]")),
        format!(r#"["a/b","e30=",[{one}]]"#),
    ] {
        assert_json_refused(&bad);
    }
    let mut not_utf8 = good.into_bytes();
    not_utf8[17] = 0xff;
    assert!(matches!(
        Envelope::parse(&not_utf8),
        Err(EnvelopeError::Json(_))
    ));
}

#[test]
fn depth_is_refused_wherever_it_is() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    for deep in [deep, objects] {
        assert_json_refused(&deep);
        assert_json_refused(&text(&deep, "[]"));
        assert_json_refused(&text(r#""e30=""#, &deep));
        assert_json_refused(&text(r#""e30=""#, &format!("[{deep}]")));
        assert_json_refused(&format!(r#"{{"more":{deep}}}"#));
    }
}

#[test]
fn base64_has_one_form() {
    let one = format!("[{}]", one_signature());
    for bad in [
        "e30", "e31=", "e30==", "e3 0=", r"e30=\n", "_-8=", "e30=e30=", "=", "é",
    ] {
        let text = text(&format!("\"{bad}\""), &one);
        assert_eq!(refusal(&text), EnvelopeError::Base64("payload"), "{bad}");
    }
    for bad in ["AQ", "AR==", "AQ= =", "-_8=", "AQ==AQ=="] {
        let text = text(r#""e30=""#, &one.replace("AQ==", bad));
        assert_eq!(refusal(&text), EnvelopeError::Base64("sig"), "{bad}");
    }
}

#[test]
fn key_ids_are_in_their_one_form() {
    let one = one_signature();
    for bad in [
        one.replace("key_", ""),
        one.replace("key_", "KEY_"),
        one.replacen("01", "0A", 1),
        one.replacen("01", "", 1),
    ] {
        assert_eq!(
            refusal(&text(r#""e30=""#, &format!("[{bad}]"))),
            EnvelopeError::KeyId
        );
    }
}

#[test]
fn bounds_hold_for_reading_and_for_writing() {
    let check =
        |kind: &str, payload: &[u8], signatures: Vec<Signature>, expected: EnvelopeError| {
            let list: Vec<String> = signatures
                .iter()
                .map(|one| {
                    format!(
                        r#"{{"keyid":"{}","sig":"{}"}}"#,
                        one.key_id,
                        STANDARD.encode(&one.sig)
                    )
                })
                .collect();
            let text = format!(
                r#"{{"payloadType":"{kind}","payload":"{}","signatures":[{}]}}"#,
                STANDARD.encode(payload),
                list.join(",")
            );
            assert_eq!(
                Envelope::seal(kind, payload, signatures),
                Err(expected.clone())
            );
            assert_eq!(refusal(&text), expected);
        };
    let with_sig = |length: usize| {
        vec![Signature {
            sig: vec![0; length],
            ..signature(1)
        }]
    };

    check("a/b", b"", vec![], EnvelopeError::NoSignature);
    check(
        "a/b",
        b"",
        (0..=16).map(signature).collect(),
        EnvelopeError::TooManySignatures,
    );
    check(
        "a/b",
        b"",
        vec![signature(1), signature(2), signature(1)],
        EnvelopeError::SignerTwice(signature(1).key_id),
    );
    check("a/b", b"", with_sig(0), EnvelopeError::SignatureLength);
    check(
        "a/b",
        b"",
        with_sig(SIGNATURE_BYTES_MAX + 1),
        EnvelopeError::SignatureLength,
    );
    for kind in [
        "",
        "a b",
        "é",
        "\u{7f}",
        &"a".repeat(PAYLOAD_TYPE_BYTES_MAX + 1),
    ] {
        check(kind, b"", vec![signature(1)], EnvelopeError::PayloadType);
    }
    check(
        "a/b",
        &vec![0; ENVELOPE_BYTES_MAX * 3 / 4],
        vec![signature(1)],
        EnvelopeError::TooLong,
    );

    let most: Vec<_> = (0..16)
        .map(|n| Signature {
            sig: vec![n; SIGNATURE_BYTES_MAX],
            ..signature(n)
        })
        .collect();
    assert_eq!(most.len(), SIGNATURES_MAX);
    let kind = "a".repeat(PAYLOAD_TYPE_BYTES_MAX);
    let envelope = Envelope::seal(&kind, &vec![1; 600_000], most).unwrap();
    assert!(envelope.as_bytes().len() < ENVELOPE_BYTES_MAX);
    assert_eq!(Envelope::parse(envelope.as_bytes()), Ok(envelope));
}

#[test]
fn each_signer_is_found_by_the_name_of_the_key() {
    let both = sealed()
        .with_signature(secret(2).sign(KIND, PAYLOAD))
        .unwrap();
    assert_eq!(both.verify_by(&secret(1).public()), Ok(()));
    assert_eq!(both.verify_by(&secret(2).public()), Ok(()));
    assert_eq!(
        both.verify_by(&secret(3).public()),
        Err(SignatureError::NoSuchSigner)
    );
    assert_eq!(
        both.with_signature(secret(1).sign(KIND, PAYLOAD)),
        Err(EnvelopeError::SignerTwice(secret(1).public().id()))
    );
}

#[test]
fn a_borrowed_name_does_not_verify() {
    let forged = Signature {
        key_id: secret(1).public().id(),
        sig: secret(2).sign(KIND, PAYLOAD).sig,
    };
    let envelope = Envelope::seal(KIND, PAYLOAD, vec![forged]).unwrap();
    assert_eq!(
        envelope.verify_by(&secret(1).public()),
        Err(SignatureError::BadSignature)
    );
    assert_eq!(
        envelope.verify_by(&secret(2).public()),
        Err(SignatureError::NoSuchSigner)
    );
}

#[test]
fn no_bit_of_an_envelope_can_be_flipped() {
    let envelope = sealed();
    for bit in 0..envelope.as_bytes().len() * 8 {
        let mut bytes = envelope.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verified =
            Envelope::parse(&bytes).is_ok_and(|it| it.verify_by(&secret(1).public()).is_ok());
        assert!(!verified, "bit {bit}: {}", String::from_utf8_lossy(&bytes));
    }
}

proptest! {
    #[test]
    fn what_is_sealed_is_parsed(
        kind in "[!-~]{1,60}",
        payload: Vec<u8>,
        sigs in prop::collection::btree_map(any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 1..99), 1..16),
    ) {
        let signatures = sigs
            .into_iter()
            .map(|(id, sig)| Signature { key_id: KeyId::from_bytes(id), sig })
            .collect::<Vec<_>>();
        let sealed = Envelope::seal(&kind, &payload, signatures.clone()).unwrap();
        let parsed = Envelope::parse(sealed.as_bytes()).unwrap();
        prop_assert_eq!(parsed.payload_type(), kind);
        prop_assert_eq!(parsed.payload(), payload);
        prop_assert_eq!(parsed.signatures(), signatures);
        prop_assert_eq!(parsed.digest(), sealed.digest());
    }

    #[test]
    fn parsing_bytes_never_panics(bytes: Vec<u8>) {
        let _ = Envelope::parse(&bytes);
    }

    #[test]
    fn parsing_a_damaged_envelope_never_panics(at in 0_usize..400, with in "[\\[\\]{}\",:\\\\a0 ]{0,4}") {
        let mut bytes = sealed().as_bytes().to_vec();
        let at = at.min(bytes.len());
        bytes.splice(at..at, with.bytes());
        if let Ok(envelope) = Envelope::parse(&bytes) {
            prop_assert_eq!(envelope.as_bytes(), bytes);
        }
    }
}
