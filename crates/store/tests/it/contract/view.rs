use crate::given::{at, case, commit, member};
use portcullis_store::{Cursor, Filter, Store};

/// Commits a case with a timer after `next_at` seconds.
fn open(store: &Store, n: u32, next_at: Option<i64>, urgent: bool, phase: &str, authority: &str) {
    let version = store.row(&case(n)).unwrap().map_or(0, |row| row.version);
    let mut new = commit(case(n), version, vec![]);
    new.summary.next_at = next_at.map(at);
    new.summary.urgent = urgent;
    new.summary.phase = phase.into();
    new.summary.authority = member(authority);
    store.commit_one(new).unwrap();
}

/// All pages of `limit` rows, as numbers of cases; every cursor goes through its text.
fn pages(store: &Store, filter: &Filter, limit: usize) -> Vec<Vec<u32>> {
    let mut pages = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = store.queue(filter, after.as_ref(), limit).unwrap();
        pages.push(page.rows.iter().map(|row| number(row.case)).collect());
        match page.next {
            Some(next) => after = Some(next.to_string().parse().unwrap()),
            None => return pages,
        }
    }
}

fn number(case: portcullis_core::id::CaseId) -> u32 {
    u32::from_be_bytes(case.as_bytes()[12..].try_into().unwrap())
}

const POLICE: &str = "police.example";

pub(super) fn the_queue_of_an_empty_store_is_an_empty_page(store: &Store) {
    assert_eq!(pages(store, &Filter::default(), 10), [[0; 0]]);
    open(store, 1, Some(1), false, "served", POLICE);
    let nothing = Filter {
        phase: Some("closed".into()),
        ..Filter::default()
    };
    assert_eq!(pages(store, &nothing, 10), [[0; 0]]);
    let after = store.queue(&Filter::default(), None, 1).unwrap().rows[0].cursor();
    let page = store.queue(&Filter::default(), Some(&after), 1).unwrap();
    assert_eq!((page.rows.len(), page.next), (0, None));
}

pub(super) fn the_queue_is_ordered_by_timer_then_case_with_no_timer_last(store: &Store) {
    open(store, 1, None, true, "served", POLICE);
    open(store, 2, Some(30), false, "served", POLICE);
    open(store, 3, Some(-5), false, "served", POLICE);
    open(store, 5, Some(30), true, "served", POLICE);
    open(store, 4, Some(30), false, "served", POLICE);
    open(store, 0, None, false, "served", POLICE);
    assert_eq!(pages(store, &Filter::default(), 10), [[3, 2, 4, 5, 0, 1]]);
    assert_eq!(pages(store, &Filter::default(), 3), [[3, 2, 4], [5, 0, 1]]);
    assert_eq!(
        pages(store, &Filter::default(), 0).len(),
        6,
        "a page has a row at least"
    );
}

pub(super) fn pages_follow_each_other_through_ties(store: &Store) {
    for n in 0..25 {
        let next_at = if n % 2 == 0 { Some(7) } else { None };
        open(store, n, next_at, n % 3 == 0, "served", POLICE);
    }
    for urgent_first in [false, true] {
        for limit in 1..=26 {
            let filter = Filter {
                urgent_first,
                ..Filter::default()
            };
            let all: Vec<_> = pages(store, &filter, limit).concat();
            assert_eq!(all, pages(store, &filter, 100).concat(), "{limit}");
            let mut sorted = all;
            sorted.sort_unstable();
            assert_eq!(sorted, (0..25).collect::<Vec<_>>());
        }
    }
}

pub(super) fn urgent_cases_come_first_if_asked(store: &Store) {
    open(store, 1, Some(1), false, "served", POLICE);
    open(store, 2, Some(9), true, "served", POLICE);
    open(store, 3, Some(2), false, "served", POLICE);
    open(store, 4, None, true, "served", POLICE);
    let filter = Filter {
        urgent_first: true,
        ..Filter::default()
    };
    assert_eq!(pages(store, &filter, 3), [vec![2, 4, 1], vec![3]]);
    assert_eq!(pages(store, &filter, 1).concat(), [2, 4, 1, 3]);
}

