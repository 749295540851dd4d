//! Every region of a package, changed: with the signed digest it is always
//! seen as tampering; without its protection something else still refuses.

use crate::kit::{self, mapping, sealed};
use portcullis_core::{digest::Digest, id::PackageId, realm::Realm};
use portcullis_seal::{
    limits::Limits,
    open::{Expected, OpenError},
};

/// Where the header ends: behind the line that starts with `---`.
fn header_end(bytes: &[u8]) -> usize {
    let mac = bytes
        .windows(4)
        .position(|window| window == b"\n---")
        .unwrap();
    mac + 2
        + bytes[mac + 1..]
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap()
}

/// Changed copies, and which region each is changed in.
fn changed() -> (kit::Package, Vec<(String, Vec<u8>)>) {
    let package = sealed(mapping());
    let (header, end) = (header_end(&package.bytes), package.bytes.len());
    let mut changed = Vec::new();
    let at = [
        0,
        22,
        30,
        header - 10,
        header,
        header + 15,
        header + 16,
        header + 70_000,
        end - 17,
        end - 1,
    ];
    for at in at.into_iter().chain((0..end).step_by(9973)) {
        let mut bytes = package.bytes.clone();
        bytes[at] ^= 1;
        changed.push((format!("byte {at} of {end}, header {header}"), bytes));
    }
    for length in [
        0,
        10,
        header,
        header + 16,
        header + 16 + 65_552,
        header + 16 + 2 * 65_552,
        end - 1,
    ] {
        changed.push((
            format!("cut to {length} of {end}"),
            package.bytes[..length].to_vec(),
        ));
    }
    for tail in [
        &b"\0"[..],
        &package.bytes[header + 16..header + 16 + 65_552],
        &package.bytes,
    ] {
        changed.push((
            format!("{} appended", tail.len()),
            [&package.bytes, tail].concat(),
        ));
    }
    let mut swapped = package.bytes.clone();
    let (one, other) = swapped[header + 16..].split_at_mut(65_552);
    one.swap_with_slice(&mut other[..65_552]);
    changed.push(("two chunks swapped".into(), swapped));
    (package, changed)
}

#[test]
fn any_change_is_tampering_against_the_signed_digest() {
    let (package, changed) = changed();
    for (what, bytes) in changed {
        let (opened, _) = kit::open_with(
            &bytes,
            &package.identity,
            &package.expected(),
            &Limits::default(),
        );
        let error = opened.unwrap_err();
        let named = matches!(error, OpenError::Tampered { expected, found }
            if expected == package.sealed.ciphertext && found == kit::digest(&bytes));
        assert!(named, "{what}: {error}");
    }
}

#[test]
fn any_change_is_refused_even_when_somebody_signed_for_it() {
    let (package, changed) = changed();
    for (what, bytes) in changed {
        let error = package.open_as_signed(&bytes).0.unwrap_err();
        let codes = [
            "package.damaged",
            "package.not_a_package",
            "package.wrong_key",
        ];
        assert!(
            codes.contains(&error.code()),
            "{what}: {} {error}",
            error.code()
        );
    }
}

#[test]
fn another_package_of_the_same_case_is_another_package() {
    let package = sealed(mapping());
    let signed = package.expected();
    let exercise = Realm::exercise("x", [1, 1, 1, 1]).unwrap();
    for (what, expected) in [
        (
            "case",
            Expected {
                case: portcullis_core::id::CaseId::new(&exercise, [1; 12]),
                ..signed
            },
        ),
        (
            "package",
            Expected {
                package: PackageId::new(&Realm::live(), [3; 12]),
                ..signed
            },
        ),
        (
            "order",
            Expected {
                order: Digest([1; 32]),
                ..signed
            },
        ),
        (
            "manifest",
            Expected {
                manifest: Digest([1; 32]),
                ..signed
            },
        ),
    ] {
        let (opened, sink) = kit::open_with(
            &package.bytes,
            &package.identity,
            &expected,
            &Limits::default(),
        );
        let error = opened.unwrap_err();
        assert!(
            matches!(error, OpenError::Other(found) if found == what),
            "{what}: {error}"
        );
        assert!(
            sink.files.is_empty(),
            "nothing is written before the manifest agrees"
        );
    }
}

#[test]
fn a_package_of_other_files_with_the_right_ids_is_tampering() {
    let (package, other) = (sealed(mapping()), sealed(mapping()));
    let (opened, _) = kit::open_with(
        &other.bytes,
        &other.identity,
        &package.expected(),
        &Limits::default(),
    );
    assert_eq!(opened.unwrap_err().code(), "package.tampered");
}

#[test]
fn an_input_that_fails_is_not_called_tampering() {
    struct Failing<'a>(&'a [u8]);
    impl std::io::Read for Failing<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            match std::io::Read::read(&mut self.0, to) {
                Ok(0) => Err(std::io::ErrorKind::TimedOut.into()),
                read => read,
            }
        }
    }
    let package = sealed(mapping());
    let half = &package.bytes[..package.bytes.len() / 2];
    let mut sink = kit::MemorySink::default();
    let opened = portcullis_seal::open::open(
        Failing(half),
        &package.identity,
        &package.expected(),
        &mut sink,
        &Limits::default(),
        &mut |_| {},
    );
    assert!(
        matches!(opened, Err(OpenError::Read(error)) if error.kind() == std::io::ErrorKind::TimedOut)
    );
    assert!(sink.aborted && !sink.committed);
}
