//! What people and machines see: lines or JSON, progress, failures.

use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// How this run speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    json: bool,
    quiet: bool,
}

impl Ui {
    pub(crate) const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether a machine listens.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// A line for people; machines do not get it.
    pub(crate) fn say(self, line: impl core::fmt::Display) {
        if !self.json {
            print(format_args!("{line}"));
        }
    }

    /// The answer for machines; people do not get it.
    pub(crate) fn answer(self, value: &serde_json::Value) {
        if self.json {
            print(format_args!("{value:#}"));
        }
    }

    /// A note on the side, on standard error.
    pub(crate) fn note(self, line: impl core::fmt::Display) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }

    pub(crate) fn fail(self, failure: &Failure) {
        if self.json {
            let value = serde_json::json!({
                "error": { "code": failure.code, "message": failure.message, "hint": failure.hint }
            });
            print(format_args!("{value:#}"));
            return;
        }
        eprintln!("portcullis: {} [{}]", failure.message, failure.code);
        if let Some(hint) = &failure.hint {
            eprintln!("  hint: {hint}");
        }
    }

    /// A bar over so many bytes; hidden where nobody watches.
    pub(crate) fn bytes_bar(self, total: u64, what: &'static str) -> ProgressBar {
        if self.json || self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = "{msg:12} {wide_bar} {bytes:>10}/{total_bytes} {bytes_per_sec:>12} {eta:>4}";
        let style =
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(total).with_style(style).with_message(what)
    }

    /// A bar over so many things.
    pub(crate) fn count_bar(self, total: u64, what: &'static str) -> ProgressBar {
        if self.json || self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = "{msg:12} {wide_bar} {pos:>10}/{len} {per_sec:>12} {eta:>4}";
        let style =
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(total).with_style(style).with_message(what)
    }

    /// A sign that something goes on whose end is not known, and how many things it has done;
    /// hidden where nobody watches.
    pub(crate) fn working(self, what: &'static str) -> ProgressBar {
        if self.json || self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{spinner} {msg:12} {pos:>10} {elapsed:>5}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner()
            .with_style(style)
            .with_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        bar
    }
}

/// A line on standard output. Whoever stops reading has read enough.
pub(crate) fn print(line: core::fmt::Arguments<'_>) {
    use std::io::Write as _;
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}
