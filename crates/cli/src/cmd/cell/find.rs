//! `portcullis cell search`, `lookup` and `stats`: what is here.

use super::{Desk, words};
use crate::{
    Answer,
    clock::stopwatch,
    failure::Failure,
    ui::{Ui, print},
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::cell::CollectionId;
use portcullis_node::cell::{Found, Search as Wanted};
use portcullis_stix::observable;
use serde_json::{Value, json};
use std::{io::BufRead as _, path::Path, process::ExitCode};

/// Finds objects by their text, type, value or campaign. All conditions must hold.
///
/// Example:
///
///   portcullis cell search --text "lazarus" --type intrusion-set
///   portcullis cell search --value 192.0.2.7
///   portcullis cell search --campaign "Operation Nightfall" --since 2026-11-01
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Search {
    /// Words in any text of the object, in any case.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// The type: indicator, report, malware. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// An address, a domain, a URL, a hash, written as in reports or not.
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,
    /// A campaign, an intrusion set, a report: its id or name; with what is tied to it.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// In this collection alone.
    #[arg(long = "in", value_name = "COLLECTION")]
    collection: Option<String>,
    /// Added since then.
    #[arg(long, value_name = "TIME", value_parser = words::instant)]
    since: Option<Timestamp>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

/// Looks up addresses, domains, URLs or hashes: are they known, from whom, since when?
///
/// Written as in reports is fine: `hxxp://bad[.]example`. With `-` each line of standard input is
/// one, and with `--json` each answer is one line: the cell is read once, and then each takes some
/// hundred-thousandths of a second. Exit code 1 if none is known.
///
/// Example:
///
///   portcullis cell lookup 192.0.2.7
///   cut -d' ' -f1 access.log | sort -u | portcullis cell lookup -
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Lookup {
    /// What was seen; `-` reads standard input.
    #[arg(required = true)]
    values: Vec<String>,
}

/// Shows how much is here: objects, versions, types, bytes, per collection.
///
/// Example: `portcullis cell stats`
#[derive(Args)]
pub(crate) struct Stats {}

impl Search {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let nothing = self.text.is_none() && self.value.is_none() && self.campaign.is_none();
        if nothing && self.kinds.is_empty() && self.since.is_none() {
            return Err(Failure::usage(
                "say what to look for: --text, --type, --value, --campaign or --since",
            ));
        }
        let desk = Desk::open(dir)?;
        let value = self.value.as_deref().map(observed).transpose()?;
        let collection = self
            .collection
            .as_deref()
            .map(|word| desk.collection(word))
            .transpose()?;
        let wanted = Wanted {
            text: self.text,
            kinds: self.kinds,
            value,
            campaign: self.campaign,
            collection,
            since_us: self.since.map(Timestamp::as_microsecond),
            limit: self.limit,
        };
        let found = desk.cell.search(&desk.me, &wanted)?;
        for one in &found {
            ui.say(line(&desk, one));
        }
        let more = if found.len() == self.limit {
            "; there may be more: `--limit N`"
        } else {
            ""
        };
        ui.say(format_args!(
            "{}{more}",
            words::count(found.len(), "object")
        ));
        ui.answer(&Value::Array(
            found.iter().map(|one| json_of(&desk, one)).collect(),
        ));
        Ok(ExitCode::SUCCESS)
    }
}

impl Lookup {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        if let [value] = self.values.as_slice()
            && value != "-"
        {
            let (known, answer) = looked_up(&desk, &observed(value)?, ui)?;
            ui.answer(&answer);
            return Ok(ExitCode::from(u8::from(!known)));
        }
        let mut any = false;
        let mut one = |text: &str| -> Result<(), Failure> {
            match observed(text) {
                Ok(value) => {
                    let (known, answer) = looked_up(&desk, &value, ui)?;
                    any |= known;
                    if ui.is_json() {
                        print(format_args!("{answer}"));
                    }
                }
                // One line that is none of these does not end a long list.
                Err(failure) => ui.note(format_args!("{}", failure.message)),
            }
            Ok(())
        };
        for value in &self.values {
            if value != "-" {
                one(value)?;
                continue;
            }
            for line in std::io::stdin().lock().lines() {
                let line = line.map_err(|error| Failure::file(Path::new("-"), &error))?;
                if !line.trim().is_empty() {
                    one(line.trim())?;
                }
            }
        }
        Ok(ExitCode::from(u8::from(!any)))
    }
}

