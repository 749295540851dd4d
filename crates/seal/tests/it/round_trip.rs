//! What goes in comes out, and nothing else.

use crate::kit::{self, mapping, noise, sealed, source};
use age::secrecy::SecretString;
use portcullis_seal::{limits::Limits, plan::Mapping};
use proptest::prelude::*;
use std::io::Read as _;

#[test]
fn what_is_sealed_opens_and_says_what_was_verified() {
    let package = sealed(mapping());
    let (opened, sink) = kit::open_with(
        &package.bytes,
        &package.identity,
        &package.expected(),
        &Limits::default(),
    );
    let opened = opened.unwrap();
    assert_eq!(opened.verified, package.expected());
    assert_eq!(opened.manifest, package.manifest);
    let names: Vec<_> = sink.files.iter().map(|(name, _)| name.as_str()).collect();
    let long = format!("data/1/{}/note.txt", ["folder"; 20].join("/"));
    assert_eq!(
        names,
        [
            "manifest.json",
            &long,
            "data/1/mail/empty",
            "data/1/mail/inbox.mbox",
            "data/10/subscriber.json"
        ]
    );
    assert_eq!(sink.files[0].1, kit::manifest_bytes(&package.manifest));
    assert_eq!(sink.files[3].1, noise(200_000));
}

#[test]
fn the_statement_s_digests_and_sizes_are_those_of_the_bytes() {
    let package = sealed(mapping());
    assert_eq!(package.sealed.ciphertext, kit::digest(&package.bytes));
    assert_eq!(package.sealed.size_bytes, package.bytes.len() as u64);
    assert_eq!(
        package.sealed.manifest,
        kit::digest(&kit::manifest_bytes(&package.manifest))
    );
    let items: Vec<_> = package
        .sealed
        .items
        .iter()
        .map(|item| (item.item, item.files, item.size_bytes))
        .collect();
    assert_eq!(items, [(1, 3, 200_006), (10, 1, 14)]);
}

#[test]
fn progress_counts_every_byte_of_the_files_in_each_pass() {
    let identity = portcullis_seal::key::Identity::generate();
    let (mut first, mut second, mut third) = (0, 0, 0);
    let plan = portcullis_seal::plan::plan(
        &kit::grant(&identity.recipient()),
        kit::package(),
        mapping(),
        kit::at("2026-02-01T00:00:00Z"),
    );
    let measured = plan.unwrap().measure(&mut |done| first = done).unwrap();
    let mut bytes = Vec::new();
    let sealed = measured
        .seal(&mut bytes, &mut |done| second = done)
        .unwrap();
    let mut sink = kit::MemorySink::default();
    portcullis_seal::open::open(
        bytes.as_slice(),
        &identity,
        &kit::expected(&sealed),
        &mut sink,
        &Limits::default(),
        &mut |done| third = done,
    )
    .unwrap();
    assert_eq!((first, second, third), (200_020, 200_020, 200_020));
    assert_eq!(measured.plan().size_bytes(), 200_020);
}

#[test]
fn the_tar_inside_follows_from_the_plan_alone() {
    let plain = |package: &kit::Package| {
        let identity: age::x25519::Identity = package.identity.expose(|text| text.parse().unwrap());
        let decryptor = age::Decryptor::new(package.bytes.as_slice()).unwrap();
        let mut plain = Vec::new();
        decryptor
            .decrypt(std::iter::once(&identity as _))
            .unwrap()
            .read_to_end(&mut plain)
            .unwrap();
        plain
    };
    let (one, other) = (sealed(mapping()), sealed(mapping()));
    assert_eq!(plain(&one), plain(&other));
    assert_ne!(one.bytes, other.bytes, "age draws a new key each time");
}

#[test]
fn a_package_opens_with_the_secret_half_of_the_grant_s_key_only() {
    let package = sealed(mapping());
    let passphrase = age::scrypt::Identity::new(SecretString::from("guess".to_owned()));
    let decryptor = age::Decryptor::new(package.bytes.as_slice()).unwrap();
    assert!(
        decryptor
            .decrypt(std::iter::once(&passphrase as _))
            .is_err()
    );
    let other = portcullis_seal::key::Identity::generate();
    let (opened, sink) = kit::open_with(
        &package.bytes,
        &other,
        &package.expected(),
        &Limits::default(),
    );
    assert_eq!(opened.unwrap_err().code(), "package.wrong_key");
    assert!(sink.files.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_files_come_back_as_they_were(
        files in proptest::collection::btree_map("[a-z]{1,3}(/[a-zé0-9 ]{0,9}[a-z]){0,3}", proptest::collection::vec(any::<u8>(), 0..2000), 1..12),
        big in prop_oneof![Just(65_536_usize), Just(65_535), Just(524_288), 0..200_000_usize],
    ) {
        let mut sources: Vec<_> = files.iter().map(|(name, bytes)| source(&format!("x{name}/end"), bytes)).collect();
        sources.push(source("big", &noise(big)));
        let package = sealed(Mapping::from([(2, sources)]));
        let (opened, sink) = kit::open_with(&package.bytes, &package.identity, &package.expected(), &Limits::default());
        prop_assert!(opened.is_ok(), "{:?}", opened);
        for (name, bytes) in &files {
            let name = format!("data/2/x{name}/end");
            prop_assert!(sink.files.iter().any(|(found, kept)| *found == name && kept == bytes), "{}", name);
        }
        prop_assert_eq!(sink.files.len(), files.len() + 2);
    }
}
