//! Files: styles, scripts, pictures of goods, and what robots ask for.

use crate::{
    assets::Asset,
    http::{Answer, Kept, Reply, Trouble, Visit},
    pictures::{self, View},
    shop::Shop,
};
use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use std::sync::Arc;

/// `/assets/{file}` and `/theme.{hash}.css`
pub(crate) async fn asset(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let asset = shop.assets.at(visit.uri.path()).ok_or(Trouble::Gone)?;
    Ok(send(asset, &visit))
}

/// `/favicon.ico`, for those who guess.
pub(crate) async fn favicon(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    Ok(send(shop.assets.favicon().ok_or(Trouble::Gone)?, &visit))
}

/// A file that was compressed ahead. Its address has its hash, so it is kept for ever and never asked about.
fn send(asset: &Asset, visit: &Visit) -> Response {
    let encoding = visit.encoding();
    let mut response = Body::from(asset.body(encoding)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, Kept::Forever.header());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(name) = encoding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// `/pictures/{kind}/{colour}/{view}.svg`
pub(crate) async fn picture(
    State(shop): State<Arc<Shop>>,
    Path((kind, colour, file)): Path<(String, String, String)>,
    visit: Visit,
) -> Answer {
    let view = file.strip_suffix(".svg").and_then(View::named).ok_or(Trouble::Gone)?;
    let drawn = pictures::draw(&kind, &colour, view).ok_or(Trouble::Gone)?;
    Ok(Reply::page(&shop, &visit)
        .kind("image/svg+xml")
        .kept(Kept::Forever)
        .send_bytes(drawn.into()))
}

/// `/robots.txt`
pub(crate) async fn robots(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let rules = "User-agent: *\nDisallow: /api/\nDisallow: /cart\nDisallow: /checkout\nDisallow: /orders\nDisallow: /payments\nDisallow: /suggest\n";
    Ok(Reply::page(&shop, &visit).kind("text/plain; charset=utf-8").send_bytes(rules.into()))
}
