//! The endpoints and their resources (TAXII 2.1 §4, §5).

use super::kit::*;
use serde_json::json;

#[test]
fn discovery_is_at_the_root_of_the_server_and_names_the_api_root() {
    let server = Running::start();
    let answer = server.client(BANK).get("/taxii2/");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(TAXII)),
        "{answer:?}"
    );
    let discovery = answer.json();
    assert!(discovery["title"].is_string(), "{discovery}");
    assert_eq!(discovery["default"], ROOT);
    assert_eq!(discovery["api_roots"], json!([ROOT]));
}

#[test]
fn the_api_root_says_its_version_and_how_much_it_takes() {
    let server = Running::start();
    let root = server.client(BANK).get(ROOT).json();
    assert!(root["title"].is_string(), "{root}");
    assert_eq!(root["versions"], json!([TAXII]));
    assert_eq!(root["max_content_length"], 104_857_600);
    server
        .client(BANK)
        .get("/taxii2/exercise-other/")
        .is_error(404, "taxii.unknown");
}

#[test]
fn collections_are_listed_as_each_client_may_use_them_and_in_one_order() {
    let server = Running::start();
    let ids = |name: &str| -> Vec<(String, bool, bool)> {
        let listed = server
            .client(name)
            .get(&format!("{ROOT}collections/"))
            .json();
        let listed = listed["collections"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let bit = |value: &serde_json::Value| value.as_bool().unwrap();
        listed
            .iter()
            .map(|one| {
                (
                    one["alias"].as_str().unwrap().to_owned(),
                    bit(&one["can_read"]),
                    bit(&one["can_write"]),
                )
            })
            .collect()
    };
    let bank = ids(BANK);
    assert_eq!(bank.len(), 2, "{bank:?}");
    assert!(bank.contains(&("shared".into(), true, true)), "{bank:?}");
    assert!(bank.contains(&("inbox".into(), false, true)), "{bank:?}");
    let agency = ids(AGENCY);
    assert!(
        agency.contains(&("shared".into(), true, false)),
        "{agency:?}"
    );
    assert!(
        agency.contains(&("inbox".into(), true, false)),
        "{agency:?}"
    );
    assert!(
        agency.contains(&("hidden".into(), true, true)),
        "{agency:?}"
    );
    assert_eq!(ids(READER), [("shared".into(), true, false)]);
    for name in [BANK, AGENCY] {
        assert_eq!(ids(name), ids(name));
    }
}

#[test]
fn a_list_without_collections_is_an_empty_object() {
    let server = Running::start();
    let answer = server.client(STRANGER).get(&format!("{ROOT}collections/"));
    assert_eq!((answer.status, answer.json()), (200, json!({})));
}

#[test]
fn a_collection_is_found_by_its_id_and_by_its_alias() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let by_id = bank.get(&Running::path(&server.shared)).json();
    assert_eq!(
        by_id,
        json!({
            "id": server.shared.to_string(), "title": "Collection 1", "description": "what is shared",
            "alias": "shared", "can_read": true, "can_write": true,
            "media_types": ["application/stix+json;version=2.1", "application/stix+json;version=2.0"],
        })
    );
    assert_eq!(
        bank.get(&format!("{ROOT}collections/shared/")).json(),
        by_id
    );
    server.put(&indicators(0..3));
    let objects = bank.get(&format!("{ROOT}collections/shared/objects/"));
    assert_eq!(objects.ids().len(), 3, "{objects:?}");
    bank.get(&format!("{ROOT}collections/nothing/"))
        .is_error(404, "taxii.unknown");
}

#[test]
fn ids_of_collections_are_uuids_of_version_4() {
    let server = Running::start();
    let id = server.shared.to_string();
    let parts: Vec<&str> = id.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(
        parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
        "{id}"
    );
}

#[test]
fn an_object_comes_back_as_the_bytes_that_came_in() {
    let server = Running::start();
    let odd = format!(
        r#"{{ "type":"indicator","id":"{}" , "spec_version":"2.1","x_ü":[1.0, 1e3,"\u00e4\/"],
        "created":"2026-10-01T00:00:00.1234567Z","modified":"2026-10-01T00:00:00.1234567Z","pattern":"[a:b='c']",
        "pattern_type":"stix","valid_from":"2026-10-01T00:00:00Z" }}"#,
        indicator_id(9)
    );
    let mut bank = server.client(BANK);
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let body = format!(r#"{{"objects":[{odd}]}}"#);
    let added = bank.ask("POST", &server.objects(), &headers, &body);
    assert_eq!(added.json()["success_count"], 1, "{added:?}");
    let answer = bank.get(&format!("{}{}/", server.objects(), indicator_id(9)));
    assert!(answer.body.contains(&odd), "{answer:?}");
    assert!(bank.get(&server.objects()).body.contains(&odd));
}

