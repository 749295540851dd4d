//! Every mistake in a schema file is refused, with its line and its code.

use portcullis_verdict::{
    law,
    schema::{self, SCHEMA_BYTES_MAX, SCHEMA_FILES, SchemaError},
};
use proptest::prelude::*;

/// The provider's schema: the one with series of every sort.
const FILE: &str = SCHEMA_FILES[0].1;

fn faults(text: &str) -> Vec<SchemaError> {
    let read = schema::parse_against("a.toml", text.as_bytes(), &law::builtin());
    read.err().unwrap_or_default()
}

/// With the first `from` that follows `after` written as `to`, these codes are found, the first
/// in the line of the change or in that of the thing that it is part of.
#[track_caller]
fn check(after: &str, from: &str, to: &str, codes: &[&str]) {
    let start = FILE.find(after).expect("a place in the file");
    let at = start + FILE[start..].find(from).expect("a text after it");
    let text = [&FILE[..at], to, &FILE[at + from.len()..]].concat();
    let found = faults(&text);
    let listed: Vec<&str> = found.iter().map(|fault| fault.code).collect();
    assert_eq!(listed, codes, "{found:#?}");
    for fault in &found {
        assert_eq!(fault.file, "a.toml");
        assert!(!fault.reason.is_empty() && !fault.hint.is_empty());
        assert!(1 <= fault.line && fault.line <= text.lines().count());
    }
}

#[test]
fn faults_of_form_are_told_by_line() {
    let found = faults(&FILE.replacen("number = 3\n", "number = 3\nnumber = 4\n", 1));
    let line = 1 + FILE.lines().position(|line| line == "number = 3").unwrap();
    assert_eq!(found[0].code, "schema.toml");
    assert_eq!(found[0].line, line + 1);
    check(
        "name =",
        "name",
        "colour = 1\nname",
        &["schema.unknown_field"],
    );
    check(
        "id = \"uk-users\"",
        "title",
        "titel",
        &["schema.missing_field", "schema.unknown_field"],
    );
    check(
        "id = \"uk-users\"",
        "title = \"",
        "title = \" ",
        &["schema.text"],
    );
    check(
        "id = \"uk-users\"",
        "\"uk-users\"",
        "\"UK users\"",
        &["schema.word"],
    );
    check(
        "id = \"uk-users\"",
        "title = \"Persons",
        "title = 7 # \"",
        &["schema.type"],
    );
    check(
        "[[series]]",
        "period_months = 6",
        "period_months = -6",
        &["schema.number"],
    );
    let long = format!("[{}]", "\"a\",".repeat(2000));
    check(
        "id = \"uk-users\"",
        "[\"subject\"]",
        &long,
        &["schema.list"],
    );
    let large = format!("{FILE}#{}", " ".repeat(SCHEMA_BYTES_MAX));
    assert_eq!(faults(&large)[0].code, "schema.size");
    let no_text = schema::parse("a.toml", b"name = \"\xff\"").unwrap_err();
    assert_eq!(no_text[0].code, "schema.utf8");
}

#[test]
fn all_faults_are_told_at_once() {
    let text = FILE
        .replacen("party = \"provider\"", "party = \"everybody\"", 1)
        .replacen("[\"subject\"]", "[\"crowd\"]", 1)
        .replacen("suppress_below = 10", "suppress_below = true", 1);
    let found = faults(&text);
    let codes: Vec<&str> = found.iter().map(|fault| fault.code).collect();
    assert_eq!(
        codes,
        ["schema.unknown_word", "schema.unknown_word", "schema.type"]
    );
    assert!(found.is_sorted_by_key(|fault| fault.line));
}

