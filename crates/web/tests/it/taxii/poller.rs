//! Clients that poll by date. Their code is not public; this is what their
//! documentation and settings say that they do.
//!
//! Microsoft Sentinel (data connector *Threat Intelligence – TAXII*) takes an API
//! root, a collection's id, a user and a password, "all available" or "at most
//! one day, week or month old", and polls once a minute, an hour or a day.
//! Splunk Enterprise Security (from 8.2) takes a collection and an earliest time.

use super::kit::*;
use serde_json::json;

/// A poll of everything after a date, page by page with `next`; the ids, and the date to begin at next time.
fn poll(
    client: &mut Client,
    root: &str,
    collection: &str,
    after: Option<&str>,
    types: Option<&str>,
) -> (Vec<String>, Option<String>) {
    let (mut ids, mut last, mut next) = (Vec::new(), after.map(str::to_owned), None::<String>);
    loop {
        let mut query = Vec::new();
        query.extend(after.map(|after| format!("added_after={}", after.replace(':', "%3A"))));
        query.extend(types.map(|types| format!("match%5Btype%5D={types}")));
        query.extend(next.map(|next| format!("next={next}")));
        let url = format!(
            "{}/collections/{collection}/objects?{}",
            root.trim_end_matches('/'),
            query.join("&")
        );
        let answer = client.get(&url);
        assert_eq!(answer.status, 200, "{answer:?}");
        ids.extend(answer.ids());
        if !answer.ids().is_empty() {
            last = answer.header("x-taxii-date-added-last").map(str::to_owned);
        }
        let page = answer.json();
        next = page["next"].as_str().map(str::to_owned);
        if page.get("more") != Some(&json!(true)) {
            return (ids, last);
        }
    }
}

#[test]
fn sentinel_polls_an_api_root_typed_without_its_slash_by_password() {
    let server = Running::start();
    server.put(&indicators(0..2300));
    let mut client = Client::new(
        server.address,
        Some(&basic("agency.old", "password of agency")),
    );
    let (all, last) = poll(
        &mut client,
        "/taxii2/live",
        &server.shared.to_string(),
        None,
        None,
    );
    assert_eq!(all, (0..2300).map(indicator_id).collect::<Vec<_>>());
    server.pass(60_000_000);
    server.put(&indicators(3000..3010));
    let (new, last) = poll(
        &mut client,
        "/taxii2/live",
        &server.shared.to_string(),
        last.as_deref(),
        None,
    );
    assert_eq!(new, (3000..3010).map(indicator_id).collect::<Vec<_>>());
    let (none, again) = poll(
        &mut client,
        "/taxii2/live",
        &server.shared.to_string(),
        last.as_deref(),
        None,
    );
    assert!(none.is_empty() && again == last);
}

#[test]
fn sentinel_begins_one_day_back() {
    let server = Running::start();
    server.put(&indicators(0..3));
    server.pass(2 * 86_400 * 1_000_000);
    server.put(&indicators(3..5));
    let mut client = server.client(AGENCY);
    let day_ago = "2026-11-03T09:00:00Z";
    let (new, _) = poll(
        &mut client,
        ROOT,
        &server.shared.to_string(),
        Some(day_ago),
        None,
    );
    assert_eq!(new, [indicator_id(3), indicator_id(4)]);
}

#[test]
fn splunk_takes_indicators_alone_since_its_earliest_time() {
    let server = Running::start();
    server.put(&[indicator(0, V1), malware(1), indicator(2, V1)]);
    let mut client = server.client(AGENCY);
    let earliest = "2026-10-01T00:00:00.000Z";
    let (new, _) = poll(
        &mut client,
        ROOT,
        "shared",
        Some(earliest),
        Some("indicator"),
    );
    assert_eq!(new, [indicator_id(0), indicator_id(2)]);
}

#[test]
fn a_revoked_indicator_comes_to_every_poller_as_a_new_version() {
    let server = Running::start();
    server.put(&indicators(0..3));
    let mut client = server.client(AGENCY);
    let (_, last) = poll(&mut client, ROOT, "shared", None, None);
    let mut revoked = indicator(1, V2);
    revoked["revoked"] = true.into();
    server.put(&[revoked]);
    let (new, _) = poll(&mut client, ROOT, "shared", last.as_deref(), None);
    assert_eq!(new, [indicator_id(1)]);
}
