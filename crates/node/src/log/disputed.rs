//! Witnesses that say that they hold another tree of ours, and whether they show one.

use super::*;
use crate::peers::{Answer, PeerError};
use portcullis_core::{id::PackageId, member::MemberId};
use portcullis_tlog::cosignature::Cosigner;
use std::collections::BTreeMap;

/// What a witness does here.
enum Manner {
    Honest,
    /// Always answers this.
    Says(u16, &'static str),
}

/// A few witnesses, and what each shows as our newest checkpoint.
struct Few {
    manners: BTreeMap<&'static str, (Manner, Option<String>)>,
}

fn cosigner(name: &str) -> Cosigner {
    let seed = [name.as_bytes()[0]; 32];
    Cosigner::new(format!("{name}/witness").parse().unwrap(), &seed)
}

fn signer() -> NoteSigner {
    NoteSigner::new("example.org/log/1".parse().unwrap(), &[7; 32])
}

impl Peers for Few {
    fn add_checkpoint(&self, witness: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        let (status, text) = match &self.manners[witness.member.as_str()].0 {
            Manner::Honest => {
                let request = AddCheckpoint::parse(body).unwrap();
                let line = cosigner(witness.member.as_str()).cosign(request.note().text(), 1);
                (200, line.unwrap().to_text())
            }
            Manner::Says(status, text) => (*status, (*text).to_owned()),
        };
        let body = text.into_bytes();
        Ok(Answer { status, body })
    }

    fn get(&self, peer: &Peer, _: &str) -> Result<Answer, PeerError> {
        let shown = self.manners[peer.member.as_str()].1.clone();
        Ok(Answer {
            status: if shown.is_some() { 200 } else { 404 },
            body: shown.unwrap_or_default().into_bytes(),
        })
    }

    fn deliver(&self, _: &Peer, _: &[u8]) -> Result<Answer, PeerError> {
        unreachable!()
    }

    fn package_part(&self, _: &Peer, _: PackageId, _: u64, _: usize) -> Result<Vec<u8>, PeerError> {
        unreachable!()
    }

    fn upload_offset(&self, _: &Peer, _: PackageId) -> Result<u64, PeerError> {
        unreachable!()
    }

    fn upload_part(&self, _: &Peer, _: PackageId, _: u64, _: &[u8]) -> Result<u64, PeerError> {
        unreachable!()
    }
}

/// A log of 256 leaves asks `a.example`, which has this manner and shows this note, and then
/// the honest `b.example`; one of the two is quorum.
fn asked(manner: Manner, shown: Option<String>) -> Result<Result<u64, CosignError>, LogFault> {
    let signer = signer();
    let (store, blobs) = (Store::memory(), Blobs::memory());
    let log = OwnLog::new(&store, &blobs, "log/1", &signer);
    let entries: Vec<_> = (0_u64..256).map(|at| at.to_be_bytes().to_vec()).collect();
    log.append(&mut TileBuilder::new(), &entries, Vec::new())
        .unwrap();
    let policy = format!(
        "witness a {}\nwitness b {}\ngroup any 1 a b\nquorum any\n",
        cosigner("a.example").vkey(),
        cosigner("b.example").vkey()
    );
    let peer = |member: &str| Peer {
        member: member.parse::<MemberId>().unwrap(),
        endpoint: format!("https://{member}"),
        tls: std::collections::BTreeSet::new(),
    };
    let witnesses = [("a.example", "a"), ("b.example", "b")];
    let witnesses = witnesses.map(|(member, name)| (peer(member), name.to_owned()));
    let manners = BTreeMap::from([
        ("a.example", (manner, shown)),
        ("b.example", (Manner::Honest, None)),
    ]);
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    log.cosign(&policy, &witnesses, &Few { manners })
}

fn note(size: u64, signer: &NoteSigner) -> String {
    let origin = "example.org/log/1".parse().unwrap();
    let checkpoint = Checkpoint::new(origin, TreeSize(size), Hash([5; 32]));
    checkpoint.sign(signer).unwrap().to_text()
}

#[test]
fn a_witness_that_says_it_holds_another_tree_and_shows_none_stops_nothing() {
    for manner in [
        Manner::Says(409, "999999\n"),
        Manner::Says(422, "no\n"),
        Manner::Says(409, "what\n"),
    ] {
        assert_eq!(asked(manner, None).unwrap(), Ok(256));
    }
    let other = NoteSigner::new("example.org/log/1".parse().unwrap(), &[8; 32]);
    let shown = Some(note(999_999, &other));
    assert_eq!(
        asked(Manner::Says(409, "999999\n"), shown).unwrap(),
        Ok(256)
    );
}

#[test]
fn a_witness_that_shows_another_tree_that_we_signed_stops_the_log() {
    for size in [100, 256, 999_999] {
        let shown = Some(note(size, &signer()));
        let asked = asked(Manner::Says(422, "no\n"), shown);
        assert!(matches!(asked, Err(LogFault::Fork { size: seen, .. }) if seen == size));
    }
}
