//! Two members of one cell: who sees what, what is known of it afterwards, what flows back.

use super::{Csirt, bundle, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use serde_json::{Value, json};

const AMBER_STRICT: &str = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
const RED: &str = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";

/// A collection `alerts` that is shared with a bank, which has no node of its own.
fn shared() -> Csirt {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    cell(&["group", "make", "partners"]);
    cell(&[
        "group",
        "invite",
        "partners",
        "bank.example",
        "--country",
        "GB",
    ]);
    cell(&[
        "group",
        "attest",
        "partners",
        "bank.example",
        "--checked-by",
        "liaison desk",
        "--how",
        "signed form",
    ]);
    cell(&["collection", "add", "Alerts", "--group", "partners"]);
    csirt
}

fn objects(csirt: &Csirt) -> String {
    let shown = csirt.place.json(&["cell", "collection", "show", "alerts"]);
    format!(
        "/taxii2/live/collections/{}/objects/",
        shown["id"].as_str().unwrap()
    )
}

fn ids(client: &mut Client, path: &str) -> Vec<String> {
    let page = wait("the cell to have read its journal", || {
        let page = client.get(path);
        (page.status != 503).then_some(page)
    });
    assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
    let ids = page
        .objects()
        .into_iter()
        .map(|object| object["id"].as_str().unwrap().to_owned());
    ids.collect()
}

fn marked(number: u64, marking: &str) -> Value {
    let mut object = indicator(number);
    object["object_marking_refs"] = json!([marking]);
    object
}

fn id(number: u64) -> String {
    format!("indicator--{}", uuid(number))
}

#[test]
fn the_label_decides_who_gets_an_object_and_its_publisher_may_say_more() {
    let csirt = shared();
    let path = objects(&csirt);
    let file = csirt.file(
        "a.json",
        &bundle(&[indicator(1), marked(2, AMBER_STRICT), marked(3, RED)]),
    );
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "alerts"]);
    let bank = csirt.token("bank", &["--member", "bank.example", "--rights", "read"]);
    let supplier = csirt.token(
        "supplier",
        &["--member", "bank.example", "--rights", "read", "--client"],
    );
    let stranger = csirt.token("stranger", &["--member", "other.example"]);
    let _serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &bank);
    let mut supplier = Client::bearer(&csirt.address, &supplier);
    assert_eq!(ids(&mut bank, &path), [id(1), id(2)]);
    assert_eq!(ids(&mut supplier, &path), [id(1)]);
    let refused = Client::bearer(&csirt.address, &stranger).get(&path).status;
    assert!(matches!(refused, 403 | 404), "{refused}");

    csirt
        .place
        .says(&["cell", "mark", &id(3), "--to", "bank.example"]);
    csirt.place.says(&[
        "cell",
        "mark",
        &id(2),
        "--group",
        "partners",
        "--tlp",
        "green",
    ]);
    wait("the marks to count", || {
        let mut all = ids(&mut bank, &path);
        all.sort();
        (all == [id(1), id(2), id(3)] && ids(&mut supplier, &path).len() == 2).then_some(())
    });
    csirt
        .place
        .says(&["cell", "group", "expel", "partners", "bank.example"]);
    wait("the bank to be out", || {
        (bank.get(&path).status != 200).then_some(())
    });
}

#[test]
fn an_object_says_which_marking_keeps_it_and_what_would_open_it() {
    let csirt = shared();
    let import = |name: &str, objects: &[Value]| {
        let file = csirt.file(name, &bundle(objects));
        let told = ["cell", "import", &file, "--into", "alerts"];
        csirt.place.says(&told);
    };
    let marking = format!("marking-definition--{}", uuid(9));
    let plain = indicator(2);
    import("a.json", &[marked(1, &marking), plain]);
    let show = |number: u64| csirt.place.says(&["cell", "show", &id(number)]);
    let said = show(1);
    let unknown = format!("{marking}: its definition is not here");
    assert!(said.contains(&unknown), "{said}");
    assert!(said.contains("TLP:AMBER+STRICT at least, until csirt.example or this node publishes"));
    assert!(show(2).contains("it has no marking: in `alerts` that is TLP:AMBER"));
    let default = |tlp: &str| {
        let told = [
            "cell",
            "collection",
            "change",
            "alerts",
            "--default-tlp",
            tlp,
        ];
        csirt.place.says(&told)
    };
    assert!(default("red").contains("what is there without a marking is TLP:RED now, too"));
    let said = show(2);
    assert!(
        said.contains("in `alerts` that is TLP:RED") && !said.contains("TLP:AMBER"),
        "{said}"
    );
    assert!(default("amber").contains("stays as strict as it is until it is published anew"));
    let said = show(2);
    assert!(
        said.contains("in `alerts` that was TLP:RED once, and it stays so"),
        "{said}"
    );
    let statement = |created: &str| {
        json!({
            "type": "marking-definition", "spec_version": "2.1", "id": marking,
            "created": created, "definition_type": "statement",
            "definition": { "statement": "for members of the exercise" },
        })
    };
    import("b.json", &[statement("2026-11-01T09:00:00.000Z")]);
    let said = show(1);
    assert!(!said.contains("its definition is not here"), "{said}");
    let told = csirt.place.json(&["cell", "show", &id(1)]);
    let light = &told["versions"][0]["light"]["markings"][0];
    assert_eq!(
        *light,
        json!({ "id": marking, "says": "statement", "by": null })
    );
}

