//! Schemas: what each of the 32 cells of a log counts, and which reports are made of them.
//!
//! `verdict::schema` reads them from TOML files; [`check()`] says what is wrong with one in
//! itself, [`check_against()`] what in it is finer than the laws let be published. A thing is
//! counted in the first cell, by number, whose [`Condition`] its docket meets; what meets none is
//! counted in none, and its leaf is like any other.

mod against;
mod check;

pub use against::{check_against, check_series};
pub use check::check;

use crate::{
    category::Category,
    digest::Digest,
    docket::{Docket, Outcome, Secret, What},
    grant::GrantKind,
    law::{Clause, Effect, Party, Word},
    selector::SelectorKind,
};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// How many cells a schema has, always.
pub const CELLS: u8 = 32;
/// The most lines a series may have: no more fit in a report.
pub const LINES_MAX: usize = 64;

/// A cell's number, 1 to [`CELLS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct CellNumber(u8);

impl CellNumber {
    /// A number from 1 to [`CELLS`].
    pub const fn new(number: u8) -> Option<Self> {
        if 1 <= number && number <= CELLS {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number, from 1.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The cell's bit in a line's mask: bit 0 for cell 1.
    pub const fn mask(self) -> u32 {
        1 << (self.0 - 1)
    }
}

impl core::fmt::Display for CellNumber {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the 32 cells of a log count, and which reports are made of them.
#[derive(Clone, Debug)]
pub struct Schema {
    /// SHA-256 of the file's bytes: what every leaf names.
    pub id: Digest,
    /// Its word, such as `provider-v1`.
    pub name: Word,
    /// Its title.
    pub title: String,
    /// Which party of a case keeps a log under it.
    pub party: Party,
    /// Its cells. INVARIANT: 32 of them, by number, once [`check()`] finds nothing.
    pub cells: Vec<Cell>,
    /// Its series of reports, in the order of the file.
    pub series: Vec<Series>,
}

/// One cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cell {
    /// Its number.
    pub number: CellNumber,
    /// Its word, which lines name it by.
    pub id: Word,
    /// What it counts, in words.
    pub title: String,
    /// What it counts; none, if it is reserved.
    pub counts: Option<Condition>,
    /// What has to come before anything can be counted here: a law file, a kind of statement.
    pub awaits: Option<String>,
}

/// What a docket must be to be counted in a cell. Of each list one must fit; an empty one lets
/// everything pass.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Condition {
    /// Kinds of statement, by their words. Never empty.
    pub kinds: BTreeSet<Word>,
    /// What is counted. Never empty.
    pub what: BTreeSet<What>,
    /// Laws.
    pub laws: BTreeSet<Word>,
    /// Rules.
    pub rules: BTreeSet<Word>,
    /// What the rule brings about.
    pub effects: BTreeSet<Effect>,
    /// Categories of data.
    pub categories: BTreeSet<Category>,
    /// Kinds of selector.
    pub selectors: BTreeSet<SelectorKind>,
    /// Reason codes.
    pub reasons: BTreeSet<Word>,
    /// On what the right to the data rests.
    pub grants: BTreeSet<GrantKind>,
    /// What the order says about secrecy.
    pub secrecy: BTreeSet<Secret>,
    /// How much the order brought.
    pub outcomes: BTreeSet<Outcome>,
    /// Whether on the urgent path.
    pub urgent: Option<bool>,
    /// Whether the first of its sort.
    pub first: Option<bool>,
    /// It took more hours than these.
    pub took_over: Option<u32>,
    /// It took at most these hours.
    pub took_max: Option<u32>,
}

impl Condition {
    /// Whether a docket meets it.
    pub fn holds(&self, docket: &Docket) -> bool {
        fn fits<T: Ord>(listed: &BTreeSet<T>, found: Option<&T>) -> bool {
            listed.is_empty() || found.is_some_and(|found| listed.contains(found))
        }
        let took = match (self.took_over, self.took_max, docket.took) {
            (None, None, _) => true,
            (_, _, None) => false,
            (over, max, Some(took)) => {
                over.is_none_or(|over| over < took) && max.is_none_or(|max| took <= max)
            }
        };
        took && self.kinds.contains(docket.kind.as_str())
            && self.what.contains(&docket.what)
            && fits(&self.laws, Some(&docket.law))
            && fits(&self.rules, Some(&docket.rule))
            && fits(&self.effects, Some(&docket.effect))
            && fits(&self.categories, docket.category.as_ref())
            && fits(&self.selectors, docket.selector.as_ref())
            && fits(&self.reasons, docket.reason.as_ref())
            && fits(&self.grants, docket.grant.as_ref())
            && fits(&self.secrecy, Some(&docket.secrecy))
            && fits(&self.outcomes, docket.outcome.as_ref())
            && self.urgent.is_none_or(|urgent| urgent == docket.urgent)
            && self.first.is_none_or(|first| first == docket.first)
    }
}

/// How the totals of a series are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// As they are.
    Exact,
    /// As a band of so many values, whose lowest is a multiple of its width.
    Band {
        /// How many values a band has: 500 for 0–499, 500–999, …
        width: u32,
    },
}

