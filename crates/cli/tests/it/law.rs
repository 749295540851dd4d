//! Laws as people read them, and what is wrong with a file.

use crate::place::Place;

fn nowhere() -> Place {
    Place::new(std::env::temp_dir().join("no-such-node"))
}

#[test]
fn the_built_in_laws_are_listed_without_a_node() {
    let list = nowhere().json(&["law", "list"]);
    let ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|law| law["law"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&"uk-ipa-2016") && ids.contains(&"us-sca"),
        "{ids:?}"
    );
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|law| law["published"] == true)
    );
}

#[test]
fn a_rule_is_read_out_with_its_clauses() {
    let text = nowhere().says(&["law", "show", "uk-ipa-2016/targeted-interception"]);
    for expected in [
        "1. secretary_of_state (signed for by senior_official, saying so)  — IPA 2016 ss. 19, 30",
        "2. judicial_commissioner  — IPA 2016 s. 23",
        "now: secretary_of_state",
        "decided within 3 working days, from the day after  — IPA 2016 s. 24",
        "lapses after 5 working days, from the day after",
        "a refused order may never be renewed",
        "national_security: in the interests of national security",
        "imposed by the law, which gives it no end  — IPA 2016 ss. 57-59",
        "evidence_only: sought only to gather evidence",
        "serving_officer  — IPA 2016 ss. 41-42 [not verified]",
        "legislator: also prime_minister or designated_secretary_of_state approves, on the urgent path too",
    ] {
        assert!(text.contains(expected), "`{expected}` in\n{text}");
    }
    let whole = nowhere().says(&["law", "show", "uk-ipa-2016"]);
    assert!(whole.len() > text.len() && whole.contains("uk-ipa-2016/targeted-interception"));
}

#[test]
fn a_law_or_rule_that_is_not_there_is_said_with_those_that_are() {
    let said = nowhere().fails(1, "law.unknown", &["law", "show", "uk-ipa-1916"]);
    assert!(said.contains("uk-ipa-2016"), "{said}");
    let said = nowhere().fails(
        1,
        "law.unknown_rule",
        &["law", "show", "uk-ipa-2016/everything"],
    );
    assert!(said.contains("targeted-interception"), "{said}");
}

#[test]
fn a_law_file_is_checked_whole_with_every_fault_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../../laws/uk-ipa-2016.toml");
    assert!(
        nowhere()
            .says(&["law", "check", good])
            .contains("is a law: uk-ipa-2016")
    );

    let text = std::fs::read_to_string(good).unwrap();
    let bad = folder.path().join("bad.toml");
    let wrong = text
        .replacen("calendar = \"uk\"", "calendar = \"mars\"", 1)
        .replacen("scope = \"targeted\"", "scope = \"everyone\"", 1);
    std::fs::write(&bad, &wrong).unwrap();
    let line = |word: &str| wrong.lines().position(|line| line.contains(word)).unwrap() + 1;
    let ran = nowhere().run(&["law", "check", bad.to_str().unwrap()]);
    assert_eq!(ran.exit, 1, "{}", ran.out);
    for (word, code) in [
        ("\"mars\"", "law.unknown_calendar"),
        ("\"everyone\"", "law."),
    ] {
        let place = format!("bad.toml:{}:", line(word));
        assert!(
            ran.out
                .lines()
                .any(|said| said.contains(&place) && said.contains(code)),
            "{place} in\n{}",
            ran.out
        );
    }
    assert!(ran.out.contains("hint: known are: uk, us"), "{}", ran.out);

    std::fs::write(
        &bad,
        text.replacen("scope = \"targeted\"", "scope = \"bulk\"", 1),
    )
    .unwrap();
    let ran = nowhere().run(&["--json", "law", "check", bad.to_str().unwrap()]);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.exit, 1);
    let codes: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.iter().any(|code| code.starts_with("law.floor.")),
        "{codes:?}"
    );
}

#[test]
fn a_law_of_ones_own_is_listed_as_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path().join("node"));
    place.init("court.example", "judiciary", &["approver"], &[]);
    let text = include_str!("../../../../laws/us-sca.toml").replacen(
        "id = \"us-sca\"",
        "id = \"us-sca-ours\"",
        1,
    );
    std::fs::write(place.dir.join("laws/ours.toml"), text).unwrap();
    let list = place.json(&["law", "list"]);
    let ours = list
        .as_array()
        .unwrap()
        .iter()
        .find(|law| law["law"] == "us-sca-ours")
        .unwrap();
    assert_eq!(ours["published"], false);
}
