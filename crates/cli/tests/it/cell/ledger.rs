//! The ledger's term, beside a node that serves.

use super::{Csirt, envelope, erase::stands, indicator, uuid};
use crate::{
    kit::{pause, wait},
    taxii::Client,
};
use serde_json::{Value, json};
use std::{fs, process::Stdio};

/// How often who drops is killed.
const KILLS: u64 = 12;

fn id(number: u64) -> String {
    format!("indicator--{}", uuid(number))
}

/// A node that serves, and a client whose account is served things.
fn served() -> (Csirt, crate::place::Serving, Client) {
    let csirt = Csirt::new();
    let token = csirt.token("night-desk", &[]);
    let serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let objects: Vec<_> = (0..KILLS).map(indicator).collect();
    let added = client.post(&csirt.objects(), &envelope(&objects));
    assert_eq!(added.status, 202);
    (csirt, serving, client)
}

fn read(csirt: &Csirt, client: &mut Client, number: u64) {
    let got = client.get(&format!("{}{}/", csirt.objects(), id(number)));
    assert_eq!(got.objects().len(), 1);
    // What a process notes another sees when it is written.
    wait("it to be written down", || {
        let who = csirt.place.json(&["cell", "who", &id(number)]);
        (who["served"] != json!([])).then_some(())
    });
}

/// Makes a root over everything until now, and evidence that holds.
fn evidence(csirt: &Csirt, number: u64, name: &str) -> String {
    let file = csirt.path(name);
    csirt
        .place
        .json(&["cell", "who", &id(number), "--evidence", &file]);
    holds(csirt, &file);
    file
}

fn holds(csirt: &Csirt, file: &str) -> Value {
    let verified = csirt.place.json(&["cell", "evidence", "verify", file]);
    assert_eq!(verified["holds"], json!(true));
    verified
}

#[test]
fn what_was_served_long_ago_goes_beside_a_node_that_serves_and_evidence_from_before_holds() {
    let (csirt, serving, mut client) = served();
    for number in 0..3 {
        read(&csirt, &mut client, number);
    }
    let early = evidence(&csirt, 1, "early.json");
    let ledger = csirt.place.dir.join("cell/served");
    assert!(stands(&ledger, "night-desk"));
    let drop_all = ["cell", "erase", "--ledger", "--older-than", "0"];
    let nothing = csirt.place.json(&["cell", "erase", "--ledger"]);
    assert_eq!(nothing["records"], json!(0), "six years are not over");
    let would = csirt.place.json(&[&drop_all[..], &["--dry-run"]].concat());
    let done = csirt.place.json(&drop_all);
    assert!(done["records"].as_u64().unwrap() >= 3);
    assert_eq!(done["records"], would["records"]);
    assert!(!stands(&ledger, "night-desk"));
    let who = csirt.place.json(&["cell", "who", &id(1)]);
    assert_eq!(who["served"], json!([]));
    assert_eq!(who["before"]["members"], json!(["csirt.example"]));
    assert_eq!(who["before"]["until"], done["until"]);
    let said = csirt.place.says(&["cell", "who", &id(1)]);
    assert!(said.contains("is no longer kept"), "{said}");
    let asked = client.get(&format!("/cell/v1/who/{}", id(1))).json();
    assert_eq!(asked["before"], who["before"]);
    assert_eq!(holds(&csirt, &early)["served"][0]["holds"], json!(true));
    // What is served from now on is told and proved, by both.
    read(&csirt, &mut client, 1);
    let late = evidence(&csirt, 1, "late.json");
    assert_eq!(holds(&csirt, &late)["served"].as_array().unwrap().len(), 1);
    let asked = client.get(&format!("/cell/v1/who/{}", id(1))).json();
    assert_eq!(asked["served"].as_array().unwrap().len(), 1);
    drop(serving);
    let _again = csirt.serve();
    let who = csirt.place.json(&["cell", "who", &id(1)]);
    assert_eq!(who["served"].as_array().unwrap().len(), 1);
}

#[test]
fn who_drops_is_killed_and_nothing_is_lost_that_was_not_to_go() {
    let (csirt, _serving, mut client) = served();
    let mut early = Vec::new();
    for number in 0..KILLS {
        read(&csirt, &mut client, number);
        early.push(evidence(&csirt, number, &format!("{number}.json")));
        let mut child = csirt
            .place
            .command()
            .args(["cell", "erase", "--ledger", "--older-than", "0"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Another moment each time: before it begins, in the midst of it, when it is done.
        pause(2 + number * 7);
        child.kill().unwrap();
        child.wait().unwrap();
        let who = csirt.place.json(&["cell", "who", &id(number)]);
        let told = who["served"] != json!([]);
        assert!(
            told || who["before"]["members"] == json!(["csirt.example"]),
            "{who}"
        );
    }
    let drop_all = ["cell", "erase", "--ledger", "--older-than", "0"];
    csirt.place.json(&drop_all);
    assert_eq!(csirt.place.json(&drop_all)["records"], json!(0));
    assert!(!stands(&csirt.place.dir.join("cell/served"), "night-desk"));
    for (number, file) in (0..).zip(&early) {
        holds(&csirt, file);
        let who = csirt.place.json(&["cell", "who", &id(number)]);
        assert_eq!(who["before"]["members"], json!(["csirt.example"]));
    }
    read(&csirt, &mut client, 0);
    evidence(&csirt, 0, "late.json");
}

#[test]
fn a_ledger_that_forgets_before_the_objects_do_is_refused() {
    let csirt = Csirt::new();
    let path = csirt.place.dir.join("portcullis.toml");
    let config = fs::read_to_string(&path).unwrap();
    let erase = ["cell", "erase", "--ledger", "--dry-run"];
    for (keep, fits) in [
        ("7d", false),
        ("soon", false),
        ("31d", true),
        ("forever", true),
    ] {
        let set = config.replace("\"2192d\"", &format!("\"{keep}\""));
        assert_ne!(set, config);
        fs::write(&path, set).unwrap();
        if fits {
            csirt.place.json(&erase);
        } else {
            let said = csirt.place.fails(2, "usage", &erase);
            assert!(said.contains("ledger_keep"), "{said}");
        }
    }
}