/// Looks one up and says it; whether it is known, and what machines are told.
fn looked_up(
    desk: &Desk,
    value: &observable::Observable,
    ui: Ui,
) -> Result<(bool, Value), Failure> {
    let watch = stopwatch();
    let found = desk.cell.lookup(&desk.me, value)?;
    let took = watch.elapsed();
    let shown = format!("{} {}", value.kind.as_str(), value.value);
    for one in &found {
        ui.say(line(desk, one));
    }
    ui.say(match found.len() {
        0 => format!("{shown} is not known here ({took:.0?})"),
        many => format!(
            "{shown} is in {} ({took:.0?})",
            words::count(many, "object")
        ),
    });
    let answer = json!({
        "kind": value.kind.as_str(),
        "value": value.value,
        "known": !found.is_empty(),
        "objects": found.iter().map(|one| json_of(desk, one)).collect::<Vec<_>>(),
    });
    Ok((!found.is_empty(), answer))
}

/// What a person typed, as the cell knows such things.
pub(super) fn observed(text: &str) -> Result<observable::Observable, Failure> {
    observable::guess(text).ok_or_else(|| {
        Failure::usage(format!("`{text}` is no address, domain, URL or hash"))
            .hint("words are found with `portcullis cell search --text`")
    })
}

impl Stats {
    pub(super) fn run(dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let state = desk.state();
        let all = desk.cell.statistics()?;
        ui.say(format_args!(
            "{}, {} held, {} removed; {} values to look up; journal of {} bytes",
            words::count(all.objects, "object"),
            all.held,
            all.removed,
            all.observables,
            all.journal_bytes
        ));
        let mut rows = Vec::new();
        for (collection, one) in &all.collections {
            let title = title(&state, collection);
            ui.say(format_args!("\n{title}"));
            ui.say(format_args!(
                "  {} in {}, {} bytes",
                words::count(one.objects, "object"),
                words::count(one.versions, "version"),
                one.bytes
            ));
            let mut kinds: Vec<(&String, &usize)> = one.kinds.iter().collect();
            kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
            for (kind, count) in &kinds {
                ui.say(format_args!("  {count:>10}  {kind}"));
            }
            rows.push(json!({
                "collection": collection.to_string(),
                "title": title,
                "objects": one.objects,
                "versions": one.versions,
                "bytes": one.bytes,
                "kinds": kinds.iter().map(|(kind, count)| ((*kind).clone(), json!(count))).collect::<serde_json::Map<_, _>>(),
                "first_added": one.first_added_us.map(instant),
                "last_added": one.last_added_us.map(instant),
            }));
        }
        ui.answer(&json!({
            "objects": all.objects,
            "versions": all.versions,
            "held": all.held,
            "removed": all.removed,
            "observables": all.observables,
            "journal_bytes": all.journal_bytes,
            "segments": all.segments,
            "collections": rows,
            "accounts": state.accounts().len(),
            "groups": state.groups().len(),
        }));
        Ok(ExitCode::SUCCESS)
    }
}

fn title(state: &portcullis_core::cell::State, id: &CollectionId) -> String {
    let held = state.collections().get(id);
    held.map_or_else(|| id.to_string(), |held| held.settings.title.clone())
}

/// Microseconds since 1970 as text.
pub(super) fn instant(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| format!("{at:.6}"))
}

/// One object on a line: when it was added, its marking, its id, whether it was taken back, what
/// it says of itself.
pub(super) fn line(desk: &Desk, found: &Found) -> String {
    let object: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
    let says = [
        "name",
        "pattern",
        "value",
        "content",
        "description",
        "relationship_type",
    ]
    .into_iter()
    .find_map(|field| object[field].as_str())
    .unwrap_or_default();
    let says: String = says
        .chars()
        .take(60)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let alias = alias(desk, &found.collection);
    let gone = match (is_recalled(desk, found), object["revoked"] == true) {
        (true, _) => "RECALLED  ",
        (false, true) => "REVOKED  ",
        (false, false) => "",
    };
    format!(
        "{}  {:16} {:12} {}  {gone}{says}",
        instant(found.added_us),
        found.label.tlp.to_string(),
        alias,
        found.id
    )
}

/// Whether its publisher asked it back.
fn is_recalled(desk: &Desk, found: &Found) -> bool {
    desk.state().recalls_of(&found.id).next().is_some()
}

/// A collection's shortest name.
pub(super) fn alias(desk: &Desk, id: &CollectionId) -> String {
    let state = desk.state();
    let alias = state
        .collections()
        .get(id)
        .and_then(|held| held.settings.alias.clone());
    alias.unwrap_or_else(|| id.to_string())
}

/// One object for machines: the object itself, and what the cell knows beside it.
pub(super) fn json_of(desk: &Desk, found: &Found) -> Value {
    let object: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
    json!({
        "collection": found.collection.to_string(),
        "alias": alias(desk, &found.collection),
        "id": found.id,
        "added": instant(found.added_us),
        "tlp": found.label.tlp.as_str(),
        "publisher": found.label.publisher.as_str(),
        "held": found.label.held,
        "revoked": object["revoked"] == true,
        "recalled": is_recalled(desk, found),
        "object": object,
    })
}
