//! API documentation assets: the OpenAPI document of each edge, and Swagger UI. All of them are embedded in the binary.

use crate::operator_page;
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

/// Content security policy of the Swagger UI page, which sets inline styles and has images in its style sheet.
const SWAGGER_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
/// Cache lifetime of the assets, which change only with the binary.
const CACHE_ONE_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Style sheet that gives Swagger UI the contrast it lacks.
const CONTRAST: &str = include_str!("../assets/swagger-contrast.css");

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
<main>
<h1>iCommerce API</h1>
<div id="swagger-ui"></div>
</main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

/// Without deep links: they are links within buttons, which screen readers cannot tell apart.
/// The list of servers gets the name that it lacks.
const START: &str = r##"SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: false,
  validatorUrl: null,
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
});
"##;

/// Asset that the gateway serves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocsAsset {
    Document,
    Page,
    Start,
    Bundle,
    Style,
    /// Style sheet of the pages of the operator edge.
    OperatorStyle,
}

impl DocsAsset {
    /// Asset of an edge at a path.
    pub(crate) fn from_path(edge: Edge, path: &str) -> Option<Self> {
        Some(match path {
            operator_page::STYLE_PATH if edge == Edge::Operator => Self::OperatorStyle,
            "/openapi.json" => Self::Document,
            "/docs" | "/docs/" => Self::Page,
            "/docs/start.js" => Self::Start,
            "/docs/swagger-ui-bundle.js" => Self::Bundle,
            "/docs/swagger-ui.css" => Self::Style,
            _ => return None,
        })
    }

    /// Response with the asset, as seen from `edge`.
    pub(crate) fn response(self, edge: Edge) -> Response {
        let document = match edge {
            Edge::Operator => OPERATOR_DOCUMENT,
            Edge::Shop | Edge::Internal => SHOP_DOCUMENT,
        };
        let (media_type, content) = match self {
            Self::Document => ("application/json", Bytes::from_static(document.as_bytes())),
            Self::Page => ("text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes())),
            Self::Start => ("text/javascript; charset=utf-8", Bytes::from_static(START.as_bytes())),
            Self::Bundle => ("text/javascript; charset=utf-8", swagger_ui().bundle.clone()),
            Self::Style => ("text/css; charset=utf-8", swagger_ui().style.clone()),
            Self::OperatorStyle => {
                ("text/css; charset=utf-8", Bytes::from_static(operator_page::STYLE.as_bytes()))
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        match self {
            Self::Document => {}
            Self::Page => drop(headers.insert(header::CONTENT_SECURITY_POLICY, SWAGGER_CSP)),
            Self::Start | Self::Bundle | Self::Style | Self::OperatorStyle => {
                headers.insert(header::CACHE_CONTROL, CACHE_ONE_HOUR);
            }
        }
        let mut response = Response::new(Body::from(content));
        *response.headers_mut() = headers;
        response
    }
}

/// Script and style sheet of Swagger UI.
struct SwaggerUi {
    bundle: Bytes,
    style: Bytes,
}

/// Swagger UI, extracted from the single page that aide bundles: a page without inline scripts can forbid them.
fn swagger_ui() -> &'static SwaggerUi {
    static SWAGGER_UI: OnceLock<SwaggerUi> = OnceLock::new();
    SWAGGER_UI.get_or_init(|| {
        let page = Bytes::from(Swagger::new("/openapi.json").html());
        let text = std::str::from_utf8(&page).expect("the bundled page is text");
        let within = |before: &str, after: &str| {
            let inside = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
            let (inside, _) = inside.expect("the bundled page has its script and its style inside");
            page.slice_ref(inside.as_bytes())
        };
        let style = [&within("<style>", "</style>"), CONTRAST.as_bytes()].concat().into();
        SwaggerUi { bundle: within("<script>", "</script>"), style }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extracted_files_are_complete() {
        let SwaggerUi { bundle, style } = swagger_ui();
        let bundle = std::str::from_utf8(bundle).unwrap();
        assert!(bundle.contains("SwaggerUIBundle") && bundle.len() > 1_000_000);
        assert!(bundle.trim_end().ends_with("})()));"), "cut off");
        let style = std::str::from_utf8(style).unwrap();
        assert!(style.contains(".swagger-ui") && style.len() > 100_000);
        assert!(style.ends_with(CONTRAST));
        assert_eq!(style.matches('{').count(), style.matches('}').count(), "cut off");
    }
}
