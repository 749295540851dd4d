//! The repository against what it says about itself.

mod errors;
mod extras;
mod help;
mod pages;
mod rooms;
mod security;
mod taxii;

use std::path::{Path, PathBuf};

/// A page or folder of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text of a page.
fn page(path: &str) -> String {
    let page = at(path);
    std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// What stands between backticks in a page, code blocks aside.
fn code_words(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    prose
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn code_words_are_those_between_backticks_outside_of_blocks() {
    let page = "a `b c` d `e`.\n```\nf `g` h\n```\n`i`";
    assert_eq!(code_words(page), ["b c", "e", "i"]);
}
