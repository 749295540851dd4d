//! A test that runs itself as another process, again and again, and kills it at any moment.

use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// Which folder the other process works in, and how often there was one before it.
const FOLDER: &str = "PORTCULLIS_LIVES_FOLDER";
const LIFE: &str = "PORTCULLIS_LIVES_LIFE";

/// In the other process: its folder, and how often there was one before it.
#[expect(clippy::disallowed_methods, reason = "a test tells itself what to do")]
pub(crate) fn told() -> Option<(String, String)> {
    let told = |name| std::env::var(name).ok();
    told(FOLDER).zip(told(LIFE))
}

/// Begins the other process, which is this test; what it says comes line by line.
pub(crate) fn begin(
    test: &str,
    folder: &Path,
    life: u32,
) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// Throws the dice: the same in every run.
pub(crate) fn throw(dice: &mut u64) {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
}
