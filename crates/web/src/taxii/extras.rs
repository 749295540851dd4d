//! What a cell says beyond TAXII: `/cell/v1/…`, for whoever the TAXII door recognises.
//!
//! | path | methods |
//! |---|---|
//! | `/cell/v1/provenance/{collection}/{object}` | GET |
//! | `/cell/v1/who/{object}` | GET, by its publisher and operators |
//! | `/cell/v1/recalls` | GET, POST |
//! | `/cell/v1/recalls/{id}/confirm` | POST |
//! | `/cell/v1/questions` | GET, POST |
//! | `/cell/v1/questions/{id}/acknowledge`, `answer`, `decline`, `close` | POST |
//! | `/cell/v1/replies/{object}` | GET |
//! | `/cell/v1/notices` | GET, `since` in microseconds |
//! | `/cell/v1/pseudonyms` | POST |
//! | `/cell/v1/lookup` | GET, `value` |
//! | `/cell/v1/watch` | GET, `generation`: a number that changes with what the caller may see |
//!
//! All of it may touch the disk, so all of it runs on a blocking thread; a watch waits without one.

mod say;
mod view;

use super::{answer::Answering, no::No, outgoing::Outgoing, who, who::Knock, who::Recognised};
use crate::{taxii::Door, turnstile::Turn};
use axum::{
    body::Body,
    http::{HeaderValue, Method, Response, StatusCode, header},
};
use bytes::Bytes;
use hyper::{Request, body::Incoming};
use portcullis_core::{cell::Caller, member::MemberId};
use portcullis_node::cell::{Cell, CellError, Looked};
use portcullis_stix::taxii::filter::percent_decoded;
use serde_json::{Value, json};
use std::{borrow::Cow, str::FromStr, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The most bytes of a body: a question in many words, and its objects.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long a watch waits for a change.
const WATCH: Duration = Duration::from_secs(25);
/// The most bytes of a value to look up: a long URL.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Whether a path is one of these.
pub(crate) fn is_extra(path: &str) -> bool {
    path.starts_with("/cell/v1/")
}

impl Door {
    /// Answers one request.
    pub(super) fn extra(
        self: &Arc<Self>,
        cell: Arc<Cell>,
        request: Request<Incoming>,
        knock: &Arc<Knock>,
    ) -> Answering {
        let (door, knock) = (Arc::clone(self), Arc::clone(knock));
        Answering::Later(Box::pin(async move {
            match door.said(cell, request, knock).await {
                Ok(value) => json_response(&value),
                Err(no) => no.into_response(),
            }
        }))
    }

    async fn said(
        &self,
        cell: Arc<Cell>,
        request: Request<Incoming>,
        knock: Arc<Knock>,
    ) -> Result<Value, No> {
        let caller = match who::recognise(&cell, request.headers(), &knock) {
            Recognised::As(caller) => caller,
            Recognised::Nobody(no) => return Err(no),
            Recognised::AskAside => {
                who::recognise_aside(&self.doors, &cell, request.headers(), knock).await?
            }
        };
        if !cell.ready() {
            // Half of a list would be taken for the whole.
            return Err(CellError::NotReady.into());
        }
        let (head, body) = request.into_parts();
        let path = head
            .uri
            .path()
            .strip_prefix("/cell/v1/")
            .unwrap_or_default();
        let parts: Vec<String> = path.trim_end_matches('/').split('/').map(decoded).collect();
        let query = Query::parse(head.uri.query().unwrap_or_default());
        if head.method == Method::GET {
            if parts == ["watch"] {
                return watch(cell, caller, &query).await;
            }
            return aside(None, move || view::view(&cell, &caller, &parts, &query)).await;
        }
        if head.method != Method::POST {
            return Err(No::method("GET and POST"));
        }
        let turn = self.turn(&caller)?;
        let body = body_of(body, self.limits.read_timeout).await?;
        aside(Some(turn), move || say::say(&cell, &caller, &parts, &body)).await
    }
}

/// Runs on a blocking thread; the turn is over when that is.
async fn aside(
    turn: Option<Turn<MemberId>>,
    f: impl FnOnce() -> Result<Value, No> + Send + 'static,
) -> Result<Value, No> {
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        f()
    });
    done.await.map_err(|_| No::broken())?
}