pub(super) fn filters_by_phase_and_peer_hold_on_every_page(store: &Store) {
    for n in 0..12 {
        let (phase, authority) = (
            ["served", "drafted"][n as usize % 2],
            [POLICE, "customs.example", "mail.example"][n as usize % 3],
        );
        open(store, n, Some(i64::from(20 - n)), false, phase, authority);
    }
    let served = || Some("served".to_owned());
    let filter = |phase, peer: Option<&str>| Filter {
        phase,
        peer: peer.map(member),
        urgent_first: false,
    };
    for limit in [1, 2, 50] {
        let all = |filter: &Filter| pages(store, filter, limit).concat();
        assert_eq!(all(&filter(served(), None)), [10, 8, 6, 4, 2, 0]);
        assert_eq!(all(&filter(None, Some(POLICE))), [9, 6, 3, 0]);
        assert_eq!(all(&filter(served(), Some("customs.example"))), [10, 4]);
        assert_eq!(
            all(&filter(None, Some("mail.example"))).len(),
            12,
            "the provider of all is listed once"
        );
        assert_eq!(all(&filter(None, Some("nobody.example"))), [0; 0]);
    }
    open(store, 6, None, false, "closed", POLICE);
    assert_eq!(
        pages(store, &filter(served(), Some(POLICE)), 50).concat(),
        [0]
    );
    assert_eq!(
        pages(store, &filter(None, Some(POLICE)), 50).concat(),
        [9, 3, 0, 6]
    );
}

pub(super) fn a_page_goes_on_after_its_cursor_whatever_was_written_since(store: &Store) {
    for n in 1..=6 {
        open(store, n, Some(i64::from(n) * 10), false, "served", POLICE);
    }
    let first = store.queue(&Filter::default(), None, 3).unwrap();
    assert_eq!(
        first
            .rows
            .iter()
            .map(|row| number(row.case))
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    open(store, 3, Some(90), false, "served", POLICE);
    open(store, 7, Some(5), false, "served", POLICE);
    open(store, 8, Some(45), false, "served", POLICE);
    let rest = store
        .queue(&Filter::default(), first.next.as_ref(), 9)
        .unwrap();
    assert_eq!(
        rest.rows
            .iter()
            .map(|row| number(row.case))
            .collect::<Vec<_>>(),
        [4, 8, 5, 6, 3]
    );
}

pub(super) fn due_cases_are_told_the_longest_due_first(store: &Store) {
    open(store, 1, Some(30), false, "served", POLICE);
    open(store, 2, Some(10), true, "served", POLICE);
    open(store, 3, Some(10), false, "served", POLICE);
    open(store, 4, None, false, "served", POLICE);
    open(store, 5, Some(20), false, "served", POLICE);
    let due = |now, limit| {
        store
            .cases_due(at(now), limit)
            .unwrap()
            .into_iter()
            .map(number)
            .collect::<Vec<_>>()
    };
    assert_eq!(due(9, 9), [0; 0]);
    assert_eq!(due(10, 9), [2, 3]);
    assert_eq!(due(29, 9), [2, 3, 5]);
    assert_eq!(due(1_000_000, 9), [2, 3, 5, 1]);
    assert_eq!(due(1_000_000, 3), [2, 3, 5]);
}

pub(super) fn phases_are_counted_and_empty_ones_are_not_listed(store: &Store) {
    let counts = || store.counts().unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(counts(), []);
    open(store, 1, None, false, "drafted", POLICE);
    open(store, 2, None, false, "drafted", POLICE);
    open(store, 2, None, true, "drafted", POLICE);
    assert_eq!(counts(), [("drafted".to_owned(), 2)]);
    open(store, 2, None, false, "served", POLICE);
    assert_eq!(
        counts(),
        [("drafted".to_owned(), 1), ("served".to_owned(), 1)]
    );
    open(store, 1, None, false, "served", POLICE);
    assert_eq!(counts(), [("served".to_owned(), 2)]);
}
