//! Reports: files and payloads. What parses prints as the same bytes.
#![no_main]

use portcullis_verdict::report::{Report, Signed};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Signed::parse(bytes);
    if let Ok(report) = Report::parse(bytes) {
        assert_eq!(report.to_bytes(), bytes);
    }
});
