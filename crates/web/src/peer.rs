//! The members' door: nothing passes without a certificate that the register knows.

mod cell;
mod package;
mod upload;

pub(crate) use upload::UPLOAD_OFFSET;

use crate::{
    body,
    house::{House, Shown},
    problem::No,
    turnstile::Turn,
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use portcullis_core::{digest::Digest, id::PackageId, member::MemberId};
use portcullis_node::door::DELIVERY_BYTES_MAX;
use std::sync::Arc;

/// The member whose request this is. A clone goes along with each blocking call,
/// so that the place under its certificate is free again only when the work is done.
#[derive(Clone, Debug)]
struct Caller {
    member: MemberId,
    certificate: Digest,
    _turn: Arc<Turn<Digest>>,
}

/// Everything under `/peer`.
pub(crate) fn router(house: &House) -> Router<House> {
    Router::new()
        .route("/v1/deliveries", post(deliver))
        .route(
            "/v1/packages/{package}",
            get(package::collect).head(package::size),
        )
        .route(
            "/v1/uploads/{package}",
            axum::routing::head(upload::offset).patch(upload::push),
        )
        .route("/v1/cell/changes", post(cell::changes))
        .fallback(async || {
            No::new(
                StatusCode::NOT_FOUND,
                "path.unknown",
                "there is nothing at this path",
            )
        })
        .method_not_allowed_fallback(async || crate::house::not_allowed())
        .layer(from_fn_with_state(house.clone(), admit))
}

/// Lets members in, one place of their certificate each.
async fn admit(
    State(house): State<House>,
    Extension(Shown(certificate)): Extension<Shown>,
    mut request: Request,
    next: Next,
) -> Result<Response, No> {
    let certificate = certificate.ok_or_else(|| {
        No::new(
            StatusCode::UNAUTHORIZED,
            "peer.no_certificate",
            "this door asks for a member's certificate",
        )
    })?;
    let turn = house.certificates.enter(certificate).ok_or_else(|| {
        No::new(
            StatusCode::TOO_MANY_REQUESTS,
            "peer.too_many_requests",
            "too many requests under this certificate",
        )
        .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    })?;
    let member = house
        .ask(move |doors| doors.member_of_certificate(&certificate))
        .await?
        .ok_or_else(|| {
            let detail = format!("no member has the certificate {certificate}");
            No::new(StatusCode::FORBIDDEN, "peer.unknown_certificate", detail)
        })?;
    request.extensions_mut().insert(Caller {
        member,
        certificate,
        _turn: Arc::new(turn),
    });
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /peer/v1/deliveries`.
async fn deliver(
    State(house): State<House>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let delivery = body::read(
        &headers,
        body,
        DELIVERY_BYTES_MAX,
        house.limits.read_timeout,
    )
    .await?;
    let answer = house
        .ask(move |doors| doors.receive(&caller.member, &delivery))
        .await??;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

/// A package by the last segment of its path.
fn package_of(segment: &str) -> Result<PackageId, No> {
    segment.parse().map_err(|_| {
        No::new(
            StatusCode::NOT_FOUND,
            "package.unknown",
            "there is no such package",
        )
    })
}
