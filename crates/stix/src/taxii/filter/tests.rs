use super::*;
use proptest::prelude::*;

const ID: &str = "indicator--3600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb";

fn read(query: &str) -> Filter {
    Filter::parse(query, Endpoint::Objects).unwrap_or_else(|flaw| panic!("{query}: {flaw}"))
}

fn refused(query: &str, said: &str) {
    let flaw = Filter::parse(query, Endpoint::Objects).unwrap_err();
    assert_eq!(flaw.to_string(), said, "{query}");
}

#[test]
fn nothing_asked_is_everything_by_default() {
    for query in ["", "&", "&&", "_=1700000000", "user=x&token=y"] {
        assert_eq!(read(query), Filter::default(), "{query}");
    }
}

#[test]
fn all_filters_may_be_given_together() {
    let filter = read(&format!(
        "match[id]={ID}&match[type]=indicator,malware&match[version]=first,2018-03-02T01:01:01.123Z,last\
         &match[spec_version]=2.0,2.1&added_after=2016-11-04T10:29:06.123456Z&limit=100&next=a%2Fb"
    ));
    assert_eq!(
        filter,
        Filter {
            added_after: Some(1_478_255_346_123_456),
            ids: vec![ID.into()],
            kinds: vec!["indicator".into(), "malware".into()],
            versions: vec![
                VersionSpec::First,
                VersionSpec::Exact("2018-03-02T01:01:01.123Z".parse().unwrap()),
                VersionSpec::Last
            ],
            spec_versions: Some(SpecVersions {
                v20: true,
                v21: true
            }),
            limit: Some(100),
            next: Some("a/b".into()),
        }
    );
}

#[test]
fn names_and_values_may_be_percent_encoded() {
    // As `requests` of Python writes it.
    let filter =
        read("match%5Btype%5D=indicator%2Cmalware&added_after=2016-11-04T10%3A29%3A06.000001Z");
    assert_eq!(filter.kinds, ["indicator", "malware"]);
    assert_eq!(filter.added_after, Some(1_478_255_346_000_001));
    refused("limit=%", "`%` is no percent-encoded text in UTF-8");
    refused("limit=%1", "`%1` is no percent-encoded text in UTF-8");
    refused("limit=%zz", "`%zz` is no percent-encoded text in UTF-8");
    refused(
        "match[type]=%ff",
        "`%ff` is no percent-encoded text in UTF-8",
    );
}

#[test]
fn a_segment_of_a_path_keeps_its_plus() {
    assert_eq!(percent_decoded("a+b").as_deref(), Some("a+b"));
    assert_eq!(percent_decoded("a+b%2Fc").as_deref(), Some("a+b/c"));
    assert_eq!(percent_decoded("%zz"), None);
}

#[test]
fn added_after_is_exact_to_the_microsecond() {
    for (text, micros) in [
        ("2016-11-04T10:29:06Z", 1_478_255_346_000_000),
        ("2016-11-04T10:29:06.1Z", 1_478_255_346_100_000),
        ("2016-11-04T10:29:06.000001Z", 1_478_255_346_000_001),
        ("2016-11-04T10:29:06.999999Z", 1_478_255_346_999_999),
        ("2016-11-04T10:29:06.9999999Z", 1_478_255_346_999_999),
    ] {
        assert_eq!(
            read(&format!("added_after={text}")).added_after,
            Some(micros),
            "{text}"
        );
    }
    let wanted = "it is one timestamp such as `2016-11-04T10:29:06.123456Z`";
    for text in [
        "",
        "yesterday",
        "2016-11-04",
        "2016-11-04T10:29:06",
        "2016-11-04T10:29:06%2B00:00",
        "2016-02-30T00:00:00Z",
        "2016-11-04T10:29:06Z,2016-11-05T10:29:06Z",
    ] {
        let shown = text.replace("%2B", "+");
        refused(
            &format!("added_after={text}"),
            &format!("`added_after` cannot be `{shown}`: {wanted}"),
        );
    }
}

#[test]
fn a_limit_is_a_whole_number_above_zero() {
    assert_eq!(read("limit=1").limit, Some(1));
    assert_eq!(read("limit=9007199254740991").limit, Some(LIMIT_MAX));
    for text in [
        "",
        "0",
        "-1",
        "+1",
        "1.5",
        "ten",
        "0x10",
        "9007199254740992",
        "99999999999999999999",
        " 1",
    ] {
        let flaw =
            Filter::parse(&format!("limit={}", Decoded(text)), Endpoint::Objects).unwrap_err();
        assert!(
            matches!(
                flaw,
                FilterFlaw::Malformed {
                    parameter: "limit",
                    ..
                }
            ),
            "{text}: {flaw}"
        );
    }
}

#[test]
fn each_filter_is_given_once() {
    refused("limit=1&limit=2", "`limit` is given twice");
    refused("next=a&next=a", "`next` is given twice");
    refused(
        "match[type]=a&match%5Btype%5D=b",
        "`match[type]` is given twice",
    );
    refused(
        "added_after=2016-11-04T10:29:06Z&added_after=2016-11-04T10:29:06Z",
        "`added_after` is given twice",
    );
}

#[test]
fn match_fields_that_are_none_are_refused() {
    refused("match[name]=x", "`match[name]` is no filter of TAXII 2.1");
    refused("match[ID]=x", "`match[ID]` is no filter of TAXII 2.1");
    refused("match=x", "`match` is no filter of TAXII 2.1");
    refused("match[type=x", "`match[type` is no filter of TAXII 2.1");
}

