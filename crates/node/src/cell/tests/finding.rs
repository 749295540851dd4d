//! What is looked for is found by whoever may see it.

use super::*;
use crate::cell::{Found, Search};
use portcullis_stix::observable::{Kind, Observable};

fn domain(name: &str) -> Observable {
    Observable::new(Kind::Domain, name).unwrap()
}

fn ids(found: &[Found]) -> Vec<&str> {
    found.iter().map(|one| one.id.as_str()).collect()
}

fn search(kit: &Kit, search: &Search) -> Vec<Found> {
    let search = Search {
        limit: 100,
        ..search.clone()
    };
    kit.cell.search(&kit.b(), &search).unwrap()
}

const RED: &str =
    r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;

#[test]
fn an_observable_is_found_in_the_last_version_that_names_it() {
    let kit = Kit::new();
    kit.add(&many(0..50));
    let found = kit.cell.lookup(&kit.b(), &domain("N7.example")).unwrap();
    assert_eq!(ids(&found), [id(7)]);
    assert_eq!(found[0].bytes, indicator(7, 0).as_bytes());
    assert_eq!(found[0].number, 7);
    let now = indicator(7, 5).replace("n7.example", "other.example");
    kit.add(std::slice::from_ref(&now));
    assert!(
        kit.cell
            .lookup(&kit.b(), &domain("n7.example"))
            .unwrap()
            .is_empty()
    );
    let other = kit.cell.lookup(&kit.b(), &domain("other.example")).unwrap();
    assert_eq!(other[0].bytes, now.as_bytes());
    let image = kit.cell.journal.image(true).unwrap();
    let kit = kit.restarted(&image);
    assert_eq!(
        kit.cell.lookup(&kit.b(), &domain("other.example")).unwrap(),
        other
    );
}

