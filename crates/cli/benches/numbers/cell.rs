//! The cell without a network: objects judged, patterns parsed, a value looked up among a million.
//! What it does over HTTP is measured by `clients/compare.py`, beside other servers.

use crate::{
    Result, Told,
    meter::{SystemEnv, ms, percentile, rate, say, scratch, timed},
    report::{Figure, Row},
};
use bytes::Bytes;
use portcullis_core::{
    cell::{Caller, CollectionId, Command, Mode, Settings},
    realm::Realm,
};
use portcullis_node::cell::{Cell, CellParts, Source};
use portcullis_stix::{observable, pattern, validate};
use portcullis_store::Journal;
use serde_json::Value;
use std::{hint::black_box, sync::Arc};

pub(crate) const GROUP: &str = "cell";
pub(crate) const ROWS: [&str; 3] = ["stix-must", "stix-pattern", "cell-lookup"];
/// How many objects are judged.
const OBJECTS: u32 = 20_000;
/// How many are looked among: usually, and with `--full`.
const HELD: [u32; 2] = [100_000, 1_000_000];
/// How often a value is looked up.
const LOOKS: u32 = 2_000;

pub(crate) fn measure(told: &Told) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if told.wants(GROUP, "stix-must") {
        rows.push(judged());
    }
    if told.wants(GROUP, "stix-pattern") {
        rows.push(parsed());
    }
    if told.wants(GROUP, "cell-lookup") {
        let held = HELD[usize::from(told.full)];
        say(&format!("cell-lookup: {held} indicators"));
        rows.push(looked_up(held)?);
    }
    Ok(rows)
}

/// The host that one indicator is about.
fn host(number: u32) -> String {
    format!("host-{number:08x}.attack.example")
}

/// A pattern with three tests and two observations.
fn text(number: u32) -> String {
    format!(
        "[domain-name:value = '{}' OR ipv4-addr:value = '198.51.100.{}'] FOLLOWEDBY [file:hashes.'SHA-256' = '{number:064x}'] WITHIN 600 SECONDS",
        host(number),
        number % 256,
    )
}

/// An indicator as feeds have them: about 700 bytes.
fn indicator(number: u32) -> String {
    let pattern = text(number).replace('\'', "\\u0027");
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--{number:08x}-0000-4000-8000-000000000000\",\
         \"created\":\"2026-11-01T08:00:00.000Z\",\"modified\":\"2026-11-01T08:00:00.000Z\",\
         \"name\":\"A host of the attack\",\"description\":\"Seen in mails that lead to a false update page. Not ours.\",\
         \"indicator_types\":[\"malicious-activity\"],\"pattern_type\":\"stix\",\"pattern\":\"{pattern}\",\
         \"valid_from\":\"2026-11-01T08:00:00Z\",\"kill_chain_phases\":[{{\"kill_chain_name\":\"mitre-attack\",\"phase_name\":\"initial-access\"}}],\
         \"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}}"
    )
}

fn judged() -> Row {
    let objects: Vec<String> = (0..OBJECTS).map(indicator).collect();
    let (flawed, took) = timed(|| {
        let judge = |object: &&String| {
            !validate::validate(object.as_bytes(), validate::Mode::Must).is_empty()
        };
        objects.iter().filter(judge).count()
    });
    let ((), anchor) = timed(|| {
        for object in &objects {
            black_box(serde_json::from_str::<Value>(object).ok());
        }
    });
    let seen = rate(objects.len(), took);
    Row::new(
        "stix-must",
        "objects held against the standard's MUSTs, one core",
        "≥ 50,000 objects/s",
    )
    .seen(
        Figure::new(seen, "objects/s", ""),
        Figure::new(
            rate(objects.len(), anchor),
            "objects/s",
            "serde_json into a `Value`",
        ),
        seen >= 50_000.0 && flawed == 0,
    )
    .note(format!("{flawed} of {OBJECTS} flawed"))
}

fn parsed() -> Row {
    let texts: Vec<String> = (0..OBJECTS).map(text).collect();
    let (refused, took) = timed(|| {
        texts
            .iter()
            .filter(|text| pattern::parse(text).is_err())
            .count()
    });
    let ((), anchor) = timed(|| {
        for text in &texts {
            black_box(text.bytes().filter(u8::is_ascii_whitespace).count());
        }
    });
    let seen = rate(texts.len(), took);
    Row::new(
        "stix-pattern",
        "patterns parsed, one core",
        "≥ 500,000 patterns/s",
    )
    .seen(
        Figure::new(seen, "patterns/s", ""),
        Figure::new(
            rate(texts.len(), anchor),
            "patterns/s",
            "every byte looked at once",
        ),
        seen >= 500_000.0 && refused == 0,
    )
    .note(format!("{refused} of {OBJECTS} refused"))
}

/// A cell with one open collection.
fn open(folder: &std::path::Path) -> Result<(Arc<Cell>, Caller, CollectionId)> {
    let cell = Cell::open(CellParts {
        journal: Journal::folder(&folder.join("journal"), [1; 16])?,
        served: Journal::folder(&folder.join("served"), [2; 16])?,
        env: Arc::new(SystemEnv),
        me: "csirt.example".parse()?,
        realm: Realm::live(),
        signer: None,
    })?;
    cell.load()?;
    let (operator, collection) = (cell.operator(), cell.new_collection());
    let mut settings = Settings::titled("looked up");
    (settings.mode, settings.open) = (Mode::Keep, true);
    let command = Command::OpenCollection {
        collection,
        settings: Box::new(settings),
    };
    cell.perform(&operator, command)?;
    Ok((cell, operator, collection))
}

fn looked_up(held: u32) -> Result<Row> {
    let folder = scratch()?;
    let (cell, operator, collection) = open(folder.path())?;
    for from in (0..held).step_by(1_000) {
        let objects: Vec<String> = (from..held.min(from + 1_000)).map(indicator).collect();
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(","));
        cell.add(
            &operator,
            &collection,
            Bytes::from(envelope),
            Source::Imported,
        )?;
    }
    let (mut times, mut anchors, mut lost) = (Vec::new(), Vec::new(), 0);
    for look in 0..LOOKS {
        let number = look.wrapping_mul(2_654_435_761) % held;
        let value = observable::guess(&host(number)).ok_or("a host is an observable")?;
        let (found, took) = timed(|| cell.lookup(&operator, &value));
        times.push(took);
        lost += usize::from(found?.len() != 1);
        let id = format!("indicator--{number:08x}-0000-4000-8000-000000000000");
        anchors.push(timed(|| black_box(cell.versions(&operator, &id).is_ok())).1);
    }
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    Ok(Row::new(
        "cell-lookup",
        &format!("a value looked up among {held} indicators"),
        "≤ 1 ms",
    )
    .seen(
        Figure::new(ms(p50), "ms", "p50"),
        Figure::new(
            ms(percentile(&mut anchors, 50)),
            "ms",
            "the same object by its id",
        ),
        ms(p99) <= 1.0 && lost == 0,
    )
    .note(format!(
        "p99 {:.3} ms; {lost} of {LOOKS} not found",
        ms(p99)
    )))
}
