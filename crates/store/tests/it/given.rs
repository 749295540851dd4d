//! What the tests put into stores.

use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use portcullis_store::{Commit, LogAppend, NewDelivery, NewLeaf, StatementRecord, Summary};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn case(n: u32) -> CaseId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    CaseId::from_bytes(bytes)
}

pub(crate) fn digest(n: u32) -> Digest {
    let mut bytes = [0xd1; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Digest(bytes)
}

pub(crate) fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

/// A statement of ours named by `n`, the author's `number`-th in its case.
pub(crate) fn statement(n: u32, number: u32) -> StatementRecord {
    StatementRecord {
        digest: digest(n),
        author: member("police.example"),
        number,
        kind: "drafted".into(),
        time: at(i64::from(n)),
        envelope: format!("envelope {n}").into_bytes(),
        judged: format!("judged {n}").into_bytes(),
        attachment: Some(format!("attachment {n}").into_bytes()),
        proof: None,
        ours: true,
        stored_at: at(i64::from(n) + 1),
    }
}

pub(crate) fn summary() -> Summary {
    Summary {
        phase: "drafted".into(),
        title: "a case".into(),
        law: "uk-ipa-2016".into(),
        rule: "targeted".into(),
        authority: member("police.example"),
        provider: member("mail.example"),
        urgent: false,
        opened_at: at(0),
        next_at: None,
        updated_at: at(0),
    }
}

/// A commit to `case` that adds `statements`.
pub(crate) fn commit(case: CaseId, expected: u64, statements: Vec<StatementRecord>) -> Commit {
    Commit {
        case,
        expected,
        statements,
        leaves: Vec::new(),
        deliveries: Vec::new(),
        proofs: Vec::new(),
        summary: summary(),
        erase: false,
    }
}

pub(crate) fn leaf(n: u32, ordinal: u16) -> NewLeaf {
    NewLeaf {
        statement: digest(n),
        ordinal,
        entry: format!("entry {n}/{ordinal}").into_bytes(),
        opening: format!("opening {n}/{ordinal}").into_bytes(),
    }
}

pub(crate) fn delivery(peer: &str, statements: &[u32]) -> NewDelivery {
    NewDelivery {
        peer: member(peer),
        statements: statements.iter().map(|n| digest(*n)).collect(),
    }
}

/// A growth of `origin` by entries of one byte; the root tells the size.
pub(crate) fn append(origin: &str, from: u64, to: u64) -> LogAppend {
    LogAppend {
        origin: origin.into(),
        expected_size: from,
        size: to,
        root: root(to),
        frontier: format!("frontier {to}").into_bytes(),
        checkpoint: format!("checkpoint {to}").into_bytes(),
        entries: (from..to)
            .map(|index| vec![u8::try_from(index % 256).unwrap()])
            .collect(),
        placed: Vec::new(),
    }
}

pub(crate) fn root(size: u64) -> [u8; 32] {
    let mut root = [0; 32];
    root[..8].copy_from_slice(&size.to_be_bytes());
    root
}
