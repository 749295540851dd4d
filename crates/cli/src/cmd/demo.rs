//! `portcullis demo`: the front door, on this machine alone.

mod cells;
mod forge;
mod months;
mod story;
mod town;

use crate::{Answer, clock::stopwatch, failure::Failure, ui::Ui};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use town::Town;

/// Shows the front door at work: a whole case between real nodes, the door holding, and a
/// record that cannot lie.
///
/// Starts nine nodes on the loopback addresses of this machine — a police force, a minister's
/// office, a court, two messaging companies, an inspectorate, a university and the banks' cells of
/// two countries — each with a data folder, keys and a process of its own, talking over mutual TLS.
/// All organisations are made up. Then it runs one case under the UK's double lock, from the application to the opened package,
/// and tries to get past the door in every way it knows. Two cells share what a bank knows of an
/// attack, ask, answer, and take a mistake back. Then it lets half a year pass at three more
/// companies, makes the reports that the laws let them publish, has them verified, and lets two
/// lie. It ends with the nodes running, so that any browser or outside tool can look at them;
/// `--exit` ends them instead.
#[derive(Args)]
pub(crate) struct Demo {
    /// Files to disclose, instead of a mailbox that the demo makes.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Ends the nodes at the end, instead of waiting for Ctrl-C.
    #[arg(long)]
    exit: bool,
    /// From which the half year at three companies is told: the same seed, the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shows the half year alone.
    #[arg(long, hide = true)]
    months_only: bool,
    /// Shows the two cells alone.
    #[arg(long, hide = true, conflicts_with = "months_only")]
    cells_only: bool,
}

impl Demo {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        let stage = Stage {
            start: stopwatch(),
            ui: *ui,
        };
        // `--dir DIR` says where the folders lie, as for every command; here it keeps them.
        let chosen = (dir != Path::new(".")).then(|| dir.to_owned());
        let temporary = match &chosen {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("portcullis-demo-")
                    .tempdir()
                    .map_err(|error| {
                        Failure::unable("demo", format!("no temporary folder: {error}"))
                    })?,
            ),
        };
        let root = chosen
            .clone()
            .or_else(|| temporary.as_ref().map(|dir| dir.path().to_owned()))
            .unwrap_or_default();
        if chosen.is_some()
            && std::fs::read_dir(&root).is_ok_and(|mut entries| entries.next().is_some())
        {
            return Err(Failure::refused(
                "demo.folder",
                format!("`{}` is not empty", root.display()),
            )
            .hint("name a folder that is empty or does not exist"));
        }
        if let Some(data) = &self.data {
            // Before anything starts: what cannot be sealed is said at once.
            let files = portcullis_seal::folder::sources(data).map_err(|error| {
                Failure::unable(error.code(), format!("`{}`: {error}", data.display()))
                    .hint(error.hint())
            })?;
            if files.is_empty() {
                return Err(Failure::unable(
                    "package.empty",
                    format!("`{}` holds no file", data.display()),
                )
                .hint("name a folder with files in it"));
            }
        }
        let town = if self.months_only {
            None
        } else {
            let town = Town::build(&root, &stage)?;
            if self.cells_only {
                cells::tell(&town, &stage)?;
                stage.total();
                return Ok(ExitCode::SUCCESS);
            }
            let told = story::tell(&town, self.data.as_deref(), &stage)?;
            forge::try_the_door(&town, &told, &stage)?;
            cells::tell(&town, &stage)?;
            town.verify_logs(&stage)?;
            Some(town)
        };
        let months = months::tell(&root.join("months"), self.seed, &stage)?;
        stage.chapter("Look for yourself");
        if let Some(town) = &town {
            town.show_addresses(&stage);
        }
        let pages = months.show(&stage)?;
        stage.total();
        if self.exit {
            drop((town, pages));
            if chosen.is_some() {
                stage.line(format_args!("the folders stay in `{}`", root.display()));
            }
            return Ok(ExitCode::SUCCESS);
        }
        stage.line("the nodes run until you press Ctrl-C");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::unable("runtime", error.to_string()))?;
        let _ = runtime.block_on(tokio::signal::ctrl_c());
        drop((town, pages));
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the story is told, with times.
pub(crate) struct Stage {
    start: Instant,
    ui: Ui,
}

impl Stage {
    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// A heading.
    pub(crate) fn chapter(&self, title: &str) {
        self.ui.say(format_args!(
            "\n{title}\n{}",
            "─".repeat(title.chars().count())
        ));
    }

    /// One step, with the time it happened.
    pub(crate) fn step(&self, what: impl core::fmt::Display) {
        self.ui
            .say(format_args!("{:7.2} s  {what}", self.seconds()));
        self.ui
            .answer(&serde_json::json!({ "seconds": self.seconds(), "step": what.to_string() }));
    }

    /// A line without a time.
    pub(crate) fn line(&self, what: impl core::fmt::Display) {
        self.ui.say(format_args!("           {what}"));
    }

    /// Something for machines alone.
    pub(crate) fn answer(&self, value: &serde_json::Value) {
        self.ui.answer(value);
    }

    /// An attempt that must fail, and by which name it was refused.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it was not refused, or by another name: the demo fails then.
    pub(crate) fn refused(
        &self,
        attempt: &str,
        expected: &[&str],
        found: Result<String, Failure>,
    ) -> Result<(), Failure> {
        match found {
            Err(failure) if expected.contains(&failure.code.as_str()) => {
                self.ui
                    .say(format_args!("{:7.2} s  ✗ {attempt}", self.seconds()));
                self.ui.say(format_args!(
                    "             refused: {} — {}",
                    failure.code, failure.message
                ));
                self.ui.answer(&serde_json::json!({
                    "seconds": self.seconds(), "attempt": attempt, "refused": failure.code, "why": failure.message
                }));
                Ok(())
            }
            Err(failure) => Err(Failure::unable(
                "demo.other_name",
                format!(
                    "{attempt}: refused as {} ({}), and {} was expected",
                    failure.code,
                    failure.message,
                    expected.join(" or ")
                ),
            )),
            Ok(got) => Err(Failure::unable(
                "demo.not_refused",
                format!("{attempt}: this must be refused, and it was not: {got}"),
            )),
        }
    }

    fn total(&self) {
        self.ui.say(format_args!(
            "\neverything above took {:.1} s",
            self.seconds()
        ));
    }
}
