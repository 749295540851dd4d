//! The schemas that come with Portcullis.

use super::statements::{dockets, says};
use portcullis_core::{
    docket::What,
    schema::{CELLS, Cell, Condition, Schema},
    statement::Kind,
};
use portcullis_verdict::{
    law,
    schema::{self, SCHEMA_FILES},
    text,
};
use std::collections::BTreeSet;

fn shipped() -> Vec<Schema> {
    let read = |(file, text): (&str, &str)| schema::parse(file, text.as_bytes()).unwrap();
    SCHEMA_FILES.map(read).into()
}

#[test]
fn every_file_reads_and_is_no_finer_than_the_laws() {
    for (file, text) in SCHEMA_FILES {
        let read = schema::parse_against(file, text.as_bytes(), &law::builtin());
        let faults: Vec<String> = read
            .as_ref()
            .err()
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        let cells = read.unwrap().cells;
        assert_eq!(cells.len(), usize::from(CELLS));
    }
}

#[test]
fn a_schema_is_known_by_its_name_and_by_the_digest_of_its_bytes() {
    let known = schema::builtin();
    assert_eq!(known.iter().count(), SCHEMA_FILES.len());
    for (file, file_text) in SCHEMA_FILES {
        let id = text::sha256(file_text.as_bytes());
        let schema = known.get(&id).unwrap();
        assert_eq!(file, format!("schemas/{}.toml", schema.name));
        assert_eq!(known.by_name(&schema.name).unwrap().id, id);
        assert_eq!(schema::builtin_bytes(&id), Some(file_text.as_bytes()));
    }
    assert!(schema::builtin_bytes(&text::sha256(b"another")).is_none());
}

/// Whether no docket could meet both.
fn apart(a: &Condition, b: &Condition) -> bool {
    fn lists<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
        !a.is_empty() && !b.is_empty() && a.is_disjoint(b)
    }
    let flags = |a: Option<bool>, b: Option<bool>| a.zip(b).is_some_and(|(a, b)| a != b);
    let spans = |a: &Condition, b: &Condition| {
        let ends = a.took_max.zip(b.took_over);
        ends.is_some_and(|(max, over)| max <= over)
    };
    lists(&a.kinds, &b.kinds)
        || lists(&a.what, &b.what)
        || lists(&a.laws, &b.laws)
        || lists(&a.rules, &b.rules)
        || lists(&a.effects, &b.effects)
        || lists(&a.categories, &b.categories)
        || lists(&a.secrecy, &b.secrecy)
        || lists(&a.outcomes, &b.outcomes)
        || flags(a.urgent, b.urgent)
        || flags(a.first, b.first)
        || spans(a, b)
        || spans(b, a)
}

#[test]
fn no_docket_could_be_counted_in_two_cells() {
    for schema in shipped() {
        let counting: Vec<(&Cell, &Condition)> = schema
            .cells
            .iter()
            .filter_map(|cell| Some((cell, cell.counts.as_ref()?)))
            .collect();
        for (at, (cell, counts)) in counting.iter().enumerate() {
            for (other, others) in &counting[at + 1..] {
                let (name, cell, other) = (&schema.name, &cell.id, &other.id);
                assert!(apart(counts, others), "{name}: `{cell}` and `{other}`");
            }
        }
    }
}

/// What is in the log and in no total under the laws that are here: by schema, kind and what is
/// counted. Some of it is counted once the law of Reg. (EU) 2023/1543 is.
const UNCOUNTED: [(&str, &[(&str, &str)]); 3] = [
    (
        "provider-v1",
        &[
            ("accepted", "item"),
            ("challenged", "item"),
            ("challenged", "order"),
            ("clarification_asked", "order"),
            ("declined", "item"),
            ("declined", "order"),
            ("destruction_instructed", "order"),
            ("destruction_instructed", "package"),
            ("erased", "order"),
            ("expired", "order"),
            ("freed", "order"),
            ("information_delayed", "order"),
            ("information_due", "order"),
            ("information_given", "order"),
            ("lapsed", "order"),
            ("narrowed", "item"),
            ("preserved", "order"),
            ("received", "subject"),
            ("released", "item"),
            ("released", "order"),
            ("sealed", "item"),
            ("sealed", "order"),
            ("unsealed", "order"),
        ],
    ),
    (
        "authority-v1",
        &[
            ("approved", "order"),
            ("approved", "renewal"),
            ("clarification_answered", "order"),
            ("collected", "order"),
            ("destruction_confirmed", "order"),
            ("erased", "order"),
            ("expired", "order"),
            ("information_due", "order"),
            ("issued", "item"),
            ("issued", "subject"),
            ("issued", "target"),
            ("modified", "change"),
            ("modified", "item"),
            ("modified", "target"),
            ("refused", "change"),
            ("refused", "order"),
            ("refused", "renewal"),
            ("renewed", "renewal"),
            ("served", "order"),
            ("unsealed", "order"),
        ],
    ),
    (
        "approver-v1",
        &[
            ("approved", "renewal"),
            ("destruction_instructed", "order"),
            ("erased", "order"),
            ("issued", "item"),
            ("issued", "subject"),
            ("modified", "change"),
            ("modified", "item"),
            ("served", "order"),
            ("served", "target"),
            ("unsealed", "order"),
        ],
    ),
];

#[test]
fn every_statement_under_every_rule_is_counted_or_left_out_on_purpose() {
    for schema in shipped() {
        let mut counted: BTreeSet<(Kind, What)> = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for law in law::builtin().iter() {
            for rule in &law.rules {
                for docket in dockets(law, rule) {
                    if !says(schema.party, docket.kind) {
                        continue;
                    }
                    let key = (docket.kind, docket.what);
                    seen.insert(key);
                    if let Some(number) = schema.cell_of(&docket) {
                        let cell = schema.cell(number).unwrap();
                        assert!(cell.counts.as_ref().unwrap().holds(&docket), "{}", cell.id);
                        counted.insert(key);
                    }
                }
            }
        }
        let kinds: BTreeSet<Kind> = seen.iter().map(|(kind, _)| *kind).collect();
        let said = Kind::ALL.iter().filter(|kind| says(schema.party, **kind));
        assert_eq!(kinds, said.copied().collect(), "{}", schema.name);
        let left: Vec<(&str, &str)> = seen
            .difference(&counted)
            .map(|(kind, what)| (kind.as_str(), what.as_str()))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let on_purpose = UNCOUNTED.iter().find(|(name, _)| *name == schema.name);
        assert_eq!(left, on_purpose.unwrap().1, "{}", schema.name);
    }
}

#[test]
fn every_cell_whose_law_is_here_counts_something() {
    for schema in shipped() {
        let all: Vec<_> = law::builtin()
            .iter()
            .flat_map(|law| law.rules.iter().flat_map(|rule| dockets(law, rule)))
            .filter(|docket| says(schema.party, docket.kind))
            .collect();
        for cell in &schema.cells {
            let meets = |counts: &Condition| all.iter().any(|docket| counts.holds(docket));
            if let (Some(counts), None) = (&cell.counts, &cell.awaits) {
                assert!(
                    meets(counts),
                    "{}: `{}` counts nothing",
                    schema.name,
                    cell.id
                );
            }
        }
    }
}
