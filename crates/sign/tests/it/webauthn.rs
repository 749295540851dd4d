//! Passkeys: recorded assertions of a software authenticator, good and bad.

mod authenticator;

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_sign::{
    Envelope, PublicKey, SignatureError, verify,
    webauthn::{
        AUTHENTICATOR_DATA_BYTES_MAX, Assertion, CLIENT_DATA_BYTES_MAX, SIGNATURE_DER_BYTES_MAX,
        challenge,
    },
};
use proptest::prelude::*;

use self::authenticator::{ORIGIN, Passkeys, RP_ID};
use crate::statement::{KIND, PAYLOAD};

/// Assertions by one key over one statement, as in `assertions.json`.
struct Recording {
    key: PublicKey,
    payload_type: String,
    payload: Vec<u8>,
    assertions: BTreeMap<String, Assertion>,
}

impl Recording {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/webauthn/assertions.json")
    }

    fn load() -> Self {
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(Self::path()).unwrap()).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let bytes = |value| URL_SAFE_NO_PAD.decode(text(value)).unwrap();
        let assertions = json["assertions"].as_object().unwrap();
        Self {
            key: text(&json["key"]).parse().unwrap(),
            payload_type: text(&json["payloadType"]),
            payload: text(&json["payload"]).into_bytes(),
            assertions: assertions
                .iter()
                .map(|(name, one)| {
                    let assertion = Assertion {
                        authenticator_data: bytes(&one["authenticatorData"]),
                        client_data_json: bytes(&one["clientDataJSON"]),
                        signature: bytes(&one["signature"]),
                    };
                    (name.clone(), assertion)
                })
                .collect(),
        }
    }

    fn save(&self) {
        let assertions: serde_json::Map<_, _> = self
            .assertions
            .iter()
            .map(|(name, one)| {
                (
                    name.clone(),
                    serde_json::from_slice(&one.to_bytes()).unwrap(),
                )
            })
            .collect();
        let json = serde_json::json!({
            "key": self.key.to_string(),
            "payloadType": self.payload_type,
            "payload": String::from_utf8(self.payload.clone()).unwrap(),
            "assertions": assertions,
        });
        fs::write(Self::path(), format!("{json:#}\n")).unwrap();
    }

    fn verify(&self, assertion: &Assertion) -> Result<(), SignatureError> {
        verify(
            &self.key,
            &self.payload_type,
            &self.payload,
            &assertion.to_bytes(),
        )
    }
}

#[track_caller]
fn check(name: &str, expected: Result<(), SignatureError>) {
    let recording = Recording::load();
    assert_eq!(recording.verify(&recording.assertions[name]), expected);
}

