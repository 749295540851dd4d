//! What became of a request to add objects (TAXII 2.1 §4.3): kept in memory,
//! within bounds, for whoever made it.

mod plain;

use plain::Plain;
use portcullis_core::cell::{Caller, CollectionId, review::Finding};
use portcullis_stix::{taxii::resource, time::StixTime};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// The most statuses that are kept.
const STATUSES_MAX: usize = 100_000;

/// The most bytes of all statuses that are kept, some 300,000 objects' worth: the oldest go first.
const STATUSES_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long a status is kept if it fits, in microseconds: a day, and an hour for whoever is late.
const KEPT_US: i64 = 25 * 3_600 * 1_000_000;

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// A UUID of its own.
    pub id: String,
    /// When the request came, in microseconds since 1970.
    pub requested_us: i64,
    /// Objects that are in the collection now.
    pub successes: Vec<Detail>,
    /// How many of them this request has added.
    pub fresh: usize,
    /// Objects that are not taken, and why.
    pub failures: Vec<Detail>,
    /// Objects on which a person decides.
    pub pendings: Vec<Detail>,
    /// Of the successes those that name people and stay apart, with what they name: they cross no
    /// line, and nobody is asked while nobody across one reads the collection. Told once, and not
    /// kept.
    pub apart: Vec<Detail>,
}

/// One object of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Detail {
    /// Its id; empty if it had none.
    pub id: String,
    /// Its version as it is written, or when it was added.
    pub version: String,
    /// What happened to it.
    pub message: Option<String>,
    /// The stable code of what is wrong with it; empty where nothing is.
    pub code: &'static str,
}

impl Detail {
    /// The same, where a person decides on it.
    pub(crate) fn waiting(self, findings: &[Finding]) -> Self {
        Self {
            message: Some(format!(
                "personal information was found ({}); a person decides",
                kinds(findings)
            )),
            ..self
        }
    }

    /// The same, where it stays apart for what it names.
    pub(crate) fn apart(self, findings: &[Finding]) -> Self {
        Self {
            message: Some(format!(
                "personal information was found ({})",
                kinds(findings)
            )),
            ..self
        }
    }

    fn to_taxii(&self) -> resource::StatusDetails {
        resource::StatusDetails {
            id: self.id.clone(),
            version: self.version.clone(),
            message: self.message.clone(),
        }
    }
}

/// What was found, each kind once, with the first place of it.
fn kinds(findings: &[Finding]) -> String {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    for finding in findings {
        kinds.entry(finding.kind.as_str()).or_insert(&finding.path);
    }
    let each = kinds
        .iter()
        .map(|(kind, path)| format!("{kind} in `{path}`"));
    each.collect::<Vec<_>>().join(", ")
}

impl Status {
    /// Of a request for so many objects, of which nothing has become of any yet.
    pub(crate) fn begun(id: String, requested_us: i64, objects: usize) -> Self {
        Self {
            id,
            requested_us,
            successes: Vec::with_capacity(objects),
            fresh: 0,
            failures: Vec::new(),
            pendings: Vec::new(),
            apart: Vec::new(),
        }
    }

    /// As TAXII writes it.
    pub fn to_taxii(&self) -> resource::Status {
        let all = |details: &[Detail]| details.iter().map(Detail::to_taxii).collect();
        resource::Status {
            id: self.id.clone(),
            request_timestamp: self.requested_us,
            successes: all(&self.successes),
            failures: all(&self.failures),
            pendings: all(&self.pendings),
        }
    }
}

/// A status as it is kept. Nearly all details are successes that say no more than which object:
/// of those nothing else is kept, in one piece.
#[derive(Debug)]
struct Kept {
    caller: Caller,
    collection: CollectionId,
    /// Without its plain successes.
    status: Status,
    /// Ids and versions of plain successes.
    plain: Plain,
}

impl Kept {
    fn new(caller: &Caller, collection: &CollectionId, status: &Status) -> Self {
        let is_plain = |detail: &&Detail| detail.message.is_none() && detail.code.is_empty();
        let plain = status.successes.iter().filter(is_plain);
        let plain = Plain::of(plain.map(|detail| (&*detail.id, &*detail.version)));
        let others = status.successes.iter().filter(|detail| !is_plain(detail));
        Self {
            caller: caller.clone(),
            collection: *collection,
            status: Status {
                id: status.id.clone(),
                successes: others.cloned().collect(),
                failures: status.failures.clone(),
                pendings: status.pendings.clone(),
                apart: Vec::new(),
                ..*status
            },
            plain,
        }
    }

    fn status(&self) -> Status {
        let mut status = self.status.clone();
        let plain = self.plain.all().into_iter();
        status.successes.extend(plain.map(|(id, version)| Detail {
            id,
            version,
            message: None,
            code: "",
        }));
        status
    }

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let status = &self.status;
        let lists = [&status.successes, &status.failures, &status.pendings];
        let of = |detail: &Detail| {
            size_of::<Detail>()
                + detail.id.len()
                + detail.version.len()
                + detail.message.as_ref().map_or(0, String::len)
        };
        let details: usize = lists.into_iter().flatten().map(of).sum();
        size_of::<Self>() + 200 + details + self.plain.len()
    }
}

/// The statuses that are kept.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    kept: HashMap<String, Kept>,
    /// Their ids, the oldest first.
    order: VecDeque<String>,
    /// Statuses on which a person has yet to decide.
    pending: BTreeSet<String>,
    bytes: usize,
}

