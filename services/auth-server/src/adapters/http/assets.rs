//! Style sheet of the pages, under a name that changes with its content.

use crate::provider::Provider;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use std::sync::Arc;

const STYLE: &str = include_str!("../../../assets/auth.css");

/// Style sheet of a shop whose brand has this hue.
fn style(hue: u16) -> String {
    format!(":root{{--hue:{hue}}}\n{STYLE}")
}

/// Path of the style sheet.
pub(crate) fn style_path(hue: u16) -> String {
    let digest = crate::application::seal::digest(style(hue));
    format!("/auth/assets/auth.{}.css", &digest[..10])
}

/// The style sheet.
pub(crate) async fn asset(
    State(provider): State<Arc<Provider>>,
    Path(file): Path<String>,
) -> Response {
    if style_path(provider.hue).strip_prefix("/auth/assets/") != Some(&file) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, style(provider.hue)).into_response()
}
