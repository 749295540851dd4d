//! A node with very many cases: how long a page of its queue takes.

use crate::{
    Result, Told,
    meter::{self, SystemEnv, ms, percentile, rate, stopwatch, timed},
    report::{Figure, Row},
    town,
};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{id::CaseId, realm::Realm};
use portcullis_node::Env as _;
use portcullis_store::{Commit, Filter, Store, Summary};
use std::time::Duration;

pub(crate) const GROUP: &str = "queues";
pub(crate) const ROWS: [&str; 1] = ["queue"];
const CASES_USUAL: u32 = 100_000;
const CASES_FULL: u32 = 1_000_000;
/// The node that the large one is held against.
const CASES_SMALL: u32 = 1000;
const PHASES: [&str; 7] = [
    "drafted",
    "approved",
    "issued",
    "served",
    "received",
    "sealed",
    "collected",
];
const PROVIDERS: u32 = 50;
/// Rows of a page.
const PAGE: usize = 50;
/// How many pages one view is turned, from its beginning on.
const TURNS: usize = 100;
/// How often the whole round of views is looked at.
const ROUNDS: usize = 3;

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let cases = if told.full { CASES_FULL } else { CASES_USUAL };
    let folder = meter::scratch()?;
    let path = folder.path().join("small.db");
    let small = Store::sqlite(&path)?;
    fill(&small, CASES_SMALL)?;
    let mut anchor = look(&small)?;
    meter::say(&format!("queue: a node is filled with {cases} cases"));
    let path = folder.path().join("store.db");
    let store = Store::sqlite(&path)?;
    let (filled, filling) = timed(|| fill(&store, cases));
    filled?;
    let mut times = look(&store)?;
    let (counts, counting) = timed(|| store.counts());
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    let row = Row::new(
        "queue",
        "a page of 50 rows of a node's queue, over every filter and both orders",
        "p99 ≤ 10 ms",
    );
    let figure = Figure::new(ms(p99), "ms", "p99");
    let held = Figure::new(
        ms(percentile(&mut anchor, 99)),
        "ms",
        "p99 with 1,000 cases",
    );
    let size = std::fs::metadata(&path)?.len();
    let mut row = row
        .seen(figure, held, ms(p99) <= 10.0)
        .note(format!(
            "{cases} cases, {} MB: filled in {:.1} s, {:.0} cases a second, 5,000 a transaction",
            size >> 20,
            filling.as_secs_f64(),
            rate(usize::try_from(cases)?, filling),
        ))
        .note(format!(
            "p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms of {} pages; counts of {} phases in {:.0} ms",
            ms(p50),
            ms(p99),
            ms(times.last().copied().unwrap_or_default()),
            times.len(),
            counts?.len(),
            ms(counting),
        ));
    if !told.full {
        row = row.note("the design's million cases are filled with `--full`");
    }
    Ok(vec![row])
}

fn fill(store: &Store, cases: u32) -> Result<()> {
    let now = SystemEnv.now();
    let mut commits = Vec::new();
    for number in 0..cases {
        // Spread, so that neighbours in time are none in the index.
        commits.push(case(number.wrapping_mul(2_654_435_761), now)?);
        if commits.len() == 5000 || number + 1 == cases {
            for done in store.commit(std::mem::take(&mut commits)) {
                done?;
            }
        }
    }
    Ok(())
}

fn case(number: u32, now: Timestamp) -> Result<Commit> {
    let mut id = [0; 12];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let soon = SignedDuration::from_secs(i64::from(number % 1_000_000));
    let phase = PHASES[usize::try_from(number % 7)?];
    Ok(Commit {
        case: CaseId::new(&Realm::live(), id),
        expected: 0,
        statements: Vec::new(),
        leaves: Vec::new(),
        deliveries: Vec::new(),
        proofs: Vec::new(),
        summary: Summary {
            phase: phase.into(),
            title: "Targeted interception".into(),
            law: "uk-ipa-2016".into(),
            rule: "targeted-interception".into(),
            authority: town::id(town::POLICE)?,
            provider: provider(number % PROVIDERS)?,
            urgent: number.is_multiple_of(101),
            opened_at: now,
            next_at: (!number.is_multiple_of(3))
                .then(|| now.checked_add(soon))
                .transpose()?,
            updated_at: now,
        },
        erase: false,
    })
}

fn provider(number: u32) -> Result<portcullis_core::member::MemberId> {
    town::id(&format!("provider{number}.example"))
}

/// Turns the pages of every view, and answers how long each page took.
fn look(store: &Store) -> Result<Vec<Duration>> {
    let phases = [
        None,
        Some("served".to_owned()),
        Some("collected".to_owned()),
    ];
    let peers = [None, Some(provider(7)?), Some(town::id(town::POLICE)?)];
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for phase in &phases {
            for peer in &peers {
                for urgent_first in [false, true] {
                    let filter = Filter {
                        phase: phase.clone(),
                        peer: peer.clone(),
                        urgent_first,
                    };
                    turn(store, &filter, &mut times)?;
                }
            }
        }
    }
    Ok(times)
}

fn turn(store: &Store, filter: &Filter, times: &mut Vec<Duration>) -> Result<()> {
    let mut after = None;
    for _ in 0..TURNS {
        let start = stopwatch();
        let page = store.queue(filter, after.as_ref(), PAGE)?;
        times.push(start.elapsed());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}
