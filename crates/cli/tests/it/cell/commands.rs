//! From nothing to a TAXII server, and what is said to wrong words.

use super::{Csirt, envelope, indicator, uuid};
use crate::{kit::wait, place::Place, taxii::Client};

#[test]
fn three_commands_make_a_taxii_server_that_a_client_can_use() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);

    let discovery = wait("the cell to have read its journal", || {
        let answered = client.get("/taxii2/");
        (answered.status != 503).then_some(answered)
    });
    assert_eq!(discovery.status, 200, "{discovery:?}");
    let root = discovery.json()["api_roots"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(root.ends_with("/taxii2/live/"), "{root}");

    let collections = wait("the cell to have read its journal", || {
        let answered = client.get("/taxii2/live/collections/");
        (answered.status == 200).then(|| answered.json())
    });
    assert_eq!(
        collections["collections"][0]["id"],
        csirt.collection.as_str()
    );
    assert_eq!(collections["collections"][0]["can_write"], true);

    let added = client.post(&csirt.objects(), &envelope(&[indicator(1), indicator(2)]));
    assert_eq!(added.status, 202, "{added:?}");
    assert_eq!(added.json()["success_count"], 2);
    let one = client.get(&format!("{}indicator--{}/", csirt.objects(), uuid(2)));
    assert_eq!(one.objects(), [indicator(2)]);
    assert_eq!(csirt.all(&mut client).len(), 2);
}

#[test]
fn init_says_what_to_type_next_and_it_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path().join("csirt"));
    let said = place.says(&[
        "init",
        "--member",
        "csirt.example",
        "--role",
        "cell",
        "--country",
        "GB",
    ]);
    let lines: Vec<Vec<&str>> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("portcullis "))
        .map(|line| line.split(' ').collect())
        .collect();
    assert_eq!(lines.len(), 3, "{said}");
    // All but the last, which runs until it is ended.
    for words in &lines[..2] {
        let dir = place.dir.display().to_string();
        assert_eq!(words[..2], ["--dir", dir.as_str()], "{said}");
        place.says(&words[2..]);
    }
    assert_eq!(lines[2].last(), Some(&"serve"), "{said}");
    assert_eq!(
        place.json(&["cell", "collection", "list"])[0]["alias"],
        "indicators"
    );
    assert_eq!(
        place.json(&["cell", "account", "list"])[0]["account"],
        "desk"
    );
}

#[test]
fn an_old_client_comes_with_a_password_that_stands_in_no_command() {
    let csirt = Csirt::new();
    let (exit, answer) = csirt.fed(
        b"a rather long pass phrase\n",
        &["cell", "account", "add", "old-siem", "--password"],
    );
    assert_eq!(
        (exit, &answer["token"]),
        (0, &serde_json::Value::Null),
        "{answer}"
    );
    let (exit, answer) = csirt.fed(b"short\n", &["cell", "account", "password", "old-siem"]);
    assert_eq!(
        (exit, answer["error"]["code"].as_str()),
        (2, Some("cell.password_unfit")),
        "{answer}"
    );

    let _serving = csirt.serve();
    let ask = |password: &str| {
        let mut client = Client::basic(&csirt.address, "old-siem", password);
        wait("the cell to have read its journal", || {
            let status = client.get(&csirt.objects()).status;
            (status != 503).then_some(status)
        })
    };
    assert_eq!(ask("a rather long pass phrase"), 200);
    assert_eq!(ask("another long pass phrase"), 401);
    let (exit, _) = csirt.fed(
        b"a new and long pass phrase\n",
        &["cell", "account", "password", "old-siem"],
    );
    assert_eq!(exit, 0);
    wait("the new password to count", || {
        (ask("a new and long pass phrase") == 200).then_some(())
    });
    assert_eq!(ask("a rather long pass phrase"), 401);
}

#[test]
fn an_ended_account_is_refused_by_the_server_that_runs() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    csirt.place.says(&["cell", "account", "end", "desk"]);
    wait("it to be refused", || {
        (client.get(&csirt.objects()).status == 401).then_some(())
    });
    csirt.place.fails(
        1,
        "cell.unknown_account",
        &["cell", "account", "end", "desk"],
    );
}

