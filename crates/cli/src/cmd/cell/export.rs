//! `portcullis cell export`: what is here, as files for others.

mod misp;
mod outlet;
mod table;

pub(super) use outlet::Outlet;

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Tlp},
    member::MemberId,
};
use portcullis_node::cell::{PAGE_OBJECTS_MAX, Query, View, served::How};
use portcullis_stix::header;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Exports a collection as a STIX bundle, MISP events, or a CSV table of indicators.
///
/// An export is an exit like any other: it holds what the receiver may see and no more, and it is
/// recorded as served. Without `--for` it is for this member's own people. A table leaves out what is
/// revoked, and says how many.
///
/// A file is there under its name when all of it is written, and a file that is there already stays
/// unless `--force` is given.
///
/// Example:
///
///   portcullis cell export indicators --to indicators.json
///   portcullis cell export indicators --for bank.example --format csv --to bank.csv
///   portcullis cell export indicators --type indicator --since 2026-11-01 | gzip > new.json.gz
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Export {
    /// The collection: its alias, id or title.
    collection: String,
    /// The file; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    to: PathBuf,
    /// Replaces the file if it is there already.
    #[arg(long)]
    force: bool,
    /// As what.
    #[arg(long, default_value = "bundle")]
    format: As,
    /// For which member: what it may see, and recorded as served to it.
    #[arg(long = "for", value_name = "MEMBER")]
    receiver: Option<MemberId>,
    /// Of these types alone: indicator, report, malware. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// Added to the collection after then. A day is its midnight in UTC.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum As {
    /// A STIX 2.1 bundle: the objects, byte by byte.
    Bundle,
    /// MISP events, one for each report and grouping.
    Misp,
    /// A table of the values that indicators name.
    Csv,
}

/// So much of what is not in a file is shown to people.
const SHOWN_MAX: usize = 20;

/// What became of it.
#[derive(Debug, Default)]
struct Done {
    objects: usize,
    /// What is not in the file, and why.
    left: Vec<(String, String)>,
    /// What the file has, where it has events.
    events: Option<misp::Events>,
}

