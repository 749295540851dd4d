//! Every command that a page shows is one that the program has.

use std::{collections::BTreeMap, path::Path, process::Command};

const PAGES: &[&str] = &[
    "README.md",
    "SECURITY.md",
    "docs/cell-http.md",
    "docs/cell.md",
    "docs/errors.md",
    "docs/formats.md",
    "docs/from-misp.md",
    "docs/from-opentaxii.md",
    "docs/operating.md",
    "docs/walkthrough.md",
];

/// The commands that have commands of their own.
const GROUPS: &[&str] = &[
    "case", "cell", "inspect", "key", "law", "log", "order", "package", "register", "report",
];

/// The cell's commands that have commands of their own.
const CELL_GROUPS: &[&str] = &[
    "account",
    "collection",
    "evidence",
    "follow",
    "group",
    "identity",
    "incident",
    "pseudonym",
    "review",
    "warning",
    "wrapper",
];

/// Flags that every command takes.
const GLOBAL: &[&str] = &["--dir", "--help", "--json", "--quiet", "--version"];

/// A command's words after `portcullis`, and the flags that are given to it.
#[derive(Debug, Eq, PartialEq)]
struct Shown<'a> {
    command: Vec<&'a str>,
    flags: Vec<&'a str>,
}

#[test]
fn every_command_that_a_page_shows_is_there_with_its_flags() {
    let mut helps = BTreeMap::new();
    let mut seen = 0;
    for name in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(name);
        let page = std::fs::read_to_string(&path).unwrap();
        let page = page.replace("\\\n", " ");
        for line in page.split(['\n', '`', '|', '&', '"', '(']) {
            let Some(shown) = shown(line) else { continue };
            let help = helps
                .entry(shown.command.join(" "))
                .or_insert_with(|| help(&shown.command));
            let help = help
                .as_deref()
                .unwrap_or_else(|| panic!("{name}: no such command in `{line}`"));
            for flag in &shown.flags {
                let apart = |c: char| !(c.is_ascii_lowercase() || c == '-');
                let known = GLOBAL.contains(flag) || help.split(apart).any(|word| word == *flag);
                assert!(known, "{name}: `{flag}` is no flag of `{line}`");
            }
            seen += 1;
        }
    }
    assert!(60 < seen, "the pages show {seen} commands");
}

/// What a command says of itself, if there is such a command.
fn help(command: &[&str]) -> Option<String> {
    let said = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(command)
        .arg("--help")
        .output()
        .unwrap();
    said.status
        .success()
        .then(|| String::from_utf8(said.stdout).unwrap())
}

/// The command in a line that begins with `portcullis`, perhaps after a prompt.
fn shown(line: &str) -> Option<Shown<'_>> {
    let line = line.trim_start();
    let line = line.split_once("$ ").map_or(line, |(_, rest)| rest);
    let mut words = line.strip_prefix("portcullis ")?.split_whitespace();
    let mut command = Vec::new();
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let wanted = match command.as_slice() {
            ["report", "joint", ..] => 3,
            ["cell", group, ..] if CELL_GROUPS.contains(group) => 3,
            [group, ..] if GROUPS.contains(group) => 2,
            _ => 1,
        };
        let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if let Some(flag) = word.strip_prefix("--") {
            flags.push(&word[..2 + flag.find('=').unwrap_or(flag.len())]);
            if word == "--dir" {
                words.next();
            }
        } else if command.len() < wanted && plain {
            command.push(word);
        } else if command.is_empty() {
            return None;
        }
    }
    (!command.is_empty()).then_some(Shown { command, flags })
}

#[test]
fn commands_are_told_from_prose() {
    let line = "agency$ portcullis --dir node order draft a.toml --application g.md --key rita";
    let expected = Shown {
        command: vec!["order", "draft"],
        flags: vec!["--dir", "--application", "--key"],
    };
    assert_eq!(shown(line), Some(expected));
    assert_eq!(shown("a portcullis is a gate"), None);
    assert_eq!(shown("portcullis/v1"), None);
}
