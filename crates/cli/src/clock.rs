//! The one clock and the one generator of the program.

use jiff::Timestamp;
use portcullis_node::Env;
use std::time::Duration;

/// The system's clock and generator.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemEnv;

impl Env for SystemEnv {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the clock is read"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where randomness is drawn"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        // A machine whose generator fails must not go on.
        getrandom::fill(bytes).expect("the operating system's generator answers");
    }
}

/// Lets some time pass, in a thread of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "the program's timers, which drive the workers"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A clock for showing how long something took.
#[expect(
    clippy::disallowed_methods,
    reason = "for showing how long something took"
)]
pub(crate) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
