//! Following a collection: what came after a position, at once when something comes.

use super::Caller;
use crate::{body, house::House, problem::No};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use portcullis_node::cell::feed::{ASK_BYTES_MAX, Ask, MEDIA_TYPE};
use std::time::Duration;

/// `POST /peer/v1/cell/changes`: an answer of [`portcullis_node::cell::feed`].
pub(super) async fn changes(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let body = body::read(&headers, body, ASK_BYTES_MAX, house.limits.read_timeout).await?;
    let ask = Ask::parse(&body)
        .map_err(|error| No::new(StatusCode::BAD_REQUEST, "feed.malformed", error.to_string()))?;
    let cell = house.ask(portcullis_node::door::Doors::cell).await?;
    let cell =
        cell.ok_or_else(|| No::new(StatusCode::NOT_FOUND, "cell.none", "this node has no cell"))?;
    // Whoever waits for news takes a place of its own kind, so that deliveries still come through.
    let _turn = house.followers.enter(caller.certificate).ok_or_else(|| {
        No::new(
            StatusCode::TOO_MANY_REQUESTS,
            "peer.too_many_requests",
            "too many follows under this certificate",
        )
        .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    })?;
    let member = caller.member.clone();
    drop(caller);
    if ask.replies.is_some() {
        let (from, asked) = (member.clone(), ask.clone());
        house
            .ask(move |doors| doors.hear_replies(&from, &asked))
            .await??;
    }
    let wait = Duration::from_millis(u64::from(ask.wait_ms));
    let until = tokio::time::Instant::now() + wait;
    loop {
        let known = cell.changed().generation();
        let last = until <= tokio::time::Instant::now();
        let (at, from, asked) = (cell.clone(), member.clone(), ask.clone());
        let answer = house.ask(move |_| at.feed(&from, &asked, last)).await??;
        if let Some(answer) = answer {
            let kind = HeaderValue::from_static(MEDIA_TYPE);
            return Ok(([(header::CONTENT_TYPE, kind)], answer).into_response());
        }
        // Whether something came or the time is up, the next look tells.
        let _ = tokio::time::timeout_at(until, cell.changed().changed(known)).await;
    }
}
