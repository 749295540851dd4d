//! Rows, and the table of them.

use crate::meter;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// One number of the design, as it was seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) name: String,
    /// What was measured, in a few words.
    pub(crate) what: String,
    /// The figure, and what it is of; none when the row could not be measured.
    pub(crate) figure: Option<Figure>,
    /// What it is held against.
    pub(crate) anchor: Option<Figure>,
    /// The goal in words.
    pub(crate) goal: String,
    /// Whether it was met.
    pub(crate) met: Option<bool>,
    /// What else was seen.
    pub(crate) notes: Vec<String>,
    /// The machine's load, one-minute average, when the row was done.
    pub(crate) load: f64,
}

/// A number with its unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// Of what, if the column does not say.
    pub(crate) of: String,
}

impl Figure {
    pub(crate) fn new(value: f64, unit: &str, of: &str) -> Self {
        let (unit, of) = (unit.to_owned(), of.to_owned());
        Self { value, unit, of }
    }

    fn show(&self) -> String {
        let number = match self.value {
            value if value >= 1000.0 => thousands(value),
            value if value >= 100.0 => format!("{value:.0}"),
            value if value >= 10.0 => format!("{value:.1}"),
            value => format!("{value:.2}"),
        };
        let of = if self.of.is_empty() {
            String::new()
        } else {
            format!(" {}", self.of)
        };
        format!("{number} {}{of}", self.unit)
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Row {
    pub(crate) fn new(name: &str, what: &str, goal: &str) -> Self {
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            figure: None,
            anchor: None,
            goal: goal.to_owned(),
            met: None,
            notes: Vec::new(),
            load: 0.0,
        }
    }

    /// The row as it was seen.
    pub(crate) fn seen(mut self, figure: Figure, anchor: Figure, met: bool) -> Self {
        self.figure = Some(figure);
        self.anchor = Some(anchor);
        self.met = Some(met);
        self.load = meter::load();
        self
    }

    /// The row that could not be measured, and why.
    pub(crate) fn skipped(mut self, why: &str) -> Self {
        eprintln!("numbers: {}: NOT MEASURED: {why}", self.name);
        self.load = meter::load();
        self.note(format!("NOT MEASURED: {why}"))
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn ratio(&self) -> Option<f64> {
        let (figure, anchor) = (self.figure.as_ref()?, self.anchor.as_ref()?);
        (figure.unit == anchor.unit).then(|| figure.value / anchor.value)
    }

    fn cells(&self) -> [String; 7] {
        let show =
            |figure: &Option<Figure>| figure.as_ref().map_or_else(|| "–".to_owned(), Figure::show);
        let met = match self.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "–",
        };
        [
            self.name.clone(),
            show(&self.figure),
            show(&self.anchor),
            self.ratio()
                .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            self.goal.clone(),
            met.to_owned(),
            format!("{:.1}", self.load),
        ]
    }
}

/// The table as text that is Markdown too, and what else was seen below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["row", "figure", "anchor", "ratio", "goal", "met", "load"].map(str::to_owned);
    let mut lines = vec![head];
    lines.extend(rows.iter().map(Row::cells));
    let widths: [usize; 7] = std::array::from_fn(|column| {
        let lengths = lines.iter().map(|line| line[column].chars().count());
        lengths.max().unwrap_or_default()
    });
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if number == 0 {
            for width in widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
    for row in rows {
        let _ = writeln!(text, "\n{}: {}", row.name, row.what);
        for note in &row.notes {
            let _ = writeln!(text, "  - {note}");
        }
    }
    text
}
