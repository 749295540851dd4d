//! Law 1: nothing leaves that the grant does not list.

use crate::kit::{self, at, mapping, source, span};
use portcullis_core::{id::PackageId, realm::Realm};
use portcullis_seal::{
    key::Identity,
    plan::{Mapping, OutOfScope, plan},
};

const IN_TIME: &str = "2026-02-01T00:00:00Z";

fn check(mapping: Mapping, expected: &OutOfScope) {
    let grant = kit::grant(&Identity::generate().recipient());
    assert_eq!(
        plan(&grant, kit::package(), mapping, at(IN_TIME))
            .err()
            .as_ref(),
        Some(expected)
    );
}

#[test]
fn an_item_that_the_grant_does_not_list_is_refused() {
    check(
        Mapping::from([(1, vec![source("a", b"a")]), (3, vec![source("b", b"b")])]),
        &OutOfScope::Item(3),
    );
}

#[test]
fn a_mapping_of_nothing_is_refused() {
    check(Mapping::new(), &OutOfScope::Empty(None));
    check(Mapping::from([(2, vec![])]), &OutOfScope::Empty(Some(2)));
}

#[test]
fn two_files_that_are_one_somewhere_are_refused() {
    for (one, other) in [("a", "a"), ("A/b", "a/B"), ("a/b", "a")] {
        let mut sources = vec![source(one, b""), source(other, b"")];
        let expected = |path: &str| OutOfScope::Clash {
            item: 1,
            path: kit::path(path),
        };
        let second = if one == other { other } else { one.max(other) };
        sources.reverse();
        check(Mapping::from([(1, sources)]), &expected(second));
    }
}

#[test]
fn data_from_outside_the_item_s_time_is_refused_by_a_second_at_either_end() {
    let granted = span("2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z");
    let with = |declared| {
        let mut file = source("log", b"x");
        file.span = Some(declared);
        Mapping::from([(2, vec![file])])
    };
    for declared in [
        span("2025-12-31T23:59:59Z", "2026-01-02T00:00:00Z"),
        span("2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
    ] {
        check(
            with(declared),
            &OutOfScope::Span {
                item: 2,
                path: kit::path("log"),
                declared,
                granted,
            },
        );
    }
    let grant = kit::grant(&Identity::generate().recipient());
    assert!(plan(&grant, kit::package(), with(granted), at(IN_TIME)).is_ok());
}

#[test]
fn a_grant_that_has_ended_seals_nothing() {
    let grant = kit::grant(&Identity::generate().recipient());
    let until = at("2026-03-01T00:00:00Z");
    assert!(
        plan(
            &grant,
            kit::package(),
            mapping(),
            at("2026-02-28T23:59:59Z")
        )
        .is_ok()
    );
    assert_eq!(
        plan(&grant, kit::package(), mapping(), until).err(),
        Some(OutOfScope::Ended(until))
    );
}

#[test]
fn a_package_of_an_exercise_is_not_sealed_for_a_live_case() {
    let exercise = Realm::exercise("harbour", [9, 9, 9, 9]).unwrap();
    let package = PackageId::new(&exercise, [2; 12]);
    let grant = kit::grant(&Identity::generate().recipient());
    let expected = OutOfScope::Realm {
        package,
        case: kit::case(),
    };
    assert_eq!(
        plan(&grant, package, mapping(), at(IN_TIME)).err(),
        Some(expected)
    );
}

#[test]
fn the_comparison_shows_every_item_asked_also_where_nothing_leaves() {
    let recipient = Identity::generate().recipient();
    let mut mapping = mapping();
    let declared = span("2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z");
    mapping.get_mut(&10).unwrap()[0].span = Some(declared);
    let plan = plan(
        &kit::grant(&recipient),
        kit::package(),
        mapping,
        at(IN_TIME),
    )
    .unwrap();
    let rows = plan.comparison();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.item,
                row.target,
                row.selector.value(),
                row.category.as_str(),
                row.files,
                row.size_bytes,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, 1, "u/1", "stored_content", 3, 200_006),
            (2, 1, "u/1", "traffic", 0, 0),
            (10, 2, "u/2", "basic_subscriber", 1, 14),
        ]
    );
    assert_eq!(
        rows.iter().map(|row| row.declared).collect::<Vec<_>>(),
        [None, None, Some(declared)]
    );
    assert_eq!(
        (plan.files(), plan.size_bytes(), plan.recipient()),
        (4, 200_020, &recipient)
    );
}

#[test]
fn every_refusal_has_a_code_and_a_hint() {
    for refusal in [
        OutOfScope::Ended(at(IN_TIME)),
        OutOfScope::Item(3),
        OutOfScope::Empty(Some(1)),
        OutOfScope::TooLarge("files"),
        OutOfScope::Key(portcullis_seal::key::KeyError::SmallOrder),
    ] {
        assert!(refusal.code().starts_with("package."), "{refusal}");
        assert!(
            !refusal.hint().is_empty() && !refusal.hint().ends_with('.'),
            "{refusal}"
        );
    }
    insta::assert_snapshot!(OutOfScope::Empty(Some(1)), @"no file is mapped to item 1");
    insta::assert_snapshot!(OutOfScope::Empty(None), @"no file is mapped");
}