#[test]
fn what_may_not_be_seen_is_not_found() {
    let kit = Kit::new();
    kit.add(&[with(1, 0, RED)]);
    assert!(
        kit.cell
            .lookup(&kit.b(), &domain("n1.example"))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        kit.cell
            .lookup(&kit.a(), &domain("n1.example"))
            .unwrap()
            .len(),
        1
    );
    assert!(search(&kit, &Search::default()).is_empty());
    assert!(kit.cell.versions(&kit.b(), &id(1)).unwrap().is_empty());
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(1), &Query::default())
        .unwrap();
    assert!(
        kit.cell
            .lookup(&kit.a(), &domain("n1.example"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn text_type_value_and_time_narrow_a_search() {
    let kit = Kit::new();
    kit.add(&[with(1, 0, r#","name":"Harbour Crane""#), indicator(2, 0)]);
    let before = kit.page(&Query::default()).last_added;
    let own = r#"{"type":"x-own","spec_version":"2.1","id":"x-own--1","name":"harbour"}"#;
    kit.add(&[own.to_owned()]);
    let text = |text: &str| Search {
        text: Some(text.into()),
        ..Search::default()
    };
    assert_eq!(ids(&search(&kit, &text("HARBOUR"))), ["x-own--1", &id(1)]);
    assert_eq!(ids(&search(&kit, &text("harbour crane"))), [id(1)]);
    let kind = Search {
        kinds: vec!["x-own".into()],
        ..text("harbour")
    };
    assert_eq!(ids(&search(&kit, &kind)), ["x-own--1"]);
    let value = Search {
        value: Some(domain("n2.example")),
        ..Search::default()
    };
    assert_eq!(ids(&search(&kit, &value)), [id(2)]);
    let since = Search {
        since_us: before,
        ..Search::default()
    };
    assert_eq!(ids(&search(&kit, &since)), ["x-own--1"]);
}

#[test]
fn a_campaign_brings_along_what_is_tied_to_it() {
    let kit = Kit::new();
    let campaign = r#"{"type":"campaign","spec_version":"2.1","id":"campaign--00000000-0000-4000-8000-000000000001","name":"Night Heron","external_references":[{"source_name":"a-list","external_id":"C0099"}]}"#;
    let tie = format!(
        r#"{{"type":"relationship","spec_version":"2.1","id":"relationship--1","relationship_type":"indicates","source_ref":"{}","target_ref":"campaign--00000000-0000-4000-8000-000000000001"}}"#,
        id(1)
    );
    kit.add(&[campaign.into(), indicator(1, 0), indicator(2, 0), tie]);
    let expected = [
        "campaign--00000000-0000-4000-8000-000000000001",
        &id(1),
        "relationship--1",
    ];
    // By its name, or the id by which others know it.
    for called in ["night heron", "c0099"] {
        let wanted = Search {
            campaign: Some(called.into()),
            ..Search::default()
        };
        let found = search(&kit, &wanted);
        let mut found = ids(&found);
        found.sort_unstable();
        assert_eq!(found, expected, "{called}");
    }
    let text = Search {
        text: Some("c0099".into()),
        ..Search::default()
    };
    assert_eq!(ids(&search(&kit, &text)), expected[..1]);
}

#[test]
fn statistics_count_what_is_there() {
    let kit = Kit::new();
    kit.add(&[indicator(1, 0), indicator(1, 1), indicator(2, 0)]);
    kit.cell
        .remove(&kit.a(), &kit.collection, &id(2), &Query::default())
        .unwrap();
    let all = kit.cell.statistics().unwrap();
    assert_eq!((all.versions, all.removed, all.held), (2, 1, 0));
    assert_eq!(all.objects, 1, "what was removed is no object any more");
    let own = &all.collections[&kit.collection];
    assert_eq!(own.kinds["indicator"], 2);
    assert_eq!(
        own.bytes,
        (indicator(1, 0).len() + indicator(1, 1).len()) as u64
    );
}

#[test]
fn what_may_not_be_seen_takes_no_place_in_a_look_up() {
    let kit = Kit::new();
    let naming = |n: u32, more: &str| {
        format!(
            r#"{{"type":"domain-name","spec_version":"2.1","id":"domain-name--00000000-0000-4000-8000-{n:012}","value":"bad.example"{more}}}"#
        )
    };
    kit.add(&[naming(0, "")]);
    let red =
        r#","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]"#;
    let most = u32::try_from(crate::cell::find::FOUND_MAX).unwrap();
    let hidden: Vec<String> = (1..=most).map(|n| naming(n, red)).collect();
    assert_eq!(kit.add(&hidden).fresh, hidden.len());
    let of = portcullis_stix::observable::guess("bad.example").unwrap();
    let found = kit.cell.lookup(&kit.b(), &of).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn what_is_past_its_time_is_found_by_whoever_asks_for_it() {
    let kit = Kit::new();
    kit.add(&[
        with(1, 0, r#","valid_until":"2020-01-01T00:00:00Z""#),
        indicator(2, 0),
    ]);
    let found = |expired: bool| {
        let of = domain("n1.example");
        kit.cell.look_up(&kit.b(), &of, expired).unwrap().len()
    };
    assert_eq!((found(false), found(true)), (0, 1));
    let all = |expired: bool| {
        let wanted = Search {
            expired,
            ..Search::default()
        };
        search(&kit, &wanted).len()
    };
    assert_eq!((all(false), all(true)), (1, 2));
    assert_eq!(kit.cell.statistics().unwrap().expired, 1);
}

#[test]
fn a_report_brings_what_it_names_and_the_other_conditions_hold_too() {
    let kit = Kit::new();
    let report = format!(
        r#"{{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-000000000001","name":"Crane \u2013 weekly","object_refs":["{}","{}"]}}"#,
        id(1),
        id(2)
    );
    kit.add(&[report, indicator(3, 0)]);
    let before = kit.page(&Query::default()).last_added;
    kit.add(&[indicator(1, 0), indicator(2, 0)]);
    let of = |change: &dyn Fn(&mut Search)| {
        let mut wanted = Search {
            campaign: Some("CRANE – weekly".into()),
            ..Search::default()
        };
        change(&mut wanted);
        let found = search(&kit, &wanted);
        let mut found: Vec<String> = found.into_iter().map(|one| one.id).collect();
        found.sort_unstable();
        found
    };
    let report = "report--00000000-0000-4000-8000-000000000001".to_owned();
    assert_eq!(of(&|_| ()), [id(1), id(2), report]);
    assert_eq!(
        of(&|wanted| wanted.value = Some(domain("n2.example"))),
        [id(2)]
    );
    assert_eq!(of(&|wanted| wanted.since_us = before), [id(1), id(2)]);
    assert_eq!(of(&|wanted| wanted.campaign = Some(id(3))), [id(3)]);
}
