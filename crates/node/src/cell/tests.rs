//! A cell as its doors see it, on journals in memory.

mod adding;
mod bounds;
mod changes;
mod crash;
mod erasing;
mod feeding;
mod finding;
mod marking;
mod paging;
mod removing;
mod reviewing;
mod versions;

use super::{Cell, CellParts, Page, Query, Source, Status, View};
use crate::Env;
use bytes::Bytes;
use jiff::Timestamp;
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, GroupId, MemberKind, Mode, Settings, Standing,
        collection::Settings as Set,
    },
    member::MemberId,
    realm::Realm,
};
use portcullis_store::{Journal, journal::Image};
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

/// A clock that stands until it is moved, and a counter for a generator.
pub(crate) struct Clock {
    now_us: AtomicI64,
    drawn: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now_us: AtomicI64::new(1_790_000_000_000_000),
            drawn: AtomicU64::new(0),
        })
    }

    pub(crate) fn pass(&self, us: i64) {
        self.now_us.fetch_add(us, Ordering::SeqCst);
    }
}

impl Env for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now_us.load(Ordering::SeqCst)).unwrap()
    }

    fn fill(&self, bytes: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = drawn.to_le_bytes()[at % 8];
        }
    }
}

pub(crate) fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

pub(crate) fn standing(kind: MemberKind, jurisdiction: &str) -> Standing {
    Standing {
        kind,
        jurisdiction: jurisdiction.parse().unwrap(),
    }
}

/// A cell of `csirt`, and a collection of a group that `csirt`, `bank-a` and `bank-b` are in.
pub(crate) struct Kit {
    pub(crate) clock: Arc<Clock>,
    pub(crate) cell: Arc<Cell>,
    pub(crate) group: GroupId,
    pub(crate) collection: CollectionId,
}

pub(crate) fn open(clock: &Arc<Clock>, journal: Journal, me: &str) -> Arc<Cell> {
    let cell = Cell::open(CellParts {
        journal,
        served: Journal::memory([9; 16]),
        env: Arc::clone(clock) as Arc<dyn Env>,
        me: member(me),
        realm: Realm::live(),
        signer: Some(portcullis_sign::SecretKey::from_seed([4; 32])),
    })
    .unwrap();
    cell.load().unwrap();
    cell
}

impl Kit {
    pub(crate) fn new() -> Self {
        Self::with(|settings| settings.mode = Mode::Keep)
    }

    /// One whose collection is set otherwise.
    pub(crate) fn with(set: impl FnOnce(&mut Set)) -> Self {
        let clock = Clock::new();
        let cell = open(&clock, Journal::memory([1; 16]), "csirt");
        let group = cell.new_group();
        let collection = cell.new_collection();
        let operator = cell.operator();
        let standing = standing(MemberKind::Company, "GB");
        let found = Command::FoundGroup {
            group,
            title: "banks".into(),
            standing,
        };
        cell.perform(&operator, found).unwrap();
        for name in ["bank-a", "bank-b"] {
            let invite = Command::Invite {
                group,
                member: member(name),
                standing,
            };
            cell.perform(&operator, invite).unwrap();
            let accept = Command::Accept { group };
            cell.perform(&Caller::node(member(name)), accept).unwrap();
        }
        let mut settings = Settings::titled("indicators");
        settings.alias = Some("indicators".into());
        settings.readers = [group].into();
        settings.writers = [group].into();
        set(&mut settings);
        let open = Command::OpenCollection {
            collection,
            settings: Box::new(settings),
        };
        cell.perform(&operator, open).unwrap();
        Self {
            clock,
            cell,
            group,
            collection,
        }
    }

    /// The same node after it was stopped, with what its journal held.
    pub(crate) fn restarted(&self, image: &Image) -> Self {
        Self {
            clock: Arc::clone(&self.clock),
            cell: open(&self.clock, Journal::of_image(image, [1; 16]), "csirt"),
            ..*self
        }
    }

    #[expect(clippy::unused_self, reason = "read as `the kit's a`")]
    pub(crate) fn a(&self) -> Caller {
        Caller::node(member("bank-a"))
    }

    #[expect(clippy::unused_self, reason = "read as `the kit's b`")]
    pub(crate) fn b(&self) -> Caller {
        Caller::node(member("bank-b"))
    }

    pub(crate) fn add(&self, objects: &[String]) -> Status {
        self.add_as(&self.a(), objects)
    }

    pub(crate) fn add_as(&self, caller: &Caller, objects: &[String]) -> Status {
        let envelope = format!("{{\"objects\":[{}]}}", objects.join(" , "));
        let envelope = Bytes::from(envelope);
        self.cell
            .add(caller, &self.collection, envelope, Source::Published)
            .unwrap()
    }

    pub(crate) fn page(&self, query: &Query) -> Page {
        self.cell
            .page(&self.b(), &self.collection, query, View::Objects)
            .unwrap()
    }

    /// The bytes of each object on a page.
    pub(crate) fn shown(&self, query: &Query) -> Vec<String> {
        objects(&self.page(query))
    }
}

pub(crate) fn body(page: &Page) -> String {
    let bytes: Vec<u8> = page
        .chunks
        .iter()
        .flat_map(|chunk| chunk.to_vec())
        .collect();
    assert_eq!(bytes.len(), page.len);
    String::from_utf8(bytes).unwrap()
}

/// The exact bytes of each object on a page.
pub(crate) fn objects(page: &Page) -> Vec<String> {
    let body = body(page);
    let envelope = portcullis_stix::header::envelope(body.as_bytes()).unwrap();
    assert_eq!(envelope.objects.len(), page.objects);
    assert_eq!(envelope.next.as_deref(), page.next.as_deref());
    assert_eq!(envelope.more, page.next.is_some());
    let texts = envelope
        .objects
        .iter()
        .map(|slice| String::from_utf8(slice.bytes.to_vec()));
    texts.collect::<Result<_, _>>().unwrap()
}

/// An indicator, modified so many seconds after a certain instant.
pub(crate) fn indicator(n: u32, modified_s: u32) -> String {
    with(n, modified_s, "")
}

/// The same with more members.
pub(crate) fn with(n: u32, modified_s: u32, more: &str) -> String {
    format!(
        r#"{{ "type":"indicator","spec_version":"2.1","id":"{}","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:{:02}:{:02}.000Z","pattern":"[domain-name:value = 'n{n}.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"{more} }}"#,
        id(n),
        modified_s / 60,
        modified_s % 60,
    )
}

pub(crate) fn id(n: u32) -> String {
    format!("indicator--00000000-0000-4000-8000-{n:012}")
}

pub(crate) fn many(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| indicator(n, 0)).collect()
}
