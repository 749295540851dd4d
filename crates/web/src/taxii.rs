//! The TAXII door: TAXII 2.1, all of it, over the cell of this node.
//!
//! Requests for `/taxii2/…` are met before the router, since they are many:
//! what is read is answered where the request was read, in one go, without a
//! thread to wait for and without a box for the future. What blocks — a
//! password to hash, a register to ask, objects to keep or to remove — goes to
//! a blocking thread.
//!
//! | path | methods |
//! |---|---|
//! | `/taxii2/` | GET |
//! | `/taxii2/{realm}/` | GET |
//! | `/taxii2/{realm}/status/{id}/` | GET |
//! | `/taxii2/{realm}/collections/` | GET |
//! | `/taxii2/{realm}/collections/{id or alias}/` | GET |
//! | `/taxii2/{realm}/collections/{id or alias}/manifest/` | GET |
//! | `/taxii2/{realm}/collections/{id or alias}/objects/` | GET, POST |
//! | `/taxii2/{realm}/collections/{id or alias}/objects/{object}/` | GET, DELETE |
//! | `/taxii2/{realm}/collections/{id or alias}/objects/{object}/versions/` | GET |
//!
//! HEAD is taken where GET is. `docs/taxii.md` lists every requirement of the
//! standard, how we read it, and the test that shows it.

mod add;
mod answer;
mod extras;
mod no;
mod outgoing;
mod path;
mod read;
mod who;

pub(crate) use answer::Answering;
pub(crate) use extras::is_extra;
pub(crate) use path::is_taxii;
pub(crate) use who::Knock;

use crate::{
    limits::Limits,
    turnstile::{Turn, Turnstile},
};
use answer::{Reply, accepts};
use axum::http::{Method, StatusCode};
use hyper::{Request, body::Incoming};
use no::No;
use path::{Part, Place};
use portcullis_core::{cell::Caller, member::MemberId};
use portcullis_node::{cell::Cell, door::Doors};
use portcullis_stix::taxii::{Endpoint, Filter};
use std::{
    borrow::Cow,
    sync::{Arc, atomic::AtomicUsize},
};
use tokio::sync::Semaphore;
use who::Recognised;

/// What every request is met with.
pub(crate) struct Door {
    doors: Arc<dyn Doors>,
    limits: Limits,
    /// Members that are adding or removing.
    writers: Turnstile<MemberId>,
    /// Room for bodies, in units of [`add::ROOM_UNIT_BYTES`].
    room: Arc<Semaphore>,
    /// Bodies' memory, to be used again.
    spare: add::Spare,
    /// How many write on the thread that has read their request.
    in_place: AtomicUsize,
}

impl Door {
    pub(crate) fn new(doors: Arc<dyn Doors>, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            doors,
            limits,
            writers: Turnstile::new(limits.taxii_writes_per_member_max),
            room: Arc::new(Semaphore::new(add::units(limits.taxii_bodies_bytes_max))),
            spare: add::Spare::default(),
            in_place: AtomicUsize::new(0),
        })
    }

    /// Answers one request, at once where nothing blocks.
    pub(crate) fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        knock: &Arc<Knock>,
    ) -> Answering {
        let Some(cell) = self.doors.cell() else {
            return Answering::now(Err(No::no_cell()));
        };
        if extras::is_extra(request.uri().path()) {
            return self.extra(cell, request, knock);
        }
        match who::recognise(&cell, request.headers(), knock) {
            Recognised::As(caller) if reads(request.method()) => Answering::now(read::answer(
                self,
                &cell,
                &caller,
                request.method(),
                request.uri(),
                request.headers(),
            )),
            Recognised::As(caller) => Answering::later(self.clone().write(cell, caller, request)),
            Recognised::Nobody(no) => Answering::now(Err(no)),
            Recognised::AskAside => {
                Answering::later(self.clone().ask_aside(cell, request, knock.clone()))
            }
        }
    }

    /// The same for who has to be recognised on a blocking thread.
    async fn ask_aside(
        self: Arc<Self>,
        cell: Arc<Cell>,
        request: Request<Incoming>,
        knock: Arc<Knock>,
    ) -> Result<Reply, No> {
        let caller = who::recognise_aside(&self.doors, &cell, request.headers(), knock).await?;
        if reads(request.method()) {
            return read::answer(
                &self,
                &cell,
                &caller,
                request.method(),
                request.uri(),
                request.headers(),
            );
        }
        self.write(cell, caller, request).await
    }

    /// POST and DELETE, and the refusal of methods that are neither these nor GET.
    async fn write(
        self: Arc<Self>,
        cell: Arc<Cell>,
        caller: Caller,
        request: Request<Incoming>,
    ) -> Result<Reply, No> {
        let (head, body) = request.into_parts();
        let place = Self::place(&cell, head.uri.path())?;
        let write = match (place, &head.method) {
            (Place::In(_, id, Part::Objects), &Method::POST) => Write::Add { id },
            (Place::In(_, id, Part::Object(object)), &Method::DELETE) => {
                Write::Remove { id, object }
            }
            (place, _) => return Err(No::method(place.methods())),
        };
        accepts(&head.headers)?;
        let turn = self.turn(&caller)?;
        match write {
            Write::Add { id } => {
                let id = add::collection(&cell, &caller, id)?;
                let body = add::body(&self, &head.headers, body).await?;
                add::add(&self, cell, caller, id, body, turn).await
            }
            Write::Remove { id, object } => {
                let id = add::removable(&cell, &caller, id)?;
                let filter = Filter::parse(head.uri.query().unwrap_or_default(), Endpoint::Delete)?;
                add::remove(&self, cell, caller, id, object.into_owned(), filter, turn).await
            }
        }
    }

    /// A place among those who write for the caller's member.
    fn turn(&self, caller: &Caller) -> Result<Turn<MemberId>, No> {
        self.writers.enter(caller.member.clone()).ok_or_else(|| {
            No::later(
                StatusCode::TOO_MANY_REQUESTS,
                "taxii.too_many_writes",
                "too much is being written for this member; try again when some is done",
            )
        })
    }

    /// What a path names at this node.
    fn place<'a>(cell: &Cell, path: &'a str) -> Result<Place<'a>, No> {
        let place = Place::parse(path).ok_or_else(|| No::unknown("endpoint"))?;
        if place
            .realm()
            .is_some_and(|realm| realm != cell.realm().name())
        {
            return Err(No::unknown("API root"));
        }
        Ok(place)
    }
}

/// What is to be written.
enum Write<'a> {
    Add { id: &'a str },
    Remove { id: &'a str, object: Cow<'a, str> },
}

fn reads(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}
