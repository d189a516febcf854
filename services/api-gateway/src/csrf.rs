//! CSRF (cross-site request forgery) protection by the headers `sec-fetch-site` and `origin`.
//!
//! A browser submits a form of any page to any address, including one on this machine, but states the origin in headers
//! that a page cannot set. A request without these headers does not come from a browser.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

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
    // What is not text is no host and no site.
    let text = |name: &HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
    if let Some(site) = text(&FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&header::ORIGIN) else { return false };
    let Some((_, origin)) = origin.split_once("://") else { return true };
    let hosts = forwarded_host.into_iter().chain(headers.get(header::HOST));
    !hosts.into_iter().any(|host| host.as_bytes() == origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

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
