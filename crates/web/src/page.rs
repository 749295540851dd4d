//! The public page: what the record says, for people.
//!
//! Rendered from [`portcullis_node::public::Record`] and the files beside it,
//! readable and complete without scripts. Whoever has scripts can check a
//! report or an opened docket in the page itself, by the second
//! implementation in `check/`, which the build bundles into the program.

mod asset;
mod figures;
mod front;
mod opened;
mod report;
mod subject;
mod time;

pub use report::report_html;

use crate::{house::House, problem::No, public};
use askama::Template;
use asset::{Asset, Bundle, STYLE};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use portcullis_node::{door::Doors, public::Record};

/// Every page and what belongs to them.
pub(crate) fn router() -> Router<House> {
    Router::new()
        .route("/", get(front))
        .route("/record/about", get(about))
        .route("/record/reports/{series}/{number}", get(report_page))
        .route("/record/opened/{file}", get(opened_page))
        .route("/record/assets/{file}", get(asset))
        .route("/record/{*rest}", get(missing_page))
}

/// What every page shows around its content.
pub(crate) struct Frame {
    here: &'static str,
    member: String,
    realm: String,
    now: String,
    now_text: String,
    style: &'static Asset,
}

impl Frame {
    fn of(record: &Record, here: &'static str) -> Self {
        Self {
            here,
            member: record.member.to_string(),
            realm: record.realm.to_string(),
            now: record.now.to_string(),
            now_text: time::shown(record.now),
            style: &STYLE,
        }
    }
}

/// What the section for the check is made from.
pub(crate) struct Check {
    what: &'static str,
    subject: &'static str,
    kind: &'static str,
    /// The file under check, without leading slash.
    file: String,
    /// Where the log's files lie, without leading slash.
    log: String,
    proofs: bool,
    command: String,
    bundle: Option<&'static Bundle>,
}

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    frame: Frame,
    bundle: Option<&'static Bundle>,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    frame: Frame,
    why: &'static str,
}

/// A page, or what stands in its place.
enum Page {
    /// It is there.
    Found(String),
    /// There is none at this address, and a page says so.
    Missing(String),
    /// This house has no pages.
    None,
    /// It could not be written.
    Broken(askama::Error),
}

impl Page {
    fn found(template: &impl Template) -> Self {
        template.render().map_or_else(Self::Broken, Self::Found)
    }

    fn missing(record: &Record, why: &'static str) -> Self {
        let frame = Frame::of(record, "");
        let rendered = Missing { frame, why }.render();
        rendered.map_or_else(Self::Broken, Self::Missing)
    }
}

async fn front(state: State<House>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let page = show(&state.0, |doors, record| {
        Page::found(&front::Front::of(record, doors))
    });
    match page.await {
        // A house without a page keeps the file that may lie here.
        Ok(Page::None) => public::file(state, method, uri, headers)
            .await
            .into_response(),
        other => answer(other),
    }
}

async fn about(State(house): State<House>) -> Response {
    let page = show(&house, |_, record| {
        Page::found(&About {
            frame: Frame::of(record, "about"),
            bundle: asset::bundle(),
        })
    });
    answer(page.await)
}

async fn report_page(
    State(house): State<House>,
    Path((series, number)): Path<(String, String)>,
) -> Response {
    let page = show(&house, move |doors, record| {
        report::page(doors, record, &series, &number)
            .unwrap_or_else(|| Page::missing(record, "No such report has been published here."))
    });
    answer(page.await)
}

async fn opened_page(State(house): State<House>, Path(file): Path<String>) -> Response {
    let page = show(&house, move |doors, record| {
        opened::page(doors, record, &file)
            .unwrap_or_else(|| Page::missing(record, "No such docket has been opened here."))
    });
    answer(page.await)
}

async fn missing_page(State(house): State<House>) -> Response {
    let page = show(&house, |_, record| {
        Page::missing(record, "This address is none of the record’s.")
    });
    answer(page.await)
}

async fn asset(Path(file): Path<String>) -> Response {
    let Some(asset) = asset::find(&file) else {
        return nothing().into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        // A worker of the page has the rights of the page, and no more.
        (
            HeaderName::from_static("cross-origin-embedder-policy"),
            "require-corp",
        ),
        (header::CONTENT_SECURITY_POLICY, WORKER_POLICY),
    ];
    (headers, asset.bytes).into_response()
}

async fn show(
    house: &House,
    page: impl FnOnce(&dyn Doors, &Record) -> Page + Send + 'static,
) -> Result<Page, No> {
    house
        .ask(move |doors| {
            doors
                .record()
                .map_or(Page::None, |record| page(doors, &record))
        })
        .await
}

fn nothing() -> No {
    No::new(
        StatusCode::NOT_FOUND,
        "path.unknown",
        "there is nothing at this path",
    )
}

fn answer(page: Result<Page, No>) -> Response {
    let (status, text) = match page {
        Ok(Page::Found(text)) => (StatusCode::OK, text),
        Ok(Page::Missing(text)) => (StatusCode::NOT_FOUND, text),
        Ok(Page::None) => return nothing().into_response(),
        Ok(Page::Broken(error)) => {
            tracing::error!(%error, "a page could not be written");
            return No::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "node.broken",
                "the node could not write this page",
            )
            .into_response();
        }
        Err(no) => return no.into_response(),
    };
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

/// What a browser may do with a page: show it, style it, run the one script, fetch from here.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// What the script may do where it runs as a worker: compute.
const WORKER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 9] = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-language", "en"),
    ("cache-control", "no-cache"),
    ("content-security-policy", PAGE_POLICY),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), \
         payment=(), usb=()",
    ),
];
