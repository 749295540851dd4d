//! Our lists of patterns, against the parser.

use portcullis_stix::pattern::{Flawed, parse};

const VALID: &str = include_str!("../../testdata/patterns/valid.txt");
const REFUSED: &str = include_str!("../../testdata/patterns/refused.txt");
const STRICTER: &str = include_str!("../../testdata/patterns/stricter.txt");

fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.split('\n')
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn every_valid_pattern_is_read() {
    assert!(lines(VALID).count() >= 300);
    for text in lines(VALID) {
        let pattern = parse(text).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
        let mut tests = 0;
        pattern.tests(&mut |_| tests += 1);
        assert!(tests > 0, "{text}");
    }
}

#[test]
fn every_other_text_is_refused_at_a_place_within_it() {
    assert!(lines(REFUSED).count() >= 300);
    for text in lines(REFUSED) {
        let flaw = parse(text).expect_err(text);
        assert!(flaw.offset <= text.len(), "{text}: {flaw}");
        assert!(text.is_char_boundary(flaw.offset), "{text}: {flaw}");
    }
}

#[test]
fn what_the_prose_forbids_beyond_the_grammar_is_refused_for_that_reason() {
    for text in lines(STRICTER) {
        let why = parse(text).expect_err(text).why;
        assert!(
            matches!(
                why,
                Flawed::NotPositive | Flawed::NoSuchTime | Flawed::RootsDiffer
            ),
            "{text}: {why}"
        );
    }
}

#[test]
fn white_space_of_other_scripts_and_lines_stands_between_tokens() {
    for space in "\t\r\n\u{b}\u{c}\u{85}\u{a0}\u{1680}\u{2000}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}".chars() {
        let text = format!("{space}[{space}a{space}:{space}b{space}={space}1{space}]{space}");
        assert!(parse(&text).is_ok(), "{space:?}");
    }
    assert!(parse("// first\n/* second\n */ [a:b = 1] // last").is_ok());
    assert!(parse("[a:b = 1]\u{200b}").is_err());
}
