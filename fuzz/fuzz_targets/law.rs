//! Law files, whoever wrote them.
#![no_main]

use portcullis_verdict::law::{self, Calendars};
use std::sync::LazyLock;

static CALENDARS: LazyLock<Calendars> = LazyLock::new(Calendars::builtin);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = law::parse("fuzzed.toml", bytes, &CALENDARS);
});
