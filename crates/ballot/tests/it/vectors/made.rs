//! What makes the files, so that they can be compared with what is there.

#[path = "../../../examples/vectors/bad_leaf.rs"]
mod bad_leaf;
#[path = "../../../examples/vectors/bad_report.rs"]
mod bad_report;
#[path = "../../../examples/vectors/files.rs"]
pub(super) mod files;
#[path = "../../../examples/vectors/joint.rs"]
mod joint;
#[path = "../../../examples/vectors/leaf.rs"]
mod leaf;
#[path = "../../../examples/vectors/plain.rs"]
mod plain;
#[path = "../../../examples/vectors/report.rs"]
mod report;