#[tokio::test]
#[ignore = "writes testdata/webauthn/assertions.json anew, with a new key"]
async fn record_assertions() {
    let passkeys = Passkeys::register().await;
    let asked = challenge(KIND, PAYLOAD);
    let encoded = URL_SAFE_NO_PAD.encode(asked);
    let client_data = |kind: &str, rest: &str| {
        format!(r#"{{"type":"{kind}","challenge":"{encoded}","origin":"{ORIGIN}"{rest}}}"#)
    };
    let inside = r#","crossOrigin":true"#;
    let top = r#","crossOrigin":false,"topOrigin":"https://news.example""#;

    let assertions = [
        ("good", passkeys.ask(&asked, ORIGIN, RP_ID, true).await),
        ("more_members", passkeys.ask_with_more_members(&asked).await),
        ("no_uv", passkeys.ask(&asked, ORIGIN, RP_ID, false).await),
        (
            "wrong_origin",
            passkeys
                .ask(&asked, "https://shop.example.org", RP_ID, true)
                .await,
        ),
        (
            "wrong_rp",
            passkeys.ask(&asked, ORIGIN, "desk.example.org", true).await,
        ),
        (
            "no_up",
            passkeys
                .assert(&client_data("webauthn.get", ""), false)
                .await,
        ),
        (
            "wrong_type",
            passkeys
                .assert(&client_data("webauthn.create", ""), true)
                .await,
        ),
        (
            "cross_origin",
            passkeys
                .assert(&client_data("webauthn.get", inside), true)
                .await,
        ),
        (
            "top_origin",
            passkeys
                .assert(&client_data("webauthn.get", top), true)
                .await,
        ),
        (
            "type_twice",
            passkeys
                .assert(
                    &client_data("webauthn.get", r#","type":"webauthn.get""#),
                    true,
                )
                .await,
        ),
    ];
    let recording = Recording {
        key: passkeys.public_key(),
        payload_type: KIND.to_owned(),
        payload: PAYLOAD.to_vec(),
        assertions: assertions.map(|(name, one)| (name.to_owned(), one)).into(),
    };
    recording.save();
}

#[test]
fn an_assertion_of_the_right_user_on_the_right_page_signs() {
    check("good", Ok(()));
}

#[test]
fn members_that_a_browser_adds_are_let_pass() {
    check("more_members", Ok(()));
}

#[test]
fn an_assertion_from_another_origin_is_refused() {
    check("wrong_origin", Err(SignatureError::WrongOrigin));
}

#[test]
fn an_assertion_inside_a_page_of_another_origin_is_refused() {
    check("cross_origin", Err(SignatureError::CrossOrigin));
    check("top_origin", Err(SignatureError::CrossOrigin));
}

#[test]
fn an_assertion_for_another_relying_party_is_refused() {
    check("wrong_rp", Err(SignatureError::WrongRpId));
}

#[test]
fn an_assertion_without_verifying_the_user_is_refused() {
    check("no_uv", Err(SignatureError::UserNotVerified));
}

#[test]
fn an_assertion_without_a_touch_is_refused() {
    check("no_up", Err(SignatureError::UserNotPresent));
}

#[test]
fn a_registration_is_no_signature() {
    check("wrong_type", Err(SignatureError::WrongType));
}

#[test]
fn client_data_that_say_a_thing_twice_are_refused() {
    let malformed = SignatureError::Malformed("not the client data of a browser");
    check("type_twice", Err(malformed));
}

#[test]
fn an_assertion_over_another_statement_is_refused() {
    let Recording {
        key,
        payload_type,
        payload,
        assertions,
    } = Recording::load();
    let sig = assertions["good"].to_bytes();
    let wrong = Err(SignatureError::WrongChallenge);
    assert_eq!(verify(&key, &payload_type, b"{}", &sig), wrong);
    assert_eq!(verify(&key, "another/kind", &payload, &sig), wrong);
}

#[test]
fn an_assertion_by_another_key_of_the_same_page_is_refused() {
    let ours = Recording::load();
    let other = aws_lc_rs::signature::EcdsaKeyPair::generate(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    )
    .unwrap();
    let point = aws_lc_rs::signature::KeyPair::public_key(&other).as_ref();
    let key = portcullis_sign::WebAuthnKey::new(point, RP_ID, ORIGIN).unwrap();
    let sig = ours.assertions["good"].to_bytes();
    assert_eq!(
        verify(
            &PublicKey::WebAuthnEs256(key),
            &ours.payload_type,
            &ours.payload,
            &sig
        ),
        Err(SignatureError::BadSignature)
    );
}

#[test]
fn an_assertion_stands_in_an_envelope() {
    let Recording {
        key,
        payload_type,
        payload,
        assertions,
    } = Recording::load();
    let signature = assertions["good"].to_signature(key.id());
    let envelope = Envelope::seal(&payload_type, &payload, vec![signature]).unwrap();
    let received = Envelope::parse(envelope.as_bytes()).unwrap();
    assert_eq!(received.verify_by(&key), Ok(()));
}

#[test]
fn no_bit_of_an_assertion_can_be_flipped() {
    let recording = Recording::load();
    let good = &recording.assertions["good"];
    let parts: [fn(&mut Assertion) -> &mut Vec<u8>; 3] = [
        |it| &mut it.authenticator_data,
        |it| &mut it.client_data_json,
        |it| &mut it.signature,
    ];
    for (number, part) in parts.into_iter().enumerate() {
        for bit in 0..part(&mut good.clone()).len() * 8 {
            let mut flipped = good.clone();
            part(&mut flipped)[bit / 8] ^= 1 << (bit % 8);
            assert!(
                recording.verify(&flipped).is_err(),
                "part {number}, bit {bit}"
            );
        }
    }
}

#[test]
fn an_assertion_has_one_form() {
    let recording = Recording::load();
    let good = String::from_utf8(recording.assertions["good"].to_bytes()).unwrap();
    assert!(Assertion::parse(good.as_bytes()).is_ok());
    let (first, rest) = good[1..].split_once(',').unwrap();
    let middle = rest.split_once(',').unwrap().0;
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replacen(',', ", ", 1),
        format!("{good}\n"),
        good.replacen('{', r#"{"userHandle":"","#, 1),
        good.replacen('{', &format!("{{{first},"), 1),
        good.replacen(
            &format!("{first},{middle}"),
            &format!("{middle},{first}"),
            1,
        ),
        good.replacen(r#"","client"#, r#"=","client"#, 1),
        good.replacen("signature", r"signatur\u0065", 1),
    ] {
        assert_ne!(bad, good);
        let parsed = Assertion::parse(bad.as_bytes());
        assert!(matches!(parsed, Err(SignatureError::Malformed(_))), "{bad}");
    }
}

#[test]
fn each_part_of_an_assertion_is_bounded() {
    let assertion = |a, c, s| Assertion {
        authenticator_data: vec![0; a],
        client_data_json: vec![0; c],
        signature: vec![0; s],
    };
    let (a, c, s) = (
        AUTHENTICATOR_DATA_BYTES_MAX,
        CLIENT_DATA_BYTES_MAX,
        SIGNATURE_DER_BYTES_MAX,
    );
    let most = assertion(a, c, s);
    assert_eq!(Assertion::parse(&most.to_bytes()), Ok(most));
    for over in [
        assertion(a + 1, 0, 0),
        assertion(0, c + 1, 0),
        assertion(0, 0, s + 1),
    ] {
        assert!(Assertion::parse(&over.to_bytes()).is_err());
    }
}

proptest! {
    #[test]
    fn an_assertion_is_read_as_it_was_written(
        authenticator_data in prop::collection::vec(any::<u8>(), 0..99),
        client_data_json in prop::collection::vec(any::<u8>(), 0..99),
        signature in prop::collection::vec(any::<u8>(), 0..72),
    ) {
        let assertion = Assertion { authenticator_data, client_data_json, signature };
        prop_assert_eq!(Assertion::parse(&assertion.to_bytes()), Ok(assertion));
    }

    #[test]
    fn verifying_anything_never_panics(
        authenticator_data in prop::collection::vec(any::<u8>(), 0..40),
        client_data_json in ".{0,80}",
        signature: Vec<u8>,
    ) {
        let recording = Recording::load();
        let any = Assertion {
            authenticator_data,
            client_data_json: client_data_json.clone().into_bytes(),
            signature: signature.clone(),
        };
        prop_assert!(recording.verify(&any).is_err());
        let mut wrong_half = recording.assertions["good"].clone();
        wrong_half.authenticator_data = any.authenticator_data;
        prop_assert!(recording.verify(&wrong_half).is_err());
        prop_assert!(verify(&recording.key, KIND, PAYLOAD, &signature).is_err());
        prop_assert!(verify(&recording.key, KIND, PAYLOAD, client_data_json.as_bytes()).is_err());
    }
}
