//! The reports of the half-year: exact, banded and joint, each verified as anybody would.

use super::{
    cast::{CAST, HARBOUR, MEADOW, PROVIDERS},
    ours::Ours,
    world::{Seat, World},
};
use crate::{cmd::demo::Stage, failure::Failure};
use jiff::civil::{Date, date};
use portcullis_core::publication::Period;
use portcullis_node::report::Wanted;
use portcullis_verdict::report::{
    Signed,
    joint::{self, Document},
};
use std::path::PathBuf;

/// The half-year that is reported on.
const PERIOD: Period = Period {
    from: date(2025, 7, 1),
    to: date(2025, 12, 31),
};
/// On which day the first company first assisted, as it declares: eighteen months are over.
const FIRST_ASSISTANCE: Date = date(2024, 2, 1);

/// Makes and verifies the exact report of a company; where it lies.
pub(super) fn exact(world: &World, ours: &Ours, stage: &Stage) -> Result<PathBuf, Failure> {
    let seat = world.at(HARBOUR);
    stage.chapter("A report of exact figures: criminal process in the United States");
    let signed = seat.node.make_report(&wanted("us-process", None))?;
    stage.step(format_args!(
        "{HARBOUR} makes its report of July to December, from its seed and its public tiles"
    ));
    page(seat, &signed)?;
    show(&signed, stage);
    verified(seat, &[seat], ours, &signed, stage)
}

/// The joint report of all three, and one that opens a false total; where it lies.
pub(super) fn joint(world: &World, ours: &Ours, stage: &Stage) -> Result<PathBuf, Failure> {
    const ATTEMPT: u32 = 1;
    stage.chapter("A joint report: three companies' total, and nobody's own");
    let wanted = wanted("us-process-joint", None);
    let seats = PROVIDERS.map(|word| world.at(word));
    let each = |step: &dyn Fn(&Seat) -> Result<joint::Signed, Failure>| {
        seats
            .iter()
            .map(|seat| step(seat))
            .collect::<Result<Vec<_>, _>>()
    };
    let parts = each(&|seat| Ok(seat.node.joint_part(&wanted)?))?;
    let masks = each(&|seat| Ok(seat.node.joint_masks(&parts, ATTEMPT)?))?;
    stage.step("each names its leaves, and commits to masks that cancel out between every two");
    let openings = each(&|seat| Ok(seat.node.joint_opening(&parts, &masks, ATTEMPT)?))?;
    stage.step("each opens its total under its masks: a number that says nothing by itself");
    let mut lying = openings.clone();
    if let Some(last) = lying.last_mut() {
        *last = understated(world, last)?;
    }
    let first = world.at(HARBOUR);
    let found = first
        .node
        .joint_finish(&parts, &masks, &lying, &[], ATTEMPT);
    stage.refused(
        &format!("{MEADOW} opens another total than its leaves have, signed with its true key"),
        &["report.joint_opening"],
        found.map(|_| "a report".to_owned()).map_err(Failure::from),
    )?;
    // Everybody adds up and signs, and hands on what it signed; whoever sees all three publishes:
    // the last one at once, the others when it comes round to them again.
    let mut signed = Vec::new();
    for seat in seats.iter().chain(seats.iter().take(PROVIDERS.len() - 1)) {
        let (mine, complete) = seat
            .node
            .joint_finish(&parts, &masks, &openings, &signed, ATTEMPT)?;
        if complete {
            page(seat, &mine)?;
        }
        signed = vec![mine];
    }
    let signed = signed
        .pop()
        .ok_or_else(|| Failure::unable("demo", "no report"))?;
    stage.step("with true openings the masks cancel out, and all three sign");
    show(&signed, stage);
    verified(first, &seats, ours, &signed, stage)
}

/// The opening with one added to a total or taken from it, signed as the true one was.
fn understated(world: &World, opening: &joint::Signed) -> Result<joint::Signed, Failure> {
    let broken = || Failure::unable("demo", "an opening");
    let Document::Opening(mut opening) = opening.document().clone() else {
        return Err(broken());
    };
    // The first 32 bytes are the masked total of the first cell, little-endian.
    *opening.opening.first_mut().ok_or_else(broken)? ^= 1;
    let part = CAST.iter().find(|part| part.word == MEADOW);
    let keys = world.keys.of_node(part.ok_or_else(broken)?);
    let signer = keys.log_signer(1).ok_or_else(broken)?;
    let document = Document::Opening(opening);
    Ok(joint::Signed::sign(document, signer.vkey(), *keys.log_seed))
}

/// The banded report, asked for while its time has not come.
pub(super) fn too_early(world: &World, stage: &Stage) -> Result<(), Failure> {
    stage.chapter("What may not be told yet");
    let wanted = wanted("uk-interception", Some(FIRST_ASSISTANCE));
    let early = world.at(HARBOUR).node.make_report(&wanted);
    stage.refused(
        "the same half-year's interception warrants, published in January",
        &["report.delay"],
        early.map(|_| "a report".to_owned()).map_err(Failure::from),
    )
}

/// The banded report, half a year later.
pub(super) fn banded(world: &World, ours: &Ours, stage: &Stage) -> Result<PathBuf, Failure> {
    let seat = world.at(HARBOUR);
    stage.chapter("A report in bands: interception in the United Kingdom");
    let wanted = wanted("uk-interception", Some(FIRST_ASSISTANCE));
    let signed = seat.node.make_report(&wanted)?;
    stage.step("now it may be published, in bands of five hundred, as the regulations say");
    page(seat, &signed)?;
    show(&signed, stage);
    verified(seat, &[seat], ours, &signed, stage)
}

fn wanted(series: &str, first_assistance: Option<Date>) -> Wanted {
    Wanted {
        series: series.to_owned(),
        period: PERIOD,
        first_assistance,
        unproved: Vec::new(),
    }
}

/// The figures, for people.
fn show(signed: &Signed, stage: &Stage) {
    for line in &signed.report().lines {
        stage.line(format_args!("{:>9}  {}", line.form.to_string(), line.title));
    }
}

/// A report's page, among the public files.
fn page(seat: &Seat, signed: &Signed) -> Result<(), Failure> {
    let page = portcullis_web::page::report_html(signed.report());
    let path = signed.report().path().replace(".json", ".html");
    let put = seat.node.blobs().put(&path, page.into_bytes());
    put.map_err(|error| Failure::unable("store.unavailable", error.to_string()))
}

/// `portcullis report verify`, and what it said of the report that lies at a company.
fn verified(
    at: &Seat,
    logs: &[&Seat],
    ours: &Ours,
    signed: &Signed,
    stage: &Stage,
) -> Result<PathBuf, Failure> {
    let path = at.dir.join(signed.report().path());
    let logs: Vec<_> = logs.iter().map(|seat| seat.dir.join("log/1")).collect();
    let said = ours.verify(&path, &logs)?;
    let sources = signed.report().sources();
    let leaves: u64 = sources
        .map(|source| source.end.size.0.saturating_sub(source.start.size.0))
        .sum();
    stage.step(format_args!(
        "`portcullis report verify`: {said} ({leaves} leaves)"
    ));
    Ok(path)
}
