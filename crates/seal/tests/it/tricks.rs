//! Tars that a dishonest provider could make and sign for. The digest of the
//! ciphertext is right each time; the opener has to see it from inside.

use crate::kit::{self, Package, Raw, mapping, raw, raw_kind, sealed, tar_of};
use portcullis_seal::{
    key::Identity,
    limits::Limits,
    manifest::Manifest,
    open::{Expected, OpenError},
};

/// The entries of an honest package of two short files.
fn honest() -> (Package, Vec<Raw>) {
    let package = sealed(kit::Mapping::from([(
        1,
        vec![
            kit::source("a.txt", b"first"),
            kit::source("b.txt", b"second"),
        ],
    )]));
    let manifest = raw("manifest.json", &kit::manifest_bytes(&package.manifest));
    (
        package,
        vec![
            manifest,
            raw("data/1/a.txt", b"first"),
            raw("data/1/b.txt", b"second"),
        ],
    )
}

fn open(package: &Package, entries: &[Raw]) -> Result<(), OpenError> {
    let bytes = kit::age_of(&tar_of(entries), &[&package.identity.recipient()]);
    package.open_as_signed(&bytes).0.map(|_| ())
}

/// What comes of an honest package after `change`.
fn check(what: &str, code: &str, change: impl FnOnce(&mut Vec<Raw>)) {
    let (package, mut entries) = honest();
    change(&mut entries);
    let error = open(&package, &entries).expect_err(what);
    assert_eq!(error.code(), code, "{what}: {error}");
    assert!(
        !error.to_string().chars().any(char::is_control),
        "{what}: {error:?}"
    );
    assert!(!error.hint().is_empty());
}

#[test]
fn the_honest_tar_opens_also_with_the_folders_that_tar_writes() {
    let (package, mut entries) = honest();
    open(&package, &entries).unwrap();
    entries.insert(1, raw_kind(b'5', "data/", b""));
    entries.insert(2, raw_kind(b'5', "data/1", b""));
    open(&package, &entries).unwrap();
}

#[test]
fn a_path_that_leads_out_or_tricks_the_eye_is_refused() {
    for path in [
        &b"../x"[..],
        b"/etc/passwd",
        b"data/1/../../../x",
        b"data/1/..",
        b"./data/1/a.txt",
        b"data//1/a.txt",
        b"",
        b"C:/x",
        b"data\\1\\a.txt",
        b"data/1/a\x07.txt",
        b"data/1/a\x1b[2J",
        b"data/1/a\n",
        b"data/1/a.txt.",
        b"data/1/a.txt ",
        "data/1/\u{202e}txt.a".as_bytes(),
        b"data/1/\xff\xfe",
    ] {
        check(
            &String::from_utf8_lossy(path),
            "package.path_unsafe",
            |entries| entries[1].name = path.to_vec(),
        );
        check(
            "in place of the manifest",
            "package.path_unsafe",
            |entries| entries[0].name = path.to_vec(),
        );
    }
}

#[test]
fn a_long_path_is_refused_by_either_extension() {
    let long = "x/".repeat(510);
    let deep = format!("{}z", "y/".repeat(40));
    for path in [long.as_str(), &deep, "../out", "data/1/nul\0behind"] {
        let pax = |path: &str| {
            let body = format!(" path={path}\n");
            let length = (1..9)
                .map(|digits| body.len() + digits)
                .find(|n| n.to_string().len() + body.len() == *n)
                .unwrap();
            format!("{length}{body}")
        };
        check(path, "package.path_unsafe", |e| {
            e.insert(
                1,
                raw_kind(b'L', "././@LongLink", format!("{path}\0").as_bytes()),
            );
        });
        check(path, "package.path_unsafe", |e| {
            e.insert(1, raw_kind(b'x', "PaxHeaders/a", pax(path).as_bytes()));
        });
    }
    for kind in [b'L', b'x'] {
        let endless = Raw {
            claimed: 1 << 40,
            ..raw_kind(kind, "././@LongLink", &vec![b'x'; 20_000])
        };
        check(
            "an extension of a terabyte",
            "package.malformed",
            |entries| entries.insert(1, endless),
        );
    }
}

