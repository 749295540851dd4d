//! The people: each hears which case was brought, and does what is next in it.

use super::federation::Federation;
use crate::{
    Result,
    meter::{self, SystemEnv, stopwatch},
    package::accepted,
    town::{self, COURT, MINISTER, POLICE, PROVIDER, key},
};
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    member::MemberId,
    office::Office,
    statement::{Approval, Event, Seal},
};
use portcullis_node::{Env as _, Node, NodeError, peers::PART_BYTES, peers::Peers};
use portcullis_seal::{
    path::PackagePath,
    plan::{Mapping, Source, plan},
};
use portcullis_verdict::text::sha256;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};

/// The file of every package.
const FILE: &[u8] = &[b'.'; 2000];

/// What is next in a case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Approve,
    ApproveAgain,
    Issue,
    Serve,
    Accept,
    Seal,
    Release,
    Collect,
    Done,
}

impl Step {
    /// At which node.
    const fn at(self) -> &'static str {
        match self {
            Self::Approve | Self::Issue => MINISTER,
            Self::ApproveAgain => COURT,
            Self::Serve | Self::Collect | Self::Done => POLICE,
            Self::Accept | Self::Seal | Self::Release => PROVIDER,
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Approve => Self::ApproveAgain,
            Self::ApproveAgain => Self::Issue,
            Self::Issue => Self::Serve,
            Self::Serve => Self::Accept,
            Self::Accept => Self::Seal,
            Self::Seal => Self::Release,
            Self::Release => Self::Collect,
            Self::Collect | Self::Done => Self::Done,
        }
    }
}

/// How far a case is.
struct Progress {
    step: Step,
    order: Digest,
    package: Option<PackageId>,
    began: Instant,
}

/// A node as people work at it.
struct Place {
    node: Arc<Node>,
    peers: Arc<dyn Peers>,
    blobs_dir: PathBuf,
    bell: Sender<CaseId>,
}

