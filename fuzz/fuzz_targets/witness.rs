//! Requests to a witness, and its answers.
#![no_main]

use portcullis_tlog::{
    note::parse_lines,
    witness::{AddCheckpoint, parse_conflict},
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = parse_lines(text);
        let _ = parse_conflict(text);
    }
});
