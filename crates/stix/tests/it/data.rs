//! Real data that stays outside of the repository.

use std::path::PathBuf;

/// The folder of real STIX and MISP data: `PORTCULLIS_DATA`, or `shared/data`
/// beside the checkout. Says so, loudly, when it is not there.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told where its data are"
)]
pub(crate) fn folder(of: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("PORTCULLIS_DATA").map_or_else(beside, PathBuf::from);
    let folder = data.join(of);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: no `{of}` in PORTCULLIS_DATA nor beside the checkout; real data were NOT tested"
    );
    None
}
