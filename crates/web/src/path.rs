//! Paths in their one normal form: what is written otherwise is refused, not repaired.

/// The longest path that is read: a tile's and a witness's fit many times.
pub(crate) const PATH_BYTES_MAX: usize = 512;

/// Whether `path` begins with a slash and has segments of `A–Z a–z 0–9 - . _ ~` alone,
/// none of them empty, `.` or `..`; `/` itself has no segments.
///
/// No percent sign is let through, so that no path is written in two ways and
/// nothing behind this point decodes one.
pub(crate) fn is_normal(path: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let segment = |text: &str| !matches!(text, "" | "." | "..") && text.bytes().all(plain);
    path == "/"
        || path.len() <= PATH_BYTES_MAX
            && path
                .strip_prefix('/')
                .is_some_and(|segments| segments.split('/').all(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_segments_are_let_through() {
        for normal in [
            "/",
            "/a",
            "/log/1/tile/0/x001/067.p/5",
            "/witness/0a~_-/checkpoint",
            "/a/...",
            "/.well-known/b",
        ] {
            assert!(is_normal(normal), "{normal}");
        }
        for other in [
            "",
            "*",
            "a",
            "//",
            "/a/",
            "/a//b",
            "/..",
            "/a/../b",
            "/./a",
            "/%2e%2e/a",
            "/a%2fb",
            "/a\\b",
            "/ä",
            "/a b",
        ] {
            assert!(!is_normal(other), "{other}");
        }
        assert!(!is_normal(&format!("/{}", "a".repeat(PATH_BYTES_MAX))));
    }
}
