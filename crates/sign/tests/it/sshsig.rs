//! SSHSIG blobs, built by hand: plain keys and hardware keys.

pub(crate) mod signer;
pub(crate) mod wire;

use portcullis_sign::{
    PublicKey, SIGNATURE_BYTES_MAX, SignatureError, pae, ssh::signature_from_armour, verify,
};
use proptest::prelude::*;

use self::signer::{Blob, Signer};
use crate::statement::{KIND, PAYLOAD};

fn verified(signer: &Signer, blob: &Blob) -> Result<(), SignatureError> {
    verify(
        &signer.public(),
        KIND,
        PAYLOAD,
        &signer.sign(blob, &pae(KIND, PAYLOAD)),
    )
}

#[test]
fn every_type_of_key_signs_with_either_hash() {
    for signer in Signer::one_of_each() {
        for hash in ["sha256", "sha512"] {
            assert_eq!(
                verified(
                    &signer,
                    &Blob {
                        hash,
                        ..Blob::good()
                    }
                ),
                Ok(())
            );
        }
    }
}

#[test]
fn a_signature_holds_for_its_statement_alone() {
    for signer in Signer::one_of_each() {
        let sig = signer.sign(&Blob::good(), &pae(KIND, PAYLOAD));
        let bad = Err(SignatureError::BadSignature);
        assert_eq!(verify(&signer.public(), KIND, b"{}", &sig), bad);
        assert_eq!(verify(&signer.public(), "another/kind", PAYLOAD, &sig), bad);
    }
}

#[test]
fn another_namespace_is_refused() {
    for signer in Signer::one_of_each() {
        for namespace in [
            "",
            "file",
            "portcullis/v2",
            "portcullis/v1 ",
            "portcullis/v",
        ] {
            let blob = Blob {
                namespace,
                ..Blob::good()
            };
            assert_eq!(
                verified(&signer, &blob),
                Err(SignatureError::WrongNamespace)
            );
        }
    }
}

#[test]
fn the_key_that_the_signature_brings_along_proves_nothing() {
    let signers = Signer::one_of_each();
    for (mine, other) in signers.iter().zip(signers.iter().cycle().skip(1)) {
        let sig = mine.sign(&Blob::good(), &pae(KIND, PAYLOAD));
        assert_eq!(
            verify(&other.public(), KIND, PAYLOAD, &sig),
            Err(SignatureError::WrongKeyInSignature)
        );
    }
}

#[test]
fn a_hardware_key_must_have_been_touched() {
    for signer in Signer::one_of_each() {
        let untouched = verified(
            &signer,
            &Blob {
                flags: 0x04,
                ..Blob::good()
            },
        );
        let expected = if signer.is_hardware() {
            Err(SignatureError::UserNotPresent)
        } else {
            Ok(())
        };
        assert_eq!(untouched, expected);
    }
}

#[test]
fn what_we_do_not_know_is_refused() {
    for signer in Signer::one_of_each() {
        for blob in [
            Blob {
                version: 0,
                ..Blob::good()
            },
            Blob {
                version: 2,
                ..Blob::good()
            },
            Blob {
                reserved: b"x",
                ..Blob::good()
            },
            Blob {
                hash: "sha1",
                ..Blob::good()
            },
            Blob {
                hash: "SHA512",
                ..Blob::good()
            },
            Blob {
                kind: Some("rsa-sha2-512"),
                ..Blob::good()
            },
            Blob {
                kind: Some("webauthn-sk-ecdsa-sha2-nistp256@openssh.com"),
                ..Blob::good()
            },
            Blob {
                after_value: b"x",
                ..Blob::good()
            },
            Blob {
                after: b"x",
                ..Blob::good()
            },
            Blob {
                after_signature: b"x",
                ..Blob::good()
            },
        ] {
            let verified = verified(&signer, &blob);
            assert!(
                matches!(verified, Err(SignatureError::Malformed(_))),
                "{verified:?}"
            );
        }
    }
}