#[test]
fn what_was_shared_by_mistake_is_unshared_and_shared_again() {
    let csirt = shared();
    let path = objects(&csirt);
    let file = csirt.file("a.json", &bundle(&[indicator(1), indicator(2)]));
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    cell(&["import", &file, "--into", "alerts"]);
    let token = csirt.token("bank", &["--member", "bank.example"]);
    let desk = csirt.token("desk", &[]);
    let _serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &token);
    let mut desk = Client::bearer(&csirt.address, &desk);
    assert_eq!(ids(&mut bank, &path).len(), 2);
    let change = ["cell", "collection", "change", "alerts"];
    let both = [&change[..], &["--readers", "none", "--group", "partners"]].concat();
    csirt.place.fails(2, "usage", &both);
    // A group that nobody has joined yet is not this member's alone: it is made to be joined.
    cell(&["group", "make", "later"]);
    cell(&["group", "dissolve", "csirt.example alone"]);
    let told = cell(&["collection", "change", "alerts", "--readers", "none"]);
    assert!(told.contains("nobody but this member"), "{told}");
    assert!(told.contains("portcullis cell recall"), "{told}");
    let again = cell(&["collection", "change", "alerts", "--readers", "none"]);
    assert!(again.contains("nothing was changed"), "{again}");
    let shown = csirt.place.json(&["cell", "collection", "show", "alerts"]);
    let audience = shown["audience"].as_array().unwrap();
    assert_eq!(audience.len(), 1, "{shown}");
    let expected = json!(["csirt.example", "csirt.example alone"]);
    assert_eq!(
        json!([audience[0]["member"], audience[0]["group"]]),
        expected
    );
    // It may add there still, and so knows of it, until that is taken from it, too.
    wait("the bank to read nothing", || {
        (bank.get(&path).status == 403).then_some(())
    });
    assert_eq!(ids(&mut desk, &path).len(), 2);
    assert_eq!(bank.post(&path, &bundle(&[indicator(3)])).status, 202);
    cell(&["collection", "change", "alerts", "--writers", "none"]);
    let never = format!("/taxii2/live/collections/{}/objects/", uuid(7));
    assert_eq!(bank.get(&never).status, 404);
    wait("the bank to know nothing of it", || {
        (bank.get(&path).status == 404).then_some(())
    });
    assert_eq!(bank.post(&path, &bundle(&[indicator(4)])).status, 404);
    cell(&["collection", "change", "alerts", "--group", "partners"]);
    wait("the bank to be in again", || {
        (bank.get(&path).status == 200).then_some(())
    });
    assert!(ids(&mut bank, &path).contains(&id(2)));
}

#[test]
fn whoever_unshares_a_collection_is_told_what_still_gets_it() {
    let csirt = shared();
    let cell = |args: &[&str]| csirt.place.says(&[&["cell"], args].concat());
    let misp = "https://misp.example";
    cell(&[
        "follow",
        "add",
        "--misp",
        misp,
        "--into",
        "alerts",
        "--both-ways",
    ]);
    let follows = csirt.place.json(&["cell", "follow", "list"]);
    let follow = follows[0]["follow"].as_str().unwrap().to_owned();
    let none = ["collection", "change", "alerts", "--readers", "none"];
    let told = cell(&none);
    assert!(told.contains(misp), "{told}");
    let end = format!("portcullis cell follow end {follow}");
    assert!(told.contains(&end), "{told}");
    // Asked again it says so again, and no longer once the follow has ended.
    assert!(cell(&none).contains(misp));
    cell(&["follow", "end", &follow]);
    let told = cell(&none);
    assert!(told.contains("nobody but this member"), "{told}");
    assert!(!told.contains(misp), "{told}");
    // What is open is for everybody still, in whatever group it never was.
    cell(&["collection", "change", "alerts", "--open", "true"]);
    let told = cell(&none);
    assert!(told.contains("--open false"), "{told}");
}

