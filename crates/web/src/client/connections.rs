//! Who is called by which connections: one pool for each endpoint and set of certificates.

use super::USER_AGENT;
use crate::{identity::TlsIdentity, tls};
use portcullis_core::digest::Digest;
use portcullis_node::peers::Peer;
use reqwest::{Client, Url, redirect};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The most pools that are kept: more members than that are called by fresh connections now and then.
pub(super) const POOLS_MAX: usize = 64;
/// The most idle connections to one peer: deliveries, a package and a question side by side.
const IDLE_MAX: usize = 4;
/// How long a connection may idle, half of what the server waits: so it is seldom found closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connecting may take, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why an endpoint is not called at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum EndpointError {
    #[error("`{0}` is not of the form `https://host:port`")]
    Malformed(String),
    #[error("`{0}` is plain HTTP and not on a loopback address")]
    Plain(String),
    #[error("no client could be made: {0}")]
    Client(String),
}

/// The pools, the longest unused of which makes room for a new one.
pub(super) struct Connections {
    identity: TlsIdentity,
    pools: Mutex<Pools>,
}

#[derive(Default)]
struct Pools {
    by_peer: BTreeMap<(String, BTreeSet<Digest>), (u64, Client)>,
    uses: u64,
}

impl Connections {
    pub(super) fn new(identity: TlsIdentity) -> Self {
        Self {
            identity,
            pools: Mutex::default(),
        }
    }

    /// The pool for `peer`. Cheap to clone; alive as long as a clone is.
    pub(super) fn to(&self, peer: &Peer) -> Result<Client, EndpointError> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.uses += 1;
        let now = pools.uses;
        let key = (peer.endpoint.clone(), peer.tls.clone());
        if let Some((used, client)) = pools.by_peer.get_mut(&key) {
            *used = now;
            return Ok(client.clone());
        }
        check(&peer.endpoint)?;
        let client = self.open(peer.tls.clone())?;
        if pools.by_peer.len() >= POOLS_MAX {
            let oldest = pools
                .by_peer
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(key, _)| key.clone());
            oldest.and_then(|key| pools.by_peer.remove(&key));
        }
        pools.by_peer.insert(key, (now, client.clone()));
        Ok(client)
    }

    fn open(&self, pinned: BTreeSet<Digest>) -> Result<Client, EndpointError> {
        let config = tls::client(&self.identity, pinned)
            .map_err(|error| EndpointError::Client(error.to_string()))?;
        Client::builder()
            .tls_backend_preconfigured(config)
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_MAX)
            .build()
            .map_err(|error| EndpointError::Client(error.to_string()))
    }
}

/// Whether `endpoint` is a scheme, a host and perhaps a port, and safe to call.
fn check(endpoint: &str) -> Result<(), EndpointError> {
    let malformed = || EndpointError::Malformed(endpoint.chars().take(200).collect());
    let url = Url::parse(endpoint).map_err(|_| malformed())?;
    let bare = url.path() == "/"
        && !endpoint.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let host = url.host_str().filter(|_| bare).ok_or_else(malformed)?;
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    match url.scheme() {
        "https" => Ok(()),
        "http" if address.is_ok_and(|address| address.is_loopback()) => Ok(()),
        "http" => Err(EndpointError::Plain(endpoint.chars().take(200).collect())),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_or_on_loopback_and_nothing_more_than_a_host() {
        for taken in [
            "https://node.example:8443",
            "https://[2001:db8::1]:1",
            "http://127.0.0.1:80",
            "http://[::1]:9",
        ] {
            assert!(check(taken).is_ok(), "{taken}");
        }
        for plain in [
            "http://node.example",
            "http://192.0.2.1:80",
            "http://localhost:80",
            "http://127.0.0.1.example",
        ] {
            assert!(
                matches!(check(plain), Err(EndpointError::Plain(_))),
                "{plain}"
            );
        }
        for other in [
            "",
            "node.example",
            "ftp://a",
            "https://a/b",
            "https://a/",
            "https://u@a",
            "https://a?b",
            "https://a#b",
        ] {
            assert!(
                matches!(check(other), Err(EndpointError::Malformed(_))),
                "{other}"
            );
        }
    }

    #[test]
    fn pools_are_shared_by_endpoint_and_pins_and_bounded() {
        let connections = Connections::new(TlsIdentity::generate(&["a"]).unwrap());
        let peer = |port: usize, pin: u8| Peer {
            member: "provider".parse().unwrap(),
            endpoint: format!("https://127.0.0.1:{port}"),
            tls: [Digest([pin; 32])].into(),
        };
        let pools = || connections.pools.lock().unwrap().by_peer.len();
        connections.to(&peer(1, 1)).unwrap();
        connections.to(&peer(1, 1)).unwrap();
        assert_eq!(pools(), 1);
        connections.to(&peer(1, 2)).unwrap();
        assert_eq!(pools(), 2);
        for port in 2..POOLS_MAX + 9 {
            connections.to(&peer(port, 1)).unwrap();
            connections.to(&peer(1, 1)).unwrap();
        }
        assert_eq!(pools(), POOLS_MAX);
        let kept = (peer(1, 1).endpoint, peer(1, 1).tls);
        assert!(
            connections
                .pools
                .lock()
                .unwrap()
                .by_peer
                .contains_key(&kept),
            "what is in use stays"
        );
    }
}
