//! A schema file: each field under the name it has in `core`.

use crate::law::read::{Faults, Node, Table};
use jiff::tz::TimeZoneDatabase;
use portcullis_core::{
    category::Category,
    digest::Digest,
    docket::{Outcome, Secret, What},
    grant::GrantKind,
    law::{Clause, Effect, Party},
    schema::{Cell, CellNumber, Condition, Schema, Series, SeriesLine, Shown},
    selector::SelectorKind,
};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Spanned, de::DeTable};

type CellIds = BTreeMap<String, CellNumber>;

pub(super) fn schema<'d>(
    faults: &'d Faults<'d>,
    document: &'d Spanned<DeTable<'d>>,
    id: Digest,
) -> Option<Schema> {
    Table::whole(faults, document, |t| {
        let name = t.required("name", Node::word);
        let title = t.required("title", Node::text);
        let party = t.required("party", party);
        let cells = t.list("cell", |node| node.table(cell));
        // Of a faulty cell the word is not known, and lines that name it would only seem wrong.
        let ids = cells.as_ref().map(|cells| {
            let named = cells.iter().map(|cell| (cell.id.clone(), cell.number));
            named.collect::<CellIds>()
        });
        let series = t.list("series", |node| node.table(|t| series(t, ids.as_ref())));
        Some(Schema {
            id,
            name: name?,
            title: title?,
            party: party?,
            cells: cells?,
            series: series?,
        })
    })
}

fn party(node: &Node<'_>) -> Option<Party> {
    node.one_of("schema.unknown_word", Party::ALL, Party::as_str)
}

fn cell(t: &mut Table<'_>) -> Option<Cell> {
    let number = t.required("number", |node| {
        CellNumber::new(node.number()?).or_else(|| {
            let hint = "cells have numbers from 1 to 32";
            node.fault("schema.cells", "there is no cell of this number", hint)
        })
    });
    let id = t.required("id", Node::word);
    let title = t.required("title", Node::text);
    let awaits = t.optional("awaits", Node::text);
    let reserved = t.optional("reserved", |node| {
        let hint = "write `reserved = true`, or leave it out";
        node.boolean()?
            .then_some(())
            .or_else(|| node.fault("schema.reserved", "the cell is not reserved", hint))
    });
    let counts = if reserved.flatten().is_some() {
        t.optional("counts", |node| {
            let hint = "either it counts, or it is reserved";
            node.fault("schema.reserved", "a reserved cell counts nothing", hint)
        })
    } else {
        let hint = "say what is counted, or `reserved = true`";
        t.required_by("counts", "schema.reserved", hint, |node| {
            node.table(condition).map(Some)
        })
    };
    Some(Cell {
        number: number?,
        id: id?,
        title: title?,
        counts: counts?,
        awaits: awaits?,
    })
}

fn condition(t: &mut Table<'_>) -> Option<Condition> {
    let kinds = t.list("kinds", Node::word);
    let what = listed(t, "what", What::ALL, What::as_str);
    let laws = t.list("laws", Node::word);
    let rules = t.list("rules", Node::word);
    let effects = listed(t, "effects", Effect::ALL, Effect::as_str);
    let categories = listed(t, "categories", Category::ALL, Category::as_str);
    let selectors = listed(t, "selectors", SelectorKind::ALL, SelectorKind::as_str);
    let reasons = t.list("reasons", Node::text);
    let grants = listed(t, "grants", &GrantKind::ALL, GrantKind::as_str);
    let secrecy = listed(t, "secrecy", Secret::ALL, Secret::as_str);
    let outcomes = listed(t, "outcomes", Outcome::ALL, Outcome::as_str);
    let urgent = t.optional("urgent", Node::boolean);
    let first = t.optional("first", Node::boolean);
    let took_over = t.optional("took_over", Node::number);
    let took_max = t.optional("took_max", Node::number);
    Some(Condition {
        kinds: kinds?.into_iter().collect(),
        what: what?,
        laws: laws?.into_iter().collect(),
        rules: rules?.into_iter().collect(),
        effects: effects?,
        categories: categories?,
        selectors: selectors?,
        reasons: reasons?.into_iter().collect(),
        grants: grants?,
        secrecy: secrecy?,
        outcomes: outcomes?,
        urgent: urgent?,
        first: first?,
        took_over: took_over?,
        took_max: took_max?,
    })
}

/// Words of one of `core`'s closed lists.
fn listed<T: Copy + Ord>(
    t: &mut Table<'_>,
    key: &'static str,
    known: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Option<BTreeSet<T>> {
    let words = t.list(key, |node| {
        node.one_of("schema.unknown_word", known, &as_str)
    });
    Some(words?.into_iter().collect())
}

fn series(t: &mut Table<'_>, cells: Option<&CellIds>) -> Option<Series> {
    let id = t.required("id", Node::word);
    let title = t.required("title", Node::text);
    let law = t.optional("law", Node::word);
    let by = t.required("by", party);
    let clause = cited(t);
    let awaits = t.optional("awaits", Node::text);
    let zone = t.required("zone", |node| {
        let name = node.text()?;
        // The zones come with the program: the same file means the same instants everywhere.
        let zone = TimeZoneDatabase::bundled().get(&name).ok();
        zone.map(|zone| (name, zone)).or_else(|| {
            let hint = "a name of the IANA database, such as Europe/London";
            node.fault("schema.zone", "no such time zone", hint)
        })
    });
    let period_months = t.required("period_months", Node::number);
    let delay_months = t.required("delay_months", Node::number);
    let first_embargo_months = t.required("first_embargo_months", Node::number);
    let joint = t.required("joint", Node::boolean);
    let band = t.optional("band", Node::number);
    let suppress_below = t.required("suppress_below", Node::number);
    let lines = t.list("line", |node| node.table(|t| line(t, cells)));
    let (zone_name, zone) = zone?;
    Some(Series {
        id: id?,
        title: title?,
        law: law?,
        by: by?,
        clause: clause?,
        awaits: awaits?,
        zone_name,
        zone,
        period_months: period_months?,
        delay_months: delay_months?,
        first_embargo_months: first_embargo_months?,
        joint: joint?,
        shown: band?.map_or(Shown::Exact, |width| Shown::Band { width }),
        suppress_below: suppress_below?,
        lines: lines?,
    })
}

fn line(t: &mut Table<'_>, cells: Option<&CellIds>) -> Option<SeriesLine> {
    let id = t.required("id", Node::word);
    let title = t.required("title", Node::text);
    let mut named = BTreeSet::new();
    let listed = t.list("cells", |node| {
        let word = node.word()?;
        let Some(cells) = cells else { return Some(()) };
        let Some(number) = cells.get(&word) else {
            let hint = "name cells by their `id`";
            return node.fault("schema.unknown_cell", "no cell has this word", hint);
        };
        if named.insert(*number) {
            Some(())
        } else {
            node.fault(
                "schema.cell_twice",
                "this cell is named twice",
                "name it once",
            )
        }
    });
    let clause = cited(t);
    listed?;
    Some(SeriesLine {
        id: id?,
        title: title?,
        cells: named,
        clause: clause?,
    })
}

fn cited(t: &mut Table<'_>) -> Option<Clause> {
    let text = t.required("clause", Node::text);
    let verified = t.required("verified", Node::boolean);
    Some(Clause {
        text: text?,
        verified: verified?,
    })
}
