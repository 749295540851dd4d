//! The reports of the half-year: exact, banded and joint, each verified as anybody would.

use super::{
    cast::HARBOUR,
    ours::Ours,
    world::{Seat, World},
};
use crate::{cmd::demo::Stage, failure::Failure};
use jiff::civil::{Date, date};
use portcullis_core::publication::Period;
use portcullis_node::report::{ReportFault, Wanted};
use portcullis_verdict::report::Signed;
use std::path::PathBuf;

/// The half-year that is reported on.
const PERIOD: Period = Period {
    from: date(2025, 7, 1),
    to: date(2025, 12, 31),
};
/// When the law of interception lets it be published: six months after its end. A Thursday.
const HALF_A_YEAR_ON: Date = date(2026, 7, 2);
/// On which day the first company first assisted, as it declares: eighteen months are over.
const FIRST_ASSISTANCE: Date = date(2024, 2, 1);

/// Makes and verifies the exact report of a company; where it lies.
pub(super) fn exact(world: &World, ours: &Ours, stage: &Stage) -> Result<PathBuf, Failure> {
    let seat = world.at(HARBOUR);
    stage.chapter("A report of exact figures: criminal process in the United States");
    let signed = seat.node.make_report(&wanted("us-process", None)).map_err(failed)?;
    stage.step(format_args!(
        "{HARBOUR} makes its report of July to December, from its seed and its public tiles"
    ));
    show(&signed, stage);
    verified(seat, ours, &signed, stage)
}

/// The banded report: refused while its time has not come, made half a year later.
pub(super) fn banded(world: &World, ours: &Ours, stage: &Stage) -> Result<PathBuf, Failure> {
    let seat = world.at(HARBOUR);
    stage.chapter("A report in bands: interception in the United Kingdom");
    let wanted = wanted("uk-interception", Some(FIRST_ASSISTANCE));
    let early = seat.node.make_report(&wanted).map(|_| "a report".to_owned());
    stage.refused(
        "the same half-year's interception warrants, published in January",
        &["report.delay"],
        early.map_err(failed),
    )?;
    world.clock.go_to(HALF_A_YEAR_ON);
    world.tick(&[HARBOUR])?;
    let silences = seat.node.record().logs.iter().map(|log| log.silences(seat.node.now()).len()).sum::<usize>();
    stage.step("the clock jumps to July 2026");
    stage.line(format_args!(
        "nothing fills the ticks that were jumped over: the record shows {silences} silence of 25 weeks, and keeps it"
    ));
    let signed = seat.node.make_report(&wanted).map_err(failed)?;
    stage.step("now it may be published, in bands of five hundred, as the regulations say");
    show(&signed, stage);
    verified(seat, ours, &signed, stage)
}

fn wanted(series: &str, first_assistance: Option<Date>) -> Wanted {
    Wanted {
        series: series.to_owned(),
        period: PERIOD,
        first_assistance,
        unproved: Vec::new(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(fault: ReportFault) -> Failure {
    Failure::refused(fault.code(), fault.to_string())
}

/// The figures, for people.
fn show(signed: &Signed, stage: &Stage) {
    for line in &signed.report().lines {
        stage.line(format_args!(
            "{:>9}  {}",
            line.form.to_string(),
            line.title
        ));
    }
}

/// `portcullis report verify`, and what it said.
fn verified(seat: &Seat, ours: &Ours, signed: &Signed, stage: &Stage) -> Result<PathBuf, Failure> {
    let path = seat.dir.join(signed.report().path());
    let said = ours.verify(&path, &[seat.dir.join("log/1")])?;
    let leaves: u64 = signed
        .report()
        .sources()
        .map(|source| source.end.size.0 - source.start.size.0)
        .sum();
    stage.step(format_args!("`portcullis report verify`: {said} ({leaves} leaves)"));
    Ok(path)
}
