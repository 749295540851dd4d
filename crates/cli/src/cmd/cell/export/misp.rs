//! MISP events, as an instance answers them and imports them.

use super::outlet::Outlet;
use crate::{failure::Failure, ui::Ui};
use portcullis_stix::{
    header,
    misp::{self, MispFlaw},
};

/// What an export as MISP events came to.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// How many events are in the file.
    pub(super) made: usize,
    /// How many objects have a place in them.
    pub(super) mapped: usize,
    /// How many of those are revoked: the events have them as deleted.
    pub(super) deleted: usize,
    /// What has no place in them, each with its reason; all of it, until somebody takes it.
    pub(super) left: Vec<(String, String)>,
}

/// Writes the events of objects: one as it is, several as an instance answers them.
pub(super) fn write(objects: &[&[u8]], outlet: &mut Outlet) -> Result<Events, Failure> {
    let mut left = Vec::new();
    let mapped = misp::stix_to_event_listing(objects, &mut |one| {
        if !one.kept {
            left.push((format!("{} ({})", one.path, one.what), one.why.to_owned()));
        }
    });
    let mapped = match mapped {
        Ok(mapped) => mapped,
        Err(MispFlaw::Nothing) => misp::Mapped::default(),
        Err(flaw) => return Err(Failure::refused("cell.unmapped", flaw.to_string())),
    };
    let several = mapped.objects.len() != 1;
    if several {
        outlet.write(b"{\"response\":[")?;
    }
    for (at, event) in mapped.objects.iter().enumerate() {
        if at > 0 {
            outlet.write(b",")?;
        }
        outlet.write(event)?;
    }
    outlet.write(if several { b"]}\n" } else { b"\n" })?;
    let revoked = objects.iter().filter(|object| is_revoked(object)).count();
    let gone = left.iter().filter(|(_, why)| why == super::table::REVOKED);
    Ok(Events {
        made: mapped.objects.len(),
        mapped: mapped.mapped,
        deleted: revoked.saturating_sub(gone.count()),
        left,
    })
}

fn is_revoked(object: &[u8]) -> bool {
    header::header(object).is_ok_and(|header| header.revoked)
}

impl Events {
    /// The counts, for machines.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "events": self.made, "mapped": self.mapped, "deleted": self.deleted })
    }

    /// Says what is in the file, and how much is not, to people.
    pub(super) fn say(&self, left: usize, ui: Ui) {
        ui.note(format_args!(
            "{} with a place for {}",
            super::words::count(self.made, "event"),
            super::words::count(self.mapped, "object")
        ));
        if self.deleted > 0 {
            ui.note(format_args!(
                "in it as deleted, as they are revoked: {}",
                super::words::count(self.deleted, "object")
            ));
        }
        if left > 0 {
            ui.note(format_args!(
                "without a place in it: {}; `--to FILE --json` lists them all",
                super::words::count(left, "thing")
            ));
        }
    }
}
