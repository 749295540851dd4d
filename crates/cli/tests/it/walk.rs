//! A page of the documentation, command by command: what it says is what happens.
//!
//! Every `console` block is run in order, each line after a prompt (`agency$ `,
//! `company$ `) in a shell of that side; what one `export`s holds for those after it. What follows a prompt on the page is
//! compared with what was printed, with ids, digests, keys, times and ports read
//! as themselves: the first of a kind on the page stands for the first that was
//! printed. A line `…` stands for any lines. A command that ends in ` &` goes on
//! running. Commands that look may be asked again for a while, because what they
//! look at travels.
//!
//! `UPDATE_WALKTHROUGH=1 cargo test -p portcullis --test it walkthrough` (or `cell::page`)
//! writes what was printed into the page; read the difference before you commit it.

#![expect(
    clippy::disallowed_methods,
    reason = "a test waits for other processes, and reads what it was asked to do"
)]

use regex::Regex;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a command is asked again.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command of the page and what it prints there.
#[derive(Debug)]
struct Step {
    side: &'static str,
    command: String,
    printed: Vec<String>,
    /// Where its output stands on the page.
    lines: std::ops::Range<usize>,
}

/// A page that is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// Its path below the repository.
    pub(crate) path: &'static str,
    /// The words before the prompts; each has a folder of its own.
    pub(crate) sides: &'static [&'static str],
    /// The addresses on which it listens; other ones stand in for them.
    pub(crate) addresses: &'static [&'static str],
    /// It has more steps than these.
    pub(crate) least: usize,
}

impl Page {
    /// Runs it, or writes it anew where that was asked for.
    pub(crate) fn does_what_it_says(&self) {
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(self.path);
        let text = fs::read_to_string(&page).unwrap();
        let steps = self.steps_of(&text);
        assert!(
            self.least < steps.len(),
            "{} has {} steps",
            self.path,
            steps.len()
        );
        let update = std::env::var_os("UPDATE_WALKTHROUGH").is_some();
        // A port that was free may be taken by another test before the node listens: one more try.
        let (stage, written) = std::panic::catch_unwind(|| self.walk(&steps, update))
            .unwrap_or_else(|_| self.walk(&steps, update));
        if update {
            let mut page_text = rewritten(&text, &written);
            for (there, here) in &stage.words {
                page_text = if is_id(there) {
                    page_text.replace(there, here)
                } else {
                    page_text.replace(here, there)
                };
            }
            fs::write(&page, page_text).unwrap();
        }
    }

    /// Runs every step; what each printed, and where on the page that stands.
    fn walk(&self, steps: &[Step], update: bool) -> (Stage, Vec<(std::ops::Range<usize>, String)>) {
        let mut stage = Stage::new(self);
        let mut written = Vec::new();
        for step in steps {
            let printed = stage.run(step, update);
            written.push((step.lines.clone(), printed));
        }
        (stage, written)
    }

    fn steps_of(&self, text: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut inside = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("```") {
                inside = line == "```console";
                continue;
            }
            if !inside {
                continue;
            }
            let prompt = self.sides.iter().find_map(|side| {
                line.strip_prefix(side)?
                    .strip_prefix("$ ")
                    .map(|rest| (*side, rest))
            });
            if let Some((side, command)) = prompt {
                let lines = number + 1..number + 1;
                steps.push(Step {
                    side,
                    command: command.to_owned(),
                    printed: Vec::new(),
                    lines,
                });
            } else if let Some(step) = steps.last_mut() {
                // A command goes on after a backslash.
                if step.command.ends_with('\\') && step.printed.is_empty() {
                    step.command.pop();
                    step.command.push_str(line.trim_start());
                    step.lines = number + 1..number + 1;
                } else {
                    step.printed.push(line.to_owned());
                    step.lines.end = number + 1;
                }
            }
        }
        steps
    }
}

