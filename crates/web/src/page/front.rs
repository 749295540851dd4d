//! The front page: the record as it stands.

use super::{Frame, figures::Figures, report::title, time};
use askama::Template;
use jiff::Timestamp;
use portcullis_node::{
    door::Doors,
    public::{LogView, OpenedEntry, Record, ReportEntry, Silence, Tick},
};
use portcullis_verdict::report::Signed;
use std::{collections::BTreeSet, fmt::Write as _};

/// The most reports whose figures are on the front page: the newest of so many series.
const NEWEST_MAX: usize = 8;
/// The most silences in the table; the plot shows all.
const SILENCES_MAX: usize = 50;
/// The width of the plot of ticks in its own units.
const WIDTH: i128 = 1000;

#[derive(Template)]
#[template(path = "front.html")]
pub(super) struct Front {
    frame: Frame,
    logs: Vec<Log>,
    reports: Vec<Listed>,
    newest: Vec<Newest>,
    opened: Vec<Docket>,
}

struct Log {
    origin: String,
    key: String,
    prefix: String,
    closed: bool,
    checkpoint: Option<Checkpoint>,
    shape: Option<String>,
    plot: Option<Plot>,
    silences: Vec<(String, String, String, String)>,
}

struct Checkpoint {
    size: String,
    root: String,
    quorum_at: Option<(String, String)>,
    witnesses: Vec<(String, String, String)>,
}

struct Plot {
    text: String,
    path: String,
    /// Where each silence begins, and its width.
    silences: Vec<(i128, i128)>,
    from: String,
    to: String,
}

struct Listed {
    series: String,
    number: u64,
    from: String,
    to: String,
    of: &'static str,
    path: String,
}

struct Newest {
    title: String,
    path: String,
    figures: Figures,
}

struct Docket {
    path: String,
    name: String,
    opened_at: String,
    origin: String,
    index: u64,
}

impl Front {
    /// Everything on the front page.
    pub(super) fn of(record: &Record, doors: &dyn Doors) -> Self {
        let mut reports: Vec<&ReportEntry> = record.reports.iter().collect();
        reports.sort_by(|a, b| (&b.period.to, b.number).cmp(&(&a.period.to, a.number)));
        let mut series = BTreeSet::new();
        let newest = reports.iter().filter(|entry| series.insert(&entry.series));
        Self {
            frame: Frame::of(record, "front"),
            logs: record
                .logs
                .iter()
                .map(|log| Log::of(log, record.now))
                .collect(),
            newest: newest
                .take(NEWEST_MAX)
                .filter_map(|entry| Newest::of(entry, doors))
                .collect(),
            reports: reports.into_iter().map(Listed::of).collect(),
            opened: record.opened.iter().rev().map(Docket::of).collect(),
        }
    }
}

impl Log {
    fn of(log: &LogView, now: Timestamp) -> Self {
        let silences = log.silences(now);
        let row = |silence: &Silence| {
            let until = silence
                .until
                .map_or_else(|| "it lasts".to_owned(), time::shown);
            (
                silence.after.to_string(),
                time::shown(silence.after),
                until,
                time::grouped(silence.missed),
            )
        };
        Self {
            origin: log.origin().to_owned(),
            key: log.key.to_string(),
            prefix: log.prefix.clone(),
            closed: log.closed,
            checkpoint: log.checkpoint.as_ref().map(|checkpoint| Checkpoint {
                size: time::grouped(checkpoint.size),
                root: checkpoint.root.to_string(),
                quorum_at: checkpoint
                    .quorum_at
                    .map(|at| (at.to_string(), time::shown(at))),
                witnesses: checkpoint
                    .witnesses
                    .iter()
                    .map(|(name, at)| (name.clone(), at.to_string(), time::shown(*at)))
                    .collect(),
            }),
            shape: log.shape.as_ref().map(|shape| {
                let entries = time::grouped(shape.leaves_a_tick());
                format!("{entries} entries every {}", time::span(shape.tick_ms))
            }),
            plot: Plot::of(log, &silences, now),
            silences: silences.iter().take(SILENCES_MAX).map(row).collect(),
        }
    }
}

impl Plot {
    /// Ticks along a line of time, silences as areas; none without two ticks.
    fn of(log: &LogView, silences: &[Silence], now: Timestamp) -> Option<Self> {
        let (first, last) = (log.ticks.first()?, log.ticks.last()?);
        let end = if log.closed {
            last.at
        } else {
            now.max(last.at)
        };
        let length = end.as_millisecond() - first.at.as_millisecond();
        if length <= 0 {
            return None;
        }
        let place = |at: Timestamp| {
            let since = at.as_millisecond() - first.at.as_millisecond();
            (i128::from(since) * WIDTH / i128::from(length)).clamp(0, WIDTH)
        };
        let mut path = String::new();
        let mut drawn = None;
        for Tick { at, .. } in &log.ticks {
            let x = place(*at);
            if drawn.replace(x) != Some(x) {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x} 14V60");
            }
        }
        let areas = silences.iter().map(|silence| {
            let from = place(silence.after);
            (from, (place(silence.until.unwrap_or(end)) - from).max(2))
        });
        let missed: u64 = silences.iter().map(|silence| silence.missed).sum();
        let silent = match silences.len() {
            0 => "no silence".to_owned(),
            1 => format!("one silence, in which {} failed to come", ticks_of(missed)),
            many => format!(
                "{many} silences, in which {} failed to come",
                ticks_of(missed)
            ),
        };
        let grown = time::grouped(last.size.saturating_sub(first.size));
        let ticks = ticks_of(u64::try_from(log.ticks.len()).unwrap_or(u64::MAX));
        Some(Self {
            text: format!(
                "{ticks} from {} to {}, {grown} entries added, {silent}.",
                time::shown(first.at),
                time::shown(last.at)
            ),
            path,
            silences: areas.collect(),
            from: time::shown(first.at),
            to: time::shown(end),
        })
    }
}

/// So many ticks, in words.
fn ticks_of(count: u64) -> String {
    match count {
        1 => "one tick".to_owned(),
        many => format!("{} ticks", time::grouped(many)),
    }
}

impl Listed {
    fn of(entry: &ReportEntry) -> Self {
        Self {
            series: entry.series.clone(),
            number: entry.number,
            from: entry.period.from.clone(),
            to: entry.period.to.clone(),
            of: if entry.kind == "joint" {
                "several organisations"
            } else {
                "this organisation"
            },
            path: entry.path.clone(),
        }
    }
}

impl Newest {
    fn of(entry: &ReportEntry, doors: &dyn Doors) -> Option<Self> {
        let signed = Signed::parse(&doors.public_file(&entry.path)?.bytes).ok()?;
        Some(Self {
            title: title(signed.report()),
            path: format!("/record/reports/{}/{}", entry.series, entry.number),
            figures: Figures::of(signed.report()),
        })
    }
}

impl Docket {
    fn of(entry: &OpenedEntry) -> Self {
        let name = entry.path.trim_start_matches("opened/");
        let name = name.trim_end_matches(".json");
        Self {
            path: format!("opened/{name}"),
            name: name.chars().take(16).collect(),
            opened_at: entry
                .opened_at
                .as_deref()
                .map_or_else(|| "not said".to_owned(), time::read),
            origin: entry.origin.clone(),
            index: entry.index,
        }
    }
}
