//! Files come in as they are, once, and what does not is said by name.

use super::{Csirt, bundle, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use serde_json::json;
use std::io::Write as _;

#[test]
fn an_import_again_changes_nothing() {
    let csirt = Csirt::new();
    let objects: Vec<_> = (0..2_500).map(indicator).collect();
    let file = csirt.file("a.json", &bundle(&objects));
    let first = csirt
        .place
        .json(&["cell", "import", &file, "--into", "indicators"]);
    assert_eq!(
        (&first["found"], &first["taken"], &first["new"]),
        (&json!(2_500), &json!(2_500), &json!(2_500))
    );
    let again = csirt
        .place
        .json(&["cell", "import", &file, "--into", "indicators"]);
    assert_eq!((&again["taken"], &again["new"]), (&json!(2_500), &json!(0)));
    assert_eq!(csirt.place.json(&["cell", "stats"])["objects"], 2_500);
}

#[test]
fn packed_files_and_standard_input_are_read_too() {
    let csirt = Csirt::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bundle(&[indicator(1)])).unwrap();
    let file = csirt.file("a.json.gz", &packed.finish().unwrap());
    let first = csirt
        .place
        .json(&["cell", "import", &file, "--into", "indicators"]);
    assert_eq!(first["new"], 1, "{first}");
    let (exit, second) = csirt.fed(
        &bundle(&[indicator(2)]),
        &["cell", "import", "-", "--into", "Indicators"],
    );
    assert_eq!((exit, &second["new"]), (0, &json!(1)), "{second}");
    let found = csirt.place.json(&["cell", "lookup", "N2[.]bad[.]example"]);
    assert_eq!(found["objects"][0]["id"], format!("indicator--{}", uuid(2)));
    assert_eq!(
        csirt.place.run(&["cell", "lookup", "n3.bad.example"]).exit,
        1
    );
    let list = "n1.bad.example\n\nwhat is this\nn3.bad.example\nN2[.]bad[.]example\n";
    let list = csirt.file("list", list.as_bytes());
    let mut command = csirt.place.command();
    let input = std::fs::File::open(list).unwrap();
    let args = ["--json", "cell", "lookup", "-"];
    let ran = command.args(args).stdin(input).output().unwrap();
    assert!(ran.status.success());
    let known: Vec<bool> = lines(&ran.stdout)
        .iter()
        .map(|line| line["known"] == true)
        .collect();
    assert_eq!(known, [true, false, false, true]);
    assert_eq!(lines(&ran.stdout)[1]["error"]["code"], "usage");
}

/// JSON, a line each.
fn lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_arrives_is_watched_as_it_arrives() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let args = [
        "--json",
        "cell",
        "watch",
        "--type",
        "indicator",
        "--count",
        "2",
        "--since",
        "2026-01-01",
    ];
    let mut command = csirt.place.command();
    let watching = command
        .args(args)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    for number in [1, 2] {
        let added = client.post(&csirt.objects(), &super::envelope(&[indicator(number)]));
        assert_eq!(added.status, 202);
    }
    let seen = watching.wait_with_output().unwrap();
    let objects: Vec<_> = lines(&seen.stdout)
        .into_iter()
        .map(|line| line["object"].clone())
        .collect();
    assert_eq!(objects, [indicator(1), indicator(2)]);
}

#[test]
fn what_is_refused_is_named_with_its_rule_and_the_rest_comes_in() {
    let csirt = Csirt::new();
    let mut wrong = indicator(2);
    wrong.as_object_mut().unwrap().remove("pattern");
    let file = csirt.file("a.json", &bundle(&[indicator(1), wrong, indicator(3)]));
    let report = csirt.file("report", b"");
    let args = ["cell", "import", &file, "--into", "indicators"];
    let dry = csirt
        .place
        .run(&[&["--json"], args.as_slice(), &["--dry-run"]].concat());
    assert_eq!(dry.exit, 1, "{}{}", dry.out, dry.err);
    assert_eq!(csirt.place.json(&["cell", "stats"])["objects"], 0);
    let ran = csirt
        .place
        .run(&[&["--json"], args.as_slice(), &["--report", &report]].concat());
    assert_eq!(ran.exit, 1, "{}{}", ran.out, ran.err);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(answer["new"], 2, "{answer}");
    let refused = &answer["refused"][0];
    assert_eq!(refused["object"], format!("indicator--{}", uuid(2)));
    assert!(
        refused["message"].as_str().unwrap().contains("pattern"),
        "{refused}"
    );
    assert!(
        refused["code"].as_str().unwrap().starts_with("stix."),
        "{refused}"
    );
    let written = std::fs::read_to_string(&report).unwrap();
    let line: serde_json::Value = serde_json::from_str(written.lines().next().unwrap()).unwrap();
    assert_eq!(&line, refused);
}

