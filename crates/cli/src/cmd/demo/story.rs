//! The UK case under the double lock, from the application to the opened package.

use super::{
    Stage,
    town::{Town, member_id, wait},
};
use crate::failure::Failure;
use jiff::{SignedDuration, Timestamp};
use portcullis_ballot::Salt;
use portcullis_core::{
    category::Category,
    digest::Digest,
    id::{CaseId, PackageId},
    office::Office,
    order::{Item, Order, Secrecy, Span},
    selector::{Selector, SelectorKind},
    statement::{Approval, Event, Seal},
};
use portcullis_node::{Generator, Node, NodeError};
use portcullis_seal::{
    folder::{self, FolderSink},
    limits::Limits,
    open::{Expected, open},
    plan::{Mapping, plan},
};
use portcullis_verdict::statement::Parsed;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
};

/// What the later chapters need of the first.
pub(super) struct Told {
    pub(super) case: CaseId,
    pub(super) order: Order,
    pub(super) package: PackageId,
    pub(super) collected: PathBuf,
}

pub(super) fn tell(town: &Town, data: Option<&Path>, stage: &Stage) -> Result<Told, Failure> {
    stage.chapter("A case under the double lock (Investigatory Powers Act 2016, ss. 15–43)");
    let data = match data {
        Some(dir) => dir.to_owned(),
        None => make_mailbox(town)?,
    };
    let police = town.at("police.example");
    let application = b"# Application (made up)\n\nNecessary and proportionate, because this is a demonstration.\n";
    let (attachment, digest) = salted(&police.node, police.home.env, application);
    let order = uk_order(town, digest, None)?;
    let said = police.node.say(
        None,
        &Event::Drafted(Box::new(order.clone())),
        &town.key("police.example", "applicant")?,
        Some(&attachment),
    )?;
    let (case, order_digest) = (said.case, said.digest);
    stage.step(
        "the police draft an order for one account: stored content and secondary data of two weeks",
    );
    approve(
        town,
        case,
        order_digest,
        "minister.example",
        "minister",
        Office::SecretaryOfState,
    )?;
    stage
        .step("the minister reads the application and approves the exact bytes, in person (s. 19)");
    approve(
        town,
        case,
        order_digest,
        "court.example",
        "commissioner",
        Office::JudicialCommissioner,
    )?;
    stage.step("the Judicial Commissioner approves the minister's decision (s. 23)");
    issue_and_serve(town, case, order_digest, false)?;
    let messenger = &town.at("messenger.example").node;
    let line = wait("the messenger's verdict", || {
        let verdict = messenger.verdict(case).ok()?;
        verdict.case.as_ref()?.received?;
        Some(verdict.line)
    })?;
    stage.step("issued, served, received by the messenger, whose own machine judged it:");
    stage.line(line);
    let response = town.key("messenger.example", "response")?;
    messenger.say(
        Some(case),
        &Event::Accepted {
            items: BTreeSet::from([1]),
        },
        &response,
        None,
    )?;
    let reason = portcullis_core::case::NOT_HELD.to_owned();
    messenger.say(
        Some(case),
        &Event::Declined {
            items: BTreeSet::from([2]),
            reason,
        },
        &response,
        None,
    )?;
    stage.step("legal response accepts the content, and says of the secondary data: not held");
    let (package, size) = seal(town, case, &data, &[1])?;
    stage.step(format_args!(
        "sealed to the police's key, {} kB: the manifest and every digest are signed",
        size / 1024
    ));
    release(town, case, package)?;
    stage.step("the leaves are cosigned by both sectors' witnesses, and a second officer releases (laws 3 and 4)");
    let collected = collect(town, case, package)?;
    stage.step("the police collect it, and sign that they have it");
    let target = police.home.dir.join("opened");
    let files = open_package(town, case, package, &collected, &target)?;
    stage.step(format_args!(
        "opened: {files} files, every digest checked, in {}",
        target.display()
    ));
    Ok(Told {
        case,
        order,
        package,
        collected,
    })
}

