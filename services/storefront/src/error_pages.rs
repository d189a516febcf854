//! Error page middleware: the outermost layer, which renders every failed response as a page in the shopper's language.

use crate::{app_state::AppState, page_error::PageError, pages, request_context::RequestContext};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::header;
use std::sync::Arc;
use transport::{Context, headers};

/// Middleware that replaces failed responses by error pages and passes on all others.
pub(crate) async fn render_error_pages(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let context = RequestContext::new(&state, request.headers(), request.uri());
    let incoming = request.extensions().get::<Context>().and_then(|it| it.request_id.clone());
    let response = next.run(request).await;
    let Some(error) = PageError::from_response(&response) else { return response };
    let outgoing = response.headers().get(headers::REQUEST_ID).and_then(|it| it.to_str().ok());
    let request_id = outgoing.map(ToOwned::to_owned).or_else(|| incoming.map(|id| id.to_string()));
    let mut page = pages::error::page(&state, &context, error, request_id.as_deref());
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(id) = response.headers().get(headers::REQUEST_ID) {
        page.headers_mut().insert(headers::REQUEST_ID, id.clone());
    }
    page
}
