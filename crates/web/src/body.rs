//! A request's body: no more bytes than are wanted, no longer than is patient.

use crate::problem::No;
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use std::time::Duration;

/// Reads `body` whole.
///
/// A declared length that is too large is answered before a byte is read (and
/// before `100 Continue` is sent); an undeclared one as soon as it shows.
///
/// # Errors
///
/// 413 `peer.too_large`, 408 `peer.too_slow`, 400 `peer.broken_body`.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Bytes, No> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| u64::try_from(bytes_max).is_ok_and(|max| max < length)) {
        return Err(too_large(bytes_max));
    }
    tokio::time::timeout(timeout, gather(body, bytes_max))
        .await
        .unwrap_or_else(|_| {
            let detail = format!(
                "the request did not arrive within {} seconds",
                timeout.as_secs()
            );
            Err(No::new(
                StatusCode::REQUEST_TIMEOUT,
                "peer.too_slow",
                detail,
            ))
        })
}

async fn gather(body: Body, bytes_max: usize) -> Result<Bytes, No> {
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(piece) = stream.next().await {
        let broken = |_| {
            No::new(
                StatusCode::BAD_REQUEST,
                "peer.broken_body",
                "the request broke off",
            )
        };
        let piece = piece.map_err(broken)?;
        if bytes_max - bytes.len() < piece.len() {
            return Err(too_large(bytes_max));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

fn too_large(bytes_max: usize) -> No {
    let detail = format!("at most {bytes_max} bytes are taken here");
    No::new(StatusCode::PAYLOAD_TOO_LARGE, "peer.too_large", detail)
}
