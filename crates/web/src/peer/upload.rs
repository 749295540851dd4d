//! Pushing a package: how far it has come, and the next bytes of it.

use super::{Caller, package_of};
use crate::{body, house::House, problem::No, range};
use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use portcullis_node::peers::PART_BYTES;

/// Where an upload stands, in bytes: in answers, and in a PATCH what the client believes.
pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// `HEAD /peer/v1/uploads/{package}`: 204 with `Upload-Offset`.
pub(super) async fn offset(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    Path(segment): Path<String>,
) -> Result<Response, No> {
    let package = package_of(&segment)?;
    let offset = house
        .ask(move |doors| doors.upload_offset(&caller.member, package))
        .await??;
    Ok(stands_at(offset))
}

/// `PATCH /peer/v1/uploads/{package}`: 204 with the new `Upload-Offset`; 409 with the true one when
/// the client's is another.
pub(super) async fn push(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let package = package_of(&segment)?;
    let offset = offset_of(&headers)?;
    let bytes = body::read(&headers, body, PART_BYTES, house.limits.read_timeout).await?;
    let pushing = caller.clone();
    let pushed = house
        .ask(move |doors| doors.upload_part(&pushing.member, package, offset, &bytes))
        .await?;
    match pushed {
        Ok(offset) => Ok(stands_at(offset)),
        Err(problem) if problem.status == StatusCode::CONFLICT.as_u16() => {
            let stands = house
                .ask(move |doors| doors.upload_offset(&caller.member, package))
                .await??;
            Err(No::from(problem).with(UPLOAD_OFFSET, HeaderValue::from(stands)))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn offset_of(headers: &HeaderMap) -> Result<u64, No> {
    headers
        .get(UPLOAD_OFFSET)
        .and_then(|value| range::number(value.to_str().ok()?))
        .ok_or_else(|| {
            No::new(
                StatusCode::BAD_REQUEST,
                "upload.no_offset",
                "`Upload-Offset` says where these bytes belong",
            )
        })
}

fn stands_at(offset: u64) -> Response {
    (
        StatusCode::NO_CONTENT,
        [(UPLOAD_OFFSET, HeaderValue::from(offset))],
    )
        .into_response()
}
