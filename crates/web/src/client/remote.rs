//! Servers outside the federation over HTTP: TAXII and MISP.
//!
//! Their certificates are judged by the system's authorities, or by a digest
//! where one is pinned; ours is shown to nobody here. Redirects are not
//! followed: the secret is for the server that was named.

use super::{ClientError, USER_AGENT};
use crate::tls;
use bytes::BytesMut;
use portcullis_core::digest::Digest;
use portcullis_node::cell::remote::{
    ANSWER_BYTES_MAX, CALL_TIMEOUT, Endpoint, HEADERS, Remote, RemoteError, Request, Response,
    Secret,
};
use reqwest::{
    Client, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, version};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::runtime::Runtime;

/// How long connecting may take, handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The most sets of pins that have connections of their own.
const POOLS_MAX: usize = 32;

/// Other servers over HTTP/1.1 and TLS.
///
/// Calls block the calling thread for at most [`CALL_TIMEOUT`]; the sockets are driven by a thread
/// of its own. Do not call from a worker thread of an asynchronous runtime.
pub struct HttpRemote {
    pools: Mutex<BTreeMap<BTreeSet<Digest>, Client>>,
    runtime: Option<Runtime>,
    timeout: Duration,
}

impl HttpRemote {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`ClientError::Thread`].
    pub fn new() -> Result<Self, ClientError> {
        Self::with_timeout(CALL_TIMEOUT)
    }

    /// The same with another limit on the time of each call.
    ///
    /// # Errors
    ///
    /// [`ClientError::Thread`].
    pub fn with_timeout(timeout: Duration) -> Result<Self, ClientError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("portcullis-remote")
            .enable_all()
            .build()
            .map_err(ClientError::Thread)?;
        Ok(Self {
            pools: Mutex::default(),
            runtime: Some(runtime),
            timeout,
        })
    }

    fn to(&self, pinned: &BTreeSet<Digest>) -> Result<Client, String> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = pools.get(pinned) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .tls_backend_preconfigured(config(pinned)?)
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        if pools.len() >= POOLS_MAX {
            pools.pop_first();
        }
        pools.insert(pinned.clone(), client.clone());
        Ok(client)
    }
}

