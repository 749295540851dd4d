//! `portcullis cell sight` and `portcullis cell opinion`: what flows back to whoever published.

use super::{Desk, put, words};
use crate::{Answer, failure::Failure, ui::Ui};
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::cell::{ObjectId, Tlp};
use serde_json::{Value, json};
use std::path::Path;

/// Says that something was seen here, or looked for and not seen.
///
/// The sighting goes into the collection of the object, and so to whoever published it: at once if it reads here or our
/// node follows it into this collection, else once its node follows. With `--count 0` it says that it was looked for in vain.
///
/// Example: `portcullis cell sight indicator--… --count 3 --first 2026-11-20 --tlp amber`
#[derive(Args)]
pub(crate) struct Sight {
    /// The object: an indicator, a malware, a campaign.
    object: ObjectId,
    /// How often.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=999_999_999))]
    count: u32,
    /// When first: an instant, or a day, which is its midnight in UTC; now, if not given.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    first: Option<Timestamp>,
    /// When last, in the same way; as the first, if not given.
    #[arg(long, value_name = "DAY|TIME", value_parser = words::instant)]
    last: Option<Timestamp>,
    /// In words.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    out: Out,
}

/// Says what one holds of an object: right, doubtful, or a false positive.
///
/// Example: `portcullis cell opinion indicator--… strongly-disagree --why "our own scanner"`
#[derive(Args)]
pub(crate) struct Opinion {
    /// The object.
    object: ObjectId,
    /// What one holds of it.
    #[arg(value_name = "OPINION")]
    level: Level,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    out: Out,
}

/// Where to, and for whom.
#[derive(Args)]
struct Out {
    /// The collection; that of the object, if not given.
    #[arg(long, value_name = "COLLECTION")]
    into: Option<String>,
    /// Who may see it: clear, green, amber, amber+strict, red.
    #[arg(long, value_name = "LABEL", default_value = "amber", value_parser = words::tlp)]
    tlp: Tlp,
}

/// STIX 2.1 §10.21, opinion enumeration.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Level {
    /// A false positive.
    StronglyDisagree,
    /// Rather wrong.
    Disagree,
    /// Cannot say.
    Neutral,
    /// Rather right.
    Agree,
    /// Confirmed.
    StronglyAgree,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::StronglyDisagree => "strongly-disagree",
            Self::Disagree => "disagree",
            Self::Neutral => "neutral",
            Self::Agree => "agree",
            Self::StronglyAgree => "strongly-agree",
        }
    }
}

/// How far ahead of our clock something may have been seen: other clocks are not exact.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

impl Sight {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let now = desk.now();
        let first = self.first.unwrap_or(now);
        let last = self.last.unwrap_or(first);
        if last < first {
            return Err(Failure::usage("`--last` is before `--first`"));
        }
        for (flag, at) in [("--first", first), ("--last", last)] {
            if AHEAD_MAX < at.duration_since(now) {
                return Err(Failure::usage(format!(
                    "`{flag}` lies ahead of this node's clock, and nobody has seen what is yet to come"
                ))
                .hint(format!("now is {}", words::stix_time(now))));
            }
        }
        let mut sighting = json!({
            "type": "sighting",
            "id": format!("sighting--{}", desk.uuid()),
            "sighting_of_ref": self.object.as_str(),
            "count": self.count,
            "first_seen": words::stix_time(first),
            "last_seen": words::stix_time(last),
        });
        if let Some(note) = &self.note {
            sighting["description"] = json!(note);
        }
        let what = if self.count == 0 { "not seen" } else { "seen" };
        say(&desk, &self.object, &self.out, sighting, what, ui)
    }
}

impl Opinion {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let mut opinion = json!({
            "type": "opinion",
            "id": format!("opinion--{}", desk.uuid()),
            "opinion": self.level.as_str(),
            "object_refs": [self.object.as_str()],
        });
        if let Some(why) = &self.why {
            opinion["explanation"] = json!(why);
        }
        say(
            &desk,
            &self.object,
            &self.out,
            opinion,
            self.level.as_str(),
            ui,
        )
    }
}

/// Publishes what is said of an object, where the object is.
fn say(desk: &Desk, object: &ObjectId, out: &Out, mut said: Value, what: &str, ui: Ui) -> Answer {
    let found = desk.versions(object.as_str())?;
    let of = found
        .first()
        .ok_or_else(|| super::not_here(object.as_str()))?;
    let into = match &out.into {
        Some(word) => desk.collection(word)?,
        None => of.collection,
    };
    let (identity, mut objects) = desk.identity()?;
    let time = words::stix_time(desk.now());
    said["spec_version"] = json!("2.1");
    said["created"] = json!(time);
    said["modified"] = json!(time);
    said["created_by_ref"] = json!(identity);
    said["object_marking_refs"] = json!([put::marking(out.tlp)]);
    if said["type"] == "sighting" {
        said["where_sighted_refs"] = json!([identity]);
    }
    let id = said["id"].clone();
    objects.push(said);
    let done = put::publish(desk, &into, &objects)?;
    let publisher = &of.label.publisher;
    let way = desk.way_back(of, &into, id.as_str())?;
    ui.say(format_args!(
        "{what}: {object}, which `{publisher}` published; {way}"
    ));
    put::said(&done, ui);
    ui.answer(&json!({
        "id": id,
        "object": object.as_str(),
        "publisher": of.label.publisher.as_str(),
        "collection": into.to_string(),
        "done": put::json(&done),
    }));
    Ok(put::exit(&done))
}