impl Statuses {
    /// Keeps the status of a request to a collection for its caller.
    pub(crate) fn keep(&mut self, caller: &Caller, collection: &CollectionId, status: &Status) {
        let kept = Kept::new(caller, collection, status);
        self.bytes += kept.bytes();
        if !status.pendings.is_empty() {
            self.pending.insert(status.id.clone());
        }
        self.order.push_back(status.id.clone());
        self.kept.insert(status.id.clone(), kept);
        let oldest = status.requested_us.saturating_sub(KEPT_US);
        while let Some(first) = self.order.front() {
            let held = self.kept.get(first);
            let late = held.is_none_or(|held| held.status.requested_us < oldest);
            let many = self.order.len() > STATUSES_MAX || self.bytes > STATUSES_BYTES_MAX;
            if self.order.len() == 1 || !(late || many) {
                return;
            }
            if let Some(id) = self.order.pop_front() {
                self.pending.remove(&id);
                let gone = self.kept.remove(&id).map_or(0, |gone| gone.bytes());
                self.bytes = self.bytes.saturating_sub(gone);
            }
        }
    }

    /// The status of this id, if `caller`'s member and account made the request.
    pub(crate) fn of(&self, caller: &Caller, id: &str) -> Option<Status> {
        let kept = self.kept.get(id)?;
        let same = kept.caller.member == caller.member && kept.caller.account == caller.account;
        same.then(|| kept.status())
    }

    /// A status is for the one who spoke under a pseudonym, not for the cell in whose name it was.
    pub(crate) fn hand_over(&mut self, id: &str, caller: &Caller) {
        if let Some(kept) = self.kept.get_mut(id) {
            kept.caller = caller.clone();
        }
    }

    /// A person has decided on a version of an object that waited in a collection.
    pub(crate) fn decided(
        &mut self,
        collection: &CollectionId,
        object: &str,
        version_us: i64,
        released: bool,
    ) {
        for id in &self.pending {
            let Some(kept) = self.kept.get_mut(id) else {
                continue;
            };
            if kept.collection != *collection {
                continue;
            }
            let status = &mut kept.status;
            let of = |detail: &Detail| {
                let version = || detail.version.parse::<StixTime>().ok();
                // An object without a version of its own has but one.
                let same = version_us == i64::MIN
                    || version().is_some_and(|version| version.micros() == version_us);
                detail.id == object && same
            };
            while let Some(at) = status.pendings.iter().position(of) {
                let mut detail = status.pendings.swap_remove(at);
                if released {
                    detail.message = Some("a person has released it".into());
                    status.successes.push(detail);
                } else {
                    detail.message = Some("a person has decided that it stays".into());
                    status.failures.push(detail);
                }
            }
        }
        let kept = &self.kept;
        let waits = |id: &String| {
            kept.get(id)
                .is_some_and(|kept| !kept.status.pendings.is_empty())
        };
        self.pending.retain(waits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: CollectionId = CollectionId::from_bytes([1; 16]);
    /// 2026-01-01.
    const AT: i64 = 1_767_225_600_000_000;

    fn detail(n: usize, message: Option<&str>) -> Detail {
        Detail {
            id: format!("indicator--{n}"),
            version: "2026-01-01T00:00:00Z".into(),
            message: message.map(Into::into),
            code: "",
        }
    }

    fn status(id: usize, requested_us: i64, objects: usize) -> Status {
        Status {
            id: id.to_string(),
            requested_us,
            successes: (0..objects).map(|n| detail(n, None)).collect(),
            fresh: objects,
            failures: Vec::new(),
            pendings: Vec::new(),
            apart: Vec::new(),
        }
    }

    fn caller() -> Caller {
        Caller::node("bank-a".parse().unwrap())
    }

    #[test]
    fn a_status_is_kept_as_it_was_until_a_person_decides() {
        let mut kept = Statuses::default();
        let mut status = status(1, 0, 3);
        status.pendings = vec![detail(8, Some("waits")), detail(9, Some("waits"))];
        kept.keep(&caller(), &HERE, &status);
        assert_eq!(kept.of(&caller(), "1"), Some(status));
        // Another version, and the same in another collection, are decided on by themselves.
        kept.decided(&HERE, "indicator--8", AT + 1, true);
        kept.decided(&CollectionId::from_bytes([2; 16]), "indicator--8", AT, true);
        assert_eq!(kept.of(&caller(), "1").unwrap().pendings.len(), 2);
        kept.decided(&HERE, "indicator--8", AT, true);
        kept.decided(&HERE, "indicator--9", AT, false);
        let now = kept.of(&caller(), "1").unwrap();
        assert_eq!(
            (now.successes.len(), now.failures.len(), now.pendings.len()),
            (4, 1, 0)
        );
        assert!(kept.pending.is_empty());
    }

    #[test]
    fn the_oldest_go_first_by_age_and_by_size() {
        let mut kept = Statuses::default();
        for id in 0..700 {
            kept.keep(&caller(), &HERE, &status(id, 0, 1000));
        }
        assert!(kept.bytes <= STATUSES_BYTES_MAX);
        assert_eq!(kept.of(&caller(), "0"), None);
        assert_eq!(kept.of(&caller(), "699").unwrap().successes.len(), 1000);
        kept.keep(&caller(), &HERE, &status(700, KEPT_US + 1, 1));
        assert_eq!((kept.order.len(), kept.kept.len()), (1, 1));
    }
}
