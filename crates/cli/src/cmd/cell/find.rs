//! `portcullis cell search` and `lookup`: what is here.

mod row;

pub(super) use row::{alias, instant, is_expired, json_of, line};

use super::{Desk, words};
use crate::{
    Answer,
    clock::stopwatch,
    failure::Failure,
    ui::{Ui, print},
};
use clap::{Args, builder::RangedU64ValueParser};
use jiff::Timestamp;
use portcullis_node::cell::{FOUND_MAX, Found, Search as Wanted};
use portcullis_stix::observable::{self, Observable, Tie};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead as _,
    path::Path,
    process::ExitCode,
};

/// Finds objects by their text, type, value or campaign. All conditions must hold.
///
/// A line is: when it was added, its marking, its collection, its id, whether it was RECALLED,
/// REVOKED, is HELD for a person, REFUSED by one, kept APART as it names people, or EXPIRED, and what
/// it says of itself. The last added come first; of a campaign, itself first, then what is tied to it, then the ties.
///
/// Example:
///
///   portcullis cell search --text "lazarus" --type intrusion-set
///   portcullis cell search --value www.bad[.]example
///   portcullis cell search --value 198.51.100.0/24
///   portcullis cell search --campaign APT28 --type malware --type tool
///   portcullis cell search --campaign "Operation Nightfall" --since 2026-11-01
///   portcullis cell search --campaign G0007 --type attack-pattern
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Search {
    /// Words as they stand together in any text of the object, in any case.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// The type: indicator, report, malware. Repeat for several.
    #[arg(long = "type", value_name = "TYPE")]
    kinds: Vec<String>,
    /// An address, a range, a domain, a URL, a hash, written as in reports or not; with what it
    /// belongs to, as in `lookup`.
    #[arg(long, value_name = "VALUE")]
    value: Option<String>,
    /// With `--value`: that value alone, not what it belongs to.
    #[arg(long, requires = "value")]
    exact: bool,
    /// A campaign, an actor, a malware, a report: its id, name, alias or the id others know it by (`G0007`); with what is tied to it.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// In this collection alone: its alias, id or title.
    #[arg(long = "in", value_name = "COLLECTION")]
    collection: Option<String>,
    /// Added after then. A day is its midnight in UTC.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    since: Option<Timestamp>,
    /// Also what is past its time.
    #[arg(long)]
    expired: bool,
    /// At most so many, up to 10000.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = some())]
    limit: usize,
}

/// Looks up addresses, domains, URLs or hashes: are they known, from whom, since when?
///
/// Written as in reports is fine: `hxxp://bad[.]example`. Known is what an object names, and an
/// address in a range that one names. Shown as well is what it belongs to, and said to be that: the
/// domains above a domain, the host of a URL or a mailbox, a URL without its query, the addresses
/// in a range. `--exact` leaves all that out.
///
/// With `-` each line of standard input is one, and with `--json` each answer is one line, also of
/// what is none of these: the cell is read once, which takes about a second for a million objects,
/// and then each takes some hundred-thousandths of a second. A program that asks often asks the
/// running `serve`: `GET /cell/v1/lookup?value=…`. Exit code 1 if nothing was found.
///
/// Example:
///
///   portcullis cell lookup 192.0.2.7
///   portcullis cell lookup www.bad.example 44d88612fea8a8f36de82e1278abb02f
///   cut -d' ' -f1 access.log | sort -u | portcullis --json cell lookup -
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Lookup {
    /// What was seen; `-` reads standard input.
    #[arg(required = true)]
    values: Vec<String>,
    /// The value alone, not what it belongs to.
    #[arg(long)]
    exact: bool,
    /// Also what is past its time.
    #[arg(long)]
    expired: bool,
}

/// From one to as many as one search answers.
fn some() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=FOUND_MAX as u64)
}

