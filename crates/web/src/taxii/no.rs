//! A no in TAXII's own words (TAXII 2.1 §3.6.1).

use super::{answer::usual, outgoing::Outgoing};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use portcullis_core::cell::{Caller, CollectionId, Refusal};
use portcullis_node::cell::{Cell, CellError};
use portcullis_stix::taxii::{ErrorMessage, FilterFlaw};
use std::sync::atomic::{AtomicU64, Ordering};

const BASIC: HeaderValue =
    HeaderValue::from_static("Basic realm=\"portcullis\", charset=\"UTF-8\"");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"portcullis\"");
const SOON: HeaderValue = HeaderValue::from_static("1");

/// Names each error that was answered, from the start of the process.
static ERRORS: AtomicU64 = AtomicU64::new(1);

/// An error message with the headers that its status asks for.
#[derive(Debug)]
pub(super) struct No {
    status: StatusCode,
    message: Box<ErrorMessage>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl No {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self {
            status,
            message: Box::new(ErrorMessage::new(
                status.as_u16(),
                code,
                title,
                description.into(),
            )),
            headers: Vec::new(),
        }
    }

    /// 401 with a challenge for each scheme.
    pub(super) fn unauthorized(code: &'static str, description: impl Into<String>) -> Self {
        let mut no = Self::new(StatusCode::UNAUTHORIZED, code, description);
        no.headers.push((header::WWW_AUTHENTICATE, BASIC));
        no.headers.push((header::WWW_AUTHENTICATE, BEARER));
        no
    }

    /// 404: there is nothing, or nothing that this caller may know of.
    pub(super) fn unknown(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "taxii.unknown",
            format!("there is no such {what}, or it is not for you"),
        )
    }

    /// 405.
    pub(super) fn method(allowed: &'static str) -> Self {
        let mut no = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "path.method",
            format!("this endpoint knows {allowed}"),
        );
        no.headers
            .push((header::ALLOW, HeaderValue::from_static(allowed)));
        no
    }

    /// 429 or 503, to be tried again.
    pub(super) fn later(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        let mut no = Self::new(status, code, description);
        no.headers.push((header::RETRY_AFTER, SOON));
        no
    }

    /// 404: this node has no cell.
    pub(super) fn no_cell() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "taxii.no_cell",
            "this node shares no intelligence",
        )
    }

    /// 500.
    pub(super) fn broken() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "node.broken",
            "the node could not finish this request; try again",
        )
    }

    pub(super) fn into_response(mut self) -> Response<Outgoing> {
        let id = ERRORS.fetch_add(1, Ordering::Relaxed);
        if self.status.is_server_error() {
            let (code, description) = (&self.message.error_code, &self.message.description);
            tracing::error!(id, %code, %description, "the TAXII door could not answer");
        }
        self.message.error_id = id.to_string();
        let mut response = Response::new(Outgoing::pieces(vec![self.message.to_json().into()]));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        usual(headers);
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

impl No {
    /// Why a collection was not read. Whoever may add to it knows that it is there, and hears 403;
    /// others hear what they would hear if it were not.
    pub(super) fn of_reading(
        cell: &Cell,
        caller: &Caller,
        id: &CollectionId,
        error: CellError,
    ) -> Self {
        match error {
            CellError::Refused(Refusal::MayNotRead { .. }) => {
                match cell.collection(caller, &id.to_string()) {
                    Ok(view) if view.can_write => Self::new(
                        StatusCode::FORBIDDEN,
                        "cell.may_not_read",
                        "you may add to this collection, not read it",
                    ),
                    Ok(_) | Err(_) => Self::unknown("collection"),
                }
            }
            other => other.into(),
        }
    }
}

impl From<CellError> for No {
    fn from(error: CellError) -> Self {
        match error {
            CellError::Refused(refusal) => refusal.into(),
            CellError::NotFound => Self::unknown("object"),
            CellError::Next => Self::new(StatusCode::BAD_REQUEST, "taxii.next", error.to_string()),
            CellError::NotReady => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "cell.not_ready",
                "this node has just started and is reading what it holds; try again",
            ),
            CellError::Envelope(flaw) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "taxii.envelope",
                flaw.to_string(),
            ),
            CellError::TooMany(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                error.code(),
                error.to_string(),
            ),
            other => {
                tracing::error!(error = %other, "the cell could not answer");
                Self::broken()
            }
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::UnknownCollection { .. }
            | Refusal::MayNotRead { .. }
            | Refusal::OtherRealm => {
                return Self::unknown("collection");
            }
            Refusal::AccountEnded { .. } => {
                return Self::unauthorized(refusal.code(), refusal.to_string());
            }
            Refusal::TooMany { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::FORBIDDEN,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<FilterFlaw> for No {
    fn from(flaw: FilterFlaw) -> Self {
        let mut no = Self::new(StatusCode::BAD_REQUEST, "taxii.filter", flaw.to_string());
        if let Some(parameter) = flaw.parameter() {
            no.message.details.insert("parameter", parameter.to_owned());
        }
        no
    }
}
