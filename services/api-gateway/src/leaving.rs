//! Way of a browser from an edge to the provider at another origin after a form.
//!
//! A redirect would not do: browsers apply the policy of the page with the form (`form-action`) to the redirects that follow it as well, and
//! the pages of both edges let forms go to their own origin alone. So the answer is a page of its own, which leads on at once.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use maud::{DOCTYPE, html};
use relying_party::{Redirect, WebOrigin};

/// Header by which a browser goes on by itself.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Page that leads on to the address of a redirect; `None` for one within the same origin, and for one that cannot be a header.
pub(crate) fn page(site: &WebOrigin, redirect: &Redirect) -> Option<Response> {
    let location = &redirect.location;
    if location.starts_with('/') || location.starts_with(&site.at("/")) {
        return None;
    }
    let refresh = HeaderValue::from_str(&["0; url=", location].concat()).ok()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="robots" content="noindex"; title { "Sign out" } }
            body { main { h1 { "Sign out" } p { a #go-on href=(location) { "Go on" } } } }
        }
    };
    let mut response = Response::new(Body::from(page.into_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFRESH, refresh);
    for cookie in &redirect.cookies {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_origin_takes_a_page_which_sets_the_same_cookies() {
        let site = WebOrigin::new("http://127.0.0.1:8081");
        let to = |location: &str| {
            let cookies = vec![HeaderValue::from_static("operator=; Max-Age=0")];
            page(&site, &Redirect { location: location.to_owned(), cookies })
        };
        assert!(to("/account/signed-out").is_none());
        assert!(to("http://127.0.0.1:8081/auth/logout?client_id=a").is_none());
        let page = to("http://127.0.0.1:80812/logout?a=b&c=d").unwrap();
        assert_eq!(page.headers()[REFRESH], "0; url=http://127.0.0.1:80812/logout?a=b&c=d");
        assert_eq!(page.headers()[header::SET_COOKIE], "operator=; Max-Age=0");
    }
}