#[test]
fn who_was_served_is_known_and_can_be_proved_to_anybody() {
    let csirt = shared();
    let path = objects(&csirt);
    let file = csirt.file("a.json", &bundle(&[indicator(1), indicator(2)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "alerts"]);
    assert_eq!(
        csirt.place.json(&["cell", "who", &id(1)])["served"],
        json!([])
    );
    let token = csirt.token("bank", &["--member", "bank.example", "--rights", "read"]);
    let serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &token);
    assert_eq!(ids(&mut bank, &path).len(), 2);
    // Within a second it is on the disk, and the power may fail.
    let served = wait("it to be written down", || {
        let who = csirt.place.json(&["cell", "who", &id(1)]);
        who["served"].get(0).cloned()
    });
    assert_eq!(
        (&served["member"], &served["account"]),
        (&json!("bank.example"), &json!("bank"))
    );
    drop(serving);
    let evidence = csirt.file("evidence.json", b"");
    let told = csirt.place.json(&[
        "cell",
        "who",
        &id(1),
        "--evidence",
        &evidence,
        "--with-bytes",
    ]);
    assert_eq!(told["served"].as_array().unwrap().len(), 1, "{told}");
    let card: Value = serde_json::from_str(&csirt.place.says(&["key", "card"])).unwrap();
    let key = card["keys"][0]["public"].as_str().unwrap();
    let verify = ["cell", "evidence", "verify", &evidence, "--key", key];
    let checked = csirt.place.json(&verify);
    assert_eq!(
        (&checked["holds"], &checked["served"][0]["member"]),
        (&json!(true), &json!("bank.example"))
    );
    // The node itself needs not be told its key; one that only has its name does.
    let by_itself = ["cell", "evidence", "verify", &evidence];
    assert_eq!(csirt.place.json(&by_itself)["holds"], true);
    let namesake = Csirt::new();
    assert_eq!(namesake.place.run(&by_itself).exit, 4);
    let told = csirt
        .place
        .says(&["cell", "who", &id(1), "--evidence", &evidence]);
    assert!(told.contains(&format!("--key {key}")), "{told}");
    let text = std::fs::read_to_string(&evidence).unwrap();
    std::fs::write(&evidence, text.replace("bank.example", "bunk.example")).unwrap();
    assert_eq!(csirt.place.run(&verify).exit, 4);
    assert_eq!(csirt.place.run(&by_itself).exit, 4);
}

