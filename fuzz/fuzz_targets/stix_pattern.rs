//! Patterns, as strangers publish them in indicators.
#![no_main]

use portcullis_stix::pattern;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(parsed) = pattern::parse(text) {
        let mut tests = 0;
        parsed.tests(&mut |_| tests += 1);
        assert!(tests > 0, "a pattern tests something");
    }
});
