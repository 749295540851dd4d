//! What `core::case` decides, through its public API.

mod answers;
mod approval;
mod chain;
mod change;
mod docket;
mod ends;
mod inspection;
mod kit;
mod order;
mod property;
mod publication;
mod refusals;
mod release;
mod renewal;
mod schema;
mod service;
