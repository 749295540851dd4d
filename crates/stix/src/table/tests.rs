use serde_json::Value;

use super::{Defaults, Table, read};

fn defaults() -> Defaults {
    Defaults {
        creator: "identity--55f6ea5e-51ac-4344-bc8c-4170950d210f".to_owned(),
        at: "2026-11-02T09:00:00.000Z".parse().unwrap(),
        tlp: Some("amber"),
    }
}

fn table(csv: &str) -> Table {
    read(csv.as_bytes(), &defaults()).unwrap()
}

fn indicators(table: &Table) -> Vec<Value> {
    let all = table
        .objects
        .iter()
        .map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
    all.filter(|object| object["type"] == "indicator").collect()
}

#[test]
fn a_header_in_anybodys_words_is_understood() {
    for header in [
        "type,value,first_seen,valid_until,tlp,comment",
        "Kind;Indicator;First Seen;Expires;TLP;Description",
    ] {
        let mark = if header.contains(';') { ';' } else { ',' };
        let line = [
            "domain",
            "evil[.]example",
            "2026-10-01",
            "2027-01-01T00:00:00+01:00",
            "TLP:AMBER+STRICT",
            "seen twice",
        ];
        let csv = format!("{header}\n{}\n", line.join(&mark.to_string()));
        let table = table(&csv);
        assert_eq!(table.left, []);
        let indicator = &indicators(&table)[0];
        assert_eq!(indicator["pattern"], "[domain-name:value = 'evil.example']");
        assert_eq!(indicator["valid_from"], "2026-10-01T00:00:00Z");
        assert_eq!(indicator["valid_until"], "2026-12-31T23:00:00.000000Z");
        assert_eq!(indicator["description"], "seen twice");
        let marking = indicator["object_marking_refs"][0].as_str().unwrap();
        assert_eq!(crate::marking::known_tlp(marking), Some("amber+strict"));
    }
}

#[test]
fn one_value_a_line_is_enough() {
    let table = table(
        "# a list\n198.51.100.7\nhxxp://evil[.]example/x\n\nd41d8cd98f00b204e9800998ecf8427e\nnonsense here\n",
    );
    let patterns: Vec<Value> = indicators(&table)
        .iter()
        .map(|indicator| indicator["pattern"].clone())
        .collect();
    assert_eq!(
        patterns,
        [
            "[ipv4-addr:value = '198.51.100.7']",
            "[url:value = 'http://evil.example/x']",
            "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"
        ]
    );
    assert_eq!(table.left.len(), 1);
    assert_eq!(
        (table.left[0].line, table.left[0].text.as_str()),
        (6, "nonsense here")
    );
}

#[test]
fn columns_without_names_are_told_by_what_they_hold() {
    let table = table(
        "domain,evil.example,from a letter\nsha-256,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
    );
    assert_eq!(table.left, []);
    assert_eq!(indicators(&table)[0]["description"], "from a letter");
}

#[test]
fn a_line_that_is_wrong_says_why_and_the_others_go_on() {
    let csv = "value,type,valid_until,tlp,confidence\n\
               a.example,domain,,,\n\
               b.example,md5,,,\n\
               c.example,starship,,,\n\
               d.example,domain,02/11/2027,,\n\
               e.example,domain,2020-01-01,,\n\
               f.example,domain,,purple,\n\
               g.example,domain,,,200\n\
               A.example.,domain,,,\n\
               ,domain,,,\n\
               h.example,domain,,green,80\n";
    let table = table(csv);
    assert_eq!(table.indicators, 2);
    let left: Vec<(u64, &str)> = table
        .left
        .iter()
        .map(|left| (left.line, left.why.as_str()))
        .collect();
    assert_eq!(
        left,
        [
            (3, "the value cannot be a `md5`"),
            (4, "`starship` is no kind of value that is known here"),
            (
                5,
                "`02/11/2027` under valid until is no date, like 2026-11-02 or 2026-11-02T09:00:00Z"
            ),
            (6, "it is valid until before it is valid"),
            (7, "`purple` is no label of TLP"),
            (8, "the confidence is no number from 0 to 100"),
            (9, "the same value as in line 2"),
            (10, "no value"),
        ]
    );
}

#[test]
fn the_same_value_of_the_same_creator_has_the_same_id_always() {
    let id = |csv: &str| indicators(&table(csv))[0]["id"].clone();
    assert_eq!(id("evil.example"), id("value,comment\nEVIL[.]example.,x"));
    assert_ne!(id("evil.example"), id("evil2.example"));
    let mut other = defaults();
    other.creator = "identity--00000000-0000-4000-8000-000000000001".to_owned();
    let theirs = read(b"evil.example", &other).unwrap();
    assert_ne!(id("evil.example"), indicators(&theirs)[0]["id"]);
}

#[test]
fn what_comes_out_is_what_the_standard_demands() {
    let csv = "value,tlp,labels,first_seen\na.example,red,one;two,1539202332\n198.51.100.0/24,clear,,2026-01-01 10:00\nAS64496,,,\n";
    let table = table(csv);
    assert_eq!(
        (table.indicators, table.objects.len()),
        (3, 6),
        "{:?}",
        table.left
    );
    for object in &table.objects {
        let flaws = crate::validate::validate(object, crate::validate::Mode::Must);
        assert!(
            flaws.is_empty(),
            "{flaws:?} {}",
            String::from_utf8_lossy(object)
        );
    }
}

#[test]
fn a_table_that_is_none_is_refused_as_a_whole() {
    assert!(read(b"type,comment\ndomain,x\n", &defaults()).is_err());
    let mut nobody = defaults();
    nobody.creator = "me".to_owned();
    assert!(read(b"a.example", &nobody).is_err());
    assert_eq!(read(b"", &defaults()).unwrap(), Table::default());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = read(&bytes, &defaults());
    }

    #[test]
    fn any_lines_are_read_without_panic(text in "(value|type|tlp|[a-z0-9.\"';,|\t -]{0,12}|\n){0,20}") {
        let _ = read(text.as_bytes(), &defaults());
    }
}