#[test]
fn an_import_beside_a_running_server_is_served_at_once() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let _serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    for number in 1..4 {
        let file = csirt.file("a.json", &bundle(&[indicator(number)]));
        csirt
            .place
            .says(&["cell", "import", &file, "--into", "indicators"]);
        let path = format!("{}indicator--{}/", csirt.objects(), uuid(number));
        wait("it to be served", || {
            (client.get(&path).status == 200).then_some(())
        });
    }
    // And the other way round: what a client adds, a command sees.
    assert_eq!(
        client
            .post(&csirt.objects(), &super::envelope(&[indicator(9)]))
            .status,
        202
    );
    let shown = csirt
        .place
        .json(&["cell", "show", &format!("indicator--{}", uuid(9))]);
    assert_eq!(shown["object"], indicator(9));
}

#[test]
fn what_was_exported_comes_in_again_as_the_same_bytes() {
    let csirt = Csirt::new();
    // Unusual spacing and order stay as they are.
    let odd = format!(
        "{{ \"name\" : \"odd\",\"type\":\"x-odd\", \"spec_version\":\"2.1\",\"id\":\"x-odd--{}\",  \"created\":\"2026-11-01T09:00:00.123456Z\",\"modified\":\"2026-11-01T09:00:00.123456Z\"}}",
        uuid(7)
    );
    let file = csirt.file("a.json", format!("{{\"objects\":[{odd}]}}").as_bytes());
    csirt
        .place
        .says(&["cell", "collection", "add", "Odd things", "--mode", "keep"]);
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "odd-things"]);
    let to = csirt.path("export.json");
    let answer = csirt
        .place
        .json(&["cell", "export", "odd-things", "--to", &to]);
    assert_eq!(answer["objects"], 1, "{answer}");
    let exported = std::fs::read_to_string(&to).unwrap();
    assert!(exported.contains(&odd), "{exported}");
    let again = csirt
        .place
        .json(&["cell", "import", &to, "--into", "odd-things"]);
    assert_eq!((&again["taken"], &again["new"]), (&json!(1), &json!(0)));
    let shown = csirt
        .place
        .says(&["cell", "show", &format!("x-odd--{}", uuid(7)), "--bytes"]);
    assert_eq!(shown.trim_end(), odd);
}

