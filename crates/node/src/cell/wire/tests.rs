use super::*;
use portcullis_core::realm::Realm;

/// One event a line, as the journal of version 1 has them. Lines are added, never changed.
const EXAMPLES: &str = include_str!("../../../testdata/cell/events.json");

fn examples() -> impl Iterator<Item = &'static str> {
    EXAMPLES
        .lines()
        .map(|line| line.trim_end_matches(','))
        .filter(|line| line.starts_with('{'))
}

#[test]
fn every_example_is_read_and_written_as_it_stands() {
    for line in examples() {
        let event = decode(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error:?}"));
        assert_eq!(String::from_utf8(encode(&event)).unwrap(), line);
    }
}

#[test]
fn every_kind_of_fact_has_an_example() {
    let shown: BTreeSet<String> = examples()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["fact"]["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    // Serde names the kinds itself when it is given one that is none.
    let unknown = br#"{"v":1,"at":"2026-11-22T09:00:00Z","by":{"member":"a"},"fact":{"kind":"x"}}"#;
    let message = match decode(unknown).unwrap_err() {
        WireError::Form(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let known: BTreeSet<String> = message
        .split('`')
        .skip(3)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert!(30 < known.len(), "{message}");
    assert_eq!(shown, known);
}

#[test]
fn what_is_unknown_doubled_or_not_canonical_is_refused() {
    let good = r#"{"v":1,"at":"2026-11-22T09:00:00Z","by":{"member":"a"},"fact":{"kind":"group_dissolved","group":"grp_00000000010101010101010101010101"}}"#;
    assert!(decode(good.as_bytes()).is_ok());
    for (from, to) in [
        (r#""v":1"#, r#""v":2"#),
        (r#""v":1,"#, ""),
        (r#""v":1"#, r#""v":1,"w":1"#),
        (r#""v":1"#, r#""v":1,"v":1"#),
        ("09:00:00Z", "09:00:00+00:00"),
        ("09:00:00Z", "09:00:00.000Z"),
        (r#""member":"a""#, r#""member":"A""#),
        (r#""member":"a""#, r#""member":"a","name":"b""#),
        ("group_dissolved", "group_renamed"),
        ("grp_", "rcl_"),
        (r#""kind""#, r#""because":"x","kind""#),
        (
            "010101\"",
            "010101\",\"group\":\"grp_00000000010101010101010101010101\"",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let wrong = good.replacen(from, to, 1);
        assert!(decode(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(matches!(
        decode(good.replace(r#""v":1"#, r#""v":9"#).as_bytes()),
        Err(WireError::Version(9))
    ));
}

#[test]
fn nothing_is_written_of_a_secret_but_what_is_kept_of_it() {
    let opened = Fact::AccountOpened {
        name: "siem".into(),
        member: "bank-a".parse().unwrap(),
        secret: Secret::Token([0xab; 32]),
        client: false,
        operator: false,
        rights: Rights::Read,
        until: None,
    };
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        by: By {
            member: "csirt".parse().unwrap(),
            account: None,
        },
        fact: opened,
    };
    let text = String::from_utf8(encode(&event)).unwrap();
    assert!(text.contains(&format!(r#"{{"token":"sha256:{}"}}"#, "ab".repeat(32))));
    assert_eq!(decode(text.as_bytes()).unwrap(), event);
    assert!(!format!("{event:?}").contains("abab"));
}

#[test]
fn a_longest_group_fits() {
    let standing = Standing {
        kind: MemberKind::Authority,
        jurisdiction: "GB".parse().unwrap(),
    };
    let members = portcullis_core::cell::group::GROUP_MEMBERS_MAX;
    let name = |at: usize| format!("{at:064}").parse::<MemberId>().unwrap();
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        by: By {
            member: name(0),
            account: None,
        },
        fact: Fact::GroupLearned {
            group: GroupId::new(&Realm::live(), [1; 12]),
            owner: name(0),
            title: "all".into(),
            members: (0..members).map(|at| (name(at), standing)).collect(),
            said_at: Timestamp::UNIX_EPOCH,
        },
    };
    assert_eq!(decode(&encode(&event)).unwrap(), event);
}
