//! Unsealing, samples, evidence and double entry, by real nodes.

use crate::{
    kit::{Seat, Town, no, ok, pause, run, text, wait},
    order::{soon, warrant},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

const SEATS: [Seat; 5] = [
    Seat {
        word: "police",
        roles: &["authority"],
        authority: &["us_state"],
        sector: "police",
        officers: &["applicant=applicant", "serving=serving_officer"],
        tick_ms: 6_000,
    },
    Seat {
        word: "mail",
        roles: &["provider"],
        authority: &[],
        sector: "industry",
        officers: &["response=legal_response"],
        tick_ms: 6_000,
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
    Seat {
        word: "watch",
        roles: &["overseer"],
        authority: &[],
        sector: "oversight",
        officers: &["inspector=inspector"],
        tick_ms: 600_000,
    },
];

/// What nobody may find in what is public: the target, and a word of the application.
const SECRETS: [&str; 3] = ["someone@mail.example", "someone", "Nothing less will do"];

fn town() -> Town {
    let mut town = Town::found(&SEATS);
    for seat in &SEATS {
        town.serve(seat.word);
    }
    town
}

#[expect(clippy::disallowed_methods, reason = "processes go by the same clock")]
fn in_seconds(seconds: i64) -> Timestamp {
    let at = Timestamp::now() + SignedDuration::from_secs(seconds);
    Timestamp::from_second(at.as_second()).unwrap()
}

/// A warrant that is secret until then, received by the provider and answered; the case.
fn answered(town: &Town, until: Timestamp) -> String {
    let (police, court, mail) = (town.dir("police"), town.dir("court"), town.dir("mail"));
    let file = warrant(town);
    let filled = fs::read_to_string(&file).unwrap();
    let secret = filled.replace("secrecy = \"none\"", &format!("secrecy = {until}"));
    assert_ne!(filled, secret);
    fs::write(&file, secret).unwrap();
    let grounds = town.path("grounds.md");
    fs::write(&grounds, "# Why\n\nNothing less will do.\n").unwrap();
    let (file, grounds) = (text(&file), text(&grounds));
    let draft = ["order", "draft", file, "--application", grounds];
    let drafted = ok(&police, &[&draft[..], &["--key", "applicant"]].concat());
    let case = drafted["case"].as_str().unwrap().to_owned();
    let approve = ["order", "approve", &case, "--as", "magistrate_judge"];
    soon(&court, &[&approve[..], &["--key", "judge"]].concat());
    ok(&court, &["order", "issue", &case, "--key", "judge"]);
    soon(&police, &["order", "serve", &case, "--key", "serving"]);
    let accept = ["case", "accept", &case, "--items", "1,2"];
    soon(&mail, &[&accept[..], &["--key", "response"]].concat());
    case
}

/// Waits until everything that this node said in the case is proved, and that is so much.
fn proved(dir: &Path, case: &str, statements: usize) -> Value {
    wait("every statement's proof", || {
        let shown = run(dir, &["--json", "case", "show", case]);
        let shown: Value = serde_json::from_slice(&shown.stdout).ok()?;
        let said = shown["statements"].as_array()?;
        let ours: Vec<_> = said.iter().filter(|one| one["ours"] == true).collect();
        let all = ours.iter().all(|one| one["recorded"] == true);
        (all && statements <= ours.len()).then_some(shown)
    })
}

fn register_id(town: &Town) -> String {
    let id = fs::read_to_string(town.dir("mail").join("register.id")).unwrap();
    id.trim().to_owned()
}

fn policy(town: &Town, word: &str) -> PathBuf {
    let path = town.path(&format!("{word}.policy"));
    let output = run(&town.dir(word), &["log", "policy"]);
    fs::write(&path, output.stdout).unwrap();
    path
}

/// Replaces the first place where `from` stands.
fn altered(town: &Town, file: &Path, from: &[u8], to: &[u8]) -> PathBuf {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from);
    let at = at.expect("it stands there");
    bytes[at..at + to.len()].copy_from_slice(to);
    let path = town.path("altered");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_docket_is_opened_at_the_end_of_secrecy_and_checked_by_anybody() {
    let town = town();
    let mail = town.dir("mail");
    let until = in_seconds(25);
    let case = answered(&town, until);
    let early = no(&mail, &["case", "unseal", &case, "--key", "response"]);
    assert_eq!(early, (1, "secrecy.still".into()));
    assert!(!mail.join("blobs/opened").exists());
    // Received, accepted.
    proved(&mail, &case, 2);
    let unsealed = wait("the end of secrecy", || {
        let args = ["--json", "case", "unseal", &case, "--key", "response"];
        let output = run(&mail, &args);
        output
            .status
            .success()
            .then(|| serde_json::from_slice::<Value>(&output.stdout).unwrap())
    });
    assert!(unsealed["statement"].is_string(), "{unsealed}");
    let opened = unsealed["opened"].as_array().unwrap();
    assert!(4 <= opened.len(), "{unsealed}");
    assert_eq!(unsealed["erased"], 0);
    // What `unsealed` itself counts comes with the next tick.
    let more = wait("the docket of the unsealing", || {
        let more = ok(&mail, &["case", "unseal", &case, "--key", "response"]);
        (more["waiting"] == 0).then_some(more)
    });
    assert_eq!(more["statement"], Value::Null);
    assert!(opened.len() < more["opened"].as_array().unwrap().len());

    // Anybody checks one from a file and a policy alone; nobody learns whose data it was.
    let (policy, nowhere) = (policy(&town, "mail"), town.path("nowhere"));
    let mut cells = Vec::new();
    for path in more["opened"].as_array().unwrap() {
        let file = mail.join("blobs").join(path.as_str().unwrap());
        let args = ["inspect", "opened", text(&file), "--policy", text(&policy)];
        let checked = ok(&nowhere, &args);
        assert_eq!(checked["docket"]["rule"], "warrant-2703a", "{checked}");
        cells.extend(checked["cell"].as_u64());
        let bytes = fs::read(&file).unwrap();
        let (payload, docket) = inside(&bytes);
        for text in [bytes, payload, docket] {
            let text = String::from_utf8_lossy(&text).into_owned();
            for secret in SECRETS {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    }
    assert!(!cells.is_empty(), "something was counted");
    let index = fs::read(mail.join("blobs/opened/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(
        index["opened"].as_array().unwrap().len(),
        more["opened"].as_array().unwrap().len()
    );

    // The same over the network, as the node serves it.
    let path = opened[0].as_str().unwrap();
    let url = format!("{}/{path}", town.endpoint("mail"));
    let args = ["inspect", "opened", &url, "--policy", text(&policy)];
    ok(&nowhere, &[&args[..], &["--any-certificate"]].concat());
    // Under another log's policy it is nothing.
    let other = self::policy(&town, "police");
    let file = mail.join("blobs").join(path);
    let args = ["inspect", "opened", text(&file), "--policy", text(&other)];
    assert_eq!(no(&nowhere, &args).0, 1);
    let cut = town.path("cut.json");
    fs::write(&cut, &fs::read(&file).unwrap()[..700]).unwrap();
    let args = ["inspect", "opened", text(&cut), "--policy", text(&policy)];
    assert_eq!(no(&nowhere, &args), (4, "opened.malformed".into()));
    assert_eq!(
        no(
            &mail,
            &[
                "case",
                "unseal",
                "case_00000000000000000000000000000001",
                "--key",
                "response"
            ]
        ),
        (1, "case.unknown".into())
    );

    // The evidence holds the dockets too.
    let pack = town.path("opened.pack");
    ok(&mail, &["inspect", "pack", &case, "-o", text(&pack)]);
    let id = register_id(&town);
    let args = ["inspect", "verify", text(&pack), "--register-id", &id];
    let story = ok(&nowhere, &args);
    assert_eq!(
        story["opened"].as_array().unwrap().len(),
        index["opened"].as_array().unwrap().len()
    );
    assert_eq!(story["false"], serde_json::json!([]), "{story}");
}

/// A file's payload, and the docket in it.
fn inside(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let file: Value = serde_json::from_slice(bytes).unwrap();
    let payload = STANDARD.decode(file["payload"].as_str().unwrap()).unwrap();
    let says: Value = serde_json::from_slice(&payload).unwrap();
    let docket = STANDARD.decode(says["docket"].as_str().unwrap()).unwrap();
    (payload, docket)
}

/// The first leaf of the first tile in which what the provider said in a case stands.
fn first_tile(town: &Town, dir: &Path, case: &str, shown: &Value) -> String {
    let proof = town.path("proof");
    let said = shown["statements"].as_array().unwrap();
    let ours = said.iter().filter(|one| one["ours"] == true);
    let index = |one: &Value| {
        let statement = one["digest"].as_str().unwrap();
        let proof = ["log", "proof", case, statement, "-o", text(&proof)];
        ok(dir, &proof)["index"].as_u64().unwrap()
    };
    let first = ours.map(index).min().unwrap();
    (first / 256 * 256).to_string()
}

/// A command's words.
fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// How many leaves the log has now.
fn size(dir: &Path) -> u64 {
    let checkpoint = fs::read_to_string(dir.join("blobs/log/1/checkpoint")).unwrap();
    checkpoint.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_sample_is_committed_to_drawn_answered_and_checked() {
    let town = town();
    let (mail, watch) = (town.dir("mail"), town.dir("watch"));
    let case = answered(&town, in_seconds(3600));
    let shown = proved(&mail, &case, 2);
    let from = first_tile(&town, &mail, &case, &shown);
    let file = |name: &str| town.path(name).to_str().unwrap().to_owned();
    let (commitment, nonce, receipt) = (file("commitment"), file("nonce"), file("receipt"));
    let (sample, answer) = (file("sample"), file("answer"));
    let origin = "mail.example/log/live/1";
    let at = (size(&mail) + 768).to_string();
    let early = file("early");
    fs::copy(mail.join("blobs/log/1/checkpoint"), &early).unwrap();
    let commit = |key: &str, at: &str, count: &str, nonce: &str, output: &str| {
        let args = [
            "--json", "inspect", "commit", "--origin", origin, "--at", at,
        ];
        let from = if at == "256" { "0" } else { &from };
        let rest = [
            "--from",
            from,
            "--count",
            count,
            "--nonce-file",
            nonce,
            "--key",
            key,
            "-o",
            output,
        ];
        run(&watch, &[&args[..], &rest].concat())
    };
    assert_eq!(
        commit("inspector", &at, "0", &nonce, &commitment)
            .status
            .code(),
        Some(2)
    );
    // Nearly every leaf since the case began.
    assert!(
        commit("inspector", &at, "1000", &nonce, &commitment)
            .status
            .success()
    );
    // A nonce serves once: it is not written over.
    assert_eq!(
        commit("inspector", &at, "9", &nonce, &file("x"))
            .status
            .code(),
        Some(3)
    );

    let received = ok(&mail, &["inspect", "receive", &commitment, "-o", &receipt]);
    let again = ok(&mail, &["inspect", "receive", &commitment, "-o", &receipt]);
    assert_eq!(received["receipt"], again["receipt"]);
    // One receipt a draw, also of a node that was started anew: the overseer cannot choose.
    let second = (file("second"), file("second-nonce"));
    assert!(
        commit("inspector", &at, "1000", &second.1, &second.0)
            .status
            .success()
    );
    assert_eq!(
        no(&mail, &["inspect", "receive", &second.0, "-o", &file("y")]),
        (1, "inspect.second_commitment".into())
    );
    let late = (file("late"), file("late-nonce"));
    assert!(
        commit("inspector", "256", "3", &late.1, &late.0)
            .status
            .success()
    );
    assert_eq!(
        no(&mail, &["inspect", "receive", &late.0, "-o", &file("y")]),
        (1, "inspect.too_late".into())
    );
    assert_eq!(
        no(
            &town.dir("police"),
            &["inspect", "receive", &commitment, "-o", &file("y")]
        ),
        (4, "inspect.apart".into())
    );

    let log = mail.join("blobs/log/1");
    let draw = |nonce: &str, (which, place): (&str, &str)| {
        let args = [
            "inspect",
            "sample",
            "--commitment",
            &commitment,
            "--receipt",
            &receipt,
        ];
        let rest = [
            "--nonce-file",
            nonce,
            which,
            place,
            "--key",
            "inspector",
            "-o",
            &sample,
        ];
        [&args[..], &rest]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let (now, then) = (("--log", text(&log)), ("--checkpoint", early.as_str()));
    assert_eq!(
        no(&watch, &words(&draw(&nonce, then))),
        (1, "inspect.not_later".into())
    );
    wait("the log to reach the size", || {
        (at.parse::<u64>().unwrap() <= size(&mail)).then_some(())
    });
    assert_eq!(
        no(&watch, &words(&draw(&late.1, now))),
        (4, "inspect.nonce".into())
    );
    let drawn = ok(&watch, &words(&draw(&nonce, now)));
    assert_eq!(drawn["size"].to_string(), at);
    let picks = drawn["picks"].as_array().unwrap().len();
    let range: usize = at.parse::<usize>().unwrap() - from.parse::<usize>().unwrap();
    assert_eq!(picks, range.min(1000));

    let answered = ok(&mail, &["inspect", "answer", &sample, "-o", &answer]);
    assert_eq!(answered["cases"], serde_json::json!([case]));
    assert_eq!(answered["leaves"], picks);
    // The look stands in the case, once, and reaches the other side.
    let looks = |dir: &Path| {
        let shown = ok(dir, &["case", "show", &case]);
        let said = shown["statements"].as_array().unwrap().clone();
        said.into_iter()
            .filter(|one| one["kind"] == "inspected")
            .count()
    };
    assert_eq!(looks(&mail), 1);
    ok(&mail, &["inspect", "answer", &sample, "-o", &answer]);
    assert_eq!(looks(&mail), 1);
    wait("the look at the police", || {
        (looks(&town.dir("police")) == 1).then_some(())
    });

    let log = text(&log).to_owned();
    let checked = ok(
        &watch,
        &["inspect", "check", &sample, &answer, "--log", &log],
    );
    assert_eq!(checked["holds"], true, "{checked}");
    assert_eq!(checked["first_checked"], true);
    let without = ok(&watch, &["inspect", "check", &sample, &answer]);
    assert_eq!(without["first_checked"], false);
    let said = run(&watch, &["inspect", "check", &sample, &answer]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("not checked: that this was the first checkpoint"),
        "{said}"
    );
    let leaves = checked["leaves"].as_array().unwrap();
    let shown = leaves
        .iter()
        .filter(|leaf| leaf["found"] == "shown")
        .count();
    assert_eq!(
        shown
            + leaves
                .iter()
                .filter(|leaf| leaf["found"] == "cover")
                .count(),
        picks
    );
    assert!(0 < shown, "{checked}");

    // Another member's answer, an altered one, and no answer at all.
    let bent = altered(
        &town,
        Path::new(&answer),
        b"{\"name\":\"leaves\"",
        b"{\"name\":\"loaves\"",
    );
    assert_eq!(
        no(&watch, &["inspect", "check", &sample, text(&bent)]),
        (4, "pack.altered".into())
    );
    let bytes = fs::read(&answer).unwrap();
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let cut = file("cut");
    fs::write(&cut, &bytes[..=first]).unwrap();
    assert_eq!(
        no(&watch, &["inspect", "check", &sample, &cut]),
        (4, "pack.missing".into())
    );
    assert_eq!(
        no(&watch, &["inspect", "check", &receipt, &answer]),
        (4, "inspect.malformed".into())
    );
    assert_eq!(
        no(&watch, &["inspect", "check", &file("none"), &answer]),
        (3, "file".into())
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn evidence_is_one_file_and_two_sides_books_are_compared() {
    let town = town();
    let (mail, police) = (town.dir("mail"), town.dir("police"));
    let case = answered(&town, in_seconds(3600));
    proved(&mail, &case, 2);
    let nowhere = town.path("nowhere");
    let id = register_id(&town);
    let (ours, theirs) = (town.path("mail.pack"), town.path("police.pack"));
    let letter = town.path("letter");
    fs::write(&letter, "Please show us this case.\n").unwrap();
    let asked = ["--for", "watch.example", "--request", text(&letter)];
    let packed = ok(
        &mail,
        &[&["inspect", "pack", &case, "-o", text(&ours)], &asked[..]].concat(),
    );
    assert_eq!(packed["attachments"], 0);
    let verify = |file: &Path, rest: &[&str]| {
        let output = run(
            &nowhere,
            &[&["--json", "inspect", "verify", text(file)], rest].concat(),
        );
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), answer)
    };
    let (code, story) = verify(&ours, &["--register-id", &id]);
    assert_eq!(
        (code, &story["false"]),
        (0, &serde_json::json!([])),
        "{story}"
    );
    assert_eq!(
        (&story["outcome"], &story["member"]),
        (&"GENUINE".into(), &"mail.example".into())
    );
    let kinds: Vec<_> = story["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert!(
        kinds.contains(&"drafted".into()) && kinds.contains(&"inspected".into()),
        "{kinds:?}"
    );
    let missing = story["missing"].to_string();
    assert!(
        missing.contains("the application: not in this file"),
        "{missing}"
    );
    assert!(
        missing.contains("`inspected` 2 of mail.example: no proof"),
        "{missing}"
    );
    assert_eq!(
        (&story["holds"], &story["unpublished"]),
        (&true.into(), &serde_json::json!([]))
    );
    // Nobody compared the register.
    let (code, story) = verify(&ours, &[]);
    assert_eq!((code, &story["register_compared"]), (1, &false.into()));
    assert_eq!(story["holds"], false);
    let (code, answer) = verify(
        &ours,
        &["--register-id", &format!("sha256:{}", "0".repeat(64))],
    );
    assert_eq!(
        (code, &answer["error"]["code"]),
        (4, &"register.other".into())
    );
    // Before the register spoke nothing is genuine, and later it is expired.
    let (code, _) = verify(
        &ours,
        &["--register-id", &id, "--at", "2099-01-01T00:00:00Z"],
    );
    assert_eq!(code, 4);

    // The application only on request, with a warning.
    let plain = town.path("with.pack");
    let args = [
        "inspect",
        "pack",
        &case,
        "-o",
        text(&plain),
        "--with-application",
        "--key",
        "applicant",
    ];
    let told = run(&police, &args);
    assert!(told.status.success());
    assert!(String::from_utf8_lossy(&told.stdout).contains("WARNING"));
    let (code, story) = verify(&plain, &["--register-id", &id]);
    assert_eq!((code, &story["attachments"]), (0, &1.into()), "{story}");

    // One byte anywhere is found, and the part is named.
    let bytes = fs::read(&ours).unwrap();
    let lines: Vec<_> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::len)
        .collect();
    let mut start = 0;
    for length in &lines[..lines.len() - 1] {
        let mut bent = bytes.clone();
        let at = start + length / 2;
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let path = town.path("bent.pack");
        fs::write(&path, bent).unwrap();
        let (code, answer) = verify(&path, &["--register-id", &id]);
        assert_eq!(code, 4, "{answer}");
        start += length + 1;
    }
    let (code, answer) = verify(&letter, &[]);
    assert_eq!(
        (code, &answer["error"]["code"]),
        (4, &"pack.malformed".into())
    );

    // The two sides' books agree once everything has arrived.
    wait("both sides to hold the same", || {
        ok(&police, &["inspect", "pack", &case, "-o", text(&theirs)]);
        pause(1500);
        let (a, b) = (town.path("a.json"), town.path("b.json"));
        ok(&police, &["order", "bundle", &case, "--output", text(&a)]);
        ok(&mail, &["order", "bundle", &case, "--output", text(&b)]);
        let output = run(
            &nowhere,
            &["--json", "inspect", "reconcile", text(&a), text(&b)],
        );
        output.status.success().then_some(())
    });
    let (a, b) = (town.path("a.json"), town.path("b.json"));
    let books = |a: &Path, b: &Path| {
        let output = run(
            &nowhere,
            &["--json", "inspect", "reconcile", text(a), text(b)],
        );
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), answer)
    };
    let (code, answer) = books(&a, &b);
    assert_eq!((code, &answer["equal"]), (0, &true.into()), "{answer}");
    // A statement that the company keeps to itself is one that the police do not hold.
    let mut bundle: Value = serde_json::from_slice(&fs::read(&a).unwrap()).unwrap();
    let said = bundle["statements"].as_array_mut().unwrap();
    let before = said.len();
    said.retain(|one| !of(one, "accepted"));
    assert_eq!(said.len() + 1, before);
    fs::write(&a, bundle.to_string()).unwrap();
    let (code, answer) = books(&a, &b);
    assert_eq!(code, 4);
    assert_eq!(
        answer["differences"][0]["what"], "statement.not_received",
        "{answer}"
    );
    assert_eq!(answer["differences"][0]["kind"], "accepted");
    // Packs say whose they are, folders hold many.
    let folder = town.path("folder");
    fs::create_dir_all(&folder).unwrap();
    fs::rename(&a, folder.join("a.json")).unwrap();
    let (code, answer) = books(&ours, &folder);
    assert_eq!(code, 4);
    assert_eq!(answer["cases"], serde_json::json!({ "a": 1, "b": 1 }));
    fs::copy(&ours, folder.join("one.pack")).unwrap();
    fs::copy(&theirs, folder.join("two.pack")).unwrap();
    let (code, answer) = books(&folder, &b);
    assert_eq!((code, &answer["error"]["code"]), (2, &"usage".into()));
    assert_eq!(books(&letter, &b).0, 4);
}

/// Whether an entry of a bundle is a statement of this kind.
fn of(entry: &Value, kind: &str) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let envelope = STANDARD
        .decode(entry["envelope"].as_str().unwrap())
        .unwrap();
    let envelope: Value = serde_json::from_slice(&envelope).unwrap();
    envelope["payloadType"]
        .as_str()
        .unwrap()
        .ends_with(&format!(".{kind}+json"))
}
