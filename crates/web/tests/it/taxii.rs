//! The TAXII door as clients meet it. `docs/taxii.md` names these tests requirement by requirement.

mod access;
mod adding;
mod deleting;
mod endpoints;
mod exits;
mod extras;
mod filters;
mod interop;
mod kit;
mod misp;
mod negotiation;
mod opencti;
mod pages;
mod poller;
mod taxii2_client;
