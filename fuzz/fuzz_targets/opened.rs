//! Opened dockets and their index.
#![no_main]

use portcullis_verdict::opened::{Index, Signed};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(signed) = Signed::parse(bytes) {
        assert_eq!(signed.to_bytes(), bytes);
    }
    if let Ok(index) = Index::parse(bytes) {
        let _ = index.to_bytes();
    }
});
