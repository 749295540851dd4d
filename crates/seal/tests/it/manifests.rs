//! The manifest's bytes.

use crate::kit::{self, source};
use portcullis_seal::{
    key::Identity,
    limits::Limits,
    manifest::{Manifest, ManifestError},
};

fn text() -> String {
    let mapping = kit::Mapping::from([
        (1, vec![source("b", b"bb"), source("a/x", b"a")]),
        (10, vec![source("c", b"")]),
    ]);
    let measured = kit::measured(&Identity::generate(), mapping);
    String::from_utf8(kit::manifest_bytes(measured.manifest())).unwrap()
}

#[test]
fn a_manifest_is_one_line_with_everything_in_order() {
    insta::assert_snapshot!(text(), @r#"{"version":1,"case":"case_00000000010101010101010101010101","package":"pkg_00000000020202020202020202020202","order":"sha256:0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d","grant":"order","items":[{"item":1,"target":1,"category":"stored_content","span":{"from":"2026-01-01T00:00:00Z","to":"2026-01-31T23:59:59Z"},"files":[{"path":"a/x","size":1,"digest":"sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},{"path":"b","size":2,"digest":"sha256:3b64db95cb55c763391c707108489ae18b4112d783300de38e033b4c98c3deaf"}]},{"item":10,"target":2,"category":"basic_subscriber","span":{"from":"2026-01-01T00:00:00Z","to":"2026-01-31T23:59:59Z"},"files":[{"path":"c","size":0,"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}],"totals":{"files":3,"bytes":3}}"#);
}

#[test]
fn a_manifest_reads_back_with_the_digest_of_its_bytes() {
    let text = text();
    let (manifest, digest) = Manifest::read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(digest, kit::digest(text.as_bytes()));
    assert_eq!(manifest.digest().unwrap(), (digest, text.len() as u64));
    assert_eq!(kit::manifest_bytes(&manifest), text.as_bytes());
    assert_eq!((manifest.files(), manifest.size_bytes()), (3, 3));
}

fn check(from: &str, to: &str) -> ManifestError {
    let good = text();
    assert!(good.contains(from), "{from}");
    let bad = good.replacen(from, to, 1);
    Manifest::read(bad.as_bytes(), &Limits::default()).expect_err(&bad)
}

#[test]
fn unknown_missing_and_repeated_keys_do_not_parse() {
    for (from, to) in [
        ("\"version\":1", "\"version\":1,\"extra\":0"),
        ("\"version\":1,", ""),
        ("\"version\":1", "\"version\":1,\"version\":1"),
        ("\"item\":1,", "\"item\":1,\"item\":1,"),
        ("\"size\":1", "\"size\":1,\"mode\":420"),
        ("\"size\":1", "\"size\":-1"),
        ("\"size\":1", "\"size\":1.0"),
        ("\"item\":1,", "\"item\":65536,"),
        ("\"stored_content\"", "\"everything\""),
        ("\"grant\":\"order\"", "\"grant\":\"favour\""),
        ("\"totals\":{", "\"totals\":{\"items\":2,"),
        ("\"from\":\"2026-01-01", "\"from\":\"2027-01-01"),
        ("case_0", "pkg_0"),
        ("sha256:0d", "sha256:0D"),
        ("}\n", "}\n{}"),
        ("}\n", ""),
        ("{", "[{"),
    ] {
        let error = check(from, to);
        assert!(matches!(error, ManifestError::Json(_)), "{to}: {error}");
    }
}

#[test]
fn other_bytes_of_the_same_content_are_not_the_manifest() {
    for (from, to) in [
        ("\"version\":1", "\"version\": 1"),
        ("}\n", "}"),
        ("}\n", "}\n\n"),
        ("\"a/x\"", "\"a\\/x\""),
        ("\"b\"", "\"\\u0062\""),
        ("00:00:00Z", "00:00:00.0Z"),
        ("00:00:00Z", "00:00:00+00:00"),
    ] {
        let error = check(from, to);
        assert!(
            matches!(error, ManifestError::NotCanonical),
            "{to}: {error}"
        );
    }
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    assert!(matches!(
        check("\"version\":1", "\"version\":2"),
        ManifestError::Version(2)
    ));
    assert!(matches!(
        check("\"files\":3", "\"files\":4"),
        ManifestError::Totals
    ));
    assert!(matches!(
        check("\"bytes\":3", "\"bytes\":2"),
        ManifestError::Totals
    ));
    assert!(matches!(
        check("\"item\":1,", "\"item\":10,"),
        ManifestError::Order
    ));
    assert!(matches!(
        check("\"item\":1,", "\"item\":11,"),
        ManifestError::Order
    ));
    assert!(matches!(
        check("\"path\":\"a/x\"", "\"path\":\"c/x\""),
        ManifestError::Order
    ));
    assert!(
        matches!(check("\"path\":\"a/x\"", "\"path\":\"B\""), ManifestError::Clash(path) if path.as_str() == "b")
    );
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        proptest::prop_assert!(Manifest::read(bytes.as_slice(), &Limits::default()).is_err());
    }

    #[test]
    fn no_single_change_reads_as_the_same_manifest(at in 0_usize..900, to: u8) {
        let mut bytes = text().into_bytes();
        let at = at % bytes.len();
        let good = Manifest::read(bytes.as_slice(), &Limits::default()).unwrap().0;
        if bytes[at] != to {
            bytes[at] = to;
            let same = Manifest::read(bytes.as_slice(), &Limits::default()).is_ok_and(|(read, _)| read == good);
            proptest::prop_assert!(!same);
        }
    }
}