/// Salt and text one after the other, and their digest.
pub(super) fn salted(_node: &Node, env: crate::clock::SystemEnv, text: &[u8]) -> (Vec<u8>, Digest) {
    let salt = Salt::draw(&mut Generator(&env));
    ([&salt.0[..], text].concat(), Digest(salt.digest(text)))
}

pub(super) fn uk_order(
    town: &Town,
    application: Digest,
    urgency: Option<&str>,
) -> Result<Order, Failure> {
    let police = town.at("police.example");
    let now = police.node.now();
    let selector = Selector::new(SelectorKind::Account, "u/48151623", None, None)
        .map_err(|error| Failure::unable("demo", error.to_string()))?;
    let ago = |days: i64| {
        now.saturating_sub(SignedDuration::from_hours(24 * days))
            .unwrap_or(now)
    };
    let span = Span::new(whole_second(ago(14)), whole_second(now))
        .ok_or_else(|| Failure::unable("demo", "a span"))?;
    let item = |category| Item {
        target: 1,
        category,
        span,
    };
    let minister = member_id("minister.example")?;
    Ok(Order {
        law: "uk-ipa-2016".into(),
        rule: "targeted-interception".into(),
        authority: member_id("police.example")?,
        provider: member_id("messenger.example")?,
        approvers: BTreeMap::from([
            (Office::SecretaryOfState, minister),
            (Office::JudicialCommissioner, member_id("court.example")?),
        ]),
        targets: BTreeMap::from([(1, selector)]),
        items: BTreeMap::from([
            (1, item(Category::StoredContent)),
            (2, item(Category::SecondaryData)),
        ]),
        grounds: BTreeSet::from(["serious_crime".to_owned()]),
        offence: None,
        urgency: urgency.map(str::to_owned),
        protected: BTreeSet::new(),
        stated: BTreeSet::new(),
        delivery_key: police.home.delivery_identity()?.recipient().to_string(),
        secrecy: Secrecy::NoEndInLaw,
        application,
    })
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Says something as soon as the node has what it needs for it.
pub(super) fn say_when_ready(
    town: &Town,
    word: &str,
    officer: &str,
    case: CaseId,
    event: &Event,
    attachment: Option<&[u8]>,
) -> Result<Digest, Failure> {
    let key = town.key(word, officer)?;
    let node = &town.at(word).node;
    let mut last = None;
    let said = wait(&format!("{word} to say `{}`", event.kind()), || {
        match node.say(Some(case), event, &key, attachment) {
            Ok(said) => Some(Ok(said.digest)),
            // What it needs is still on its way to this node.
            Err(NodeError::UnknownCase(_) | NodeError::Contention) => None,
            Err(NodeError::Refused(refusal))
                if matches!(
                    refusal.code(),
                    "order.approval_missing"
                        | "order.not_issued"
                        | "order.wrong_office"
                        | "package.not_released"
                ) =>
            {
                last = Some(refusal.to_string());
                None
            }
            Err(error) => Some(Err(Failure::from(error))),
        }
    });
    said.map_err(|failure| match last {
        Some(last) => Failure::unable("demo.waits", format!("{}: {last}", failure.message)),
        None => failure,
    })?
}

fn approve(
    town: &Town,
    case: CaseId,
    subject: Digest,
    word: &str,
    officer: &str,
    office: Office,
) -> Result<(), Failure> {
    let event = Event::Approved(Approval {
        subject,
        office,
        signed_for: None,
    });
    say_when_ready(town, word, officer, case, &event, None).map(drop)
}

pub(super) fn issue_and_serve(
    town: &Town,
    case: CaseId,
    order: Digest,
    urgent: bool,
) -> Result<(), Failure> {
    say_when_ready(
        town,
        "minister.example",
        "minister",
        case,
        &Event::Issued { order, urgent },
        None,
    )?;
    say_when_ready(
        town,
        "police.example",
        "serving",
        case,
        &Event::Served { order },
        None,
    )
    .map(drop)
}

/// An urgent order, issued and served on the minister's word alone.
pub(super) fn urgent_case(town: &Town) -> Result<(CaseId, Digest), Failure> {
    let police = town.at("police.example");
    let (attachment, digest) = salted(&police.node, police.home.env, b"# Urgent (made up)\n");
    let order = uk_order(
        town,
        digest,
        Some("a life is in danger within hours (made up)"),
    )?;
    let key = town.key("police.example", "applicant")?;
    let said = police.node.say(
        None,
        &Event::Drafted(Box::new(order)),
        &key,
        Some(&attachment),
    )?;
    approve(
        town,
        said.case,
        said.digest,
        "minister.example",
        "minister",
        Office::SecretaryOfState,
    )?;
    issue_and_serve(town, said.case, said.digest, true)?;
    let messenger = &town.at("messenger.example").node;
    wait("the messenger to receive the urgent order", || {
        messenger.view(said.case).ok()?.case.received
    })?;
    Ok((said.case, said.digest))
}

/// Seals files to some items; the package and its size.
pub(super) fn seal(
    town: &Town,
    case: CaseId,
    data: &Path,
    items: &[u16],
) -> Result<(PackageId, u64), Failure> {
    let messenger = town.at("messenger.example");
    let refused = |code: &str, message: String| Failure::refused(code, message);
    let grant = messenger
        .node
        .grant(case, &items.iter().copied().collect())?;
    let mut random = [0; 12];
    portcullis_node::Env::fill(&messenger.home.env, &mut random);
    let package = PackageId::new(messenger.node.realm(), random);
    let mut mapping = Mapping::new();
    for item in items {
        let sources = folder::sources(data)
            .map_err(|error| Failure::unable("package.files", error.to_string()))?;
        mapping.insert(*item, sources);
    }
    let plan = plan(&grant, package, mapping, messenger.node.now())
        .map_err(|error| refused(error.code(), error.to_string()))?;
    let measured = plan
        .measure(&mut |_| ())
        .map_err(|error| refused(error.code(), error.to_string()))?;
    let path = messenger
        .home
        .blobs_dir()
        .join(Node::package_path(&package));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    let file = File::create(&path).map_err(|error| Failure::file(&path, &error))?;
    let sealed = measured
        .seal(file, &mut |_| ())
        .map_err(|error| refused(error.code(), error.to_string()))?;
    let event = Event::Sealed(Seal {
        package,
        items: sealed.items.iter().map(|item| item.item).collect(),
        ciphertext: sealed.ciphertext,
        size_bytes: sealed.size_bytes,
        manifest: sealed.manifest,
        order: grant.order(),
    });
    messenger.node.say(
        Some(case),
        &event,
        &town.key("messenger.example", "response")?,
        None,
    )?;
    Ok((package, sealed.size_bytes))
}

fn release(town: &Town, case: CaseId, package: PackageId) -> Result<(), Failure> {
    let key = town.key("messenger.example", "release")?;
    let messenger = &town.at("messenger.example").node;
    wait("the package's leaves to be cosigned", || {
        match messenger.release(case, package, &key, false) {
            Ok(said) => Some(Ok(said)),
            Err(NodeError::NotRecorded | NodeError::Contention) => None,
            Err(error) => Some(Err(Failure::from(error))),
        }
    })?
    .map(drop)
}

/// Downloads the package over the network, checks it and says so.
fn collect(town: &Town, case: CaseId, package: PackageId) -> Result<PathBuf, Failure> {
    use portcullis_node::peers::{PART_BYTES, Peers as _};
    let police = town.at("police.example");
    let seal = wait("the release to arrive", || {
        let view = police.node.view(case).ok()?;
        let held = view.case.packages.get(&package)?;
        held.released.map(|_| held.seal.clone())
    })?;
    let peer = police.node.peer(&member_id("messenger.example")?)?;
    let peers = police.home.peers()?;
    let path = police.home.blobs_dir().join(Node::collected_path(&package));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    let mut file = File::create(&path).map_err(|error| Failure::file(&path, &error))?;
    let mut from = 0;
    while from < seal.size_bytes {
        let part = peers
            .package_part(&peer, package, from, PART_BYTES)
            .map_err(|error| Failure::unable("package.download", error.to_string()))?;
        if part.is_empty() {
            return Err(Failure::unable(
                "package.download",
                "the provider sends no more",
            ));
        }
        file.write_all(&part)
            .map_err(|error| Failure::file(&path, &error))?;
        from += part.len() as u64;
    }
    let reader = File::open(&path).map_err(|error| Failure::file(&path, &error))?;
    portcullis_seal::check::check(
        BufReader::new(reader),
        seal.ciphertext,
        seal.size_bytes,
        &mut |_| (),
    )
    .map_err(|error| Failure::false_(error.code(), error.to_string()))?;
    let event = Event::Collected {
        package,
        ciphertext: seal.ciphertext,
    };
    police.node.say(
        Some(case),
        &event,
        &town.key("police.example", "applicant")?,
        None,
    )?;
    Ok(path)
}

/// Opens a collected package into a fresh folder; how many files came out.
pub(super) fn open_package(
    town: &Town,
    case: CaseId,
    package: PackageId,
    file: &Path,
    into: &Path,
) -> Result<u64, Failure> {
    let police = town.at("police.example");
    let view = police.node.view(case)?;
    let held = view
        .case
        .packages
        .get(&package)
        .ok_or_else(|| Failure::unable("package.unknown", "no such package"))?;
    let expected = Expected {
        ciphertext: held.seal.ciphertext,
        manifest: held.seal.manifest,
        order: view.case.order_digest,
        case,
        package,
    };
    let reader = File::open(file).map_err(|error| Failure::file(file, &error))?;
    let identity = police.home.delivery_identity()?;
    let mut sink = FolderSink::new(into)
        .map_err(|error| Failure::unable("package.folder", error.to_string()))?;
    let opened = open(
        BufReader::new(reader),
        &identity,
        &expected,
        &mut sink,
        &Limits::default(),
        &mut |_| (),
    )
    .map_err(|error| Failure::false_(error.code(), error.to_string()))?;
    Ok(opened.manifest.files())
}

/// A mailbox that nobody ever had: letters of made-up words, and an attachment.
fn make_mailbox(town: &Town) -> Result<PathBuf, Failure> {
    const WORDS: [&str; 8] = [
        "portcullis",
        "harbour",
        "lantern",
        "orchard",
        "granite",
        "sparrow",
        "meadow",
        "compass",
    ];
    let home = &town.at("messenger.example").home;
    let folder = home.dir.join("mailbox");
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    for letter in 1..=40_usize {
        let words: Vec<&str> = (0..600)
            .map(|n| WORDS[(letter * 7 + n * 3 + n / 5) % WORDS.len()])
            .collect();
        let text = format!(
            "From: account@messenger.example\nSubject: letter {letter}\n\n{}\n",
            words.join(" ")
        );
        let path = folder.join(format!("{letter:04}.eml"));
        std::fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
    }
    let mut picture = vec![0; 2 * 1024 * 1024];
    portcullis_node::Env::fill(&home.env, &mut picture);
    let path = folder.join("attachment.bin");
    std::fs::write(&path, picture).map_err(|error| Failure::file(&path, &error))?;
    Ok(folder)
}

/// A statement of a node's record, parsed.
pub(super) fn parsed(envelope: &[u8]) -> Result<Parsed, Failure> {
    portcullis_verdict::statement::parse(envelope)
        .map_err(|error| Failure::unable(error.code(), error.to_string()))
}
