//! What the pages for newcomers point at is there.

use crate::{at, code_words, page};
use std::{collections::BTreeSet, fs, path::Path};

const PAGES: &[&str] = &[
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "docs/formats.md",
    "docs/operating.md",
];

/// Where paths in the pages begin.
const FOLDERS: &[&str] = &["crates/", "laws/", "docs/", "xtask/", ".ci/", ".cargo/"];

#[test]
fn every_path_that_a_page_names_is_there() {
    for name in PAGES {
        let text = page(name);
        let words = code_words(&text).into_iter();
        let paths: Vec<&str> = words
            .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)))
            .filter(|word| !word.contains(['<', '*', ' ', '…']))
            .collect();
        assert!(!paths.is_empty(), "{name} points nowhere");
        for path in paths {
            assert!(
                at(path).exists(),
                "{name} names `{path}`, which is not there"
            );
        }
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    for name in PAGES.iter().chain(&["CHANGELOG.md", "docs/errors.md"]) {
        let folder = at(name).parent().unwrap().to_owned();
        let text = page(name);
        let links = text.split("](").skip(1);
        for link in links.filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or(link);
            assert!(
                link.contains("://") || folder.join(file).exists(),
                "{name} links to `{link}`, which is not there"
            );
        }
    }
}

#[test]
fn every_name_of_code_that_a_page_uses_is_in_the_code() {
    let mut words = BTreeSet::new();
    collect(&at("crates"), &mut words);
    for name in PAGES {
        for code in code_words(&page(name)) {
            let Some(segments) = rust_path(code) else {
                continue;
            };
            for segment in segments {
                assert!(
                    words.contains(segment),
                    "{name} speaks of `{code}`, and no code has `{segment}`"
                );
            }
        }
    }
}

/// The segments of what reads like a type or a path of Rust, such as `Case`
/// or `case::decide`; lower-case words alone may be anything.
fn rust_path(word: &str) -> Option<Vec<&str>> {
    let segments: Vec<&str> = word.trim_end_matches("()").split("::").collect();
    let named = |segment: &&str| {
        segment.starts_with(|c: char| c.is_ascii_alphabetic())
            && segment
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let typed = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_uppercase())
            && segment.contains(|c: char| c.is_ascii_lowercase())
    };
    let reads = segments.iter().all(named)
        && (segments.len() > 1 || segments.iter().any(|segment| typed(segment)));
    reads.then_some(segments)
}

/// Every word of every source file, and the names of the files and folders.
fn collect(path: &Path, words: &mut BTreeSet<String>) {
    if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
        words.insert(stem.to_owned());
    }
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), words);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).unwrap();
        let apart = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        words.extend(text.split(apart).map(str::to_owned));
    }
}

#[test]
fn what_reads_like_rust_is_told_from_what_does_not() {
    assert_eq!(rust_path("Case"), Some(vec!["Case"]));
    assert_eq!(rust_path("case::decide"), Some(vec!["case", "decide"]));
    assert_eq!(
        rust_path("Driver::commit()"),
        Some(vec!["Driver", "commit"])
    );
    for word in [
        "case",
        "order.rs",
        "cargo test",
        "CRASH:",
        "A",
        "…Error",
        "",
    ] {
        assert_eq!(rust_path(word), None, "{word}");
    }
}
