//! The numbers of the design (§13), each beside its anchor in the same run:
//! `cargo bench --package portcullis --bench numbers`, or `cargo xtask bench`.
//!
//! Every group of rows runs in a process of its own, so that one's memory is not
//! counted as another's. Nothing here is a test: a number depends on the machine
//! and on what else runs on it.

mod append;
mod browser;
mod cases;
mod cell;
mod leaf;
mod lines;
mod meter;
mod monitor;
mod package;
mod queue;
mod report;
mod totals;
mod town;
mod verdict;
mod witness;

use clap::Parser;
use report::Row;
use std::process::{Command, ExitCode, Stdio};

/// Why a row could not be measured.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures the numbers of the design on this machine, each beside its anchor.
///
/// Close other programs first: the load of the machine stands under the table.
#[derive(Parser)]
#[command(name = "numbers")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command"
)]
struct Numbers {
    /// Measures this row alone, or this group of rows; may be given several times.
    #[arg(long, value_name = "NAME")]
    row: Vec<String>,
    /// Prints JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The sizes of the design where the usual ones are smaller: a million cases.
    #[arg(long)]
    full: bool,
    /// How long the rows that run for a time are measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    seconds: u64,
    /// Names the rows, and measures nothing.
    #[arg(long)]
    list: bool,
    /// Measures one group in this process.
    #[arg(long, hide = true)]
    alone: Option<String>,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every row is told.
struct Told {
    rows: Vec<String>,
    full: bool,
    seconds: u64,
}

impl Told {
    /// Whether this row of this group was asked for.
    fn wants(&self, group: &str, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|word| word == row || word == group)
    }
}

/// A group: its name, its rows, and what measures them.
type Group = (
    &'static str,
    &'static [&'static str],
    fn(&Told) -> Result<Vec<Row>>,
);

const GROUPS: [Group; 12] = [
    (verdict::GROUP, &verdict::ROWS, verdict::measure),
    (append::GROUP, &append::ROWS, append::measure),
    (package::GROUP, &package::ROWS, package::measure),
    (cases::GROUP, &cases::ROWS, cases::measure),
    (queue::GROUP, &queue::ROWS, queue::measure),
    (witness::GROUP, &witness::ROWS, witness::measure),
    (monitor::GROUP, &monitor::ROWS, monitor::measure),
    (leaf::GROUP, &leaf::ROWS, leaf::measure),
    (lines::GROUP, &lines::ROWS, lines::measure),
    (totals::GROUP, &totals::ROWS, totals::measure),
    (browser::GROUP, &browser::ROWS, browser::measure),
    (cell::GROUP, &cell::ROWS, cell::measure),
];

fn main() -> ExitCode {
    let numbers = Numbers::parse();
    match numbers.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("numbers: {error}");
            ExitCode::from(3)
        }
    }
}

impl Numbers {
    fn run(self) -> Result<ExitCode> {
        if self.list {
            for (group, rows, _) in GROUPS {
                println!("{group}: {}", rows.join(", "));
            }
            return Ok(ExitCode::SUCCESS);
        }
        let known = |word: &String| {
            GROUPS
                .iter()
                .any(|(group, rows, _)| group == word || rows.contains(&word.as_str()))
        };
        if let Some(word) = self.row.iter().find(|word| !known(word)) {
            return Err(format!("there is no row `{word}`; `--list` names them").into());
        }
        match self.alone.clone() {
            Some(group) => self.alone(&group),
            None => self.all(),
        }
    }

    /// One group, in this process: its rows as JSON.
    fn alone(self, group: &str) -> Result<ExitCode> {
        let group = GROUPS.iter().find(|(name, ..)| *name == group);
        let (.., measure) = group.ok_or("no such group")?;
        let rows = measure(&Told {
            rows: self.row,
            full: self.full,
            seconds: self.seconds,
        })?;
        println!("{}", serde_json::to_string(&rows)?);
        Ok(ExitCode::SUCCESS)
    }

    /// Every group that was asked for, each in a process of its own.
    fn all(self) -> Result<ExitCode> {
        let mut measured = Vec::new();
        let mut failed = false;
        for (group, rows, _) in GROUPS {
            let wants = |word: &String| word == group || rows.contains(&word.as_str());
            if !self.row.is_empty() && !self.row.iter().any(wants) {
                continue;
            }
            match self.child(group) {
                Ok(rows) => measured.extend(rows),
                Err(error) => {
                    failed = true;
                    eprintln!("numbers: {group}: {error}");
                }
            }
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&measured)?);
        } else {
            print!("{}", report::table(&measured));
        }
        Ok(ExitCode::from(if failed { 3 } else { 0 }))
    }

    fn child(&self, group: &str) -> Result<Vec<Row>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--alone", group, "--seconds", &self.seconds.to_string()]);
        for row in &self.row {
            command.args(["--row", row]);
        }
        if self.full {
            command.arg("--full");
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err("its process did not end well".into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
