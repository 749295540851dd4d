//! What a monitor reads: its own memory, and the shapes of logs.
#![no_main]

use portcullis_verdict::monitor::{Memory, shape::LogShape};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(memory) = Memory::load(bytes) {
        assert_eq!(memory.save(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(shape) = LogShape::parse(text)
    {
        assert_eq!(shape.to_text(), text);
    }
});
