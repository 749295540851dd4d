//! What a server offers: its API roots and their collections.

use super::{TAXII, split};
use crate::cell::remote::{Endpoint, Remote, RemoteError, Request, successful};
use serde::Deserialize;

/// The most API roots, and the most collections of one, that are looked at.
pub(super) const OFFERED_MAX: usize = 10_000;

/// An API root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiRoot {
    /// Its address, with a slash at its end.
    pub url: String,
}

/// A collection that a server offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteCollection {
    /// Its address, as [`super::Source::parse`] takes it.
    pub url: String,
    /// Its id.
    pub id: String,
    /// Another word for it in addresses, if it has one.
    pub alias: Option<String>,
    /// What people call it.
    pub title: String,
    /// Whether we may read it.
    pub can_read: bool,
    /// Whether we may add to it.
    pub can_write: bool,
}

#[derive(Deserialize)]
struct WireDiscovery {
    #[serde(default)]
    api_roots: Vec<String>,
}

#[derive(Deserialize)]
struct WireCollections {
    #[serde(default)]
    collections: Vec<WireCollection>,
}

#[derive(Deserialize)]
struct WireCollection {
    id: String,
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    can_read: bool,
    #[serde(default)]
    can_write: bool,
}

/// The API roots of the server at the endpoint (TAXII 2.1, Server Discovery).
///
/// # Errors
///
/// [`RemoteError`].
pub fn discover(remote: &dyn Remote, to: &Endpoint) -> Result<Vec<ApiRoot>, RemoteError> {
    let response = successful(remote, to, &Request::get("/taxii2/", TAXII))?;
    let wire: WireDiscovery = read(to, &response.body)?;
    let roots = wire.api_roots.into_iter().take(OFFERED_MAX);
    let roots = roots.map(|root| {
        // SPEC: an API root may be a relative reference to the discovery's address.
        let url = if root.contains("://") {
            root
        } else {
            format!("{}/{}", to.origin, root.trim_start_matches('/'))
        };
        let url = format!("{}/", url.trim_end_matches('/'));
        ApiRoot { url }
    });
    Ok(roots.collect())
}

/// The collections of an API root of the server at the endpoint (TAXII 2.1, Get Collections).
///
/// # Errors
///
/// [`RemoteError`]; [`RemoteError::Malformed`] for a root on another server, which is not asked,
/// because our secret is not for it.
pub fn collections(
    remote: &dyn Remote,
    to: &Endpoint,
    root: &ApiRoot,
) -> Result<Vec<RemoteCollection>, RemoteError> {
    let elsewhere = || RemoteError::Malformed {
        origin: to.origin.clone(),
        why: format!("`{}` is on another server", root.url),
    };
    let (_, path) = split(&root.url)
        .filter(|(origin, _)| *origin == to.origin)
        .ok_or_else(elsewhere)?;
    let path = format!("{}/collections/", path.trim_end_matches('/'));
    let response = successful(remote, to, &Request::get(path.clone(), TAXII))?;
    let wire: WireCollections = read(to, &response.body)?;
    let offered = wire.collections.into_iter().take(OFFERED_MAX);
    let offered = offered.map(|collection| RemoteCollection {
        url: format!("{}{path}{}/", to.origin, collection.id),
        id: collection.id,
        alias: collection.alias,
        title: collection.title,
        can_read: collection.can_read,
        can_write: collection.can_write,
    });
    Ok(offered.collect())
}

fn read<'a, T: Deserialize<'a>>(to: &Endpoint, body: &'a [u8]) -> Result<T, RemoteError> {
    serde_json::from_slice(body).map_err(|error| RemoteError::Malformed {
        origin: to.origin.clone(),
        why: error.to_string(),
    })
}
