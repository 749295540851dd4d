//! Evidence packs and answers to samples, line by line.
#![no_main]

use portcullis_verdict::{
    evidence::Held,
    inspection::Answer,
    parts::{Contents, Reader},
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for contents in [Contents::Evidence, Contents::Answer] {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let Some(Ok(mut reader)) = lines.next().map(|line| Reader::begin(line, contents)) else {
            continue;
        };
        let parts: Vec<_> = lines.map_while(|line| reader.part(line).ok()).collect();
        let _ = reader.finish();
        match contents {
            Contents::Evidence => drop(Held::from_parts(parts)),
            Contents::Answer => drop(Answer::from_parts(&parts)),
        }
    }
});
