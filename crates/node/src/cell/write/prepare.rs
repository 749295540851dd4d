//! Reading objects before the journal's lock is taken: headers, rules,
//! markings, observables. In parallel where there are many.

use super::{Detail, Findings};
use crate::cell::{
    batch::{UNVERSIONED, V20, definition_flags},
    exit::{exit_check, listed, warning::Lists},
    find::observed,
    index::{At, Key, Order},
    provenance::digest_of,
    review::Glance,
};
use portcullis_core::{
    cell::{CollectionId, Marked, Mode, Refusal, State, Tlp, warning::Hit},
    digest::Digest,
    member::MemberId,
};
use portcullis_stix::{
    header::{self, Header, SpecVersion},
    marking::Marking,
    time::StixTime,
    validate::{self, Severity, validate},
};
use std::{sync::Arc, thread};

/// What one thread reads at least: less takes no longer than it takes to start another.
const THREAD_BYTES_MIN: usize = 32 * 1024;

/// The most threads that read one envelope.
const THREADS_MAX: usize = 8;

/// An object that was read and may be kept.
pub(crate) struct Prepared<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) header: Header<'a>,
    pub(crate) at: At,
    pub(crate) flags: u8,
    /// What it says as a marking definition; nothing if it is none.
    pub(crate) says: Option<Marked>,
    pub(crate) expires_us: i64,
    pub(crate) observables: Vec<u64>,
    pub(crate) findings: Findings,
    /// What of a followed indicator stands on warning lists; what is published here is refused.
    pub(crate) hits: Vec<Hit>,
    /// What is signed of it; none where nobody signs.
    pub(crate) digest: Option<Digest>,
}

/// What objects are read by.
pub(crate) struct Context<'a> {
    state: &'a State,
    mode: Mode,
    /// Who publishes; none where others have published and only what names people is looked for.
    publisher: Option<&'a MemberId>,
    /// Whether what is read will be signed.
    signed: bool,
    /// The warning lists that published indicators are held against.
    lists: Option<Arc<Lists>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        state: &'a State,
        collection: &CollectionId,
        publisher: Option<&'a MemberId>,
        signed: bool,
    ) -> Self {
        let held = state.collection(collection);
        Self {
            state,
            mode: held.map_or(Mode::Strict, |held| held.settings.mode),
            publisher,
            signed,
            lists: None,
        }
    }

    /// Holds what is published against these lists, instead of those of the program alone.
    pub(crate) fn against(mut self, lists: Arc<Lists>) -> Self {
        self.lists = Some(lists);
        self
    }
}

impl Prepared<'_> {
    /// What is told of it where nothing is wrong with it.
    pub(crate) fn detail(&self) -> Detail {
        Detail {
            id: self.header.id.as_ref().into(),
            version: self.version_text(),
            message: None,
            code: "",
        }
    }

    /// Why it is not taken.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Detail {
        Detail {
            message: Some(refusal.to_string()),
            code: refusal.code(),
            ..self.detail()
        }
    }

    /// Its version as it is written; empty if it has none.
    pub(crate) fn version_text(&self) -> String {
        let header = &self.header;
        let time = header.modified.as_ref().or(header.created.as_ref());
        time.map(|time| time.as_str().to_owned())
            .unwrap_or_default()
    }

    /// Whether it has no version of its own.
    pub(crate) fn is_unversioned(&self) -> bool {
        self.flags & UNVERSIONED != 0
    }
}