impl Search {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let nothing = self.text.is_none() && self.value.is_none() && self.campaign.is_none();
        if nothing && self.kinds.is_empty() && self.since.is_none() {
            return Err(Failure::usage("nobody said what to look for")
                .hint("add --text, --type, --value, --campaign or --since"));
        }
        let value = self.value.as_deref().map(observed).transpose()?;
        let desk = Desk::open(dir)?;
        let collection = self.collection.as_deref();
        let collection = collection.map(|word| desk.collection(word)).transpose()?;
        let text = self.text.as_deref().map(|text| text.trim().to_owned());
        let wanted = Wanted {
            text,
            kinds: self.kinds.clone(),
            value: None,
            campaign: self.campaign.clone(),
            collection,
            since_us: self.since.map(Timestamp::as_microsecond),
            expired: self.expired,
            // One more, to know whether there are more.
            limit: self.limit + 1,
        };
        let bar = ui.working("search");
        let mut found = self.found(&desk, &wanted, value.as_ref())?;
        bar.finish_and_clear();
        let more = found.len() > self.limit || found.len() == FOUND_MAX;
        found.truncate(self.limit);
        for one in &found {
            ui.say(line(&desk, one));
        }
        if found.is_empty() {
            ui.say("nothing was found");
            self.why_nothing(&desk, ui)?;
        } else {
            let more = if more {
                "; there are more: `--limit N`"
            } else {
                ""
            };
            ui.say(format_args!(
                "{}: {}{more}",
                words::count(found.len(), "object"),
                by_type(&found)
            ));
        }
        ui.answer(&Value::Array(
            found.iter().map(|one| json_of(&desk, one)).collect(),
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// What is found, of a value also by what it belongs to; each once.
    fn found(
        &self,
        desk: &Desk,
        wanted: &Wanted,
        value: Option<&Observable>,
    ) -> Result<Vec<Found>, Failure> {
        let Some(value) = value else {
            let found = desk.cell.search(&desk.me, wanted)?;
            let words = wanted.text.as_deref();
            // Words may be written as in reports, too.
            let meant = words.map(observable::refanged);
            if !found.is_empty() || meant.as_deref() == words {
                return Ok(found);
            }
            let wanted = Wanted {
                text: meant,
                ..wanted.clone()
            };
            return Ok(desk.cell.search(&desk.me, &wanted)?);
        };
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for (_, value) in tied(value, self.exact) {
            let wanted = Wanted {
                value: Some(value),
                ..wanted.clone()
            };
            let more = desk.cell.search(&desk.me, &wanted)?.into_iter();
            found.extend(more.filter(|one| seen.insert((one.collection, one.number))));
            if found.len() >= wanted.limit {
                break;
            }
        }
        Ok(found)
    }

    /// A type that nothing here has is often misspelt.
    fn why_nothing(&self, desk: &Desk, ui: Ui) -> Result<(), Failure> {
        let all = desk.cell.statistics()?;
        let kinds = all.collections.values().flat_map(|one| one.kinds.keys());
        let kinds: BTreeSet<&String> = kinds.collect();
        for kind in self.kinds.iter().filter(|kind| !kinds.contains(kind)) {
            ui.say(format_args!(
                "nothing here is of type `{kind}`; `portcullis cell stats` lists the types"
            ));
        }
        if !self.expired && all.expired > 0 {
            ui.say("what is past its time is shown with `--expired`");
        }
        Ok(())
    }
}

/// How many of each type, the most first.
fn by_type(found: &[Found]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in found {
        let kind = one.id.split("--").next().unwrap_or_default();
        *counts.entry(kind).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let each = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    each.collect::<Vec<_>>().join(", ")
}

/// A value, and unless it is to be exact what it belongs to.
fn tied(value: &Observable, exact: bool) -> Vec<(Tie, Observable)> {
    if exact {
        return vec![(Tie::Same, value.clone())];
    }
    let mut all = observable::wider(value);
    all.extend(observable::within(value).map(|one| (Tie::Holds, one)));
    all
}

impl Lookup {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        if let [value] = self.values.as_slice()
            && value != "-"
        {
            let value = observed(value)?;
            let (any, answer) = self.looked_up(&Desk::open(dir)?, &value, ui)?;
            ui.answer(&answer);
            return Ok(ExitCode::from(u8::from(!any)));
        }
        let desk = Desk::open(dir)?;
        let mut any = false;
        let mut one = |text: &str| -> Result<(), Failure> {
            match observed(text) {
                Ok(value) => {
                    let (found, answer) = self.looked_up(&desk, &value, ui)?;
                    any |= found;
                    if ui.is_json() {
                        print(format_args!("{answer}"));
                    }
                }
                // One line that is none of these does not end a long list.
                Err(failure) if ui.is_json() => {
                    let error = json!({ "code": failure.code, "message": failure.message });
                    let answer = json!({ "value": text, "known": false, "error": error });
                    print(format_args!("{answer}"));
                }
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

    /// Looks one up and says it; whether anything was found, and what machines are told.
    fn looked_up(&self, desk: &Desk, value: &Observable, ui: Ui) -> Result<(bool, Value), Failure> {
        let watch = stopwatch();
        let (mut matches, mut past) = (Vec::new(), 0);
        let mut seen = BTreeSet::new();
        for (tie, by) in tied(value, self.exact) {
            let found = desk.cell.look_up(&desk.me, &by, true)?.into_iter();
            let found = found.filter(|one| seen.insert((one.collection, one.number)));
            let (gone, found): (Vec<_>, Vec<_>) =
                found.partition(|one| is_expired(desk, one) && !self.expired);
            past += gone.len();
            if !found.is_empty() {
                matches.push((tie, by, found));
            }
        }
        let took = watch.elapsed();
        let (known, related): (Vec<_>, Vec<_>) = matches
            .iter()
            .partition(|(tie, ..)| matches!(tie, Tie::Same | Tie::InRange));
        for (tie, by, found) in &matches {
            if *tie != Tie::Same {
                ui.say(heading(*tie, by));
            }
            for one in found {
                ui.say(line(desk, one));
            }
        }
        let count = |of: &[&(Tie, Observable, Vec<Found>)]| {
            of.iter().map(|(.., found)| found.len()).sum::<usize>()
        };
        let shown = format!("{} {}", value.kind.as_str(), value.value);
        let said = match (count(&known), count(&related)) {
            (0, 0) => format!("{shown} is not known here"),
            (0, more) => format!(
                "{shown} itself is not known here; what it belongs to is in {}",
                words::count(more, "object")
            ),
            (many, 0) => format!("{shown} is in {}", words::count(many, "object")),
            (many, more) => format!(
                "{shown} is in {}; what it belongs to is in {more} more",
                words::count(many, "object")
            ),
        };
        let past_said = match past {
            0 => String::new(),
            past => format!(
                "; {} past {} time: `--expired`",
                words::count(past, "object"),
                if past == 1 { "its" } else { "their" }
            ),
        };
        ui.say(format_args!("{said}{past_said} ({took:.0?})"));
        let rows = |of: &[&(Tie, Observable, Vec<Found>)]| -> Vec<Value> {
            let each = of.iter().flat_map(|(tie, by, found)| {
                found.iter().map(move |one| {
                    let mut row = json_of(desk, one);
                    row["by"] =
                        json!({ "tie": tie.as_str(), "kind": by.kind.as_str(), "value": by.value });
                    row
                })
            });
            each.collect()
        };
        let answer = json!({
            "kind": value.kind.as_str(),
            "value": value.value,
            "known": !known.is_empty(),
            "expired": past,
            "objects": rows(&known),
            "related": rows(&related),
        });
        Ok((!matches.is_empty(), answer))
    }
}

/// By what the objects below were found.
fn heading(tie: Tie, by: &Observable) -> String {
    let value = &by.value;
    match tie {
        Tie::Same => format!("it is `{value}`:"),
        Tie::InRange => format!("it is in the range `{value}`:"),
        Tie::Page => format!("the page without its query, `{value}`:"),
        Tie::Host => format!("it is at `{value}`:"),
        Tie::Below => format!("it is below the domain `{value}`:"),
        Tie::Holds => format!("it holds `{value}`:"),
    }
}

/// What a person typed, as the cell knows such things.
pub(super) fn observed(text: &str) -> Result<Observable, Failure> {
    observable::guess(text).ok_or_else(|| {
        Failure::usage(format!("`{text}` is no address, domain, URL or hash"))
            .hint("words are found with `portcullis cell search --text`")
    })
}
