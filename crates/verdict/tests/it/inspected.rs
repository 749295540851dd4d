//! `inspected` as bytes.

use crate::kit::{at, member, order};
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    office::Office,
    realm::Realm,
    statement::{Event, Header, Inspection, Kind, Look},
};
use portcullis_verdict::statement::{parse_payload, payload, payload_type};
use std::collections::BTreeSet;

/// A statement that was said once is read the same for ever.
const GOLDEN: &str = concat!(
    r#"{"kind":"inspected","realm":"live","case":"case_00000000010101010101010101010101","#,
    r#""author":"mail.example","addressee":"police.example","number":3,"#,
    r#""previous":"sha256:0303030303030303030303030303030303030303030303030303030303030303","#,
    r#""time":"2026-03-05T09:00:00Z","#,
    r#""law":"sha256:0909090909090909090909090909090909090909090909090909090909090909","#,
    r#""body":{"looker":"inspectorate.example","office":"inspector","why":"sample","#,
    r#""request":"sha256:0707070707070707070707070707070707070707070707070707070707070707","#,
    r#""leaves":["sha256:0101010101010101010101010101010101010101010101010101010101010101","#,
    r#""sha256:0202020202020202020202020202020202020202020202020202020202020202"]}}"#,
);

fn header() -> Header {
    Header {
        kind: Kind::Inspected,
        realm: Realm::live(),
        case: CaseId::new(&Realm::live(), [1; 12]),
        author: order().provider,
        addressee: order().authority,
        number: 3,
        previous: Some(Digest([3; 32])),
        time: at("2026-03-05T09:00:00Z"),
        law: Digest([9; 32]),
    }
}

fn event() -> Event {
    Event::Inspected(Inspection {
        looker: member("inspectorate"),
        office: Office::Inspector,
        look: Look::Sample {
            sample: Digest([7; 32]),
            leaves: BTreeSet::from([Digest([1; 32]), Digest([2; 32])]),
        },
    })
}

#[test]
fn a_look_is_written_and_read_one_way() {
    let bytes = payload(&header(), &event()).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), GOLDEN);
    assert_eq!(parse_payload(GOLDEN.as_bytes()), Ok((header(), event())));
    assert_eq!(
        payload_type(Kind::Inspected),
        "application/vnd.portcullis.inspected+json"
    );
    for request in [None, Some(Digest([7; 32]))] {
        let (looker, office) = (member("mail"), Office::LegalResponse);
        let look = Look::Case { request };
        let event = Event::Inspected(Inspection {
            looker,
            office,
            look,
        });
        let bytes = payload(&header(), &event).unwrap();
        assert_eq!(parse_payload(&bytes), Ok((header(), event)));
    }
}

#[test]
fn a_look_at_nothing_or_in_another_form_is_refused() {
    let refused = |from: &str, to: &str| {
        let text = GOLDEN.replace(from, to);
        assert_ne!(text, GOLDEN);
        assert!(parse_payload(text.as_bytes()).is_err(), "{text}");
    };
    let leaves = GOLDEN.split_once(r#""leaves":["#).unwrap().1;
    refused(leaves, "]}}");
    refused(r#""why":"sample""#, r#""why":"case""#);
    refused(r#""why":"sample""#, r#""why":"curiosity""#);
    refused("sha256:0202", "sha256:0000");
    refused("sha256:0202", "sha256:02FF");
    refused("sha256:07", "sha256:7");
    let request = format!(r#""sha256:{}""#, "07".repeat(32));
    refused(&request, "null");
    refused(r#""office":"inspector","#, "");
}
