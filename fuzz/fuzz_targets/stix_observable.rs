//! Values: of objects as they come in, and as a person types them.
#![no_main]

use portcullis_stix::observable;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = observable::observables(bytes);
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Some(found) = observable::guess(text)
    {
        let again = observable::Observable::new(found.kind, &found.value);
        assert_eq!(again.as_ref(), Some(&found), "a normal value is normal");
    }
});
