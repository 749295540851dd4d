//! Collecting a package: whole or by a range, in constant memory.

use super::{Caller, package_of};
use crate::{
    house::House,
    problem::No,
    range::{self, Part},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures::{Stream, stream};
use portcullis_core::id::PackageId;
use std::io;

/// How much of a package is in memory at once, for each who collects.
const STEP_BYTES: usize = 1024 * 1024;

/// `HEAD /peer/v1/packages/{package}`.
pub(super) async fn size(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    Path(segment): Path<String>,
) -> Result<Response, No> {
    let package = package_of(&segment)?;
    let size_bytes = house
        .ask(move |doors| doors.package_size(&caller.member, package))
        .await??;
    Ok(describe(package, size_bytes))
}

/// `GET /peer/v1/packages/{package}`, RFC 9110 §14.
pub(super) async fn collect(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    Path(segment): Path<String>,
    headers: HeaderMap,
) -> Result<Response, No> {
    let package = package_of(&segment)?;
    let asking = caller.clone();
    let size_bytes = house
        .ask(move |doors| doors.package_size(&asking.member, package))
        .await??;
    let mut response = describe(package, size_bytes);
    let (first, end) = match wanted(&headers, package, size_bytes) {
        Part::Whole => (0, size_bytes),
        Part::Span { first, last } => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = header_value(&format!("bytes {first}-{last}/{size_bytes}"));
            response.headers_mut().insert(header::CONTENT_RANGE, range);
            (first, last + 1)
        }
        Part::Unsatisfiable => {
            let detail = format!("the package has {size_bytes} bytes");
            return Err(
                No::new(StatusCode::RANGE_NOT_SATISFIABLE, "package.range", detail).with(
                    header::CONTENT_RANGE,
                    header_value(&format!("bytes */{size_bytes}")),
                ),
            );
        }
    };
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(end - first));
    *response.body_mut() = Body::from_stream(parts(house, caller, package, first, end));
    Ok(response)
}

/// A package never changes, so its name is a strong `ETag`, and an `If-Range`
/// with another one asks for the whole (RFC 9110 §13.1.5).
fn wanted(headers: &HeaderMap, package: PackageId, size_bytes: u64) -> Part {
    let same = headers
        .get(header::IF_RANGE)
        .is_none_or(|tag| *tag == tag_of(package));
    match headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
    {
        Some(range) if same => range::parse(range, size_bytes),
        _ => Part::Whole,
    }
}

fn describe(package: PackageId, size_bytes: u64) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(size_bytes)),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, tag_of(package)),
    ];
    (headers, Body::empty()).into_response()
}

fn tag_of(package: PackageId) -> HeaderValue {
    header_value(&format!("\"{package}\""))
}

/// Our own digits and letters always make a header.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// The bytes from `first` to before `end`, read as they are taken. A failure
/// under way breaks the connection: the receiver sees too few bytes, and resumes.
fn parts(
    house: House,
    caller: Caller,
    package: PackageId,
    first: u64,
    end: u64,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::try_unfold(first, move |at| {
        let (house, caller) = (house.clone(), caller.clone());
        async move {
            let left = usize::try_from(end - at).unwrap_or(usize::MAX);
            if left == 0 {
                return Ok(None);
            }
            let len = left.min(STEP_BYTES);
            let asked = house
                .ask(move |doors| doors.package_part(&caller.member, package, at, len))
                .await;
            let bytes = match asked {
                Ok(Ok(bytes)) if !bytes.is_empty() && bytes.len() <= len => bytes,
                Ok(Err(problem)) => return Err(io::Error::other(problem.detail)),
                Ok(Ok(_)) | Err(_) => {
                    return Err(io::Error::other("the package could not be read on"));
                }
            };
            let next = at + u64::try_from(bytes.len()).map_err(io::Error::other)?;
            Ok(Some((Bytes::from(bytes), next)))
        }
    })
}
