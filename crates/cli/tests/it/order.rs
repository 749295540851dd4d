//! Orders from the terminal: drafted from a file, approved, served, judged from files alone.

use crate::kit::{Seat, Town, no, ok, run, text, wait};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) const SEATS: [Seat; 4] = [
    Seat {
        word: "police",
        roles: &["authority"],
        authority: &["us_state", "metropolitan_police"],
        sector: "police",
        officers: &["applicant=applicant", "serving=serving_officer"],
        tick_ms: 600_000,
    },
    Seat {
        word: "mail",
        roles: &["provider"],
        authority: &[],
        sector: "industry",
        officers: &["response=legal_response"],
        tick_ms: 600_000,
    },
    Seat {
        word: "court",
        roles: &["witness", "approver"],
        authority: &[],
        sector: "justice",
        officers: &["judge=magistrate_judge"],
        tick_ms: 600_000,
    },
    Seat {
        word: "university",
        roles: &["witness"],
        authority: &[],
        sector: "academia",
        officers: &[],
        tick_ms: 600_000,
    },
];

pub(crate) fn town() -> Town {
    let mut town = Town::found(&SEATS);
    for seat in &SEATS {
        town.serve(seat.word);
    }
    town
}

/// A warrant made from its template, as a person fills it in.
pub(crate) fn warrant(town: &Town) -> PathBuf {
    let path = town.path("warrant.toml");
    let template = ok(
        &town.dir("police"),
        &["order", "template", "us-sca/warrant-2703a"],
    );
    let filled = template["template"]
        .as_str()
        .unwrap()
        .replace("PROVIDER", "mail.example")
        .replace("MEMBER", "court.example")
        .replace("\njudge = ", "\n# judge = ")
        .replace("# magistrate_judge = ", "magistrate_judge = ")
        .replace("  # \"probable_cause\",", "  \"probable_cause\",")
        .replace("kind = \"account\"", "kind = \"email\"")
        .replace("VALUE", "someone@mail.example")
        .replace("\"FROM\"", "\"2026-01-01T00:00:00Z\"")
        .replace("\"TO\"", "2026-02-01T00:00:00Z");
    let second = "\n[[item]]\nnumber = 2\ntarget = 1\ncategory = \"stored_content\"\n\
        from = 2026-01-01T00:00:00Z\nto = 2026-01-15T00:00:00Z\n";
    let third = second.replace("number = 2", "number = 3");
    fs::write(&path, filled + second + &third).unwrap();
    path
}

