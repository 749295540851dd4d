//! What is wrong with a schema in itself, whatever the laws say.

use super::{CELLS, Cell, CellNumber, LINES_MAX, Schema, SchemaBroken, Series, Shown};
use crate::{
    law::{
        Word,
        floor::{BANDS, PUBLICATION_MONTHS_MAX},
    },
    statement::Kind,
};
use std::collections::{BTreeMap, BTreeSet};

/// The highest total that may be suppressed into a band, in counted things.
const SUPPRESS_MAX: u32 = 1000;

/// Everything that is wrong with a schema in itself, cells first; nothing, if it may be used.
pub fn check(schema: &Schema) -> Vec<SchemaBroken> {
    let mut found = Found(Vec::new());
    numbers(schema, &mut found);
    for (at, cell) in schema.cells.iter().enumerate() {
        conditions(at, cell, &mut found);
    }
    let series = schema.series.iter().map(|series| &series.id);
    unique("series", series, &mut found);
    for (at, series) in schema.series.iter().enumerate() {
        terms(at, series, &mut found);
        lines(schema, at, series, &mut found);
    }
    shared(schema, &mut found);
    found.0
}

pub(super) struct Found(pub(super) Vec<SchemaBroken>);

impl Found {
    pub(super) fn add(
        &mut self,
        at: String,
        code: &'static str,
        reason: impl Into<String>,
        hint: &'static str,
    ) {
        self.0.push(SchemaBroken {
            at,
            code,
            reason: reason.into(),
            hint,
        });
    }
}

fn numbers(schema: &Schema, found: &mut Found) {
    if schema.cells.len() != usize::from(CELLS) {
        found.add(
            "cell".into(),
            "schema.cells",
            format!("there are {} cells", schema.cells.len()),
            "a schema has 32: write the unused ones as reserved",
        );
    }
    for (at, (cell, number)) in schema.cells.iter().zip(1..).enumerate() {
        if cell.number.get() != number {
            found.add(
                format!("cell.{at}.number"),
                "schema.cells",
                format!("the cell at place {number} has number {}", cell.number),
                "cells stand in the order of their numbers, 1 to 32, each once",
            );
        }
    }
    unique("cell", schema.cells.iter().map(|cell| &cell.id), found);
}

fn unique<'a>(place: &str, ids: impl Iterator<Item = &'a Word>, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (at, id) in ids.enumerate() {
        if !seen.insert(id) {
            found.add(
                format!("{place}.{at}.id"),
                "schema.duplicate",
                format!("`{id}` stands above"),
                "one word each",
            );
        }
    }
}

fn conditions(at: usize, cell: &Cell, found: &mut Found) {
    let Some(counts) = &cell.counts else {
        return;
    };
    if counts.kinds.is_empty() || counts.what.is_empty() {
        found.add(
            format!("cell.{at}.counts"),
            "schema.open_cell",
            "the cell counts any kind of statement, or anything in it",
            "name `kinds` and `what`: one thing is counted once",
        );
    }
    let known = |word: &Word| Kind::parse(word).is_some();
    if let (None, Some(kind)) = (&cell.awaits, counts.kinds.iter().find(|kind| !known(kind))) {
        found.add(
            format!("cell.{at}.counts.kinds"),
            "schema.unknown_kind",
            format!("there is no statement of kind `{kind}`"),
            "correct the word, or say under `awaits` what is to come",
        );
    }
    if let (Some(over), Some(max)) = (counts.took_over, counts.took_max)
        && max <= over
    {
        found.add(
            format!("cell.{at}.counts.took_max"),
            "schema.bucket",
            "no span is longer than the one and no longer than the other",
            "`took_over` is below `took_max`",
        );
    }
}

