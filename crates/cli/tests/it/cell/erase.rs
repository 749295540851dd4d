//! The bytes of what was taken back, beside a node that serves.

use super::{Csirt, envelope, indicator, uuid};
use crate::{kit::wait, taxii::Client};
use serde_json::json;
use std::{fs, path::Path};

/// Whether a text stands in any file of a folder.
pub(super) fn stands(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let part = text.as_bytes();
        bytes.windows(part.len()).any(|window| window == part)
    })
}

#[test]
fn what_was_removed_is_erased_beside_a_node_that_serves_and_evidence_of_it_stays() {
    let csirt = Csirt::new();
    let token = csirt.token("desk", &[]);
    let serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let objects: Vec<_> = (0..40).map(indicator).collect();
    let added = client.post(&csirt.objects(), &envelope(&objects));
    assert_eq!(added.status, 202);
    assert_eq!(csirt.all(&mut client).len(), 40);
    for n in 0..39 {
        let path = format!("{}indicator--{}/", csirt.objects(), uuid(n));
        let removed = client.ask("DELETE", &path, None).unwrap();
        assert_eq!(removed.status, 200);
    }
    let journal = csirt.place.dir.join("cell/journal");
    assert!(stands(&journal, "n7.bad.example"));
    let nothing = csirt.place.json(&["cell", "erase"]);
    assert_eq!(nothing["versions"], json!(0), "the term is not over");
    let stats = csirt.place.json(&["cell", "stats"]);
    assert_eq!(stats["erasable_versions"], json!(39));
    let would = csirt
        .place
        .json(&["cell", "erase", "--older-than", "0", "--dry-run"]);
    let done = csirt.place.json(&["cell", "erase", "--older-than", "0"]);
    assert_eq!(done["versions"], json!(39));
    assert_eq!(done["bytes"], would["bytes"]);
    assert!(!stands(&journal, "n7.bad.example") && stands(&journal, "n39.bad.example"));
    let stats = csirt.place.json(&["cell", "stats"]);
    assert_eq!(stats["erasable_versions"], json!(0));
    assert!(stats["disk_bytes"].as_u64() < stats["journal_bytes"].as_u64());
    // The node that serves goes on, and takes the next as ever.
    assert_eq!(csirt.all(&mut client).len(), 1);
    let added = client.post(&csirt.objects(), &envelope(&[indicator(7)]));
    assert_eq!(
        (added.status, added.json()["success_count"].clone()),
        (202, json!(1))
    );
    assert_eq!(csirt.all(&mut client).len(), 2);
    let id = format!("indicator--{}", uuid(8));
    let evidence = csirt.folder.path().join("evidence.json");
    let evidence = evidence.display().to_string();
    let who = csirt
        .place
        .json(&["cell", "who", &id, "--evidence", &evidence]);
    assert!(!who.to_string().is_empty());
    csirt.place.says(&["cell", "evidence", "verify", &evidence]);
    drop(serving);
    let _again = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    let all = wait("the cell to be read again", || {
        let ready = client.get(&csirt.objects()).status == 200;
        ready.then(|| csirt.all(&mut client))
    });
    assert_eq!(all.len(), 2);
}

/// Whether a text stands in any file of a folder, or of one in it.
fn stands_below(folder: &Path, text: &str) -> bool {
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let mut items = fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path());
    items.any(|path| {
        if path.is_dir() {
            stands_below(&path, text)
        } else {
            path.is_file() && holds(&path)
        }
    })
}

#[test]
fn nothing_is_left_of_what_was_recalled_and_erased_and_clients_see_that_it_is_revoked() {
    let csirt = Csirt::new();
    csirt.place.says(&[
        "cell",
        "collection",
        "change",
        "indicators",
        "--mode",
        "strict",
    ]);
    let token = csirt.token("desk", &[]);
    let serving = csirt.serve();
    let mut client = Client::bearer(&csirt.address, &token);
    wait("the account to be let in", || {
        (client.get(&csirt.objects()).status == 200).then_some(())
    });
    let mut object = indicator(7);
    object["name"] = json!("the name of Jane Citizen's host");
    object["description"] = json!("a sentence about her");
    object["labels"] = json!(["a-word-of-ours"]);
    object["object_marking_refs"] =
        json!(["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]);
    let added = client.post(&csirt.objects(), &envelope(&[object]));
    assert_eq!(added.json()["success_count"], json!(1));
    let id = format!("indicator--{}", uuid(7));
    let words = [
        "Jane Citizen",
        "about her",
        "a-word-of-ours",
        "n7.bad.example",
    ];
    assert!(
        words
            .iter()
            .all(|word| stands_below(&csirt.place.dir, word))
    );
    csirt
        .place
        .says(&["cell", "recall", &id, "--reason", "not for sharing"]);
    // Whoever only speaks TAXII gets the revoked version, by itself, and nothing of the words.
    let page = wait("the revoked version to be served", || {
        let page = client.get(&format!("{}{id}/", csirt.objects()));
        (page.objects()[0]["revoked"] == json!(true)).then_some(page)
    });
    let shown = page.objects();
    let green = json!(["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]);
    assert_eq!((shown.len(), &shown[0]["object_marking_refs"]), (1, &green));
    let said = String::from_utf8_lossy(&page.body).into_owned();
    assert!(!words.iter().any(|word| said.contains(word)), "{said}");
    let flaws = portcullis_stix::validate::validate(
        shown[0].to_string().as_bytes(),
        portcullis_stix::validate::Mode::Strict,
    );
    assert!(flaws.is_empty(), "{flaws:?}");
    let show = csirt.place.says(&["cell", "show", &id]);
    assert!(show.contains("revoked"), "{show}");
    assert!(!words.iter().any(|word| show.contains(word)), "{show}");
    let done = csirt.place.json(&["cell", "erase", "--older-than", "0"]);
    assert_eq!(done["versions"], json!(1));
    drop(serving);
    for word in words {
        assert!(!stands_below(&csirt.place.dir, word), "{word}");
    }
    let looked = csirt.place.run(&["cell", "lookup", "n7.bad.example"]);
    assert_eq!(looked.exit, 1, "{}", looked.out);
}
