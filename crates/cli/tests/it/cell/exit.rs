//! Before it leaves: people's data wait for a person, a lapsed basis carries nothing, a name stays
//! behind its pseudonym.

use super::{Csirt, bundle, envelope, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use serde_json::{Value, json};

/// A collection `abroad` that an authority of another country reads.
fn abroad() -> (Csirt, String, String) {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.json(&[&["cell"], args].concat());
    cell(&["group", "make", "joint"]);
    let invite = [
        "group",
        "invite",
        "joint",
        "police.example",
        "--kind",
        "authority",
        "--country",
        "US",
    ];
    cell(&invite);
    cell(&[
        "group",
        "attest",
        "joint",
        "police.example",
        "--checked-by",
        "liaison desk",
        "--how",
        "treaty office",
    ]);
    let made = cell(&["collection", "add", "Abroad", "--group", "joint"]);
    let path = format!(
        "/taxii2/live/collections/{}/objects/",
        made["id"].as_str().unwrap()
    );
    let token = csirt.token("police", &["--member", "police.example"]);
    (csirt, path, token)
}

fn seen(client: &mut Client, path: &str) -> usize {
    let page = wait("the cell to have read its journal", || {
        let page = client.get(path);
        (!matches!(page.status, 401 | 503)).then_some(page)
    });
    assert_eq!(page.status, 200, "{}", String::from_utf8_lossy(&page.body));
    page.objects().len()
}

fn with_a_person(number: u64) -> Value {
    let mut object = indicator(number);
    object["description"] =
        json!("reported by the customer, customer@mail.example, born 1980-02-03");
    object
}

#[test]
fn personal_information_waits_for_a_person_and_the_decision_stands() {
    let (csirt, path, token) = abroad();
    let file = csirt.file(
        "a.json",
        &bundle(&[indicator(1), with_a_person(2), with_a_person(3)]),
    );
    let done = csirt
        .place
        .json(&["cell", "import", &file, "--into", "abroad"]);
    assert_eq!(done["waits"].as_array().unwrap().len(), 2, "{done}");
    let _serving = csirt.serve();
    let mut police = Client::bearer(&csirt.address, &token);
    assert_eq!(seen(&mut police, &path), 1);

    let waiting = csirt.place.json(&["cell", "review", "list"]);
    let of = |number: u64| {
        let id = format!("indicator--{}", uuid(number));
        let rows = waiting.as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["object"] == id.as_str())
            .unwrap();
        assert!(!row["findings"].as_array().unwrap().is_empty(), "{row}");
        row["id"].as_str().unwrap().to_owned()
    };
    let decide = |how: &str, review: &str| {
        let args = [
            "cell",
            "review",
            how,
            review,
            "--person",
            "duty officer",
            "--reason",
            "looked at",
        ];
        csirt.place.json(&args)
    };
    assert_eq!(decide("release", &of(2))["decided"]["outcome"], "released");
    assert_eq!(decide("refuse", &of(3))["decided"]["outcome"], "withheld");
    wait("what was released", || {
        (seen(&mut police, &path) == 2).then_some(())
    });
    let again = [
        "cell",
        "review",
        "release",
        &of(3),
        "--person",
        "x",
        "--reason",
        "y",
    ];
    csirt.place.fails(1, "cell.decided", &again);
    assert_eq!(csirt.place.json(&["cell", "review", "list"]), json!([]));
    assert_eq!(
        csirt
            .place
            .json(&["cell", "review", "list", "--all"])
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn what_names_people_is_told_as_it_stands_held_refused_or_apart() {
    let (csirt, ..) = abroad();
    let cell = |args: &[&str]| csirt.place.json(&[&["cell"], args].concat());
    let show = |number: u64| cell(&["show", &format!("indicator--{}", uuid(number))]);
    let stands = |number: u64| show(number)["versions"][0]["holding"].clone();
    let counts = || {
        let stats = cell(&["stats"]);
        ["held", "refused", "apart"].map(|what| stats[what].as_u64().unwrap())
    };
    let waits = csirt.file("a.json", &bundle(&[with_a_person(1), with_a_person(2)]));
    cell(&["import", &waits, "--into", "abroad"]);
    // Nobody reads this one: nobody is asked, and whoever imports hears so.
    let apart = csirt.file("b.json", &bundle(&[with_a_person(3), indicator(4)]));
    let args = ["import", &apart, "--into", "indicators"];
    for dry in [&["--dry-run"][..], &[]] {
        let done = cell(&[&args, dry].concat());
        assert_eq!(done["waits"], json!([]), "{done}");
        let said = &done["apart"].as_array().unwrap()[..];
        assert_eq!(said.len(), 1, "{done}");
        let why = said[0]["message"].as_str().unwrap();
        assert!(why.contains("mail-address in `description`"), "{done}");
    }
    let said = csirt
        .place
        .run(&[&["cell"], &args[..], &["--dry-run"]].concat());
    assert!(!said.out.contains("apart"), "it is known now: {}", said.out);
    assert_eq!(counts(), [2, 0, 1]);
    let list = cell(&["review", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 2);
    let review = stands(2)["review"].as_str().unwrap().to_owned();
    let why = ["--person", "duty officer", "--reason", "a customer"];
    cell(&[&["review", "refuse", &review], &why[..]].concat());
    assert_eq!(counts(), [1, 1, 1]);
    assert_eq!(stands(1)["stands"], "waits");
    assert_eq!(stands(3), json!({ "stands": "apart" }));
    assert_eq!(stands(4), json!(null));
    let refused = stands(2);
    for (what, expected) in [
        ("stands", "refused"),
        ("person", "duty officer"),
        ("reason", "a customer"),
    ] {
        assert_eq!(refused[what], expected);
    }
    let id = format!("indicator--{}", uuid(2));
    let shown = csirt.place.says(&["cell", "show", &id]);
    assert!(
        shown.contains("REFUSED by duty officer at ") && !shown.contains("HELD"),
        "{shown}"
    );
    // A reader abroad comes: now a person is asked about the third, too.
    cell(&["collection", "change", "indicators", "--group", "joint"]);
    assert_eq!(cell(&["review", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(counts(), [2, 1, 0]);
    assert_eq!(stands(3)["stands"], "waits");
    // What is gone is released by nobody.
    let review = stands(1)["review"].as_str().unwrap().to_owned();
    let recalled = format!("indicator--{}", uuid(1));
    cell(&["recall", &recalled, "--reason", "it names people"]);
    let shown = csirt.place.says(&["cell", "review", "show", &review]);
    assert!(
        shown.contains("gone: ") && !shown.contains("decide"),
        "{shown}"
    );
    let release = [&["cell", "review", "release", &review], &why[..]].concat();
    csirt.place.fails(1, "cell.review_gone", &release);
}

#[test]
fn a_legal_basis_that_has_lapsed_carries_nothing_to_others() {
    let (csirt, path, token) = abroad();
    let file = csirt.file("a.json", &bundle(&[indicator(1)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "abroad"]);
    let add = |from: &str, until: &str| {
        let args = [
            "cell", "wrapper", "add", "treaty", "--clause", "Art. 7", "--from", from, "--until",
            until,
        ];
        csirt.place.says(&args);
    };
    add("2020-01-01", "2400-01-01");
    csirt.place.says(&[
        "cell",
        "collection",
        "change",
        "abroad",
        "--wrapper",
        "treaty",
    ]);
    let _serving = csirt.serve();
    let mut police = Client::bearer(&csirt.address, &token);
    assert_eq!(seen(&mut police, &path), 1);
    add("2020-01-01", "2024-01-01");
    wait("the basis to have lapsed", || {
        (police.get(&path).status == 403).then_some(())
    });
    assert_eq!(
        csirt.place.json(&["cell", "wrapper", "list"])[0]["holds"],
        false
    );
    let to = csirt.path("export.json");
    let export = [
        "cell",
        "export",
        "abroad",
        "--for",
        "police.example",
        "--to",
        &to,
    ];
    csirt.place.fails(1, "cell.wrapper_lapsed", &export);
    // One's own people are no exit.
    let mut own = Client::bearer(&csirt.address, &csirt.token("desk", &[]));
    assert_eq!(seen(&mut own, &path), 1);
}

#[test]
fn who_stands_behind_a_pseudonym_is_told_to_an_operator_who_says_why() {
    let (csirt, path, token) = abroad();
    let take = [
        "cell",
        "pseudonym",
        "take",
        "--into",
        "abroad",
        "--member",
        "police.example",
    ];
    let identity = csirt.place.json(&take)["identity"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(csirt.place.json(&take)["identity"], identity.as_str());
    let _serving = csirt.serve();
    let mut police = Client::bearer(&csirt.address, &token);
    seen(&mut police, &path);
    let mut object = indicator(1);
    object["created_by_ref"] = json!(identity);
    let added = police.post(&path, &envelope(&[object]));
    assert_eq!(
        (added.status, &added.json()["success_count"]),
        (202, &json!(1)),
        "{added:?}"
    );
    let shown = csirt
        .place
        .json(&["cell", "show", &format!("indicator--{}", uuid(1))]);
    assert!(!shown.to_string().contains("police.example"), "{shown}");
    let open = [
        "cell",
        "pseudonym",
        "open",
        &identity,
        "--person",
        "duty officer",
        "--reason",
        "it asks to be called",
    ];
    assert_eq!(csirt.place.json(&open)["member"], "police.example");
    let listed = csirt.place.json(&["cell", "pseudonym", "list"]);
    assert_eq!(
        listed[0]["openings"][0]["person"], "duty officer",
        "{listed}"
    );
}

#[test]
fn whoever_asks_hears_that_the_question_waits_and_nobody_else_is_told_it() {
    let (csirt, _, token) = abroad();
    let ask = |text: &str| {
        let args = ["cell", "ask", "seen", text, "--group", "joint"];
        csirt.place.json(&args)
    };
    assert_eq!(ask("Has anybody seen n1.bad.example?")["waits"], false);
    let held = ask("Has anybody mail from customer@mail.example?");
    assert_eq!(held["waits"], true, "{held}");
    let said = csirt
        .place
        .says(&["cell", "questions", held["id"].as_str().unwrap()]);
    assert!(said.contains("portcullis cell review list"), "{said}");
    let _serving = csirt.serve();
    let mut police = Client::bearer(&csirt.address, &token);
    let page = wait("the cell to have read its journal", || {
        let page = police.get("/cell/v1/questions");
        (!matches!(page.status, 401 | 503)).then_some(page)
    });
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(page.contains("n1.bad.example"), "{page}");
    assert!(!page.contains("customer@mail.example"), "{page}");
    let note = held["note"].as_str().unwrap();
    let served = csirt.place.json(&["cell", "who", note]);
    assert!(!served.to_string().contains("police"), "{served}");
}
