//! Versions of the register.
#![no_main]

use portcullis_verdict::register;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = register::parse(bytes);
    let _ = register::parse_payload(bytes);
    let _ = register::versions::parse(bytes);
});
