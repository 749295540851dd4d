//! Public keys in the text of the register.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_sign::{KeyId, PUBLIC_KEY_TEXT_BYTES_MAX, PublicKey, PublicKeyError, SshKey};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    sshsig::wire::{string, strings},
    statement::secret,
};

fn refusal(text: &str) -> PublicKeyError {
    text.parse::<PublicKey>().expect_err(text)
}

fn ed25519_bytes() -> [u8; 32] {
    let PublicKey::Ed25519(key) = secret(7).public() else {
        unreachable!()
    };
    key.to_bytes()
}

fn p256_point() -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    pair.public_key().as_ref().to_vec()
}

fn ssh(kind: &str, blob: &[u8]) -> String {
    format!("ssh:{kind} {}", STANDARD.encode(blob))
}

/// A key of each kind of text.
fn one_of_each() -> Vec<String> {
    let (ed, p256) = (ed25519_bytes(), p256_point());
    let parts: [&[&[u8]]; 4] = [
        &[b"ssh-ed25519", &ed],
        &[b"sk-ssh-ed25519@openssh.com", &ed, b"ssh:"],
        &[b"ecdsa-sha2-nistp256", b"nistp256", &p256],
        &[
            b"sk-ecdsa-sha2-nistp256@openssh.com",
            b"nistp256",
            &p256,
            b"ssh:desk",
        ],
    ];
    let mut texts = vec![
        secret(7).public().to_string(),
        format!(
            "webauthn-es256:{}:example.org:https://desk.example.org:8443",
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&p256)
        ),
    ];
    texts.extend(parts.map(|parts| ssh(std::str::from_utf8(parts[0]).unwrap(), &strings(parts))));
    texts
}

#[test]
fn the_written_form_and_the_name_stay_what_they_are() {
    let key = secret(7).public();
    insta::assert_snapshot!(key, @"ed25519:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=");
    insta::assert_snapshot!(key.id(), @"key_303b977bd6197b3c1d2f1135dfc0ce187f1613b2358f9dfe7dee26e1433372ce");
    assert_eq!(
        key.id(),
        KeyId::from_bytes(Sha256::digest(key.to_string()).into())
    );
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    for text in one_of_each() {
        let key: PublicKey = text.parse().expect(&text);
        assert_eq!(key.to_string(), text);
        assert_eq!(key.id(), KeyId::from_bytes(Sha256::digest(&text).into()));
    }
}

#[test]
fn no_other_text_is_a_key() {
    for text in one_of_each() {
        for bad in [
            format!(" {text}"),
            format!("{text} "),
            format!("{text}\n"),
            format!("{text} comment"),
            text.to_uppercase(),
            text.replacen(':', "", 1),
        ] {
            refusal(&bad);
        }
    }
    assert_eq!(refusal(""), PublicKeyError::Kind);
    assert_eq!(refusal("x25519:AA=="), PublicKeyError::Kind);
    assert_eq!(refusal("ed25519:"), PublicKeyError::Form);
    let text = secret(7).public().to_string();
    for bad in [
        text.replace('=', ""),
        text.replace("iw=", "ix="),
        text.replace('+', "-"),
    ] {
        assert_ne!(bad, text);
        assert_eq!(refusal(&bad), PublicKeyError::Form);
    }
    assert_eq!(
        refusal(&format!("ed25519:{}", STANDARD.encode([1; 33]))),
        PublicKeyError::Form
    );
    assert_eq!(
        refusal(&format!("ed25519:{}", STANDARD.encode([0; 32]))),
        PublicKeyError::Point
    );
    let long = format!("ed25519:{}", "A".repeat(PUBLIC_KEY_TEXT_BYTES_MAX));
    assert_eq!(refusal(&long), PublicKeyError::TooLong);
}

#[test]
fn a_passkey_needs_a_point_a_domain_and_an_origin_of_it() {
    let text = one_of_each()[1].clone();
    let with = |from: &str, to: &str| refusal(&text.replacen(from, to, 1));
    assert_eq!(with("example.org:", "Example.org:"), PublicKeyError::RpId);
    assert_eq!(with(":example.org:", "::"), PublicKeyError::RpId);
    assert_eq!(
        with("https://desk.", "http://desk."),
        PublicKeyError::Origin
    );
    assert_eq!(
        with("desk.example.org", "example.com"),
        PublicKeyError::Origin
    );
    assert_eq!(with(":8443", ":443"), PublicKeyError::Origin);
    assert_eq!(
        with(":example.org:https://desk.example.org:8443", ""),
        PublicKeyError::Form
    );

    let off_curve = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([4; 65]);
    let place = "example.org:https://example.org";
    assert_eq!(
        refusal(&format!("webauthn-es256:{off_curve}:{place}")),
        PublicKeyError::Point
    );
    for form in [0, 2, 3, 5, 6, 7] {
        let mut hybrid = p256_point();
        hybrid[0] = form;
        let hybrid = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hybrid);
        assert_eq!(
            refusal(&format!("webauthn-es256:{hybrid}:{place}")),
            PublicKeyError::Point
        );
    }
    let compressed = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&p256_point()[..33]);
    assert_eq!(
        refusal(&format!("webauthn-es256:{compressed}:{place}")),
        PublicKeyError::Point
    );
}

