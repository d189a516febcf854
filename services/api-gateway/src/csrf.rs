//! CSRF (cross-site request forgery) protection by the headers `sec-fetch-site` and `origin`.
//!
//! A browser submits a form of any page to any address, including one on this machine, but states the origin in headers
//! that a page cannot set. A request without these headers does not come from a browser.

use axum::http::{HeaderMap, HeaderValue, Method};
use web::FormOrigin;

/// Whether a request with an unsafe method was made by a page of another site. `forwarded_host` is the host that the client
/// asked for, as a trusted proxy names it.
pub(crate) fn is_cross_site_write(
    method: &Method,
    headers: &HeaderMap,
    forwarded_host: Option<&HeaderValue>,
) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let forwarded_host = forwarded_host.and_then(|host| host.to_str().ok());
    FormOrigin::of(headers, forwarded_host.as_slice()) != FormOrigin::Same
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn refused(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        refused_behind(None, method, headers)
    }

    /// Whether a request is refused that a trusted proxy forwards for this host.
    fn refused_behind(
        host: Option<&'static str>,
        method: &Method,
        headers: &[(&'static str, &'static str)],
    ) -> bool {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let host = host.map(HeaderValue::from_static);
        is_cross_site_write(method, &pairs.collect(), host.as_ref())
    }

    #[test]
    fn only_unsafe_requests_of_other_sites_are_refused() {
        let post = Method::POST;
        assert!(!refused(&post, &[("host", "shop")]));
        assert!(!refused(&post, &[("sec-fetch-site", "same-origin"), ("origin", "http://shop")]));
        assert!(!refused(&post, &[("sec-fetch-site", "none")]));
        assert!(refused(&post, &[("sec-fetch-site", "cross-site")]));
        assert!(refused(
            &post,
            &[("sec-fetch-site", "same-site"), ("origin", "http://shop"), ("host", "shop")]
        ));
        assert!(refused(&post, &[("sec-fetch-site", "\u{e9}")]));
        assert!(!refused(&post, &[("origin", "http://shop:8080"), ("host", "shop:8080")]));
        let origin =
            [("origin", "https://shop"), ("host", "10.0.0.1"), ("x-forwarded-host", "shop")];
        assert!(refused(&post, &origin), "anybody may write this header");
        assert!(!refused_behind(Some("shop"), &post, &origin));
        assert!(refused_behind(Some("elsewhere"), &post, &origin));
        assert!(refused(&post, &[("origin", "http://elsewhere"), ("host", "shop")]));
        assert!(refused(&post, &[("origin", "null"), ("host", "shop")]));
        assert!(!refused(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
