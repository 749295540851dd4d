//! `portcullis cell erase`: the bytes of what was taken back.

use super::{Desk, stats::size, words};
use crate::{Answer, ui::Ui};
use clap::Args;
use jiff::SignedDuration;
use portcullis_node::cell::Erasure;
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Erases from this disk the bytes of objects that were removed, recalled, or put out of a follow.
///
/// What is left of each is its digest: who was served it, its evidence and the provenance of its
/// neighbours are proved as before. Older versions and revoked ones are still served, and stay.
/// A running `serve` does this once a day, after `erase_after` in the configuration (30 days);
/// this is for doing it now. Copies in backups stay until those are deleted.
///
/// Example:
///
///   portcullis cell erase --dry-run
///   portcullis cell erase --older-than 0
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Erase {
    /// What was taken back at least so long ago, such as 12h or 30d; `0` for all.
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

fn answer(erasure: &Erasure, dry_run: bool) -> Value {
    json!({
        "dry_run": dry_run,
        "versions": erasure.objects,
        "bytes": erasure.bytes,
        "segments": erasure.segments,
        "freed": erasure.freed,
    })
}
