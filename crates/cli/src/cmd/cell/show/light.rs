//! Why an object goes no wider, and what to do about it.

use super::Desk;
use crate::{cmd::cell::find, failure::Failure, ui::Ui};
use portcullis_core::cell::Tlp;
use portcullis_node::cell::{
    Found,
    marking::{Lit, NAMES_MAX, Reads},
};
use serde_json::{Value, json};

/// How many unknown markings are named to people; machines are told all.
const SHOWN_MAX: usize = 8;

/// Says why a version has its light where that is not plain from its text; what machines are told.
pub(super) fn say(desk: &Desk, found: &Found, ui: Ui) -> Result<Value, Failure> {
    let lit = desk.cell.why_lit(found)?;
    if lit.too_many {
        ui.say(format_args!(
            "  it names more than {NAMES_MAX} markings that are not TLP's: as strict as can be, whatever they say"
        ));
    }
    let unread: Vec<_> = lit.unread().collect();
    for (id, reads) in unread.iter().take(SHOWN_MAX) {
        ui.say(format_args!("  {}", why(id, reads)));
    }
    if SHOWN_MAX < unread.len() {
        let more = unread.len() - SHOWN_MAX;
        ui.say(format_args!("  and {more} more: `--json` names them all"));
    }
    if !unread.is_empty() && !lit.too_many {
        let publisher = &found.label.publisher;
        ui.say(format_args!(
            "  so it is {} at least, until {publisher} or this node publishes what they mean: \
             `portcullis cell import DEFINITION.json --into NAME`",
            Tlp::AmberStrict
        ));
    }
    if lit.markings.is_empty() && !lit.too_many {
        let alias = find::alias(desk, &found.collection);
        if stays(&lit, found) {
            ui.say(format_args!(
                "  it has no marking: in `{alias}` that was {} once, and it stays so until it is published anew; \
                 what comes now is {}",
                lit.tlp, lit.default
            ));
        } else {
            ui.say(format_args!(
                "  it has no marking: in `{alias}` that is {}",
                lit.default
            ));
        }
    }
    if let Some(bound) = lit.bound.filter(|bound| Some(*bound) == stricter(&lit)) {
        ui.say(format_args!(
            "  its source shows it no more widely: {bound}"
        ));
    }
    Ok(json_of(&lit))
}

/// Whether an earlier default of its collection keeps an object stricter than that of now.
fn stays(lit: &Lit, found: &Found) -> bool {
    let held_back = found.label.held && lit.tlp == Tlp::Red;
    lit.default.max(lit.bound.unwrap_or(Tlp::Clear)) < lit.tlp && !held_back
}

/// The light of an object that only its source makes so strict.
fn stricter(lit: &Lit) -> Option<Tlp> {
    let lights = lit.markings.iter().filter_map(|(_, reads)| match reads {
        Reads::Light(tlp) => Some(*tlp),
        Reads::Undefined | Reads::NotUnderstood(_) | Reads::Stranger(_) => Some(Tlp::AmberStrict),
        Reads::Words => None,
    });
    (lights.max().unwrap_or(lit.default) < lit.tlp).then_some(lit.tlp)
}

fn why(id: &str, reads: &Reads) -> String {
    match reads {
        Reads::Undefined => format!("{id}: its definition is not here"),
        Reads::NotUnderstood(by) => {
            format!(
                "{id}: {by} defines it as something that is not understood here, such as an IEP"
            )
        }
        Reads::Stranger(by) => format!(
            "{id}: only {by} defines it, who did not publish this: a stranger's word opens nothing"
        ),
        Reads::Light(_) | Reads::Words => String::new(),
    }
}

fn json_of(lit: &Lit) -> Value {
    let markings = lit.markings.iter().map(|(id, reads)| {
        let (says, by) = match reads {
            Reads::Light(tlp) => (tlp.as_str(), None),
            Reads::Words => ("statement", None),
            Reads::Undefined => ("undefined", None),
            Reads::NotUnderstood(by) => ("not-understood", Some(by)),
            Reads::Stranger(by) => ("stranger", Some(by)),
        };
        json!({ "id": id, "says": says, "by": by.map(ToString::to_string) })
    });
    json!({
        "markings": markings.collect::<Vec<_>>(),
        "too_many": lit.too_many,
        "default": lit.default.as_str(),
        "source": lit.bound.map(Tlp::as_str),
    })
}
