//! `test`: everything that must hold before a change goes in.

use crate::{
    check,
    fuzz::{self, Fuzz},
    install,
    line::Line,
    run::{Run, Stopped},
    workspace::Workspace,
};
use cargo_metadata::TargetKind;

/// Everything that must hold before a change goes in; what CI runs.
///
/// Installs what the tests need and this machine lacks, then runs `check`,
/// every test of every crate with its doc tests, the public page's check and the
/// page itself in a browser, the clients that members of a cell have, a thousand simulated federations and two hundred simulated cells, a few seconds of fuzzing for each parser, and the demonstration from start to end. The last line is
/// `N passed, M failed`, over all tests and steps.
#[derive(clap::Args)]
pub(crate) struct Test {}

/// Runs the steps of `test`.
///
/// # Errors
///
/// [`Stopped`] after the first that failed.
pub(crate) fn test(run: &mut Run, workspace: &Workspace) -> Result<(), Stopped> {
    install::install(run)?;
    check::check(run)?;
    run.tests("tests", &Line::of("cargo test --workspace --no-fail-fast"))?;
    page(run)?;
    clients(run)?;
    if workspace.has("portcullis-sim", &TargetKind::Bin, "sim") {
        let seeds = "cargo run --release -p portcullis-sim --bin sim -- --seeds 1000";
        run.command("simulation", &Line::of(seeds))?;
        let cells = "cargo run --release -p portcullis-sim --bin sim -- --cells --seeds 200";
        run.command("simulation of cells", &Line::of(cells))?;
    } else {
        run.skip("simulation", "portcullis-sim has no program `sim` yet");
    }
    fuzz::fuzz(run, &workspace.root, &Fuzz::bounded())?;
    let demo = "cargo run --release -p portcullis --bin portcullis -- demo --exit";
    run.command("demonstration", &Line::of(demo))
}

/// The second implementation against the vectors of the first, and the public page in a browser.
fn page(run: &mut Run) -> Result<(), Stopped> {
    const CHECK: &str = "npm --prefix crates/web/check";
    const BROWSER: &str = "npm --prefix crates/web/check/browser";
    if !install::has_programs(&["node", "npm"]) {
        run.skip("javascript", "there is no node, or no npm");
        run.skip("browser", "there is no node, or no npm");
        return Ok(());
    }
    let bring = |npm: &str| Line::of(&format!("{npm} ci --ignore-scripts --no-audit --no-fund"));
    let test = |npm: &str| Line::of(&format!("{npm} test"));
    run.command("javascript, what it is made from", &bring(CHECK))?;
    run.tests("javascript", &test(CHECK))?;
    if !install::has_browser() {
        run.skip("browser", "there is no Chromium");
        return Ok(());
    }
    run.command("browser, what drives it", &bring(BROWSER))?;
    run.tests("browser", &test(BROWSER))
}

/// The clients that members of a cell have, from their own registry, against a node of ours.
fn clients(run: &mut Run) -> Result<(), Stopped> {
    const ENVIRONMENT: &str = "target/clients";
    if !install::has_python() {
        run.skip("clients", "there is no Python 3 with venv");
        return Ok(());
    }
    let make = Line::of(&format!("python3 -m venv --clear {ENVIRONMENT}"));
    run.command("clients, their place", &make)?;
    let bring = format!(
        "{ENVIRONMENT}/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement clients/requirements.txt"
    );
    run.command("clients, what they are", &Line::of(&bring))?;
    run.command(
        "clients, the node",
        &Line::of("cargo build --package portcullis"),
    )?;
    let ask = format!("{ENVIRONMENT}/bin/python clients/run.py target/debug/portcullis");
    run.tests("clients", &Line::of(&ask))
}
