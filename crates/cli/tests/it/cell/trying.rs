//! What a trial of an import says is what the import then does.

use super::{Csirt, bundle, import::import, indicator, uuid};
use serde_json::{Value, json};

/// What became of an import in numbers: the exit code, the counts, and every line's code and file.
fn numbers((exit, answer): &(i32, Value)) -> (i32, Vec<u64>, Vec<String>) {
    let counts = ["found", "taken", "new", "known", "kept_aside"];
    let counts = counts.map(|name| answer[name].as_u64().unwrap());
    let lines = ["refused", "waits", "apart", "unmapped"].into_iter();
    let lines = lines.flat_map(|what| {
        let lines = answer[what].as_array().unwrap().iter();
        lines.map(move |line| format!("{what} {} {}", line["code"], line["file"]))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    (*exit, counts.into(), lines)
}

/// Tries, imports, and both again: of each pair the trial's numbers are the import's.
fn foretold(csirt: &Csirt, args: &[&str]) -> [(i32, Value); 2] {
    let trial = [&["--dry-run"], args].concat();
    [(); 2].map(|()| {
        let before = csirt.place.json(&["cell", "stats"]);
        let tried = import(csirt, &trial);
        assert_eq!(csirt.place.json(&["cell", "stats"]), before);
        let done = import(csirt, args);
        assert_eq!(numbers(&tried), numbers(&done), "{}\n{}", tried.1, done.1);
        done
    })
}

#[test]
fn trying_foretells_what_the_import_then_does() {
    let csirt = Csirt::new();
    let cell = |args: &[&str]| csirt.place.json(&[&["cell"], args].concat());
    cell(&["group", "make", "joint"]);
    cell(&[
        "group",
        "invite",
        "joint",
        "police.example",
        "--kind",
        "authority",
        "--country",
        "US",
    ]);
    cell(&[
        "group",
        "attest",
        "joint",
        "police.example",
        "--checked-by",
        "desk",
        "--how",
        "treaty",
    ]);
    cell(&["collection", "add", "Abroad", "--group", "joint"]);
    let mut wrong = indicator(2);
    wrong.as_object_mut().unwrap().remove("pattern");
    let mut resolver = indicator(3);
    resolver["pattern"] = json!("[ipv4-addr:value = '8.8.8.8']");
    let mut person = indicator(4);
    person["description"] = json!("told by customer@mail.example, born 1980-02-03");
    let mut taken = indicator(1);
    taken["name"] = json!("another, of the same version");
    let first = csirt.file(
        "a.json",
        &bundle(&[indicator(1), wrong, resolver, person.clone()]),
    );
    let second = csirt.file(
        "b.json",
        &bundle(&[indicator(1), taken, indicator(5), person]),
    );
    let table = csirt.file(
        "c.csv",
        b"n6.bad.example\nn7.bad.example\n1.1.1.1\nnot a value\n",
    );
    let again = csirt.file("d.csv", b"n7.bad.example\nn8.bad.example\n");
    let args = [&*first, &second, &table, &again, "--into", "abroad"];
    let before = csirt.place.json(&["cell", "stats"]);
    let tried = import(&csirt, &[&args[..], &["--dry-run"]].concat());
    assert_eq!(csirt.place.json(&["cell", "stats"]), before);
    assert_eq!(csirt.place.json(&["cell", "review", "list"]), json!([]));
    assert_eq!(csirt.place.json(&["cell", "identity", "list"]), json!([]));
    let done = import(&csirt, &args);
    assert_eq!(tried.0, 1);
    assert_eq!(numbers(&tried), numbers(&done), "{}\n{}", tried.1, done.1);
    assert_eq!(done.1["waits"].as_array().unwrap().len(), 1, "{}", done.1);
    assert_eq!(done.1["refused"].as_array().unwrap().len(), 4, "{}", done.1);
    // And of what is here by now.
    let known = import(&csirt, &[&args[..], &["--dry-run"]].concat());
    assert_eq!(numbers(&known), numbers(&import(&csirt, &args)));
    assert_eq!(known.1["new"], 0, "{}", known.1);
}

/// An event that names a cluster of a galaxy, and an object that is not in it.
fn event(number: u64, galaxy: &str, says: &str) -> Value {
    let cluster = json!({
        "uuid": uuid(900), "type": galaxy, "value": "Crane", "version": number.to_string(),
        "tag_name": format!("misp-galaxy:{galaxy}=\"Crane\""), "description": says, "meta": {},
    });
    json!({ "Event": {
        "uuid": uuid(number), "info": "A campaign", "date": "2026-11-01", "timestamp": "1793522400",
        "published": true, "publish_timestamp": "1793522400", "threat_level_id": "2", "analysis": "1",
        "distribution": "3", "Orgc": { "name": "Example CSIRT", "uuid": uuid(901) },
        "Galaxy": [{ "uuid": uuid(902), "name": galaxy, "type": galaxy, "GalaxyCluster": [cluster] }],
        "Attribute": [{
            "uuid": uuid(number + 100), "type": "domain", "category": "Network activity",
            "value": format!("n{number}.bad.example"), "to_ids": true, "timestamp": "1793522400",
            "distribution": "5",
        }],
        "Object": [{
            "uuid": uuid(number + 200), "name": "file", "meta-category": "file", "timestamp": "1793522400",
            "distribution": "5",
            "Attribute": [{
                "uuid": uuid(number + 300), "type": "filename", "object_relation": "filename",
                "category": "Payload delivery", "value": format!("crane{number}.exe"), "to_ids": true,
                "timestamp": "1793522400", "distribution": "5",
            }],
            "ObjectReference": [{
                "uuid": uuid(number + 400), "referenced_uuid": uuid(999), "relationship_type": "drops",
                "referenced_type": "1", "timestamp": "1793522400",
            }],
        }],
    }})
}

#[test]
fn trying_foretells_stand_ins_of_galaxies_and_references_to_what_is_not_there() {
    let csirt = Csirt::new();
    let stand_ins = [
        event(1, "mitre-attack-pattern", "one wording"),
        event(
            2,
            "mitre-enterprise-attack-attack-pattern",
            "another wording",
        ),
        event(1, "mitre-attack-pattern", "a third, of the same event"),
    ];
    let files: Vec<String> = stand_ins
        .iter()
        .enumerate()
        .map(|(n, event)| csirt.file(&format!("{n}.json"), event.to_string().as_bytes()))
        .collect();
    let tie = |number: u64, of: &str, to: &str| {
        let mut tie = indicator(number);
        let object = tie.as_object_mut().unwrap();
        object.retain(|name, _| matches!(name.as_str(), "spec_version" | "created" | "modified"));
        object.insert("type".into(), json!("relationship"));
        object.insert(
            "id".into(),
            json!(format!("relationship--{}", uuid(number))),
        );
        object.insert("relationship_type".into(), json!("indicates"));
        object.insert("source_ref".into(), json!(of));
        object.insert("target_ref".into(), json!(to));
        tie
    };
    let (here, there) = (
        format!("indicator--{}", uuid(50)),
        format!("malware--{}", uuid(999)),
    );
    let mut marked = indicator(51);
    marked["object_marking_refs"] = json!([format!("marking-definition--{}", uuid(998))]);
    marked["created_by_ref"] = json!(format!("identity--{}", uuid(997)));
    let references = bundle(&[
        tie(60, &here, &there),
        tie(61, &there, &here),
        indicator(50),
        marked,
        tie(62, "indicator--none", &there),
    ]);
    let references = csirt.file("references.json", &references);
    let files = files.iter().chain([&references]).map(String::as_str);
    let args: Vec<&str> = files.chain(["--into", "indicators"]).collect();
    let [first, again] = foretold(&csirt, &args);
    assert_eq!(first.0, 1, "{}", first.1);
    // One relationship names no object; whatever a galaxy calls a thing is refused nowhere.
    assert_eq!(
        first.1["refused"].as_array().unwrap().len(),
        1,
        "{}",
        first.1
    );
    assert!(first.1["known"].as_u64() > Some(0), "{}", first.1);
    assert_eq!(again.1["new"], 0, "{}", again.1);
    // Events alone are all known the second time, and that is no failure.
    let events: Vec<&str> = args[..3]
        .iter()
        .chain(&["--into", "indicators"])
        .copied()
        .collect();
    let [known, _] = foretold(&csirt, &events);
    assert_eq!(known.0, 0, "{}", known.1);
    assert_eq!(known.1["known"], known.1["found"], "{}", known.1);
    let said = csirt
        .place
        .run(&[&["cell", "import"], &events[..]].concat());
    assert!(said.out.contains("0 new, "), "{}", said.out);
}
