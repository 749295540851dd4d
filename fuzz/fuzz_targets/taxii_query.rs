//! What a client asks of a collection, and how it says what it takes.
#![no_main]

use portcullis_stix::taxii::{self, Endpoint, Filter};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for endpoint in [
        Endpoint::Objects,
        Endpoint::Object,
        Endpoint::Versions,
        Endpoint::Delete,
    ] {
        let _ = Filter::parse(text, endpoint);
    }
    let _ = taxii::media::accept(text);
    let _ = taxii::media::content_type(text);
});