#[test]
fn no_bit_of_a_signature_can_be_flipped() {
    for signer in Signer::one_of_each() {
        let key = signer.public();
        let sig = signer.sign(&Blob::good(), &pae(KIND, PAYLOAD));
        for bit in 0..sig.len() * 8 {
            let mut flipped = sig.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                verify(&key, KIND, PAYLOAD, &flipped).is_err(),
                "{key}: bit {bit}"
            );
        }
        for length in 0..sig.len() {
            assert!(
                verify(&key, KIND, PAYLOAD, &sig[..length]).is_err(),
                "{key}: {length}"
            );
        }
    }
}

#[test]
fn a_signature_is_never_longer_than_its_bound() {
    let namespace = "a".repeat(SIGNATURE_BYTES_MAX);
    for signer in Signer::one_of_each() {
        let blob = Blob {
            namespace: &namespace,
            ..Blob::good()
        };
        assert_eq!(
            verified(&signer, &blob),
            Err(SignatureError::Malformed("it is too long"))
        );
    }
}

#[test]
fn another_writer_of_sshsig_writes_the_same() {
    use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig};
    for signer in Signer::one_of_each() {
        let PublicKey::Ssh(key) = signer.public() else {
            unreachable!()
        };
        let text = key.to_string();
        let (algorithm, data) = match (text.contains("ecdsa"), signer.is_hardware()) {
            (true, _) => continue, // it was built without that curve
            (false, false) => (
                Algorithm::Ed25519,
                signer.value(&Blob::good(), &pae(KIND, PAYLOAD)),
            ),
            (false, true) => {
                let mut data = signer.value(&Blob::good(), &pae(KIND, PAYLOAD));
                data.extend_from_slice(&Blob::good().flags_and_counter());
                (Algorithm::SkEd25519, data)
            }
        };
        let theirs = SshSig::new(
            ssh_key::PublicKey::from_openssh(&text).unwrap().into(),
            portcullis_sign::ssh::NAMESPACE,
            HashAlg::Sha512,
            Signature::new(algorithm, data).unwrap(),
        )
        .unwrap();
        let armoured = theirs.to_pem(LineEnding::LF).unwrap();
        let signature = signature_from_armour(&armoured).unwrap();
        assert_eq!(signature.key_id, signer.public().id());
        assert_eq!(
            signature.sig,
            signer.sign(&Blob::good(), &pae(KIND, PAYLOAD))
        );
    }
}

#[test]
fn armour_is_a_frame_around_base64_and_nothing_more() {
    let signer = &Signer::one_of_each()[0];
    let armoured = signer.armoured(&Blob::good(), &pae(KIND, PAYLOAD));
    assert!(signature_from_armour(&armoured).is_ok());
    assert!(signature_from_armour(&armoured.replace('\n', "\r\n")).is_ok());
    for bad in [
        String::new(),
        armoured.replace("BEGIN SSH", "BEGIN PGP"),
        armoured.replace("-----END SSH SIGNATURE-----", ""),
        format!("{armoured}{armoured}"),
        format!("x{armoured}"),
        armoured.replacen("U1NIU0lH", "U1NIU0lI", 1),
        armoured.replacen("U1NIU0lH", "!1NIU0lH", 1),
        armoured.replace('\n', &"\n".repeat(9999)),
    ] {
        assert!(
            matches!(
                signature_from_armour(&bad),
                Err(SignatureError::Malformed(_))
            ),
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn verifying_anything_never_panics(mut sig: Vec<u8>, good in 0_usize..120) {
        for signer in Signer::one_of_each() {
            prop_assert!(verify(&signer.public(), KIND, PAYLOAD, &sig).is_err());
            let mut start = signer.sign(&Blob::good(), &pae(KIND, PAYLOAD));
            start.truncate(good);
            start.append(&mut sig);
            prop_assert!(verify(&signer.public(), KIND, PAYLOAD, &start).is_err());
        }
    }

    #[test]
    fn reading_armour_never_panics(text in ".{0,80}", base64 in "[A-Za-z0-9+/\n]{0,99}={0,2}") {
        let _ = signature_from_armour(&text);
        let framed = format!("-----BEGIN SSH SIGNATURE-----\n{base64}\n-----END SSH SIGNATURE-----\n");
        let _ = signature_from_armour(&framed);
    }
}
