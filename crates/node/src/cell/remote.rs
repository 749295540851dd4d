//! Servers outside the federation, as this node calls them: a trait, so that the
//! simulator and tests can stand in for the network. Sockets belong to `web`.

pub mod misp;
pub mod taxii;

use portcullis_core::digest::Digest;
use std::{collections::BTreeSet, time::Duration};
use zeroize::Zeroizing;

/// How long one call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_mins(2);
/// The most bytes of an answer that are read: a server's page of 1000 large objects.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where a server is, and how it is known to be the right one.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// `https://host[:port]`, no path.
    pub origin: String,
    /// SHA-256 of the certificates in DER that it may show; where empty, the system's authorities are asked.
    pub pinned: BTreeSet<Digest>,
    /// Whether plain HTTP is taken although the address is not on loopback.
    pub plain: bool,
    /// What is shown to it.
    pub secret: Secret,
}

/// What a server wants to see of us.
#[derive(Clone, Default)]
pub enum Secret {
    /// Nothing.
    #[default]
    None,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: Zeroizing<String>,
    },
    /// `Authorization: Bearer` (RFC 6750).
    Bearer(Zeroizing<String>),
    /// The whole value of `Authorization`, as MISP's automation keys and some TAXII servers have it.
    Plain(Zeroizing<String>),
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::Plain(_) => "Plain(…)",
        })
    }
}

/// What is asked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// Whether something is posted; else it is a GET.
    pub post: bool,
    /// The path with its slash, and the query.
    pub path: String,
    /// `Accept`.
    pub accept: &'static str,
    /// `Content-Type` of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A GET.
    pub fn get(path: impl Into<String>, accept: &'static str) -> Self {
        Self {
            path: path.into(),
            accept,
            ..Self::default()
        }
    }

    /// A POST of JSON.
    pub fn post_json(path: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            post: true,
            path: path.into(),
            accept: "application/json",
            content_type: "application/json",
            body,
        }
    }
}

/// What was answered, whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers that somebody here reads, names in lower case: see [`HEADERS`].
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The headers of an answer that are kept.
pub const HEADERS: [&str; 5] = [
    "content-type",
    "retry-after",
    "x-rate-limit-reset",
    "x-taxii-date-added-first",
    "x-taxii-date-added-last",
];

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it is a success.
    pub const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }

    /// The refusal that it is, in these words.
    pub(crate) fn refused(&self, by: &Endpoint, detail: String) -> RemoteError {
        RemoteError::Status {
            origin: by.origin.clone(),
            status: self.status,
            detail,
            // MISP says how many seconds are left of its limit in a header of its own.
            retry_s: ["retry-after", "x-rate-limit-reset"]
                .into_iter()
                .find_map(|name| self.header(name)?.parse().ok()),
        }
    }

    /// The first of what it said, in characters that harm no terminal.
    pub fn detail(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let printable = text.chars().filter(|symbol| !symbol.is_control());
        printable.take(300).collect()
    }
}

/// Why a call brought nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RemoteError {
    /// It could not be reached, or did not answer in time, or somebody else answered.
    #[error("`{origin}` cannot be reached: {why}")]
    Unreachable {
        /// Whom we called.
        origin: String,
        /// What the network said.
        why: String,
    },
    /// It answered with a status that helps nobody.
    #[error("`{origin}` answered with status {status}: {detail}")]
    Status {
        /// Whom we called.
        origin: String,
        /// The HTTP status.
        status: u16,
        /// The first of what it said.
        detail: String,
        /// When it wants to be asked again, in seconds, if it said so.
        retry_s: Option<u32>,
    },
    /// It answered something that is not what its standard says.
    #[error("`{origin}` answered what cannot be read: {why}")]
    Malformed {
        /// Whom we called.
        origin: String,
        /// What is wrong.
        why: String,
    },
}

/// Calls to servers outside the federation. Every call is bounded in time and in bytes
/// ([`CALL_TIMEOUT`], [`ANSWER_BYTES_MAX`]), follows no redirect to another host, and shows the
/// secret to nobody but the endpoint.
pub trait Remote: Send + Sync {
    /// Makes one call; any status is a [`Response`].
    ///
    /// # Errors
    ///
    /// [`RemoteError::Unreachable`].
    fn call(&self, to: &Endpoint, request: &Request) -> Result<Response, RemoteError>;
}

/// Makes a call and takes nothing but success.
pub(crate) fn successful(
    remote: &dyn Remote,
    to: &Endpoint,
    request: &Request,
) -> Result<Response, RemoteError> {
    let response = remote.call(to, request)?;
    if response.is_success() {
        return Ok(response);
    }
    Err(response.refused(to, response.detail()))
}
