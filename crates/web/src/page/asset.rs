//! What pages load: one style sheet, and the bundle of the check.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, sync::LazyLock};

/// A file that belongs to the program. Its path holds its digest, so that it never changes.
pub(crate) struct Asset {
    /// Where it is served.
    pub(crate) path: String,
    /// SHA-256 of its bytes in hexadecimal.
    pub(crate) sha256: String,
    /// The same for Subresource Integrity: `sha256-…`.
    pub(crate) integrity: String,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its bytes.
    pub(crate) bytes: &'static [u8],
}

/// The check that runs in browsers, page and workers in one file.
pub(crate) type Bundle = Asset;

/// The style sheet's text, for pages that stand alone.
pub(crate) const STYLE_TEXT: &str = include_str!("../../assets/record.css");

/// The style sheet.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "record",
        "css",
        "text/css; charset=utf-8",
        STYLE_TEXT.as_bytes(),
    )
});

/// What the build script bundled, if it could.
const BUNDLED: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

static BUNDLE: LazyLock<Option<Bundle>> = LazyLock::new(|| {
    let javascript = "text/javascript; charset=utf-8";
    BUNDLED.map(|bytes| Asset::new("check", "js", javascript, bytes))
});

/// The check, if this build carries one.
pub(crate) fn bundle() -> Option<&'static Bundle> {
    BUNDLE.as_ref()
}

/// The asset of this name, without its folder.
pub(crate) fn find(file: &str) -> Option<&'static Asset> {
    let all = [Some(&*STYLE), bundle()];
    all.into_iter()
        .flatten()
        .find(|asset| asset.path.rsplit('/').next() == Some(file))
}

impl Asset {
    fn new(name: &str, extension: &str, media_type: &'static str, bytes: &'static [u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut sha256 = String::with_capacity(64);
        for byte in &digest {
            // Writing to a string cannot fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        let short: String = sha256.chars().take(16).collect();
        Self {
            path: format!("/record/assets/{name}-{short}.{extension}"),
            integrity: format!("sha256-{}", STANDARD.encode(digest)),
            sha256,
            media_type,
            bytes,
        }
    }
}
