//! Routes of contracts: each operation of a provided contract as `POST /internal/v1/<service>/<operation>`.
//!
//! The routes stand beside the [request layer](crate::service), not behind it: a call's cross-cutting concerns are those
//! of its contract's guard, so that they apply once, however the call arrives.

use crate::{ProblemResponse, body, ingress::Ingress};
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use kernel::Ids;
use rpc::{CALL_BYTES_MAX, Endpoint};
use std::{collections::HashMap, sync::Arc};
use tracing::{Instrument, Span};
use transport::{Context, RequestHandler};

/// Prefix of the paths of calls, so that no other path is looked up.
const INTERNAL_PREFIX: &str = "/internal/";

/// These endpoints, and `others` for every other request.
pub(crate) fn before(
    others: RequestHandler,
    endpoints: Vec<Endpoint>,
    ids: &Ids,
) -> RequestHandler {
    let by_path = |endpoint: Endpoint| (endpoint.path(), Arc::new(endpoint));
    let endpoints: HashMap<String, Arc<Endpoint>> = endpoints.into_iter().map(by_path).collect();
    let ids = ids.clone();
    RequestHandler::new(move |request, context| {
        let path = request.uri().path();
        let is_call = path.starts_with(INTERNAL_PREFIX) && *request.method() == Method::POST;
        match endpoints.get(path).filter(|_| is_call) {
            Some(endpoint) => Box::pin(call(Arc::clone(endpoint), ids.clone(), request, context)),
            None => others.handle(request, context),
        }
    })
}

async fn call(
    endpoint: Arc<Endpoint>,
    ids: Ids,
    request: Request,
    context: Option<Context>,
) -> Response {
    let (ingress, context) = Ingress::of(context, &request, &ids);
    let span = ingress.span(endpoint.service, &context).unwrap_or_else(Span::none);
    let call = async {
        let arguments = body::read(request.into_body(), CALL_BYTES_MAX).await?;
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
