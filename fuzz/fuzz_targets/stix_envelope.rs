//! Envelopes and bundles: what is read of each object, and its exact bytes.
#![no_main]

use portcullis_stix::header;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(envelope) = header::envelope(bytes) else {
        return;
    };
    for object in &envelope.objects {
        let again = format!(
            "{{\"objects\":[{}]}}",
            String::from_utf8_lossy(object.bytes)
        );
        let again = header::envelope(again.as_bytes()).expect("one object of an envelope is one");
        assert_eq!(
            again.objects.first().map(|one| one.bytes),
            Some(object.bytes)
        );
        let _ = header::header(object.bytes);
    }
});
