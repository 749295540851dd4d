//! What is written: Add Objects and Delete an Object (TAXII 2.1 §5.5, §5.7).
//!
//! A body is taken whole, for the journal keeps its bytes; so it has a bound of
//! its own, all bodies together have one, and each member may bring a few at
//! once. Who says how long a body is gets a no before sending it.

use super::{Door, answer::Reply, no::No};
use crate::turnstile::Turn;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Incoming};
use portcullis_core::{
    cell::{Caller, CollectionId},
    member::MemberId,
};
use portcullis_node::cell::{Cell, CollectionView, Query, Source};
use portcullis_stix::taxii::{Filter, media};
use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Room for bodies is counted in these.
pub(super) const ROOM_UNIT_BYTES: usize = 64 * 1024;

/// How many bodies' memory is used again, and the largest of which it is.
const SPARE_MAX: usize = 2;
const SPARE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How many requests are worked on by the threads that read them; more are handed to others.
const IN_PLACE_MAX: usize = 8;

/// Memory of bodies that are done with, for the next ones: what comes and goes in large pieces is
/// not kept by the allocator for every thread.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<BytesMut>>);

impl Spare {
    fn take(&self, capacity: usize) -> BytesMut {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = held.pop().unwrap_or_default();
        drop(held);
        bytes.reserve(capacity);
        bytes
    }

    fn put_back(&self, bytes: Bytes) {
        let Ok(mut bytes) = bytes.try_into_mut() else {
            return;
        };
        bytes.clear();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < SPARE_MAX && bytes.capacity() <= SPARE_BYTES_MAX {
            held.push(bytes);
        }
    }
}

/// Whole units for so many bytes.
pub(super) fn units(bytes: usize) -> usize {
    bytes.div_ceil(ROOM_UNIT_BYTES).min(Semaphore::MAX_PERMITS)
}

/// A body, and the room that it takes until it is dropped.
pub(super) struct Taken {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

/// The collection that is added to, if the caller may.
///
/// # Errors
///
/// 403 to who may read it alone, 404.
pub(super) fn collection(cell: &Cell, caller: &Caller, text: &str) -> Result<CollectionId, No> {
    let view = seen(cell, caller, text)?;
    if !view.can_write {
        return Err(No::new(
            StatusCode::FORBIDDEN,
            "cell.may_not_write",
            "you may read this collection, not add to it",
        ));
    }
    Ok(view.id)
}

/// The collection that is removed from, by the table of §5.7: it takes reading and adding.
///
/// # Errors
///
/// 403 to who may do one of the two, 404.
pub(super) fn removable(cell: &Cell, caller: &Caller, text: &str) -> Result<CollectionId, No> {
    let view = seen(cell, caller, text)?;
    if !(view.can_read && view.can_write) {
        return Err(No::new(
            StatusCode::FORBIDDEN,
            "cell.may_not_write",
            "removing takes a collection that you may read and add to",
        ));
    }
    Ok(view.id)
}

fn seen(cell: &Cell, caller: &Caller, text: &str) -> Result<CollectionView, No> {
    let view = cell.collection(caller, text)?;
    if view.can_read || view.can_write {
        return Ok(view);
    }
    Err(No::unknown("collection"))
}

/// Takes a body in.
///
/// # Errors
///
/// 415, 413, 503 if there is no room for it now, 408, 400.
pub(super) async fn body(
    door: &Door,
    headers: &HeaderMap,
    mut body: Incoming,
) -> Result<Taken, No> {
    is_taxii(headers)?;
    let bytes_max = door.limits.taxii_content_bytes_max;
    let declared = match body.size_hint().exact() {
        Some(length) => match usize::try_from(length) {
            Ok(length) if length <= bytes_max => Some(length),
            Ok(_) | Err(_) => return Err(too_large(bytes_max)),
        },
        None => None,
    };
    let mut room = room(&door.room, units(declared.unwrap_or(1)))?;
    let mut bytes = door.spare.take(declared.unwrap_or(ROOM_UNIT_BYTES));
    loop {
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = timeout(door.limits.read_timeout, frame)
            .await
            .map_err(|_| {
                No::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "taxii.too_slow",
                    "the request stopped arriving",
                )
            })?;
        let Some(frame) = frame else {
            break;
        };
        let frame = frame.map_err(|_| {
            No::new(
                StatusCode::BAD_REQUEST,
                "taxii.broken_body",
                "the request broke off",
            )
        })?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if bytes_max - bytes.len() < piece.len() {
            return Err(too_large(bytes_max));
        }
        let missing = units(bytes.len() + piece.len()).saturating_sub(room.num_permits());
        if missing > 0 {
            room.merge(self::room(&door.room, missing)?);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Taken {
        bytes: bytes.freeze(),
        _room: room,
    })
}

/// Adds what came in, and answers how it went.
pub(super) async fn add(
    door: &Arc<Door>,
    cell: Arc<Cell>,
    caller: Caller,
    collection: CollectionId,
    body: Taken,
    turn: Turn<MemberId>,
) -> Result<Reply, No> {
    let own = Arc::clone(door);
    let status = aside(door, turn, move || {
        let added = cell.add(&caller, &collection, body.bytes.clone(), Source::Published);
        own.spare.put_back(body.bytes);
        added
    })
    .await??
    .to_taxii();
    if status.is_empty() {
        return Err(No::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "taxii.envelope",
            "an envelope to add has at least one object",
        ));
    }
    Ok(Reply {
        status: StatusCode::ACCEPTED,
        body: vec![status.to_json().into()],
        laid: None,
        added: None,
    })
}

