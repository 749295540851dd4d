//! `check`: everything that can be said about the code without running it.

use crate::{
    line::Line,
    run::{Run, Stopped},
};
use std::process::Stdio;

/// Look at the code without running it: format, lints, docs, licences.
///
/// Runs rustfmt as it comes, clippy with warnings denied, rustdoc with
/// warnings denied, and cargo-deny over bans, licences and sources. Without
/// cargo-deny that step is skipped, and the summary says so; `cargo install
/// cargo-deny` brings it.
#[derive(clap::Args)]
pub(crate) struct Check {}

/// Runs the steps of `check`.
///
/// # Errors
///
/// [`Stopped`] after the first that failed.
pub(crate) fn check(run: &mut Run) -> Result<(), Stopped> {
    run.command("format", &Line::of("cargo fmt --all --check"))?;
    run.command(
        "lints",
        &Line::of("cargo clippy --workspace --all-targets -- -D warnings"),
    )?;
    run.command(
        "docs",
        &Line::of("cargo doc --workspace --no-deps").with("RUSTDOCFLAGS", "-D warnings"),
    )?;
    if answers(&Line::of("cargo deny --version")) {
        // Advisories are asked on their own: their answer changes without a commit.
        let deny = Line::of("cargo deny --workspace check bans licenses sources");
        run.command("licences", &deny)
    } else {
        run.skip("licences", "cargo-deny is not installed");
        Ok(())
    }
}

fn answers(line: &Line) -> bool {
    let quiet = line
        .command()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subcommand_that_is_not_installed_does_not_answer() {
        assert!(answers(&Line::of("cargo --version")));
        assert!(!answers(&Line::of("cargo portcullis-has-no-such-command")));
        assert!(!answers(&Line::of("portcullis-has-no-such-program")));
    }
}