/// Drafts the warrant at the police; the case.
pub(crate) fn drafted(town: &Town) -> String {
    let grounds = town.path("grounds.md");
    fs::write(&grounds, "# Why\n\nNothing less will do.\n").unwrap();
    let file = warrant(town);
    let args = [
        "order",
        "draft",
        text(&file),
        "--application",
        text(&grounds),
        "--key",
        "applicant",
    ];
    ok(&town.dir("police"), &args)["case"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Runs a command on a case as soon as the node has heard of what it needs.
pub(crate) fn soon(dir: &Path, args: &[&str]) -> Value {
    wait(&format!("{args:?}"), || {
        let output = run(dir, &[&["--json"], args].concat());
        output
            .status
            .success()
            .then(|| serde_json::from_slice(&output.stdout).unwrap())
    })
}

/// From draft to receipt; the case.
pub(crate) fn received(town: &Town) -> String {
    let case = drafted(town);
    let (police, court, mail) = (town.dir("police"), town.dir("court"), town.dir("mail"));
    soon(
        &court,
        &[
            "order",
            "approve",
            &case,
            "--as",
            "magistrate_judge",
            "--key",
            "judge",
        ],
    );
    ok(&court, &["order", "issue", &case, "--key", "judge"]);
    soon(&police, &["order", "serve", &case, "--key", "serving"]);
    wait("the provider's receipt", || {
        let shown = run(&mail, &["--json", "case", "show", &case]);
        let shown: Value = serde_json::from_slice(&shown.stdout).ok()?;
        (shown["phase"] == "received").then_some(())
    });
    case
}

fn lines(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_warrant_goes_from_its_template_to_the_provider_and_every_step_says_the_next() {
    let town = town();
    let (police, court, mail) = (town.dir("police"), town.dir("court"), town.dir("mail"));
    let case = drafted(&town);
    let shown = ok(&police, &["order", "show", &case]);
    assert_eq!(shown["phase"], "drafted");
    assert_eq!(
        shown["approvals"][0]["missing"][0]["offices"][1],
        "magistrate_judge"
    );
    assert!(
        shown["next"].as_str().unwrap().contains("court.example"),
        "{shown}"
    );

    // Nobody issues before the approval, and nobody approves in another's office.
    assert_eq!(
        no(&police, &["order", "serve", &case, "--key", "serving"]),
        (1, "order.not_issued".into())
    );
    soon(&court, &["order", "show", &case]);
    let early = no(&court, &["order", "issue", &case, "--key", "judge"]);
    assert_eq!(early, (1, "order.approval_missing".into()));
    let wrong = no(
        &court,
        &["order", "approve", &case, "--as", "judge", "--key", "judge"],
    );
    assert_eq!(wrong, (1, "order.wrong_office".into()));
    let king = run(
        &court,
        &["order", "approve", &case, "--as", "king", "--key", "judge"],
    );
    assert_eq!(king.status.code(), Some(2));
    let none = no(
        &court,
        &[
            "order",
            "approve",
            &case,
            "--as",
            "magistrate_judge",
            "--renewal",
            "--key",
            "judge",
        ],
    );
    assert_eq!(none, (1, "order.nothing_to_approve".into()));

    // The judge reads the application; it is the one that the order names.
    let read = lines(&court, &["order", "show", &case, "--application"]);
    assert!(read.contains("Nothing less will do."), "{read}");
    let page = lines(&court, &["order", "show", &case]);
    for part in [
        "someone@mail.example",
        "probable_cause",
        "missing: judge or magistrate_judge",
        "it asks for content",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }

    ok(
        &court,
        &[
            "order",
            "approve",
            &case,
            "--as",
            "magistrate_judge",
            "--key",
            "judge",
        ],
    );
    let again = no(
        &court,
        &[
            "order",
            "approve",
            &case,
            "--as",
            "magistrate_judge",
            "--key",
            "judge",
        ],
    );
    assert_eq!(again, (1, "order.nothing_to_approve".into()));
    let issued = ok(&court, &["order", "issue", &case, "--key", "judge"]);
    assert!(
        issued["next"].as_str().unwrap().contains("order serve"),
        "{issued}"
    );
    soon(&police, &["order", "serve", &case, "--key", "serving"]);

    let at_mail = soon(&mail, &["order", "show", &case]);
    assert_eq!(
        at_mail["approvals"][0]["given"][0]["office"],
        "magistrate_judge"
    );
    // The provider has the order and never the application.
    let application = no(&mail, &["order", "show", &case, "--application"]);
    assert_eq!(application, (1, "application.not_here".into()));
    let verdict = ok(&mail, &["order", "verify", &case, "--for", "mail.example"]);
    assert_eq!(verdict["outcome"], "GENUINE", "{verdict}");

    // The bundle is judged from files alone, by somebody without a node.
    let (bundle, register, nowhere) = (
        town.path("bundle.json"),
        town.path("versions.json"),
        town.path("nowhere"),
    );
    ok(
        &mail,
        &["order", "bundle", &case, "--output", text(&bundle)],
    );
    ok(&mail, &["register", "export", text(&register)]);
    let id = fs::read_to_string(mail.join("register.id")).unwrap();
    let by_files = [
        "order",
        "verify",
        text(&bundle),
        "--register",
        text(&register),
        "--register-id",
        id.trim(),
    ];
    let verdict = ok(&nowhere, &by_files);
    assert_eq!(
        (&verdict["outcome"], &verdict["register_compared"]),
        (&"GENUINE".into(), &true.into()),
        "{verdict}"
    );

    // What is taken back is not enough any more.
    ok(&police, &["order", "withdraw", &case, "--key", "applicant"]);
    let withdrawn = run(&police, &["order", "verify", &case, "--line"]);
    assert_eq!(withdrawn.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&withdrawn.stdout).starts_with("INSUFFICIENT: order.withdrawn:")
    );
}

#[test]
fn a_refusal_ends_an_order_and_unknown_reasons_are_answered_with_the_laws() {
    let town = town();
    let (police, court) = (town.dir("police"), town.dir("court"));
    let case = drafted(&town);
    soon(&court, &["order", "show", &case]);
    let refuse = |reason: &str, rest: &[&str]| {
        let args = [
            "--json",
            "order",
            "refuse",
            &case,
            "--as",
            "magistrate_judge",
            "--reason",
            reason,
            "--key",
            "judge",
        ];
        run(&court, &[&args, rest].concat())
    };
    let output = refuse("because", &[]);
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["error"]["code"], "case.unknown_reason");
    let hint = answer["error"]["hint"].as_str().unwrap();
    assert!(
        hint.contains("standard_not_met: the facts do not meet the standard (FRCrP 41(d)"),
        "{hint}"
    );
    let note = town.path("note.md");
    fs::write(&note, "The affidavit names nobody.\n").unwrap();
    assert!(
        refuse("standard_not_met", &["--note", text(&note)])
            .status
            .success()
    );
    wait("the refusal at the police", || {
        (ok(&police, &["order", "show", &case])["phase"] == "refused").then_some(())
    });
    assert_eq!(
        no(&court, &["order", "issue", &case, "--key", "judge"]),
        (1, "order.refused".into())
    );
}

#[test]
fn a_file_that_is_not_an_order_says_where_and_nothing_is_said() {
    let town = Town::found(&SEATS);
    let police = town.dir("police");
    let grounds = town.path("grounds.md");
    fs::write(&grounds, "why").unwrap();
    let good = fs::read_to_string(warrant(&town)).unwrap();
    let bad = town.path("bad.toml");
    let draft = [
        "order",
        "draft",
        text(&bad),
        "--application",
        text(&grounds),
        "--key",
        "applicant",
    ];
    for (from, to, exit, code) in [
        ("\"email\"", "\"keyword\"", 2, "order.file"),
        ("someone@mail.example", "*@mail.example", 2, "order.file"),
        (
            "\"probable_cause\"",
            "\"curiosity\"",
            1,
            "order.unknown_ground",
        ),
        (
            "\"stored_content\"",
            "\"intercepted_content\"",
            1,
            "order.category",
        ),
        (
            "magistrate_judge = \"court",
            "prosecutor = \"court",
            1,
            "order.approver_missing",
        ),
        ("\"us-sca\"", "\"uk-ipa\"", 1, "law.not_valid"),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good);
        fs::write(&bad, changed).unwrap();
        assert_eq!(
            no(&police, &draft),
            (exit, code.to_owned()),
            "{from} -> {to}"
        );
    }
    fs::write(&grounds, "").unwrap();
    assert_eq!(no(&police, &draft).0, 2);
    fs::write(&grounds, vec![b'a'; 512 * 1024]).unwrap();
    assert_eq!(no(&police, &draft), (2, "file.too_long".into()));
    assert_eq!(
        ok(&police, &["case", "list"])["cases"],
        serde_json::json!([])
    );
    assert_eq!(no(&police, &["order", "template", "us-sca/anything"]).0, 2);
}