#[test]
fn an_ssh_key_is_of_a_type_we_take_and_says_so_once() {
    let ed = ed25519_bytes();
    let sk = b"sk-ssh-ed25519@openssh.com";
    let check = |kind: &str, parts: &[&[u8]], expected| {
        assert_eq!(refusal(&ssh(kind, &strings(parts))), expected, "{kind}");
    };
    check(
        "ssh-rsa",
        &[b"ssh-rsa", &[1, 0, 1], &[0x55; 64]],
        PublicKeyError::SshType,
    );
    check("ssh-dss", &[b"ssh-dss", &[1]], PublicKeyError::SshType);
    check(
        "sk-ssh-ed25519@openssh.com",
        &[b"ssh-ed25519", &ed],
        PublicKeyError::Form,
    );
    check(
        "ssh-ed25519",
        &[b"ssh-ed25519", &ed[1..]],
        PublicKeyError::Point,
    );
    check(
        "ssh-ed25519",
        &[b"ssh-ed25519", &[0; 32]],
        PublicKeyError::Point,
    );
    check(
        "ssh-ed25519",
        &[b"ssh-ed25519", &ed, b"ssh:"],
        PublicKeyError::Form,
    );
    check("ssh-ed25519", &[b"ssh-ed25519"], PublicKeyError::Form);
    check(
        "sk-ssh-ed25519@openssh.com",
        &[sk, &ed],
        PublicKeyError::Form,
    );
    // A relying party's name: its assertions could pass for signatures.
    check(
        "sk-ssh-ed25519@openssh.com",
        &[sk, &ed, b"example.org"],
        PublicKeyError::SshApplication,
    );
    check(
        "sk-ssh-ed25519@openssh.com",
        &[sk, &ed, b"ssh:\xff"],
        PublicKeyError::SshApplication,
    );
    let p256 = p256_point();
    let ecdsa = "ecdsa-sha2-nistp256";
    check(
        ecdsa,
        &[ecdsa.as_bytes(), b"nistp384", &p256],
        PublicKeyError::Form,
    );
    check(
        ecdsa,
        &[ecdsa.as_bytes(), b"nistp256", &p256[..33]],
        PublicKeyError::Point,
    );

    let mut huge = string(b"ssh-ed25519");
    huge.extend_from_slice(&[0xff; 4]);
    assert_eq!(refusal(&ssh("ssh-ed25519", &huge)), PublicKeyError::Form);
}

#[test]
fn another_reader_of_ssh_keys_reads_the_same() {
    for text in one_of_each()
        .iter()
        .filter_map(|text| text.strip_prefix("ssh:"))
    {
        if text.contains("ecdsa") {
            continue; // it was built without that curve
        }
        let theirs = ssh_key::PublicKey::from_openssh(text).unwrap();
        let ours: SshKey = text.parse().unwrap();
        assert_eq!(theirs.to_bytes().unwrap(), ours.to_blob());
        assert_eq!(theirs.to_openssh().unwrap(), ours.to_string());
    }
}

#[test]
fn the_comment_of_a_pub_file_is_dropped() {
    for text in one_of_each()
        .iter()
        .filter_map(|text| text.strip_prefix("ssh:"))
    {
        let line = format!("{text} office@desk with a comment\n");
        let key = SshKey::from_openssh(&line).unwrap();
        assert_eq!(key.to_string(), *text);
        assert_eq!(key.is_hardware(), text.starts_with("sk-"));
    }
    assert_eq!(
        SshKey::from_openssh("ssh-ed25519"),
        Err(PublicKeyError::Form)
    );
}

proptest! {
    #[test]
    fn what_parses_prints_the_same(which in 0_usize..6, at in 0_usize..200, with in "[ -~]{0,3}", drop in 0_usize..3) {
        let mut text = one_of_each().swap_remove(which);
        let at = at.min(text.len());
        let end = (at + drop).min(text.len());
        text.replace_range(at..end, &with);
        if let Ok(key) = text.parse::<PublicKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn parsing_never_panics(text in "(ed25519:|ssh:|webauthn-es256:)?.{0,60}", blob: Vec<u8>) {
        let _ = text.parse::<PublicKey>();
        if let Ok(key) = SshKey::from_blob(&blob) {
            prop_assert_eq!(key.to_blob(), blob);
        }
    }
}
