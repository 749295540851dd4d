//! Who is who: from cards to a register that others join, and what is refused on the way.

use crate::place::{Place, Town, copy_folder, ssh_sign};
use portcullis_store::{LogAppend, Store};
use std::{fs, path::Path};

fn offices(place: &Place, member: &str, key: &str) -> Vec<String> {
    let shown = place.json(&["register", "show", "--member", member]);
    let keys = shown["keys"].as_array().unwrap();
    let held = keys
        .iter()
        .find(|held| held["digest"] == key || held["public"] == key);
    let offices = held
        .map(|held| held["offices"].as_array().unwrap().clone())
        .unwrap_or_default();
    offices
        .iter()
        .map(|office| office["office"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn a_register_is_drafted_signed_published_joined_and_changed() {
    let town = Town::without_register();
    let (registrar, police) = (&town.registrar, &town.police);
    assert_eq!(town.draft("v1.json")["members"], 3);
    let (draft, signed) = (town.path("v1.json"), town.path("v1.json.signed"));

    // One root of two: refused before anything is logged.
    let first = registrar.says(&["register", "sign", &draft, "--key", "alpha"]);
    for expected in [
        "+ member `police.example`",
        "applicant of `police.example`",
        "2 of 3 roots",
        "1 roots signed; 2 are needed",
    ] {
        assert!(first.contains(expected), "`{expected}` in\n{first}");
    }
    let said = registrar.fails(
        1,
        "register.too_few_roots",
        &["register", "publish", &signed],
    );
    assert!(said.contains("1 more of the new roots"), "{said}");
    assert!(
        !registrar.dir.join("blobs/register").exists(),
        "nothing was logged"
    );

    // The second root signs with the real ssh-keygen.
    let to_sign = town.path("to-sign");
    registrar.says(&["register", "sign", &draft, "--print", &to_sign]);
    ssh_sign(&town.root.path().join("gamma"), Path::new(&to_sign));
    let second = registrar.json(&[
        "register",
        "sign",
        &draft,
        "--signature",
        &format!("{to_sign}.sig"),
    ]);
    assert_eq!(
        (&second["signatures"], &second["enough"]),
        (&2.into(), &true.into())
    );
    // A draft is not changed under those who signed it.
    registrar.fails(
        1,
        "register.draft_signed",
        &["register", "renew", &draft, "--days", "3"],
    );

    let published = registrar.json(&["register", "publish", &signed]);
    let id = published["register"].as_str().unwrap().to_owned();
    assert_eq!(
        fs::read_to_string(registrar.dir.join("register.id"))
            .unwrap()
            .trim(),
        id
    );
    let file = town.path("register.json");
    registrar.says(&["register", "export", &file]);
    police.says(&["register", "trust", &id, &file]);
    town.university.says(&["register", "trust", &id, &file]);
    assert_eq!(
        police.json(&["register", "show"]),
        registrar.json(&["register", "show"])
    );
    let listed = police.json(&["key", "list"]);
    assert_eq!(listed[0]["offices"], serde_json::json!(["applicant"]));

    // Version 2: a new office, a revocation, another address.
    police.says(&["key", "new", "erin"]);
    let erin = police.json(&["key", "show", "erin"])["public"]
        .as_str()
        .unwrap()
        .to_owned();
    let applicant = police.json(&["key", "show", "applicant"])["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let draft = town.next(
        "v2.json",
        &[
            &[
                "add-office",
                "DRAFT",
                "police.example",
                &erin,
                "serving_officer",
                "--days",
                "30",
            ],
            &[
                "revoke",
                "DRAFT",
                &applicant,
                "--since",
                "now",
                "--compromised",
            ],
            &["renew", "DRAFT", "--days", "400"],
        ],
    );
    let summary = registrar.says(&["register", "sign", &draft, "--key", "alpha"]);
    for expected in [
        "+ serving_officer of `police.example`",
        "COMPROMISED since",
        "expires ",
    ] {
        assert!(summary.contains(expected), "`{expected}` in\n{summary}");
    }
    assert!(
        !summary.contains("university"),
        "only what changes is shown\n{summary}"
    );
    registrar.says(&["register", "sign", &draft, "--key", "beta"]);
    registrar.says(&["register", "publish", &format!("{draft}.signed")]);
    // Published again, it is the same version.
    registrar.says(&["register", "publish", &format!("{draft}.signed")]);

    assert_eq!(
        police.json(&["register", "fetch", "registrar.example"])["version"],
        2
    );
    assert_eq!(
        offices(police, "police.example", &erin),
        ["serving_officer"]
    );
    let shown = police.says(&["register", "show", "--member", "police.example"]);
    assert!(shown.contains("COMPROMISED since"), "{shown}");
    assert_eq!(
        police.json(&["register", "show", "--version", "1"])["version"],
        1
    );
    police.fails(
        1,
        "register.unknown_version",
        &["register", "show", "--version", "9"],
    );
}

#[test]
fn a_node_that_runs_learns_what_its_folder_joined() {
    let town = Town::with_register();
    let university = &town.university;
    // The university ran before there was a register; now it serves the one it joined.
    let draft = town.next("v2.json", &[&["renew", "DRAFT", "--days", "100"]]);
    town.sign("v2.json", &["alpha", "beta"]);
    town.registrar
        .says(&["register", "publish", &format!("{draft}.signed")]);
    university.says(&["register", "fetch"]);
    let seen = || {
        town.police
            .run(&["--json", "register", "fetch", "university.example"])
            .out
    };
    let mut tries = 0;
    while !seen().contains("\"version\": 2") {
        tries += 1;
        assert!(tries < 100, "{}", seen());
    }
}

#[test]
fn members_come_and_go_and_the_witness_policy_follows() {
    let town = Town::with_register();
    let press = Place::new(town.root.path().join("press"));
    press.init("press.example", "press", &["witness"], &[]);
    let draft = town.next(
        "v2.json",
        &[&["add-member", "DRAFT", &press.file("card.json")]],
    );
    let text = fs::read_to_string(&draft).unwrap();
    assert!(
        text.contains("witness press.example press.example/witness+"),
        "{text}"
    );
    assert!(
        text.contains("group quorum/2 2 university.example registrar.example press.example"),
        "{text}"
    );
    let said = town.registrar.fails(
        1,
        "register.member_exists",
        &["register", "add-member", &draft, &press.file("card.json")],
    );
    assert!(said.contains("--replace"), "{said}");
    let url = "https://press.example:8443";
    town.registrar
        .says(&["register", "set-endpoint", &draft, "press.example", url]);
    town.registrar
        .says(&["register", "set-quorum", &draft, "3"]);
    town.registrar
        .says(&["register", "remove-member", &draft, "police.example"]);
    // With one of three sectors gone, three cannot be had.
    let said = town.registrar.fails(
        1,
        "register.one_sector",
        &["register", "remove-member", &draft, "press.example"],
    );
    assert!(said.contains("academia, oversight"), "{said}");
    let summary = town
        .registrar
        .says(&["register", "sign", &draft, "--key", "alpha"]);
    for expected in [
        "- member `police.example`",
        "+ member `press.example`",
        url,
        "group quorum/3 3",
    ] {
        assert!(summary.contains(expected), "`{expected}` in\n{summary}");
    }
}

#[test]
fn new_roots_need_the_old_ones_too() {
    let town = Town::with_register();
    for root in ["dora", "emil"] {
        town.registrar.says(&["key", "new", root]);
    }
    let edit: &[&str] = &[
        "rotate-roots",
        "DRAFT",
        "--root",
        "dora",
        "--root",
        "emil",
        "--threshold",
        "2",
    ];
    let draft = town.next("v2.json", &[edit]);
    town.sign("v2.json", &["dora", "emil"]);
    let signed = format!("{draft}.signed");
    let said = town.registrar.fails(
        1,
        "register.too_few_roots",
        &["register", "publish", &signed],
    );
    assert!(said.contains("2 more of the old roots"), "{said}");
    town.sign("v2.json", &["alpha", "beta"]);
    town.registrar.says(&["register", "publish", &signed]);
    assert_eq!(
        town.registrar.json(&["register", "show"])["roots"]["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn what_does_not_hold_is_refused_with_a_reason() {
    let town = Town::with_register();
    let (registrar, police) = (&town.registrar, &town.police);
    let id = fs::read_to_string(registrar.dir.join("register.id"))
        .unwrap()
        .trim()
        .to_owned();
    let file = town.path("register.json");
    let fresh = Place::new(town.root.path().join("fresh"));
    fresh.init("fresh.example", "company", &["provider"], &[]);

    // Another id than the file's; a file that claims the id of another register.
    let other = format!("sha256:{}", "ab".repeat(32));
    fresh.fails(4, "register.other", &["register", "trust", &other, &file]);
    let lying = town.path("lying.json");
    fs::write(
        &lying,
        fs::read_to_string(&file).unwrap().replace(&id, &other),
    )
    .unwrap();
    fresh.fails(4, "register.other", &["register", "trust", &other, &lying]);
    // A proof that was tampered with.
    let bent = town.path("bent.json");
    let text = fs::read_to_string(&file).unwrap();
    let at = text
        .find("\\n\\n\\u2014")
        .or_else(|| text.find("\\n\\n—"))
        .expect("a checkpoint's signatures");
    let mut bytes = text.clone().into_bytes();
    let line_end = at + text[at + 4..].find("\\n").unwrap() + 4;
    bytes[line_end - 10] = if bytes[line_end - 10] == b'A' {
        b'B'
    } else {
        b'A'
    };
    fs::write(&bent, bytes).unwrap();
    fresh.fails(4, "register.unlogged", &["register", "trust", &id, &bent]);
    assert!(!fresh.dir.join("register.id").exists());
    fresh.fails(3, "register.none", &["register", "show"]);
    // The true one is taken after all that, and then no other.
    fresh.says(&["register", "trust", &id, &file]);
    fresh.fails(4, "register.other", &["register", "trust", &other, &file]);

    // A root that is none, a draft that changed after it was signed, an envelope that was tampered with.
    registrar.says(&["key", "new", "mallory"]);
    let draft = town.next("v2.json", &[&["renew", "DRAFT", "--days", "100"]]);
    registrar.fails(
        1,
        "register.unknown_root",
        &["register", "sign", &draft, "--key", "mallory"],
    );
    registrar.says(&["register", "sign", &draft, "--key", "alpha"]);
    let changed = fs::read_to_string(&draft)
        .unwrap()
        .replace("The police.example", "The Police");
    fs::write(&draft, changed).unwrap();
    registrar.fails(
        1,
        "register.draft_changed",
        &["register", "sign", &draft, "--key", "beta"],
    );
    fs::remove_file(format!("{draft}.signed")).unwrap();
    town.sign("v2.json", &["alpha", "beta"]);
    let signed = format!("{draft}.signed");
    let good = fs::read_to_string(&signed).unwrap();
    let mut envelope: serde_json::Value = serde_json::from_str(&good).unwrap();
    let sig = envelope["signatures"][1]["sig"]
        .as_str()
        .unwrap()
        .to_owned();
    let flipped = if sig.starts_with('A') {
        sig.replacen('A', "B", 1)
    } else {
        format!("A{}", &sig[1..])
    };
    envelope["signatures"][1]["sig"] = flipped.into();
    fs::write(&signed, serde_json::to_vec(&envelope).unwrap()).unwrap();
    registrar.fails(
        1,
        "register.too_few_roots",
        &["register", "publish", &signed],
    );
    fs::write(&signed, &good).unwrap();
    // Only the register's own node can publish it.
    police.fails(3, "log.key", &["register", "publish", &signed]);
    // Without its witnesses nobody can.
    let mut town = town;
    town.running.pop();
    let said = town
        .registrar
        .fails(3, "log.witnesses_silent", &["register", "publish", &signed]);
    assert!(said.contains("university.example"), "{said}");
    town.running.push(town.university.serve());
    town.registrar.says(&["register", "publish", &signed]);
    // An old draft does not follow any more.
    town.registrar.fails(
        1,
        "register.out_of_order",
        &["register", "sign", &draft, "--key", "alpha"],
    );
    let said = town.registrar.fails(
        1,
        "register.unknown_key",
        &[
            "register",
            "revoke",
            &town.next("v3.json", &[]),
            &other,
            "--since",
            "now",
        ],
    );
    assert!(said.contains("register show"), "{said}");
}

#[test]
fn cards_of_another_realm_or_of_one_sector_make_no_register() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| Place::new(folder.path().join(name));
    let (registrar, second, drill) = (place("registrar"), place("second"), place("drill"));
    registrar.init(
        "registrar.example",
        "oversight",
        &["witness"],
        &["--registrar"],
    );
    second.init("second.example", "oversight", &["witness"], &[]);
    drill.init(
        "drill.example",
        "academia",
        &["witness"],
        &["--realm", "exercise-autumn"],
    );
    registrar.says(&["key", "new", "alpha"]);
    let draft = registrar.file("v1.json");
    let new = |card: &str, more: &[&str]| {
        let ours = registrar.file("card.json");
        let words = [
            "register",
            "new",
            &draft,
            "--root",
            "alpha",
            "--threshold",
            "1",
            "--card",
            &ours,
            "--card",
            card,
        ];
        words
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let check = |exit, code: &str, card: &Place, more: &[&str]| {
        let args = new(&card.file("card.json"), more);
        registrar.fails(
            exit,
            code,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    check(1, "register.realm", &drill, &["--days", "30"]);
    check(1, "register.one_sector", &second, &["--days", "30"]);
    check(
        1,
        "register.one_sector",
        &second,
        &["--days", "30", "--quorum", "1"],
    );
    check(2, "usage", &second, &["--expires", "2020-01-01"]);
    check(2, "usage", &second, &["--expires", "soon"]);
    check(2, "usage", &second, &["--days", "30", "--root", "nobody"]);
    assert!(!Path::new(&draft).exists());
}

/// Makes a registrar of `clone` that has the register's log as it stands, and version 1 alone:
/// what an operator would do who wants to publish another version 2.
fn forget_version_two(registrar: &Place, clone: &Place) {
    copy_folder(&registrar.dir, &clone.dir);
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(clone.dir.join(name));
    }
    let (from, to) = (
        Store::sqlite(&registrar.dir.join("store.db")).unwrap(),
        Store::sqlite(&clone.dir.join("store.db")).unwrap(),
    );
    for record in from
        .registers()
        .unwrap()
        .into_iter()
        .filter(|record| record.version == 1)
    {
        to.add_register(record).unwrap();
    }
    let origin = "registrar.example/register/live";
    let log = from.log(origin).unwrap().unwrap();
    to.log_append(LogAppend {
        origin: origin.to_owned(),
        expected_size: 0,
        size: log.size,
        root: log.root,
        frontier: log.frontier,
        checkpoint: log.checkpoint,
        entries: vec![Vec::new(); usize::try_from(log.size).unwrap()],
        placed: Vec::new(),
    })
    .unwrap();
    to.published(origin, log.size).unwrap();
    to.set_cosigned(origin, log.cosigned_size, &log.cosigned.unwrap())
        .unwrap();
}

#[test]
fn two_versions_of_one_number_are_evidence_and_both_are_refused() {
    let town = Town::with_register();
    let (registrar, police) = (&town.registrar, &town.police);
    let mut drafts = Vec::new();
    for (name, days) in [("one.json", "100"), ("other.json", "200")] {
        drafts.push(town.next(name, &[&["renew", "DRAFT", "--days", days]]));
        town.sign(name, &["alpha", "beta"]);
    }
    let signed = |at: usize| format!("{}.signed", drafts[at]);
    let fork = Place::new(town.root.path().join("fork"));
    copy_folder(&registrar.dir, &fork.dir);
    registrar.says(&["register", "publish", &signed(0)]);
    registrar.says(&["register", "export", &town.path("one-register.json")]);
    // The registrar does not publish a second one by mistake.
    registrar.fails(
        1,
        "register.out_of_order",
        &["register", "publish", &signed(1)],
    );
    // A clone from before would fork the log: its witnesses see that.
    fork.fails(3, "log.fork", &["register", "publish", &signed(1)]);
    // A clone that goes on with the log can: and this is what the log is for.
    let clone = Place::new(town.root.path().join("clone"));
    forget_version_two(registrar, &clone);
    clone.says(&["register", "publish", &signed(1)]);
    clone.says(&["register", "export", &town.path("other-register.json")]);

    police.says(&["register", "import", &town.path("one-register.json")]);
    assert_eq!(police.json(&["register", "show"])["version"], 2);
    let said = police.fails(
        4,
        "register.two_of_one_number",
        &["register", "import", &town.path("other-register.json")],
    );
    assert!(said.contains("evidence against the roots"), "{said}");
    let shown = police.json(&["register", "show"]);
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["evidence"][0]["version"], 2);
    assert_eq!(shown["evidence"][0]["digests"].as_array().unwrap().len(), 2);
    assert!(
        police
            .says(&["register", "show"])
            .contains("EVIDENCE AGAINST THE ROOTS")
    );
    // The evidence travels.
    police.says(&["register", "export", &town.path("evidence.json")]);
    town.university.fails(
        4,
        "register.two_of_one_number",
        &["register", "import", &town.path("evidence.json")],
    );
}