impl Export {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let collection = desk.collection(&self.collection)?;
        let receiver = match &self.receiver {
            Some(member) => Caller::node(member.clone()),
            None => desk.me.clone(),
        };
        let mut outlet = Outlet::open(&self.to, self.force)?;
        let done = self.all(&desk, &collection, &receiver, &mut outlet, ui)?;
        outlet.finish()?;
        let revoked = done.left.iter().filter(|(_, why)| why == table::REVOKED);
        let revoked = revoked.count();
        if revoked > 0 {
            ui.note(format_args!(
                "left out, as they are revoked: {}",
                words::count(revoked, "object")
            ));
        }
        if let Some(events) = &done.events {
            events.say(done.left.len(), ui);
        }
        if done.objects == 0 {
            ui.note(self.nothing(&receiver));
        }
        if self.to.as_os_str() == "-" {
            return Ok(ExitCode::SUCCESS);
        }
        ui.say(format_args!(
            "exported {} of `{}` to `{}` for `{}`; it stands in the ledger",
            words::count(done.objects, "object"),
            self.collection,
            self.to.display(),
            receiver.member
        ));
        for (place, why) in done.left.iter().take(SHOWN_MAX) {
            ui.say(format_args!("  not in it: {place}  {why}"));
        }
        if done.left.len() > SHOWN_MAX {
            let more = done.left.len() - SHOWN_MAX;
            ui.say(format_args!("  … and {more} more: `--json` lists them all"));
        }
        ui.answer(&json!({
            "collection": collection.to_string(),
            "for": receiver.member.as_str(),
            "objects": done.objects,
            "revoked": revoked,
            "events": done.events.as_ref().map(misp::Events::json),
            "file": self.to.display().to_string(),
            "unmapped": done.left.iter().map(|(place, why)| json!({ "object": place, "why": why })).collect::<Vec<_>>(),
        }));
        Ok(ExitCode::SUCCESS)
    }

    /// Why there may be nothing in it.
    fn nothing(&self, receiver: &Caller) -> String {
        let of = match self.kinds.as_slice() {
            [] => String::new(),
            kinds => format!(" of type {}", kinds.join(", ")),
        };
        let since = self.since.map(|since| format!(", added after {since}"));
        let since = since.unwrap_or_default();
        format!(
            "nothing is in it: `{}` has nothing{of}{since} that `{}` may see",
            self.collection, receiver.member
        )
    }

    /// Page after page, each noted as served before it leaves.
    fn all(
        &self,
        desk: &Desk,
        collection: &CollectionId,
        receiver: &Caller,
        outlet: &mut Outlet,
        ui: Ui,
    ) -> Result<Done, Failure> {
        let mut query = Query {
            added_after_us: self.since.map(Timestamp::as_microsecond),
            kinds: self.kinds.clone(),
            limit: Some(PAGE_OBJECTS_MAX as u64),
            ..Query::default()
        };
        let bar = ui.working("export");
        let (mut done, mut kept) = (Done::default(), Vec::new());
        loop {
            let page = desk
                .cell
                .page(receiver, collection, &query, View::Objects)?;
            desk.cell
                .note_served(receiver, collection, How::Export, &page.served)
                .map_err(|error| Failure::unable(error.code(), error.to_string()))?;
            // CRASH: recorded before anything leaves; a file that could not be written was not served, but stands in the ledger.
            desk.cell.served_tick()?;
            let bytes = page.chunks.concat();
            let envelope =
                header::envelope(&bytes).map_err(portcullis_node::cell::CellError::from)?;
            let objects = envelope.objects.iter().map(|object| object.bytes);
            match self.format {
                As::Bundle => {
                    let head = (done.objects == 0).then(|| bundle_head(&desk.uuid()));
                    outlet.write(&bundle_part(head, objects))?;
                }
                As::Csv => {
                    if query.next.is_none() {
                        outlet.write(table::HEAD.as_bytes())?;
                    }
                    let numbers = page.served.iter().flat_map(|run| run.first..=run.last);
                    let light = |number| desk.cell.light_of(collection, number);
                    let lights = numbers.map(|number| light(number).unwrap_or(Tlp::Red));
                    let objects: Vec<(&[u8], Tlp)> = objects.zip(lights).collect();
                    let (lines, left) = table::lines(&objects);
                    outlet.write(&lines)?;
                    done.left.extend(left);
                }
                As::Misp => kept.extend(objects.map(<[u8]>::to_vec)),
            }
            done.objects += envelope.objects.len();
            bar.inc(envelope.objects.len() as u64);
            query.next = page.next;
            if query.next.is_none() {
                break;
            }
        }
        bar.finish_and_clear();
        match self.format {
            As::Bundle if done.objects == 0 => {
                outlet.write(format!("{}}}\n", bundle_head(&desk.uuid())).as_bytes())?;
            }
            As::Bundle => outlet.write(b"]}\n")?,
            As::Csv => {}
            As::Misp => {
                let objects: Vec<&[u8]> = kept.iter().map(Vec::as_slice).collect();
                let mut events = misp::write(&objects, outlet)?;
                done.left = std::mem::take(&mut events.left);
                done.events = Some(events);
            }
        }
        Ok(done)
    }
}

/// How a bundle begins.
///
/// SPEC: a bundle without objects has no `objects` (STIX 2.1 §2.9: lists are not empty).
fn bundle_head(uuid: &str) -> String {
    format!("{{\"type\":\"bundle\",\"id\":\"bundle--{uuid}\"")
}

/// Objects of a bundle as they are, a line each: the first behind its head.
fn bundle_part<'a>(head: Option<String>, objects: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut objects = objects.peekable();
    let mut begins = head.filter(|_| objects.peek().is_some());
    for object in objects {
        match begins.take() {
            Some(head) => {
                bytes.extend_from_slice(head.as_bytes());
                bytes.extend_from_slice(b",\"objects\":[\n");
            }
            None => bytes.extend_from_slice(b",\n"),
        }
        bytes.extend_from_slice(object);
    }
    bytes
}
