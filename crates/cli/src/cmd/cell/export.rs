//! `portcullis cell export`: what is here, as files for others.

mod table;

use super::{Desk, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Tlp},
    member::MemberId,
};
use portcullis_node::cell::{PAGE_OBJECTS_MAX, Query, View, served::How};
use portcullis_stix::{header, misp};
use serde_json::json;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Exports a collection as a STIX bundle, MISP events, or a CSV table of indicators.
///
/// An export is an exit like any other: it holds what the receiver may see and no more, and it is
/// recorded as served. Without `--for` it is for this member's own people. A table leaves out what is
/// revoked, and says how many.
///
/// Example:
///
///   portcullis cell export indicators --to indicators.json
///   portcullis cell export indicators --for bank.example --format csv --to bank.csv
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Export {
    /// The collection: its alias, id or title.
    collection: String,
    /// The file; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    to: PathBuf,
    /// As what.
    #[arg(long, default_value = "bundle")]
    format: As,
    /// For which member: what it may see, and recorded as served to it.
    #[arg(long = "for", value_name = "MEMBER")]
    receiver: Option<MemberId>,
    /// Of these types alone. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// Added after then.
    #[arg(long, value_name = "TIME", value_parser = words::instant)]
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

impl Export {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let collection = desk.collection(&self.collection)?;
        let receiver = match &self.receiver {
            Some(member) => Caller::node(member.clone()),
            None => desk.me.clone(),
        };
        let pages = self.pages(&desk, &collection, &receiver)?;
        let mut objects = Vec::new();
        for page in &pages {
            let envelope =
                header::envelope(page).map_err(portcullis_node::cell::CellError::from)?;
            objects.extend(envelope.objects.into_iter().map(|object| object.bytes));
        }
        let (bytes, unmapped) = self.written(&desk, &collection, &objects)?;
        // CRASH: recorded before anything leaves; a file that could not be written was not served, but stands in the ledger.
        desk.cell.served_tick()?;
        let revoked = unmapped.iter().filter(|(_, why)| why == table::REVOKED);
        let revoked = revoked.count();
        if revoked > 0 {
            ui.note(format_args!(
                "left out, as they are revoked: {}",
                words::count(revoked, "indicator")
            ));
        }
        if self.to.as_os_str() == "-" {
            std::io::stdout()
                .write_all(&bytes)
                .map_err(|error| Failure::file(&self.to, &error))?;
            return Ok(ExitCode::SUCCESS);
        }
        std::fs::write(&self.to, &bytes).map_err(|error| Failure::file(&self.to, &error))?;
        ui.say(format_args!(
            "exported {} of `{}` to `{}` for `{}`; it stands in the ledger",
            words::count(objects.len(), "object"),
            self.collection,
            self.to.display(),
            receiver.member
        ));
        for (place, why) in unmapped.iter().take(SHOWN_MAX) {
            ui.say(format_args!("  not in it: {place}  {why}"));
        }
        if unmapped.len() > SHOWN_MAX {
            let more = unmapped.len() - SHOWN_MAX;
            ui.say(format_args!("  … and {more} more: `--json` lists them all"));
        }
        ui.answer(&json!({
            "collection": collection.to_string(),
            "for": receiver.member.as_str(),
            "objects": objects.len(),
            "revoked": revoked,
            "file": self.to.display().to_string(),
            "unmapped": unmapped.iter().map(|(place, why)| json!({ "object": place, "why": why })).collect::<Vec<_>>(),
        }));
        Ok(ExitCode::SUCCESS)
    }

    /// Every page that the receiver may see, each noted as served to it.
    fn pages(
        &self,
        desk: &Desk,
        collection: &CollectionId,
        receiver: &Caller,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let mut query = Query {
            added_after_us: self.since.map(Timestamp::as_microsecond),
            kinds: self.kinds.clone(),
            limit: Some(PAGE_OBJECTS_MAX as u64),
            ..Query::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = desk
                .cell
                .page(receiver, collection, &query, View::Objects)?;
            desk.cell
                .note_served(receiver, collection, How::Export, &page.served)
                .map_err(|error| Failure::unable(error.code(), error.to_string()))?;
            pages.push(page.chunks.concat());
            query.next = page.next;
            if query.next.is_none() {
                return Ok(pages);
            }
        }
    }

    /// The file.
    fn written(
        &self,
        desk: &Desk,
        collection: &CollectionId,
        objects: &[&[u8]],
    ) -> Result<Written, Failure> {
        match self.format {
            As::Bundle => Ok((bundle(&desk.uuid(), objects), Vec::new())),
            As::Csv => {
                let state = desk.state();
                let held = state.collection(collection);
                let unmarked = held.map_or(Tlp::Red, |held| held.settings.default_tlp);
                Ok(table::table(objects, unmarked))
            }
            As::Misp => misp_events(objects),
        }
    }
}

/// A file's bytes, and what has no place in it, each with its reason.
type Written = (Vec<u8>, Vec<(String, String)>);

/// MISP documents: one as it is, several as an instance answers them.
fn misp_events(objects: &[&[u8]]) -> Result<Written, Failure> {
    let mapped = misp::stix_to_event(objects)
        .map_err(|error| Failure::refused("cell.unmapped", error.to_string()))?;
    let unmapped = mapped.unmapped.into_iter().filter(|one| !one.kept);
    let unmapped = unmapped.map(|one| (format!("{} ({})", one.path, one.what), one.why.to_owned()));
    let mut bytes = match mapped.objects.as_slice() {
        [one] => one.clone(),
        many => [b"{\"response\":[".as_slice(), &many.join(&b","[..]), b"]}"].concat(),
    };
    bytes.push(b'\n');
    Ok((bytes, unmapped.collect()))
}

/// A bundle of objects as they are.
fn bundle(uuid: &str, objects: &[&[u8]]) -> Vec<u8> {
    let head = format!("{{\"type\":\"bundle\",\"id\":\"bundle--{uuid}\"");
    let mut bytes = head.into_bytes();
    // SPEC: a bundle without objects has no `objects` (STIX 2.1 §2.9: lists are not empty).
    if !objects.is_empty() {
        bytes.extend_from_slice(b",\"objects\":[");
        for (at, object) in objects.iter().enumerate() {
            if at > 0 {
                bytes.push(b',');
            }
            bytes.push(b'\n');
            bytes.extend_from_slice(object);
        }
        bytes.push(b']');
    }
    bytes.extend_from_slice(b"}\n");
    bytes
}
