//! Hostile law files: each has one thing wrong, and that is what is said.

use portcullis_verdict::law::{self, Calendars, LAW_BYTES_MAX, LawError};
use std::{fs, path::Path};

fn testdata() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"))
}

fn faults(name: &str, bytes: &[u8]) -> Vec<LawError> {
    law::parse(name, bytes, &Calendars::builtin())
        .err()
        .unwrap_or_default()
}

/// `# expect <code> at line <line>`.
fn expected(text: &str) -> (&str, usize) {
    let first = text
        .lines()
        .next()
        .unwrap()
        .strip_prefix("# expect ")
        .unwrap();
    let (code, line) = first.split_once(" at line ").unwrap();
    (code, line.parse().unwrap())
}

#[test]
fn the_file_that_the_hostile_ones_are_made_from_loads() {
    let bytes = fs::read(testdata().join("harmless.toml")).unwrap();
    assert_eq!(faults("harmless.toml", &bytes), []);
}

#[test]
fn every_hostile_file_is_refused_for_its_one_fault_on_its_line() {
    let mut files: Vec<_> = fs::read_dir(testdata().join("hostile"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 41, "some files are missing");
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let (code, line) = expected(&text);
        let found = faults(&name, text.as_bytes());
        let said: Vec<_> = found
            .iter()
            .map(|fault| (fault.file.as_str(), fault.code, fault.line))
            .collect();
        if said != [(name.as_str(), code, line)] {
            wrong.push(format!(
                "{name}: expected {code} at line {line}, found {found:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_with_several_faults_says_them_all_by_line() {
    let text = fs::read_to_string(testdata().join("harmless.toml")).unwrap();
    let worse = text
        .replace("judge", "tyrant")
        .replace("\"traffic\"", "\"everything\"")
        .replace("= 4\n", "= -4\n");
    let found = faults("worse.toml", worse.as_bytes());
    let said: Vec<_> = found.iter().map(|fault| fault.code).collect();
    let [category, number, office] = ["law.unknown_category", "law.number", "law.unknown_office"];
    assert_eq!(
        said,
        [category, number, number, office, office, office, office]
    );
    assert!(found.is_sorted_by_key(|fault| fault.line));
}

#[test]
fn a_fault_is_printed_as_one_line_with_place_code_and_hint() {
    let text = fs::read_to_string(testdata().join("hostile/bulk.toml")).unwrap();
    let found = faults("laws/bulk.toml", text.as_bytes());
    assert_eq!(
        found.first().unwrap().to_string(),
        "laws/bulk.toml:14:9: rule `disclosure`: bulk instruments collect everybody's data; Portcullis carries \
         targeted orders alone [law.floor.scope]; leave the rule out: there is no code path for it"
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let mut text = String::from("id = \"large\"\n");
    while text.len() <= LAW_BYTES_MAX {
        text.push_str("# lol lol lol lol lol lol lol lol\n");
    }
    let found = faults("large.toml", text.as_bytes());
    assert_eq!(
        found
            .iter()
            .map(|fault| (fault.code, fault.line))
            .collect::<Vec<_>>(),
        [("law.size", 1)]
    );
}

#[test]
fn nesting_as_deep_as_the_file_is_long_is_refused_and_not_a_crash() {
    for open in ["[", "{ a = "] {
        let text = format!("id = {}", open.repeat(100_000));
        let found = faults(
            "deep.toml",
            &text.as_bytes()[..text.len().min(LAW_BYTES_MAX)],
        );
        assert!(found.iter().any(|fault| fault.code == "law.toml"));
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(
        faults("binary.toml", &[0xff, 0xfe])
            .first()
            .map(|fault| fault.code),
        Some("law.utf8")
    );
}

#[test]
fn a_calendar_that_lists_a_day_twice_or_outside_its_years_is_refused_by_line() {
    let check = |days: &str, code: &str, line: usize| {
        let text = format!(
            "id = \"x\"\nzone = \"Europe/London\"\nfrom = 2026-01-01\nto = 2026-12-31\nproclaimed_to = 2026-12-31\n\
             source = \"here\"\ngenerated = 2026-01-01\nholidays = [\n{days}\n]\n"
        );
        let found = Calendars::parse([("x.toml", text.as_bytes())]).unwrap_err();
        assert_eq!(
            found
                .iter()
                .map(|fault| (fault.code, fault.line))
                .collect::<Vec<_>>(),
            [(code, line)]
        );
    };
    check("{ date = 2027-01-01, name = \"late\" }", "law.holiday", 9);
    check(
        "{ date = 2026-01-01, name = \"once\" },\n{ date = 2026-01-01, name = \"again\" }",
        "law.holiday",
        10,
    );
    check("{ date = 2026-13-01, name = \"odd\" }", "law.toml", 9);
    check(
        "{ date = 2026-01-01T00:00:00Z, name = \"an instant\" }",
        "law.type",
        9,
    );
}

proptest::proptest! {
    #[test]
    fn no_damage_to_a_law_file_is_a_crash(at in 0_usize..2_500, len in 0_usize..40, put in ".{0,20}") {
        let text = fs::read_to_string(testdata().join("harmless.toml")).unwrap();
        let (start, end) = (at.min(text.len()), (at + len).min(text.len()));
        let mut bytes = text.into_bytes();
        bytes.splice(start..end, put.bytes());
        drop(law::parse("damaged.toml", &bytes, &Calendars::builtin()));
    }
}
