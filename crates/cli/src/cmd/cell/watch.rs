//! `portcullis cell watch`: what arrives, as it arrives.

use super::{Desk, find};
use crate::{
    Answer,
    clock::pause,
    ui::{Ui, print},
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::cell::CollectionId;
use portcullis_node::cell::Search;
use std::{path::Path, process::ExitCode, time::Duration};

/// Shows objects as they come in, one a line, until interrupted.
///
/// Beside a running `serve`, what a client adds is here within a few hundredths of a second. With
/// `--json` each line is one JSON object, to pipe into other programs.
///
/// Example: `portcullis cell watch --in alerts --type incident --type report`
#[derive(Args)]
pub(crate) struct Watch {
    /// In this collection alone.
    #[arg(long = "in", value_name = "COLLECTION")]
    collection: Option<String>,
    /// Of these types alone. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// Begins then; now, if not given.
    #[arg(long, value_name = "TIME", value_parser = super::words::instant)]
    since: Option<Timestamp>,
    /// Ends after so many.
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

/// How often it is seen what other processes appended.
const LOOK: Duration = Duration::from_millis(20);
/// So many objects are read at once.
const BATCH: usize = 1_000;

impl Watch {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let collection: Option<CollectionId> = self
            .collection
            .as_deref()
            .map(|word| desk.collection(word))
            .transpose()?;
        let since = self.since.unwrap_or_else(|| desk.now());
        let mut wanted = Search {
            kinds: self.kinds,
            collection,
            since_us: Some(since.as_microsecond()),
            limit: BATCH,
            ..Search::default()
        };
        ui.note("watching; Ctrl-C ends it");
        let (mut left, mut first) = (self.count.unwrap_or(usize::MAX), true);
        loop {
            let moved = desk.cell.catch_up()?;
            if moved || first {
                let mut found = desk.cell.search(&desk.me, &wanted)?;
                found.sort_by_key(|one| one.added_us);
                for one in &found {
                    if ui.is_json() {
                        print(format_args!("{}", find::json_of(&desk, one)));
                    } else {
                        ui.say(find::line(&desk, one));
                    }
                    wanted.since_us = Some(one.added_us);
                    left -= 1;
                    if left == 0 {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                first = found.len() == BATCH;
                if first {
                    continue;
                }
            }
            pause(LOOK);
        }
    }
}
