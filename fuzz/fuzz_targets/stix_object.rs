//! Objects: every mode judges any bytes, and what conforms can be kept.
#![no_main]

use portcullis_stix::validate::{FLAWS_MAX, Mode, Severity, review, validate};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut errors = review(bytes);
    assert!(errors.len() <= FLAWS_MAX);
    errors.retain(|flaw| flaw.severity == Severity::Error);
    let must = validate(bytes, Mode::Must);
    assert!(
        errors.len() <= must.len(),
        "a review tells no error that judging keeps silent about"
    );
    if must.is_empty() {
        assert!(validate(bytes, Mode::Keep).is_empty());
    }
});
