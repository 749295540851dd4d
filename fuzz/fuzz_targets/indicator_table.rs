//! Tables of indicators: every line becomes an indicator that can be kept, or is left with a reason.
#![no_main]

use portcullis_stix::{
    header,
    table::{Defaults, read},
    time::StixTime,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let defaults = Defaults {
        creator: "identity--6ba7b810-9dad-41d1-80b4-00c04fd430c8".to_owned(),
        at: "2026-11-22T00:00:00.000Z"
            .parse::<StixTime>()
            .expect("an instant"),
        tlp: Some("amber"),
    };
    let Ok(table) = read(bytes, &defaults) else {
        return;
    };
    assert!(table.indicators <= table.objects.len());
    for object in &table.objects {
        header::header(object).expect("what is made is an object");
    }
    let again = read(bytes, &defaults).expect("what was read once is read again");
    assert_eq!(table, again);
});
