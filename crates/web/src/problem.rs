//! A no on the wire: `application/problem+json`, RFC 9457.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use portcullis_node::door::Problem;

/// A problem as an answer, with the headers that its status asks for.
#[derive(Debug)]
pub(crate) struct No {
    problem: Problem,
    header: Option<(HeaderName, HeaderValue)>,
}

impl No {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Problem {
            status: status.as_u16(),
            code,
            detail: detail.into(),
        }
        .into()
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Problem> for No {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            header: None,
        }
    }
}

impl IntoResponse for No {
    // SPEC: RFC 9457 §4.2.1 gives `about:blank` to problems that are named elsewhere; ours are, in `code`.
    fn into_response(self) -> Response {
        let status = self.status();
        let Problem { code, detail, .. } = self.problem;
        if status.is_server_error() {
            tracing::error!(code, detail, "a door could not answer");
        }
        // In the order of the alphabet: the same bytes, however a build keeps its maps.
        let document = serde_json::json!({
            "code": code,
            "detail": detail,
            "status": status.as_u16(),
            "title": status.canonical_reason().unwrap_or("Problem"),
            "type": "about:blank",
        });
        let mut response = Response::new(Body::from(document.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.header);
        response
    }
}
