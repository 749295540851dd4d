//! Complete cases between four nodes with SQLite, two witnesses and ticks of a second.

mod desk;
pub(crate) mod federation;
mod office;
mod workers;

use crate::{
    Result, Told,
    meter::{self, ms, percentile, rate, stopwatch},
    report::{Figure, Row},
};
use federation::{Federation, Wires};
use office::Offices;
use portcullis_node::Ballots;
use portcullis_seal::key::Identity;
use std::{sync::Arc, time::Duration};

pub(crate) const GROUP: &str = "federation";
pub(crate) const ROWS: [&str; 3] = ["cases", "cases-https", "cases-proved"];
/// How many cases are in flight at once.
const IN_FLIGHT: usize = 192;
/// How long cases run before anything is counted.
const WARM_UP: Duration = Duration::from_secs(5);
/// How many cases go one by one, for the latency of a case alone.
const ALONE: usize = 8;
/// How long the last cases have to end.
const PATIENCE: Duration = Duration::from_mins(1);
/// The goal, a second: without leaf proofs, and with them.
const GOAL: f64 = 40.0;
const GOAL_PROVED: f64 = 12.0;

/// How a row's federation runs.
#[derive(Clone, Copy)]
struct Manner {
    name: &'static str,
    wires: Wires,
    ballots: Ballots,
}

const MANNERS: [Manner; 3] = [
    Manner {
        name: "cases",
        wires: Wires::InProcess,
        ballots: Ballots::Unproved,
    },
    Manner {
        name: "cases-https",
        wires: Wires::Https,
        ballots: Ballots::Unproved,
    },
    Manner {
        name: "cases-proved",
        wires: Wires::InProcess,
        ballots: Ballots::Proved,
    },
];

/// What a run showed.
struct Seen {
    cases: f64,
    loaded: Vec<Duration>,
    alone: Vec<Duration>,
    stuck: usize,
    cpu: f64,
}

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for manner in MANNERS {
        if told.wants(GROUP, manner.name) {
            rows.push(row(manner, told)?);
        }
    }
    Ok(rows)
}

fn row(manner: Manner, told: &Told) -> Result<Row> {
    let Manner {
        name,
        wires,
        ballots,
    } = manner;
    let folder = meter::scratch()?;
    let mut syncs = meter::synced_writes(folder.path(), &[7; 4096], 1000)?;
    let whole: Duration = syncs.iter().sum();
    let counted = Duration::from_secs(told.seconds);
    let mut seen = run(folder.path(), manner, counted)?;
    let (goal, leaves) = match ballots {
        Ballots::Unproved => (GOAL, "leaves carry no proof (version 0)"),
        Ballots::Proved => (
            GOAL_PROVED,
            "every leaf, cover too, carries its proof (version 1), and whoever receives a statement verifies it",
        ),
    };
    let over = match wires {
        Wires::InProcess => "calls go straight to the other node's doors",
        Wires::Https => "calls go over HTTPS on loopback, certificates on both sides",
    };
    let row = Row::new(
        name,
        &format!("complete cases between four nodes and two witnesses in one process; {over}"),
        &format!("≥ {goal} cases/s"),
    );
    let anchor = Figure::new(rate(syncs.len(), whole), "4 kB fdatasyncs/s", "");
    let mut row = row
        .seen(Figure::new(seen.cases, "cases/s", ""), anchor, seen.cases >= goal)
        .note(format!(
            "a case under this load ({IN_FLIGHT} in flight): p50 {:.2} s, p99 {:.2} s; one alone: p50 {:.2} s, p99 {:.2} s of {ALONE}: the release waits for a tick and its witnesses",
            ms(percentile(&mut seen.loaded, 50)) / 1000.0,
            ms(percentile(&mut seen.loaded, 99)) / 1000.0,
            ms(percentile(&mut seen.alone, 50)) / 1000.0,
            ms(percentile(&mut seen.alone, 99)) / 1000.0,
        ))
        .note(format!(
            "{} s counted after {} s; draft, two approvals, issue, service, receipt, acceptance, a sealed package of 2 kB, release, collection; processors busy {:.0} % of one",
            told.seconds,
            WARM_UP.as_secs(),
            seen.cpu * 100.0,
        ))
        .note(format!(
            "fdatasync of 4 kB: p50 {:.2} ms, p99 {:.2} ms; {} leaves a tick in each of four logs; {leaves}",
            ms(percentile(&mut syncs, 50)),
            ms(percentile(&mut syncs, 99)),
            256 * federation::tiles(ballots),
        ));
    if seen.stuck > 0 {
        row.met = Some(false);
        row = row.note(format!("{} CASES DID NOT END", seen.stuck));
    }
    Ok(row)
}

fn run(dir: &std::path::Path, manner: Manner, counted: Duration) -> Result<Seen> {
    let name = manner.name;
    let identity = Identity::generate();
    let delivery_key = identity.recipient().to_string();
    meter::say(&format!("{name}: six nodes are made"));
    let mut federation = Federation::build_with(dir, &delivery_key, manner.wires, manner.ballots)?;
    let offices = Arc::new(Offices::new(&federation, delivery_key)?);
    let receivers = federation.bells.iter_mut();
    let receivers: Vec<_> = receivers
        .filter_map(|(member, (_, receiver))| Some((member.clone(), receiver.take()?)))
        .collect();
    let running = workers::start(&federation, &offices, receivers)?;
    meter::say(&format!("{name}: {ALONE} cases one by one"));
    for _ in 0..ALONE {
        offices.draft(1);
        offices.wait(0, PATIENCE)?;
    }
    let alone = offices.take_latencies();
    meter::say(&format!(
        "{name}: {IN_FLIGHT} cases at once, for {} s",
        counted.as_secs()
    ));
    offices.keep(IN_FLIGHT);
    meter::pause(WARM_UP);
    offices.take_latencies();
    let (start, busy) = (stopwatch(), cpu_seconds());
    meter::pause(counted);
    let loaded = offices.take_latencies();
    let time = start.elapsed();
    let cpu = (cpu_seconds() - busy) / time.as_secs_f64();
    offices.keep(0);
    // Whoever is still on the way is waited for, so that nothing is counted that does not end.
    let stuck = match offices.wait(0, PATIENCE) {
        Ok(()) => 0,
        Err(_) => offices.in_flight(),
    };
    running.stop();
    for fault in offices.faults() {
        meter::say(&format!("{name}: {fault}"));
    }
    Ok(Seen {
        cases: rate(loaded.len(), time),
        loaded,
        alone,
        stuck,
        cpu,
    })
}

/// The processor's time of this process so far, in seconds; 0 where nobody says.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    // After the name: state, and eleven more before the user's and the system's hundredths.
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|word| word.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