#[test]
fn an_envelope_without_objects_is_an_empty_object() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    for part in ["objects", "manifest"] {
        let answer = bank.get(&format!("{}{part}/", Running::path(&server.shared)));
        assert_eq!((answer.status, answer.json()), (200, json!({})));
    }
    server.put(&indicators(0..1));
    let answer = bank.get(&format!(
        "{}{}/?match[version]=2020-01-01T00:00:00Z",
        server.objects(),
        indicator_id(0)
    ));
    assert_eq!((answer.status, answer.json()), (200, json!({})));
}

#[test]
fn a_manifest_says_of_each_object_when_it_was_added_and_in_which_version() {
    let server = Running::start();
    server.put(&[indicator(0, V1)]);
    server.pass(1_000_001);
    server.put(&[indicator(1, V2)]);
    let answer = server
        .client(AGENCY)
        .get(&format!("{}manifest/", Running::path(&server.shared)));
    let records = answer.json()["objects"].as_array().unwrap().clone();
    let (first, last) = (
        answer.header("x-taxii-date-added-first"),
        answer.header("x-taxii-date-added-last"),
    );
    for (record, (id, version, added)) in records
        .iter()
        .zip([(indicator_id(0), V1, first), (indicator_id(1), V2, last)])
    {
        assert_eq!(
            record,
            &json!({
                "id": id, "date_added": added.unwrap(), "version": version,
                "media_type": "application/stix+json;version=2.1",
            })
        );
    }
    assert_eq!(records.len(), 2);
}

#[test]
fn versions_are_listed_from_the_first_added_to_the_last() {
    let server = Running::start();
    for version in [V1, V2, V3] {
        server.put(&[indicator(0, version)]);
    }
    let path = format!("{}{}/versions/", server.objects(), indicator_id(0));
    let mut agency = server.client(AGENCY);
    let answer = agency.get(&path);
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"versions": [V1, V2, V3]}))
    );
    assert!(
        answer.header("x-taxii-date-added-first").unwrap()
            < answer.header("x-taxii-date-added-last").unwrap()
    );
    let first = agency.get(&format!("{path}?limit=2")).json();
    assert_eq!(
        (&first["versions"], &first["more"]),
        (&json!([V1, V2]), &json!(true))
    );
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        agency.get(&format!("{path}?limit=2&next={next}")).json(),
        json!({"versions": [V3]})
    );
    assert_eq!(
        agency
            .get(&format!("{path}?match[spec_version]=2.0"))
            .json(),
        json!({})
    );
    agency
        .get(&format!(
            "{}{}/versions/",
            server.objects(),
            indicator_id(1)
        ))
        .is_error(404, "taxii.unknown");
}

#[test]
fn what_has_no_modified_is_versioned_by_created_and_what_has_neither_by_the_server() {
    let server = Running::start();
    let marking = json!({
        "type": "marking-definition", "spec_version": "2.1",
        "id": "marking-definition--00000000-0000-4000-8000-000000000001",
        "created": "2026-10-01T00:00:00.5Z", "definition_type": "statement",
        "definition": {"statement": "shared by the bank"},
    });
    let address = json!({
        "type": "ipv4-addr", "spec_version": "2.1",
        "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "value": "198.51.100.3",
    });
    server.put(&[marking, address]);
    let mut agency = server.client(AGENCY);
    let manifest = agency
        .get(&format!("{}manifest/", Running::path(&server.shared)))
        .json();
    assert_eq!(manifest["objects"][0]["version"], "2026-10-01T00:00:00.5Z");
    let of_server = manifest["objects"][1]["version"]
        .as_str()
        .unwrap()
        .to_owned();
    // The same again, and the same wherever versions are named.
    let path = format!(
        "{}ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd/versions/",
        server.objects()
    );
    assert_eq!(agency.get(&path).json(), json!({"versions": [of_server]}));
    assert_eq!(agency.get(&path).json(), json!({"versions": [of_server]}));
}

#[test]
fn all_pages_carry_the_dates_of_their_first_and_last_object_to_the_microsecond() {
    let server = Running::start();
    server.put(&[indicator(0, V1)]);
    server.pass(7);
    server.put(&[indicator(1, V1)]);
    let mut agency = server.client(AGENCY);
    let collection = Running::path(&server.shared);
    for path in [
        format!("{collection}objects/"),
        format!("{collection}manifest/"),
        format!("{collection}objects/{}/", indicator_id(0)),
        format!("{collection}objects/{}/versions/", indicator_id(0)),
        format!("{collection}objects/?match[type]=nothing"),
        format!("{collection}objects/?added_after=2026-11-02T09:00:00.5Z"),
    ] {
        let answer = agency.get(&path);
        assert_eq!(answer.status, 200, "{answer:?}");
        for name in ["x-taxii-date-added-first", "x-taxii-date-added-last"] {
            let date = answer
                .header(name)
                .unwrap_or_else(|| panic!("{path}: no {name}"));
            assert!(
                date.len() == 27 && date.ends_with('Z') && date.as_bytes()[19] == b'.',
                "{path}: {date}"
            );
        }
    }
    let answer = agency.get(&format!("{collection}objects/"));
    assert_ne!(
        answer.header("x-taxii-date-added-first"),
        answer.header("x-taxii-date-added-last")
    );
}

