//! TAXII 2.1 as a server reads and writes it: what a client may ask of a
//! collection, which media types are understood, the resources that are
//! answered with, and the error message.
//!
//! Follows the OASIS Standard of 10 June 2021; the modules follow its headings:
//! [`filter`] is §3.4 Filtering and §3.5 Pagination, [`media`] §1.6.8 Content
//! Negotiation, [`error`] §3.6 Errors, [`resource`] the resources of §3.7, §4
//! and §5, and [`time`] the type `timestamp` of §2. Nothing here knows HTTP:
//! `web` brings texts and takes bytes.

pub mod error;
pub mod filter;
pub mod media;
pub mod resource;
pub mod time;

pub use error::ErrorMessage;
pub use filter::{Endpoint, Filter, FilterFlaw, SpecVersions, VersionSpec};
pub use media::{MEDIA_TYPE, NotAcceptable, UnsupportedMediaType};
pub use time::Micros;