#[test]
fn a_backup_carries_the_cell() {
    let csirt = Csirt::new();
    let file = csirt.file("a.json", &bundle(&[indicator(1), indicator(2)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "indicators"]);
    let token = csirt.token("desk", &[]);
    let to = csirt.folder.path().join("vault").display().to_string();
    csirt.place.says(&["backup", &to]);
    let late = csirt.file("b.json", &bundle(&[indicator(3)]));
    csirt
        .place
        .says(&["cell", "import", &late, "--into", "indicators"]);
    let again = crate::place::Place::new(csirt.folder.path().join("again"));
    again.says(&["restore", &to]);
    assert_eq!(again.json(&["cell", "stats"])["objects"], 2);
    assert_eq!(
        again.json(&["cell", "collection", "list"])[0]["id"],
        csirt.collection.as_str()
    );
    let _serving = again.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the restored cell to answer", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    assert_eq!(csirt.all(&mut client).len(), 2);
    // What it takes in from now on is its own: nothing collides with what the old one wrote.
    assert_eq!(
        client
            .post(&csirt.objects(), &super::envelope(&[indicator(4)]))
            .status,
        202
    );
}

#[test]
fn a_table_becomes_indicators_and_what_is_none_is_said_line_by_line() {
    let csirt = Csirt::new();
    let table = b"type,value,name\ndomain,a[.]bad.example,first\nipv4,198.51.100.7,second\n,nothing at all,third\n";
    let file = csirt.file("list.csv", table);
    let args = [
        "cell",
        "import",
        &file,
        "--into",
        "indicators",
        "--tlp",
        "green",
    ];
    let first = csirt.place.json(&args);
    let line = first["unmapped"][0]["object"].as_str().unwrap();
    assert!(line.starts_with("line 4"), "{first}");
    assert_eq!(first["refused"], json!([]), "{first}");
    let again = csirt.place.json(&args);
    assert_eq!(again["new"], 0, "{again}");
    let found = csirt.place.json(&["cell", "lookup", "a.bad.example"]);
    assert_eq!(found["objects"][0]["tlp"], "green", "{found}");

    let to = csirt.path("export.csv");
    csirt.place.says(&[
        "cell",
        "export",
        "indicators",
        "--format",
        "csv",
        "--to",
        &to,
    ]);
    let exported = std::fs::read_to_string(&to).unwrap();
    assert!(exported.contains("ipv4,198.51.100.7,second"), "{exported}");
    let round = csirt
        .place
        .json(&["cell", "import", &to, "--into", "indicators"]);
    assert_eq!(round["unmapped"], json!([]), "{round}");
}

#[test]
fn what_is_no_import_is_refused_and_changes_nothing() {
    let csirt = Csirt::new();
    let whole = String::from_utf8(bundle(&[indicator(1)])).unwrap();
    for (name, bytes) in [
        ("lost.json", &whole.as_bytes()[1..]),
        ("lost", &whole.as_bytes()[1..]),
        ("hello.json", b"{\"hello\":1}"),
        ("program", b"\x7fELF\x02\x01\x01\0,a.example,\0\n"),
        ("page.csv", b"<!DOCTYPE html>\n<p>404, not found</p>\n"),
        ("noise.csv", b"\xfe\x91,\xc3\x28;\x9f\n"),
    ] {
        let file = csirt.file(name, bytes);
        let ran = csirt
            .place
            .run(&["cell", "import", &file, "--into", "indicators"]);
        assert_eq!(ran.exit, 2, "{name}: {}{}", ran.out, ran.err);
    }
    assert_eq!(csirt.place.json(&["cell", "stats"])["objects"], 0);
}

#[test]
fn a_misp_event_comes_in_with_its_ids_and_goes_out_as_it_was() {
    let csirt = Csirt::new();
    let event = json!({ "Event": {
        "uuid": "5eb0775e-2780-4234-89b8-5e640a019371",
        "info": "A campaign", "date": "2026-11-01", "timestamp": "1793522400", "published": true,
        "publish_timestamp": "1793522400", "threat_level_id": "2", "analysis": "1", "distribution": "3",
        "Orgc": { "name": "Example CSIRT", "uuid": "55f6ea5e-51ac-4344-bc8c-4170950d210f" },
        "Tag": [{ "name": "tlp:green" }],
        "Attribute": [{
            "uuid": "7f8d0a6a-82cb-490d-afb1-23074ac29a69", "type": "domain", "category": "Network activity",
            "value": "c2.bad.example", "to_ids": true, "timestamp": "1793522400", "distribution": "5",
            "comment": "the first server"
        }]
    }});
    let file = csirt.file("event.json", event.to_string().as_bytes());
    let done = csirt
        .place
        .json(&["cell", "import", &file, "--into", "indicators"]);
    assert_eq!(done["refused"], json!([]), "{done}");
    let found = csirt.place.json(&["cell", "lookup", "c2.bad.example"]);
    let indicator = &found["objects"][0];
    assert_eq!(
        (&indicator["id"], &indicator["tlp"]),
        (
            &json!("indicator--7f8d0a6a-82cb-490d-afb1-23074ac29a69"),
            &json!("green")
        )
    );
    let to = csirt.path("out.json");
    csirt.place.says(&[
        "cell",
        "export",
        "indicators",
        "--format",
        "misp",
        "--to",
        &to,
    ]);
    let back: serde_json::Value = serde_json::from_slice(&std::fs::read(&to).unwrap()).unwrap();
    let attribute = &back["Event"]["Attribute"][0];
    for field in ["uuid", "type", "value", "to_ids", "comment"] {
        assert_eq!(
            attribute[field], event["Event"]["Attribute"][0][field],
            "{back}"
        );
    }
    assert_eq!(back["Event"]["uuid"], event["Event"]["uuid"]);
}

#[test]
fn an_export_as_misp_counts_what_is_in_it_and_lists_all_that_is_not() {
    let csirt = Csirt::new();
    let mut gone = indicator(2);
    gone["revoked"] = json!(true);
    let place = json!({ "type": "location", "spec_version": "2.1", "id": "location--7f8d0a6a-82cb-490d-afb1-23074ac29a70",
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z", "region": "europe" });
    let file = csirt.file("a.json", &bundle(&[indicator(1), gone, place]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "indicators"]);
    let to = csirt.place.file("misp-out.json");
    let told = csirt.place.json(&[
        "cell",
        "export",
        "indicators",
        "--format",
        "misp",
        "--to",
        &to,
    ]);
    let counts = json!({ "events": 1, "mapped": 2, "deleted": 1 });
    assert_eq!(told["events"], counts, "{told}");
    assert_eq!(told["unmapped"].as_array().unwrap().len(), 1, "{told}");
    let event: serde_json::Value = serde_json::from_slice(&std::fs::read(&to).unwrap()).unwrap();
    let deleted = event["Event"]["Attribute"].as_array().unwrap().iter();
    let deleted = deleted.filter(|one| one["deleted"] == true).count();
    assert_eq!(deleted, 1, "{event}");
}

#[test]
fn what_must_never_be_an_indicator_is_stopped_until_somebody_says_why() {
    let csirt = Csirt::new();
    let mut resolver = indicator(1);
    resolver["pattern"] = json!("[ipv4-addr:value = '8.8.8.8']");
    let file = csirt.file("a.json", &bundle(&[resolver, indicator(2)]));
    let ran = csirt
        .place
        .run(&["--json", "cell", "import", &file, "--into", "indicators"]);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.exit, &answer["new"], &answer["refused"][0]["code"]),
        (1, &json!(1), &json!("cell.warning_list"))
    );
    let lists = csirt
        .place
        .run(&["--json", "cell", "warning", "check", "8.8.8.8"]);
    assert_eq!(lists.exit, 1, "{}", lists.out);
    let lists: serde_json::Value = serde_json::from_str(&lists.out).unwrap();
    let list = lists["lists"][0].as_str().unwrap();
    let id = format!("indicator--{}", uuid(1));
    csirt.place.says(&[
        "cell",
        "warning",
        "override",
        &id,
        "--list",
        list,
        "--reason",
        "it was taken over",
    ]);
    assert_eq!(
        csirt
            .place
            .json(&["cell", "import", &file, "--into", "indicators"])["new"],
        1
    );
    // One's own networks, from now on.
    let own = csirt.file("own.txt", b"domain .n3.bad.example # ours\n");
    csirt.place.says(&["cell", "warning", "add", "own", &own]);
    let late = csirt.file("b.json", &bundle(&[indicator(3)]));
    assert_eq!(
        csirt
            .place
            .run(&["cell", "import", &late, "--into", "indicators"])
            .exit,
        1
    );
    let wrong = csirt.file("wrong.txt", b"no list\n");
    csirt.place.fails(
        2,
        "cell.warning_list_file",
        &["cell", "warning", "add", "wrong", &wrong],
    );
}

/// Imports; the exit code and the answer.
pub(super) fn import(csirt: &Csirt, args: &[&str]) -> (i32, serde_json::Value) {
    let ran = csirt
        .place
        .run(&[&["--json", "cell", "import"], args].concat());
    let answer = serde_json::from_str(&ran.out);
    (
        ran.exit,
        answer.unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)),
    )
}

