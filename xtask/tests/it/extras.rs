//! What a cell answers at `/cell/v1/`, against the page that describes it.

use crate::{at, page};
use std::collections::BTreeSet;

const PAGE: &str = "docs/cell-http.md";
const ROUTES: &str = "crates/web/src/taxii/extras.rs";
const HANDLERS: [(&str, &str); 2] = [
    ("GET", "crates/web/src/taxii/extras/view.rs"),
    ("POST", "crates/web/src/taxii/extras/say.rs"),
];

/// A method and a path whose parameters are `{}`.
type Route = (String, String);

#[test]
fn every_route_of_the_cell_is_on_its_page_and_no_other() {
    let (handled, described) = (routes_of_sources(), routes_of_page());
    assert!(13 < handled.len(), "{handled:?}");
    let missing: Vec<_> = handled.difference(&described).collect();
    assert!(missing.is_empty(), "{PAGE} lacks {missing:?}");
    let gone: Vec<_> = described.difference(&handled).collect();
    assert!(gone.is_empty(), "{PAGE} has what no source has: {gone:?}");
}

#[test]
fn every_route_has_an_example_or_a_table_below_its_heading() {
    let text = page(PAGE);
    let (_, parts) = text.split_once("\n## ").unwrap();
    for (method, path) in routes_of_page() {
        let path = path.split("/{}").next().unwrap();
        let told = parts.split("\n## ").any(|part| {
            part.contains(path) && (part.contains("```json") || part.contains("|---|"))
        });
        assert!(told, "{PAGE} says nothing of {method} {path} but its name");
    }
}

/// The arms of the handlers: `["recalls", id, "confirm"] => …`, and the verbs of `[…, verb]`.
fn routes_of_sources() -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for (method, path) in HANDLERS {
        let source = std::fs::read_to_string(at(path)).unwrap();
        let mut parent: Option<String> = None;
        for line in source.lines().map(str::trim) {
            if let Some((parts, _)) = line
                .strip_prefix("[\"")
                .and_then(|_| line.strip_prefix('['))
                .and_then(|line| line.split_once("] =>"))
            {
                let parts: Vec<&str> = parts.split(", ").collect();
                parent = None;
                if parts.last() == Some(&"verb") {
                    parent = Some(route(&parts[..parts.len() - 1]));
                } else {
                    routes.insert((method.to_owned(), route(&parts)));
                }
            } else if let (Some(parent), Some((verb, _))) = (&parent, line.split_once("\" =>"))
                && let Some(verb) = verb.strip_prefix('"')
            {
                routes.insert((method.to_owned(), format!("{parent}/{verb}")));
            }
        }
    }
    // Answered before the handlers: it waits without a thread.
    let source = std::fs::read_to_string(at(ROUTES)).unwrap();
    for (_, rest) in source
        .match_indices("if parts == [\"")
        .map(|(at, found)| source.split_at(at + found.len()))
    {
        let name = rest.split('"').next().unwrap();
        routes.insert(("GET".to_owned(), format!("/cell/v1/{name}")));
    }
    routes
}

fn route(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| {
        part.strip_prefix('"')
            .map_or("{}", |part| part.trim_end_matches('"'))
    });
    parts.fold("/cell/v1".to_owned(), |path, part| format!("{path}/{part}"))
}

/// The rows of the page's first table.
fn routes_of_page() -> BTreeSet<Route> {
    let text = page(PAGE);
    let table = text
        .split("\n\n")
        .find(|part| part.contains("|---|"))
        .unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.split(" | ");
        let method = cells.next()?.trim_start_matches("| ").to_owned();
        let path = cells.next()?.split('`').nth(1)?;
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        Some((method, parts.collect::<Vec<_>>().join("/")))
    });
    rows.collect()
}
