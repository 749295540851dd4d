//! The schemas that come with Portcullis.

use portcullis_core::schema::CELLS;
use portcullis_verdict::{
    law,
    schema::{self, SCHEMA_FILES},
};

#[test]
fn every_file_reads_and_is_no_finer_than_the_laws() {
    for (file, text) in SCHEMA_FILES {
        let read = schema::parse_against(file, text.as_bytes(), &law::builtin());
        let faults: Vec<String> = read
            .as_ref()
            .err()
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        assert_eq!(read.unwrap().cells.len(), usize::from(CELLS));
    }
}
