//! Parses a bundle and judges it: is this order genuine and sufficient, now?
//!
//! [`verify()`] is pure, offline and total: from a bundle's bytes, a register's believed versions,
//! the laws that are installed and an instant it makes a [`Verdict`] — one [`Outcome`], one line,
//! and every check by name with its clause. The command line, a node's intake and the crate's users
//! call the same function. Nothing here reads a clock, a file or the network.
//!
//! What a verdict says:
//!
//! | outcome | what it means |
//! |---|---|
//! | `GENUINE` | every signature verified under the register, and the law has all it asks for, now |
//! | `ATTESTED` | a paper order whose genuineness two named people checked |
//! | `INSUFFICIENT` | what is there is genuine, and it is not enough: an approval is missing, the order has ended |
//! | `NOT GENUINE` | something is not what it claims to be: a signature, a proof, a chain, an addressee |
//!
//! # Example
//!
//! A provider's own program has the id of the register it trusts (compared by people, once), a file
//! of the register's versions (`portcullis register export`), and a bundle that arrived
//! (`portcullis order bundle`).
//!
//! ```
//! use portcullis_verdict::{
//!     Against, Anchor, Bundle, History, Outcome, Trust, law, register::versions, text, verify,
//! };
//!
//! // The id of the register, as it was compared by people: here that of the test's register.
//! let trusted = Anchor(include_str!("../testdata/golden/register.id").trim().parse()?);
//! let (_, records) = versions::parse(include_bytes!("../testdata/golden/register.json"))?;
//! let (history, refused) = History::open(trusted, &records).map_err(|refused| format!("{refused:?}"))?;
//! assert!(refused.is_empty());
//!
//! // The laws that come with Portcullis, and the one of that day: an order names its law by digest.
//! let mut laws = law::builtin();
//! let then = include_bytes!("../testdata/golden/uk-ipa-2016.toml");
//! laws.install(law::parse("uk-ipa-2016.toml", then, &law::Calendars::builtin()).map_err(|e| format!("{e:?}"))?);
//!
//! let (trust, realm) = (Trust::default(), text::realm("live")?);
//! let us = "mail.example".parse()?;
//! let against = Against {
//!     history: &history,
//!     trust: &trust,
//!     laws: &laws,
//!     realm: &realm,
//!     us: Some(&us),
//!     now: "2026-03-03T09:00:00Z".parse()?,
//! };
//!
//! let bundle = Bundle::parse(include_bytes!("../testdata/golden/bundle.json"))?;
//! let verdict = verify(&bundle, &against);
//! assert_eq!(verdict.outcome, Outcome::Genuine, "{}", verdict.line);
//! assert!(verdict.checks.iter().any(|check| check.name == "order.approval" && check.passed));
//!
//! // Half a year later the same bytes are still true, and no longer enough.
//! let later = Against { now: "2026-10-01T09:00:00Z".parse()?, ..against };
//! assert_eq!(verify(&bundle, &later).code.as_deref(), Some("order.expired"));
//!
//! // Nothing is no order.
//! let nothing = verify(&Bundle::default(), &against);
//! assert_eq!((nothing.outcome, nothing.line.as_str()),
//!     (Outcome::NotGenuine, "NOT GENUINE: bundle.empty: the bundle holds no statement"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod bundle;
pub mod cell;
pub mod docket;
pub mod evidence;
pub mod inspection;
pub mod law;
pub mod monitor;
pub mod opened;
pub mod parts;
pub mod reconcile;
pub mod register;
pub mod report;
pub mod schema;
pub mod statement;
pub mod text;
pub mod verify;

pub use bundle::{Bundle, Entry};
pub use register::{Anchor, History, Trust};
pub use verify::{Against, Check, Outcome, Verdict, verify};
