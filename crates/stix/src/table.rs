//! Tables: indicators from CSV, or from one value a line.
//!
//! The first line may name the columns, in the words that people use; without
//! it each line is a value and its kind is guessed. Every line becomes an
//! indicator or is reported with a reason. The id comes from kind, value and
//! creator, so the same table read twice names the same indicators.

use serde_json::{Map, Value, json};

use crate::misp::tags;
use crate::observable::{Kind, Observable, guess, refanged, written};
use crate::time::StixTime;

mod columns;
mod date;

use columns::{Column, Columns};

/// How large a table may be, in bytes.
pub const TABLE_BYTES_MAX: usize = 256 << 20;

/// How many lines are read; further ones are reported as one.
pub const LINES_MAX: usize = 1_000_000;

/// How many labels one line may carry.
const LABELS_MAX: usize = 64;

/// What holds for every line that does not say otherwise.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Whose indicators these are: the id of an `identity`.
    pub creator: String,
    /// When they were made, and since when they hold.
    pub at: StixTime,
    /// How they are marked: `red`, `amber+strict`, `amber`, `green`, `clear`,
    /// or not at all.
    pub tlp: Option<&'static str>,
}

/// What a table said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Indicators, in the order of their lines, and the definitions of the
    /// markings they carry before them.
    pub objects: Vec<Vec<u8>>,
    /// How many of the objects are indicators.
    pub indicators: usize,
    /// The lines that are none.
    pub left: Vec<Left>,
}

/// A line that became no indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its number, from one.
    pub line: u64,
    /// What stands there, shortened.
    pub text: String,
    /// Why it is no indicator.
    pub why: String,
}

/// Why nothing of a table was read.
#[derive(Debug, thiserror::Error)]
pub enum TableFlaw {
    /// Too large.
    #[error("a table has at most {TABLE_BYTES_MAX} bytes")]
    TooLarge,
    /// A header without values.
    #[error("no column is named `value` (or `indicator`, `ioc`, `observable`)")]
    NoValues,
    /// Not a creator's id.
    #[error("`{0}` is not the id of an identity")]
    Creator(String),
}

/// Reads `csv`: UTF-8, with commas, semicolons, tabs or bars between columns;
/// lines that begin with `#` are comments.
///
/// # Errors
///
/// [`TableFlaw`]; single lines that are wrong are reported in the answer.
pub fn read(csv: &[u8], defaults: &Defaults) -> Result<Table, TableFlaw> {
    if csv.len() > TABLE_BYTES_MAX {
        return Err(TableFlaw::TooLarge);
    }
    if !defaults.creator.starts_with("identity--") {
        return Err(TableFlaw::Creator(defaults.creator.clone()));
    }
    let csv = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(columns::delimiter(csv))
        .trim(csv::Trim::All)
        .from_reader(csv);
    let mut reading = Reading::new(defaults);
    for (count, record) in reader.byte_records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                reading.leave(line, "", error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if count >= LINES_MAX {
            reading.leave(
                line,
                "",
                format!("a table has at most {LINES_MAX} lines; the rest was not read"),
            );
            break;
        }
        let Ok(record) = csv::StringRecord::from_byte_record(record) else {
            reading.leave(line, "", "not UTF-8".to_owned());
            continue;
        };
        reading.record(&record, line)?;
    }
    Ok(reading.finish())
}

struct Reading<'a> {
    defaults: &'a Defaults,
    columns: Option<Columns>,
    table: Table,
    lights: Vec<usize>,
    seen: std::collections::BTreeMap<String, u64>,
}

impl<'a> Reading<'a> {
    fn new(defaults: &'a Defaults) -> Self {
        Self {
            defaults,
            columns: None,
            table: Table::default(),
            lights: Vec::new(),
            seen: std::collections::BTreeMap::new(),
        }
    }

    fn record(&mut self, record: &csv::StringRecord, line: u64) -> Result<(), TableFlaw> {
        if record.iter().all(str::is_empty) {
            return Ok(());
        }
        if self.columns.is_none() {
            let header = Columns::header(record);
            let is_header = header.is_some();
            let columns = self.columns.insert(header.unwrap_or_default());
            if is_header {
                let known = columns.has(Column::Value);
                return known.then_some(()).ok_or(TableFlaw::NoValues);
            }
        }
        match self.indicator(record, line) {
            Ok(Some(indicator)) => {
                self.table.indicators += 1;
                self.table.objects.push(crate::misp::bytes(indicator));
            }
            Ok(None) => {}
            Err(why) => self.leave(line, &record.iter().collect::<Vec<_>>().join(","), why),
        }
        Ok(())
    }