/// Sides, each with a folder of its own, and what runs in the background.
struct Stage {
    root: tempfile::TempDir,
    running: Vec<Child>,
    /// Words of the page, and what they are here.
    words: BTreeMap<String, String>,
    kinds: Vec<Regex>,
    /// What was exported, and by whom.
    exported: Vec<(&'static str, String, String)>,
    /// The last word of each kind that was printed: what a page that is written anew means.
    last: BTreeMap<usize, String>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Stage {
    fn new(page: &Page) -> Self {
        let root = tempfile::tempdir().unwrap();
        for side in page.sides {
            fs::create_dir(root.path().join(side)).unwrap();
        }
        let addresses = page.addresses.iter();
        let words = addresses.map(|address| ((*address).to_owned(), free_address()));
        let kinds = [
            r"case_[0-9a-f]{32}",
            r"pkg_[0-9a-f]{32}",
            r"sha256:[0-9a-f]{64}",
            r"ed25519:[A-Za-z0-9+/=]{44}",
            r"age1[0-9a-z]{58}",
            r"\b\d{4}-\d\d-\d\d(?:T| )\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?",
            r"\b\d{4}-\d\d-\d\d\b",
            r"\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}",
            r"\b\d+(?:\.\d+)? (?:KiB|MiB|bytes)\b",
            r"\b(?:flw|grp|rcl|rev|rfi)_[0-9a-f]{32}\b",
            r"pct_[0-9a-f]{64}",
            r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
            r"\b\d+(?:\.\d+)?(?:µs|ms|s)\b",
        ];
        let kinds = kinds.iter().map(|kind| Regex::new(kind).unwrap()).collect();
        Self {
            root,
            running: Vec::new(),
            words: words.collect(),
            kinds,
            exported: Vec::new(),
            last: BTreeMap::new(),
        }
    }

    /// Runs a step until it prints what the page says; what was printed.
    fn run(&mut self, step: &Step, update: bool) -> String {
        if update {
            self.guess(&step.command);
        }
        let command = self.here(&step.command);
        if let Some((name, value)) = command
            .strip_prefix("export ")
            .and_then(|said| said.split_once('='))
        {
            let said = (step.side, name.to_owned(), value.to_owned());
            self.exported.push(said);
            return String::new();
        }
        if let Some(command) = command.strip_suffix(" &") {
            let mut shell = self.shell(step.side, &format!("exec {command}"));
            self.running.push(
                shell
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap(),
            );
            return String::new();
        }
        let start = Instant::now();
        loop {
            let output = self
                .shell(step.side, &format!("{{ {command}\n}} 2>&1"))
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned();
            // Something may still be on its way; what the page shows failing is given less time.
            let alignment = self.fits(&step.printed, &printed);
            let fits = if update {
                output.status.success()
            } else {
                alignment.is_some()
            };
            let late = start.elapsed() > if update { PATIENCE / 5 } else { PATIENCE };
            if fits || (update && late) {
                if update {
                    self.remember(&printed);
                } else {
                    self.learn(&step.printed, &printed, &alignment.unwrap_or_default());
                }
                return printed;
            }
            assert!(
                !late,
                "`{}$ {}` printed\n{printed}\nand the page says\n{}\nread as\n{}\nand\n{}",
                step.side,
                step.command,
                step.printed.join("\n"),
                self.plain(&printed),
                self.plain(&step.printed.join("\n")),
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn shell(&self, side: &str, command: &str) -> Command {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_portcullis"));
        let mut shell = Command::new("bash");
        let path = std::env::var("PATH").unwrap_or_default();
        let first = program.parent().unwrap().display();
        shell
            .arg("-c")
            .arg(command)
            .current_dir(self.root.path().join(side));
        shell
            .env("PATH", format!("{first}:{path}"))
            .env_remove("PORTCULLIS_DIR")
            .stdin(Stdio::null());
        let exported = self.exported.iter().filter(|(by, ..)| *by == side);
        shell.envs(exported.map(|(_, name, value)| (name, value)));
        shell
    }

    /// A text of the page with the words that are known so far.
    fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (page, here) in &self.words {
            text = text.replace(page, here);
        }
        text
    }

    fn found<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut found: Vec<_> = self
            .kinds
            .iter()
            .flat_map(|kind| kind.find_iter(text))
            .collect();
        found.sort_by_key(|word| (word.start(), std::cmp::Reverse(word.end())));
        let mut end = 0;
        found.retain(|word| {
            let apart = word.start() >= end;
            end = end.max(word.end());
            apart
        });
        found.into_iter().map(|word| word.as_str()).collect()
    }

    /// With the words of every kind read as their kind.
    fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for address in self
            .words
            .iter()
            .filter(|(page, _)| page.starts_with("127."))
        {
            text = text
                .replace(address.0, "ADDRESS")
                .replace(address.1, "ADDRESS");
        }
        for (number, kind) in self.kinds.iter().enumerate() {
            text = kind.replace_all(&text, format!("‹{number}›")).into_owned();
        }
        // The two kinds of time are one to the reader.
        text.replace("‹6›", "‹5›")
    }

    fn fits(&self, page: &[String], printed: &str) -> Option<Vec<(usize, usize)>> {
        let printed: Vec<String> = printed
            .lines()
            .map(|line| self.plain(line.trim_end()))
            .collect();
        let page: Vec<String> = page
            .iter()
            .map(|line| self.plain(line.trim_end()))
            .collect();
        let page: &[String] = match page.split_last() {
            Some((last, rest)) if last.is_empty() => rest,
            _ => &page,
        };
        aligned(page, &printed)
    }

    /// Takes words of a page that is written anew for the last of their kind.
    fn guess(&mut self, command: &str) {
        let known: Vec<&String> = self.words.values().collect();
        let mut guessed = Vec::new();
        for (number, kind) in self.kinds.iter().enumerate() {
            for word in kind.find_iter(command).map(|word| word.as_str()) {
                let fresh =
                    !self.words.contains_key(word) && !known.iter().any(|here| *here == word);
                if let (true, true, Some(last)) = (is_id(word), fresh, self.last.get(&number)) {
                    guessed.push((word.to_owned(), last.clone()));
                }
            }
        }
        self.words.extend(guessed);
    }

    fn remember(&mut self, printed: &str) {
        for (number, kind) in self.kinds.iter().enumerate() {
            if let Some(word) = kind.find_iter(printed).last() {
                self.last.insert(number, word.as_str().to_owned());
            }
        }
    }

    /// What the page's words are here, line by line.
    fn learn(&mut self, page: &[String], printed: &str, alignment: &[(usize, usize)]) {
        let printed: Vec<&str> = printed.lines().collect();
        let mut pairs = Vec::new();
        for (there, here) in alignment {
            let words = self
                .found(&page[*there])
                .into_iter()
                .zip(self.found(printed[*here]));
            pairs.extend(words.map(|(there, here)| (there.to_owned(), here.to_owned())));
        }
        for (there, here) in pairs.into_iter().filter(|(there, _)| is_id(there)) {
            self.words.entry(there).or_insert(here);
        }
    }
}

/// Whether a word names something, and is not a time.
fn is_id(word: &str) -> bool {
    let named = [
        "case_", "pkg_", "sha256:", "ed25519:", "+", "flw_", "grp_", "rcl_", "rev_", "rfi_", "pct_",
    ];
    let uuid = word.len() == 36 && word.split('-').count() == 5;
    uuid || named.iter().any(|kind| word.starts_with(kind))
}

/// Lines against lines, where `…` stands for any: which line of the page stands for which.
fn aligned(page: &[String], printed: &[String]) -> Option<Vec<(usize, usize)>> {
    fn from(
        page: &[String],
        at: usize,
        printed: &[String],
        line: usize,
    ) -> Option<Vec<(usize, usize)>> {
        match page.get(at) {
            None => (line == printed.len()).then(Vec::new),
            Some(dots) if dots.trim() == "…" => {
                (line..=printed.len()).find_map(|next| from(page, at + 1, printed, next))
            }
            Some(text) => {
                if printed.get(line)? != text {
                    return None;
                }
                let mut rest = from(page, at + 1, printed, line + 1)?;
                rest.insert(0, (at, line));
                Some(rest)
            }
        }
    }
    from(page, 0, printed, 0)
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// The page with what was printed in the place of what stood there.
fn rewritten(text: &str, written: &[(std::ops::Range<usize>, String)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut page = String::new();
    let mut at = 0;
    for (range, printed) in written {
        for line in &lines[at..range.start] {
            let _ = writeln!(page, "{line}");
        }
        let before: Vec<&str> = lines[range.clone()].to_vec();
        // A page that leaves something out goes on leaving it out.
        if before.contains(&"…") {
            for line in before {
                let _ = writeln!(page, "{line}");
            }
        } else if !printed.is_empty() {
            let _ = writeln!(page, "{printed}");
        }
        at = range.end;
    }
    for line in &lines[at..] {
        let _ = writeln!(page, "{line}");
    }
    page
}

#[test]
fn a_line_of_dots_stands_for_any_lines() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        aligned(&lines("a\n…\nd"), &lines("a\nb\nc\nd")),
        Some(vec![(0, 0), (2, 3)])
    );
    assert_eq!(aligned(&lines("…"), &lines("")), Some(vec![]));
    assert_eq!(aligned(&lines("a\n…\nd"), &lines("a\nb\nc")), None);
}

#[test]
fn two_keys_of_a_log_are_one_kind_of_word() {
    let stage = Stage::new(&Page {
        path: "docs/walkthrough.md",
        sides: &["agency"],
        addresses: &[],
        least: 0,
    });
    let one = r#"  "register_log": "agency.example/register/live+71cc5227+Afb1Rg54ZMnIbfAbfj05f4akJKY0iUZc4Gn4Llwoh0Bg","#;
    let other = r#"  "register_log": "agency.example/register/live+33f29750+AW76xrRWciRf23pdMfFQVdYjD9Undgp71N8b6mp6N3+u","#;
    assert_eq!(stage.plain(one), stage.plain(other));
}
