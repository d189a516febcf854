//! Keeps pages of other sites from acting in the name of whoever looks at them.
//!
//! A browser sends a form anywhere, also to an address on this machine. It says so in headers that no page can
//! write; whoever says nothing is no browser.

use axum::http::{HeaderMap, HeaderName, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whether a request wants to change something and was made by a page of another site.
pub(crate) fn is_forged(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let text = |name: &HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("?"));
    if let Some(site) = text(&FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&header::ORIGIN) else { return false };
    let Some((_, origin)) = origin.split_once("://") else { return true };
    !text(&FORWARDED_HOST).into_iter().chain(text(&header::HOST)).any(|host| host == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forged(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let pairs = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        });
        is_forged(method, &pairs.collect())
    }

    #[test]
    fn only_a_page_of_another_site_is_refused_and_only_where_something_changes() {
        let post = Method::POST;
        assert!(!forged(&post, &[("host", "shop")]));
        assert!(!forged(&post, &[("sec-fetch-site", "same-origin"), ("origin", "http://shop")]));
        assert!(!forged(&post, &[("sec-fetch-site", "none")]));
        assert!(forged(&post, &[("sec-fetch-site", "cross-site")]));
        assert!(forged(
            &post,
            &[("sec-fetch-site", "same-site"), ("origin", "http://shop"), ("host", "shop")]
        ));
        assert!(forged(&post, &[("sec-fetch-site", "\u{e9}")]));
        assert!(!forged(&post, &[("origin", "http://shop:8080"), ("host", "shop:8080")]));
        assert!(!forged(
            &post,
            &[("origin", "https://shop"), ("host", "10.0.0.1"), ("x-forwarded-host", "shop")]
        ));
        assert!(forged(&post, &[("origin", "http://elsewhere"), ("host", "shop")]));
        assert!(forged(&post, &[("origin", "null"), ("host", "shop")]));
        assert!(!forged(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
