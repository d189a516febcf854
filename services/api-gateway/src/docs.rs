//! The API document of each edge, and Swagger UI to read it with. All of it is in the binary.

use aide::swagger::Swagger;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use std::sync::OnceLock;
use transport::Edge;

const SHOP_DOCUMENT: &str = include_str!("../../../contracts/openapi/shop.json");
const OPERATOR_DOCUMENT: &str = include_str!("../../../contracts/openapi/operator.json");

/// The only exception from the policy for all: Swagger UI sets styles and has pictures in its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
/// The files change with the binary only.
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>iCommerce API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"##;

/// What the gateway answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Document,
    Page,
    Start,
    Bundle,
    Style,
}

impl Piece {
    /// What is at this path, if it is one of these.
    pub(crate) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/openapi.json" => Self::Document,
            "/docs" | "/docs/" => Self::Page,
            "/docs/start.js" => Self::Start,
            "/docs/swagger-ui-bundle.js" => Self::Bundle,
            "/docs/swagger-ui.css" => Self::Style,
            _ => return None,
        })
    }

    pub(crate) fn answer(self, edge: Edge) -> Response {
        let document = match edge {
            Edge::Operator => OPERATOR_DOCUMENT,
            Edge::Shop | Edge::Internal => SHOP_DOCUMENT,
        };
        let (media_type, content) = match self {
            Self::Document => ("application/json", Bytes::from_static(document.as_bytes())),
            Self::Page => ("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())),
            Self::Start => ("text/javascript; charset=utf-8", Bytes::from_static(START.as_bytes())),
            Self::Bundle => ("text/javascript; charset=utf-8", files().bundle.clone()),
            Self::Style => ("text/css; charset=utf-8", files().style.clone()),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        match self {
            Self::Document => {}
            Self::Page => drop(headers.insert(header::CONTENT_SECURITY_POLICY, POLICY)),
            Self::Start | Self::Bundle | Self::Style => {
                headers.insert(header::CACHE_CONTROL, AN_HOUR);
            }
        }
        let mut answer = Response::new(Body::from(content));
        *answer.headers_mut() = headers;
        answer
    }
}

struct Files {
    bundle: Bytes,
    style: Bytes,
}

/// Swagger UI as aide brings it along: one page with everything in it. Taken apart, because a page without inline
/// scripts can forbid them.
fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let page = Bytes::from(Swagger::new("/openapi.json").html());
        let text = std::str::from_utf8(&page).unwrap_or_default();
        let within = |before: &str, after: &str| {
            let inside = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
            page.slice_ref(inside.map_or("", |(inside, _)| inside).as_bytes())
        };
        Files { bundle: within("<script>", "</script>"), style: within("<style>", "</style>") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        let Files { bundle, style } = files();
        let bundle = std::str::from_utf8(bundle).unwrap();
        assert!(bundle.contains("SwaggerUIBundle") && bundle.len() > 1_000_000);
        assert!(bundle.trim_end().ends_with("})()));"), "cut off");
        let style = std::str::from_utf8(style).unwrap();
        assert!(style.contains(".swagger-ui") && style.len() > 100_000);
        assert_eq!(style.matches('{').count(), style.matches('}').count(), "cut off");
    }
}
