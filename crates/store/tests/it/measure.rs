//! Figures, for people to read: `cargo test --release -p portcullis-store -- --ignored --nocapture measure`.
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use crate::given::{at, case, commit, digest, member, statement};
use portcullis_store::{Driver, Filter, LeafId, LogAppend, NewLeaf, Sqlite};
use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

const LEAF_BYTES: usize = 1281;

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

#[test]
#[ignore = "a measurement"]
fn measure_durable_appends() {
    const BATCHES: u64 = 1000;
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).unwrap();
    for group in 0..BATCHES / 10 {
        let cases = (0..10).map(|n| {
            let number = u32::try_from(group * 10 + n).unwrap();
            let mut new = commit(case(number), 0, vec![statement(number, 1)]);
            let leaf = |ordinal| NewLeaf {
                statement: digest(number),
                ordinal,
                entry: vec![7; LEAF_BYTES],
                opening: vec![8; 200],
            };
            new.leaves = (0..256).map(leaf).collect();
            new
        });
        assert!(store.commit(cases.collect()).iter().all(Result::is_ok));
    }
    anchor(folder.path(), BATCHES);
    let leaves = |from, to| (from..to).map(|index| (LeafId(index + 1), index)).collect();
    grow(&store, "placed", BATCHES, leaves);
    grow(&store, "covers", BATCHES, |_, _| Vec::new());
}

/// What the disk gives: the bytes of a batch appended to a file and synced.
fn anchor(folder: &Path, batches: u64) {
    let batch = vec![7; 256 * LEAF_BYTES];
    let mut file = std::fs::File::create(folder.join("anchor")).unwrap();
    let mut times: Vec<_> = (0..batches)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&batch).unwrap();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    report("anchor", &mut times);
}

fn grow(
    store: &Sqlite,
    origin: &str,
    batches: u64,
    placed: impl Fn(u64, u64) -> Vec<(LeafId, u64)>,
) {
    let mut times = Vec::new();
    for batch in 0..batches {
        let (from, to) = (batch * 256, (batch + 1) * 256);
        let append = LogAppend {
            origin: origin.into(),
            expected_size: from,
            size: to,
            root: [0; 32],
            frontier: vec![0; 512],
            checkpoint: vec![0; 256],
            entries: vec![vec![7; LEAF_BYTES]; 256],
            placed: placed(from, to),
        };
        let began = Instant::now();
        store.log_append(append).unwrap();
        times.push(began.elapsed());
        if batch % 16 == 15 {
            store.published(origin, to).unwrap();
        }
    }
    report(origin, &mut times);
}

fn report(what: &str, times: &mut [Duration]) {
    let whole: Duration = times.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = (times.len() * 256) as f64 / whole.as_secs_f64();
    println!(
        "{what}: {rate:.0} leaves/s, p50 {:?}, p99 {:?}",
        percentile(times, 50),
        percentile(times, 99)
    );
}

#[test]
#[ignore = "a measurement"]
fn measure_the_queue_of_a_million_cases() {
    const CASES: u32 = 1_000_000;
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).unwrap();
    let start = Instant::now();
    for group in 0..CASES / 5000 {
        let cases = (0..5000).map(|n| {
            let number = (group * 5000 + n).wrapping_mul(2_654_435_761);
            let mut new = commit(case(number), 0, vec![]);
            new.summary.phase = format!("phase{}", number % 7);
            new.summary.provider = member(&format!("provider{}.example", number % 50));
            new.summary.urgent = number % 101 == 0;
            new.summary.next_at = (number % 3 > 0).then(|| at(i64::from(number % 1_000_000)));
            new
        });
        assert!(store.commit(cases.collect()).iter().all(Result::is_ok));
    }
    println!("filled in {:?}", start.elapsed());
    let mut times = Vec::new();
    for phase in [None, Some("phase3".to_owned())] {
        for peer in [
            None,
            Some(member("provider7.example")),
            Some(member("police.example")),
        ] {
            for urgent_first in [false, true] {
                let filter = Filter {
                    phase: phase.clone(),
                    peer: peer.clone(),
                    urgent_first,
                };
                let mut after = None;
                for _ in 0..200 {
                    let began = Instant::now();
                    let page = store.queue(&filter, after.as_ref(), 50).unwrap();
                    times.push(began.elapsed());
                    after = page.next;
                }
            }
        }
    }
    println!(
        "queue p50 {:?}, p99 {:?}",
        percentile(&mut times, 50),
        percentile(&mut times, 99)
    );
    let began = Instant::now();
    let counts = store.counts().unwrap();
    println!("counts of {} phases in {:?}", counts.len(), began.elapsed());
}
