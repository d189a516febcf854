//! Static files: style sheets, scripts, product drawings and `robots.txt`.

use crate::{
    app_state::AppState,
    assets::{Asset, DEMONSTRATION_LOGO},
    page_error::{PageError, PageResult},
    page_response::{CachePolicy, PageResponse},
    pictures::{self, PictureView},
    request_context::RequestContext,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use std::sync::Arc;

/// `GET /assets/{file}` and `/theme.{hash}.css`
pub(crate) async fn asset(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let asset = state.assets.at(context.uri.path()).ok_or(PageError::NotFound)?;
    Ok(asset_response(asset, &context))
}

/// `GET /favicon.ico`, the default address of the icon.
pub(crate) async fn favicon(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    Ok(asset_response(state.assets.favicon().ok_or(PageError::NotFound)?, &context))
}

/// Response with a precompressed asset. Its address contains its hash, so caches may keep it for ever.
fn asset_response(asset: &Asset, context: &RequestContext) -> Response {
    let encoding = context.encoding();
    let mut response = Body::from(asset.body(encoding)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, CachePolicy::Immutable.header());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(name) = encoding.header_value() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// `GET /pictures/{kind}/{colour}/{view}.svg`
pub(crate) async fn picture(
    State(state): State<Arc<AppState>>,
    Path((kind, colour, file)): Path<(String, String, String)>,
    context: RequestContext,
) -> PageResult {
    let view = file.strip_suffix(".svg").and_then(PictureView::named).ok_or(PageError::NotFound)?;
    let drawing = pictures::draw(&kind, &colour, view).ok_or(PageError::NotFound)?;
    Ok(PageResponse::public(&state, &context)
        .content_type("image/svg+xml")
        .cache_policy(CachePolicy::Immutable)
        .bytes(drawing.into()))
}

/// `GET /pictures/{file}`: the logo of the demonstration, whose settings name it.
pub(crate) async fn demonstration_logo(
    State(state): State<Arc<AppState>>,
    Path(file): Path<String>,
    context: RequestContext,
) -> PageResult {
    if file != "demonstration-logo.svg" {
        return Err(PageError::NotFound);
    }
    Ok(PageResponse::public(&state, &context)
        .content_type("image/svg+xml")
        .bytes(DEMONSTRATION_LOGO.into()))
}

/// Paths that are no pages to find: private ones, forms and answers to scripts.
const NOT_CRAWLED: [&str; 7] =
    ["/api/", "/cart", "/checkout", "/language", "/orders", "/payments", "/suggest"];

/// `GET /robots.txt`
pub(crate) async fn robots(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let mut rules = "User-agent: *\n".to_owned();
    for path in NOT_CRAWLED {
        rules = format!("{rules}Disallow: {path}\n");
    }
    if let Some(sitemap) = context.absolute("/sitemap.xml") {
        rules = format!("{rules}\nSitemap: {sitemap}\n");
    }
    Ok(PageResponse::public(&state, &context)
        .content_type("text/plain; charset=utf-8")
        .bytes(rules.into()))
}