fn terms(at: usize, series: &Series, found: &mut Found) {
    if series.period_months == 0 || 12 % series.period_months != 0 {
        found.add(
            format!("series.{at}.period_months"),
            "schema.period",
            format!("{} months do not divide a year", series.period_months),
            "1, 2, 3, 4, 6 or 12: periods are parts of the calendar year",
        );
    }
    let longest = series.delay_months.max(series.first_embargo_months);
    if PUBLICATION_MONTHS_MAX < longest {
        found.add(
            format!("series.{at}"),
            "schema.period",
            format!("{longest} months are longer than any delay that is carried"),
            "36 at most",
        );
    }
    match series.shown {
        Shown::Band { width } if !BANDS.contains(&width) => found.add(
            format!("series.{at}.band"),
            "schema.band",
            format!("there is no band of {width}"),
            "100, 250, 500 or 1000",
        ),
        Shown::Band { .. } if series.suppress_below > 0 => found.add(
            format!("series.{at}.suppress_below"),
            "schema.suppress",
            "a band hides small totals already",
            "leave `suppress_below` to exact totals",
        ),
        Shown::Exact if series.suppress_below == 1 || SUPPRESS_MAX < series.suppress_below => found
            .add(
                format!("series.{at}.suppress_below"),
                "schema.suppress",
                format!(
                    "totals below {} cannot be suppressed",
                    series.suppress_below
                ),
                "0 shows all; otherwise 2 to 1000",
            ),
        Shown::Exact | Shown::Band { .. } => {}
    }
}

fn lines(schema: &Schema, at: usize, series: &Series, found: &mut Found) {
    if series.lines.is_empty() || LINES_MAX < series.lines.len() {
        found.add(
            format!("series.{at}"),
            "schema.lines",
            format!("the series has {} lines", series.lines.len()),
            "1 to 64",
        );
    }
    let ids = series.lines.iter().map(|line| &line.id);
    unique(&format!("series.{at}.line"), ids, found);
    for (number, line) in series.lines.iter().enumerate() {
        let place = || format!("series.{at}.line.{number}.cells");
        if line.cells.is_empty() {
            found.add(
                place(),
                "schema.lines",
                "the line is the sum of nothing",
                "name its cells",
            );
        }
        for cell in &line.cells {
            let cell = schema.cell(*cell);
            let Some(counts) = cell.and_then(|cell| cell.counts.as_ref()) else {
                found.add(
                    place(),
                    "schema.unknown_cell",
                    "a cell of the line is reserved, or there is none of the number",
                    "lines are made of cells that count something",
                );
                continue;
            };
            let of_law = |law: &Word| counts.laws.len() == 1 && counts.laws.contains(law);
            if let Some(law) = series.law.as_ref().filter(|law| !of_law(law)) {
                found.add(
                    place(),
                    "schema.other_law",
                    format!("a cell of the line counts under other laws than `{law}`"),
                    "what a law lets be published is counted under that law alone",
                );
            }
        }
    }
}

/// Each cell in one line at most, joint series aside; those are over cells of exact series.
fn shared(schema: &Schema, found: &mut Found) {
    let mut taken: BTreeMap<CellNumber, Shown> = BTreeMap::new();
    for (at, series) in schema.series.iter().enumerate() {
        if series.joint {
            continue;
        }
        for (number, line) in series.lines.iter().enumerate() {
            for cell in &line.cells {
                if taken.insert(*cell, series.shown).is_some() {
                    found.add(
                        format!("series.{at}.line.{number}.cells"),
                        "schema.cell_twice",
                        format!("cell {cell} is in another line already"),
                        "two lines over one cell tell more than each of them: one line each",
                    );
                }
            }
        }
    }
    for (at, series) in schema.series.iter().enumerate() {
        if !series.joint {
            continue;
        }
        let mut own = BTreeSet::new();
        for (number, line) in series.lines.iter().enumerate() {
            let exact = |cell: &CellNumber| taken.get(cell) == Some(&Shown::Exact);
            let fits = series.shown == Shown::Exact && series.suppress_below == 0;
            if !fits
                || !line
                    .cells
                    .iter()
                    .all(|cell| exact(cell) && own.insert(*cell))
            {
                found.add(
                    format!("series.{at}.line.{number}.cells"),
                    "schema.joint",
                    "a joint total is exact, over cells that one exact series has, each once",
                    "never join what a member may show in bands alone",
                );
            }
        }
    }
}
