//! `vectors`: the ballot's test vectors, for whoever writes a second one.

use crate::{
    line::Line,
    run::{Run, Stopped},
};

/// Write the test vectors of leaves, reports and joint reports.
///
/// They are made from fixed seeds, so nothing changes but when a format does;
/// docs/spec/vectors.md says what they mean. The tests compare them too.
#[derive(clap::Args)]
pub(crate) struct Vectors {
    /// Compare with the files that are there, and write nothing.
    #[arg(long)]
    check: bool,
}

/// Runs the example that makes them.
///
/// # Errors
///
/// [`Stopped`] when it fails, or finds a file that differs.
pub(crate) fn vectors(run: &mut Run, vectors: &Vectors) -> Result<(), Stopped> {
    let line = Line::of(
        "cargo run --quiet --package portcullis-ballot --example vectors -- \
         crates/ballot/testdata/vectors",
    );
    let check = vectors.check.then(|| "--check".to_owned());
    run.command("vectors", &line.and(check.as_slice()))
}
