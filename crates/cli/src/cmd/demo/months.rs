//! The chapters of the months: simulated traffic at three companies, the reports that are made
//! from their records, and two who lie.
//!
//! Everything runs in this process on a clock of its own ([`clock`]), through real nodes
//! ([`world`]); what is checked is checked by this program's own commands ([`ours`]).

mod cast;
mod clock;
mod lies;
mod looks;
mod ours;
mod pages;
mod reports;
mod traffic;
mod world;

use super::Stage;
use crate::failure::Failure;
use cast::{BUREAU, COMMISSION, COURTHOUSE, FORCE, HARBOUR, MINISTRY, PROVIDERS};
use jiff::civil::Date;
use ours::Ours;
pub(super) use pages::Pages;
use portcullis_core::id::CaseId;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use traffic::{Ask, End, Turn};
use world::World;

/// When the law of interception lets the half-year be published: six months after its end. A
/// Thursday.
const HALF_A_YEAR_ON: Date = jiff::civil::date(2026, 7, 2);

/// What the chapters leave behind for visitors.
pub(super) struct Months {
    world: World,
    ours: Ours,
    /// Reports, each with the logs that it counts.
    reports: Vec<(PathBuf, Vec<PathBuf>)>,
}

/// Half a year at three companies, below `root`.
pub(super) fn tell(root: &Path, seed: u64, stage: &Stage) -> Result<Months, Failure> {
    stage.chapter("Half a year at three companies, told from a seed");
    let world = World::build(root, clock::Virtual::at(traffic::FIRST_DAY))?;
    stage.step(
        "nine more nodes, in this process, on a clock of their own: it is July 2025, and a tick is a week",
    );
    let script = traffic::script(seed);
    let lived = live(&world, &script, stage)?;
    let ours = Ours::new(&world, root)?;
    let exact = reports::exact(&world, &ours, stage)?;
    let joint = reports::joint(&world, &ours, stage)?;
    looks::sample(&world, lived.committed, stage)?;
    reports::too_early(&world, stage)?;
    looks::too_early(&world, lived.secret, stage)?;
    jump(&world, stage)?;
    let banded = reports::banded(&world, &ours, stage)?;
    looks::unseal(&world, &ours, lived.secret, stage)?;
    lies::tell(&world, &ours, &exact, root, stage)?;
    let log = |word: &str| world.at(word).dir.join("log/1");
    let reports = vec![
        (exact, vec![log(HARBOUR)]),
        (banded, vec![log(HARBOUR)]),
        (joint, PROVIDERS.map(log).to_vec()),
    ];
    Ok(Months {
        world,
        ours,
        reports,
    })
}

impl Months {
    /// Serves the companies' pages, and says where they are and what can be tried.
    pub(super) fn show(&self, stage: &Stage) -> Result<Pages, Failure> {
        let pages = Pages::serve(&self.world)?;
        stage.line("");
        stage.line("the half-year's records have public pages, for any browser on this machine:");
        for (word, url) in &pages.urls {
            stage.line(format_args!("  {word:22} {url}"));
        }
        if let Some((_, url)) = pages.urls.first() {
            stage.line("");
            stage.line("a report that the browser itself can check, leaf by leaf:");
            stage.line(format_args!("  {url}record/reports/us-process/1"));
        }
        stage.line("");
        stage.line("and by these commands anybody can:");
        let commands: Vec<_> = self.reports.iter().map(|one| self.command(one)).collect();
        for command in &commands {
            stage.line(format_args!("  {command}"));
        }
        let urls: BTreeMap<_, _> = pages.urls.iter().cloned().collect();
        stage.answer(&serde_json::json!({ "pages": urls, "commands": commands }));
        Ok(pages)
    }

    /// How a report is checked.
    fn command(&self, (report, logs): &(PathBuf, Vec<PathBuf>)) -> String {
        let logs = logs.iter().map(|log| format!(" --log {}", log.display()));
        format!(
            "portcullis report verify {} --policy {}{}",
            report.display(),
            self.ours.policy.display(),
            logs.collect::<String>()
        )
    }
}

/// What of the months goes on later.
struct Lived {
    /// A case that a court keeps secret until March.
    secret: CaseId,
    /// The inspectorate's sample, before it is drawn.
    committed: looks::Committed,
}

/// Lets the weeks pass: what happens in each, its tick, and what may be released then.
fn live(world: &World, script: &[Turn], stage: &Stage) -> Result<Lived, Failure> {
    let secret = traffic::secret(world)?;
    let mut committed = None;
    for week in 0..traffic::WEEKS {
        // While people talk, the leaves of the next tick are made.
        let waiting = std::thread::scope(|scope| {
            let ahead = scope.spawn(|| world.make_ahead(traffic::companies(week)));
            let waiting = talk(world, script, week);
            let panicked = || Err(Failure::unable("demo", "a thread ended early"));
            ahead.join().unwrap_or_else(|_| panicked())?;
            waiting
        })?;
        if week == traffic::LATER {
            committed = Some(looks::commit(world)?);
        }
        world.clock.go_to(traffic::tick_day(week));
        world.tick(traffic::companies(week))?;
        for package in &waiting {
            traffic::release(world, package)?;
        }
        if week == traffic::LATER {
            stage.step("December: the second and the third company join");
        }
    }
    let others = [FORCE, BUREAU, MINISTRY, COMMISSION, COURTHOUSE];
    world.make_ahead(&others)?;
    world.tick(&others)?;
    stage.step("it is January 2026, and behind us lie:");
    for ask in [Ask::Subpoena, Ask::Warrant] {
        let such = |end| {
            let such = script.iter().filter(|turn| turn.ask == ask);
            such.filter(|turn| turn.end == end).count()
        };
        let (released, declined) = (such(End::Released), such(End::Declined));
        let all = released + declined + such(End::Accepted);
        stage.line(format_args!(
            "{all:5} {}: {released} answered with data, {declined} declined",
            ask.title()
        ));
    }
    stage.line("    1 subpoena more, which a court keeps secret until March (18 USC 2705(b))");
    let first = script.iter().filter(|turn| turn.provider == HARBOUR);
    stage.line(format_args!(
        "{} of them at {HARBOUR}; the records hold {} leaves, and one looks like another",
        first.count() + 1,
        world.leaves()?
    ));
    Ok(Lived {
        secret,
        committed: committed.ok_or_else(|| Failure::unable("demo", "no sample"))?,
    })
}

/// What happens in a week; the packages that wait for its tick.
fn talk(world: &World, script: &[Turn], week: usize) -> Result<Vec<traffic::Waiting>, Failure> {
    let mut waiting = Vec::new();
    let turns = script.iter().enumerate();
    for (number, turn) in turns.filter(|(_, turn)| turn.week == week) {
        waiting.extend(traffic::perform(world, turn, number)?);
    }
    Ok(waiting)
}

/// Half a year passes in which nothing runs.
fn jump(world: &World, stage: &Stage) -> Result<(), Failure> {
    world.clock.go_to(HALF_A_YEAR_ON);
    world.make_ahead(&[HARBOUR])?;
    world.tick(&[HARBOUR])?;
    let node = &world.at(HARBOUR).node;
    let record = node.record();
    let silences = record.logs.iter().flat_map(|log| log.silences(node.now()));
    stage.step("(the clock jumps to July 2026)");
    stage.line(format_args!(
        "nothing fills the ticks that were jumped over: the record shows {} silence, and keeps it",
        silences.count()
    ));
    Ok(())
}
