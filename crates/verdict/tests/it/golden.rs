//! Bundles as files: bytes that were judged once must be judged the same for ever.

use crate::kit::{World, order};
use portcullis_core::{office::Office, order::Order};
use portcullis_verdict::{
    Against, Bundle, History, Outcome, Trust, Verdict,
    law::{self, Laws},
    register::versions,
    text, verify,
};
use std::path::{Path, PathBuf};

const DAY: &str = "2026-03-03T09:00:00Z";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/golden")
        .join(name)
}

fn judged(name: &str, now: &str) -> Verdict {
    let read = |name: &str| std::fs::read(file(name)).unwrap();
    let (anchor, records) = versions::parse(&read("register.json")).unwrap();
    let trusted = String::from_utf8(read("register.id")).unwrap();
    assert_eq!(anchor.0.to_string(), trusted.trim());
    let (history, refused) = History::open(anchor, &records).unwrap();
    assert_eq!(refused, []);
    let bundle = Bundle::parse(&read(name)).unwrap();
    assert_eq!(bundle.to_bytes(), read(name), "a bundle is written one way");
    // The law as it stood on that day; the built-in one may have moved on.
    let mut laws = Laws::default();
    let then = read("uk-ipa-2016.toml");
    laws.install(law::parse("uk-ipa-2016.toml", &then, &law::Calendars::builtin()).unwrap());
    let against = Against {
        history: &history,
        trust: &Trust::default(),
        laws: &laws,
        realm: &text::realm("live").unwrap(),
        us: None,
        now: now.parse().unwrap(),
    };
    verify(&bundle, &against)
}

#[test]
fn the_golden_bundles_are_judged_as_on_the_day_they_were_made() {
    let lines = [
        (
            "bundle.json",
            "GENUINE uk-ipa-2016/targeted-interception from police.example to mail.example: 1 target, 1 item, in force until 2026-09-01T23:00:00Z",
        ),
        (
            "unapproved.json",
            "INSUFFICIENT: order.approval_missing: `IPA 2016 s. 23` asks for the approval of judicial_commissioner",
        ),
        (
            "forged.json",
            "NOT GENUINE: signature.false: the signature is false: the signature does not verify",
        ),
        (
            "urgent.json",
            "GENUINE uk-ipa-2016/targeted-interception from police.example to mail.example: 1 target, 1 item, in force until 2026-03-10T00:00:00Z",
        ),
    ];
    for (name, line) in lines {
        assert_eq!(judged(name, DAY).line, line, "{name}");
    }
    assert_eq!(
        judged("urgent.json", "2026-03-11T00:00:00Z").outcome,
        Outcome::Insufficient
    );
}

#[test]
fn no_part_of_the_register_may_be_missing_or_changed() {
    let bytes = std::fs::read(file("register.json")).unwrap();
    let (anchor, mut records) = versions::parse(&bytes).unwrap();
    assert_eq!(versions::to_bytes(anchor, &records), bytes);
    records[0].proof = None;
    let refused = History::open(anchor, &records).unwrap_err();
    assert_eq!(refused[0].error.code(), "register.unlogged");
    for garbage in [
        &b""[..],
        b"{}",
        b"{\"register\":\"x\",\"versions\":[]}",
        b"[[[[",
    ] {
        assert_eq!(
            versions::parse(garbage).unwrap_err().code(),
            "register.malformed"
        );
    }
}

/// Writes the files anew. A change of their bytes is a change of format: read the difference.
#[test]
#[ignore = "writes the golden files"]
fn golden_files_are_written() {
    let keep = |name: &str, bytes: &[u8]| std::fs::write(file(name), bytes).unwrap();
    let mut world = World::new();
    std::fs::create_dir_all(file("")).unwrap();
    keep(
        "register.json",
        &versions::to_bytes(world.anchor(), &world.versions),
    );
    // A copy that is never among the published ones, whatever becomes of the built-in file.
    let (name, text) = law::LAW_FILES
        .into_iter()
        .find(|(file, _)| file.contains("uk-ipa-2016"))
        .unwrap();
    let text = format!("# A copy for tests: nobody publishes it.\n{text}");
    keep("uk-ipa-2016.toml", text.as_bytes());
    let copy = law::parse(name, text.as_bytes(), &law::Calendars::builtin()).unwrap();
    world.laws.install(copy);
    keep("register.id", format!("{}\n", world.anchor().0).as_bytes());

    let mut whole = world.case(1, order());
    whole.whole().witnessed(&mut world);
    keep(
        "bundle.json",
        &Bundle {
            entries: whole.entries.clone(),
        }
        .to_bytes(),
    );

    let mut forged = whole;
    forged.forge(0, |payload| payload.replace("u/48151623", "u/48151624"));
    forged.entries[0].inclusion = None;
    keep(
        "forged.json",
        &Bundle {
            entries: forged.entries,
        }
        .to_bytes(),
    );

    let mut unapproved = world.case(2, order());
    unapproved
        .draft("2026-03-02T09:00:00Z")
        .approve(
            "minister",
            "minister",
            Office::SecretaryOfState,
            "2026-03-02T10:00:00Z",
        )
        .issue("2026-03-02T12:00:00Z")
        .serve("2026-03-02T13:00:00Z")
        .witnessed(&mut world);
    keep(
        "unapproved.json",
        &Bundle {
            entries: unapproved.entries,
        }
        .to_bytes(),
    );

    let mut urgent = world.case(
        3,
        Order {
            urgency: Some("a child is missing".into()),
            ..order()
        },
    );
    urgent
        .draft("2026-03-02T09:00:00Z")
        .approve(
            "minister",
            "minister",
            Office::SecretaryOfState,
            "2026-03-02T10:00:00Z",
        )
        .issue("2026-03-02T12:00:00Z")
        .serve("2026-03-02T13:00:00Z")
        .witnessed(&mut world);
    keep(
        "urgent.json",
        &Bundle {
            entries: urgent.entries,
        }
        .to_bytes(),
    );
}
