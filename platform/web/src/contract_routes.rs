//! Routes of contracts: each operation of a provided contract as `POST /internal/v1/<service>/<operation>`.
//!
//! The routes stand beside the [request layer](crate::service), not behind it: a call's cross-cutting concerns are those
//! of its contract's guard, so that they apply once, however the call arrives.

use crate::{ProblemResponse, idempotency, ingress::Ingress};
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use kernel::Ids;
use rpc::{CALL_BYTES_MAX, Endpoint};
use std::sync::Arc;
use tracing::{Instrument, Span};

/// The routes of these endpoints.
pub(crate) fn routes(endpoints: Vec<Endpoint>, ids: &Ids) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints {
        let path = endpoint.path();
        let (endpoint, ids) = (Arc::new(endpoint), ids.clone());
        router = router
            .route(&path, post(move |request| async move { call(&endpoint, &ids, request).await }));
    }
    router
}

async fn call(endpoint: &Endpoint, ids: &Ids, mut request: Request) -> Response {
    let (ingress, context) = Ingress::extract(&mut request, ids);
    let span = ingress.span(endpoint.service, &context).unwrap_or_else(Span::none);
    let call = async {
        let arguments = idempotency::read(request.into_body(), CALL_BYTES_MAX).await?;
        Ok::<_, ProblemResponse>(endpoint.call(arguments).await?)
    };
    context.scope(call).instrument(span).await.map_or_else(IntoResponse::into_response, json)
}

fn json(answer: Bytes) -> Response {
    let mut response = Response::new(Body::from(answer));
    *response.status_mut() = StatusCode::OK;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