#[test]
fn each_endpoint_has_its_own_filters() {
    let check = |endpoint, query: &str, is_read: bool| {
        assert_eq!(
            Filter::parse(query, endpoint).is_ok(),
            is_read,
            "{endpoint:?} {query}"
        );
    };
    let page = ["limit=1", "next=a", "added_after=2016-11-04T10:29:06Z"];
    for query in page {
        check(Endpoint::Object, query, true);
        check(Endpoint::Versions, query, true);
        check(Endpoint::Delete, query, false);
    }
    for (query, object, versions, delete) in [
        ("match[version]=all", true, false, true),
        ("match[spec_version]=2.1", true, true, true),
        ("match[id]=a", false, false, false),
        ("match[type]=a", false, false, false),
    ] {
        check(Endpoint::Object, query, object);
        check(Endpoint::Versions, query, versions);
        check(Endpoint::Delete, query, delete);
    }
}

#[test]
fn versions_are_keywords_and_timestamps_each_once() {
    let versions = |text: &str| read(&format!("match[version]={text}")).versions;
    assert_eq!(versions("all"), [VersionSpec::All]);
    assert_eq!(
        versions("last,first"),
        [VersionSpec::Last, VersionSpec::First]
    );
    refused(
        "match[version]=last,last",
        "`match[version]` has `last` twice",
    );
    refused(
        "match[version]=2016-01-01T01:01:01Z,2016-01-01T01:01:01.000Z",
        "`match[version]` has `2016-01-01T01:01:01.000Z` twice",
    );
    refused(
        "match[version]=all,last",
        "`match[version]` cannot be `all,last`: it is `all`, and nothing beside it",
    );
    for text in ["", "latest", "last,", "last, first", "2016-01-01"] {
        let flaw = Filter::parse(&format!("match[version]={text}"), Endpoint::Objects).unwrap_err();
        assert!(
            matches!(flaw, FilterFlaw::Malformed { .. }),
            "{text}: {flaw}"
        );
    }
}

#[test]
fn versions_of_stix_that_do_not_exist_find_nothing() {
    let spec = |text: &str| read(&format!("match[spec_version]={text}")).spec_versions;
    assert_eq!(
        spec("2.1"),
        Some(SpecVersions {
            v20: false,
            v21: true
        })
    );
    assert_eq!(spec("2.2,3.0"), Some(SpecVersions::default()));
    for text in ["", "2", "2.", ".1", "two", "2.1 ", "2.1.0", "2.1,"] {
        let flaw = Filter::parse(
            &format!("match[spec_version]={}", Decoded(text)),
            Endpoint::Objects,
        );
        assert!(matches!(flaw, Err(FilterFlaw::Malformed { .. })), "{text}");
    }
}

#[test]
fn ids_and_types_are_lists_of_words() {
    assert_eq!(read(&format!("match[id]={ID},{ID},x--1")).ids, [ID, "x--1"]);
    for query in [
        "match[id]=",
        "match[type]=a,,b",
        "match[type]=a,%20b",
        "match[type]=a%00",
        "match[id]=%C3%A4",
    ] {
        let flaw = Filter::parse(query, Endpoint::Objects).unwrap_err();
        assert!(
            matches!(flaw, FilterFlaw::Malformed { .. }),
            "{query}: {flaw}"
        );
    }
    let long = "a".repeat(VALUE_BYTES_MAX + 1);
    assert!(Filter::parse(&format!("match[id]={long}"), Endpoint::Objects).is_err());
    let many = vec!["a"; VALUES_MAX + 1].join(",");
    refused(
        &format!("match[id]={many}"),
        "`match[id]` has more than 512 values",
    );
    refused(
        &"a".repeat(QUERY_BYTES_MAX + 1),
        "a query has at most 16384 bytes",
    );
}

fn version() -> impl Strategy<Value = VersionSpec> {
    prop_oneof![
        Just(VersionSpec::Last),
        Just(VersionSpec::First),
        (0_i64..4_000_000_000_000_000)
            .prop_map(|at| VersionSpec::Exact(Micros(at).to_string().parse().unwrap())),
    ]
}

fn distinct<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    list.into_iter().fold(Vec::new(), |mut kept, one| {
        if !kept.contains(&one) {
            kept.push(one);
        }
        kept
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        added_after in proptest::option::of(-62_167_219_200_000_000_i64..253_402_300_800_000_000),
        ids in proptest::collection::vec("[!-+\\--~]{1,40}", 0..5),
        kinds in proptest::collection::vec("[a-z0-9-]{1,20}", 0..5),
        versions in proptest::collection::vec(version(), 0..5),
        spec in proptest::option::of((any::<bool>(), any::<bool>())),
        limit in proptest::option::of(1..=LIMIT_MAX),
        next in proptest::option::of("\\PC{1,40}"),
    ) {
        let filter = Filter {
            added_after,
            ids: distinct(ids),
            kinds: distinct(kinds),
            versions: distinct(versions),
            spec_versions: spec.map(|(v20, v21)| SpecVersions { v20, v21 }),
            limit,
            next,
        };
        let printed = filter.to_string();
        let read = Filter::parse(&printed, Endpoint::Objects);
        prop_assert_eq!(read.as_ref(), Ok(&filter), "{}", printed);
        prop_assert_eq!(read.unwrap().to_string(), printed);
    }

    #[test]
    fn reading_never_panics(
        text in "\\PC{0,200}",
        like in "((added_after|limit|next|match(\\[|%5B)(id|type|version|spec_version)\\])=[a-z0-9%,.:TZ-]{0,30}&?){0,6}",
    ) {
        for endpoint in [Endpoint::Objects, Endpoint::Object, Endpoint::Versions, Endpoint::Delete] {
            let _ = Filter::parse(&text, endpoint);
            if let Ok(filter) = Filter::parse(&like, endpoint) {
                let printed = filter.to_string();
                prop_assert_eq!(Filter::parse(&printed, endpoint), Ok(filter));
            }
        }
    }
}
