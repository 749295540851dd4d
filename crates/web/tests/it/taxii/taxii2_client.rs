//! `taxii2-client` 2.3 (OASIS), request by request. The library itself is run in `clients/`.

use super::kit::*;
use serde_json::{Value, json};

/// How it writes an instant (`_format_datetime`): with as many digits as are there.
const AFTER: &str = "2026-11-02T08%3A59%3A59.5Z";

/// `as_pages`: the limit of the first page becomes what that page had.
fn as_pages(client: &mut Client, path: &str, per_request: usize, list: &str) -> Vec<Value> {
    let limit = if per_request == 0 {
        String::new()
    } else {
        format!("?limit={per_request}")
    };
    let mut page = client.get(&format!("{path}{limit}")).json();
    let had = page[list].as_array().map_or(0, Vec::len);
    let mut all = page[list].as_array().cloned().unwrap_or_default();
    for _ in 0..1000 {
        if page.get("more") != Some(&json!(true)) {
            return all;
        }
        // An empty `next` is not sent: the same page would come for ever.
        let next = page["next"].as_str().expect("`more` comes with `next`");
        page = client
            .get(&format!("{path}?limit={had}&next={next}"))
            .json();
        all.extend(page[list].as_array().cloned().unwrap_or_default());
    }
    panic!("it never ends");
}

#[test]
fn it_finds_its_way_from_discovery_to_the_collections() {
    let server = Running::start();
    // It adds a missing slash itself, and joins API roots to the URL it asked.
    let mut bank = Client::new(server.address, Some(&basic("bank.old", "password of bank")));
    let discovery = bank.get("/taxii2/").json();
    let root = discovery["api_roots"][0].as_str().unwrap();
    assert_eq!(discovery["default"], root);
    assert!(bank.get(root).json()["versions"].is_array());
    let collections = bank.get(&format!("{root}collections/")).json();
    for collection in collections["collections"].as_array().unwrap() {
        let id = collection["id"].as_str().unwrap();
        assert_eq!(
            &bank.get(&format!("{root}collections/{id}/")).json(),
            collection
        );
    }
}

#[test]
fn its_pages_of_objects_and_of_the_manifest_come_to_an_end() {
    let server = Running::start();
    server.put(&indicators(0..47));
    let mut agency = server.client(AGENCY);
    let collection = Running::path(&server.shared);
    for per_request in [0, 1, 10, 47, 50] {
        for part in ["objects", "manifest"] {
            let all = as_pages(
                &mut agency,
                &format!("{collection}{part}/"),
                per_request,
                "objects",
            );
            assert_eq!(all.len(), 47, "{part} {per_request}");
        }
    }
}

#[test]
fn its_filters_are_understood_as_it_writes_them() {
    let server = Running::start();
    server.put(&[indicator(0, V1), malware(1)]);
    let mut agency = server.client(AGENCY);
    let mut ids = |query: &str| {
        agency
            .get(&format!("{}?{query}", server.objects()))
            .ids()
            .len()
    };
    assert_eq!(ids(&format!("added_after={AFTER}")), 2);
    assert_eq!(ids("match%5Btype%5D=indicator%2Cmalware"), 2);
    assert_eq!(
        ids(&format!(
            "match%5Bid%5D={}&match%5Bversion%5D=all",
            indicator_id(0)
        )),
        1
    );
    assert_eq!(ids("match%5Bversion%5D=2026-11-01T00%3A00%3A00Z"), 1);
    assert_eq!(ids("match%5Bspec_version%5D=2.1"), 2);
}

#[test]
fn its_status_adds_up() {
    let server = Running::start();
    let status = server
        .client(BANK)
        .post(
            &server.objects(),
            &json!({"objects": [indicator(0, V1), {"type": "x"}]}),
        )
        .json();
    let count = |name: &str| status[name].as_u64().unwrap();
    assert_eq!(
        count("success_count") + count("failure_count") + count("pending_count"),
        count("total_count")
    );
    for (list, counted) in [
        ("successes", "success_count"),
        ("failures", "failure_count"),
        ("pendings", "pending_count"),
    ] {
        assert_eq!(
            status[list].as_array().map_or(0, Vec::len) as u64,
            count(counted),
            "{list}"
        );
    }
}