#[test]
fn what_is_recalled_is_revoked_for_clients_and_asked_back_from_who_had_it() {
    let csirt = shared();
    let path = objects(&csirt);
    let file = csirt.file("a.json", &bundle(&[indicator(1), indicator(2)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "alerts"]);
    let token = csirt.token("bank", &["--member", "bank.example", "--rights", "read"]);
    let _serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &token);
    assert_eq!(ids(&mut bank, &path).len(), 2);
    wait("it to be written down", || {
        let who = csirt.place.json(&["cell", "who", &id(1)]);
        who["served"].get(0).cloned()
    });
    let recalled = csirt.place.json(&[
        "cell",
        "recall",
        &id(1),
        "--reason",
        "our own scanner",
        "--by",
        "2d",
    ]);
    assert_eq!(
        recalled["members"][0]["member"], "bank.example",
        "{recalled}"
    );
    assert_eq!(recalled["open"], 1);
    let seen = wait("the revoked version to be served", || {
        let answered = bank.get(&format!("{path}{}/", id(1)));
        let object = (answered.status == 200).then(|| answered.objects().pop())??;
        (object["revoked"] == true).then_some(object)
    });
    assert_eq!(seen["id"], id(1).as_str());
    let recall = recalled["id"].as_str().unwrap();
    csirt
        .place
        .fails(1, "cell.not_asked", &["cell", "confirm", recall, "removed"]);
    assert_eq!(csirt.place.json(&["cell", "recalls"])[0]["id"], recall);
    let shown = csirt.place.json(&["cell", "show", &id(1)]);
    assert_eq!(shown["recalls"][0]["open"], 1, "{shown}");
    assert_eq!(shown["revoked"], true, "{shown}");
    let again = csirt
        .place
        .run(&["cell", "import", &file, "--into", "alerts"]);
    let told = format!("{}{}", again.out, again.err);
    assert!(told.contains("cell.recalled"), "{told}");
    // Nobody takes it for good any more, wherever it shows: its value is known no longer.
    let value = "n1.bad.example";
    let looked = csirt.place.run(&["cell", "lookup", value]);
    assert_eq!(looked.exit, 1, "{}", looked.out);
    assert_eq!(seen["pattern"], format!("[file:name = '{}']", id(1)));
    let said = csirt.place.says(&["cell", "search", "--type", "indicator"]);
    assert!(said.contains("RECALLED") && !said.contains(value), "{said}");
    let found = csirt.place.json(&["cell", "search", "--type", "indicator"]);
    let found = found.as_array().unwrap().iter();
    let found = found.filter(|one| one["revoked"] == json!(true));
    assert!(found.clone().all(|one| one["recalled"] == json!(true)));
    assert_eq!(found.count(), 1);
    let to = csirt.path("alerts.csv");
    let args = ["cell", "export", "alerts", "--format", "csv", "--to", &to];
    assert_eq!(csirt.place.json(&args)["revoked"], 1);
    let table = std::fs::read_to_string(&to).unwrap();
    assert!(!table.contains(value), "{table}");
    assert!(table.contains("n2.bad.example"), "{table}");

    // Asked for again, it is the same recall, and whoever has answered is not asked again.
    let again = ["cell", "recall", &id(1), "--reason", "once more"];
    let said = csirt.place.says(&again);
    assert!(said.contains("1 of 1 have not answered"), "{said}");
    let listed = |more: &[&str]| csirt.place.says(&[&["cell", "recalls"], more].concat());
    assert!(listed(&[]).contains("  1 NOT YET, due 2"));
    let soc = csirt.token("soc", &["--member", "bank.example", "--rights", "speak"]);
    let mut soc = Client::bearer(&csirt.address, &soc);
    let confirm = format!("/cell/v1/recalls/{recall}/confirm");
    let kept = br#"{"how":"kept","note":"in court"}"#;
    wait("the account to be known", || {
        (soc.post(&confirm, kept).status == 200).then_some(())
    });
    assert!(listed(&[]).contains("of 1 recall a copy is KEPT"));
    assert!(listed(&["--all"]).contains("  1 KEPT, due 2"));
    let removed = soc.post(&confirm, br#"{"how":"removed"}"#);
    assert_eq!(removed.status, 200);
    assert!(listed(&[]).contains("no recall is open\n"));
    assert!(listed(&["--all"]).contains("  1 removed, due 2"));
    let said = csirt.place.says(&again);
    assert!(said.contains("all have answered, the last at 2"), "{said}");
    assert!(said.contains("nobody is asked again"), "{said}");
    let told = csirt.place.json(&again);
    assert_eq!((&told["id"], &told["open"]), (&json!(recall), &json!(0)));
    let all = csirt.place.json(&["cell", "recalls", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
}

#[test]
fn a_question_about_a_threat_is_asked_and_one_for_peoples_data_is_not() {
    let csirt = shared();
    let refused = csirt.place.fails(
        1,
        "cell.ask_for_user_data",
        &[
            "cell",
            "ask",
            "seen",
            "Send us the subscriber data and home address of this user",
            "--member",
            "bank.example",
            "--in",
            "alerts",
        ],
    );
    assert!(refused.contains("order"), "{refused}");
    let asked = csirt.place.json(&[
        "cell",
        "ask",
        "seen",
        "Does anybody see mail from n1.bad.example?",
        "--group",
        "partners",
        "--by",
        "2d",
    ]);
    let question = asked["id"].as_str().unwrap();
    assert_eq!(
        (&asked["silent"], &asked["members"][0]["member"]),
        (&json!(1), &json!("bank.example"))
    );
    csirt.place.fails(
        1,
        "cell.not_asked",
        &["cell", "answer", question, "--decline", "no"],
    );
    let closed = csirt
        .place
        .json(&["cell", "close", question, "--outcome", "nobody sees it"]);
    assert_eq!(closed["closed"]["outcome"], "nobody sees it");
    assert_eq!(csirt.place.json(&["cell", "questions"]), json!([]));
    csirt.place.fails(
        1,
        "cell.question_closed",
        &["cell", "close", question, "--outcome", "again"],
    );
}

#[test]
fn a_sighting_and_an_opinion_stand_beside_the_object() {
    let csirt = shared();
    let file = csirt.file("a.json", &bundle(&[indicator(1)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "alerts"]);
    csirt.place.says(&[
        "cell",
        "sight",
        &id(1),
        "--count",
        "3",
        "--first",
        "2024-11-20",
    ]);
    let id = id(1);
    for ahead in [["--first", "2124-11-20"], ["--last", "2124-11-20"]] {
        let sight = [&["cell", "sight", &id], &ahead[..]].concat();
        let said = csirt.place.fails(2, "usage", &sight);
        assert!(said.contains("ahead of this node's clock"), "{said}");
    }
    csirt.place.says(&[
        "cell",
        "opinion",
        &id,
        "strongly-disagree",
        "--why",
        "our own scanner",
    ]);
    let shown = csirt.place.json(&["cell", "show", &id]);
    let said = shown["said"].as_array().unwrap();
    let of = |kind: &str| said.iter().find(|one| one["kind"] == kind).unwrap();
    assert_eq!(
        (&of("sighting")["count"], &of("sighting")["false_positive"]),
        (&json!(3), &json!(false))
    );
    assert_eq!(
        (
            &of("opinion")["opinion"],
            &of("opinion")["false_positive"],
            &of("opinion")["content"]
        ),
        (
            &json!("strongly-disagree"),
            &json!(true),
            &json!("our own scanner")
        )
    );
    // What one says oneself is no news.
    assert_eq!(csirt.place.json(&["cell", "notices"]), json!([]));
}

#[test]
fn an_incident_that_was_filled_in_becomes_valid_stix() {
    let csirt = shared();
    csirt
        .place
        .says(&["cell", "collection", "change", "alerts", "--mode", "strict"]);
    for kind in ["account-taken-over", "data-stolen", "service-flooded"] {
        let blank = csirt.place.says(&["cell", "incident", "template", kind]);
        let file = csirt.file("incident.toml", blank.as_bytes());
        let publish = [
            "cell", "incident", "publish", &file, "--into", "alerts", "--tlp", "amber",
        ];
        let refused = csirt.place.fails(2, "usage", &publish);
        assert!(refused.contains("fill it in"), "{refused}");
        let filled: String = blank.lines().map(|line| filled(line) + "\n").collect();
        std::fs::write(&file, &filled).unwrap();
        let published = csirt.place.json(&publish);
        assert_eq!(published["done"]["failures"], json!([]), "{published}");
        let id = published["incident"].as_str().unwrap();
        let shown = csirt.place.json(&["cell", "show", id]);
        let extensions = shown["object"]["extensions"].as_object().unwrap();
        assert!(
            extensions.values().any(|one| one["kind"] == kind),
            "{shown}"
        );
        assert_eq!(shown["versions"][0]["tlp"], "amber");
        // More is known later: the same incident, a new version.
        csirt
            .place
            .json(&[publish.as_slice(), &["--again", id]].concat());
        assert_eq!(
            csirt.place.json(&["cell", "show", id])["versions"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
    assert_eq!(csirt.place.run(&["cell", "lookup", "198.51.100.7"]).exit, 0);
}

#[test]
fn what_a_member_says_of_our_object_comes_back_to_us() {
    let csirt = shared();
    let path = objects(&csirt);
    let file = csirt.file("a.json", &bundle(&[indicator(1)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "alerts"]);
    let token = csirt.token("bank", &["--member", "bank.example"]);
    let _serving = csirt.serve();
    let mut bank = Client::bearer(&csirt.address, &token);
    assert_eq!(ids(&mut bank, &path), [id(1)]);
    let sighting = json!({
        "type": "sighting", "spec_version": "2.1", "id": format!("sighting--{}", uuid(5)),
        "created": "2026-11-20T09:00:00.000Z", "modified": "2026-11-20T09:00:00.000Z",
        "sighting_of_ref": id(1), "count": 0,
    });
    assert_eq!(bank.post(&path, &super::envelope(&[sighting])).status, 202);
    let notices = csirt.place.json(&["cell", "notices"]);
    assert_eq!(
        (
            &notices[0]["object"],
            &notices[0]["publisher"],
            &notices[0]["false_positive"]
        ),
        (&json!(id(1)), &json!("bank.example"), &json!(true)),
        "{notices}"
    );
}

/// A line of the template as somebody in a hurry fills it in.
fn filled(line: &str) -> String {
    let seen = ["# [[seen]]", "# value =", "# what ="];
    if seen.iter().any(|start| line.starts_with(start)) {
        return line[2..].replace("192.0.2.7", "198[.]51[.]100[.]7");
    }
    match line.split_once(" = \"") {
        Some((name, text))
            if !line.starts_with('#')
                && !text.chars().any(char::is_lowercase)
                && text.contains(' ') =>
        {
            format!("{name} = \"the web site\"")
        }
        _ if line.contains("[\"")
            && !line
                .chars()
                .skip_while(|c| *c != '[')
                .any(char::is_lowercase) =>
        {
            let name = line.split_once(" = ").unwrap().0;
            format!("{name} = [\"syn flood\"]")
        }
        _ => line.to_owned(),
    }
}
