//! Trying to get past the door: each attempt must be refused, by its own name.

use super::{
    Stage,
    story::{self, Told},
    town::{Resident, Town, member_id, wait},
};
use crate::failure::Failure;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use portcullis_core::{
    digest::Digest,
    id::CaseId,
    office::Office,
    order::Order,
    register::Revocation,
    statement::{Approval, Event, Header, Kind, Refused},
};
use portcullis_node::peers::Peers as _;
use portcullis_sign::{Envelope, SecretKey};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::Hash,
    note::SignedNote,
    tree::{ReadError, TreeSize},
    witness::AddCheckpoint,
};
use portcullis_verdict::{
    Bundle, Entry,
    register::edit,
    statement,
    verify::{Against, verify},
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn try_the_door(town: &Town, told: &Told, stage: &Stage) -> Result<(), Failure> {
    stage.chapter("The door holds: a hacked police node tries to bring its own orders");
    forged_orders(town, told, stage)?;
    stage.chapter("The door holds: time, other providers, stolen keys");
    times_and_places(town, told, stage)?;
    stolen_key(town, told, stage)?;
    stage.chapter("The door holds: packages and the record");
    packages(town, told, stage)?;
    records(town, stage)
}

/// Somebody who writes statements without asking any rule, with whatever keys it has.
struct Forger {
    case: CaseId,
    law: Digest,
    order: Order,
    chains: BTreeMap<&'static str, (u32, Digest, Timestamp)>,
    envelopes: Vec<Vec<u8>>,
    time: Timestamp,
}

impl Forger {
    fn new(town: &Town, order: Order, time: Timestamp) -> Result<Self, Failure> {
        let police = town.at("police.example");
        let law = police
            .node
            .laws()
            .by_id(&order.law)
            .ok_or_else(|| Failure::unable("demo", "the law is gone"))?;
        let mut random = [0; 12];
        portcullis_node::Env::fill(&police.home.env, &mut random);
        let case = CaseId::new(police.node.realm(), random);
        let chains = BTreeMap::new();
        Ok(Self {
            case,
            law: law.digest,
            order,
            chains,
            envelopes: Vec::new(),
            time,
        })
    }

    /// Writes a statement and signs it; its digest.
    fn says(
        &mut self,
        town: &Town,
        author: &'static str,
        key: &SecretKey,
        event: &Event,
    ) -> Result<Digest, Failure> {
        let chain = self.chains.get(author).copied();
        let header = Header {
            kind: event.kind(),
            realm: town.at(author).node.realm().clone(),
            case: self.case,
            author: member_id(author)?,
            addressee: self.order.provider.clone(),
            number: chain.map_or(0, |(number, ..)| number + 1),
            previous: chain.map(|(_, digest, _)| digest),
            time: self.time,
            law: self.law,
        };
        let unable = |error: String| Failure::unable("demo.forge", error);
        let payload =
            statement::payload(&header, event).map_err(|error| unable(error.to_string()))?;
        let payload_type = statement::payload_type(header.kind);
        let signature = key.sign(&payload_type, &payload);
        let envelope = Envelope::seal(&payload_type, &payload, vec![signature])
            .map_err(|error| unable(error.to_string()))?;
        let digest = portcullis_verdict::text::sha256(&payload);
        self.chains
            .insert(author, (header.number, digest, self.time));
        self.envelopes.push(envelope.as_bytes().to_vec());
        Ok(digest)
    }

    /// A whole order with these approvals, issued and served.
    fn whole(
        town: &Town,
        order: &Order,
        approvals: &[(&'static str, &str, Office)],
    ) -> Result<Self, Failure> {
        let now = town.at("police.example").node.now();
        let mut forger = Self::new(town, order.clone(), now)?;
        let draft = forger.says(
            town,
            "police.example",
            &town.key("police.example", "applicant")?,
            &Event::Drafted(Box::new(order.clone())),
        )?;
        for (word, officer, office) in approvals {
            let event = Event::Approved(Approval {
                subject: draft,
                office: *office,
                signed_for: None,
            });
            forger.says(town, word, &town.key(word, officer)?, &event)?;
        }
        forger.issue(town, draft)?;
        Ok(forger)
    }

    fn issue(&mut self, town: &Town, draft: Digest) -> Result<(), Failure> {
        let issued = Event::Issued {
            order: draft,
            urgent: self.order.urgency.is_some(),
        };
        self.says(
            town,
            "minister.example",
            &town.key("minister.example", "minister")?,
            &issued,
        )?;
        self.says(
            town,
            "police.example",
            &town.key("police.example", "serving")?,
            &Event::Served { order: draft },
        )?;
        Ok(())
    }

    /// Brings it to a provider with the police's own certificate.
    fn bring(&self, town: &Town, to: &str) -> Result<String, Failure> {
        bring(town, to, self.case, &self.envelopes)
    }
}

/// Brings envelopes to a node's door, as the police's node would.
fn bring(town: &Town, to: &str, case: CaseId, envelopes: &[Vec<u8>]) -> Result<String, Failure> {
    let police = town.at("police.example");
    let history = police.node.history()?;
    let newest = history.newest();
    let statements: Vec<_> = envelopes
        .iter()
        .map(|envelope| {
            let entry =
                serde_json::json!({ "envelope": STANDARD.encode(envelope), "inclusion": null });
            serde_json::json!({ "statement": entry, "attachment": null, "after": [] })
        })
        .collect();
    let body = serde_json::json!({
        "kind": "portcullis-delivery/v1",
        "realm": police.node.realm().name(),
        "register": { "version": newest.register.version, "digest": newest.digest.to_string() },
        "cases": [{ "case": case.to_string(), "statements": statements }],
    });
    let peer = police.node.peer(&member_id(to)?)?;
    let unable = |error: String| Failure::unable("demo.bring", error);
    let answer = police
        .home
        .peers()?
        .deliver(&peer, body.to_string().as_bytes())
        .map_err(|error| unable(error.to_string()))?;
    let said: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|error| unable(error.to_string()))?;
    let result = said.pointer("/results/0").unwrap_or(&said);
    let word = |key: &str| {
        result
            .get(key)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if word("outcome") == "accepted" {
        return Ok("accepted".into());
    }
    Err(Failure::refused(word("code"), word("detail")))
}

const MINISTER: (&str, &str, Office) = ("minister.example", "minister", Office::SecretaryOfState);

fn forged_orders(town: &Town, told: &Told, stage: &Stage) -> Result<(), Failure> {
    let provider = "messenger.example";
    let short = Forger::whole(town, &told.order, &[MINISTER])?;
    stage.refused(
        "an order without the Judicial Commissioner's approval",
        &["order.approval_missing"],
        short.bring(town, provider),
    )?;

    let official = ("minister.example", "official", Office::JudicialCommissioner);
    let wrong = Forger::whole(town, &told.order, &[MINISTER, official])?;
    let names = ["order.wrong_office"];
    stage.refused(
        "an order that a ministry's official approved in the Commissioner's place",
        &names,
        wrong.bring(town, provider),
    )?;

    // The true approvals of the true order, around another draft.
    let mut altered = told.order.clone();
    if let Some(item) = altered.items.get_mut(&1) {
        let earlier = item
            .span
            .from()
            .saturating_sub(SignedDuration::from_hours(24 * 365))
            .unwrap_or(item.span.from());
        item.span = portcullis_core::order::Span::new(earlier, item.span.to()).unwrap_or(item.span);
    }
    let mut envelopes = genuine(town, told.case)?;
    let (header, _) = statement::parse_payload(
        story::parsed(envelopes.first().map(Vec::as_slice).unwrap_or_default())?
            .envelope
            .payload(),
    )
    .map_err(|error| Failure::unable("demo", error.to_string()))?;
    let payload = statement::payload(&header, &Event::Drafted(Box::new(altered)))
        .map_err(|error| Failure::unable("demo", error.to_string()))?;
    let payload_type = statement::payload_type(Kind::Drafted);
    let signature = town
        .key("police.example", "applicant")?
        .sign(&payload_type, &payload);
    let envelope = Envelope::seal(&payload_type, &payload, vec![signature])
        .map_err(|error| Failure::unable("demo", error.to_string()))?;
    if let Some(first) = envelopes.first_mut() {
        *first = envelope.as_bytes().to_vec();
    }
    let names = ["order.nothing_to_approve"];
    let entries = envelopes.into_iter().map(|envelope| Entry {
        envelope,
        inclusion: None,
    });
    let found = judged(
        town,
        "othermail.example",
        &Bundle {
            entries: entries.collect(),
        },
        None,
    );
    stage.refused(
        "the order altered after its approval: a year more, the same approvals",
        &names,
        found,
    )
}

/// The authority's side of a case, as its node holds it: what the provider was served.
fn genuine(town: &Town, case: CaseId) -> Result<Vec<Vec<u8>>, Failure> {
    let view = town.at("police.example").node.view(case)?;
    let provider = view.case.order.provider.clone();
    Ok(view
        .record
        .statements
        .iter()
        .filter(|record| record.author != provider && record.kind != "collected")
        .map(|record| record.envelope.clone())
        .collect())
}

/// A node's verdict on a bundle, at another time if need be.
fn judged(
    town: &Town,
    word: &str,
    bundle: &Bundle,
    at: Option<Timestamp>,
) -> Result<String, Failure> {
    let node = &town.at(word).node;
    let history = node.history()?;
    let trust = portcullis_verdict::Trust::default();
    let now = at.unwrap_or_else(|| node.now());
    let against = Against {
        history: &history,
        trust: &trust,
        laws: node.laws(),
        realm: node.realm(),
        us: None,
        now,
    };
    let verdict = verify(bundle, &against);
    if verdict.holds() {
        Ok(verdict.line)
    } else {
        Err(Failure::refused(
            verdict.code.unwrap_or_default(),
            verdict.line,
        ))
    }
}

fn times_and_places(town: &Town, told: &Told, stage: &Stage) -> Result<(), Failure> {
    let node = &town.at("messenger.example").node;
    let later = |days: i64| {
        node.now()
            .saturating_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(Timestamp::MAX)
    };
    let mut bundle = node.bundle(told.case)?;
    bundle.entries.truncate(5);
    let found = judged(town, "messenger.example", &bundle, Some(later(250)));
    stage.refused(
        "the very order of above, eight months later",
        &["order.expired"],
        found,
    )?;

    let (urgent, order) = story::urgent_case(town)?;
    stage.step("(an urgent order is issued on the minister's word alone, and received)");
    let (reasons, digest) = story::salted(
        node,
        town.at("court.example").home.env,
        b"not proportionate (made up)",
    );
    let event = Event::Refused(Refused {
        subject: order,
        office: Office::JudicialCommissioner,
        reason: "not_proportionate".into(),
        note: Some(digest),
        destroy: true,
    });
    story::say_when_ready(
        town,
        "court.example",
        "commissioner",
        urgent,
        &event,
        Some(&reasons),
    )?;
    wait("the refusal to reach the messenger", || {
        node.view(urgent).ok()?.case.ended
    })?;
    let grant = node
        .grant(urgent, &BTreeSet::from([1]))
        .map(|_| "a grant".to_owned())
        .map_err(Failure::from);
    let names = ["order.refused", "order.no_longer_holds"];
    stage.refused(
        "the urgent order, after the Judicial Commissioner refused it (s. 24(4))",
        &names,
        grant,
    )?;

    let (silent, _) = story::urgent_case(town)?;
    let bundle = node.bundle(silent)?;
    let found = judged(town, "messenger.example", &bundle, Some(later(11)));
    stage.refused(
        "an urgent order whose later approval never came, the clock moved on",
        &["order.lapsed"],
        found,
    )?;

    let envelopes = genuine(town, told.case)?;
    let found = bring(town, "othermail.example", told.case, &envelopes);
    stage.refused(
        "the genuine order, replayed to another provider",
        &["statement.other_addressee"],
        found,
    )
}

fn stolen_key(town: &Town, told: &Told, stage: &Stage) -> Result<(), Failure> {
    let registrar = town.at("inspectorate.example");
    let stolen = town.key("police.example", "second")?;
    let digest = Digest(*stolen.public().id().as_bytes());
    let now = registrar.node.now();
    let history = registrar.node.history()?;
    let newest = history.newest();
    let mut register = edit::next(
        &newest.register,
        newest.digest,
        now,
        newest.register.expires,
    );
    let since = now;
    edit::revoke(
        &mut register,
        digest,
        Revocation {
            since,
            compromised: true,
        },
    )
    .map_err(|error| Failure::unable("demo.register", error.to_string()))?;
    town.publish(&register)?;
    stage.step("(a police key is reported stolen; version 2 of the register revokes it, signed, logged, cosigned)");
    let provider = "messenger.example";
    // The thief dates the order before the revocation; nothing proves that it was there then.
    let mut forger = Forger::new(
        town,
        told.order.clone(),
        since
            .saturating_sub(SignedDuration::from_millis(300))
            .unwrap_or(since),
    )?;
    let draft = forger.says(
        town,
        "police.example",
        &stolen,
        &Event::Drafted(Box::new(told.order.clone())),
    )?;
    for (word, officer, office) in [
        MINISTER,
        (
            "court.example",
            "commissioner",
            Office::JudicialCommissioner,
        ),
    ] {
        let event = Event::Approved(Approval {
            subject: draft,
            office,
            signed_for: None,
        });
        forger.says(town, word, &town.key(word, officer)?, &event)?;
    }
    forger.issue(town, draft)?;
    // The messenger's process follows the register by itself; until it has, it asks to wait.
    let found = wait("the messenger to hold version 2", || {
        match forger.bring(town, provider) {
            Err(failure) if failure.code == "register.behind" => None,
            done => Some(done),
        }
    })?;
    stage.refused(
        "an order signed with the stolen key, dated before its revocation",
        &["signature.revoked"],
        found,
    )
}

fn packages(town: &Town, told: &Told, stage: &Stage) -> Result<(), Failure> {
    let mailbox = town.at("messenger.example").home.dir.join("keys");
    let found = story::seal(town, told.case, &mailbox, &[7]).map(|_| "sealed".to_owned());
    stage.refused(
        "sealing files for an item that the order does not list",
        &["package.out_of_scope"],
        found,
    )?;
    let found = story::seal(town, told.case, &mailbox, &[2]).map(|_| "sealed".to_owned());
    stage.refused(
        "sealing files for the item that was declined",
        &["package.out_of_scope"],
        found,
    )?;

    let mut bytes =
        std::fs::read(&told.collected).map_err(|error| Failure::file(&told.collected, &error))?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    let tampered = told.collected.with_extension("tampered");
    std::fs::write(&tampered, bytes).map_err(|error| Failure::file(&tampered, &error))?;
    let into = town.at("police.example").home.dir.join("tampered");
    let found = story::open_package(town, told.case, told.package, &tampered, &into)
        .map(|_| "opened".to_owned());
    stage.refused(
        "a package with one bit flipped on its way",
        &["package.tampered"],
        found,
    )
}

fn records(town: &Town, stage: &Stage) -> Result<(), Failure> {
    let messenger = town.at("messenger.example");
    let log = wait("the messenger's log to be cosigned", || {
        messenger
            .node
            .logs()
            .ok()?
            .into_iter()
            .find(|log| log.cosigned_size > 256)
    })?;
    let unable = |error: String| Failure::unable("demo.log", error);
    let signer = messenger
        .home
        .keys()?
        .log_signer(1)
        .ok_or_else(|| unable("no log key".into()))?;
    let origin = log.origin.parse().map_err(|_| unable("an origin".into()))?;
    // The operator signs an older, smaller tree again, and asks a witness to cosign that.
    let note = Checkpoint::new(origin, TreeSize(256), Hash(log.root))
        .sign(&signer)
        .map_err(|error| unable(error.to_string()))?;
    let found = ask_witness(town, 0, &note);
    stage.refused(
        "a log rolled back to 256 leaves, at the university's witness",
        &["witness.409"],
        found,
    )?;

    let newest = || {
        messenger
            .node
            .logs()
            .ok()?
            .into_iter()
            .find(|known| known.origin == log.origin)
    };
    let found = wait("the witness's word on a fork", || {
        let size = newest()?.cosigned_size;
        let origin = log.origin.parse().ok()?;
        let forked = Checkpoint::new(origin, TreeSize(size), Hash([7; 32]))
            .sign(&signer)
            .ok()?;
        match ask_witness(town, size, &forked) {
            // The log has grown in between: there is a newer size to lie about.
            Err(failure) if failure.code == "witness.409" => None,
            done => Some(done),
        }
    })?;
    stage.refused(
        "another tree of a size that was cosigned",
        &["witness.422"],
        found,
    )
}

fn ask_witness(town: &Town, old: u64, note: &SignedNote) -> Result<String, Failure> {
    let messenger = town.at("messenger.example");
    let request = AddCheckpoint::new(TreeSize(old), Vec::new(), note.clone())
        .map_err(|error| Failure::unable("demo.log", error.to_string()))?;
    let peer = messenger.node.peer(&member_id("university.example")?)?;
    let answer = messenger
        .home
        .peers()?
        .add_checkpoint(&peer, request.to_string().as_bytes())
        .map_err(|error| Failure::unable("demo.log", error.to_string()))?;
    let body = String::from_utf8_lossy(&answer.body).trim().to_owned();
    match answer.status {
        200 => Ok("cosigned".into()),
        409 => Err(Failure::refused(
            "witness.409",
            format!("the witness has cosigned {body} leaves already"),
        )),
        status => Err(Failure::refused(format!("witness.{status}"), body)),
    }
}

/// Checks a node's record by its plain files: the quorum, every tile, the root.
pub(super) fn verify_log(_town: &Town, resident: &Resident) -> Result<String, Failure> {
    let config = &resident.home.config;
    let folder = resident.home.blobs_dir().join("log/1");
    let path = folder.join("checkpoint");
    let bytes = std::fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    let false_ = |code: &str, error: String| Failure::false_(code, error);
    let note =
        SignedNote::parse(&bytes).map_err(|error| false_("log.checkpoint", error.to_string()))?;
    let history = resident.node.history()?;
    let keys = resident.home.keys()?;
    let signer = keys
        .log_signer(1)
        .ok_or_else(|| false_("log.key", "no log key".into()))?;
    let cosigned = history
        .newest()
        .policy
        .verify_quorum_as(&note, &signer.vkey())
        .map_err(|error| false_("log.no_quorum", error.to_string()))?;
    let files = Folder(&folder);
    let (size, root) = (cosigned.checkpoint.size, cosigned.checkpoint.root);
    portcullis_tlog::monitor::verify_tree(&files, size, &root, |_| ())
        .map_err(|error| false_("log.tree", error.to_string()))?;
    let witnesses: Vec<_> = cosigned
        .cosigned_at
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    Ok(format!(
        "{:22} {:6} leaves, every tile and the root verified, cosigned by {}",
        config.member,
        size.0,
        witnesses.join(" and ")
    ))
}

struct Folder<'a>(&'a std::path::Path);

impl portcullis_tlog::tile::LogFiles for Folder<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(self.0.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ReadError::Missing { path: path.into() },
            _ => ReadError::Failed {
                path: path.into(),
                source: error.into(),
            },
        })
    }
}
