//! The outermost layer: whatever failed becomes a page in the shopper's language.

use super::{Trouble, Visit};
use crate::{pages, shop::Shop};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::header;
use std::sync::Arc;
use transport::{Context, headers};

/// Turns trouble into a page; everything else passes.
pub(crate) async fn dress(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let visit = Visit::of(&shop, request.headers(), request.uri());
    let told = request.extensions().get::<Context>().and_then(|context| context.request_id.clone());
    let response = next.run(request).await;
    let Some(trouble) = Trouble::behind(&response) else { return response };
    let named = response.headers().get(headers::REQUEST_ID).and_then(|it| it.to_str().ok());
    let request_id = named.map(ToOwned::to_owned).or_else(|| told.map(|id| id.to_string()));
    let mut page = pages::trouble::page(&shop, &visit, trouble, request_id.as_deref());
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
