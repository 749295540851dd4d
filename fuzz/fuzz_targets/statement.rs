//! Statements: envelopes, and the payloads in them.
#![no_main]

use portcullis_verdict::statement;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = statement::parse(bytes);
    let _ = statement::parse_payload(bytes);
});
