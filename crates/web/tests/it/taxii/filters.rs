//! Filtering and sorting (TAXII 2.1 §3.3, §3.4).

use super::kit::*;
use serde_json::json;

/// Three indicators, the first in three versions, a malware, and one object of STIX 2.0.
fn filled() -> Running {
    let server = Running::start();
    server.put(&[indicator(0, V1), indicator(1, V1)]);
    server.pass(1_000_000);
    server.put(&[indicator(0, V2), malware(7)]);
    server.pass(1_000_000);
    let mut old = indicator(2, V1);
    old.as_object_mut().unwrap().remove("spec_version");
    server.put(&[indicator(0, V3), old]);
    server
}

fn check(server: &Running, query: &str, ids: &[&str]) {
    let answer = server
        .client(AGENCY)
        .get(&format!("{}?{query}", server.objects()));
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    assert_eq!(answer.ids(), ids, "{query}");
    // Filters of the manifest are held against the objects.
    let manifest = format!("{}manifest/?{query}", Running::path(&server.shared));
    assert_eq!(
        server.client(AGENCY).get(&manifest).ids(),
        ids,
        "manifest: {query}"
    );
}

#[test]
fn objects_come_in_the_order_in_which_they_were_added_and_in_their_last_version() {
    let (server, i, m) = (
        filled(),
        indicator_id,
        "malware--00000007-0000-4000-8000-000000000000",
    );
    check(&server, "", &[&i(1), m, &i(0), &i(2)]);
}

#[test]
fn ids_and_types_and_their_lists_are_matched() {
    let (server, i, m) = (
        filled(),
        indicator_id,
        "malware--00000007-0000-4000-8000-000000000000",
    );
    check(&server, &format!("match[id]={}", i(1)), &[&i(1)]);
    check(&server, &format!("match[id]={},{m}", i(0)), &[m, &i(0)]);
    check(&server, &format!("match[id]={}", i(99)), &[]);
    check(&server, "match[type]=malware", &[m]);
    check(&server, "match[type]=indicator", &[&i(1), &i(0), &i(2)]);
    check(
        &server,
        "match[type]=malware,indicator",
        &[&i(1), m, &i(0), &i(2)],
    );
    check(
        &server,
        &format!("match[type]=malware&match[id]={}", i(0)),
        &[],
    );
    check(
        &server,
        &format!("match%5Btype%5D=indicator&match%5Bid%5D={}%2C{m}", i(0)),
        &[&i(0)],
    );
}

#[test]
fn types_of_stix_2_1_are_never_an_error_and_others_find_nothing() {
    let server = filled();
    let types = "attack-pattern,campaign,course-of-action,grouping,identity,incident,indicator,infrastructure,\
                 intrusion-set,location,malware,malware-analysis,note,observed-data,opinion,report,threat-actor,\
                 tool,vulnerability,artifact,autonomous-system,directory,domain-name,email-addr,email-message,file,\
                 ipv4-addr,ipv6-addr,mac-addr,mutex,network-traffic,process,software,url,user-account,\
                 windows-registry-key,x509-certificate,relationship,sighting,extension-definition,\
                 language-content,marking-definition,bundle,x-of-our-own";
    for kind in types.split(',').map(str::trim) {
        let answer = server
            .client(AGENCY)
            .get(&format!("{}?match[type]={kind}", server.objects()));
        assert_eq!(answer.status, 200, "{kind}: {answer:?}");
    }
}

