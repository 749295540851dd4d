//! Secret keys in files, and signatures over statements.

use portcullis_sign::{SecretKey, SecretKeyError, SignatureError, verify};
use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::StdRng};

use crate::statement::{KIND, PAYLOAD, secret};

#[test]
fn a_signature_holds_for_its_statement_alone() {
    let key = secret(1).public();
    let sig = secret(1).sign(KIND, PAYLOAD).sig;
    assert_eq!(verify(&key, KIND, PAYLOAD, &sig), Ok(()));

    let bad = Err(SignatureError::BadSignature);
    assert_eq!(verify(&key, "another/kind", PAYLOAD, &sig), bad);
    assert_eq!(verify(&key, KIND, b"{}", &sig), bad);
    assert_eq!(verify(&secret(2).public(), KIND, PAYLOAD, &sig), bad);
    for length in [0, 63, 65] {
        assert!(matches!(
            verify(&key, KIND, PAYLOAD, &vec![0; length]),
            Err(SignatureError::Malformed(_))
        ));
    }
}

#[test]
fn no_bit_of_a_signature_can_be_flipped() {
    let key = secret(1).public();
    let sig = secret(1).sign(KIND, PAYLOAD).sig;
    for bit in 0..sig.len() * 8 {
        let mut flipped = sig.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&key, KIND, PAYLOAD, &flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn a_generated_key_follows_its_generator() {
    let draw = |seed| SecretKey::generate(&mut StdRng::seed_from_u64(seed)).public();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn a_secret_key_prints_nothing_of_itself() {
    let printed = format!("{:?} {:#?}", secret(7), secret(7));
    assert_eq!(printed, "SecretKey(…) SecretKey(…)");
}

#[test]
fn a_key_file_is_read_as_it_was_written_and_in_no_other_form() {
    let text = secret(7).to_text();
    assert_eq!(
        text.as_str(),
        "portcullis-secret-key-ed25519:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
    );
    let read = |text: &str| text.parse::<SecretKey>().map(|key| key.public());
    assert_eq!(read(&text), Ok(secret(7).public()));
    assert_eq!(read(&format!("{}\n", *text)), Ok(secret(7).public()));

    assert_eq!(read(""), Err(SecretKeyError::Label));
    assert_eq!(
        read(&secret(7).public().to_string()),
        Err(SecretKeyError::Label)
    );
    assert_eq!(read(&format!(" {}", *text)), Err(SecretKeyError::Label));
    for damaged in [
        format!("{}\n\n", *text),
        text.replace("wc=", "wd="), // bits after the last byte
        text.replace("Bwc=", "Bw=="),
        text.replace('=', ""),
        text.replacen("BwcH", "B!cH", 1),
    ] {
        let error = read(&damaged).unwrap_err();
        assert_eq!(error, SecretKeyError::Seed, "{damaged}");
        assert!(!format!("{error} {error:?}").contains("BwcH"));
    }
}

proptest! {
    #[test]
    fn whatever_is_signed_verifies(seed: [u8; 32], kind in "[!-~]{1,40}", payload: Vec<u8>) {
        let secret = SecretKey::from_seed(seed);
        let sig = secret.sign(&kind, &payload);
        prop_assert_eq!(sig.key_id, secret.public().id());
        prop_assert_eq!(verify(&secret.public(), &kind, &payload, &sig.sig), Ok(()));
        let read: SecretKey = secret.to_text().parse().unwrap();
        prop_assert_eq!(read.public(), secret.public());
    }

    #[test]
    fn reading_a_key_file_never_panics(text in "(portcullis-secret-key-ed25519:)?[A-Za-z0-9+/=\n]{0,60}") {
        if let Ok(key) = text.parse::<SecretKey>() {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let written = key.to_text();
            prop_assert_eq!(written.as_str(), line);
        }
    }
}
