//! What became of a request to add objects (TAXII 2.1 §4.3): kept in memory,
//! within bounds, for whoever made it.

use portcullis_core::cell::Caller;
use portcullis_stix::taxii::resource;
use std::collections::{HashMap, VecDeque};

/// The most statuses that are kept.
const STATUSES_MAX: usize = 100_000;

/// The most objects in all statuses that are kept: the oldest go first.
const DETAILS_MAX: usize = 2_000_000;

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
    fn to_taxii(&self) -> resource::StatusDetails {
        resource::StatusDetails {
            id: self.id.clone(),
            version: self.version.clone(),
            message: self.message.clone(),
        }
    }
}

impl Status {
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

    fn details(&self) -> usize {
        self.successes.len() + self.failures.len() + self.pendings.len()
    }
}

/// The statuses that are kept.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    kept: HashMap<String, (Caller, Status)>,
    /// Their ids, the oldest first.
    order: VecDeque<String>,
    details: usize,
}

impl Statuses {
    /// Keeps a status for its caller.
    pub(crate) fn keep(&mut self, caller: &Caller, status: &Status) {
        self.details += status.details();
        self.order.push_back(status.id.clone());
        let kept = (caller.clone(), status.clone());
        self.kept.insert(status.id.clone(), kept);
        let oldest = status.requested_us.saturating_sub(KEPT_US);
        while let Some(first) = self.order.front() {
            let late = self
                .kept
                .get(first)
                .is_none_or(|(_, held)| held.requested_us < oldest);
            let many = self.order.len() > STATUSES_MAX || self.details > DETAILS_MAX;
            if self.order.len() == 1 || !(late || many) {
                return;
            }
            if let Some((_, gone)) = self.order.pop_front().and_then(|id| self.kept.remove(&id)) {
                self.details -= gone.details();
            }
        }
    }

    /// The status of this id, if `caller`'s member and account made the request.
    pub(crate) fn of(&self, caller: &Caller, id: &str) -> Option<Status> {
        let (of, status) = self.kept.get(id)?;
        (of.member == caller.member && of.account == caller.account).then(|| status.clone())
    }

    /// A person has decided on an object that waited.
    pub(crate) fn decided(&mut self, object: &str, released: bool) {
        for (_, status) in self.kept.values_mut() {
            let of = |detail: &Detail| detail.id == object;
            while let Some(at) = status.pendings.iter().position(of) {
                let mut detail = status.pendings.swap_remove(at);
                if released {
                    detail.message = None;
                    status.successes.push(detail);
                } else {
                    detail.message = Some("a person has decided that it stays".into());
                    status.failures.push(detail);
                }
            }
        }
    }
}
