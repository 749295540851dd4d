//! Pages (TAXII 2.1 §3.5) that stay right while others write, with equal clocks, for ever.

use super::kit::*;
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

/// Follows `next` to the end; the ids in their order.
fn follow(client: &mut Client, path: &str) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}{next}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(answer.ids());
        let page = answer.json();
        if page.get("more") != Some(&json!(true)) {
            assert!(page.get("next").is_none(), "{page}");
            return all;
        }
        next = format!("&next={}", page["next"].as_str().unwrap());
    }
}

/// Resumes from the last date to the end, as whoever has no `next` does.
fn resume(client: &mut Client, path: &str) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}{after}"));
        all.extend(answer.ids());
        if answer.json().get("more") != Some(&json!(true)) {
            return all;
        }
        after = format!(
            "&added_after={}",
            answer.header("x-taxii-date-added-last").unwrap()
        );
    }
}

#[test]
fn no_page_has_more_than_asked_for_and_together_they_have_all() {
    let server = Running::start();
    // At one instant of the clock.
    server.put(&indicators(0..25));
    let all: Vec<_> = (0..25).map(indicator_id).collect();
    for part in ["objects", "manifest"] {
        for limit in [1, 3, 10, 24, 25, 26, 10_000_000] {
            let path = format!("{}{part}/?limit={limit}", Running::path(&server.shared));
            let mut agency = server.client(AGENCY);
            let first = agency.get(&path);
            assert_eq!(first.ids().len(), limit.min(25), "{part} {limit}");
            assert_eq!(
                first.json().get("more"),
                (limit < 25).then_some(&json!(true)),
                "{part} {limit}"
            );
            assert_eq!(follow(&mut agency, &path), all, "{part} {limit}");
            assert_eq!(resume(&mut agency, &path), all, "{part} {limit}");
        }
    }
}

#[test]
fn the_server_limits_pages_itself() {
    let server = Running::start();
    server.put(&indicators(0..1500));
    let mut agency = server.client(AGENCY);
    let first = agency.get(&server.objects());
    assert_eq!(
        (first.ids().len(), &first.json()["more"]),
        (1000, &json!(true))
    );
    assert_eq!(
        follow(&mut agency, &format!("{}?", server.objects())).len(),
        1500
    );
}

#[test]
fn pages_keep_their_filters() {
    let server = Running::start();
    let mut mixed = indicators(0..20);
    for number in 0..20 {
        mixed.insert(2 * number as usize, malware(number));
    }
    server.put(&mixed);
    let indicators: Vec<_> = (0..20).map(indicator_id).collect();
    let path = format!("{}?match[type]=indicator&limit=7", server.objects());
    assert_eq!(follow(&mut server.client(AGENCY), &path), indicators);
    assert_eq!(resume(&mut server.client(AGENCY), &path), indicators);
}

#[test]
fn a_next_may_be_used_again_and_with_another_limit() {
    let server = Running::start();
    server.put(&indicators(0..10));
    let mut agency = server.client(AGENCY);
    let next = agency.get(&format!("{}?limit=4", server.objects())).json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    for limit in [1, 2, 6] {
        let ids = agency
            .get(&format!("{}?limit={limit}&next={next}", server.objects()))
            .ids();
        assert_eq!(ids, (4..4 + limit).map(indicator_id).collect::<Vec<_>>());
    }
}

#[test]
fn a_next_stays_good_for_ever_while_others_add() {
    let server = Running::start();
    server.put(&indicators(0..10));
    let mut agency = server.client(AGENCY);
    let next = agency.get(&format!("{}?limit=4", server.objects())).json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    server.pass(10 * 365 * 86_400 * 1_000_000);
    server.put(&indicators(10..12));
    let second = agency.get(&format!("{}?limit=3&next={next}", server.objects()));
    assert_eq!(second.ids(), (4..7).map(indicator_id).collect::<Vec<_>>());
    let next = second.json()["next"].as_str().unwrap().to_owned();
    let third = agency.get(&format!("{}?next={next}", server.objects()));
    assert_eq!(third.ids(), (7..12).map(indicator_id).collect::<Vec<_>>());
}

#[test]
fn what_is_deleted_between_two_pages_is_not_on_the_second() {
    let server = Running::start();
    server.put(&indicators(0..6));
    let mut bank = server.client(BANK);
    let next = bank.get(&format!("{}?limit=3", server.objects())).json()["next"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in [1, 2, 3, 4] {
        assert_eq!(
            bank.delete(&format!("{}{}/", server.objects(), indicator_id(number)))
                .status,
            200
        );
    }
    let second = bank.get(&format!("{}?limit=3&next={next}", server.objects()));
    assert_eq!(
        second.ids(),
        [indicator_id(5)],
        "and nothing that was on the first comes again"
    );
}

#[test]
fn a_clock_that_runs_back_does_not_bring_objects_before_older_ones() {
    let server = Running::start();
    server.put(&indicators(0..2));
    server.pass(-3_600_000_000);
    server.put(&indicators(2..4));
    let mut agency = server.client(AGENCY);
    let first = agency.get(&format!("{}?limit=2", server.objects()));
    let after = first.header("x-taxii-date-added-last").unwrap().to_owned();
    assert_eq!(
        agency
            .get(&format!("{}?added_after={after}", server.objects()))
            .ids(),
        [indicator_id(2), indicator_id(3)]
    );
}

#[test]
fn whoever_pages_while_others_write_misses_nothing_and_sees_nothing_twice() {
    let server = Running::start();
    server.put(&indicators(0..50));
    let written = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (1..=4_u32)
            .map(|writer| {
                let server = &server;
                scope.spawn(move || {
                    for round in 0..25_u32 {
                        let from = writer * 100_000 + round * 7;
                        server.put(&indicators(from..from + 7));
                    }
                })
            })
            .collect();
        let readers: Vec<_> = ["next", "date"]
            .map(|how| {
                let (server, written) = (&server, &written);
                scope.spawn(move || {
                    let mut agency = server.client(AGENCY);
                    let mut all: Vec<String> = Vec::new();
                    let mut after = String::new();
                    loop {
                        let done = written.load(Ordering::SeqCst);
                        let answer = agency.get(&format!("{}?limit=13{after}", server.objects()));
                        let page = answer.json();
                        all.extend(answer.ids());
                        after = match (how, page["next"].as_str()) {
                            ("next", Some(next)) => format!("&next={next}"),
                            _ => format!(
                                "&added_after={}",
                                answer.header("x-taxii-date-added-last").unwrap()
                            ),
                        };
                        if done && page.get("more").is_none() {
                            return all;
                        }
                    }
                })
            })
            .into();
        for writer in writers {
            writer.join().unwrap();
        }
        written.store(true, Ordering::SeqCst);
        for reader in readers {
            let all = reader.join().unwrap();
            let distinct: BTreeSet<_> = all.iter().collect();
            assert_eq!((all.len(), distinct.len()), (750, 750));
        }
    });
}

#[test]
fn a_long_page_is_one_body() {
    let server = Running::start();
    let mut big = indicators(0..40);
    for object in &mut big {
        object["description"] = "x".repeat(100_000).into();
    }
    server.put(&big);
    let answer = server.client(AGENCY).get(&server.objects());
    assert_eq!(answer.ids().len(), 40);
    assert_eq!(answer.json()["objects"][39], big[39]);
}
