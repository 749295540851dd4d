//! Scripts of requests and answers: `tests/it/*.http`.
//!
//! `###` names an exchange, `>` is sent and `<` must come back: the status, each
//! header that is listed (`!name` must be absent), and the body if one is given.
//! `as:` says whose certificate is shown. `…` stands for anything.

use crate::{fake::Running, raw::Raw};
use std::collections::BTreeMap;

#[test]
fn every_script_is_answered_as_written() {
    let mut scripts = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "http")
        {
            run(
                path.file_name().unwrap().to_str().unwrap(),
                &std::fs::read_to_string(&path).unwrap(),
            );
            scripts += 1;
        }
    }
    assert!(scripts >= 8, "only {scripts} scripts were found");
}

fn run(name: &str, script: &str) {
    let server = Running::start();
    for exchange in script.split("### ").skip(1) {
        let title = format!("{name}: {}", exchange.lines().next().unwrap());
        let (sent, expected) = (
            Message::written(exchange, '>'),
            Message::written(exchange, '<'),
        );
        let shown = match sent.headers.get("as").map(String::as_str) {
            Some("authority") => Some(&server.authority),
            Some("stranger") => Some(&server.stranger),
            None => None,
            Some(other) => panic!("{title}: nobody is called `{other}`"),
        };
        let mut raw = Raw::connect(&server, shown);
        raw.send(sent.request().as_bytes());
        let heard = Message::heard(&raw.rest());
        expected.check(&heard, &title);
    }
}

/// A request or an answer: its first line, its headers by lower-case name, its body.
#[derive(Debug, Default)]
struct Message {
    first: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Message {
    fn written(exchange: &str, side: char) -> Self {
        let lines = exchange.lines().filter_map(|line| line.strip_prefix(side));
        let lines: Vec<_> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        Self::of(&lines.join("\n"), "\n\n", "\n")
    }

    fn heard(answer: &str) -> Self {
        let mut heard = Self::of(answer, "\r\n\r\n", "\r\n");
        heard.first = heard.first.split(' ').nth(1).unwrap_or_default().to_owned();
        heard
    }

    fn of(text: &str, gap: &str, end: &str) -> Self {
        let (head, body) = text.split_once(gap).unwrap_or((text, ""));
        let mut lines = head.split(end);
        let first = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_lowercase(), value.trim().to_owned())
        };
        Self {
            first,
            headers: lines.map(header).collect(),
            body: body.to_owned(),
        }
    }

    fn request(&self) -> String {
        let mut lines = vec![format!("{} HTTP/1.1", self.first)];
        lines.extend(["host: node.example", "connection: close"].map(str::to_owned));
        let headers = self.headers.iter().filter(|(name, _)| *name != "as");
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        if !self.body.is_empty() {
            lines.push(format!("content-length: {}", self.body.len()));
        }
        lines.join("\r\n") + "\r\n\r\n" + &self.body
    }

    fn check(&self, heard: &Self, title: &str) {
        assert_eq!(self.first, heard.first, "{title}: {heard:#?}");
        for (name, value) in &self.headers {
            let is = heard.headers.get(name.trim_start_matches('!'));
            let as_written = match is {
                Some(is) => matches(value, is) && !name.starts_with('!'),
                None => name.starts_with('!'),
            };
            assert!(as_written, "{title}: {name}: {heard:#?}");
        }
        let body = heard.body.trim_end();
        assert!(
            self.body.is_empty() || matches(&self.body, body) || same_json(&self.body, body),
            "{title}: {body}\nis not\n{}",
            self.body
        );
    }
}

/// Whether two texts are the same JSON: the order of an object's members says nothing.
fn same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    read(one).is_some_and(|one| read(other) == Some(one))
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}
