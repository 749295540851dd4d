//! The witness's door: C2SP tlog-witness. Open to everybody: a checkpoint's signature says whose log it is.

use crate::{body, house::House, limits::WITNESS_BYTES_MAX, problem::No};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

/// `POST /witness/add-checkpoint`.
pub(crate) async fn add_checkpoint(
    State(house): State<House>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, No> {
    let request = body::read(&headers, body, WITNESS_BYTES_MAX, house.limits.read_timeout).await?;
    let answer = house
        .ask(move |doors| doors.witness_add_checkpoint(&request))
        .await?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.media_type),
    );
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
