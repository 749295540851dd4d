//! Packages between two real nodes: sealed, released, collected or pushed, opened.

use crate::kit::{Seat, Town, no, ok, run, text, wait};
use jiff::Timestamp;
use portcullis_core::{
    category::Category,
    id::{CaseId, PackageId},
    member::MemberId,
    office::Office,
    order::{Item, Order, Secrecy, Span},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event, Recorded},
};
use portcullis_node::Promise;
use portcullis_sign::Envelope;
use portcullis_verdict::text::sha256;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const SEATS: [Seat; 4] = [
    Seat {
        word: "police",
        roles: &["authority"],
        authority: &["us_state", "metropolitan_police"],
        sector: "police",
        officers: &[
            "applicant=applicant",
            "issuer=subpoena_issuer",
            "serving=serving_officer",
        ],
        tick_ms: 600_000,
    },
    Seat {
        word: "mail",
        roles: &["provider"],
        authority: &[],
        sector: "industry",
        officers: &[
            "response=legal_response",
            "response=release_officer",
            "release=release_officer",
        ],
        tick_ms: 500,
    },
    Seat {
        word: "uni",
        roles: &["witness", "approver"],
        authority: &[],
        sector: "academia",
        officers: &["minister=secretary_of_state"],
        tick_ms: 600_000,
    },
    Seat {
        word: "archive",
        roles: &["witness", "approver"],
        authority: &[],
        sector: "press",
        officers: &["commissioner=judicial_commissioner"],
        tick_ms: 600_000,
    },
];