/// TLS 1.2 and 1.3 towards whoever the system's authorities, or the pins, know.
fn config(pinned: &BTreeSet<Digest>) -> Result<ClientConfig, String> {
    if !pinned.is_empty() {
        return tls::pinned_client(pinned.clone()).map_err(|error| error.to_string());
    }
    let provider = tls::provider();
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(|error| error.to_string())?;
    let mut config = match rustls_platform_verifier::Verifier::new(provider) {
        Ok(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(std::sync::Arc::new(verifier))
            .with_no_client_auth(),
        // A system without authorities: nobody outside is known, and every handshake says so.
        Err(error) => {
            tracing::warn!(%error, "this system lists no certification authorities");
            builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Drop for HttpRemote {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which must not happen where another one runs.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Remote for HttpRemote {
    fn call(&self, to: &Endpoint, request: &Request) -> Result<Response, RemoteError> {
        let unreachable = |why: String| RemoteError::Unreachable {
            origin: to.origin.clone(),
            why,
        };
        let url = address(to, &request.path).map_err(unreachable)?;
        let client = self.to(&to.pinned).map_err(unreachable)?;
        let mut call = if request.post {
            client.post(url).body(request.body.clone())
        } else {
            client.get(url)
        };
        call = call.timeout(self.timeout).header(ACCEPT, request.accept);
        if !request.content_type.is_empty() {
            call = call.header(CONTENT_TYPE, request.content_type);
        }
        call = match &to.secret {
            Secret::None => call,
            Secret::Basic { user, password } => call.basic_auth(user, Some(password.as_str())),
            Secret::Bearer(token) => call.bearer_auth(token.as_str()),
            Secret::Plain(value) => {
                let mut value = HeaderValue::from_str(value)
                    .map_err(|_| unreachable("the secret is no header".to_owned()))?;
                value.set_sensitive(true);
                call.header(AUTHORIZATION, value)
            }
        };
        let runtime = self
            .runtime
            .as_ref()
            .ok_or_else(|| unreachable("the client is closing".to_owned()))?;
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            // Nobody listens if the caller's thread is gone.
            let _ = tell.send(hear(call).await);
        });
        told.recv()
            .unwrap_or_else(|_| Err("the call was given up".to_owned()))
            .map_err(unreachable)
    }
}

async fn hear(call: reqwest::RequestBuilder) -> Result<Response, String> {
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            super::call::innermost(&error)
        }
    };
    let mut response = call.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let kept = HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    let headers = kept.collect();
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if ANSWER_BYTES_MAX - body.len() < piece.len() {
            return Err(format!(
                "the answer is longer than {ANSWER_BYTES_MAX} bytes"
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Response {
        status,
        headers,
        body: body.into(),
    })
}

/// The address of a path at an endpoint: HTTPS, or plain HTTP on loopback or where it was allowed.
fn address(to: &Endpoint, path: &str) -> Result<Url, String> {
    let malformed = || {
        let origin: String = to.origin.chars().take(200).collect();
        format!("`{origin}` is not of the form `https://host:port`")
    };
    let origin = Url::parse(&to.origin).map_err(|_| malformed())?;
    let bare = origin.path() == "/"
        && !to.origin.ends_with('/')
        && origin.query().is_none()
        && origin.fragment().is_none()
        && origin.username().is_empty()
        && origin.password().is_none();
    let host = origin.host_str().filter(|_| bare).ok_or_else(malformed)?;
    let loopback = host
        .trim_matches(['[', ']'])
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    match origin.scheme() {
        "https" => {}
        "http" if loopback || to.plain => {}
        "http" => {
            return Err("it is plain HTTP and not on a loopback address".to_owned());
        }
        _ => return Err(malformed()),
    }
    if !path.starts_with('/') || path.starts_with("//") {
        return Err("a path begins with one slash".to_owned());
    }
    let url = Url::parse(&format!("{}{path}", to.origin)).map_err(|_| malformed())?;
    // What was asked is still at the server that was named.
    if url.origin() == origin.origin() {
        Ok(url)
    } else {
        Err(malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_or_where_it_was_allowed() {
        let at = |origin: &str, plain| {
            let to = Endpoint {
                origin: origin.to_owned(),
                plain,
                ..Endpoint::default()
            };
            address(&to, "/taxii2/").is_ok()
        };
        assert!(at("https://taxii.example", false));
        assert!(at("http://127.0.0.1:9000", false));
        assert!(at("http://[::1]:9000", false));
        assert!(!at("http://taxii.example", false));
        assert!(at("http://taxii.example", true));
        for wrong in [
            "ftp://taxii.example",
            "https://u:p@taxii.example",
            "https://a/b",
            "",
            "x",
        ] {
            assert!(!at(wrong, true), "{wrong}");
        }
    }

    #[test]
    fn a_path_cannot_lead_to_another_host() {
        let to = Endpoint {
            origin: "https://taxii.example".to_owned(),
            ..Endpoint::default()
        };
        for path in ["@evil.example/", ".evil.example/", "//evil.example/", ""] {
            assert!(address(&to, path).is_err(), "{path}");
        }
    }

    /// Answers one request with `answer`; what was asked, head and body.
    fn once(answer: String) -> (Endpoint, std::thread::JoinHandle<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = Endpoint {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            secret: Secret::Plain("the automation key".to_owned().into()),
            ..Endpoint::default()
        };
        let heard = std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = String::new();
            let mut piece = [0; 4096];
            while !heard.ends_with('}') {
                let read = stream.read(&mut piece).unwrap();
                assert!(read > 0, "{heard}");
                heard.push_str(core::str::from_utf8(&piece[..read]).unwrap());
            }
            stream.write_all(answer.as_bytes()).unwrap();
            heard
        });
        (to, heard)
    }

    /// What MISP's API wants of every request, and its own header of a limit: `docs/from-misp.md`.
    #[test]
    fn an_instance_of_misp_is_asked_with_its_key_and_in_json() {
        let body = r#"{"name":"Rate limit exceeded.","message":"Rate limit exceeded.","url":"/events/restSearch"}"#;
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\nX-Rate-Limit-Reset: 417\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (to, heard) = once(answer);
        let remote = HttpRemote::with_timeout(Duration::from_secs(20)).unwrap();
        let request = Request::post_json("/events/restSearch", br#"{"limit":20}"#.to_vec());
        let response = remote.call(&to, &request).unwrap();
        assert_eq!(response.status, 429);
        assert_eq!(response.header("x-rate-limit-reset"), Some("417"));
        let asked = heard.join().unwrap();
        let (top, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(
            top.starts_with("POST /events/restSearch HTTP/1.1\r\n"),
            "{top}"
        );
        assert_eq!(body, r#"{"limit":20}"#);
        let lines = top.to_ascii_lowercase();
        for line in [
            "authorization: the automation key",
            "accept: application/json",
            "content-type: application/json",
        ] {
            assert!(lines.lines().any(|one| one == line), "{line}: {lines}");
        }
    }
}
