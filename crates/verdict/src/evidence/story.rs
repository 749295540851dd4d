//! What a file of evidence tells: the verdict, each statement, what is missing, what is false.

use super::{Evidence, EvidenceError, Held};
use crate::{
    Against, Anchor, History, Outcome, Trust, Verdict,
    bundle::Entry,
    inspection::Believing,
    law::{self, Calendars, Laws},
    opened,
    register::{Judgement, versions},
    schema::{self, Schemas},
    statement::{self, Parsed},
    text::sha256,
    verify::{judge_statement, verify},
};
use jiff::Timestamp;
use portcullis_ballot::Cell;
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    member::MemberId,
    office::Office,
    order::ItemNumber,
    statement::{Event, Recorded},
};
use std::collections::{BTreeMap, BTreeSet};

/// One statement, as a reader of the file sees it.
#[derive(Clone, Debug)]
pub struct Told {
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// What kind.
    pub kind: &'static str,
    /// By which member.
    pub author: MemberId,
    /// The how-manieth of this member.
    pub number: u32,
    /// When, as it claims.
    pub time: Timestamp,
    /// In which offices it was signed; none when the signature is not to be believed.
    pub offices: BTreeSet<Office>,
    /// When a quorum had witnessed its leaf.
    pub witnessed: Option<Timestamp>,
    /// Its leaf's index in its author's log, if it is proved.
    pub index: Option<u64>,
    /// What is false about it, code and sentence.
    pub false_: Option<(&'static str, String)>,
}

/// A package, as the statements tell of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// Which.
    pub package: PackageId,
    /// SHA-256 of the sealed bytes.
    pub ciphertext: Digest,
    /// How many there are.
    pub size_bytes: u64,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// Which items it answers.
    pub items: BTreeSet<ItemNumber>,
    /// When it was let go.
    pub released: Option<Timestamp>,
    /// When it arrived, and whether as it was sealed.
    pub collected: Option<(Timestamp, bool)>,
}

/// An opened docket in the file.
#[derive(Clone, Debug)]
pub struct DocketShown {
    /// The leaf's index in the member's log.
    pub index: u64,
    /// Of which kind of statement, and its cell; or what is false about it.
    pub found: Result<(&'static str, u8), (&'static str, String)>,
}

/// A law or a schema of the file that does not come with this program: whoever sealed the file may
/// have written it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unpublished {
    /// `law` or `schema`.
    pub what: &'static str,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Everything that the file tells.
