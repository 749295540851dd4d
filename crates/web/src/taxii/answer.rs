//! From a reply, or a no, to an answer on the wire.

use super::{no::No, outgoing::Outgoing};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use portcullis_node::cell::Laid;
use portcullis_stix::taxii::{MEDIA_TYPE, Micros, media};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

const DATE_ADDED_FIRST: HeaderName = HeaderName::from_static("x-taxii-date-added-first");
const DATE_ADDED_LAST: HeaderName = HeaderName::from_static("x-taxii-date-added-last");
const TAXII: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// An answer, there at once or later.
pub(crate) enum Answering {
    Now(Option<Response<Outgoing>>),
    Later(Pin<Box<dyn Future<Output = Response<Outgoing>> + Send>>),
}

/// What an endpoint has to say.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<Bytes>,
    /// The body instead, where it is read as it goes out.
    pub(super) laid: Option<Laid>,
    /// When the first and the last of a page's objects were added, in microseconds.
    pub(super) added: Option<(i64, i64)>,
}

impl Answering {
    pub(super) fn now(reply: Result<Reply, No>) -> Self {
        Self::Now(Some(
            reply.map_or_else(No::into_response, Reply::into_response),
        ))
    }

    pub(super) fn later(reply: impl Future<Output = Result<Reply, No>> + Send + 'static) -> Self {
        Self::Later(Box::pin(async {
            reply
                .await
                .map_or_else(No::into_response, Reply::into_response)
        }))
    }

    /// What the router answers.
    pub(crate) fn router(
        answer: impl Future<Output = Result<axum::response::Response, Infallible>> + Send + 'static,
    ) -> Self {
        Self::Later(Box::pin(async {
            let Ok(answer) = answer.await;
            answer.map(Outgoing::Router)
        }))
    }
}

impl Future for Answering {
    type Output = Result<Response<Outgoing>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            // INVARIANT: a future is not polled again after it was ready.
            Self::Now(answer) => answer
                .take()
                .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Later(answer) => answer.as_mut().poll(context).map(Ok),
        }
    }
}

impl Reply {
    /// 200 with one resource.
    pub(super) fn resource(json: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            body: vec![json.into()],
            laid: None,
            added: None,
        }
    }

    fn into_response(self) -> Response<Outgoing> {
        let mut response = Response::new(match self.laid {
            Some(laid) => Outgoing::Laid(Box::new(laid)),
            None => Outgoing::pieces(self.body),
        });
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        usual(headers);
        if let Some((first, last)) = self.added {
            headers.insert(DATE_ADDED_FIRST, timestamp(first));
            headers.insert(DATE_ADDED_LAST, timestamp(last));
        }
        response
    }
}

/// What all answers of this door carry.
pub(super) fn usual(headers: &mut HeaderMap) {
    headers.reserve(8);
    headers.insert(header::CONTENT_TYPE, TAXII);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
}

/// Whether the client takes TAXII 2.1.
///
/// # Errors
///
/// 406.
pub(super) fn accepts(headers: &HeaderMap) -> Result<(), No> {
    let mut values = headers.get_all(header::ACCEPT).iter();
    let Some(first) = values.next() else {
        return Ok(());
    };
    if first.as_bytes() == MEDIA_TYPE.as_bytes() {
        return Ok(());
    }
    let mut all = String::from_utf8_lossy(first.as_bytes()).into_owned();
    for value in values {
        all.push(',');
        all.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    media::accept(&all).map_err(|not| {
        No::new(
            StatusCode::NOT_ACCEPTABLE,
            "taxii.not_acceptable",
            not.to_string(),
        )
    })
}

fn timestamp(micros: i64) -> HeaderValue {
    HeaderValue::from_bytes(&Micros(micros).to_bytes()).unwrap_or(HeaderValue::from_static(""))
}
