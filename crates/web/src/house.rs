//! The house behind the doors: every route, and what each handler is handed.

use crate::{
    limits::{FOLLOWS_PER_CERTIFICATE_MAX, Limits},
    page, path, peer,
    problem::No,
    public,
    turnstile::Turnstile,
    witness,
};
use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use portcullis_core::digest::Digest;
use portcullis_node::door::Doors;
use std::{convert::Infallible, sync::Arc};
use tower::ServiceExt as _;

/// What every handler works with.
#[derive(Clone)]
pub(crate) struct House {
    doors: Arc<dyn Doors>,
    pub(crate) limits: Limits,
    pub(crate) certificates: Turnstile<Digest>,
    /// Who waits for news of a collection.
    pub(crate) followers: Turnstile<Digest>,
}

/// The certificate that a connection showed, if any; set on each of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown(pub(crate) Option<Digest>);

impl House {
    pub(crate) fn new(doors: Arc<dyn Doors>, limits: Limits) -> Self {
        Self {
            doors,
            limits,
            certificates: Turnstile::new(limits.requests_per_certificate_max),
            followers: Turnstile::new(FOLLOWS_PER_CERTIFICATE_MAX),
        }
    }

    /// Calls the doors where blocking is allowed. `call` keeps what it owns until it ends,
    /// even if nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// 500 `node.broken` if the call panicked.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Doors) -> T + Send + 'static,
    ) -> Result<T, No> {
        let doors = self.doors.clone();
        tokio::task::spawn_blocking(move || call(&*doors))
            .await
            .map_err(|_| {
                No::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "node.broken",
                    "the node could not finish this call",
                )
            })
    }

    /// Every route.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .nest("/peer", peer::router(&self))
            .route("/witness/add-checkpoint", post(witness::add_checkpoint))
            .route("/healthz", get(public::health))
            .merge(page::router())
            .fallback(public::file)
            .method_not_allowed_fallback(async || not_allowed())
            .with_state(self)
    }
}

/// 405 `path.method`; the router adds which methods are.
pub(crate) fn not_allowed() -> No {
    No::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "path.method",
        "this method is not for this path",
    )
}

/// Answers one request: its path in normal form, its answer with the headers that all answers have.
pub(crate) async fn answer(router: Router, request: Request<Body>) -> Result<Response, Infallible> {
    let mut response = if path::is_normal(request.uri().path()) {
        router.oneshot(request).await?
    } else {
        No::new(
            StatusCode::BAD_REQUEST,
            "path.malformed",
            "a path has plain segments, none empty, `.` or `..`",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Of what is no page: browsers are told to run nothing, guess nothing, tell nobody.
const ALWAYS: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];
