//! Signed notes: what parses prints as the same bytes.
#![no_main]

use portcullis_tlog::note::SignedNote;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = SignedNote::parse(bytes) {
        assert_eq!(note.to_text().as_bytes(), bytes);
    }
});