    fn indicator(
        &mut self,
        record: &csv::StringRecord,
        line: u64,
    ) -> Result<Option<Map<String, Value>>, String> {
        let default = Columns::default();
        let columns = self.columns.as_ref().unwrap_or(&default);
        let row = columns.row(record);
        let value = row.get(Column::Value).ok_or("no value")?;
        let plain = refanged(value);
        let found = observable(row.get(Column::Kind), &plain)?;

        let creator = &self.defaults.creator;
        let id = format!(
            "indicator--{}",
            uuid(&[creator, found.kind.as_str(), &found.value])
        );
        if let Some(before) = self.seen.insert(id.clone(), line) {
            self.seen.insert(id, before);
            return Err(format!("the same value as in line {before}"));
        }
        let from =
            time(row.get(Column::From), "first seen")?.unwrap_or_else(|| self.defaults.at.clone());
        let until = time(row.get(Column::Until), "valid until")?;
        if until.as_ref().is_some_and(|until| *until <= from) {
            return Err("it is valid until before it is valid".to_owned());
        }
        let light = light(row.get(Column::Tlp), self.defaults.tlp)?;
        let at = self.defaults.at.to_string();
        let mut indicator = Map::new();
        let mut put = |key: &str, value: Value| indicator.insert(key.to_owned(), value);
        put("type", "indicator".into());
        put("spec_version", "2.1".into());
        put("id", id.into());
        put("created_by_ref", creator.as_str().into());
        put("created", at.as_str().into());
        put("modified", at.into());
        let named = row.get(Column::Name).unwrap_or_else(|| {
            // An address of e-mail is named in the pattern alone: reviews leave
            // patterns alone.
            if found.kind == Kind::Email {
                "e-mail address"
            } else {
                &plain
            }
        });
        put("name", named.into());
        put("pattern", written(found.kind, &plain).into());
        put("pattern_type", "stix".into());
        put("pattern_version", "2.1".into());
        put("valid_from", from.to_string().into());
        if let Some(until) = until {
            put("valid_until", until.to_string().into());
        }
        if let Some(comment) = row.get(Column::Comment) {
            put("description", comment.into());
        }
        if let Some(confidence) = row.get(Column::Confidence) {
            let confidence = confidence.trim_end_matches('%').parse::<u8>().ok();
            let confidence = confidence.filter(|confidence| *confidence <= 100);
            put(
                "confidence",
                confidence
                    .ok_or("the confidence is no number from 0 to 100")?
                    .into(),
            );
        }
        let labels: Vec<&str> = row.get(Column::Labels).map(labels).unwrap_or_default();
        if !labels.is_empty() {
            put("labels", json!(labels));
        }
        if let Some(light) = light {
            put("object_marking_refs", json!([tags::marking(light)]));
            self.mark(light);
        }
        Ok(Some(indicator))
    }

    fn mark(&mut self, light: usize) {
        if !self.lights.contains(&light) {
            self.lights.push(light);
        }
    }

    fn leave(&mut self, line: u64, text: &str, why: String) {
        const SHOWN_CHARS_MAX: usize = 80;
        let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        self.table.left.push(Left {
            line,
            text: shown,
            why,
        });
    }

    fn finish(mut self) -> Table {
        let definitions = self
            .lights
            .iter()
            .filter_map(|light| tags::definition(*light));
        let mut objects: Vec<Vec<u8>> = definitions
            .filter_map(|definition| Some(crate::misp::bytes(definition.as_object()?.clone())))
            .collect();
        objects.append(&mut self.table.objects);
        self.table.objects = objects;
        self.table
    }
}

/// The value of a line, of the kind it names or else of the likeliest.
fn observable(kind: Option<&str>, value: &str) -> Result<Observable, String> {
    let Some(named) = kind else {
        return guess(value)
            .ok_or_else(|| "nobody could tell what kind of value this is".to_owned());
    };
    let kinds = columns::kinds(named)
        .ok_or_else(|| format!("`{named}` is no kind of value that is known here"))?;
    kinds
        .iter()
        .find_map(|kind| Observable::new(*kind, value))
        .or_else(|| guess(value).filter(|found| kinds.is_empty() || kinds.contains(&found.kind)))
        .ok_or_else(|| format!("the value cannot be a `{named}`"))
}

fn time(text: Option<&str>, column: &str) -> Result<Option<StixTime>, String> {
    let Some(text) = text else { return Ok(None) };
    date::read(text).map(Some).ok_or_else(|| {
        format!("`{text}` under {column} is no date, like 2026-11-02 or 2026-11-02T09:00:00Z")
    })
}

/// The light of a line. One that we do not know stops the line: nothing is
/// spread wider than its author wrote.
fn light(text: Option<&str>, default: Option<&'static str>) -> Result<Option<usize>, String> {
    let Some(text) = text.or(default) else {
        return Ok(None);
    };
    let lower = text.to_ascii_lowercase().replace([' ', '_'], "");
    let name = format!("tlp:{}", lower.strip_prefix("tlp:").unwrap_or(&lower));
    let name = if name == "tlp:amberstrict" {
        "tlp:amber+strict"
    } else {
        &name
    };
    tags::LIGHTS
        .iter()
        .position(|(names, ..)| names.contains(&name))
        .map(Some)
        .ok_or_else(|| format!("`{text}` is no label of TLP"))
}

fn labels(text: &str) -> Vec<&str> {
    text.split([';', ',', '|'])
        .map(str::trim)
        .filter(|label| !label.is_empty())
        .take(LABELS_MAX)
        .collect()
}

/// A UUID made of `parts` (RFC 9562, 5.5), in a namespace of its own.
fn uuid(parts: &[&str]) -> String {
    const NAMESPACE: [u8; 16] = [
        0x94, 0xd6, 0x8c, 0xa7, 0x34, 0x21, 0x51, 0x9a, 0x8c, 0x9e, 0x18, 0x3e, 0xae, 0x33, 0x5d,
        0x27,
    ];
    crate::id::uuid5(&NAMESPACE, &crate::id::parted(parts))
}

/// The kinds a table's author may name, for messages and help.
pub fn kinds_known() -> impl Iterator<Item = &'static str> {
    Kind::ALL.iter().map(|kind| kind.as_str())
}

#[cfg(test)]
mod tests;