#[derive(Clone, Debug)]
pub struct Story {
    /// The case.
    pub case: CaseId,
    /// Whose book of it this is.
    pub member: MemberId,
    /// The offices of whoever sealed the file; or why nobody is believed to have.
    pub sealed_by: Result<BTreeSet<Office>, (&'static str, String)>,
    /// The register it was judged by, and that register's newest version in the file.
    pub register: (Anchor, u64),
    /// Whether that is a register that somebody said they trust.
    pub compared: bool,
    /// The laws and schemas that only the file knows: what it tells rests on them too.
    pub unpublished: Vec<Unpublished>,
    /// The verdict on the order, as of then.
    pub verdict: Verdict,
    /// The statements, in the order in which they joined the case.
    pub told: Vec<Told>,
    /// The packages.
    pub packages: Vec<Package>,
    /// The opened dockets.
    pub opened: Vec<DocketShown>,
    /// How many attachments are here, and fit what was signed.
    pub attachments: usize,
    /// What is missing, in sentences.
    pub missing: Vec<String>,
    /// What is false: code and sentence.
    pub false_: Vec<(&'static str, String)>,
}

/// Tells what a file holds, as of `at`, under the register that is trusted; without one, under
/// the one that the file itself names, and [`Story::compared`] says so.
///
/// # Errors
///
/// [`EvidenceError`] when the file is about no case, or its register cannot be believed.
pub fn tell(
    evidence: &Evidence,
    trusted: Option<Anchor>,
    at: Timestamp,
) -> Result<Story, EvidenceError> {
    let case = evidence.case()?;
    let (history, mut false_) = register(&evidence.held.register, trusted)?;
    let (laws, named) = laws(evidence);
    let realm = history.newest().register.realm.clone();
    let trust = Trust::default();
    let against = Against {
        history: &history,
        trust: &trust,
        laws: &laws,
        realm: &realm,
        us: None,
        now: at,
    };
    let entries = &evidence.held.bundle.entries;
    let mut telling = Telling {
        told: Vec::new(),
        parsed: Vec::new(),
        false_: Vec::new(),
        missing: named,
    };
    for entry in entries {
        telling.statement(entry, case, &against);
    }
    telling.gaps(&laws);
    let attachments = telling.attachments(&evidence.held.attachments);
    let packages = packages(&telling.parsed);
    let opened = dockets(evidence, &history, &trust, at);
    let head = &evidence.head;
    let sealed_by = crate::register::judge::judge(
        &history,
        &trust,
        &head.member,
        head.made_at,
        &evidence.envelope,
        None,
        head.made_at,
    );
    let sealed_by = match sealed_by {
        Ok(judged) => Ok(judged.officer.offices),
        Err(error) => Err((error.code(), format!("the file's seal: {error}"))),
    };
    false_.extend(sealed_by.clone().err());
    false_.append(&mut telling.false_);
    false_.extend(opened.iter().filter_map(|one| one.found.clone().err()));
    let verdict = verify(&evidence.held.bundle, &against);
    if verdict.outcome == Outcome::NotGenuine && false_.is_empty() {
        false_.push(("verdict.not_genuine", verdict.line.clone()));
    }
    Ok(Story {
        case,
        member: head.member.clone(),
        sealed_by,
        register: (history.anchor(), history.newest().register.version),
        compared: trusted.is_some(),
        unpublished: unpublished(&evidence.held),
        verdict,
        told: telling.told,
        packages,
        opened,
        attachments,
        missing: telling.missing,
        false_,
    })
}

type Faults = Vec<(&'static str, String)>;

/// The register's believed versions. Two of one number are evidence against the roots.
fn register(bytes: &[u8], trusted: Option<Anchor>) -> Result<(History, Faults), EvidenceError> {
    let refused = |code: &'static str, why: String| EvidenceError::Register { code, why };
    let (claimed, records) =
        versions::parse(bytes).map_err(|error| refused(error.code(), error.to_string()))?;
    let (history, versions) =
        History::open(trusted.unwrap_or(claimed), &records).map_err(|versions| {
            let first = versions.into_iter().next().map(|version| version.error);
            first.map_or_else(
                || refused("register.malformed", "it holds no version".into()),
                |error| refused(error.code(), error.to_string()),
            )
        })?;
    let told = versions.into_iter().map(|version| {
        (
            version.error.code(),
            format!("the register: {}", version.error),
        )
    });
    Ok((history, told.collect()))
}

/// The laws that come with Portcullis and those of the file, and what cannot be read of them.
fn laws(evidence: &Evidence) -> (Laws, Vec<String>) {
    let mut laws = law::builtin();
    let calendars = Calendars::builtin();
    let mut missing = Vec::new();
    for bytes in &evidence.held.laws {
        let digest = sha256(bytes);
        if laws.get(&digest).is_some() {
            continue;
        }
        match law::parse("the file's law", bytes, &calendars) {
            Ok(law) => laws.install(law),
            Err(faults) => missing.extend(
                faults
                    .first()
                    .map(|fault| format!("a law that can be read: {fault}")),
            ),
        }
    }
    (laws, missing)
}

/// The laws and schemas of the file that do not come with Portcullis.
fn unpublished(held: &Held) -> Vec<Unpublished> {
    let (laws, schemas) = (law::builtin(), schema::builtin());
    let of = |what, files: &[Vec<u8>]| {
        let digests: BTreeSet<Digest> = files.iter().map(|bytes| sha256(bytes)).collect();
        let named = digests.into_iter();
        named.map(move |digest| Unpublished { what, digest })
    };
    of("law", &held.laws)
        .filter(|law| laws.get(&law.digest).is_none())
        .chain(of("schema", &held.schemas).filter(|one| schemas.get(&one.digest).is_none()))
        .collect()
}

/// A story in the making.
struct Telling {
    told: Vec<Told>,
    parsed: Vec<Parsed>,
    false_: Faults,
    missing: Vec<String>,
}

impl Telling {
    fn statement(&mut self, entry: &Entry, case: CaseId, against: &Against<'_>) {
        let parsed = match statement::parse(&entry.envelope) {
            Ok(parsed) => parsed,
            Err(error) => {
                self.false_.push((error.code(), error.to_string()));
                return;
            }
        };
        let header = &parsed.header;
        let name = format!("`{}` {} of {}", header.kind, header.number, header.author);
        let judged = judge_statement(&parsed, entry, against).map(|(_, judgement)| judgement);
        let fault = match &judged {
            _ if header.case != case => Some(("statement.other_case", "of another case".into())),
            Err(error) => Some((error.code(), error.to_string())),
            Ok(_) => None,
        };
        if let Some((code, why)) = &fault {
            self.false_.push((code, format!("{name}: {why}")));
        }
        let witnessed = judged.as_ref().ok().and_then(|judged| judged.included_at);
        if witnessed.is_none() {
            self.missing
                .push(format!("{name}: no proof that it was recorded"));
        }
        let offices = judged.map(|judged: Judgement| judged.officer.offices);
        self.told.push(Told {
            digest: parsed.digest,
            kind: header.kind.as_str(),
            author: header.author.clone(),
            number: header.number,
            time: header.time,
            offices: offices.unwrap_or_default(),
            witnessed,
            index: entry.inclusion.as_ref().map(|at| at.proof.index().0),
            false_: fault,
        });
        self.parsed.push(parsed);
    }

    /// Statements that are named and not here, and laws.
    fn gaps(&mut self, laws: &Laws) {
        let mut held: BTreeMap<&MemberId, BTreeSet<u32>> = BTreeMap::new();
        for said in &self.parsed {
            let header = &said.header;
            held.entry(&header.author)
                .or_default()
                .insert(header.number);
        }
        for (author, numbers) in held {
            let last = numbers.last().copied().unwrap_or_default();
            let gone = (0..last).filter(|number| !numbers.contains(number));
            let gone: Vec<_> = gone.map(|number| number.to_string()).collect();
            if !gone.is_empty() {
                self.missing
                    .push(format!("statement {} of {author}", gone.join(", ")));
            }
        }
        let named: BTreeSet<Digest> = self.parsed.iter().map(|said| said.header.law).collect();
        let unknown = named.iter().filter(|law| laws.get(law).is_none());
        self.missing
            .extend(unknown.map(|law| format!("the law file {law}")));
    }

    /// Which attachments fit what was signed; those that fit nothing are false.
    fn attachments(&mut self, attachments: &[Vec<u8>]) -> usize {
        let named = |said: &Parsed| match &said.event {
            Event::Drafted(order) => Some((order.application, "the application")),
            Event::Refused(refused) => refused.note.map(|note| (note, "the reasons of a refusal")),
            Event::Released {
                recorded: Recorded::Promised(promise),
                ..
            } => Some((*promise, "a promise")),
            _ => None,
        };
        let wanted: Vec<_> = self.parsed.iter().filter_map(named).collect();
        let held: BTreeSet<Digest> = attachments.iter().map(|bytes| sha256(bytes)).collect();
        for (digest, what) in &wanted {
            if !held.contains(digest) {
                self.missing.push(format!("{what}: not in this file"));
            }
        }
        let fits = |digest: &&Digest| wanted.iter().any(|(named, _)| named == *digest);
        let fitting = held.iter().filter(fits).count();
        if fitting < held.len() {
            let why = "an attachment is not one that was signed for";
            self.false_.push(("statement.attachment", why.into()));
        }
        fitting
    }
}

fn packages(said: &[Parsed]) -> Vec<Package> {
    let mut packages: BTreeMap<PackageId, Package> = BTreeMap::new();
    for one in said {
        let time = one.header.time;
        match &one.event {
            Event::Sealed(seal) => {
                packages.insert(
                    seal.package,
                    Package {
                        package: seal.package,
                        ciphertext: seal.ciphertext,
                        size_bytes: seal.size_bytes,
                        manifest: seal.manifest,
                        items: seal.items.clone(),
                        released: None,
                        collected: None,
                    },
                );
            }
            Event::Released { package, .. } => {
                if let Some(package) = packages.get_mut(package) {
                    package.released = Some(time);
                }
            }
            Event::Collected {
                package,
                ciphertext,
            } => {
                if let Some(package) = packages.get_mut(package) {
                    package.collected = Some((time, package.ciphertext == *ciphertext));
                }
            }
            _ => {}
        }
    }
    packages.into_values().collect()
}

fn dockets(
    evidence: &Evidence,
    history: &History,
    trust: &Trust,
    now: Timestamp,
) -> Vec<DocketShown> {
    let mut schemas = schema::builtin();
    for bytes in &evidence.held.schemas {
        if schemas.get(&sha256(bytes)).is_none()
            && let Ok(schema) = schema::parse("the file's schema", bytes)
        {
            schemas.install(schema);
        }
    }
    let believing = Believing {
        history,
        trust,
        now,
    };
    let shown = evidence.held.opened.iter();
    shown
        .map(|bytes| docket(bytes, &believing, &schemas, &evidence.head.member))
        .collect()
}

fn docket(
    bytes: &[u8],
    believing: &Believing<'_>,
    schemas: &Schemas,
    member: &MemberId,
) -> DocketShown {
    let signed = match opened::Signed::parse(bytes) {
        Ok(signed) => signed,
        Err(error) => {
            return DocketShown {
                index: 0,
                found: Err((error.code(), error.to_string())),
            };
        }
    };
    let says = signed.opened();
    let found = || -> Result<(&'static str, u8), (&'static str, String)> {
        let words = |error: &crate::inspection::InspectionError| (error.code(), error.to_string());
        let (owner, key) = believing.log(&says.origin).map_err(|error| words(&error))?;
        if owner != *member {
            return Err(("opened.other_place", "it is of another member's log".into()));
        }
        let note = says.proof.checkpoint();
        let cosigned = believing
            .checkpoint(note, &key)
            .map_err(|error| words(&error))?;
        let checked = signed
            .check(&key, &cosigned, schemas)
            .map_err(|error| (error.code(), error.to_string()))?;
        let cell = says.cell.map_or(0, Cell::number);
        Ok((checked.docket.kind.as_str(), cell))
    };
    DocketShown {
        index: says.index,
        found: found(),
    }
}