fn town() -> Town {
    let mut town = Town::found(&SEATS);
    for seat in &SEATS {
        town.serve(seat.word);
    }
    town
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn member(word: &str) -> MemberId {
    format!("{word}.example").parse().unwrap()
}

/// A subpoena for two items, or an urgent warrant: drafted, issued, served, received.
fn served(town: &Town, urgent: bool) -> CaseId {
    let selector = Selector::new(SelectorKind::Account, "u/48151623", None, None).unwrap();
    let span = Span::new(at("2026-03-01T00:00:00Z"), at("2026-03-31T00:00:00Z")).unwrap();
    let category = if urgent {
        Category::StoredContent
    } else {
        Category::BasicSubscriber
    };
    let item = Item {
        target: 1,
        category,
        span,
    };
    let card: serde_json::Value =
        serde_json::from_slice(&fs::read(town.dir("police").join("card.json")).unwrap()).unwrap();
    let application = [&[7; 32][..], b"grounds"].concat();
    let approvers = if urgent {
        BTreeMap::from([
            (Office::SecretaryOfState, member("uni")),
            (Office::JudicialCommissioner, member("archive")),
        ])
    } else {
        BTreeMap::new()
    };
    let order = Order {
        law: if urgent { "uk-ipa-2016" } else { "us-sca" }.into(),
        rule: if urgent {
            "targeted-interception"
        } else {
            "subpoena-2703c2"
        }
        .into(),
        authority: member("police"),
        provider: member("mail"),
        approvers,
        targets: BTreeMap::from([(1, selector)]),
        items: BTreeMap::from([(1, item.clone()), (2, item)]),
        grounds: BTreeSet::from([if urgent { "serious_crime" } else { "relevance" }.to_owned()]),
        offence: None,
        urgency: urgent.then(|| "a life is in danger within hours (made up)".to_owned()),
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: card["delivery_keys"][0].as_str().unwrap().to_owned(),
        secrecy: if urgent {
            Secrecy::NoEndInLaw
        } else {
            Secrecy::None
        },
        application: sha256(&application),
    };
    let police = town.node("police");
    let drafted = Event::Drafted(Box::new(order));
    let said = police
        .say(
            None,
            &drafted,
            &town.officer("police", "applicant"),
            Some(&application),
        )
        .unwrap();
    let (case, order) = (said.case, said.digest);
    let issued = Event::Issued { order, urgent };
    if urgent {
        let approval = Approval {
            subject: order,
            office: Office::SecretaryOfState,
            signed_for: None,
        };
        town.say("uni", "minister", case, &Event::Approved(approval), None);
        town.say("uni", "minister", case, &issued, None);
    } else {
        town.say("police", "issuer", case, &issued, None);
    }
    town.say("police", "serving", case, &Event::Served { order }, None);
    town.say(
        "mail",
        "response",
        case,
        &Event::Accepted {
            items: BTreeSet::from([1, 2]),
        },
        None,
    );
    case
}

/// Seals some made-up bytes for an item.
fn sealed(town: &Town, case: CaseId, item: u16, bytes: usize) -> PackageId {
    let file = town.path(&format!("item-{item}.bin"));
    fs::write(&file, vec![b'x'; bytes]).unwrap();
    let map = format!("{item}={}", text(&file));
    let answer = ok(
        &town.dir("mail"),
        &[
            "package",
            "seal",
            &case.to_string(),
            "--item",
            &map,
            "--key",
            "response",
        ],
    );
    answer["package"].as_str().unwrap().parse().unwrap()
}

fn released(town: &Town, case: CaseId, package: PackageId) {
    let (case_text, package_text) = (case.to_string(), package.to_string());
    ok(
        &town.dir("mail"),
        &[
            "package",
            "release",
            &case_text,
            &package_text,
            "--key",
            "release",
            "--wait=60",
        ],
    );
    let police = town.node("police");
    wait("the release to arrive", || {
        police
            .view(case)
            .ok()?
            .case
            .packages
            .get(&package)?
            .released
    });
}

fn collected_file(town: &Town, package: PackageId) -> PathBuf {
    town.dir("police")
        .join(format!("blobs/collected/{package}.age"))
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_package_goes_from_two_officers_to_the_authority_and_opens() {
    let town = town();
    let case = served(&town, false);
    let (mail, police) = (town.dir("mail"), town.dir("police"));
    let id = case.to_string();

    let data = town.path("data");
    fs::create_dir_all(data.join("calls")).unwrap();
    fs::write(data.join("subscriber.json"), b"{}").unwrap();
    fs::write(data.join("calls/march.csv"), vec![b','; 9 << 20]).unwrap();
    let folder = text(&data);
    what_was_not_asked_for_is_refused(&mail, &id, folder);

    // For people: the table shows what is asked and left unanswered.
    let map = format!("1={folder}@2026-03-01T00:00:00Z/2026-03-30T00:00:00Z");
    let shown = run(
        &mail,
        &[
            "package", "seal", &id, "--item", &map, "--key", "response", "--yes",
        ],
    );
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("2 files, 9.00 MiB"), "{shown}");
    assert!(
        shown.contains("nothing (accepted, not in this package)"),
        "{shown}"
    );
    let listed = ok(&mail, &["package", "list", &id]);
    assert_eq!(listed[0]["stands"], "sealed");
    let package: PackageId = listed[0]["package"].as_str().unwrap().parse().unwrap();
    let name = package.to_string();

    // Law 3: whoever sealed it never releases it, though the office is held.
    let by_sealer = no(
        &mail,
        &[
            "package", "release", &id, &name, "--key", "response", "--wait",
        ],
    );
    assert_eq!(by_sealer, (1, "package.second_person".to_owned()));
    assert_eq!(no(&mail, &["package", "push", &id, &name]).0, 1);
    released(&town, case, package);

    // Stopped half-way: it goes on from there.
    let part = police.join(format!("blobs/collected/{name}.age.part"));
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    let whole = fs::read(mail.join(format!("blobs/packages/{name}.age"))).unwrap();
    fs::write(&part, &whole[..5 << 20]).unwrap();
    let copy = town.path("copy.age");
    let answer = ok(
        &police,
        &[
            "package",
            "collect",
            &id,
            "--key",
            "applicant",
            "-o",
            text(&copy),
        ],
    );
    assert_eq!(answer["packages"][0]["resumed_at"], 5 << 20);
    assert!(answer["packages"][0]["statement"].is_string());
    assert_eq!(fs::read(&copy).unwrap(), whole);
    assert!(!part.exists());
    ok(&police, &["package", "check", text(&copy), "--case", &id]);

    let into = town.path("answer");
    let opened = ok(&police, &["package", "open", &id, &name, "-o", text(&into)]);
    assert_eq!(opened["files"].as_array().unwrap().len(), 2);
    assert_eq!(
        fs::read(into.join("data/1/subscriber.json")).unwrap(),
        b"{}"
    );
    assert_eq!(
        fs::read(into.join("data/1/calls/march.csv")).unwrap(),
        vec![b','; 9 << 20]
    );
    assert_eq!(
        no(&police, &["package", "open", &id, &name, "-o", text(&into)]).0,
        3
    );
    wait("the acknowledgement to arrive", || {
        (ok(&mail, &["package", "list", &id])[0]["stands"] == "collected").then_some(())
    });
    let again = ok(&police, &["package", "collect", &id, "--key", "applicant"]);
    assert_eq!(again["packages"].as_array().unwrap().len(), 0);
    its_record_is_shown_to_anybody(&town, case, package);
}

/// By item and by time, by a missing file and by the wrong officer; nothing is left behind.
fn what_was_not_asked_for_is_refused(mail: &Path, id: &str, folder: &str) {
    let seal = |map: &str| {
        no(
            mail,
            &["package", "seal", id, "--item", map, "--key", "response"],
        )
    };
    let scope = (1, "package.out_of_scope".to_owned());
    assert_eq!(seal(&format!("3={folder}")), scope);
    assert_eq!(
        seal(&format!(
            "1={folder}@2026-02-28T00:00:00Z/2026-03-02T00:00:00Z"
        )),
        scope
    );
    assert_eq!(seal("1=/nowhere/at/all").0, 3);
    let wrong_office = no(
        mail,
        &[
            "package",
            "seal",
            id,
            "--item",
            &format!("1={folder}"),
            "--key",
            "release",
        ],
    );
    assert_eq!(wrong_office.0, 1, "{wrong_office:?}");
    assert_eq!(
        fs::read_dir(mail.join("blobs/packages")).map_or(0, Iterator::count),
        0
    );
}

/// The authority shows that the provider recorded it, and tells nothing else.
fn its_record_is_shown_to_anybody(town: &Town, case: CaseId, package: PackageId) {
    let (police, id) = (town.dir("police"), case.to_string());
    let sealed = town
        .node("mail")
        .sealed_statement(case, &package)
        .unwrap()
        .to_string();
    let proof = town.path("sealed.tlog-proof");
    let proof_args = ["log", "proof", &id, &sealed, "-o", text(&proof)];
    let written = wait("the proof to arrive", || {
        run(&police, &[&["--json"], &proof_args[..]].concat())
            .status
            .success()
            .then(|| ok(&police, &proof_args))
    });
    assert_eq!(written["origin"], "mail.example/log/live/1");
    let printed = ok(&police, &["log", "policy", "--member", "mail.example"]);
    let policy_file = town.path("mail.policy");
    fs::write(&policy_file, printed["policy"].as_str().unwrap()).unwrap();
    let hash = written["leaf_hash"].as_str().unwrap();
    let verified = ok(
        &town.path("nowhere"),
        &[
            "log",
            "proof-verify",
            text(&proof),
            "--leaf-hash",
            hash,
            "--policy",
            text(&policy_file),
        ],
    );
    assert_eq!(verified["index"], written["index"]);
    assert!(!fs::read_to_string(&proof).unwrap().contains("case_"));
}

#[test]
fn what_was_changed_on_the_way_is_refused_by_name() {
    let town = town();
    let case = served(&town, false);
    let (mail, police, id) = (town.dir("mail"), town.dir("police"), case.to_string());
    let tampered = (4, "package.tampered".to_owned());

    // Changed at the provider after it was signed for.
    let first = sealed(&town, case, 1, 6 << 20);
    released(&town, case, first);
    let bytes = mail.join(format!("blobs/packages/{first}.age"));
    flip(&bytes, 3 << 20);
    assert_eq!(
        no(&mail, &["package", "push", &id, &first.to_string()]),
        tampered
    );
    assert_eq!(
        no(&police, &["package", "collect", &id, "--key", "applicant"]),
        tampered
    );
    assert!(!collected_file(&town, first).exists());
    assert_eq!(
        fs::read_dir(police.join("blobs/collected"))
            .unwrap()
            .count(),
        0
    );
    flip(&bytes, 3 << 20);

    // Pushed, in two goes: what the authority has is not sent again.
    let whole = fs::read(&bytes).unwrap();
    let uploads = police.join(format!("blobs/uploads/{first}"));
    fs::create_dir_all(&uploads).unwrap();
    fs::write(uploads.join(format!("{:020}", 0)), &whole[..1 << 20]).unwrap();
    let pushed = ok(&mail, &["package", "push", &id, &first.to_string()]);
    assert_eq!(pushed["resumed_at"], 1 << 20);
    let collected = ok(
        &police,
        &["package", "collect", &id, &first.to_string(), "--node"],
    );
    assert_eq!(
        collected["packages"][0]["resumed_at"].as_u64(),
        Some(whole.len() as u64)
    );

    // Changed at the authority before it was opened: nothing comes out.
    let (here, into) = (collected_file(&town, first), town.path("opened"));
    flip(&here, 100_000);
    let open = [
        "package",
        "open",
        &id,
        &first.to_string(),
        "-o",
        text(&into),
    ];
    assert_eq!(no(&police, &open), tampered);
    assert_eq!(
        no(&police, &["package", "check", text(&here), "--case", &id]),
        tampered
    );
    assert!(!into.exists());
    fs::write(&here, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(
        no(&police, &["package", "check", text(&here), "--case", &id]).0,
        4
    );

    // Lost, and fetched again: it was acknowledged before.
    fs::remove_file(&here).unwrap();
    let again = ok(
        &police,
        &["package", "collect", &id, &first.to_string(), "--node"],
    );
    assert!(again["packages"][0]["statement"].is_null());
    ok(&police, &open);
}

#[test]
fn a_promise_is_kept_or_it_is_evidence() {
    let mut town = town();
    let case = served(&town, true);
    let (mail, police, id) = (town.dir("mail"), town.dir("police"), case.to_string());
    // A package of a case without a promise has none to weigh.
    let kept = sealed(&town, case, 1, 1000);
    let not_yet = no(&mail, &["log", "promise", &id, &kept.to_string()]);
    assert_eq!(not_yet, (1, "promise.none".to_owned()));

    // The witnesses are out of reach; the emergency does not wait for them.
    town.kill("uni");
    let broken = sealed(&town, case, 2, 1000);
    let waits = no(
        &mail,
        &[
            "package",
            "release",
            &id,
            &broken.to_string(),
            "--key",
            "release",
            "--wait=1",
        ],
    );
    assert_eq!(waits, (1, "log.not_recorded".to_owned()));

    let answer = ok(
        &mail,
        &[
            "package",
            "release",
            &id,
            &broken.to_string(),
            "--key",
            "release",
            "--promise",
        ],
    );
    assert!(
        answer["recorded"].as_str().unwrap().starts_with("promise "),
        "{answer}"
    );
    assert_eq!(
        ok(&mail, &["log", "promise", &id, &broken.to_string()])["worth"],
        "open"
    );
    town.serve("uni");
    let weighed = |dir: &Path, package: PackageId| {
        let output = run(
            dir,
            &["--json", "log", "promise", &id, &package.to_string()],
        );
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (
            output.status.code(),
            answer["worth"].as_str().map(str::to_owned),
        )
    };
    wait("the promise to be kept", || {
        (weighed(&mail, broken).1.as_deref() == Some("kept")).then_some(())
    });
    wait("the authority to see it", || {
        (weighed(&police, broken).1.as_deref() == Some("kept")).then_some(())
    });

    // A promise whose leaf never came, long after its time.
    let node = town.node("mail");
    let word = Promise {
        log: "mail.example/log/live".into(),
        statement: node.sealed_statement(case, &kept).unwrap().to_string(),
        leaves: vec![portcullis_tlog::hash::leaf_hash(b"never").to_string()],
        latest: "2026-01-01T00:00:00Z".into(),
    };
    let payload = serde_json::to_vec(&word).unwrap();
    let payload_type = "application/vnd.portcullis.promise+json";
    let signature = node.keys().statements.sign(payload_type, &payload);
    let envelope = Envelope::seal(payload_type, &payload, vec![signature]).unwrap();
    let recorded = Recorded::Promised(sha256(envelope.as_bytes()));
    let event = Event::Released {
        package: kept,
        recorded,
    };
    let sealed_in = node.sealed_statement(case, &kept).unwrap();
    node.store()
        .add_promise(&sealed_in, envelope.as_bytes())
        .unwrap();
    town.say("mail", "release", case, &event, Some(envelope.as_bytes()));
    wait("the release to arrive", || {
        town.node("police")
            .view(case)
            .ok()?
            .case
            .packages
            .get(&kept)?
            .released
    });
    assert_eq!(weighed(&police, kept), (Some(4), Some("broken".to_owned())));
    // A monitor of one's own cases finds it by itself.
    let output = run(&police, &["--json", "log", "monitor", "--own"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &answer["own"]["findings"];
    assert_eq!(output.status.code(), Some(4), "{answer:#}");
    assert_eq!(found[0]["code"], "monitor.broken_promise", "{answer:#}");
    assert_eq!(found[0]["case"], id);
    assert_eq!(found.as_array().unwrap().len(), 1);
}