/// Removes an object, or versions of it.
///
/// SPEC: §5.7 gives a success no body; what has none is as long as its content type.
pub(super) async fn remove(
    door: &Door,
    cell: Arc<Cell>,
    caller: Caller,
    collection: CollectionId,
    object: String,
    filter: Filter,
    turn: Turn<MemberId>,
) -> Result<Reply, No> {
    let query = Query::from(&filter);
    let removed = aside(door, turn, move || {
        cell.remove(&caller, &collection, &object, &query)
    })
    .await??;
    if removed == 0 {
        return Err(No::unknown("object"));
    }
    Ok(Reply {
        status: StatusCode::OK,
        body: Vec::new(),
        laid: None,
        added: None,
    })
}

/// Works where that may block; the member's place is free again when the work is done.
///
/// A few work on the thread that has read the request, whose other tasks move to another thread:
/// nobody is woken to begin, and nobody to answer. More than a few go to blocking threads and wait
/// there, so that there is always a thread left to which tasks can move.
async fn aside<T: Send + 'static>(
    door: &Door,
    turn: Turn<MemberId>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, No> {
    let work = move || {
        let done = work();
        drop(turn);
        done
    };
    let movable = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if movable && let Some(_place) = InPlace::enter(&door.in_place) {
        return tokio::task::block_in_place(|| catch_unwind(AssertUnwindSafe(work)))
            .map_err(|_| No::broken());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| No::broken())
}

/// One of the [`IN_PLACE_MAX`], until it is dropped.
struct InPlace<'a>(&'a AtomicUsize);

impl<'a> InPlace<'a> {
    fn enter(count: &'a AtomicUsize) -> Option<Self> {
        let place = Self(count);
        (count.fetch_add(1, Ordering::AcqRel) < IN_PLACE_MAX).then_some(place)
    }
}

impl Drop for InPlace<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whether what is sent is said to be TAXII 2.1, and not packed.
fn is_taxii(headers: &HeaderMap) -> Result<(), No> {
    let unsupported =
        |code, detail: String| No::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, detail);
    let sent = headers
        .get(header::CONTENT_TYPE)
        .map_or("", |value| value.to_str().unwrap_or_default());
    media::content_type(sent).map_err(|not| unsupported("taxii.content_type", not.to_string()))?;
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(unsupported(
        "taxii.content_encoding",
        "a body is sent as it is, not packed".to_owned(),
    ))
}

fn room(room: &Arc<Semaphore>, units: usize) -> Result<OwnedSemaphorePermit, No> {
    let units = u32::try_from(units).unwrap_or(u32::MAX);
    room.clone().try_acquire_many_owned(units).map_err(|_| {
        No::later(
            StatusCode::SERVICE_UNAVAILABLE,
            "taxii.no_room",
            "this node is taking in as much as it can hold; try again",
        )
    })
}

fn too_large(bytes_max: usize) -> No {
    No::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "taxii.too_large",
        format!(
            "at most {bytes_max} bytes are taken at once: `max_content_length` of the API root"
        ),
    )
}