#[test]
fn a_line_that_is_past_its_time_is_known_when_the_table_comes_again() {
    let csirt = Csirt::new();
    let table = b"value,valid_from,valid_until\nold.bad.example,2020-01-01,2021-01-01\nnew.bad.example,2020-01-01,2400-01-01\n";
    let file = csirt.file("list.csv", table);
    let args = [file.as_str(), "--into", "indicators"];
    let (_, first) = import(&csirt, &args);
    // With the identity that creates them.
    assert_eq!(
        (&first["new"], &first["known"]),
        (&json!(3), &json!(0)),
        "{first}"
    );
    let (_, again) = import(&csirt, &args);
    assert_eq!(
        (&again["new"], &again["known"]),
        (&json!(0), &json!(2)),
        "{again}"
    );
    let stats = csirt.place.json(&["cell", "stats"]);
    assert_eq!(
        (&stats["versions"], &stats["expired"]),
        (&json!(3), &json!(1)),
        "{stats}"
    );
    // It is found by whoever asks for it, and said to be there.
    let ran = csirt.place.run(&["cell", "lookup", "old.bad.example"]);
    assert_eq!(ran.exit, 1, "{}", ran.out);
    assert!(ran.out.contains("1 object past its time"), "{}", ran.out);
    let found = csirt
        .place
        .says(&["cell", "lookup", "old.bad.example", "--expired"]);
    assert!(found.contains("EXPIRED 2021-01-01"), "{found}");
    let id =
        first_id(
            &csirt
                .place
                .json(&["cell", "search", "--text", "old.bad.example", "--expired"]),
        );
    assert_eq!(
        csirt.place.json(&["cell", "show", &id])["versions"][0]["expired"],
        true
    );
}

