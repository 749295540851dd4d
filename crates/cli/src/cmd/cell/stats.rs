//! `portcullis cell stats`: how much is here.

use super::{Desk, find::instant, words};
use crate::{Answer, ui::Ui};
use clap::Args;
use portcullis_core::cell::{CollectionId, State};
use portcullis_node::cell::CollectionStatistics;
use serde_json::{Map, Value, json};
use std::{path::Path, process::ExitCode};

/// Shows how much is here: objects, versions, types, bytes, per collection; and how many of them
/// wait for a person, are revoked, or are past their time.
///
/// What names people waits for a person where somebody across a border, or an authority, reads its
/// collection. Elsewhere it is kept apart: nobody is asked until such a reader comes, and then it
/// waits.
///
/// Example: `portcullis cell stats`
#[derive(Args)]
pub(crate) struct Stats {}

impl Stats {
    pub(super) fn run(dir: &Path, ui: Ui) -> Answer {
        let desk = Desk::open(dir)?;
        let state = desk.state();
        let all = desk.cell.statistics()?;
        ui.say(format_args!(
            "{} in {}; {} to look up; journal of {}",
            words::count(all.objects, "object"),
            words::count(all.versions, "version"),
            words::count(all.observables, "value"),
            size(all.journal_bytes)
        ));
        ui.say(format_args!(
            "{}, {} revoked, {} past their time, {} removed",
            naming(all.held, all.withheld, all.apart),
            all.revoked,
            all.expired,
            all.removed
        ));
        if all.held > 0 {
            ui.say("a person decides on what waits: `portcullis cell review list`");
        }
        if all.erasable_versions > 0 {
            ui.say(format_args!(
                "{} taken back and not erased yet, {}: `portcullis cell erase`; the journal takes {} of the disk",
                words::count(all.erasable_versions, "version"),
                size(all.erasable_bytes),
                size(all.disk_bytes)
            ));
        }
        let mut rows = Vec::new();
        for (collection, one) in &all.collections {
            rows.push(collection_row(&state, collection, one, ui));
        }
        // One in which nothing has been yet is a collection, too.
        for (collection, held) in state.collections() {
            if !held.closed && !all.collections.contains_key(collection) {
                let none = CollectionStatistics::default();
                rows.push(collection_row(&state, collection, &none, ui));
            }
        }
        ui.answer(&json!({
            "objects": all.objects,
            "versions": all.versions,
            "held": all.held,
            "refused": all.withheld,
            "apart": all.apart,
            "revoked": all.revoked,
            "expired": all.expired,
            "removed": all.removed,
            "observables": all.observables,
            "journal_bytes": all.journal_bytes,
            "disk_bytes": all.disk_bytes,
            "erasable_versions": all.erasable_versions,
            "erasable_bytes": all.erasable_bytes,
            "segments": all.segments,
            "collections": rows,
            "accounts": state.accounts().values().filter(|held| !held.ended).count(),
            "groups": state.groups().values().filter(|group| !group.dissolved).count(),
        }));
        Ok(ExitCode::SUCCESS)
    }
}

fn collection_row(
    state: &State,
    collection: &CollectionId,
    one: &CollectionStatistics,
    ui: Ui,
) -> Value {
    let held = state.collections().get(collection);
    let title = held.map_or_else(
        || collection.to_string(),
        |held| held.settings.title.clone(),
    );
    let alias = held.and_then(|held| held.settings.alias.clone());
    let named = alias.as_deref().map(|alias| format!(" ({alias})"));
    let closed = if held.is_some_and(|held| held.closed) {
        ", closed"
    } else {
        ""
    };
    ui.say(format_args!(
        "\n{title}{}{closed}",
        named.unwrap_or_default()
    ));
    if one.objects == 0 {
        ui.say("  nothing yet");
    } else {
        ui.say(format_args!(
            "  {} in {}, {}; {}, {} revoked, {} past their time",
            words::count(one.objects, "object"),
            words::count(one.versions, "version"),
            size(one.bytes),
            naming(one.held, one.withheld, one.apart),
            one.revoked,
            one.expired
        ));
    }
    if let (Some(first), Some(last)) = (one.first_added_us, one.last_added_us) {
        ui.say(format_args!(
            "  added {:.19}Z to {:.19}Z",
            instant(first),
            instant(last)
        ));
    }
    let mut kinds: Vec<(&String, &usize)> = one.kinds.iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (kind, count) in &kinds {
        ui.say(format_args!("  {count:>10}  {kind}"));
    }
    let kinds = kinds.iter();
    let kinds = kinds.map(|(kind, count)| ((*kind).clone(), json!(count)));
    json!({
        "collection": collection.to_string(),
        "alias": alias,
        "title": title,
        "objects": one.objects,
        "versions": one.versions,
        "held": one.held,
        "refused": one.withheld,
        "apart": one.apart,
        "revoked": one.revoked,
        "expired": one.expired,
        "bytes": one.bytes,
        "kinds": kinds.collect::<Map<_, _>>(),
        "first_added": one.first_added_us.map(instant),
        "last_added": one.last_added_us.map(instant),
    })
}

/// How what names people stands: what a person has yet to decide on; what one has refused, and what
/// is kept apart, where there is any.
fn naming(waits: usize, refused: usize, apart: usize) -> String {
    let mut said = vec![format!("{waits} held for a person")];
    let more = [(refused, "refused by one"), (apart, "kept apart")];
    let more = more.iter().filter(|(count, _)| 0 < *count);
    said.extend(more.map(|(count, how)| format!("{count} {how}")));
    said.join(", ")
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes.saturating_mul(10) / unit;
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_people_read_them() {
        let check = |bytes: u64, expected: &str| assert_eq!(size(bytes), expected);
        check(17, "17 bytes");
        check(1_536, "1.5 KiB");
        check(2_226_365, "2.1 MiB");
        check(u64::MAX, "1717986918.3 GiB");
    }
}
