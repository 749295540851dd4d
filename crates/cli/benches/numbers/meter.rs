//! The one stopwatch, and what is read of the machine.

use crate::Result;
use jiff::Timestamp;
use portcullis_node::Env;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

/// The system's clock and generator.
pub(crate) struct SystemEnv;

impl Env for SystemEnv {
    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark makes its own environment, once"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark makes its own environment, once"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // A machine whose generator fails must not go on.
        getrandom::fill(bytes).expect("the operating system's generator answers");
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the timers of a benchmark's workers"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What work answers, and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = stopwatch();
    let done = work();
    (done, start.elapsed())
}

/// The time below which so many percent of the times are.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// GB/s, of a billion bytes.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn speed(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e9 / time.as_secs_f64()
}

/// A folder of this run on the disk of the build.
pub(crate) fn scratch() -> Result<tempfile::TempDir> {
    fs::create_dir_all(env!("CARGO_TARGET_TMPDIR"))?;
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// The load of the last minute: how many wanted a processor; 0 where nobody says.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    first.unwrap_or_default()
}

/// Forgets the peak of this process's memory, where the system can.
pub(crate) fn forget_peak() {
    // Without it the peak is that of the whole process: larger, never smaller.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The peak of this process's memory since then, in MiB; none where nobody says.
pub(crate) fn peak_mib() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// How long each of `count` writes of `bytes` takes to be on the disk, appended to one file.
pub(crate) fn synced_writes(folder: &Path, bytes: &[u8], count: usize) -> Result<Vec<Duration>> {
    let path = folder.join("anchor");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = stopwatch();
        file.write_all(bytes)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    drop(file);
    fs::remove_file(path)?;
    Ok(times)
}

/// Says what is being done, to whoever waits.
pub(crate) fn say(what: &str) {
    eprintln!("numbers: {what}");
}