#[test]
fn cells_are_thirty_two_in_turn_and_each_says_what_it_counts() {
    let users = "id = \"uk-users\"";
    check(
        "number = 2\n",
        "number = 2",
        "number = 3",
        &["schema.cells", "schema.cell_twice"],
    );
    check(
        "number = 2\n",
        "number = 2",
        "number = 33",
        &["schema.cells"],
    );
    let last = FILE.find("\n[[cell]]\nnumber = 32").unwrap();
    let series = FILE[last..].find("\n[[series]]").unwrap() + last;
    let short = [&FILE[..last], &FILE[series..]].concat();
    let codes: Vec<&str> = faults(&short).iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["schema.unknown_cell"]);
    let short = short.replace("cells = [\"inspected\"]", "cells = [\"voluntary\"]");
    let codes: Vec<&str> = faults(&short).iter().map(|fault| fault.code).collect();
    assert!(codes.contains(&"schema.cells"), "{codes:?}");

    check(
        users,
        "title",
        "reserved = true\ntitle",
        &["schema.reserved"],
    );
    check(
        users,
        "title",
        "reserved = false\ntitle",
        &["schema.reserved"],
    );
    check(
        "id = \"inspected\"",
        "[cell.counts]\nkinds = [\"inspected\"]\nwhat = [\"order\"]\neffects = [\"disclose\", \"preserve\"]\n",
        "",
        &["schema.reserved"],
    );
    check(
        users,
        "what = [\"subject\"]",
        "what = []",
        &["schema.open_cell"],
    );
    check(
        users,
        "kinds = [\"accepted\", \"narrowed\"]\n",
        "",
        &["schema.open_cell"],
    );
    check(
        users,
        "\"accepted\"",
        "\"excepted\"",
        &["schema.unknown_kind"],
    );
    let twice = FILE.replace("\"uk-users\"", "\"uk-warrants\"");
    let codes: Vec<&str> = faults(&twice).iter().map(|fault| fault.code).collect();
    assert_eq!(codes[0], "schema.duplicate");
    check(
        "id = \"eu-fulfilled-10d\"",
        "took_over = 8",
        "took_over = 240",
        &["schema.bucket"],
    );
    check(
        users,
        "effects = [\"intercept\"]",
        "effects = [\"everything\"]",
        &["schema.unknown_word"],
    );
}

#[test]
fn a_series_has_terms_that_can_be_kept() {
    let check = |from, to, codes| check("id = \"uk-communications-data\"", from, to, codes);
    check("period_months = 6", "period_months = 5", &["schema.period"]);
    check("delay_months = 0", "delay_months = 37", &["schema.period"]);
    check(
        "suppress_below = 10",
        "suppress_below = 1",
        &["schema.suppress"],
    );
    check(
        "suppress_below = 10",
        "suppress_below = 1001",
        &["schema.suppress"],
    );
    check(
        "suppress_below = 10",
        "band = 500\nsuppress_below = 10",
        &["schema.suppress"],
    );
    check(
        "suppress_below = 10",
        "band = 300\nsuppress_below = 0",
        &["schema.band"],
    );
    check(
        "zone = \"Europe/London\"",
        "zone = \"Europe/Atlantis\"",
        &["schema.zone"],
    );
    check(
        "zone = \"Europe/London\"",
        "zone = \"Europe/Paris\"",
        &["schema.zone"],
    );
    check(
        "\"uk-communications-data\"",
        "\"uk-interception\"",
        &["schema.duplicate"],
    );
    check(
        "id = \"uk-part3-selectors\"",
        "id = \"uk-part3-orders\"",
        &["schema.duplicate"],
    );
}

#[test]
fn a_cell_is_in_one_line_and_a_line_is_under_its_law() {
    let line = "id = \"uk-part3-selectors\"\ntitle = \"Selectors in them\"";
    let check = |to, codes| check(line, "[\"uk-part3-selectors\"]", to, codes);
    check("[\"uk-part3-orders\"]", &["schema.cell_twice"]);
    check(
        "[\"uk-part3-selectors\", \"uk-part3-selectors\"]",
        &["schema.cell_twice"],
    );
    check(
        "[\"us-subpoenas\"]",
        &["schema.other_law", "schema.cell_twice"],
    );
    check("[\"uk-part3-people\"]", &["schema.unknown_cell"]);
    check("[]", &["schema.lines"]);
    // What the law hides in bands is no part of an exact series either.
    check(
        "[\"uk-part3-selectors\", \"uk-factors\"]",
        &["schema.cell_twice"],
    );
}