/// Reads every object; answers each one, or what is wrong with it.
pub(crate) fn all<'a>(
    context: &Context<'_>,
    objects: &[&'a [u8]],
) -> Vec<Result<Prepared<'a>, Detail>> {
    let read = |objects: &[&'a [u8]]| -> Vec<_> {
        objects.iter().map(|bytes| one(context, bytes)).collect()
    };
    let bytes: usize = objects.iter().map(|object| object.len()).sum();
    let threads = match bytes / THREAD_BYTES_MIN {
        0 | 1 => 1,
        most => thread::available_parallelism()
            .map_or(1, usize::from)
            .min(THREADS_MAX)
            .min(most),
    };
    let (own, others) = objects.split_at(objects.len().div_ceil(threads));
    if others.is_empty() {
        return read(own);
    }
    let read = &read;
    thread::scope(|scope| {
        let parts = others.chunks(own.len());
        let started: Vec<_> = parts
            .map(|part| (part, scope.spawn(move || read(part))))
            .collect();
        let mut all = read(own);
        all.reserve_exact(others.len());
        for (part, thread) in started {
            // A thread that has panicked has told why already; its part is read here again.
            all.extend(thread.join().unwrap_or_else(|_| read(part)));
        }
        all
    })
}

fn one<'a>(context: &Context<'_>, bytes: &'a [u8]) -> Result<Prepared<'a>, Detail> {
    let mut glance = Glance::default();
    let header = header::header_and(bytes, |name, value| glance.at(name, value))
        .map_err(|flaw| detail(&flaw, String::new()))?;
    let version = || {
        let time = header.modified.as_ref().or(header.created.as_ref());
        time.map(|time| time.as_str().to_owned())
            .unwrap_or_default()
    };
    let mode = match context.mode {
        Mode::Keep => None,
        Mode::Must => Some(validate::Mode::Must),
        Mode::Strict => Some(validate::Mode::Strict),
    };
    let flaws = mode.map(|mode| validate(bytes, mode)).unwrap_or_default();
    if let Some(flaw) = flaws.iter().find(|flaw| flaw.severity == Severity::Error) {
        return Err(detail(flaw, version()));
    }
    let publisher = context.publisher;
    let followed = || Ok(glance.findings(&header.kind, bytes));
    let findings = publisher.map_or_else(followed, |publisher| {
        let lists = context.lists.as_ref().unwrap_or_else(|| Lists::built_in());
        exit_check(context.state, lists, publisher, bytes, &header, glance)
    });
    let findings = findings.map_err(|refusal| Detail {
        id: header.id.as_ref().into(),
        version: version(),
        message: Some(refusal.to_string()),
        code: refusal.code(),
    })?;
    let hits = match (publisher, &context.lists) {
        (None, Some(lists)) => listed(lists, bytes, &header),
        _ => Vec::new(),
    };
    let v21 = header.spec_version == SpecVersion::V21;
    let says = (header.kind == "marking-definition").then(|| said(bytes));
    let order = Order {
        version_us: header.version_us,
        v21,
    };
    Ok(Prepared {
        bytes,
        at: At {
            key: Key::of(&header.id),
            order,
        },
        flags: if v21 { 0 } else { V20 }
            | if header.version_us == i64::MIN {
                UNVERSIONED
            } else {
                0
            }
            | says.map_or(0, definition_flags),
        says,
        expires_us: header
            .valid_until
            .as_ref()
            .map_or(i64::MAX, StixTime::micros),
        observables: observed(&header.kind, bytes),
        findings,
        hits,
        digest: context.signed.then(|| digest_of(bytes)),
        header,
    })
}

/// What a marking definition says.
fn said(definition: &[u8]) -> Marked {
    match Marking::of_definition(definition) {
        Marking::Tlp(light) => Tlp::parse(light).map_or(Marked::UNREAD, Marked::from),
        Marking::Statement => Marked::default(),
        Marking::Unread(light) => Marked {
            tlp: light.and_then(Tlp::parse),
            unread: true,
        },
    }
}

fn detail(flaw: &validate::Flaw, version: String) -> Detail {
    let place = match &*flaw.property {
        "" => String::new(),
        property => format!("`{property}`: "),
    };
    let clause = match flaw.clause {
        "" => String::new(),
        clause => format!(" ({clause})"),
    };
    Detail {
        id: flaw.object.clone(),
        version,
        message: Some(format!("{place}{}{clause}", flaw.message)),
        code: flaw.rule,
    }
}
