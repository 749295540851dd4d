use super::Lists;
use crate::observable::{Kind, Observable, guess};

fn hits(lists: &Lists, typed: &str) -> Vec<String> {
    let value = guess(typed).unwrap_or_else(|| panic!("{typed}"));
    lists
        .check(&[value])
        .into_iter()
        .map(|hit| hit.list)
        .collect()
}

#[test]
fn an_entry_holds_for_what_lies_in_it_and_below_it_and_nothing_else() {
    let mut lists = Lists::default();
    for list in [
        r#"{"name":"ranges","type":"cidr","list":["192.168.0.0/16","127.0.0.0/8","fe80::/10","8.8.8.8"],"matching_attributes":["ip-dst","url"]}"#,
        r#"{"name":"names","type":"hostname","list":["example.com","local"],"matching_attributes":["domain","url","email"]}"#,
        r#"{"name":"digests","type":"string","list":["d41d8cd98f00b204e9800998ecf8427e"],"matching_attributes":["md5"]}"#,
    ] {
        lists.add(list.as_bytes()).unwrap();
    }
    for (typed, list) in [
        ("192.168.1.1", "ranges"),
        ("192.168.7.0/24", "ranges"),
        ("http://127.0.0.1:8080/x", "ranges"),
        ("fe80::1", "ranges"),
        ("8.8.8.8", "ranges"),
        ("www.example.com", "names"),
        ("a@b.example.com", "names"),
        ("https://printer.local/", "names"),
        ("D41D8CD98F00B204E9800998ECF8427E", "digests"),
    ] {
        assert_eq!(hits(&lists, typed), [list], "{typed}");
    }
    for typed in [
        "38.180.76.31",
        "evil.com",
        "example.com.evil.com",
        "notexample.com",
        "192.0.0.0/8",
        "http://evil.com/example.com",
        "8.8.8.9",
    ] {
        assert!(hits(&lists, typed).is_empty(), "{typed}");
    }
}

#[test]
fn lists_of_every_type_of_misp_are_read_and_matched() {
    let mut lists = Lists::default();
    for list in [
        r#"{"name":"ranges","version":1,"description":"d","type":"cidr","list":["10.1.0.0/16","10.1.2.0/24","2001:db8::/32"]}"#,
        r#"{"name":"hosts","type":"hostname","list":["good.example",".also.example"],"matching_attributes":["domain","hostname","url"]}"#,
        r#"{"name":"whole","type":"string","list":{"Svchost.EXE":"a remark"},"matching_attributes":["filename"]}"#,
        r#"{"name":"pieces","type":"substring","list":["akamai"]}"#,
        r#"{"name":"regexes","type":"regex","list":["/^cdn[0-9]+\\.Example$/i","^plain\\."]}"#,
    ] {
        assert!(lists.add(list.as_bytes()).unwrap().is_empty());
    }
    assert_eq!(hits(&lists, "10.1.2.3"), ["ranges"]);
    assert_eq!(hits(&lists, "a.b.good.example"), ["hosts"]);
    assert_eq!(hits(&lists, "http://also.example/x"), ["hosts"]);
    assert_eq!(hits(&lists, "svchost.exe"), ["whole"]);
    assert_eq!(hits(&lists, "x.akamai.net"), ["pieces"]);
    assert_eq!(hits(&lists, "cdn7.example"), ["regexes"]);
    assert_eq!(hits(&lists, "plain.example"), ["regexes"]);
    let mutex = Observable::new(Kind::Mutex, "svchost.exe").unwrap();
    assert!(lists.check(&[mutex]).is_empty());
    let why = &lists.check(&[guess("10.1.2.3").unwrap()])[0].why;
    assert_eq!(why, "d: matches `10.1.2.0/24`");
}

#[test]
fn newer_lists_replace_older_ones_and_odd_entries_are_told() {
    let mut lists = Lists::default();
    let list = |version: u8, entry: &str| {
        format!(
            r#"{{"name":"one","version":{version},"type":"cidr","list":["{entry}","no address"]}}"#
        )
    };
    assert_eq!(
        lists.add(list(2, "10.0.0.0/8").as_bytes()).unwrap(),
        ["no address"]
    );
    lists.add(list(1, "11.0.0.0/8").as_bytes()).unwrap();
    assert_eq!(hits(&lists, "11.0.0.1").len(), 0);
    lists.add(list(3, "11.0.0.0/8").as_bytes()).unwrap();
    assert_eq!(hits(&lists, "11.0.0.1").len(), 1);
    assert_eq!(lists.names().collect::<Vec<_>>(), [("one", 3)]);
    let odd = br#"{"name":"x","type":"regex","list":["(?=a)","(a","b"]}"#;
    assert_eq!(lists.add(odd).unwrap(), ["(?=a)", "(a"]);
}

#[test]
fn what_is_no_list_is_refused() {
    let mut lists = Lists::default();
    assert!(lists.add(b"{}").is_err());
    assert!(
        lists
            .add(br#"{"name":"x","type":"magic","list":[]}"#)
            .is_err()
    );
}

proptest::proptest! {
    #[test]
    fn a_range_holds_exactly_its_addresses(address: u32, size in 0_u32..=32, other: u32) {
        let mut ranges = super::ranges::Ranges::default();
        let range = format!("{}/{size}", std::net::Ipv4Addr::from(address));
        ranges.add(&range).unwrap();
        let inside = size == 0 || (address >> (32 - size)) == (other >> (32 - size));
        let found = ranges.find(&std::net::Ipv4Addr::from(other).to_string()).is_some();
        proptest::prop_assert_eq!(inside, found);
    }
}
