//! Dockets, and which cell a schema counts them in.
#![no_main]

use portcullis_verdict::{docket, schema};
use std::sync::LazyLock;

static SCHEMAS: LazyLock<schema::Schemas> = LazyLock::new(schema::builtin);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(parsed) = docket::parse(bytes) {
        assert_eq!(docket::to_bytes(&parsed), bytes);
        for schema in SCHEMAS.iter() {
            let _ = schema.cell_of(&parsed);
        }
    }
});
