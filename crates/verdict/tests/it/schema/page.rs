//! The table of `docs/reports.md` is what the schema files say.

use portcullis_core::schema::{Schema, Series, Shown};
use portcullis_verdict::schema::{self, SCHEMA_FILES};
use std::{fmt::Write as _, fs, path::PathBuf};

const BEGINS: &str =
    "<!-- lines: written by `UPDATE_DOCS=1 cargo test -p portcullis-verdict page` -->\n";
const ENDS: &str = "<!-- end of lines -->\n";

fn page() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "reports.md"]
        .iter()
        .collect()
}

fn tables() -> String {
    let mut text = String::new();
    for (file, bytes) in SCHEMA_FILES {
        let schema = schema::parse(file, bytes.as_bytes()).unwrap();
        writeln!(text, "\n### `{}`: {}\n", schema.name, schema.title).unwrap();
        text.push_str("| series | line | cells | clause |\n|---|---|---|---|\n");
        for series in &schema.series {
            rows(&schema, series, &mut text);
        }
        let never: Vec<String> = schema
            .cells
            .iter()
            .filter(|cell| cell.counts.is_some())
            .filter(|cell| {
                let mut lines = schema.series.iter().flat_map(|series| &series.lines);
                !lines.any(|line| line.cells.contains(&cell.number))
            })
            .map(|cell| format!("{} `{}`", cell.number, cell.id))
            .collect();
        if !never.is_empty() {
            writeln!(text, "\nCounted and never published: {}.", never.join(", ")).unwrap();
        }
    }
    text.push('\n');
    text
}

fn rows(schema: &Schema, series: &Series, text: &mut String) {
    let form = match (series.shown, series.suppress_below) {
        (Shown::Band { width }, _) => format!("bands of {width}"),
        (Shown::Exact, 0) => "exact".into(),
        (Shown::Exact, below) => format!("exact from {below}"),
    };
    let mut terms = vec![form, format!("{} months", series.period_months)];
    if series.delay_months > 0 {
        terms.push(format!("{} later", series.delay_months));
    }
    if series.first_embargo_months > 0 {
        terms.push(format!("not in the first {}", series.first_embargo_months));
    }
    if series.joint {
        terms.push("three or more together".into());
    }
    if let Some(awaits) = &series.awaits {
        terms.push(format!("*awaits {awaits}*"));
    }
    for (at, line) in series.lines.iter().enumerate() {
        let head = if at == 0 {
            format!("`{}`: {}", series.id, terms.join(", "))
        } else {
            String::new()
        };
        let named = |number| {
            let cell = schema.cell(number).unwrap();
            format!("{number} `{}`", cell.id)
        };
        let cells: Vec<String> = line.cells.iter().map(|number| named(*number)).collect();
        writeln!(
            text,
            "| {head} | {} | {} | {} |",
            line.title,
            cells.join(" + "),
            line.clause
        )
        .unwrap();
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a person says whether the page is to be written anew"
)]
fn the_page_shows_every_line_its_cells_and_its_clause() {
    let text = fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGINS).expect("where the lines begin");
    let (found, after) = rest.split_once(ENDS).expect("where they end");
    let expected = tables();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(page(), format!("{before}{BEGINS}{expected}{ENDS}{after}")).unwrap();
    } else {
        assert_eq!(found, expected, "docs/reports.md: run with UPDATE_DOCS=1");
    }
}
