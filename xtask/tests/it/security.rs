//! Every test that `SECURITY.md` rests on is there.

use crate::{at, code_words, page};
use std::{fs, path::Path};

/// A test is named as `path.rs: its_name`.
fn tests_named(page: &str) -> Vec<(&str, &str)> {
    code_words(page)
        .into_iter()
        .filter_map(|word| word.split_once(": "))
        .filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "rs"))
        .collect()
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let security = page("SECURITY.md");
    let named = tests_named(&security);
    assert!(30 < named.len(), "it names {} tests", named.len());
    for (path, name) in named {
        let source = fs::read_to_string(at(path))
            .unwrap_or_else(|error| panic!("SECURITY.md names `{path}`: {error}"));
        let test = format!("fn {name}(");
        assert!(
            source.contains(&test),
            "SECURITY.md names the test `{name}`, which is not in `{path}`"
        );
        let before = source.split(&test).next().unwrap_or_default();
        let attributes: Vec<&str> = before.lines().rev().take(6).collect();
        assert!(
            attributes.iter().any(|line| line.contains("#[test]")),
            "`{name}` in `{path}` is no test"
        );
    }
}

#[test]
fn tests_are_named_by_file_and_function() {
    let page = "see `crates/a/tests/it/b.rs: it_holds` and `c.rs`, `d: e`";
    assert_eq!(tests_named(page), [("crates/a/tests/it/b.rs", "it_holds")]);
}