#[test]
fn links_devices_and_sparse_files_are_refused() {
    for kind in *b"123467SKgVMZ" {
        check(
            &char::from(kind).to_string(),
            "package.entry_kind",
            |entries| {
                entries[1].kind = kind;
                entries[1].link = b"/etc/passwd".to_vec();
            },
        );
    }
    for record in [
        "26 GNU.sparse.realsize=999\n",
        "18 linkpath=/etc/\n",
        "9 size=5\nx",
        "99 path=a\n",
        "path=a\n",
    ] {
        check(record, "package.malformed", |entries| {
            entries.insert(1, raw_kind(b'x', "PaxHeaders/a", record.as_bytes()));
        });
    }
}

#[test]
fn only_what_the_manifest_lists_comes_out_and_in_its_order() {
    check("the manifest second", "package.manifest", |entries| {
        entries.swap(0, 1);
    });
    check("no manifest", "package.manifest", |entries| {
        drop(entries.remove(0));
    });
    check("nothing at all", "package.missing_file", Vec::clear);
    check("two swapped", "package.unexpected_entry", |entries| {
        entries.swap(1, 2);
    });
    check("a file twice", "package.unexpected_entry", |entries| {
        entries.insert(2, entries[1].clone());
    });
    check(
        "the manifest twice",
        "package.unexpected_entry",
        |entries| entries.push(entries[0].clone()),
    );
    check("an extra file", "package.unexpected_entry", |entries| {
        entries.push(raw("data/1/c.txt", b"third"));
    });
    check("a foreign item", "package.unexpected_entry", |entries| {
        entries[1].name = b"data/2/a.txt".to_vec();
    });
    check("another case", "package.unexpected_entry", |entries| {
        entries[1].name = b"data/1/A.TXT".to_vec();
    });
    check("an empty folder", "package.unexpected_entry", |entries| {
        entries.insert(1, raw_kind(b'5', "data/2", b""));
    });
    check("half a name", "package.unexpected_entry", |entries| {
        entries.insert(1, raw_kind(b'5', "data/1/a", b""));
    });
    check(
        "a folder for a file",
        "package.unexpected_entry",
        |entries| entries[1] = raw_kind(b'5', "data/1/a.txt", b""),
    );
    check("the last file missing", "package.missing_file", |entries| {
        drop(entries.pop());
    });
    check(
        "the first file missing",
        "package.unexpected_entry",
        |entries| drop(entries.remove(1)),
    );
}

#[test]
fn a_file_that_is_not_as_described_is_refused() {
    check("other bytes", "package.file_differs", |entries| {
        entries[2].data = b"sec0nd".to_vec();
    });
    check("longer", "package.file_differs", |entries| {
        entries[2] = raw("data/1/b.txt", b"seconds");
    });
    check("shorter", "package.file_differs", |entries| {
        entries[2] = raw("data/1/b.txt", b"secon");
    });
    check("a claim of a petabyte", "package.file_differs", |entries| {
        entries[2].claimed = 1 << 50;
    });
    let pax = raw_kind(b'x', "PaxHeaders/b", b"9 size=9\n");
    check("a size by extension", "package.file_differs", |entries| {
        entries.insert(2, pax);
    });
    check("a folder with data", "package.malformed", |entries| {
        entries[1] = raw_kind(b'5', "data/1", b"hidden");
    });
}

#[test]
fn nothing_hides_between_or_behind_the_entries() {
    let (package, entries) = honest();
    let good = tar_of(&entries);
    let manifest_end = 512 + kit::manifest_bytes(&package.manifest).len();
    let mut bad_sum = good.clone();
    bad_sum[148] ^= 1;
    let mut padding = good.clone();
    padding[manifest_end] = 1;
    for (what, tar, code) in [
        (
            "behind the end",
            [&good, &b"hidden"[..]].concat(),
            "package.malformed",
        ),
        (
            "too many zeros",
            [&good, vec![0; 2 << 20].as_slice()].concat(),
            "package.malformed",
        ),
        ("in the padding", padding, "package.malformed"),
        ("a wrong checksum", bad_sum, "package.malformed"),
        (
            "half an end",
            good[..good.len() - 1024 + 512].to_vec(),
            "package.malformed",
        ),
        (
            "no end",
            good[..good.len() - 1024].to_vec(),
            "package.damaged",
        ),
        (
            "cut in a file",
            good[..good.len() - 1024 - 510].to_vec(),
            "package.damaged",
        ),
        ("no tar", b"hello".to_vec(), "package.damaged"),
        ("nothing", vec![], "package.damaged"),
    ] {
        let bytes = kit::age_of(&tar, &[&package.identity.recipient()]);
        let error = package.open_as_signed(&bytes).0.expect_err(what);
        assert_eq!(error.code(), code, "{what}: {error}");
    }
    let record = [&good, vec![0; 10_240].as_slice()].concat();
    let bytes = kit::age_of(&record, &[&package.identity.recipient()]);
    assert!(
        package.open_as_signed(&bytes).0.is_ok(),
        "a record filled up with zeros is how tar ends"
    );
}