fn first_id(found: &serde_json::Value) -> String {
    found[0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{found}"))
        .to_owned()
}

#[test]
fn a_report_takes_no_place_of_what_is_imported() {
    let csirt = Csirt::new();
    let file = csirt.file("a.json", &bundle(&[indicator(1)]));
    let args = [
        "cell",
        "import",
        &file,
        "--into",
        "indicators",
        "--report",
        &file,
    ];
    csirt.place.fails(2, "usage", &args);
    assert_eq!(std::fs::read(&file).unwrap(), bundle(&[indicator(1)]));
}

#[test]
fn a_file_that_is_there_stays_unless_told() {
    let csirt = Csirt::new();
    let file = csirt.file("a.json", &bundle(&[indicator(1), indicator(2)]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "indicators"]);
    let to = csirt.file("mine.json", b"mine");
    let args = ["cell", "export", "indicators", "--to", &to];
    let said = csirt.place.fails(2, "file.exists", &args);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(std::fs::read(&to).unwrap(), b"mine");
    let done = csirt.place.json(&[&args[..], &["--force"]].concat());
    assert_eq!(done["objects"], 2, "{done}");
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&to).unwrap()).unwrap();
    assert_eq!(read["objects"], json!([indicator(1), indicator(2)]));
    // One that fails in the middle leaves nothing, beside what was there.
    let none = csirt.path("none.json");
    let args = [
        "cell",
        "export",
        "indicators",
        "--for",
        "nobody.example",
        "--to",
        &none,
    ];
    csirt.place.fails(1, "cell.may_not_read", &args);
    let left: Vec<_> = std::fs::read_dir(csirt.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("export") || name.contains("none"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // Nothing at all is a bundle as well.
    let empty = csirt.path("empty.json");
    csirt.place.says(&[
        "cell",
        "export",
        "indicators",
        "--type",
        "malware",
        "--to",
        &empty,
    ]);
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&empty).unwrap()).unwrap();
    assert_eq!(
        (&read["type"], &read["objects"]),
        (&json!("bundle"), &json!(null))
    );
}

#[test]
fn what_a_value_belongs_to_is_found_and_said_to_be_that() {
    let csirt = Csirt::new();
    let mut range = indicator(1);
    range["pattern"] = json!("[ipv4-addr:value ISSUBSET '198.51.100.0/24']");
    let mut address = indicator(3);
    address["pattern"] = json!("[ipv4-addr:value = '203.0.113.77']");
    let file = csirt.file("a.json", &bundle(&[range, indicator(2), address]));
    csirt
        .place
        .says(&["cell", "import", &file, "--into", "indicators"]);
    let check = |value: &str, known: &[(u64, &str)], related: &[(u64, &str)]| {
        let ran = csirt.place.run(&["--json", "cell", "lookup", value]);
        let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let of = |what: &str| -> Vec<(String, String)> {
            let rows = answer[what].as_array().unwrap().iter();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            rows.map(|row| (text(&row["id"]), text(&row["by"]["tie"])))
                .collect()
        };
        let expected = |of: &[(u64, &str)]| -> Vec<(String, String)> {
            of.iter()
                .map(|(n, tie)| (format!("indicator--{}", uuid(*n)), (*tie).to_owned()))
                .collect()
        };
        assert_eq!(
            (of("objects"), of("related")),
            (expected(known), expected(related)),
            "{value}"
        );
        assert_eq!(answer["known"], !known.is_empty(), "{value}");
        assert_eq!(
            ran.exit,
            i32::from(known.is_empty() && related.is_empty()),
            "{value}"
        );
    };
    check("198.51.100[.]9", &[(1, "in-range")], &[]);
    check("198.51.101.9", &[], &[]);
    check("hxxp://198.51.100.9:8080/x", &[], &[(1, "host")]);
    check("www.n2[.]bad[.]example", &[], &[(2, "below")]);
    check("hxxps://n2.bad.example/login?x=1", &[], &[(2, "host")]);
    check("someone@n2.bad.example", &[], &[(2, "host")]);
    check("n2.bad.example", &[(2, "same")], &[]);
    check("203.0.113.0/24", &[], &[(3, "holds")]);
    let exact = csirt
        .place
        .run(&["cell", "lookup", "www.n2.bad.example", "--exact"]);
    assert_eq!(exact.exit, 1, "{}", exact.out);
    let said = csirt.place.says(&["cell", "lookup", "www.n2.bad.example"]);
    assert!(
        said.contains("it is below the domain `n2.bad.example`"),
        "{said}"
    );
    let found = csirt.place.json(&[
        "cell",
        "search",
        "--value",
        "hxxp://www.n2[.]bad[.]example/",
    ]);
    assert_eq!(first_id(&found), format!("indicator--{}", uuid(2)));
}
