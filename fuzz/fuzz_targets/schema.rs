//! Schemas of cells, whoever wrote them.
#![no_main]

use portcullis_verdict::{law, schema};
use std::sync::LazyLock;

static LAWS: LazyLock<law::Laws> = LazyLock::new(law::builtin);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = schema::parse_against("fuzzed.toml", bytes, &LAWS);
});
