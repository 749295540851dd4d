//! Every stable code of the sources is on its page, and no other; those of the check in the
//! public page, which is JavaScript, as well.

use crate::{at, page};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = "docs/errors.md";

/// Words of two parts in the sources that are no codes: files, and names that others gave.
const NO_CODES: &[&str] = &[
    "attachment.bin",
    "cell.counts",
    "delivery.key",
    "epoch.new",
    "node.key",
    "portcullis.toml",
    "register.id",
    // What the page puts before the end of another code.
    "report.proof_",
    "series.line",
    "seg.new",
    "serve.lock",
    "serve.log",
    "store.db",
    "us.governmental_entity",
    "verify.key",
    "webauthn.get",
];

/// How the endings of host names in examples look, and of files that programs write.
const ENDINGS: &[&str] = &[
    "com", "doc", "example", "exe", "html", "invalid", "json", "org", "seed", "txt",
];

/// What makes a code of one part: its first, or second, argument.
const MAKERS: &[&str] = &["::unable(", "::refused(", "::false_(", "::new("];

#[test]
fn every_code_is_on_the_page_and_nothing_else_is() {
    let sources = codes_of_sources();
    let text = page(PAGE);
    let documented = codes_of_page(&text);
    let missing: Vec<_> = sources
        .iter()
        .filter(|(code, _)| !documented.contains(code.as_str()))
        .map(|(code, path)| format!("{code} ({})", path.display()))
        .collect();
    assert!(missing.is_empty(), "{PAGE} lacks {missing:#?}");
    let gone: Vec<_> = documented
        .iter()
        .filter(|code| !sources.contains_key(**code))
        .collect();
    assert!(gone.is_empty(), "{PAGE} has what no source has: {gone:#?}");
}

#[test]
fn the_page_names_each_code_once() {
    let text = page(PAGE);
    let mut seen = BTreeSet::new();
    for code in rows(&text) {
        assert!(seen.insert(code), "`{code}` stands twice");
    }
    assert!(150 < seen.len(), "that is not the page: {}", seen.len());
}

fn codes_of_page(page: &str) -> BTreeSet<&str> {
    rows(page).collect()
}

/// The first column of its tables.
fn rows(page: &str) -> impl Iterator<Item = &str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
}

fn codes_of_sources() -> BTreeMap<String, PathBuf> {
    let mut codes = BTreeMap::new();
    for room in fs::read_dir(at("crates")).unwrap() {
        let room = room.unwrap().path();
        // The simulator makes faults on purpose and answers nobody.
        if room.file_name().is_some_and(|name| name != "sim") {
            collect(&room.join("src"), &mut codes);
        }
    }
    collect(&at("crates/web/check/src"), &mut codes);
    codes
}

fn collect(path: &Path, codes: &mut BTreeMap<String, PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), codes);
        }
        return;
    }
    let of_tests = path.file_stem().is_some_and(|stem| stem == "tests");
    let extension = path.extension().and_then(|extension| extension.to_str());
    if of_tests || !matches!(extension, Some("rs" | "js")) {
        return;
    }
    let source = fs::read_to_string(path).unwrap();
    // In the floors, words of two parts are places in a law file; codes there have three.
    let floors = path.components().any(|part| part.as_os_str() == "floor");
    for code in codes_in(&source) {
        if !floors || code.starts_with("law.floor.") {
            codes.entry(code).or_insert_with(|| path.to_owned());
        }
    }
}

/// The codes in a source, its tests and comments aside.
fn codes_in(source: &str) -> BTreeSet<String> {
    let lines = before_tests(source).lines().filter(|line| {
        !["//", "/*", "* "]
            .iter()
            .any(|mark| line.trim_start().starts_with(mark))
    });
    let code: Vec<&str> = lines.collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for word in code.split('"') {
        if is_code(word) {
            found.insert(word.to_owned());
        }
    }
    for maker in MAKERS {
        let of_failure = ["Failure", "Self"].map(|name| format!("{name}{maker}"));
        for call in of_failure.iter().flat_map(|call| code.split(call).skip(1)) {
            found.extend(first_text(call, *maker == "::new(").map(str::to_owned));
        }
    }
    found
}

/// A source up to its module of tests.
fn before_tests(source: &str) -> &str {
    const MARK: &str = "#[cfg(test)]\n";
    let of_module = |at: &usize| {
        let rest = source.get(at + MARK.len()..).unwrap_or_default();
        rest.lines()
            .find(|line| !line.starts_with("#["))
            .is_some_and(|line| line.starts_with("mod ") || line.starts_with("pub(super) mod "))
    };
    let mut marks = source.match_indices(MARK).map(|(at, _)| at);
    match marks.find(of_module) {
        Some(at) => source.get(..at).unwrap_or(source),
        None => source,
    }
}

/// The text that a call begins with, or that follows its first argument.
fn first_text(call: &str, second: bool) -> Option<&str> {
    let rest = if second {
        call.split_once(',')?.1
    } else {
        call
    };
    let word = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    plain.then_some(word)
}

/// Whether a text reads like a code: `word.word`, or `law.floor.word`.
fn is_code(word: &str) -> bool {
    let rest = word.strip_prefix("law.floor.").map(|rest| ("law", rest));
    let Some((room, reason)) = rest.or_else(|| word.split_once('.')) else {
        return false;
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !room.is_empty()
        && room.bytes().all(|b| b.is_ascii_lowercase())
        && !reason.is_empty()
        && reason.bytes().all(plain)
        // An object that is no JSON.
        && (word == "stix.json" || !ENDINGS.contains(&reason))
        && !NO_CODES.contains(&word)
}

#[test]
fn codes_are_told_from_other_words() {
    let source = r#"
// "comment.code"
Self::Gap => "statement.gap",
Failure::unable("listen", "cannot"); Failure::new(USAGE, "usage", "mail.example")
Failure::refused(
    "init.exists",
"law.floor.band"; "store.db"; "a sentence. it goes on"; ".x"
#[cfg(test)]
use "log.after";
#[cfg(test)]
#[expect(all)]
mod tests { "test.code" }
"#;
    let found: Vec<String> = codes_in(source).into_iter().collect();
    let expected = [
        "init.exists",
        "law.floor.band",
        "listen",
        "log.after",
        "statement.gap",
        "usage",
    ];
    assert_eq!(found, expected);
}
