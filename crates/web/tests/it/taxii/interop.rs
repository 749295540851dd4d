//! The TAXII 2.1 Interoperability Test Document 1.0 (CSD01, 30 March 2022) as
//! checks of a server: its personas TXC and TXS go through these exchanges.
//! Each test names the topic; `docs/taxii.md` says which were taken from where.

use super::kit::*;
use serde_json::{Value, json};

/// As an older client comes: by password, with its name.
fn consumer(server: &Running) -> Client {
    Client::new(
        server.address,
        Some(&basic("agency.old", "password of agency")),
    )
}

fn producer(server: &Running) -> Client {
    Client::new(server.address, Some(&basic("bank.old", "password of bank")))
}

/// §2.1: the headers of every request and answer.
#[test]
fn headers_are_as_the_document_has_them() {
    let server = Running::start();
    let headers = [("accept", TAXII), ("user-agent", "interop/1.0")];
    let answer = consumer(&server).ask("GET", "/taxii2/", &headers, "");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(TAXII))
    );
    let date = answer.header("date").unwrap();
    assert!(
        date.ends_with("GMT"),
        "a client corrects its clock by `Date`: {date}"
    );
}

/// §3.1: authentication, wrong and right.
#[test]
fn basic_authentication_is_challenged_refused_and_taken() {
    let server = Running::start();
    let none = server.nobody().get("/taxii2/");
    assert!(
        none.status == 401
            && none
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic realm="),
        "{none:?}"
    );
    let wrong = Client::new(
        server.address,
        Some(&basic("agency.old", "not the password")),
    )
    .get("/taxii2/");
    assert!(
        wrong.status == 401 && wrong.header("www-authenticate").is_some(),
        "{wrong:?}"
    );
    assert_eq!(consumer(&server).get("/taxii2/").status, 200);
}

/// Discovery, API root, collections: from the root of the server to one collection.
#[test]
fn a_consumer_finds_the_collections_from_the_servers_name_alone() {
    let server = Running::start();
    let mut client = consumer(&server);
    let discovery = client.get("/taxii2/").json();
    let root = discovery["default"].as_str().unwrap();
    assert!(
        discovery["api_roots"]
            .as_array()
            .unwrap()
            .contains(&json!(root))
    );
    assert!(
        client.get(root).json()["versions"]
            .as_array()
            .unwrap()
            .contains(&json!(TAXII))
    );
    let collections = client.get(&format!("{root}collections/")).json();
    assert_eq!(collections["collections"].as_array().unwrap().len(), 3);
    client.get("/taxii2/api9/").is_error(404, "taxii.unknown");
    client
        .get(&format!(
            "{root}collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"
        ))
        .is_error(404, "taxii.unknown");
}

/// Tables of collections: read and write, read alone, write alone, neither.
#[test]
fn collections_show_each_of_the_four_permissions() {
    let server = Running::start();
    let may = |client: &mut Client, collection: &str| {
        let answer = client.get(&format!("{ROOT}collections/{collection}/"));
        (answer.status == 200).then(|| {
            (
                answer.json()["can_read"].clone(),
                answer.json()["can_write"].clone(),
            )
        })
    };
    assert_eq!(
        may(&mut producer(&server), "shared"),
        Some((json!(true), json!(true)))
    );
    assert_eq!(
        may(&mut consumer(&server), "shared"),
        Some((json!(true), json!(false)))
    );
    assert_eq!(
        may(&mut producer(&server), "inbox"),
        Some((json!(false), json!(true)))
    );
    assert_eq!(may(&mut producer(&server), "hidden"), None);
}

/// A producer adds; a consumer gets; the status says the same twice.
#[test]
fn an_object_goes_from_a_producer_to_a_consumer() {
    let server = Running::start();
    let mut client = producer(&server);
    let status = client
        .post(&server.objects(), &json!({"objects": indicators(0..1)}))
        .json();
    let path = format!("{ROOT}status/{}/", status["id"].as_str().unwrap());
    assert_eq!(client.get(&path).json(), status);
    let mut reader = consumer(&server);
    assert_eq!(
        reader.get(&server.objects()).json()["objects"],
        json!(indicators(0..1))
    );
    let one = format!("{}{}/", server.objects(), indicator_id(0));
    assert_eq!(reader.get(&one).json()["objects"], json!(indicators(0..1)));
    assert_eq!(
        reader.get(&format!("{one}versions/")).json(),
        json!({"versions": [V1]})
    );
    assert_eq!(client.delete(&one).status, 200);
    reader.get(&one).is_error(404, "taxii.unknown");
}