#[test]
fn a_joint_series_is_exact_over_cells_of_an_exact_series() {
    let joint = "id = \"us-process-joint\"";
    check(
        joint,
        "joint = true\n",
        "joint = true\nband = 500\n",
        &["schema.joint"; 4],
    );
    check(
        joint,
        "suppress_below = 0",
        "suppress_below = 10",
        &["schema.joint"; 4],
    );
    check(
        joint,
        "cells = [\"us-orders\"]",
        "cells = [\"us-subpoenas\"]",
        &["schema.joint"],
    );
    // Over cells that are banded.
    check(
        "id = \"us-process\"",
        "suppress_below = 0",
        "band = 500\nsuppress_below = 0",
        &["schema.joint"; 4],
    );
}

#[test]
fn a_series_is_no_finer_than_the_law() {
    let of_uk = |from, to, codes| check("id = \"uk-interception\"", from, to, codes);
    let finer: &[&str] = &["schema.finer_than_law"; 3];
    let unique = |from: &str, to: &str| {
        let start = FILE.find("id = \"uk-interception\"").unwrap();
        let at = start + FILE[start..].find(from).unwrap();
        let text = [&FILE[..at], to, &FILE[at + from.len()..]].concat();
        let mut lines: Vec<(usize, &str)> =
            faults(&text).iter().map(|f| (f.line, f.code)).collect();
        lines.dedup();
        let codes: Vec<&str> = lines.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes, finer, "{from}");
    };
    // Two rules, the Secretary of State's and the Scottish Ministers', in each of three lines.
    unique("band = 500\n", "");
    unique("band = 500\n", "band = 250\n");
    unique("period_months = 6", "period_months = 3");
    unique("delay_months = 6", "delay_months = 5");
    unique("first_embargo_months = 18", "first_embargo_months = 12");
    of_uk("band = 500\n", "band = 1000\n", &[]);
    of_uk("delay_months = 6", "delay_months = 12", &[]);
    of_uk(
        "by = \"provider\"",
        "by = \"authority\"",
        &["schema.unpublished"; 6],
    );
    of_uk(
        "law = \"uk-ipa-2016\"",
        "law = \"uk-ipa-2116\"",
        &["schema.other_law"; 3],
    );
    check(
        "id = \"us-nsl\"",
        "awaits = \"the law file us-50-1874\"\n",
        "",
        &["schema.law_missing"],
    );
    check(
        "id = \"us-warrants\"",
        "warrant-2703a",
        "warrant-2703b",
        &["schema.unknown_rule"; 2],
    );
    check(
        "id = \"uk-part3-selectors\"",
        "\"target\"",
        "\"package\"",
        &["schema.not_counted"; 3],
    );
    // A series of the house's own tells nothing that a law hides.
    let looks = "id = \"inspected\"";
    check(
        looks,
        "effects = [\"disclose\", \"preserve\"]\n",
        "",
        &["schema.finer_than_law"],
    );
}

#[test]
fn whoever_awaits_a_law_is_heard_until_it_comes() {
    let schema = schema::parse("a.toml", FILE.as_bytes()).unwrap();
    assert!(
        schema::check_against(&schema, &law::Laws::default())
            .iter()
            .all(|broken| {
                broken.code == "schema.law_missing" && !broken.reason.contains("eu-2023")
            })
    );
}

proptest! {
    #[test]
    fn a_file_cut_or_changed_anywhere_is_read_or_refused_with_known_codes(
        at in any::<prop::sample::Index>(),
        with in prop::option::of("[a-z0-9\"\\[\\]=#\n.-]{0,12}"),
    ) {
        let at = (0..=at.index(FILE.len())).rev().find(|at| FILE.is_char_boundary(*at)).unwrap();
        let text = match with {
            Some(with) => [&FILE[..at], &with, &FILE[at..]].concat(),
            None => FILE[..at].to_owned(),
        };
        if let Err(faults) = schema::parse("a.toml", text.as_bytes()) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(fault.code.starts_with("schema."), "{}", fault.code);
            }
        }
    }
}