/// Everybody.
pub(super) struct Offices {
    places: BTreeMap<MemberId, Place>,
    delivery_key: String,
    cases: Mutex<HashMap<CaseId, Arc<Mutex<Progress>>>>,
    waiting: Mutex<Vec<CaseId>>,
    latencies: Mutex<Vec<Duration>>,
    faults: Mutex<Vec<String>>,
    to_draft: AtomicUsize,
    drafted: AtomicU64,
    in_flight: AtomicUsize,
    kept: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Offices {
    pub(super) fn new(federation: &Federation, delivery_key: String) -> Result<Self> {
        let mut places = BTreeMap::new();
        for (member, (bell, _)) in &federation.bells {
            let seat = federation.seats.get(member).ok_or("a seat")?;
            let place = Place {
                node: Arc::clone(&seat.node),
                peers: Arc::clone(&seat.peers),
                blobs_dir: seat.blobs_dir.clone(),
                bell: bell.clone(),
            };
            places.insert(member.clone(), place);
        }
        Ok(Self {
            places,
            delivery_key,
            cases: Mutex::default(),
            waiting: Mutex::default(),
            latencies: Mutex::default(),
            faults: Mutex::default(),
            to_draft: AtomicUsize::new(0),
            drafted: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            kept: AtomicUsize::new(0),
        })
    }

    /// Has so many cases drafted.
    pub(super) fn draft(&self, count: usize) {
        self.in_flight.fetch_add(count, Ordering::SeqCst);
        self.to_draft.fetch_add(count, Ordering::SeqCst);
    }

    /// From now on so many are in flight: whenever one ends, one is drafted.
    pub(super) fn keep(&self, count: usize) {
        self.kept.store(count, Ordering::SeqCst);
        self.draft(count.saturating_sub(self.in_flight()));
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// Waits until no more than so many are in flight.
    pub(super) fn wait(&self, count: usize, patience: Duration) -> Result<()> {
        let start = stopwatch();
        while self.in_flight() > count {
            if start.elapsed() > patience {
                let faults = Vec::from_iter(self.faults()).join("; ");
                return Err(format!("{} cases do not end: {faults}", self.in_flight()).into());
            }
            meter::pause(Duration::from_millis(5));
        }
        Ok(())
    }

    /// How long the cases took that ended since this was last asked.
    pub(super) fn take_latencies(&self) -> Vec<Duration> {
        std::mem::take(&mut lock(&self.latencies))
    }

    /// What went wrong, each thing once.
    pub(super) fn faults(&self) -> BTreeSet<String> {
        lock(&self.faults).iter().cloned().collect()
    }

    /// The provider's log has given proofs: what waits for one is tried again.
    pub(super) fn recorded(&self) {
        for case in std::mem::take(&mut *lock(&self.waiting)) {
            self.ring(PROVIDER, case);
        }
    }

    fn ring(&self, word: &str, case: CaseId) {
        let place = town::id(word)
            .ok()
            .and_then(|member| self.places.get(&member));
        if let Some(place) = place {
            let _ = place.bell.send(case);
        }
    }

    /// Drafts a case, if one is to be drafted and this is where.
    pub(super) fn draft_at(&self, member: &MemberId) {
        let Some(place) = self
            .places
            .get(member)
            .filter(|_| *member.as_str() == *POLICE)
        else {
            return;
        };
        let one_less = |count: usize| count.checked_sub(1);
        let order = Ordering::SeqCst;
        if self.to_draft.fetch_update(order, order, one_less).is_err() {
            return;
        }
        let began = stopwatch();
        let number = self.drafted.fetch_add(1, order);
        let said = town::order(number, &self.delivery_key, place.node.now()).and_then(|order| {
            let event = Event::Drafted(Box::new(order));
            Ok(place
                .node
                .say(None, &event, &key("applicant"), Some(town::APPLICATION))?)
        });
        match said {
            Ok(said) => {
                let progress = Progress {
                    step: Step::Approve,
                    order: said.digest,
                    package: None,
                    began,
                };
                lock(&self.cases).insert(said.case, Arc::new(Mutex::new(progress)));
                // It may have been brought before it was known here.
                self.ring(MINISTER, said.case);
            }
            Err(error) => lock(&self.faults).push(format!("a draft: {error}")),
        }
    }

    /// Does what is next in a case that was brought to a node, as far as it is for this node.
    pub(super) fn attend(&self, member: &MemberId, case: CaseId) {
        let progress = lock(&self.cases).get(&case).map(Arc::clone);
        let (Some(progress), Some(place)) = (progress, self.places.get(member)) else {
            return;
        };
        let mut progress = lock(&progress);
        while progress.step != Step::Done && progress.step.at() == member.as_str() {
            match perform(place, case, &mut progress) {
                Ok(()) => progress.step = progress.step.next(),
                Err(Stop::Wait) => return,
                Err(Stop::Recorded) => return lock(&self.waiting).push(case),
                Err(Stop::Again) => return self.ring(member.as_str(), case),
                Err(Stop::Fault(why)) => {
                    let step = progress.step;
                    lock(&self.faults).push(format!("{step:?}: {why}"));
                    return;
                }
            }
        }
        if progress.step == Step::Done && lock(&self.cases).remove(&case).is_some() {
            lock(&self.latencies).push(progress.began.elapsed());
            if self.in_flight.fetch_sub(1, Ordering::SeqCst) <= self.kept.load(Ordering::SeqCst) {
                self.draft(1);
            }
        }
    }
}

/// Does the step that a case is at.
fn perform(place: &Place, case: CaseId, progress: &mut Progress) -> Done {
    let order = progress.order;
    let say = |event: &Event, person: &str| {
        place
            .node
            .say(Some(case), event, &key(person), None)
            .map(drop)
            .map_err(Stop::from)
    };
    let approve = |office, person| {
        let approval = Approval {
            subject: order,
            office,
            signed_for: None,
        };
        say(&Event::Approved(approval), person)
    };
    match progress.step {
        Step::Approve => approve(Office::SecretaryOfState, "minister"),
        Step::ApproveAgain => approve(Office::JudicialCommissioner, "commissioner"),
        Step::Issue => {
            let urgent = false;
            say(&Event::Issued { order, urgent }, "minister")
        }
        Step::Serve => say(&Event::Served { order }, "serving"),
        Step::Accept => say(&accepted(), "response"),
        Step::Seal => {
            let seal = seal(place, case)?;
            progress.package = Some(seal.package);
            say(&Event::Sealed(seal), "response")
        }
        Step::Release => {
            let package = progress.package.ok_or_else(|| Stop::fault("no package"))?;
            place.node.release(case, package, &key("release"), false)?;
            Ok(())
        }
        Step::Collect => {
            let package = progress.package.ok_or_else(|| Stop::fault("no package"))?;
            let ciphertext = collect(place, case, package)?;
            say(
                &Event::Collected {
                    package,
                    ciphertext,
                },
                "applicant",
            )
        }
        Step::Done => Ok(()),
    }
}

type Done = std::result::Result<(), Stop>;

/// Why a step was not done.
enum Stop {
    /// What it needs is still on its way here; another delivery will bring it.
    Wait,
    /// Its leaves are not recorded yet.
    Recorded,
    /// The case moved on meanwhile.
    Again,
    /// It should not have been so.
    Fault(String),
}

impl Stop {
    #[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
    fn fault(error: impl ToString) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<NodeError> for Stop {
    fn from(error: NodeError) -> Self {
        const ON_ITS_WAY: [&str; 5] = [
            "order.approval_missing",
            "order.not_issued",
            "order.wrong_office",
            "order.not_received",
            "package.not_released",
        ];
        match &error {
            NodeError::UnknownCase(_) => Self::Wait,
            NodeError::NotRecorded => Self::Recorded,
            NodeError::Contention => Self::Again,
            NodeError::Refused(refusal) if ON_ITS_WAY.contains(&refusal.code()) => Self::Wait,
            _ => Self::Fault(format!("{}: {error}", error.code())),
        }
    }
}

/// A real package of one small file, under a real grant.
fn seal(place: &Place, case: CaseId) -> std::result::Result<Seal, Stop> {
    let grant = place.node.grant(case, &BTreeSet::from([1]))?;
    let mut random = [0; 12];
    SystemEnv.fill(&mut random);
    let package = PackageId::new(place.node.realm(), random);
    let source = Source {
        path: PackagePath::parse("letter.eml").map_err(Stop::fault)?,
        size_bytes: FILE.len() as u64,
        span: None,
        content: Box::new(FILE.to_vec()),
    };
    let mapping = Mapping::from([(1, vec![source])]);
    let plan = plan(&grant, package, mapping, place.node.now()).map_err(Stop::fault)?;
    let measured = plan.measure(&mut |_| ()).map_err(Stop::fault)?;
    let path = place.blobs_dir.join(Node::package_path(&package));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Stop::fault)?;
    }
    let file = File::create(&path).map_err(Stop::fault)?;
    let sealed = measured.seal(&file, &mut |_| ()).map_err(Stop::fault)?;
    file.sync_all().map_err(Stop::fault)?;
    Ok(Seal {
        package,
        items: sealed.items.iter().map(|item| item.item).collect(),
        ciphertext: sealed.ciphertext,
        size_bytes: sealed.size_bytes,
        manifest: sealed.manifest,
        order: grant.order(),
    })
}

/// Downloads a package whose release has arrived, keeps it, and holds it against what was signed.
fn collect(place: &Place, case: CaseId, package: PackageId) -> std::result::Result<Digest, Stop> {
    let viewed = place.node.view(case)?;
    let held = viewed.case.packages.get(&package).ok_or(Stop::Wait)?;
    if held.released.is_none() {
        return Err(Stop::Wait);
    }
    let peer = place.node.peer(&viewed.case.order.provider)?;
    let part = place
        .peers
        .package_part(&peer, package, 0, PART_BYTES)
        .map_err(Stop::fault)?;
    let ciphertext = sha256(&part);
    if ciphertext != held.seal.ciphertext {
        return Err(Stop::fault("other bytes than were signed for"));
    }
    let path = Node::collected_path(&package);
    let blobs = place.node.blobs();
    blobs.put(&path, part).map_err(Stop::fault)?;
    blobs.sync([path.as_str()]).map_err(Stop::fault)?;
    Ok(ciphertext)
}
