//! A run: steps one after another, each with a heading and a time; the first
//! that fails ends it.

use crate::{line::Line, tally::Tally};
use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// What has been done so far, and where.
pub(crate) struct Run {
    root: PathBuf,
    steps: Vec<Step>,
}

/// A step failed, and the run ends. The step has said why.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Stopped;

/// Why a step failed.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    /// A sentence.
    pub(crate) why: String,
    /// What to type to see it again.
    pub(crate) again: String,
    /// The tests that it ran before it failed.
    pub(crate) tests: Tally,
}

struct Step {
    title: String,
    took: Duration,
    tests: Tally,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

impl Run {
    /// A run in the folder of the workspace.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            steps: Vec::new(),
        }
    }

    /// Runs a command; it passes if the command answers with exit code 0.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when it does not.
    pub(crate) fn command(&mut self, title: &str, line: &Line) -> Result<(), Stopped> {
        let mut command = line.command();
        command.current_dir(&self.root);
        self.perform(title, &line.to_string(), || {
            ended(command.status(), line, Tally::default())
        })
    }

    /// Runs a command and counts the tests that its output tells of.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the command does not answer with exit code 0.
    pub(crate) fn tests(&mut self, title: &str, line: &Line) -> Result<(), Stopped> {
        self.tests_to(title, line, io::stdout())
    }

    fn tests_to(&mut self, title: &str, line: &Line, to: impl io::Write) -> Result<(), Stopped> {
        let mut command = line.command();
        command.current_dir(&self.root).stdout(Stdio::piped());
        self.perform(title, &line.to_string(), || {
            let mut tests = Tally::default();
            let status = command.spawn().and_then(|mut child| {
                if let Some(output) = child.stdout.take() {
                    relay(BufReader::new(output), to, &mut tests)?;
                }
                child.wait()
            });
            ended(status, line, tests)
        })
    }

    /// Does a step of any kind; `work` answers the tests that it ran.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when `work` fails.
    pub(crate) fn perform(
        &mut self,
        title: &str,
        detail: &str,
        work: impl FnOnce() -> Result<Tally, Failure>,
    ) -> Result<(), Stopped> {
        println!("\n── {title} ── {detail}");
        let begun = now();
        let done = work();
        let took = begun.elapsed();
        let (tests, outcome, ended) = match done {
            Ok(tests) => (tests, Outcome::Passed, Ok(())),
            Err(failure) => {
                println!("\n{title} failed: {}", failure.why);
                println!("  again: {}", failure.again);
                (failure.tests, Outcome::Failed(failure.again), Err(Stopped))
            }
        };
        println!("── {title}: {}", shown(took));
        self.steps.push(Step {
            title: title.to_owned(),
            took,
            tests,
            outcome,
        });
        ended
    }

    /// Leaves a step out, and says so where nobody misses it.
    pub(crate) fn skip(&mut self, title: &str, why: &str) {
        println!("\n── {title} ── SKIPPED: {why}");
        self.steps.push(Step {
            title: title.to_owned(),
            took: Duration::ZERO,
            tests: Tally::default(),
            outcome: Outcome::Skipped(why.to_owned()),
        });
    }

    /// Every test, and every step besides: a step that passed counts as one,
    /// a step that failed as its failed tests, or as one if it told of none.
    pub(crate) fn tally(&self) -> Tally {
        let step = |step: &Step| {
            let mut tally = step.tests;
            match step.outcome {
                Outcome::Passed => tally.passed += 1,
                Outcome::Skipped(_) => {}
                Outcome::Failed(_) => tally.failed = tally.failed.max(1),
            }
            tally
        };
        self.steps.iter().map(step).sum()
    }

    /// A table of the steps, a line each.
    pub(crate) fn summary(&self) -> String {
        let mut table = String::from("\n── summary");
        let width = self.steps.iter().map(|step| step.title.len()).max();
        for step in &self.steps {
            let (word, note) = match &step.outcome {
                Outcome::Passed if step.tests == Tally::default() => ("passed", String::new()),
                Outcome::Passed => ("passed", step.tests.to_string()),
                Outcome::Skipped(why) => ("SKIPPED", why.clone()),
                Outcome::Failed(again) => ("FAILED", format!("again: {again}")),
            };
            let row = format!(
                "{word:<8} {:>12}  {:<width$}  {note}",
                shown(step.took),
                step.title,
                width = width.unwrap_or_default(),
            );
            // Writing to a string cannot fail.
            let _ = write!(table, "\n{}", row.trim_end());
        }
        table
    }
}

/// Passes output through as it comes and counts its closing lines.
fn relay(mut from: impl BufRead, mut to: impl io::Write, tests: &mut Tally) -> io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        if let Some(tally) = Tally::parse(&String::from_utf8_lossy(&line)) {
            *tests += tally;
        }
        to.write_all(&line)?;
        to.flush()?;
        line.clear();
    }
    Ok(())
}

fn ended(status: io::Result<ExitStatus>, line: &Line, tests: Tally) -> Result<Tally, Failure> {
    let why = match status {
        Ok(status) if status.success() => return Ok(tests),
        Ok(status) => status.to_string(),
        Err(error) => format!("it could not be run: {error}"),
    };
    let again = line.to_string();
    Err(Failure { why, again, tests })
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step took is measured where it runs"
)]
fn now() -> Instant {
    Instant::now()
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs();
    if seconds < 60 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run::new(PathBuf::from("."))
    }

    #[test]
    fn a_step_that_passed_counts_as_one_beside_its_tests() {
        let mut run = run();
        run.command("nothing", &Line::of("true")).unwrap();
        let harness = Line::new(["echo", "test result: ok. 5 passed; 0 failed; 0 ignored"]);
        run.tests_to("tests", &harness, io::sink()).unwrap();
        run.skip("licences", "there is no such program");
        assert_eq!(run.tally().to_string(), "7 passed, 0 failed");
    }

    #[test]
    fn a_step_that_failed_counts_as_its_failed_tests() {
        let mut run = run();
        let says = "echo 'test result: FAILED. 5 passed; 2 failed; 0 ignored'; exit 101";
        let harness = Line::new(["sh", "-c", says]);
        assert_eq!(run.tests_to("tests", &harness, io::sink()), Err(Stopped));
        assert_eq!(run.tally().to_string(), "5 passed, 2 failed");
    }

    #[test]
    fn a_step_that_failed_without_tests_counts_as_one() {
        let mut run = run();
        assert_eq!(run.command("nothing", &Line::of("false")), Err(Stopped));
        assert_eq!(run.tally().to_string(), "0 passed, 1 failed");
        let summary = run.summary();
        assert!(summary.contains("FAILED"), "{summary}");
        assert!(summary.ends_with("nothing  again: false"), "{summary}");
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure() {
        let mut run = run();
        let nobody = Line::of("portcullis-has-no-such-program");
        assert_eq!(run.command("nothing", &nobody), Err(Stopped));
        assert_eq!(run.tests("nothing", &nobody), Err(Stopped));
        assert_eq!(run.tally().to_string(), "0 passed, 2 failed");
    }

    #[test]
    fn output_is_passed_through_byte_by_byte() {
        let output = b"\xff\xfe no text\ntest result: ok. 1 passed; 0 failed; 0 ignored\nno end";
        let mut passed_on = Vec::new();
        let mut tests = Tally::default();
        relay(&output[..], &mut passed_on, &mut tests).unwrap();
        assert_eq!(passed_on, output);
        assert_eq!(tests.to_string(), "1 passed, 0 failed");
    }

    #[test]
    fn times_are_short_to_read() {
        assert_eq!(shown(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
    }
}
