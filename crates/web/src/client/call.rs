//! One call, and what was heard.

use super::DETAIL_CHARS_MAX;
use bytes::{Bytes, BytesMut};
use portcullis_core::member::MemberId;
use portcullis_node::peers::{Answer, Peer, PeerError};
use reqwest::{
    Client, Method, Response, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use std::{error::Error, io, time::Duration};

/// What is asked: a method, a path with its slash, headers, a body.
pub(super) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What was answered, whole.
pub(super) struct Heard {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(super) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = Bytes::copy_from_slice(bytes);
        self
    }

    /// Makes the call and reads all of its answer.
    pub(super) async fn make(
        self,
        client: &Client,
        member: &MemberId,
        endpoint: &str,
        timeout: Duration,
        bytes_max: usize,
    ) -> Result<Heard, PeerError> {
        if !crate::path::is_normal(&self.path) {
            let why = format!(
                "`{}` is not a path",
                self.path.chars().take(DETAIL_CHARS_MAX).collect::<String>()
            );
            return Err(PeerError::Unreachable {
                member: member.clone(),
                why,
            });
        }
        let mut request = client
            .request(self.method.clone(), format!("{endpoint}{}", self.path))
            .headers(self.headers)
            .timeout(timeout);
        if !matches!(self.method, Method::GET | Method::HEAD) {
            request = request.body(self.body);
        }
        let response = request
            .send()
            .await
            .map_err(|error| failed(member, &error))?;
        hear(response, member, bytes_max).await
    }
}

async fn hear(
    mut response: Response,
    member: &MemberId,
    bytes_max: usize,
) -> Result<Heard, PeerError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|error| failed(member, &error))?
    {
        if bytes_max - body.len() < piece.len() {
            let detail = format!("the answer is longer than {bytes_max} bytes");
            return Err(PeerError::Status {
                member: member.clone(),
                status: status.as_u16(),
                detail,
            });
        }
        body.extend_from_slice(&piece);
    }
    Ok(Heard {
        status,
        headers,
        body: body.freeze(),
    })
}

impl Heard {
    pub(super) fn into_answer(self) -> Answer {
        Answer {
            status: self.status.as_u16(),
            body: self.body.into(),
        }
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer as a refusal: the first of what it said, in characters that harm no terminal.
    pub(super) fn refused(&self, peer: &Peer) -> PeerError {
        let said = String::from_utf8_lossy(&self.body);
        let detail: String = said
            .chars()
            .filter(|symbol| !symbol.is_control())
            .take(DETAIL_CHARS_MAX)
            .collect();
        self.wrong(peer, &detail)
    }

    /// The answer as one that makes no sense here.
    pub(super) fn wrong(&self, peer: &Peer, detail: &str) -> PeerError {
        PeerError::Status {
            member: peer.member.clone(),
            status: self.status.as_u16(),
            detail: detail.to_owned(),
        }
    }
}

/// Our own digits always make a header.
pub(super) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

fn failed(member: &MemberId, error: &reqwest::Error) -> PeerError {
    if is_wrong_certificate(error) {
        return PeerError::WrongCertificate {
            member: member.clone(),
        };
    }
    let why = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        innermost(error)
    };
    PeerError::Unreachable {
        member: member.clone(),
        why,
    }
}

/// Whether TLS refused the certificate, or the signature that should prove it.
fn is_wrong_certificate(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

/// An error and its causes. An I/O error that wraps another is not its source, so it is opened.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
