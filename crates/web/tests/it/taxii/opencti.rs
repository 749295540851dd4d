//! The TAXII ingestion of `OpenCTI`, request by request: it follows `next` with the
//! date it began at, else takes `X-TAXII-Date-Added-Last` for the next
//! `added_after` — through a JavaScript date, which ends at the millisecond
//! (its platform, `ingestionManager`: `prepareTaxiiGetParam`, `processTaxiiResponse`).

use super::kit::*;
use serde_json::json;
use std::collections::BTreeSet;

/// What it remembers between two polls.
#[derive(Default)]
struct Ingestion {
    current_state_cursor: Option<String>,
    added_after_start: Option<String>,
    limit: Option<u32>,
}

impl Ingestion {
    /// One poll; the ids that came.
    fn poll(&mut self, client: &mut Client, server: &Running) -> Vec<String> {
        let mut query = Vec::new();
        if let Some(next) = &self.current_state_cursor {
            query.push(format!("next={next}"));
        }
        if let Some(after) = &self.added_after_start {
            // As axios writes a query: colons stay.
            query.push(format!("added_after={after}"));
        }
        if let Some(limit) = self.limit {
            query.push(format!("limit={limit}"));
        }
        let answer = client.get(&format!("{}?{}", server.objects(), query.join("&")));
        assert_eq!(answer.status, 200, "{answer:?}");
        let (page, ids) = (answer.json(), answer.ids());
        if ids.is_empty() {
            return ids;
        }
        let more = page["more"] == json!(true);
        if let Some(next) = page["next"].as_str().filter(|_| more) {
            self.current_state_cursor = Some(next.to_owned());
        } else {
            self.current_state_cursor = None;
            let last = answer.header("x-taxii-date-added-last").unwrap();
            self.added_after_start = Some(format!("{}Z", &last[..23]));
        }
        ids
    }
}

#[test]
fn it_has_everything_after_a_first_run_and_everything_new_after_each_other() {
    let server = Running::start();
    server.put(&indicators(0..2500));
    let mut agency = server.client(AGENCY);
    let mut ingestion = Ingestion::default();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        seen.extend(ingestion.poll(&mut agency, &server));
    }
    assert_eq!(seen.len(), 2500);
    assert!(
        ingestion.current_state_cursor.is_none(),
        "three pages of a thousand, and it knows that it is done"
    );
    for round in 1..5 {
        server.pass(1_000);
        server.put(&indicators(10_000 * round..10_000 * round + 5));
        let came = ingestion.poll(&mut agency, &server);
        seen.extend(came);
        assert_eq!(seen.len(), 2500 + 5 * round as usize);
    }
}

#[test]
fn it_pages_with_a_limit_from_a_date() {
    let server = Running::start();
    server.put(&indicators(0..5));
    server.pass(10_000);
    server.put(&indicators(5..25));
    let mut agency = server.client(AGENCY);
    let mut ingestion = Ingestion {
        added_after_start: Some("2026-11-02T09:00:00.005Z".into()),
        limit: Some(6),
        ..Ingestion::default()
    };
    let mut came = Vec::new();
    for _ in 0..4 {
        came.extend(ingestion.poll(&mut agency, &server));
    }
    assert_eq!(came, (5..25).map(indicator_id).collect::<Vec<_>>());
}

#[test]
fn what_comes_within_one_millisecond_is_not_missed() {
    let server = Running::start();
    let mut agency = server.client(AGENCY);
    let mut ingestion = Ingestion::default();
    let mut seen = BTreeSet::new();
    for number in 0..20 {
        // A tenth of a millisecond later each: its dates tell them apart no more.
        server.pass(100);
        server.put(&indicators(number..=number));
        seen.extend(ingestion.poll(&mut agency, &server));
    }
    assert_eq!(seen.len(), 20);
}
