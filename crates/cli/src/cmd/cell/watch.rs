//! `portcullis cell watch`: what arrives, as it arrives.

use super::{Desk, find};
use crate::{
    Answer,
    clock::pause,
    failure::Failure,
    ui::{Ui, print},
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::cell::CollectionId;
use portcullis_node::cell::{CellError, Found, Query, VersionMatch, View};
use portcullis_stix::header;
use std::{
    collections::BTreeMap, num::NonZeroUsize, path::Path, process::ExitCode, time::Duration,
};

/// Shows objects as they come in, one a line, until interrupted.
///
/// Beside a running `serve`, what a client adds is here within a few hundredths of a second. With
/// `--json` each line is one JSON object, to pipe into other programs.
///
/// Example: `portcullis cell watch --in alerts --type incident --type report`
#[derive(Args)]
pub(crate) struct Watch {
    /// In this collection alone: its alias, id or title.
    #[arg(long = "in", value_name = "COLLECTION")]
    collection: Option<String>,
    /// Of these types alone: incident, report, indicator. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// Begins then; now, if not given. A day is its midnight in UTC.
    #[arg(long, value_name = "DAY|TIME", value_parser = super::words::instant)]
    since: Option<Timestamp>,
    /// Ends after so many.
    #[arg(long, value_name = "N")]
    count: Option<NonZeroUsize>,
}

/// How often it is seen what other processes appended.
const LOOK: Duration = Duration::from_millis(20);
/// So many objects are read at once.
const BATCH: u64 = 1_000;

impl Watch {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let collection = self
            .collection
            .as_deref()
            .map(|word| desk.collection(word))
            .transpose()?;
        let since = self.since.unwrap_or_else(|| desk.now()).as_microsecond();
        let mut seen: BTreeMap<CollectionId, i64> = BTreeMap::new();
        ui.note("watching; Ctrl-C ends it");
        let (mut left, mut more) = (self.count.map_or(usize::MAX, NonZeroUsize::get), true);
        loop {
            if desk.cell.catch_up()? || more {
                more = false;
                let mut found = Vec::new();
                for view in desk.cell.collections(&desk.me) {
                    if collection.is_none_or(|wanted| wanted == view.id) && view.can_read {
                        let from = seen.entry(view.id).or_insert(since);
                        more |= self.news(&desk, &view.id, from, &mut found)?;
                    }
                }
                found.sort_by_key(|one| one.added_us);
                for one in &found {
                    if ui.is_json() {
                        print(format_args!("{}", find::json_of(&desk, one)));
                    } else {
                        ui.say(find::line(&desk, one));
                    }
                    left -= 1;
                    if left == 0 {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
            }
            if !more {
                pause(LOOK);
            }
        }
    }

    /// What was added to a collection after `from`, in that order; whether there is more.
    fn news(
        &self,
        desk: &Desk,
        collection: &CollectionId,
        from: &mut i64,
        found: &mut Vec<Found>,
    ) -> Result<bool, Failure> {
        let query = Query {
            added_after_us: Some(*from),
            kinds: self.kinds.clone(),
            versions: vec![VersionMatch::All],
            limit: Some(BATCH),
            ..Query::default()
        };
        let page = desk
            .cell
            .page(&desk.me, collection, &query, View::Objects)?;
        *from = page.last_added.map_or(*from, |last| last.max(*from));
        let body = page.chunks.concat();
        let envelope = header::envelope(&body).map_err(CellError::from)?;
        for object in envelope.objects {
            let Ok(header) = header::header(object.bytes) else {
                continue;
            };
            let versions = desk.cell.versions(&desk.me, &header.id)?;
            found.extend(
                versions
                    .into_iter()
                    .find(|one| one.collection == *collection && one.bytes == object.bytes),
            );
        }
        Ok(page.next.is_some())
    }
}
