//! MISP: events become STIX that can be kept, and STIX becomes events; the same bytes, the same answer.
#![no_main]

use portcullis_stix::{
    header,
    misp::{event_to_stix, stix_to_event},
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // What came from elsewhere, and what we made.
    if let Ok(envelope) = header::envelope(bytes) {
        let objects: Vec<&[u8]> = envelope.objects.iter().map(|one| one.bytes).collect();
        let _ = stix_to_event(&objects);
    }
    let Ok(mapped) = event_to_stix(bytes) else {
        return;
    };
    let again = event_to_stix(bytes).expect("what was mapped once is mapped again");
    assert_eq!(mapped.objects, again.objects);
    let objects: Vec<&[u8]> = mapped.objects.iter().map(Vec::as_slice).collect();
    for object in &objects {
        header::header(object).expect("what is made is an object");
    }
    let back = stix_to_event(&objects);
    assert_eq!(
        back.map(|back| back.objects).ok(),
        stix_to_event(&objects).map(|back| back.objects).ok()
    );
});
