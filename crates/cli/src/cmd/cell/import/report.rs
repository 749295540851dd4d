//! What became of the objects of an import, one by one.

use super::map::Unmapped;
use crate::{
    cmd::cell::words,
    failure::{Failure, REFUSED},
    ui::Ui,
};
use portcullis_node::cell::{Detail, Status};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs::File, io::Write as _, path::Path, process::ExitCode};

/// So many lines of a kind are shown to people; a file takes all.
const SHOWN_MAX: usize = 20;

/// What became of an import.
#[derive(Debug, Default)]
pub(super) struct Report {
    found: usize,
    taken: usize,
    fresh: usize,
    refused: Vec<Line>,
    waits: Vec<Line>,
    /// What names people where nobody is asked yet.
    apart: Vec<Line>,
    unmapped: Vec<Line>,
    /// What has no place in STIX and travels along in an extension.
    kept: Vec<Line>,
}

/// One object, or part of a file, that was not taken in.
#[derive(Debug)]
struct Line {
    file: String,
    place: String,
    code: String,
    message: String,
}

impl Line {
    fn of(file: &str, detail: &Detail) -> Self {
        Self {
            file: file.to_owned(),
            place: detail.id.clone(),
            code: detail.code.to_owned(),
            message: detail.message.clone().unwrap_or_default(),
        }
    }

    /// The reason, with its code if it has one.
    fn why(&self) -> String {
        match self.code.as_str() {
            "" => self.message.clone(),
            code => format!("{} [{code}]", self.message),
        }
    }

    fn json(&self, what: &str) -> Value {
        json!({ "file": self.file, "object": self.place, "what": what, "code": self.code, "message": self.message })
    }
}

impl Report {
    /// So many objects were found.
    pub(super) const fn found(&mut self, objects: usize) {
        self.found += objects;
    }

    /// What the cell said.
    pub(super) fn done(&mut self, file: &str, done: &Status) {
        self.taken += done.successes.len();
        self.fresh += done.fresh;
        let lines = |details: &[Detail]| {
            details
                .iter()
                .map(|one| Line::of(file, one))
                .collect::<Vec<_>>()
        };
        self.refused.extend(lines(&done.failures));
        self.waits.extend(lines(&done.pendings));
        self.apart.extend(lines(&done.apart));
    }

    /// What has no place in STIX.
    pub(super) fn unmapped(&mut self, file: &str, unmapped: &[Unmapped]) {
        for one in unmapped {
            let (lines, code) = if one.kept {
                (&mut self.kept, "cell.kept_aside")
            } else {
                (&mut self.unmapped, "cell.unmapped")
            };
            lines.push(Line {
                file: file.to_owned(),
                place: format!("{} ({})", one.place, one.what),
                code: code.to_owned(),
                message: one.why.clone(),
            });
        }
    }

    /// Writes all of it, a JSON object a line.
    pub(super) fn write(&self, path: &Path, mut file: File) -> Result<(), Failure> {
        let mut text = String::new();
        for (what, lines) in self.kinds() {
            for line in lines {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{}", line.json(what));
            }
        }
        file.write_all(text.as_bytes())
            .map_err(|error| Failure::file(path, &error))
    }

    fn kinds(&self) -> [(&'static str, &[Line]); 5] {
        [
            ("refused", &self.refused),
            ("waits", &self.waits),
            ("apart", &self.apart),
            ("unmapped", &self.unmapped),
            ("kept aside", &self.kept),
        ]
    }

    /// Says it, to people and machines.
    pub(super) fn say(&self, dry: bool, written: Option<&Path>, ui: Ui) {
        // What waits for a person is here, too.
        let here = self.taken + self.waits.len();
        let known = here - self.fresh.min(here);
        let (would, after) = if dry {
            ("would take in", "; nothing was changed")
        } else {
            ("took in", "")
        };
        ui.say(format_args!(
            "{would} {here} of {}: {} new, {known} known already{after}",
            words::count(self.found, "object"),
            self.fresh
        ));
        if !self.kept.is_empty() {
            ui.say(format_args!(
                "{} of MISP's own travel along in an extension, and come back on the way back",
                words::count(self.kept.len(), "detail")
            ));
        }
        for (what, lines) in self.kinds().into_iter().take(4) {
            if lines.is_empty() {
                continue;
            }
            ui.say(format_args!("{what}: {}", lines.len()));
            for line in lines.iter().take(SHOWN_MAX) {
                ui.say(format_args!("  {}  {}", line.place, line.why()));
            }
            if lines.len() > SHOWN_MAX {
                let all = written.map_or("; `--report FILE` writes them all", |_| "");
                let more = lines.len() - SHOWN_MAX;
                ui.say(format_args!("  … and {more} more: {}{all}", by_code(lines)));
            }
        }
        if !self.waits.is_empty() && dry {
            ui.say("what waits would be here, and reach nobody else until a person has decided");
        } else if !self.waits.is_empty() {
            ui.say("a person decides on what waits: `portcullis cell review list`");
        }
        if !self.apart.is_empty() {
            ui.say(
                "what is apart names people and reaches nobody abroad, nor an authority from a company; nobody such reads the collection, so nothing is to be decided yet: once one does, it waits in `portcullis cell review list`",
            );
        }
        if self
            .refused
            .iter()
            .any(|line| line.code == "cell.warning_list")
        {
            ui.say("what is on a warning list comes in if it is meant: `portcullis cell warning override`");
        }
        if let Some(path) = written {
            ui.say(format_args!("the report is `{}`", path.display()));
        }
        let all = |what: &'static str, lines: &[Line]| {
            lines.iter().map(|line| line.json(what)).collect::<Vec<_>>()
        };
        ui.answer(&json!({
            "found": self.found,
            "taken": self.taken,
            "new": self.fresh,
            "known": known,
            "dry_run": dry,
            "refused": all("refused", &self.refused),
            "waits": all("waits", &self.waits),
            "apart": all("apart", &self.apart),
            "unmapped": all("unmapped", &self.unmapped),
            "kept_aside": self.kept.len(),
        }));
    }

    /// Done if nothing was refused; what could not be mapped was said.
    pub(super) fn exit(&self) -> ExitCode {
        if self.refused.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(REFUSED)
        }
    }
}

/// How often each code stands in these lines, the most frequent first.
fn by_code(lines: &[Line]) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for line in lines {
        let code = match line.code.as_str() {
            "" => "that name people",
            code => code,
        };
        *counts.entry(code).or_insert(0_usize) += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let each = counts.iter().map(|(code, count)| format!("{count} {code}"));
    each.collect::<Vec<_>>().join(", ")
}
