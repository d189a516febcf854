//! Style sheet and script of the pages, each under a name that changes with its content.

use crate::provider::Provider;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use ring::digest::SHA384;
use std::sync::{Arc, LazyLock};

const STYLE: &str = include_str!("../../../assets/auth.css");
const PASSKEYS: &str = include_str!("../../../assets/passkeys.js");

/// Path of the script of passkeys, below the issuer.
pub(crate) static PASSKEYS_PATH: LazyLock<String> =
    LazyLock::new(|| path("passkeys", PASSKEYS, "js"));
/// Digest by which a browser checks the script of passkeys (Subresource Integrity).
pub(crate) static PASSKEYS_INTEGRITY: LazyLock<String> = LazyLock::new(|| {
    let digest = ring::digest::digest(&SHA384, PASSKEYS.as_bytes());
    format!("sha384-{}", BASE64_STANDARD.encode(digest))
});

/// Style sheet of a shop.
#[derive(Debug)]
pub(crate) struct StyleSheet {
    /// Path below the issuer.
    pub(crate) path: String,
    content: String,
}

impl StyleSheet {
    /// Style sheet of a shop whose brand has this hue.
    pub(crate) fn of_hue(hue: u16) -> Self {
        let content = format!(":root{{--hue:{hue}}}\n{STYLE}");
        Self { path: path("auth", &content, "css"), content }
    }
}

fn path(name: &str, content: &str, kind: &str) -> String {
    let digest = crate::application::keys::seal::digest(content);
    format!("/assets/{name}.{}.{kind}", &digest[..10])
}

/// The style sheet, or the script.
pub(crate) async fn asset(
    State(provider): State<Arc<Provider>>,
    Path(file): Path<String>,
) -> Response {
    let is = |path: &str| path.strip_prefix("/assets/") == Some(&file);
    let (content_type, content) = if is(&provider.style.path) {
        ("text/css; charset=utf-8", provider.style.content.clone())
    } else if is(&PASSKEYS_PATH) {
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
