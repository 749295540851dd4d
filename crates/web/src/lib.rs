//! Doors: how nodes reach each other, and how everybody reaches the public record.
//!
//! A [`Server`] stands in front of [`portcullis_node::door::Doors`], and
//! [`HttpPeers`] is how a node knocks at others. Both speak HTTP/1.1 over TLS
//! 1.3, show a certificate, and know each other's by its SHA-256 in the
//! register (design §6): no certification authority is asked, and a name or a
//! date inside a certificate proves nothing. No rule is decided here, and
//! nothing is kept.
//!
//! | path | methods | who | what |
//! |---|---|---|---|
//! | `/peer/v1/deliveries` | POST | members | statements, promises, acknowledgements |
//! | `/peer/v1/packages/{package}` | GET, HEAD | members | collecting a package, by ranges |
//! | `/peer/v1/uploads/{package}` | HEAD, PATCH | members | pushing a package, resumable |
//! | `/witness/add-checkpoint` | POST | everybody | C2SP tlog-witness |
//! | `/taxii2/…` | GET, HEAD, POST, DELETE | members and their accounts | TAXII 2.1 over the cell |
//! | `/healthz` | GET, HEAD | everybody | `ok` |
//! | `/`, `/record/…` | GET, HEAD | everybody | the public record as pages |
//! | everything else | GET, HEAD | everybody | the log and the register as plain files |
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod client;
pub mod identity;
pub mod limits;
pub mod page;
pub mod server;

mod body;
mod house;
mod path;
mod peer;
mod problem;
mod public;
mod range;
mod taxii;
mod tls;
mod turnstile;
mod witness;

pub use client::HttpPeers;
pub use identity::TlsIdentity;
pub use limits::Limits;
pub use server::{Server, serve};