#[test]
fn an_account_that_may_read_may_not_write() {
    let csirt = Csirt::new();
    let token = csirt.token("reader", &["--rights", "read"]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    assert_eq!(
        client
            .post(&csirt.objects(), &envelope(&[indicator(1)]))
            .status,
        403
    );
}

#[test]
fn wrong_words_are_answered_with_a_code_and_a_way_out() {
    let csirt = Csirt::new();
    let check = |exit: i32, code: &str, args: &[&str]| {
        let said = csirt.place.fails(exit, code, &[&["cell"], args].concat());
        assert!(!said.ends_with("null"), "{args:?} has no hint: {said}");
    };
    let bundle = csirt.file("a.json", &super::bundle(&[indicator(1)]));
    check(
        1,
        "cell.unknown_collection",
        &["import", &bundle, "--into", "nothing"],
    );
    check(
        3,
        "file",
        &["import", "/nowhere/a.json", "--into", "indicators"],
    );
    check(
        1,
        "cell.unknown_group",
        &["collection", "add", "Other", "--group", "nobody"],
    );
    check(
        1,
        "cell.not_found",
        &["show", "indicator--00000000-0000-4000-8000-000000000000"],
    );
    check(1, "cell.unknown_account", &["account", "token", "nobody"]);
    check(2, "usage", &["lookup", "what is this"]);
    check(
        1,
        "cell.unknown_kind",
        &[
            "ask",
            "everything",
            "What do you know?",
            "--member",
            "bank.example",
        ],
    );
    let prose = csirt.file("a.txt", b"dear colleagues");
    check(2, "usage", &["import", &prose, "--into", "indicators"]);
    let wrong = csirt.place.run(&[
        "cell",
        "collection",
        "add",
        "Other",
        "--default-tlp",
        "orange",
    ]);
    assert_eq!(wrong.exit, 2, "{}", wrong.err);
    assert!(wrong.err.contains("amber+strict"), "{}", wrong.err);
    let node = Place::new(csirt.folder.path().join("court"));
    node.init("court.example", "judiciary", &["approver"], &[]);
    node.fails(1, "cell.none", &["cell", "collection", "list"]);
    node.fails(
        2,
        "usage",
        &[
            "init",
            "--member",
            "a.example",
            "--role",
            "cell",
            "--plain-listen",
            "0.0.0.0:9000",
        ],
    );
}

#[test]
fn what_is_not_understood_is_answered_to_machines_as_json_by_every_command() {
    let csirt = Csirt::new();
    let check = |args: &[&str], words: &str| {
        let said = csirt.place.fails(2, "usage", args);
        assert!(said.contains(words), "{args:?}: {said}");
        assert!(!said.ends_with("null"), "{args:?} has no hint: {said}");
    };
    check(
        &["cell", "import", "a.json", "--int", "b"],
        "did you mean `--into`?",
    );
    check(
        &["cell", "import", "a.json"],
        "missing: `--into <COLLECTION>`",
    );
    check(&["cell", "stats", "all"], "one word too many");
    check(&["cell", "search", "--limit", "0"], "0 is not in 1..=10000");
    check(&["cell", "watch", "--count", "0"], "--count");
    check(
        &["cell", "export", "a", "--format", "xml"],
        "bundle, misp, csv",
    );
    check(&["cell", "sreach"], "`search`?");
    check(&["cell"], "a command is missing");
    check(&[], "a command is missing");
    check(&["key", "add"], "there is no command `add` here");
    check(
        &["log", "monitor", "--own", "--nothing"],
        "not understood here",
    );
    check(&["report", "make", "--from", "2026-01-01"], "missing: `--");
    check(&["order", "verify"], "missing: `<FILE|-|CASE>`");
    check(
        &["register", "sign", "v2.json"],
        "one of `--key <NAME>`, `--print <FILE>` or `--signature <FILE.sig>`",
    );
    check(&["log", "monitor"], "one of `--log <LOG>` or `--own`");
    // Help and the version stay what they are, and people are told the same as machines.
    let help = csirt.place.run(&["--json", "cell", "import", "--help"]);
    assert_eq!((help.exit, help.err.as_str()), (0, ""));
    assert!(
        help.out.contains("Usage: portcullis cell import"),
        "{}",
        help.out
    );
    assert!(csirt.place.says(&["--version"]).starts_with("portcullis "));
    let people = csirt.place.run(&["cell", "import", "a.json"]);
    assert_eq!((people.exit, people.out.as_str()), (2, ""));
    assert!(
        people
            .err
            .contains("missing: `--into <COLLECTION>` [usage]"),
        "{}",
        people.err
    );
    let none = csirt.place.run(&["cell"]);
    assert_eq!(none.exit, 2);
    assert!(none.err.contains("lookup"), "{}", none.err);
}