/// The golden bundles of the verdict room.
fn golden(name: &str) -> String {
    format!(
        "{}/../verdict/testdata/golden/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// Judges a file on a machine that has nothing but the program and files.
fn verify(file: &str, more: &[&str]) -> (Option<i32>, String) {
    let nowhere = tempfile::tempdir().unwrap();
    let id = fs::read_to_string(golden("register.id")).unwrap();
    let (register, laws) = (golden("register.json"), golden(""));
    let args = [
        "order",
        "verify",
        file,
        "--register",
        &register,
        "--register-id",
        id.trim(),
        "--laws",
        &laws,
    ];
    let output = run(&nowhere.path().join("empty"), &[&args, more].concat());
    let all = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(all).unwrap())
}

const DAY: [&str; 2] = ["--at", "2026-03-03T09:00:00Z"];

#[test]
fn a_bundle_is_judged_offline_with_a_line_named_checks_and_an_exit_code() {
    for (name, exit, line) in [
        (
            "bundle.json",
            0,
            "GENUINE uk-ipa-2016/targeted-interception from police.example to mail.example",
        ),
        (
            "unapproved.json",
            1,
            "INSUFFICIENT: order.approval_missing: `IPA 2016 s. 23`",
        ),
        ("forged.json", 4, "NOT GENUINE: signature.false:"),
        (
            "urgent.json",
            0,
            "GENUINE uk-ipa-2016/targeted-interception",
        ),
    ] {
        let (code, text) = verify(&golden(name), &DAY);
        assert_eq!(code, Some(exit), "{name}: {text}");
        assert!(text.starts_with(line), "{name}: {text}");
        assert_eq!(text.contains("  ✗ "), exit != 0, "{name}: {text}");
        let (_, only) = verify(&golden(name), &["--line", "--at", "2026-03-03T09:00:00Z"]);
        // What is said loudly goes to standard error, beside the one line.
        let spoken = only
            .lines()
            .filter(|line| !line.starts_with("! ") && !line.is_empty());
        assert_eq!(spoken.count(), 1, "{only}");
    }
    let (_, text) = verify(&golden("bundle.json"), &DAY);
    assert!(
        text.contains("✓ order.approval: judicial_commissioner of court.example"),
        "{text}"
    );
    assert!(text.contains("(IPA 2016 s. 23)"), "{text}");
    let (code, text) = verify(
        &golden("bundle.json"),
        &["--at", "2026-10-01T00:00:00Z", "--line"],
    );
    assert_eq!(
        (code, text.starts_with("INSUFFICIENT: order.expired")),
        (Some(1), true),
        "{text}"
    );
    let (code, text) = verify(
        &golden("bundle.json"),
        &[&DAY[..], &["--for", "chat.example"]].concat(),
    );
    assert_eq!(
        (
            code,
            text.starts_with("NOT GENUINE: statement.other_addressee")
        ),
        (Some(4), true),
        "{text}"
    );
}

#[test]
fn what_is_no_bundle_is_answered_and_never_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("garbage");
    let deep = "[".repeat(200_000);
    let long = vec![b' '; 32 * 1024 * 1024 + 10];
    for bytes in [&b""[..], b"{}", b"\xff\xfe\x00", deep.as_bytes(), &long] {
        fs::write(&path, bytes).unwrap();
        let (code, text) = verify(text(&path), &DAY);
        assert_eq!(code, Some(4), "{text}");
        assert!(text.starts_with("NOT GENUINE: bundle.malformed:"), "{text}");
    }
    let (code, text) = verify(folder.path().join("missing").to_str().unwrap(), &DAY);
    assert_eq!(code, Some(3), "{text}");
}