#[test]
fn a_client_that_takes_the_date_of_an_empty_page_for_the_next_one_does_not_start_over() {
    let server = Running::start();
    server.put(&indicators(0..3));
    let mut agency = server.client(AGENCY);
    let last = agency
        .get(&server.objects())
        .header("x-taxii-date-added-last")
        .unwrap()
        .to_owned();
    let empty = agency.get(&format!("{}?added_after={last}", server.objects()));
    assert_eq!(empty.json(), json!({}));
    assert_eq!(empty.header("x-taxii-date-added-last"), Some(last.as_str()));
    let page = agency.get(&format!("{}?limit=2", server.objects())).json();
    let at_end = format!(
        "{}?limit=2&match[type]=malware&next={}",
        server.objects(),
        page["next"].as_str().unwrap()
    );
    let empty = agency.get(&at_end);
    assert_eq!(empty.json(), json!({}));
    assert!(
        empty.header("x-taxii-date-added-last").unwrap() > "2026",
        "{empty:?}"
    );
}

#[test]
fn a_path_without_its_last_slash_is_answered_all_the_same() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    let collection = format!("{ROOT}collections/{}", server.shared);
    for path in [
        "/taxii2",
        "/taxii2/live",
        &collection,
        &format!("{collection}/objects"),
    ] {
        assert_eq!(bank.get(path).status, 200, "{path}");
    }
}

#[test]
fn what_is_no_endpoint_is_404_and_a_method_that_is_not_there_is_405_with_those_that_are() {
    let server = Running::start();
    let mut bank = server.client(BANK);
    for path in [
        "/taxii2/live/other/",
        "/taxii2/live/collections/shared/object/",
        "/taxii2//live/",
    ] {
        bank.get(path).is_error(404, "taxii.unknown");
    }
    for (method, path, allow) in [
        ("POST", "/taxii2/".to_owned(), "GET, HEAD"),
        ("PUT", ROOT.to_owned(), "GET, HEAD"),
        ("DELETE", server.objects(), "GET, HEAD, POST"),
        (
            "POST",
            format!("{}{}/", server.objects(), indicator_id(0)),
            "GET, HEAD, DELETE",
        ),
    ] {
        let answer = bank.ask(method, &path, &[("accept", TAXII)], "");
        answer.is_error(405, "path.method");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = Running::start();
    server.put(&indicators(0..2));
    let mut bank = server.client(BANK);
    let object = format!("{}{}/", server.objects(), indicator_id(0));
    for path in ["/taxii2/", ROOT, &server.objects(), &object] {
        let get = bank.get(path);
        let head = bank.ask("HEAD", path, &[("accept", TAXII)], "");
        assert_eq!(
            (head.status, head.header("content-type")),
            (200, Some(TAXII))
        );
        assert_eq!(
            head.header("content-length"),
            get.header("content-length"),
            "{path}"
        );
    }
}

#[test]
fn answers_may_not_be_kept_by_caches() {
    let server = Running::start();
    assert_eq!(
        server
            .client(BANK)
            .get(&server.objects())
            .header("cache-control"),
        Some("no-store")
    );
}

#[test]
fn a_node_without_a_cell_says_so() {
    let (address, _stop) = Running::without_a_cell();
    Client::new(address, None)
        .get("/taxii2/")
        .is_error(404, "taxii.no_cell");
}

#[test]
fn requests_that_come_one_right_after_the_other_are_answered_in_their_order() {
    use std::io::{Read as _, Write as _};
    let server = Running::start();
    server.put(&indicators(0..3));
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let one = |number| {
        format!(
            "GET {}{}/ HTTP/1.1\r\nhost: a\r\naccept: {TAXII}\r\nauthorization: {}\r\n",
            server.objects(),
            indicator_id(number),
            token(BANK)
        )
    };
    let all = format!(
        "{}\r\n{}\r\n{}connection: close\r\n\r\n",
        one(2),
        one(0),
        one(1)
    );
    stream.write_all(all.as_bytes()).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    let at = |number| heard.find(&format!("indicator {number}")).unwrap();
    assert!(at(2) < at(0) && at(0) < at(1), "{heard}");
}
