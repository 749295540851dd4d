//! The feed between cells: what is asked, what is answered, and events as a journal keeps them.
#![no_main]

use portcullis_node::cell::{
    feed::{Ask, Writer, read},
    wire,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Ask::parse(bytes);
    if let Ok(event) = wire::decode(bytes) {
        let again = wire::decode(&wire::encode(&event)).expect("what was written is read");
        assert_eq!(again, event);
    }
    let Ok(feed) = read(bytes) else {
        return;
    };
    let mut writer = Writer::new(&feed.head);
    for record in &feed.records {
        writer.record(record);
    }
    let written = writer.end(&feed.end);
    assert_eq!(read(&written).expect("what was written is read"), feed);
});