#[test]
fn a_register_that_was_not_compared_and_a_law_that_is_not_published_are_said_loudly() {
    let nowhere = tempfile::tempdir().unwrap();
    let dir = nowhere.path().join("empty");
    let (register, bundle) = (golden("register.json"), golden("bundle.json"));
    let args = [
        "order",
        "verify",
        &bundle,
        "--register",
        &register,
        "--laws",
        &golden(""),
        DAY[0],
        DAY[1],
    ];
    let said = lines(&dir, &args);
    assert!(
        said.starts_with("GENUINE") && said.contains("  ! THE REGISTER WAS NOT COMPARED"),
        "{said}"
    );
    let (code, told) = verify(&bundle, &DAY);
    assert_eq!(code, Some(0), "{told}");
    assert!(
        !told.contains("NOT COMPARED")
            && told.contains("  ! THE LAW FILE IS NOT AMONG THOSE PUBLISHED"),
        "{told}"
    );

    // Without that law file the order's law is unknown, and nothing is believed of it.
    let id = fs::read_to_string(golden("register.id")).unwrap();
    let by_builtin = [
        "order",
        "verify",
        &bundle,
        "--register",
        &register,
        "--register-id",
        id.trim(),
        DAY[0],
        DAY[1],
    ];
    let said = lines(&dir, &by_builtin);
    assert!(said.starts_with("INSUFFICIENT: law.unknown"), "{said}");
    let wrong = format!("sha256:{}", "ab".repeat(32));
    let by_other = [
        "order",
        "verify",
        &bundle,
        "--register",
        &register,
        "--register-id",
        &wrong,
    ];
    assert_eq!(no(&dir, &by_other), (4, "register.other".into()));
    assert_eq!(no(&dir, &["order", "verify", &bundle]), (3, "file".into()));
    let garbage = nowhere.path().join("garbage.json");
    fs::write(&garbage, "[]").unwrap();
    let by_garbage = ["order", "verify", &bundle, "--register", text(&garbage)];
    assert_eq!(no(&dir, &by_garbage), (4, "register.malformed".into()));
}

#[test]
fn a_bundle_comes_through_standard_input_too() {
    let nowhere = tempfile::tempdir().unwrap();
    let id = fs::read_to_string(golden("register.id")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args([
            "--dir",
            text(&nowhere.path().join("empty")),
            "--json",
            "order",
            "verify",
            "-",
        ])
        .args([
            "--register",
            &golden("register.json"),
            "--register-id",
            id.trim(),
            "--laws",
            &golden(""),
        ])
        .args(DAY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, &fs::read(golden("urgent.json")).unwrap()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &answer["outcome"]),
        (Some(0), &"GENUINE".into()),
        "{answer}"
    );
    assert!(
        answer["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["name"] == "order.urgent")
    );
}
