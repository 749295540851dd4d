//! Checking without a key.

use crate::kit::{self, mapping, sealed};
use portcullis_seal::{
    check::{CheckError, Checked, check},
    header::HeaderError,
    key::Identity,
};

fn run(bytes: &[u8]) -> Result<Checked, CheckError> {
    check(bytes, kit::digest(bytes), 1 << 20, &mut |_| {})
}

#[test]
fn a_package_passes_with_the_digest_and_size_of_its_statement() {
    let package = sealed(mapping());
    let mut seen = 0;
    let checked = check(
        package.bytes.as_slice(),
        package.sealed.ciphertext,
        1 << 20,
        &mut |done| seen = done,
    )
    .unwrap();
    assert_eq!(
        checked,
        Checked {
            ciphertext: package.sealed.ciphertext,
            size_bytes: package.sealed.size_bytes
        }
    );
    assert_eq!(seen, package.sealed.size_bytes);
}

#[test]
fn other_bytes_fail_by_digest_and_short_ones_by_length() {
    let package = sealed(mapping());
    let mut bytes = package.bytes.clone();
    *bytes.last_mut().unwrap() ^= 1;
    let error = check(
        bytes.as_slice(),
        package.sealed.ciphertext,
        1 << 20,
        &mut |_| {},
    )
    .unwrap_err();
    assert_eq!(error.code(), "package.tampered");
    let payload = bytes
        .windows(4)
        .position(|window| window == b"\n---")
        .unwrap()
        + 1
        + 48;
    for length in [
        payload,
        payload + 16,
        payload + 17,
        payload + 32,
        payload + 16 + 65_552 + 16,
    ] {
        let error = run(&bytes[..length]).unwrap_err();
        assert!(
            matches!(error, CheckError::Truncated(found) if found == length as u64),
            "{length}: {error}"
        );
    }
    assert!(
        run(&bytes[..payload + 16 + 65_552]).is_ok(),
        "without the key a cut at a chunk shows in the digest only"
    );
}

#[test]
fn a_package_is_for_one_key_alone_and_bounded() {
    let (one, other) = (Identity::generate(), Identity::generate());
    let two = kit::age_of(b"x", &[&one.recipient(), &other.recipient()]);
    assert!(matches!(
        run(&two),
        Err(CheckError::Header(HeaderError::Recipients(2, 0)))
    ));
    let scrypt = b"age-encryption.org/v1\n-> scrypt AAAA 18\nAAAA\n--- AAAA\n";
    assert!(matches!(
        run(scrypt),
        Err(CheckError::Header(HeaderError::Recipients(0, 1)))
    ));
    assert!(matches!(
        run(b"-----BEGIN AGE ENCRYPTED FILE-----\n"),
        Err(CheckError::Header(HeaderError::NotAge))
    ));
    assert!(matches!(
        run(b""),
        Err(CheckError::Header(HeaderError::Io(_)))
    ));
    let long = [b"age-encryption.org/v1\n".as_slice(), &vec![b'A'; 20_000]].concat();
    assert!(matches!(
        run(&long),
        Err(CheckError::Header(HeaderError::TooLong))
    ));
    let package = sealed(mapping());
    let error = check(
        package.bytes.as_slice(),
        package.sealed.ciphertext,
        1000,
        &mut |_| {},
    )
    .unwrap_err();
    assert_eq!(error.code(), "package.too_large");
}
