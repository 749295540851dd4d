use super::{Comparison, Flawed, Operator, Qualifier, Step, Text, What, parse, quoted};

fn why(text: &str) -> Flawed {
    parse(text).expect_err(text).why
}

#[test]
fn and_binds_tighter_than_or_and_or_than_followed_by() {
    let pattern = parse("[a:b=1] FOLLOWEDBY [a:b=2] OR [a:b=3] AND [a:b=4]").unwrap();
    let What::FollowedBy(steps) = pattern.root.what else {
        panic!("{pattern:?}")
    };
    let What::Or(any) = &steps[1].what else {
        panic!("{steps:?}")
    };
    assert!(matches!(any[0].what, What::Observation(_)));
    assert!(matches!(any[1].what, What::And(_)));
}

#[test]
fn a_path_keeps_its_quoted_keys_places_and_stars() {
    let pattern = parse(r"[file:extensions.'nt\'fs-ext'.streams[*].list[3].x EXISTS]");
    assert!(pattern.is_err());
    let pattern = parse(r"[EXISTS file:extensions.'nt\'fs-ext'.streams[*].list[3]]").unwrap();
    let mut seen = Vec::new();
    pattern.tests(&mut |test| seen.push(test.clone()));
    assert_eq!(seen[0].operator, Operator::Exists);
    let steps = &seen[0].path.steps;
    let Step::Key(key) = steps[1] else {
        panic!("{steps:?}")
    };
    assert_eq!(key.value(), "nt'fs-ext");
    assert_eq!(steps[3], Step::Any);
    assert_eq!(steps[5], Step::Index("3"));
}

#[test]
fn qualifiers_stay_in_the_order_written() {
    let pattern =
        parse("[a:b=1] REPEATS 5 TIMES WITHIN 1.5 SECONDS START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00.5Z'")
            .unwrap();
    assert_eq!(
        pattern.root.qualifiers,
        [
            Qualifier::Repeats("5"),
            Qualifier::Within("1.5"),
            Qualifier::StartStop("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.5Z"),
        ]
    );
}

#[test]
fn a_flaw_says_where_and_what_was_expected() {
    let flaw = parse("[ipv4-addr:value = '198.51.100.1' and a:b = 2]").unwrap_err();
    assert_eq!(
        flaw.to_string(),
        "at byte 34: expected AND, OR or `]`, found `and a:b = 2]`"
    );
    let flaw = parse("[a:b = 1").unwrap_err();
    assert_eq!(
        flaw.to_string(),
        "at byte 8: expected AND, OR or `]`, found the end"
    );
}

#[test]
fn no_one_object_is_a_file_and_a_process() {
    assert_eq!(
        why("[file:name = 'x' AND process:pid = 1]"),
        Flawed::RootsDiffer
    );
    assert_eq!(
        why("[(a:x = 1 OR b:x = 2) AND c:x = 1]"),
        Flawed::RootsDiffer
    );
    assert!(parse("[(a:x = 1 OR b:x = 2) AND b:y = 1]").is_ok());
    assert!(parse("[a:x = 1 OR b:x = 2]").is_ok());
    assert!(parse("[a:x = 1] AND [b:x = 2]").is_ok());
}

#[test]
fn what_is_written_quoted_is_read_back() {
    for text in ["", "plain", r"it's", r"C:\temp\'", "é\n\u{85}"] {
        let written = format!("[a:b = {}]", quoted(text));
        let mut seen = None;
        let pattern = parse(&written).unwrap();
        pattern.tests(&mut |test| seen = Some(test.operand.clone()));
        let Some(super::Operand::One(super::Constant::Text(read))) = seen else {
            panic!("{written}")
        };
        assert_eq!(read.value(), text);
    }
}

#[test]
fn brackets_are_bounded_and_so_is_size() {
    let deep = format!("{}[a:b=1]{}", "(".repeat(65), ")".repeat(65));
    assert!(matches!(why(&deep), Flawed::TooDeep { .. }));
    let fine = format!("{}[a:b=1]{}", "(".repeat(64), ")".repeat(64));
    assert!(parse(&fine).is_ok());
    let inner = format!("[{}a:b=1{}]", "(".repeat(65), ")".repeat(65));
    assert!(matches!(why(&inner), Flawed::TooDeep { .. }));
    assert!(matches!(
        why(&" ".repeat(super::SIZE_BYTES_MAX + 1)),
        Flawed::TooLong { .. }
    ));
}

#[test]
fn a_list_of_ten_thousand_hashes_is_one_flat_comparison() {
    let tests = vec!["file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'"; 10_000].join(" OR ");
    let text = format!("[{tests}]");
    let pattern = parse(&text).unwrap();
    let What::Observation(Comparison::Or(any)) = pattern.root.what else {
        panic!()
    };
    assert_eq!(any.len(), 10_000);
}

#[test]
fn an_escape_is_undone_once() {
    let text = Text {
        raw: r"\\\'",
        escaped: true,
    };
    assert_eq!(text.value(), r"\'");
}

proptest::proptest! {
    #[test]
    fn the_parser_never_panics(text in r"[\[\]()ab:.='\\ \*0-9+\-/th<>!,]{0,60}|\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn near_patterns_never_panic(parts in proptest::collection::vec(
        proptest::sample::select(vec!["[", "]", "(", ")", "a:b", "=", "1", "'x'", "t'2026-01-01T00:00:00Z'", " AND ",
            " OR ", " FOLLOWEDBY ", " NOT ", "IN", "EXISTS ", " WITHIN ", " SECONDS", ".", "[*]", "/*", "*/", "é"]), 0..24)) {
        let _ = parse(&parts.concat());
    }
}
