//! Bundles, as they travel between nodes and as files.
#![no_main]

use portcullis_verdict::Bundle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(bundle) = Bundle::parse(bytes) {
        assert_eq!(Bundle::parse(&bundle.to_bytes()), Ok(bundle));
    }
});
