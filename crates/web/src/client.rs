//! How a node knocks at others: [`Peers`] over HTTPS.

mod call;
mod connections;
mod remote;

pub use remote::HttpRemote;

use crate::{
    identity::{IdentityError, TlsIdentity},
    peer::UPLOAD_OFFSET,
    range,
};
use call::{Call, Heard};
use connections::Connections;
use portcullis_core::id::PackageId;
use portcullis_node::{
    cell::feed::{Ask, FEED_BYTES_MAX},
    peers::{ANSWER_BYTES_MAX, Answer, CALL_TIMEOUT, PART_BYTES, Peer, PeerError, Peers},
};
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE},
};
use std::{io, time::Duration};
use tokio::runtime::Runtime;

/// Where a node's collections are followed.
const CELL_CHANGES: &str = "/peer/v1/cell/changes";
/// How the client calls itself.
pub const USER_AGENT: &str = concat!("portcullis/", env!("CARGO_PKG_VERSION"));
/// The most characters of a refusal that are kept in [`PeerError::Status`].
pub const DETAIL_CHARS_MAX: usize = 300;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The certificate and its key could not be used.
    #[error("the TLS identity cannot be used")]
    Identity(#[from] IdentityError),
    /// The thread that drives the sockets could not be started.
    #[error("the thread for calls to other nodes cannot be started")]
    Thread(#[source] io::Error),
}

/// Other nodes over HTTP/1.1 and TLS 1.3, under our certificate.
///
/// A node's certificate is known by its SHA-256 in DER, which must be one of
/// [`Peer::tls`]; its names and dates are not looked at, because the register is
/// the authority on whose it is and until when. Plain `http://` is taken on
/// loopback addresses alone. Redirects are not followed, and no proxy is read
/// from the environment. Connections are kept alive, for each endpoint *and*
/// set of certificates apart, so that a changed register is a fresh handshake.
///
/// Calls block the calling thread for at most [`CALL_TIMEOUT`]; the sockets are
/// driven by a thread of its own. Do not call from a worker thread of an
/// asynchronous runtime: it would do nothing else meanwhile.
pub struct HttpPeers {
    connections: Connections,
    runtime: Option<Runtime>,
    timeout: Duration,
}

impl HttpPeers {
    /// A client that shows `identity`.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn new(identity: TlsIdentity) -> Result<Self, ClientError> {
        Self::with_timeout(identity, CALL_TIMEOUT)
    }

    /// The same with another limit on the time of each call.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn with_timeout(identity: TlsIdentity, timeout: Duration) -> Result<Self, ClientError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("portcullis-peers")
            .enable_all()
            .build()
            .map_err(ClientError::Thread)?;
        identity.certified()?;
        Ok(Self {
            connections: Connections::new(identity),
            runtime: Some(runtime),
            timeout,
        })
    }

    /// Makes one call and waits for all of its answer, of at most `bytes_max`.
    fn call(&self, peer: &Peer, call: Call, bytes_max: usize) -> Result<Heard, PeerError> {
        self.call_within(peer, call, bytes_max, self.timeout)
    }

    fn call_within(
        &self,
        peer: &Peer,
        call: Call,
        bytes_max: usize,
        timeout: Duration,
    ) -> Result<Heard, PeerError> {
        let unreachable = |why: String| PeerError::Unreachable {
            member: peer.member.clone(),
            why,
        };
        let client = self
            .connections
            .to(peer)
            .map_err(|error| unreachable(error.to_string()))?;
        let runtime = self
            .runtime
            .as_ref()
            .ok_or_else(|| unreachable("the client is closing".to_owned()))?;
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let (member, endpoint) = (peer.member.clone(), peer.endpoint.clone());
        runtime.spawn(async move {
            let heard = call
                .make(&client, &member, &endpoint, timeout, bytes_max)
                .await;
            // Nobody listens if the caller's thread is gone.
            let _ = tell.send(heard);
        });
        told.recv()
            .unwrap_or_else(|_| Err(unreachable("the call was given up".to_owned())))
    }
}

