//! What overseers sign: commitments and samples.
#![no_main]

use portcullis_verdict::inspection::{Commitment, Sample};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(commitment) = Commitment::parse(bytes) {
        assert_eq!(commitment.as_bytes(), bytes);
    }
    if let Ok(sample) = Sample::parse(bytes) {
        assert_eq!(sample.as_bytes(), bytes);
    }
});