/// The number of the caller's news when it is another than the known one, or the known one after
/// a while. What the caller may not see wakes this, and is not answered.
async fn watch(cell: Arc<Cell>, caller: Caller, query: &Query) -> Result<Value, No> {
    let known: Option<u64> = query.number("generation", "the number of an earlier answer")?;
    let answer = |generation: u64| Ok(json!({ "generation": generation }));
    let waiting = async {
        let mut looked = Looked::default();
        loop {
            let before = cell.changed().generation();
            let (at, by) = (Arc::clone(&cell), caller.clone());
            let mut so_far = std::mem::take(&mut looked);
            let news = tokio::task::spawn_blocking(move || (at.news(&by, &mut so_far), so_far));
            let (generation, upto) = news.await.map_err(|_| No::broken())?;
            if known != Some(generation) {
                return answer(generation);
            }
            looked = upto;
            cell.changed().changed(before).await;
        }
    };
    match timeout(WATCH, waiting).await {
        Ok(answered) => answered,
        Err(_) => answer(known.unwrap_or_default()),
    }
}

async fn body_of(body: Incoming, patience: Duration) -> Result<Value, No> {
    let taken = timeout(
        patience,
        axum::body::to_bytes(Body::new(body), BODY_BYTES_MAX),
    )
    .await;
    let bytes = taken
        .map_err(|_| {
            let status = StatusCode::REQUEST_TIMEOUT;
            No::new(status, "taxii.too_slow", "the request stopped arriving")
        })?
        .map_err(|_| {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            No::new(
                status,
                "cell.body_too_large",
                "a body here has at most 256 KiB",
            )
        })?;
    if bytes.is_empty() {
        return Ok(json!({}));
    }
    let body: Value = serde_json::from_slice(&bytes).map_err(|error| unread(&error.to_string()))?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(unread("a body is a JSON object"))
    }
}

/// 400: what was sent cannot be read.
fn unread(why: &str) -> No {
    No::new(
        StatusCode::BAD_REQUEST,
        "cell.unread",
        format!("what was sent cannot be read: {why}"),
    )
}

fn json_response(value: &Value) -> Response<Outgoing> {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Outgoing::pieces(vec![Bytes::from(bytes)]));
    let headers = response.headers_mut();
    super::answer::usual(headers);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// A part of a path or a query, percent-decoded; what is not UTF-8 then names nothing.
fn decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
        .map(Cow::into_owned)
        .unwrap_or_default()
}

/// A query's parameters, by their names.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    /// A parameter's text, if it is there.
    ///
    /// # Errors
    ///
    /// 400 where it is there more than once: nobody knows which is meant.
    fn text(&self, name: &str) -> Result<Option<&str>, No> {
        let mut found = self.0.iter().filter(|(held, _)| held == name);
        let first = found.next().map(|(_, value)| value.as_str());
        match found.next() {
            Some(_) => Err(unread(&format!("`{name}` is there more than once"))),
            None => Ok(first),
        }
    }

    /// A parameter that is a whole number, if it is there; `what` says for people what it stands for.
    ///
    /// # Errors
    ///
    /// 400 where it is anything else: taken for absent, it would be answered with something else.
    fn number<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, No> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let number = text.parse().map(Some);
        number.map_err(|_| unread(&format!("`{name}` is a whole number: {what}")))
    }
}

/// The caller's own name in answers.
fn name(caller: &Caller) -> &str {
    caller.member.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_and_never_break() {
        assert_eq!(decoded("a%20b+c%2F"), "a b c/");
        assert_eq!(decoded("%"), "");
        assert_eq!(decoded("%zz"), "");
        assert_eq!(decoded("%ff"), "");
        let query = Query::parse("value=http%3A%2F%2Fbad.example%2F&generation=7&x");
        assert_eq!(query.text("value").unwrap(), Some("http://bad.example/"));
        assert_eq!(query.number("generation", "").unwrap(), Some(7));
        assert_eq!(query.text("x").unwrap(), Some(""));
        assert_eq!(query.text("y").unwrap(), None);
        assert_eq!(query.number::<u64>("y", "").unwrap(), None);
        assert!(query.number::<u64>("x", "").is_err());
        assert!(Query::parse("x=1&x=1").text("x").is_err());
    }
}
