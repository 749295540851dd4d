//! Every test that `docs/taxii.md` names is there, and every test of the TAXII door is named.

use crate::{at, code_words, page};
use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = "docs/taxii.md";
/// Tests of clients and documents, which the page names by their file.
const BY_FILE: [&str; 5] = ["interop", "misp", "opencti", "poller", "taxii2_client"];

#[test]
fn every_test_that_the_taxii_page_names_is_there() {
    let text = page(PAGE);
    let mut named = 0;
    for (path, name) in code_words(&text)
        .iter()
        .filter_map(|word| word.split_once(": "))
    {
        if Path::new(path).extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = fs::read_to_string(at(path))
            .unwrap_or_else(|error| panic!("{PAGE} names `{path}`: {error}"));
        let function = format!("fn {name}(");
        let before = source
            .split_once(&function)
            .unwrap_or_else(|| panic!("{PAGE} names the test `{name}`, which is not in `{path}`"))
            .0;
        let attributes: Vec<&str> = before.lines().rev().take(6).collect();
        assert!(
            attributes.iter().any(|line| line.contains("#[test]")),
            "`{name}` in `{path}` is no test"
        );
        named += 1;
    }
    assert!(80 < named, "it names {named} tests");
}

#[test]
fn every_file_of_the_doors_tests_is_on_the_page() {
    let text = page(PAGE);
    let words: BTreeSet<&str> = code_words(&text).into_iter().collect();
    for name in BY_FILE {
        let path = format!("crates/web/tests/it/taxii/{name}.rs");
        assert!(at(&path).exists(), "{path}");
        let named = words
            .iter()
            .any(|word| *word == path || word.starts_with(&format!("{path}: ")));
        assert!(named, "{PAGE} does not name {path}");
    }
}
