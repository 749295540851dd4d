//! Paths inside a package: relative, plain, and the same file on every system.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The longest path, in bytes: with `data/`, the item and a folder in front, it stays below `PATH_MAX`.
pub const PATH_BYTES_MAX: usize = 1024;
/// The longest part of a path, in bytes: what common file systems take.
pub const PART_BYTES_MAX: usize = 255;
/// The most parts in a path.
pub const PARTS_MAX: usize = 32;

/// A path that is safe to create below a folder: 1 to 32 parts joined by `/`.
///
/// No part is empty, `.` or `..`, ends in a dot or a space, or holds a
/// backslash, a control character or one that changes how text is shown.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct PackagePath(Box<str>);

/// Why a path is not safe. The path is shown with its special characters escaped.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathError {
    /// Too long, or nothing.
    #[error(
        "the path `{0}` is empty, over 1024 bytes, over 32 parts deep, or has a part over 255 bytes"
    )]
    Length(String),
    /// From the root, or from a drive.
    #[error("the path `{0}` is absolute")]
    Absolute(String),
    /// An empty part, `.` or `..`.
    #[error("the path `{0}` has an empty part, `.` or `..`")]
    Dots(String),
    /// Characters that trick a terminal, a file system or a reader.
    #[error("the path `{0}` has a control, formatting or backslash character")]
    Character(String),
    /// Some systems drop a final dot or space, so two names become one.
    #[error("the path `{0}` has a part that ends in a dot or a space")]
    Ending(String),
    /// Not text.
    #[error("the path `{0}` is not UTF-8")]
    Encoding(String),
}

impl PackagePath {
    /// A path from its text.
    ///
    /// # Errors
    ///
    /// [`PathError`], the first that applies.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let shown = || shown(text);
        if text.is_empty() || text.len() > PATH_BYTES_MAX {
            return Err(PathError::Length(shown()));
        }
        if text.starts_with('/') || drive(text) {
            return Err(PathError::Absolute(shown()));
        }
        if text.chars().any(tricky) {
            return Err(PathError::Character(shown()));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(PathError::Dots(shown()));
        }
        if text.split('/').any(|part| part.ends_with(['.', ' '])) {
            return Err(PathError::Ending(shown()));
        }
        if text.split('/').count() > PARTS_MAX
            || text.split('/').any(|part| part.len() > PART_BYTES_MAX)
        {
            return Err(PathError::Length(shown()));
        }
        Ok(Self(text.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder it lies in, if it has one.
    pub fn folder(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(folder, _)| folder)
    }
}

impl core::fmt::Display for PackagePath {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first of `paths` that some file system would take for another, or for
/// the folder of another: same text, or the same but for upper and lower case.
pub fn clash<'a>(paths: impl Iterator<Item = &'a PackagePath> + Clone) -> Option<&'a PackagePath> {
    let mut files = BTreeSet::new();
    if let Some(twice) = paths
        .clone()
        .find(|path| !files.insert(fold(path.as_str())))
    {
        return Some(twice);
    }
    let mut last = None;
    paths.into_iter().find(|path| {
        let folder = path.folder();
        if folder == last {
            return false;
        }
        last = folder;
        folders(path.as_str()).any(|folder| files.contains(&fold(folder)))
    })
}

/// Every folder that `path` lies in, outermost first.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .filter_map(|(end, _)| path.get(..end))
}

/// Half a SHA-256 of the path without its case: a million of them stay small,
/// and a collision could only refuse a package, never let one through.
fn fold(path: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    for c in path
        .chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
    {
        hash.update(u32::from(c).to_le_bytes());
    }
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    half
}

fn drive(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), None | Some('/' | '\\'))
}

/// Control characters, backslashes, and the invisible ones that reorder or join text.
fn tricky(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// At most so much of a wrong path is shown.
const SHOWN_CHARS_MAX: usize = 120;

/// A path as it may be shown: bounded, and without anything a terminal obeys.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .take(SHOWN_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_plain_and_bounded() {
        for good in [
            "a",
            "mail/2026/inbox.mbox",
            "cur/1:2,S",
            "héllo wörld",
            ".hidden",
            "a..b/c",
            &"x".repeat(255),
        ] {
            assert_eq!(PackagePath::parse(good).unwrap().as_str(), good);
        }
        let deep = ["d"; 33].join("/");
        let (part, path) = ("x".repeat(256), ["y".repeat(200).as_str(); 6].join("/"));
        for wrong in [
            "",
            "/etc/passwd",
            "//x",
            "..",
            "../x",
            "a/../b",
            "a/..",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "C:/x",
            "c:",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\u{1b}[2Jb",
            "exe\u{202e}gpj.x",
            "zero\u{200b}width",
            "dot.",
            "space /x",
            &deep,
            &part,
            &path,
        ] {
            assert!(PackagePath::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_error_shows_no_control_characters() {
        let error = PackagePath::parse("a\u{1b}]0;owned\u{7}")
            .unwrap_err()
            .to_string();
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }

    fn check(paths: &[&str], expected: Option<&str>) {
        let paths: Vec<_> = paths
            .iter()
            .map(|path| PackagePath::parse(path).unwrap())
            .collect();
        assert_eq!(clash(paths.iter()).map(PackagePath::as_str), expected);
    }

    #[test]
    fn two_paths_that_some_system_takes_for_one_clash() {
        check(&["a", "b/a", "b/c"], None);
        check(&["a", "a"], Some("a"));
        check(&["Mail/x", "mail/X"], Some("mail/X"));
        check(&["STRASSE", "straße"], Some("straße"));
        check(&["A", "a/b"], Some("a/b"));
        check(&["x/y/z", "x/y"], Some("x/y/z"));
    }
}
