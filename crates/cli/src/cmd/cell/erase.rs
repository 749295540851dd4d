//! `portcullis cell erase`: the bytes of what was taken back, and what was served long ago.

use super::{Desk, stats::size, words};
use crate::{Answer, ui::Ui};
use clap::Args;
use jiff::SignedDuration;
use portcullis_node::cell::{Erasure, served::Dropped};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Erases from this disk the bytes of objects that were removed, recalled, or put out of a follow.
///
/// What is left of each is its digest: who was served it, its evidence and the provenance of its
/// neighbours are proved as before. Older versions and revoked ones are still served, and stay.
/// A running `serve` does this once a day, after `erase_after` in the configuration (30 days);
/// this is for doing it now. Copies in backups stay until those are deleted.
///
/// With `--ledger`: what was served to whom longer ago than `ledger_keep` (six years), whole ticks.
/// Their signed roots stay, and for each member which objects it was ever served, so recalls ask it
/// still; when, by which exit, by which account, and proof of it are gone. Evidence written before holds.
///
/// Example:
///
///   portcullis cell erase --dry-run
///   portcullis cell erase --older-than 0
///   portcullis cell erase --ledger --dry-run
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Erase {
    /// Not what was taken back, but what the ledger says was served.
    #[arg(long)]
    ledger: bool,
    /// What was taken back, or served, at least so long ago, such as 12h or 30d; `0` for all.
    #[arg(long, value_name = "SPAN", value_parser = words::span_or_none)]
    older_than: Option<SignedDuration>,
    /// Only says what would be erased.
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let config = desk.home.config.cell().unwrap_or_default();
        if self.ledger {
            let keep = match self.older_than {
                Some(keep) => Some(keep),
                None => config.ledger_keep()?,
            };
            return ledger(&desk, keep, self.dry_run, ui);
        }
        let term = match self.older_than {
            Some(term) => term,
            None => config.erase_after()?,
        };
        let would = desk.cell.erasable(term)?;
        if self.dry_run {
            ui.say(format_args!(
                "{} of {} would be erased, in {} of the journal",
                words::count(would.objects, "version"),
                size(would.bytes),
                words::count(would.segments, "segment"),
            ));
            ui.answer(&answer(&would, true));
            return Ok(ExitCode::SUCCESS);
        }
        let bar = ui.count_bar(would.objects as u64, "erasing");
        let mut all = Erasure::default();
        loop {
            let before = all;
            let done = desk.cell.erase(term, &mut |done| {
                bar.set_position((before.objects + done.objects) as u64);
            })?;
            all.objects += done.objects;
            all.bytes += done.bytes;
            all.segments += done.segments;
            all.freed += done.freed;
            if !done.more {
                break;
            }
        }
        bar.finish_and_clear();
        ui.say(format_args!(
            "{} of {} erased; {} given back to the disk",
            words::count(all.objects, "version"),
            size(all.bytes),
            size(all.freed),
        ));
        ui.answer(&answer(&all, false));
        Ok(ExitCode::SUCCESS)
    }
}

/// Drops what was served longer ago than it is kept.
fn ledger(desk: &Desk, keep: Option<SignedDuration>, dry_run: bool, ui: Ui) -> Answer {
    let Some(keep) = keep else {
        ui.say("the ledger is kept for ever (`ledger_keep`): nothing is dropped");
        ui.answer(&dropped(&Dropped::default(), dry_run));
        return Ok(ExitCode::SUCCESS);
    };
    let mut all = Dropped::default();
    if dry_run {
        all = desk.cell.droppable_served(keep)?;
    } else {
        loop {
            let done = desk.cell.drop_served(keep)?;
            all.ticks += done.ticks;
            all.records += done.records;
            all.bytes += done.bytes;
            all.freed += done.freed;
            all.kept = done.kept;
            all.until = all.until.max(done.until);
            if !done.more {
                break;
            }
        }
    }
    let what = format!(
        "{} in {} of {}",
        words::count(usize::try_from(all.records).unwrap_or(usize::MAX), "record"),
        words::count(all.ticks, "tick"),
        size(all.bytes),
    );
    ui.say(if dry_run {
        format!("{what} would be dropped")
    } else {
        format!("{what} dropped; {} given back to the disk", size(all.freed))
    });
    if let Some(until) = all.until.filter(|_| !dry_run) {
        ui.say(format_args!(
            "the ledger tells since {until:.3} who was served what, when"
        ));
    }
    if all.kept > 0 {
        ui.say(format_args!(
            "{} as old stay: an open recall, or an unanswered question, is about something in them",
            words::count(all.kept, "tick")
        ));
    }
    ui.answer(&dropped(&all, dry_run));
    Ok(ExitCode::SUCCESS)
}

fn dropped(dropped: &Dropped, dry_run: bool) -> Value {
    json!({
        "dry_run": dry_run,
        "ticks": dropped.ticks,
        "records": dropped.records,
        "bytes": dropped.bytes,
        "freed": dropped.freed,
        "kept": dropped.kept,
        "until": dropped.until.map(|until| until.to_string()),
        "more": dropped.more,
    })
}

fn answer(erasure: &Erasure, dry_run: bool) -> Value {
    json!({
        "dry_run": dry_run,
        "versions": erasure.objects,
        "bytes": erasure.bytes,
        "segments": erasure.segments,
        "freed": erasure.freed,
    })
}
