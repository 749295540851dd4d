//! The doors as a stranger, a member and a node's own client meet them, on loopback.

mod client;
mod fake;
mod limits;
mod page;
mod raw;
#[path = "../../examples/record/fixture.rs"]
mod record;
mod script;
mod shutdown;
mod stolen;
mod taxii;