#[test]
fn versions_are_matched_by_keyword_and_by_instant() {
    let server = filled();
    let versions = |query: &str| {
        let path = format!(
            "{}?match[id]={}&match[version]={query}",
            server.objects(),
            indicator_id(0)
        );
        let answer = server.client(AGENCY).get(&path).json();
        let objects = answer["objects"].as_array().cloned().unwrap_or_default();
        objects
            .iter()
            .map(|object| object["modified"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(versions("last"), [V3]);
    assert_eq!(versions("first"), [V1]);
    assert_eq!(versions("all"), [V1, V2, V3]);
    assert_eq!(versions("first,last"), [V1, V3]);
    assert_eq!(versions(V2), [V2]);
    assert_eq!(
        versions("2026-11-01T00:00:00.001000Z"),
        [V2],
        "the same instant, written otherwise"
    );
    assert_eq!(versions(&format!("first,{V2}")), [V1, V2]);
    assert_eq!(versions("2026-11-01T00:00:00.0015Z"), [""; 0]);
}

#[test]
fn an_object_is_had_in_one_version_by_its_id() {
    let server = filled();
    let path = format!("{}{}/", server.objects(), indicator_id(0));
    let modified = |query: &str| {
        let answer = server.client(AGENCY).get(&format!("{path}?{query}")).json();
        let objects = answer["objects"].as_array().cloned().unwrap_or_default();
        objects
            .iter()
            .map(|object| object["modified"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(modified(""), [V3]);
    assert_eq!(modified("match[version]=first"), [V1]);
    assert_eq!(modified(&format!("match[version]={V2}")), [V2]);
    assert_eq!(modified("match[version]=all"), [V1, V2, V3]);
    assert_eq!(modified("match[version]=all&limit=1"), [V1]);
}

#[test]
fn versions_of_stix_are_matched() {
    let server = filled();
    check(&server, "match[spec_version]=2.0", &[&indicator_id(2)]);
    check(&server, "match[spec_version]=2.2", &[]);
    check(&server, "match[spec_version]=2.0,2.1&match[id]=a--b", &[]);
    let m = "malware--00000007-0000-4000-8000-000000000000";
    check(
        &server,
        "match[spec_version]=2.1",
        &[&indicator_id(1), m, &indicator_id(0)],
    );
}

#[test]
fn without_spec_version_an_object_comes_in_the_latest_that_there_is() {
    let server = Running::start();
    let mut old = indicator(5, V1);
    old.as_object_mut().unwrap().remove("spec_version");
    server.put(&[indicator(5, V1), old]);
    let answer = server.client(AGENCY).get(&server.objects()).json();
    assert_eq!(answer["objects"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["objects"][0]["spec_version"], "2.1");
    let old = format!("{}?match[spec_version]=2.0", server.objects());
    let answer = server.client(AGENCY).get(&old).json();
    assert_eq!(answer["objects"].as_array().unwrap().len(), 1, "{answer}");
    assert!(
        answer["objects"][0].get("spec_version").is_none(),
        "{answer}"
    );
    let both = format!(
        "{}?match[spec_version]=2.0,2.1&match[version]=all",
        server.objects()
    );
    assert_eq!(server.client(AGENCY).get(&both).ids().len(), 2);
}

#[test]
fn added_after_is_exact_to_the_microsecond() {
    let server = Running::start();
    server.put(&[indicator(0, V1)]);
    server.put(&[indicator(1, V1)]);
    // The clock stands still: the second was added one microsecond after the first.
    let mut agency = server.client(AGENCY);
    let all = agency.get(&server.objects());
    let (first, last) = (
        all.header("x-taxii-date-added-first").unwrap(),
        all.header("x-taxii-date-added-last").unwrap(),
    );
    let micros = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!(micros(last) - micros(first), 1, "{first} {last}");
    let mut after = |at: &str| {
        agency
            .get(&format!("{}?added_after={at}", server.objects()))
            .ids()
    };
    assert_eq!(after(first), [indicator_id(1)]);
    assert_eq!(after(last), [""; 0]);
    let before = jiff::Timestamp::from_microsecond(micros(first) - 1).unwrap();
    assert_eq!(
        after(&format!("{before:.6}")),
        [indicator_id(0), indicator_id(1)]
    );
    // Digits below the microsecond change nothing.
    assert_eq!(after(&first.replace('Z', "999Z")), [indicator_id(1)]);
}

#[test]
fn what_is_malformed_is_400_and_says_what() {
    let server = Running::start();
    let mut agency = server.client(AGENCY);
    for (query, parameter) in [
        ("added_after=yesterday", "added_after"),
        ("added_after=2016-11-03", "added_after"),
        (
            "added_after=2016-11-03T12:30:59Z&added_after=2016-11-03T12:30:59Z",
            "added_after",
        ),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("match[type]=a&match[type]=b", "match[type]"),
        ("match[type]=", "match[type]"),
        ("match[id]=a,%20b", "match[id]"),
        ("match[version]=newest", "match[version]"),
        ("match[version]=all,last", "match[version]"),
        ("match[version]=last,last", "match[version]"),
        ("match[spec_version]=two", "match[spec_version]"),
        ("match[colour]=red", "match[colour]"),
    ] {
        for part in ["objects", "manifest"] {
            let answer = agency.get(&format!("{}{part}/?{query}", Running::path(&server.shared)));
            answer.is_error(400, "taxii.filter");
            assert_eq!(
                answer.json()["details"]["parameter"],
                parameter,
                "{answer:?}"
            );
        }
    }
    agency
        .get(&format!("{}?match[type]=%ff", server.objects()))
        .is_error(400, "taxii.filter");
    for next in ["nonsense", "ffffffff.0", "%00"] {
        agency
            .get(&format!("{}?next={next}", server.objects()))
            .is_error(400, "taxii.next");
    }
}

#[test]
fn each_endpoint_refuses_the_filters_of_others() {
    let server = Running::start();
    server.put(&indicators(0..1));
    let object = format!("{}{}/", server.objects(), indicator_id(0));
    let mut bank = server.client(BANK);
    bank.get(&format!("{object}?match[type]=malware"))
        .is_error(400, "taxii.filter");
    bank.get(&format!("{object}versions/?match[version]=all"))
        .is_error(400, "taxii.filter");
    let answer = bank.delete(&format!("{object}?added_after=2026-11-02T09:00:00Z"));
    answer.is_error(400, "taxii.filter");
    assert_eq!(bank.get(&object).status, 200, "nothing was deleted");
    // Parameters that are no filters are not ours.
    assert_eq!(
        bank.get(&format!("{}?_=1700000000", server.objects()))
            .json()["objects"],
        json!([indicator(0, V1)])
    );
}