impl Drop for HttpPeers {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which must not happen where another one runs.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Peers for HttpPeers {
    fn deliver(&self, peer: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        let call = Call::new(Method::POST, "/peer/v1/deliveries")
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        Ok(self.call(peer, call, ANSWER_BYTES_MAX)?.into_answer())
    }

    fn add_checkpoint(&self, witness: &Peer, body: &[u8]) -> Result<Answer, PeerError> {
        let call = Call::new(Method::POST, "/witness/add-checkpoint").body(body);
        Ok(self.call(witness, call, ANSWER_BYTES_MAX)?.into_answer())
    }

    fn get(&self, peer: &Peer, path: &str) -> Result<Answer, PeerError> {
        let call = Call::new(
            Method::GET,
            &format!("/{}", path.strip_prefix('/').unwrap_or(path)),
        );
        Ok(self.call(peer, call, ANSWER_BYTES_MAX)?.into_answer())
    }

    fn package_part(
        &self,
        peer: &Peer,
        package: PackageId,
        from: u64,
        len: usize,
    ) -> Result<Vec<u8>, PeerError> {
        let last = match u64::try_from(len) {
            Ok(0) => return Ok(Vec::new()),
            Ok(len) => from.saturating_add(len - 1),
            Err(_) => u64::MAX,
        };
        let call = Call::new(Method::GET, &format!("/peer/v1/packages/{package}"))
            .header(RANGE, call::header_value(&format!("bytes={from}-{last}")));
        // A refusal may be longer than the part that was asked for.
        let heard = self.call(peer, call, len.max(PART_BYTES))?;
        let begins = match heard.status {
            StatusCode::PARTIAL_CONTENT => heard.header(&CONTENT_RANGE).and_then(first_of_range),
            StatusCode::OK => Some(0),
            _ => return Err(heard.refused(peer)),
        };
        if begins == Some(from) && heard.body.len() <= len {
            Ok(heard.body.into())
        } else {
            Err(heard.wrong(peer, "another part of the package came than was asked for"))
        }
    }

    fn upload_offset(&self, peer: &Peer, package: PackageId) -> Result<u64, PeerError> {
        let call = Call::new(Method::HEAD, &format!("/peer/v1/uploads/{package}"));
        upload_offset(&self.call(peer, call, 0)?, peer)
    }

    fn upload_part(
        &self,
        peer: &Peer,
        package: PackageId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, PeerError> {
        let call = Call::new(Method::PATCH, &format!("/peer/v1/uploads/{package}"))
            .header(UPLOAD_OFFSET, HeaderValue::from(offset))
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/offset+octet-stream"),
            )
            .body(bytes);
        upload_offset(&self.call(peer, call, ANSWER_BYTES_MAX)?, peer)
    }

    fn cell_changes(&self, peer: &Peer, ask: &Ask) -> Result<Answer, PeerError> {
        let call = Call::new(Method::POST, CELL_CHANGES)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(&ask.to_json());
        // What the peer may wait before it answers is not held against it.
        let wait = Duration::from_millis(u64::from(ask.wait_ms));
        let heard = self.call_within(peer, call, FEED_BYTES_MAX, self.timeout + wait)?;
        Ok(heard.into_answer())
    }
}

fn upload_offset(heard: &Heard, peer: &Peer) -> Result<u64, PeerError> {
    if !heard.status.is_success() {
        return Err(heard.refused(peer));
    }
    let offset = heard.header(&UPLOAD_OFFSET).and_then(range::number);
    offset.ok_or_else(|| heard.wrong(peer, "the answer does not say where the upload stands"))
}

/// The first byte of `bytes first-last/size`.
fn first_of_range(content_range: &str) -> Option<u64> {
    range::number(content_range.strip_prefix("bytes ")?.split_once('-')?.0)
}

#[cfg(test)]
mod tests {
    use super::first_of_range;

    #[test]
    fn a_content_range_says_where_it_begins() {
        assert_eq!(first_of_range("bytes 7-9/10"), Some(7));
        assert_eq!(first_of_range("bytes */10"), None);
        assert_eq!(first_of_range("items 7-9/10"), None);
    }
}