#[test]
fn a_manifest_that_goes_over_a_limit_is_refused_before_anything_is_written() {
    let package = sealed(mapping());
    let check = |what: &str, limits: Limits| {
        let (opened, sink) = kit::open_with(
            &package.bytes,
            &package.identity,
            &package.expected(),
            &limits,
        );
        assert!(
            matches!(opened, Err(OpenError::TooLarge(_))),
            "{what}: {opened:?}"
        );
        assert!(sink.files.is_empty(), "{what}");
    };
    let (exactly, ()) = package
        .manifest
        .digest()
        .map(|(_, bytes)| (bytes, ()))
        .unwrap();
    check(
        "manifest",
        Limits {
            manifest_bytes: exactly - 1,
            ..Limits::default()
        },
    );
    check(
        "files",
        Limits {
            files: 3,
            ..Limits::default()
        },
    );
    check(
        "one file",
        Limits {
            file_bytes: 199_999,
            ..Limits::default()
        },
    );
    check(
        "all files",
        Limits {
            total_bytes: 200_019,
            ..Limits::default()
        },
    );
    let exact = Limits {
        manifest_bytes: exactly,
        files: 4,
        file_bytes: 200_000,
        total_bytes: 200_020,
    };
    assert!(
        kit::open_with(
            &package.bytes,
            &package.identity,
            &package.expected(),
            &exact
        )
        .0
        .is_ok()
    );
}

#[test]
fn an_input_without_end_is_left_at_the_limit() {
    let package = sealed(mapping());
    let limits = Limits {
        manifest_bytes: 4096,
        files: 4,
        file_bytes: 200_000,
        total_bytes: 200_020,
    };
    let endless = std::io::Read::chain(package.bytes.as_slice(), std::io::repeat(0));
    let mut sink = kit::MemorySink::default();
    let opened = portcullis_seal::open::open(
        endless,
        &package.identity,
        &package.expected(),
        &mut sink,
        &limits,
        &mut |_| {},
    );
    assert!(matches!(opened, Err(OpenError::TooLarge(_))), "{opened:?}");
}

#[test]
fn a_header_for_others_too_or_without_end_is_refused() {
    let (package, entries) = honest();
    let (tar, other) = (tar_of(&entries), Identity::generate());
    let two = kit::age_of(&tar, &[&package.identity.recipient(), &other.recipient()]);
    let endless = [
        b"age-encryption.org/v1\n-> X25519 ".as_slice(),
        &vec![b'A'; 1 << 20],
    ]
    .concat();
    for (what, bytes) in [
        ("two keys", two),
        ("endless", endless),
        ("not age", vec![b'x'; 1000]),
    ] {
        let error = package.open_as_signed(&bytes).0.expect_err(what);
        assert_eq!(error.code(), "package.not_a_package", "{what}: {error}");
    }
}

#[test]
fn a_manifest_of_unsafe_or_clashing_paths_is_refused_though_the_tar_agrees() {
    let (package, entries) = honest();
    let text = String::from_utf8(entries[0].data.clone()).unwrap();
    for (from, to, code) in [
        ("\"a.txt\"", "\"../a.txt\"", "package.manifest"),
        ("\"a.txt\"", "\"/a.txt\"", "package.manifest"),
        ("\"a.txt\"", "\"B.txt\"", "package.manifest"),
        ("\"a.txt\"", "\"b.txt\"", "package.manifest"),
        ("\"a.txt\"", "\"c.txt\"", "package.manifest"),
    ] {
        let text = text.replace(from, to);
        let entries = [
            raw("manifest.json", text.as_bytes()),
            entries[1].clone(),
            entries[2].clone(),
        ];
        let bytes = kit::age_of(&tar_of(&entries), &[&package.identity.recipient()]);
        let expected = Expected {
            ciphertext: kit::digest(&bytes),
            manifest: kit::digest(text.as_bytes()),
            ..package.expected()
        };
        let error = kit::open_with(&bytes, &package.identity, &expected, &Limits::default())
            .0
            .expect_err(to);
        assert_eq!(error.code(), code, "{to}: {error}");
        assert!(Manifest::read(text.as_bytes(), &Limits::default()).is_err());
    }
}