/// What a producer sends wrongly.
#[test]
fn what_a_producer_sends_wrongly_is_answered_with_its_own_status() {
    let server = Running::start();
    let mut client = producer(&server);
    let body = json!({"objects": indicators(0..1)}).to_string();
    let mut post = |accept: &str, content_type: &str, body: &str| {
        client
            .ask(
                "POST",
                &server.objects(),
                &[("accept", accept), ("content-type", content_type)],
                body,
            )
            .status
    };
    assert_eq!(
        post("application/taxii+json;version=2.0", TAXII, &body),
        406
    );
    assert_eq!(
        post(TAXII, "application/taxii+json;version=2.0", &body),
        415
    );
    assert_eq!(post(TAXII, TAXII, "{\"objects\": [{\"type\": "), 422);
    assert_eq!(post(TAXII, TAXII, &body), 202);
    let shared = server.objects();
    assert_eq!(
        consumer(&server)
            .post(&shared, &json!({"objects": indicators(0..1)}))
            .status,
        403
    );
    let hidden = format!("{}objects/", Running::path(&server.hidden));
    assert_eq!(
        producer(&server)
            .post(&hidden, &json!({"objects": indicators(0..1)}))
            .status,
        404
    );
}

/// §3.13: filters, and §3.13.1.10: one that is given twice.
#[test]
fn filters_find_what_the_document_wants_and_one_given_twice_is_400() {
    let server = Running::start();
    server.put(&[indicator(0, V1), malware(1)]);
    server.put(&[indicator(0, V2), indicator(2, V1)]);
    let mut client = consumer(&server);
    let mut count = |query: &str| {
        let answer = client.get(&format!("{}?{query}", server.objects()));
        answer.status_is(200);
        answer.ids().len()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count(&format!("match[id]={}", indicator_id(0))), 1);
    assert_eq!(count("match[type]=indicator"), 2);
    assert_eq!(count("match[type]=indicator,malware"), 3);
    assert_eq!(count("match[version]=all"), 4);
    assert_eq!(count("match[version]=first&match[type]=indicator"), 2);
    assert_eq!(count(&format!("match[version]={V2}")), 1);
    assert_eq!(count("match[spec_version]=2.1"), 3);
    assert_eq!(count("added_after=2016-02-01T00:00:01.000Z"), 3);
    assert_eq!(count("added_after=2036-02-01T00:00:01.000Z"), 0);
    assert_eq!(count("match[type]=indicator&limit=1"), 1);
    client
        .get(&format!(
            "{}?match[type]=indicator&match[type]=malware",
            server.objects()
        ))
        .is_error(400, "taxii.filter");
}

/// §3.14.1: versions of an object, page by page, by the date of the last.
#[test]
fn versions_are_paged_by_the_date_of_the_last() {
    let server = Running::start();
    for version in [V1, V2, V3] {
        server.put(&[indicator(0, version)]);
    }
    let path = format!("{}{}/versions/?limit=1", server.objects(), indicator_id(0));
    let mut client = consumer(&server);
    let (mut versions, mut after) = (Vec::<Value>::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}{after}"));
        let page = answer.json();
        versions.extend(page["versions"].as_array().unwrap().iter().cloned());
        if page.get("more") != Some(&json!(true)) {
            break;
        }
        after = format!(
            "&added_after={}",
            answer.header("x-taxii-date-added-last").unwrap()
        );
    }
    assert_eq!(versions, [V1, V2, V3]);
}

/// §3.15.1: a custom property of an envelope.
#[test]
fn a_custom_property_of_an_envelope_does_no_harm() {
    let server = Running::start();
    let envelope = json!({"x_example_com_priority": "high", "objects": indicators(0..1)});
    let answer = producer(&server).post(&server.objects(), &envelope);
    assert!(
        answer.status == 202 && answer.json()["success_count"] == 1,
        "{answer:?}"
    );
}
