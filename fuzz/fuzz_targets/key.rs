//! Keys of notes and of statements: what parses prints as the same text.
#![no_main]

use portcullis_sign::PublicKey;
use portcullis_tlog::note::VerifierKey;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(key) = text.parse::<VerifierKey>() {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(key) = text.parse::<PublicKey>() {
            assert_eq!(key.to_string(), text);
        }
    }
});
