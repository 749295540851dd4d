//! Calendars as files: dated, with their source, because holidays are proclaimed
//! and follow from no formula (Banking and Financial Dealings Act 1971 s. 1(2)–(3)).

use super::{
    CALENDAR_FILES, LawError,
    read::{self, Faults, Node, Table},
};
use jiff::{civil::Date, tz::TimeZoneDatabase};
use portcullis_core::time::Calendar;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The calendars that law files may name.
#[derive(Clone, Debug, Default)]
pub struct Calendars {
    by_id: BTreeMap<String, Arc<Calendar>>,
}

impl Calendars {
    /// Reads calendar files, each given by name and bytes; of two with one word, the later counts.
    ///
    /// # Errors
    ///
    /// Every fault of every file.
    pub fn parse<'f>(
        files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    ) -> Result<Self, Vec<LawError>> {
        let mut calendars = Self::default();
        let mut faults = Vec::new();
        for (name, bytes) in files {
            match calendar(name, bytes) {
                Ok(calendar) => drop(
                    calendars
                        .by_id
                        .insert(calendar.id.clone(), Arc::new(calendar)),
                ),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() {
            Ok(calendars)
        } else {
            Err(faults)
        }
    }

    /// The calendars that come with Portcullis. A file with a fault would leave this
    /// empty, and no law would load; a test holds that there is none.
    pub fn builtin() -> Self {
        Self::parse(CALENDAR_FILES.map(|(name, text)| (name, text.as_bytes()))).unwrap_or_default()
    }

    /// The calendar of a word.
    pub fn get(&self, id: &str) -> Option<Arc<Calendar>> {
        self.by_id.get(id).cloned()
    }

    /// Every word, in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }
}

fn calendar(name: &str, bytes: &[u8]) -> Result<Calendar, Vec<LawError>> {
    let text = read::bounded(name, bytes)?;
    let faults = Faults::new(name, text);
    let document = faults.document()?;
    faults.verdict(Table::whole(&faults, &document, fields))
}

fn fields(table: &mut Table<'_>) -> Option<Calendar> {
    let id = table.required("id", Node::word);
    let zone = table.required("zone", |node| {
        let name = node.text()?;
        // The zones come with the program: the same file means the same instants everywhere.
        TimeZoneDatabase::bundled().get(&name).ok().or_else(|| {
            node.fault(
                "law.unknown_zone",
                "no such time zone",
                "a name of the IANA database, such as Europe/London",
            )
        })
    });
    let from = table.required("from", Node::date);
    let to = table.required("to", |node| {
        let to = node.date()?;
        if from.is_some_and(|from| to < from) {
            return node.fault(
                "law.date",
                "the calendar ends before it begins",
                "`from` is the first day, `to` the last",
            );
        }
        Some(to)
    });
    let proclaimed_to = table.required("proclaimed_to", Node::date);
    let source = table.required("source", Node::text);
    let generated = table.required("generated", Node::date);
    let mut holidays = BTreeSet::new();
    let listed = table.required("holidays", |node| {
        node.list(|node| {
            let date = node.table(holiday)?;
            if from.is_some_and(|from| date < from) || to.is_some_and(|to| to < date) {
                return node.fault(
                    "law.holiday",
                    "this day lies outside `from` and `to`",
                    "widen them, or remove it",
                );
            }
            if !holidays.insert(date) {
                return node.fault(
                    "law.holiday",
                    "this day is listed above",
                    "one line a day, with all its parts",
                );
            }
            Some(())
        })
    });
    // For the reader of the file; nothing is decided by them.
    let (_, _, _) = (source?, generated?, listed?);
    Some(Calendar {
        id: id?,
        zone: zone?,
        holidays,
        from: from?,
        to: to?,
        proclaimed_to: proclaimed_to?,
    })
}

fn holiday(table: &mut Table<'_>) -> Option<Date> {
    let date = table.required("date", Node::date);
    let name = table.required("name", Node::text);
    let parts = table.list("parts", Node::word);
    let (date, _) = date.zip(name.zip(parts))?;
    Some(date)
}
