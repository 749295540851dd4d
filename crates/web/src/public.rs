//! What everybody may read: the log and the register as plain files.

use crate::{
    house::{House, not_allowed},
    problem::No,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use portcullis_core::digest::Digest;
use sha2::{Digest as _, Sha256};

/// `GET /healthz`.
pub(crate) async fn health() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, "ok\n").into_response()
}

/// `GET` of any other path. A file that may change carries an `ETag`, and is
/// not sent again to whoever has it; one that never changes says so.
pub(crate) async fn file(
    State(house): State<House>,
    method: Method,
    uri: Uri,
    request: HeaderMap,
) -> Result<Response, No> {
    if method != Method::GET && method != Method::HEAD {
        return Err(not_allowed().with(header::ALLOW, HeaderValue::from_static("GET,HEAD")));
    }
    let path = uri.path().trim_start_matches('/').to_owned();
    let found = house.ask(move |doors| doors.public_file(&path)).await?;
    let file = found.ok_or_else(|| {
        No::new(
            StatusCode::NOT_FOUND,
            "path.unknown",
            "there is nothing at this path",
        )
    })?;

    let length = file.bytes.len();
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.media_type),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if file.immutable {
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        );
    } else {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let tag = format!("\"{}\"", Digest(Sha256::digest(&file.bytes).into()));
        if let Ok(value) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, value);
        }
        if held(&request, &tag) {
            headers.remove(header::CONTENT_LENGTH);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
    }
    if method == Method::GET {
        *response.body_mut() = Body::from(Bytes::from(file.bytes));
    }
    Ok(response)
}

/// RFC 9110 §13.1.2, `If-None-Match`, compared weakly.
fn held(request: &HeaderMap, tag: &str) -> bool {
    let named = |list: &str| {
        list.split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag)
    };
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|value| value.to_str().is_ok_and(named))
}
