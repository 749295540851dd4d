//! Every way out leaves a mark before it answers: the table of `docs/cell-exits.md`, held
//! against the doors.

use super::kit::*;
use portcullis_core::cell::Caller;
use portcullis_node::cell::{Source, question::NewQuestion};
use serde_json::json;
use std::collections::BTreeMap;

const OBJECT: &str = "indicator--00000000-0000-4000-8000-000000000001";
const OPINION: &str = "opinion--00000000-0000-4000-8000-000000000001";

/// What is read by whom, which object goes out with it, and as what that is noted.
const EXITS: [(&str, &str, &str, &str); 9] = [
    ("…/objects/", AGENCY, OBJECT, "page"),
    ("…/manifest/", AGENCY, OBJECT, "manifest"),
    ("…/objects/{object}/", AGENCY, OBJECT, "object"),
    ("…/objects/{object}/versions/", AGENCY, OBJECT, "manifest"),
    (
        "/cell/v1/provenance/{collection}/{object}",
        AGENCY,
        OBJECT,
        "manifest",
    ),
    ("/cell/v1/lookup", AGENCY, OBJECT, "lookup"),
    ("/cell/v1/questions", AGENCY, "the question", "object"),
    ("/cell/v1/replies/{object}", BANK, OPINION, "lookup"),
    ("/cell/v1/notices", BANK, OPINION, "lookup"),
];

/// What is read without anything of an object that others published.
const NOTHING: [&str; 3] = [
    "/cell/v1/who/{object}",
    "/cell/v1/recalls",
    "/cell/v1/watch",
];

/// A server with an indicator of the bank's, an opinion on it, and a question to the agency; and
/// the question's note.
fn server() -> (Running, String) {
    let server = Running::start();
    server.put(&[json!({
        "type": "indicator", "spec_version": "2.1", "id": OBJECT,
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
        "pattern": "[domain-name:value = 'bad.zone-of-nobody.tld']", "pattern_type": "stix",
        "valid_from": "2026-11-01T00:00:00Z"
    })]);
    let opinion = json!({ "objects": [{
        "type": "opinion", "spec_version": "2.1", "id": OPINION,
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
        "opinion": "strongly-disagree", "object_refs": [OBJECT]
    }]});
    let envelope = serde_json::to_vec(&opinion).unwrap();
    let by = server.cell.operator();
    let added = server
        .cell
        .add(&by, &server.shared, envelope.into(), Source::Published);
    assert_eq!(added.unwrap().failures, []);
    let new = NewQuestion {
        kind: "seen".into(),
        text: "Has anybody seen it?".into(),
        about: vec![OBJECT.parse().unwrap()],
        groups: [].into(),
        members: ["agency".parse().unwrap()].into(),
        deadline: "2026-11-03T09:00:00Z".parse().unwrap(),
    };
    let bank = Caller::node("bank".parse().unwrap());
    let asked = server.cell.ask(&bank, &server.shared, new).unwrap();
    let note = server.cell.state().questions()[&asked].note.clone();
    server.pass(1_000_000);
    (server, note.unwrap().to_string())
}

fn path(server: &Running, exit: &str) -> String {
    let collection = Running::path(&server.shared);
    let path = exit.replace("…/", &collection).replace("{object}", OBJECT);
    let path = path.replace("{collection}", &server.shared.to_string());
    if exit.ends_with("lookup") {
        path + "?value=bad.zone-of-nobody.tld"
    } else {
        path
    }
}

#[test]
fn every_way_out_leaves_a_mark() {
    let (server, note) = server();
    for (exit, member, object, how) in EXITS {
        let object = if object == "the question" {
            &note
        } else {
            object
        };
        let marks = || server.cell.who(object, &[]).unwrap();
        let before = marks().len();
        let answer = server.client(member).get(&path(&server, exit));
        assert_eq!(answer.status, 200, "{exit}: {answer:?}");
        let after = marks();
        assert_eq!(after.len(), before + 1, "{exit}");
        let mark = after.last().unwrap();
        assert_eq!(
            (mark.member.as_str(), mark.how.as_str()),
            (member, how),
            "{exit}"
        );
        server.pass(1_000_000);
    }
}

#[test]
fn what_has_nothing_of_others_leaves_none() {
    let (server, note) = server();
    for exit in NOTHING {
        let answer = server.client(BANK).get(&path(&server, exit));
        assert_eq!(answer.status, 200, "{exit}: {answer:?}");
        for object in [OBJECT, OPINION, &note] {
            assert_eq!(server.cell.who(object, &[]).unwrap(), [], "{exit}");
            let text = &answer.body;
            assert!(object == OBJECT || !text.contains(object), "{exit}");
        }
    }
}

#[test]
fn the_table_of_exits_is_what_the_doors_do() {
    let page = include_str!("../../../../../docs/cell-exits.md");
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let exit = cells.next()?.strip_prefix("`GET ")?.strip_suffix('`')?;
        Some((exit, cells.nth(2)?))
    });
    let told: BTreeMap<&str, &str> = rows.collect();
    let noted = EXITS.iter().map(|(exit, _, _, how)| (*exit, *how));
    let done: BTreeMap<&str, &str> = noted.chain(NOTHING.map(|exit| (exit, "–"))).collect();
    assert_eq!(told, done);
    // Whatever the door adds has its row.
    let door = include_str!("../../../src/taxii/extras.rs");
    for line in door
        .lines()
        .filter(|line| line.starts_with("//! | `/cell/v1/"))
    {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let path = cells.next().unwrap().trim_matches('`');
        if cells
            .next()
            .is_some_and(|methods| methods.starts_with("GET"))
        {
            assert!(done.contains_key(path), "{path}");
        }
    }
}