/// Reports of one sort, one a period, each starting where the last one ended.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its word, which is in its reports' path.
    pub id: Word,
    /// Its title.
    pub title: String,
    /// The law that says what may be published; none for the house's own counts.
    pub law: Option<Word>,
    /// Who publishes, as the law's publications name it.
    pub by: Party,
    /// Says who.
    pub clause: Clause,
    /// What has to come before a report can be made, such as the law's file.
    pub awaits: Option<String>,
    /// The zone's name in the IANA database; the law's own where there is one.
    pub zone_name: String,
    /// In which days and months begin and end.
    pub zone: TimeZone,
    /// The period, in calendar months; a divisor of twelve.
    pub period_months: u32,
    /// How many months after the period's end a report may be made.
    pub delay_months: u32,
    /// For how many months, beginning with the day of the first assistance ever, no report is made.
    pub first_embargo_months: u32,
    /// Whether its reports are made by three or more members together.
    pub joint: bool,
    /// How totals are shown.
    pub shown: Shown,
    /// Exact totals below this are shown as a band from nought to one less; 0 shows all.
    pub suppress_below: u32,
    /// Its lines.
    pub lines: Vec<SeriesLine>,
}

/// One line of a report.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeriesLine {
    /// Its word.
    pub id: Word,
    /// What it shows, in words.
    pub title: String,
    /// The cells that it is the sum of.
    pub cells: BTreeSet<CellNumber>,
    /// Says who.
    pub clause: Clause,
}

impl SeriesLine {
    /// Its cells as a mask: bit 0 for cell 1.
    pub fn mask(&self) -> u32 {
        self.cells.iter().fold(0, |mask, cell| mask | cell.mask())
    }
}

impl Schema {
    /// In which cell a thing is counted: the first, by number, whose condition its docket meets.
    pub fn cell_of(&self, docket: &Docket) -> Option<CellNumber> {
        let counts = |cell: &&Cell| {
            cell.counts
                .as_ref()
                .is_some_and(|counts| counts.holds(docket))
        };
        self.cells.iter().find(counts).map(|cell| cell.number)
    }

    /// The cell of a number.
    pub fn cell(&self, number: CellNumber) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.number == number)
    }

    /// The series of a word.
    pub fn series(&self, id: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.id == id)
    }
}

/// What is wrong with a schema.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{at}`: {reason}")]
pub struct SchemaBroken {
    /// Where in the file: keys and numbers from zero, joined by dots, such as `cell.0.id`.
    pub at: String,
    /// A stable code, `schema.…`.
    pub code: &'static str,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// What to do about it.
    pub hint: &'static str,
}
