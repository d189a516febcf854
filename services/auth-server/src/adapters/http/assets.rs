//! Style sheet and script of the pages, each under a name that changes with its content.

use crate::provider::Provider;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use ring::digest::SHA384;
use std::sync::Arc;

const STYLE: &str = include_str!("../../../assets/auth.css");
const PASSKEYS: &str = include_str!("../../../assets/passkeys.js");

/// Style sheet of a shop whose brand has this hue.
fn style(hue: u16) -> String {
    format!(":root{{--hue:{hue}}}\n{STYLE}")
}

/// Path of the style sheet.
pub(crate) fn style_path(hue: u16) -> String {
    path("auth", &style(hue), "css")
}

/// Path of the script of passkeys.
pub(crate) fn passkeys_path() -> String {
    path("passkeys", PASSKEYS, "js")
}

/// Digest by which a browser checks the script of passkeys (Subresource Integrity).
pub(crate) fn passkeys_integrity() -> String {
    let digest = ring::digest::digest(&SHA384, PASSKEYS.as_bytes());
    format!("sha384-{}", BASE64_STANDARD.encode(digest))
}

fn path(name: &str, content: &str, kind: &str) -> String {
    let digest = crate::application::seal::digest(content);
    format!("/auth/assets/{name}.{}.{kind}", &digest[..10])
}

/// The style sheet, or the script.
pub(crate) async fn asset(
    State(provider): State<Arc<Provider>>,
    Path(file): Path<String>,
) -> Response {
    let is = |path: &str| path.strip_prefix("/auth/assets/") == Some(&file);
    let (content_type, content) = if is(&style_path(provider.hue)) {
        ("text/css; charset=utf-8", style(provider.hue))
    } else if is(&passkeys_path()) {
        ("text/javascript; charset=utf-8", PASSKEYS.to_owned())
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}
